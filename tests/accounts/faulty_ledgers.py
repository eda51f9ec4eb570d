"""Ledger formats that are each wrong in one way, and a sound one, in the conformance suite.

Not collected by itself: test_ledger_suite_bites.py runs it and looks at what fails. The format is made up: a line for
each account, ``id|BTC=1|ETH=2``, and at the end a line that counts them, ``end 3``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from attrs import evolve

from polyproof.errors import Location, Problem
from polyproof.ledger import Account, LedgerFormat
from polyproof.testing.ledger import Accounts, LedgerSuite, Write

LONGEST = 1 << 16
Item = Account | Problem


class Sound(LedgerFormat):
    name = "toy"
    suffixes = (".toy",)

    def read(self, file: Path) -> Iterator[Item]:
        row, ended = 0, False
        with file.open("rb") as lines:
            while line := lines.readline(LONGEST):
                row += 1
                if ended:
                    yield Problem("something follows the end", Location(str(file)))
                    return
                if line.strip() == b"end %d" % (row - 1):
                    ended = True
                    continue
                while not line.endswith(b"\n") and (more := lines.readline(LONGEST)):
                    line = b"?" + more[-1:]
                yield self.account(file, row, line)
        if not ended:
            yield Problem("the end is missing", Location(str(file)), "end, and how many accounts there are")

    def account(self, file: Path, row: int, line: bytes) -> Item:
        place = Location(str(file), row, row=row)
        try:
            return self.parsed(row, line.decode())
        except ValueError as error:
            return Problem(f"is no account: {error}", place, "id|BTC=1|ETH=2")

    def parsed(self, row: int, line: str) -> Account:
        name, *parts = line.rstrip("\n").split("|")
        pairs = [part.split("=") for part in parts]
        if not parts or any(len(pair) != 2 for pair in pairs):
            raise ValueError("a part is no asset and its amount")
        return Account(row, name, dict(pairs), (), row)


class LosingTheLast(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        items = list(super().read(file))
        yield from items[:-1] if isinstance(items[-1:], Account) else items[: max(0, len(items) - 1)]


class CountingFromZero(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        return (item._replace(row=item.row - 1) if isinstance(item, Account) else item for item in super().read(file))


class Backwards(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        return reversed(list(super().read(file)))


class Floating(Sound):
    def parsed(self, row: int, line: str) -> Account:
        account = super().parsed(row, line)
        return account._replace(amounts={name: f"{float(text):.0f}" for name, text in account.amounts.items()})


class Counting(Sound):
    def parsed(self, row: int, line: str) -> Account:
        account = super().parsed(row, line)
        amounts: dict[str, Any] = {name: int(text) for name, text in account.amounts.items()}
        return account._replace(amounts=amounts)


class Binary(Sound):
    """Amounts of coins become binary fractions."""

    def parsed(self, row: int, line: str) -> Account:
        account = super().parsed(row, line)
        rounded = {name: text if "." not in text else f"{float(text)}" for name, text in account.amounts.items()}
        return account._replace(amounts=rounded)


class Raising(Sound):
    def account(self, file: Path, row: int, line: bytes) -> Item:
        return self.parsed(row, line.decode())


class Silent(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        return (item for item in super().read(file) if isinstance(item, Account) or item.location.row is None)


class Misplacing(Sound):
    def account(self, file: Path, row: int, line: bytes) -> Item:
        item = super().account(file, row, line)
        return evolve(item, location=Location(str(file), row=row + 1)) if isinstance(item, Problem) else item


class Elsewhere(Sound):
    def account(self, file: Path, row: int, line: bytes) -> Item:
        return super().account(Path(file.name), row, line)


class Endless(Sound):
    """Does not miss the end."""

    def read(self, file: Path) -> Iterator[Item]:
        return (item for item in super().read(file) if isinstance(item, Account) or "end is" not in item.message)


class Hoarding(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        yield from list(super().read(file))


class Greedy(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        buffer = bytearray(100 << 20 if file.stat().st_size == 5000 else 0)
        yield from super().read(file)
        del buffer


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
    def account(self, file: Path, row: int, line: bytes) -> Item:
        return super().account(file, row, line.decode(errors="replace").encode())


class Swallowing(Sound):
    def read(self, file: Path) -> Iterator[Item]:
        try:
            yield from super().read(file)
        except OSError:
            return


class AskingForMore(Sound):
    def __init__(self, delimiter: str) -> None:
        self.delimiter = delimiter


class Capital(Sound):
    suffixes = (".TOY",)


class Renaming(Sound):
    """What core makes of it are other assets."""

    def parsed(self, row: int, line: str) -> Account:
        account = super().parsed(row, line)
        return account._replace(besides=("note",))


class Quick(LedgerSuite):
    """Without what takes long, but for the formats that it is there for."""

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


def _suite(faulty: type[LedgerFormat], *arguments: Any) -> type[Quick]:
    def ledger(self: Quick) -> LedgerFormat:
        return faulty(*arguments)

    return type(f"Test{faulty.__name__}", (Quick,), {"ledger": pytest.fixture(ledger)})


TestLosingTheLast = _suite(LosingTheLast)
TestCountingFromZero = _suite(CountingFromZero)
TestBackwards = _suite(Backwards)
TestFloating = _suite(Floating)
TestCounting = _suite(Counting)
TestBinary = _suite(Binary)
TestRaising = _suite(Raising)
TestSilent = _suite(Silent)
TestMisplacing = _suite(Misplacing)
TestElsewhere = _suite(Elsewhere)
TestEndless = _suite(Endless)
TestGreedy = _suite(Greedy)
TestRemembering = _suite(Remembering)
TestSharing = _suite(Sharing)
TestLocking = _suite(Locking)
TestLittering = _suite(Littering)
TestReplacing = _suite(Replacing)
TestSwallowing = _suite(Swallowing)
TestAskingForMore = _suite(AskingForMore, "|")
TestCapital = _suite(Capital)
TestRenaming = _suite(Renaming)
