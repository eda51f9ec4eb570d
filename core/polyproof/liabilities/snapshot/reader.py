"""The steps of reading a snapshot: find the inputs, put their rows into one table, check it, extract the accounts.

DuckDB reads the rows and converts the amounts (``cells``); its tables live in memory and spill to a
private temporary directory when they outgrow it. Nothing is repaired: every problem is reported with
its file and row, all together, and then there are no accounts at all.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import duckdb
from attrs import frozen

from polyproof.engine import thread_count
from polyproof.errors import AccountsError, ExtraMissing, InputError, Location, PluginError, Problem
from polyproof.extras import require_extras
from polyproof.findings import Findings
from polyproof.formats.paths import named_files
from polyproof.ledger import LedgerFormat
from polyproof.liabilities.snapshot.arrow import read_in_memory
from polyproof.liabilities.snapshot.columnar import open_parquet, read_arrow
from polyproof.liabilities.snapshot.control import control_problems, read_control
from polyproof.liabilities.snapshot.database import attach, first_lines, open_query
from polyproof.liabilities.snapshot.delimited import read_csv
from polyproof.liabilities.snapshot.file import SnapshotFile, draw_nothing, literal
from polyproof.liabilities.snapshot.ledger import read_ledger
from polyproof.liabilities.snapshot.left_out import pattern_problems
from polyproof.liabilities.snapshot.long import LongTable
from polyproof.liabilities.snapshot.position_names import owners_of
from polyproof.liabilities.snapshot.rounding import Rounded, rounding_problems
from polyproof.liabilities.snapshot.server import Server, open_server, read_answer
from polyproof.liabilities.snapshot.table import Table
from polyproof.liabilities.snapshot.wide import WideTable
from polyproof.model.accounts import Accounts, joined
from polyproof.model.assets import Asset
from polyproof.model.left_out import LeftOut
from polyproof.model.net_equity import EQUITY, Position
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.settings.accounts import AccountsSettings
from polyproof.settings.in_memory import InMemoryAccounts
from polyproof.toolkit.interrupts import duckdb_interrupts
from polyproof.toolkit.secrets import NO_SECRETS, Secrets

__all__ = ["OpenSnapshot", "Snapshot", "open_snapshot", "read_snapshot"]

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".ipc": "arrow",
    ".feather": "arrow",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
}


@frozen
class Snapshot:
    """What was read: all accounts, and what was rounded up on the way."""

    accounts: Accounts
    rounded: tuple[Rounded, ...]
    """One for each asset in order, or for each position."""
    left_out: tuple[LeftOut, ...] = ()
    """Assets that the spec leaves out."""


def read_snapshot(
    settings: AccountsSettings,
    assets: Sequence[Asset],
    *,
    rule: str = "non-negative",
    base: Path = Path(),
    in_memory: InMemoryAccounts | None = None,
    secrets: Secrets = NO_SECRETS,
    registry: Registry | None = None,
    progress: Progress | None = None,
    limit: int = 20,
) -> Snapshot:
    """Read and validate the accounts, all into memory. Arguments and errors are those of ``open_snapshot``."""
    with open_snapshot(
        settings,
        assets,
        rule=rule,
        base=base,
        in_memory=in_memory,
        secrets=secrets,
        registry=registry,
        progress=progress,
        limit=limit,
    ) as opened:
        return Snapshot(joined(opened.assets, list(opened.chunks())), opened.rounded, opened.left_out)


@contextmanager
def open_snapshot(
    settings: AccountsSettings,
    assets: Sequence[Asset],
    *,
    rule: str = "non-negative",
    base: Path = Path(),
    in_memory: InMemoryAccounts | None = None,
    secrets: Secrets = NO_SECRETS,
    registry: Registry | None = None,
    progress: Progress | None = None,
    limit: int = 20,
    scratch: Path | None = None,
) -> Iterator[OpenSnapshot]:
    """Read and check the accounts, to be taken chunk by chunk; balances in base units, rounded up.

    ``assets`` is what is counted of every account: the assets of the spec or, under a rule that allows debts, their
    positions (``positions_of``), of which equity is rounded up, debts and pledges down. ``rule`` is the spec's rule,
    which messages name, ``base`` the directory that relative paths start from, ``in_memory`` what is read in place of
    files, ``registry`` where formats of plugins are
    found (all that are installed, if left out), ``limit`` the number of problems to spell out, ``scratch`` a private
    directory for what does not fit in memory, by default a temporary one. Accounts are in the order of the files
    (sorted, where a pattern matches several) and of their rows; in long shape in the order in which they first occur.

    Raises ``AccountsError`` with all problems, each with its file and row; if there are none, for assets of which
    rounding added more than a hundredth, unless ``settings.allow_rounding`` names them. Row N is the N-th record
    after the header; blank lines are not records, and a record may span lines. Problems of amounts alone are found,
    and raised, when the last chunk has been taken.
    """
    counted = tuple(assets)
    findings = Findings(limit)
    for problem in pattern_problems(settings.leave_out, owners_of(counted)):
        findings.add_problem(problem)
    found = _inputs(settings, base, registry or default_registry(), findings, in_memory)
    findings.raise_any(AccountsError)
    with tempfile.TemporaryDirectory(prefix="polyproof-", dir=scratch) as directory:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": thread_count(),
            "temp_directory": directory,
            "pandas_analyze_sample": 0,
            "autoinstall_known_extensions": False,
            # DuckDB would send what its user stored to servers that the query names.
            "allow_persistent_secrets": False,
        }
        with duckdb_interrupts(), duckdb.connect(":memory:", config=config) as connection:
            draw_nothing(connection)
            # What a query of the spec's needs is not known.
            if found.format != "sql" and (settings.control is None or settings.database is not None):
                _limit_memory(connection, len(counted))
            # Relative file names in a query start from here.
            connection.execute(f"SET file_search_path = {literal(str(base))}")
            ledger = found.ledger
            table = (LongTable if settings.shape == "long" and ledger is None else WideTable)(
                settings=settings,
                assets=counted,
                base_units=settings.units == "base" if ledger is None else ledger.base_units,
                empty_is_zero=ledger is None,
                rule=rule,
                connection=connection,
                findings=findings,
                progress=progress or Progress(),
            )
            for problem in table.names.problems():
                findings.add_problem(problem)
            findings.raise_any(AccountsError)
            try:
                yield _opened(table, found, base, secrets)
            except duckdb.OutOfMemoryException as error:
                hint = f"what does not fit in memory goes to {Path(directory).parent}, where there has to be room"
                raise AccountsError(Problem(f"not enough memory: {first_lines(error)}", hint=hint)) from error


_UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_MEMORY = 128 << 20
_MEMORY_OF_A_THREAD = 96 << 20
_MEMORY_OF_A_COLUMN = 2 << 20
"""Bytes that DuckDB may use, of each thread, and of each asset in each thread: enough to work with, not to hold all."""


def _limit_memory(connection: duckdb.DuckDBPyConnection, assets: int) -> None:
    """Have DuckDB keep on disk what it does not work on: by default it fills four fifths of the machine first."""
    ((stated,),) = connection.execute("SELECT current_setting('memory_limit')").fetchall()
    number, unit = stated.split()
    most = int(float(number) * _UNITS[unit])
    wanted = _MEMORY + thread_count() * (_MEMORY_OF_A_THREAD + assets * _MEMORY_OF_A_COLUMN)
    connection.execute(f"SET memory_limit = '{min(most, wanted) >> 20} MiB'")


class OpenSnapshot:
    """Accounts that have been read and checked, but for their amounts."""

    def __init__(self, table: Table, accounts: int, control: tuple[Fraction | None, ...] | None = None) -> None:
        self._table = table
        self._control = control or ()
        self.assets = table.assets
        """What is counted of each account: the assets, or, where debts are allowed, their positions."""
        self.control = None if control is None else _of_assets(control, table.assets)
        """What the query of ``accounts.control`` says that they add up to, in base units, one for each asset in order;
        where accounts may have debts, of equity. None without one. All that it says, of debts and pledges too, is
        compared with the accounts once the last chunk has been taken."""
        self.accounts = accounts
        """How many there are."""
        self.left_out = table.left_out.found() if not table.findings else ()
        """The assets that ``accounts.leave_out`` leaves out, in the order of their names, and what they add up to."""
        self.totals: tuple[int, ...] = ()
        """Base units, one for each of ``assets``; known once the last chunk has been taken."""
        self.rounded: tuple[Rounded, ...] = ()
        """What rounding changed, one for each of ``assets``; known then too."""

    def location(self, account: int) -> Location:
        """Where an account stands, counted from 0 through all chunks: of several rows, the first."""
        return self._table.where(self._table.row_of(account))

    def chunks(self) -> Iterator[Accounts]:
        """The accounts in order, some at a time. They are good only if all can be taken without an error.

        Raises ``AccountsError`` after the last one. May be called again if it did not.
        """
        table = self._table
        totals = [0] * len(table.assets)
        for chunk in table.chunks():
            # After the first problem, the others are looked for, and nothing is done with the accounts.
            if not table.findings:
                totals = [sum(pair) for pair in zip(totals, chunk.totals(), strict=True)]
                yield chunk
        table.findings.raise_any(AccountsError)
        rounded = table.rounded(tuple(totals))
        for problem in (
            *rounding_problems(rounded, table.settings.allow_rounding),
            *control_problems(self._control, rounded if self._control else ()),
        ):
            table.findings.add_problem(problem)
        table.findings.raise_any(AccountsError)
        self.totals, self.rounded = tuple(totals), rounded


def _of_assets(sums: Sequence[Fraction | None], counted: Sequence[Asset]) -> tuple[Fraction, ...]:
    """Those of the sums that are of assets, or of their equity."""
    pledges = [isinstance(each, Position) and each.kind != EQUITY for each in counted]
    return tuple(total for total, pledge in zip(sums, pledges, strict=True) if not pledge and total is not None)


@frozen
class _Inputs:
    """The files to read, and how."""

    format: str
    files: tuple[tuple[Path, str], ...] = ()
    """Each with its name in messages. A query stands as one entry that is not a file."""
    ledger: LedgerFormat | None = None
    """The format that reads them, if it is a plugin's."""
    in_memory: InMemoryAccounts | None = None
    """What is read in their place."""


