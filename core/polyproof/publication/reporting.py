"""Reporting on what is published: verify an audit, or a whole history, and write a site about the result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from polyproof.balances import BalanceProvider
from polyproof.errors import ProofRejected, UsageError
from polyproof.extras import require_extras
from polyproof.liabilities.artifacts import HISTORY
from polyproof.liabilities.folder import is_history
from polyproof.plugin_faults import names_faults
from polyproof.progress import Progress
from polyproof.publication.address import parse_address
from polyproof.publication.anchors import AnchorsAccepted
from polyproof.publication.attestations import AttestationsAccepted
from polyproof.publication.history import HistoryVerified, VerifiedAudit, verify_history, verify_one
from polyproof.publication.month import write_report
from polyproof.publication.report.document import Report
from polyproof.publication.report.make import make_report
from polyproof.registry import Registry
from polyproof.settings.policy import Policy
from polyproof.settings.reserves import ReservesPolicy

__all__ = ["ReportWritten", "report_on"]


@frozen
class ReportWritten:
    """A report, and the site that says so."""

    site: Path
    """Its directory: ``index.html``, ``report.json``, a page for each asset."""
    report: Report


@names_faults
def report_on(
    directory: Path,
    *,
    out: Path | None = None,
    history: Path | None = None,
    address: str | None = None,
    policy: Policy | None = None,
    reserves_policy: ReservesPolicy | None = None,
    providers: Sequence[BalanceProvider] = (),
    anchors: AnchorsAccepted | None = None,
    attestations: AttestationsAccepted | None = None,
    digest: bytes | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> ReportWritten:
    """Verify an audit, or a whole history, and write the site to ``out``.

    By default that is ``report`` in the directory of an audit, and a history itself. ``history`` is the one that a
    single audit belongs to, or follows; it is verified too. ``address`` is where the folder with the site is reached on
    the web: pages then have a QR code of the link to the page on which customers check. It is kept when the site is
    written again without one, until an empty one is given. The other arguments are those of ``verify_one``. What is
    not covered is no error here: it is what the report says.

    Raises what ``verify_one`` and ``verify_history`` raise, ``UsageError`` for arguments that do not fit together,
    ``ArtifactError`` for a place that holds anything but a site, ``ExtraMissing`` without the extra ``report``.
    """
    require_extras("report", purpose="writing a report")
    from polyproof.publication.report.site import render_site
    from polyproof.publication.report.writing import check_place, stated_address, write_site

    whole = is_history(directory)
    if whole and history is not None:
        raise UsageError(f"{directory} is a history itself: --history is for a single audit")
    site = out or (directory if whole else directory / "report")
    inside = whole and site.resolve() == directory.resolve()
    if providers and inside:
        raise UsageError("pages in a history say what everybody finds: with --nodes, name another place with --out")
    check_place(site)
    address = stated_address(site) if address is None else parse_address(address) if address else ""
    accepted: dict[str, Any] = {
        "policy": policy,
        "reserves_policy": reserves_policy,
        "providers": providers,
        "anchors": anchors,
        "attestations": attestations,
        "registry": registry,
        "progress": progress,
    }
    if whole:
        audits = verify_history(directory, digest=digest, **accepted).audits
    else:
        audits = (verify_one(directory, digest=digest, **accepted),)
    if history is not None:
        audits = _up_to(verify_history(history, **accepted), audits[0])
    if inside:
        return ReportWritten(site, write_report(site, audits, address or ""))
    report = make_report(audits, address or None)
    write_site(site, render_site(report))
    return ReportWritten(site, report)


def _up_to(history: HistoryVerified, newest: VerifiedAudit) -> tuple[VerifiedAudit, ...]:
    """The audits of a history up to this one, which is in it or follows its newest; otherwise ``ProofRejected``."""
    digests = [one.digest for one in history.audits]
    if newest.digest in digests:
        earlier = history.audits[: digests.index(newest.digest)]
    elif newest.manifest.previous == digests[-1]:
        earlier = history.audits
    else:
        named = newest.manifest.previous.hex() if newest.manifest.previous else "no audit"
        raise ProofRejected(
            "history-link",
            f"audit {newest.manifest.audit_id} is not in this history and does not follow its newest: it names {named}",
            file=history.directory / HISTORY,
        )
    return (*earlier, newest)
