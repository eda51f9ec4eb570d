"""What rounding up added to the balances of an asset, and how much of that is still plausible.

A balance finer than its asset's decimals is rounded up. That adds nothing to speak of, unless the decimals are wrong:
at ``decimals: 0`` a ledger's total grew by 9 %, and 0.00000002 became 1. So what was added is counted exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from attrs import frozen

from polyproof.errors import Problem
from polyproof.model.amounts import exact_decimal
from polyproof.model.assets import Asset

__all__ = ["Rounded", "rounding_problems", "rounding_warnings"]

_REFUSED = Fraction(1, 100)
_WARNED = Fraction(1, 1000)


@frozen
class Rounded:
    """Balances of one asset that were rounded up."""

    asset: Asset
    balances: int = 0
    """How many were."""
    added: Fraction = Fraction(0)
    """By how much in all, in base units."""
    total: Fraction = Fraction(0)
    """What the asset's balances add up to before rounding, in base units."""
    decimals: int = 0
    """The most decimals that one of those rounded was written with."""

    @property
    def share(self) -> Fraction:
        """What was added, of the total."""
        return self.added / self.total if self.added else Fraction(0)

    @property
    def amount(self) -> str:
        """What was added, in coins, exactly."""
        return exact_decimal(self.added / 10**self.asset.decimals)

    def __str__(self) -> str:
        several = "balances were" if self.balances != 1 else "balance was"
        return f"{self.balances:,} {several} rounded up, by {self.amount} {self.asset.symbol} in all"


def rounding_problems(rounded: Sequence[Rounded], allowed: Sequence[str]) -> list[Problem]:
    """Assets of which more than a hundredth was added, but for those whose symbols the spec allows it."""
    return [
        Problem(
            f"{each.asset.symbol}: {each}, {_percent(each.share)} of what they add up to",
            hint=f"the spec has `decimals: {each.asset.decimals}`, the amounts have up to {each.decimals}; if that is "
            f"meant, list {each.asset.symbol} in accounts.allow_rounding",
            expected=f"decimals: {each.decimals}",
            code="rounding",
            about=each.asset.symbol,
        )
        for each in rounded
        if each.share > _REFUSED and each.asset.symbol not in allowed
    ]


def rounding_warnings(rounded: Sequence[Rounded]) -> list[str]:
    """Assets of which more than a thousandth was added."""
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
