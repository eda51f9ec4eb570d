"""Which implementation of a component's arithmetic to use, and the threads and processes that share work."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from typing import Any, TypeVar

from polyproof.progress import beats

__all__ = ["Engine", "for_blocks", "in_processes", "thread_count"]

R = TypeVar("R")


class Engine(Enum):
    """The two implementations every field and hash has; both compute the same function."""

    PORTABLE = "portable"
    """numpy and plain Python: imports no compiler and compiles nothing. Verifiers use it."""

    COMPILED = "compiled"
    """Numba kernels, compiled on first use and cached on disk. Provers use it."""


def thread_count() -> int:
    """Threads to use: ``POLYPROOF_THREADS`` if set to a positive integer, else the CPUs this process may run on."""
    setting = os.environ.get("POLYPROOF_THREADS", "")
    if setting.isdigit() and int(setting) > 0:
        return int(setting)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def for_blocks(function: Callable[[int, int], object], count: int, block: int) -> None:
    """Call ``function(start, stop)`` for consecutive blocks of ``range(count)`` on all threads.

    ``function`` must release the GIL for its work (a ``nogil`` kernel, a large numpy operation) and
    must write only to its own block. If a block raises, blocks that have not begun are cancelled, and the
    exception is raised once the running ones have ended. Whoever listens (``polyproof.progress.heard_by``) hears of
    each block that is done.
    """
    if (beat := beats()) is not None:
        function = _heard(function, beat)
    starts = range(0, count, block)
    threads = min(thread_count(), len(starts))
    if threads <= 1:
        for start in starts:
            function(start, min(start + block, count))
        return
    with ThreadPoolExecutor(threads) as pool:
        futures = [pool.submit(function, start, min(start + block, count)) for start in starts]
        try:
            for future in futures:
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _heard(function: Callable[[int, int], object], beat: Callable[[], None]) -> Callable[[int, int], None]:
    def run(start: int, stop: int) -> None:
        function(start, stop)
        beat()

    return run


def in_processes(
    function: Callable[..., R],
    work: Iterable[tuple[Any, ...]],
    processes: int,
    *,
    begin: Callable[..., object] | None = None,
    given: tuple[Any, ...] = (),
) -> Iterator[R]:
    """``function(*item)`` of every item of ``work``, in order, shared by so many processes.

    Each process first calls ``begin(*given)``. For work that is mostly Python, in which threads would wait for each
    other. It ends early, and raises nothing, where an item cannot be taken, a call raises or a process fails: whoever
    asks does the rest in its own process, where it is known what is wrong, or whose fault it is.
    """
    # Imported here: it is a lot to load, and few need it.
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    # Spawned: a fork of a process that has threads may find their locks held forever.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), begin, given)
    waiting: deque[Future[R]] = deque()
    try:
        for item in work:
            waiting.append(pool.submit(function, *item))
            if len(waiting) > 2 * processes:  # so many items are in memory, and not all of them
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except Exception:  # noqa: BLE001 - processes may end, and plugins may raise anything
        return
    finally:
        pool.shutdown(cancel_futures=True)
