"""What a spec says about accounts with debts: the key ``net_equity``, and the terms that follow with prices.

All of it is published in the manifest, so that a verifier derives the same terms from the same published numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from attrs import frozen

from polyproof.config.options import Fault, did_you_mean, option
from polyproof.errors import OptionsError
from polyproof.model.assets import Asset
from polyproof.model.names import EXACT_DECIMAL, NAME, SYMBOL
from polyproof.model.net_equity import (
    LEAST_PRICE_BITS,
    MOST_SLICES,
    AssetTerms,
    Category,
    Slice,
    check_terms,
    scaled_prices,
)
from polyproof.model.prices import Quote, prices_of

__all__ = ["Collateral", "NetEquity", "SliceSettings", "asset_terms", "net_equity_faults", "slices_of"]

_MOST_ENTRIES = 4096


@frozen(kw_only=True)
class SliceSettings:
    """A part of what an account has pledged of an asset, and how much of its price counts."""

    ratio: str = option(pattern=EXACT_DECIMAL, doc="0 to 1: the part of the price that counts, such as 0.95.")
    width: str | None = option(
        default=None,
        pattern=EXACT_DECIMAL,
        doc="How many coins of an account's pledge are in this slice; left out for the last one, which has all that is "
        "left.",
    )


def _ratios(slices: Sequence[SliceSettings]) -> Iterable[Fault]:
    before: Fraction | None = None
    for number, one in enumerate(slices):
        ratio, last = Fraction(one.ratio), number == len(slices) - 1
        if ratio > 1:
            yield Fault(
                f"a ratio of {one.ratio} is above 1",
                "collateral counts for at most what it is worth, or worthless coins would carry debts",
                (number, "ratio"),
            )
        if before is not None and ratio > before:
            yield Fault(
                f"the ratio rises from {float(before):g} to {one.ratio}",
                "it may only fall: the value of a pledge is the most that any cut into slices gives, so a later slice "
                "with a better ratio would count first",
                (number, "ratio"),
            )
        if last != (one.width is None):
            message = "the last slice has a width" if last else "a slice before the last has no width"
            yield Fault(message, "all but the last have one, and the last is open", (number,))
        before = ratio


@frozen(kw_only=True)
class Collateral:
    """What of an asset can be pledged for one purpose, and what it counts for."""

    asset: str = option(pattern=SYMBOL, doc="Symbol of the asset.")
    category: str = option(
        default="collateral",
        pattern=NAME,
        doc="What it is pledged for, such as loan or margin: each is a position of its own, with a total of its own.",
    )
    slices: tuple[SliceSettings, ...] = option(
        items=(1, MOST_SLICES), check=_ratios, doc="From the best ratio to the worst; see docs/reference/spec.md."
    )


def _once(collateral: Sequence[Collateral]) -> Iterable[Fault]:
    seen: set[tuple[str, str]] = set()
    for index, one in enumerate(collateral):
        if (one.asset, one.category) in seen:
            yield Fault(f"{one.asset} as {one.category} is given twice", None, (index,))
        seen.add((one.asset, one.category))


@frozen(kw_only=True)
class NetEquity:
    """How debts are weighed against collateral, in an audit of the rule net-equity."""

    collateral: tuple[Collateral, ...] = option(
        default=(),
        items=(0, _MOST_ENTRIES),
        check=_once,
        doc="What can be pledged, for each asset and purpose. Of an asset that is not listed nothing can be pledged.",
    )
    own_issued: tuple[str, ...] = option(
        default=(),
        pattern=SYMBOL,
        items=(0, 1024),
        doc="Assets that the organisation issues itself. As collateral they count for nothing, unless a verifier's "
        "policy allows it: whoever issues coins can make as many as cover any debt.",
    )
    underwater: str = option(
        default="refuse",
        choices=("refuse", "leave-out"),
        doc="What becomes of accounts whose collateral does not cover their debts. refuse: they are an error. "
        "leave-out: they are no part of the audit, and how many they are and what they add up to is published, as the "
        "organisation's word.",
    )


def net_equity_faults(settings: NetEquity, assets: Sequence[Asset]) -> Iterable[Fault]:
    """What is wrong with the settings, given the assets of the audit."""
    known = {asset.symbol: asset for asset in assets}
    for index, one in enumerate(settings.collateral):
        asset = known.get(one.asset)
        if asset is None:
            yield Fault(
                f"{one.asset} is no asset of the audit", did_you_mean(one.asset, known), ("collateral", index, "asset")
            )
            continue
        for number, part in enumerate(one.slices):
            where = ("collateral", index, "slices", number, "width")
            units = None if part.width is None else Fraction(part.width) * 10**asset.decimals
            if units is not None and units.denominator != 1:
                yield Fault(f"a width of {part.width} {asset.symbol} is no whole number of base units", None, where)
            elif units is not None and not 0 < units < 1 << asset.bits:
                yield Fault(
                    f"a width of {part.width} {asset.symbol} does not fit",
                    f"above 0 and below 2^{asset.bits} base units, {asset.format((1 << asset.bits) - 1)}",
                    where,
                )
    for index, symbol in enumerate(settings.own_issued):
        if symbol not in known:
            yield Fault(f"{symbol} is no asset of the audit", did_you_mean(symbol, known), ("own_issued", index))
        elif settings.own_issued.index(symbol) != index:
            yield Fault(f"{symbol} is given twice", None, ("own_issued", index))


def slices_of(slices: Sequence[SliceSettings], asset: Asset) -> tuple[Slice, ...]:
    """Slices in base units of an asset."""
    return tuple(
        Slice(Fraction(part.ratio), None if part.width is None else int(Fraction(part.width) * 10**asset.decimals))
        for part in slices
    )


def asset_terms(settings: NetEquity, assets: Sequence[Asset], quotes: Sequence[Quote]) -> tuple[AssetTerms, ...]:
    """The terms of each asset, in order.

    Raises ``InputError`` (``OptionsError``) for settings or quotes under which a proof would not mean what it says.
    """
    for fault in net_equity_faults(settings, assets):
        raise OptionsError(fault.message)
    symbols = [asset.symbol for asset in assets]
    prices = prices_of(quotes, symbols)
    _, scaled = scaled_prices({symbol: (one.highest, one.lowest) for symbol, one in prices.items()}, assets)
    terms = tuple(
        AssetTerms(
            asset=asset,
            price_up=scaled[asset.symbol][0],
            price_down=scaled[asset.symbol][1],
            categories=tuple(
                Category(one.category, slices_of(one.slices, asset))
                for one in settings.collateral
                if one.asset == asset.symbol
            ),
            own_issued=asset.symbol in settings.own_issued,
        )
        for asset in assets
    )
    check_terms(terms, price_bits=LEAST_PRICE_BITS)
    return terms
