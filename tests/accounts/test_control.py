"""Control sums: a query of the exchange's own has to give what the accounts add up to, to the last digit."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from accounts.snapshots import ASSETS, BTC, USD
from polyproof.errors import AccountsError, InputError
from polyproof.liabilities.snapshot.reader import open_snapshot
from polyproof.liabilities.snapshot.server import take_batches
from polyproof.settings.accounts import AccountsSettings, AttachedDatabase

LEDGER = (AttachedDatabase(name="ledger", type="sqlite", path="ledger.db"),)
QUERY = "SELECT account, max(amount) FILTER (asset = 'BTC') AS BTC, 0 AS ETH, 0 AS USD FROM ledger.balances GROUP BY 1"
SUMS = "SELECT asset, sum(amount::DECIMAL(38, 12)) AS amount FROM ledger.balances GROUP BY asset"


@pytest.fixture(autouse=True)
def ledger(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.executescript(
            """
            CREATE TABLE balances (account TEXT, asset TEXT, amount TEXT);
            INSERT INTO balances VALUES ('a', 'BTC', '1.5'), ('b', 'BTC', '0.000000001'), ('c', 'BTC', '3');
            """
        )


def control(base: Path, sums: str, **options: Any) -> tuple[Fraction, ...] | None:
    settings = AccountsSettings(**({"query": QUERY, "attach": LEDGER} | options), control=sums)
    with open_snapshot(settings, ASSETS, base=base) as opened:
        for _ in opened.chunks():
            pass
        return opened.control


def problems(base: Path, sums: str, **options: Any) -> list[str]:
    with pytest.raises(AccountsError) as caught:
        control(base, sums, **options)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    "query",
    [
        SUMS,
        f"SELECT * FROM ({SUMS}) UNION ALL SELECT 'USD', NULL",
        "SELECT 'Xbt' AS asset, '4.500000001' AS amount",
        "SELECT '4.50000000100' AS btc, 0 AS eth, NULL AS usd; -- one row",
    ],
)
def test_sums_are_compared_with_what_the_accounts_add_up_to_before_they_are_rounded(tmp_path: Path, query: str) -> None:
    assert control(tmp_path, query) == (Fraction(4500000001, 10), 0, 0)


def test_a_difference_names_the_asset_both_figures_and_the_difference(tmp_path: Path) -> None:
    doubled = SUMS.replace("sum(", "2 * sum(")
    hint = (
        "(one of them counts what the other does not: an account left out, a row that a join doubled, balances of "
        "another moment)"
    )
    assert problems(tmp_path, f"{doubled} UNION ALL SELECT 'USD', 0.01") == [
        "accounts.control: BTC: the control query's sum is 9.000000002, and the accounts add up to 4.500000001: "
        f"a difference of 4.500000001 {hint}",
        "accounts.control: USD: the control query's sum is 0.01, and the accounts add up to 0: "
        f"a difference of 0.01 {hint}",
    ]
    # The last digit that the database has, of one that is rounded up in the accounts.
    assert "a difference of 0.000000001 " in problems(tmp_path, "SELECT 'BTC' AS asset, '4.5' AS amount")[0]
    assert (
        "a difference of 0.00000000000000000001 "
        in problems(tmp_path, "SELECT 'BTC' AS asset, '4.50000000100000000001' AS amount")[0]
    )
    assert "the control query's sum is -1, " in problems(tmp_path, "SELECT 'BTC' AS asset, -1 AS amount")[0]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT 'DOGE' AS asset, 1 AS amount", "row 1: assets unknown to the spec: 'DOGE' (row 1)"),
        ("SELECT NULL::VARCHAR AS asset, 1 AS amount", "row 1: assets unknown to the spec: '' (row 1)"),
        ("SELECT * FROM (VALUES ('BTC', 1), ('XBT', 2)) t(asset, amount)", "row 2: BTC occurs twice (GROUP BY makes"),
        ("SELECT 'BTC' AS asset, 4.5::DOUBLE AS amount", "column 'amount' is of type DOUBLE, a floating-point type"),
        ("SELECT 4.5::DOUBLE AS BTC, 0 AS ETH, 0 AS USD", "column 'BTC' is of type DOUBLE, a floating-point type"),
        ("SELECT 'BTC' AS asset, '1e-200' AS amount", "row 1: BTC sum '1e-200' has more digits than a manifest can"),
        ("SELECT 'BTC' AS asset, 'x' AS amount", "row 1: BTC sum 'x' is not a number"),
        ("SELECT 4.5 AS BTC, 0 AS USD", "has the columns 'BTC', 'USD' (either asset and amount, with a row for each"),
        ("SELECT 4.5 AS BTC, 0 AS ETH, 0 AS USD, 0 AS xbt", "has the columns 'BTC', 'ETH', 'USD', 'xbt' (either"),
        ("SELECT account, 1 AS BTC, 0 AS ETH, 0 AS USD FROM ledger.balances", "has the columns 'account', 'BTC'"),
        ("SELECT 1 AS BTC, 0 AS ETH, 0 AS USD FROM ledger.balances", "row 4: BTC occurs twice"),
        ("SELECT 'BTC' AS asset, 1 AS amount FROM range(20000)", "has more than 10,000 rows"),
        ("DROP TABLE x", "is not one SELECT"),
        ("SELECT nope", "cannot be run: Binder Error"),
        ("FROM read_csv('sums.csv')", "reads text (READ_CSV) of which DuckDB guesses the types"),
    ],
)  # fmt: skip
def test_queries_that_give_no_sums(tmp_path: Path, query: str, says: str) -> None:
    (tmp_path / "sums.csv").write_text("asset,amount\nBTC,4.5\n")
    assert problems(tmp_path, query)[0].startswith(f"accounts.control: {says}")


def test_accounts_from_a_file_can_be_compared_with_sums_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account,BTC,ETH,USD\na,1.5,0,0\nb,0.000000001,0,0\nc,3,0,0\n")
    (tmp_path / "sums.csv").write_text("asset,amount\nBTC,4.500000001\n")
    file = {"path": ("accounts.csv",), "query": None}
    expected = (Fraction(4500000001, 10), 0, 0)
    assert control(tmp_path, SUMS, **file) == expected
    assert control(tmp_path, "FROM read_csv('sums.csv', all_varchar = true)", **file, attach=()) == expected
    assert (
        "a difference of 1.5 "
        in problems(tmp_path, "SELECT 'BTC' AS asset, '3.000000001' AS amount", **file, attach=())[0]
    )


def test_sums_are_in_the_units_of_the_accounts_and_leave_out_what_they_leave_out(tmp_path: Path) -> None:
    query = "SELECT 'a' AS account, 7 AS BTC, 0 AS ETH, 5 AS USD, 8 AS POINTS"
    sums = "SELECT * FROM (VALUES ('BTC', 7), ('USD', 5), ('POINTS', 9)) t(asset, amount)"
    assert control(tmp_path, sums, query=query, units="base", leave_out=("P*",)) == (7, 0, 5)
    assert control(tmp_path, sums, query=query, leave_out=("P*",)) == (7 * 10**8, 0, 500)
    assert (BTC.decimals, USD.decimals) == (8, 2)


class Answering:
    """A server that answers with one batch."""

    def columns(self, query: str) -> tuple[()]:
        return ()

    def batches(self, *_: object) -> Generator[object]:
        yield {"c0": np.array([1])}

    def failed(self, error: duckdb.Error) -> InputError:
        return InputError(f"the server failed: {error}")

    def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("raised", "told"),
    [(duckdb.OutOfMemoryException, duckdb.OutOfMemoryException), (duckdb.InvalidInputException, InputError)],
)
def test_memory_that_is_full_while_rows_are_taken_is_no_fault_of_the_server(
    raised: type[Exception], told: type[Exception]
) -> None:
    def take() -> None:
        raise raised("as DuckDB says")

    with duckdb.connect() as connection, pytest.raises(told, match="as DuckDB says"):
        take_batches(connection, Answering(), "SELECT 1", (), (), take)
