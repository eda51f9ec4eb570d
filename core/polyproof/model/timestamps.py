"""Times as polyproof writes them: UTC to the second, in canonical form."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from polyproof.config.options import Fault

__all__ = ["CLOCKS_DIFFER", "FORMAT", "in_calendar", "is_ahead", "is_timestamp"]

FORMAT = "%Y-%m-%dT%H:%M:%SZ"
"""``2025-11-30T00:00:00Z``."""

CLOCKS_DIFFER = timedelta(days=1)
"""By how much the clocks of two machines may differ before a time is said to be in the future."""


def is_timestamp(text: str) -> bool:
    """Whether a text is a time in canonical form."""
    try:
        return datetime.strptime(text, FORMAT).strftime(FORMAT) == text
    except ValueError:
        return False


def in_calendar(text: str) -> Iterable[Fault]:
    """A ``check`` for options of the pattern ``TIME``, which 31 February matches too."""
    if not is_timestamp(text):
        yield Fault(f"{text} is in no calendar")


def is_ahead(text: str) -> bool:
    """Whether a time is later than this machine's, by more than clocks differ."""
    return datetime.strptime(text, FORMAT).replace(tzinfo=UTC) > datetime.now(UTC) + CLOCKS_DIFFER
