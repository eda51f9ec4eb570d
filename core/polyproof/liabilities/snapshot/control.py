"""Control sums: what a query of the organisation's own says that all accounts add up to, asset by asset.

They are compared exactly, with what the accounts add up to before any is rounded up. Where they differ, one
query counts what the other does not. Where they are equal, the two agree: what both leave out, and accounts that hold
nothing, no sum shows. Readers of the audit cannot check them. Where accounts may have debts, equity and debts are
summed apart: one sum of both would be the same without an account that has as much as it owes. Such sums are of all
accounts read: those that are left out once debts are weighed are in them, and not in the totals of the audit.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import duckdb

from polyproof.errors import InputError, Location, Problem
from polyproof.liabilities.snapshot.columns import EXACT, TEXT, amount_text, find_column, wrong_type
from polyproof.liabilities.snapshot.database import first_lines, open_query
from polyproof.liabilities.snapshot.file import Column, SnapshotFile, literal
from polyproof.liabilities.snapshot.rounding import Rounded
from polyproof.liabilities.snapshot.server import ANSWER, Server, checked_text, take_batches
from polyproof.liabilities.snapshot.table import Table
from polyproof.model.amounts import AmountError, exact_decimal, parse_amount, rounded_up, shown
from polyproof.model.assets import Asset
from polyproof.model.names import EXACT_DECIMAL, matches
from polyproof.model.net_equity import DEBT, EQUITY, Position

__all__ = ["control_problems", "in_coins", "read_control"]

LABEL = "accounts.control"
_SUMS = "polyproof_control"
_MOST = 10_000
"""The most rows of an answer: one for each asset, and those that are left out."""


def read_control(table: Table, server: Server | None) -> tuple[Fraction | None, ...] | None:
    """The sums that ``accounts.control`` gives, in base units, one for each of ``table.assets``.

    ``None`` for pledges of a category that it does not mention, and, reported, for all together if there are none.

    With a server the query is the server's, and runs in the transaction of the accounts'; otherwise it is DuckDB's.
    """
    file = SnapshotFile(len(table.files), LABEL, table.findings)
    before = table.findings.count
    table.connection.execute(f"CREATE OR REPLACE TEMP TABLE {_SUMS} (asset VARCHAR, amount VARCHAR)")
    try:
        _fill(table, file, server)
    except InputError as error:
        for problem in error.problems:
            file.report_problem(problem)
    if table.findings.count > before:
        return None
    rows = table.connection.execute(f"SELECT asset, amount FROM {_SUMS} LIMIT {_MOST + 1}").fetchall()
    if len(rows) > _MOST:
        file.report(f"has more than {_MOST:,} rows", "one row, or one for each asset: SELECT coin, sum(balance) …")
        return None
    found = _sums(table, file, rows)
    return found if table.findings.count == before else None


def control_problems(control: Sequence[Fraction | None], rounded: Sequence[Rounded]) -> list[Problem]:
    """Assets whose control sum is not what their accounts add up to."""
    found = []
    for stated, each in zip(control, rounded, strict=True):
        if stated is not None and stated != each.total:
            symbol, asset = each.asset.symbol, each.asset
            found.append(
                Problem(
                    f"{symbol}: the control query's sum is {in_coins(stated, asset)}, and the accounts add up to "
                    f"{in_coins(each.total, asset)}: a difference of {in_coins(abs(stated - each.total), asset)}",
                    Location(LABEL),
                    "one of them counts what the other does not: an account left out, a row that a join doubled, "
                    "balances of another moment",
                )
            )
    return found


def in_coins(units: Fraction, asset: Asset) -> str:
    """An amount in base units as an exact decimal of coins."""
    return exact_decimal(units / 10**asset.decimals)


def _fill(table: Table, file: SnapshotFile, server: Server | None) -> None:
    """Put assets and sums, as they were written, into the table of sums."""
    connection, query = table.connection, table.settings.control or ""
    try:
        if server is None:
            if open_query(connection, file, query, table.assets) and (selection := _selection(table, file)):
                connection.execute(f"INSERT INTO {_SUMS} {selection}")
            return
        found = server.columns(query)
        file.columns, file.relation = tuple(map(checked_text, found)), ANSWER
        selection = _selection(table, file)
        if selection is None:
            return
        insert = f"INSERT INTO {_SUMS} {selection}"
        take_batches(connection, server, query, found, (), lambda: connection.execute(insert))
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        file.report(f"cannot be run: {first_lines(error)}")


def _selection(table: Table, file: SnapshotFile) -> str | None:
    """A SELECT of assets and their sums, of a row for each asset or of one row; ``None``, reported."""
    settings = table.settings
    titles = {column.name.casefold() for column in file.columns}
    if {settings.asset.casefold(), settings.amount.casefold()} <= titles:
        asset = find_column(file, settings.asset, "asset", TEXT)
        amount = find_column(file, settings.amount, "amount", EXACT)
        if asset is None or amount is None:
            return None
        name = f"{asset.expression}::VARCHAR"
        if settings.position is not None and settings.position.casefold() in titles:
            position = find_column(file, settings.position, "position", TEXT)
            if position is None:
                return None
            name = f"{name} || ':' || {position.expression}"
        return f"SELECT {name}, {amount_text(amount)} FROM {file.relation} LIMIT {_MOST + 1}"
    columns: list[Column] = []
    counted: list[int] = []
    for column in file.columns:
        index = _index(table, column.name)
        if column.name in settings.ignore or (index is None and _left_out(table, column.name)):
            continue
        if index is not None and not EXACT.fullmatch(column.type):
            file.report(*wrong_type(column, EXACT))
        columns.append(column)
        counted += [index] if index is not None else []
    needed = _needed(table)
    if not needed <= set(counted) or not len(columns) == len(counted) == len(set(counted)):
        file.report(
            f"has the columns {', '.join(shown(column.name) for column in file.columns)}",
            f"either {settings.asset} and {settings.amount}, with a row for each asset, or one row with a column for "
            f"each: {', '.join(table.assets[index].symbol for index in sorted(needed))}",
        )
    if table.findings:
        return None
    listed = ", ".join(literal(column.name) for column in columns)
    sums = ", ".join(amount_text(column) for column in columns)
    return f"SELECT unnest([{listed}]), unnest([{sums}]) FROM {file.relation} LIMIT {_MOST + 1}"


def _index(table: Table, name: str) -> int | None:
    """What is counted under a name, by its place among ``table.assets``."""
    found = table.names.find(name)
    if found is None or not table.names.positions:
        return None if found is None else found.asset
    return table.names.index(found.asset, found.kind)


def _left_out(table: Table, name: str) -> bool:
    asset, _ = table.names.split(name)
    return table.names.known.find(asset) is None and table.left_out.covers(asset)


def _needed(table: Table) -> set[int]:
    """What has to be summed: everything, but for pledges, which are a part of equity."""
    pledges = {index for index, each in enumerate(table.names.positions) if each.kind not in (EQUITY, DEBT)}
    return set(range(len(table.assets))) - pledges


def _sums(
    table: Table, file: SnapshotFile, rows: Sequence[tuple[str | None, str | None]]
) -> tuple[Fraction | None, ...]:
    """The sums, where every row is of a different asset; what is wrong with others is reported."""
    sums: dict[int, Fraction] = {}
    unknown: list[tuple[str, int | None]] = []
    for record, (name, text) in enumerate(rows):
        index = _index(table, name or "")
        if index is None:
            found = table.names.find(name or "")
            if found is not None:
                symbol = table.names.assets[found.asset].symbol
                hint = f"{symbol}:{EQUITY} and {symbol}:{DEBT}, each with its own sum, of amounts without a sign"
                file.report(f"sums {symbol} whatever the position", hint, record=record)
            elif not _left_out(table, name or ""):
                unknown.append((name or "", record))
            continue
        asset = table.assets[index]
        if index in sums:
            file.report(f"{asset.symbol} occurs twice", "GROUP BY makes one row of each asset", record=record)
        try:
            # A sum of no rows is NULL.
            sums[index] = _exact(text, 0 if table.base_units else asset.decimals) if text is not None else Fraction(0)
        except AmountError as error:
            problem = error.problems[0]
            file.report(f"{asset.symbol} sum {problem.message}", problem.hint, record=record)
        if index in sums and not matches(EXACT_DECIMAL, in_coins(abs(sums[index]), asset)):
            file.report(f"{asset.symbol} sum {shown(text or '')} has more digits than a manifest can", record=record)
    table.names.known.report_unknown(file, "assets", unknown)
    # An asset without a row adds up to nothing; so do its pledges in a category that the query sums at all.
    summed = {each.kind for index in sums if isinstance(each := table.assets[index], Position)}
    needed = _needed(table)
    return tuple(
        sums.get(index, Fraction(0))
        if index in needed or (isinstance(each, Position) and each.kind in summed)
        else None
        for index, each in enumerate(table.assets)
    )


def _exact(text: str, decimals: int) -> Fraction:
    return parse_amount(text, decimals) - rounded_up(text, decimals)[0]
