"""The source starter-name for polyproof: from a file of wallets to plain rows.

YOURS: as it stands a file is a line for each wallet, and a last line with their number::

    BTC bitcoin bc1q… 1.5 H2Bq…
    USDT tron TXyz… 200000
    = 2
"""

from collections.abc import Iterator
from pathlib import Path

from polyproof.errors import Location, Problem
from polyproof.hookspecs import Component, hookimpl
from polyproof.source import FileOptions, Row, Source, Total

polyproof_interface = 2

LONGEST_LINE = 10_000
"""Bytes. No line is read without a bound: a file may be one line of many gigabytes."""


@hookimpl
def polyproof_components() -> list[Component]:
    """One source."""
    return [Component("source", "starter-name", "A line a wallet, a starting point", "polyproof_starter:StarterSource")]


class StarterSource(Source):
    """YOURS: what a record looks like, how the end of a file is known, and what it calls coins and chains."""

    name = "starter-name"
    Options = FileOptions
    coins = ()  # YOURS: Coin(name, asset, chain) for each name of the file's own; `networks` likewise

    def read(self, file: Path) -> Iterator[Row | Total | Problem]:
        """Every line is a holding or a problem, so that none is left out. Amounts and coins are judged by core."""
        row = 0
        with file.open("rb") as lines:
            while raw := lines.readline(LONGEST_LINE):
                if raw == f"= {row}\n".encode() and not lines.read(1):
                    return
                row += 1
                place = Location(str(file), row, row=row)
                yield _holding(raw, place) or Problem("is not a wallet", place, "coin, chain, address, amount")
                while raw and not raw.endswith(b"\n"):  # the rest of a line that is too long
                    raw = lines.readline(LONGEST_LINE)
        yield Problem("the file is cut off", Location(str(file)), "its last line has the number of wallets: = 2")


def _holding(line: bytes, place: Location) -> Row | None:
    """YOURS: the holding that a line states, or nothing."""
    try:
        words = line.decode("utf-8").removesuffix("\n").split(" ")
    except UnicodeDecodeError:
        return None
    if not line.endswith(b"\n") or len(words) not in (4, 5) or not all(words):
        return None
    coin, chain, address, amount, *signatures = words
    return Row(place, coin, address, amount, network=chain, signatures=tuple(signatures))
