"""The executor ``local``: one segment after another in this process, or several at once in processes of their own.

Processes and not threads: a process that the system kills for its memory takes one segment with it and not the whole
run. docs/reference/spec.md has what was measured of one worker and of two.
"""

from __future__ import annotations

import os
import signal
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection

from attrs import frozen

from polyproof.config.options import option
from polyproof.engine import thread_count
from polyproof.errors import ExecutionError, Problem
from polyproof.executor import Executor, SegmentFailed, Work

__all__ = ["Local", "LocalOptions"]

_ATTEMPTS = 3
"""How often a segment is tried if the process that proves it dies."""
_EXIT_SECONDS = 5.0
"""How long a process whose pipe is closed may take to end, and so to say how it ended."""


@frozen
class LocalOptions:
    """How much of this machine is used."""

    workers: int = option(
        default=1,
        least=1,
        most=1024,
        doc="Segments that are proved at once, each in a process of its own and each with the memory that one segment "
        "takes. 1: one after another, in the process of the command.",
    )
    threads: int | None = option(
        default=None,
        least=1,
        most=1024,
        doc="Threads of each worker, if there are several. Left out: those of `POLYPROOF_THREADS`, or the CPUs, "
        "shared among the workers.",
    )


class Local(Executor):
    """This machine."""

    name = "local"
    Options = LocalOptions
    options: LocalOptions

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        """Prove segments here."""
        workers = min(self.options.workers, len(indices))
        if workers <= 1:
            for index in indices:
                work(index)
                yield index
            return
        threads = self.options.threads or max(1, thread_count() // workers)
        yield from _in_processes(work, indices, workers, threads)


def _in_processes(work: Work, indices: Sequence[int], workers: int, threads: int) -> Iterator[int]:
    waiting = deque(indices)
    deaths: Counter[int] = Counter()
    idle: list[_Worker] = []
    busy: dict[Connection, tuple[_Worker, int]] = {}
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                worker, index = idle.pop() if idle else _Worker(work, threads), waiting.popleft()
                worker.begin(index)
                busy[worker.connection] = (worker, index)
            for ready in connection.wait(list(busy)):
                assert isinstance(ready, Connection), "nothing else is waited for"
                worker, index = busy.pop(ready)
                try:
                    failed = worker.outcome()
                except EOFError:
                    deaths[index] += 1
                    ended = worker.end(_EXIT_SECONDS)
                    if deaths[index] == _ATTEMPTS:
                        raise _given_up(index, ended) from None
                    waiting.appendleft(index)
                    continue
                idle.append(worker)
                if failed is not None:
                    raise failed
                yield index
    finally:
        for worker in (*idle, *(worker for worker, _ in busy.values())):
            worker.end()


def _given_up(index: int, ended: str) -> ExecutionError:
    return ExecutionError(
        Problem(
            f"segment {index} was tried {_ATTEMPTS} times, and each time the process that proved it {ended}",
            hint="a system that runs out of memory kills processes: fewer workers take less",
        )
    )


class _Worker:
    """A process that proves segments, one after another, until the other end of its pipe is closed."""

    def __init__(self, work: Work, threads: int) -> None:
        # Spawned: a fork of a process that has threads may find their locks held forever.
        context = get_context("spawn")
        self.connection, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(other, work, threads))
        self._process.start()
        other.close()

    def begin(self, index: int) -> None:
        """Have it prove a segment. That it is dead is noticed when the outcome is asked for."""
        try:
            self.connection.send(index)
        except OSError:
            return

    def outcome(self) -> SegmentFailed | None:
        """How the segment ended. Raises ``EOFError`` if the process died."""
        try:
            failed = self.connection.recv()
        except OSError as error:  # ECONNRESET, where something was sent to it that it did not read
            raise EOFError from error
        assert failed is None or isinstance(failed, SegmentFailed), "what _serve sends"
        return failed

    def end(self, seconds: float = 0) -> str:
        """Kill it, if it is still alive after so many seconds; in words, how it ended."""
        self._process.join(seconds)
        self._process.kill()
        self._process.join()
        self.connection.close()
        code = self._process.exitcode or 0
        if code >= 0:
            return f"ended with status {code}"
        return f"was killed by {signal.Signals(-code).name}"


def _serve(pipe: Connection, work: Work, threads: int) -> None:
    # An interrupt reaches every process of a terminal. The one that gave the order ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["POLYPROOF_THREADS"] = str(threads)
    while True:
        try:
            index = pipe.recv()
        except EOFError:  # whoever asked is gone, by whatever end
            return
        try:
            work(index)
        except SegmentFailed as failed:
            outcome: SegmentFailed | None = failed
        else:
            outcome = None
        try:
            pipe.send(outcome)
        except OSError:
            return
