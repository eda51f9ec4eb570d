"""Which implementation of a component's arithmetic to use, and the threads that share its work."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum

__all__ = ["Engine", "for_blocks", "thread_count"]


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
    exception is raised once the running ones have ended.
    """
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
