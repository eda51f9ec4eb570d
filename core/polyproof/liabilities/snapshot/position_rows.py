"""What must hold of positions whatever they are worth: nothing is pledged that is not there, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from polyproof.model.assets import Asset
from polyproof.model.net_equity import DEBT, EQUITY, Position

__all__ = ["overpledged", "owing", "pledge_where_owing"]

UInt64 = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]


def _places(positions: Sequence[Position]) -> Iterator[tuple[Position, slice]]:
    """Each position and the columns of its words."""
    start = 0
    for position in positions:
        yield position, slice(start, start + position.words)
        start += position.words


def owing(words: UInt64, positions: Sequence[Position]) -> Bools:
    """Which accounts have a debt of any asset; ``words`` of shape ``(n, Σ position.words)``."""
    found = np.zeros(len(words), np.bool_)
    for position, columns in _places(positions):
        if position.kind == DEBT:
            found |= words[:, columns].any(axis=1)
    return found


def pledge_where_owing(words: UInt64, positions: Sequence[Position], pledges: Mapping[int, int]) -> None:
    """Undo pledges that follow from debts for accounts without any: ``pledges`` are indices of such positions."""
    free = ~owing(words, positions)
    for index, (_, columns) in enumerate(_places(positions)):
        if index in pledges:
            words[free, columns] = 0


def overpledged(words: UInt64, positions: Sequence[Position]) -> Iterator[tuple[int, Asset, int, int]]:
    """Accounts that have pledged more of an asset than they have: place, asset, equity, and what is pledged of it."""
    equity = slice(0)
    pledged: list[slice] = []
    for index, (position, columns) in enumerate(places := list(_places(positions))):
        if position.kind == EQUITY:
            equity, pledged = columns, []
        elif position.kind != DEBT:
            pledged.append(columns)
        last = index + 1 == len(places) or places[index + 1][0].kind == EQUITY
        if last and pledged:
            for place in np.flatnonzero(_exceed(words[:, equity], [words[:, each] for each in pledged])).tolist():
                sums = (_integer(words[place, each]) for each in pledged)
                yield place, position.asset, _integer(words[place, equity]), sum(sums)


def _exceed(equity: UInt64, pledged: Sequence[UInt64]) -> Bools:
    """Whether several integers add up to more than another, row by row: in halves of words, so that nothing wraps."""
    if not any(each.any() for each in pledged):
        return np.zeros(len(equity), np.bool_)
    borrow = np.zeros(len(equity), np.int64)
    for word in range(equity.shape[1]):
        for shift in (0, 32):
            half = (equity[:, word] >> np.uint64(shift) & np.uint64(0xFFFFFFFF)).astype(np.int64)
            for each in pledged:
                half -= (each[:, word] >> np.uint64(shift) & np.uint64(0xFFFFFFFF)).astype(np.int64)
            borrow = half + borrow >> 32  # rounds towards −∞: what the higher halves have to give
    exceeds: Bools = borrow < 0
    return exceeds


def _integer(words: UInt64) -> int:
    return sum(int(word) << (64 * k) for k, word in enumerate(words))
