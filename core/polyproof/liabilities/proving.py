"""Proving: a snapshot becomes an audit on disk, complete or not at all, whatever interrupts it.

Every step here is the same for all backends. What is proved, and how, is up to the backend.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import evolve

from polyproof.errors import ArtifactError
from polyproof.liabilities.assembling import AuditProved, put_together
from polyproof.liabilities.checking import check_before_planning
from polyproof.liabilities.executing import execute
from polyproof.liabilities.planning import make_plan
from polyproof.liabilities.segment_proving import Clock
from polyproof.liabilities.work_plan import read_plan
from polyproof.liabilities.workspace import Workspace, checked_target
from polyproof.model.counts import counted
from polyproof.plugin_faults import names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.settings.executors import create_executor
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec

__all__ = ["prove"]


@names_faults
def prove(
    spec: Spec,
    out: Path,
    *,
    audit_id: str | None = None,
    previous: bytes | None = None,
    policy: Policy | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> AuditProved:
    """Prove the spec's snapshot and write the audit to ``out``, a directory that is new or empty.

    What ``plan``, ``prove_segment`` and ``assemble`` do, in one process and the directory ``.OUT.partial`` beside
    ``out``: the accounts are shuffled by a secret permutation and cut into segments; each segment is proved, verified
    and kept; ``out`` appears complete or not at all. After a crash the same call continues with the segment that was
    being proved. ``previous`` is the publication digest of the audit before this one.

    ``policy`` is what verifiers are expected to accept, by default the default one. An audit that they would refuse is
    not proved: ``OptionsError``.
    """
    policy, registry, progress = policy or Policy(), registry or default_registry(), progress or Progress()
    check_before_planning(spec, audit_id)
    place = Path(os.path.abspath(out))
    work = Workspace(place.parent / f".{place.name}.partial")
    try:
        target = checked_target(out)
    except ArtifactError:
        work.forget_published(out)
        raise
    executor = create_executor(spec.executor, registry)
    clock = Clock(progress)
    with work.held(keep=lambda: work.count_finished() > 0, of=target), _noting(work):
        with clock("read"):
            planned = make_plan(
                spec,
                work,
                audit_id=audit_id,
                previous=previous,
                policy=policy,
                registry=registry,
                progress=progress,
                replace=True,
                out=target,
            )
        # Nobody else works here: what is left of attempts was left by a run that was killed.
        work.forget_attempts()
        plan = read_plan(work.plan, registry)
        finished = work.all_finished(plan)
        missing = [index for index in range(len(plan.segments)) if index not in finished]
        start = time.perf_counter()
        done = execute(executor, work, plan, missing, registry, progress)
        if len(done) == len(missing):
            for one in done:
                clock.add(one.seconds)
        else:
            # How long each took is known where it was proved.
            clock.add({"prove": time.perf_counter() - start})
        # What another process proved, in this run or an earlier one, was verified there, and is verified here again.
        verified = {one.index: one.segment for one in done} == work.all_finished(plan)
        proved = put_together(work, plan, target, clock, registry, progress, jobs=None if verified else 1)
    return evolve(
        proved,
        resumed=len(finished),
        warnings=(*planned.warnings, *proved.warnings),
        rounded=planned.rounded,
    )


@contextmanager
def _noting(work: Workspace) -> Iterator[None]:
    """Let whatever is raised say what has been kept."""
    try:
        yield
    except BaseException as error:
        if kept := work.count_finished():
            error.add_note(
                f"{counted(kept, 'finished segment')} kept in {work.path} "
                f"(private); the same command continues from there"
            )
        raise
