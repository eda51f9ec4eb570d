"""Long shape, Parquet, SQL over SQLite and DuckDB, and OKX's JSON batches."""

from __future__ import annotations

import decimal
import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from accounts.snapshots import ASSETS, BTC, ETH, USD, problems_of, read, read_text, table
from polyproof.errors import AccountsError
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.settings.accounts import AccountsSettings, AttachedDatabase

LONG = "account,asset,amount\n"
EXPECTED = {"alice": (10**8, 2 * 10**18, 300), "bob": (5 * 10**7, 0, 0)}


def long_problems(directory: Path, text: str, **options: Any) -> list[str]:
    return problems_of(directory, text, shape="long", **options)


# Long shape


def test_long_rows_make_the_same_table_in_any_order(tmp_path: Path) -> None:
    rows = ["alice,BTC,1", "bob,XBT,0.5", "alice,usd,3", "alice,ETH,2"]
    assert table(read_text(tmp_path, LONG + "\n".join(rows), shape="long")) == EXPECTED
    other = "amount,note,asset,account\n" + "\n".join(
        ",".join([*row.split(",")[::-1][:1], "x", *row.split(",")[1::-1]]) for row in rows
    )
    assert table(read_text(tmp_path, other, shape="long")) == EXPECTED
    renamed = "user,coin,balance\n" + "\n".join(rows)
    accounts = read_text(tmp_path, renamed, shape="long", id="user", asset="coin", amount="balance")
    assert table(accounts) == EXPECTED
    assert list(read_text(tmp_path, LONG + "\n".join(rows[::-1]), shape="long").ids) == ["alice", "bob"]
    assert list(read_text(tmp_path, LONG + "\n".join(rows[1:]), shape="long").ids) == ["bob", "alice"]


def test_an_asset_that_a_long_account_lacks_is_zero(tmp_path: Path) -> None:
    assert table(read_text(tmp_path, LONG + "zoe,USD,0\n", shape="long")) == {"zoe": (0, 0, 0)}


def test_entries_of_assets_that_are_left_out_do_not_count_but_their_accounts_do(tmp_path: Path) -> None:
    accounts = read_text(tmp_path, LONG + "a,POINTS,5\nb,USD,1\n", shape="long", leave_out=("POINTS",))
    assert table(accounts) == {"a": (0, 0, 0), "b": (0, 0, 100)}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("a,USD,", "USD amount is missing"),
        ('a,USD,""', "USD amount is missing"),
        ("a,USD, ", "USD amount is missing"),
        ("a,USD,x", "USD amount 'x' is not a number"),
        ("a,USD,-1", "USD amount '-1' is negative"),
        ("a,USD,1e400", "USD amount '1e400' overflows 40 bits"),
        ("a,ETH,1e300", "ETH amount '1e300' overflows 128 bits"),
        ("a,,1", "has no asset"),
        ("a,USDD,1", "assets unknown to the spec: 'USDD' (row 2, did you mean 'USD'?)"),
        (",USD,1", "the account id is empty"),
        ("b,BTC,1", "account 'b' has BTC twice (first in {file}:2: row 1)"),
        ("b,xbt,1", "account 'b' has BTC twice (first in {file}:2: row 1)"),
        ("b,USD", "has 2 fields, the header has 3"),
    ],
)
def test_problems_of_long_rows_name_file_and_row(tmp_path: Path, row: str, says: str) -> None:
    problems = long_problems(tmp_path, f"{LONG}b,BTC,1\n{row}\nc,ETH,1\n")
    assert len(problems) == 1
    assert problems[0].startswith(f"{tmp_path}/users.csv:3: row 2: ")
    assert says.format(file=f"{tmp_path}/users.csv") in problems[0]


