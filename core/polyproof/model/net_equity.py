"""Accounts with debts: what is counted of each asset, what it is worth, and the conditions on both.

Of an asset an account has equity, debt, and for each collateral category a pledge: a part of its equity. These are its
*positions*, and each is counted like an asset of its own: ``Position`` is an ``Asset``, so that a table of accounts
(``Accounts``), a statement and its totals need no other form. The columns of such a table are ``positions_of(terms)``:
for each asset ``BTC:equity``, ``BTC:debt``, then ``BTC:loan`` for a category ``loan``. An asset's symbol cannot contain
a colon, so no asset passes for a position.

Money is counted in whole *value units*, 10^−scale of a quote currency, and a price is how many of them one base unit of
an asset is worth: ``price_up`` rounded up, for debts, ``price_down`` rounded down, for collateral. A pledge of K base
units counts for its *haircut value* h(K): the first W_0 of them at ratio_0, the next W_1 at ratio_1, and so on, the
last slice open. With coefficients q_t = ⌊ratio_t·price_down⌋ that never rise, h is concave, and h(K) is the most that
any cut of K into slices no wider than theirs gives; so a prover gains nothing by another cut.

Every condition here is part of what a proof shows: with a ratio above 100 % or a debt at a price of zero, worthless
coins would carry real debts. They raise ``OptionsError``, also for a header that a verifier reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import attrs
from attrs import frozen

from polyproof.config.options import NOT_AN_OPTION, option
from polyproof.errors import OptionsError
from polyproof.model.assets import Asset
from polyproof.model.names import NAME, SYMBOL, matches

__all__ = [
    "DEBT",
    "EQUITY",
    "LEAST_PRICE_BITS",
    "MOST_CATEGORIES",
    "MOST_PRICE_BITS",
    "MOST_SLICES",
    "AssetTerms",
    "Category",
    "Position",
    "Slice",
    "check_terms",
    "own_issued_collateral",
    "positions_of",
    "scaled_prices",
    "terms_of",
]

EQUITY = "equity"
"""The position of what an account has, pledges included."""
DEBT = "debt"
"""The position of what an account owes the exchange."""

LEAST_PRICE_BITS = 20
"""Significant bits that every price has after scaling, at least: rounding changes it by less than 2^−19 of itself."""
MOST_PRICE_BITS = 192
"""A price has no more bits than this. Prices of coins of 18 and of 0 decimals are some 60 bits apart."""
MOST_CATEGORIES = 16
MOST_SLICES = 32

_POSITION = (f"{SYMBOL[0]}:{NAME[0]}", "a symbol, a colon, and equity, debt or a collateral category")


@frozen
class Slice:
    """A part of a pledge, and at what ratio of its price it counts."""

    ratio: Fraction
    """0 to 1: at most what it is worth."""
    width: int | None = None
    """W, in base units, at least 1 and below 2^bits. ``None`` for the last slice, which is open."""


@frozen
class Category:
    """A purpose for which an asset can be pledged, and the slices of a pledge."""

    name: str
    """Lower case letters, digits and single hyphens; neither ``equity`` nor ``debt``."""
    slices: tuple[Slice, ...]
    """Ratios never rise from one to the next; all but the last have a width."""


@frozen
class AssetTerms:
    """An asset, its prices, and what of it can be pledged. Raises ``OptionsError`` for terms that prove nothing."""

    asset: Asset
    price_up: int
    """Value units of one base unit, rounded up: what a debt counts for."""
    price_down: int
    """Value units of one base unit, rounded down: what a pledge counts for, before its haircut."""
    categories: tuple[Category, ...] = ()
    own_issued: bool = False
    """The exchange issued it: its ratios are 0 unless a verifier's policy allows others (``own_issued_collateral``)."""

    def __attrs_post_init__(self) -> None:
        symbol = self.asset.symbol
        if self.price_up < 1:
            raise OptionsError(
                f"{symbol}: price_up is {self.price_up}, under which debts would count for nothing; at least 1"
            )
        if not 0 <= self.price_down <= self.price_up:
            raise OptionsError(
                f"{symbol}: price_down is {self.price_down} and price_up {self.price_up}; expected 0 ≤ price_down ≤ "
                "price_up, or a pledge would count for more than a debt of the same coins"
            )
        if self.price_up.bit_length() > MOST_PRICE_BITS:
            raise OptionsError(f"{symbol}: price_up has {self.price_up.bit_length()} bits; at most {MOST_PRICE_BITS}")
        if len(self.categories) > MOST_CATEGORIES:
            raise OptionsError(f"{symbol} has {len(self.categories)} collateral categories; at most {MOST_CATEGORIES}")
        names = [category.name for category in self.categories]
        for name in names:
            if not matches(NAME, name) or name in (EQUITY, DEBT):
                raise OptionsError(f"{symbol}: a collateral category cannot be named {name!r}; expected {NAME[1]}")
            if names.count(name) > 1:
                raise OptionsError(f"{symbol}: two collateral categories are named {name!r}")
        for category in self.categories:
            _check_slices(f"{symbol}:{category.name}", category.slices, self.asset.bits)

    def coefficients(self, category: Category) -> tuple[int, ...]:
        """q_t = ⌊ratio_t·price_down⌋ of each slice: the value units that one base unit in it counts for."""
        return tuple(int(item.ratio * self.price_down) for item in category.slices)

    def haircut_value(self, category: Category, pledged: int) -> int:
        """h(K) in value units, of K ≥ 0 base units."""
        value = 0
        for item, coefficient in zip(category.slices, self.coefficients(category), strict=True):
            inside = pledged if item.width is None else min(pledged, item.width)
            value, pledged = value + coefficient * inside, pledged - inside
        return value


