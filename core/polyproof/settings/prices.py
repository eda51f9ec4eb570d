"""The file of prices: quotes of assets, in CSV or JSON.

::

    asset,price,currency,source,time
    BTC,90918.5,USD,Kraken,2025-11-30T00:00:00Z

The same in JSON is a list of objects with these keys, prices as text or numbers. The exchange names such a file in its
spec, and the quotes are published; a verifier may have one of their own.

A spec may also name the list of assets of zkMerkle's proof of solvency, as Binance publishes it, recognised by its
header: ``token,asset_usdt_price,…`` (``symbol,usdt_price,…`` in its sample). Prices there are in USDT, and it states no
source and no time: they are taken as the organisation's, of the snapshot. Names of assets are in lower case; assets
that the spec has not are passed over, and tiers are not read.
Source: github.com/binance/zkmerkle-proof-of-solvency (src/utils/cex_assets_info.csv,
src/sampledata/cex_assets_info.csv, ParseCexAssetInfoFromFile in src/utils/utils.go).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from polyproof.config.options import options_of, shown
from polyproof.config.reader import OptionsReader
from polyproof.config.tree import Entry, Items, Node, Scalar
from polyproof.config.tree import Mapping as MappingNode
from polyproof.errors import InputError, Location, Problem, SpecError
from polyproof.formats.files import read_input
from polyproof.formats.strict_json import BadJson, parse_strict
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.model.prices import Quote
from polyproof.registry import Registry

__all__ = ["LISTED_SOURCE", "load_prices"]

LISTED_SOURCE = "the organisation's list of assets"
"""Who a zkMerkle list of assets has its prices from: it states no source."""
_LISTED_CURRENCY = "USDT"
_LISTED = (["token", "asset_usdt_price"], ["symbol", "usdt_price"])

_MOST_BYTES = 8 << 20
_KEYS = tuple(declared.name for declared in options_of(Quote))


def load_prices(path: Path, assets: Sequence[Asset] = (), snapshot: str | None = None) -> tuple[Quote, ...]:
    """The quotes of a file, sorted. Raises ``SpecError`` with every problem, each at its line; ``InputError``.

    ``assets`` and ``snapshot``, of a spec, are what a zkMerkle list of assets lacks; without them it is refused.
    """
    data = read_input(path, _MOST_BYTES, ", and no list of prices has")
    if path.suffix.lower() == ".csv":
        rows = _from_csv(path, data, assets, snapshot)
    elif path.suffix.lower() == ".json":
        rows = _from_json(path, data)
    else:
        raise InputError(Problem(f"{path}: unknown kind of file of prices", hint="expected .csv or .json"))
    reader = OptionsReader(Registry())
    found = [reader.build(node, Quote) for node in rows]
    if not found and not reader.problems:
        reader.report("the file has no prices", Location(str(path)), f"a row of {', '.join(_KEYS)} for each")
    reader.finish()
    return tuple(sorted(one for one in found if one is not None))


def _from_csv(path: Path, data: bytes, assets: Sequence[Asset], snapshot: str | None) -> Iterator[Node]:
    rows = _rows(path, data)
    where, header = next(rows, (Location(str(path)), []))
    header = [cell.strip().lower() for cell in header]
    if header[:2] in _LISTED:
        yield from _from_list(rows, where, header, assets, snapshot)
        return
    if header and sorted(header) != sorted(_KEYS):
        raise SpecError(Problem(f"the columns are {', '.join(header)}", where, f"expected {', '.join(_KEYS)}"))
    for at, cells in rows:
        yield _mapping(at, dict(zip(header, _as_many(at, cells, header), strict=True)))


def _from_list(
    rows: Iterator[tuple[Location, list[str]]],
    where: Location,
    header: list[str],
    assets: Sequence[Asset],
    snapshot: str | None,
) -> Iterator[Node]:
    """Of a zkMerkle list of assets, the rows of the spec's."""
    if snapshot is None:
        missing = "a list of assets that says neither whose prices it has nor when"
        raise SpecError(Problem(missing, where, f"expected {', '.join(_KEYS)}"))
    known = {name.casefold(): asset.symbol for asset in assets for name in (asset.symbol, *asset.aliases)}
    lines: dict[str, int | None] = {}
    for at, cells in rows:
        name, price = (cell.strip() for cell in _as_many(at, cells, header)[:2])
        symbol = known.get(name.casefold())
        if symbol is None:
            continue
        if symbol in lines:
            raise SpecError(Problem(f"{header[0]} {shown(name)}: {symbol} has a price in line {lines[symbol]}", at))
        lines[symbol] = at.line
        quoted = (symbol, price, _LISTED_CURRENCY, LISTED_SOURCE, snapshot)
        yield _mapping(at, dict(zip(("asset", "price", "currency", "source", "time"), quoted, strict=True)))


def _rows(path: Path, data: bytes) -> Iterator[tuple[Location, list[str]]]:
    """The rows of a CSV with their lines, those that are blank left out."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8: {error.reason} at byte {error.start}") from error
    rows = csv.reader(text.splitlines(), strict=True)
    try:
        for cells in rows:
            if any(cell.strip() for cell in cells):
                yield Location(str(path), rows.line_num), cells
    except csv.Error as error:
        raise SpecError(Problem(str(error), Location(str(path), rows.line_num))) from error


def _as_many(where: Location, cells: list[str], header: list[str]) -> list[str]:
    if len(cells) != len(header):
        raise SpecError(Problem(f"{counted(len(cells), 'cell')} under {counted(len(header), 'column')}", where))
    return cells


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
