"""What the manifest of an audit of accounts with debts says besides: which segments, at what prices, who is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

from polyproof.config.options import plain
from polyproof.model.net_equity import EQUITY
from polyproof.model.prices import Quote

__all__ = ["NetEquityFacts", "Underwater", "equity_places"]


@frozen(kw_only=True)
class Underwater:
    """Accounts left out because their collateral does not cover their debts: the organisation's word."""

    accounts: int
    equity: tuple[int, ...]
    """What they have, in base units, one for each asset in order."""
    debt: tuple[int, ...]
    """What they owe, likewise."""


@frozen(kw_only=True)
class NetEquityFacts:
    """The part of a manifest's header that an audit of the rule net-equity has besides, fixed before proving starts."""

    margin_segments: int
    """How many segments, the last ones, are of accounts with debts or pledges."""
    positions: tuple[str, ...]
    """What is counted in those segments, by symbol: ``BTC:equity``, ``BTC:debt``, …"""
    prices: tuple[Quote, ...]
    """In order of asset, source and time."""
    underwater: Underwater | None = None
    """None if no account was left out."""

    def plain(self) -> dict[str, Any]:
        """As plain JSON."""
        found: dict[str, Any] = {
            "margin_segments": self.margin_segments,
            "positions": list(self.positions),
            "prices": [plain(one) for one in self.prices],
        }
        if self.underwater is not None:
            found["underwater"] = {
                "accounts": self.underwater.accounts,
                "equity": [str(amount) for amount in self.underwater.equity],
                "debt": [str(amount) for amount in self.underwater.debt],
            }
        return found

    def is_margin(self, index: int, segments: int) -> bool:
        """Whether a segment, of so many, is one of accounts with debts or pledges."""
        return index >= segments - self.margin_segments

    def position_totals(self, totals: Sequence[Sequence[int]]) -> tuple[int, ...]:
        """The sum of segments' totals, one for each position; ``totals``: of all segments, in order.

        A segment without debts has a total for each asset, which is equity.
        """
        sums, equity = [0] * len(self.positions), equity_places(self.positions)
        for index, own in enumerate(totals):
            places = range(len(sums)) if self.is_margin(index, len(totals)) else equity
            for place, total in zip(places, own, strict=True):
                sums[place] += total
        return tuple(sums)


def equity_places(positions: Sequence[str]) -> tuple[int, ...]:
    """Where the equity of each asset stands among positions."""
    return tuple(place for place, symbol in enumerate(positions) if symbol.endswith(f":{EQUITY}"))
