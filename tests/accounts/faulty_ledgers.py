"""Ledger formats that are each wrong in one way, and a sound one, in the conformance suite.

Not collected by itself: test_ledger_suite_bites.py runs it and looks at what fails. Accounts are lines
``id|BTC=1|ETH=2`` of the format that ``faulty_lines`` describes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import evolve

import faulty_lines
from polyproof.errors import Location, Problem
from polyproof.ledger import Account, LedgerFormat
from polyproof.testing.ledger import Accounts, LedgerSuite, Write

Item = Account | Problem


class Sound(faulty_lines.Lines, LedgerFormat):
    name = "toy"
    suffixes = (".toy",)
    example = "id|BTC=1|ETH=2"

    def parsed(self, place: Location, line: str) -> Account:
        name, *parts = line.rstrip("\n").split("|")
        pairs = [part.split("=") for part in parts]
        if not parts or any(len(pair) != 2 for pair in pairs):
            raise ValueError("a part is not an asset and its amount")
        return Account(place.row or 0, name, dict(pairs), (), place.row)


class LosingTheLast(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        items = list(super().read(file))
        yield from items[:-1] if isinstance(items[-1:], Account) else items[: max(0, len(items) - 1)]


class CountingFromZero(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        return (item._replace(row=item.row - 1) if isinstance(item, Account) else item for item in super().read(file))


class Floating(Sound):
    def parsed(self, place: Location, line: str) -> Account:
        account = super().parsed(place, line)
        return account._replace(amounts={name: f"{float(text):.0f}" for name, text in account.amounts.items()})


class Counting(Sound):
    def parsed(self, place: Location, line: str) -> Account:
        account = super().parsed(place, line)
        amounts: dict[str, Any] = {name: int(text) for name, text in account.amounts.items()}
        return account._replace(amounts=amounts)


class Binary(Sound):
    """Amounts of coins become binary fractions."""

    def parsed(self, place: Location, line: str) -> Account:
        account = super().parsed(place, line)
        rounded = {name: text if "." not in text else f"{float(text)}" for name, text in account.amounts.items()}
        return account._replace(amounts=rounded)


class Silent(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        return (item for item in super().read(file) if isinstance(item, Account) or item.location.row is None)


class Misplacing(Sound):
    def record(self, place: Location, line: bytes) -> Item:
        item = super().record(place, line)
        wrong = evolve(place, row=(place.row or 0) + 1)
        return evolve(item, location=wrong) if isinstance(item, Problem) else item


class Hoarding(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        yield from list(super().read(file))


class Remembering(Sound):
    seen: ClassVar[set[str]] = set()

    def read(self, file: Path) -> Iterator[Item]:
        for item in super().read(file):
            if isinstance(item, Account) and item.id in self.seen:
                yield Problem("is there twice", Location(str(file), row=item.row))
            else:
                yield item
            if isinstance(item, Account):
                self.seen.add(item.id)


class Sharing(Sound):
    """The row is counted in the format, not in the reading."""

    row = 0

    def read(self, file: Path) -> Iterator[Item]:
        self.row = 0
        for item in super().read(file):
            self.row += 1
            yield item._replace(row=self.row, line=None) if isinstance(item, Account) else item


class AskingForMore(Sound):
    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter


class Capital(Sound):
    suffixes = (".TOY",)


class Renaming(Sound):
    """Core takes its amounts for those of other assets."""

    def parsed(self, place: Location, line: str) -> Account:
        account = super().parsed(place, line)
        return account._replace(besides=("note",))


class Quick(LedgerSuite):
    """Without the tests that take long, except for the formats that they are there for."""

    test_a_line_without_an_end_is_read_or_reported: Any = None
    test_a_file_takes_no_more_memory_the_longer_it_is: Any = None

    @pytest.fixture
    def write(self) -> Write:
        def write(accounts: Accounts) -> bytes:
            lines = ["|".join([name, *(f"{asset}={text}" for asset, text in owed.items())]) for name, owed in accounts]
            return "".join(f"{line}\n" for line in [*lines, f"end {len(lines)}"]).encode()

        return write

    @pytest.fixture
    def wrong(self) -> Sequence[tuple[bytes, int | None]]:
        return [(b"a|BTC=1\nb\nc|BTC=1\nend 3\n", 2), (b"a|BTC=1\n", None)]


class TestSound(Quick):
    test_a_line_without_an_end_is_read_or_reported = LedgerSuite.test_a_line_without_an_end_is_read_or_reported
    test_a_file_takes_no_more_memory_the_longer_it_is = LedgerSuite.test_a_file_takes_no_more_memory_the_longer_it_is

    @pytest.fixture
    def ledger(self) -> LedgerFormat:
        return Sound()


class TestHoarding(Quick):
    test_a_file_takes_no_more_memory_the_longer_it_is = LedgerSuite.test_a_file_takes_no_more_memory_the_longer_it_is

    @pytest.fixture
    def ledger(self) -> LedgerFormat:
        return Hoarding()


def _suite(fault: type[faulty_lines.Lines], *arguments: Any) -> type[Quick]:
    faulty = fault if issubclass(fault, Sound) else type(fault.__name__, (fault, Sound), {})

    def ledger(self: Quick) -> LedgerFormat:
        return faulty(*arguments)

    return type(f"Test{faulty.__name__}", (Quick,), {"ledger": pytest.fixture(ledger)})


TestLosingTheLast = _suite(LosingTheLast)
TestCountingFromZero = _suite(CountingFromZero)
TestBackwards = _suite(faulty_lines.Backwards)
TestFloating = _suite(Floating)
TestCounting = _suite(Counting)
TestBinary = _suite(Binary)
TestRaising = _suite(faulty_lines.Raising)
TestSilent = _suite(Silent)
TestMisplacing = _suite(Misplacing)
TestElsewhere = _suite(faulty_lines.Elsewhere)
TestEndless = _suite(faulty_lines.Endless)
TestGreedy = _suite(faulty_lines.Greedy)
TestRemembering = _suite(Remembering)
TestSharing = _suite(Sharing)
TestLocking = _suite(faulty_lines.Locking)
TestLittering = _suite(faulty_lines.Littering)
TestReplacing = _suite(faulty_lines.Replacing)
TestSwallowing = _suite(faulty_lines.Swallowing)
TestAskingForMore = _suite(AskingForMore, "|")
TestCapital = _suite(Capital)
TestRenaming = _suite(Renaming)
