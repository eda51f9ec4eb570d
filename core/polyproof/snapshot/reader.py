"""The course of reading a snapshot: find the inputs, put their rows into one table, check it, take it out.

DuckDB reads the rows and converts the amounts (``cells``); its tables live in memory and spill to a
private temporary directory when they outgrow it. Nothing is repaired: every problem is reported with
its file and row, all together, and then there are no accounts at all.
"""

from __future__ import annotations

import glob
import re
import tempfile
import unicodedata
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
from attrs import define, field

from polyproof.accounts import Accounts, Identifiers
from polyproof.amounts import shown
from polyproof.assets import Asset
from polyproof.engine import thread_count
from polyproof.errors import AccountsError, Location, Problem
from polyproof.options import did_you_mean
from polyproof.progress import Progress
from polyproof.snapshot import okx
from polyproof.snapshot.cells import exact_amount, fitting_value, value_type, words_of, written_value
from polyproof.snapshot.database import attach, described, first_lines, open_query
from polyproof.snapshot.delimited import CsvReading, explain_failure, open_csv
from polyproof.snapshot.findings import Findings
from polyproof.snapshot.part import Column, Part, literal
from polyproof.snapshot.source import AccountsSource

__all__ = ["LONGEST_ID", "read_snapshot"]

UInt64 = npt.NDArray[np.uint64]

LONGEST_ID = 256
"""Bytes of UTF-8 an account id may have."""

_SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "okx-json",
}
_CHUNK = 1 << 19
"""Rows taken out of the database at a time."""
_OKX_BATCH = 8192
_MISSING = "' '"
"""SQL of what stands for an amount left out where that is an error: a text that is neither zero nor a number."""

_INTEGERS = r"U?(?:TINY|SMALL|BIG|HUGE)INT|U?INTEGER"
_EXACT = re.compile(rf"VARCHAR|ENUM\(.*\)|{_INTEGERS}|DECIMAL\(\d+,\d+\)|\"NULL\"", re.DOTALL)
_TEXT = re.compile(r"VARCHAR|ENUM\(.*\)", re.DOTALL)
_IDENTIFYING = re.compile(rf"VARCHAR|ENUM\(.*\)|UUID|{_INTEGERS}|DECIMAL\(\d+,0\)", re.DOTALL)


def read_snapshot(
    source: AccountsSource,
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
    with tempfile.TemporaryDirectory(prefix="polyproof-") as directory:
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": thread_count(),
            "temp_directory": directory,
            "file_search_path": str(base),
            "pandas_analyze_sample": 0,
            "autoinstall_known_extensions": False,
        }
        with duckdb.connect(":memory:", config=config) as connection:
            reader = _Reader(source, assets, rule, base, connection, findings, progress or Progress())
            try:
                return reader.read()
            except duckdb.OutOfMemoryException as error:
                raise AccountsError(
                    Problem(f"not enough memory: {first_lines(error)}", hint="TMPDIR names a disk to spill to")
                ) from error


