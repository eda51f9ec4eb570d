"""What all schemes of this package share: the checks before any signature is looked at, and how a judgement ends.

A scheme's ``judge`` returns the result of a claim that holds and raises ``Refused`` for one that does not; ``reading``
turns ``Malformed`` from a decoder into ``Refused``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Generic, TypeVar

from attrs import frozen

from polyproof.model.counts import counted
from polyproof.ownership import Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.toolkit.encodings import Malformed
from polyproof_ownership.chains import canonical_chain

__all__ = ["Account", "Refused", "RowScheme", "check_lengths", "failed", "one_signature", "reading", "unsupported"]

Value = TypeVar("Value")

CUSTODIAL = "declared to be held by a custodian; no signature is checked"
LONGEST = {"asset": 200, "address": 300, "message": 65536}
LONGEST_SIGNATURE = 16384
LONGEST_KEY = 4096
LONGEST_REASON = 500
"""Characters; a reason may quote what a chain says."""
MOST = 32
"""The most signatures, keys or owners of a row; no script or account here can use as many."""


class Refused(Exception):
    """A claim that does not hold, or cannot be judged."""

    def __init__(self, status: Status, reason: str) -> None:
        self.status = status
        self.reason = reason
        super().__init__(reason)


def failed(reason: str) -> Refused:
    """For a claim of which something does not hold that was checked."""
    return Refused(Status.FAILED, reason)


def unsupported(reason: str) -> Refused:
    """For a claim that this package cannot check."""
    return Refused(Status.UNSUPPORTED, reason)


@contextmanager
def reading(thing: str) -> Iterator[None]:
    """Name what did not decode in the reason: ``with reading("the address"): …``."""
    try:
        yield
    except Malformed as error:
        raise failed(f"{thing} {error}") from None


def one_signature(claim: OwnershipClaim) -> str:
    """The only signature of a claim. Raises ``Refused`` unless there is exactly one."""
    if len(claim.signatures) != 1:
        raise failed(f"there are {len(claim.signatures)} signatures where one is expected")
    return claim.signatures[0]


@frozen
class Account(Generic[Value]):
    """An address that was read: its canonical spelling, and its contents."""

    spelling: str
    value: Value


class RowScheme(OwnershipScheme, Generic[Value]):
    """A scheme that judges each row by itself."""

    def serves(self, claim: OwnershipClaim) -> bool:
        """Any row on one of its chains."""
        return canonical_chain(claim.chain) in self.chains

    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        """The canonical name of the chain and the canonical spelling of the address; empty if it does not decode."""
        chain = canonical_chain(claim.chain)
        if chain not in self.chains:
            return "", ""
        try:
            check_lengths(claim)
            return chain, self.read(chain, claim.address).spelling
        except (Malformed, Refused):
            return chain, ""

    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        """Judge a batch, row by row."""
        return [self._verify_one(claim) for claim in rows]

    def _verify_one(self, claim: OwnershipClaim) -> OwnershipResult:
        chain = canonical_chain(claim.chain) or ""
        address = ""
        try:
            if chain not in self.chains:
                chain = ""
                raise unsupported(f"{self.name} does not serve the chain {claim.chain[:40]!r}")
            check_lengths(claim)
            with reading("the address"):
                account = self.read(chain, claim.address)
            address = account.spelling
            if claim.kind is Kind.CUSTODIAL:
                raise Refused(Status.CUSTODIAL, CUSTODIAL)
            _check_before(claim)
            if claim.control is not None and not self.asks_chain(chain):
                raise unsupported("what the chain says about who controls an address of this kind is not supported")
            result = self.judge(claim, chain, account)
        except Refused as refused:
            status, reason = refused.status, refused.reason
            if claim.kind is Kind.CUSTODIAL:
                status, reason = Status.CUSTODIAL, CUSTODIAL
            return OwnershipResult(status, reason[:LONGEST_REASON], self.name, chain, address)
        return OwnershipResult(result.status, result.reason[:LONGEST_REASON], self.name, chain, address)

    def asks_chain(self, chain: str) -> bool:
        """Whether the scheme uses what a chain says about who controls an account (``claim.control``)."""
        return False

    @abstractmethod
    def read(self, chain: str, address: str) -> Account[Value]:
        """Decode an address. Raises ``Malformed`` or ``Refused``."""

    @abstractmethod
    def judge(self, claim: OwnershipClaim, chain: str, account: Account[Value]) -> OwnershipResult:
        """Judge a claim whose address decodes to ``account``. Raises ``Refused`` if it does not hold."""


def check_lengths(claim: OwnershipClaim) -> None:
    """Refuse texts too long for any address, message, signature or key, before any work is done on them."""
    for name, longest in LONGEST.items():
        size = len(getattr(claim, name))
        if size > longest:
            raise failed(f"the {name} is {counted(size, 'character')} long; {longest:,} are allowed")
    for name, longest in (("signatures", LONGEST_SIGNATURE), ("keys", LONGEST_KEY), ("owners", LONGEST["address"])):
        texts = getattr(claim, name)
        if len(texts) > MOST:
            raise failed(f"there are {len(texts)} {name}; {MOST} are allowed")
        if any(len(text) > longest for text in texts):
            raise failed(f"one of the {name} is longer than the {longest} characters allowed")


def _check_before(claim: OwnershipClaim) -> None:
    if not claim.signatures:
        raise failed("there is no signature")
    if not claim.message:
        raise failed("there is no message")
    try:
        claim.message.encode()
    except UnicodeEncodeError:
        raise failed("the message is not Unicode text") from None
    bare = {signature.removeprefix("0x").lower() for signature in claim.signatures}
    if len(bare) != len(claim.signatures):
        raise failed("one signature is given twice")
