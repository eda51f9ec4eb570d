"""The table that all rows of a snapshot are put into: what the wide and the long one have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import accumulate
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
from attrs import define, field

from polyproof.errors import Location, Problem
from polyproof.findings import Findings
from polyproof.liabilities.snapshot.cells import exact_amount, rest_of, rounds_down
from polyproof.liabilities.snapshot.file import SnapshotFile
from polyproof.liabilities.snapshot.ids import fault_of_id, unusable_id
from polyproof.liabilities.snapshot.left_out import LeftOutAssets
from polyproof.liabilities.snapshot.position_names import PositionNames
from polyproof.liabilities.snapshot.position_rows import overpledged, pledge_where_owing
from polyproof.liabilities.snapshot.rounding import Rounded
from polyproof.model.accounts import Accounts, Identifiers
from polyproof.model.amounts import rounded_up, shown
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.settings.accounts import AccountsSettings

__all__ = ["Table", "integers", "result_rows"]

UInt64 = npt.NDArray[np.uint64]

_MOST_SUMMED = 18
"""The most digits of a number that SQL adds up as it is."""
_MOST_ROWS = 1 << 18
_MOST_WORDS = 1 << 22
"""How many rows, and how many words of their balances, are taken out of the database at a time."""


@define(eq=False)
class Table(ABC):
    """A table in DuckDB, filled file by file; its row ids count its rows from 0 in the order of the files."""

    settings: AccountsSettings
    assets: tuple[Asset, ...]
    """What is counted of every account: the assets of the spec or, where accounts may have debts, their positions."""
    base_units: bool
    empty_is_zero: bool
    """Whether a missing amount is zero; otherwise it is an error."""
    rule: str
    connection: duckdb.DuckDBPyConnection
    findings: Findings
    progress: Progress
    files: list[SnapshotFile] = field(factory=list)
    rows: int = 0
    left_out: LeftOutAssets = field(init=False)
    """Assets that the spec leaves out."""
    names: PositionNames = field(init=False)
    """What the assets, and their positions, are called."""
    _by_hand: dict[int, list[tuple[Fraction, int]]] = field(factory=dict)
    """What rounding changed of each balance that SQL had no answer for, and the decimals it has; by asset."""

    @left_out.default
    def _none_yet(self) -> LeftOutAssets:
        return LeftOutAssets(self.settings.leave_out, self.base_units)

    @names.default
    def _as_the_spec_has_them(self) -> PositionNames:
        return PositionNames(self.settings, self.assets)

    @property
    @abstractmethod
    def name(self) -> str:
        """The table's name in SQL."""

    @abstractmethod
    def create(self) -> None:
        """Create it, empty."""

    @abstractmethod
    def selection(self, file: SnapshotFile) -> str | None:
        """A SELECT of rows of this table from a file; ``None``, reported, if its columns are not as they should be."""

    @abstractmethod
    def check(self) -> int:
        """Check everything but the amounts, once all files are read; returns the number of accounts."""

    @abstractmethod
    def chunks(self) -> Iterator[Accounts]:
        """Convert and check the amounts, and extract the accounts in order, some at a time.

        Once a problem was reported, none of them must be used. It may be done again if none was.
        """

    def ranges(self, count: int) -> Iterator[tuple[int, int]]:
        """Where each chunk of so many accounts begins and ends. What one of them takes does not depend on that."""
        at_once = min(_MOST_ROWS, max(1, _MOST_WORDS // sum(asset.words for asset in self.assets)))
        return ((first, min(first + at_once, count)) for first in range(0, count, at_once))

    def fill(self, file: SnapshotFile, selection: str, expected: int | None = None) -> bool:
        """Put the rows of a file, the last of ``files``, into the table: all, or none if there are not ``expected``.

        Raises ``duckdb.Error``, in which case none were put in.
        """
        self.connection.begin()
        try:
            self.connection.execute(f"INSERT INTO {self.name} {selection}")
            rows = self.count(f"SELECT count(*) FROM {self.name}")
        except duckdb.Error:
            self.connection.rollback()
            raise
        if expected is not None and rows - self.rows != expected:
            self.connection.rollback()
            return False
        self.connection.commit()
        file.rows += rows - self.rows
        self.rows = rows
        return True

    def report_rows(self, relation: str, column: str, explain: Callable[[str], Problem]) -> None:
        """Report every row of a relation, in order."""
        found = self.connection.execute(
            f"SELECT row, value FROM (SELECT rowid AS row, {column} AS value FROM {relation}) ORDER BY row"
        )
        for row, value in result_rows(found):
            self.add(explain(value), row)

    def check_ids(self) -> None:
        """Report every id that is empty, too long, or not what a user would type."""
        self.report_rows(f"{self.name} WHERE {unusable_id('account')}", "account", fault_of_id)

    def identifiers(self, table: str, place: str, first: int, stop: int) -> Identifiers:
        """The ids in a table's column ``account``, of these places in its column ``place``, which runs from 0."""
        rows = f"FROM {table} WHERE {place} >= {first} AND {place} < {stop}"
        # Joined in SQL: they need not be as many strings.
        ((joined,),) = self.connection.execute(f"SELECT string_agg(account, '' ORDER BY {place}) {rows}").fetchall()
        lengths = self.connection.execute(
            f"SELECT coalesce(strlen(account), 0) AS length {rows} ORDER BY {place}"
        ).fetchnumpy()["length"]
        offsets = np.zeros(stop - first + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        return Identifiers(np.frombuffer((joined or "").encode(), np.uint8), offsets)

    def convert(self, text: str, row: int, index: int, words: UInt64) -> None:
        """Set the words of a balance from an amount that SQL had no answer for, or report it."""
        asset = self.assets[index]
        units = exact_amount(text, asset, self.base_units, self.rule)
        if isinstance(units, Problem):
            if index not in self.names.derived:  # then it is reported where it comes from
                self.add(units, row, index + 1)
            return
        for k in range(len(words)):
            words[k] = (units >> (64 * k)) & 0xFFFFFFFFFFFFFFFF
        added, decimals = (Fraction(0), 0) if self.base_units else rounded_up(text, asset.decimals)
        if added:
            changed = 1 - added if rounds_down(asset) else added
            self._by_hand.setdefault(index, []).append((changed, decimals))

    @abstractmethod
    def row_of(self, account: int) -> int:
        """The row of an account, or the first of its rows; accounts are counted from 0 in the order of ``chunks``."""

    def finish_positions(self, words: UInt64, ids: Identifiers, first: int) -> None:
        """What pledges follow from debts, in the words of some accounts, and pledges of more than there is, reported.

        ``first``: the number of the first of these accounts.
        """
        if not self.names.positions:
            return
        if self.names.derived:
            pledge_where_owing(words, self.names.positions, self.names.derived)
        for place, asset, equity, pledged in overpledged(words, self.names.positions):
            pledges = " + ".join(f"{asset.symbol}:{kind}" for kind in self.names.categories(asset.symbol))
            self.add(
                Problem(
                    f"account {shown(ids[place])} has pledged {asset.format(pledged)} {asset.symbol} and has "
                    f"{asset.format(equity)}",
                    hint=f"equity includes what is pledged of it: {pledges} is at most {asset.symbol}:equity",
                    code="overpledged",
                    about=asset.symbol,
                ),
                self.row_of(first + place),
                len(self.assets) + 1,
            )

    @abstractmethod
    def kept(self, index: int) -> tuple[str, str]:
        """SQL of the balances of an asset that SQL rounded, once all are converted: their text, and a relation."""

    def rounded(self, totals: tuple[int, ...]) -> tuple[Rounded, ...]:
        """What was rounded of each asset, once all amounts are converted; ``totals`` in base units, after it."""
        return tuple(self._rounded(index, asset, totals[index]) for index, asset in enumerate(self.assets))

    def _rounded(self, index: int, asset: Asset, total: int) -> Rounded:
        if self.base_units or index in self.names.derived:  # none are, or they are told of where they come from
            return Rounded(asset, total=Fraction(total))
        text, relation = self.kept(index)
        rests = f"SELECT {rest_of(text, asset, self.base_units)} AS rest FROM {relation}"
        # Those of one length add up as integers, in SQL where they fit one; longer ones are rare, and added up here.
        by_length = self.connection.execute(
            f"SELECT strlen(rest) AS length, count(*), sum(CASE WHEN strlen(rest) <= {_MOST_SUMMED} THEN rest::BIGINT "
            f"END) FROM ({rests}) GROUP BY length ORDER BY length"
        ).fetchall()
        count, longest, dropped = 0, 0, Fraction(0)
        for length, balances, total_rest in by_length:
            count, longest = count + balances, length
            dropped += Fraction(int(total_rest), 10**length) if length <= _MOST_SUMMED else 0
        if longest > _MOST_SUMMED:
            longer = f"SELECT rest FROM ({rests}) WHERE strlen(rest) > {_MOST_SUMMED}"
            for (rest,) in result_rows(self.connection.execute(longer)):
                dropped += Fraction(int(rest), 10 ** len(rest))
        down = rounds_down(asset)
        changed = dropped if down else count - dropped
        decimals = asset.decimals + longest
        for by_hand, places in self._by_hand.get(index, ()):
            count, decimals, changed = count + 1, max(decimals, places), changed + by_hand
        return Rounded(asset, count, changed, total + (changed if down else -changed), decimals if count else 0)

    def add(self, problem: Problem, row: int, column: int = 0) -> None:
        """Report a problem with a row of the table."""
        file = self.file_of(row)
        record = file.record(row)
        order = file.number, record, column
        self.findings.add_problem(problem, order=order, at=lambda: file.location(record))

    def add_left_out(self, relation: str, *, empty_is_zero: bool = False) -> None:
        """Add up balances of assets that are left out: a relation with the columns ``row``, ``name`` and ``amount``."""
        self.left_out.add_up(
            self.connection,
            relation,
            lambda problem, row: self.add(problem, row, len(self.assets) + 1),
            empty_is_zero=empty_is_zero,
        )

    def file_of(self, row: int) -> SnapshotFile:
        """The file a row of the table came from."""
        return self.files[bisect_right(self.files, row, key=lambda file: file.first) - 1]

    def where(self, row: int) -> Location:
        """Where a row of the table stands in its file."""
        file = self.file_of(row)
        return file.location(file.record(row))

    def forget_by_hand(self) -> None:
        """Begin to convert amounts from the first on."""
        self._by_hand.clear()

    def zeros(self, count: int) -> tuple[UInt64, list[int]]:
        """Words of zero for ``count`` accounts, and the column at which each asset's words start."""
        starts = list(accumulate((asset.words for asset in self.assets), initial=0))
        return np.zeros((count, starts[-1]), np.uint64), starts

    def count(self, query: str) -> int:
        """The number that a query returns."""
        ((number,),) = self.connection.execute(query).fetchall()
        return int(number)


def integers(values: npt.NDArray[Any]) -> UInt64:
    """Values from DuckDB as integers. Raises ``TypeError`` for floats, into which it turns types that numpy lacks."""
    if values.dtype != np.uint64 or np.ma.is_masked(values):
        raise TypeError(f"amounts came as {values.dtype}")
    return np.asarray(values)


def result_rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """The rows of a result, fetched in batches."""
    while rows := result.fetchmany(10_000):
        yield from rows
