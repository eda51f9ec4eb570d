"""An executor for a machine that has other things to do: each segment in a process that gives way to all others.

In a spec::

    executor: {name: nice, niceness: 15}
"""

import os
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection

from attrs import frozen

from polyproof.config.options import option
from polyproof.errors import ExecutionError
from polyproof.executor import Executor, SegmentFailed, Work
from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2

ATTEMPTS = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One executor."""
    return [Component("executor", "nice", "A process for each segment that gives way to others", "polyproof_nice:Nice")]


@frozen
class NiceOptions:
    """How much it gives way."""

    niceness: int = option(default=10, least=1, most=19, doc="As of nice(1).")


class Nice(Executor):
    """One segment at a time, each in a process of its own."""

    name = "nice"
    Options = NiceOptions

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        """A process that dies has a successor, once."""
        for index in indices:
            for _ in range(ATTEMPTS):
                if self._prove(work, index):
                    break
            else:
                raise ExecutionError(f"segment {index} was tried {ATTEMPTS} times, and each time its process died")
            yield index

    def _prove(self, work: Work, index: int) -> bool:
        """Whether the segment is proved; not if the process died. Raises the ``SegmentFailed`` of its proof."""
        context = get_context("spawn")
        here, there = context.Pipe(duplex=False)
        process = context.Process(target=_child, args=(there, self.options.niceness, work, index))
        process.start()
        there.close()
        try:
            failed = here.recv()
        except EOFError:
            return False
        finally:
            process.kill()
            process.join()
            here.close()
        if failed is not None:
            raise failed
        return True


def _child(pipe: Connection, niceness: int, work: Work, index: int) -> None:
    os.nice(niceness)
    try:
        work(index)
    except SegmentFailed as failed:
        pipe.send(failed)
    else:
        pipe.send(None)
