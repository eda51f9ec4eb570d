"""The job of reserves: read the files, judge the rows, set them against a verified audit, publish; and verify it all.

``DIR/public`` gets ``reserves.json``, the result, and ``reserves-evidence.jsonl``, every row with its signatures and
how it ended; ``DIR/private`` keeps the checkpoint. Whoever has the public half computes the result again: every
signature, every sum, every ratio.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Never

from attrs import evolve, frozen

from polyproof.balances import BalanceProvider, Question
from polyproof.config.options import did_you_mean
from polyproof.errors import ArtifactError, InputError, Location, Problem, ProofRejected, ReservesError, SpecError
from polyproof.extras import require_extras
from polyproof.findings import Findings
from polyproof.formats.files import read_bounded, write_durably
from polyproof.formats.strict_json import canonical
from polyproof.liabilities import AuditVerified, PublishedAudit, verification
from polyproof.liabilities.artifacts import RESERVES, find_public
from polyproof.model.assets import Asset
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.ownership import Kind, OwnershipClaim, OwnershipScheme, Status
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.reserves.challenge import Challenges, Freshness
from polyproof.reserves.checkpoint import Checkpoint, scheme_versions
from polyproof.reserves.coins import TOLD_APART, CoinNames
from polyproof.reserves.evaluation import Evaluation, JudgedRow, evaluate, judge_rows, settle
from polyproof.reserves.evidence import EVIDENCE, FORMAT, HEADER, evidence_lines, holding_record, parse_evidence
from polyproof.reserves.published import (
    MOST_BYTES,
    PublishedEvidence,
    PublishedReserves,
    parse_published,
    publish,
)
from polyproof.reserves.reading import Discrepancy, ReservesRead, SourceFile, check_rows, read_reserves
from polyproof.reserves.rows import ReserveRow
from polyproof.reserves.signatures import load_schemes
from polyproof.reserves.spellings import Spellings
from polyproof.settings.policy import Policy
from polyproof.settings.reserves import ReservesPolicy, ReservesSpec
from polyproof.settings.spec import Spec
from polyproof.toolkit.recording import Answered, write_recording

__all__ = [
    "ReservesDone",
    "ReservesVerified",
    "challenge_text",
    "run_reserves",
    "verify_reserves",
    "write_challenges",
]

CHECKPOINT = "reserves-checkpoint.sqlite"
MOST_EVIDENCE = 1 << 30
"""Bytes of evidence that are read."""
MOST_ROWS = 1_000_000
"""Rows of evidence that are read; more would take more memory than a verifier need have."""


# Evaluating and publishing


@frozen
class ReservesDone:
    """Reserves evaluated; and published, if there is an audit to set them against."""

    evaluation: Evaluation
    files: tuple[SourceFile, ...]
    discrepancies: tuple[Discrepancy, ...]
    audit: AuditVerified | None
    published: PublishedReserves | None
    public: Path | None
    """Where it was published."""
    seconds: float


def run_reserves(
    spec: Spec,
    directory: Path | None = None,
    *,
    audit: AuditVerified | None = None,
    replace: bool = False,
    record: Path | None = None,
    created: str | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> ReservesDone:
    """Evaluate a spec's reserves; with the directory of an audit, set them against what it proves, and publish there.

    ``audit``: the audit in ``directory``, if it was verified already; else it is verified first. ``replace`` allows to
    overwrite a result that is there. ``record`` is a new file for what balance providers answered, to be replayed.
    Without ``directory`` nothing is published and no ratio is known.

    Raises ``ReservesError`` for files that are not acceptable, ``ProofRejected`` for an audit that does not verify,
    ``ExtraMissing`` without the extra ``reserves``.
    """
    require_extras("reserves", purpose="evaluating reserves")
    start = time.perf_counter()
    registry, progress = registry or default_registry(), progress or Progress()
    settings = _settings(spec)
    if directory is not None:
        _check_free(directory, replace)
        audit = audit or verification.verify(directory, registry=registry, progress=progress)
        _check_assets(spec.assets, audit.audit, spec.file)
    schemes = load_schemes(registry)
    providers = _open_providers(settings, spec.directory, registry)
    read = read_reserves(
        settings, spec.assets, registry=registry, schemes=schemes, base=spec.directory, progress=progress
    )
    with _checkpoint(directory, schemes, registry) as checkpoint:
        evaluation = evaluate(
            read.rows,
            read.accounts,
            assets=spec.assets,
            schemes=schemes,
            liabilities=audit.totals if audit else None,
            policy=settings.policy,
            pins=settings.pins,
            providers=providers,
            challenges=_challenges(audit.audit, settings) if audit else None,
            checkpoint=checkpoint,
            progress=progress,
        )
    if record is not None:
        write_recording(record, settings.pins, _answers(evaluation.rows))
    published = public = None
    if directory is not None and audit is not None:
        public = audit.audit.public
        moment = created or f"{datetime.now(UTC):{TIMESTAMP}}"
        published = _publish(public, audit.audit, settings, evaluation, read, moment, progress)
    seconds = time.perf_counter() - start
    return ReservesDone(evaluation, read.files, read.discrepancies, audit, published, public, seconds)


def _answers(rows: Iterable[JudgedRow]) -> Iterator[Answered]:
    for one in rows:
        question = Question(one.row.asset, one.row.chain, one.account, one.row.token)
        yield Answered(question, one.balance.held, one.row.control)


def _settings(spec: Spec) -> ReservesSpec:
    if spec.reserves is None:
        where = Location(str(spec.file)) if spec.file else None
        raise SpecError(Problem("the spec has no reserves", where, "its key reserves names the files of wallets"))
    return spec.reserves


def _check_free(directory: Path, replace: bool) -> None:
    present = [name for name in (RESERVES, EVIDENCE) if (find_public(directory) / name).exists()]
    if present and not replace:
        raise ArtifactError(
            Problem(
                f"{directory} holds {' and '.join(present)} already",
                hint="what was published stays; --replace overwrites what nobody has seen",
            )
        )


def _check_assets(assets: Sequence[Asset], published: PublishedAudit, file: Path | None) -> None:
    mine = [(asset.symbol, asset.decimals) for asset in assets]
    theirs = [(asset.symbol, asset.decimals) for asset in published.spec.assets]
    if mine != theirs:
        raise InputError(
            Problem(
                "the spec's assets are not those of the audit",
                Location(str(file)) if file else None,
                "reserves are set against an audit of the same assets in the same order",
            )
        )


def _open_providers(settings: ReservesSpec, base: Path, registry: Registry) -> list[BalanceProvider]:
    providers: list[BalanceProvider] = [choice.create(registry) for choice in settings.balances]
    pinned = {pin.chain for pin in settings.pins}
    for provider in providers:
        chain = getattr(provider.options, "chain", None)
        if chain is not None and chain not in pinned:
            raise InputError(
                Problem(
                    f"{provider.name} is to be asked about {chain}, of which no block is pinned",
                    hint=did_you_mean(chain, sorted(pinned)),
                )
            )
        provider.open(base)
    return providers


@contextmanager
def _checkpoint(
    directory: Path | None, schemes: Sequence[OwnershipScheme], registry: Registry
) -> Iterator[Checkpoint | None]:
    private = directory / "private" if directory is not None else None
    if private is None or not private.is_dir():
        with nullcontext():
            yield None
        return
    with Checkpoint.open(private / CHECKPOINT, scheme_versions(schemes, registry)) as checkpoint:
        yield checkpoint


def _challenges(published: PublishedAudit, settings: ReservesSpec) -> Challenges:
    manifest = published.manifest
    return Challenges(manifest.organisation, manifest.audit_id, settings.snapshot, manifest.digest, settings.pins)


def _publish(
    public: Path,
    audit: PublishedAudit,
    settings: ReservesSpec,
    evaluation: Evaluation,
    read: ReservesRead,
    created: str,
    progress: Progress,
) -> PublishedReserves:
    manifest = audit.manifest
    working = public / f".{EVIDENCE}.writing"
    try:
        evidence = _write_evidence(working, evaluation.rows, progress)
        published = publish(
            evaluation,
            audit_id=manifest.audit_id,
            manifest_digest=manifest.digest,
            organisation=manifest.organisation,
            created=created,
            snapshot=settings.snapshot,
            pins=settings.pins,
            evidence=evidence,
            files=read.files,
            discrepancies=read.discrepancies,
        )
        data = published.to_bytes()
        try:
            parse_published(data)
        except ProofRejected as error:
            raise InputError(f"verifiers would not accept this result: {error.reason}") from error
        # The result names the digest of the evidence: until it is there, nothing is published.
        (public / RESERVES).unlink(missing_ok=True)
        working.replace(public / EVIDENCE)
        write_durably(public / RESERVES, data)
    finally:
        working.unlink(missing_ok=True)
    return published


def _write_evidence(path: Path, rows: Sequence[JudgedRow], progress: Progress) -> PublishedEvidence:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file, progress.task("write evidence", len(rows)) as task:
        for line in evidence_lines(rows):
            digest.update(line)
            size += len(line)
            file.write(line)
            task.advance()
        file.flush()
        os.fsync(file.fileno())
    if size > MOST_EVIDENCE or len(rows) > MOST_ROWS:
        raise InputError(
            f"{len(rows)} rows make {size} bytes of evidence; verifiers read {MOST_ROWS} rows and {MOST_EVIDENCE} bytes"
        )
    return PublishedEvidence(file=EVIDENCE, bytes=size, sha256=digest.hexdigest(), rows=len(rows))


# Verifying


@frozen
class ReservesVerified:
    """What the verification of published reserves established."""

    published: PublishedReserves
    evaluation: Evaluation
    """The rows judged again, added up by the verifier's policy where there is one, else by the published one."""
    audit: AuditVerified
    better: int
    """Rows that are published as failed or unsupported and could be proven here; they do not count."""
    seconds: float

    @property
    def establishes(self) -> tuple[str, ...]:
        """What is now known without trust in the exchange."""
        return (
            "every row counted as proven carries signatures by the keys that control its address",
            "no address counts twice for one asset and chain",
            "holdings, ratios and the verdict are the sums of the published rows, against the proven liabilities",
        )

    @property
    def leaves_open(self) -> tuple[str, ...]:
        """What still rests on somebody's word."""
        rows = self.evaluation.rows
        proven = [one for one in rows if one.status is Status.PROVEN]
        held = sum(1 for one in rows if one.balance.held is not None)
        counts = (
            (held, "balances are what the exchange says the chain said"),
            (len(rows) - held, "balances were not checked at all"),
            (
                sum(1 for one in proven if one.row.control is not None),
                "accounts are owned by those whom the exchange says their chain named",
            ),
            (
                sum(1 for one in proven if one.freshly.freshness is Freshness.STALE),
                "proven rows carry messages that may have been signed at any time",
            ),
            (
                sum(1 for one in rows if one.row.token and _token(one.row) not in TOLD_APART),
                "rows are of tokens that only the exchange tells apart from others of their asset and chain",
            ),
        )
        found = tuple(f"{count} {what}" for count, what in counts if count)
        return (*found, "coins may be borrowed for the snapshot, or pledged to others")


