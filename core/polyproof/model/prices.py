"""Quotes: what an asset was worth, as somebody said at some time, and which of several counts for what.

Several quotes of an asset are not averaged: a debt is weighed by the highest and collateral by the lowest, so that
whoever chooses the sources cannot gain by adding one. The median is for showing amounts in one currency, no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from attrs import field, frozen

from polyproof.config.options import Fault, option, printable
from polyproof.errors import InputError
from polyproof.model.names import EXACT_DECIMAL, SYMBOL, TIME
from polyproof.model.timestamps import in_calendar

__all__ = ["MOST_QUOTES", "AssetPrice", "Quote", "prices_of", "quote_faults"]

MOST_QUOTES = 16
"""The most quotes of one asset."""
_LONGEST_SOURCE = 100


def _positive(price: str) -> Iterable[Fault]:
    if not Fraction(price):
        yield Fault("a price of zero", "above zero: whatever has no price lets anybody owe it for nothing")


@frozen(kw_only=True, order=True)
class Quote:
    """What one coin of an asset was worth, by one source."""

    asset: str = option(pattern=SYMBOL, doc="Symbol of the asset, as the spec has it.")
    source: str = option(check=printable(_LONGEST_SOURCE), doc="Who said so: a market, an index.")
    time: str = option(pattern=TIME, check=in_calendar, doc="When: UTC, such as 2025-11-30T00:00:00Z.")
    price: str = option(pattern=EXACT_DECIMAL, check=_positive, doc="Of one coin: an exact decimal above zero.")
    currency: str = option(pattern=SYMBOL, doc="What the price is counted in, such as USD: the same in all quotes.")


@frozen
class AssetPrice:
    """The quotes of one asset: at least one."""

    quotes: tuple[Quote, ...]
    _prices: tuple[Fraction, ...] = field(init=False, repr=False, eq=False)

    @_prices.default
    def _sorted(self) -> tuple[Fraction, ...]:
        return tuple(sorted(Fraction(one.price) for one in self.quotes))

    @property
    def highest(self) -> Fraction:
        """What a debt is weighed by."""
        return self._prices[-1]

    @property
    def lowest(self) -> Fraction:
        """What collateral is weighed by."""
        return self._prices[0]

    @property
    def median(self) -> Fraction:
        """What amounts are shown by."""
        middle = len(self._prices) // 2
        return self._prices[middle] if len(self._prices) % 2 else (self._prices[middle - 1] + self._prices[middle]) / 2


def quote_faults(quotes: Sequence[Quote], symbols: Sequence[str]) -> Iterator[Fault]:
    """What is wrong with quotes as the prices of these assets: each has at least one, in one currency, none twice."""
    known, counts = set(symbols), dict.fromkeys(symbols, 0)
    said: set[tuple[str, str]] = set()
    for index, one in enumerate(quotes):
        if one.asset not in known:
            yield Fault(f"{one.asset} is no asset of the audit", f"it has {', '.join(symbols)}", (index, "asset"))
            continue
        counts[one.asset] += 1
        if one.currency != quotes[0].currency:
            yield Fault(
                f"{one.asset} is quoted in {one.currency}, and {quotes[0].asset} in {quotes[0].currency}",
                "all prices are in one currency",
                (index, "currency"),
            )
        if (one.asset, one.source) in said:
            yield Fault(f"{one.source} gives two prices of {one.asset}", "one of each source", (index, "source"))
        said.add((one.asset, one.source))
    for symbol, count in counts.items():
        if not count:
            yield Fault(f"{symbol} has no price", "every asset has at least one quote")
        elif count > MOST_QUOTES:
            yield Fault(f"{symbol} has {count} quotes", f"at most {MOST_QUOTES}")


def prices_of(quotes: Sequence[Quote], symbols: Sequence[str]) -> dict[str, AssetPrice]:
    """The prices of these assets. Raises ``InputError`` for quotes that ``quote_faults`` finds fault with."""
    for found in quote_faults(quotes, symbols):
        raise InputError(f"{found.message} ({found.hint})")
    of: dict[str, list[Quote]] = {symbol: [] for symbol in symbols}
    for one in quotes:
        of[one.asset].append(one)
    return {symbol: AssetPrice(tuple(found)) for symbol, found in of.items()}
