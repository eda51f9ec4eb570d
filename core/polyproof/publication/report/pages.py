"""Whether the pages in a published history say what verification finds.

Rendering is deterministic: the same audits give the same bytes. So the pages are rendered again from what was verified
and compared. Another version of polyproof may word them differently; its pages are told apart by what they say of
themselves, and are reported as not compared.

Anybody can write a page that says so. Therefore a site is by one version throughout, and it has a ``report.json``,
whose facts are compared whichever version wrote it: another one may choose other words, and find no other totals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from polyproof.config.reader import OptionsReader
from polyproof.config.tree import from_json
from polyproof.errors import InputError, ProofRejected
from polyproof.extras import is_installed, require_extras
from polyproof.formats.files import read_bounded
from polyproof.formats.strict_json import parse_strict
from polyproof.liabilities.artifacts import ATTESTATIONS
from polyproof.liabilities.folder import present
from polyproof.publication.anchors import Evidence
from polyproof.publication.attestations import Attestations
from polyproof.publication.history import ASSETS, DOWNLOADS, REPORTS, SITE, HistoryVerified, VerifiedAudit
from polyproof.publication.report.document import REPORT, VERSION
from polyproof.registry import Registry
from polyproof.reserves.evaluation import settle
from polyproof.settings.reserves import ReservesPolicy
from polyproof.version import __version__

__all__ = ["NOT_LOOKED_AT", "PagesChecked", "check_pages", "compare_pages"]

_HERE = f"polyproof {__version__}"
_MOST_BYTES = 64 << 20
_NAMED = rb"polyproof [0-9]{1,5}(?:\.[0-9]{1,5}){1,3}[0-9a-z.+-]{0,20}"
_WRITTEN_BY = re.compile(rb'<meta name="generator" content="(%b)">' % _NAMED)
_REPORT_BY = re.compile(rb'\n "written_by": "(%b)",\n' % _NAMED)
_MARKED = (".html", REPORT)
"""Files that name the version that wrote them."""
_BEGINNING = 4096
"""Both stand in the first bytes of what polyproof writes."""
_FACTS = ("verdict", "on_word", "audit", "assets", "netting", "disclosures", "chain", "history")
"""What a report of this format states that depends on no version's words."""


@frozen
class PagesChecked:
    """The pages that lie in a history, and the archives beside them."""

    equal: tuple[str, ...]
    """Those that are, byte for byte, what this run renders."""
    not_compared: tuple[tuple[str, str], ...]
    """Those of another version, and which: what they say was not looked at, except for the facts of the report."""
    other_policy: bool = False
    """Whether they count holdings by a policy that is not the verifier's."""
    address: str | None = None
    """Where they say that they are reached, which nothing in a history shows; None if they do not say."""
    looked_at: bool = True
    lacking: str = "comparing them takes the extras report and reserves"
    """Why they were not looked at, if they were not."""

    @property
    def written_by(self) -> str | None:
        """The other version that all pages say wrote them; None if it was this one."""
        return self.not_compared[0][1] if self.not_compared else None

    @property
    def why(self) -> str | None:
        """Why there are pages of which nothing is known; None if all of them say what was verified."""
        if not self.looked_at:
            return self.lacking
        if self.not_compared:
            return (
                f"they say that {self.written_by} wrote them; this is {_HERE}, and cannot tell what another version "
                "would have written"
            )
        return None


NOT_LOOKED_AT = PagesChecked((), (), looked_at=False)
"""For a verifier without the extra that renders."""


def compare_pages(verified: HistoryVerified) -> PagesChecked | None:
    """The pages that lie in a history compared with what was verified; None if there are none. Raises as
    ``check_pages`` does, except that without the extra that renders it looks at none."""
    if not any(present(verified.directory / name) for name in SITE):
        return None
    if verified.unchecked or not is_installed("report"):
        return NOT_LOOKED_AT
    return check_pages(verified.directory, verified.audits)


