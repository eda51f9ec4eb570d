"""The accounts of the next segment, read while one is proved.

One core reads, and proving does not keep all cores busy. What is in memory beside the segment that is being proved are
the rows of one more, as they are in the snapshot: none of the matrices that a proof makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise
from threading import Lock
from types import TracebackType

from polyproof.model.accounts import Accounts

__all__ = ["ReadAhead"]


class ReadAhead:
    """Reads the segments of one run, in the order in which they are to be proved; a context manager."""

    def __init__(self, indices: Sequence[int]) -> None:
        """Nothing is read yet."""
        self._following = dict(pairwise(indices))
        self._reader = ThreadPoolExecutor(1)
        self._changing = Lock()
        self._begun: tuple[int, Future[Accounts]] | None = None

    def read(self, index: int, load: Callable[[int], Accounts]) -> Accounts:
        """The accounts of a segment, and then begin to read those of the next, unless some are waiting already.

        Raises what ``load`` raised for this segment, now or earlier.
        """
        with self._changing:
            begun = self._begun if self._begun is not None and self._begun[0] == index else None
            if begun is not None:
                self._begun = None
        accounts = load(index) if begun is None else begun[1].result()
        following = self._following.get(index)
        with self._changing:
            if following is not None and self._begun is None:
                self._begun = following, self._reader.submit(load, following)
        return accounts

    def pass_over(self, index: int) -> None:
        """Let go of a segment that another process has proved, so that those after it can be read ahead."""
        with self._changing:
            if self._begun is not None and self._begun[0] == index:
                self._begun[1].cancel()
                self._begun = None

    def __enter__(self) -> ReadAhead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._reader.shutdown(cancel_futures=True)
        self._begun = None
