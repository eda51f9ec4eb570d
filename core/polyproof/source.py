"""The Source interface: a file of wallets becomes plain rows, and the totals that the file declares.

A source knows one format and nothing else. It parses a file and yields its content as strings, each with its place.
Core judges the rest, once for all formats: what a coin means, whether an amount is valid, what a row must have, whether
rows add up to a total. What is wrong is reported at the place that the source gave.
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
    """One holding as its file states it, not judged yet. Texts have no surrounding whitespace."""

    location: Location
    """The file, and in it ``row``, the number of the holding, counted from 1, and ``line``, where it begins in a text
    file."""
    coin: str
    """What the file calls the coin."""
    address: str
    amount: str
    """In units of 10^−``exponent`` coin."""
    network: str = ""
    """What the file calls the chain, if it names one beside the coin."""
    token: str | None = None
    """Tells apart several tokens of one asset on one chain, if the format states it; None if it follows from the
    coin."""
    exponent: int = 0
    message: str = ""
    """Exactly what was signed."""
    signatures: tuple[str, ...] = ()
    """Only those given: missing ones are left out, not blank."""
    keys: tuple[str, ...] = ()
    """Public keys, or the redeem or witness script."""
    owners: tuple[str, ...] = ()
    """Who is said to control a contract, an account with a rotated key, or a stake."""
    kind: Kind = Kind.OWN
    scheme: str | None = None
    """The ownership scheme, if the file names one."""
    height: str = ""
    """Number of the snapshot's block; empty or ``-`` if the file does not state it."""
    block: str | None = None
    """Hash of the snapshot's block, if the file states it."""


class Total(NamedTuple):
    """A declared total: what a file says its rows of one coin add up to."""

    location: Location
    coin: str
    """What the file calls the coin; ``ASSET(ALL)`` is an asset on all its chains."""
    amount: str
    """In units of 10^−``exponent`` coin."""
    network: str = ""
    exponent: int = 0


@frozen
class Coin:
    """A format's name for an asset on a chain."""

    name: str
    asset: str
    """The asset's symbol: ``ETH``."""
    chain: str
    """The chain's canonical name: ``ethereum``."""
    token: str = ""
    """Tells apart several tokens of the asset on that chain (``bridged``); empty for the usual one."""


@frozen(kw_only=True)
class FileOptions:
    """Options that every source has. The options of a format derive from this class."""

    path: tuple[str, ...] = option(
        items=(1, 1000), doc="File or files, relative to the spec file; * ? [ ] and ** match as in a shell."
    )
    scheme: str | None = option(
        default=None,
        kind="ownership",
        doc="Ownership scheme of rows that name none; null: whichever serves the row.",
    )
    message: str | None = option(default=None, doc="The signed message, for rows that do not state one.")
    totals: str = option(
        default="required",
        choices=("required", "reported"),
        doc="What happens if rows do not add up to a declared total. required: it is an error. reported: the "
        "difference is published; only rows ever count as holdings.",
    )


class Source(ABC):
    """A file format that reserves are read from.

    Constructed as ``Source(options, registry)``: ``options`` is an instance of the class's ``Options``.
    """

    name: ClassVar[str]
    """The name used in specs."""
    Options: ClassVar[type[FileOptions]]
    """Frozen attrs class of the options a spec may set."""
    coins: ClassVar[Sequence[Coin]] = ()
    """This format's names for coins, in addition to core's; they take precedence over core's."""
    networks: ClassVar[Mapping[str, str]] = {}
    """This format's names for chains, in addition to core's, each with the chain's canonical name."""

    def __init__(self, options: FileOptions, registry: Registry) -> None:
        """Keep the options; nothing is read yet."""
        self.options = options
        self.registry = registry

    @abstractmethod
    def read(self, file: Path) -> Iterator[Row | Total | Problem]:
        """Yield the content of a file in its order: rows, declared totals, and problems with the file's form.

        A ``Problem`` has its place in the file and a hint that says what would be right. Reading continues after it
        where possible: anything that is neither a row nor a total is reported, so that nothing is lost silently.
        Hostile bytes are read in bounded time and memory. A file's content never raises; ``OSError`` may.
        """