def test_many_long_problems_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text(LONG + "".join(f"u{k},NO{k % 30},1\nu{k},USD,x\nu{k},USD,1\n,USD,1\n" for k in range(1000)))
    with pytest.raises(AccountsError) as caught:
        read(path, shape="long")
    # One for all unknown symbols, 1000 bad amounts, 1000 second entries, 1000 empty ids.
    assert [problem.count for problem in caught.value.problems] == [1, 1000, 1000, 1000]
    assert caught.value.more == 0
    assert "and 10 more" in str(caught.value.problems[0])


@pytest.mark.parametrize("column", ["account", "asset", "amount"])
def test_long_shape_needs_its_columns(tmp_path: Path, column: str) -> None:
    problems = long_problems(tmp_path, LONG.replace(column, "other") + "a,USD,1\n")
    key = {"account": "id"}.get(column, column)
    assert problems[0].startswith(f"{tmp_path}/users.csv: has no column {column!r} (accounts.{key} names it")


# Parquet


def write_parquet(path: Path, columns: dict[str, Any], types: dict[str, pa.DataType] | None = None) -> Path:
    arrays = {name: pa.array(values, type=(types or {}).get(name)) for name, values in columns.items()}
    pq.write_table(pa.table(arrays), path)
    return path


def test_parquet_of_strings_decimals_and_integers_is_exact(tmp_path: Path) -> None:
    largest = 2**53 + 1
    columns = {
        "account": ["alice", "bob", "carol"],
        "BTC": [decimal.Decimal("92233720368.54775807"), None, decimal.Decimal(0)],
        "ETH": ["9007199254740993.000000000000000001", "1e-18", None],
        "USD": [largest % 2**30, 0, 7],
    }
    accounts = read(write_parquet(tmp_path / "u.parquet", columns, {"BTC": pa.decimal128(38, 18)}))
    assert table(accounts) == {
        "alice": (2**63 - 1, 9007199254740993 * 10**18 + 1, largest % 2**30 * 100),
        "bob": (0, 1, 0),
        "carol": (0, 0, 700),
    }


@pytest.mark.parametrize(
    "kind", [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
)
def test_every_integer_type_of_parquet_is_exact(tmp_path: Path, kind: pa.DataType) -> None:
    largest = 2 ** (kind.bit_width - str(kind).startswith("int")) - 1
    path = write_parquet(tmp_path / "u.parquet", {"account": [1, 2], "X": [largest, 0]}, {"X": kind})
    assert table(read(path, (Asset("X", 8, 128),))) == {"1": (largest * 10**8,), "2": (0,)}
    assert table(read(path, (Asset("X", 8),), units="base")) == {"1": (largest,), "2": (0,)}


def test_parquet_in_long_shape_with_dictionaries(tmp_path: Path) -> None:
    path = tmp_path / "u.pq"
    rows = pa.table(
        {
            "account": pa.array(["a", "b", "a"]).dictionary_encode(),
            "asset": pa.array(["BTC", "USD", "USD"]).dictionary_encode(),
            "amount": pa.array([decimal.Decimal("1.50"), decimal.Decimal("2.25"), decimal.Decimal(0)]),
        }
    )
    pq.write_table(rows, path)
    assert table(read(path, shape="long")) == {"a": (150000000, 0, 0), "b": (0, 0, 225)}


@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
def test_floating_point_columns_of_parquet_are_refused(tmp_path: Path, kind: pa.DataType) -> None:
    path = write_parquet(tmp_path / "u.parquet", {"account": ["a"], "X": [1.0]}, {"X": kind})
    with pytest.raises(AccountsError, match="floating-point type, which is not exact") as caught:
        read(path, (Asset("X", 8),))
    assert str(caught.value).startswith(f"{path}: column 'X' is of type ")
    assert "decimal strings, DECIMAL or integers" in str(caught.value)


@pytest.mark.parametrize("values", [[True], [b"1"], [["1"]]])
def test_other_types_of_amounts_are_refused(tmp_path: Path, values: list[Any]) -> None:
    path = write_parquet(tmp_path / "u.parquet", {"account": ["a"], "X": values})
    with pytest.raises(AccountsError, match="column 'X' is of type"):
        read(path, (Asset("X", 8),))


def test_ids_of_floating_point_are_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "u.parquet", {"account": [1.0], "X": [1]})
    with pytest.raises(AccountsError, match="column 'account' is of type DOUBLE"):
        read(path, (Asset("X", 8),))


