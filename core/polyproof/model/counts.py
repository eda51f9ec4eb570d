"""How many of something, in words: ``1 account``, ``4,433 accounts``."""

from __future__ import annotations

__all__ = ["counted"]


def counted(count: int, noun: str, nouns: str | None = None) -> str:
    """A count with its noun, in the plural unless it is 1: ``nouns``, or ``noun`` with an s."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"
