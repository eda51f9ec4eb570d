"""Assembling: a work directory in which every segment is finished becomes an audit, in one rename.

It may be cut short anywhere and done again: proofs are copied, private states are moved only when all proofs have been
verified, and the work directory's private files go before the audit gets its name.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from polyproof.errors import ArtifactError, InputError, PolicyRejected, Problem, ProofRejected
from polyproof.extras import require_extras
from polyproof.formats.files import flush_directory, make_private_directory, read_bounded, tree_size, write_durably
from polyproof.liabilities.artifacts import MANIFEST, PRIVATE_README, state_directory
from polyproof.liabilities.manifest import parse_manifest
from polyproof.liabilities.record import PublicationRecord, record_of, write_record
from polyproof.liabilities.segment_proving import Clock, read_key
from polyproof.liabilities.verification import PublishedAudit, verdicts_of
from polyproof.liabilities.work_plan import WorkPlan, read_plan
from polyproof.liabilities.workspace import PROOF_FILE, STATE_FOLDER, Workspace, checked_target
from polyproof.model.manifest import Manifest, Segment
from polyproof.plugin_faults import RAISED, fault, names_faults, told
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry

if TYPE_CHECKING:
    from polyproof.liabilities.snapshot.rounding import Rounded

__all__ = ["AuditProved", "assemble", "put_together"]


@frozen
class AuditProved:
    """A finished audit on disk."""

    directory: Path
    record: PublicationRecord
    """Of liabilities alone; written again when reserves are added."""
    manifest: Manifest
    accounts: int
    segments: tuple[int, ...]
    """Accounts in each segment."""
    seconds: Mapping[str, float]
    """Wall-clock time of each phase: ``read``, ``prove``, ``verify``; of ``assemble``, which reads and proves nothing,
    only the last."""
    public_bytes: int
    private_bytes: int
    resumed: int = 0
    """How many segments an earlier, interrupted run had finished."""
    warnings: tuple[str, ...] = ()
    rounded: tuple[Rounded, ...] = ()
    """What rounding balances up added, one for each asset in order; empty from ``assemble``: ``Planned`` has it."""


@names_faults
def assemble(
    directory: Path,
    out: Path | None = None,
    *,
    jobs: int = 1,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> AuditProved:
    """Verify the proofs in a work directory and make the audit of them, in ``out``, a directory that is new or empty.

    By default it is a directory beside the work directory, called by the audit's id; it has to be on the same file
    system. ``jobs`` processes share the segments that are verified. Whoever is still proving there is stopped, and the
    work directory is removed.

    Raises ``InputError`` that lists the segments that are not finished, ``ArtifactError`` for what is missing or
    damaged, ``PluginFault`` for a proof that does not verify.
    """
    require_extras("prove", purpose="assembling an audit")
    registry, progress = registry or default_registry(), progress or Progress()
    work = Workspace(Path(os.path.abspath(directory)))
    plan = read_plan(work.plan, registry)
    target = checked_target(out if out is not None else work.path.with_name(plan.header.audit_id))
    with work.locked():
        plan = read_plan(work.plan, registry)
        plan.check_makers(registry)
        finished = work.all_finished(plan)
        _check_complete(work, plan, finished)
        clock = Clock(progress)
        return put_together(work, plan, target, clock, registry, progress, jobs=jobs)


def put_together(
    work: Workspace,
    plan: WorkPlan,
    target: Path,
    clock: Clock,
    registry: Registry,
    progress: Progress,
    *,
    jobs: int | None,
) -> AuditProved:
    """Make the audit in a workspace that is held. ``jobs``: processes that verify; ``None``, all has been verified."""
    segments = tuple(work.all_finished(plan).values())
    manifest = evolve(plan.header, segments=segments)
    data = manifest.to_bytes()
    try:
        parse_manifest(data, plan.policy)
    except ProofRejected as error:
        raise InputError(f"verifiers would not accept this audit's manifest: {error.reason}") from error
    make_private_directory(work.audit)
    work.public.mkdir(exist_ok=True)
    for segment in segments:
        write_durably(work.public / segment.file, _proof(work, segment))
    if jobs is not None:
        with clock("verify"):
            _verify(work, plan, manifest, jobs, registry, progress)
    _move_private(work, plan, len(segments))
    write_durably(work.public / MANIFEST, data)
    record = record_of(manifest)
    write_record(work.public, record)
    work.forget_private()
    work.publish(target)
    warnings = []
    try:
        registry.hook.polyproof_audit_proved(directory=target, manifest=manifest)
    except RAISED as error:  # the audit stands
        warnings.append(f"a plugin failed after the audit was written: {told(error)}")
    return AuditProved(
        directory=target,
        record=record,
        manifest=manifest,
        accounts=plan.accounts,
        segments=tuple(segment.accounts for segment in plan.segments),
        seconds=clock.seconds,
        public_bytes=tree_size(target / "public"),
        private_bytes=tree_size(target / "private"),
        warnings=tuple(warnings),
    )


def _check_complete(work: Workspace, plan: WorkPlan, finished: Mapping[int, Segment]) -> None:
    missing = [index for index in range(len(plan.segments)) if index not in finished]
    if missing:
        several = "segments are" if len(missing) > 1 else "segment is"
        raise InputError(
            Problem(
                f"{len(missing)} of {len(plan.segments)} {several} not finished: {_listed(missing)}",
                hint=f"polyproof prove-segment {work.path} --index {missing[0]}",
            )
        )


def _listed(indices: Sequence[int]) -> str:
    """Numbers in ascending order, those that follow each other as one: 0, 3-5."""
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in runs)


def _proof(work: Workspace, segment: Segment) -> bytes:
    """The proof of a finished segment. Raises ``ArtifactError`` for a file that is not as it was written."""
    try:
        data = read_bounded(work.segment(segment.index) / PROOF_FILE, segment.size)
    except (ProofRejected, ArtifactError) as error:
        raise work.unusable(segment.index, str(error)) from error
    if hashlib.sha256(data).digest() != segment.sha256:
        raise work.unusable(segment.index, "its proof is not the one that was finished")
    return data


def _verify(
    work: Workspace, plan: WorkPlan, manifest: Manifest, jobs: int, registry: Registry, progress: Progress
) -> None:
    """Have the proofs verified again: each was by the process that made it, which may have run anywhere."""
    spec, judge = plan.judge(registry)
    margin = plan.margin(spec, registry)
    audit = PublishedAudit(work.public, record_of(manifest), manifest, spec, judge, margin=margin)
    try:
        verdicts_of(audit, jobs, registry, progress)
    except PolicyRejected as error:
        raise InputError(f"verifiers would refuse this audit: {error.reason}; nothing is published") from error
    except ProofRejected as error:
        again = f"remove that segment's directory in {work.path} to have it proved again"
        problem = f"it made a proof that does not verify ({error}): nothing is published; {again}"
        raise fault(judge.backend, problem) from error


def _move_private(work: Workspace, plan: WorkPlan, segments: int) -> None:
    """Fill the audit's private half; what an earlier attempt at it moved there stays."""
    make_private_directory(work.private)
    write_durably(work.private / "README", PRIVATE_README.encode(), private=True)
    if work.key.exists():
        read_key(work.key, plan)
        work.key.replace(work.private / "key")
    read_key(work.private / "key", plan)
    for index in range(segments):
        state, place = work.segment(index) / STATE_FOLDER, state_directory(work.private, index)
        if state.is_dir():
            # A segment that was proved again after its state had been moved.
            shutil.rmtree(place, ignore_errors=True)
            state.rename(place)
        elif not place.is_dir():
            raise work.unusable(index, "its private state is missing")
    flush_directory(work.private)