def _check_slices(of: str, slices: Sequence[Slice], bits: int) -> None:
    if not 1 <= len(slices) <= MOST_SLICES:
        raise OptionsError(f"{of} has {len(slices)} slices; 1 to {MOST_SLICES}, the last of them open")
    for number, item in enumerate(slices):
        if not 0 <= item.ratio <= 1:
            raise OptionsError(f"{of}: slice {number} has a ratio of {_percent(item.ratio)}; 0 to 100 %")
        if number and item.ratio > (before := slices[number - 1].ratio):
            raise OptionsError(
                f"{of}: the ratio rises from {_percent(before)} in slice {number - 1} to {_percent(item.ratio)} in "
                f"slice {number}; it may only fall, or whoever cuts a pledge could fill the better slice first"
            )
        last = number == len(slices) - 1
        if last != (item.width is None):
            raise OptionsError(f"{of}: slice {number} has {'a' if last else 'no'} width; all but the last have one")
        if item.width is not None and not 0 < item.width < 1 << bits:
            raise OptionsError(
                f"{of}: slice {number} is {item.width} base units wide; 1 to 2^{bits} − 1 = {(1 << bits) - 1}"
            )


def _percent(ratio: Fraction) -> str:
    return f"{float(100 * ratio):.6g} %"


@frozen(kw_only=True)
class Position(Asset):
    """What is counted of an asset: equity, debt, or what is pledged in a category. To whatever counts, an asset.

    Decimals, bits and display name are the asset's. Its symbol, ``BTC:debt``, is none that an asset of a spec can have.
    """

    symbol: str = option(pattern=_POSITION, doc="The asset's symbol, a colon, and the name of the position.")
    terms: AssetTerms = attrs.field(metadata=NOT_AN_OPTION)
    """The asset with its prices and slices: two statements under other terms are about other positions."""

    @property
    def asset(self) -> Asset:
        """Of which this is a position."""
        return self.terms.asset

    @property
    def kind(self) -> str:
        """``equity``, ``debt`` or the name of a category."""
        return self.symbol.partition(":")[2]

    @classmethod
    def of(cls, terms: AssetTerms, kind: str) -> Position:
        """A position of an asset."""
        asset = terms.asset
        return cls(
            symbol=f"{asset.symbol}:{kind}",
            decimals=asset.decimals,
            bits=asset.bits,
            name=asset.name,
            terms=terms,
        )


def positions_of(terms: Iterable[AssetTerms]) -> tuple[Position, ...]:
    """The columns of accounts with debts: for each asset equity, debt, then each category, in their order."""
    return tuple(
        Position.of(item, kind)
        for item in terms
        for kind in (EQUITY, DEBT, *(category.name for category in item.categories))
    )