def _opened(table: Table, inputs: _Inputs, base: Path, secrets: Secrets) -> OpenSnapshot:
    table.create()
    settings = table.settings
    control = None
    with _connected(table, secrets) as server:
        attach(table.connection, settings.attach, f"{settings.query}\n{settings.control}", base, table.findings)
        if not table.findings:
            with table.progress.task("read accounts", len(inputs.files)) as task:
                for path, label in inputs.files:
                    file = SnapshotFile(len(table.files), label, table.findings, first=table.rows)
                    table.files.append(file)
                    _read_file(table, file, inputs, path, server)
                    task.advance()
        if settings.control is not None and not table.findings:
            control = read_control(table, server)
    if not table.rows and not table.findings:
        for file in table.files:
            file.report("has no accounts", "one row for each, below the header")
    accounts = table.check()
    if not table.findings:
        for problem in table.left_out.problems():
            table.findings.add_problem(problem)
    opened = OpenSnapshot(table, accounts, control)
    if table.findings:
        # Nothing will come of it: find what is wrong with the amounts as well.
        for _ in opened.chunks():
            pass
    return opened


@contextmanager
def _connected(table: Table, secrets: Secrets) -> Iterator[Server | None]:
    """The server that the spec names, if it names one; ``None``, reported, if it cannot be reached."""
    settings = table.settings
    with ExitStack() as stack:
        server = None
        if settings.database is not None:
            try:
                server = stack.enter_context(
                    open_server(table.connection, settings.database, settings.timeout, secrets)
                )
            except ExtraMissing:
                raise
            except InputError as error:
                for problem in error.problems:
                    table.findings.add_problem(problem)
        yield server


