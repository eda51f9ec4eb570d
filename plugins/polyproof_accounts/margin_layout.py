"""Which columns a row of an account with debts has, and how balances fill them (docs/reference/net-equity.md).

Of an asset there are columns for free equity, debt, and each slice of each pledge. What is pledged, K = Σ X, and
equity, E = F + Σ K, are definitions: they have no columns, so no constraint is needed to join them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.errors import OptionsError
from polyproof.model.net_equity import AssetTerms
from polyproof.toolkit.digit_columns import Digits, Flags, Products, carried, digits_of, products, subtract
from polyproof_accounts.sums import Limbs
from polyproof_accounts.surplus import SurplusArithmetic

__all__ = ["AssetColumns", "FilledRows", "MarginLayout", "PledgeColumns"]


_MOST_PRODUCTS = 1 << 17
"""The most products of a limb and a digit in the surplus, which a hostile header could make many. 22 assets with three
categories of two slices have 1,232 at limbs of 16 bits and prices of 30."""


@frozen
class PledgeColumns:
    """A pledge of an asset in one category."""

    name: str
    slices: tuple[Limbs, ...]
    """X_0, X_1, …; the last is the open one."""
    borrows: tuple[tuple[str, ...], ...]
    """Names of the borrow columns of W_t − X_t, for each slice but the last: one for each limb but the last."""
    first_borrow: int
    """The column of the first of them; the others follow."""
    widths: tuple[int, ...]
    """W_t of each slice but the last."""


@frozen
class AssetColumns:
    """An asset's columns."""

    terms: AssetTerms
    free: Limbs
    debt: Limbs
    pledges: tuple[PledgeColumns, ...]

    @property
    def limbs(self) -> int:
        """L."""
        return self.free.count

    @property
    def numbers(self) -> Iterator[tuple[int, Limbs]]:
        """What enters the surplus: each number with its coefficient, value units of one base unit."""
        yield -self.terms.price_up, self.debt
        for category, pledge in zip(self.terms.categories, self.pledges, strict=True):
            yield from zip(self.terms.coefficients(category), pledge.slices, strict=True)


@frozen
class FilledRows:
    """Rows of accounts, and what is wrong with them."""

    columns: Digits
    """``(columns, rows)``."""
    over_pledged: Flags
    """``(assets, rows)``: more is pledged of the asset than there is."""
    uncovered: Flags
    """``(rows,)``: the haircut value of the pledges is below the debts. Without a meaning where too much is pledged."""

    @property
    def wrong(self) -> Flags:
        """``(rows,)``: an account that has no row."""
        return self.over_pledged.any(axis=0) | self.uncovered


