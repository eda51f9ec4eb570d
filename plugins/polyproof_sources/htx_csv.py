"""The reserve files that HTX publishes.

First totals, then a blank line, then a row for each address::

    coin,snapshot height,balance
    ETH(ALL),-,4.25

    coin,address,snapshot height,balance,message,signature
    ETH,0x…,24000000,1.5,hello,0x…
    USDT-ETH,0xCONTRACT…,24000000,2.75,-,-
    ETH,0xOWNER1…,-,-,hello,0x…
    ETH,0xOWNER2…,-,-,hello,0x…

A row without a balance is no holding: it is somebody who signs for the row above, which itself has no signature, as a
contract has no key. Balances are rounded, to ten digits or to hundredths, so that rows need not add up to the totals.
HTX adds tokens that are claims on a coin (``stETH``, ``aETH``, ``jsTRX``, ``wBTC``) to the total of that coin; here
they have no name.
Source: github.com/huobiapi/Tool-Node.js-VerifyAddress (src/index.js, src/utils/constants.js, snapshot).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from attrs import define

from polyproof.errors import Location, Problem
from polyproof.model.counts import counted
from polyproof.model.holdings import MOST_TEXTS
from polyproof.source import Coin, FileOptions, Row, Source, Total
from polyproof_sources.plain_csv import next_cells

__all__ = ["HtxCsv"]

_TOTALS = ("coin", "snapshot height", "balance")
_HOLDINGS = ("coin", "address", "snapshot height", "balance", "message", "signature")
_ABSENT = ("", "-")
_COINS = (
    ("BTC", "BTC", "bitcoin"),
    ("BTC-TRC20", "BTC", "tron"),
    ("ETH", "ETH", "ethereum"),
    ("ETH-Arbitrum", "ETH", "arbitrum"),
    ("ETH-Optimism", "ETH", "optimism"),
    ("TRX", "TRX", "tron"),
    ("SOL", "SOL", "solana"),
    ("XRP", "XRP", "xrp-ledger"),
    ("DOGE", "DOGE", "dogecoin"),
    ("USDT-ETH", "USDT", "ethereum"),
    ("USDT-ERC20", "USDT", "ethereum"),
    ("USDT-TRC20", "USDT", "tron"),
    ("USDT-SOL", "USDT", "solana"),
    ("USDT-ALGO", "USDT", "algorand"),
    ("USDT-BEP20", "USDT", "bnb-smart-chain"),
    ("USDT-Avalanche C-Chain", "USDT", "avalanche-c"),
    ("ERC20-USDC", "USDC", "ethereum"),
    ("BEP20-USDC", "USDC", "bnb-smart-chain"),
    ("BASE-USDC", "USDC", "base"),
    ("USDC-SOL", "USDC", "solana"),
    ("SOL-USDC", "USDC", "solana"),
    ("HT-ETH", "HT", "ethereum"),
    ("HTX-ERC20", "HTX", "ethereum"),
    ("HTX-TRC20", "HTX", "tron"),
    ("WLFI", "WLFI", "ethereum"),
)
"""What HTX calls a coin, its asset and its chain."""


class HtxCsv(Source):
    """Reads such files. They mark no end: one that was cut off between two rows looks whole."""

    name: ClassVar[str] = "htx-csv"
    Options = FileOptions
    coins = tuple(Coin(*names) for names in _COINS)

    def read(self, file: Path) -> Iterator[Row | Total | Problem]:
        """Every line is a header, a total, a holding, somebody who signs for the holding above, or reported."""
        reader = _Reader()
        faults = number = 0
        with file.open("rb") as lines:
            while (found := next_cells(lines)) != []:
                number += 1
                location = Location(str(file), number)
                for item in [Problem(found, location)] if isinstance(found, str) else reader.take(found, location):
                    faults += isinstance(item, Problem)
                    yield item
        yield from reader.finish()
        if not reader.seen and not faults:
            yield Problem(f"{file} has no header of holdings", hint=",".join(_HOLDINGS))


@define
class _Reader:
    """What has been read of a file: its section, and the last holding, which may still get signers."""

    columns: tuple[str, ...] = ()
    broken: bool = False
    """The last header, or the signers of the last holding, could not be used, which has been reported."""
    seen: bool = False
    """A header of holdings was there."""
    rows: int = 0
    last: Row | None = None

    def take(self, found: list[str], place: Location) -> Iterator[Row | Total | Problem]:
        """What the next line says, and the holding before it once it has all of its signers."""
        cells, columns = [cell.strip() for cell in found], self.columns
        if not any(cells):
            return
        if cells[0].casefold() == "coin":
            yield from self.finish()
            yield from self._begin(cells, place)
        elif not columns:
            if not self.broken:
                self.broken = True
                yield Problem("there is no header above this row", place, ",".join(_TOTALS))
        elif columns == _TOTALS:
            if len(cells) == len(columns):
                yield Total(place, cells[0], cells[2])
            else:
                yield Problem(f"has {counted(len(cells), 'cell')}; a total has three", place)
        elif len(cells) == len(columns) and cells[3] in _ABSENT:
            yield from self._signer(cells, place)
        else:
            yield from self.finish()
            self.broken = False
            self.rows += 1
            location = Location(place.file, place.line, row=self.rows)
            if len(cells) != len(columns):
                self.broken = True
                yield Problem(f"has {counted(len(cells), 'cell')}, its header {len(columns)}", location)
                return
            coin, address, height, balance, message, signature = cells
            signatures = () if signature in _ABSENT else (signature,)
            said = "" if message in _ABSENT else message
            self.last = Row(location, coin, address, balance, message=said, signatures=signatures, height=height)

    def finish(self) -> Iterator[Row]:
        """The last holding, if it has not been given yet."""
        if self.last is not None:
            yield self.last
            self.last = None

    def _begin(self, cells: list[str], place: Location) -> Iterator[Problem]:
        columns = tuple(" ".join(name.casefold().replace("_", " ").split()) for name in cells)
        known = columns in (_TOTALS, _HOLDINGS)
        self.columns, self.broken = (columns, False) if known else ((), True)
        self.seen = self.seen or columns == _HOLDINGS
        if not known:
            yield Problem("is not a header of such a file", place, ",".join(_HOLDINGS))

    def _signer(self, cells: list[str], place: Location) -> Iterator[Row | Problem]:
        """Who signs for the last holding; there, a message is one for all."""
        _, address, _, _, message, signature = cells
        said, signed = ("" if message in _ABSENT else message), (() if signature in _ABSENT else (signature,))
        row = self.last
        if self.broken:
            return
        if row is None or (row.signatures and not row.owners):
            fault, hint = "has no balance, and no row without a signature is above it", "a holding has a balance"
        elif row.owners and said != row.message:
            fault, hint = "signs another message than the signer above it", "all who sign for a row sign one message"
        elif len(row.owners) == MOST_TEXTS:
            fault, hint = f"is one more than {MOST_TEXTS} who sign for one row", "list the others elsewhere"
        else:
            owners, signatures = (*row.owners, address), (*row.signatures, *signed)
            self.last = row._replace(message=said, owners=owners, signatures=signatures)
            return
        yield from self.finish()
        self.broken = True
        yield Problem(fault, place, hint)
