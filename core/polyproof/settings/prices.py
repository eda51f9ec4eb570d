"""The file of prices: quotes of assets, in CSV or JSON.

::

    asset,price,currency,source,time
    BTC,90918.5,USD,Kraken,2025-11-30T00:00:00Z

The same in JSON is a list of objects with these keys, prices as text or numbers. The exchange names such a file in its
spec, and the quotes are published; a verifier may have one of their own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from polyproof.config.options import options_of
from polyproof.config.reader import OptionsReader
from polyproof.config.tree import Entry, Items, Node, Scalar
from polyproof.config.tree import Mapping as MappingNode
from polyproof.errors import InputError, Location, Problem, SpecError
from polyproof.formats.files import read_input
from polyproof.formats.strict_json import BadJson, parse_strict
from polyproof.model.counts import counted
from polyproof.model.prices import Quote
from polyproof.registry import Registry

__all__ = ["load_prices"]

_MOST_BYTES = 8 << 20
_KEYS = tuple(declared.name for declared in options_of(Quote))


def load_prices(path: Path) -> tuple[Quote, ...]:
    """The quotes of a file, sorted. Raises ``SpecError`` with every problem, each at its line; ``InputError``."""
    readers = {".csv": _from_csv, ".json": _from_json}
    read = readers.get(path.suffix.lower())
    if read is None:
        raise InputError(Problem(f"{path}: unknown kind of file of prices", hint="expected .csv or .json"))
    data = read_input(path, _MOST_BYTES, ", and no list of prices has")
    reader = OptionsReader(Registry())
    found = [reader.build(node, Quote) for node in read(path, data)]
    if not found and not reader.problems:
        reader.report("the file has no prices", Location(str(path)), f"a row of {', '.join(_KEYS)} for each")
    reader.finish()
    return tuple(sorted(one for one in found if one is not None))


def _from_csv(path: Path, data: bytes) -> Iterator[Node]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from error
    rows = csv.reader(text.splitlines(), strict=True)
    header: list[str] | None = None
    try:
        for cells in rows:
            where = Location(str(path), rows.line_num)
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip().lower() for cell in cells]
                if sorted(header) != sorted(_KEYS):
                    raise SpecError(
                        Problem(f"the columns are {', '.join(header)}", where, f"expected {', '.join(_KEYS)}")
                    )
            elif len(cells) != len(header):
                raise SpecError(Problem(f"{counted(len(cells), 'cell')} under {counted(len(header), 'column')}", where))
            else:
                yield _mapping(where, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise SpecError(Problem(str(error), Location(str(path), rows.line_num))) from error


def _from_json(path: Path, data: bytes) -> Iterator[Node]:
    where = Location(str(path))
    try:
        value = parse_strict(data, fractions_as_text=True)
    except BadJson as error:
        raise SpecError(Problem(str(error), where)) from error
    if not isinstance(value, list):
        raise SpecError(Problem("not a list", where, 'expected [{"asset": "BTC", "price": "90918.5", …}]'))
    for index, item in enumerate(value, 1):
        if not isinstance(item, dict):
            raise SpecError(Problem(f"item {index} is no object", where, f"its keys: {', '.join(_KEYS)}"))
        yield _mapping(Location(str(path), row=index), item)


def _mapping(where: Location, values: Mapping[str, Any]) -> MappingNode:
    """A row as a document has it; numbers as their text, trailing zeros of a price left out."""
    return MappingNode(where, tuple(Entry(key, where, _node(where, key, value)) for key, value in values.items()))


def _node(where: Location, key: str, value: Any) -> Node:
    if isinstance(value, dict | list):
        return Items(where, ())
    if value is None or isinstance(value, bool):
        return Scalar(where, value)
    text = str(value).strip()
    if key == "price" and "." in text and "e" not in text.lower():
        text = text.rstrip("0").rstrip(".")
    return Scalar(where, text, text)
