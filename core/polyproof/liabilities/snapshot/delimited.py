"""CSV files: the header is read here, the rows by DuckDB, strictly and as text.

A lost row would understate liabilities, so the records are counted here too, and a file is refused if
DuckDB finds a different number. (DuckDB 2.0 does lose rows if it records faults while reading with
several threads; here it records them with one thread only.)
"""

from __future__ import annotations

import csv
import functools
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.liabilities.snapshot.file import Column, SnapshotFile, literal
from polyproof.liabilities.snapshot.table import Table
from polyproof.model.counts import counted

__all__ = ["read_csv"]

Int64 = npt.NDArray[np.int64]

LONGEST_LINE = 2_000_000
"""The most bytes of a record."""
_BLOCK = 1 << 24
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NOT_UTF8 = "convert it first: iconv -f WINDOWS-1252 -t UTF-8"


def read_csv(table: Table, file: SnapshotFile, path: Path, delimiter: str) -> None:
    """Put the rows of a file into the table and report what is wrong with it. Raises ``OSError`` and the like."""
    names = _header(file, path, delimiter)
    if names is None:
        return
    file.columns = tuple(Column(name, f"c{k}", "VARCHAR") for k, name in enumerate(names))
    file.relation = _relation(file, path, delimiter, "")
    selection = table.selection(file)
    if selection is None:
        return
    count = sum(len(part.starts) for part in _parts(path)) - 1
    layout = functools.cache(lambda: _layout(path))
    file.line_of = lambda record: int(layout().lines[record])
    try:
        if table.fill(file, selection, count):
            return
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        pass  # Something is wrong with the file: find every problem in it.
    _read_with_faults(table, file, path, delimiter, layout())


def _relation(file: SnapshotFile, path: Path, delimiter: str, more: str) -> str:
    declared = ", ".join(f"{literal(column.expression)}: 'VARCHAR'" for column in file.columns)
    return (
        f"read_csv({literal(_unglobbed(path))}, auto_detect = false, header = true, columns = {{{declared}}}, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', max_line_size = {LONGEST_LINE}{more})"
    )


def _read_with_faults(table: Table, file: SnapshotFile, path: Path, delimiter: str, layout: _Layout) -> None:
    """Read a file in which some records are not rows, and report those."""
    connection = table.connection
    file.relation = _relation(
        file,
        path,
        delimiter,
        ", parallel = false, store_rejects = true, rejects_limit = 0, "
        "rejects_table = 'polyproof_rejects', rejects_scan = 'polyproof_scans'",
    )
    try:
        table.fill(file, table.selection(file) or "")
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        file.report(*_failure(path, error))
        return
    rejected = connection.execute(
        "SELECT line_byte_position - 1 AS place, min(line), first(error_type::VARCHAR ORDER BY column_idx), "
        "first(error_message ORDER BY column_idx), min(column_idx) "
        "FROM polyproof_rejects GROUP BY place ORDER BY place"
    ).fetchall()
    connection.execute("DROP TABLE polyproof_rejects; DROP TABLE polyproof_scans")
    if layout.open and file.rows + len(rejected) == len(layout.starts) - 1:
        # With one thread, DuckDB does not report a quote that is left open at the end of the file.
        rejected.append((int(layout.starts[-1]), 0, "UNQUOTED VALUE", "", None))
    count = file.rows + len(rejected)
    if count == len(layout.starts):
        # DuckDB's place of a record may be that of an empty line before it.
        file.skipped = np.searchsorted(layout.starts, [place for place, *_ in rejected]).astype(np.int64)
    else:
        file.line_of = lambda _: None
        file.skipped = np.array([line - 2 for _, line, *_ in rejected], np.int64)
        file.report(
            f"has {counted(len(layout.starts), 'record')} by its line ends and quotes, but DuckDB reads {count}",
            'a field with a quote in it is quoted, and the quote is written twice: "say ""hi"""',
        )
    for record, (_, _, kind, message, column) in zip(file.skipped.tolist(), rejected, strict=True):
        file.report(*_fault(file, delimiter, kind, message, column), record=record)


def _fault(file: SnapshotFile, delimiter: str, kind: str, message: str, column: int | None) -> tuple[str, str | None]:
    expected = len(file.columns)
    if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
        found = re.search(r"Found: (\d+)", message)
        has = f"{counted(int(found[1]), 'field')}" if found else "a different number of fields"
        return f"has {has}, the header has {expected}", f"fields are separated by {delimiter!r}"
    if kind == "UNQUOTED VALUE":
        return "a quoted field does not end with its quote", 'a quote within a quoted field is written twice: ""'
    if kind == "INVALID ENCODING":
        where = f"field {file.columns[column - 1].name!r}" if column and column <= expected else "a field"
        return f"{where} is not UTF-8 text", _NOT_UTF8
    if kind == "LINE SIZE OVER MAXIMUM":
        return f"is longer than {LONGEST_LINE} bytes", "is a quote left open?"
    return f"cannot be read: {message}", None


