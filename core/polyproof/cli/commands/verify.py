"""``polyproof verify``: one audit, or a whole published history, from public files alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.anchors_view import EVIDENCE, evidence_payload, show_evidence
from polyproof.cli.attestations_view import ATTESTATIONS, attestations_payload, show_attestations
from polyproof.cli.console import Console, amounts, table, time_text
from polyproof.cli.coverage_view import (
    COVERAGE,
    coverage_payload,
    coverage_text,
    show_coverage,
)
from polyproof.cli.disclosures_view import (
    DEFINITIONS,
    DISCLOSURES,
    disclosures_payload,
    show_disclosures,
    show_own_issued,
)
from polyproof.cli.net_equity_view import NET_EQUITY_VERIFIED, net_equity_payload, show_net_equity
from polyproof.cli.options import (
    DigestOption,
    Json,
    NodesOption,
    PolicyOption,
    PricesOption,
    PublishedArgument,
    Quiet,
    SecretsOption,
    ToleranceOption,
    parse_digest,
    usable_registry,
    with_own_prices,
)
from polyproof.cli.security_view import (
    COMPONENTS,
    FIGURES,
    components_payload,
    components_text,
    figures_facts,
    figures_line,
    figures_payload,
    non_negativity_lines,
    verdict,
)
from polyproof.cli.shapes import (
    AMOUNTS,
    BYTES,
    COUNT,
    DIGEST,
    FLAG,
    SECONDS,
    TEXT,
    TEXTS,
    Shape,
    by_name,
    either,
    listed,
    nullable,
    record,
    seconds,
)
from polyproof.cli.views import (
    COMPARE_DIGEST,
    CORRECTS,
    LEFT_OUT,
    audit_lines,
    audits_text,
    corrects_payload,
    facts,
    left_out_payload,
    points,
    show_left_out,
    totals_table,
    unlisted_text,
)
from polyproof.cli.visible import one_line
from polyproof.errors import ExtraMissing
from polyproof.extras import is_installed, require_extras
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.errors import PolyproofError
    from polyproof.liabilities import PublishedAudit
    from polyproof.liabilities.margin import Margin
    from polyproof.publication.accepting import Accepted
    from polyproof.publication.history import HistoryVerified, VerifiedAudit
    from polyproof.publication.report.pages import PagesChecked

__all__ = ["RESULT", "VERIFIED", "command", "history_payload", "show_history", "show_verified", "verify_payload"]

_AUDIT: dict[str, Shape] = {
    "audit_id": TEXT,
    "created": TEXT,
    "snapshot": TEXT,
    "publication_digest": DIGEST,
    "corrects": CORRECTS,
    "left_out": LEFT_OUT,
    "previous": nullable(DIGEST),
    **COMPONENTS,
    **FIGURES,
    **COVERAGE,
    "anchors": listed(EVIDENCE),
    "disclosures": DISCLOSURES,
    "attestations": ATTESTATIONS,
    "net_equity": NET_EQUITY_VERIFIED,
}
VERIFIED = record(
    **_AUDIT,
    organisation=nullable(TEXT),
    manifest_digest=DIGEST,
    segments=COUNT,
    totals=AMOUNTS,
    establishes=TEXTS,
    non_negativity=TEXT,
    unlisted=TEXTS,
    proof_bytes=BYTES,
    seconds=SECONDS,
)
_PAGES = record(
    looked_at=FLAG,
    all_compared=FLAG,
    why_not=nullable(TEXT),
    equal=TEXTS,
    not_compared=by_name(TEXT),
    other_policy=FLAG,
    address=nullable(TEXT),
)
RESULT = {
    **either(
        VERIFIED,
        record(audits=listed(record(**_AUDIT)), pinned=COUNT, pages=nullable(_PAGES), unlisted=TEXTS, seconds=SECONDS),
    ),
    "$defs": DEFINITIONS,
}
"""Of one audit, and of a history."""


def command(
    directory: PublishedArgument,
    policy: PolicyOption = None,
    nodes: NodesOption = None,
    secrets: SecretsOption = None,
    digest: DigestOption = None,
    prices: PricesOption = None,
    tolerance: ToleranceOption = None,
    jobs: Annotated[
        int, typer.Option("--jobs", metavar="N", min=1, help="Processes that share the segments of an audit.")
    ] = 1,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Verify a published audit, or a whole history of audits, from public files alone."""
    from polyproof.liabilities.folder import is_history
    from polyproof.publication.accepting import load_accepted
    from polyproof.publication.history import verify_one

    console = Console(json=json, quiet=quiet)
    known = parse_digest(digest)
    registry = usable_registry(console)
    accepted = load_accepted(policy, nodes, secrets, registry)
    accepted["policy"] = with_own_prices(accepted["policy"], prices, tolerance)
    if is_history(directory):
        _verify_history(directory, accepted, known, jobs, console)
        return
    with console.progress() as progress:
        one = verify_one(
            directory,
            digest=known,
            check_reserves=is_installed("reserves"),
            jobs=jobs,
            progress=progress,
            **accepted,
        )
    console.warn(one.liabilities.warnings)
    refusal = one.reserves.refusal if one.reserves else _missing(one.reserves_unchecked)
    console.result(verify_payload(one), lambda rich: show_verified(rich, one, compared=known is not None))
    _end(console, refusal)


