"""CSV files: the header is read here, the rows by DuckDB, strictly and as text."""

from __future__ import annotations

import csv
import gzip
import re
from array import array
from functools import cache
from pathlib import Path
from typing import BinaryIO, cast

import duckdb
import numpy as np
from attrs import define

from polyproof.snapshot.findings import Findings
from polyproof.snapshot.part import Column, Part, literal

__all__ = ["CsvReading", "open_csv"]

LONGEST_LINE = 2_000_000
"""Bytes a record may have."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NOT_UTF8 = "convert it first: iconv -f WINDOWS-1252 -t UTF-8"


def open_csv(part: Part, path: Path, delimiter: str, findings: Findings) -> CsvReading | None:
    """Read the header and set the part's columns and relation; ``None`` if that cannot be done."""
    names = _header(part, path, delimiter, findings)
    if names is None:
        return None
    part.columns = tuple(Column(name, f"c{k}", "VARCHAR") for k, name in enumerate(names))
    declared = ", ".join(f"{literal(column.expression)}: 'VARCHAR'" for column in part.columns)
    reading = CsvReading(path, f"polyproof_rejects_{part.number}", f"polyproof_scans_{part.number}", delimiter)
    part.relation = (
        f"read_csv({literal(_unglobbed(path))}, auto_detect = false, header = true, columns = {{{declared}}}, "
        f"delim = {literal(delimiter)}, quote = '\"', escape = '\"', max_line_size = {LONGEST_LINE}, "
        f"store_rejects = true, rejects_table = '{reading.rejects}', rejects_scan = '{reading.scans}', "
        "rejects_limit = 0)"
    )
    return reading


@define
class CsvReading:
    """What is left to find out after DuckDB has read a file: which records it could not take, and where rows are."""

    path: Path
    rejects: str
    scans: str
    delimiter: str

    def finish(self, part: Part, connection: duckdb.DuckDBPyConnection, findings: Findings) -> None:
        """Report the records that are no rows. ``part.rows`` is known."""
        rejected = connection.execute(
            f"SELECT line_byte_position - 1 AS place, min(line), first(error_type::VARCHAR ORDER BY column_idx), "
            f"first(error_message ORDER BY column_idx), min(column_idx) "
            f"FROM {self.rejects} GROUP BY place ORDER BY place"
        ).fetchall()
        connection.execute(f"DROP TABLE {self.rejects}; DROP TABLE {self.scans}")
        layout = cache(lambda: _layout(self.path))

        def known() -> tuple[array[int], array[int]] | None:
            # Where quotes stand in the middle of a field, DuckDB and the count of quotes may disagree.
            starts, lines = layout()
            return (starts, lines) if len(starts) == part.rows + len(rejected) else None

        def line_of(record: int) -> int | None:
            found = known()
            return found[1][record] if found else None

        part.line_of = line_of
        if not rejected:
            return
        found = known()
        if found:
            # The place of a record may be that of an empty line before it.
            records = np.searchsorted(np.frombuffer(found[0], np.int64), [place for place, *_ in rejected])
        else:
            records = np.array([line - 2 for _, line, *_ in rejected])
        part.skipped = records.astype(np.int64)
        for record, (_, _, kind, message, column) in zip(part.skipped.tolist(), rejected, strict=True):
            text, hint = self._fault(part, kind, message, column)
            findings.add(text, hint, part=part, record=record)

    def _fault(self, part: Part, kind: str, message: str, column: int | None) -> tuple[str, str | None]:
        wanted = len(part.columns)
        if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
            found = re.search(r"Found: (\d+)", message)
            has = f"{found[1]} fields" if found else "another number of fields"
            return f"has {has}, the header has {wanted}", f"fields are separated by {self.delimiter!r}"
        if kind == "UNQUOTED VALUE":
            return "a quoted field does not end with its quote", 'a quote within a quoted field is written twice: ""'
        if kind == "INVALID ENCODING":
            where = f"field {part.columns[column - 1].name!r}" if column and column <= wanted else "a field"
            return f"{where} is not UTF-8 text", _NOT_UTF8
        if kind == "LINE SIZE OVER MAXIMUM":
            return f"is longer than {LONGEST_LINE} bytes", "is a quote left open?"
        return f"cannot be read: {message}", None


def explain_failure(path: Path, error: duckdb.Error) -> tuple[str, str | None]:
    """Why DuckDB gave up on a file as a whole: a message and a hint."""
    line, within_quotes = 0, False
    ends: set[bool] = set()
    with _open(path) as file:
        while raw := file.readline(LONGEST_LINE):
            line += raw.endswith(b"\n")
            within_quotes ^= bool(raw.count(b'"') & 1)
            if raw.endswith(b"\n") and not within_quotes:
                ends.add(raw.endswith(b"\r\n"))
            if len(ends) > 1:
                return f"line ends change from CRLF to LF or back at line {line}", "use one kind: dos2unix FILE"
    return f"cannot be read as CSV: {str(error).splitlines()[0]}", None


def _header(part: Part, path: Path, delimiter: str, findings: Findings) -> list[str] | None:
    with _open(path) as file:
        head = file.read(LONGEST_LINE)
    if not head:
        findings.add("is empty", "the first line names the columns", part=part)
        return None
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head.partition(b"\n")[0]:
        findings.add("is not UTF-8 text but looks like UTF-16", "convert it first: iconv -f UTF-16 -t UTF-8", part=part)
        return None
    head = head.removeprefix(_BYTE_ORDER_MARK)
    # The block may end within a character; the header does not.
    text = head.decode(errors="surrogateescape")
    try:
        names = [name.strip() for name in next(csv.reader(_lines(text), delimiter=delimiter, strict=True), [])]
    except csv.Error as error:
        findings.add(f"its header cannot be read: {error}", "the first line names the columns", part=part)
        return None
    if any("\udc80" <= char <= "\udcff" for name in names for char in name):
        findings.add("its header is not UTF-8 text", _NOT_UTF8, part=part)
        return None
    if not any(names):
        findings.add("its first line is blank", "the first line names the columns", part=part)
        return None
    return names


def _lines(text: str) -> list[str]:
    # Unlike str.splitlines this cuts only at the line ends that CSV knows.
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)


def _layout(path: Path) -> tuple[array[int], array[int]]:
    """For each record after the header, the byte at which it starts and its line. Empty lines are no records."""
    starts, lines = array("q"), array("q")
    offset, line, within_quotes, at_line_start = 0, 0, False, True
    with _open(path) as file:
        while raw := file.readline(LONGEST_LINE):
            line += at_line_start
            if at_line_start and not within_quotes and raw.strip(b"\r\n"):
                starts.append(offset)
                lines.append(line)
            if raw.count(b'"') & 1:
                within_quotes = not within_quotes
            offset += len(raw)
            at_line_start = raw.endswith(b"\n")
    return starts[1:], lines[1:]


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _unglobbed(path: Path) -> str:
    """A path in which DuckDB sees no pattern."""
    return re.sub(r"[*?\[]", lambda match: f"[{match[0]}]", str(path))