def terms_of(assets: Sequence[Asset]) -> tuple[AssetTerms, ...]:
    """The terms under which these positions are counted; ``positions_of`` undone.

    Raises ``OptionsError`` for what is not the positions of assets, complete and in order.
    """
    found: list[AssetTerms] = []
    for item in assets:
        if not isinstance(item, Position):
            raise OptionsError(
                f"{item.symbol} is an asset and not a position: equity, debt or a pledge under its terms"
            )
        if not found or found[-1] != item.terms:
            found.append(item.terms)
    if positions_of(found) != tuple(assets):
        raise OptionsError("expected for each asset its equity, its debt, and then a pledge for each of its categories")
    check_terms(found)
    return tuple(found)


def check_terms(terms: Sequence[AssetTerms], *, price_bits: int = 1) -> None:
    """Raise ``OptionsError`` for terms that do not fit together: an asset twice, or prices of too few bits.

    A spec and a header are held to ``price_bits=LEAST_PRICE_BITS``. A price_down may have fewer if nothing of its asset
    counts as collateral.
    """
    symbols = [item.asset.symbol for item in terms]
    for item in terms:
        symbol = item.asset.symbol
        if symbols.count(symbol) > 1:
            raise OptionsError(f"{symbol} has terms twice")
        counts = any(part.ratio for category in item.categories for part in category.slices)
        for name, price in (("price_up", item.price_up), ("price_down", item.price_down)):
            if price.bit_length() < price_bits and (name == "price_up" or counts):
                raise OptionsError(
                    f"{symbol}: {name} is {price} value units, of {price.bit_length()} significant bits; at least "
                    f"{price_bits}, so that rounding is negligible: a finer value unit (scale) would do"
                )


def own_issued_collateral(terms: Iterable[AssetTerms]) -> tuple[str, ...]:
    """Symbols of assets that the exchange issued and counts as collateral, which a verifier must allow by its policy.

    It can make as many of them as it takes to cover any debt.
    """
    return tuple(
        item.asset.symbol
        for item in terms
        if item.own_issued and any(part.ratio for category in item.categories for part in category.slices)
    )


def scaled_prices(
    quotes: Mapping[str, tuple[Fraction, Fraction]], assets: Sequence[Asset]
) -> tuple[int, dict[str, tuple[int, int]]]:
    """The scale, and of each symbol price_up and price_down in value units of 10^−scale, from quotes of a whole coin.

    ``quotes`` has of each symbol the highest and the lowest quote. The scale follows from them: the least from 0 at
    which every price has 20 significant bits (``LEAST_PRICE_BITS``). So a verifier derives all of this from the quotes.
    Raises ``OptionsError`` for a quote that is missing or not above 0, for a highest below its lowest, and for quotes
    too far apart for one scale.
    """
    of_base_units: dict[str, tuple[Fraction, Fraction]] = {}
    for asset in assets:
        if asset.symbol not in quotes:
            raise OptionsError(f"there is no price of {asset.symbol}")
        high, low = quotes[asset.symbol]
        if not 0 < low <= high:
            raise OptionsError(
                f"{asset.symbol}: the lowest quote is {low}, the highest {high}; expected 0 < lowest ≤ highest"
            )
        of_base_units[asset.symbol] = high / 10**asset.decimals, low / 10**asset.decimals
    least, most = 1 << (LEAST_PRICE_BITS - 1), 1 << MOST_PRICE_BITS
    highest = max((high for high, _ in of_base_units.values()), default=Fraction(0))
    lowest = min((low for _, low in of_base_units.values()), default=Fraction(least))
    scale = 0
    while lowest * 10**scale < least:
        if highest * 10**scale >= most:
            raise OptionsError(
                f"prices of one base unit are so far apart that at 10^{scale} value units one has more than "
                f"{MOST_PRICE_BITS} bits and another fewer than {LEAST_PRICE_BITS}"
            )
        scale += 1
    return scale, {
        symbol: (-(-high * 10**scale // 1), low * 10**scale // 1) for symbol, (high, low) in of_base_units.items()
    }
