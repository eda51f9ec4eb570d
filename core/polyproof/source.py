"""The Source interface: a file of wallets becomes plain rows, and the totals that the file declares.

A source knows one format and nothing else. It takes a file apart and yields what it holds as strings, each with its
place. What a coin means, whether an amount is one, what a row must have, whether rows add up to a total: core judges
all of that, once for all formats, and reports what is wrong at the place that the source gave.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from attrs import frozen

from polyproof.config.options import option
from polyproof.errors import Location, Problem
from polyproof.ownership import Kind

if TYPE_CHECKING:
    from polyproof.registry import Registry

__all__ = ["Coin", "FileOptions", "Row", "Source", "Total"]


class Row(NamedTuple):
    """One holding as its file has it; nothing of it has been judged. Texts are without the blanks around them."""

    location: Location
    """The file; ``row``: the number of the holding in it, counted from 1; ``line``: where it begins, in a text file."""
    coin: str
    """What the file calls the coin."""
    address: str
    amount: str
    """In units of 10^−``exponent`` coin."""
    network: str = ""
    """What the file calls the chain, where it names one beside the coin."""
    token: str | None = None
    """Tells apart several tokens of one asset on one chain, where the format has a word for it; else it follows from
    the coin."""
    exponent: int = 0
    message: str = ""
    """Exactly what was signed."""
    signatures: tuple[str, ...] = ()
    """As many as there are; absent ones are left out, not blank."""
    keys: tuple[str, ...] = ()
    """Public keys, or the redeem or witness script."""
    owners: tuple[str, ...] = ()
    """Who is said to control a contract, an account with a rotated key, or a stake."""
    kind: Kind = Kind.OWN
    scheme: str | None = None
    """The ownership scheme, where the file names one."""
    height: str = ""
    """Of the snapshot's block; empty or ``-`` where the file does not say."""
    block: str | None = None
    """Hash of the snapshot's block, where the file says it."""


class Total(NamedTuple):
    """What a file declares that its rows of a coin add up to."""

    location: Location
    coin: str
    """What the file calls the coin; ``ASSET(ALL)`` is an asset on all its chains."""
    amount: str
    """In units of 10^−``exponent`` coin."""
    network: str = ""
    exponent: int = 0


@frozen
class Coin:
    """What files of a format call an asset on a chain."""

    name: str
    asset: str
    """By its own symbol."""
    chain: str
    """By its canonical name: ``ethereum``."""
    token: str = ""
    """Tells apart several tokens of the asset on that chain (``bridged``); empty for the usual one."""


@frozen(kw_only=True)
class FileOptions:
    """Options that every source has; those of a format derive from it."""

    path: tuple[str, ...] = option(
        items=(1, 1000), doc="File or files, relative to the spec file; * ? [ ] and ** match as in a shell."
    )
    scheme: str | None = option(
        default=None,
        kind="ownership",
        doc="Ownership scheme of rows that name none; null finds the one that serves a row.",
    )
    message: str | None = option(default=None, doc="The message signed by rows that do not state one.")
    totals: str = option(
        default="required",
        choices=("required", "reported"),
        doc="What happens if rows do not add up to a declared total. required: it is an error. reported: the "
        "difference is published; only rows ever count as holdings.",
    )


class Source(ABC):
    """A format that reserves are read from.

    Constructed as ``Source(options, registry)``: ``options`` is an instance of the class's ``Options``.
    """

    name: ClassVar[str]
    """The name a spec uses."""
    Options: ClassVar[type[FileOptions]]
    """Frozen attrs class of the options a spec may set."""
    coins: ClassVar[Sequence[Coin]] = ()
    """What files of this format call coins, beyond what core knows; these names win over core's."""
    networks: ClassVar[Mapping[str, str]] = {}
    """What files of this format call chains, beyond what core knows: the canonical name of each."""

    def __init__(self, options: FileOptions, registry: Registry) -> None:
        """Keep the options; nothing is read yet."""
        self.options = options
        self.registry = registry

    @abstractmethod
    def read(self, file: Path) -> Iterator[Row | Total | Problem]:
        """Yield what a file holds, in its order: rows, declared totals, and what is wrong with the file's form.

        A ``Problem`` has its place in the file, and a hint that says what would be right. After one, reading continues
        where it can: anything that is neither a row nor a total is reported, so that nothing is lost silently. Hostile
        bytes are read in bounded time and memory, and nothing is raised for a file's content; ``OSError`` may pass.
        """
