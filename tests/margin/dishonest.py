"""A small exchange that lends, and rows that a dishonest one writes: any numbers, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
from attrs import frozen

from margin.examples import flat, in_slices, some_positions
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.net_equity import AssetTerms, positions_of
from polyproof_accounts.margin import MarginAccountsSystem
from stark.exchange import Exchange

__all__ = ["TERMS", "MarginExchange", "row_of", "some_borrowers", "totals_of"]

TERMS = (
    AssetTerms(Asset("BTC", 4, 56), 65_100, 65_000, (in_slices("loan", (95, 70_000), (50, None)), flat("vip", 80))),
    AssetTerms(Asset("USD", 2, 64), 101, 99, (in_slices("loan", (90, 10**9), (40, None)),)),
    AssetTerms(Asset("HT", 0, 16), 70, 60, (), own_issued=True),
)
"""Sums of BTC and USD have two parts in limbs of 8 bits, and numbers of USD can be as large as the modulus."""


def some_borrowers(count: int, terms: Sequence[AssetTerms] = TERMS, seed: int = 3) -> Accounts:
    """Accounts with debts that their pledges cover, some by no unit to spare."""
    random = np.random.default_rng(seed)
    rows = [(f"user-{number}", some_positions(terms, random)) for number in range(count)]
    return Accounts.of(positions_of(terms), rows)


BORROWERS = some_borrowers(40)


@frozen(slots=False)
class MarginExchange(Exchange):
    """One segment of accounts with debts."""

    accounts: Accounts = BORROWERS

    @cached_property
    def system(self) -> MarginAccountsSystem:
        return MarginAccountsSystem(
            self.accounts.assets,
            active=self.parameters.active,
            modulus=self.field().modulus,
            limb_bits=self.limb_bits,
        )


def row_of(
    system: MarginAccountsSystem, numbers: Mapping[str, int], *, surplus: int | None = None, modulus: int
) -> list[int]:
    """A row with these numbers (``BTC:free``, ``BTC:loan:0``, …), others zero, and everything else as it follows.

    A number that is negative or too large has its excess in its highest limb, as an element of the field; ``surplus``
    is written instead of the one that follows.
    """
    layout, w, base = system.layout, system.limb_bits, 1 << system.limb_bits
    row = [0] * len(system.columns)

    def put(first: int, count: int, value: int) -> None:
        for limb in range(count):
            row[first + limb] = value >> (w * limb) if limb == count - 1 else (value >> (w * limb)) % base

    unknown, value = set(numbers), 0
    for asset in layout.assets:
        for limbs in (asset.free, *(limbs for _, limbs in asset.numbers)):
            put(limbs.first, limbs.count, numbers.get(limbs.name, 0))
            unknown.discard(limbs.name)
        value += sum(coefficient * numbers.get(limbs.name, 0) for coefficient, limbs in asset.numbers)
        for pledge in asset.pledges:
            at = pledge.first_borrow
            for width, limbs in zip(pledge.widths, pledge.slices, strict=False):
                borrow = 0
                for limb in range(limbs.count - 1):
                    borrow = int((width >> (w * limb)) % base - row[limbs.first + limb] - borrow < 0)
                    row[at + limb] = borrow
                at += limbs.count - 1
    assert not unknown, f"there are no columns of {unknown}"
    put(layout.surplus.first, layout.surplus.count, value if surplus is None else surplus)
    carry = 0
    for place, limbs in enumerate(layout.carries):
        carry += sum(row[column] * digit for column, digit in layout.sums[place])
        if place < layout.surplus.count:
            carry -= row[layout.surplus.first + place]
        carry //= base
        pieces = layout.arithmetic.carry_limbs()
        shifted = carry + layout.arithmetic.offset
        for limb, (low, bits) in enumerate(pieces):
            row[limbs.first + limb] = shifted >> low if limb == len(pieces) - 1 else (shifted >> low) % (1 << bits)
    return [cell % modulus for cell in row]


def totals_of(system: MarginAccountsSystem, numbers: Mapping[str, int]) -> tuple[int, ...]:
    """What a row with these numbers adds to each total."""
    totals: list[int] = []
    for asset in system.layout.assets:
        pledged = [sum(numbers.get(limbs.name, 0) for limbs in pledge.slices) for pledge in asset.pledges]
        totals += [numbers.get(asset.free.name, 0) + sum(pledged), numbers.get(asset.debt.name, 0), *pledged]
    return tuple(totals)
