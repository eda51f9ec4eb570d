"""The Backend interface: prove a segment of accounts, verify it, open one account, verify that.

A backend sees one segment at a time. The audit around it (``polyproof.liabilities``) reads the snapshot, shuffles and
cuts it, keeps public and private files apart, and binds the segments by a manifest.

A backend computes, and core judges: it never sees a verifier's policy. ``polyproof.liabilities.acceptance`` enforces
that before it asks, by the hashes and fields that the options name, and afterwards, by the ``SecurityReport``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import field, frozen

from polyproof.errors import InputError
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress

__all__ = [
    "Backend",
    "BackendProperties",
    "Claim",
    "InclusionVerdict",
    "SecurityReport",
    "SecurityTerm",
    "SegmentProof",
    "Statement",
    "Verdict",
]


@frozen
class BackendProperties:
    """What a backend gives and what it does not, for people who compare. ``polyproof explain`` prints it."""

    zero_knowledge: bool
    """Public files and inclusion files show nothing about balances beyond what ``public`` lists."""
    transparent: bool
    """No trusted setup."""
    post_quantum: bool
    """No assumption that a quantum computer is known to break."""
    per_asset_totals: bool
    non_negativity: str
    """``"every account"``, or in words what is checked instead."""
    proves: tuple[str, ...]
    hides: tuple[str, ...]
    leaks: tuple[str, ...]
    """What a reader of public files or a holder of inclusion files learns."""
    remaining_trust: tuple[str, ...]
    """What a malicious exchange could still do."""


@frozen
class Statement:
    """What one segment's proof is about: everything public that exists before proving."""

    audit_id: str
    context: bytes
    """32 bytes that bind assets in order, decimals, bits, rule, backend and its options, and the rest of the
    manifest's header beside them: ``Manifest.context``."""
    assets: tuple[Asset, ...]
    segment: int
    segments: int


@frozen
class Claim:
    """What a user claims and checks: their own account id and balances, as they typed them.

    ``balances`` are base units, one for each asset of the statement, in order.
    """

    user_id: str
    balances: tuple[int, ...]


@frozen
class SegmentProof:
    """The public half of a proven segment."""

    proof: bytes
    totals: tuple[int, ...]
    """Base units, one for each asset in order."""


@frozen
class SecurityTerm:
    """One term of a security account: a way to cheat in one round of the protocol, and what it costs."""

    name: str
    bits: float
    formula: str
    """With the numbers filled in."""
    source: str
    """Paper and section."""
    round: str = ""
    """The challenge that a cheating prover would have to be lucky with, in the protocol's symbols."""


@frozen
class SecurityReport:
    """The security account of a proof or of a spec; ``proven_bits`` is the least of the terms."""

    proven_bits: float
    binding: str
    """Name of the term that decides."""
    terms: tuple[SecurityTerm, ...]
    """In the order of the protocol's rounds."""
    conjectured_bits: float | None = None
    notes: tuple[str, ...] = ()
    grinding_bits: float = 0.0
    """How many bits of the term that grinding protects are work rather than chance."""
    bound: str = ""
    """Which of several known bounds the terms follow; empty if there is one."""
    alternatives: tuple[SecurityReport, ...] = ()
    """The same proof by the other proven bounds; none gives more bits."""
    inclusion: tuple[SecurityTerm, ...] = ()
    """How hard it is to open to a user what the totals do not contain, where that differs from ``proven_bits``:
    one term for each bound, with what it rests on."""


@frozen
class Verdict:
    """What a verifier established about one segment."""

    totals: tuple[int, ...]
    """Base units, one for each asset in order: those that were asked about."""
    security: SecurityReport
    """What this proof gives, by the verifier's own account: nothing in it may be the prover's word."""
    details: Mapping[str, Any] = field(factory=dict)
    """Sizes and options, for reports."""


@frozen
class InclusionVerdict:
    """What a user's check established, in plain words."""

    sentences: tuple[str, ...]
    security: SecurityReport
    """Of the segment's proof, which the claim rests on: the same as in the ``Verdict`` on it."""
    details: Mapping[str, Any] = field(factory=dict)


class Backend(ABC):
    """A way to prove liabilities.

    Constructed as ``Backend(options, registry)``: ``options`` is an instance of the class's
    ``Options``, ``registry`` gives access to other components by kind and name.
    """

    name: ClassVar[str]
    """The name a spec uses."""
    Options: ClassVar[type]
    """Frozen attrs class of the options a spec may set. Every hash and field that a proof rests on is one of them, with
    that ``kind``, or a verifier's policy could not refuse it."""
    properties: ClassVar[BackendProperties]

    @abstractmethod
    def check(self, assets: Sequence[Asset]) -> None:
        """Raise ``OptionsError``, with the arithmetic shown, if the options cannot serve these assets."""

    @abstractmethod
    def capacity(self, assets: Sequence[Asset]) -> int:
        """The most accounts one segment can hold."""

    @abstractmethod
    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        """Prove one segment.

        ``accounts``: shuffled already. ``key``: 32 secret bytes, fresh for the audit, from which
        nonces are derived. ``state``: an empty private directory for what inclusion proofs are cut
        from; core makes what is written there owner-only.
        """

    @abstractmethod
    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        """Verify one segment from public data alone.

        Raises ``ProofRejected``, and nothing else for hostile bytes, in bounded time and memory. Imports no compiler.
        """

    @abstractmethod
    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        """Cut the inclusion proof of one account from the private state, or ``None`` if it is not here."""

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        """Cut every account's inclusion proof in bulk: pairs of account id and bytes."""
        raise InputError(f"backend {self.name!r} does not cut inclusion proofs in bulk")

    @abstractmethod
    def verify_inclusion(
        self,
        statement: Statement,
        totals: Sequence[int],
        proof: bytes,
        claim: Claim,
        inclusion: bytes,
    ) -> InclusionVerdict:
        """Check a user's claim, and verify the segment's proof, which it rests on. Raises as ``verify`` does.

        ``claim`` has one balance for each asset, each in [0, 2^bits), and an id that UTF-8 can hold: core has checked.
        """

    @abstractmethod
    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        """The security account of a proof with these options, for a segment of ``accounts`` accounts."""
