"""Memory for the large matrices of a proof, used again by the next one.

A segment of a million rows fills several GiB, and memory that the operating system hands out anew costs it more than
some of the arithmetic: each page is cleared when it is first touched. So whoever proves one segment after another keeps
the matrices of the last one. What they held is secret. It is not wiped, which would cost as much, but overwritten:
whoever asks for an array fills all of it before reading any of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import numpy as np

from polyproof.field import Elements

__all__ = ["Buffers", "KeptBuffers"]

_LINE_WORDS = 8
"""Arrays begin on a cache line, so that rows of whole vectors do not straddle two."""


class Buffers:
    """Arrays by name, for one proof at a time."""

    def __init__(self) -> None:
        """Nothing at first."""
        self._memory: dict[str, Elements] = {}

    def array(self, name: str, shape: tuple[int, ...]) -> Elements:
        """An array whose content is undefined, and which is valid until the next call with this name."""
        size = int(np.prod(shape, dtype=np.int64))
        if name not in self._memory or self._memory[name].size < size:
            self._memory.pop(name, None)
            memory = np.empty(size + _LINE_WORDS, np.uint64)
            skip = -(memory.ctypes.data // memory.itemsize) % _LINE_WORDS
            self._memory[name] = memory[skip : skip + size]
        return self._memory[name][:size].reshape(shape)

    def release(self, *names: str) -> None:
        """Give memory back to the system, as soon as no array lies in it: there is less of it for the next proof."""
        for name in names:
            self._memory.pop(name, None)


class KeptBuffers:
    """The buffers of a prover that proves again and again, possibly from several threads."""

    def __init__(self) -> None:
        """None yet."""
        self._buffers = Buffers()
        self._in_use = Lock()

    @contextmanager
    def borrowed(self) -> Iterator[Buffers]:
        """The kept buffers for the time of one proof; new ones while another thread has them."""
        if not self._in_use.acquire(blocking=False):
            yield Buffers()
            return
        try:
            yield self._buffers
        finally:
            self._in_use.release()
