"""A list of cold wallets in CSV, as a source of reserves for polyproof.

::

    wallet,network,address,balance,signature
    Bitcoin,Bitcoin,bc1q…,1.5,H2Bq…
    Tether,Tron,TXyz…,200000,0x…

All wallets signed one message, which is in the spec: the option ``message`` that every source has. Fields are not
quoted.
"""

from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType

from polyproof.errors import Location, Problem
from polyproof.hookspecs import Component, hookimpl
from polyproof.source import Coin, FileOptions, Row, Source, Total

polyproof_interface = 2

HEADER = "wallet,network,address,balance,signature"
LONGEST_LINE = 10_000
"""Bytes. No line is read without a bound: a file may be one line of many gigabytes."""


@hookimpl
def polyproof_components() -> list[Component]:
    """One source."""
    summary = "A list of cold wallets in CSV, all signed with one message"
    return [Component("source", "cold-list", summary, "polyproof_cold_list:ColdList")]


class ColdList(Source):
    """Every line after the first is a holding; amounts, coins and totals are for core to judge."""

    name = "cold-list"
    Options = FileOptions
    coins = (Coin("Bitcoin", "BTC", "bitcoin"), Coin("Tether", "USDT", "tron"))
    networks = MappingProxyType({"Binance": "bnb-smart-chain"})

    def read(self, file: Path) -> Iterator[Row | Total | Problem]:
        """Every line is a row, or reported."""
        with file.open("rb") as lines:
            if lines.readline(LONGEST_LINE).rstrip(b"\r\n") != HEADER.encode():
                yield Problem("the first line is not a header", Location(str(file), 1), HEADER)
                return
            number = 0
            while raw := lines.readline(LONGEST_LINE):
                number += 1
                place = Location(str(file), number + 1, row=number)
                try:
                    wallet, network, address, balance, signature = raw.decode("utf-8").strip().split(",")
                except UnicodeDecodeError:
                    yield Problem("the line is not UTF-8", place)
                except ValueError:
                    yield Problem(f"the line has {raw.count(b',') + 1} fields", place, HEADER)
                else:
                    signatures = (signature,) if signature else ()
                    yield Row(place, wallet, address, balance, network=network, signatures=signatures)
                while raw and not raw.endswith(b"\n"):  # the rest of a line that is too long
                    raw = lines.readline(LONGEST_LINE)