def check_pages(directory: Path, audits: Sequence[VerifiedAudit]) -> PagesChecked:
    """Render the site of a verified history again and compare every page that lies in it.

    What counts as held depends on a policy, which pages state: they are rendered under the one that ``report.json``
    states, from what was verified here, and ``other_policy`` says that it is not the verifier's. So are they with the
    ``address`` that it states, which is somebody's word. Raises
    ``ProofRejected`` for a page of this version that differs, for one of an asset that is not audited, for pages that
    name several versions, and for a report of another version that states other facts, or is missing.
    """
    require_extras("report", purpose="comparing pages")
    from polyproof.publication.report.archive import described_archives, is_archive
    from polyproof.publication.report.make import make_report, make_reports
    from polyproof.publication.report.site import render_history_site, report_folder
    from polyproof.publication.report.writing import archives_of, stated_address

    stated = _stated_policy(directory / REPORT)
    other = stated if stated not in (None, _policy_of(audits[-1])) else None
    reports = [directory / report_folder(one.manifest.audit_id) / REPORT for one in audits]
    about = list(zip((*reports, directory / REPORT), (*audits, audits[-1]), strict=True))
    noted = [_noted(path, one) for path, one in about]
    for one in (evidence for found in noted for evidence in found):
        if one.claimed is None:
            why = f"they show the evidence {one.file}, which was not looked at: {one.not_looked_at}"
            return PagesChecked((), (), looked_at=False, lacking=why)
    statements = []
    for path, audit in about:
        shown = _noted_statements(path, audit)
        if isinstance(shown, str):
            return PagesChecked((), (), looked_at=False, lacking=shown)
        statements.append(shown)
    anyone = [_as_anyone(one, other) for one in audits]
    alone = [
        evolve(one, anchors=_claims(found), attestations=stated.as_anyone)
        for one, found, stated in zip(anyone, noted, statements, strict=False)
    ]
    newest = evolve(anyone[-1], anchors=_claims(noted[-1]), attestations=statements[-1].as_anyone)
    each = make_reports(alone)
    archives = described_archives(archives_of(directory, alone, each))
    address = stated_address(directory)
    rendered = render_history_site(make_report((*anyone[:-1], newest), address), each, archives)
    equal: list[str] = []
    others: list[tuple[str, str]] = []
    unmarked: list[str] = []
    for archive in archives.values():
        if present(directory / archive.path):
            (equal if is_archive(directory / archive.path, archive) else unmarked).append(archive.path)
    for name in dict.fromkeys([*rendered, *_found(directory)]):
        path = directory / name
        if not present(path):
            continue
        data = read_bounded(path, _MOST_BYTES)
        if data == rendered.get(name):
            equal.append(name)
            continue
        if not name.endswith(_MARKED):
            unmarked.append(name)
            continue
        found = (_REPORT_BY if name.endswith(REPORT) else _WRITTEN_BY).search(data[:_BEGINNING])
        written_by = found[1].decode() if found else None
        if written_by is None or written_by == _HERE:
            reason = "it does not say what was verified" if name in rendered else _belongs_nowhere(name, audits)
            raise ProofRejected("page", reason, file=path)
        others.append((name, written_by))
    if unmarked and not others:
        verb = "hold" if unmarked[0].startswith(DOWNLOADS) else "say"
        raise ProofRejected("page", f"it does not {verb} what was verified", file=directory / unmarked[0])
    if others:
        # What names no version is taken to be of the one that the pages around it name.
        unmarked += [name for name in equal if not name.endswith(_MARKED)]
        equal = [name for name in equal if name.endswith(_MARKED)]
        _check_others(directory, equal, others, rendered)
        others += [(name, others[0][1]) for name in sorted(unmarked)]
    return PagesChecked(tuple(equal), tuple(others), other_policy=other is not None, address=address)


_FOLDERS = (f"{ASSETS}/*.html", f"{REPORTS}/*/*.html", f"{REPORTS}/*/{ASSETS}/*.html", f"{REPORTS}/*/{REPORT}")
"""Where pages lie, beside those that every site has."""


def _found(directory: Path) -> list[str]:
    """The pages in the folders of a site."""
    return sorted(path.relative_to(directory).as_posix() for where in _FOLDERS for path in directory.glob(where))


def _belongs_nowhere(name: str, audits: Sequence[VerifiedAudit]) -> str:
    folder, _, rest = name.partition("/")
    audit_id = rest.partition("/")[0]
    if folder == REPORTS and audit_id not in [one.manifest.audit_id for one in audits]:
        return f"there is no audit {audit_id} in this history"
    return "no such asset is audited"


def _claims(found: Sequence[Evidence]) -> tuple[Evidence, ...]:
    return tuple(one.as_anyone for one in found)


