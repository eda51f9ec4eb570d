"""Accounts with debts from sources of every kind say the same: signed, or a column or row for each position."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from attrs import frozen

from accounts.test_excel import number
from accounts.test_excel import write as write_excel
from doubles.database_servers import Server
from net_equity.ledgers import TERMS, table
from polyproof.errors import AccountsError
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.model.net_equity import positions_of
from polyproof.settings.accounts import AccountsSettings, AttachedDatabase
from polyproof.toolkit.secrets import Secret, Secrets

Row = tuple[str | None, ...]
SIGNED: list[Row] = [
    ("account", "BTC", "USD"),
    ("a", "1.5", "-20"),
    ("b", "-1.000000019", "3.001"),
    ("c", "-0", None),
    ("d", "184467440737.09551615", "-10995116277.75"),
    ("e", "-184467440737.095516159", "0.00"),
    ("f", "-0.000000001", "-0.009"),
]
NAMED: list[Row] = [
    ("account", "BTC:equity", "BTC:debt", "BTC:loan", "USD:equity", "USD:debt", "USD:margin"),
    ("a", "1.5", None, "1.500", "0", "20", None),
    ("b", "0", "1.000000019", "0", "3.001", "0", "1.239"),
    ("c", "0", "-0", "0.0", "0", None, "0"),
    ("d", "184467440737.09551615", "0", "184467440737.09551615", "0", "10995116277.75", "0"),
    ("e", "0", "184467440737.095516159", "0", "0.00", "0", "0"),
    ("f", "0", "0.000000001", "0", "0", "0.009", "0"),
]
ROWS: list[Row] = [("account", "asset", "position", "amount")] + [
    (row[0], *str(column).split(":"), amount)
    for row in NAMED[1:]
    for column, amount in zip(NAMED[0][1:], row[1:], strict=True)
    if amount is not None
]
WITHOUT_PLEDGES = {
    "a": {"BTC:equity": 150_000_000, "USD:debt": 2000},
    "b": {"BTC:debt": 100_000_001, "USD:equity": 301},
    "c": {},
    "d": {"BTC:equity": 2**64 - 1, "USD:debt": 2**40 - 1},
    "e": {"BTC:debt": 2**64 - 1},
    "f": {},
}
WITH_PLEDGES = {
    **WITHOUT_PLEDGES,
    "a": {**WITHOUT_PLEDGES["a"], "BTC:loan": 150_000_000},
    "b": {**WITHOUT_PLEDGES["b"], "USD:margin": 123},
    "d": {**WITHOUT_PLEDGES["d"], "BTC:loan": 2**64 - 1},
}
SAME: list[tuple[str, list[Row], dict[str, Any], dict[str, dict[str, int]]]] = [
    ("signed", SIGNED, {}, WITHOUT_PLEDGES),
    ("a column for each position", NAMED, {}, WITH_PLEDGES),
    ("a row for each position", ROWS, {"shape": "long", "position": "position"}, WITH_PLEDGES),
]


@frozen
class Source:
    """How rows are stored, and the settings that read them."""

    settings: AccountsSettings
    secrets: Secrets | None = None

    def read(self, base: Path) -> dict[str, dict[str, int]]:
        given = self.settings, positions_of(TERMS)
        return table(read_snapshot(*given, rule="net-equity", base=base, secrets=self.secrets).accounts)


def _is_amount(column: str | None) -> bool:
    return column not in ("account", "asset", "position")


def _sqlite(base: Path, rows: Sequence[Row], options: dict[str, Any]) -> Source:
    columns = ", ".join(f'"{name}" TEXT' for name in rows[0])
    with closing(sqlite3.connect(base / "ledger.db")) as database, database:
        database.execute(f"CREATE TABLE held ({columns})")
        database.executemany(f"INSERT INTO held VALUES ({', '.join('?' * len(rows[0]))})", rows[1:])
    attached = (AttachedDatabase(name="ledger", type="sqlite", path="ledger.db"),)
    return Source(AccountsSettings(attach=attached, query="SELECT * FROM ledger.held", **options))


def _duckdb(base: Path, rows: Sequence[Row], options: dict[str, Any]) -> Source:
    with duckdb.connect(base / "ledger.duckdb") as database:
        kinds = ", ".join(f'"{name}" {"DECIMAL(38, 9)" if _is_amount(name) else "VARCHAR"}' for name in rows[0])
        database.execute(f"CREATE TABLE held ({kinds})")
        database.executemany(f"INSERT INTO held VALUES ({', '.join('?' * len(rows[0]))})", rows[1:])
    attached = (AttachedDatabase(name="ledger", type="duckdb", path="ledger.duckdb"),)
    return Source(AccountsSettings(attach=attached, query="SELECT * FROM ledger.held", **options))


def _columns(rows: Sequence[Row], kind: pa.DataType) -> pa.Table:
    made = {}
    for name, *values in zip(*rows, strict=True):
        texts = pa.array(values, pa.string())
        made[str(name)] = texts.cast(kind) if _is_amount(name) else texts
    return pa.table(made)


def _parquet(base: Path, rows: Sequence[Row], options: dict[str, Any]) -> Source:
    pq.write_table(_columns(rows, pa.decimal128(38, 9)), base / "held.parquet")
    return Source(AccountsSettings(path=("held.parquet",), **options))


def _arrow(base: Path, rows: Sequence[Row], options: dict[str, Any]) -> Source:
    feather.write_feather(_columns(rows, pa.string()), str(base / "held.arrow"), compression="uncompressed")
    return Source(AccountsSettings(path=("held.arrow",), **options))


def _excel(base: Path, rows: Sequence[Row], options: dict[str, Any]) -> Source:
    # Whole numbers that Excel keeps may be cells of numbers, below zero too.
    cells = [
        [number(cell) if cell in ("-20", "20", "0", "-0") else cell for cell in row] if place else list(row)
        for place, row in enumerate(rows)
    ]
    write_excel(base / "held.xlsx", Accounts=cells)
    return Source(AccountsSettings(path=("held.xlsx",), **options))


def _server(quote: str, kind: str) -> Callable[[Server, Sequence[Row], dict[str, Any]], Source]:
    def stored(server: Server, rows: Sequence[Row], options: dict[str, Any]) -> Source:
        names = [f"{quote}{name}{quote}" for name in rows[0]]
        kinds = [kind if _is_amount(name) else "varchar(20)" for name in rows[0]]

        def literal(text: str | None) -> str:
            return "NULL" if text is None else f"'{text}'"

        server.execute(
            "DROP TABLE IF EXISTS held",
            f"CREATE TABLE held ({', '.join(f'{name} {kind}' for name, kind in zip(names, kinds, strict=True))})",
            "INSERT INTO held VALUES " + ", ".join(f"({', '.join(map(literal, row))})" for row in rows[1:]),
        )
        settings = AccountsSettings(database="ledger", query="SELECT * FROM held", **options)
        return Source(settings, Secrets((Secret(name="ledger", dsn=server.dsn),)))

    return stored


FILES = {"sqlite": _sqlite, "duckdb": _duckdb, "parquet": _parquet, "arrow": _arrow, "excel": _excel}
SERVERS = {"postgres": _server('"', "numeric"), "mariadb": _server("`", "decimal(65, 18)")}


@pytest.mark.parametrize(("rows", "options", "expected"), [each[1:] for each in SAME], ids=[each[0] for each in SAME])
@pytest.mark.parametrize("kind", FILES)
def test_files_of_every_kind_say_the_same_of_debts(
    tmp_path: Path, kind: str, rows: list[Row], options: dict[str, Any], expected: dict[str, dict[str, int]]
) -> None:
    assert FILES[kind](tmp_path, rows, options).read(tmp_path) == expected


@pytest.mark.parametrize("kind", SERVERS)
def test_servers_of_every_kind_say_the_same_of_debts(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> None:
    server = request.getfixturevalue(kind)
    for _, rows, options, expected in SAME:
        assert SERVERS[kind](server, rows, options).read(tmp_path) == expected


# What is no amount


def said(source: Source, base: Path) -> str:
    with pytest.raises(AccountsError) as caught:
        source.read(base)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["sqlite", "excel"])
@pytest.mark.parametrize(
    ("amount", "told"),
    [
        ("-184467440737.09551616", "row 1: BTC:debt amount '184467440737.09551616' overflows 64 bits"),
        ("NaN", "is not a number"),
        ("-inf", "is not a number"),
        ("--1", "is not a number"),
        ("-" + "9" * 1001, "is longer than"),
        ("-1e999", "has more than 1000 digits"),
    ],
)
def test_debts_that_are_no_amounts_are_told_as_balances_are(tmp_path: Path, kind: str, amount: str, told: str) -> None:
    assert told in said(FILES[kind](tmp_path, [("account", "BTC", "USD"), ("a", amount, "0")], {}), tmp_path)


@pytest.mark.parametrize(
    ("kind", "amount", "told"),
    [
        ("postgres", "'NaN'::numeric", "row 1: BTC:equity amount 'nan' is not a number (an amount is finite)"),
        ("postgres", "'-Infinity'::numeric", "row 1: BTC:equity amount '-inf' is not a number (an amount is finite)"),
        ("postgres", "'-0'::float8", "floating-point"),
        ("mariadb", "CAST(-0.5 AS DOUBLE)", "floating-point"),
    ],
)
def test_debts_of_servers_that_are_not_exact_are_refused(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str, amount: str, told: str
) -> None:
    server = request.getfixturevalue(kind)
    query = f"SELECT 'a' AS account, {amount} AS btc, 0 AS usd"
    assert told in said(
        Source(AccountsSettings(database="ledger", query=query), Secrets((Secret(name="ledger", dsn=server.dsn),))),
        tmp_path,
    )


@pytest.mark.parametrize("value", [float("nan"), -0.0, -1.5])
def test_debts_that_are_floats_are_refused_whatever_their_value(tmp_path: Path, value: float) -> None:
    pq.write_table(pa.table({"account": ["a"], "BTC": [value], "USD": ["0"]}), tmp_path / "held.parquet")
    assert "column 'BTC' is of type DOUBLE, a floating-point type" in said(
        Source(AccountsSettings(path=("held.parquet",))), tmp_path
    )
