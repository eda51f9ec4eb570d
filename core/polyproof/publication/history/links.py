"""The chain: every audit of the index is there, is the one that was published, and names the one before it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from polyproof.errors import ArtifactError, ProofRejected
from polyproof.liabilities.artifacts import AUDITS, HISTORY, RECORD
from polyproof.liabilities.folder import check_listed, kind_of, present
from polyproof.liabilities.record import Publication, open_publication
from polyproof.model.manifest import Manifest
from polyproof.publication.history.index import PublishedHistory, audit_directory, read_history
from polyproof.publication.history.succession import organisation_problem, snapshot_problem
from polyproof.settings.policy import Policy

__all__ = ["ASSETS", "DOWNLOADS", "REPORTS", "SITE", "check_chain", "others_in"]

ASSETS = "assets"
DOWNLOADS = "downloads"
REPORTS = "reports"
BESIDE_PAGES = ("press.txt", "report.json", ASSETS)
"""What a report consists of besides pages."""
SITE = (
    *("index.html", "history.html", "proven.html", "check.html", "press.html"),
    *BESIDE_PAGES,
    DOWNLOADS,
    REPORTS,
)
"""What a report adds to a history: see ``polyproof.publication.report.pages``."""


def check_chain(directory: Path, policy: Policy | None = None) -> tuple[Publication, ...]:
    """The audits of a history in order, after every check of the chain; no proof is looked at.

    Every file that a record names is there and is the one that it names. Raises ``ProofRejected``: an audit is missing,
    replaced, out of order, not listed, of another organisation, does not name the one before, or is of a snapshot that
    another audit is of.
    """
    policy = policy or Policy()
    kind_of(directory)
    index = read_history(directory)
    audits = [_listed_audit(directory, index, place, policy) for place in range(len(index.audits))]
    digests = [one.digest for one in audits]
    for place, one in enumerate(audits):
        _check_link(directory, index, one.manifest, digests, place)
    for place in range(1, len(audits)):
        if audits[place].manifest.created < audits[place - 1].manifest.created:
            raise ProofRejected(
                "history-order",
                f"{_named(index, place)} was created at {audits[place].manifest.created}, before "
                f"{_named(index, place - 1)}, at {audits[place - 1].manifest.created}",
                file=directory / HISTORY,
            )
    for place, one in enumerate(audits):
        where = audit_directory(directory, one.manifest.audit_id)
        if problem := organisation_problem(audits[:place], one.manifest.organisation):
            raise ProofRejected("history-organisation", f"{_named(index, place)} {problem}", file=where)
        if problem := snapshot_problem(audits[:place], one.manifest.snapshot, one.record.corrects):
            raise ProofRejected("history-snapshot", f"{_named(index, place)} {problem}", file=where)
    _check_unlisted(directory, index, digests, policy)
    return tuple(audits)


def _named(index: PublishedHistory, place: int) -> str:
    return f"audit {place + 1} of {len(index.audits)} ({index.audits[place].audit_id})"


def _listed_audit(directory: Path, index: PublishedHistory, place: int, policy: Policy) -> Publication:
    listed, where = index.audits[place], audit_directory(directory, index.audits[place].audit_id)
    if where.is_symlink() or where.parent.is_symlink():
        raise ProofRejected("file-kind", "a symbolic link, which may point anywhere", file=where)
    missing = f"{_named(index, place)} is in the index, but its files are missing"
    if not present(where / RECORD):
        raise ProofRejected("history-missing", f"{missing}: {where / RECORD}", file=where)
    digest = bytes.fromhex(listed.publication_digest)
    try:
        found = open_publication(where, policy, digest=digest)
    except ArtifactError as error:
        raise ProofRejected("history-missing", f"{missing}: {error}", file=where) from error
    except ProofRejected as error:
        if error.check != "publication-digest":
            raise
        raise ProofRejected(
            "history-replaced",
            f"{_named(index, place)}: {error.reason}, which the index says: it is not the audit that was published",
            file=where,
        ) from error
    manifest, corrects = found.manifest, found.record.corrects
    for name, stated, actual in (
        ("audit id", listed.audit_id, manifest.audit_id),
        ("time", listed.created, manifest.created),
        ("snapshot", listed.snapshot, manifest.snapshot),
        ("audit before it", listed.previous, manifest.previous.hex() if manifest.previous else None),
        ("correction", listed.corrects, corrects.publication_digest if corrects else None),
    ):
        if stated != actual:
            raise ProofRejected(
                "history-index",
                f"{_named(index, place)} has the {name} {stated} in the index, but {actual} in its own files",
                file=directory / HISTORY,
            )
    return found


def _check_link(
    directory: Path, index: PublishedHistory, manifest: Manifest, digests: Sequence[bytes], place: int
) -> None:
    """Each manifest must name the record before it; the first must name none."""
    named, where = manifest.previous, audit_directory(directory, manifest.audit_id)
    if named == (digests[place - 1] if place else None):
        return
    this = _named(index, place)
    if named is None:
        raise ProofRejected(
            "history-link", f"{this} names no audit before it: the chain is broken and starts again there", file=where
        )
    if named in digests[:place]:
        earlier = digests.index(named)
        raise ProofRejected(
            "history-fork",
            f"{this} follows {_named(index, earlier)}, and so does {_named(index, earlier + 1)}: a fork",
            file=where,
        )
    if named in digests:
        raise ProofRejected(
            "history-order",
            f"{this} follows {_named(index, digests.index(named))}, which is listed after it",
            file=where,
        )
    lacking = "the audits before it are missing" if place == 0 else "an audit between them is missing or was replaced"
    before = "" if place == 0 else f", not {_named(index, place - 1)}"
    raise ProofRejected(
        "history-link",
        f"{this} follows an audit with the publication digest {named.hex()}{before}: {lacking}",
        file=where,
    )


def _check_unlisted(directory: Path, index: PublishedHistory, digests: Sequence[bytes], policy: Policy) -> None:
    """The directory must hold no audit that the index does not list, and nothing else that looks like one."""
    listed = {one.audit_id for one in index.audits}
    for entry in sorted((directory / AUDITS).iterdir()):
        if entry.name in listed or not present(entry / RECORD):
            continue
        found = open_publication(entry, policy)
        previous = found.manifest.previous
        reason = f"audit {found.manifest.audit_id} is in the directory, but not in the index"
        if previous in digests[:-1] or previous is None:
            beside = digests.index(previous) + 1 if previous else 0
            raise ProofRejected("history-fork", f"{reason}: a fork, beside {_named(index, beside)}", file=entry)
        raise ProofRejected("history-unlisted", reason, file=entry)
    check_listed(directory / AUDITS, listed)


def others_in(directory: Path, audits: Sequence[Publication]) -> tuple[str, ...]:
    """What lies in a history and is no part of it: paths. Raises ``ProofRejected`` for what could be taken for part."""
    ids = {one.manifest.audit_id for one in audits}
    reports = [f"{REPORTS}/{name}" for name in sorted(ids)]
    return (
        *check_listed(directory, {HISTORY, AUDITS, *SITE}),
        *_others_beside_pages(directory, ASSETS),
        *_others_beside_pages(directory, DOWNLOADS, {"SHA256SUMS", *(f"{name}.zip" for name in ids)}, pages=False),
        *_others_beside_pages(directory, REPORTS, ids),
        *(name for folder in reports for name in _others_beside_pages(directory, folder, BESIDE_PAGES)),
        *(name for folder in reports for name in _others_beside_pages(directory, f"{folder}/{ASSETS}")),
        *(f"{AUDITS}/{name}" for name in check_listed(directory / AUDITS, ids)),
        *(f"{AUDITS}/{one.manifest.audit_id}/{name}" for one in audits for name in one.unlisted),
    )


def _others_beside_pages(
    directory: Path, folder: str, listed: Collection[str] = (), *, pages: bool = True
) -> tuple[str, ...]:
    """What else lies in a folder of the site than pages and what is ``listed``; nothing if there is no such folder."""
    where = directory / folder
    if where.is_symlink():
        raise ProofRejected("file-kind", "a symbolic link, which may point anywhere", file=where)
    if not where.is_dir():
        return ()
    named = {path.name for path in where.glob("*.html")} if pages else set()
    return tuple(f"{folder}/{name}" for name in check_listed(where, {*named, *listed}))
