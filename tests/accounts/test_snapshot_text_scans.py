"""A query that reads text: nothing that DuckDB guesses may change a balance or lose an account."""

from __future__ import annotations

import gzip
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from polyproof.errors import AccountsError
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.model.assets import Asset
from polyproof.settings.accounts import AccountsSettings, AttachedDatabase

YFI = Asset("YFI", 18, 96)
BOOKS = AttachedDatabase(name="books", type="duckdb", path="books.duckdb")
TEXT = "{account: 'VARCHAR', YFI: 'VARCHAR'}"
ALL = (30_000, Fraction(2000))
GUESSED = "DuckDB guesses the types from the first records"


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ledgers of 30,000 accounts. DuckDB takes types from the first 20,480; the last 5,000 own 0.4 each."""
    directory = tmp_path_factory.mktemp("ledgers")
    rows = [(f"{number:07}", 0 if number < 25_000 else 0.4) for number in range(30_000)]
    objects = [{"account": account, "YFI": balance} for account, balance in rows]
    (directory / "ledger.jsonl").write_text("".join(json.dumps(each) + "\n" for each in objects))
    (directory / "ledger.json").write_text(json.dumps(objects))
    (directory / "ledger.csv").write_text("account,YFI\n" + "".join(f"{one},{other}\n" for one, other in rows))
    (directory / "ledger.csv.gz").write_bytes(gzip.compress((directory / "ledger.csv").read_bytes()))
    with duckdb.connect(str(directory / "books.duckdb")) as books:
        books.execute(f"SET file_search_path = '{directory}'")
        books.execute(
            """
            CREATE TABLE stored AS FROM read_csv('ledger.csv', all_varchar = true);
            CREATE VIEW guessed AS FROM read_csv('ledger.csv');
            CREATE VIEW deeper AS FROM guessed WHERE YFI > 0;
            CREATE MACRO macro() AS TABLE FROM 'ledger.jsonl';
            CREATE MACRO read_csv(file, all_varchar := true) AS TABLE FROM 'ledger.csv';
            CREATE MACRO total() AS (SELECT sum(YFI)::VARCHAR FROM 'ledger.csv');
            """
        )
    return directory


def read(directory: Path, query: str, asset: Asset = YFI) -> tuple[int, Fraction]:
    """Number of accounts and the total, in coins."""
    attach = (BOOKS,) if (directory / BOOKS.path).exists() else ()
    accounts = read_snapshot(AccountsSettings(query=query, attach=attach), (asset,), base=directory).accounts
    total = sum(accounts.balances(row)[0] for row in range(len(accounts.ids)))
    return len(accounts.ids), Fraction(total, 10**asset.decimals)


def problem(directory: Path, query: str, **options: Any) -> str:
    with pytest.raises(AccountsError) as caught:
        read(directory, query, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "FROM 'ledger.csv'",
        "FROM 'ledger.csv.gz'",
        "FROM 'ledger.jsonl'",
        "FROM 'ledger.json'",
        "FROM 'ledger*.csv'",
        "FROM read_csv('ledger.csv')",
        "FROM read_csv_auto('ledger.csv')",
        "FROM read_csv(['ledger.csv'])",
        "FROM read_json('ledger.jsonl')",
        "FROM read_json_auto('ledger.jsonl')",
        "FROM read_ndjson('ledger.jsonl')",
        "FROM read_ndjson_auto('ledger.jsonl')",
        "FROM read_csv('ledger.csv') ORDER BY account",
        "SELECT account, sum(YFI) AS YFI FROM 'ledger.csv' GROUP BY account",
        "FROM read_csv('ledger.csv') WHERE YFI > 0",
        "FROM read_csv('ledger.csv') WHERE false",
        "FROM read_csv('ledger.csv', sample_size = -1)",
        "FROM read_csv('ledger.csv', types = {YFI: 'VARCHAR'})",
        "FROM read_csv('ledger.csv', auto_type_candidates = ['BIGINT', 'VARCHAR'])",
        "FROM read_csv('ledger.csv', all_varchar = false)",
        "WITH v AS (FROM read_json_auto('ledger.jsonl')) FROM v WHERE YFI >= 0",
        "WITH v AS MATERIALIZED (FROM 'ledger.csv') SELECT a.* FROM v a JOIN v b USING (account)",
        "WITH RECURSIVE v AS (FROM 'ledger.csv' UNION FROM v) FROM v",
        "SELECT * FROM (SELECT * FROM (SELECT * FROM 'ledger.csv'))",
        "SELECT '1' AS account, (SELECT max(YFI) FROM 'ledger.csv')::VARCHAR AS YFI",
        "FROM (VALUES ('a', '1')) t(account, YFI) WHERE '0000001' NOT IN (SELECT account::VARCHAR FROM 'ledger.csv')",
        "SELECT account, YFI::VARCHAR AS YFI FROM books.stored UNION ALL SELECT '-' || account, YFI FROM 'ledger.csv'",
        f"FROM read_csv('ledger.csv', columns = {TEXT}) UNION ALL FROM read_csv('ledger.csv')",
        f"FROM read_csv('ledger.csv', columns = {TEXT}) JOIN 'ledger.csv' AS other ON other.account = 7",
        "SELECT account, x.YFI FROM books.stored AS a, LATERAL (SELECT max(YFI) AS YFI FROM 'ledger.csv') AS x",
        "FROM query('FROM ''ledger.csv''')",
        f"FROM query('FROM read_csv(''ledger.csv'', columns = {TEXT.replace(chr(39), chr(39) * 2)})')",
        "FROM query_table('ledger.csv')",
        "FROM books.guessed",
        "FROM books.deeper",
        "FROM books.macro()",
        "FROM books.read_csv('ledger.csv', all_varchar = true)",
        "SELECT '1' AS account, books.total() AS YFI",
        "SELECT account, YFI FROM (SUMMARIZE 'ledger.csv') AS s, books.stored",
        "SELECT * FROM (PIVOT 'ledger.csv' ON account IN ('0000007') USING sum(YFI))",
    ],
)
def test_a_query_whose_text_has_guessed_types_is_refused_wherever_the_text_is_read(ledgers: Path, query: str) -> None:
    told = problem(ledgers, query)
    assert told.startswith("accounts.query: reads text")
    assert GUESSED in told or "in a statement in which its types cannot be checked" in told
    assert "read_csv('FILE', all_varchar = true)" in told


@pytest.mark.parametrize(
    "query",
    [
        "FROM read_csv('ledger.csv', all_varchar = true)",
        "FROM read_csv('ledger.csv.gz', ALL_VARCHAR := true) ORDER BY account DESC",
        "SELECT account, sum(YFI::DECIMAL(38, 18)) AS YFI FROM read_csv('ledger.csv', all_varchar = true) GROUP BY ALL",
        f"FROM read_csv('ledger.csv', columns = {TEXT})",
        "FROM read_csv('ledger.csv', columns = {account: 'VARCHAR', YFI: 'DECIMAL(38, 18)'}, header = true)",
        f"FROM read_csv('ledger.csv', types = {TEXT})",
        "FROM read_csv('ledger.csv', dtypes = ['VARCHAR', 'VARCHAR'])",
        f"FROM read_json('ledger.jsonl', columns = {TEXT})",
        f"FROM read_json('ledger.json', columns = {TEXT}, format = 'array')",
        f"SELECT a.* FROM read_ndjson('ledger.jsonl', columns = {TEXT}) AS a",
        "SELECT json->>'account' AS account, json->>'YFI' AS YFI FROM read_ndjson_objects('ledger.jsonl')",
        "WITH v AS MATERIALIZED (FROM read_csv('ledger.csv', all_varchar = true)) "
        "SELECT a.* FROM v a JOIN v b USING (account)",
        "SELECT read_csv.account, read_csv.YFI FROM read_csv('ledger.csv', all_varchar = true)",
        "SELECT a AS account, b AS YFI FROM read_csv('ledger.csv', all_varchar = true, header = true) AS t(a, b)",
        "FROM books.stored",
    ],
)
def test_text_with_stated_types_and_stored_types_are_read_whole(ledgers: Path, query: str) -> None:
    assert read(ledgers, query) == ALL


def test_a_query_over_parquet_passes_and_one_over_what_is_not_known_does_not(ledgers: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT 'a' AS account, 0.4 AS YFI) TO '{ledgers}/ledger.parquet'")
    assert read(ledgers, "FROM 'ledger.parquet'") == (1, Fraction(2, 5))
    told = problem(ledgers, f"FROM json_execute_serialized_sql(json_serialize_sql('FROM ''{ledgers}/ledger.csv'''))")
    assert "reads with JSON_EXECUTE_SERIALIZED_SQL, and whether types are guessed there is not known" in told


@pytest.mark.parametrize("kind", ["BIGINT", "UHUGEINT", "INTEGER", "DOUBLE", "FLOAT", "DECIMAL(38, 2)"])
@pytest.mark.parametrize("reader", ["read_csv('ledger.csv', ", "read_json('ledger.jsonl', "])
def test_a_stated_type_that_does_not_keep_a_fraction_is_refused(ledgers: Path, kind: str, reader: str) -> None:
    told = problem(ledgers, f"SELECT account, YFI FROM {reader}columns = {{account: 'VARCHAR', YFI: '{kind}'}})")
    assert "reads column 'YFI' of text as " in told
    assert "state VARCHAR, or a DECIMAL with at least 18 decimals" in told


def csv(directory: Path, *lines: str) -> str:
    (directory / "few.csv").write_text("".join(line + "\n" for line in lines))
    return "'few.csv', all_varchar = true"


def test_accounts_that_look_like_comments_are_not_lost(tmp_path: Path) -> None:
    arguments = csv(tmp_path, "account,YFI", *(f"{number:07},0.4" for number in range(100)), "#x,1", "#y,2")
    assert read(tmp_path, f"FROM read_csv({arguments})") == (102, Fraction(43))
    arguments = csv(tmp_path, "account,YFI", "0000007,0.4", "#x,1", "#y", "b,2")
    assert "first line does not name the columns" in problem(tmp_path, f"FROM read_csv({arguments})")
    assert "has one column, 'account,YFI'" in problem(tmp_path, f"FROM read_csv({arguments}, header = true)")
    assert read(tmp_path, f"FROM read_csv({arguments}, header = true, comment = '#')") == (2, Fraction(12, 5))


def test_lines_are_skipped_only_where_the_query_says_so(tmp_path: Path) -> None:
    arguments = csv(tmp_path, "made by hand", "account,YFI", "a,1")
    assert "first line does not name the columns" in problem(tmp_path, f"FROM read_csv({arguments})")
    assert read(tmp_path, f"FROM read_csv({arguments}, skip = 1)") == (1, Fraction(1))


@pytest.mark.parametrize(
    "query",
    [
        "FROM read_csv('few.csv', columns = {account: 'VARCHAR', YFI: 'VARCHAR'})",
        "FROM read_csv('few.csv', all_varchar = true, names = ['account', 'YFI'])",
        "FROM read_csv('few.csv', all_varchar = true) AS t(account, YFI)",
        "SELECT #1 AS account, '1' AS YFI FROM read_csv('few.csv', all_varchar = true)",
        "SELECT 'x' AS account, '1' AS YFI UNION ALL FROM read_csv('few.csv', all_varchar = true)",
    ],
)
@pytest.mark.parametrize("lines", [("alice,5", "bob,6"), ("alice,x", "bob,y")])
def test_a_first_account_is_not_taken_for_a_header(tmp_path: Path, query: str, lines: tuple[str, ...]) -> None:
    csv(tmp_path, *lines)
    assert "header = true or header = false" in problem(tmp_path, query)


def test_a_file_without_a_header_is_read_whole_where_the_query_says_so(tmp_path: Path) -> None:
    csv(tmp_path, "alice,5", "bob,6")
    assert read(tmp_path, f"FROM read_csv('few.csv', columns = {TEXT}, header = false)") == (2, Fraction(11))


def test_a_header_that_a_later_file_lacks_is_missed(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("account,YFI\na,1\n")
    (tmp_path / "2.csv").write_text("b,2\nc,3\n")
    for arguments in (f"'*.csv', columns = {TEXT}", "'*.csv', all_varchar = true"):
        assert "first line does not name the columns" in problem(tmp_path, f"FROM read_csv({arguments})")


@pytest.mark.parametrize(
    "option", ["ignore_errors", "store_rejects", "rejects_table", "null_padding", "strict_mode", "union_by_name"]
)
def test_records_and_amounts_are_not_lost_by_an_option(tmp_path: Path, option: str) -> None:
    value = {"rejects_table": "'x'", "strict_mode": "false"}.get(option, "true")
    arguments = csv(tmp_path, "account,YFI", "a,1", "b,2,3")
    assert f"reads text with {option}, with which records or amounts that are not as expected are lost" in problem(
        tmp_path, f"FROM read_csv({arguments}, {option} = {value})"
    )


@pytest.mark.parametrize(
    ("option", "last"),
    [
        ("null_padding = true", "b"),
        ("strict_mode = false, null_padding = true", "b"),
        ("strict_mode = false", 'b,"2"3'),
        ("rejects_table = 'x'", "b,2,3"),
        ("store_rejects = true", "b,2,3"),
        ("ignore_errors = true", "b,2,3"),
    ],
)
def test_an_account_that_an_option_would_lose_or_change_is_not_read_without_it(
    tmp_path: Path, option: str, last: str
) -> None:
    """With nothing but the option to object to: DuckDB would leave b out, or read an amount that is none as zero."""
    arguments = f"{csv(tmp_path, 'account,YFI', 'a,1', last)}, header = true"
    assert "not as expected are lost" in problem(tmp_path, f"FROM read_csv({arguments}, {option})")


def test_an_amount_that_one_of_several_files_lacks_is_not_read_as_zero(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("account,YFI\na,1\n")
    (tmp_path / "2.csv").write_text("account\nb\n")
    scan = "read_csv('*.csv', all_varchar = true, header = true, union_by_name = true)"
    assert "not as expected are lost" in problem(tmp_path, f"FROM {scan}")


DIGITS = "0.123456789012345678"


@pytest.mark.parametrize("kind", ["VARCHAR", "DECIMAL(38, 18)", "JSON"])
@pytest.mark.parametrize(
    "number", [DIGITS, "1234567.1234567890", "-" + DIGITS, "1234567890123456.5", "12345678901234567e-9"]
)
def test_numbers_that_the_reader_of_json_rounds_are_refused(tmp_path: Path, kind: str, number: str) -> None:
    (tmp_path / "x.json").write_text(f'[{{"account": "a", "YFI": "1"}}, {{"account": "b", "YFI":\n {number}}}]')
    told = problem(tmp_path, f"FROM read_json('x.json', columns = {{account: 'VARCHAR', YFI: '{kind}'}})")
    assert "numbers of more than 15 digits, which DuckDB rounds in silence (write them in quotes" in told


def test_numbers_in_quotes_are_exact_and_others_that_nobody_reads_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(
        f'{{"account": "a", "rate": {DIGITS}, "YFI": "{DIGITS}", "note": "YFI\\": {DIGITS}"}}\n'
        f'{{"account": "b", "YFI": 12345678901234567890}}\n{{"account": "c", "YFI": 1.25}}\n'
    )
    total = Fraction(DIGITS) + 12345678901234567890 + Fraction(5, 4)
    big = Asset("YFI", 18, 128)
    assert read(tmp_path, f"FROM read_json('x.json', columns = {TEXT})", big) == (3, total)
    told = problem(tmp_path, "SELECT json->>'account' AS account, json->>'YFI' AS YFI FROM read_json_objects('x.json')")
    assert "more than 15 digits" in told


@pytest.mark.parametrize(
    "scan",
    [
        f"read_csv('month-*.csv', columns = {TEXT[:-1]}, other: 'VARCHAR'}}, header = true)",
        f"read_csv('month-*.csv', columns = {TEXT[:-1]}, other: 'VARCHAR'}})",
        "read_csv(['month-1.csv', 'month-2.csv'], names = ['account', 'YFI', 'other'], all_varchar = true)",
        f"read_csv('month-2.csv', columns = {TEXT[:-1]}, other: 'VARCHAR'}}, header = true)",
    ],
)
def test_columns_that_a_first_line_names_are_not_taken_for_others(tmp_path: Path, scan: str) -> None:
    """Names that a call states go by place, in every file: 200 of something else were 200 YFI."""
    (tmp_path / "month-1.csv").write_text("account,YFI,other\na,1,2\n")
    (tmp_path / "month-2.csv").write_text("account,other,YFI\nb,200,100\n")
    found = problem(tmp_path, f"SELECT account, YFI FROM {scan}")
    several = "month-1.csv" in scan or "*" in scan
    assert ("the first lines of" if several else "month-2.csv as another than 'other', which its first line") in found
    for right in ("'month-*.csv', all_varchar = true", "'month-*.csv', all_varchar = true, header = true"):
        assert read(tmp_path, f"SELECT account, YFI FROM read_csv({right})") == (2, Fraction(101))


def test_an_account_is_not_taken_for_the_first_line_of_another_file(tmp_path: Path) -> None:
    (tmp_path / "month-1.csv").write_text("account,YFI\na,1\n")
    (tmp_path / "month-2.csv").write_text("b,200\nc,1\n")
    scan = f"FROM read_csv('month-*.csv', columns = {TEXT}, header = true)"
    assert "month-2.csv differ: one may be an account" in problem(tmp_path, scan)


def test_columns_may_have_other_names_than_the_first_line_gives_them(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("Konto;Guthaben\na;1\n")
    (tmp_path / "b.csv").write_text("YFI,account\nb,2\n")
    assert read(tmp_path, f"FROM read_csv('a.csv', columns = {TEXT}, delim = ';', header = true)") == (1, Fraction(1))
    by_place = f"FROM read_csv('b.csv', columns = {TEXT}, header = false, skip = 1)"
    assert read(tmp_path, by_place) == (1, Fraction(2)), "no line is said to name them"