@define(eq=False)
class _Reader:
    source: AccountsSource
    assets: tuple[Asset, ...]
    rule: str
    base: Path
    connection: duckdb.DuckDBPyConnection
    findings: Findings
    progress: Progress
    format: str = "csv"
    parts: list[Part] = field(factory=list)
    rows: int = 0

    @property
    def long(self) -> bool:
        return self.source.shape == "long" and self.format != "okx-json"

    @property
    def base_units(self) -> bool:
        return self.source.units == "base" or self.format == "okx-json"

    def read(self) -> Accounts:
        inputs = self._inputs()
        self.findings.raise_any()
        self._create_table()
        with self.progress.task("read accounts", len(inputs)) as task:
            for path, label in inputs:
                part = Part(len(self.parts), label, first=self.rows)
                self.parts.append(part)
                self._read_part(part, path)
                self.rows += part.rows
                task.advance()
        if not self.rows and not self.findings:
            for part in self.parts:
                self.findings.add("has no accounts", "a row each, below the header", part=part)
        accounts = self._long_accounts() if self.long else self._wide_accounts()
        self.findings.raise_any()
        return accounts

    # Inputs

    def _inputs(self) -> list[tuple[Path, str]]:
        """The files to read and what to call them; for a query one that is none."""
        source, add = self.source, self.findings.add
        if source.format == "sql" or (source.format is None and source.query is not None and not source.path):
            self.format = "sql"
            if source.query is None:
                add("accounts.query is missing", "format sql reads the result of a SELECT")
            if source.path:
                add("accounts.path does not go with format sql", "files are named in the query: FROM 'accounts.csv'")
            return [(Path(), "accounts.query")]
        if source.query is not None or source.attach:
            add("accounts.query and accounts.attach go with format sql only", "remove them or the path")
        if not source.path:
            add("accounts.path is missing", "it names the file or files, or accounts.query a SELECT")
        found: dict[Path, str] = {}
        for pattern in source.path:
            path = self.base / pattern
            if path.exists():
                matches = [path]
            else:
                matches = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]
                matches = [match for match in matches if not match.is_dir()]
            if not matches:
                add(f"{path}: {'no file matches' if glob.has_magic(pattern) else 'there is no such file'}")
            found.update((match, str(match)) for match in matches)
        formats = {path: source.format or self._format_of(path) for path in found}
        for path, kind in formats.items():
            if path.is_dir():
                add(f"{path}: is a directory", f"its files: {path}/*.csv")
            elif kind is None:
                add(
                    f"{path}: its suffix tells no format",
                    f"known are {', '.join(_SUFFIXES)}; or set accounts.format",
                )
        different = {kind for kind in formats.values() if kind}
        if len(different) > 1:
            add(f"the files are of different formats: {', '.join(sorted(different))}", "one source has one format")
        self.format = next(iter(different), "csv")
        return list(found.items())

    @staticmethod
    def _format_of(path: Path) -> str | None:
        name = path.name.lower().removesuffix(".gz")
        return _SUFFIXES.get(Path(name).suffix)

    # Reading

    def _create_table(self) -> None:
        if self.long:
            self.connection.execute("CREATE TEMP TABLE entries (account VARCHAR, asset VARCHAR, amount VARCHAR)")
            return
        columns = ", ".join(f"v{k} {value_type(asset)}, t{k} VARCHAR" for k, asset in enumerate(self.assets))
        self.connection.execute(f"CREATE TEMP TABLE accounts (account VARCHAR, {columns})")

    def _read_part(self, part: Part, path: Path) -> None:
        findings = self.findings
        try:
            if self.format == "okx-json":
                self._read_okx(part, path)
                return
            reading: CsvReading | None = None
            if self.format == "sql":
                query = self.source.query or ""
                attach(self.connection, self.source.attach, query, self.base, findings)
                if findings or not open_query(self.connection, part, query, findings):
                    return
            elif self.format == "parquet":
                part.relation = f"read_parquet({literal(glob.escape(str(path)))}, hive_partitioning = false)"
                part.columns = described(self.connection, part.relation)
            else:
                delimiter = self.source.delimiter or ("\t" if ".tsv" in path.suffixes else ",")
                reading = open_csv(part, path, delimiter, findings)
                if reading is None:
                    return
            selected = self._long_columns(part) if self.long else self._wide_columns(part)
            if selected is None:
                return
            table = "entries" if self.long else "accounts"
            self.connection.execute(f"INSERT INTO {table} {selected}")
            part.rows = self._count(f"SELECT count(*) FROM {table}") - part.first
            if reading:
                reading.finish(part, self.connection, findings)
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error as error:
            if self.format == "csv":
                message, hint = explain_failure(path, error)
            else:
                message, hint = f"cannot be read as {self.format}: {first_lines(error)}", None
            findings.add(message, hint, part=part)
        except (OSError, EOFError, zlib.error) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            findings.add(f"cannot be read: {reason}", part=part)

    def _column(self, part: Part, wanted: str, key: str, type: re.Pattern[str]) -> Column | None:
        """The column that holds the ids, assets or amounts. Its name is as given, or alone differs in case only."""
        found = [column for column in part.columns if column.name == wanted]
        found = found or [column for column in part.columns if column.name.casefold() == wanted.casefold()]
        if len(found) == 1:
            if type.fullmatch(found[0].type):
                return found[0]
            self.findings.add(*_wrong_type(found[0], type), part=part)
            return None
        names = [column.name for column in part.columns]
        if found:
            self.findings.add(f"has {len(found)} columns named {wanted!r}", part=part)
        elif len(names) == 1 and any(other in names[0] for other in ",;\t|"):
            self.findings.add(
                f"has one column, {shown(names[0])}", "set accounts.delimiter to what separates its fields", part=part
            )
        else:
            self.findings.add(
                f"has no column {wanted!r}", f"accounts.{key} names it; {did_you_mean(wanted, names)}", part=part
            )
        return None

    def _wide_columns(self, part: Part) -> str | None:
        """The SELECT that turns a part into rows of ``accounts``; ``None`` if columns are not as they should be."""
        before = self.findings.count
        account = self._column(part, self.source.id, "id", _IDENTIFYING)
        columns: dict[int, Column] = {}
        known = _Symbols(self.assets)
        seen: set[str] = set()
        for place, column in enumerate(part.columns, 1):
            name = column.name
            if account is not None and name == account.name:
                continue
            if name in seen:
                self.findings.add(f"column {name!r} is there twice", part=part)
                continue
            seen.add(name)
            if name in self.source.ignore or (account is None and name.casefold() == self.source.id.casefold()):
                continue
            if not name:
                self.findings.add(f"column {place} has no name", part=part)
                continue
            index = known.find(name)
            if index is None:
                self.findings.add(f"column {name!r} is no asset of the spec", known.hint(name), part=part)
            elif index in columns:
                symbol = self.assets[index].symbol
                self.findings.add(
                    f"columns {columns[index].name!r} and {name!r} are both {symbol}",
                    "keep one, ignore the other",
                    part=part,
                )
            elif not _EXACT.fullmatch(column.type):
                self.findings.add(*_wrong_type(column, _EXACT), part=part)
                columns[index] = column
            else:
                columns[index] = column
        if account is not None:
            for index, asset in enumerate(self.assets):
                if index not in columns:
                    self.findings.add(
                        f"has no column for {asset.symbol}",
                        "an asset nobody holds still needs one, with zeros, lest a forgotten column pass for none owed",
                        part=part,
                    )
        if self.findings.count > before or account is None:
            return None
        return self._converted(account.expression, [_text(columns[k]) for k in range(len(self.assets))], part.relation)

    def _converted(self, account: str, amounts: Sequence[str], relation: str) -> str:
        """A SELECT of rows of ``accounts`` from SQL of the id and of each asset's amount."""
        each = list(enumerate(self.assets))
        texts = ", ".join(f"{amounts[k]} AS t{k}" for k, _ in each)
        written = ", ".join(f"t{k}, {written_value(f't{k}', asset, self.base_units)} AS w{k}" for k, asset in each)
        fitting = ", ".join(f"t{k}, {fitting_value(f'w{k}', asset, self.base_units)} AS v{k}" for k, asset in each)
        # The text is kept only where it is still to be looked at.
        kept = ", ".join(f"v{k}, CASE WHEN v{k} IS NULL THEN t{k} END" for k, _ in each)
        return (
            f"SELECT account, {kept} FROM (SELECT account, {fitting} FROM (SELECT account, {written} FROM "
            f"(SELECT {account}::VARCHAR AS account, {texts} FROM {relation})))"
        )

    def _long_columns(self, part: Part) -> str | None:
        """The SELECT that turns a part into rows of ``entries``."""
        source = self.source
        account = self._column(part, source.id, "id", _IDENTIFYING)
        asset = self._column(part, source.asset, "asset", _TEXT)
        amount = self._column(part, source.amount, "amount", _EXACT)
        if account is None or asset is None or amount is None:
            return None
        text = _text(amount)
        return (
            f"SELECT {account.expression}::VARCHAR, {asset.expression}::VARCHAR, "
            f"CASE WHEN {text} = '' OR {text} IS NULL THEN {_MISSING} ELSE {text} END FROM {part.relation}"
        )

    def _read_okx(self, part: Part, path: Path) -> None:
        known = _Symbols(self.assets)
        index_of: dict[str, int | None] = {}
        ids: list[str] = []
        texts: list[list[str]] = [[] for _ in self.assets]
        skipped = array("q")
        insert = self._converted("account", [f"t{k}::VARCHAR" for k in range(len(self.assets))], "polyproof_batch")

        def flush() -> None:
            batch = {"account": np.array(ids, object)}
            batch.update((f"t{k}", np.array(column, object)) for k, column in enumerate(texts))
            self.connection.register("polyproof_batch", batch)
            self.connection.execute(f"INSERT INTO accounts {insert}")
            part.rows += len(ids)
            for column in (ids, *texts):
                column.clear()

        record = -1
        try:
            for record, item in enumerate(okx.records(path)):
                add = partial(self.findings.add, part=part, record=record)
                balances = self._okx_balances(item, add)
                if balances is None:
                    skipped.append(record)
                    continue
                ids.append(item["id"])
                for column in texts:
                    column.append("")
                for symbol, text in balances.items():
                    if symbol not in index_of:
                        index_of[symbol] = known.find(symbol)
                    index = index_of[symbol]
                    if index is None:
                        if symbol not in self.source.ignore:
                            add(f"{shown(symbol)} is no asset of the spec", known.hint(symbol))
                    elif not isinstance(text, str) or not text.isascii():
                        add(f"the amount of {symbol} is {shown(str(text))}", "wanted is an integer in quotes")
                    elif texts[index][-1]:
                        add(f"{self.assets[index].symbol} is there twice, by its symbol and an alias")
                    else:
                        texts[index][-1] = text or " "  # not "", which is zero: an empty amount is an error here
                if len(ids) == _OKX_BATCH:
                    flush()
        except okx.JsonProblem as error:
            where = f" in line {error.line}" if error.line else ""
            self.findings.add(f"{error}{where}" + (f", after row {record + 1}" if record >= 0 else ""), part=part)
        if ids:
            flush()
        part.skipped = np.array(skipped, np.int64)

    def _okx_balances(self, item: Any, add: Callable[..., None]) -> dict[str, Any] | None:
        """The ``assets`` of an account; ``None``, reported, if it is not as OKX's tool writes it."""
        if not isinstance(item, dict):
            add("is no account", 'wanted is {"id": "…", "assets": {"BTC": "123"}}')
            return None
        if isinstance(item, okx.Repeated):
            add(f"key {shown(item.key)} is there twice")
            return None
        for key in item:
            if key not in ("id", "assets") and key not in self.source.ignore:
                add(f"has an unknown key {shown(key)}", "keys are id and assets; or list it under accounts.ignore")
        name, balances = item.get("id"), item.get("assets")
        if not isinstance(name, str) or any("\ud800" <= char <= "\udfff" for char in name):
            add("has no id", "id is a string")
        elif not isinstance(balances, dict):
            add("has no assets", 'assets is an object: {"BTC": "123"}')
        elif isinstance(balances, okx.Repeated):
            add(f"asset {shown(balances.key)} is there twice")
        else:
            return balances
        return None

    # Checking and taking out

    def _wide_accounts(self) -> Accounts:
        self._check_ids("accounts")
        self._check_unique()
        words, starts = self._zeros(self.rows)
        values = [
            (starts[index] + k, word)
            for index, asset in enumerate(self.assets)
            for k, word in enumerate(words_of(f"coalesce(v{index}, 0)", asset))
        ]
        selected = ", ".join(f"{word} AS w{column}" for column, word in values)
        with self.progress.task("convert amounts", self.rows) as task:
            for first in range(0, self.rows, _CHUNK):
                stop = min(first + _CHUNK, self.rows)
                found = self.connection.execute(
                    f"SELECT rowid AS place, {selected} FROM accounts WHERE rowid >= {first} AND rowid < {stop}"
                ).fetchnumpy()
                places: Any = found["place"]
                if np.array_equal(places, np.arange(first, stop)):
                    places = slice(first, stop)
                for column, _ in values:
                    words[places, column] = _integers(found[f"w{column}"])
                task.advance(stop - first)
        for index, asset in enumerate(self.assets):
            left = self.connection.execute(
                f"SELECT rowid, t{index} FROM accounts WHERE t{index} IS NOT NULL ORDER BY rowid"
            )
            for row, text in _rows(left):
                # Spaces around an amount do not count, and in wide shape no amount is zero.
                if text.strip(" \t") or self.format == "okx-json":
                    self._convert(text, row, index, words[row, starts[index] : starts[index] + asset.words])
        return Accounts(self.assets, self._identifiers("accounts", "rowid", self.rows), words)

    def _long_accounts(self) -> Accounts:
        """Pivot: the accounts in the order of their first rows, a column for each asset."""
        connection = self.connection
        self._check_ids("entries")
        self._resolve_symbols()
        connection.execute(
            "CREATE TEMP TABLE people AS SELECT account, row_number() OVER (ORDER BY min(rowid)) - 1 AS place "
            "FROM entries WHERE account IS NOT NULL GROUP BY account"
        )
        connection.execute(
            "CREATE TEMP TABLE cells AS SELECT entries.rowid AS row, place, index, amount "
            "FROM entries JOIN people USING (account) JOIN symbols USING (asset)"
        )
        connection.execute("DROP TABLE entries")
        count = self._count("SELECT count(*) FROM people")
        ids = self._identifiers("people", "place", count)
        words, starts = self._zeros(count)
        with self.progress.task("convert amounts", len(self.assets)) as task:
            for index, asset in enumerate(self.assets):
                self._long_column(index, asset, ids, words[:, starts[index] : starts[index] + asset.words])
                task.advance()
        return Accounts(self.assets, ids, words)

    def _long_column(self, index: int, asset: Asset, ids: Identifiers, words: UInt64) -> None:
        connection = self.connection
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE found AS SELECT row, place, amount, "
            f"{fitting_value('written', asset, self.base_units)} AS value FROM (SELECT row, place, amount, "
            f"{written_value('amount', asset, self.base_units)} AS written FROM cells WHERE index = {index})"
        )
        values = words_of("coalesce(value, 0)", asset)
        selected = ", ".join(f"{word} AS w{k}" for k, word in enumerate(values))
        found = connection.execute(f"SELECT row, place, {selected} FROM found").fetchnumpy()
        places = found["place"]
        for k in range(len(values)):
            words[places, k] = _integers(found[f"w{k}"])
        for row, place, text in _rows(
            connection.execute("SELECT row, place, amount FROM found WHERE value IS NULL ORDER BY row")
        ):
            self._convert(text, row, index, words[place])
        repeated = np.flatnonzero(np.bincount(places, minlength=1)[places] > 1)
        first: dict[int, int] = {}
        for k in repeated[np.argsort(found["row"][repeated])].tolist():
            row, place = int(found["row"][k]), int(places[k])
            if first.setdefault(place, row) != row:
                self._add(
                    f"account {shown(ids[place])} has {asset.symbol} twice",
                    f"first in {self._where(first[place])}",
                    row,
                )

    def _resolve_symbols(self) -> None:
        """Make the table ``symbols`` of what assets are called in ``entries``; report what is no asset."""
        known = _Symbols(self.assets)
        self.connection.execute("CREATE TEMP TABLE symbols (asset VARCHAR, index INTEGER)")
        unknown: list[str | None] = []
        for (name,) in self.connection.execute("SELECT DISTINCT asset FROM entries").fetchall():
            index = known.find(name.strip(" \t")) if name is not None else None
            if index is not None:
                self.connection.execute("INSERT INTO symbols VALUES (?, ?)", [name, index])
            elif name is None or name not in self.source.ignore:
                unknown.append(name)
        if not unknown:
            return
        self._report(
            "entries ANTI JOIN symbols USING (asset)" + self._ignored_symbols(),
            "asset",
            lambda name: (
                ("has no asset", None) if not name else (f"{shown(name)} is no asset of the spec", known.hint(name))
            ),
        )

    def _ignored_symbols(self) -> str:
        if not self.source.ignore:
            return ""
        return f" WHERE asset IS NULL OR asset NOT IN ({', '.join(map(literal, self.source.ignore))})"

    def _report(self, relation: str, column: str, explain: Callable[[str], tuple[str, str | None]]) -> None:
        """Report every row of a relation, in order; explain those that can be shown, count the others."""
        shown_rows = self.connection.execute(
            f"SELECT row, value FROM (SELECT rowid AS row, {column} AS value FROM {relation}) "
            f"ORDER BY row LIMIT {self.findings.limit}"
        ).fetchall()
        for row, value in shown_rows:
            self._add(*explain(value), row)
        self.findings.add_unseen(self._count(f"SELECT count(*) FROM {relation}") - len(shown_rows))

    def _check_ids(self, table: str) -> None:
        edge = r"[\s\p{Z}]"
        self._report(
            f"{table} WHERE account IS NULL OR account = '' OR strlen(account) > {LONGEST_ID} "
            rf"OR regexp_matches(account, '\p{{Cc}}|^{edge}|{edge}$')",
            "account",
            _fault_of_id,
        )

    def _check_unique(self) -> None:
        connection = self.connection
        connection.execute(
            "CREATE TEMP TABLE repeated AS SELECT account, min(rowid) AS first FROM accounts "
            "WHERE account <> '' GROUP BY account HAVING count(*) > 1"
        )
        relation = "accounts JOIN repeated USING (account) WHERE accounts.rowid <> first"
        found = connection.execute(
            f"SELECT accounts.rowid AS row, account, first FROM {relation} ORDER BY row LIMIT {self.findings.limit}"
        ).fetchall()
        for row, account, first in found:
            self._add(f"account {shown(account)} is there twice", f"first in {self._where(first)}", row)
        if found:
            self.findings.add_unseen(self._count(f"SELECT count(*) FROM {relation}") - len(found))

    def _identifiers(self, table: str, place: str, count: int) -> Identifiers:
        offsets = np.zeros(count + 1, np.int64)
        blocks = []
        for first in range(0, count, _CHUNK):
            found = self.connection.execute(
                f"SELECT coalesce(account, '') AS account, coalesce(strlen(account), 0) AS length FROM {table} "
                f"WHERE {place} >= {first} AND {place} < {first + _CHUNK} ORDER BY {place}"
            ).fetchnumpy()
            blocks.append("".join(found["account"].tolist()).encode())
            offsets[first + 1 : first + 1 + len(found["length"])] = found["length"]
        np.cumsum(offsets, out=offsets)
        return Identifiers(np.frombuffer(b"".join(blocks), np.uint8), offsets)

    def _convert(self, text: str, row: int, index: int, words: UInt64) -> None:
        """Set the words of a balance from an amount that SQL had no answer for, or report it."""
        units = exact_amount(text, self.assets[index], self.base_units, self.rule)
        if isinstance(units, Problem):
            self._add(units.message, units.hint, row, index + 1)
            return
        for k in range(len(words)):
            words[k] = (units >> (64 * k)) & 0xFFFFFFFFFFFFFFFF

    def _add(self, message: str, hint: str | None, row: int, column: int = 0) -> None:
        part = self._part_of(row)
        self.findings.add(message, hint, part=part, record=part.record(row), column=column)

    def _part_of(self, row: int) -> Part:
        return self.parts[bisect_right(self.parts, row, key=lambda part: part.first) - 1]

    def _where(self, row: int) -> Location:
        part = self._part_of(row)
        record = part.record(row)
        return Location(part.label, line=part.line(record), row=record + 1)

    def _zeros(self, count: int) -> tuple[UInt64, list[int]]:
        """Empty words for so many accounts, and the column at which each asset's words start."""
        starts = list(accumulate((asset.words for asset in self.assets), initial=0))
        return np.zeros((count, starts[-1]), np.uint64), starts

    def _count(self, query: str) -> int:
        row = self.connection.execute(query).fetchone()
        return int(row[0]) if row else 0


