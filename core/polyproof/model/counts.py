"""How many of something, and how large, in words: ``1 account``, ``4,433 accounts``, ``3.1 MiB``."""

from __future__ import annotations

__all__ = ["counted", "size_text"]


def counted(count: int, noun: str, nouns: str | None = None) -> str:
    """A count with its noun, in the plural unless it is 1: ``nouns``, or ``noun`` with an s."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def size_text(count: float) -> str:
    """A size for people."""
    if round(count) == 1:
        return "1 byte"
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.2f} GiB"
