"""One row for each account, one column for each asset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
from polyproof.liabilities.snapshot.symbols import Symbols
from polyproof.liabilities.snapshot.table import Table, UInt64, integers, result_rows
from polyproof.model.accounts import Accounts
from polyproof.model.amounts import shown

__all__ = ["WideTable"]

_REPEATED = "polyproof_repeated"
"""Ids of several accounts, and the row of the first."""


@define(eq=False)
class WideTable(Table):
    """Rows are accounts. For asset k, ``vk`` is the balance; if SQL could not convert it, NULL, and ``tk`` its text.

    Of a balance that was rounded up, ``tk`` is the text too. ``others`` has the texts of the assets that are left out.
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
        columns: dict[int, Column] = {}
        others: list[Column] = []
        known = Symbols(self.assets)
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
            index = known.find(name)
            if index is None:
                if not self.left_out.take_name(name):
                    unknown.append((name, None))
                elif not EXACT.fullmatch(column.type):
                    file.report(*wrong_type(column, EXACT))
                else:
                    others.append(column)
            elif index in columns:
                symbol = self.assets[index].symbol
                file.report(
                    f"columns {columns[index].name!r} and {name!r} are both {symbol}", "keep one, ignore the other"
                )
            elif not EXACT.fullmatch(column.type):
                file.report(*wrong_type(column, EXACT))
                columns[index] = column
            else:
                columns[index] = column
        known.report_unknown(file, "columns", unknown)
        if account is not None:
            for index, asset in enumerate(self.assets):
                if index not in columns:
                    file.report(
                        f"has no column for {asset.symbol}",
                        "an asset that nobody holds needs one too, with zeros, so that a forgotten column is noticed",
                    )
        if self.findings.count > before or account is None:
            return None
        amounts = [columns[k] for k in range(len(self.assets))]
        texts = [item.expression if item.type in INTEGER_TYPES else amount_text(item) for item in amounts]
        self._others[file.number] = [column.name for column in others]
        kept = f"[{', '.join(map(amount_text, others))}]"
        return self.converted(account.expression, texts, file.relation, [item.type for item in amounts], kept)

    def converted(
        self, account: str, amounts: Sequence[str], relation: str, kinds: Sequence[str] = (), others: str = "NULL"
    ) -> str:
        """A SELECT of accounts from SQL of the id and of each asset's amount.

        ``kinds``: their types. An amount of one of ``INTEGER_TYPES`` is an integer, of any other, or without, a text.
        ``others``: SQL of a list, the texts of the amounts that are left out.
        """
        steps: list[tuple[str, str, str, str]] = []
        for k, (asset, amount) in enumerate(zip(self.assets, amounts, strict=True)):
            text, written, value = f"t{k}", f"w{k}", f"v{k}"
            if kinds and kinds[k] in INTEGER_TYPES:
                first = integer_value(text, kinds[k], asset, self.base_units)
                fitting, kept = written, f"CASE WHEN {value} IS NULL THEN {text}::VARCHAR END"
            else:
                first = written_value(text, asset, self.base_units)
                fitting = fitting_value(written, asset, self.base_units)
                # The text is kept only where SQL could not convert it or rounded it up.
                rounded = f"{rest_of(text, asset, self.base_units)} <> ''"
                kept = f"CASE WHEN {value} IS NULL OR {rounded} THEN {text} END"
            steps.append(
                (
                    f"{amount} AS {text}",
                    f"{text}, {first} AS {written}",
                    f"{text}, {fitting} AS {value}",
                    f"{value}, {kept}",
                )
            )
        texts, converted, fitted, result = (", ".join(step) for step in zip(*steps, strict=True))
        kept, read = (", others", f", {others} AS others") if self.settings.leave_out else ("", "")
        return (
            f"SELECT account, {result}{kept} FROM (SELECT account, {fitted}{kept} FROM (SELECT account, {converted}"
            f"{kept} FROM (SELECT {account}::VARCHAR AS account, {texts}{read} FROM {relation})))"
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

    def chunks(self) -> Iterator[Accounts]:
        """Convert and check the amounts, and extract the accounts, some at a time."""
        self.forget_by_hand()
        by_hand = self._left()
        with self.progress.task("convert amounts", self.rows) as task:
            for first, stop in self.ranges(self.rows):
                words = self._words(first, stop, by_hand)
                yield Accounts(self.assets, self.identifiers(self.name, "rowid", first, stop), words)
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