_OF_FILES = ("format", "path", "query", "database", "attach", "delimiter")
"""Settings that say where files are and what they are."""
_OF_CONTROL = ("database", "attach")
"""Those that ``accounts.control`` may need, wherever the accounts are."""


def _inputs(
    settings: AccountsSettings,
    base: Path,
    registry: Registry,
    findings: Findings,
    in_memory: InMemoryAccounts | None = None,
) -> _Inputs:
    add = findings.add
    if in_memory is not None:
        for key in _OF_FILES:
            if getattr(settings, key) and not (settings.control and key in _OF_CONTROL):
                add(f"accounts.{key} cannot be used with accounts in memory", hint="leave it out of the spec")
        return _Inputs("arrow", ((Path(), in_memory.label),), in_memory=in_memory)
    if settings.database is not None and settings.attach:
        add("accounts.attach cannot be used with accounts.database", hint="the server answers queries alone")
    if settings.database is not None and not (settings.control and settings.path and settings.query is None):
        if settings.query is None:
            add("accounts.query is missing", hint="accounts.database is the server that it is sent to")
        if settings.path:
            add("accounts.path cannot be used with accounts.database", hint="the server answers the query alone")
        if settings.format not in (None, "sql"):
            add(f"accounts.format {settings.format} cannot be used with accounts.database", hint="leave it out")
        return _Inputs("server", ((Path(), "accounts.query"),))
    if settings.format == "sql" or (settings.format is None and settings.query is not None and not settings.path):
        if settings.query is None:
            add("accounts.query is missing", hint="format sql reads the result of a SELECT")
        if settings.path:
            add(
                "accounts.path cannot be used with format sql",
                hint="files are named in the query: FROM read_csv('accounts.csv', all_varchar = true)",
            )
        return _Inputs("sql", ((Path(), "accounts.query"),))
    if settings.query is not None or (settings.attach and not settings.control):
        add("accounts.query and accounts.attach can only be used with format sql", hint="remove them or the path")
    if not settings.path:
        add("accounts.path is missing", hint="give the file or files, or a SELECT in accounts.query")
    files = tuple((path, str(path)) for path in named_files(base, settings.path, findings, folders=True))
    formats = {settings.format or _format_of(path, registry, findings) for path, _ in files} - {""}
    if len(formats) > 1:
        add(f"the files are of different formats: {', '.join(sorted(formats))}", hint="a snapshot has one format")
    if findings or not formats:
        return _Inputs("")
    (name,) = formats
    if name in _SUFFIXES.values():
        return _Inputs(name, files)
    ledger: LedgerFormat = registry.create("ledger", name)
    if settings.units == "base" and not ledger.base_units:
        add(f"accounts.units is base, but amounts of {name} are in coins", hint="leave it out")
    return _Inputs(name, files, ledger)


