"""Accounts from a real PostgreSQL: what is read is exact and of one moment, and what goes wrong is told."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from accounts.snapshots import ASSETS, BTC, USD, table
from doubles.certificates import write_certificates
from doubles.database_servers import Server
from polyproof.errors import AccountsError
from polyproof.liabilities.snapshot import postgres as postgres_module
from polyproof.liabilities.snapshot.reader import read_snapshot
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.settings.accounts import AccountsSettings
from polyproof.toolkit.secrets import Secret, Secrets

COIN = Asset("COIN", 18, bits=128)
LONG = """
    SELECT u.id AS account, c.coin AS asset, coalesce(b.amount, 0) AS amount
    FROM users u CROSS JOIN (VALUES ('BTC'), ('ETH'), ('USD')) c(coin)
    LEFT JOIN balances b ON b.user_id = u.id AND b.coin = c.coin;  -- customers with nothing are kept
"""
WIDE = """
    SELECT u.id AS account, sum(amount) FILTER (WHERE coin = 'BTC') AS "BTC",
           sum(amount) FILTER (WHERE coin = 'ETH') AS eth, sum(amount) FILTER (WHERE coin = 'USD') AS usd
    FROM users u LEFT JOIN balances b ON b.user_id = u.id GROUP BY u.id
"""
PAGE = (Path(__file__).parents[2] / "docs/how-to/read-accounts-from-a-database.md").read_text()
ON_THE_PAGE = re.findall(r"query: >\n(.*?)```", PAGE, re.DOTALL)[1].replace("'USDT'", "'ETH' UNION ALL SELECT 'USD'")
"""The query of the long shape that the page shows, of every database, with the assets of this file."""
EXPECTED = {"1": (100000001, 0, 300), "10": (0, 0, 0), "2": (0, 2, 0), "3": (10**7, 0, 0)}
"""In the order of the ids' bytes."""


def read(dsn: str, query: str, assets: tuple[Asset, ...] = ASSETS, **options: Any) -> Accounts:
    secrets = Secrets((Secret(name="ledger", dsn=dsn),))
    settings = AccountsSettings(database="ledger", query=query, **options)
    return read_snapshot(settings, assets, secrets=secrets).accounts


def problems(dsn: str, query: str, assets: tuple[Asset, ...] = ASSETS, **options: Any) -> list[str]:
    with pytest.raises(AccountsError) as caught:
        read(dsn, query, assets, **options)
    return [str(problem) for problem in caught.value.problems]


@pytest.fixture(scope="module")
def ledger(postgres: Server) -> Iterator[Server]:
    postgres.execute(
        "CREATE TABLE users (id bigint PRIMARY KEY, name text)",
        "CREATE TABLE balances (user_id bigint REFERENCES users, coin text, amount numeric)",
        "INSERT INTO users VALUES (3), (10), (1), (2)",
        "INSERT INTO balances VALUES (3, 'BTC', 0.1), (1, 'BTC', 1.00000001), (1, 'USD', 3), (2, 'ETH', 2e-18)",
        "CREATE SEQUENCE counter",
    )
    yield postgres
    postgres.execute("DROP TABLE balances, users", "DROP SEQUENCE counter")


@pytest.mark.parametrize(("query", "shape"), [(WIDE, "wide"), (LONG, "long"), (ON_THE_PAGE, "long")])
def test_both_shapes_keep_customers_with_nothing_and_come_in_the_order_of_their_ids(
    ledger: Server, query: str, shape: str
) -> None:
    accounts = read(ledger.dsn, query, shape=shape)
    assert list(table(accounts).items()) == list(EXPECTED.items())
    assert table(read(ledger.dsn, f"{query.rstrip().partition(';')[0]} ORDER BY 1 DESC", shape=shape)) == EXPECTED


