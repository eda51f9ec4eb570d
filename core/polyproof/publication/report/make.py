"""From what verification returned, and from nothing else, to the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from attrs import evolve

from polyproof.errors import PolicyRejected
from polyproof.liabilities import PublishedAudit
from polyproof.liabilities.margin import check_policy, cut_by_asset
from polyproof.model.amounts import exact_decimal
from polyproof.model.assets import Asset
from polyproof.model.disclosures import Disclosures
from polyproof.publication.anchors import Evidence
from polyproof.publication.attestations import Attestation
from polyproof.publication.history import VerifiedAudit
from polyproof.publication.report.document import (
    FORMAT,
    VERSION,
    ByOrganisation,
    EntryAsset,
    Report,
    ReportAbsence,
    ReportAsset,
    ReportAttestation,
    ReportAudit,
    ReportCorrection,
    ReportEntry,
    ReportEvidence,
    ReportFigure,
    ReportGuarantees,
    ReportLeftUnderwater,
    ReportLending,
    ReportNetting,
    ReportPledged,
    ReportReserves,
    ReportRows,
    ReportSecurity,
    ReportTerm,
    ReportUnderwater,
)
from polyproof.reserves.challenge import Freshness
from polyproof.reserves.established import ReservesVerified
from polyproof.reserves.evaluation import Check, Ownership
from polyproof.reserves.published import PublishedAsset, PublishedRatio, published_asset
from polyproof.security import FigureName, SecurityTerm
from polyproof.settings.bundled import bundled_policies
from polyproof.settings.policy import Policy, load_policy
from polyproof.version import __version__

__all__ = ["make_report", "make_reports"]


def make_report(audits: Sequence[VerifiedAudit], address: str | None = None) -> Report:
    """The report on the last of these audits, each of which follows the one before and was verified completely.

    ``address``: of the site that it will be a part of, as ``parse_address`` returns it.
    """
    entries = tuple(_entry(one, audits) for one in audits)
    return _report(audits[-1], entries, "whole" if entries[0].previous is None else "not-given", address)


def make_reports(audits: Sequence[VerifiedAudit]) -> tuple[Report, ...]:
    """A report on each of these audits alone, which says nothing of the others except which of them it corrects."""
    return tuple(_report(one, (_entry(one, audits),), "left-out") for one in audits)


def _report(
    verified: VerifiedAudit, entries: tuple[ReportEntry, ...], chain: str, address: str | None = None
) -> Report:
    liabilities, reserves, manifest = verified.liabilities, verified.reserves, verified.manifest
    held = {asset.symbol: asset for asset in _held(reserves)} if reserves else {}
    on_word = _on_word(reserves) if reserves else {}
    declared, lending = manifest.disclosures, _lending(liabilities.audit)
    return Report(
        format=FORMAT,
        version=VERSION,
        written_by=f"polyproof {__version__}",
        verdict="liabilities-only" if verified.met is None else "covered" if verified.met else "not-covered",
        on_word=reserves.on_word if reserves else (),
        audit=ReportAudit(
            audit_id=manifest.audit_id,
            organisation=manifest.organisation,
            created=manifest.created,
            snapshot=manifest.snapshot,
            publication_digest=verified.digest.hex(),
            manifest_digest=manifest.digest.hex(),
            previous=manifest.previous.hex() if manifest.previous else None,
            backend=manifest.backend,
            components=tuple(
                f"{kind} {name}" for kind, names in liabilities.audit.components.items() for name in names
            ),
            segments=len(manifest.segments),
            proof_bytes=sum(segment.size for segment in manifest.segments),
            verifier=manifest.verifier,
        ),
        assets=tuple(
            ReportAsset(
                symbol=asset.symbol,
                decimals=asset.decimals,
                liabilities=asset.format(owed),
                control=manifest.control[place] if manifest.control is not None else None,
                reserves=held.get(asset.symbol),
                on_word=on_word.get(asset.symbol, ()),
                lending=lending.get(asset.symbol),
                own_issued=declared is not None and declared.issues(asset.symbol),
                encumbered=_encumbered(declared, asset),
            )
            for place, (asset, owed) in enumerate(zip(liabilities.audit.spec.assets, liabilities.totals, strict=True))
        ),
        left_out=manifest.left_out,
        netting=_netting(liabilities.audit),
        reserves=_reserves(verified),
        guarantees=_guarantees(verified),
        security=_security(verified),
        disclosures=declared,
        anchors=tuple(_evidence(one) for one in verified.anchors),
        attestations=tuple(_attestation(one) for one in verified.attestations.statements),
        attestations_unreadable=verified.attestations.unreadable or None,
        chain=chain,
        address=address,
        history=entries,
    )


def _lending(audit: PublishedAudit) -> dict[str, ReportLending]:
    """What is lent and pledged of each asset; empty where no account can have debts."""
    margin = audit.margin
    if margin is None:
        return {}
    found = {}
    for one in cut_by_asset(margin.terms, audit.manifest.position_totals):
        asset, price = one.terms.asset, margin.prices[one.terms.asset.symbol]
        found[asset.symbol] = ReportLending(
            lent=asset.format(one.debt),
            net=asset.format(max(one.net, 0)),
            beyond=asset.format(max(-one.net, 0)),
            pledged=tuple(
                ReportPledged(category=category.name, amount=asset.format(units))
                for category, units in zip(one.terms.categories, one.pledged, strict=True)
            ),
            price_for_debts=exact_decimal(price.highest),
            price_for_collateral=exact_decimal(price.lowest),
            gross_value=exact_decimal(one.value(one.equity, margin.prices)),
            net_value=exact_decimal(one.value(max(one.net, 0), margin.prices)),
        )
    return found


def _netting(audit: PublishedAudit) -> ReportNetting | None:
    margin = audit.margin
    if margin is None:
        return None
    lending, left_out = _lending(audit).values(), margin.facts.underwater
    return ReportNetting(
        covered=margin.backend.properties.covers_debts,
        segments=margin.facts.margin_segments,
        currency=margin.facts.prices[0].currency,
        gross_value=exact_decimal(sum((Fraction(one.gross_value) for one in lending), Fraction())),
        net_value=exact_decimal(sum((Fraction(one.net_value) for one in lending), Fraction())),
        quotes=margin.facts.prices,
        underwater=None
        if left_out is None
        else ReportUnderwater(
            accounts=left_out.accounts,
            assets=tuple(
                ReportLeftUnderwater(symbol=asset.symbol, equity=asset.format(equity), debt=asset.format(debt))
                for asset, equity, debt in zip(audit.spec.assets, left_out.equity, left_out.debt, strict=True)
            ),
        ),
    )


def _encumbered(declared: Disclosures | None, asset: Asset) -> str | None:
    """What is declared of an asset as encumbered, in coins."""
    amount = declared.encumbered_of(asset.symbol) if declared is not None else None
    return None if amount is None else asset.format(int(amount * 10**asset.decimals))


def _held(reserves: ReservesVerified) -> tuple[PublishedAsset, ...]:
    """Every asset as the verifier knows and counts it."""
    return tuple(published_asset(asset) for asset in reserves.evaluation.assets)


def _on_word(reserves: ReservesVerified) -> dict[str, tuple[str, ...]]:
    return {asset.asset.symbol: reserves.on_word_of(asset) for asset in reserves.evaluation.assets}


def _rows(reserves: ReservesVerified) -> Iterator[ReportRows]:
    """How rows ended."""
    names = {Ownership: "ownership", Check: "balances", Freshness: "messages"}
    for kind, tally in reserves.tallies.items():
        if tally.rows:
            yield ReportRows(of=names[type(kind)], outcome=kind.value, rows=tally.rows, counted=tally.counted)


def _reserves(verified: VerifiedAudit) -> ReportReserves | None:
    if verified.reserves is None:
        return None
    published, evaluation = verified.reserves.published, verified.reserves.evaluation
    return ReportReserves(
        digest=published.digest.hex(),
        met=evaluation.met is True,
        short=tuple(asset.asset.symbol for asset in evaluation.short),
        policy=evaluation.policy,
        by_organisation=ByOrganisation(policy=published.policy, met=published.met, short=published.short),
        pins=published.pins,
        evidence=published.evidence,
        rows=tuple(_rows(verified.reserves)),
        unverified=published.unverified,
        establishes=verified.reserves.establishes,
        leaves_open=verified.reserves.leaves_open,
    )


def _evidence(one: Evidence) -> ReportEvidence:
    shown = one.shown
    time, unique = (shown.time, shown.uniqueness) if shown else (None, None)
    return ReportEvidence(
        file=one.file,
        anchor=one.anchor,
        sha256=one.sha256,
        looked_at=shown is not None,
        latest=time.latest if time else None,
        clock=time.clock if time else None,
        time_checked=one.time_checked,
        where=unique.where if unique else None,
        others=unique.others if unique else None,
        uniqueness_checked=unique is not None and unique.checked,
        pending=shown.pending if shown else (),
        rests_on=shown.rests_on if shown else (),
    )


def _attestation(one: Attestation) -> ReportAttestation:
    return ReportAttestation(
        place=one.place,
        sha256=one.sha256,
        statement=one.statement,
        algorithm=one.algorithm,
        key=one.key,
        certificate=one.certificate,
        holds=one.holds,
        check=one.check or None,
        fault=one.fault or None,
        why_not_checked=one.unchecked or None,
        by=one.by,
        why_not_known=one.why or None,
        rests_on=one.rests_on,
    )


def _guarantees(verified: VerifiedAudit) -> ReportGuarantees:
    found = verified.liabilities.audit.properties
    return ReportGuarantees(
        zero_knowledge=found.zero_knowledge,
        transparent=found.transparent,
        post_quantum=found.post_quantum,
        exact_totals=found.exact_totals,
        non_negativity=found.non_negativity,
        proves=found.proves,
        hides=found.hides,
        leaks=found.leaks,
        remaining_trust=found.remaining_trust,
    )


def _security(verified: VerifiedAudit) -> ReportSecurity:
    found = verified.liabilities.security
    return ReportSecurity(
        figures=tuple(
            ReportFigure(
                name=name.value,
                title=name.label,
                meaning=name.meaning,
                bits=figure.bits,
                decided_by=figure.decides.name,
                rests_on=figure.rests_on,
                terms=_terms(figure.terms),
            )
            for name, figure in found.given.items()
        ),
        absent=tuple(
            ReportAbsence(name=name.value, title=name.label, consequence=found.absence(name))
            for name in FigureName
            if found.figure(name) is None and name.absence
        ),
        assumptions=found.assumptions.sentences,
        policy=_policy_to_name(verified),
        notes=found.notes,
        insecure_setup=found.assumptions.insecure_setup,
    )


def _policy_to_name(verified: VerifiedAudit) -> str | None:
    """The policy that a reader's polyproof needs to be told of, so that the commands on the site work."""
    audit, verdicts = verified.liabilities.audit, verified.liabilities.verdicts
    manifest = audit.manifest

    def accepts(policy: Policy) -> bool:
        try:
            policy.check_options(audit.backend.name, audit.spec.backend.options)
            if (margin := audit.margin) is not None:
                policy.check_options(margin.backend.name, margin.judge.options)
                check_policy(margin, policy, manifest.disclosures, manifest.position_totals, manifest.snapshot)
            for verdict in verdicts:
                policy.check_security(verdict.security)
        except PolicyRejected:
            return False
        return True

    if accepts(Policy()):
        return None
    return next((name for name, path in bundled_policies().items() if accepts(load_policy(path))), "FILE")


