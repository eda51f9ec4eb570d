"""The LedgerFormat interface: a file of accounts becomes plain accounts.

A ledger is a file from an exchange's own systems that says what it owes to each account. A format parses such a file
and yields its accounts as strings, one at a time. Core judges the rest, once for all formats: which assets the spec
has, whether an amount is valid, whether an id occurs twice. What is wrong is reported with file and row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from polyproof.errors import Problem

__all__ = ["Account", "LedgerFormat"]


class Account(NamedTuple):
    """One account as its file states it, not judged yet."""

    row: int
    """Its number among the records of the file, counted from 1."""
    id: str
    amounts: Mapping[str, str]
    """What it is owed, by the file's name for the asset. A missing asset means zero; an empty text is an error.

    Where ``positions`` has debts, this is all that the account has of the asset, and never negative. Otherwise an
    amount below zero is a debt.
    """
    besides: tuple[str, ...] = ()
    """The names of anything else in its record: an error unless the spec says to ignore them."""
    line: int | None = None
    """Where it begins, in a text file of lines."""
    positions: Mapping[str, Mapping[str, str]] = MappingProxyType({})
    """Where the file tells them apart: under ``debt`` what the account owes of each asset, and under the file's name
    for a purpose (``margin``) what of its amount is pledged for it. Amounts are like those of ``amounts``.
    """


class LedgerFormat(ABC):
    """A format that accounts are read from. Constructed without arguments."""

    name: ClassVar[str]
    """The name used in specs, in ``accounts.format``."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """Suffixes of its files, in lower case (``.json``), by which it is found if a spec names no format."""
    base_units: ClassVar[bool] = False
    """Whether amounts are integers in an asset's base unit; otherwise they are decimals, in coins."""

    @abstractmethod
    def read(self, file: Path) -> Iterator[Account | Problem]:
        """Yield the accounts of a file in its order, and problems with its form.

        A file may have many gigabytes, so accounts are yielded as they are read. Every record yields an ``Account``, or
        a ``Problem`` at its row (``Location.row``), or both: a debt must not vanish silently, and core stops at a row
        that is skipped. A problem of the whole file, such as a premature end, has no row. Hostile bytes are read in
        bounded time and memory. A file's content never raises; ``OSError`` may.
        """