def _token(row: ReserveRow) -> tuple[str, str, str]:
    return row.asset, row.chain, row.token


def verify_reserves(
    directory: Path,
    *,
    audit: AuditVerified | None = None,
    policy: Policy | None = None,
    reserves_policy: ReservesPolicy | None = None,
    manifest_digest: bytes | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> ReservesVerified:
    """Verify published reserves completely, from public files alone: the audit, every signature, every sum.

    ``audit``: the audit in ``directory``, if the caller has verified it. ``reserves_policy`` is the verifier's own:
    which holdings count, how much is enough; the published figures must still follow from the published policy.
    Raises ``ProofRejected``; ``ArtifactError`` if there are no reserves; ``ExtraMissing`` without the extra
    ``reserves``.
    """
    require_extras("reserves", purpose="checking reserves")
    start = time.perf_counter()
    registry, progress = registry or default_registry(), progress or Progress()
    audit = audit or verification.verify(
        directory, policy=policy, registry=registry, manifest_digest=manifest_digest, progress=progress
    )
    public, manifest = audit.audit.public, audit.audit.manifest
    published = parse_published(read_bounded(public / RESERVES, MOST_BYTES), str(public / RESERVES))
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
    challenges = Challenges(
        manifest.organisation, manifest.audit_id, published.snapshot, manifest.digest, published.pins
    )
    found = judge_rows(
        [one.row for one in claimed],
        [one.account for one in claimed],
        schemes=schemes,
        challenges=challenges,
        progress=progress,
    )
    judged, better = _compared(claimed, found, public / EVIDENCE)
    evaluation = settle(judged, audit.audit.spec.assets, audit.totals, published.policy)
    again = publish(
        evaluation,
        audit_id=manifest.audit_id,
        manifest_digest=manifest.digest,
        organisation=manifest.organisation,
        created=published.created,
        snapshot=published.snapshot,
        pins=published.pins,
        evidence=published.evidence,
        files=(),
        discrepancies=(),
    )
    if evolve(again, files=published.files, discrepancies=published.discrepancies) != published:
        raise ProofRejected(
            "reserves-sums",
            f"it does not follow from its evidence: {_difference(published, again)}",
            file=public / RESERVES,
        )
    if reserves_policy is not None:
        evaluation = settle(judged, audit.audit.spec.assets, audit.totals, reserves_policy)
    return ReservesVerified(published, evaluation, audit, better, time.perf_counter() - start)


def _read_evidence(public: Path, stated: PublishedEvidence) -> list[JudgedRow]:
    path = public / EVIDENCE

    def refuse(size: int | None = None) -> Never:
        raise ProofRejected("evidence-digest", f"not the file that {RESERVES} names", file=path)

    try:
        data = read_bounded(path, min(stated.bytes, MOST_EVIDENCE), refuse)
    except ArtifactError as error:
        raise ProofRejected("evidence-missing", f"{RESERVES} names it, but {error}", file=path) from error
    if len(data) != stated.bytes or hashlib.sha256(data).hexdigest() != stated.sha256:
        refuse()
    rows = parse_evidence(data, min(stated.rows, MOST_ROWS), str(path))
    if len(rows) != stated.rows:
        raise ProofRejected("evidence-rows", f"it has {len(rows)} rows, {RESERVES} says {stated.rows}", file=path)
    return rows


def _check_claimed(
    claimed: Sequence[JudgedRow],
    published: PublishedReserves,
    assets: Sequence[Asset],
    schemes: Sequence[OwnershipScheme],
    progress: Progress,
) -> None:
    """What relates the rows to each other and to the audit, checked as when they were first read."""
    symbols = {asset.symbol for asset in assets}
    for one in claimed:
        if one.row.asset not in symbols:
            raise ProofRejected("evidence-asset", f"{one.row.asset!r} is not audited", file=str(one.row.location))
    findings = Findings(1)
    accounts = check_rows([one.row for one in claimed], published.pins, Spellings(schemes), findings, progress)
    if findings:
        raise ProofRejected("evidence-coherence", str(findings.kept[0]))
    for one, account in zip(claimed, accounts, strict=True):
        if one.account != account:
            reason = f"its account is spelled {one.account[:100]!r}, not {account[:100]!r}"
            raise ProofRejected("evidence-account", reason, file=str(one.row.location))


_NEVER_COUNT = (Status.FAILED, Status.UNSUPPORTED)


def _compared(
    claimed: Sequence[JudgedRow], found: Sequence[JudgedRow], file: Path
) -> tuple[tuple[JudgedRow, ...], int]:
    """The rows with the statuses that they are published with, all of which must hold here.

    One published as failed or unsupported never counts; that a later release can judge it takes nothing away.
    """
    rows, better = [], 0
    for told, one in zip(claimed, found, strict=True):
        line = f"{file}:{told.row.location.line}"
        if told.freshly.freshness is not one.freshly.freshness:
            reason = f"its message is called {told.freshly.freshness.value}, but: {one.freshly.reason}"
            raise ProofRejected("evidence-freshness", reason, file=line)
        if told.status is not one.status or told.scheme != one.scheme:
            if told.status not in _NEVER_COUNT:
                reason = f"it is called {told.status.value}, but is {one.status.value}: {one.reason}"
                raise ProofRejected("evidence-status", reason, file=line)
            better += one.status not in _NEVER_COUNT
        rows.append(evolve(told, freshly=one.freshly, reason=one.reason if told.status is one.status else told.reason))
    return tuple(rows), better


def _difference(published: PublishedReserves, again: PublishedReserves) -> str:
    for stated, computed in zip(published.assets, again.assets, strict=False):
        if stated != computed:
            return f"{stated.symbol} counts {stated.counted}, computed is {computed.symbol} {computed.counted}"
    return f"met is {published.met}, computed is {again.met}"


# Challenges


def challenge_text(spec: Spec, directory: Path, chain: str, address: str, *, registry: Registry | None = None) -> str:
    """What the wallet of one address is to sign for an audit. Raises ``InputError`` for what has no challenge."""
    require_extras("reserves", purpose="writing challenges")
    registry = registry or default_registry()
    settings = _settings(spec)
    published = verification.open_audit(directory, registry=registry)
    spellings = Spellings(load_schemes(registry))
    name = CoinNames(spec.assets, settings.coins, (), spellings.chains).chain(chain)
    account = spellings.of(OwnershipClaim(spec.assets[0].symbol, name, address.strip()))
    return _challenges(published, settings).of(name, account).text()


def write_challenges(
    spec: Spec,
    directory: Path,
    out: Path,
    *,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> int:
    """Write what the wallets of a spec's reserve files are to sign for an audit; how many.

    ``out`` is a new file in the native format: every row but the custodial, with its message and without signatures.
    Once these are filled in it is a reserve file. Raises ``InputError`` for a chain that is not pinned.
    """
    require_extras("reserves", purpose="writing challenges")
    registry = registry or default_registry()
    settings = _settings(spec)
    published = verification.open_audit(directory, registry=registry)
    _check_assets(spec.assets, published, spec.file)
    if out.exists():
        raise ArtifactError(f"{out} exists; nothing is overwritten")
    schemes = load_schemes(registry)
    read = read_reserves(
        settings, spec.assets, registry=registry, schemes=schemes, base=spec.directory, progress=progress
    )
    challenges = _challenges(published, settings)
    data = b"".join(_unsigned(read, challenges))
    write_durably(out, data)
    return data.count(b"\n") - 1


def _unsigned(read: ReservesRead, challenges: Challenges) -> Iterable[bytes]:
    findings = Findings()
    lines = [canonical({HEADER: FORMAT}) + b"\n"]
    for row, account in zip(read.rows, read.accounts, strict=True):
        if row.kind is Kind.CUSTODIAL:
            continue
        try:
            message = challenges.of(row.chain, account).text()
        except InputError as error:
            findings.add_error(error, row.location)
            continue
        lines.append(canonical(holding_record(evolve(row, message=message, signatures=()))) + b"\n")
    findings.raise_any(ReservesError)
    return lines
