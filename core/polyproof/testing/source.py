"""Conformance suite for ``Source``: no holding is lost, invented or changed on its way from the file.

A plugin author inherits it and supplies the source, how to write a file of it, and files with one fault each::

    class TestMySource(SourceSuite):
        file_name = "wallets.mine"
        asset = "ETH"

        @pytest.fixture
        def source(self):
            return MySource(FileOptions(path=("wallets.mine",)), default_registry())

        @pytest.fixture
        def write(self):
            def write(holdings):  # from addresses, each with its amount, to the bytes of a file
                return b"".join(...)

            return write

        @pytest.fixture
        def wrong(self):
            return [(b"a file whose second holding is malformed", 2), (b"not such a file at all", None)]

``write`` is called with addresses of letters and digits and amounts of digits, all of the asset ``asset``. What core
judges (malformed amounts, unknown coins, totals, addresses that occur twice) is not the source's business and is not
tested here.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from polyproof.config.options import options_of
from polyproof.errors import Problem
from polyproof.findings import Findings
from polyproof.model.assets import Asset
from polyproof.model.holdings import FINEST, MOST_TEXTS
from polyproof.model.names import NAME, matches
from polyproof.ownership import Kind
from polyproof.source import Coin, FileOptions, Row, Source, Total
from polyproof.testing.hostile_files import FILES, MEBIBYTE, UNENDING, bounded, damaged, truncated

__all__ = ["Holdings", "SourceSuite", "Write"]

Holdings = Sequence[tuple[str, str]]
"""Addresses, each with its amount in the units of the format."""
Write = Callable[[Holdings], bytes]
"""From holdings to the bytes of a file that lists them in that order."""

_SOME: Holdings = (
    ("1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "25"),
    ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "9007199254740993"),
    ("third", "0"),
    ("fourth", "123456789012345678901234567890"),
)


class SourceSuite:
    """What every ``polyproof.source.Source`` promises."""

    file_name: ClassVar[str]
    """Name of the file under test."""
    asset: ClassVar[str]
    """Symbol of the asset of all holdings that ``write`` writes."""
    text: ClassVar[bool] = True
    """Whether files are UTF-8 text."""
    closed: ClassVar[bool] = True
    """Whether a file marks its end, so that a truncated one is noticed wherever it was cut."""

    @pytest.fixture
    def source(self) -> Source:
        """The source under test; override it."""
        raise NotImplementedError("override the fixture `source`: your Source, with its options")

    @pytest.fixture
    def write(self) -> Write:
        """How a file is written; override it."""
        raise NotImplementedError("override the fixture `write`: a function from holdings to bytes")

    @pytest.fixture
    def wrong(self) -> Sequence[tuple[bytes, int | None]]:
        """Files with one fault each, and the row of the fault, or None where there is no holding; override it."""
        raise NotImplementedError("override the fixture `wrong`: files, each with the row that is wrong")

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        """Where the file under test is written."""
        return tmp_path / self.file_name

    # Good files are read

    def test_source_states_its_name_and_options(self, source: Source) -> None:
        assert isinstance(source, Source)
        assert matches(NAME, source.name)
        assert issubclass(source.Options, FileOptions)
        assert isinstance(source.options, source.Options)
        assert {"path", "scheme", "message", "totals"} <= {option.name for option in options_of(source.Options)}

    def test_names_of_coins_and_chains_mean_one_thing_each(self, source: Source) -> None:
        from polyproof.reserves.coins import spelling

        for coin in source.coins:
            assert isinstance(coin, Coin)
            assert_texts(coin.name, coin.asset, coin.chain, coin.token)
            assert coin.name
            assert coin.asset
            assert matches(NAME, coin.chain), coin
            assert not coin.token or matches(NAME, coin.token), coin
        names = [spelling(coin.name) for coin in source.coins]
        assert len(set(names)) == len(names), "a coin is listed twice"
        networks = [spelling(name) for name in source.networks]
        assert len(set(networks)) == len(networks), "a network is listed twice"
        assert all(matches(NAME, chain) for chain in source.networks.values())

    def test_holdings_come_in_order_as_they_are_written(self, source: Source, write: Write, path: Path) -> None:
        path.write_bytes(write(_SOME))
        rows = read_well(source, path)
        assert [(row.address, row.amount) for row in rows] == list(_SOME)
        assert [row.location.row for row in rows] == [1, 2, 3, 4]
        lines = [row.location.line for row in rows if row.location.line is not None]
        assert lines == sorted(lines)

    def test_core_makes_of_a_file_what_it_says(self, source: Source, write: Write, path: Path) -> None:
        from polyproof.reserves.coins import CoinNames
        from polyproof.reserves.rows import RowsOfFile

        path.write_bytes(write(_SOME))
        findings = Findings()
        names = CoinNames([Asset(self.asset, 8)], named=source.coins, networks=source.networks)
        taken = RowsOfFile(names, findings)
        for row in read_well(source, path):
            taken.take_row(row)
        assert not findings, findings.kept[0]
        assert {row.asset for row in taken.rows} == {self.asset}
        exponents = {row.exponent for row in read_well(source, path)}
        assert len(exponents) == 1
        unit = 10 ** (FINEST - exponents.pop())
        assert [row.amount for row in taken.rows] == [int(amount) * unit for _, amount in _SOME]

    def test_a_file_of_no_holdings_has_none(self, source: Source, write: Write, path: Path) -> None:
        path.write_bytes(write([]))
        assert not [item for item in checked(source, path) if isinstance(item, Row)]

    def test_a_file_is_only_read_and_always_the_same(self, source: Source, write: Write, path: Path) -> None:
        data = write(_SOME)
        path.write_bytes(data)
        first = read_well(source, path)
        assert read_well(source, path) == first
        assert read_well(type(source)(source.options, source.registry), path) == first
        assert path.read_bytes() == data
        assert [each.name for each in path.parent.iterdir()] == [path.name]

    def test_two_files_may_be_read_side_by_side(self, source: Source, write: Write, path: Path) -> None:
        other = path.with_name(f"other-{path.name}")
        path.write_bytes(write(_SOME))
        other.write_bytes(write(_SOME[::-1]))
        here, there = read_well(source, path), read_well(source, other)
        together = list(zip(source.read(path), source.read(other), strict=True))
        assert [one for one, _ in together if isinstance(one, Row)] == here
        assert [two for _, two in together if isinstance(two, Row)] == there

    def test_a_reading_that_is_given_up_leaves_nothing_behind(self, source: Source, write: Write, path: Path) -> None:
        path.write_bytes(write(_SOME))
        first = read_well(source, path)
        reading = iter(source.read(path))
        next(reading)
        del reading
        assert read_well(source, path) == first

    # Bad files are reported

    def test_what_is_wrong_is_reported_at_its_row(
        self, source: Source, wrong: Sequence[tuple[bytes, int | None]], path: Path
    ) -> None:
        assert wrong, "supply at least one"
        for data, row in wrong:
            path.write_bytes(data)
            problems = [item for item in checked(source, path) if isinstance(item, Problem)]
            assert problems, data[:200]
            location = problems[0].location
            assert (location.row if location else None) == row, data[:200]

    def test_a_file_that_is_not_there_raises_oserror_or_is_reported(self, source: Source, path: Path) -> None:
        (path.parent / "folder").mkdir()
        for missing in (path, path.parent / "folder"):
            try:
                found = list(source.read(missing))
            except OSError:
                continue
            assert found
            assert all(isinstance(item, Problem) for item in found)

    @pytest.mark.parametrize("name", FILES)
    def test_hostile_bytes_are_read_or_reported(self, source: Source, path: Path, name: str) -> None:
        path.write_bytes(FILES[name])
        with bounded(60, 64 * MEBIBYTE):
            checked(source, path)

    @pytest.mark.parametrize("name", UNENDING)
    def test_a_line_without_an_end_is_read_or_reported(
        self, source: Source, write: Write, path: Path, name: str
    ) -> None:
        for before in (b"", write(_SOME)):
            path.write_bytes(before + UNENDING[name] * (4 * MEBIBYTE))
            with bounded(60, 160 * MEBIBYTE):
                checked(source, path)

    def test_a_damaged_file_is_read_or_reported(self, source: Source, write: Write, path: Path) -> None:
        for data in damaged(write(_SOME)):
            path.write_bytes(data)
            checked(source, path)

    def test_a_byte_that_is_no_text_is_reported(self, source: Source, write: Write, path: Path) -> None:
        if not self.text:
            pytest.skip("files of this format are not text")
        data = write(_SOME)
        for place in range(0, len(data), max(1, len(data) // 40)):
            path.write_bytes(data[:place] + b"\xff" + data[place:])
            assert any(isinstance(item, Problem) for item in checked(source, path)), place

    def test_a_file_that_ends_too_early_has_no_other_holdings(self, source: Source, write: Write, path: Path) -> None:
        """And is noticed, if files of the format mark their end; otherwise only its last record may be affected."""
        data = write(_SOME)
        path.write_bytes(data)
        whole = read_well(source, path)
        for cut in truncated(data):
            path.write_bytes(cut)
            items = checked(source, path)
            rows = [item for item in items if isinstance(item, Row)]
            assert rows[:-1] == whole[: len(rows[:-1])], cut[-100:]
            if self.closed and not any(isinstance(item, Problem) for item in items):
                assert rows == whole, cut[-100:]


def checked(source: Source, path: Path) -> list[Row | Total | Problem]:
    """What a source yields for a file, after checking its types and places and the order of its rows."""
    data = path.read_bytes()
    lines = data.count(b"\n") + data.count(b"\r") + 1
    items: list[Row | Total | Problem] = []
    number = 0
    for item in source.read(path):
        items.append(item)
        assert isinstance(item, Row | Total | Problem), item
        location = item.location
        if location is not None:
            assert location.file == str(path)
            assert location.line is None or (type(location.line) is int and 1 <= location.line <= lines)
        if isinstance(item, Problem):
            assert_texts(item.message, item.hint or "")
            assert item.message
            continue
        assert location is not None, item
        assert_texts(item.coin, item.network, item.amount)
        assert type(item.exponent) is int
        assert -FINEST <= item.exponent <= FINEST
        if isinstance(item, Row):
            assert location.row is not None, item
            assert location.row > number, f"row {location.row} after row {number}"
            number = location.row
            assert_texts(item.address, item.token or "", item.message, item.scheme or "", item.height, item.block or "")
            for texts in (item.signatures, item.keys, item.owners):
                assert isinstance(texts, tuple)
                assert_texts(*texts[: MOST_TEXTS + 1])
            assert isinstance(item.kind, Kind)
    return items


def assert_texts(*values: Any) -> None:
    """Fail unless all of them are strings."""
    for value in values:
        assert isinstance(value, str), f"{value!r} is not a string"


def read_well(source: Source, path: Path) -> list[Row]:
    """The rows of a file in which nothing is reported."""
    items = checked(source, path)
    problems = [item for item in items if isinstance(item, Problem)]
    assert not problems, problems[0]
    return [item for item in items if isinstance(item, Row)]
