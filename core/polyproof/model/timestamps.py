"""Times as polyproof writes them: UTC to the second, in canonical form."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from polyproof.config.options import Fault
from polyproof.model.counts import counted

__all__ = ["CLOCKS_DIFFER", "FORMAT", "between", "distance_text", "in_calendar", "is_ahead", "is_timestamp"]

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


def between(earlier: str, later: str) -> timedelta:
    """From one time to another; below zero if the other is the earlier one."""
    return datetime.strptime(later, FORMAT) - datetime.strptime(earlier, FORMAT)


def distance_text(distance: timedelta) -> str:
    """How far two times are apart, rounded up to minutes, hours or days, so that it is never said to be less."""
    apart = abs(distance)
    for unit, of in (("day", timedelta(days=1)), ("hour", timedelta(hours=1))):
        if apart >= 2 * of:
            return counted(-(-apart // of), unit)
    return counted(-(-apart // timedelta(minutes=1)), "minute")