def test_a_numeric_is_read_with_every_digit(postgres: Server) -> None:
    texts = [
        "0.000000000000000001",
        "340282366920938463463.374607431768211455",
        "1e20",
        "10000",
        "100000000.00010000",
        "7",
    ]
    values = ", ".join(f"('u{k}', {text}::numeric)" for k, text in enumerate(texts))
    query = f"SELECT * FROM (VALUES {values}) v(account, coin)"
    assert table(read(postgres.dsn, query, (COIN,))) == {
        "u0": (1,),
        "u1": (2**128 - 1,),
        "u2": (10**38,),
        "u3": (10**22,),
        "u4": (100000000_000100000000000000,),
        "u5": (7 * 10**18,),
    }
    # 40,000 numbers of up to 19 digits before and 18 after the point, compared with what the server itself writes.
    numbers = """SELECT 'u' || g AS account, (((g::numeric * 7919 * 104729) % 1000000007)
                 * power(10::numeric, g % 10) / power(10::numeric, g % 18)) AS coin FROM generate_series(1, 40000) g"""
    exact = read(postgres.dsn, numbers, (COIN,))
    assert table(exact) == table(read(postgres.dsn, f"SELECT account, coin::text AS coin FROM ({numbers}) n", (COIN,)))
    assert len(exact) == 40000


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("'NaN'::numeric", "COIN amount 'nan' is not a number (an amount is finite)"),
        ("'Infinity'::numeric", "COIN amount 'inf' is not a number (an amount is finite)"),
        ("'-Infinity'::numeric", "COIN amount '-inf' is not a number (an amount is finite)"),
        ("-0.5", "COIN amount '-0.5' is negative (a debt; rule 'non-negative' allows none, but net-equity does)"),
        ("1e21::numeric", "COIN amount '1000000000000000000000' overflows 128 bits"),
        ("'1,5'::text", "COIN amount '1,5' is not a number"),
    ],
)
def test_what_is_no_amount_is_told_by_row(postgres: Server, value: str, says: str) -> None:
    (problem,) = problems(postgres.dsn, f"SELECT * FROM (VALUES ('b', {value}), ('a', NULL)) v(account, coin)", (COIN,))
    assert problem.startswith(f"accounts.query: row 2: {says}")


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("0.5::float8", "double precision, a floating-point type, which is not exact (store balances as NUMERIC; if "
         'the figure as it is printed is what is owed, write "usd"::text AS "usd")'),
        ("0.5::float4", "real, a floating-point type, which is not exact (store balances as NUMERIC"),
        ("'1'::money", 'money (write "usd"::numeric AS "usd" in the query)'),
        ("'1'::jsonb", 'jsonb (write "usd"::text AS "usd" in the query)'),
        ("true", "boolean (write"),
        ("now()", "timestamp with time zone (write"),
        ("ARRAY[1]", "integer[] (write"),
        ("'x'::bytea", "bytea (write"),
    ],
)  # fmt: skip
def test_a_type_that_is_not_exact_is_refused_with_the_cast_to_write(postgres: Server, value: str, says: str) -> None:
    (problem,) = problems(postgres.dsn, f"SELECT 'a' AS account, {value} AS usd", (USD,))
    assert problem.startswith(f"accounts.query: column 'usd' is of type {says}")


@pytest.mark.parametrize(
    ("value", "account"),
    [
        ("7::int2", "7"),
        ("-7", "-7"),
        ("9223372036854775807", "9223372036854775807"),
        ("'0ca5a1f2-7c3f-4be5-9d7e-3f5a0e3f1a2b'::uuid", "0ca5a1f2-7c3f-4be5-9d7e-3f5a0e3f1a2b"),
        ("'0007'::text", "0007"),
        ("'Zoë'::varchar(9)", "Zoë"),
    ],
)
def test_ids_are_integers_uuids_or_text(postgres: Server, value: str, account: str) -> None:
    assert table(read(postgres.dsn, f"SELECT {value} AS account, 1 AS usd", (USD,))) == {account: (100,)}


def test_rows_that_are_no_accounts_are_told_by_row(postgres: Server) -> None:
    query = "SELECT * FROM (VALUES ('a', 1), ('b', 2), ('a', 3), (NULL, 4), (E'c\\x01', 5)) v(account, usd)"
    assert problems(postgres.dsn, query, (USD,)) == [
        "accounts.query: row 2: account 'a' occurs twice (first in accounts.query: row 1)",
        "accounts.query: row 4: account id 'c\\x01' has control characters",
        "accounts.query: row 5: the account id is empty",
    ]
    assert problems(postgres.dsn, "SELECT 'a' AS account, 1 AS usd WHERE false", (USD,)) == [
        "accounts.query: has no accounts (one row for each, below the header)"
    ]


def test_text_that_is_not_utf8_is_told_by_row(postgres: Server) -> None:
    query = r"SELECT * FROM (VALUES ('a', '1'), (E'\xff\x41', '2'), ('b', E'\xfe')) v(account, usd)"
    with postgres.database("bytes", "ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0") as dsn:
        found = problems(dsn, query, (USD,))
    assert found == [
        "accounts.query: row 2: USD amount '\\x01not UTF-8\\x01FE' is not a number "
        "(write digits with at most one point: 1234.5)",
        "accounts.query: row 3: the bytes of the account id, 'FF41', are not UTF-8 text",
    ]


