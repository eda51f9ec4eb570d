"""One input of a snapshot, a file or the query: its columns, its rows, and their places in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from attrs import define, evolve, field, frozen

from polyproof.errors import Location, Problem
from polyproof.findings import Findings

if TYPE_CHECKING:
    import duckdb

__all__ = ["Column", "SnapshotFile", "draw_nothing", "literal", "quoted"]


@frozen
class Column:
    """A column: its name in the file, and how DuckDB reads it."""

    name: str
    expression: str
    """SQL that reads it."""
    type: str
    """DuckDB's name of its type, or a server's of one that is not read."""
    instead: str | None = None
    """What to write where that type is not accepted, if there is more to say than which are."""


@define(eq=False)
class SnapshotFile:
    """A file or the query.

    Rows that could be read are numbered through all files, in order, as they are put into one table;
    ``first`` and ``rows`` say which are this file's. Records are what the file contains: rows, and
    those that could not be read, which ``skipped`` lists.
    """

    number: int
    label: str
    """Its name in messages: the path as written in the spec."""
    findings: Findings
    """Those of the whole snapshot."""
    relation: str = ""
    """SQL for a FROM clause."""
    columns: tuple[Column, ...] = ()
    first: int = 0
    rows: int = 0
    skipped: npt.NDArray[np.int64] = field(factory=lambda: np.zeros(0, np.int64))
    """Records, counted from 0 and in order, that are not rows."""
    line_of: Callable[[int], int | None] = field(default=lambda _: None)
    """The line of the file on which a record, counted from 0, begins, if that is known."""

    def record(self, row: int) -> int:
        """The record, counted from 0 in this file, that became a row of the table."""
        # skipped[k] − k rows come before the k-th skipped record; none of those before `row` counts.
        before = self.skipped - np.arange(len(self.skipped))
        return row - self.first + int(np.searchsorted(before, row - self.first, side="right"))

    def location(self, record: int | None = None) -> Location:
        """The place of a record, counted from 0; without a record, the file."""
        if record is None:
            return Location(self.label)
        return Location(self.label, line=self.line_of(record), row=record + 1)

    def report(self, message: str, hint: str | None = None, *, record: int | None = None, column: int = 0) -> None:
        """Report a problem with a record, counted from 0, or with the whole file: in order of file, record, column."""
        order = (self.number, -1 if record is None else record, column)
        self.findings.add(message, self.location(record), hint, order=order)

    def report_problem(self, problem: Problem) -> None:
        """Report a problem that already has its wording and its place: a row of the file."""
        row = problem.location.row if problem.location is not None else None
        located = evolve(problem, location=problem.location or self.location())
        self.findings.add_problem(located, order=(self.number, -1 if row is None else row - 1, 0))


def quoted(identifier: str) -> str:
    """An identifier as SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def draw_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    """Have DuckDB draw no progress bar.

    In a process begun with ``python -c``, as those are that processes start, it would be drawn on stdout. In Jupyter
    without ipywidgets there is none, and DuckDB refuses to be told so.
    """
    if connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() == [(True,)]:
        connection.execute("SET enable_progress_bar = false")


def literal(text: str) -> str:
    """A string as SQL."""
    return "'" + text.replace("'", "''") + "'"
