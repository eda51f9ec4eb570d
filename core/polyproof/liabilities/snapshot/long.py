"""A row for each account and asset, or for each account, asset and position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import define

from polyproof.errors import Problem
from polyproof.findings import FEW
from polyproof.liabilities.snapshot.cells import fitting_value, rest_of, written_value
from polyproof.liabilities.snapshot.columns import EXACT, IDENTIFYING, TEXT, amount_text, find_column
from polyproof.liabilities.snapshot.file import SnapshotFile, literal
from polyproof.liabilities.snapshot.position_columns import is_debt, without_sign
from polyproof.liabilities.snapshot.table import Table, UInt64, integers, result_rows
from polyproof.model.accounts import Accounts
from polyproof.model.amounts import shown
from polyproof.model.net_equity import DEBT, EQUITY

__all__ = ["LongTable"]

_PEOPLE = "polyproof_people"
"""Each account and its place in the result."""
_ROUTES = "polyproof_routes"
"""Where an entry belongs, by its asset, its position and whether it is a debt: ``index`` is the place among ``assets``.

Entries of an account with the same ``cell`` say the same twice. One that has none follows from another."""
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
        self.connection.execute(
            f"CREATE TEMP TABLE {self.name} "
            "(account VARCHAR, asset VARCHAR, amount VARCHAR, position VARCHAR, debt BOOLEAN)"
        )

    def selection(self, file: SnapshotFile) -> str | None:
        """A SELECT of entries from a file; ``None``, reported, if its columns are not as they should be."""
        account = find_column(file, self.settings.id, "id", IDENTIFYING)
        asset = find_column(file, self.settings.asset, "asset", TEXT)
        amount = find_column(file, self.settings.amount, "amount", EXACT)
        position = None
        if self.settings.position is not None:
            position = find_column(file, self.settings.position, "position", TEXT)
            if position is None:
                return None
        if account is None or asset is None or amount is None:
            return None
        # Without a sign, of a debt: it is told by the position, or by the sign and then by the column `debt`.
        signed = bool(self.names.positions) and position is None
        debt = is_debt("amount") if signed else "false"
        bare = f"CASE WHEN {debt} THEN {without_sign('amount')} ELSE amount END" if signed else "amount"
        text, said = amount_text(amount), position.expression if position is not None else literal("")
        return (
            f"SELECT account, asset, {bare}, position, {debt} FROM (SELECT {account.expression}::VARCHAR AS account, "
            f"{asset.expression}::VARCHAR AS asset, CASE WHEN {text} = '' OR {text} IS NULL THEN {_MISSING} ELSE "
            f"{text} END AS amount, {said}::VARCHAR AS position FROM {file.relation})"
        )

    def check(self) -> int:
        """Find the account and the asset of every entry; returns the number of accounts."""
        connection, assets = self.connection, self.assets
        self.check_ids()
        self._resolve_names()
        connection.execute(
            f"CREATE TEMP TABLE {_PEOPLE} AS SELECT account, row_number() OVER (ORDER BY min(rowid)) - 1 AS place "
            f"FROM {self.name} WHERE account IS NOT NULL GROUP BY account"
        )
        written = [written_value("amount", asset, self.base_units) for asset in assets]
        fitting = [fitting_value("written", asset, self.base_units) for asset in assets]
        rests = [rest_of("amount", asset, self.base_units) for asset in assets]
        connection.execute(
            f"CREATE TEMP TABLE {_CELLS} AS SELECT row, place, asset, cell, value, "
            f"CASE WHEN value IS NULL OR {_by_asset(rests, 'VARCHAR')} <> '' THEN amount END AS amount "
            f"FROM (SELECT *, {_by_asset(fitting)} AS value FROM (SELECT *, {_by_asset(written)} AS written FROM "
            "(SELECT entries.rowid AS row, place, routes.index AS asset, routes.cell AS cell, amount "
            f"FROM {self.name} AS entries JOIN {_PEOPLE} AS people USING (account) JOIN {_ROUTES} AS routes "
            "ON entries.asset = routes.asset AND entries.position = routes.position AND entries.debt = routes.debt)))"
        )
        connection.execute(f"DROP TABLE {self.name}")
        self._cells = self.count(f"SELECT count(*) FROM {_CELLS}")
        return self.count(f"SELECT count(*) FROM {_PEOPLE}")

    def row_of(self, account: int) -> int:
        """The first of its rows."""
        return self.count(f"SELECT min(row) FROM {_CELLS} WHERE place = {account}")

    def chunks(self) -> Iterator[Accounts]:
        """Pivot: the accounts in the order of their first rows, a column for each asset."""
        self.forget_by_hand()
        by_hand = self.count(f"SELECT count(*) FROM {_CELLS} WHERE value IS NULL") > 0
        repeated = False
        with self.progress.task("convert amounts", self._cells) as task:
            for first, stop in self.ranges(self.count(f"SELECT count(*) FROM {_PEOPLE}")):
                words, cells, filled = self._words(first, stop, by_hand)
                repeated |= filled != cells
                ids = self.identifiers(_PEOPLE, "place", first, stop)
                self.finish_positions(words, ids, first)
                yield Accounts(self.assets, ids, words)
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
            f"SELECT place, asset, cell, (coalesce(value, 0) & {_WORD})::UBIGINT AS low, "
            f"(coalesce(value, 0) >> 64)::UBIGINT AS high FROM {within}"
        ).fetchnumpy()
        places, which = found["place"] - first, found["asset"]
        columns = np.array(starts)[which]
        words[places, columns] = integers(found["low"])
        high = wide[which]
        words[places[high], columns[high] + 1] = integers(found["high"])[high]
        stated = found["cell"] >= 0
        filled[places[stated], found["cell"][stated]] = True
        if by_hand:
            left = self.connection.execute(
                f"SELECT row, place, asset, amount FROM {within} AND value IS NULL ORDER BY row"
            )
            for row, place, index, text in result_rows(left):
                balance = words[place - first, starts[index] : starts[index] + assets[index].words]
                self.convert(text, row, index, balance)
        return words, int(np.count_nonzero(stated)), int(np.count_nonzero(filled))

    def kept(self, index: int) -> tuple[str, str]:
        """Where both the balance and its text are."""
        return "amount", f"{_CELLS} WHERE asset = {index} AND value IS NOT NULL AND amount IS NOT NULL"

    def _report_repeated_cells(self) -> None:
        relation = (
            f"{_CELLS} JOIN (SELECT place, cell, min(row) AS first FROM {_CELLS} WHERE cell >= 0 GROUP BY place, cell "
            "HAVING count(*) > 1) USING (place, cell) WHERE row <> first"
        )
        found = self.connection.execute(
            f"SELECT row, account, cell, first FROM (SELECT * FROM {relation}) JOIN {_PEOPLE} USING (place) "
            f"ORDER BY row LIMIT {FEW}"
        ).fetchall()
        signed = self.names.positions and self.settings.position is None
        for row, account, cell, first in found:
            symbol = (self.names.assets if signed else self.assets)[cell].symbol
            hint = f"first in {self.where(first)}"
            if signed:
                hint += "; where an account has both equity and debts, accounts.position names a column that says which"
            message = f"account {shown(account)} has {symbol} twice"
            self.add(Problem(message, hint=hint, code="balance-repeated"), row)
        self.findings.add_more(self.count(f"SELECT count(*) FROM {relation}") - len(found), "balance-repeated")

    def _resolve_names(self) -> None:
        """Fill ``_ROUTES``; report what is not an asset, or not a position."""
        self.connection.execute(
            f"CREATE TEMP TABLE {_ROUTES} (asset VARCHAR, position VARCHAR, debt BOOLEAN, index INTEGER, cell INTEGER)"
        )
        names = self.names
        routes: list[tuple[str, str, bool, int, int]] = []
        left_out: list[tuple[str, str]] = []
        unknown: dict[int, list[tuple[str, int | None]]] = {}
        said: set[str] = set()
        found = self.connection.execute(
            f"SELECT asset, position, debt, min(rowid) FROM {self.name} WHERE asset <> '' GROUP BY ALL ORDER BY 4"
        ).fetchall()
        for name, position, debt, row in found:
            asset = names.known.find(name)
            if asset is not None:
                routes += self._routes(name, position, debt, row, asset)
            elif self.left_out.take_name(name):
                left_out.append((name, position))
            elif name not in said:
                said.add(name)
                file = self.file_of(row)
                unknown.setdefault(file.number, []).append((name, file.record(row)))
        for number, theirs in unknown.items():
            names.known.report_unknown(self.files[number], "assets", theirs)
        if left_out:
            self._add_left_out(left_out)
        if routes:
            self.connection.executemany(f"INSERT INTO {_ROUTES} VALUES (?, ?, ?, ?, ?)", routes)
        self.report_rows(
            f"{self.name} WHERE asset IS NULL OR asset = ''",
            "asset",
            lambda _: Problem("has no asset", hint="expected one of the spec's symbols", code="asset-missing"),
        )

    def _routes(
        self, name: str, position: str | None, debt: bool, row: int, asset: int
    ) -> Iterator[tuple[str, str, bool, int, int]]:
        """Where entries of an asset of the spec belong; those of no position are reported where the first stands."""
        names = self.names
        if not names.positions:
            yield name, "", False, asset, asset
            return
        signed = self.settings.position is None
        kind = (DEBT if debt else EQUITY) if signed else names.kind(position)
        index = names.index(asset, kind) if kind is not None else None
        if index is None or position is None or index in names.derived:
            symbol = names.assets[asset].symbol
            hint = f"{symbol} has {', '.join([EQUITY, DEBT, *names.categories(symbol)])}"
            if index in names.derived:
                hint = "accounts.pledge_all derives the pledges: remove it, or these rows"
            self.add(Problem(f"the position of {symbol} is {shown(position or '')}", hint=hint), row)
            return
        yield name, position, debt, index, asset if signed else index
        for derived, source in names.derived.items():
            if source == index:
                yield name, position, debt, derived, -1

    def _add_left_out(self, left_out: Sequence[tuple[str, str]]) -> None:
        """Add up the entries of assets that are left out: debts below zero, and no pledges, which are equity too."""
        listed = ", ".join(f"({literal(name)}, {literal(position or '')})" for name, position in left_out)
        kinds = {position: self.names.kind(position) for _, position in left_out}
        debts = [literal(position or "") for position, kind in kinds.items() if kind == DEBT]
        pledges = [literal(position or "") for position, kind in kinds.items() if kind not in (None, EQUITY, DEBT)]
        owed = f"debt OR coalesce(position, '') IN ({', '.join(debts)})" if debts else "debt"
        within = f" AND coalesce(position, '') NOT IN ({', '.join(pledges)})" if pledges else ""
        self.add_left_out(
            f"SELECT rowid AS row, asset AS name, CASE WHEN {owed} THEN '-' || ltrim(amount, ' \t') ELSE amount END "
            f"AS amount FROM {self.name} WHERE (asset, coalesce(position, '')) IN (VALUES {listed}){within}"
        )


def _by_asset(each: Sequence[str], kind: str = "UHUGEINT") -> str:
    """SQL that chooses among expressions of a type by the column ``asset``."""
    cases = " ".join(f"WHEN {k} THEN ({expression})::{kind}" for k, expression in enumerate(each))
    return f"CASE asset {cases} END"
