"""A row for each account and asset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import define

from polyproof.errors import Problem
from polyproof.findings import FEW
from polyproof.liabilities.snapshot.cells import fitting_value, rest_of, written_value
from polyproof.liabilities.snapshot.columns import EXACT, IDENTIFYING, TEXT, amount_text, find_column
from polyproof.liabilities.snapshot.file import SnapshotFile, literal
from polyproof.liabilities.snapshot.symbols import Symbols
from polyproof.liabilities.snapshot.table import Table, UInt64, integers, result_rows
from polyproof.model.accounts import Accounts
from polyproof.model.amounts import shown

__all__ = ["LongTable"]

_PEOPLE = "polyproof_people"
"""Each account and its place in the result."""
_SYMBOLS = "polyproof_symbols"
"""The names of assets in the entries, and the index of each in the spec."""
_CELLS = "polyproof_cells"
"""Each entry's place and asset, its balance, and its text where SQL could not convert it or rounded it up."""
_MISSING = "' '"
"""SQL of the stand-in for a missing amount: a text that is neither zero nor a number."""
_WORD = f"{2**64 - 1}::UHUGEINT"


@define(eq=False)
class LongTable(Table):
    """Rows are entries as they were read; a missing amount is a space."""

    _cells: int = 0
    """How many entries have an account and an asset."""

    @property
    def name(self) -> str:
        """The table's name in SQL."""
        return "polyproof_entries"

    def create(self) -> None:
        """Create it, empty."""
        self.connection.execute(f"CREATE TEMP TABLE {self.name} (account VARCHAR, asset VARCHAR, amount VARCHAR)")

    def selection(self, file: SnapshotFile) -> str | None:
        """A SELECT of entries from a file; ``None``, reported, if its columns are not as they should be."""
        account = find_column(file, self.settings.id, "id", IDENTIFYING)
        asset = find_column(file, self.settings.asset, "asset", TEXT)
        amount = find_column(file, self.settings.amount, "amount", EXACT)
        if account is None or asset is None or amount is None:
            return None
        text = amount_text(amount)
        return (
            f"SELECT {account.expression}::VARCHAR, {asset.expression}::VARCHAR, "
            f"CASE WHEN {text} = '' OR {text} IS NULL THEN {_MISSING} ELSE {text} END FROM {file.relation}"
        )

    def check(self) -> int:
        """Find the account and the asset of every entry; returns the number of accounts."""
        connection, assets = self.connection, self.assets
        self.check_ids()
        self._resolve_symbols()
        connection.execute(
            f"CREATE TEMP TABLE {_PEOPLE} AS SELECT account, row_number() OVER (ORDER BY min(rowid)) - 1 AS place "
            f"FROM {self.name} WHERE account IS NOT NULL GROUP BY account"
        )
        written = [written_value("amount", asset, self.base_units) for asset in assets]
        fitting = [fitting_value("written", asset, self.base_units) for asset in assets]
        rests = [rest_of("amount", asset, self.base_units) for asset in assets]
        connection.execute(
            f"CREATE TEMP TABLE {_CELLS} AS SELECT row, place, asset, value, "
            f"CASE WHEN value IS NULL OR {_by_asset(rests, 'VARCHAR')} <> '' THEN amount END AS amount "
            f"FROM (SELECT *, {_by_asset(fitting)} AS value FROM (SELECT *, {_by_asset(written)} AS written FROM "
            "(SELECT entries.rowid AS row, place, symbols.index AS asset, amount "
            f"FROM {self.name} AS entries JOIN {_PEOPLE} AS people USING (account) "
            f"JOIN {_SYMBOLS} AS symbols ON entries.asset = symbols.asset)))"
        )
        connection.execute(f"DROP TABLE {self.name}")
        self._cells = self.count(f"SELECT count(*) FROM {_CELLS}")
        return self.count(f"SELECT count(*) FROM {_PEOPLE}")

    def chunks(self) -> Iterator[Accounts]:
        """Pivot: the accounts in the order of their first rows, a column for each asset."""
        self.forget_by_hand()
        by_hand = self.count(f"SELECT count(*) FROM {_CELLS} WHERE value IS NULL") > 0
        repeated = False
        with self.progress.task("convert amounts", self._cells) as task:
            for first, stop in self.ranges(self.count(f"SELECT count(*) FROM {_PEOPLE}")):
                words, cells, filled = self._words(first, stop, by_hand)
                repeated |= filled != cells
                yield Accounts(self.assets, self.identifiers(_PEOPLE, "place", first, stop), words)
                task.advance(cells)
        if repeated:
            self._report_repeated_cells()

    def _words(self, first: int, stop: int, by_hand: bool) -> tuple[UInt64, int, int]:
        """The balances of some accounts, how many entries they have, and of how many different balances."""
        assets = self.assets
        words, starts = self.zeros(stop - first)
        filled = np.zeros((stop - first, len(assets)), np.bool_)
        wide = np.array([asset.words > 1 for asset in assets])
        within = f"{_CELLS} WHERE place >= {first} AND place < {stop}"
        found = self.connection.execute(
            f"SELECT place, asset, (coalesce(value, 0) & {_WORD})::UBIGINT AS low, "
            f"(coalesce(value, 0) >> 64)::UBIGINT AS high FROM {within}"
        ).fetchnumpy()
        places, which = found["place"] - first, found["asset"]
        columns = np.array(starts)[which]
        words[places, columns] = integers(found["low"])
        high = wide[which]
        words[places[high], columns[high] + 1] = integers(found["high"])[high]
        filled[places, which] = True
        if by_hand:
            left = self.connection.execute(
                f"SELECT row, place, asset, amount FROM {within} AND value IS NULL ORDER BY row"
            )
            for row, place, index, text in result_rows(left):
                balance = words[place - first, starts[index] : starts[index] + assets[index].words]
                self.convert(text, row, index, balance)
        return words, len(places), int(np.count_nonzero(filled))

    def kept(self, index: int) -> tuple[str, str]:
        """Where both the balance and its text are."""
        return "amount", f"{_CELLS} WHERE asset = {index} AND value IS NOT NULL AND amount IS NOT NULL"

    def _report_repeated_cells(self) -> None:
        relation = (
            f"{_CELLS} JOIN (SELECT place, asset, min(row) AS first FROM {_CELLS} GROUP BY place, asset "
            "HAVING count(*) > 1) USING (place, asset) WHERE row <> first"
        )
        found = self.connection.execute(
            f"SELECT row, account, asset, first FROM (SELECT * FROM {relation}) JOIN {_PEOPLE} USING (place) "
            f"ORDER BY row LIMIT {FEW}"
        ).fetchall()
        for row, account, index, first in found:
            message = f"account {shown(account)} has {self.assets[index].symbol} twice"
            self.add(Problem(message, hint=f"first in {self.where(first)}", code="balance-repeated"), row)
        self.findings.add_more(self.count(f"SELECT count(*) FROM {relation}") - len(found), "balance-repeated")

    def _resolve_symbols(self) -> None:
        """Fill ``_SYMBOLS``; report what is not an asset."""
        self.connection.execute(f"CREATE TEMP TABLE {_SYMBOLS} (asset VARCHAR, index INTEGER)")
        known = Symbols(self.assets)
        found: list[tuple[str, int]] = []
        left_out: list[str] = []
        unknown: dict[int, list[tuple[str, int | None]]] = {}
        names = self.connection.execute(
            f"SELECT asset, min(rowid) FROM {self.name} WHERE asset <> '' GROUP BY asset ORDER BY 2"
        )
        for name, row in result_rows(names):
            index = known.find(name)
            if index is not None:
                found.append((name, index))
            elif self.left_out.take_name(name):
                left_out.append(name)
            else:
                file = self.file_of(row)
                unknown.setdefault(file.number, []).append((name, file.record(row)))
        for number, theirs in unknown.items():
            known.report_unknown(self.files[number], "assets", theirs)
        if left_out:
            listed = ", ".join(map(literal, left_out))
            entries = f"SELECT rowid AS row, asset AS name, amount FROM {self.name}"
            self.add_left_out(f"{entries} WHERE asset IN (SELECT unnest([{listed}]))")
        if found:
            self.connection.executemany(f"INSERT INTO {_SYMBOLS} VALUES (?, ?)", found)
        self.report_rows(
            f"{self.name} WHERE asset IS NULL OR asset = ''",
            "asset",
            lambda _: Problem("has no asset", hint="expected one of the spec's symbols", code="asset-missing"),
        )


def _by_asset(each: Sequence[str], kind: str = "UHUGEINT") -> str:
    """SQL that chooses among expressions of a type by the column ``asset``."""
    cases = " ".join(f"WHEN {k} THEN ({expression})::{kind}" for k, expression in enumerate(each))
    return f"CASE asset {cases} END"
