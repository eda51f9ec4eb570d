"""Records of a CSV file as exchanges write it: not quite RFC 4180.

Accepted beyond the standard: a byte-order mark, any mixture of line ends, empty lines, spaces around cells, and
JSON in a cell that is not quoted, in which neither commas nor quotes separate anything. A quote begins a quoted cell
only at the cell's start. A quoted cell may hold line ends, as a message of several lines does.

A record has the number of its first line. Memory is bounded: no record may be longer than ``LONGEST``.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from attrs import frozen

from polyproof.errors import Location, Problem

__all__ = ["LONGEST", "Record", "cells", "read_records"]

LONGEST = 1 << 20
"""The most bytes of a record."""
MOST_UNFINISHED = 20
"""After this many quoted cells that do not end, the rest of a file is not read."""

_BRACKETS = {"{": "}", "[": "]"}
_BRACKET = re.compile(r"[{}\[\]]")
_CLOSING = re.compile(rb'[^"]*+(?:""[^"]*+)*+"')
"""Within a quoted cell, up to the quote that ends it."""
_OPENING = re.compile(rb'(?:^|,)[ \t]*+"[^"]*+(?:""[^"]*+)*+\Z')
"""A quoted cell that does not end may begin there."""
_BRACKETED = re.compile(r"(?:^|,)[ \t]*[{\[]")
"""A cell begins with a bracket."""


@frozen
class Record:
    """One record: where it begins, and its cells without surrounding spaces."""

    location: Location
    cells: tuple[str, ...]

    @property
    def empty(self) -> bool:
        """Whether nothing is in it: an empty line, or commas alone."""
        return not any(self.cells)


def read_records(path: Path) -> Iterator[Record | Problem]:
    """The records of a file, including empty ones, and a problem for anything else. Raises ``OSError``."""
    with path.open("rb") as file:
        head = file.read(4)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in head:
            yield Problem("is UTF-16, not UTF-8", Location(str(path)), "convert it first: iconv -f UTF-16 -t UTF-8")
            return
        file.seek(3 if head.startswith(codecs.BOM_UTF8) else 0)
        name, number, unfinished = str(path), 0, 0
        while raw := file.readline(LONGEST + 1):
            number += 1
            location = Location(name, number)
            if len(raw) > LONGEST:
                yield Problem(f"the line is longer than {LONGEST} bytes", location)
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(LONGEST + 1)
                continue
            lines = [raw]
            if b'"' in raw and not _read_on(lines, file):
                yield Problem("a quoted cell does not end", location, 'its quote is closed by another: "…"')
                unfinished += 1
                if unfinished > MOST_UNFINISHED:
                    yield Problem("the rest of the file is not read", location)
                    return
                # The lines that the quote swallowed are read again, each by itself.
                file.seek(-sum(map(len, lines[1:])), os.SEEK_CUR)
                continue
            number += len(lines) - 1
            try:
                text = b"".join(lines).decode("utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                byte = error.object[error.start]
                hint = "convert it: iconv -f WINDOWS-1252 -t UTF-8"
                yield Problem(f"byte 0x{byte:02x} is not UTF-8", location, hint)
                continue
            if "\r" in text and '"' not in text:
                yield Problem("a carriage return without a line feed", location, "lines end with LF or CRLF")
                continue
            yield Record(location, tuple(cells(text)))


def _read_on(lines: list[bytes], file: BinaryIO) -> bool:
    """Read lines until the record that the first one begins is whole; whether it ends. Every line is looked at once."""
    (first,) = lines
    # A quote opens a cell only where one begins; most lines with a quote have an even number and are whole.
    within = _OPENING.search(first) is not None and _scan(first.decode("utf-8", "replace").rstrip("\r\n"))[1]
    size = len(first)
    while within:
        line = file.readline(LONGEST + 1)
        lines.append(line)
        size += len(line)
        if not line or size > LONGEST:
            return False
        closing = _CLOSING.match(line.rstrip(b"\r\n"))
        if closing:
            rest = line[closing.end() :].decode("utf-8", "replace").rstrip("\r\n")
            comma = rest.find(",")
            within = comma >= 0 and _scan(rest[comma + 1 :])[1]
    return True


def cells(text: str) -> list[str]:
    """The cells of a record's text, without surrounding spaces."""
    if '"' not in text and not _BRACKETED.search(text):
        return [cell.strip() for cell in text.split(",")]
    if "\t" not in text and not _BRACKETED.search(text):
        # Without brackets the standard library takes the same language, quotes in the middle of cells included.
        with contextlib.suppress(csv.Error):
            return [cell.strip() for cell in next(csv.reader([text], skipinitialspace=True))]
    return _scan(text)[0]


def _scan(text: str) -> tuple[list[str], bool]:
    """The cells, and whether the last one is quoted and does not end."""
    found: list[str] = []
    at, size, bracketed = 0, len(text), True
    while True:
        while at < size and text[at] in " \t":
            at += 1
        if at < size and text[at] == '"':
            cell, at = _quoted(text, at + 1)
            if at < 0:
                return found, True
        else:
            within = at
            if bracketed and at < size and text[at] in _BRACKETS:
                within = _closed(text, at)
                # An unclosed bracket encloses nothing, and later ones are not tried: each try scans the record.
                bracketed = within > at
            comma = text.find(",", within)
            end = size if comma < 0 else comma
            cell, at = text[at:end], end
        found.append(cell.strip())
        if at >= size:
            return found, False
        at += 1


def _quoted(text: str, at: int) -> tuple[str, int]:
    """A cell after its opening quote, and where it ends: at a comma or the end of the text; −1 if it does not."""
    parts = []
    while True:
        end = text.find('"', at)
        if end < 0:
            return "", -1
        parts.append(text[at:end])
        if text[end + 1 : end + 2] != '"':
            break
        parts.append('"')
        at = end + 2
    comma = text.find(",", end + 1)
    comma = len(text) if comma < 0 else comma
    return "".join(parts) + text[end + 1 : comma], comma


def _closed(text: str, at: int) -> int:
    """The place after the bracket that closes the one at a place; the place itself if there is none."""
    open_ones: list[str] = []
    for match in _BRACKET.finditer(text, at):
        char = match[0]
        if char in _BRACKETS:
            open_ones.append(_BRACKETS[char])
        elif char == open_ones[-1]:
            open_ones.pop()
            if not open_ones:
                return match.end()
    return at
