"""Verifying published reserves: everything that the result says is computed again, from public files alone.

That is: the audit's proofs, every signature, every message against the audit's challenge, every account against every
other, and every figure. What the organisation says that chains said is its word, unless the verifier's own providers
say the same; ``ReservesVerified.leaves_open`` says what remains its word.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Never

from attrs import evolve

from polyproof.balances import BalanceProvider
from polyproof.config.options import plain, shown
from polyproof.errors import ArtifactError, InputError, Problem, ProofRejected, SpecError
from polyproof.extras import require_extras
from polyproof.findings import Findings
from polyproof.formats.files import read_bounded
from polyproof.liabilities import AuditVerified, verification
from polyproof.liabilities.artifacts import EVIDENCE, MOST_EVIDENCE, MOST_RESERVES, RECORD, RESERVES
from polyproof.liabilities.record import PublicationRecord
from polyproof.model.assets import Asset
from polyproof.model.chains import may_exist
from polyproof.model.counts import counted
from polyproof.ownership import OwnershipScheme, Status
from polyproof.plugin_faults import names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.reserves.challenge import Challenges
from polyproof.reserves.established import ReservesVerified
from polyproof.reserves.evaluation import JudgedRow, settle
from polyproof.reserves.evidence import MOST_ROWS, parse_evidence
from polyproof.reserves.judging import confirm, judge_rows
from polyproof.reserves.published import (
    PublishedEvidence,
    PublishedReserves,
    parse_published,
    publish,
)
from polyproof.reserves.reading import check_rows
from polyproof.reserves.signatures import load_schemes
from polyproof.reserves.spellings import Spellings
from polyproof.settings.policy import Policy
from polyproof.settings.reserves import ReservesPolicy

__all__ = ["ReservesVerified", "verify_reserves"]


@names_faults
def verify_reserves(
    directory: Path,
    *,
    audit: AuditVerified | None = None,
    policy: Policy | None = None,
    reserves_policy: ReservesPolicy | None = None,
    providers: Sequence[BalanceProvider] = (),
    digest: bytes | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> ReservesVerified:
    """Verify published reserves completely, from public files alone: the audit, every signature, every sum.

    ``audit``: the audit in ``directory``, if the caller has verified it. ``reserves_policy`` is the verifier's own, by
    default ``ReservesPolicy()``: which holdings count, how much is enough. The published figures must follow from the
    published policy, which decides nothing else. ``providers`` are the verifier's own, opened: what they answer about
    balances and about who controls accounts takes the place of what the organisation says that it was told.

    Raises ``ProofRejected``; ``InputError`` for a provider that asks nobody; ``ArtifactError`` if there are no
    reserves; ``ExtraMissing`` without the extra ``reserves``.
    """
    require_extras("reserves", purpose="checking reserves")
    for provider in providers:
        if not provider.asks:
            raise InputError(
                Problem(
                    f"{provider.name} asks nobody: what it answers is the word of whoever made the recording",
                    hint="a verifier names nodes that are asked now",
                )
            )
    start = time.perf_counter()
    registry, progress = registry or default_registry(), progress or Progress()
    audit = audit or verification.verify(directory, policy=policy, registry=registry, digest=digest, progress=progress)
    public, manifest = audit.audit.public, audit.audit.manifest
    if audit.audit.record.reserves_digest is None:
        raise ArtifactError(f"{public}: no reserves are published with this audit")
    published = _read_published(public, audit.audit.record)
    for name, here, there in (
        ("manifest digest", published.manifest_digest, manifest.digest.hex()),
        ("audit", published.audit_id, manifest.audit_id),
        ("organisation", published.organisation, manifest.organisation),
    ):
        if here != there:
            raise ProofRejected(
                "reserves-audit", f"they are for {name} {here!r}, not {there!r}", file=public / RESERVES
            )
    claimed = _read_evidence(public, published.evidence)
    schemes = load_schemes(registry)
    _check_claimed(claimed, published, audit.audit.spec.assets, schemes, progress)
    challenges = Challenges.of_audit(manifest, published.pins)
    found = judge_rows(
        [one.row for one in claimed],
        [one.account for one in claimed],
        schemes=schemes,
        challenges=challenges,
        progress=progress,
    )
    judged, better = _compared(claimed, found, public / EVIDENCE)
    assets = audit.audit.spec.assets
    asked = [evolve(one, asked=True) for one in judged]
    by_organisation = settle(asked, assets, audit.totals, published.policy, audit.lent)
    try:
        again = publish(
            by_organisation,
            audit_id=manifest.audit_id,
            manifest_digest=manifest.digest,
            organisation=manifest.organisation,
            pins=published.pins,
            evidence=published.evidence,
            unverified=published.unverified,
        )
    except SpecError as error:
        reason = f"its evidence is of more than a result can say: {error}"
        raise ProofRejected("reserves-sums", reason, file=public / RESERVES) from error
    if again != published:
        raise ProofRejected(
            "reserves-sums",
            f"it does not follow from its evidence: {_difference(published, again)}",
            file=public / RESERVES,
        )
    known = tuple(one.claimed for one in judged)
    if providers:
        known = confirm(
            known,
            schemes=schemes,
            pins=published.pins,
            providers=providers,
            challenges=challenges,
            progress=progress,
        )
    evaluation = settle(known, assets, audit.totals, reserves_policy or ReservesPolicy(), audit.lent)
    return ReservesVerified(published, evaluation, by_organisation, audit, better, time.perf_counter() - start)


def _read_published(public: Path, record: PublicationRecord) -> PublishedReserves:
    """The file that the record names. It was there when the record was read; it may have been replaced since."""
    path = public / RESERVES
    data = read_bounded(path, MOST_RESERVES)
    if hashlib.sha256(data).hexdigest() != record.reserves_digest:
        raise ProofRejected("publication-file", f"not the file that {RECORD} names", file=path)
    published = parse_published(data, str(path))
    if published.evidence.sha256 != record.evidence_digest:
        raise ProofRejected("evidence-digest", f"{RESERVES} and {RECORD} name different files of evidence", file=path)
    return published


def _read_evidence(public: Path, stated: PublishedEvidence) -> list[JudgedRow]:
    path = public / EVIDENCE

    def refuse(size: int | None = None) -> Never:
        raise ProofRejected("evidence-digest", f"not the file that {RESERVES} names", file=path)

    data = read_bounded(path, min(stated.bytes, MOST_EVIDENCE), refuse)
    if len(data) != stated.bytes or hashlib.sha256(data).hexdigest() != stated.sha256:
        refuse()
    rows = parse_evidence(data, min(stated.rows, MOST_ROWS), str(path))
    if len(rows) != stated.rows:
        raise ProofRejected(
            "evidence-rows", f"it has {counted(len(rows), 'row')}, {RESERVES} says {stated.rows}", file=path
        )
    return rows


def _check_claimed(
    claimed: Sequence[JudgedRow],
    published: PublishedReserves,
    assets: Sequence[Asset],
    schemes: Sequence[OwnershipScheme],
    progress: Progress,
) -> None:
    """Check the rows against each other and against the audit, as when they were first read."""
    symbols = {asset.symbol for asset in assets}
    spellings = Spellings(schemes)
    for one in claimed:
        # Under another name of its chain an account would be another account.
        if (chain := spellings.chain_of(one.row.claim)) != one.row.chain:
            reason = f"the chain {one.row.chain} is called {chain}"
            raise ProofRejected("evidence-chain", reason, file=str(one.row.location))
        if one.row.asset not in symbols:
            raise ProofRejected("evidence-asset", f"{one.row.asset!r} is not audited", file=str(one.row.location))
        if not may_exist(one.row.asset, one.row.chain):
            reason = f"there is no {one.row.asset} on {one.row.chain}, a chain without tokens"
            raise ProofRejected("evidence-coin", reason, file=str(one.row.location))
    findings = Findings(1)
    accounts = check_rows([one.row for one in claimed], published.pins, spellings, findings, progress)
    if findings:
        raise ProofRejected("evidence-coherence", str(findings.kept[0]))
    for one, account in zip(claimed, accounts, strict=True):
        if one.account != account:
            reason = f"its account is written {one.account[:100]!r}, not {account[:100]!r}"
            raise ProofRejected("evidence-account", reason, file=str(one.row.location))


_NEVER_COUNT = (Status.FAILED, Status.UNSUPPORTED)


def _compared(
    claimed: Sequence[JudgedRow], found: Sequence[JudgedRow], file: Path
) -> tuple[tuple[JudgedRow, ...], int]:
    """The rows with their published statuses, all of which must hold here.

    A row published as failed or unsupported never counts, even if a later release can judge it.
    """
    rows, better = [], 0
    for stated, one in zip(claimed, found, strict=True):
        line = f"{file}:{stated.row.location.line}"
        if stated.fresh.freshness is not one.fresh.freshness:
            reason = f"its message is said to be {stated.fresh.freshness.value}, but: {one.fresh.reason}"
            raise ProofRejected("evidence-freshness", reason, file=line)
        if stated.status is not one.status or stated.scheme != one.scheme:
            if stated.status not in _NEVER_COUNT:
                reason = f"it is said to be {stated.status.value}, but is {one.status.value}: {one.reason}"
                raise ProofRejected("evidence-status", reason, file=line)
            better += one.status not in _NEVER_COUNT
        rows.append(
            evolve(
                stated,
                fresh=one.fresh,
                reason=one.reason if stated.status is one.status else stated.reason,
            )
        )
    return tuple(rows), better


def _difference(published: PublishedReserves, again: PublishedReserves) -> str:
    """Where two results part, in the order of the file's declaration: down to the value in it."""
    return _first_difference("", plain(published), plain(again))


def _first_difference(where: str, stated: Any, computed: Any) -> str:
    if isinstance(stated, dict) and isinstance(computed, dict):
        pairs = [(f"{where}.{key}".lstrip("."), stated[key], computed[key]) for key in stated]
    elif isinstance(stated, list) and isinstance(computed, list):
        if len(stated) != len(computed):
            return f"{where} has {counted(len(stated), 'item')}, but {len(computed)} are computed"
        pairs = [(f"{where}[{index}]", *both) for index, both in enumerate(zip(stated, computed, strict=True))]
    else:
        return f"{where} is {shown(stated)}, but {shown(computed)} is computed"
    return next(_first_difference(place, one, other) for place, one, other in pairs if one != other)
