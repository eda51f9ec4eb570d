"""PostgreSQL, by ADBC: rows come as Arrow batches of a COPY, which the server sends as they are taken.

The driver has libpq in it, so that an address is libpq's with all of its parameters: TLS, ~/.pgpass, several hosts.
NUMERIC comes as text with every digit.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any

import adbc_driver_manager as adbc
import adbc_driver_postgresql
import duckdb

from polyproof.errors import InputError, Problem
from polyproof.liabilities.snapshot.file import Column, quoted
from polyproof.liabilities.snapshot.server_sql import nested
from polyproof.liabilities.snapshot.server_url import parse_keywords, parse_url
from polyproof.model.counts import counted

__all__ = ["Postgres"]

_TYPES = {
    **dict.fromkeys(("text", "character varying", "character", "name"), "VARCHAR"),
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "numeric": "NUMERIC",
    "uuid": "UUID",
}
"""What each type comes as. Of all others, as of money, which comes in cents, nothing is taken."""
_DEFAULTS = {
    "connect_timeout": "15",
    "application_name": "polyproof",
    # A server that is gone without a word would otherwise be waited for for two hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "6",
}
_LOCK_TIMEOUT = 60
"""Seconds that a query waits for a table that somebody has locked."""
_SCRATCH = "polyproof_described"


class Postgres:
    """A connection in a transaction that is read-only and sees one snapshot of the database."""

    def __init__(self, dsn: str, where: str, timeout: int, scratch: duckdb.DuckDBPyConnection) -> None:
        """Connect. ``where`` names the database in messages; ``scratch`` reads answers about types."""
        self._where, self._timeout, self._scratch = where, timeout, scratch
        url = "://" in dsn
        self._address = address = parse_url(dsn, where) if url else parse_keywords(dsn, where)
        if not address.is_local() and "sslmode" not in address.parameters:
            raise InputError(
                Problem(
                    f"{where}: its dsn does not say how the connection to another machine is protected",
                    hint="add sslmode=verify-full and sslrootcert=FILE, the certificate of who signed the server's; "
                    "sslmode=disable only where the network itself is yours",
                )
            )
        added = {key: value for key, value in _DEFAULTS.items() if key not in address.parameters}
        if url:
            joined = "&".join(f"{key}={value}" for key, value in added.items())
            dsn += ("&" if "?" in dsn else "?") + joined
        else:
            dsn = " ".join([*(f"{key}={value}" for key, value in added.items()), dsn])
        self._open: list[Any] = []
        try:
            self._open.append(adbc_driver_postgresql.connect(dsn))
            self._connection = adbc.AdbcConnection(self._open[-1])
            self._open.append(self._connection)
            self._connection.set_autocommit(False)
            self._run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            self._run(f"SET LOCAL statement_timeout = '{timeout}s'")
            self._run(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}s'")
            self._run("SET LOCAL idle_in_transaction_session_timeout = 0")
        except adbc.Error as error:
            self.close()
            hint = "the address is the dsn of that name in --secrets, or in the environment"
            raise InputError(
                Problem(f"{where}: PostgreSQL cannot be reached: {self._told(error)}", hint=hint)
            ) from None

    def close(self) -> None:
        """End the transaction; nothing was written in it."""
        while self._open:
            with suppress(adbc.Error):
                self._open.pop().close()

    def columns(self, query: str) -> tuple[Column, ...]:
        """As ``Server`` says."""
        with adbc.AdbcStatement(self._connection) as statement:
            try:
                # Of the query as it was written, so that messages quote that.
                statement.set_sql_query(query or " ")
                statement.execute_schema()
            except adbc.Error as error:
                raise self._refused(error, "cannot be run") from None
        try:
            names = [name for name, *_ in self._answer(f"SELECT * FROM {_nested(query)} LIMIT 0", describe=True)]
            places = [f"c{k}" for k in range(len(names))]
            # Types of an answer without rows; the condition keeps the query from being run.
            asked = ", ".join(f"pg_typeof(q.{place})::text" for place in places)
            (types,) = self._answer(
                f"SELECT {asked} FROM (SELECT 1) AS one LEFT JOIN {_nested(query, places)} ON false"
            )
        except (adbc.Error, duckdb.Error) as error:
            raise self._refused(error, "is not one SELECT that can stand in FROM (…)") from None
        return tuple(
            Column(name, place, _TYPES.get(kind, kind), _cast(name, kind))
            for name, place, kind in zip(names, places, types, strict=True)
        )

    def batches(self, query: str, columns: Sequence[Column], order: Sequence[Column]) -> Generator[object]:
        """As ``Server`` says."""
        keys = ", ".join(f'{column.expression}::text COLLATE "C"' for column in order)
        nested = _nested(query, [column.expression for column in columns])
        # Most balances are zero: without their decimals there is less to send and to read. The value is the same.
        taken = ", ".join(
            f"trim_scale({column.expression}) AS {column.expression}" if column.type == "NUMERIC" else column.expression
            for column in columns
        )
        with adbc.AdbcStatement(self._connection) as statement:
            try:
                statement.set_sql_query(f"SELECT {taken} FROM {nested}" + (f" ORDER BY {keys}" if keys else ""))
                stream, _ = statement.execute_query()
            except adbc.Error as error:
                raise self.failed(error) from None
            yield stream

    def failed(self, error: Exception) -> InputError:
        """As ``Server`` says."""
        return self._refused(error, "failed")

    def _run(self, command: str) -> None:
        with adbc.AdbcStatement(self._connection) as statement:
            statement.set_sql_query(command)
            statement.execute_update()

    def _answer(self, query: str, *, describe: bool = False) -> list[tuple[Any, ...]]:
        """A few rows, or the names of the columns."""
        with adbc.AdbcStatement(self._connection) as statement:
            statement.set_sql_query(query)
            stream, _ = statement.execute_query()
            self._scratch.register(_SCRATCH, stream)
            try:
                return self._scratch.execute(f"{'DESCRIBE ' if describe else ''}FROM {_SCRATCH}").fetchall()
            finally:
                self._scratch.unregister(_SCRATCH)

    def _refused(self, error: Exception, how: str) -> InputError:
        told = self._told(error)
        hint = None
        if "statement timeout" in told:
            hint = f"accounts.timeout is {counted(self._timeout, 'second')}"
        elif "lock timeout" in told:
            hint = f"somebody has kept a table locked for {_LOCK_TIMEOUT} seconds"
        elif "read-only transaction" in told:
            hint = "the query is run in a transaction that may only read"
        return InputError(Problem(f"{how}: {told}", hint=hint))

    def _told(self, error: Exception) -> str:
        """What libpq or the server said, in one line, without the query and without what is secret."""
        text = str(error).partition("Query was:")[0].partition(". SQLSTATE:")[0]
        text = re.sub(r"^.*?(?:ERROR|FATAL):\s+", "", text, flags=re.DOTALL)
        text = re.sub(r"^[A-Z_ ]*: (?:\[libpq\] )?(?:Failed to connect: )?", "", text)
        lines = [line.strip() for line in text.splitlines()]
        told = " ".join(line for line in lines if line and line != "^")
        return self._address.without_secrets(told) if not self._open else told


def _nested(query: str, names: Sequence[str] = ()) -> str:
    return f"{nested(query)} AS q" + (f"({', '.join(names)})" if names else "")


def _cast(name: str, kind: str) -> str | None:
    """What to write for a column of a type that is not read."""
    if kind in _TYPES:
        return None
    written = f"{quoted(name)}::{'numeric' if kind == 'money' else 'text'} AS {quoted(name)}"
    if kind in ("double precision", "real"):
        return f"store balances as NUMERIC; if the figure as it is printed is what is owed, write {written}"
    return f"write {written} in the query"
