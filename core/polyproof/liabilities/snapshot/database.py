"""A query in DuckDB's SQL and the database files it reads.

DuckDB's own files are attached read-only. SQLite is read through Python's own sqlite3: that needs no
download, and it gives the type of every single value, so that a REAL cannot pass for an exact amount.
The tables whose names occur in the query are copied into memory, all in one read transaction.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import duckdb
import numpy as np

from polyproof.findings import Findings
from polyproof.liabilities.snapshot.file import Column, SnapshotFile, literal, quoted
from polyproof.liabilities.snapshot.text_scans import UndecidedError, stated_query
from polyproof.model.assets import Asset
from polyproof.settings.accounts import AttachedDatabase

__all__ = ["attach", "described", "open_query"]

_BATCH = 10_000


def described(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[Column, ...]:
    """The columns of a relation. Raises ``duckdb.Error``."""
    return tuple(
        Column(name, quoted(name), str(kind).upper())
        for name, kind, *_ in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    )


def open_query(connection: duckdb.DuckDBPyConnection, file: SnapshotFile, query: str, assets: Sequence[Asset]) -> bool:
    """Make one SELECT the relation of the file that stands for it. Refused if it lets DuckDB guess what text means."""
    try:
        statements = connection.extract_statements(query)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            file.report("is not one SELECT", "WITH … SELECT and FROM … count as SELECT")
            return False
        file.relation = f"polyproof_query_{file.number}"
        select = stated_query(connection, statements[0].query, assets)
        connection.execute(f"CREATE TEMP VIEW {file.relation} AS {select}")
        file.columns = described(connection, file.relation)
    except UndecidedError as error:
        file.report(error.problem.message, error.problem.hint)
        return False
    except duckdb.Error as error:
        file.report(f"cannot be run: {first_lines(error)}")
        return False
    return True


def attach(
    connection: duckdb.DuckDBPyConnection,
    databases: Sequence[AttachedDatabase],
    query: str,
    base: Path,
    findings: Findings,
) -> None:
    """Attach the databases that the query reads."""
    for database in databases:
        where = f"accounts.attach {database.name!r}"
        path = base / database.path
        if not path.is_file():
            findings.add(f"{where}: there is no file {path}")
            continue
        try:
            if database.type == "sqlite":
                _copy_sqlite(connection, database.name, path, query)
            else:
                connection.execute(f"ATTACH {literal(str(path))} AS {quoted(database.name)} (TYPE duckdb, READ_ONLY)")
        except (duckdb.Error, sqlite3.Error, UnicodeDecodeError) as error:
            findings.add(f"{where}: {path} cannot be read as a {database.type} database: {first_lines(error)}")


def _copy_sqlite(connection: duckdb.DuckDBPyConnection, name: str, path: Path, query: str) -> None:
    connection.execute(f"ATTACH ':memory:' AS {quoted(name)}")
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as stored:
        stored.text_factory = bytes.decode
        stored.execute("BEGIN")
        tables = [
            table
            for (table,) in stored.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall()
            if re.search(rf"(?<!\w){re.escape(table)}(?!\w)", query, re.IGNORECASE)
        ]
        for table in tables:
            _copy_table(connection, stored, f"{quoted(name)}.main.{quoted(table)}", quoted(table))


def _copy_table(connection: duckdb.DuckDBPyConnection, stored: sqlite3.Connection, target: str, table: str) -> None:
    """Copy a table, giving each column a type that holds all its values exactly, or one that no amount may have.

    A column of integers becomes BIGINT, the type of SQLite's integers; text, or text and integers, VARCHAR. A
    REAL makes its column DOUBLE, which the reader does not accept as an amount. In a column with text, REALs are
    marked instead, since the texts may be needed; so are blobs.
    """
    columns = [quoted(column) for _, column, *_ in stored.execute(f"PRAGMA table_xinfo({table})").fetchall()]
    kinds = ("real", "text", "blob")
    seen = stored.execute(
        "SELECT "
        + ", ".join(f"coalesce(max(typeof({column}) = '{kind}'), 0)" for column in columns for kind in kinds)
        + f" FROM {table}"
    ).fetchone()
    types, reads = [], []
    for k, column in enumerate(columns):
        real, text, blob = seen[3 * k : 3 * k + 3]
        mixed = text or blob
        types.append("VARCHAR" if mixed else "DOUBLE" if real else "BIGINT")
        mark = " || ' (REAL)'" if mixed else ""
        reads.append(
            f"CASE typeof({column}) WHEN 'real' THEN printf('%!.17g', {column}){mark} "
            f"WHEN 'blob' THEN 'x' || hex({column}) || ' (BLOB)' ELSE CAST({column} AS TEXT) END"
        )
    names = [f"c{k}" for k in range(len(columns))]
    declared = ", ".join(f"{column} {kind}" for column, kind in zip(columns, types, strict=True))
    converted = ", ".join(f"{name}::{kind}" for name, kind in zip(names, types, strict=True))
    connection.execute(f"CREATE TABLE {target} ({declared})")
    rows = stored.execute(f"SELECT {', '.join(reads)} FROM {table}")
    while batch := rows.fetchmany(_BATCH):
        arrays = {name: np.array(values, object) for name, values in zip(names, zip(*batch, strict=True), strict=True)}
        connection.register("polyproof_batch", arrays)
        connection.execute(f"INSERT INTO {target} SELECT {converted} FROM polyproof_batch")
    connection.execute("DROP VIEW IF EXISTS polyproof_batch")


def first_lines(error: Exception) -> str:
    """The text of an error, without the excerpt of the query that DuckDB appends."""
    return " ".join(str(error).split("\n\n")[0].split())
