"""Segments handed to an executor, and what it says of them checked against what lies in the work directory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from socket import gethostname

from attrs import field, frozen

from polyproof.config.options import shown
from polyproof.errors import ExecutionError, Problem
from polyproof.executor import Executor, SegmentFailed, Work
from polyproof.large_arrays import KeptMemory
from polyproof.liabilities.reading_ahead import ReadAhead
from polyproof.liabilities.segment_proving import SegmentDone, prove_segment
from polyproof.liabilities.work_plan import WorkPlan, plan_id
from polyproof.liabilities.workspace import Workspace
from polyproof.plugin_faults import asking, fault
from polyproof.progress import Progress
from polyproof.registry import Registry

__all__ = ["execute", "run_segments"]

_LATE_SECONDS = 90.0
"""How late a finished segment may be seen here. A client of NFS believes what it knows of a directory for up to 60."""
_LOOK_SECONDS = 0.5


def execute(
    executor: Executor, work: Workspace, plan: WorkPlan, indices: Sequence[int], registry: Registry, progress: Progress
) -> list[SegmentDone]:
    """Have segments of a plan proved, and return once each is finished in the work directory.

    The result is what this process proved, and so verified; the proofs of the others come from elsewhere. Raises as
    ``run_segments`` and ``prove_segment`` do.
    """
    with ReadAhead(indices) as ahead:
        proving = _Proving(plan.id, registry, progress, ahead)
        run_segments(
            executor,
            Work(work.path, proving),
            indices,
            lambda index: work.finished(plan, index) is not None,
            progress,
        )
    return [done for done in proving.done if done.proved]


@frozen
class _Proving:
    """``prove_segment``, with this process's registry and progress here, and what is installed elsewhere."""

    plan: str
    registry: Registry | None = None
    progress: Progress | None = None
    ahead: ReadAhead | None = None
    done: list[SegmentDone] = field(factory=list)
    memory: KeptMemory = field(factory=KeptMemory)
    """For one segment after another. An executor may call from several threads: then one of them has it."""

    def __call__(self, directory: Path, index: int) -> None:
        if plan_id(Workspace(directory).plan) != self.plan:
            raise ExecutionError(
                Problem(
                    f"{gethostname()} does not see the work directory {directory}",
                    hint="it must be on a file system that all workers share, under the same path",
                )
            )
        with self.memory.lent():
            done = prove_segment(directory, index, registry=self.registry, progress=self.progress, ahead=self.ahead)
        self.done.append(done)

    def __reduce__(self) -> tuple[type[_Proving], tuple[str]]:
        return _Proving, (self.plan,)


def run_segments(
    executor: Executor, work: Work, indices: Sequence[int], finished: Callable[[int], bool], progress: Progress
) -> None:
    """Have segments proved, and return once ``finished`` says of each that it is.

    Raises the error in which a segment ended, with its number in a note; ``ExecutionError`` and ``OSError`` as the
    executor does; ``PluginFault`` for an executor that says what is not so, or raises anything else.
    """
    pending = set(indices)
    failed: SegmentFailed | None = None
    with progress.task("prove segments", len(pending)) as task:
        try:
            for index in _answers(executor, work, indices):
                said = f"it says that segment {shown(index)} is proved"
                if type(index) is not int or index not in pending:
                    raise fault(executor, f"{said}, which it was not given, or said before")
                if not _appears(finished, index):
                    raise fault(executor, f"{said}, and in the work directory it is not")
                pending.remove(index)
                task.advance()
        except SegmentFailed as error:
            failed = error
            if type(failed.index) is not int or failed.index not in pending or not isinstance(failed.error, Exception):
                how = f"it says that segment {shown(failed.index)} failed, which it was not given"
                raise fault(executor, how) from error
    if failed is not None:
        # Not within the block above: the executor through which the error came has no part in it.
        failed.error.add_note(f"this happened while segment {failed.index} was proved")
        raise failed.error
    for index in sorted(pending):
        if not _appears(finished, index):
            raise fault(executor, f"it ended without proving segment {index}")


_END = object()


def _answers(executor: Executor, work: Work, indices: Sequence[int]) -> Iterator[object]:
    """What an executor yields; it is closed when nobody wants more."""
    guarded = asking(executor, "while proving segments", may=(SegmentFailed, ExecutionError, OSError))
    with guarded:
        running = iter(executor.run(work, tuple(indices)))
    try:
        while True:
            with guarded:
                answer: object = next(running, _END)
            if answer is _END:
                return
            yield answer
    finally:
        with guarded:
            # A generator has it, and another iterator may.
            close = getattr(running, "close", None)
            if close is not None:
                close()


def _appears(finished: Callable[[int], bool], index: int) -> bool:
    latest = time.monotonic() + _LATE_SECONDS
    while not finished(index):
        if time.monotonic() >= latest:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
