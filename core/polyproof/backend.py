"""The Backend interface: prove a segment of accounts, verify it, open one account, verify that.

A backend sees one segment at a time. The audit around it (``polyproof.liabilities``) reads the snapshot, shuffles and
cuts it, keeps public and private files apart, and binds the segments by a manifest.

A backend computes, and core judges: a backend never sees a verifier's policy. ``polyproof.liabilities.acceptance``
enforces the policy before it calls the backend, on the hashes and fields that the options name, and afterwards, on
the ``SecurityReport`` (``polyproof.security``) that comes back.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import frozen

from polyproof.errors import InputError
from polyproof.model.accounts import AccountRefused, Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.security import SecurityReport

__all__ = [
    "EVERYBODY_ELSE",
    "EVERY_ACCOUNT",
    "NOBODY",
    "NOT_PROVEN",
    "NOT_STATED",
    "Backend",
    "BackendProperties",
    "Claim",
    "InclusionVerdict",
    "SegmentProof",
    "Settled",
    "Statement",
    "Verdict",
]


EVERY_ACCOUNT = "every account in the proof"
"""Non-negativity that is proven of all accounts, whether their users check or not: of those that were left out, nothing
is."""
NOT_PROVEN = "not proven"
EVERYBODY_ELSE = "from everybody but its user"
"""Whom a balance is hidden from, if nothing but published totals says anything about it."""
NOBODY = "from nobody"
NOT_STATED = "not stated"
"""What a backend leaves unsaid counts for nothing."""


@frozen
class BackendProperties:
    """What a backend provides and what it does not, for comparison. ``polyproof explain`` prints it."""

    zero_knowledge: bool
    """Public files and inclusion files show nothing about balances beyond what ``leaks`` lists."""
    transparent: bool
    """No trusted set-up."""
    post_quantum: bool
    """Rests on no assumption that a quantum computer is known to break."""
    per_asset_totals: bool
    exact_totals: bool
    """Each total is proven to be the exact sum of all accounts, whether their users check or not."""
    non_negativity: str
    """``EVERY_ACCOUNT``, ``NOT_PROVEN``, or what is checked instead, in words."""
    proves: tuple[str, ...]
    hides: tuple[str, ...]
    leaks: tuple[str, ...]
    """What a reader of the public files or a holder of inclusion files learns."""
    remaining_trust: tuple[str, ...]
    """What a malicious exchange could still do."""
    inexact_totals: str = NOT_PROVEN
    """Without ``exact_totals``: ``NOT_PROVEN``, or what is proven of totals instead, in words."""
    hides_balances: str = NOT_STATED
    """Whom the balances of an account are hidden from: ``EVERYBODY_ELSE``, ``NOBODY``, or from whom, in words."""
    hides_sums: bool | None = None
    """Whether users see no sums of other accounts, those of their neighbours in a tree for example; None: not stated.
    Published totals, and what users who pool their balances compute from these, are not meant."""
    covers_debts: bool = False
    """Of accounts with debts: that what each has pledged covers what it owes is proven of every account. With the
    options for such accounts; whatever else is about positions is said by core."""


@frozen
class Statement:
    """What one segment's proof is about: everything public that exists before proving."""

    audit_id: str
    context: bytes
    """32 bytes that bind the whole header of the manifest: the assets in order with their decimals and bits, the rule,
    the backend and its options, and everything else. See ``Manifest.context``."""
    assets: tuple[Asset, ...]
    """What is counted of every account, in order: assets, or, in a segment of accounts with debts, the positions of
    each (``polyproof.model.net_equity.Position``), which have their prices and slices with them."""
    segment: int
    segments: int


@frozen
class Claim:
    """What a user claims and checks: their own account id and balances, as they typed them.

    ``balances`` are in base units, one for each asset of the statement, in order. In a segment of accounts with debts
    core makes them of what the user typed and of the pledges in the user's file: one for each position.
    """

    user_id: str
    balances: tuple[int, ...]
    debts: tuple[int, ...] = ()
    """What the user typed as debts, one for each asset; empty if none. In a claim that a backend is given they are
    among ``balances``."""

    def debt_of(self, place: int) -> int:
        """What the user owes of an asset."""
        return self.debts[place] if self.debts else 0


@frozen
class SegmentProof:
    """The public half of a proven segment."""

    proof: bytes
    totals: tuple[int, ...]
    """In base units, one for each asset, in order."""


@frozen
class Settled:
    """A backend's options with nothing left open."""

    options: Any
    """An instance of its ``Options``, as the manifest states them."""
    reasons: tuple[str, ...] = ()
    """What was chosen and why, in sentences for people; ``polyproof explain`` prints them."""


@frozen
class Verdict:
    """What a verifier established about one segment."""

    totals: tuple[int, ...]
    """In base units, one for each asset, in order: the ones that were passed to ``verify``."""
    security: SecurityReport
    """The security of this proof as the verifier computes it: nothing in it may rest on the prover's word."""


@frozen
class InclusionVerdict:
    """What a user's check established, in plain words."""

    sentences: tuple[str, ...]
    security: SecurityReport
    """That of the segment's proof, on which the claim rests: the same as in its ``Verdict``."""
    row: int | None = None
    """The place in the segment that the file shows; two files of one place are one account. None: it has none."""