class MarginLayout:
    """Columns in order: of each asset F, D and pledges, each with its slices and then its borrows; S; carries."""

    def __init__(self, terms: Sequence[AssetTerms], limb_bits: int) -> None:
        """``limb_bits``: w. Raises ``OptionsError`` for terms that would take more work than any audit does."""
        self.terms, self.limb_bits = tuple(terms), limb_bits
        _check_size(self.terms, limb_bits)
        self.columns: list[str] = []
        self.assets = [self._asset(item) for item in self.terms]
        sums = products(
            ((coefficient, number.columns) for asset in self.assets for coefficient, number in asset.numbers), limb_bits
        )
        self.surplus = self._limbs("surplus", max(1, -(-self._most_value().bit_length() // limb_bits)))
        self.sums: Products = [*sums, *([] for _ in range(self.surplus.count - len(sums)))]
        """G_n without the limbs of S: columns and signed digits, at each place n of S or of a product."""
        self.arithmetic = SurplusArithmetic.of(limb_bits, self.sums, self.surplus.count)
        self.carries: list[Limbs] = []
        """c_0, c_1, … up to the last but one place: the last carry is zero."""
        for place in range(len(self.sums) - 1):
            self.carries.append(self._limbs(f"carry{place}", len(self.arithmetic.carry_shifts)))

    def _limbs(self, name: str, limbs: int) -> Limbs:
        made = Limbs(name, len(self.columns), limbs)
        self.columns += made.names
        return made

    def _asset(self, terms: AssetTerms) -> AssetColumns:
        symbol, limbs = terms.asset.symbol, -(-terms.asset.bits // self.limb_bits)
        free, debt = self._limbs(f"{symbol}:free", limbs), self._limbs(f"{symbol}:debt", limbs)
        pledges = []
        for category in terms.categories:
            name = f"{symbol}:{category.name}"
            slices = tuple(self._limbs(f"{name}:{number}", limbs) for number in range(len(category.slices)))
            borrows = tuple(tuple(f"{item.name}.borrow{limb}" for limb in range(limbs - 1)) for item in slices[:-1])
            widths = tuple(item.width for item in category.slices if item.width is not None)
            pledges.append(PledgeColumns(name, slices, borrows, len(self.columns), widths))
            self.columns += [item for names in borrows for item in names]
        return AssetColumns(terms, free, debt, tuple(pledges))

    def _most_value(self) -> int:
        """The largest S that an account can have: all of each asset pledged where it counts for most, and no debt."""
        return sum(
            max((item.coefficients(category)[0] for category in item.categories), default=0)
            * ((1 << item.asset.bits) - 1)
            for item in self.terms
        )

    def fill(self, digits: npt.NDArray[np.unsignedinteger]) -> FilledRows:
        """The rows of accounts whose positions have these limbs, ``(rows, limbs of all positions)``.

        Pledges are cut as their haircut value is computed, the first slice filled first.
        """
        given = np.ascontiguousarray(digits.T).astype(np.int64)
        rows = given.shape[1]
        columns = np.empty((len(self.columns), rows), np.int64)
        over_pledged = np.zeros((len(self.assets), rows), np.bool_)
        start = 0
        for asset, over in zip(self.assets, over_pledged, strict=True):
            equity, debt, *pledged = (
                given[start + asset.limbs * k : start + asset.limbs * (k + 1)] for k in range(2 + len(asset.pledges))
            )
            start += asset.limbs * (2 + len(asset.pledges))
            columns[asset.debt.columns] = debt
            free = equity
            for amount, pledge in zip(pledged, asset.pledges, strict=True):
                free, borrows = subtract(free, amount, self.limb_bits)
                over |= borrows[-1]
                self._cut(columns, amount, pledge)
            columns[asset.free.columns] = free
        return FilledRows(columns, over_pledged, self._weigh(columns))

    def _cut(self, columns: Digits, rest: Digits, pledge: PledgeColumns) -> None:
        """Write a pledge's slices and borrows: as much as fits into each slice, in order."""
        at = pledge.first_borrow
        for width, number in zip(pledge.widths, pledge.slices, strict=False):
            whole = np.array(digits_of(width, self.limb_bits, number.count), np.int64)[:, None]
            _, borrows = subtract(whole, rest, self.limb_bits)
            full = borrows[-1]
            inside = np.where(full, whole, rest)
            columns[number.columns] = inside
            columns[at : at + number.count - 1] = borrows[:-1] & ~full
            at += number.count - 1
            rest, _ = subtract(rest, inside, self.limb_bits)
        columns[pledge.slices[-1].columns] = rest

    def _weigh(self, columns: Digits) -> Flags:
        """Write S and the carries, and tell where S is negative."""
        pieces = self.arithmetic.carry_limbs()
        for place, (digit, carry) in enumerate(carried(columns, self.sums, self.limb_bits)):
            if place < self.surplus.count:
                columns[self.surplus.first + place] = digit
            if place < len(self.carries):
                shifted, first = carry + self.arithmetic.offset, self.carries[place].first
                for limb, (low, bits) in enumerate(pieces):
                    columns[first + limb] = (shifted >> low) & ((1 << bits) - 1)
        return carry < 0


def _check_size(terms: Sequence[AssetTerms], limb_bits: int) -> None:
    """Count the products of the surplus before any is made. Raises ``OptionsError`` for too many."""
    found = 0
    for item in terms:
        limbs, digits = -(-item.asset.bits // limb_bits), -(-item.price_up.bit_length() // limb_bits)
        found += limbs * digits * (1 + sum(len(category.slices) for category in item.categories))
    if found > _MOST_PRODUCTS:
        raise OptionsError(
            f"limbs of {limb_bits} bits make up to {found:,} products of limbs with the digits of prices; at most "
            f"{_MOST_PRODUCTS:,}, which wider limbs (limb_bits), fewer slices or smaller prices keep to"
        )