def test_problems_in_parquet_name_file_and_row(tmp_path: Path) -> None:
    columns = {
        "account": ["a", "b", None, "a"],
        "X": [decimal.Decimal("-0.01"), decimal.Decimal(1), None, decimal.Decimal("9999999999999999.99")],
    }
    path = write_parquet(tmp_path / "u.parquet", columns)
    with pytest.raises(AccountsError) as caught:
        read(path, (Asset("X", 8),))
    said = [str(problem).removeprefix(f"{path}: ") for problem in caught.value.problems]
    assert [message.split(" (")[0] for message in said] == [
        "row 1: X amount '-0.01' is negative",
        "row 3: the account id is empty",
        "row 4: account 'a' occurs twice",
        "row 4: X amount '9999999999999999.99' overflows 64 bits",
    ]


def test_parquet_without_rows_or_columns_is_refused(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "u.parquet", {"account": [], "X": []}, {"account": pa.string(), "X": pa.int64()})
    with pytest.raises(AccountsError, match=r"u\.parquet: has no accounts"):
        read(path, (Asset("X", 8),))
    with pytest.raises(AccountsError, match=r"u\.parquet: has no column for Y"):
        read(path, (Asset("X", 8), Asset("Y", 8)))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(AccountsError, match=r"u\.parquet: cannot be read as parquet"):
        read(path, (Asset("X", 8),))


# SQL


def sql(
    base: Path, query: str, *attach: AttachedDatabase, assets: tuple[Asset, ...] = ASSETS, **options: Any
) -> Accounts:
    return read_snapshot(AccountsSettings(query=query, attach=attach, **options), assets, base=base).accounts


def sql_problems(base: Path, query: str, *attach: AttachedDatabase, **options: Any) -> list[str]:
    with pytest.raises(AccountsError) as caught:
        sql(base, query, *attach, **options)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture
def ledger(tmp_path: Path) -> AttachedDatabase:
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.executescript(
            """
            CREATE TABLE balances (account TEXT, asset TEXT, amount TEXT);
            INSERT INTO balances VALUES ('alice', 'BTC', '1'), ('bob', 'BTC', '0.5'), ('alice', 'ETH', '2'),
                ('alice', 'USD', '3.00'), ('whale', 'ETH', '340282366920938463463.374607431768211455');
            CREATE TABLE units (id INTEGER, cents INTEGER, rate REAL, "odd ""name" TEXT);
            INSERT INTO units VALUES (9223372036854775807, 9007199254740993, 0.1, 'x'), (2, 1, NULL, NULL);
            CREATE TABLE "mixed up" (account, amount);
            INSERT INTO "mixed up" VALUES ('a', '1.5'), ('b', 2), ('c', 0.1), ('d', x'31');
            CREATE TABLE real_amounts (account TEXT, amount NUMERIC);
            INSERT INTO real_amounts VALUES ('a', '0.1'), ('b', 2);
            CREATE VIEW bobs AS SELECT * FROM balances WHERE account = 'bob';
            """
        )
    return AttachedDatabase(name="ledger", type="sqlite", path="ledger.db")


def test_sqlite_tables_are_read_by_a_query(tmp_path: Path, ledger: AttachedDatabase) -> None:
    accounts = sql(tmp_path, "SELECT * FROM ledger.balances", ledger, shape="long")
    assert table(accounts) == EXPECTED | {"whale": (0, 2**128 - 1, 0)}
    assert table(sql(tmp_path, "FROM ledger.main.bobs; -- a comment", ledger, shape="long")) == {"bob": EXPECTED["bob"]}
    wide = """
        WITH b AS (SELECT * FROM ledger.Balances WHERE account <> 'whale')
        SELECT account, max(amount) FILTER (asset = 'BTC') AS BTC, max(amount) FILTER (asset = 'ETH') AS "ETH",
               max(amount) FILTER (asset = 'USD') AS usd FROM b GROUP BY account ORDER BY account -- ends here"""
    accounts = sql(tmp_path, wide, ledger)
    assert list(table(accounts).items()) == list(EXPECTED.items())


