"""Balances as words, digits and totals: the fast ways give what integers give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyproof.model.accounts import Accounts, Identifiers
from polyproof.model.assets import Asset

WIDTHS = (1, 7, 8, 16, 31, 32, 33, 48, 63, 64, 65, 96, 128, 130, 192)


@st.composite
def tables(draw):
    assets = tuple(
        Asset(f"A{k}", 0, bits)
        for k, bits in enumerate(draw(st.lists(st.sampled_from(WIDTHS), min_size=1, max_size=5)))
    )
    edges = [
        st.one_of(st.sampled_from((0, 1, 2**asset.bits - 1)), st.integers(0, 2**asset.bits - 1)) for asset in assets
    ]
    rows = draw(st.lists(st.tuples(*edges), max_size=6))
    return Accounts.of(assets, [(f"user-{k}", row) for k, row in enumerate(rows)]), rows


@given(tables())
def test_totals_are_the_sums_of_the_balances(case):
    accounts, rows = case
    assert accounts.totals() == tuple(sum(row[k] for row in rows) for k in range(len(accounts.assets)))


@given(tables(), st.integers(1, 63))
def test_digits_of_any_width_are_those_of_the_integers(case, bits):
    accounts, rows = case
    digits = accounts.digits(bits)
    expected = [
        [
            balance >> low & ((1 << bits) - 1)
            for asset, balance in zip(accounts.assets, row, strict=True)
            for low in range(0, asset.bits, bits)
        ]
        for row in rows
    ]
    assert digits.tolist() == expected
    assert digits.dtype == np.min_scalar_type((1 << bits) - 1)
    assert digits.shape == (len(rows), sum(-(-asset.bits // bits) for asset in accounts.assets))


@pytest.mark.parametrize("bits", [8, 13, 16, 32])
def test_digits_of_accounts_that_are_not_contiguous_and_span_blocks(bits):
    assets = (Asset("A", 0, 64), Asset("B", 0, 96))
    words = np.random.default_rng(bits).integers(0, 2**32, (9000, 6), np.uint64)
    ids = Identifiers(np.zeros(0, np.uint8), np.zeros(4501, np.int64))
    accounts, copied = Accounts(assets, ids, words[::2, :3]), Accounts(assets, ids, words[::2, :3].copy())
    expected = [accounts.balances(row) for row in (0, 2047, 4499)]
    for made in (accounts, copied):
        assert made.totals() == tuple(sum(made.balances(row)[k] for row in range(4500)) for k in range(2))
        digits = made.digits(bits)
        first = -(-64 // bits)
        for row, (a, b) in zip((0, 2047, 4499), expected, strict=True):
            assert sum(int(digit) << bits * k for k, digit in enumerate(digits[row, :first])) == a
            assert sum(int(digit) << bits * k for k, digit in enumerate(digits[row, first:])) == b
