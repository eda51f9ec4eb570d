"""The LedgerFormat interface: a file of accounts becomes plain accounts.

A ledger is a file of an exchange's own system that says what it owes to each account. A format takes such a file apart
and yields its accounts as strings, one at a time. Which assets the spec has, whether an amount is one, whether an id is
there twice: core judges all of that, once for all formats, and reports what is wrong with file and row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple

from polyproof.errors import Problem

__all__ = ["Account", "LedgerFormat"]


class Account(NamedTuple):
    """One account as its file has it; nothing of it has been judged."""

    row: int
    """Its number among the records of the file, counted from 1."""
    id: str
    amounts: Mapping[str, str]
    """What it is owed, by what the file calls the asset. An asset left out is zero; an empty text is an error."""
    besides: tuple[str, ...] = ()
    """What else its record has, by name: an error, unless the spec says to ignore it."""
    line: int | None = None
    """Where it begins, in a text file of lines."""


class LedgerFormat(ABC):
    """A format that accounts are read from. Constructed without arguments."""

    name: ClassVar[str]
    """The name a spec uses: ``accounts.format``."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """Suffixes of its files, in lower case (``.json``), by which it is found where a spec names no format."""
    base_units: ClassVar[bool] = False
    """Whether amounts are integers of an asset's smallest unit; else they are decimal, in coins."""

    @abstractmethod
    def read(self, file: Path) -> Iterator[Account | Problem]:
        """Yield the accounts of a file, in its order, and what is wrong with its form.

        A file may have many gigabytes, so accounts are yielded as they are read. Every record is an ``Account``, or
        there is a ``Problem`` at its row (``Location.row``), or both: a debt must not vanish in silence, and core stops
        where a row is passed over. A problem of the whole file, such as an end in the middle of it, has no row. Hostile
        bytes are read in bounded time and memory, and nothing is raised for what a file says; ``OSError`` may pass.
        """