def test_integers_of_sqlite_are_exact_and_can_be_added_up(tmp_path: Path, ledger: AttachedDatabase) -> None:
    query = "SELECT id AS account, cents AS USD FROM ledger.units"
    big = Asset("USD", 2, 128)
    accounts = sql(tmp_path, query, ledger, assets=(big,), units="base")
    assert table(accounts) == {"9223372036854775807": (2**53 + 1,), "2": (1,)}
    total = sql(
        tmp_path,
        "SELECT 'all' AS account, sum(id::HUGEINT) + 1 AS USD FROM ledger.units",
        ledger,
        assets=(big,),
        units="base",
    )
    assert table(total) == {"all": (2**63 + 2,)}


def test_real_values_of_sqlite_are_refused(tmp_path: Path, ledger: AttachedDatabase) -> None:
    problem = sql_problems(tmp_path, "SELECT id AS account, rate AS USD FROM ledger.units", ledger, assets=(USD,))[0]
    assert problem.startswith("accounts.query: column 'USD' is of type DOUBLE, a floating-point type")
    # NUMERIC turns '0.1' into a REAL without a word.
    problem = sql_problems(tmp_path, "SELECT account, amount AS USD FROM ledger.real_amounts", ledger, assets=(USD,))[0]
    assert "column 'USD' is of type DOUBLE" in problem
    problems = sql_problems(tmp_path, 'SELECT account, amount AS USD FROM ledger."mixed up"', ledger, assets=(USD,))
    assert problems[0].startswith("accounts.query: row 3: USD amount '0.1")
    assert "(REAL)' is not a number" in problems[0]
    assert problems[1].startswith("accounts.query: row 4: USD amount 'x31 (BLOB)' is not a number")
    assert len(problems) == 2


def test_problems_of_a_query_name_its_rows(tmp_path: Path) -> None:
    query = "SELECT * FROM (VALUES ('a', '1'), ('b', '-1'), ('a', 'x'), (NULL, NULL)) t(account, USD)"
    assert [problem.split(" (")[0] for problem in sql_problems(tmp_path, query, assets=(USD,))] == [
        "accounts.query: row 2: USD amount '-1' is negative",
        "accounts.query: row 3: account 'a' occurs twice",
        "accounts.query: row 3: USD amount 'x' is not a number",
        "accounts.query: row 4: the account id is empty",
    ]


def test_a_query_reads_files_beside_the_spec_and_exact_types(tmp_path: Path) -> None:
    (tmp_path / "extra.csv").write_text("who,cents\na,150\n")
    query = """SELECT who AS account, (cents::DECIMAL(38, 2) / 1)::VARCHAR AS x, cents::HUGEINT AS "USD"
               FROM read_csv('extra.csv', all_varchar = true)"""
    assert table(sql(tmp_path, query, assets=(USD,), ignore=("x",))) == {"a": (15000,)}
    problem = sql_problems(tmp_path, "SELECT 'a' AS account, 0.5::DOUBLE AS USD", assets=(USD,))[0]
    assert "floating-point" in problem
    assert table(sql(tmp_path, "SELECT 'a' AS account, 0.05 AS USD, NULL AS BTC", assets=(USD, BTC))) == {"a": (5, 0)}
    assert table(sql(tmp_path, "SELECT 'a' AS account, 1 + 2 AS USD", assets=(USD,))) == {"a": (300,)}


