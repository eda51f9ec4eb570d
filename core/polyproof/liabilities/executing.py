"""Segments handed to an executor, and what it says of them checked against what lies in the work directory."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence

from polyproof.config.options import shown
from polyproof.errors import ExecutionError
from polyproof.executor import Executor, SegmentFailed, Work
from polyproof.plugin_faults import asking, fault
from polyproof.progress import Progress

__all__ = ["run_segments"]

_LATE_SECONDS = 90.0
"""How late a finished segment may be seen here. A client of NFS believes what it knows of a directory for up to 60."""
_LOOK_SECONDS = 0.5


def run_segments(
    executor: Executor, work: Work, indices: Sequence[int], finished: Callable[[int], bool], progress: Progress
) -> None:
    """Have segments proved, and return once ``finished`` says of each that it is.

    Raises the error in which a segment ended, with its number in a note; ``ExecutionError`` and ``OSError`` as the
    executor does; ``PluginFault`` for an executor that says what is not so, or raises anything else.
    """
    pending = set(indices)
    failed: SegmentFailed | None = None
    with progress.task("segments", len(pending)) as task:
        try:
            with asking(executor, "while proving segments", may=(SegmentFailed, ExecutionError, OSError)):
                running = iter(executor.run(work, tuple(indices)))
                try:
                    for index in running:
                        _check(executor, index, pending, finished)
                        pending.remove(index)
                        task.advance()
                finally:
                    if isinstance(running, Generator):
                        running.close()
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


def _check(executor: Executor, index: object, pending: set[int], finished: Callable[[int], bool]) -> None:
    if type(index) is not int or index not in pending:
        raise fault(executor, f"it says that segment {shown(index)} is proved, which it was not given, or said before")
    if not _appears(finished, index):
        raise fault(executor, f"it says that segment {index} is proved, and in the work directory it is not")


def _appears(finished: Callable[[int], bool], index: int) -> bool:
    latest = time.monotonic() + _LATE_SECONDS
    while not finished(index):
        if time.monotonic() >= latest:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
