"""Writing a site, or replacing an older one: nothing is overwritten but pages, and no audit vanishes without a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from polyproof.errors import ArtifactError, Problem, ProofRejected, UsageError
from polyproof.formats.files import read_bounded, write_durably
from polyproof.formats.space import require_space
from polyproof.formats.strict_json import BadJson, parse_strict
from polyproof.liabilities.artifacts import HISTORY
from polyproof.liabilities.folder import present
from polyproof.model.counts import counted
from polyproof.publication.address import parse_address
from polyproof.publication.history import ASSETS, REPORTS, VerifiedAudit, audit_directory
from polyproof.publication.report.archive import Member, members_of
from polyproof.publication.report.document import REPORT, Report

__all__ = ["MOST_PAGE", "archives_of", "check_kept", "check_place", "stated_address", "write_site"]

MOST_PAGE = 64 << 20
"""The most bytes of a page that are read."""


def write_site(out: Path, files: Mapping[str, bytes]) -> None:
    """Write a site, or replace an older one; other files in ``out`` are left alone, as are pages that stay the same.

    Raises ``ArtifactError`` for a directory that is not empty and holds no report.
    """
    check_place(out)
    changed = {path: data for path, data in files.items() if not _is_there(out / path, data)}
    require_space(out, sum(map(len, changed.values())), f"the report, {counted(len(changed), 'file')},")
    for path, data in changed.items():
        target = out / path
        target.parent.mkdir(parents=True, exist_ok=True)
        write_durably(target, data)
    # Pages of assets that are no longer audited would show an older report.
    for where in (f"{ASSETS}/*.html", f"{REPORTS}/*/{ASSETS}/*.html"):
        for page in out.glob(where):
            if page.relative_to(out).as_posix() not in files:
                page.unlink()


def archives_of(
    history: Path, audits: Sequence[VerifiedAudit], each: Sequence[Report]
) -> dict[str, tuple[Member, ...]]:
    """What the archive of each audit of a history contains, by the audit's id; ``each`` are the reports on them."""
    # Pages need the extra report; the rest here is asked before anything is written, with or without it.
    from polyproof.publication.report.site import Places, render_site

    inside = Places(top="../")
    return {
        one.manifest.audit_id: members_of(
            one, audit_directory(history, one.manifest.audit_id), render_site(report, inside)
        )
        for one, report in zip(audits, each, strict=True)
    }


def _is_there(path: Path, data: bytes) -> bool:
    return path.is_file() and not path.is_symlink() and path.stat().st_size == len(data) and path.read_bytes() == data


def check_place(out: Path) -> None:
    """Raise ``ArtifactError`` unless ``out`` is a new or empty directory, or one with a report or a history."""
    if out.is_dir() and any(out.iterdir()) and not ((out / REPORT).is_file() or present(out / HISTORY)):
        raise ArtifactError(
            Problem(f"{out} is not empty and holds no report", hint="give a new directory: nothing is overwritten")
        )
    if out.exists() and not out.is_dir():
        raise ArtifactError(f"{out} is not a directory")


def check_kept(history: Path, digests: Mapping[str, str]) -> None:
    """Raise ``ArtifactError`` for pages in a history that are about an audit that it no longer has as it was.

    ``digests``: the publication digest of every audit that it has, by id. Pages are what is left to tell that an audit
    was published, where somebody removed it or put another in its place.
    """
    for folder in sorted((history / REPORTS).glob("*/")):
        if folder.name not in digests:
            raise ArtifactError(
                Problem(
                    f"{folder} has the pages of an audit that is not in this history any more",
                    hint="put the audit back, for instance from the server or a backup; if it was never published, "
                    "remove its pages",
                )
            )
        stated = _digest_of(folder / REPORT)
        if stated is not None and stated != digests[folder.name]:
            raise ArtifactError(
                Problem(
                    f"{folder} has the pages of an audit with the publication digest {stated}, and the one of that id "
                    f"in this history has {digests[folder.name]}",
                    hint="put the audit back that was published; a correction is another audit, with an id of its own",
                )
            )


def stated_address(site: Path) -> str | None:
    """The address that the report of a site states; None if it states none, or there is none."""
    path = site / REPORT
    if not present(path):
        return None
    try:
        stated = parse_strict(read_bounded(path, MOST_PAGE), fractions_as_text=True)["address"]
        # Whatever else it is, it is not what is rendered, and such pages are rejected.
        return stated if isinstance(stated, str) and parse_address(stated) == stated else None
    except (BadJson, ProofRejected, LookupError, TypeError, UsageError):
        return None


def _digest_of(path: Path) -> str | None:
    """The publication digest that a report states; None if there is none that does."""
    if not present(path):
        return None
    try:
        stated = parse_strict(read_bounded(path, MOST_PAGE), fractions_as_text=True)["audit"]["publication_digest"]
    except (BadJson, ProofRejected, LookupError, TypeError):
        return None
    return stated if isinstance(stated, str) else None
