"""The JSON batches of OKX's proof-of-reserves tool, version 2.

A file holds a list of ``{"id": "…", "assets": {"BTC": "123", …}}``. Amounts are integers of base units, as strings; an
asset that an account lacks is zero. Files are read account by account, so that one of many gigabytes takes no more
memory than a small one, and numbers are kept as they are written.
Source: github.com/okx/proof-of-reserves, version 2.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from polyproof.config.options import shown
from polyproof.errors import Location, Problem
from polyproof.ledger import Account, LedgerFormat

__all__ = ["OkxJson"]

_BLOCK = 1 << 20
"""Bytes read at a time."""
_BLANKS = re.compile(r"[ \t\r\n]++")
_LONGEST_RECORD = 1 << 24
"""The most characters of an account."""


class OkxJson(LedgerFormat):
    """Reads such files."""

    name: ClassVar[str] = "okx-json"
    suffixes = (".json",)
    base_units = True

    def read(self, file: Path) -> Iterator[Account | Problem]:
        """Every item of the list is an account, or reported."""
        row = 0
        try:
            for row, item in enumerate(_records(file), 1):
                yield from _account(item, row, Location(str(file), row=row))
        except _JsonProblem as error:
            where = f" in line {error.line}" if error.line else ""
            yield Problem(f"{error}{where}" + (f", after row {row}" if row else ""), Location(str(file)))


def _account(item: Any, row: int, location: Location) -> Iterator[Account | Problem]:
    if not isinstance(item, dict):
        yield Problem("is not an account", location, 'expected {"id": "…", "assets": {"BTC": "123"}}')
        return
    if isinstance(item, _Repeated):
        yield Problem(f"key {shown(item.key)} occurs twice", location)
        return
    name, balances = item.get("id"), item.get("assets")
    if not isinstance(name, str):
        yield Problem("has no id", location, "id is a string")
        return
    if not isinstance(balances, dict):
        yield Problem("has no assets", location, 'assets is an object: {"BTC": "123"}')
        return
    if isinstance(balances, _Repeated):
        yield Problem(f"asset {shown(balances.key)} occurs twice", location)
        return
    wrong = [symbol for symbol, amount in balances.items() if not isinstance(amount, str)]
    for symbol in wrong:
        amount = shown(str(balances.pop(symbol)))
        yield Problem(f"the amount of {symbol} is {amount}", location, "expected an integer in quotes")
    yield Account(row, name, balances, tuple(key for key in item if key not in ("id", "assets")))


class _JsonProblem(Exception):
    """A file is not a list in JSON: what is wrong, and at which line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class _Repeated(dict[str, Any]):
    """An object in which a key occurs twice; ``key`` is the first that does."""

    key: str


def _records(path: Path) -> Iterator[Any]:
    """The items of the list in a file. Numbers are returned as texts, as they are written.

    Raises ``_JsonProblem`` where the file stops being one, and ``OSError``.
    """
    decode = json.JSONDecoder(object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=str).raw_decode
    with path.open("rb") as file:
        text = _Text(file.read)
        begin = text.next()
        if begin != "[":
            raise _JsonProblem("is not a list of accounts" if begin else "is empty", text.line() if begin else None)
        text.skip()
        if text.next() == "]":
            text.skip()
        else:
            while True:
                text.next()
                yield text.value(decode)
                end = text.next()
                if end not in (",", "]"):
                    raise _JsonProblem(
                        "the list is not closed" if not end else f"{end!r} follows an account", text.line()
                    )
                text.skip()
                if end == "]":
                    break
        if text.next():
            raise _JsonProblem("something follows the list", text.line())


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    repeated = _Repeated(found)
    seen: set[str] = set()
    repeated.key = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    return repeated


class _Text:
    """A window of a UTF-8 file that moves on as its items are read."""

    def __init__(self, read: Any) -> None:
        self._read = read
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._window, self._place, self._passed, self._ended = "", 0, 0, False

    def _more(self, needed: int) -> bool:
        """Read on until ``needed`` characters follow the place, or the file ends."""
        if self._ended or len(self._window) - self._place >= needed:
            return False
        self._passed += self._window.count("\n", 0, self._place)
        parts = [self._window[self._place :]]
        length = len(parts[0])
        self._place = 0
        while length < needed and not self._ended:
            block = self._read(_BLOCK)
            self._ended = not block
            try:
                parts.append(self._decoder.decode(block, self._ended))
            except UnicodeDecodeError as error:
                self._window = "".join(parts) + error.object[: error.start].decode(errors="replace")
                self._place = len(self._window)
                raise _JsonProblem(f"is not UTF-8 text: byte 0x{error.object[error.start]:02x}", self.line()) from error
            length += len(parts[-1])
        self._window = "".join(parts)
        return True

    def next(self) -> str:
        """Skip white space; the character after it, or an empty text at the end."""
        while True:
            blanks = _BLANKS.match(self._window, self._place)
            self._place = blanks.end() if blanks else self._place
            if self._place < len(self._window):
                return self._window[self._place]
            if not self._more(_BLOCK):
                return ""

    def skip(self) -> None:
        """Skip one character."""
        self._place += 1

    def value(self, decode: Any) -> Any:
        """The JSON value at the place."""
        needed = 1
        while True:
            try:
                found, self._place = decode(self._window, self._place)
                return found
            except json.JSONDecodeError as error:
                # Either the value is broken or the window ends within it.
                needed = max(2 * (len(self._window) - self._place), _BLOCK)
                if needed > 4 * _LONGEST_RECORD or not self._more(needed):
                    self._place = min(error.pos, len(self._window))
                    raise _JsonProblem(f"is not JSON: {error.msg}", self.line()) from error
            except RecursionError as error:
                raise _JsonProblem("is nested too deeply", self.line()) from error

    def line(self) -> int:
        """The line of the place."""
        return self._passed + self._window.count("\n", 0, self._place) + 1
