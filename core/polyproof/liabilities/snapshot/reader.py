"""The course of reading a snapshot: find the inputs, put their rows into one table, check it, take it out.

DuckDB reads the rows and converts the amounts (``cells``); its tables live in memory and spill to a
private temporary directory when they outgrow it. Nothing is repaired: every problem is reported with
its file and row, all together, and then there are no accounts at all.
"""

from __future__ import annotations

import glob
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import duckdb

from polyproof.engine import thread_count
from polyproof.errors import AccountsError, Problem
from polyproof.findings import Findings
from polyproof.liabilities.snapshot.database import attach, described, first_lines, open_query
from polyproof.liabilities.snapshot.delimited import read_csv
from polyproof.liabilities.snapshot.file import SnapshotFile, literal
from polyproof.liabilities.snapshot.long import LongTable
from polyproof.liabilities.snapshot.okx import read_okx
from polyproof.liabilities.snapshot.table import Table
from polyproof.liabilities.snapshot.wide import WideTable
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.settings.accounts import AccountsSettings

__all__ = ["read_snapshot"]

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "okx-json",
}


def read_snapshot(
    settings: AccountsSettings,
    assets: Sequence[Asset],
    *,
    rule: str = "non-negative",
    base: Path = Path(),
    progress: Progress | None = None,
    limit: int = 20,
) -> Accounts:
    """Read and validate the accounts; balances in base units, rounded up.

    ``base`` is the directory that relative paths start from, ``rule`` the spec's rule, which says
    whether debts are allowed (no rule does yet), ``limit`` the number of problems to spell out.
    Accounts are in the order of the files (sorted, where a pattern matches several) and of their
    rows; in long shape in the order in which they first occur.

    Raises ``AccountsError`` with all problems, each with its file and row. Row N is the N-th record
    after the header; blank lines are no records, and a record may span lines.
    """
    assets = tuple(assets)
    findings = Findings(limit)
    kind, inputs = _inputs(settings, base, findings)
    findings.raise_any(AccountsError)
    with tempfile.TemporaryDirectory(prefix="polyproof-") as directory:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": thread_count(),
            "temp_directory": directory,
            "pandas_analyze_sample": 0,
            "autoinstall_known_extensions": False,
        }
        with duckdb.connect(":memory:", config=config) as connection:
            # Where a query's own files are looked for.
            connection.execute(f"SET file_search_path = {literal(str(base))}")
            table = (LongTable if settings.shape == "long" and kind != "okx-json" else WideTable)(
                settings=settings,
                assets=assets,
                base_units=settings.units == "base" or kind == "okx-json",
                empty_is_zero=kind != "okx-json",
                rule=rule,
                connection=connection,
                findings=findings,
                progress=progress or Progress(),
            )
            try:
                return _read(table, kind, inputs, base)
            except duckdb.OutOfMemoryException as error:
                raise AccountsError(
                    Problem(f"not enough memory: {first_lines(error)}", hint="TMPDIR names a disk to spill to")
                ) from error


def _read(table: Table, kind: str, inputs: Sequence[tuple[Path, str]], base: Path) -> Accounts:
    table.create()
    with table.progress.task("read accounts", len(inputs)) as task:
        for path, label in inputs:
            file = SnapshotFile(len(table.files), label, table.findings, first=table.rows)
            table.files.append(file)
            _read_file(table, file, kind, path, base)
            task.advance()
    if not table.rows and not table.findings:
        for file in table.files:
            file.report("has no accounts", "a row each, below the header")
    accounts = table.accounts()
    table.findings.raise_any(AccountsError)
    return accounts


def _inputs(settings: AccountsSettings, base: Path, findings: Findings) -> tuple[str, list[tuple[Path, str]]]:
    """The format, and the files to read with what to call them; for a query one that is none."""
    add = findings.add
    if settings.format == "sql" or (settings.format is None and settings.query is not None and not settings.path):
        if settings.query is None:
            add("accounts.query is missing", hint="format sql reads the result of a SELECT")
        if settings.path:
            add("accounts.path does not go with format sql", hint="files are named in the query: FROM 'accounts.csv'")
        return "sql", [(Path(), "accounts.query")]
    if settings.query is not None or settings.attach:
        add("accounts.query and accounts.attach go with format sql only", hint="remove them or the path")
    if not settings.path:
        add("accounts.path is missing", hint="it names the file or files, or accounts.query a SELECT")
    found: dict[Path, str] = {}
    for pattern in settings.path:
        path = base / pattern
        if path.exists():
            matches = [path]
        else:
            matches = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]
            matches = [match for match in matches if not match.is_dir()]
        if not matches:
            add(f"{path}: {'no file matches' if glob.has_magic(pattern) else 'there is no such file'}")
        found.update((match, str(match)) for match in matches)
    formats = {path: settings.format or _format_of(path) for path in found}
    for path, kind in formats.items():
        if path.is_dir():
            add(f"{path}: is a directory", hint=f"its files: {path}/*.csv")
        elif kind is None:
            add(
                f"{path}: its suffix tells no format",
                hint=f"known are {', '.join(_SUFFIXES)}; or set accounts.format",
            )
    different = {kind for kind in formats.values() if kind}
    if len(different) > 1:
        add(f"the files are of different formats: {', '.join(sorted(different))}", hint="one snapshot has one format")
    return next(iter(different), "csv"), list(found.items())


def _format_of(path: Path) -> str | None:
    name = path.name.lower().removesuffix(".gz")
    return _SUFFIXES.get(Path(name).suffix)


def _read_file(table: Table, file: SnapshotFile, kind: str, path: Path, base: Path) -> None:
    connection, findings = table.connection, table.findings
    try:
        if kind == "okx-json":
            assert isinstance(table, WideTable)
            read_okx(table, file, path)
            return
        if kind == "csv":
            read_csv(table, file, path, table.settings.delimiter or ("\t" if ".tsv" in path.suffixes else ","))
            return
        if kind == "sql":
            query = table.settings.query or ""
            attach(connection, table.settings.attach, query, base, findings)
            if findings or not open_query(connection, file, query):
                return
        else:
            file.relation = f"read_parquet({literal(glob.escape(str(path)))}, hive_partitioning = false)"
            file.columns = described(connection, file.relation)
        selection = table.selection(file)
        if selection is not None:
            table.fill(file, selection)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        file.report(f"cannot be read as {kind}: {first_lines(error)}")
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        file.report(f"cannot be read: {reason}")
