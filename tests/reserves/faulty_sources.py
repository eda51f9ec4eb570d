"""Sources that are each wrong in one way, and a sound one, in the conformance suite.

Not collected by itself: test_source_suite_bites.py runs it and looks at what fails. The format is made up: a line for
each holding, ``ETH base 0xab 12``, and at the end a line that counts them, ``end 3``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import evolve, frozen

from polyproof.errors import Location, Problem
from polyproof.registry import default_registry
from polyproof.source import Coin, FileOptions, Row, Source, Total
from polyproof.testing.source import Holdings, SourceSuite, Write

LONGEST = 1 << 16
Item = Row | Total | Problem


class Sound(Source):
    name = "toy"
    Options = FileOptions
    coins: Sequence[Coin] = (Coin("ETHER", "ETH", "base"),)
    networks: ClassVar[dict[str, str]] = {"TOYNET": "base"}

    def read(self, file: Path) -> Iterator[Item]:
        number, ended = 0, False
        with file.open("rb") as lines:
            while line := lines.readline(LONGEST):
                number += 1
                if ended:
                    yield Problem("something follows the end", Location(str(file), number))
                    return
                if line.strip() == b"end %d" % (number - 1):
                    ended = True
                    continue
                while not line.endswith(b"\n") and (more := lines.readline(LONGEST)):
                    line = b"?" + more[-1:]
                yield self.holding(Location(str(file), number, row=number), line)
        if not ended:
            yield Problem("the end is missing", Location(str(file)), "end, and how many holdings there are")

    def holding(self, place: Location, line: bytes) -> Item:
        try:
            return self.parsed(place, line.decode())
        except ValueError as error:
            return Problem(f"is no holding: {error}", place, "ETH base 0xab 12")

    def parsed(self, place: Location, line: str) -> Row:
        coin, network, address, amount = line.split()
        return Row(place, coin, address, amount, network=network)


class LosingTheLast(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        yield from list(super().read(file))[:-1]


class CountingFromZero(Sound):
    def holding(self, place: Location, line: bytes) -> Item:
        return super().holding(evolve(place, row=(place.row or 0) - 1), line)


class Unplaced(Sound):
    def holding(self, place: Location, line: bytes) -> Item:
        return super().holding(evolve(place, row=None), line)


class Backwards(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        return reversed(list(super().read(file)))


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


class Raising(Sound):
    def holding(self, place: Location, line: bytes) -> Item:
        return self.parsed(place, line.decode())


class Silent(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        return (item for item in super().read(file) if not isinstance(item, Problem))


class Misplacing(Sound):
    def holding(self, place: Location, line: bytes) -> Item:
        item = super().holding(place, line)
        return evolve(item, location=evolve(place, row=1)) if isinstance(item, Problem) else item


class Elsewhere(Sound):
    def holding(self, place: Location, line: bytes) -> Item:
        return super().holding(evolve(place, file=Path(place.file).name), line)


class BeyondTheEnd(Sound):
    def holding(self, place: Location, line: bytes) -> Item:
        return super().holding(evolve(place, line=(place.line or 0) + 3), line)


class Endless(Sound):
    """Does not miss the end."""

    def read(self, file: Path) -> Iterator[Item]:
        return (item for item in super().read(file) if not isinstance(item, Problem) or "end is" not in item.message)


class Inventing(Sound):
    """What a file that ends too early lacks is made up."""

    def read(self, file: Path) -> Iterator[Item]:
        held = None
        for item in super().read(file):
            if isinstance(item, Problem) and held is not None:
                yield held._replace(address="0xmine")
            held = item if isinstance(item, Row) else None
            yield item


class Greedy(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        buffer = bytearray(100 << 20 if file.stat().st_size == 5000 else 0)
        yield from super().read(file)
        del buffer


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


class Locking(Sound):
    busy = False

    def read(self, file: Path) -> Iterator[Item]:
        type(self).busy, was = True, self.busy
        if was:
            yield Problem("is being read", Location(str(file)))
            return
        yield from super().read(file)
        type(self).busy = False


class Littering(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        if file.is_file():
            file.with_suffix(".cache").write_bytes(b"")
        return super().read(file)


class Replacing(Sound):
    def holding(self, place: Location, line: bytes) -> Item:
        return super().holding(place, line.decode(errors="replace").encode())


class Swallowing(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        try:
            yield from super().read(file)
        except OSError:
            return


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


def _suite(faulty: type[Source]) -> type[Suite]:
    # A line without an end takes long, and a sound source has shown that it can be read.
    without = {"test_a_line_without_an_end_is_read_or_reported": None}
    return type(f"Test{faulty.__name__}", (Suite,), {"faulty": faulty, **without})


TestLosingTheLast = _suite(LosingTheLast)
TestCountingFromZero = _suite(CountingFromZero)
TestUnplaced = _suite(Unplaced)
TestBackwards = _suite(Backwards)
TestFloating = _suite(Floating)
TestCounting = _suite(Counting)
TestListing = _suite(Listing)
TestSatoshis = _suite(Satoshis)
TestGuessing = _suite(Guessing)
TestRaising = _suite(Raising)
TestSilent = _suite(Silent)
TestMisplacing = _suite(Misplacing)
TestElsewhere = _suite(Elsewhere)
TestBeyondTheEnd = _suite(BeyondTheEnd)
TestEndless = _suite(Endless)
TestInventing = _suite(Inventing)
TestGreedy = _suite(Greedy)
TestRemembering = _suite(Remembering)
TestSharing = _suite(Sharing)
TestLocking = _suite(Locking)
TestLittering = _suite(Littering)
TestReplacing = _suite(Replacing)
TestSwallowing = _suite(Swallowing)
TestOptionless = _suite(Optionless)
TestAmbiguous = _suite(Ambiguous)
TestChainless = _suite(Chainless)
