"""Accounts from a real MariaDB: what is read is exact and of one moment, and what goes wrong is told."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.snapshots import ASSETS, USD, table
from accounts.test_postgres import COIN, EXPECTED, ON_THE_PAGE, problems, read
from doubles.database_servers import Server

LONG = """
    SELECT u.id AS account, c.coin AS asset, coalesce(b.amount, 0) AS amount
    FROM users u CROSS JOIN (SELECT 'BTC' AS coin UNION SELECT 'ETH' UNION SELECT 'USD') c
    LEFT JOIN balances b ON b.user_id = u.id AND b.coin = c.coin;  -- customers with nothing are kept
"""
WIDE = """
    SELECT u.id AS account, sum(CASE coin WHEN 'BTC' THEN amount END) AS `BTC`,
           sum(CASE coin WHEN 'ETH' THEN amount END) AS eth, sum(CASE coin WHEN 'USD' THEN amount END) AS usd
    FROM users u LEFT JOIN balances b ON b.user_id = u.id GROUP BY u.id
"""


@pytest.fixture(scope="module")
def ledger(mariadb: Server) -> Iterator[Server]:
    mariadb.execute(
        "CREATE TABLE users (id bigint PRIMARY KEY)",
        "CREATE TABLE balances (user_id bigint, coin varchar(10), amount decimal(65, 18))",
        "INSERT INTO users VALUES (3), (10), (1), (2)",
        "INSERT INTO balances VALUES (3, 'BTC', 0.1), (1, 'BTC', 1.00000001), (1, 'USD', 3), (2, 'ETH', 2e-18)",
        "CREATE SEQUENCE counter",
    )
    yield mariadb
    mariadb.execute("DROP TABLE balances, users", "DROP SEQUENCE counter")


@pytest.mark.parametrize(("query", "shape"), [(WIDE, "wide"), (LONG, "long"), (ON_THE_PAGE, "long")])
def test_both_shapes_keep_customers_with_nothing_and_come_in_the_order_of_their_ids(
    ledger: Server, query: str, shape: str
) -> None:
    assert list(table(read(ledger.dsn, query, ASSETS, shape=shape)).items()) == list(EXPECTED.items())


def test_a_decimal_is_read_with_every_digit(mariadb: Server) -> None:
    texts = ["0.000000000000000001", "340282366920938463463.374607431768211455", "100000000.00010000", "7"]
    query = " UNION ALL ".join(f"SELECT 'u{k}' AS account, {text} AS coin" for k, text in enumerate(texts))
    assert table(read(mariadb.dsn, query, (COIN,))) == {
        "u0": (1,),
        "u1": (2**128 - 1,),
        "u2": (100000000_000100000000000000,),
        "u3": (7 * 10**18,),
    }


def test_integers_of_every_size_are_amounts(mariadb: Server) -> None:
    query = "SELECT 'a' AS account, CAST(18446744073709551615 AS UNSIGNED) AS coin UNION ALL SELECT 'b', 0"
    assert table(read(mariadb.dsn, query, (COIN,), units="base")) == {"a": (2**64 - 1,), "b": (0,)}
    (problem,) = problems(mariadb.dsn, "SELECT 'a' AS account, -9223372036854775808 AS coin", (COIN,))
    assert "COIN amount '-9223372036854775808' is negative" in problem


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("CAST(0.5 AS DOUBLE)", "DOUBLE, a floating-point type, which is not exact (store balances as DECIMAL; if the "
         "figure as it is printed is what is owed, write CAST(`usd` AS CHAR) AS `usd`)"),
        ("CAST(0.5 AS FLOAT)", "FLOAT, a floating-point type, which is not exact (store balances as DECIMAL: MySQL "
         "prints six digits of a FLOAT)"),
        ("now()", "another (write CAST(`usd` AS CHAR) AS `usd` in the query)"),
    ],
)  # fmt: skip
def test_a_type_that_is_not_exact_is_refused_with_the_cast_to_write(mariadb: Server, value: str, says: str) -> None:
    (problem,) = problems(mariadb.dsn, f"SELECT 'a' AS account, {value} AS usd", (USD,))
    assert problem == f"accounts.query: column 'usd' is of type {says}"


@pytest.mark.parametrize(
    ("value", "account"),
    [
        ("7", "7"),
        ("CAST(18446744073709551615 AS UNSIGNED)", "18446744073709551615"),
        ("CAST('0ca5a1f2-7c3f-4be5-9d7e-3f5a0e3f1a2b' AS UUID)", "0ca5a1f2-7c3f-4be5-9d7e-3f5a0e3f1a2b"),
        ("'0007'", "0007"),
        ("'Zoë'", "Zoë"),
        ("_latin1 x'5A6FEB'", "Zoë"),
    ],
)
def test_ids_are_integers_uuids_or_text(mariadb: Server, value: str, account: str) -> None:
    assert table(read(mariadb.dsn, f"SELECT {value} AS account, 1 AS usd", (USD,))) == {account: (100,)}


def test_rows_that_are_no_accounts_are_told_by_row(mariadb: Server) -> None:
    rows = [
        ("'a'", "1"),
        ("'b'", "-0.5"),
        ("'a'", "3"),
        ("NULL", "4"),
        (r"'c\0'", "5"),
        ("'A'", "NULL"),
        ("'d'", "'NaN'"),
    ]
    query = " UNION ALL ".join(f"SELECT {account} AS account, {amount} AS usd" for account, amount in rows)
    assert problems(mariadb.dsn, query, (USD,)) == [
        "accounts.query: row 1: the account id is empty",
        "accounts.query: row 4: account 'a' occurs twice (first in accounts.query: row 3)",
        "accounts.query: row 5: USD amount '-0.5' is negative (a debt; rule 'non-negative' allows none, but net-equity "
        "does)",
        "accounts.query: row 6: account id 'c\\x00' has control characters",
        "accounts.query: row 7: USD amount 'NaN' is not a number (an amount is finite)",
    ]
    (problem,) = problems(mariadb.dsn, "SELECT x'ff41' AS account, 1 AS usd", (USD,))
    assert problem.startswith("accounts.query: column 'account' is of bytes, not of text (write HEX(`account`)")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT nope FROM users", "cannot be run as one SELECT: Unknown column 'nope' in '"),
        ("SELECT 1; DROP TABLE balances", "cannot be run as one SELECT: You have an error in your SQL syntax"),
        ("DROP TABLE balances", "cannot be run as one SELECT"),
        ("COMMIT", "cannot be run as one SELECT"),
        ("INSERT INTO users VALUES (99)", "cannot be run as one SELECT"),
        ("SELECT 'a' AS account, 1 AS usd INTO OUTFILE '/tmp/stolen'", "cannot be run as one SELECT"),
        ("SELECT 'a' AS account, 1 AS usd, 2 AS usd", "cannot be run as one SELECT: Duplicate column name 'usd'"),
        ("", "cannot be run as one SELECT"),
        ("SELECT add_user() AS account, 1 AS usd", "cannot be run as one SELECT: Cannot execute statement in a READ "
         "ONLY transaction (the query is run in a transaction that may only read)"),
        ("SELECT concat('a', benchmark(4000000000, md5('a'))) AS account, 1 AS usd", "failed: Query execution was "
         "interrupted (max_statement_time exceeded) (accounts.timeout is 1 second)"),
    ],
)  # fmt: skip
def test_the_server_runs_one_select_that_only_reads(ledger: Server, query: str, says: str) -> None:
    ledger.execute(
        "CREATE OR REPLACE FUNCTION add_user() RETURNS int MODIFIES SQL DATA "
        "BEGIN INSERT INTO users VALUES (99); RETURN 1; END"
    )
    (problem,) = problems(ledger.dsn, query, (USD,), timeout=1)
    assert problem.startswith(f"accounts.query: {says}")
    assert ledger.execute("SELECT count(*) FROM users") == [(4,)]
    assert table(read(ledger.dsn, WIDE)) == EXPECTED


def test_a_server_that_drops_the_connection_while_it_is_read_leaves_no_accounts(
    mariadb: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    from polyproof.liabilities.snapshot import mysql

    class Killed(mysql._Cursor):
        def fetchmany(self, size: int | None = None) -> Any:
            if self.rownumber == mysql._BATCH:
                mariadb.execute(f"KILL {self.connection.thread_id()}")
            return super().fetchmany(size)

    monkeypatch.setattr(mysql, "_Cursor", Killed)
    query = "SELECT seq AS account, concat(repeat('0', 90), seq) AS usd FROM seq_1_to_300000"
    (problem,) = problems(mariadb.dsn, query, (USD,))
    assert problem.startswith("accounts.query: failed: Lost connection to MySQL server during query")


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("mysql://me:hunter2@127.0.0.1:1/x", "MySQL cannot be reached: Can't connect to MySQL server on '127.0.0.1'"),
        ("mysql://me:hunt@er2@127.0.0.1/x", "its dsn is no URL of a database that is read here"),
        ("mysql://me:hunter2@127.0.0.1:hunter2/x", "the port of its dsn is no number"),
        ("mysql://me:hunter2@127.0.0.1/x?hunter2=1", "its dsn has an unknown parameter (known: ssl-mode"),
        ("mysql://me:hunter2@db.invalid/x", "its dsn does not say how the connection to another machine is protected"),
        ("mysql://me:hunter2@db.invalid/x?ssl-mode=REQUIRED", "its dsn does not say how the connection to another"),
        ("mysql://me:hunter2@a.invalid,b.invalid/x?ssl-mode=DISABLED", "its dsn has several hosts"),
        ("mysql://me:hunter2@127.0.0.1/x?ssl-mode=VERIFY_CA&ssl-ca=/none", "a certificate of its dsn cannot be read"),
        ("mysql://me:hunter2@db.invalid/x?ssl-mode=VERIFY_IDENTITY", "MySQL cannot be reached: Can't connect"),
    ],
)
def test_a_server_that_cannot_be_reached_is_told_without_the_password(dsn: str, says: str) -> None:
    (problem,) = problems(dsn, "SELECT 1")
    assert problem.startswith(f"accounts.database 'ledger': {says}")
    assert "er2" not in problem


def test_a_port_where_something_else_listens_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    from polyproof.liabilities.snapshot import mysql

    monkeypatch.setattr(mysql, "_CONNECT_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (problem,) = problems(f"mysql://me:hunter2@127.0.0.1:{silent.getsockname()[1]}/x", "SELECT 1")
    assert problem == (
        "accounts.database 'ledger': MySQL cannot be reached: Lost connection to MySQL server during query (timed out) "
        "(does a MySQL or MariaDB server listen there?)"
    )


def test_a_query_may_take_longer_than_connecting(mariadb: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from polyproof.liabilities.snapshot import mysql

    monkeypatch.setattr(mysql, "_CONNECT_TIMEOUT", 0.3)
    assert table(read(mariadb.dsn, "SELECT 'a' AS account, 1 + sleep(0.5) AS usd", (USD,))) == {"a": (100,)}


def test_tls_is_verified_and_another_authority_or_name_is_refused(mariadb: Server) -> None:
    query = """SELECT if(variable_value = '', 'plain', 'tls') AS account, 1 AS usd
               FROM information_schema.session_status WHERE variable_name = 'Ssl_version'"""

    def dsn(mode: str, authority: str, host: str = "localhost") -> str:
        address = mariadb.dsn.replace("127.0.0.1", host)
        return f"{address}ssl-mode={mode}&ssl-ca={mariadb.directory}/certificates/{authority}.pem"

    assert table(read(mariadb.dsn, query, (USD,))) == {"plain": (100,)}
    assert table(read(dsn("VERIFY_IDENTITY", "server"), query, (USD,))) == {"tls": (100,)}
    assert table(read(dsn("VERIFY_CA", "server", "127.0.0.1"), query, (USD,))) == {"tls": (100,)}
    for refused, says in (
        (dsn("VERIFY_IDENTITY", "server", "127.0.0.1"), "IP address mismatch"),
        (dsn("VERIFY_IDENTITY", "other"), "certificate verify failed"),
        (dsn("VERIFY_CA", "other"), "certificate verify failed"),
    ):
        (problem,) = problems(refused, query, (USD,))
        assert says in problem


def test_a_wrong_password_is_told_without_it_and_a_socket_leads_to_the_server_too(ledger: Server) -> None:
    (problem,) = problems(ledger.dsn.replace("hunter2", "hunter3"), "SELECT 1")
    assert problem.startswith(
        "accounts.database 'ledger': MySQL cannot be reached: Access denied for user 'tester'@'127.0.0.1'"
    )
    assert "hunter" not in problem
    by_socket = f"mysql://root@/polyproof?socket={ledger.directory}/sock"
    assert table(read(by_socket, WIDE)) == EXPECTED


def test_the_query_and_the_control_sums_see_one_moment(ledger: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a balance that is changed and committed between the two, neither knows."""
    from polyproof.liabilities.snapshot.mysql import MySQL

    control = "SELECT coin AS asset, sum(amount) AS amount FROM balances GROUP BY coin"
    asked = MySQL.batches

    def slow(server: Any, query: str, *rest: Any) -> Any:
        if query == control:
            ledger.execute("UPDATE balances SET amount = amount + 1 WHERE coin = 'USD'")
        return asked(server, query, *rest)

    monkeypatch.setattr(MySQL, "batches", slow)
    assert table(read(ledger.dsn, WIDE, control=control)) == EXPECTED
    assert table(read(ledger.dsn, WIDE, control=control)) == EXPECTED | {"1": (100000001, 0, 400)}
    ledger.execute("UPDATE balances SET amount = 3 WHERE coin = 'USD'")
