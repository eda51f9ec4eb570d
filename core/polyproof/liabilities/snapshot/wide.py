"""One row for each account, one column for each asset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from attrs import define, field

from polyproof.errors import Problem
from polyproof.findings import FEW
from polyproof.liabilities.snapshot.cells import (
    INTEGER_TYPES,
    fitting_value,
    integer_value,
    rest_of,
    value_type,
    words_of,
    written_value,
)
from polyproof.liabilities.snapshot.columns import EXACT, IDENTIFYING, amount_text, find_column, wrong_type
from polyproof.liabilities.snapshot.file import Column, SnapshotFile, literal
from polyproof.liabilities.snapshot.position_columns import Source, named, owed_or_debt, position_sources
from polyproof.liabilities.snapshot.position_names import SIGNED
from polyproof.liabilities.snapshot.table import Table, UInt64, integers, result_rows
from polyproof.model.accounts import Accounts
from polyproof.model.amounts import shown

__all__ = ["WideTable"]

_REPEATED = "polyproof_repeated"
"""Ids of several accounts, and the row of the first."""


@define(eq=False)
class WideTable(Table):
    """Rows are accounts. For asset k, ``vk`` is the balance; if SQL could not convert it, NULL, and ``tk`` its text.

    Of a balance that was rounded, ``tk`` is the text too. ``others`` has the texts of the assets that are left out.
    """

    _others: dict[int, list[str]] = field(factory=dict)
    """Of each file, by its number, the names of the assets that are left out, in the order of their texts."""

    @property
    def name(self) -> str:
        """The table's name in SQL."""
        return "polyproof_accounts"

    def create(self) -> None:
        """Create it, empty."""
        columns = ", ".join(f"v{k} {value_type(asset)}, t{k} VARCHAR" for k, asset in enumerate(self.assets))
        others = ", others VARCHAR[]" if self.settings.leave_out else ""
        self.connection.execute(f"CREATE TEMP TABLE {self.name} (account VARCHAR, {columns}{others})")

    def selection(self, file: SnapshotFile) -> str | None:
        """A SELECT of accounts from a file; ``None``, reported, if its columns are not as they should be."""
        before = self.findings.count
        account = find_column(file, self.settings.id, "id", IDENTIFYING)
        columns: dict[tuple[int, str], Column] = {}
        others: list[tuple[str, str]] = []
        names = self.names
        unknown: list[tuple[str, int | None]] = []
        seen: set[str] = set()
        for place, column in enumerate(file.columns, 1):
            name = column.name
            if account is not None and name == account.name:
                continue
            if name in seen:
                file.report(f"column {name!r} occurs twice")
                continue
            seen.add(name)
            if name in self.settings.ignore or (account is None and name.casefold() == self.settings.id.casefold()):
                continue
            if not name:
                file.report(f"column {place} has no name")
                continue
            found = names.find(name)
            if found is None:
                other, kind = names.split(name)
                if names.known.find(other) is not None or not self.left_out.take_name(other):
                    unknown.append((name, None))
                elif not EXACT.fullmatch(column.type):
                    file.report(*wrong_type(column, EXACT))
                else:
                    others += [(other, amount) for amount in owed_or_debt(amount_text(column), kind)]
                continue
            key = found.asset, found.kind
            if key in columns:
                both = named(names.assets[found.asset], found.kind)
                file.report(f"columns {columns[key].name!r} and {name!r} are both {both}", "keep one, ignore the other")
                continue
            if not EXACT.fullmatch(column.type):
                file.report(*wrong_type(column, EXACT))
            columns[key] = column
        names.known.report_unknown(file, "columns", unknown)
        sources: Sequence[Source | None] = ()
        if account is not None:
            sources = self._sources(file, columns)
        if self.findings.count > before or account is None:
            return None
        self._others[file.number] = [name for name, _ in others]
        kept = f"[{', '.join(amount for _, amount in others)}]"
        return self.converted(account.expression, sources, file.relation, kept)

    def _sources(self, file: SnapshotFile, columns: Mapping[tuple[int, str], Column]) -> list[Source | None]:
        """Where each of ``assets`` is read from; columns that are missing, or that exclude each other, are reported."""
        names = self.names
        if names.positions:
            return position_sources(names, file, columns)
        found: list[Source | None] = []
        for index, asset in enumerate(self.assets):
            column = columns.get((index, SIGNED))
            if column is None:
                file.report(
                    f"has no column for {asset.symbol}",
                    "an asset that nobody holds needs one too, with zeros, so that a forgotten column is noticed",
                )
            found.append(Source.of(column) if column is not None else None)
        return found

    def converted(self, account: str, sources: Sequence[Source | None], relation: str, others: str = "NULL") -> str:
        """A SELECT of accounts from SQL of the id and of what is counted, in the order of ``assets``; without, zero.

        ``others``: SQL of a list, the texts of the amounts that are left out.
        """
        read: dict[str, str] = {}
        steps: list[tuple[str, str, str, str]] = []
        for k, (asset, source) in enumerate(zip(self.assets, sources, strict=True)):
            text, written, value = f"t{k}", f"w{k}", f"v{k}"
            if source is None:
                nothing = f"0::{value_type(asset)}"
                steps.append((f"NULL AS {text}", f"NULL AS {text}", f"{nothing} AS {value}", f"{nothing}, NULL"))
                continue
            # A column of signed amounts is read once, for equity and for debt.
            column = read.setdefault(source.expression, f"r{len(read)}")
            if source.type in INTEGER_TYPES:
                first = integer_value(text, source.part_type, asset, self.base_units)
                fitting, kept = written, f"CASE WHEN {value} IS NULL THEN {text}::VARCHAR END"
            else:
                first = written_value(text, asset, self.base_units)
                fitting = fitting_value(written, asset, self.base_units)
                # The text is kept only where SQL could not convert it or rounded it.
                rounded = f"{rest_of(text, asset, self.base_units)} <> ''"
                kept = f"CASE WHEN {value} IS NULL OR {rounded} THEN {text} END"
            steps.append(
                (
                    f"{source.part_of(column)} AS {text}",
                    f"{text}, {first} AS {written}",
                    f"{text}, {fitting} AS {value}",
                    f"{value}, {kept}",
                )
            )
        parts, converted, fitted, result = (", ".join(step) for step in zip(*steps, strict=True))
        columns = "".join(f", {expression} AS {name}" for expression, name in read.items())
        kept, texts = (", others", f", {others} AS others") if self.settings.leave_out else ("", "")
        return (
            f"SELECT account, {result}{kept} FROM (SELECT account, {fitted}{kept} FROM (SELECT account, {converted}"
            f"{kept} FROM (SELECT account, {parts}{kept} FROM (SELECT {account}::VARCHAR AS account{columns}{texts} "
            f"FROM {relation}))))"
        )

    def check(self) -> int:
        """Check everything but the amounts; returns the number of accounts."""
        self.check_ids()
        self._check_unique()
        for file in self.files:
            if names := self._others.get(file.number):
                listed = ", ".join(map(literal, names))
                self.add_left_out(
                    f"SELECT rowid AS row, unnest([{listed}]) AS name, unnest(others) AS amount FROM {self.name} "
                    f"WHERE rowid >= {file.first} AND rowid < {file.first + file.rows}",
                    empty_is_zero=self.empty_is_zero,
                )
        return self.rows

    def row_of(self, account: int) -> int:
        """Its own."""
        return account

    def chunks(self) -> Iterator[Accounts]:
        """Convert and check the amounts, and extract the accounts, some at a time."""
        self.forget_by_hand()
        by_hand = self._left()
        with self.progress.task("convert amounts", self.rows) as task:
            for first, stop in self.ranges(self.rows):
                words = self._words(first, stop, by_hand)
                ids = self.identifiers(self.name, "rowid", first, stop)
                self.finish_positions(words, ids, first)
                yield Accounts(self.assets, ids, words)
                task.advance(stop - first)

    def _left(self) -> list[int]:
        """Assets of which SQL could not convert some balance."""
        counts = ", ".join(f"count(*) FILTER (t{k} IS NOT NULL AND v{k} IS NULL)" for k in range(len(self.assets)))
        (found,) = self.connection.execute(f"SELECT {counts} FROM {self.name}").fetchall()
        return [index for index, count in enumerate(found) if count]

    def _words(self, first: int, stop: int, by_hand: Sequence[int]) -> UInt64:
        """The balances of some rows; of the assets ``by_hand``, those that SQL left are converted here."""
        words, starts = self.zeros(stop - first)
        values = [
            (starts[index] + k, word)
            for index, asset in enumerate(self.assets)
            for k, word in enumerate(words_of(f"coalesce(v{index}, 0)", asset))
        ]
        selected = ", ".join(f"{word} AS w{column}" for column, word in values)
        within = f"rowid >= {first} AND rowid < {stop}"
        found = self.connection.execute(
            f"SELECT rowid AS place, {selected} FROM {self.name} WHERE {within}"
        ).fetchnumpy()
        places: Any = found["place"] - first
        if np.array_equal(places, np.arange(stop - first)):
            places = slice(None)
        for column, _ in values:
            words[places, column] = integers(found[f"w{column}"])
        for index in by_hand:
            asset = self.assets[index]
            left = self.connection.execute(
                f"SELECT rowid, t{index} FROM {self.name} WHERE {within} AND t{index} IS NOT NULL AND v{index} IS NULL "
                "ORDER BY rowid"
            )
            for row, text in result_rows(left):
                # Spaces around an amount do not count; in wide shape, an empty amount is zero.
                if text.strip(" \t") or not self.empty_is_zero:
                    place = words[row - first, starts[index] : starts[index] + asset.words]
                    self.convert(text, row, index, place)
        return words

    def kept(self, index: int) -> tuple[str, str]:
        """Where both the balance and its text are."""
        return f"t{index}", f"{self.name} WHERE t{index} IS NOT NULL AND v{index} IS NOT NULL"

    def _check_unique(self) -> None:
        connection = self.connection
        connection.execute(
            f"CREATE TEMP TABLE {_REPEATED} AS SELECT account, min(rowid) AS first FROM {self.name} "
            "WHERE account <> '' GROUP BY account HAVING count(*) > 1"
        )
        relation = f"{self.name} AS t JOIN {_REPEATED} USING (account) WHERE t.rowid <> first"
        found = connection.execute(
            f"SELECT t.rowid AS row, account, first FROM {relation} ORDER BY row LIMIT {FEW}"
        ).fetchall()
        for row, account, first in found:
            hint = f"first in {self.where(first)}"
            self.add(Problem(f"account {shown(account)} occurs twice", hint=hint, code="account-repeated"), row)
        if found:
            self.findings.add_more(self.count(f"SELECT count(*) FROM {relation}") - len(found), "account-repeated")
