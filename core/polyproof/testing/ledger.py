"""Conformance suite for ``LedgerFormat``: no account is lost or changed on its way from the file, whatever the file.

A plugin author inherits it and supplies the format, how to write a file of it, and files with one fault each::

    class TestMyLedger(LedgerSuite):
        @pytest.fixture
        def ledger(self):
            return MyLedger()

        @pytest.fixture
        def write(self):
            def write(accounts):  # from ids, each with its amounts by asset, to the bytes of a file
                return b"".join(...)

            return write

        @pytest.fixture
        def wrong(self):
            return [(b"a file whose second record is malformed", 2), (b"not such a file at all", None)]

``write`` is called with ids of letters, digits and hyphens and the assets BTC, ETH and USD. What core judges (malformed
amounts, unknown assets, ids that occur twice) is not the format's business and is not tested here.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

import pytest

from polyproof.errors import Problem
from polyproof.ledger import Account, LedgerFormat
from polyproof.model.assets import Asset
from polyproof.model.names import NAME, matches
from polyproof.registry import Registry
from polyproof.settings.accounts import AccountsSettings
from polyproof.testing.hostile_files import FILES, MEBIBYTE, UNENDING, bounded, damaged, truncated

__all__ = ["Accounts", "LedgerSuite", "Write"]

Accounts = Sequence[tuple[str, Mapping[str, str]]]
"""Ids, each with its amounts by asset."""
Write = Callable[[Accounts], bytes]
"""From accounts to the bytes of a file that lists them in that order."""

_SOME: Accounts = (
    ("alice", {"BTC": "25", "ETH": "170141183460469231731687303715884105727", "USD": "0"}),
    ("bob-2", {"BTC": "0", "ETH": "1", "USD": "9007199254740993"}),
    ("Zoë", {"BTC": "18446744073709551615", "ETH": "0", "USD": "7"}),
    ("测试", {"BTC": "1", "ETH": "2", "USD": "3"}),
)
_DECIMAL = {"BTC": "0.00000001", "ETH": "123456789.000000000000000001", "USD": "1000000.10"}
_ASSETS = (Asset("BTC", 8, bits=128), Asset("ETH", 18, bits=256), Asset("USD", 2))


class LedgerSuite:
    """What every ``polyproof.ledger.LedgerFormat`` promises."""

    file_name: ClassVar[str] = "ledger"
    """Name of the files under test, where the format goes by more than one of its ``suffixes``."""
    text: ClassVar[bool] = True
    """Whether files are UTF-8 text."""
    closed: ClassVar[bool] = True
    """Whether a file marks its end, so that a truncated one is noticed wherever it was cut."""

    @pytest.fixture
    def ledger(self) -> LedgerFormat:
        """The format under test; override it."""
        raise NotImplementedError("override the fixture `ledger`: your LedgerFormat")

    @pytest.fixture
    def write(self) -> Write:
        """How a file is written; override it."""
        raise NotImplementedError("override the fixture `write`: a function from accounts to bytes")

    @pytest.fixture
    def wrong(self) -> Sequence[tuple[bytes, int | None]]:
        """Files with one fault each, and the row of the fault, or None for the file as a whole; override it."""
        raise NotImplementedError("override the fixture `wrong`: files, each with the row that is wrong")

    @pytest.fixture
    def path(self, ledger: LedgerFormat, tmp_path: Path) -> Path:
        """Where the file under test is written."""
        return tmp_path / (self.file_name + "".join(ledger.suffixes[:1]))

    # Good files are read

    def test_format_states_its_name_suffixes_and_units_and_needs_no_arguments(self, ledger: LedgerFormat) -> None:
        assert isinstance(ledger, LedgerFormat)
        assert type(ledger)().name == ledger.name
        assert matches(NAME, ledger.name)
        assert isinstance(ledger.suffixes, tuple)
        assert all(re.fullmatch(r"\.[a-z0-9]+", suffix) for suffix in ledger.suffixes)
        assert isinstance(ledger.base_units, bool)

    def test_accounts_come_in_order_and_with_every_amount_as_it_is_written(
        self, ledger: LedgerFormat, write: Write, path: Path
    ) -> None:
        path.write_bytes(write(_SOME))
        accounts = read_well(ledger, path)
        assert [account.id for account in accounts] == [name for name, _ in _SOME]
        assert [owed(account) for account in accounts] == [nonzero(amounts) for _, amounts in _SOME]
        assert [account.row for account in accounts] == [1, 2, 3, 4]
        assert not any(account.besides for account in accounts)

    def test_decimal_amounts_pass_through_no_float(self, ledger: LedgerFormat, write: Write, path: Path) -> None:
        if ledger.base_units:
            pytest.skip("amounts of this format are integers")
        path.write_bytes(write([("alice", _DECIMAL)]))
        (account,) = read_well(ledger, path)
        assert owed(account) == _DECIMAL

    def test_core_makes_of_a_file_what_it_says(self, ledger: LedgerFormat, write: Write, path: Path) -> None:
        from polyproof.liabilities.snapshot.reader import read_snapshot

        path.write_bytes(write(_SOME))
        settings = AccountsSettings(format=ledger.name, path=(path.name,))
        read = read_snapshot(settings, _ASSETS, base=path.parent, registry=cast(Registry, _Only(ledger))).accounts
        assert list(read.ids) == [name for name, _ in _SOME]
        for row, (_, amounts) in enumerate(_SOME):
            units = [1 if ledger.base_units else 10**asset.decimals for asset in _ASSETS]
            expected = [int(amounts[asset.symbol]) * unit for asset, unit in zip(_ASSETS, units, strict=True)]
            assert list(read.balances(row)) == expected

    def test_a_file_of_no_accounts_has_none(self, ledger: LedgerFormat, write: Write, path: Path) -> None:
        path.write_bytes(write([]))
        assert not [item for item in checked(ledger, path) if isinstance(item, Account)]

    def test_a_file_is_only_read_and_always_the_same(self, ledger: LedgerFormat, write: Write, path: Path) -> None:
        data = write(_SOME)
        path.write_bytes(data)
        first = read_well(ledger, path)
        assert read_well(ledger, path) == first
        assert read_well(type(ledger)(), path) == first
        assert path.read_bytes() == data
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    def test_two_files_may_be_read_side_by_side(self, ledger: LedgerFormat, write: Write, path: Path) -> None:
        other = path.with_name(f"other-{path.name}")
        path.write_bytes(write(_SOME))
        other.write_bytes(write(_SOME[::-1]))
        here, there = read_well(ledger, path), read_well(ledger, other)
        together = list(zip(ledger.read(path), ledger.read(other), strict=True))
        assert ([one for one, _ in together], [two for _, two in together]) == (here, there)

    def test_a_reading_that_is_given_up_leaves_nothing_behind(
        self, ledger: LedgerFormat, write: Write, path: Path
    ) -> None:
        path.write_bytes(write(_SOME))
        reading = iter(ledger.read(path))
        first = next(reading)
        del reading
        assert read_well(ledger, path)[0] == first

    def test_a_file_takes_no_more_memory_the_longer_it_is(self, ledger: LedgerFormat, write: Write, path: Path) -> None:
        amounts = {f"ASSET{number}": "12345678901234567890" for number in range(60)}
        path.write_bytes(write([(f"account-{number:0200}", amounts) for number in range(6_000)]))
        assert path.stat().st_size > 8 * MEBIBYTE
        count = 0
        with bounded(120, 8 * MEBIBYTE):
            for item in ledger.read(path):
                count += isinstance(item, Account)
        assert count == 6_000

    # Bad files are reported

    def test_what_is_wrong_is_reported_at_its_row(
        self, ledger: LedgerFormat, wrong: Sequence[tuple[bytes, int | None]], path: Path
    ) -> None:
        assert wrong, "supply at least one"
        for data, row in wrong:
            path.write_bytes(data)
            problems = [item for item in checked(ledger, path) if isinstance(item, Problem)]
            assert problems, data[:200]
            location = problems[0].location
            assert (location.row if location else None) == row, data[:200]
            assert all(problem.hint is None or problem.hint for problem in problems)

    def test_a_file_that_is_not_there_raises_oserror_or_is_reported(self, ledger: LedgerFormat, path: Path) -> None:
        (path.parent / "folder").mkdir()
        for missing in (path, path.parent / "folder"):
            try:
                found = list(ledger.read(missing))
            except OSError:
                continue
            assert found
            assert all(isinstance(item, Problem) for item in found)

    @pytest.mark.parametrize("name", FILES)
    def test_hostile_bytes_are_read_or_reported(self, ledger: LedgerFormat, path: Path, name: str) -> None:
        path.write_bytes(FILES[name])
        with bounded(60, 64 * MEBIBYTE):
            checked(ledger, path)

    @pytest.mark.parametrize("name", UNENDING)
    def test_a_line_without_an_end_is_read_or_reported(
        self, ledger: LedgerFormat, write: Write, path: Path, name: str
    ) -> None:
        for before in (b"", write(_SOME)):
            path.write_bytes(before + UNENDING[name] * (4 * MEBIBYTE))
            with bounded(60, 96 * MEBIBYTE):
                checked(ledger, path)

    def test_a_damaged_file_is_read_or_reported(self, ledger: LedgerFormat, write: Write, path: Path) -> None:
        for data in damaged(write(_SOME)):
            path.write_bytes(data)
            checked(ledger, path)

    def test_a_byte_that_is_no_text_is_reported(self, ledger: LedgerFormat, write: Write, path: Path) -> None:
        if not self.text:
            pytest.skip("files of this format are not text")
        data = write(_SOME)
        for place in range(0, len(data), max(1, len(data) // 40)):
            path.write_bytes(data[:place] + b"\xff" + data[place:])
            assert any(isinstance(item, Problem) for item in checked(ledger, path)), place

    def test_a_file_that_ends_too_early_has_no_other_accounts(
        self, ledger: LedgerFormat, write: Write, path: Path
    ) -> None:
        """And is noticed, if files of the format mark their end; otherwise only its last record may be affected."""
        data = write(_SOME)
        path.write_bytes(data)
        whole = read_well(ledger, path)
        for cut in truncated(data):
            path.write_bytes(cut)
            items = checked(ledger, path)
            accounts = [item for item in items if isinstance(item, Account)]
            assert accounts[:-1] == whole[: len(accounts[:-1])], cut[-100:]
            if self.closed and not any(isinstance(item, Problem) for item in items):
                assert accounts == whole, cut[-100:]


def checked(ledger: LedgerFormat, path: Path) -> list[Account | Problem]:
    """What a format yields for a file, after checking its types and places and that no row was passed over."""
    data = path.read_bytes()
    lines = data.count(b"\n") + data.count(b"\r") + 1
    items: list[Account | Problem] = []
    row, reported = 0, set[int]()
    for item in ledger.read(path):
        items.append(item)
        if isinstance(item, Problem):
            assert isinstance(item.message, str)
            assert item.message
            if item.location is None:
                continue
            assert item.location.file == str(path)
            assert item.location.line is None or 1 <= item.location.line <= lines
            if item.location.row is not None:
                assert item.location.row >= 1
                reported.add(item.location.row)
            continue
        assert isinstance(item, Account), item
        assert type(item.row) is int
        assert item.row > row, f"row {item.row} after row {row}"
        assert reported.issuperset(range(row + 1, item.row)), f"rows between {row} and {item.row} are lost"
        row = item.row
        assert_texts(item.id, *item.amounts, *item.amounts.values(), *item.besides)
        assert isinstance(item.amounts, Mapping)
        assert isinstance(item.besides, tuple)
        assert item.line is None or (type(item.line) is int and 1 <= item.line <= lines)
    return items


def assert_texts(*values: Any) -> None:
    """Fail unless all of them are strings."""
    for value in values:
        assert isinstance(value, str), f"{value!r} is not a string"


def read_well(ledger: LedgerFormat, path: Path) -> list[Account]:
    """The accounts of a file in which nothing is reported."""
    items = checked(ledger, path)
    problems = [item for item in items if isinstance(item, Problem)]
    assert not problems, problems[0]
    return [item for item in items if isinstance(item, Account)]


def nonzero(amounts: Mapping[str, str]) -> dict[str, str]:
    """Amounts other than zero; a file may leave out zeros."""
    return {asset: amount for asset, amount in amounts.items() if amount != "0"}


def owed(account: Account) -> dict[str, str]:
    """What an account is owed, without zeros."""
    return nonzero(account.amounts)


class _Only:
    """A registry that contains one format."""

    def __init__(self, ledger: LedgerFormat) -> None:
        self._ledger = ledger

    def names(self, kind: str) -> list[str]:
        return [self._ledger.name] if kind == "ledger" else []

    def get(self, kind: str, name: str) -> type[LedgerFormat]:
        return type(self._ledger)

    def create(self, kind: str, name: str) -> LedgerFormat:
        return self._ledger
