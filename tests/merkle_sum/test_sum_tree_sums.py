"""Sums of nodes in limbs are the integers that they stand for, in every place where they are added, cut or read."""

from __future__ import annotations

import random

import pytest
from attrs.exceptions import FrozenInstanceError

from polyproof.checks import CoreCheck
from polyproof.errors import ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.toolkit.binary import Reader, Writer
from polyproof_merkle.sums import Sums

MAGIC = b"PPSUMTST"
WIDE = tuple(Asset(f"A{bits}", 8, bits) for bits in (1, 8, 55, 56, 57, 112, 113, 224))
"""Widths at and beside those where another limb begins."""


def greatest(level: int) -> tuple[int, ...]:
    """What a node of this level can have at most."""
    return tuple((1 << level) * ((1 << asset.bits) - 1) for asset in WIDE)


def read(sums: Sums, data: bytes, level: int) -> tuple[int, ...]:
    writer = Writer(MAGIC, 1)
    writer.raw(data)
    reader = Reader(writer.getvalue(), MAGIC, 1, "sums")
    values = sums.read(reader, level, "the sum")
    reader.finish()
    return values


def test_an_asset_has_as_many_limbs_as_its_greatest_total_needs() -> None:
    sums = Sums(WIDE, 3)
    assert sums.limbs == (1, 1, 2, 2, 2, 3, 3, 5)
    assert sums.starts == (0, 1, 2, 4, 6, 8, 11, 14)
    assert sums.width == 19
    assert Sums(WIDE, 0).limbs == (1, 1, 1, 1, 2, 2, 3, 4)
    assert Sums(WIDE, 0).byte_widths(0) == (1, 1, 7, 7, 8, 14, 15, 28)
    assert sums.byte_widths(3) == (1, 2, 8, 8, 8, 15, 15, 29)


def test_the_greatest_balances_add_up_exactly_and_fit_their_fields_at_every_level() -> None:
    sums = Sums(WIDE, 4)
    nodes = sums.of_accounts(Accounts.of(WIDE, [(f"user-{k}", greatest(0)) for k in range(16)]))
    for level in range(5):
        assert {sums.to_integers(node) for node in nodes} == {greatest(level)}
        assert nodes.tolist() == [sums.to_limbs(greatest(level))] * (16 >> level), "one spelling, whoever adds"
        for line in sums.encode(nodes, level):
            assert read(sums, line.tobytes(), level) == greatest(level)
        if level < 4:
            nodes = sums.add_pairs(nodes)


def test_the_narrowest_asset_may_be_the_last() -> None:
    """Its only limb has no next one to carry into."""
    sums, assets = Sums(WIDE[::-1], 3), WIDE[::-1]
    nodes = sums.of_accounts(Accounts.of(assets, [("a", greatest(0)[::-1]), ("b", greatest(0)[::-1])]))
    assert sums.to_integers(sums.add_pairs(nodes)[0]) == greatest(1)[::-1]


def test_a_layout_is_not_changed_after_its_limbs_were_counted() -> None:
    sums = Sums(WIDE, 3)
    with pytest.raises(FrozenInstanceError):
        sums.depth = 60  # type: ignore[misc]


def test_neighbours_are_added_as_integers_are() -> None:
    generator, sums = random.Random("balances"), Sums(WIDE, 2)
    drawn = [tuple(generator.randint(0, most) for most in greatest(0)) for _ in range(200)]
    leaves = sums.of_accounts(Accounts.of(WIDE, [(f"user-{k}", held) for k, held in enumerate(drawn)]))
    assert [sums.to_integers(leaf) for leaf in leaves] == drawn
    pairs = sums.add_pairs(leaves)
    expected = [tuple(a + b for a, b in zip(*drawn[k : k + 2], strict=True)) for k in range(0, 200, 2)]
    assert [sums.to_integers(pair) for pair in pairs] == expected
    lines = sums.encode(pairs, 1)
    assert [read(sums, line.tobytes(), 1) for line in lines] == expected


@pytest.mark.parametrize("level", [0, 1, 3])
@pytest.mark.parametrize("place", range(len(WIDE)))
def test_a_sum_that_no_balances_of_a_level_add_up_to_is_refused_by_name_and_asset(level: int, place: int) -> None:
    sums, bound = Sums(WIDE, 3), 1 << (WIDE[place].bits + level)
    values = [0] * len(WIDE)
    for allowed in (0, bound - 1):
        values[place] = allowed
        sums.check(values, level, "the total", CoreCheck.TOTAL_RANGE)
    for refused in (-1, bound, 1 << 300):
        values[place] = refused
        reason = f"the total in {WIDE[place].symbol} is not in \\[0, 2\\^{WIDE[place].bits + level}\\)"
        with pytest.raises(ProofRejected, match=reason) as caught:
            sums.check(values, level, "the total", CoreCheck.TOTAL_RANGE)
        assert caught.value.check == "total-range"


def test_a_sum_is_read_from_exactly_its_bytes_and_refused_beyond_its_range() -> None:
    sums = Sums((Asset("BTC", 8, 36), Asset("ETH", 18, 64)), 3)
    data = bytes(range(1, 5)) + b"\x1f" + bytes(range(1, 9)) + b"\x01"
    assert read(sums, data, 1) == (int.from_bytes(data[:5], "little"), int.from_bytes(data[5:], "little"))
    for at, byte in ((4, 0x20), (13, 0x02)):
        with pytest.raises(ProofRejected, match=f"the sum in {('BTC', 'ETH')[at > 4]} is not in") as caught:
            read(sums, data[:at] + bytes([byte]) + data[at + 1 :], 1)
        assert caught.value.check == "sum-range"


@pytest.mark.parametrize("count", [1, 3])
def test_values_for_other_numbers_of_assets_are_refused(count: int) -> None:
    sums = Sums(WIDE[:2], 3)
    with pytest.raises(ValueError, match="zip"):
        sums.check([0] * count, 0, "the total", CoreCheck.TOTAL_RANGE)
    with pytest.raises(ValueError, match="zip"):
        sums.to_limbs([0] * count)
