"""The lists of users that zkMerkle's proof of solvency reads, as Binance and Gate use it: CSV, a line for each user.

::

    rn,id,e_btc,d_btc,btc,e_eth,d_eth,eth,btc_usdt_price,eth_usdt_price,total_net_balance_usdt
    1,000092ddd2ca…,0.1,0.0,0.1,0.2,0.0,0.2,30000,2000,3400

Of each asset ``e_`` is what the user has (equity), ``d_`` what the user owes (debt), and the third column the
difference. Later files also have ``vl_``, ``m_`` and ``pm_``, the parts of the equity that are pledged for loans, for
margin and for portfolio margin, and prices in a file of their own, which a spec names as ``prices``
(``polyproof.settings.prices``). Prices in this file, differences and the value in USDT are not read. Names of
assets are in lower case there.
Source: github.com/binance/zkmerkle-proof-of-solvency (src/utils/utils.go, src/sampledata/generate_user_files.py) and
github.com/gatechain/gate-zkmerkle-proof (utils/utils.go, example_data/example_users.csv).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from polyproof.config.options import shown
from polyproof.errors import Location, Problem
from polyproof.ledger import Account, LedgerFormat
from polyproof.model.counts import counted
from polyproof_sources.plain_csv import next_cells

__all__ = ["ZkMerkleCsv"]

_BEGIN = ("rn", "id")
_COLLATERAL = ("vl", "m", "pm")
_PRICE = "_price"
_TOTAL = "total_net_balance"
_EXPECTED = "rn,id,e_btc,d_btc,btc,…,total_net_balance_usdt"


class ZkMerkleCsv(LedgerFormat):
    """Reads such files. They mark no end: one that was cut off between two lines looks whole."""

    name: ClassVar[str] = "zkmerkle-csv"

    def read(self, file: Path) -> Iterator[Account | Problem]:
        """Every line after the first is an account, or reported; blank lines do not count."""
        with file.open("rb") as lines:
            first = next_cells(lines)
            cells = first if isinstance(first, str) else [cell.strip() for cell in first]
            columns = cells if isinstance(cells, str) else _columns(cells)
            if isinstance(columns, str):
                yield Problem(columns, Location(str(file), 1), _EXPECTED)
                return
            row, number = 0, 1
            while (found := next_cells(lines)) != []:
                number += 1
                if found == [""]:
                    continue
                row += 1
                location = Location(str(file), number, row=row)
                if isinstance(found, str):
                    yield Problem(found, location)
                elif len(found) != len(cells):
                    yield Problem(f"has {counted(len(found), 'cell')}, the header {len(cells)}", location)
                else:
                    positions = {kind: {name: found[k] for name, k in each.items()} for kind, each in columns.items()}
                    equity = positions.pop("equity")
                    yield Account(row, found[1], equity, line=number, positions=positions)


def _columns(cells: list[str]) -> dict[str, dict[str, int]] | str:
    """What a header says: of each position, equity first, the places of its assets. Or what is wrong with it."""
    if tuple(cell.casefold() for cell in cells[:2]) != _BEGIN:
        return f"the first line is not a header: it begins with {shown(','.join(cells[:2]))}"
    found: dict[str, dict[str, int]] = {"equity": {}, "debt": {}}
    names: list[str] = []
    place = 2
    while place < len(cells) and cells[place].startswith("e_"):
        asset = cells[place][2:]
        if cells[place + 1 : place + 3] != [f"d_{asset}", asset]:
            return f"{shown(cells[place])} is not followed by d_{asset} and {asset}"
        names.append(asset.casefold())
        found["equity"][asset], found["debt"][asset] = place, place + 1
        place += 3
        if cells[place : place + 3] == [f"{kind}_{asset}" for kind in _COLLATERAL]:
            for kind in _COLLATERAL:
                found.setdefault(kind, {})[asset] = place
                place += 1
    if not names:
        return "the header names no asset"
    if len(set(names)) < len(names):
        return "the header names an asset twice"
    while place < len(cells) and cells[place].endswith(_PRICE):
        place += 1
    if len(cells) != place + 1 or not cells[place].startswith(_TOTAL):
        return f"column {place + 1} is {shown(cells[place])}" if place < len(cells) else "the last column is missing"
    return found
