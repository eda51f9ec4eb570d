"""What a verifier accepts of an audit in which accounts have debts: the key ``net_equity`` of a policy.

Nothing in the audit can say whether its prices are those of the market, or who issued a coin: it is for the verifier to
know. Each check compares what the manifest states, before any proof is read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import attrs
from attrs import frozen

from polyproof.config.options import NOT_AN_OPTION, option
from polyproof.errors import PolicyRejected
from polyproof.model.counts import counted
from polyproof.model.names import SYMBOL, Pattern
from polyproof.model.net_equity import AssetTerms, Slice, own_issued_collateral
from polyproof.model.prices import AssetPrice, Quote
from polyproof.model.timestamps import between, distance_text
from polyproof.settings.net_equity import Collateral, slices_of
from polyproof.settings.policy_checks import PolicyCheck

__all__ = ["PERCENT", "NetEquityPolicy", "fraction_of"]

PERCENT: Pattern = (r"(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?%", "a percentage such as 2%")


def fraction_of(percent: str) -> Fraction:
    """A percentage as a fraction."""
    return Fraction(percent.removesuffix("%")) / 100


@frozen(kw_only=True)
class NetEquityPolicy:
    """What a verifier accepts of accounts with debts."""

    require_covered: bool = option(
        default=True,
        doc="Whether a proof is required that what each account has pledged covers what it owes. Without one, debts "
        "may be invented freely, and net totals say nothing.",
    )
    allow_own_issued: tuple[str, ...] | None = option(
        default=(),
        pattern=SYMBOL,
        items=(0, 1024),
        doc="Assets that may count as collateral although the organisation issues them; null allows any.",
    )
    own_issued: tuple[str, ...] = option(
        default=(),
        pattern=SYMBOL,
        items=(0, 1024),
        doc="Assets that the organisation issues, as you know, whatever it says of them.",
    )
    allow_negative_net: tuple[str, ...] | None = option(
        default=(),
        pattern=SYMBOL,
        items=(0, 4096),
        doc="Assets of which more may be lent than all accounts have, the organisation's own coins; null allows any.",
    )
    prices: Path | None = option(
        default=None,
        doc="Your own file of prices, CSV or JSON, relative to this file. A debt must not count for less, and "
        "collateral for no more, than by them.",
    )
    tolerance: str = option(
        default="2%", pattern=PERCENT, doc="By how much the prices of an audit may be more favourable than yours."
    )
    max_price_hours: int | None = option(
        default=24,
        least=0,
        most=1_000_000,
        doc="By how many hours the time of a price, as the audit states it, may be before or after that of the "
        "balances; null allows any. At prices of a better day collateral would cover debts that it no longer covers.",
    )
    haircuts: tuple[Collateral, ...] = option(
        default=(),
        items=(0, 4096),
        doc="The most that collateral may count for, as in a spec: of assets that are listed, in the categories that "
        "are listed, and in no other, since an audit gives categories their names. A last slice with the ratio 0 caps "
        "what one account can pledge in a category.",
    )
    quotes: tuple[Quote, ...] = attrs.field(default=(), metadata=NOT_AN_OPTION)
    """What the file of ``prices`` says, once it has been read."""

    def check_covered(self, covered: bool) -> None:
        """Refuse debts of which nothing shows that they are covered."""
        if self.require_covered and not covered:
            raise PolicyRejected(
                PolicyCheck.DEBTS_COVERED,
                "its backend proves of no account that what it has pledged covers what it owes, and the policy "
                "requires it (net_equity.require_covered)",
            )

    def check_terms(self, terms: Sequence[AssetTerms], declared: Collection[str]) -> None:
        """Refuse collateral for who issued it, or for what it counts for. ``declared``: issued by the organisation, as
        it says elsewhere."""
        issued = {*self.own_issued, *declared}
        known = [attrs.evolve(one, own_issued=one.own_issued or one.asset.symbol in issued) for one in terms]
        for symbol in own_issued_collateral(known):
            if self.allow_own_issued is not None and symbol not in self.allow_own_issued:
                raise PolicyRejected(
                    PolicyCheck.OWN_ISSUED,
                    f"{symbol} is issued by the organisation and counts as collateral: it can make as many as cover "
                    "any debt (net_equity.allow_own_issued)",
                )
        for one in terms:
            most = {each.category: each for each in self.haircuts if each.asset == one.asset.symbol}
            if most:
                self._check_haircuts(one, most)

    def _check_haircuts(self, one: AssetTerms, most: Mapping[str, Collateral]) -> None:
        symbol = one.asset.symbol
        for category in one.categories:
            allowed = slices_of(most[category.name].slices, one.asset) if category.name in most else _NOTHING
            if (at := _exceeds(category.slices, allowed)) is not None:
                named = "" if category.name in most else f", which lists {symbol} as {', '.join(most)} alone"
                raise PolicyRejected(
                    PolicyCheck.HAIRCUTS,
                    f"a pledge of {one.asset.format(at)} {symbol} as {category.name} counts for more than the policy "
                    f"allows{named} (net_equity.haircuts)",
                )

    def check_times(self, quotes: Iterable[Quote], snapshot: str) -> None:
        """Refuse prices of another time than the balances: whoever chooses it chooses the prices."""
        if self.max_price_hours is None:
            return
        for one in quotes:
            apart = between(one.time, snapshot)
            if abs(apart) > timedelta(hours=self.max_price_hours):
                raise PolicyRejected(
                    PolicyCheck.PRICE_TIMES,
                    f"the price of {one.asset} by {one.source} is of {one.time}, {distance_text(apart)} "
                    f"{'before' if one.time < snapshot else 'after'} the balances ({snapshot}): the policy allows "
                    f"{counted(self.max_price_hours, 'hour')} (net_equity.max_price_hours)",
                )

    def check_prices(self, prices: dict[str, AssetPrice], weighed: Iterable[str]) -> None:
        """Refuse prices that are more favourable than the verifier's own. ``weighed``: symbols of assets that are owed,
        or count as collateral."""
        if not self.quotes:
            return
        tolerated = fraction_of(self.tolerance)
        for symbol in weighed:
            own = tuple(one for one in self.quotes if one.asset == symbol)
            if not own:
                raise PolicyRejected(
                    PolicyCheck.PRICES, f"{symbol} is owed or pledged, and your file of prices has none of it"
                )
            theirs, mine = prices[symbol], AssetPrice(own)
            currency = theirs.quotes[0].currency
            if {one.currency for one in own} != {currency}:
                raise PolicyRejected(PolicyCheck.PRICES, f"its prices are in {currency}, and yours of {symbol} are not")
            if theirs.highest < mine.highest * (1 - tolerated):
                raise PolicyRejected(
                    PolicyCheck.PRICES,
                    f"a debt of {symbol} counts at {float(theirs.highest):g} {currency}, by your prices at "
                    f"{float(mine.highest):g}: {self.tolerance} less is tolerated",
                )
            if theirs.lowest > mine.lowest * (1 + tolerated):
                raise PolicyRejected(
                    PolicyCheck.PRICES,
                    f"{symbol} counts as collateral at {float(theirs.lowest):g} {currency}, by your prices at "
                    f"{float(mine.lowest):g}: {self.tolerance} more is tolerated",
                )

    def check_net(self, symbol: str, net: int, told: str) -> None:
        """Refuse an asset of which more is lent than all accounts have; ``told``: the amount in words."""
        if net < 0 and self.allow_negative_net is not None and symbol not in self.allow_negative_net:
            raise PolicyRejected(
                PolicyCheck.NET,
                f"of {symbol} more is lent than all accounts have, by {told}: it counts as nothing owed, and the "
                "policy does not allow it (net_equity.allow_negative_net)",
            )


_NOTHING = (Slice(Fraction(0)),)
"""What a pledge counts for in a category that a policy does not list."""


def _exceeds(slices: Sequence[Slice], allowed: Sequence[Slice]) -> int | None:
    """The least pledge at an end of a slice that counts for more by ``slices`` than is allowed; None if none does.

    Both are linear between these ends and after the last, so they are compared there, and then by their last ratios.
    """
    ends = sorted(
        {end for one in (slices, allowed) for end in accumulate(item.width for item in one if item.width is not None)}
    )
    for end in [*ends, (ends[-1] if ends else 0) + 1]:
        if _coins(slices, end) > _coins(allowed, end):
            return end
    return (ends[-1] if ends else 0) + 1 if slices[-1].ratio > allowed[-1].ratio else None


def _coins(slices: Sequence[Slice], pledged: int) -> Fraction:
    """What a pledge counts for, in base units of the asset itself."""
    value = Fraction(0)
    for item in slices:
        inside = pledged if item.width is None else min(pledged, item.width)
        value, pledged = value + item.ratio * inside, pledged - inside
    return value
