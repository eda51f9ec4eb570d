"""What rounding changed of the balances of an asset, and how much of that is still plausible.

A balance finer than its asset's decimals is rounded up, a debt or a pledge down. That changes nothing to speak of,
unless the decimals are wrong: at ``decimals: 0`` a ledger's total grew by 9 %, and 0.00000002 became 1. So it is
counted exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from attrs import frozen

from polyproof.errors import Problem
from polyproof.liabilities.snapshot.cells import rounds_down
from polyproof.model.amounts import exact_decimal
from polyproof.model.assets import Asset
from polyproof.model.net_equity import Position

__all__ = ["Rounded", "rounding_problems", "rounding_warnings"]

_REFUSED = Fraction(1, 100)
_WARNED = Fraction(1, 1000)


@frozen
class Rounded:
    """Balances of one asset, or of one position of it, that were rounded."""

    asset: Asset
    balances: int = 0
    """How many were."""
    added: Fraction = Fraction(0)
    """By how much in all, in base units: up, or, of debts and pledges, down."""
    total: Fraction = Fraction(0)
    """What the asset's balances add up to before rounding, in base units."""
    decimals: int = 0
    """The most decimals that one of those rounded was written with."""

    @property
    def share(self) -> Fraction:
        """What was added or dropped, of the total."""
        return self.added / self.total if self.added else Fraction(0)

    @property
    def amount(self) -> str:
        """What was added or dropped, in coins, exactly."""
        return exact_decimal(self.added / 10**self.asset.decimals)

    def __str__(self) -> str:
        several = "balances were" if self.balances != 1 else "balance was"
        way = "down" if rounds_down(self.asset) else "up"
        return f"{self.balances:,} {several} rounded {way}, by {self.amount} {self.symbol} in all"

    @property
    def symbol(self) -> str:
        """That of the asset, as the spec has it."""
        return self.asset.asset.symbol if isinstance(self.asset, Position) else self.asset.symbol


def rounding_problems(rounded: Sequence[Rounded], allowed: Sequence[str]) -> list[Problem]:
    """Assets of which rounding changed more than a hundredth, but for those whose symbols the spec allows it."""
    return [
        Problem(
            f"{each.asset.symbol}: {each}, {_percent(each.share)} of what they add up to",
            hint=f"the spec has `decimals: {each.asset.decimals}`, the amounts have up to {each.decimals}; if that is "
            f"meant, list {each.symbol} in accounts.allow_rounding",
            expected=f"decimals: {each.decimals}",
            code="rounding",
            about=each.asset.symbol,
        )
        for each in rounded
        if each.share > _REFUSED and each.symbol not in allowed
    ]


def rounding_warnings(rounded: Sequence[Rounded]) -> list[str]:
    """Assets of which rounding changed more than a thousandth."""
    return [
        f"{each.asset.symbol}: {each}, {_percent(each.share)} of what they add up to"
        + (", which accounts.allow_rounding accepts" if each.share > _REFUSED else "")
        + f": is `decimals: {each.asset.decimals}` right? The amounts have up to {each.decimals}"
        for each in rounded
        if each.share > _WARNED
    ]


def _percent(share: Fraction) -> str:
    """Rounded down to two significant digits, so that none is called larger than it is."""
    percent = 100 * share
    if percent >= 10:
        return f"{int(percent):,} %"
    digits = 1 if percent >= 1 else 2
    return f"{int(percent * 10**digits) / 10**digits:g} %"
