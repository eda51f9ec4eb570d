"""A run of reserves: read the files, judge the rows, compare them with a verified audit, publish.

``DIR/public`` gets ``reserves.json``, the result, and ``reserves-evidence.jsonl``, every row with its signatures and
how it ended; ``DIR/private`` keeps the checkpoint. ``polyproof.reserves.verification`` computes it all again.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from attrs import evolve, frozen

from polyproof.balances import BalanceProvider, Question
from polyproof.config.options import did_you_mean
from polyproof.errors import ArtifactError, InputError, Location, Problem, ProofRejected, SpecError
from polyproof.extras import require_extras
from polyproof.formats.files import write_durably
from polyproof.liabilities import AuditVerified, PublishedAudit, verification
from polyproof.liabilities.anchor_files import check_not_anchored
from polyproof.liabilities.artifacts import AUDITS, EVIDENCE, HISTORY, MOST_EVIDENCE, PUBLISHED_MARK, RESERVES
from polyproof.liabilities.attestation_file import check_not_attested
from polyproof.liabilities.folder import find_public, present
from polyproof.liabilities.record import PublicationRecord, read_record, write_record
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.ownership import OwnershipScheme
from polyproof.plugin_faults import names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.reserves.challenge import Challenges
from polyproof.reserves.checkpoint import Checkpoint, scheme_versions
from polyproof.reserves.evaluation import Evaluation, JudgedRow
from polyproof.reserves.evidence import MOST_ROWS, evidence_lines
from polyproof.reserves.judging import evaluate
from polyproof.reserves.provider_answers import open_provider
from polyproof.reserves.published import (
    PublishedEvidence,
    PublishedReserves,
    parse_published,
    publish,
    unverified,
)
from polyproof.reserves.reading import Discrepancy, ReservesRead, SourceFile, read_reserves
from polyproof.reserves.signatures import load_schemes
from polyproof.settings.policy import Policy
from polyproof.settings.reserves import BalancesChoice, ReservesSpec
from polyproof.settings.spec import Spec
from polyproof.toolkit.endpoint import lend
from polyproof.toolkit.recording import Answered, write_recording
from polyproof.toolkit.secrets import Secrets

__all__ = ["CHECKPOINT", "ReservesDone", "check_fits", "forget_unnamed", "open_chosen", "run_reserves", "settings_of"]

CHECKPOINT = "reserves-checkpoint.sqlite"


@frozen
class ReservesDone:
    """Reserves evaluated; and published, if there is an audit to compare them with."""

    evaluation: Evaluation
    files: tuple[SourceFile, ...]
    discrepancies: tuple[Discrepancy, ...]
    audit: AuditVerified | None
    published: PublishedReserves | None
    public: Path | None
    """Where it was published."""
    record: PublicationRecord | None
    """The publication record, written again to name it."""
    seconds: float


@names_faults
def run_reserves(
    spec: Spec,
    directory: Path | None = None,
    *,
    audit: AuditVerified | None = None,
    policy: Policy | None = None,
    replace: bool = False,
    record: Path | None = None,
    created: str | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> ReservesDone:
    """Evaluate a spec's reserves; with the directory of an audit, compare them with what it proves, and publish there.

    ``audit``: the audit in ``directory``, if it was already verified; otherwise it is verified first, under
    ``policy``. ``replace`` lets an existing result be overwritten. ``record`` is a new file for the answers of balance
    providers, to be replayed. Without ``directory`` nothing is published and no ratio is known.

    Raises ``ReservesError`` for files that are not acceptable, ``ProofRejected`` for an audit that does not verify,
    ``ExtraMissing`` without the extra ``reserves``.
    """
    require_extras("reserves", purpose="evaluating reserves")
    start = time.perf_counter()
    registry, progress = registry or default_registry(), progress or Progress()
    settings = settings_of(spec)
    if directory is not None:
        _check_free(directory, replace)
        audit = audit or verification.verify(directory, policy=policy, registry=registry, progress=progress)
        check_fits(spec, audit.audit)
    schemes = load_schemes(registry)
    providers = open_providers(settings, spec.directory, spec.secrets, registry)
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
            lent=audit.lent if audit else None,
            policy=settings.policy,
            pins=settings.pins,
            providers=providers,
            challenges=Challenges.of_audit(audit.audit.manifest, settings.pins) if audit else None,
            checkpoint=checkpoint,
            progress=progress,
        )
    if record is not None:
        write_recording(record, settings.pins, _answers(evaluation.rows))
    published = public = publication = None
    if directory is not None and audit is not None:
        public = audit.audit.public
        moment = created or f"{datetime.now(UTC):{TIMESTAMP}}"
        published = _publish(public, audit.audit, settings, evaluation, read, moment, progress)
        publication = _record(public, audit.audit, published)
    seconds = time.perf_counter() - start
    return ReservesDone(evaluation, read.files, read.discrepancies, audit, published, public, publication, seconds)


def _answers(rows: Iterable[JudgedRow]) -> Iterator[Answered]:
    for one in rows:
        question = Question(one.row.asset, one.row.chain, one.account, one.row.token)
        yield Answered(question, one.balance.held, one.row.control)


def settings_of(spec: Spec) -> ReservesSpec:
    """What a spec says about reserves. Raises ``SpecError`` if it says nothing."""
    if spec.reserves is None:
        where = Location(str(spec.file)) if spec.file else None
        raise SpecError(Problem("the spec has no reserves", where, "reserves names the files that list wallets"))
    return spec.reserves


def _check_free(directory: Path, replace: bool) -> None:
    """Raise ``ArtifactError`` where reserves would change something published, or overwrite a result unasked."""
    public = find_public(directory)
    within = public.resolve().parent
    if present(directory / "private" / PUBLISHED_MARK) or (within.name == AUDITS and present(within.parent / HISTORY)):
        raise ArtifactError(
            Problem(
                f"{directory} is published: its record, and so its reserves, are fixed",
                hint="a mistake is corrected by another audit: polyproof audit --corrects AUDIT_ID --reason TEXT",
            )
        )
    check_not_anchored(public)
    check_not_attested(public)
    forget_unnamed(public)
    if read_record(public).reserves_digest is not None and not replace:
        raise ArtifactError(
            Problem(
                f"{directory} already holds {RESERVES} and {EVIDENCE}",
                hint="results are kept; --replace overwrites one that has not been published yet",
            )
        )


def forget_unnamed(public: Path) -> None:
    """Remove what a run left that ended before the record named it: it was never part of the audit."""
    if read_record(public).reserves_digest is None:
        for name in (RESERVES, EVIDENCE):
            (public / name).unlink(missing_ok=True)


def check_fits(spec: Spec, published: PublishedAudit) -> None:
    """Raise ``InputError`` unless a spec has the assets of an audit, in its order, and its snapshot."""
    mine = [(asset.symbol, asset.decimals) for asset in spec.assets]
    theirs = [(asset.symbol, asset.decimals) for asset in published.spec.assets]
    where = Location(str(spec.file)) if spec.file else None
    if mine != theirs:
        raise InputError(
            Problem(
                "the spec's assets are not those of the audit",
                where,
                "reserves are compared with an audit of the same assets in the same order",
            )
        )
    if spec.snapshot != published.manifest.snapshot:
        raise InputError(
            Problem(
                f"snapshot is {spec.snapshot}, that of the audit {published.manifest.snapshot}",
                where,
                "what is owed and what is held are compared at one time",
            )
        )


def open_providers(settings: ReservesSpec, base: Path, secrets: Secrets, registry: Registry) -> list[BalanceProvider]:
    """The providers of a spec, ready to be asked; nothing is sent. Raises ``InputError``, as for missing secrets."""
    providers = open_chosen(settings.balances, base, secrets, registry)
    pinned = {pin.chain for pin in settings.pins}
    for provider in providers:
        chain = getattr(provider.options, "chain", None)
        if chain is not None and chain not in pinned:
            raise InputError(
                Problem(
                    f"{provider.name} cannot be asked about {chain}: no block of it is pinned",
                    hint=did_you_mean(chain, sorted(pinned)),
                )
            )
    return providers


def open_chosen(
    choices: Sequence[BalancesChoice], base: Path, secrets: Secrets, registry: Registry
) -> list[BalanceProvider]:
    """Providers ready to be asked; nothing is sent. Raises ``InputError``, as for missing secrets."""
    providers: list[BalanceProvider] = [
        evolve(choice, options=lend(choice.options, secrets)).create(registry) for choice in choices
    ]
    for provider in providers:
        open_provider(provider, base)
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
            pins=settings.pins,
            evidence=evidence,
            unverified=unverified(created, read.files, read.discrepancies),
        )
        data = published.to_bytes()
        try:
            parse_published(data)
        except ProofRejected as error:
            raise InputError(f"verifiers would not accept this result: {error.reason}") from error
        # Until the record names the result, nothing of it is part of the audit.
        write_record(public, audit.record.with_reserves(None, None))
        (public / RESERVES).unlink(missing_ok=True)
        working.replace(public / EVIDENCE)
        write_durably(public / RESERVES, data)
    finally:
        working.unlink(missing_ok=True)
    return published


def _record(public: Path, audit: PublishedAudit, published: PublishedReserves) -> PublicationRecord:
    """Write the record again, so that it names the result and its evidence."""
    record = audit.record.with_reserves(published.digest, bytes.fromhex(published.evidence.sha256))
    write_record(public, record)
    return record


def _write_evidence(path: Path, rows: Sequence[JudgedRow], progress: Progress) -> PublishedEvidence:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file, progress.task("write evidence", len(rows)) as task:
        for number, line in enumerate(evidence_lines(rows)):
            digest.update(line)
            size += len(line)
            file.write(line)
            task.advance(min(number, 1))  # the first line names the format
        file.flush()
        os.fsync(file.fileno())
    if size > MOST_EVIDENCE or len(rows) > MOST_ROWS:
        raise InputError(
            f"{len(rows)} rows make {size} bytes of evidence; verifiers read {MOST_ROWS} rows and {MOST_EVIDENCE} bytes"
        )
    return PublishedEvidence(file=EVIDENCE, bytes=size, sha256=digest.hexdigest(), rows=len(rows))
