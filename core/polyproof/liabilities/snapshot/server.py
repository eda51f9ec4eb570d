"""Database servers: the query is sent to one, and what it answers goes into the table.

A server is asked in one read-only transaction, in which it shows the data as of one moment, and its answer is taken
batch by batch, so that memory does not grow with it. It sorts the rows by the bytes of the id: without an order of its
own it may give the same rows in another one each time, and a rerun could not tell them from others.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Protocol

import duckdb
from attrs import evolve

from polyproof.errors import InputError
from polyproof.extras import require_extras
from polyproof.liabilities.snapshot.columns import IDENTIFYING, TEXT, find_column
from polyproof.liabilities.snapshot.file import Column, SnapshotFile
from polyproof.liabilities.snapshot.ids import NOT_UTF8
from polyproof.liabilities.snapshot.server_url import is_mysql
from polyproof.liabilities.snapshot.table import Table
from polyproof.toolkit.secrets import Secrets

__all__ = ["ANSWER", "Server", "checked_text", "open_server", "read_answer", "take_batches"]

ANSWER = "polyproof_answer"
"""What a batch of a server's answer is called in DuckDB."""


class Server(Protocol):
    """A connection to a database server, in a read-only transaction. Every method raises ``InputError``."""

    def columns(self, query: str) -> tuple[Column, ...]:
        """The columns of a SELECT, which is not run.

        In a batch the k-th is called ``ck``, which is what its ``expression`` reads. Its ``type`` is DuckDB's name of
        one that holds its values exactly, or the server's own name of a type that is not read.
        """

    def batches(self, query: str, columns: Sequence[Column], order: Sequence[Column]) -> Generator[object]:
        """Run a SELECT whose ``columns`` are known: its rows, as DuckDB can register them.

        ``order``: the columns whose text sorts them, by its bytes.
        """

    def failed(self, error: duckdb.Error) -> InputError:
        """What is told of an error that occurred while DuckDB took a batch."""

    def close(self) -> None:
        """End the transaction."""


@contextmanager
def open_server(connection: duckdb.DuckDBPyConnection, name: str, timeout: int, secrets: Secrets) -> Iterator[Server]:
    """Connect to the server of a spec's ``accounts.database``; ``timeout`` in seconds, of each query.

    Raises ``InputError``, which quotes no password, and ``ExtraMissing``.
    """
    where = f"accounts.database {name!r}"
    dsn = secrets.find(name, "dsn").dsn or ""
    server: Server
    if is_mysql(dsn):
        require_extras("mysql", purpose=f"{where}, a MySQL or MariaDB server,")
        from polyproof.liabilities.snapshot.mysql import MySQL

        server = MySQL(dsn, where, timeout)
    else:
        require_extras("postgres", purpose=f"{where}, a PostgreSQL server,")
        from polyproof.liabilities.snapshot.postgres import Postgres

        server = Postgres(dsn, where, timeout, connection)
    try:
        yield server
    finally:
        server.close()


def read_answer(table: Table, file: SnapshotFile, server: Server, query: str) -> None:
    """Put the rows of a query into the table, sorted, and report what is wrong with it or them."""
    try:
        found = server.columns(query)
        file.relation = ANSWER
        file.columns = tuple(map(checked_text, found))
        selection = table.selection(file)
        if selection is None:
            return
        settings = table.settings
        keys = [(settings.id, "id", IDENTIFYING)]
        if settings.shape == "long":
            keys.append((settings.asset, "asset", TEXT))
            if settings.position is not None:
                keys.append((settings.position, "position", TEXT))
        sorting = [find_column(file, *key) for key in keys]
        order = [found[file.columns.index(column)] for column in sorting if column is not None]
        take_batches(table.connection, server, query, found, order, lambda: table.fill(file, selection))
    except InputError as error:
        for problem in error.problems:
            file.report_problem(problem)


def take_batches(
    connection: duckdb.DuckDBPyConnection,
    server: Server,
    query: str,
    columns: Sequence[Column],
    order: Sequence[Column],
    take: Callable[[], object],
) -> None:
    """Run a SELECT on a server, and ``take`` its rows: each time the relation ``ANSWER`` is the next of them.

    Raises ``InputError``, and ``duckdb.OutOfMemoryException``.
    """
    with closing(server.batches(query, columns, order)) as batches:
        for batch in batches:
            connection.register(ANSWER, batch)
            try:
                take()
            except duckdb.OutOfMemoryException:
                raise
            except duckdb.Error as error:
                raise server.failed(error) from None
            finally:
                connection.unregister(ANSWER)


def checked_text(column: Column) -> Column:
    """A column whose text is marked where it is not UTF-8: a PostgreSQL database of SQL_ASCII stores any bytes."""
    if not TEXT.fullmatch(column.type):
        return column
    text, mark = column.expression, f"'{NOT_UTF8}'"
    checked = (
        f"CASE WHEN {text} IS NOT NULL THEN coalesce(TRY(decode(encode({text}))), {mark} || hex(encode({text}))) END"
    )
    return evolve(column, expression=f"({checked})")