def verify_payload(one: VerifiedAudit) -> dict[str, Any]:
    """``verify`` for machines."""
    verified = one.liabilities
    published = verified.audit
    manifest = published.manifest
    return {
        **_audit_payload(one),
        "organisation": manifest.organisation,
        "manifest_digest": manifest.digest.hex(),
        "segments": len(manifest.segments),
        "totals": amounts(published.spec.assets, verified.totals),
        "establishes": list(published.properties.proves),
        "non_negativity": published.properties.non_negativity,
        "unlisted": list(published.unlisted),
        "proof_bytes": sum(segment.size for segment in manifest.segments),
        "seconds": seconds(verified.seconds),
    }


def _audit_payload(one: VerifiedAudit) -> dict[str, Any]:
    """What is said of an audit by itself and of each of a history."""
    manifest = one.manifest
    return {
        "audit_id": manifest.audit_id,
        "created": manifest.created,
        "snapshot": manifest.snapshot,
        "publication_digest": one.digest.hex(),
        "corrects": corrects_payload(one.record),
        "left_out": left_out_payload(manifest.left_out),
        "previous": manifest.previous.hex() if manifest.previous else None,
        **components_payload(one.liabilities.audit),
        **figures_payload(one.liabilities.security),
        **coverage_payload(one),
        "anchors": [evidence_payload(evidence) for evidence in one.anchors],
        "disclosures": disclosures_payload(manifest.disclosures),
        "attestations": attestations_payload(one.attestations),
        "net_equity": _net_equity(one.liabilities.audit),
    }


def _net_equity(audit: PublishedAudit) -> dict[str, Any] | None:
    margin = audit.margin
    if margin is None:
        return None
    found = net_equity_payload(margin.terms, audit.manifest.position_totals, margin.facts, margin.prices)
    return {**found, "own_prices": bool(audit.policy.net_equity.quotes)}


def show_verified(rich: RichConsole, one: VerifiedAudit, *, compared: bool) -> None:
    """``verify`` for people."""
    verified = one.liabilities
    published, manifest = verified.audit, verified.audit.manifest
    if (margin := published.margin) is None:
        rich.print(totals_table(published.spec.assets, verified.totals))
    else:
        show_net_equity(rich, margin.terms, manifest.position_totals, margin.facts, margin.prices, manifest.snapshot)
    count = len(manifest.segments)
    facts(
        rich,
        *audit_lines(published),
        ("proved by", components_text(published)),
        *figures_facts(verified.security),
        ("checked", f"{counted(count, 'segment')} in {time_text(verified.seconds)}"),
        ("publication digest", published.digest.hex()),
    )
    properties = published.properties
    verdict(rich, verified.security, "VERIFIED", "About what is owed this establishes:")
    points(rich, [*properties.proves, *non_negativity_lines(properties)])
    if margin is not None:
        _show_netting(rich, published, margin)
    show_left_out(rich, manifest.left_out, word="; what they add up to is its word")
    if one.reserves is not None:
        show_coverage(rich, one.reserves)
        show_own_issued(rich, manifest.disclosures, [asset.symbol for asset in published.spec.assets])
    elif not one.reserves_unchecked:
        rich.print("No reserves are published with it: of what the organisation holds, nothing is shown.")
    else:
        rich.print(
            "Reserves are published with it and were NOT CHECKED: nothing here says that what is owed is covered.",
            style="yellow",
            soft_wrap=True,
        )
    show_evidence(rich, one.anchors)
    show_disclosures(rich, manifest.disclosures)
    show_attestations(rich, one.attestations)
    if published.unlisted:
        rich.print(f"Not looked at, no part of the audit: {unlisted_text(published.unlisted)}", soft_wrap=True)
    rich.print(f"What the proof leaves open: polyproof explain {one_line(str(published.public))}", soft_wrap=True)
    if not compared:
        rich.print(COMPARE_DIGEST)