class _Symbols:
    """What an asset may be called: by symbol or alias, in any case if that leaves one."""

    def __init__(self, assets: Sequence[Asset]) -> None:
        self.names = [name for asset in assets for name in (asset.symbol, *asset.aliases)]
        self._exact: dict[str, set[int]] = {}
        self._folded: dict[str, set[int]] = {}
        self._symbols = [asset.symbol for asset in assets]
        for index, asset in enumerate(assets):
            for name in (asset.symbol, *asset.aliases):
                self._exact.setdefault(name, set()).add(index)
                self._folded.setdefault(name.casefold(), set()).add(index)

    def _candidates(self, name: str) -> set[int]:
        return self._exact.get(name) or self._folded.get(name.casefold()) or set()

    def find(self, name: str) -> int | None:
        """The index of the one asset called that, or ``None``."""
        found = self._candidates(name)
        return next(iter(found)) if len(found) == 1 else None

    def hint(self, name: str) -> str:
        """What would be right, for a name that ``find`` does not find."""
        found = sorted(self._candidates(name))
        if found:
            return f"it could be {' or '.join(self._symbols[index] for index in found)}: write it as the spec does"
        return f"{did_you_mean(name, self.names)}; or list it under accounts.ignore"


def _fault_of_id(account: str | None) -> tuple[str, str | None]:
    if not account:
        return "the account id is empty", None
    if len(account.encode()) > LONGEST_ID:
        return f"account id {shown(account)} is longer than {LONGEST_ID} bytes", None
    if any(unicodedata.category(char) == "Cc" for char in account):
        return f"account id {shown(account)} has control characters", None
    return f"account id {shown(account)} has spaces around it", "a user who types the id would not find it"