def _failure(path: Path, error: duckdb.Error) -> tuple[str, str | None]:
    """Why DuckDB gave up on a file as a whole: a message and a hint."""
    line, within_quotes = 0, False
    ends: set[bool] = set()
    with _open(path) as stream:
        while raw := stream.readline(LONGEST_LINE):
            line += raw.endswith(b"\n")
            within_quotes ^= bool(raw.count(b'"') & 1)
            if raw.endswith(b"\n") and not within_quotes:
                ends.add(raw.endswith(b"\r\n"))
            if len(ends) > 1:
                return (
                    f"line ends change from CRLF to LF or back at line {line}",
                    "use one kind throughout: dos2unix FILE",
                )
    return f"cannot be read as CSV: {str(error).splitlines()[0]}", None


def _header(file: SnapshotFile, path: Path, delimiter: str) -> list[str] | None:
    with _open(path) as stream:
        head = stream.read(LONGEST_LINE)
    if not head:
        file.report("is empty", "the first line names the columns")
        return None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head.partition(b"\n")[0]:
        file.report("is not UTF-8 text but looks like UTF-16", "convert it first: iconv -f UTF-16 -t UTF-8")
        return None
    if b"\r" in head and b"\n" not in head:
        file.report("ends its lines with CR alone", "use LF: mac2unix FILE")
        return None
    head = head.removeprefix(_BYTE_ORDER_MARK)
    # The block may end within a character; the header does not.
    text = head.decode(errors="surrogateescape")
    try:
        names = [name.strip() for name in next(csv.reader(_lines(text), delimiter=delimiter, strict=True), [])]
    except csv.Error as error:
        file.report(f"its header cannot be read: {error}", "the first line names the columns")
        return None
    if any("\udc80" <= char <= "\udcff" for name in names for char in name):
        file.report("its header is not UTF-8 text", _NOT_UTF8)
        return None
    if not any(names):
        file.report("its first line is blank", "the first line names the columns")
        return None
    return names


def _lines(text: str) -> list[str]:
    # Unlike str.splitlines, this cuts only at the line ends of CSV.
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


@frozen(eq=False)
class _Layout:
    """Where records are. Empty lines are not records."""

    starts: Int64
    """The byte at which each begins."""
    lines: Int64
    """Its line, counted from 1."""
    open: bool = False
    """Whether a quote is left open at the end."""


def _layout(path: Path) -> _Layout:
    """All records of a file after its header. Sixteen bytes for each: made only if something is wrong."""
    parts = list(_parts(path))
    starts, lines = (np.concatenate([getattr(part, name) for part in parts])[1:] for name in ("starts", "lines"))
    return _Layout(starts, lines, parts[-1].open)


def _parts(path: Path) -> Iterator[_Layout]:
    """The records of a file, the header included, block by block; the last part says whether a quote is left open."""
    # A line end within quotes, that is after an odd number of them, ends no record.
    size, passed, odd, last, begin, line = 0, 0, 0, -1, 0, 1
    with _open(path) as stream:
        while block := stream.read(_BLOCK):
            data = np.frombuffer(block, np.uint8)
            ends = np.flatnonzero(data == ord("\n"))
            numbers = np.arange(passed, passed + len(ends))
            passed += len(ends)
            if odd or b'"' in block:
                quotes = np.cumsum(data == ord('"'), dtype=np.uint8) + np.uint8(odd) & 1
                ending = quotes[ends] == 0
                ends, numbers, odd = ends[ending], numbers[ending], int(quotes[-1])
            # A line is empty if nothing but a carriage return, or nothing at all, comes before its end.
            if len(ends):
                nexts = ends + size + 1
                before = np.where(ends > 0, data[ends - 1], last)
                full = np.diff(nexts, prepend=begin) - 1 != (before == ord("\r"))
                starts, lines = np.append(begin, nexts), np.append(line, numbers + 2)
                yield _Layout(starts[:-1][full], lines[:-1][full])
                begin, line = int(nexts[-1]), int(numbers[-1]) + 2
            size, last = size + len(block), block[-1]
    rest = slice(None) if begin < size else slice(0)
    yield _Layout(np.array([begin])[rest], np.array([line])[rest], bool(odd))


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _unglobbed(path: Path) -> str:
    """A path in which DuckDB sees no pattern."""
    return re.sub(r"[*?\[]", lambda match: f"[{match[0]}]", str(path))
