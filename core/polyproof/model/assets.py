"""Assets: symbol, decimals, width; exact conversion between decimal strings and base units."""

from __future__ import annotations

from attrs import frozen

from polyproof.config.options import option, printable
from polyproof.model.names import SYMBOL

__all__ = ["MOST_BITS", "Asset"]

MOST_BITS = 256
"""Balances of no asset have more."""


@frozen
class Asset:
    """An asset of the spec. Amounts of it are integers of 10^−decimals.

    Raises ``SpecError`` for values that a spec could not have either.
    """

    symbol: str = option(
        pattern=SYMBOL, doc="What the asset is called in the snapshot, in proofs and in reports, such as BTC."
    )
    decimals: int = option(
        least=0,
        most=77,
        doc="Balances are counted in units of 10^-decimals. A finer balance is rounded up: what is owed is never "
        "understated.",
    )
    bits: int = option(default=64, least=1, most=MOST_BITS, doc="Every balance is below 2^bits units.")
    aliases: tuple[str, ...] = option(
        default=(), pattern=SYMBOL, items=(0, 64), doc="Other symbols that the snapshot uses for it, such as XBT."
    )
    name: str | None = option(default=None, check=printable(100), doc="Name for display, such as Bitcoin.")

    @property
    def words(self) -> int:
        """``uint64`` words that hold a balance."""
        return -(-self.bits // 64)

    def format(self, units: int) -> str:
        """Base units as a decimal string, exact, without trailing zeros."""
        sign, units = ("-", -units) if units < 0 else ("", units)
        whole, fraction = divmod(units, 10**self.decimals)
        digits = str(fraction).rjust(self.decimals, "0").rstrip("0") if self.decimals else ""
        return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
