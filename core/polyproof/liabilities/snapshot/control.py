"""Control sums: what a query of the organisation's own says that all accounts add up to, asset by asset.

They are compared exactly, with what the accounts add up to before any is rounded up. Where they differ, one
query counts what the other does not. Where they are equal, the two agree: what both leave out, and accounts that hold
nothing, no sum shows. Readers of the audit cannot check them.
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
from polyproof.liabilities.snapshot.symbols import Symbols
from polyproof.liabilities.snapshot.table import Table
from polyproof.model.amounts import AmountError, exact_decimal, parse_amount, rounded_up, shown
from polyproof.model.assets import Asset
from polyproof.model.names import EXACT_DECIMAL, matches

__all__ = ["control_problems", "in_coins", "read_control"]

LABEL = "accounts.control"
_SUMS = "polyproof_control"
_MOST = 10_000
"""The most rows of an answer: one for each asset, and those that are left out."""


def read_control(table: Table, server: Server | None) -> tuple[Fraction, ...] | None:
    """The sums that ``accounts.control`` gives, in base units, one for each asset; ``None``, reported, without any.

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


def control_problems(control: Sequence[Fraction], rounded: Sequence[Rounded]) -> list[Problem]:
    """Assets whose control sum is not what their accounts add up to."""
    found = []
    for stated, each in zip(control, rounded, strict=True):
        if stated != each.total:
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
    names = {column.name.casefold() for column in file.columns}
    if {settings.asset.casefold(), settings.amount.casefold()} <= names:
        asset = find_column(file, settings.asset, "asset", TEXT)
        amount = find_column(file, settings.amount, "amount", EXACT)
        if asset is None or amount is None:
            return None
        return f"SELECT {asset.expression}::VARCHAR, {amount_text(amount)} FROM {file.relation} LIMIT {_MOST + 1}"
    known = Symbols(table.assets)
    columns: list[Column] = []
    for column in file.columns:
        if column.name in settings.ignore or (known.find(column.name) is None and table.left_out.covers(column.name)):
            continue
        if known.find(column.name) is not None and not EXACT.fullmatch(column.type):
            file.report(*wrong_type(column, EXACT))
        columns.append(column)
    if {known.find(column.name) for column in columns} != set(range(len(table.assets))) or len(columns) != len(
        table.assets
    ):
        file.report(
            f"has the columns {', '.join(shown(column.name) for column in file.columns)}",
            f"either {settings.asset} and {settings.amount}, with a row for each asset, or one row with a column for "
            f"each: {', '.join(asset.symbol for asset in table.assets)}",
        )
    if table.findings:
        return None
    listed = ", ".join(literal(column.name) for column in columns)
    sums = ", ".join(amount_text(column) for column in columns)
    return f"SELECT unnest([{listed}]), unnest([{sums}]) FROM {file.relation} LIMIT {_MOST + 1}"


def _sums(table: Table, file: SnapshotFile, rows: Sequence[tuple[str | None, str | None]]) -> tuple[Fraction, ...]:
    """The sums, where every row is of a different asset; what is wrong with others is reported."""
    known = Symbols(table.assets)
    sums: dict[int, Fraction] = {}
    unknown: list[tuple[str, int | None]] = []
    for record, (name, text) in enumerate(rows):
        index = known.find(name or "")
        if index is None:
            if not table.left_out.covers(name or ""):
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
    known.report_unknown(file, "assets", unknown)
    return tuple(sums.get(index, Fraction(0)) for index in range(len(table.assets)))


def _exact(text: str, decimals: int) -> Fraction:
    return parse_amount(text, decimals) - rounded_up(text, decimals)[0]
