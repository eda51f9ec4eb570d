"""What a holding may be: how exactly its amount is counted, and how long its texts may get."""

from __future__ import annotations

__all__ = ["FINEST", "LARGEST", "LONGEST_ADDRESS", "LONGEST_ROW", "LONGEST_TEXT", "MOST_TEXTS", "amount_text"]

FINEST = 36
"""Amounts of reserves are integers of 10^−36 coin: finer than any chain counts, so every one of them is exact."""
LARGEST = 10**60
"""Coins that no holding reaches; what claims more is a mistake or an attack."""
LONGEST_ADDRESS = 1000
"""Characters that an address may have."""
LONGEST_TEXT = 1 << 16
"""Characters that any other text of a holding may have."""
LONGEST_ROW = 1 << 20
"""Characters that its message, signatures, keys and owners may have together."""
MOST_TEXTS = 64
"""Signatures, keys or owners that a holding may have."""


def amount_text(amount: int) -> str:
    """An amount in units of 10^−36 as an exact decimal without trailing zeros; it may be negative."""
    sign, amount = ("-", -amount) if amount < 0 else ("", amount)
    whole, fraction = divmod(amount, 10**FINEST)
    digits = str(fraction).rjust(FINEST, "0").rstrip("0")
    return f"{sign}{whole}.{digits}" if digits else f"{sign}{whole}"
