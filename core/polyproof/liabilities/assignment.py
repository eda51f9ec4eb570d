"""Which segment each account is proved in, and in which order it stands there: secret, and uniformly random.

Two steps make one uniform permutation. While the snapshot is read, ``Assignment`` draws a segment for each account, so
that every way to divide the accounts among segments of the given sizes is equally likely. When a segment is proved,
``secret_order`` puts its accounts in an order, each of which is equally likely and independent of the division. A
permutation of n accounts is a division and an order within each segment, and each pair has the same probability,
(n₀!⋯nₖ!/n!) · 1/(n₀!⋯nₖ!) = 1/n!. Neither step holds more than a chunk of accounts, or a segment of them.

All randomness is the operating system's.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Assignment", "secret_order"]

Int64 = npt.NDArray[np.int64]

_DENSE = 4
"""Draw from all that is left, rather than at random until it is new, where a fourth of it is wanted."""


def secret_order(count: int) -> Int64:
    """A uniformly random permutation of ``range(count)``.

    Random 64-bit keys, sorted. Two equal keys among a million accounts have probability 2^-25 and would only keep their
    order.
    """
    return np.argsort(_random_words(count), kind="stable").astype(np.int64)


class Assignment:
    """Draws the segments of accounts in the order in which they are read."""

    def __init__(self, sizes: Sequence[int]) -> None:
        """``sizes``: accounts of each segment. No more accounts than they add up to may be asked about."""
        self._left = np.array(sizes, np.int64)

    def next(self, count: int) -> Int64:
        """The segments of the next ``count`` accounts, shape ``(count,)``.

        Each free place is as likely as any other, of whichever segment it is: which of its places an account has does
        not matter, so only the number left in each segment is kept.
        """
        ends = np.cumsum(self._left)
        segments = np.searchsorted(ends, _distinct(count, int(ends[-1])), side="right")
        self._left -= np.bincount(segments, minlength=len(self._left))
        return segments.astype(np.int64, copy=False)


def _distinct(count: int, below: int) -> Int64:
    """``count`` distinct integers below a bound, in random order: every sequence of them is equally likely.

    Drawn anew until they are below it and differ. Nothing here treats one integer below it unlike another, so
    exchanging any two of them exchanges equally likely outcomes: all sequences of distinct ones are equally likely.
    """
    if count > below:
        raise ValueError(f"{count} distinct integers below {below}")
    if _DENSE * count >= below:
        return secret_order(below)[:count]
    mask = np.uint64((1 << below.bit_length()) - 1)
    drawn = np.zeros(count, np.int64)
    pending = np.arange(count)
    while len(pending):
        drawn[pending] = _random_words(len(pending)) & mask
        _, firsts = np.unique(drawn, return_index=True)
        good = np.zeros(count, np.bool_)
        good[firsts] = True
        good &= drawn < below
        pending = np.flatnonzero(~good)
    return drawn


def _random_words(count: int) -> npt.NDArray[np.uint64]:
    return np.frombuffer(os.urandom(8 * count), np.uint64)
