"""The JSON batches of OKX's proof-of-reserves tool, version 2.

A file holds a list of ``{"id": "…", "assets": {"BTC": "123", …}}``. Amounts are integers of base units,
as strings; an asset that an account lacks is zero. Files are read account by account, so that one of
many gigabytes takes no more memory than a small one, and numbers are kept as they are written.
"""

from __future__ import annotations

import codecs
import json
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from polyproof.liabilities.snapshot.file import SnapshotFile
from polyproof.liabilities.snapshot.symbols import Symbols
from polyproof.liabilities.snapshot.wide import WideTable
from polyproof.model.amounts import shown

__all__ = ["read_okx"]

_BLOCK = 1 << 20
"""Bytes read at a time."""
_BATCH = 8192
"""Accounts put into the table at a time."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_LONGEST_RECORD = 1 << 24
"""Characters an account may have."""


def read_okx(table: WideTable, file: SnapshotFile, path: Path) -> None:
    """Put the accounts of a file into the table and report what is wrong with them. Raises ``OSError``."""
    assets, ignored = table.assets, table.settings.ignore
    known = Symbols(assets)
    index_of: dict[str, int | None] = {}
    unknown: dict[str, int | None] = {}
    ids: list[str] = []
    texts: list[list[str]] = [[] for _ in assets]
    skipped = array("q")
    selection = table.converted("account", [f"t{k}::VARCHAR" for k in range(len(assets))], "polyproof_batch")

    def flush() -> None:
        batch = {"account": np.array(ids, object)}
        batch.update((f"t{k}", np.array(column, object)) for k, column in enumerate(texts))
        table.connection.register("polyproof_batch", batch)
        table.fill(file, selection)
        for column in (ids, *texts):
            column.clear()

    record = -1
    try:
        for record, item in enumerate(_records(path)):
            add = partial(file.report, record=record)
            balances = _balances(item, ignored, add)
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
                    if symbol not in ignored:
                        unknown.setdefault(symbol, record)
                elif not isinstance(text, str) or not text.isascii():
                    add(f"the amount of {symbol} is {shown(str(text))}", "expected an integer in quotes")
                elif texts[index][-1]:
                    add(f"{assets[index].symbol} is there twice, by its symbol and an alias")
                else:
                    texts[index][-1] = text or " "  # not "", which is zero: an empty amount is an error here
            if len(ids) == _BATCH:
                flush()
    except _JsonProblem as error:
        where = f" in line {error.line}" if error.line else ""
        file.report(f"{error}{where}" + (f", after row {record + 1}" if record >= 0 else ""))
    if ids:
        flush()
    file.skipped = np.array(skipped, np.int64)
    known.report_unknown(file, "assets", list(unknown.items()))


def _balances(item: Any, ignored: Sequence[str], add: Callable[..., None]) -> dict[str, Any] | None:
    """The ``assets`` of an account; ``None``, reported, if it is not as OKX's tool writes it."""
    if not isinstance(item, dict):
        add("is no account", 'expected {"id": "…", "assets": {"BTC": "123"}}')
        return None
    if isinstance(item, _Repeated):
        add(f"key {shown(item.key)} is there twice")
        return None
    for key in item:
        if key not in ("id", "assets") and key not in ignored:
            add(f"has an unknown key {shown(key)}", "keys are id and assets; or list it under accounts.ignore")
    name, balances = item.get("id"), item.get("assets")
    if not isinstance(name, str) or _SURROGATE.search(name):
        add("has no id", "id is a string")
    elif not isinstance(balances, dict):
        add("has no assets", 'assets is an object: {"BTC": "123"}')
    elif isinstance(balances, _Repeated):
        add(f"asset {shown(balances.key)} is there twice")
    else:
        return balances
    return None


class _JsonProblem(Exception):
    """A file is no list in JSON: what is wrong, at which line, and how many accounts came before."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class _Repeated(dict[str, Any]):
    """An object in which a key stands twice; ``key`` is the first such."""

    key: str


def _records(path: Path) -> Iterator[Any]:
    """The items of the list a file holds. Numbers are the texts they are written as.

    Raises ``_JsonProblem`` where the file stops being one, and ``OSError``.
    """
    decode = json.JSONDecoder(object_pairs_hook=_object, parse_int=str, parse_float=str, parse_constant=str).raw_decode
    with path.open("rb") as file:
        text = _Text(file.read)
        begin = text.next()
        if begin != "[":
            raise _JsonProblem("is no list of accounts" if begin else "is empty", text.line() if begin else None)
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

    def _more(self, wanted: int) -> bool:
        """Have at least that many characters after the place, or all there are."""
        if self._ended or len(self._window) - self._place >= wanted:
            return False
        self._passed += self._window.count("\n", 0, self._place)
        parts = [self._window[self._place :]]
        length = len(parts[0])
        self._place = 0
        while length < wanted and not self._ended:
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
        """Pass over white space; the character there, or an empty text at the end."""
        while True:
            window = self._window
            while self._place < len(window) and window[self._place] in " \t\r\n":
                self._place += 1
            if self._place < len(window):
                return window[self._place]
            if not self._more(_BLOCK):
                return ""

    def skip(self) -> None:
        """Pass over one character."""
        self._place += 1

    def value(self, decode: Any) -> Any:
        """The JSON value at the place."""
        wanted = 1
        while True:
            try:
                found, self._place = decode(self._window, self._place)
                return found
            except json.JSONDecodeError as error:
                # Either the value is broken or the window ends within it.
                wanted = max(2 * (len(self._window) - self._place), _BLOCK)
                if wanted > 4 * _LONGEST_RECORD or not self._more(wanted):
                    self._place = min(error.pos, len(self._window))
                    raise _JsonProblem(f"is not JSON: {error.msg}", self.line()) from error
            except RecursionError as error:
                raise _JsonProblem("is nested too deeply", self.line()) from error

    def line(self) -> int:
        """The line of the place."""
        return self._passed + self._window.count("\n", 0, self._place) + 1
