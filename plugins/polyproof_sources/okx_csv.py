"""The reserve files that OKX publishes.

A first part has totals («coin,snapshot height,amount»), then a blank line, then a row for each address. The columns of
a row are known by the names in its header; 9, 11 and 12 have been published::

    coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script
    coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key, eoa1, eoa2
    coin,Type,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/public key,EOA1,EOA2

Rows may lack empty cells at their end, or have more of them. Several keys stand in one cell as JSON, quoted or not.
Source: github.com/okx/proof-of-reserves (common/csv.go, common/csv_parser.go, cmd/verifyaddress/main.go).
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

from attrs import define

from polyproof.config.options import shown
from polyproof.errors import Location
from polyproof.ownership import Kind
from polyproof.source import FileOptions, Reading, Source
from polyproof_sources.records import Record, read_records

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
"""What stands for nothing."""
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

    def read(self, file: Path, reading: Reading) -> None:
        """Every record is a header, a total, a holding, or reported."""
        part = _Part()
        for record in read_records(file, reading.findings):
            if record.empty:
                continue
            if record.cells[0].casefold() == "coin":
                part.begin(record, reading)
            elif part.columns is None:
                if not part.broken:
                    reading.findings.add("there is no header above this row", record.location, "coin,snapshot height,…")
                part.broken = True
            elif part.is_totals:
                part.total(record, reading)
            else:
                part.holding(record, reading)
        if not part.seen and not reading.findings:
            reading.findings.add(f"{file} has no header of holdings", hint="coin,Network,Snapshot Height,address,…")


@define
class _Part:
    """The part of a file that is being read: what its header says."""

    columns: tuple[str, ...] | None = None
    broken: bool = False
    """Its header could not be used, which has been reported."""
    seen: bool = False
    """A header of holdings was there."""
    rows: int = 0

    @property
    def is_totals(self) -> bool:
        return self.columns is not None and "address" not in self.columns

    def begin(self, record: Record, reading: Reading) -> None:
        names = list(record.cells)
        while names and not names[-1]:
            names.pop()
        meant = [_COLUMNS.get(_header_name(name)) for name in names]
        columns = tuple(one for one in meant if one is not None)
        self.columns, self.broken = None, True
        unknown = [name for name, one in zip(names, meant, strict=True) if one is None]
        if unknown:
            known = ", ".join(dict.fromkeys(_COLUMNS))
            reading.findings.add(f"unknown column {shown(unknown[0])}", record.location, f"known are: {known}")
        elif len(set(columns)) < len(columns):
            reading.findings.add("two columns mean the same", record.location)
        elif columns == _TOTALS:
            self.columns, self.broken = columns, False
        else:
            self.seen = True
            missing = [name for name in _NEEDED if name not in columns]
            if missing:
                reading.findings.add(f"there is no column {missing[0]!r}", record.location)
            else:
                self.columns, self.broken = columns, False

    def total(self, record: Record, reading: Reading) -> None:
        cells = [*record.cells]
        while len(cells) > len(_TOTALS) and not cells[-1]:
            cells.pop()
        if len(cells) != len(_TOTALS):
            reading.findings.add(f"has {len(cells)} cells; a total has three", record.location, ",".join(_TOTALS))
            return
        coin, _, amount = cells
        reading.total(record.location, coin=coin, amount=amount)

    def holding(self, record: Record, reading: Reading) -> None:
        assert self.columns is not None, "a holding stands under a header"
        self.rows += 1
        location = Location(record.location.file, record.location.line, row=self.rows)
        values = self._values(record, location, reading)
        if values is None:
            return
        texts = {name: "" if value in _ABSENT else value for name, value in values.items()}
        kind = _kind(texts.get("type", ""))
        keys = _keys(texts.get("keys", ""))
        if kind is None:
            reading.findings.add(
                f"type {shown(texts['type'])}", location, "Non Staking, a kind of staking, or Custodial"
            )
            return
        if keys is None:
            reading.findings.add("its key is neither text nor a list or object of texts in JSON", location)
            return
        reading.row(
            location,
            coin=texts["coin"],
            network=texts.get("network", ""),
            address=texts["address"],
            amount=values["amount"],
            message=texts["message"],
            signatures=[texts[name] for name in ("signature1", "signature2") if texts.get(name)],
            keys=keys,
            owners=[texts[name] for name in ("owner1", "owner2") if texts.get(name)],
            kind=kind,
            height=texts.get("height", ""),
        )

    def _values(self, record: Record, location: Location, reading: Reading) -> dict[str, str] | None:
        columns, cells = self.columns or (), record.cells
        if any(cells[len(columns) :]):
            hint = "a cell that has commas is quoted"
            reading.findings.add(f"has {len(cells)} cells, its header {len(columns)}", location, hint)
            return None
        lacking = columns[len(cells) :]
        if any(name not in _MAY_LACK for name in lacking):
            reading.findings.add(
                f"has {len(cells)} cells, its header {len(columns)}", location, f"it lacks {lacking[0]}"
            )
            return None
        return dict(zip(columns, (*cells, *("" for _ in lacking)), strict=False))


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