def _show_netting(rich: RichConsole, published: PublishedAudit, margin: Margin) -> None:
    """What may be said of net totals, whose prices they rest on, and what netting hides."""
    from polyproof.liabilities.netting import NET_TOTALS, NOT_COVERED, WHAT_NETTING_HIDES

    covered = margin.backend.properties.covers_debts
    rich.print(NET_TOTALS if covered else NOT_COVERED, soft_wrap=True)
    accepted = published.policy.net_equity
    rich.print(
        "Its prices of what is owed, or counts as collateral, were compared with yours: none is more favourable by "
        f"more than {accepted.tolerance}."
        if accepted.quotes
        else "Its prices are the organisation's word: compare them with your own, --prices FILE --tolerance 2%.",
        soft_wrap=True,
    )
    rich.print("What netting hides, whatever is proven; a dishonest exchange could:")
    points(rich, WHAT_NETTING_HIDES)


# A whole history


def _verify_history(directory: Path, accepted: Accepted, known: bytes | None, jobs: int, console: Console) -> None:
    """Verify a whole published directory: the chain, and every audit in it."""
    from polyproof.publication.history import verify_history
    from polyproof.publication.report.pages import compare_pages

    with console.progress() as progress:
        verified = verify_history(
            directory,
            digest=known,
            check_reserves=is_installed("reserves"),
            jobs=jobs,
            progress=progress,
            **accepted,
        )
    for one in verified.audits:
        console.warn(one.liabilities.warnings)
    refusal = _missing(verified.unchecked > 0) or verified.refusal
    pages = compare_pages(verified)
    console.result(
        history_payload(verified, pages), lambda rich: show_history(rich, verified, pages, compared=known is not None)
    )
    _end(console, refusal)


def history_payload(verified: HistoryVerified, pages: PagesChecked | None) -> dict[str, Any]:
    """The same of a history, for machines; ``pages``: how its pages compare with it, if it has any."""
    return {
        "audits": [_audit_payload(one) for one in verified.audits],
        "pinned": verified.pinned,
        "pages": _pages_payload(pages),
        "unlisted": list(verified.unlisted),
        "seconds": seconds(verified.seconds),
    }


def _end(console: Console, refusal: PolyproofError | None) -> None:
    """Status 0 means the same everywhere: all that is published was verified, and holdings cover what is owed."""
    if refusal is not None:
        console.refuse(refusal)


def _missing(unchecked: bool) -> ExtraMissing | None:
    """Why reserves were not checked; None if they were, or if there are none."""
    if not unchecked:
        return None
    try:
        require_extras("reserves", purpose="checking the reserves that are published with it")
    except ExtraMissing as error:
        return error
    raise AssertionError("reserves are unchecked only where the extra is missing")


def show_history(rich: RichConsole, verified: HistoryVerified, pages: PagesChecked | None, *, compared: bool) -> None:
    """The same of a history, for people."""
    made = table("Balances as of", "Audit", "Proved by", "Reserves")
    for one in verified.audits:
        manifest = one.manifest
        bits = f"{manifest.backend}: {figures_line(one.liabilities.security)}"
        made.add_row(
            manifest.snapshot, manifest.audit_id, bits, coverage_text(one), style="red" if one.met is False else None
        )
    rich.print(made)
    ways = dict.fromkeys(components_text(one.liabilities.audit) for one in verified.audits)
    facts(
        rich,
        *(("proved by", way) for way in ways),
        ("newest publication digest", verified.audits[-1].digest.hex()),
    )
    number = len(verified.audits)
    if verified.unchecked:
        rich.print(
            f"VERIFIED IN PART: {audits_text(number)}, every proof{_links(number)}; "
            f"{time_text(verified.seconds)}.\nReserves of {audits_text(verified.unchecked)} were NOT CHECKED: nothing "
            f"here says that what is owed is covered.",
            style="bold yellow",
        )
    else:
        unknown = pages is not None and pages.why is not None
        forged = sum(one.liabilities.security.assumptions.insecure_setup for one in verified.audits)
        rich.print(
            f"VERIFIED{', except for its pages' if unknown else ''}: {audits_text(number)}, every proof"
            f"{_links(number)}{_signatures(verified)}; "
            f"{time_text(verified.seconds)}.",
            style="bold red" if forged else "bold yellow" if unknown else "bold green",
        )
        if forged:
            rich.print(
                f"INSECURE SET-UP of {audits_text(forged)}: its secret is public, so anybody can have forged what is "
                "owed.",
                style="bold red",
            )
        _show_holdings(rich, verified)
    _show_corrections(rich, verified)
    _show_anchors(rich, verified)
    for one in verified.audits:
        if one.attestations.statements or one.attestations.unreadable:
            rich.print(f"Beside audit {one.manifest.audit_id}:")
            show_attestations(rich, one.attestations)
    if (declared := verified.audits[-1].manifest.disclosures) is not None:
        rich.print(f"With audit {verified.audits[-1].manifest.audit_id}:")
        show_disclosures(rich, declared)
    if pages is not None:
        _show_pages(rich, pages)
    if verified.unlisted:
        rich.print(f"Not looked at, no part of the history: {unlisted_text(verified.unlisted)}", soft_wrap=True)
    if not compared:
        rich.print(
            "Compare the newest publication digest with the one published elsewhere, or pass it as --digest: it "
            "shows whose audits these are."
        )
    elif verified.pinned < number:
        rich.print(
            f"The digest is that of audit {verified.pinned}: it vouches for it and those before it, not for the "
            f"{number - verified.pinned} after it."
        )


