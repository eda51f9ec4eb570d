"""Times as polyproof writes them: UTC to the second, in canonical form."""

from __future__ import annotations

from datetime import datetime

__all__ = ["FORMAT", "is_timestamp"]

FORMAT = "%Y-%m-%dT%H:%M:%SZ"
"""``2025-11-30T00:00:00Z``."""


def is_timestamp(text: str) -> bool:
    """Whether a text is a time in canonical form."""
    try:
        return datetime.strptime(text, FORMAT).strftime(FORMAT) == text
    except ValueError:
        return False