def test_columns_are_as_those_of_a_file(postgres: Server) -> None:
    def problem(query: str, **options: Any) -> str:
        return problems(postgres.dsn, query, (USD, BTC), **options)[0]

    assert problem("SELECT 'a' AS name, 1 AS usd, 1 AS btc").startswith("accounts.query: has no column 'account'")
    assert problem("SELECT 'a' AS account, 1 AS usd").startswith("accounts.query: has no column for BTC")
    assert "columns unknown to the spec: 'extra'" in problem("SELECT 'a' AS account, 1 AS usd, 1 AS btc, 1 AS extra")
    assert "'usd_1'" in problem("SELECT 'a' AS account, 1 AS usd, 2 AS usd, 1 AS btc")
    assert "has no column 'amount'" in problem("SELECT 'a' AS account, 'BTC' AS asset", shape="long")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT nope FROM users", 'cannot be run: column "nope" does not exist LINE 1: SELECT nope FROM users'),
        ("SELEC 1", 'cannot be run: syntax error at or near "SELEC"'),
        ("SELECT 1; DROP TABLE balances", "cannot be run: cannot insert multiple commands into a prepared statement"),
        ("DROP TABLE balances", "is not one SELECT that can stand in FROM (…)"),
        ("COMMIT", "is not one SELECT that can stand in FROM (…)"),
        ("SET default_transaction_read_only = off", "is not one SELECT that can stand in FROM (…)"),
        ("INSERT INTO users VALUES (99) RETURNING id AS account, 1 AS usd", "is not one SELECT that can stand in"),
        ("SELECT 1) AS q; DROP TABLE balances; --", "cannot be run: syntax error"),
        ("", "is not one SELECT"),
        (
            "SELECT nextval('counter') AS account, 1 AS usd",
            "failed: cannot execute nextval() in a read-only transaction (the query is run in a transaction that may "
            "only read)",
        ),
        (
            "SELECT set_config('transaction_read_only', 'off', false) AS account, 1 AS usd",
            "failed: transaction read-write mode must be set before any query",
        ),
        ("SELECT 'a' AS account, 1 / (SELECT 0) AS usd", "failed: division by zero"),
        ("SELECT pg_sleep(30)::text AS account, 1 AS usd", "failed: canceling statement due to statement timeout "
         "(accounts.timeout is 1 second)"),
    ],
)  # fmt: skip
def test_the_server_runs_one_select_that_only_reads(ledger: Server, query: str, says: str) -> None:
    (problem,) = problems(ledger.dsn, query, (USD,), timeout=1)
    assert problem.startswith(f"accounts.query: {says}")
    assert table(read(ledger.dsn, WIDE)) == EXPECTED


def test_the_transaction_itself_refuses_to_write(ledger: Server) -> None:
    """What the check of the query's form would let through, the server does not."""
    ledger.execute(
        "CREATE OR REPLACE FUNCTION add() RETURNS bigint AS 'INSERT INTO users VALUES (99) RETURNING id' LANGUAGE sql"
    )
    (problem,) = problems(ledger.dsn, "SELECT add() AS account, 1 AS usd", (USD,))
    assert problem.startswith("accounts.query: failed: cannot execute INSERT in a read-only transaction")
    assert ledger.execute("SELECT count(*) FROM users") == [(4,)]


def test_a_server_that_drops_the_connection_while_it_is_read_leaves_no_accounts(postgres: Server) -> None:
    query = """SELECT g::text AS account, repeat('0', 90) || '1' AS usd,
               CASE WHEN g = 300000 THEN pg_terminate_backend(pg_backend_pid()) END AS x
               FROM generate_series(1, 300001) g"""
    (problem,) = problems(postgres.dsn, query, (USD,), ignore=("x",))
    assert problem.startswith("accounts.query: failed: terminating connection due to administrator command")