def _check_others(
    directory: Path, equal: Sequence[str], others: Sequence[tuple[str, str]], rendered: Mapping[str, bytes]
) -> None:
    """Refuse pages of another version that no version would have left so."""
    first, by = others[0]
    for name, written_by in (*others, *((name, _HERE) for name in equal)):
        if written_by != by:
            reason = f"it says that {by} wrote it, and {name} is of {written_by}: a site is written by one version"
            raise ProofRejected("page", reason, file=directory / first)
    if not present(directory / REPORT):
        raise ProofRejected(
            "page", f"it says that {by} wrote it, without the {REPORT} of a site", file=directory / first
        )
    for name, _ in others:
        if name.endswith(REPORT) and name in rendered:
            _check_facts(directory / name, rendered[name])


def _check_facts(path: Path, rendered: bytes) -> None:
    """Refuse a report of another version that states other facts than those that were verified."""
    stated, found = _json(read_bounded(path, _MOST_BYTES)), _json(rendered)
    version = stated.get("version")
    if stated.get("format") != found["format"] or type(version) is not int or version < VERSION:
        raise ProofRejected("page", f"it is no report of version {VERSION} or a later one", file=path)
    if version > VERSION:
        # What its keys mean is not known.
        return
    for key in _FACTS:
        if stated.get(key) != found[key]:
            raise ProofRejected("page", f"it does not say what was verified: its {key} is another", file=path)


def _json(data: bytes) -> dict[str, Any]:
    try:
        value = parse_strict(data, fractions_as_text=True)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}


def _stated_policy(path: Path) -> ReservesPolicy | None:
    """The policy that a report states; None if it has none, or is not one."""
    if not present(path):
        return None
    data = read_bounded(path, _MOST_BYTES)
    try:
        stated = parse_strict(data, fractions_as_text=True)["reserves"]["policy"]
        reader = OptionsReader(Registry(), limit=1)
        return reader.build(from_json(stated, "policy"), ReservesPolicy)
    except (ValueError, LookupError, TypeError, InputError):
        # Whatever it is, it is not what is rendered below, and is rejected there.
        return None


def _noted(path: Path, newest: VerifiedAudit) -> tuple[Evidence, ...]:
    """The evidence that a report is about, of what lies beside the newest audit: some may have been added since."""
    if not present(path):
        return newest.anchors
    stated = _json(read_bounded(path, _MOST_BYTES)).get("anchors")
    items = [item for item in stated if isinstance(item, dict)] if isinstance(stated, list) else []
    named = [(item.get("file"), item.get("sha256")) for item in items]
    return tuple(one for one in newest.anchors if (one.file, one.sha256) in named)


def _noted_statements(path: Path, audit: VerifiedAudit) -> Attestations | str:
    """The statements that a report is about, of what lies beside its audit; or why they cannot be compared.

    Some may have been added since. The file is nobody's in particular, so that its loss is no fault of the pages.
    """
    found = audit.attestations
    if not present(path):
        return found
    report = _json(read_bounded(path, _MOST_BYTES))
    listed = report.get("attestations")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    noted = {(item.get("place"), item.get("sha256")) for item in items}
    there = tuple(one for one in found.statements if (one.place, one.sha256) in noted)
    if len(there) < len(items) or bool(report.get("attestations_unreadable")) != bool(found.unreadable):
        return f"they show statements as they lay in {ATTESTATIONS} when they were written, which is another file now"
    for one in there:
        if one.unchecked:
            return f"they show a signed statement, which was not checked: {one.unchecked}"
    return evolve(found, statements=there)


def _policy_of(audit: VerifiedAudit) -> ReservesPolicy | None:
    return audit.reserves.evaluation.policy if audit.reserves else None


def _as_anyone(audit: VerifiedAudit, policy: ReservesPolicy | None) -> VerifiedAudit:
    """The same audit as anyone knows it who asks no node, counted by another policy if one is given.

    Pages in a history say what everybody finds; what this verifier's own nodes said is not in them.
    """
    if audit.reserves is None:
        return audit
    liabilities = audit.liabilities
    rows = [one.claimed for one in audit.reserves.by_organisation.rows]
    counted_by = policy or audit.reserves.evaluation.policy
    owed, lent = liabilities.totals, liabilities.lent
    evaluation = settle(rows, liabilities.audit.spec.assets, owed, counted_by, lent)
    return evolve(audit, reserves=evolve(audit.reserves, evaluation=evaluation))