def _wrong_type(column: Column, wanted: re.Pattern[str]) -> tuple[str, str]:
    """Message and hint for a column of a type that is not taken."""
    message = f"column {column.name!r} is of type {column.type}"
    if column.type in ("DOUBLE", "FLOAT"):
        message += ", a floating-point type, which is not exact"
    if wanted is _EXACT:
        return message, "amounts are decimal strings, DECIMAL or integers"
    return message, "ids are strings or integers" if wanted is _IDENTIFYING else "assets are strings"


def _text(column: Column) -> str:
    """SQL of an amount's text. Most amounts are zero, and a zero in DECIMAL has many digits to write and read."""
    text = f"{column.expression}::VARCHAR"
    if column.type.startswith("DECIMAL"):
        return f"CASE WHEN {column.expression} = 0 THEN '0' ELSE {text} END"
    return text


def _integers(values: npt.NDArray[Any]) -> UInt64:
    """Values as DuckDB hands them over, which makes floats of types numpy lacks: never here."""
    if values.dtype != np.uint64 or np.ma.is_masked(values):
        raise TypeError(f"amounts came as {values.dtype}")
    return np.asarray(values)


def _rows(result: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    """The rows of a result, which may be many."""
    while rows := result.fetchmany(10_000):
        yield from rows