def test_duckdb_files_are_attached_read_only(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "ledger.duckdb")) as database:
        database.execute("CREATE TABLE b AS SELECT 'alice' AS account, 1.25::DECIMAL(38, 18) AS USD")
    attached = AttachedDatabase(name="books", type="duckdb", path="ledger.duckdb")
    assert table(sql(tmp_path, "FROM books.b", attached, assets=(USD,))) == {"alice": (125,)}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELEC 1", "accounts.query: cannot be run: Parser Error"),
        ("SELECT * FROM nowhere", "accounts.query: cannot be run: Catalog Error"),
        ("SELECT * FROM polyproof", "accounts.query: cannot be run: Catalog Error"),
        ("SELECT 1; SELECT 2", "accounts.query: is not one SELECT"),
        ("", "accounts.query: is not one SELECT"),
        ("DROP TABLE x", "accounts.query: is not one SELECT"),
        ("COPY (SELECT 1) TO 'stolen.csv'", "accounts.query: is not one SELECT"),
        ("SELECT 'a' AS account, 1 AS USD WHERE false", "accounts.query: has no accounts"),
        ("SELECT 'a' AS account, 'x'::INTEGER AS USD", "accounts.query: cannot be read as sql: Conversion Error"),
        ("SELECT 'a' AS account, 1 AS USD, 2 AS usd", "accounts.query: columns "),
        ("SELECT 'a' AS name, 1 AS USD", "accounts.query: has no column 'account'"),
    ],
)
def test_queries_that_do_not_give_accounts(tmp_path: Path, query: str, says: str) -> None:
    assert sql_problems(tmp_path, query, assets=(USD,))[0].startswith(says)
    assert not (tmp_path / "stolen.csv").exists()


def test_databases_that_cannot_be_attached(tmp_path: Path) -> None:
    def problem(**options: Any) -> str:
        return sql_problems(tmp_path, "FROM d.t", AttachedDatabase(name="d", **options), assets=(USD,))[0]

    assert problem(type="sqlite", path="no.db") == f"accounts.attach 'd': there is no file {tmp_path}/no.db"
    (tmp_path / "text.db").write_text("no database" * 100)
    assert f"{tmp_path}/text.db cannot be read as a sqlite database: file is not a database" in problem(
        type="sqlite", path="text.db"
    )
    assert f"{tmp_path}/text.db cannot be read as a duckdb database" in problem(type="duckdb", path="text.db")


def test_text_in_sqlite_that_is_not_utf8_is_reported(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "bad.db") as database:
        database.execute("CREATE TABLE t AS SELECT CAST(x'ff41' AS TEXT) AS account, 1 AS USD")
    attached = AttachedDatabase(name="d", type="sqlite", path="bad.db")
    assert "can't decode byte 0xff" in sql_problems(tmp_path, "FROM d.t", attached, assets=(USD,))[0]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (AccountsSettings(format="sql"), "accounts.query is missing"),
        (
            AccountsSettings(format="sql", query="SELECT 1", path=("a.csv",)),
            "accounts.path cannot be used with format sql",
        ),
        (AccountsSettings(format="csv", query="SELECT 1", path=("a.csv",)), "can only be used with format sql"),
        (AccountsSettings(query="SELECT 1", path=("a.csv",)), "can only be used with format sql"),
        (
            AccountsSettings(attach=(AttachedDatabase(name="x", type="duckdb", path="y"),)),
            "accounts.attach can only be used with format sql",
        ),
        (AccountsSettings(database="d"), "accounts.query is missing"),
        (
            AccountsSettings(database="d", query="SELECT 1", path=("a.csv",)),
            "accounts.path cannot be used with accounts.database",
        ),
        (
            AccountsSettings(
                database="d", query="SELECT 1", attach=(AttachedDatabase(name="x", type="duckdb", path="y"),)
            ),
            "accounts.attach cannot be used with accounts.database",
        ),
        (
            AccountsSettings(database="d", query="SELECT 1", format="csv"),
            "accounts.format csv cannot be used with accounts.database",
        ),
    ],
)
def test_settings_that_do_not_go_together(tmp_path: Path, settings: AccountsSettings, says: str) -> None:
    with pytest.raises(AccountsError) as caught:
        read_snapshot(settings, ASSETS, base=tmp_path)
    assert says in str(caught.value)


