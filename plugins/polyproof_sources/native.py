"""polyproof's own format of reserve files: one row for each holding, in YAML, in JSON lines or in Parquet.

In YAML it is a mapping::

    polyproof-holdings: 1
    defaults: {chain: bitcoin, height: 925000, block: 000000…}
    totals:
      - {asset: BTC, amount: "1.5"}
    holdings:
      - asset: BTC
        address: bc1q…
        amount: "1.5"
        kind: own                  # or custodial, staked
        message: |-
          polyproof reserves challenge 1
          …
        signatures: [H2B…]
        keys: []                   # public keys, or the redeem or witness script

In JSON lines the first line is the mapping without ``holdings``, and every other line is a holding. In Parquet each row
is a holding, columns have the names of its keys, and there are neither defaults nor totals. Amounts and heights are
read as they are written; a column of floating-point numbers is refused. ``control`` and ``outcome``, further keys of
the public evidence of an audit, are ignored: what they record is determined again.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

from attrs import evolve, frozen

from polyproof.config.options import did_you_mean, option, shown
from polyproof.config.tree import Items as ItemsNode
from polyproof.config.tree import Mapping as MappingNode
from polyproof.config.tree import Node, load_yaml
from polyproof.errors import Location, Problem, SpecError
from polyproof.ownership import Kind
from polyproof.source import FileOptions, Row, Source, Total
from polyproof.toolkit.interrupts import duckdb_interrupts

__all__ = ["Native", "NativeOptions"]

HEADER = "polyproof-holdings"
FORMAT = "1"
LARGEST_YAML = 64 << 20
LONGEST_LINE = 1 << 20

_TEXTS = ("asset", "chain", "token", "address", "amount", "kind", "message", "scheme", "height", "block")
_LISTS = ("signatures", "keys", "owners")
_KINDS = {kind.value: kind for kind in Kind}
_FOUND_OUT = ("control", "outcome")
_HOLDING = (*_TEXTS, *_LISTS, *_FOUND_OUT)
_TOTAL = ("asset", "chain", "amount")
_TOP = (HEADER, "defaults", "totals")
_DEFAULTS = ("asset", "chain", "kind", "message", "scheme", "height", "block")
_SUFFIXES = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}


@frozen(kw_only=True)
class NativeOptions(FileOptions):
    """Options of the native format."""

    encoding: str | None = option(
        default=None,
        choices=("yaml", "jsonl", "parquet"),
        doc="How the files are written. Left out, it follows from the suffix: .yaml, .yml; .jsonl, .ndjson; "
        ".parquet, .pq.",
    )


Record = Mapping[str, Any]
"""Texts, lists of strings, and anything that does not belong there."""
Items = Iterator[Row | Total | Problem]


class Native(Source):
    """Reads such files."""

    name: ClassVar[str] = "native"
    Options = NativeOptions
    options: NativeOptions

    def read(self, file: Path) -> Items:
        """Every holding is a row, or reported."""
        encoding = self.options.encoding or _SUFFIXES.get(file.suffix.lower())
        match encoding:
            case "yaml":
                yield from _read_yaml(file)
            case "jsonl":
                yield from _read_lines(file)
            case "parquet":
                yield from _read_parquet(file)
            case _:
                known = ", ".join(_SUFFIXES)
                yield Problem(f"{file}: unknown suffix {file.suffix!r}", hint=f"{known}; or set encoding")


class _Table:
    """Takes records as mappings, whatever the encoding. What is wrong with a record is kept until it is yielded."""

    def __init__(self) -> None:
        self.defaults: dict[str, str] = {}
        self.rows = 0
        self._faults: list[Problem] = []

    def begin(self, top: Record, location: Location) -> Items:
        """The header: its totals. After a ``Problem`` of another version no rows can be read."""
        self._known(top, _TOP, location)
        defaults = top.get("defaults") or {}
        if isinstance(defaults, Mapping):
            self._known(defaults, _DEFAULTS, location)
            self.defaults = {name: self._text(defaults, name, location) for name in defaults if name in _DEFAULTS}
        else:
            self._report("defaults is not a mapping", location)
        totals = top.get("totals") or []
        if not isinstance(totals, list):
            self._report("totals is not a list", location)
            totals = []
        for total in totals:
            if not isinstance(total, Mapping):
                self._report("a total is not a mapping", location, "asset, chain, amount")
                continue
            self._known(total, _TOTAL, location)
            asset, chain = self._text(total, "asset", location), self._text(total, "chain", location)
            amount = self._text(total, "amount", location)
            yield from self._reported()
            yield Total(location, asset if chain else f"{asset}(ALL)", amount, network=chain)
        yield from self._reported()

    def holding(self, record: Any, location: Location) -> Iterator[Row | Problem]:
        """One row, or what is wrong with it."""
        self.rows += 1
        location = evolve(location, row=self.rows)
        if not isinstance(record, Mapping):
            yield Problem(f"{shown(record)} is not a mapping", location, ", ".join(_HOLDING[:-2]))
            return
        self._known(record, _HOLDING, location)
        texts = {name: self._text(record, name, location) or self.defaults.get(name, "") for name in _TEXTS}
        lists = {name: self._list(record, name, location) for name in _LISTS}
        for name in ("asset", "chain"):
            if not texts[name]:
                self._report(f"the key {name!r} is missing", location)
        if texts["kind"] and texts["kind"] not in _KINDS:
            self._report(f"kind is {shown(texts['kind'])}", location, did_you_mean(texts["kind"], list(_KINDS)))
        if self._faults:
            yield from self._reported()
            return
        yield Row(
            location,
            texts["asset"],
            texts["address"],
            texts["amount"],
            network=texts["chain"],
            token=texts["token"] if "token" in record else None,
            message=texts["message"],
            kind=_KINDS[texts["kind"] or "own"],
            scheme=texts["scheme"] or None,
            height=texts["height"],
            block=texts["block"] or None,
            signatures=lists["signatures"],
            keys=lists["keys"],
            owners=lists["owners"],
        )

    def _reported(self) -> list[Problem]:
        faults, self._faults = self._faults, []
        return faults

    def _report(self, message: str, location: Location, hint: str | None = None) -> None:
        self._faults.append(Problem(message, location, hint))

    def _known(self, record: Record, allowed: tuple[str, ...], location: Location) -> None:
        for key in record:
            if key not in allowed:
                self._report(f"unknown key {shown(key)}", location, did_you_mean(key, allowed))

    def _text(self, record: Record, name: str, location: Location) -> str:
        value = record.get(name)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value) if abs(value) < 10**60 else "too many digits"
        if isinstance(value, Decimal):
            return f"{value:f}" if value.is_finite() and abs(value.adjusted()) < 100 else str(value)
        if isinstance(value, float):
            self._report(f"{name} is a floating-point number", location, "write a decimal number or a text")
            return ""
        if not isinstance(value, str):
            self._report(f"{name} is {shown(value)}", location, "expected a text")
            return ""
        # A message is what was signed, to the last space.
        return value if name == "message" else value.strip()

    def _list(self, record: Record, name: str, location: Location) -> tuple[str, ...]:
        value = record.get(name)
        if value is None:
            return ()
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
            self._report(f"{name} is not a list of strings", location)
            return ()
        return tuple(item.strip() for item in items if item.strip())


def _other_version(top: Record, location: Location) -> Problem | None:
    if str(top.get(HEADER)) == FORMAT:
        return None
    return Problem(f"{HEADER} is {shown(top.get(HEADER))}", location, f"this polyproof reads version {FORMAT}")


def _read_yaml(file: Path) -> Items:
    try:
        document = load_yaml(file, LARGEST_YAML)
    except SpecError as error:
        yield from (evolve(problem, location=problem.location or Location(str(file))) for problem in error.problems)
        return
    if not isinstance(document, MappingNode):
        yield Problem("is not a mapping", document.location, f"it begins with {HEADER}: {FORMAT}")
        return
    top = {entry.key: _plain(entry.value) for entry in document.entries if entry.key != "holdings"}
    if other := _other_version(top, document.location):
        yield other
        return
    yield from _repeated(document, ("holdings",))
    table = _Table()
    yield from table.begin(top, document.location)
    holdings = document.get("holdings")
    if not isinstance(holdings, ItemsNode):
        yield Problem("holdings is not a list", (holdings or document).location, "one mapping for each holding")
        return
    for item in holdings.items:
        yield from _repeated(item)
        yield from table.holding(_plain(item), item.location)


def _plain(node: Node) -> Any:
    """A tree as mappings, lists and texts: scalars as they are written."""
    if isinstance(node, MappingNode):
        return {entry.key: _plain(entry.value) for entry in node.entries}
    if isinstance(node, ItemsNode):
        return [_plain(item) for item in node.items]
    return None if node.value is None else node.value if isinstance(node.value, bool) else node.text


def _repeated(node: Node, besides: tuple[str, ...] = ()) -> Iterator[Problem]:
    """Keys that are given twice in a tree, except below the keys ``besides`` of its root."""
    if isinstance(node, MappingNode):
        for again, _ in node.repeated():
            yield Problem(f"the key {shown(again.key)} is given twice", again.location)
        for entry in node.entries:
            if entry.key not in besides:
                yield from _repeated(entry.value)
    elif isinstance(node, ItemsNode):
        for item in node.items:
            yield from _repeated(item)


def _read_lines(file: Path) -> Items:
    table, begun = _Table(), False
    with file.open("rb") as lines:
        number = 0
        while line := lines.readline(LONGEST_LINE + 1):
            number += 1
            location = Location(str(file), number)
            if len(line) > LONGEST_LINE:
                yield Problem(f"the line is longer than {LONGEST_LINE} bytes", location)
                while line and not line.endswith(b"\n"):
                    line = lines.readline(LONGEST_LINE + 1)
                continue
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if not line.strip():
                continue
            try:
                value = json.loads(line, object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=str)
            except (ValueError, RecursionError) as error:
                yield Problem(f"is not JSON: {str(error)[:200]}", location)
                continue
            if begun:
                yield from table.holding(value, location)
                continue
            if not isinstance(value, Mapping):
                yield Problem("the first line is not an object", location, f'{{"{HEADER}": {FORMAT}}}')
                return
            if other := _other_version(value, location):
                yield other
                return
            yield from table.begin(value, location)
            begun = True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _read_parquet(file: Path) -> Items:
    import duckdb

    table, location = _Table(), Location(str(file))
    try:
        with (
            duckdb_interrupts(),
            duckdb.connect(":memory:", config={"autoinstall_known_extensions": False}) as connection,
        ):
            for record in _parquet_rows(connection, file):
                yield from table.holding(record, location)
    except duckdb.Error as error:
        yield Problem(f"cannot be read as Parquet: {str(error).splitlines()[0][:300]}", location)


def _parquet_rows(connection: Any, file: Path) -> Iterator[Record]:
    import glob

    cursor = connection.execute(
        "SELECT * FROM read_parquet(?, hive_partitioning = false)", [glob.escape(str(file.absolute()))]
    )
    names = [column[0] for column in cursor.description]
    while block := cursor.fetchmany(4096):
        for row in block:
            yield dict(zip(names, row, strict=True))
