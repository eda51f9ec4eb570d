"""polyproof's own format of reserve files: one holding a row, in YAML, in JSON lines or in Parquet.

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

In JSON lines the first line is the mapping without ``holdings``, and each other line is a holding. In Parquet each row
is a holding, columns have the names of its keys, and there are neither defaults nor totals. Amounts and heights are
read as they are spelled; a column of floating-point numbers is refused. ``control`` and ``outcome``, which the public
evidence of an audit has besides, are not heeded: what was found out once is found out again.
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
from polyproof.config.tree import Items, Node, load_yaml
from polyproof.config.tree import Mapping as MappingNode
from polyproof.errors import Location, SpecError
from polyproof.ownership import Kind
from polyproof.source import FileOptions, Reading, Source

__all__ = ["Native", "NativeOptions"]

HEADER = "polyproof-holdings"
FORMAT = "1"
LARGEST_YAML = 64 << 20
LONGEST_LINE = 1 << 20

_TEXTS = ("asset", "chain", "token", "address", "amount", "kind", "message", "scheme", "height", "block")
_LISTS = ("signatures", "keys", "owners")
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
"""Texts, lists of texts, and whatever does not belong there."""


class Native(Source):
    """Reads such files."""

    name: ClassVar[str] = "native"
    Options = NativeOptions
    options: NativeOptions

    def read(self, file: Path, reading: Reading) -> None:
        """Every holding is a row, or reported."""
        encoding = self.options.encoding or _SUFFIXES.get(file.suffix.lower())
        table = _Table(reading)
        match encoding:
            case "yaml":
                _read_yaml(file, table)
            case "jsonl":
                _read_lines(file, table)
            case "parquet":
                _read_parquet(file, table)
            case _:
                known = ", ".join(_SUFFIXES)
                reading.findings.add(f"{file}: unknown suffix {file.suffix!r}", hint=f"{known}; or say encoding")


class _Table:
    """Takes records as mappings, whatever they were written in."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.defaults: dict[str, str] = {}
        self.rows = 0

    def begin(self, top: Record, location: Location) -> bool:
        """The header; whether rows may follow."""
        if str(top.get(HEADER)) != FORMAT:
            self.report(f"{HEADER} is {shown(top.get(HEADER))}", location, f"this polyproof reads version {FORMAT}")
            return False
        self._known(top, _TOP, location)
        defaults = top.get("defaults") or {}
        if isinstance(defaults, Mapping):
            self._known(defaults, _DEFAULTS, location)
            self.defaults = {name: self._text(defaults, name, location) for name in defaults if name in _DEFAULTS}
        else:
            self.report("defaults is no mapping", location)
        totals = top.get("totals") or []
        if not isinstance(totals, list):
            self.report("totals is no list", location)
            return True
        for total in totals:
            if not isinstance(total, Mapping):
                self.report("a total is no mapping", location, "asset, chain, amount")
                continue
            self._known(total, _TOTAL, location)
            asset, chain = self._text(total, "asset", location), self._text(total, "chain", location)
            amount = self._text(total, "amount", location)
            self.reading.total(location, coin=asset if chain else f"{asset}(ALL)", network=chain, amount=amount)
        return True

    def holding(self, record: Any, location: Location) -> None:
        """One row."""
        self.rows += 1
        location = evolve(location, row=self.rows)
        if not isinstance(record, Mapping):
            self.report(f"{shown(record)} is no mapping", location, ", ".join(_HOLDING[:-2]))
            return
        before = self.reading.findings.count
        self._known(record, _HOLDING, location)
        texts = {name: self._text(record, name, location) or self.defaults.get(name, "") for name in _TEXTS}
        lists = {name: self._list(record, name, location) for name in _LISTS}
        for name in ("asset", "chain"):
            if not texts[name]:
                self.report(f"the key {name!r} is missing", location)
        kinds = [kind.value for kind in Kind]
        if texts["kind"] and texts["kind"] not in kinds:
            self.report(f"kind is {shown(texts['kind'])}", location, did_you_mean(texts["kind"], kinds))
        if self.reading.findings.count > before:
            return
        self.reading.row(
            location,
            coin=texts["asset"],
            network=texts["chain"],
            token=texts["token"] if "token" in record else None,
            address=texts["address"],
            amount=texts["amount"],
            message=texts["message"],
            kind=Kind(texts["kind"] or "own"),
            scheme=texts["scheme"] or None,
            height=texts["height"],
            block=texts["block"] or None,
            signatures=lists["signatures"],
            keys=lists["keys"],
            owners=lists["owners"],
        )

    def report(self, message: str, location: Location, hint: str | None = None) -> None:
        self.reading.findings.add(message, location, hint)

    def _known(self, record: Record, allowed: tuple[str, ...], location: Location) -> None:
        for key in record:
            if key not in allowed:
                self.report(f"unknown key {shown(key)}", location, did_you_mean(key, allowed))

    def _text(self, record: Record, name: str, location: Location) -> str:
        value = record.get(name)
        if value is None:
            return ""
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value) if abs(value) < 10**60 else "too many digits"
        if isinstance(value, Decimal):
            return f"{value:f}" if value.is_finite() and abs(value.adjusted()) < 100 else str(value)
        if isinstance(value, float):
            self.report(f"{name} is a floating-point number", location, "write a decimal number or a text")
            return ""
        if not isinstance(value, str):
            self.report(f"{name} is {shown(value)}", location, "wanted is a text")
            return ""
        # A message is what was signed, to the last blank.
        return value if name == "message" else value.strip()

    def _list(self, record: Record, name: str, location: Location) -> tuple[str, ...]:
        value = record.get(name)
        if value is None:
            return ()
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
            self.report(f"{name} is no list of texts", location)
            return ()
        return tuple(item.strip() for item in items if item.strip())


