"""Memory for the large arrays of a proof, used again as soon as nobody has the array that lies in it.

Memory that the operating system hands out anew is dear: each page is cleared when it is first touched, and a virtual
machine may have to be given it by its host first, which costs more than some of the arithmetic. A proof of a million
rows fills several GiB, so whoever proves keeps memory: for the arrays that come later in the same proof, and for the
next segment.

What an array held may be secret. It is not wiped, which would cost as much as fresh memory, but overwritten: whoever
asks for an array fills all of it before reading any of it, as of ``numpy.empty``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from sys import getrefcount
from threading import Lock, local
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["LARGE", "KeptMemory", "empty", "memory_kept"]

LARGE = 4 << 20
"""Bytes from which on an array lies in kept memory. The allocator keeps what is smaller."""
_LINE = 64
"""Arrays of a page or more begin on a cache line, so that rows of whole vectors do not straddle two."""
_PAGE = 1 << 12
_KEPT = 15 / 16
"""Of the most that was in use at once, how much is kept where less is in use. The rest is for what lies elsewhere."""
_UNUSED = 2
"""References to a block in which no array lies: that of the list, and the argument of ``getrefcount``. Every array that
lies in a block, and every view of one, has another."""


class KeptMemory:
    """Blocks of memory, for one thread at a time: never more than what was in use at once, and so none that a proof
    would not need without it.
    """

    def __init__(self) -> None:
        """None yet."""
        self._blocks: list[npt.NDArray[np.uint8]] = []
        self._most = 0
        self._in_use = Lock()

    def bytes(self) -> int:
        """In all blocks."""
        return sum(block.nbytes for block in self._blocks)

    def take(self, size: int, briefly: bool) -> npt.NDArray[np.uint8]:
        """A block of at least ``size`` bytes in which no array lies. It is in use as long as somebody refers to it."""
        unused = [k for k in range(len(self._blocks)) if getrefcount(self._blocks[k]) == _UNUSED]
        in_use = self.bytes() - sum(self._blocks[k].nbytes for k in unused)
        # A block that is larger by more has others to serve; an array that is soon gone may lie in any.
        most = self.bytes() if briefly else size + size // 8
        fitting = [k for k in unused if size <= self._blocks[k].nbytes <= most]
        if fitting:
            found = self._blocks[min(fitting, key=lambda k: self._blocks[k].nbytes)]
            self._most = max(self._most, in_use + found.nbytes)
            return found
        self._most = max(self._most, in_use + size)
        self._give_back(unused, self.bytes() + size - max(int(_KEPT * self._most), in_use + size))
        self._blocks.append(np.empty(size, np.uint8))
        return self._blocks[-1]

    def _give_back(self, unused: list[int], excess: int) -> None:
        """Of the unused blocks so many as have ``excess`` bytes: the smallest that has them, or else the largest."""
        going: set[int] = set()
        while excess > 0 and len(going) < len(unused):
            left = sorted((self._blocks[k].nbytes, k) for k in unused if k not in going)
            size, index = next((item for item in left if item[0] >= excess), left[-1])
            going.add(index)
            excess -= size
        self._blocks = [block for k, block in enumerate(self._blocks) if k not in going]

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Have the large arrays of this thread lie here until the block ends.

        If another thread has this memory, they lie in memory that is kept for the time of the block.
        """
        own = self._in_use.acquire(blocking=False)
        before = _lent.memory
        _lent.memory = self if own else KeptMemory()
        try:
            yield
        finally:
            _lent.memory = before
            if own:
                self._in_use.release()


class _Lent(local):
    """What is lent to this thread. Not a context variable: a thread may be begun with a copy of another's context, and
    two threads that take from the same memory could be given the same block.
    """

    memory: KeptMemory | None = None


_lent = _Lent()


@contextmanager
def memory_kept() -> Iterator[None]:
    """Have large arrays lie in memory that is used again: in what is lent to this thread, or in what is kept for the
    time of the block.
    """
    if _lent.memory is not None:
        yield
        return
    with KeptMemory().lent():
        yield


def empty(shape: tuple[int, ...], dtype: npt.DTypeLike = np.uint64, *, briefly: bool = False) -> npt.NDArray[Any]:
    """An array whose content is undefined, in kept memory if it is large.

    ``briefly``: it is gone before the arrays are made for which memory has been kept; then it may lie in the memory of
    a much larger one.
    """
    size = prod(shape) * np.dtype(dtype).itemsize
    if size < min(_PAGE, LARGE):
        return np.empty(shape, dtype)
    memory = _lent.memory
    if memory is None or size < LARGE:
        block = np.empty(size + _LINE, np.uint8)
    else:
        block = memory.take(size + _LINE, briefly)
    skip = -block.ctypes.data % _LINE
    return block[skip : skip + size].view(dtype).reshape(shape)
