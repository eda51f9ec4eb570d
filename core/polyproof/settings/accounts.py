"""What a spec says about its snapshot: the key ``accounts``."""

from __future__ import annotations

from attrs import frozen

from polyproof.config.options import option
from polyproof.model.names import NAME as POSITION
from polyproof.toolkit.secrets import NAME

__all__ = ["AccountsSettings", "AttachedDatabase", "PositionColumn"]


@frozen
class AttachedDatabase:
    """A database file that the query can read (sql), under the name it is attached by."""

    name: str = option(
        pattern=(r"[A-Za-z_][A-Za-z0-9_]{0,62}", "a name of letters, digits and underscores"),
        doc="What the query calls it: `FROM ledger.balances`.",
    )
    type: str = option(choices=("sqlite", "duckdb"), doc="What kind of database it is.")
    path: str = option(doc="The database file, relative to the spec file.")


@frozen
class PositionColumn:
    """What the columns of a position are called (wide), where that is not the symbol, a colon and the position."""

    position: str = option(pattern=POSITION, doc="equity, debt, or a collateral category.")
    column: str = option(
        pattern=(r"(?!\*$)[^*]*\*[^*]*", "a name with one * in place of the asset's, such as d_*"),
        doc="The name of such a column, with * in place of the asset's name: `d_*`.",
    )


@frozen
class AccountsSettings:
    """Where the accounts snapshot comes from and how to read it: the ``accounts`` key of a spec."""

    format: str | None = option(
        default=None,
        choices=("csv", "parquet", "arrow", "excel", "sql"),
        kind="ledger",
        doc="Format of the files. Left out, it follows from the suffix: .csv, .tsv, .txt, each with or without .gz; "
        ".parquet, .pq; .arrow, .ipc, .feather; .xlsx, .xlsm, .xlsb, .xls, .ods; the suffix of a ledger format; "
        "a query means sql.",
    )
    path: tuple[str, ...] = option(
        default=(),
        doc="File or files, relative to the spec file; * ? [ ] and ** match as in a shell, and a folder stands for its "
        "files.",
    )
    query: str | None = option(
        default=None,
        doc="One SELECT, whose columns are read as a file's would be: in the SQL of the server that `database` names, "
        "otherwise in DuckDB's, where text is read with stated types: `read_csv('accounts.csv', all_varchar = true)`.",
    )
    control: str | None = option(
        default=None,
        doc="One SELECT of what all accounts add up to, in the same SQL: a row for each asset (`asset`, `amount`), or "
        "one row with a column for each. A sum that differs from what was read is an error.",
    )
    database: str | None = option(
        default=None,
        pattern=NAME,
        doc="Name of the server that `query` and `control` are sent to: of its `dsn` in the file that whoever runs "
        "this gives as --secrets, or in the environment variable POLYPROOF_DSN_NAME.",
    )
    timeout: int = option(
        default=3600, least=1, most=604800, doc="Seconds that the server may take for a query (database)."
    )
    attach: tuple[AttachedDatabase, ...] = option(default=(), doc="Database files that queries in DuckDB's SQL read.")
    sheet: str | None = option(
        default=None, doc="Name of the sheet to read (excel); it may be left out where there is only one."
    )
    shape: str = option(
        default="wide",
        choices=("wide", "long"),
        doc="wide: a row for each account, a column for each asset. long: a row for each account and asset.",
    )
    id: str = option(default="account", doc="Column that holds the account id.")
    asset: str = option(default="asset", doc="Column that holds the asset's symbol or alias (long).")
    amount: str = option(default="amount", doc="Column that holds the amount (long).")
    position: str | None = option(
        default=None,
        doc="Column that says which position an amount is: equity, debt, or a collateral category (long). Without it "
        "amounts are signed: below zero, a debt.",
    )
    columns: tuple[PositionColumn, ...] = option(
        default=(),
        items=(0, 64),
        doc="What the columns of positions are called (wide). Of any that is not named here they are `BTC:debt`; a "
        "column `BTC` is equity and, where there is none of debts, a debt if it is below zero.",
    )
    pledge_all: str | None = option(
        default=None,
        pattern=POSITION,
        doc="The collateral category that all equity of accounts with debts is pledged in, where files state no "
        "pledges.",
    )
    units: str = option(
        default="decimal",
        choices=("decimal", "base"),
        doc="decimal: 0.5 is half a coin. base: whole numbers of the smallest unit, 10^-decimals. "
        "A ledger format says itself which of the two it has.",
    )
    ignore: tuple[str, ...] = option(
        default=(),
        doc="Columns, and further keys of a ledger format, that are no assets. Any other must be an asset.",
    )
    leave_out: tuple[str, ...] = option(
        default=(),
        items=(0, 1000),
        doc="Assets of the accounts that are no part of the audit: names, or patterns in which * ? [ ] match as in a "
        "shell; * alone: all that the spec does not have. Which they are and what they add up to is published.",
    )
    allow_rounding: tuple[str, ...] = option(
        default=(),
        doc="Symbols of assets of which rounding up to their decimals may add more than a hundredth. For any other "
        "that is an error, since its decimals are then most likely wrong.",
    )
    delimiter: str | None = option(
        default=None,
        pattern=(r"[^\"\r\n]", "one character, neither a quote nor a line end"),
        doc="The character between fields (csv). Left out: a tab for .tsv, otherwise a comma.",
    )
