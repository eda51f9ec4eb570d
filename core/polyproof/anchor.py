"""The Anchor interface: evidence, made by others, of when a record was there and whether it is the only one.

Everything that an audit publishes is named by one digest. An anchor has somebody else note that digest, and what that
somebody gives back is the evidence: a token of a time-stamping authority, a path to a block of Bitcoin, a log of a
contract. It lies beside the audit and outside the digest.

Evidence can show two things, and they are kept apart. *Time*: the record existed by then, by somebody's clock.
*Uniqueness*: of the records that an organisation could have made for this place in its history, this is the only one
that is noted there. Whoever has one digest stamped can have a hundred stamped, and show each customer another, so that
a stamp shows time and says nothing of uniqueness.

What is shown is typed: core makes every sentence from it, so that no plugin words what a verifier may rely on.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen

from polyproof.formats.strict_json import canonical_line

if TYPE_CHECKING:
    from polyproof.registry import Registry

__all__ = ["MOST_EVIDENCE", "Anchor", "Shown", "Subject", "Time", "Uniqueness"]

MOST_EVIDENCE = 64 << 10
"""The most bytes of one piece of evidence."""
_PLACE_DOMAIN = b"polyproof/anchor-place/1\n"


@frozen(kw_only=True)
class Subject:
    """The record that is anchored."""

    record: bytes
    """The publication record as it is published: what anybody can hash again."""
    organisation: str | None
    """Whose audit it is, as its manifest has it."""
    previous: bytes | None
    """Publication digest of the audit before it; None in the first."""

    @property
    def digest(self) -> bytes:
        """What is anchored: the publication digest, SHA-256 of the record; 32 bytes."""
        return hashlib.sha256(self.record).digest()

    @property
    def place(self) -> bytes:
        """The place in its history that the record claims: 32 bytes.

        Equal for two records exactly if both are of the same organisation and follow the same audit, or none: of two
        different records of one place, one is a fork. SHA-256 of ``"polyproof/anchor-place/1\\n"`` and the canonical
        JSON line of ``organisation`` and ``previous``.
        """
        previous = None if self.previous is None else self.previous.hex()
        named = canonical_line({"organisation": self.organisation, "previous": previous})
        return hashlib.sha256(_PLACE_DOMAIN + named).digest()


@frozen(kw_only=True)
class Time:
    """The record existed by a time."""

    latest: str | None
    """By when it existed, with all that the clock may be wrong by, rounded up to the second: ``2025-11-30T00:00:00Z``.
    None where the evidence names a place from which the time would follow, and nobody was asked for it."""
    clock: str
    """Whose clock that is; fits after "by the clock of"."""
    checked: bool
    """Whether this run followed the evidence to something that the verifier named."""
    why: str = ""
    """Why not; fits after "not checked here:". Empty if it was checked."""


@frozen(kw_only=True)
class Uniqueness:
    """How many records are noted for the place that this one claims."""

    where: str
    """Where they are noted; fits after "at"."""
    others: int | None
    """How many other records of this place are noted there; None if that was not looked up."""
    checked: bool
    """Whether this run looked, at a place that the verifier named."""
    why: str = ""
    """Why not; fits after "not checked here:". Empty if it was checked."""


@frozen(kw_only=True)
class Shown:
    """What a piece of evidence shows about a record, to this verifier."""

    time: Time | None
    """None if it shows nothing about time."""
    uniqueness: Uniqueness | None
    """None if evidence of this kind cannot show it."""
    pending: tuple[str, ...] = ()
    """Who has promised to note it and, as far as the evidence says, has not yet done so."""
    rests_on: tuple[str, ...] = ()
    """What is taken to be true and was not checked; each a whole sentence."""


class Anchor(ABC):
    """A way to have a digest noted, and to check that it was. Constructed as ``Anchor(options, registry)``.

    ``options`` is an instance of the class's ``Options``, which has a default for every option: with the defaults
    nothing is trusted, nobody is asked, and ``check`` says what the evidence claims.
    """

    name: ClassVar[str]
    """The name used in specs, in policies and in the names of files of evidence."""
    suffix: ClassVar[str]
    """How such files end, without the dot: 1 to 8 lower-case letters and digits."""
    Options: ClassVar[type[Any]]
    """Frozen attrs class of the options that a spec or a policy may set."""

    def __init__(self, options: Any, registry: Registry) -> None:
        """Keep the options; nothing is asked yet."""
        self.options = options
        self.registry = registry

    def open(self, base: Path) -> None:  # noqa: B027 - some have nothing to open
        """Called once, before anything else. Relative paths in options start from ``base``.

        Raises ``InputError`` for options that cannot be used, such as a file that cannot be read.
        """

    @abstractmethod
    def publish(self, subject: Subject) -> bytes:
        """Have the record noted; returns the evidence, of at most ``MOST_EVIDENCE`` bytes.

        Only the digest leaves this machine, and what the interface of the other side demands. Raises
        ``ExecutionError`` where that fails, and for an answer that is not about this record; ``InputError`` for options
        that do not say whom to ask. Time and memory are bounded whatever a server sends.
        """

    def upgrade(self, subject: Subject, evidence: bytes) -> bytes | None:
        """Better evidence in place of what was only promised; None if there is nothing better now.

        All that the earlier evidence shows, the new one shows too. Raises as ``publish`` and ``check`` do.
        """
        return None

    @abstractmethod
    def check(self, subject: Subject, evidence: bytes) -> Shown:
        """What evidence that others wrote shows about a record.

        Raises ``ProofRejected`` for evidence that is none (``anchor-format``), is about another record
        (``anchor-digest``), or does not hold (``anchor-evidence``). What cannot be checked, because nobody was named or
        the named one did not answer, is no rejection: ``checked`` is False and ``why`` says so. Time and memory are
        bounded whatever the evidence is and whatever a server sends.
        """