def _format_of(path: Path, registry: Registry, findings: Findings) -> str:
    """The format that a suffix stands for. Empty, and reported, if it stands for none or for several."""
    suffix = Path(path.name.lower().removesuffix(".gz")).suffix
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    claimed: dict[str, list[str]] = {}
    for name in registry.names("ledger"):
        with suppress(PluginError):  # one that cannot be used claims nothing
            for own in registry.get("ledger", name).suffixes:
                claimed.setdefault(own, []).append(name)
    names = claimed.get(suffix, [])
    if len(names) == 1:
        return names[0]
    if names:
        findings.add(f"{path}: its suffix is that of several formats", hint=f"accounts.format: {' or '.join(names)}")
    else:
        known = ", ".join([*_SUFFIXES, *claimed])
        findings.add(
            f"{path}: its suffix is not that of a known format", hint=f"known are {known}; or set accounts.format"
        )
    return ""


def _read_file(table: Table, file: SnapshotFile, inputs: _Inputs, path: Path, server: Server | None) -> None:
    connection = table.connection
    try:
        if inputs.in_memory is not None:
            read_in_memory(table, file, inputs.in_memory)
            return
        if inputs.ledger is not None:
            assert isinstance(table, WideTable)
            read_ledger(table, file, path, inputs.ledger)
            return
        if inputs.format == "csv":
            read_csv(table, file, path, table.settings.delimiter or ("\t" if ".tsv" in path.suffixes else ","))
            return
        if inputs.format == "arrow":
            read_arrow(table, file, path)
            return
        if inputs.format == "excel":
            require_extras("excel", purpose=f"reading {path}")
            from polyproof.liabilities.snapshot.excel import read_excel

            read_excel(table, file, path)
            return
        query = table.settings.query or ""
        if inputs.format == "server":
            assert server is not None
            read_answer(table, file, server, query)
            return
        if inputs.format == "sql":
            if not open_query(connection, file, query, table.assets):
                return
        else:
            open_parquet(table, file, path)
        selection = table.selection(file)
        if selection is not None:
            table.fill(file, selection)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        file.report(f"cannot be read as {inputs.format}: {first_lines(error)}")
    except (OSError, EOFError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        file.report(f"cannot be read: {reason}")
