"""The snapshot reader: CSV, Parquet, a SQL query or OKX's JSON batches become one validated ``Accounts`` table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen

__all__ = ["AccountsSource", "AttachedDatabase"]


@frozen
class AttachedDatabase:
    """A database that the query of a ``sql`` source can read, under the name it is attached by."""

    type: Literal["sqlite", "postgres", "duckdb"] = field(metadata={"doc": "What kind of database it is."})
    path: str | None = field(
        default=None, metadata={"doc": "The database file (sqlite, duckdb), relative to the spec file."}
    )
    dsn: str | None = field(
        default=None,
        metadata={
            "doc": "libpq connection string (postgres), such as `host=db dbname=ledger`. "
            "Leave the password to PGPASSWORD or ~/.pgpass: specs get shared."
        },
    )


@frozen
class AccountsSource:
    """Where the accounts snapshot comes from and how to read it: the ``accounts`` key of a spec."""

    format: Literal["csv", "parquet", "sql", "okx-json"] | None = field(
        default=None,
        metadata={
            "doc": "Format of the files. Left out, it follows from the suffix: .csv, .tsv, .txt, either with .gz; "
            ".parquet, .pq; .json is okx-json; a query means sql."
        },
    )
    path: str | tuple[str, ...] | None = field(
        default=None,
        metadata={"doc": "File or files, relative to the spec file; * ? [ ] and ** match as in a shell."},
    )
    query: str | None = field(
        default=None, metadata={"doc": "One SELECT in DuckDB's SQL (sql). Its columns are read as a file's would be."}
    )
    attach: Mapping[str, AttachedDatabase] = field(
        factory=dict,
        metadata={"doc": "Databases the query reads, by the name it uses for them: `FROM ledger.balances`."},
    )
    shape: Literal["wide", "long"] = field(
        default="wide",
        metadata={"doc": "wide: a row an account, a column an asset. long: a row for each account and asset."},
    )
    id: str = field(default="account", metadata={"doc": "Column that holds the account id."})
    asset: str = field(default="asset", metadata={"doc": "Column that holds the asset's symbol or alias (long)."})
    amount: str = field(default="amount", metadata={"doc": "Column that holds the amount (long)."})
    units: Literal["decimal", "base"] = field(
        default="decimal",
        metadata={
            "doc": "decimal: 0.5 is half a coin. base: whole numbers of the smallest unit, 10^-decimals. "
            "okx-json is always base."
        },
    )
    ignore: tuple[str, ...] = field(
        default=(), metadata={"doc": "Columns to leave unread. Any other column that is no asset is an error."}
    )
    delimiter: str | None = field(
        default=None,
        metadata={"doc": "One character between fields (csv). Left out: tab for .tsv, else a comma."},
    )
