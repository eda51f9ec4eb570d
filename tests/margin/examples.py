"""Small terms that the tests of margin accounts share, and accounts that they allow."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from polyproof.model.assets import Asset
from polyproof.model.net_equity import AssetTerms, Category, Slice

__all__ = ["GOLDILOCKS", "LARGE", "SMALL", "flat", "in_slices", "some_positions"]

GOLDILOCKS = 2**64 - 2**32 + 1


def in_slices(name: str, *slices: tuple[int, int | None]) -> Category:
    """A category with slices of these percentages and widths."""
    return Category(name, tuple(Slice(Fraction(percent, 100), width) for percent, width in slices))


def flat(name: str, percent: int) -> Category:
    """A category with one ratio."""
    return in_slices(name, (percent, None))


SMALL = (
    AssetTerms(Asset("BTC", 2, 12), 65, 64, (in_slices("loan", (95, 300), (60, None)),)),
    AssetTerms(Asset("USD", 0, 4), 1, 1, (flat("loan", 80),)),
)
"""An asset with two slices and one with a flat haircut, in few bits and at prices of few digits."""

LARGE = (
    AssetTerms(
        Asset("BTC", 8, 64), 651_002_250, 650_000_000, (in_slices("loan", (95, 10**10), (50, None)), flat("vip", 90))
    ),
    AssetTerms(Asset("ETH", 18, 96), 3_621, 3_620, (in_slices("loan", (90, 10**21), (80, 10**22), (0, None)),)),
    AssetTerms(Asset("USDT", 6, 64), 1_000_100, 999_700, (flat("loan", 100),)),
    AssetTerms(Asset("HT", 8, 40), 524_288, 1, (), own_issued=True),
)
"""Assets of several widths, with one that cannot be pledged."""


def some_positions(terms: Sequence[AssetTerms], random: np.random.Generator) -> list[int]:
    """Positions of an account whose pledges cover its debts, of all magnitudes; often by no unit to spare."""
    balances, value, debts = [], 0, []
    for item in terms:
        equity = int.from_bytes(random.bytes(32), "little") >> (256 - int(random.integers(0, item.asset.bits + 1)))
        left, pledged = equity, []
        for category in item.categories:
            amount = left if random.random() < 0.3 else int(left * random.random()) if left < 2**50 else left // 3
            left, value = left - amount, value + item.haircut_value(category, amount)
            pledged.append(amount)
        balances.append([equity, 0, *pledged])
        debts.append(item)
    for number in random.permutation(len(debts)):
        item = debts[number]
        most = min(value // item.price_up, (1 << item.asset.bits) - 1)
        debt = most if random.random() < 0.5 else most // 2
        balances[number][1], value = debt, value - debt * item.price_up
    return [amount for of_asset in balances for amount in of_asset]