class Backend(ABC):
    """A way to prove liabilities.

    Constructed as ``Backend(options, registry)``: ``options`` is an instance of the class's
    ``Options``, ``registry`` gives access to other components by kind and name.
    """

    name: ClassVar[str]
    """The name used in specs."""
    Options: ClassVar[type]
    """Frozen attrs class of the options a spec may set. Every hash and field that a proof rests on must be one of them,
    declared with that ``kind``; otherwise a verifier's policy could not refuse it."""
    settles: ClassVar[tuple[str, ...]] = ()
    """Options that a spec may leave open (``None``) and ``settle`` then chooses. In a manifest none of them is open."""

    @property
    @abstractmethod
    def properties(self) -> BackendProperties:
        """What a proof with these options proves, hides and leaks: that of its constraint system, if it has one."""

    @abstractmethod
    def check(self, assets: Sequence[Asset]) -> None:
        """Raise ``OptionsError``, with the arithmetic shown, if the options cannot serve these assets."""

    def least_proof_size(self, assets: Sequence[Asset]) -> int:
        """A number of bytes below which no proof of these assets is; 0 if nothing is known.

        Core asks before ``check`` when it opens an audit that others published, so the answer takes little work:
        whoever publishes hundreds of wide assets, which cost every verifier seconds, has to publish as much for them.
        Raises as ``check`` does.
        """
        return 0

    def least_state_size(self, assets: Sequence[Asset], accounts: int) -> int:
        """Bytes that ``prove`` writes into ``state`` at the least, for a segment of ``accounts``; 0 if not known.

        Core asks before it begins, so that a disk that is too small is found before hours of work.
        """
        return 0

    def refused(self, assets: Sequence[Asset], accounts: Accounts) -> Sequence[AccountRefused]:
        """Those of the accounts that cannot be proved, because what is proven of each does not hold; by default none.

        Core asks about all accounts, some at a time, before anything is proved, and tells whoever has them which they
        are. That balances are in the ranges of their assets it has checked.
        """
        return ()

    @abstractmethod
    def capacity(self, assets: Sequence[Asset]) -> int:
        """The most accounts one segment can hold."""

    def settle(self, options: Any, assets: Sequence[Asset], accounts: int) -> Settled:
        """Choose the options that ``settles`` names and ``options`` leave open, for segments of ``accounts`` or fewer.

        ``options`` are those that the backend was made with. Core makes another with what is returned, proves with
        that one, and publishes its options: a verifier finds every choice made.
        """
        return Settled(options)

    def options_for_positions(self, options: Any) -> Any:
        """The options with which it proves accounts with debts, where a spec states none: by default the same.

        ``options`` are those that the backend was made with, for segments without debts.
        """
        return options

    @abstractmethod
    def prove(
        self, statement: Statement, accounts: Accounts, key: bytes, state: Path, progress: Progress
    ) -> SegmentProof:
        """Prove one segment.

        ``accounts`` are shuffled already. ``key`` is 32 secret bytes, fresh for the audit, from which
        nonces are derived. ``state`` is an empty private directory for the data that inclusion proofs are
        cut from; core makes the files written there readable by their owner only, and the exchange may encrypt them:
        what ``polyproof.toolkit.private_state`` reads is then decrypted. ``progress`` is told of each phase
        as a task, under the name that the protocol gives it.
        """

    @abstractmethod
    def verify(self, statement: Statement, totals: Sequence[int], proof: bytes) -> Verdict:
        """Verify one segment from public data alone.

        Hostile bytes raise ``ProofRejected`` and nothing else, in bounded time and memory. Imports no compiler.
        """

    @abstractmethod
    def open_inclusion(self, statement: Statement, proof: bytes, state: Path, user_id: str) -> bytes | None:
        """Cut the inclusion proof of one account from the private state; ``None`` if this segment does not hold it."""

    def open_all(self, statement: Statement, proof: bytes, state: Path) -> Iterator[tuple[str, bytes]]:
        """Cut every account's inclusion proof in bulk: pairs of account id and bytes.

        Raises ``InputError`` if the backend cannot.
        """
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
        """Check a user's claim and verify the segment's proof, on which it rests. Raises as ``verify`` does.

        Core has checked that ``claim`` has one balance for each asset, each in [0, 2^bits), and an id that can be
        encoded as UTF-8.
        """

    def inclusion_verifier(
        self, statement: Statement, totals: Sequence[int], proof: bytes
    ) -> Callable[[Claim, bytes], InclusionVerdict]:
        """What checks any number of claims against one segment: called with a claim and an inclusion proof, it answers
        as ``verify_inclusion`` does.

        A backend overrides it if it can verify the segment's proof once for all of them, which it then does before it
        returns, and raises as ``verify`` does. By default the proof is verified with every claim.
        """
        return lambda claim, inclusion: self.verify_inclusion(statement, totals, proof, claim, inclusion)

    @abstractmethod
    def security(self, assets: Sequence[Asset], accounts: int | None = None) -> SecurityReport:
        """The security of a proof with these options, for a segment of ``accounts`` accounts (None: a full one)."""

    @abstractmethod
    def security_of(self, statement: Statement, proof: bytes) -> SecurityReport:
        """The security report on a published proof, from the size that it states: the same as in its ``Verdict``.

        Verifies nothing. Raises ``ProofRejected`` for bytes that say nothing, as ``verify`` does.
        """
