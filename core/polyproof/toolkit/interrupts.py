"""Ctrl-C while a library works that tells it by an error of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["duckdb_interrupts"]


@contextmanager
def duckdb_interrupts() -> Iterator[None]:
    """Raise ``KeyboardInterrupt`` where DuckDB, ended by Ctrl-C, has an error of its own, which is no fault of ours."""
    try:
        yield
    except RuntimeError as error:
        if str(error) == "Query interrupted":
            raise KeyboardInterrupt from error
        raise
