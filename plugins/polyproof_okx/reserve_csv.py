"""The reserve files that OKX publishes.

First totals (``coin,snapshot height,amount``), then a blank line, then a row for each address. Columns are recognised
by their names in the header; files with 9, 11 and 12 columns have been published::

    coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script
    coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key, eoa1, eoa2
    coin,Type,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/public key,EOA1,EOA2

A layout without network and height has amounts in base units (example/okcoin_por_example.csv), which as coins would be
too many by a factor of 10^6 to 10^18: it is refused.

Rows may lack empty cells at their end, or have more of them. Several keys are in one cell as JSON, quoted or not.
Source: github.com/okx/proof-of-reserves (common/csv.go, common/csv_parser.go, cmd/verifyaddress/main.go).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from attrs import define

from polyproof.config.options import shown
from polyproof.errors import Location, Problem
from polyproof.model.counts import counted
from polyproof.ownership import Kind
from polyproof.source import FileOptions, Row, Source, Total
from polyproof_okx.coins import COINS, NETWORKS
from polyproof_okx.records import Record, read_records

__all__ = ["OkxCsv"]

_COLUMNS = {
    "coin": "coin",
    "type": "type",
    "network": "network",
    "snapshot height": "height",
    "height": "height",
    "address": "address",
    "amount": "amount",
    "balance": "amount",
    "message": "message",
    "signature1": "signature1",
    "signature2": "signature2",
    "signature": "signature1",
    "redeem script": "keys",
    "redeem script/public key": "keys",
    "public key": "keys",
    "eoa1": "owner1",
    "eoa2": "owner2",
}
"""Names in headers, in lower case, and what they mean."""
_NEEDED = ("coin", "address", "amount", "message", "signature1")
_MAY_LACK = ("signature2", "keys", "owner1", "owner2")
"""Columns at the end of a row that may be left out of it."""
_TOTALS = ("coin", "height", "amount")
_ABSENT = {"", "null", "\\N", "-"}
"""Cells that mean nothing."""
_KINDS = {
    "": Kind.OWN,
    "non staking": Kind.OWN,
    "custody": Kind.CUSTODIAL,
    "custodial": Kind.CUSTODIAL,
    "third party custody": Kind.CUSTODIAL,
}
_STAKING = re.compile(r"(?!non\b).*\bstak(ing|ed)\b.*")


class OkxCsv(Source):
    """Reads such files."""

    name: ClassVar[str] = "okx-csv"
    Options = FileOptions
    coins = COINS
    networks = NETWORKS

    def read(self, file: Path) -> Iterator[Row | Total | Problem]:
        """Every record is a header, a total, a holding, or reported."""
        section = _Section()
        faults = 0
        for record in read_records(file):
            item = record if isinstance(record, Problem) else section.take(record)
            if item is not None:
                faults += isinstance(item, Problem)
                yield item
        if not section.seen and not faults:
            yield Problem(f"{file} has no header of holdings", hint="coin,Network,Snapshot Height,address,…")


@define
class _Section:
    """The section of a file that is being read: what its header says."""

    columns: tuple[str, ...] | None = None
    broken: bool = False
    """Its header could not be used, which has been reported."""
    seen: bool = False
    """A header of holdings was there."""
    rows: int = 0

    def take(self, record: Record) -> Row | Total | Problem | None:
        """What the next record says."""
        if record.empty:
            return None
        if record.cells[0].casefold() == "coin":
            return self._begin(record)
        if self.columns is None:
            known, self.broken = self.broken, True
            return (
                None
                if known
                else Problem("there is no header above this row", record.location, "coin,snapshot height,…")
            )
        return self._holding(record) if "address" in self.columns else _total(record)

    def _begin(self, record: Record) -> Problem | None:
        names = list(record.cells)
        while names and not names[-1]:
            names.pop()
        meant = [_COLUMNS.get(_header_name(name)) for name in names]
        columns = tuple(one for one in meant if one is not None)
        self.columns, self.broken = None, True
        unknown = [name for name, one in zip(names, meant, strict=True) if one is None]
        if unknown:
            known = ", ".join(dict.fromkeys(_COLUMNS))
            return Problem(f"unknown column {shown(unknown[0])}", record.location, f"known are: {known}")
        if len(set(columns)) < len(columns):
            return Problem("two columns have the same meaning", record.location)
        if columns != _TOTALS:
            self.seen = True
            missing = [name for name in _NEEDED if name not in columns]
            if missing:
                return Problem(f"there is no column {missing[0]!r}", record.location)
            if "network" not in columns and "height" not in columns:
                hint = "amounts of such files are in base units, as of Okcoin's: make a file with both, in coins"
                return Problem("there is neither a network nor a snapshot height", record.location, hint)
        self.columns, self.broken = columns, False
        return None

    def _holding(self, record: Record) -> Row | Problem:
        self.rows += 1
        location = Location(record.location.file, record.location.line, row=self.rows)
        values = self._values(record, location)
        if isinstance(values, Problem):
            return values
        texts = {name: "" if value in _ABSENT else value for name, value in values.items()}
        kind = _kind(texts.get("type", ""))
        if kind is None:
            return Problem(f"type {shown(texts['type'])}", location, "Non Staking, a kind of staking, or Custodial")
        keys = _keys(texts.get("keys", ""))
        if keys is None:
            return Problem("its key is neither text nor a list or object of texts in JSON", location)
        return Row(
            location,
            texts["coin"],
            texts["address"],
            values["amount"],
            network=texts.get("network", ""),
            message=texts["message"],
            signatures=tuple(texts[name] for name in ("signature1", "signature2") if texts.get(name)),
            keys=keys,
            owners=tuple(texts[name] for name in ("owner1", "owner2") if texts.get(name)),
            kind=kind,
            height=texts.get("height", ""),
        )

    def _values(self, record: Record, location: Location) -> dict[str, str] | Problem:
        columns, cells = self.columns or (), record.cells
        if any(cells[len(columns) :]):
            hint = "a cell that has commas is quoted"
            return Problem(f"has {counted(len(cells), 'cell')}, its header {len(columns)}", location, hint)
        lacking = columns[len(cells) :]
        if any(name not in _MAY_LACK for name in lacking):
            return Problem(
                f"has {counted(len(cells), 'cell')}, its header {len(columns)}", location, f"it lacks {lacking[0]}"
            )
        return dict(zip(columns, (*cells, *("" for _ in lacking)), strict=False))


def _total(record: Record) -> Total | Problem:
    cells = [*record.cells]
    while len(cells) > len(_TOTALS) and not cells[-1]:
        cells.pop()
    if len(cells) != len(_TOTALS):
        return Problem(f"has {counted(len(cells), 'cell')}; a total has three", record.location, ",".join(_TOTALS))
    coin, _, amount = cells
    return Total(record.location, coin, amount)


def _header_name(name: str) -> str:
    return re.sub(r"\s*/\s*", "/", re.sub(r"[\s_]+", " ", name.casefold()))


@lru_cache(256)
def _kind(text: str) -> Kind | None:
    name = re.sub(r"[\s_-]+", " ", text.casefold()).strip()
    if name in _KINDS:
        return _KINDS[name]
    return Kind.STAKED if _STAKING.fullmatch(name) else None


def _keys(text: str) -> tuple[str, ...] | None:
    """One key or script as it is, several from JSON: a list, or an object whose values are the keys."""
    if not text.startswith(("{", "[")):
        return (text,) if text else ()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        # A list whose items are not quoted.
        inside = text[1:-1] if text.startswith("[") and text.endswith("]") else ""
        plain = tuple(item.strip() for item in inside.split(","))
        return plain if all(re.fullmatch(r"\w+", item, re.ASCII) for item in plain) else None
    values = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        return None
    return tuple(item.strip() for item in values if item.strip() not in _ABSENT)
