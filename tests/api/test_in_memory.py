"""Accounts in memory: whatever has the Arrow C stream interface, checked as strictly as files are."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import narwhals
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from polyproof.errors import AccountsError
from polyproof.liabilities.snapshot.reader import Snapshot, read_snapshot
from polyproof.model.assets import Asset
from polyproof.settings.accounts import AccountsSettings
from polyproof.settings.in_memory import InMemoryAccounts

ASSETS = (Asset("BTC", 8), Asset("USDT", 6, bits=80))
COLUMNS = {"account": ["alice", "bob", "carol"], "BTC": ["0.25", "1", "0"], "USDT": ["100", "0", "0.000001"]}
EXPECTED = {"alice": (25_000_000, 100_000_000), "bob": (100_000_000, 0), "carol": (0, 1)}


def read(data: Any, **settings: Any) -> Snapshot:
    return read_snapshot(AccountsSettings(**settings), ASSETS, in_memory=InMemoryAccounts(data))


def found(data: Any, **settings: Any) -> dict[str, tuple[int, ...]]:
    accounts = read(data, **settings).accounts
    return {accounts.ids[row]: accounts.balances(row) for row in range(len(accounts))}


def problems(data: Any, **settings: Any) -> list[str]:
    with pytest.raises(AccountsError) as caught:
        read(data, **settings)
    return [str(problem) for problem in caught.value.problems]


def decimals(values: list[str]) -> list[Decimal]:
    return [Decimal(value) for value in values]


CONNECTION = duckdb.connect()


def relation() -> duckdb.DuckDBPyRelation:
    each = zip(*COLUMNS.values(), strict=True)
    rows = ", ".join(f"('{account}', {btc}::DECIMAL(18,8), {usdt}::DECIMAL(38,6))" for account, btc, usdt in each)
    return CONNECTION.sql(f"SELECT * FROM (VALUES {rows}) AS t(account, BTC, USDT)")


def arrow(kind: Any) -> pa.Table:
    return pa.table({name: pa.array(values, pa.string()).cast(kind) for name, values in COLUMNS.items()})


TABLES: dict[str, Any] = {
    "arrow": lambda: pa.table(COLUMNS),
    "arrow reader": lambda: pa.table(COLUMNS).to_reader(),
    "arrow in chunks": lambda: pa.concat_tables([pa.table(COLUMNS).slice(k, 1) for k in range(3)]),
    "large strings": lambda: arrow(pa.large_string()),
    "string views": lambda: arrow(pa.string_view()),
    "dictionaries": lambda: pa.table({name: pa.array(values).dictionary_encode() for name, values in COLUMNS.items()}),
    "decimals": lambda: pa.table(
        {
            "account": COLUMNS["account"],
            "BTC": pa.array(decimals(COLUMNS["BTC"]), pa.decimal128(38, 18)),
            "USDT": pa.array(decimals(COLUMNS["USDT"]), pa.decimal64(18, 6)),
        }
    ),
    "pandas text": lambda: pd.DataFrame(COLUMNS),
    "pandas objects": lambda: pd.DataFrame(
        {
            "account": COLUMNS["account"],
            "BTC": pd.Series(decimals(COLUMNS["BTC"]), dtype=object),
            "USDT": pd.Series(decimals(COLUMNS["USDT"]), dtype=object),
        }
    ),
    "pandas with ids as index": lambda: pd.DataFrame(COLUMNS).set_index("account"),
    "pandas with categories": lambda: pd.DataFrame(COLUMNS).astype("category"),
    "pandas with another range": lambda: pd.DataFrame(COLUMNS, index=range(7, 10)),
    "polars": lambda: pl.DataFrame(COLUMNS),
    "polars decimals": lambda: pl.DataFrame(COLUMNS).with_columns(pl.col("BTC", "USDT").cast(pl.Decimal(38, 10))),
    "polars categories": lambda: pl.DataFrame(COLUMNS).with_columns(pl.col("account").cast(pl.Categorical)),
    "narwhals": lambda: narwhals.from_native(pl.DataFrame(COLUMNS)),
    "duckdb": relation,
}


@pytest.mark.parametrize("make", TABLES.values(), ids=TABLES)
def test_every_table_with_the_interface_is_read_exactly(make: Any) -> None:
    assert found(make()) == EXPECTED


def test_rows_of_accounts_and_assets_are_read_too() -> None:
    entries = [("alice", "BTC", "0.25"), ("alice", "USDT", "100"), ("bob", "BTC", "1"), ("carol", "USDT", "0.000001")]
    table = pl.DataFrame(entries, schema=["user", "coin", "amount"], orient="row")
    assert found(table, shape="long", id="user", asset="coin") == EXPECTED


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint16(), pa.int64(), pa.uint64()], ids=str)
def test_integers_of_every_width_are_amounts_and_ids(kind: pa.DataType) -> None:
    columns = {"account": [1, 2], "BTC": [3, None], "USDT": [0, 5]}
    table = pa.table({name: pa.array(values, kind) for name, values in columns.items()})
    assert found(table, units="base") == {"1": (3, 0), "2": (0, 5)}


def test_the_largest_integer_is_read_exactly() -> None:
    table = pa.table({"account": ["a"], "BTC": pa.array([2**64 - 1], pa.uint64()), "USDT": ["0"]})
    assert found(table, units="base") == {"a": (2**64 - 1, 0)}


def test_a_null_is_zero_in_wide_shape_and_an_error_in_long_shape() -> None:
    wide = pa.table({"account": ["a"], "BTC": pa.array([None], pa.string()), "USDT": pa.nulls(1)})
    assert found(wide) == {"a": (0, 0)}
    table = pa.table({"account": ["a"], "asset": ["BTC"], "amount": pa.array([None], pa.string())})
    assert problems(table, shape="long") == [
        "accounts (pyarrow.Table): row 1: BTC amount is missing (write 0 for no balance)"
    ]


# What files may not say, tables may not either


def frame(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame({**COLUMNS, **columns})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (frame(BTC=[0.1, 0.2, 0.3]), "column 'BTC' is of type DOUBLE, a floating-point type, which is not exact"),
        (frame(BTC=np.array([1, 2, 3], np.float32)), "'BTC' is of type FLOAT, a floating-point type"),
        (frame(BTC=[1, None, 3]), "'BTC' is of type DOUBLE"),
        (pa.table({**COLUMNS, "BTC": pa.array(np.ones(3, np.float16))}), "column 'BTC' is of type float16"),
        (pl.DataFrame(COLUMNS).with_columns(BTC=pl.lit(0.5)), "'BTC' is of type DOUBLE"),
        (frame(BTC=[True, False, True]), "'BTC' is of type BOOLEAN"),
        (frame(BTC=[b"1", b"2", b"3"]), "'BTC' is of type BLOB"),
        (frame(BTC=pd.to_datetime(["2025-01-01"] * 3)), "'BTC' is of type TIMESTAMP"),
        (frame(account=[0.5, 1.5, 2.5]), "'account' is of type DOUBLE"),
        (frame(BTC=["0.25", "-1", "0"]), r"row 2: BTC amount '-1' is negative"),
        (frame(BTC=["0.25", "1,5", "0"]), r"row 2: BTC amount '1,5' is not a number"),
        (frame(BTC=["0.25", "1e30", "0"]), r"row 2: BTC amount '1e30' overflows 64 bits"),
        (frame(account=["alice", "bob", "alice"]), r"row 3: account 'alice' occurs twice"),
        (frame(account=["alice", None, "bob"]), r"row 2: the account id is empty"),
        (frame(account=["alice", " bob", "carol"]), r"row 2: "),
        (frame(XRP=["1", "2", "3"]), "columns unknown to the spec: 'XRP'"),
        (pd.DataFrame(COLUMNS).drop(columns="USDT"), "has no column for USDT"),
        (pd.DataFrame(COLUMNS).drop(columns="account"), "has no column 'account'"),
        (pd.DataFrame(COLUMNS).set_index(pd.Index([5, 3, 2])), r"its index has no name \(if it holds the ids"),
        (pd.DataFrame(COLUMNS).iloc[:0], "has no accounts"),
        (pa.schema([("account", pa.string())]).empty_table(), "has no column for BTC"),
        (pa.table({}), "has no columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_ledger_is_refused_at_its_row_or_column(data: Any, message: str) -> None:
    with pytest.raises(AccountsError, match=message):
        read(data)


@pytest.mark.parametrize("kind", [pa.decimal256(60, 8), pa.decimal128(20, -2)], ids=str)
def test_decimals_that_cannot_be_read_exactly_are_refused_with_what_to_do(kind: pa.DataType) -> None:
    table = pa.table({**COLUMNS, "BTC": pa.array([Decimal(100)] * 3, kind)})
    (problem,) = problems(table)
    assert f"column 'BTC' is of type {kind}" in problem
    assert "cast it to text" in problem


def test_columns_of_one_name_are_refused_and_not_renamed() -> None:
    arrays = [pa.array(values) for values in COLUMNS.values()]
    twice = pa.table([*arrays, arrays[1]], names=[*COLUMNS, "BTC"])
    assert problems(twice) == ["accounts (pyarrow.Table): column 'BTC' occurs twice"]
    ids = pa.table([*arrays, arrays[0]], names=[*COLUMNS, "account"])
    assert problems(ids)[0] == "accounts (pyarrow.Table): has 2 columns named 'account'"
    # DuckDB would call the second column BTC_1, which here is an asset of its own.
    assets = (Asset("BTC", 8), Asset("BTC_1", 8))
    hidden = pa.table([arrays[0], arrays[1], arrays[1]], names=["account", "BTC", "BTC"])
    with pytest.raises(AccountsError, match="column 'BTC' occurs twice"):
        read_snapshot(AccountsSettings(), assets, in_memory=InMemoryAccounts(hidden))
    with pytest.raises(AccountsError, match="Duplicate column names"):
        read(pd.concat([pd.DataFrame(COLUMNS), pd.DataFrame({"BTC": ["1", "2", "3"]})], axis=1))


@pytest.mark.parametrize(
    "column",
    [[Decimal(1), 0.5, Decimal(2)], ["1", Decimal(2), "3"], [Decimal(1), object(), Decimal(1)], [[1], "2", 3]],
    ids=["a float among decimals", "text and decimals", "objects", "lists"],
)
def test_a_column_of_mixed_objects_is_refused(column: list[Any]) -> None:
    with pytest.raises(AccountsError, match="cannot be handed over as Arrow"):
        read(frame(BTC=pd.Series(column, dtype=object)))


class Broken:
    """Hands over whatever it was made with."""

    def __init__(self, handed: Any) -> None:
        self.handed = handed

    def __repr__(self) -> str:
        # A test's name has it, and processes that share the tests have to agree on their names.
        return f"Broken({type(self.handed).__name__})"

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        if isinstance(self.handed, Exception):
            raise self.handed
        return self.handed


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"account": ["a"]}, "has no Arrow C stream interface"),
        ([("a", 1)], "has no Arrow C stream interface"),
        ("accounts.csv", "has no Arrow C stream interface"),
        (pa.Table, "has no Arrow C stream interface"),
        (pl.DataFrame(COLUMNS).lazy(), "collect"),
        (pl.Series("BTC", [1]), "has no columns"),
        (pa.chunked_array([[1]]), "has no columns"),
        (Broken(None), "has no columns"),
        (Broken(7), "has no columns"),
        (Broken(pa.schema([]).__arrow_c_schema__()), "has no columns"),
        (Broken(ModuleNotFoundError("No module named 'pyarrow'")), "install the package that it names"),
        (Broken(RuntimeError("\n".join(["lost"] * 500))), "RuntimeError: lost lost"),
    ],
    ids=str,
)
def test_what_is_no_table_is_refused(data: Any, message: str) -> None:
    with pytest.raises(AccountsError, match=message):
        read(data)


def batches(count: int, rows: int) -> Iterator[pa.RecordBatch]:
    for first in range(0, count * rows, rows):
        ids = [f"user-{number:09}" for number in range(first, first + rows)]
        yield pa.record_batch({"account": ids, "BTC": ["0.00000001"] * rows, "USDT": ["1"] * rows})


SCHEMA = pa.schema([("account", pa.string()), ("BTC", pa.string()), ("USDT", pa.string())])


def test_a_stream_that_fails_on_the_way_is_refused_without_its_traceback() -> None:
    def failing() -> Iterator[pa.RecordBatch]:
        yield from batches(2, 10)
        raise RuntimeError("the database went away")

    (problem,) = problems(pa.RecordBatchReader.from_batches(SCHEMA, failing()))
    assert "the database went away" in problem
    assert "Traceback" not in problem
    assert __file__ not in problem


def test_a_stream_is_read_once_and_what_is_left_of_it_never_passes_for_all_accounts() -> None:
    reader = pa.RecordBatchReader.from_batches(SCHEMA, batches(3, 10))
    accounts = InMemoryAccounts(reader)
    assert len(read_snapshot(AccountsSettings(), ASSETS, in_memory=accounts).accounts) == 30
    with pytest.raises(AccountsError, match="is a stream that has been read already"):
        read_snapshot(AccountsSettings(), ASSETS, in_memory=accounts)
    # One of which a part was read, since its columns are not those of the spec, is refused as well.
    half = InMemoryAccounts(pa.RecordBatchReader.from_batches(SCHEMA, batches(3, 10)))
    with pytest.raises(AccountsError, match="has no column 'user'"):
        read_snapshot(AccountsSettings(id="user"), ASSETS, in_memory=half)
    with pytest.raises(AccountsError, match="is a stream that has been read already"):
        read_snapshot(AccountsSettings(), ASSETS, in_memory=half)
    table = InMemoryAccounts(pa.table(COLUMNS))
    for _ in range(2):
        assert len(read_snapshot(AccountsSettings(), ASSETS, in_memory=table).accounts) == 3


class Fewer:
    """A table that hands over the rows that nobody has fetched yet, as a relation of DuckDB 1 does."""

    def __init__(self, table: pa.Table, fetched: int) -> None:
        self.table, self.left = table, table.slice(fetched)

    def __len__(self) -> int:
        return len(self.table)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.left.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("fetched", [1, 2, 3])
def test_a_table_of_which_rows_were_fetched_is_refused(fetched: int) -> None:
    assert found(Fewer(pa.table(COLUMNS), 0)) == EXPECTED
    (problem, *_) = problems(Fewer(pa.table(COLUMNS), fetched))
    assert problem.endswith("does not hand over the 3 rows that it has (part of it was read: make it anew)")


def test_no_row_of_a_relation_is_lost_however_it_was_looked_at() -> None:
    for look in (repr, len, lambda rows: rows.limit(1).fetchall(), lambda rows: rows.fetchall()):
        rows = relation()
        look(rows)
        assert found(rows) == found(rows) == EXPECTED
    rows = relation()
    if "fetchone" in dir(rows):  # DuckDB 1, where a relation keeps its result
        rows.fetchone()
        with pytest.raises(AccountsError, match="make it anew"):
            read(rows)


def test_rows_keep_their_order_and_their_numbers_over_batches() -> None:
    parts = list(batches(200, 50))
    bad = pa.record_batch({"account": ["late"], "BTC": ["x"], "USDT": ["1"]})
    table = pa.Table.from_batches(parts)
    accounts = read(table).accounts
    assert [accounts.ids[row] for row in (0, 5_000, 9_999)] == ["user-000000000", "user-000005000", "user-000009999"]
    assert problems(pa.Table.from_batches([*parts, bad, *parts[:0]]))[0].startswith(
        "accounts (pyarrow.Table): row 10001: BTC amount 'x'"
    )


def test_a_stream_is_not_kept_in_memory() -> None:
    before, most, sent = pa.total_allocated_bytes(), 0, 0

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal most, sent
        for number in range(80):
            ids = pa.array([f"{number}-{row}-{'x' * 200}" for row in range(1_000)])
            yield pa.record_batch({"account": ids, "BTC": pa.array(["1"] * 1_000), "USDT": pa.array(["1"] * 1_000)})
            sent += ids.nbytes
            most = max(most, pa.total_allocated_bytes() - before)

    assert len(read(pa.RecordBatchReader.from_batches(SCHEMA, counted())).accounts) == 80_000
    assert sent > 4 * most


def test_settings_of_files_do_not_go_with_a_table() -> None:
    assert problems(pa.table(COLUMNS), path=("a.csv",), format="csv", delimiter=";") == [
        f"accounts.{key} cannot be used with accounts in memory (leave it out of the spec)"
        for key in ("format", "path", "delimiter")
    ]


def test_no_library_of_tables_is_needed_beside_the_one_that_made_it() -> None:
    # A stream of DuckDB's is Arrow, and so is a polars frame: neither takes pyarrow.
    code = """
import sys
sys.modules["pyarrow"] = None
import duckdb
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.model.assets import Asset
from polyproof.settings.accounts import AccountsSettings
from polyproof.settings.in_memory import InMemoryAccounts
connection = duckdb.connect()
relation = connection.sql("SELECT 'alice' AS account, 5 AS BTC")
found = read_snapshot(AccountsSettings(), [Asset("BTC", 8)], in_memory=InMemoryAccounts(relation))
print(found.accounts.totals(), {"pandas", "polars", "narwhals"} & sys.modules.keys())
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stdout == "(500000000,) set()\n", ended.stderr