# OKX


def okx(directory: Path, content: Any, name: str = "batch0.json", **options: Any) -> dict[str, tuple[int, ...]]:
    path = directory / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return table(read(path, **options))


def okx_problems(directory: Path, content: Any, **options: Any) -> list[str]:
    with pytest.raises(AccountsError) as caught:
        okx(directory, content, **options)
    return [str(problem).removeprefix(f"{directory}/batch0.json: ") for problem in caught.value.problems]


def test_okx_batches_are_one_snapshot_of_base_units(tmp_path: Path) -> None:
    assert okx(tmp_path, [{"id": "0ca5", "assets": {"BTC": "9195990", "ETH": str(2**128 - 1)}}]) == {
        "0ca5": (9195990, 2**128 - 1, 0)
    }
    okx(tmp_path, [{"assets": {"USD": "7", "XBT": "1"}, "id": "77ff"}, {"id": "88", "assets": {}}], "batch1.json")
    accounts = read_snapshot(AccountsSettings(path=("batch*.json",)), ASSETS, base=tmp_path).accounts
    assert table(accounts) == {"0ca5": (9195990, 2**128 - 1, 0), "77ff": (1, 0, 7), "88": (0, 0, 0)}


def test_okx_debts_are_errors_that_name_the_rule(tmp_path: Path) -> None:
    batch = [{"id": "a", "assets": {"BTC": "1"}}, {"id": "b", "assets": {"BTC": "1", "ETH": "-1"}}]
    assert okx_problems(tmp_path, batch) == [
        "row 2: ETH amount '-1' is negative (a debt; rule 'non-negative' allows none, but net-equity does)"
    ]


@pytest.mark.parametrize(
    ("account", "says"),
    [
        ({"id": "a", "assets": {"BTC": "0.5"}}, "BTC amount '0.5' is not a whole number of base units"),
        ({"id": "a", "assets": {"BTC": ""}}, "BTC amount is missing"),
        ({"id": "a", "assets": {"BTC": "x"}}, "BTC amount 'x' is not a number"),
        ({"id": "a", "assets": {"BTC": str(2**64)}}, "BTC amount '18446744073709551616' overflows 64 bits"),
        ({"id": "a", "assets": {"BTC": None}}, "the amount of BTC is 'None' (expected an integer in quotes)"),
        ({"id": "a", "assets": {"BTC": True}}, "the amount of BTC is 'True'"),
        ({"id": "a", "assets": {"BTC": ["1"]}}, "the amount of BTC is"),
        ({"id": "a", "assets": {"BTC": "１"}}, "the amount of BTC is '１'"),
        ({"id": "a", "assets": {"BTC": float("nan")}}, "BTC amount 'NaN' is not a number"),
        ({"id": "a", "assets": {"BTC": "1", "XBT": "1"}}, "BTC occurs twice, by its symbol and an alias"),
        (
            {"id": "a", "assets": {"BTCC": "1", "DOGE": "1"}},
            "assets unknown to the spec: 'BTCC' (row 2, did you mean 'BTC'?), 'DOGE' (row 2)",
        ),
        ({"id": "", "assets": {}}, "the account id is empty"),
        ({"id": "x" * 300, "assets": {}}, "longer than 256 bytes"),
        ({"id": "a\x00", "assets": {}}, "has control characters"),
        ({"id": "\ud800", "assets": {}}, "has no id"),
        ({"id": ["a"], "assets": {}}, "has no id"),
        ({"assets": {}}, "has no id"),
        ({"id": "a"}, "has no assets"),
        ({"id": "a", "assets": []}, "has no assets"),
        ({"id": "a", "assets": {}, "loans": {}}, "has an unknown key 'loans'"),
        ("a", "is not an account"),
        (None, "is not an account"),
        ({"id": "first", "assets": {}}, "account 'first' occurs twice"),
    ],
)
def test_okx_accounts_that_are_not_as_the_tool_writes_them(tmp_path: Path, account: Any, says: str) -> None:
    batch = [{"id": "first", "assets": {"BTC": "1"}}, account, {"id": "last", "assets": {"BTC": "-1"}}]
    problems = okx_problems(tmp_path, batch)
    assert problems[0].startswith("row 2: ")
    assert says in problems[0]
    assert problems[1].startswith("row 3: BTC amount '-1' is negative")
    assert len(problems) == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"{}", "is not a list of accounts in line 1"),
        (b"\n\n7", "is not a list of accounts in line 3"),
        (b"[]", "has no accounts"),
        (b'[{"id": "a", "assets": {}}', "the list is not closed in line 1, after row 1"),
        (
            b'[{"id": "a", "assets": {}},\n{"id": "b", "ass',
            "is not JSON: Unterminated string starting at in line 2, after row 1",
        ),
        (b'[{"id": "a", "assets": {}},\n]', "is not JSON: Expecting value in line 2, after row 1"),
        (b'[{"id": "a", "assets": {}}\n{"id": "b", "assets": {}}]', "'{' follows an account in line 2, after row 1"),
        (b'[{"id": "a", "assets": {}}]\n[]', "something follows the list in line 2, after row 1"),
        (b'[{"id": "a", "assets": {}},\n{"id": "\xe9", "assets": {}}]', "is not UTF-8 text: byte 0xe9 in line 2"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'[{"id": "a", "id": "b", "assets": {}}]', "row 1: key 'id' occurs twice"),
        (b'[{"id": "a", "assets": {"BTC": "1", "BTC": "2"}}]', "row 1: asset 'BTC' occurs twice"),
    ],
)
def test_okx_files_that_are_not_a_list_of_accounts_are_refused(tmp_path: Path, content: bytes, says: str) -> None:
    problems = okx_problems(tmp_path, content)
    assert says in problems[0]


