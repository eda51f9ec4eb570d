"""Room on a disk: looked for before large work begins, and named where it ran out.

How much is written is known before it is written, exactly or at least: hours of proving need not end with a disk that
could have been seen to be too small.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polyproof.errors import InputError, Location, Problem
from polyproof.model.counts import counted, size_text

__all__ = ["FULL", "free_bytes", "full_disk", "naming", "require_space"]

FULL = frozenset(number for name in ("ENOSPC", "EDQUOT") if (number := getattr(errno, name, None)) is not None)
"""Errors of the system that say that there is no room."""


def free_bytes(path: Path) -> int | None:
    """Bytes that this process may still write where a path lies or will lie; ``None`` where that is not known."""
    place = Path(os.path.abspath(path))
    while not place.exists() and place != place.parent:
        place = place.parent
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return None


def require_space(path: Path, need: int, what: str) -> None:
    """Raise ``InputError`` (``disk-full``) if there is no room for ``need`` bytes at a path: ``what`` takes them."""
    free = free_bytes(path)
    if free is not None and free < need:
        raise InputError(
            Problem(
                f"not enough room on the disk: {what} takes {_exactly(need)}, and {_exactly(free)} are free",
                Location(str(path)),
                "make room, or choose a directory on another disk",
                expected=f"{need} bytes",
                code="disk-full",
            )
        )


def _exactly(size: int) -> str:
    return counted(size, "byte") if size < 1024 else f"{size_text(size)} ({size:,} bytes)"


def full_disk(error: OSError) -> InputError:
    """The error for a disk that was full when something was written."""
    path = Path(str(error.filename)) if error.filename else None
    free = free_bytes(path) if path is not None else None
    left = f"{size_text(free)} are free there now; " if free is not None else ""
    place = Location(str(path)) if path is not None else None
    return InputError(
        Problem(
            error.strerror or str(error), place, f"{left}make room, and run the same command again", code="disk-full"
        )
    )


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """A block that writes a file: what the system says of its descriptor is said of the file."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
