"""Whether the pages in a published history say what verification finds.

Rendering is deterministic: the same audits give the same bytes. So the pages are rendered again from what was verified
and compared. Another version of polyproof may word them differently; its pages are told apart by what they say of
themselves, and are reported as not compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from attrs import evolve, frozen

from polyproof.config.reader import OptionsReader
from polyproof.config.tree import from_json
from polyproof.errors import InputError, ProofRejected
from polyproof.extras import require_extras
from polyproof.formats.files import read_bounded
from polyproof.formats.strict_json import parse_strict
from polyproof.liabilities.folder import present
from polyproof.publication.history import VerifiedAudit
from polyproof.publication.report.document import REPORT
from polyproof.registry import Registry
from polyproof.reserves.evaluation import settle
from polyproof.settings.reserves import ReservesPolicy
from polyproof.version import __version__

__all__ = ["NOT_LOOKED_AT", "PagesChecked", "check_pages"]

_HERE = f"polyproof {__version__}"
_MOST_BYTES = 64 << 20
_WRITTEN_BY = re.compile(rb'<meta name="generator" content="(polyproof [0-9A-Za-z.+-]{1,40})">')
_REPORT_BY = re.compile(rb'\n "written_by": "(polyproof [0-9A-Za-z.+-]{1,40})",\n')
_BEGINNING = 4096
"""Both stand in the first bytes of what polyproof writes."""


@frozen
class PagesChecked:
    """The pages that lie in a history."""

    equal: tuple[str, ...]
    """Those that are, byte for byte, what this run renders."""
    not_compared: tuple[tuple[str, str], ...]
    """Those of another version, and which."""
    other_policy: bool = False
    """Whether they count holdings by a policy that is not the verifier's."""
    looked_at: bool = True


NOT_LOOKED_AT = PagesChecked((), (), looked_at=False)
"""For a verifier without the extra that renders."""


def check_pages(directory: Path, audits: Sequence[VerifiedAudit]) -> PagesChecked:
    """Render the site of a verified history again and compare every page that lies in it.

    What counts as held depends on a policy, which pages state: they are rendered under the one that ``report.json``
    states, from what was verified here, and ``other_policy`` says that it is not the verifier's. Raises
    ``ProofRejected`` for a page of this version that differs, and for one of an asset that is not audited.
    """
    require_extras("report", purpose="comparing pages")
    from polyproof.publication.report.make import make_report
    from polyproof.publication.report.site import render_history_site

    stated = _stated_policy(directory / REPORT)
    other = stated if stated not in (None, _policy_of(audits[-1])) else None
    rendered = render_history_site(make_report([_as_anyone(one, other) for one in audits]))
    assets = sorted(path.relative_to(directory).as_posix() for path in (directory / "assets").glob("*.html"))
    equal, others = [], []
    for name in dict.fromkeys([*rendered, *assets]):
        path = directory / name
        if not present(path):
            continue
        data = read_bounded(path, _MOST_BYTES)
        if data == rendered.get(name):
            equal.append(name)
            continue
        found = (_REPORT_BY if name == REPORT else _WRITTEN_BY).search(data[:_BEGINNING])
        written_by = found[1].decode() if found else None
        if written_by is None or written_by == _HERE:
            reason = "it does not say what was verified" if name in rendered else "no such asset is audited"
            raise ProofRejected("page", reason, file=path)
        others.append((name, written_by))
    return PagesChecked(tuple(equal), tuple(others), other_policy=other is not None)


def _stated_policy(path: Path) -> ReservesPolicy | None:
    """The policy that a report of this version states; None if it has none, or is not one."""
    if not present(path):
        return None
    data = read_bounded(path, _MOST_BYTES)
    found = _REPORT_BY.search(data[:_BEGINNING])
    if found is None or found[1].decode() != _HERE:
        return None
    try:
        stated = parse_strict(data, fractions_as_text=True)["reserves"]["policy"]
        reader = OptionsReader(Registry(), limit=1)
        return reader.build(from_json(stated, "policy"), ReservesPolicy)
    except (ValueError, LookupError, TypeError, InputError):
        # Whatever it is, it is not what is rendered below, and is rejected there.
        return None


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
    evaluation = settle(rows, liabilities.audit.spec.assets, liabilities.totals, counted_by)
    return evolve(audit, reserves=evolve(audit.reserves, evaluation=evaluation))