def test_okx_batches_longer_than_the_window_are_read_whole(tmp_path: Path) -> None:
    count = 30_000
    batch = [{"id": f"{k:064x}", "assets": {"BTC": str(k), "ETH": str(k << 70), "USD": "0"}} for k in range(count)]
    expected = {f"{k:064x}": (k, k << 70, 0) for k in range(count)}
    assert okx(tmp_path, batch) == expected
    assert okx(tmp_path, json.dumps(batch, indent=4).encode()) == expected
    assert okx(tmp_path, b"\xef\xbb\xbf" + json.dumps(batch).encode()) == expected
    batch[20_000]["assets"]["BTC"] = "-5"
    assert okx_problems(tmp_path, batch)[0].startswith("row 20001: BTC amount '-5' is negative")


def test_okx_numbers_without_quotes_are_kept_as_written(tmp_path: Path) -> None:
    content = b'[{"id": "a", "assets": {"BTC": 9007199254740993, "ETH": 340282366920938463463374607431768211455}}]'
    assert okx(tmp_path, content) == {"a": (2**53 + 1, 2**128 - 1, 0)}
    assert "'1.5' is not a whole number" in okx_problems(tmp_path, b'[{"id": "a", "assets": {"BTC": 1.5}}]')[0]
    assert ETH.bits == 128


def test_the_database_draws_nothing_on_standard_output(tmp_path: Path) -> None:
    """DuckDB takes a process begun with ``python -c`` for one that somebody watches; others read its output as JSON."""
    (tmp_path / "accounts.csv").write_text("account,BTC\na,1\n")
    script = (
        "from pathlib import Path\n"
        "from polyproof.liabilities.snapshot.reader import open_snapshot\n"
        "from polyproof.model.assets import Asset\n"
        "from polyproof.settings.accounts import AccountsSettings\n"
        "settings, assets = AccountsSettings(path=('accounts.csv',)), [Asset('BTC', 8)]\n"
        f"with open_snapshot(settings, assets, base=Path({str(tmp_path)!r})) as it:\n"
        "    print(it._table.connection.execute(\"SELECT current_setting('enable_progress_bar')\").fetchall())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[(False,)]\n"
