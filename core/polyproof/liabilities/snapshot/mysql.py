"""MySQL and MariaDB, by PyMySQL: rows are read one by one from the connection, and every value as the server's text.

No value is converted on the way, so DECIMAL keeps every digit.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any

import duckdb
import numpy as np
import pymysql
from pymysql.constants import CR, ER, FIELD_TYPE
from pymysql.converters import encoders
from pymysql.cursors import SSCursor

from polyproof.errors import InputError, Problem
from polyproof.liabilities.snapshot.file import Column
from polyproof.liabilities.snapshot.server_sql import nested
from polyproof.liabilities.snapshot.server_url import Address, parse_url
from polyproof.model.counts import counted

__all__ = ["MySQL"]

_BATCH = 20_000
_LOCK_TIMEOUT = 60
"""Seconds that a query waits for a table that somebody is changing."""
_CONNECT_TIMEOUT = 15
_NET_TIMEOUT = 600
"""Seconds that the server waits until rows that it has sent are taken."""
_MODES = ("DISABLED", "VERIFY_CA", "VERIFY_IDENTITY")
_PARAMETERS = ("ssl-mode", "ssl-ca", "ssl-cert", "ssl-key", "socket")
_TEXTS = (
    *(FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING, FIELD_TYPE.ENUM),
    *(FIELD_TYPE.BLOB, FIELD_TYPE.TINY_BLOB, FIELD_TYPE.MEDIUM_BLOB, FIELD_TYPE.LONG_BLOB),
)
"""Types of text, and of bytes, which have the same numbers."""
_INTEGERS = (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG)
"""With a sign or without."""
_TYPES = {
    **dict.fromkeys(_TEXTS, "VARCHAR"),
    **dict.fromkeys((FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL), "NUMERIC"),
    **dict.fromkeys(_INTEGERS, "HUGEINT"),
    FIELD_TYPE.NULL: '"NULL"',
}
_OTHERS = {FIELD_TYPE.DOUBLE: "DOUBLE", FIELD_TYPE.FLOAT: "FLOAT"}


class _Cursor(SSCursor):
    """Of a connection that may be lost: what was not read of an answer is then not waited for."""

    def close(self) -> None:
        try:
            super().close()
        except (pymysql.err.Error, UnicodeDecodeError, AttributeError):
            # PyMySQL reads on from a connection that it has closed, here and again when the answer is forgotten.
            if self._result is not None:
                self._result.unbuffered_active = False

    __del__ = close


class MySQL:
    """A connection in a transaction that is read-only and sees one snapshot of the database."""

    def __init__(self, dsn: str, where: str, timeout: int) -> None:
        """Connect. ``where`` names the database in messages; ``timeout`` in seconds, of each query."""
        self._timeout = timeout
        address = parse_url(dsn, where)
        options = _options(address, where)
        try:
            self._connection = pymysql.connect(
                user=address.user,
                password=(address.password or "").encode(),
                database=address.database,
                connect_timeout=_CONNECT_TIMEOUT,
                # Of what it says first: something else may listen there, and wait for us to speak.
                read_timeout=_CONNECT_TIMEOUT,
                charset="utf8mb4",
                cursorclass=_Cursor,
                # How values are written; none for how they are read.
                conv=dict(encoders),
                program_name="polyproof",
                **options,
            )
        except (pymysql.err.Error, OSError, ValueError, RuntimeError) as error:
            hint = "the address is the dsn of that name in --secrets, or in the environment"
            if error.args and error.args[0] == CR.CR_SERVER_LOST:
                hint = "does a MySQL or MariaDB server listen there?"
            told = address.without_secrets(_told(error))
            raise InputError(Problem(f"{where}: MySQL cannot be reached: {told}", hint=hint)) from None
        # The server ends a query that takes too long; this is for a server that is gone.
        self._connection._read_timeout = timeout + _CONNECT_TIMEOUT
        try:
            self._prepare()
        except pymysql.err.Error as error:
            self.close()
            raise InputError(Problem(f"{where}: MySQL grants no read-only transaction: {_told(error)}")) from None

    def _prepare(self) -> None:
        mariadb = "MariaDB" in self._connection.get_server_info()
        limit = f"max_statement_time = {self._timeout}" if mariadb else f"max_execution_time = {self._timeout * 1000}"
        with self._connection.cursor() as cursor:
            for command in (
                f"SET SESSION {limit}",
                f"SET SESSION lock_wait_timeout = {_LOCK_TIMEOUT}",
                f"SET SESSION net_write_timeout = {_NET_TIMEOUT}",
                "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
                "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
            ):
                cursor.execute(command)

    def close(self) -> None:
        """End the transaction; nothing was written in it."""
        with suppress(pymysql.err.Error):
            self._connection.close()

    def columns(self, query: str) -> tuple[Column, ...]:
        """As ``Server`` says."""
        with self._connection.cursor() as cursor:
            try:
                # As a table it can only be a SELECT; without rows it is not run.
                cursor.execute(f"SELECT * FROM {nested(query)} AS q LIMIT 0")
                described = cursor.description or ()
            except pymysql.err.Error as error:
                raise self._refused(error, "cannot be run as one SELECT") from None
        return tuple(
            Column(name, _read_as(place, kind), _TYPES.get(kind) or _OTHERS.get(kind, "another"), _cast(name, kind))
            for place, (name, kind, *_) in enumerate(described)
        )

    def batches(self, query: str, columns: Sequence[Column], order: Sequence[Column]) -> Generator[object]:
        """As ``Server`` says."""
        keys = ", ".join(f"CAST({_quoted(column.name)} AS BINARY)" for column in order)
        cursor = self._connection.cursor()
        try:
            cursor.execute(f"SELECT * FROM {nested(query)} AS q" + (f" ORDER BY {keys}" if keys else ""))
            while rows := cursor.fetchmany(_BATCH):
                batch = {f"c{place}": np.array(values, object) for place, values in enumerate(zip(*rows, strict=True))}
                for column, values in zip(columns, batch.values(), strict=True):
                    # A column is either all of text or all of bytes.
                    if isinstance(next((value for value in values if value is not None), None), bytes):
                        name = _quoted(column.name)
                        raise InputError(
                            Problem(
                                f"column {column.name!r} is of bytes, not of text",
                                hint=f"write HEX({name}) AS {name} in the query, or BIN_TO_UUID({name})",
                            )
                        )
                yield batch
        except (pymysql.err.Error, UnicodeDecodeError) as error:
            raise self._refused(error, "failed") from None
        finally:
            cursor.close()

    def failed(self, error: duckdb.Error) -> InputError:
        """As ``Server`` says."""
        return InputError(Problem(f"failed: {error}"))

    def _refused(self, error: Exception, how: str) -> InputError:
        code = error.args[0] if error.args else None
        hint = None
        if code in (1969, 3024):  # ER_STATEMENT_TIMEOUT of MariaDB, ER_QUERY_TIMEOUT of MySQL
            hint = f"accounts.timeout is {counted(self._timeout, 'second')}"
        elif code == ER.LOCK_WAIT_TIMEOUT:
            hint = f"somebody has kept a table locked for {_LOCK_TIMEOUT} seconds"
        elif code == 1792:  # ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
            hint = "the query is run in a transaction that may only read"
        return InputError(Problem(f"{how}: {_told(error)}", hint=hint))


def _options(address: Address, where: str) -> dict[str, Any]:
    """Where to connect and how that is protected. Raises ``InputError``."""
    parameters = address.parameters
    unknown = [key for key in parameters if key not in _PARAMETERS]
    if unknown:
        raise InputError(Problem(f"{where}: its dsn has an unknown parameter", hint=f"known: {', '.join(_PARAMETERS)}"))
    if len(address.hosts) > 1:
        raise InputError(Problem(f"{where}: its dsn has several hosts", hint="one, or the path of a socket"))
    port = address.port or "3306"
    if not re.fullmatch(r"[0-9]{1,5}", port):
        raise InputError(Problem(f"{where}: the port of its dsn is no number", hint="without one it is 3306"))
    mode = parameters.get("ssl-mode", "").upper()
    if mode not in (*_MODES, "") or (not mode and not address.is_local()):
        raise InputError(
            Problem(
                f"{where}: its dsn does not say how the connection to another machine is protected",
                hint="add ssl-mode=VERIFY_IDENTITY, and ssl-ca=FILE for an authority of your own; "
                "ssl-mode=DISABLED only where the network itself is yours",
            )
        )
    options: dict[str, Any] = {"ssl_disabled": True}
    if mode.startswith("VERIFY"):
        try:
            context = ssl.create_default_context(cafile=parameters.get("ssl-ca"))
            if "ssl-cert" in parameters:
                context.load_cert_chain(parameters["ssl-cert"], parameters.get("ssl-key"))
        except OSError as error:
            raise InputError(Problem(f"{where}: a certificate of its dsn cannot be read: {error.strerror}")) from None
        context.check_hostname = mode == "VERIFY_IDENTITY"
        options = {"ssl": context}
    if "socket" in parameters:
        return {**options, "unix_socket": parameters["socket"]}
    return {**options, "host": address.hosts[0] if address.hosts else "localhost", "port": int(port)}


def _read_as(place: int, kind: int) -> str:
    """SQL that reads a column, which comes as text, in its type."""
    return f"c{place}::VARCHAR" + ("::HUGEINT" if kind in _INTEGERS else "")


def _told(error: Exception) -> str:
    """What the server or the library said, in one line."""
    text = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], str) else str(error)
    return " ".join(text.split())


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _cast(name: str, kind: int) -> str | None:
    """What to write for a column of a type that is not read."""
    if kind in _TYPES:
        return None
    written = f"CAST({_quoted(name)} AS CHAR) AS {_quoted(name)}"
    if kind == FIELD_TYPE.DOUBLE:
        return f"store balances as DECIMAL; if the figure as it is printed is what is owed, write {written}"
    if kind == FIELD_TYPE.FLOAT:
        return "store balances as DECIMAL: MySQL prints six digits of a FLOAT"
    return f"write {written} in the query"