def _read_yaml(file: Path, table: _Table) -> None:
    try:
        document = load_yaml(file, LARGEST_YAML)
    except SpecError as error:
        table.reading.findings.add_error(error, Location(str(file)))
        return
    if not isinstance(document, MappingNode):
        table.report("is no mapping", document.location, f"it begins with {HEADER}: {FORMAT}")
        return
    top = {entry.key: _plain(entry.value, table) for entry in document.entries if entry.key != "holdings"}
    _report_repeated(document, table)
    if not table.begin(top, document.location):
        return
    holdings = document.get("holdings")
    if not isinstance(holdings, Items):
        table.report("holdings is no list", (holdings or document).location, "one mapping a holding")
        return
    for item in holdings.items:
        table.holding(_plain(item, table), item.location)


def _plain(node: Node, table: _Table) -> Any:
    """A tree as mappings, lists and texts: scalars as they are spelled."""
    if isinstance(node, MappingNode):
        _report_repeated(node, table)
        return {entry.key: _plain(entry.value, table) for entry in node.entries}
    if isinstance(node, Items):
        return [_plain(item, table) for item in node.items]
    return None if node.value is None else node.value if isinstance(node.value, bool) else node.text


def _report_repeated(mapping: MappingNode, table: _Table) -> None:
    for again, _ in mapping.repeated():
        table.report(f"the key {shown(again.key)} is given twice", again.location)


def _read_lines(file: Path, table: _Table) -> None:
    with file.open("rb") as lines:
        number, begun = 0, False
        while line := lines.readline(LONGEST_LINE + 1):
            number += 1
            location = Location(str(file), number)
            if len(line) > LONGEST_LINE:
                table.report(f"the line is longer than {LONGEST_LINE} bytes", location)
                while line and not line.endswith(b"\n"):
                    line = lines.readline(LONGEST_LINE + 1)
                continue
            line = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
            if not line.strip():
                continue
            try:
                value = json.loads(line, object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=str)
            except (ValueError, RecursionError) as error:
                table.report(f"is no JSON: {str(error)[:200]}", location)
                continue
            if begun:
                table.holding(value, location)
                continue
            if not isinstance(value, Mapping):
                table.report("the first line is no object", location, f'{{"{HEADER}": {FORMAT}}}')
                return
            begun = table.begin(value, location)
            if not begun:
                return


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _read_parquet(file: Path, table: _Table) -> None:
    import duckdb

    location = Location(str(file))
    try:
        with duckdb.connect(":memory:", config={"autoinstall_known_extensions": False}) as connection:
            for record in _parquet_rows(connection, file):
                table.holding(record, location)
    except duckdb.Error as error:
        table.report(f"cannot be read as Parquet: {str(error).splitlines()[0][:300]}", location)


def _parquet_rows(connection: Any, file: Path) -> Iterator[Record]:
    import glob

    cursor = connection.execute(
        "SELECT * FROM read_parquet(?, hive_partitioning = false)", [glob.escape(str(file.absolute()))]
    )
    names = [column[0] for column in cursor.description]
    while block := cursor.fetchmany(4096):
        for row in block:
            yield dict(zip(names, row, strict=True))
