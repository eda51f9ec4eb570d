"""The limits of a holding: how exactly its amount is counted, and how long its texts may be."""

from __future__ import annotations

__all__ = ["FINEST", "LARGEST", "LONGEST_ADDRESS", "LONGEST_ROW", "LONGEST_TEXT", "MOST_TEXTS", "amount_text"]

FINEST = 36
"""Amounts of reserves are integers of 10^−36 coin: finer than any chain counts, so every one of them is exact."""
LARGEST = 10**60
"""More coins than any holding has; a row that claims as many is a mistake or an attack."""
LONGEST_ADDRESS = 1000
"""The most characters of an address."""
LONGEST_TEXT = 1 << 16
"""The most characters of any other text of a holding."""
LONGEST_ROW = 1 << 20
"""The most characters of its message, signatures, keys and owners together."""
MOST_TEXTS = 64
"""The most signatures, keys or owners of a holding."""


def amount_text(amount: int) -> str:
    """An amount in units of 10^−36 as an exact decimal without trailing zeros; it may be negative."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    whole, fraction = divmod(amount, 10**FINEST)
    digits = str(fraction).rjust(FINEST, "0").rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
