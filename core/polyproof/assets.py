"""Assets: symbol, decimals, width; exact conversion between decimal strings and base units."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Asset"]


@frozen
class Asset:
    """An asset of the spec. Amounts of it are integers of 10^−decimals."""

    symbol: str
    decimals: int
    bits: int = 64
    """Balances are below 2^bits."""
    aliases: tuple[str, ...] = ()
    name: str | None = None

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
