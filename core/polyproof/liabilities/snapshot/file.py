"""One input of a snapshot, a file or the query: its columns, its rows, and where those stand in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from attrs import define, field, frozen

__all__ = ["Column", "Part", "literal", "quoted"]


@frozen
class Column:
    """A column as its file names it, and as SQL reaches it."""

    name: str
    expression: str
    """SQL that reads it."""
    type: str
    """DuckDB's name of its type."""


@define(eq=False)
class Part:
    """A file or the query.

    Rows that could be read are numbered through all parts, in order, as they are put into one table;
    ``first`` and ``rows`` say which are this part's. Records are what stands in the file: rows and
    those that could not be read, which ``skipped`` lists.
    """

    number: int
    label: str
    """How messages call it: the path as the spec has it."""
    relation: str = ""
    """SQL that stands in a FROM clause."""
    columns: tuple[Column, ...] = ()
    first: int = 0
    rows: int = 0
    skipped: npt.NDArray[np.int64] = field(factory=lambda: np.zeros(0, np.int64))
    """Records, counted from 0 and in order, that are no rows."""
    line_of: Callable[[int], int | None] = field(default=lambda _: None)
    """The line in the file at which a record, counted from 0, begins, where that is known."""

    def record(self, row: int) -> int:
        """The record, counted from 0 in this file, that became a row of the table."""
        # skipped[k] − k rows come before the k-th skipped record; none of those before `row` counts.
        before = self.skipped - np.arange(len(self.skipped))
        return row - self.first + int(np.searchsorted(before, row - self.first, side="right"))

    def line(self, record: int) -> int | None:
        """The line in the file at which a record begins, where that is known."""
        return self.line_of(record)


def quoted(identifier: str) -> str:
    """An identifier as SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string as SQL."""
    return "'" + text.replace("'", "''") + "'"