def test_a_table_that_somebody_keeps_locked_ends_in_an_error(ledger: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyproof.liabilities.snapshot.postgres._LOCK_TIMEOUT", 1)
    locked, done = threading.Event(), threading.Event()

    def lock() -> None:
        import adbc_driver_manager as adbc
        import adbc_driver_postgresql

        with adbc_driver_postgresql.connect(ledger.dsn) as database, adbc.AdbcConnection(database) as connection:
            connection.set_autocommit(False)
            with adbc.AdbcStatement(connection) as statement:
                statement.set_sql_query("LOCK TABLE balances")
                statement.execute_update()
            locked.set()
            done.wait(20)

    holder = threading.Thread(target=lock)
    holder.start()
    try:
        assert locked.wait(20)
        (problem,) = problems(ledger.dsn, WIDE)
    finally:
        done.set()
        holder.join()
    assert "canceling statement due to lock timeout" in problem
    assert problem.endswith("(somebody has kept a table locked for 1 seconds)")


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("postgresql://me:hunter2@127.0.0.1:1/x", 'PostgreSQL cannot be reached: connection to server at "127.0.0.1"'),
        ("postgresql://me:hunter2@127.0.0.1:1x/x", "PostgreSQL cannot be reached: invalid integer value"),
        ("host=127.0.0.1 port=1 password=hunter2", "PostgreSQL cannot be reached: connection to server"),
        ("host=127.0.0.1 port=1 password='hun ter2", "its dsn is neither a URL nor key=value pairs of libpq"),
        ("host=127.0.0.1 port=hunter2", 'PostgreSQL cannot be reached: invalid integer value "hunter2"'),
        ("host=127.0.0.1 hunter2=1", 'PostgreSQL cannot be reached: invalid connection option "…"'),
        ("gibberish hunter2", "its dsn is neither a URL nor key=value pairs of libpq"),
        ("postgresql://me:hunt@er2@127.0.0.1/x", "its dsn is no URL of a database that is read here"),
        ("postgresql://me:hunter2/@127.0.0.1/x", "its dsn is no URL of a database that is read here"),
        ("oracle://me:hunter2@127.0.0.1/x", "its dsn is no URL of a database that is read here"),
        ("postgresql://me:hunter2@127.0.0.1/x?hunter2", "the parameters of its dsn are not of the form key=value"),
        ("postgresql://me@127.0.0.1:1/x?password=hunter2", "PostgreSQL cannot be reached: connection to server"),
        ("postgresql://me:hunter2@db.invalid/x", "its dsn does not say how the connection to another machine is"),
        ("host=10.0.0.1 password=hunter2", "its dsn does not say how the connection to another machine is protected"),
        ("postgresql://me:hunter2@db.invalid/x?sslmode=verify-full", "PostgreSQL cannot be reached: could not"),
    ],
)  # fmt: skip
def test_a_server_that_cannot_be_reached_is_told_without_the_password(dsn: str, says: str) -> None:
    (problem,) = problems(dsn, "SELECT 1")
    assert problem.startswith(f"accounts.database 'ledger': {says}")
    assert "hunter2" not in problem.replace('invalid integer value "hunter2"', "")  # that one is the port
    assert "er2" not in problem.replace('invalid integer value "hunter2"', "")


def test_a_wrong_password_is_told_without_it(postgres: Server) -> None:
    host_based = postgres.directory / "data" / "pg_hba.conf"
    kept = host_based.read_text()
    postgres.execute("CREATE ROLE reader LOGIN PASSWORD 'right'")
    dsn = postgres.dsn.replace("tester@", "reader:hunter2@")
    try:
        host_based.write_text(f"host polyproof reader 127.0.0.1/32 scram-sha-256\n{kept}")
        postgres.execute("SELECT pg_reload_conf()")
        until = 100
        while not (found := _failure(dsn)) and until:
            until -= 1
        (problem,) = found
        assert problem.startswith("accounts.database 'ledger': PostgreSQL cannot be reached: ")
        assert 'password authentication failed for user "reader"' in problem
        assert "hunter2" not in problem
        assert table(read(dsn.replace("hunter2", "right"), "SELECT 'a' AS account, 1 AS usd", (USD,))) == {"a": (100,)}
    finally:
        host_based.write_text(kept)
        postgres.execute("SELECT pg_reload_conf()")


def _failure(dsn: str) -> list[str]:
    try:
        read(dsn, "SELECT 'a' AS account, 1 AS usd", (USD,))
    except AccountsError as error:
        return [str(problem) for problem in error.problems]
    return []