def _terms(terms: Sequence[SecurityTerm]) -> tuple[ReportTerm, ...]:
    return tuple(ReportTerm(name=term.name, bits=term.bits, formula=term.formula, source=term.source) for term in terms)


def _entry(verified: VerifiedAudit, audits: Sequence[VerifiedAudit]) -> ReportEntry:
    assert not verified.reserves_unchecked, "only what was verified completely is reported"
    manifest, liabilities = verified.manifest, verified.liabilities
    lending = _lending(liabilities.audit)
    assets = tuple(
        EntryAsset(
            symbol=asset.symbol,
            liabilities=asset.format(owed),
            counted=None,
            percent=None,
            net=lending[asset.symbol].net if lending else None,
            gross_percent=None,
            net_percent=None,
            met=None,
            on_word=(),
        )
        for asset, owed in zip(liabilities.audit.spec.assets, liabilities.totals, strict=True)
    )
    if verified.reserves:
        held = _held(verified.reserves)
        on_word = _on_word(verified.reserves)
        assets = tuple(
            evolve(
                entry,
                counted=asset.counted,
                percent=_percent(asset.ratio),
                gross_percent=_percent(asset.lending.gross_ratio) if asset.lending else None,
                net_percent=_percent(asset.lending.net_ratio) if asset.lending else None,
                met=asset.met,
                on_word=on_word[asset.symbol],
            )
            for entry, asset in zip(assets, held, strict=True)
        )
    return ReportEntry(
        audit_id=manifest.audit_id,
        created=manifest.created,
        snapshot=manifest.snapshot,
        publication_digest=verified.digest.hex(),
        previous=manifest.previous.hex() if manifest.previous else None,
        corrects=_correction(verified, audits),
        backend=manifest.backend,
        met=verified.met,
        on_word=verified.reserves.on_word if verified.reserves else (),
        assets=assets,
    )


def _correction(verified: VerifiedAudit, audits: Sequence[VerifiedAudit]) -> ReportCorrection | None:
    found = verified.record.corrects
    if found is None:
        return None
    ids = {one.digest.hex(): one.manifest.audit_id for one in audits}
    return ReportCorrection(
        publication_digest=found.publication_digest,
        audit_id=ids.get(found.publication_digest),
        reason=found.reason,
    )


def _percent(ratio: PublishedRatio | None) -> str | None:
    return None if ratio is None else ratio.percent
