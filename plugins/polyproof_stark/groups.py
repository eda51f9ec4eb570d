"""How many looked-up values, or tables, share a helper column (section 2 of docs/reference/protocol.md).

A helper of s values has a constraint of degree s + 1. With s = β − 1 the quotient has fewer than βN coefficients, as
many as D has points. With s = β there are fewer helpers, but the quotient is up to d coefficients longer, which may
make one chunk more. So the size is that of the two with which helpers and chunks together are fewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum

from attrs import frozen

from polyproof_stark.parameters import Parameters

__all__ = ["Groups", "RowSet", "chunk_count", "quotient_degree"]


class RowSet(Enum):
    """Where an expanded constraint holds: the builder's ``Rows``, or the single row U after the last."""

    ALL = "all"
    TRANSITION = "transition"
    FIRST = "first"
    LAST = "last"
    END = "end"


def quotient_degree(constraints: Iterable[tuple[int, RowSet]], rows: int, blinding: int) -> int:
    """An upper bound of deg Q (section 3, "Degree"), from the degree of each constraint and where it holds."""
    zeros = {RowSet.ALL: rows - blinding, RowSet.TRANSITION: rows - blinding - 1}
    return max((0, *(degree * (rows - 1) - zeros.get(where, 1) for degree, where in constraints)))


def chunk_count(quotient: int, rows: int, blinding: int) -> int:
    """The number of chunks of ``rows − blinding`` coefficients that a quotient of this degree is split into."""
    return -(-(quotient + 1) // max(1, rows - blinding))


@frozen
class Groups:
    """What a size of groups leads to."""

    size: int
    """s."""
    helpers: int
    """Columns of helpers, of values and of tables."""
    chunks: int
    """Columns of the quotient."""
    quotient: int
    """deg Q at most."""

    @classmethod
    def of(cls, size: int, lookups: Sequence[tuple[Sequence[int], int]], others: int, p: Parameters) -> Groups:
        """With groups of ``size``; the rest is as for ``chosen``."""
        helpers, degree = 0, 0
        for values, tables in lookups:
            groups = [sum(values[start : start + size]) for start in range(0, len(values), size)]
            helpers += len(groups) + -(-tables // size)
            degree = max(degree, 1 + min(size, tables), *(1 + group for group in groups))
        quotient = max(others, quotient_degree([(degree, RowSet.ALL)], p.rows, p.blinding))
        return cls(size, helpers, chunk_count(quotient, p.rows, p.blinding), quotient)

    @classmethod
    def chosen(cls, lookups: Sequence[tuple[Sequence[int], int]], others: int, p: Parameters) -> Groups:
        """The size of the fewest columns, β − 1 unless β has fewer and fits.

        ``lookups``: for each the degrees of its values, in order, and its number of tables. ``others``: the degree that
        all other constraints give the quotient at most.
        """
        least, more = (cls.of(size, lookups, others, p) for size in (p.blowup - 1, p.blowup))
        fewer = more.helpers + more.chunks < least.helpers + least.chunks
        return more if fewer and more.quotient < p.quotient_bound else least
