"""Sources that are each wrong in one way, and a sound one, in the conformance suite.

Not collected by itself: test_source_suite_bites.py runs it and looks at what fails. Holdings are lines
``ETH base 0xab 12`` of the format that ``faulty_lines`` describes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import evolve, frozen

import faulty_lines
from polyproof.errors import Location, Problem
from polyproof.registry import default_registry
from polyproof.source import Coin, FileOptions, Row, Source, Total
from polyproof.testing.source import Holdings, SourceSuite, Write

Item = Row | Total | Problem


class Sound(faulty_lines.Lines, Source):
    name = "toy"
    Options = FileOptions
    coins: Sequence[Coin] = (Coin("ETHER", "ETH", "base"),)
    networks: ClassVar[dict[str, str]] = {"TOYNET": "base"}
    example = "ETH base 0xab 12"

    def parsed(self, place: Location, line: str) -> Row:
        coin, network, address, amount = line.split()
        return Row(place, coin, address, amount, network=network)


class LosingTheLast(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        yield from list(super().read(file))[:-1]


class CountingFromZero(Sound):
    def record(self, place: Location, line: bytes) -> Item:
        return super().record(evolve(place, row=(place.row or 0) - 1), line)


class Unplaced(Sound):
    def record(self, place: Location, line: bytes) -> Item:
        return super().record(evolve(place, row=None), line)


class Floating(Sound):
    def parsed(self, place: Location, line: str) -> Row:
        row = super().parsed(place, line)
        return row._replace(amount=f"{float(row.amount):.0f}")


class Counting(Sound):
    def parsed(self, place: Location, line: str) -> Row:
        row: Any = super().parsed(place, line)
        return row._replace(amount=int(row.amount))


class Listing(Sound):
    def parsed(self, place: Location, line: str) -> Row:
        row: Any = super().parsed(place, line)
        return row._replace(keys=[])


class Satoshis(Sound):
    """The exponent of every other row is another."""

    def parsed(self, place: Location, line: str) -> Row:
        return super().parsed(place, line)._replace(exponent=8 * ((place.row or 0) % 2))


class Guessing(Sound):
    """Holdings are of coins that nobody knows."""

    def parsed(self, place: Location, line: str) -> Row:
        row = super().parsed(place, line)
        return row._replace(coin=f"{row.coin}-{row.network}", network="")


class Silent(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        return (item for item in super().read(file) if not isinstance(item, Problem))


class Misplacing(Sound):
    def record(self, place: Location, line: bytes) -> Item:
        item = super().record(place, line)
        return evolve(item, location=evolve(place, row=1)) if isinstance(item, Problem) else item


class BeyondTheEnd(Sound):
    def record(self, place: Location, line: bytes) -> Item:
        return super().record(evolve(place, line=(place.line or 0) + 3), line)


class Inventing(Sound):
    """What a file that ends too early lacks is made up."""

    def read(self, file: Path) -> Iterator[Item]:
        held = None
        for item in super().read(file):
            if isinstance(item, Problem) and held is not None:
                yield held._replace(address="0xmine")
            held = item if isinstance(item, Row) else None
            yield item


class Remembering(Sound):
    seen: ClassVar[set[str]] = set()

    def read(self, file: Path) -> Iterator[Item]:
        for item in super().read(file):
            if isinstance(item, Row) and item.address in self.seen:
                yield Problem("is there twice", item.location)
            else:
                yield item
            if isinstance(item, Row):
                self.seen.add(item.address)


class Sharing(Sound):
    """The row is counted in the source, not in the reading."""

    row = 0

    def read(self, file: Path) -> Iterator[Item]:
        self.row = 0
        for item in super().read(file):
            self.row += 1
            place = Location(str(file), row=self.row)
            yield item._replace(location=place) if isinstance(item, Row) else item


@frozen
class Bare:
    path: tuple[str, ...] = ()


class Optionless(Sound):
    Options: Any = Bare


class Ambiguous(Sound):
    coins = (Coin("ETHER", "ETH", "base"), Coin("ether", "ETH", "ethereum"))


class Chainless(Sound):
    networks: ClassVar[dict[str, str]] = {"TOYNET": "Base Mainnet"}


class Suite(SourceSuite):
    faulty: type[Source]
    file_name = "wallets.toy"
    asset = "ETH"

    @pytest.fixture
    def source(self) -> Source:
        return self.faulty(FileOptions(path=(self.file_name,)), default_registry())

    @pytest.fixture
    def write(self) -> Write:
        def write(holdings: Holdings) -> bytes:
            lines = [f"ETH toynet {address} {amount}" for address, amount in holdings]
            return "".join(f"{line}\n" for line in [*lines, f"end {len(lines)}"]).encode()

        return write

    @pytest.fixture
    def wrong(self) -> Sequence[tuple[bytes, int | None]]:
        return [(b"ETH base a 1\nETH base\nETH base c 1\nend 3\n", 2), (b"ETH base a 1\n", None)]


class TestSound(Suite):
    faulty = Sound


def _suite(fault: type[faulty_lines.Lines]) -> type[Suite]:
    faulty = fault if issubclass(fault, Sound) else type(fault.__name__, (fault, Sound), {})
    # A line without an end takes long, and a sound source has shown that it can be read.
    without = {"test_a_line_without_an_end_is_read_or_reported": None}
    return type(f"Test{faulty.__name__}", (Suite,), {"faulty": faulty, **without})


TestLosingTheLast = _suite(LosingTheLast)
TestCountingFromZero = _suite(CountingFromZero)
TestUnplaced = _suite(Unplaced)
TestBackwards = _suite(faulty_lines.Backwards)
TestFloating = _suite(Floating)
TestCounting = _suite(Counting)
TestListing = _suite(Listing)
TestSatoshis = _suite(Satoshis)
TestGuessing = _suite(Guessing)
TestRaising = _suite(faulty_lines.Raising)
TestSilent = _suite(Silent)
TestMisplacing = _suite(Misplacing)
TestElsewhere = _suite(faulty_lines.Elsewhere)
TestBeyondTheEnd = _suite(BeyondTheEnd)
TestEndless = _suite(faulty_lines.Endless)
TestInventing = _suite(Inventing)
TestGreedy = _suite(faulty_lines.Greedy)
TestRemembering = _suite(Remembering)
TestSharing = _suite(Sharing)
TestLocking = _suite(faulty_lines.Locking)
TestLittering = _suite(faulty_lines.Littering)
TestReplacing = _suite(faulty_lines.Replacing)
TestSwallowing = _suite(faulty_lines.Swallowing)
TestOptionless = _suite(Optionless)
TestAmbiguous = _suite(Ambiguous)
TestChainless = _suite(Chainless)