def _links(audits: int) -> str:
    """Nothing is said of links where there are none."""
    return ", every link" if audits > 1 else ""


def _signatures(verified: HistoryVerified) -> str:
    """How many rows of all audits carry signatures that hold: nothing is said of signatures where there are none."""
    from polyproof.reserves import Ownership

    signed = Ownership.SIGNED, Ownership.LOOKED_UP, Ownership.CLAIMED, Ownership.KEY_ONLY, Ownership.UNBOUND
    tallies = [one.reserves.tallies for one in verified.audits if one.reserves]
    number = sum(tally[kind].rows for tally in tallies for kind in signed)
    return f", the signatures of {counted(number, 'row')}" if number else ""


def _show_holdings(rich: RichConsole, verified: HistoryVerified) -> None:
    """What is known about the holdings of the newest audit."""
    newest = verified.audits[-1]
    if newest.reserves is not None:
        rich.print(f"The newest audit, {newest.manifest.audit_id}:")
        show_coverage(rich, newest.reserves)
        symbols = [asset.symbol for asset in newest.liabilities.audit.spec.assets]
        show_own_issued(rich, newest.manifest.disclosures, symbols)
    later = max(verified.audits, key=lambda one: one.manifest.snapshot)
    if later.manifest.snapshot > newest.manifest.snapshot:
        when = f"audit {later.manifest.audit_id} is of a later time, {later.manifest.snapshot}"
        rich.print(f"It corrects an earlier audit; {when}: {coverage_text(later)}.", style="yellow", soft_wrap=True)


def _show_corrections(rich: RichConsole, verified: HistoryVerified) -> None:
    ids = {one.digest.hex(): one.manifest.audit_id for one in verified.audits}
    for one in verified.audits:
        if one.record.corrects is not None:
            corrected = ids[one.record.corrects.publication_digest]
            reason = f"as the organisation says: {one.record.corrects.reason}"
            rich.print(f"{one.manifest.audit_id} corrects {corrected}; what was wrong, {reason}", soft_wrap=True)


def _show_anchors(rich: RichConsole, verified: HistoryVerified) -> None:
    """The evidence about each audit; nothing is said where there is none at all."""
    for one in verified.audits:
        if one.anchors:
            rich.print(f"Beside audit {one.manifest.audit_id}:")
            show_evidence(rich, one.anchors)


def _pages_payload(pages: PagesChecked | None) -> dict[str, Any] | None:
    if pages is None:
        return None
    return {
        "looked_at": pages.looked_at,
        "all_compared": pages.why is None,
        "why_not": pages.why,
        "equal": list(pages.equal),
        "not_compared": dict(pages.not_compared),
        "other_policy": pages.other_policy,
        "address": pages.address,
    }


def _show_pages(rich: RichConsole, pages: PagesChecked) -> None:
    archives = sum(name.startswith("downloads/") for name in pages.equal)
    if number := len(pages.equal) - archives:
        rich.print(f"Pages: {number} {'says' if number == 1 else 'say'} exactly what was verified here.")
    if archives:
        rich.print(f"Downloads: {archives} {'holds' if archives == 1 else 'hold'} exactly what was verified here.")
    if pages.other_policy:
        rich.print("They count holdings by another policy than yours, which they state.", style="yellow")
    if pages.address is not None:
        rich.print(f"The pages say, and nothing shows, that they are reached at {pages.address}", soft_wrap=True)
    if not pages.looked_at:
        rich.print(f"Its pages were NOT LOOKED AT: {pages.why}.", style="yellow")
    elif pages.not_compared:
        downloads = [name for name, _ in pages.not_compared if name.startswith("downloads/")]
        number = len(pages.not_compared) - len(downloads)
        nor = " Downloads were not compared either." if downloads else ""
        rich.print(
            f"{counted(number, 'page')} {'was' if number == 1 else 'were'} NOT COMPARED: {pages.why}. "
            f"Anybody can write such pages: believe none of them.{nor}",
            style="yellow",
        )