def test_a_socket_and_the_environment_lead_to_the_server_too(ledger: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    port = ledger.dsn.partition("127.0.0.1:")[2].partition("/")[0]
    socket = f"host={ledger.directory} port={port} user=tester dbname=polyproof"
    assert table(read(socket, WIDE)) == EXPECTED
    monkeypatch.setenv("POLYPROOF_DSN_LEDGER_2", ledger.dsn)
    settings = AccountsSettings(database="ledger-2", query=WIDE)
    assert table(read_snapshot(settings, ASSETS).accounts) == EXPECTED
    monkeypatch.delenv("POLYPROOF_DSN_LEDGER_2")
    with pytest.raises(AccountsError, match="or the environment variable POLYPROOF_DSN_LEDGER_2 with that text"):
        read_snapshot(settings, ASSETS)


def test_the_query_and_the_control_sums_see_one_moment(ledger: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a balance that is changed and committed between the two, neither knows."""
    control = "SELECT coin AS asset, sum(amount) AS amount FROM balances GROUP BY coin"
    asked = postgres_module.Postgres.batches
    changed: list[str] = []

    def slow(server: Any, query: str, *rest: Any) -> Any:
        if query == control:
            changed.append("balance")
            ledger.execute("UPDATE balances SET amount = amount + 1 WHERE coin = 'USD'")
        return asked(server, query, *rest)

    monkeypatch.setattr(postgres_module.Postgres, "batches", slow)
    assert table(read(ledger.dsn, WIDE, control=control)) == EXPECTED
    assert changed == ["balance"]
    assert table(read(ledger.dsn, WIDE, control=control)) == EXPECTED | {"1": (100000001, 0, 400)}
    ledger.execute("UPDATE balances SET amount = 3 WHERE coin = 'USD'")


def test_a_join_that_doubles_rows_is_found_by_the_control_sums(ledger: Server) -> None:
    control = """SELECT sum(amount) FILTER (WHERE coin = 'BTC') AS btc, sum(amount) FILTER (WHERE coin = 'ETH') AS eth,
                 sum(amount) FILTER (WHERE coin = 'USD') AS usd FROM balances"""
    assert table(read(ledger.dsn, WIDE, control=control)) == EXPECTED
    doubled = WIDE.replace("LEFT JOIN", "CROSS JOIN (VALUES (1), (2)) AS twice LEFT JOIN")
    told = problems(ledger.dsn, doubled, control=control)
    assert told[0].startswith(
        "accounts.control: BTC: the control query's sum is 1.10000001, and the accounts add up to 2.20000002: "
        "a difference of 1.10000001"
    )
    assert [problem.split(":")[1] for problem in told] == [" BTC", " ETH", " USD"]
    assert problems(ledger.dsn, WIDE, control="SELECT nope")[0].startswith("accounts.control: cannot be run: column")
    assert problems(ledger.dsn, WIDE, control="SELECT 0.5::float8 AS amount, 'BTC' AS asset")[0].startswith(
        "accounts.control: column 'amount' is of type double precision"
    )


# TLS


@pytest.fixture(scope="module")
def certified(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate that the server has now, its own authority's, for the name ``localhost``; another's beside it."""
    folder = tmp_path_factory.mktemp("certificates")
    write_certificates(folder)
    owner = (postgres.directory / "data").stat()
    for name, suffix in (("server.crt", "pem"), ("server.key", "key")):
        stored = postgres.directory / "data" / name
        stored.write_bytes((folder / f"server.{suffix}").read_bytes())
        os.chown(stored, owner.st_uid, owner.st_gid)
        stored.chmod(0o600)
    postgres.execute("ALTER SYSTEM SET ssl = on")
    postgres.execute("SELECT pg_reload_conf()")
    return folder


def test_tls_is_as_libpq_takes_it_and_another_authority_is_refused(postgres: Server, certified: Path) -> None:
    query = """SELECT CASE WHEN ssl THEN 'tls' ELSE 'plain' END AS account, 1 AS usd
               FROM pg_stat_ssl WHERE pid = pg_backend_pid()"""
    named = postgres.dsn.replace("127.0.0.1", "localhost")

    def dsn(address: str, authority: str) -> str:
        return address.replace("sslmode=disable", f"sslmode=verify-full&sslrootcert={certified}/{authority}.pem")

    for _ in range(200):  # until the server has read its settings again
        found = _failure(dsn(named, "server"))
        if not found:
            break
    assert table(read(dsn(named, "server"), query, (USD,))) == {"tls": (100,)}
    assert table(read(named, query, (USD,))) == {"plain": (100,)}
    (problem,) = problems(dsn(named, "other"), query, (USD,))
    assert "certificate verify failed" in problem
    (problem,) = problems(dsn(postgres.dsn, "server"), query, (USD,))
    assert "does not match host name" in problem
