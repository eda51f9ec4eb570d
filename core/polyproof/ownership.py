"""Who owns an address: a claim, the scheme that judges it, and the one status it ends in.

A row of a reserves file says "this address is ours" and carries a message with signatures. An ownership scheme
checks that the signatures are by the keys that control *this address*: it derives the address from the key or
the script and compares. Whatever is not established is not proven; nothing counts by default.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import Enum
from typing import Any, ClassVar

from attrs import field, frozen

from polyproof.errors import InputError

__all__ = [
    "AccountControl",
    "Kind",
    "OwnershipClaim",
    "OwnershipResult",
    "OwnershipScheme",
    "Status",
]


class Status(Enum):
    """How a claim ended. Only ``PROVEN`` says that the address is under the claimant's control."""

    PROVEN = "proven"
    """The signatures are by the keys that this very address is derived from, or by those that its chain names."""
    KEY_ONLY = "key-only"
    """A valid signature by the key given, but an address of this chain is a name and says nothing about its key."""
    UNBOUND = "unbound"
    """Valid signatures, but nothing known here binds their keys to the address; only its chain could tell."""
    CUSTODIAL = "custodial"
    """Declared to be held by a third party; no signature is checked."""
    UNSUPPORTED = "unsupported"
    """No scheme here can judge this chain, address or kind of signature. Nothing was checked."""
    FAILED = "failed"
    """Something that could be checked does not hold."""


class Kind(Enum):
    """What the claimant says a holding is."""

    OWN = "own"
    CUSTODIAL = "custodial"
    STAKED = "staked"


def _text(claim: object, attribute: Any, value: Any) -> None:
    if not isinstance(value, str):
        raise InputError(f"{attribute.name} of an ownership claim is {type(value).__name__}; it must be text")


def _texts(claim: object, attribute: Any, value: tuple[Any, ...]) -> None:
    if not all(isinstance(item, str) for item in value):
        raise InputError(f"{attribute.name} of an ownership claim contains something that is not text")


def _tuple(value: Sequence[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise InputError("signatures, keys and owners of an ownership claim are sequences of strings, not one string")
    return tuple(value)


@frozen
class AccountControl:
    """Who controls an account according to its chain at the snapshot. Filled in by whoever asked the chain.

    If given, it overrides even the key that an address was originally derived from: keys can be rotated.
    """

    source: str
    """Who or what was asked, and at which block; printed with the result."""
    owners: tuple[str, ...] = field(default=(), converter=_tuple)
    """Addresses (Safe owners, Tron permissions), authentication key (Aptos) or withdrawal credentials (validator)."""
    threshold: int = 1
    """How many of ``owners`` must sign."""
    accepted: tuple[bytes, ...] = ()
    """Digests that the contract accepted with this row's signatures (EIP-1271 ``isValidSignature``)."""


@frozen
class OwnershipClaim:
    """What one row of a reserve file says, "this address is ours", and the signatures it offers for that.

    None of it is trusted; a scheme judges it. (A user's claim about their own balances is
    ``polyproof.backend.Claim``.) Texts are as published, without surrounding whitespace.

    Raises ``InputError`` if something other than text is given for text.
    """

    asset: str = field(validator=_text)
    chain: str = field(validator=_text)
    """Name of the chain, or of a token on it as exchanges spell it: ``ethereum``, ``ETH-ARBITRUM``, ``USDT-TRC20``."""
    address: str = field(validator=_text)
    message: str = field(default="", validator=_text)
    signatures: tuple[str, ...] = field(default=(), converter=_tuple, validator=_texts)
    """Only those given: missing ones are left out, not blank."""
    keys: tuple[str, ...] = field(default=(), converter=_tuple, validator=_texts)
    """Public keys, or the redeem or witness script, whichever the scheme needs."""
    owners: tuple[str, ...] = field(default=(), converter=_tuple, validator=_texts)
    """For a contract, multisignature or rotated account: who is said to control it (eoa1, eoa2)."""
    kind: Kind = Kind.OWN
    scheme: str | None = None
    """Name of the scheme, if the file states it; that scheme must serve the claim. If None, one that does is found."""
    control: AccountControl | None = None
    """What the chain itself says about who controls the address; None if nobody asked."""


@frozen
class OwnershipResult:
    """How a claim ended, and why, for people."""

    status: Status
    reason: str
    """One sentence in plain words."""
    scheme: str = ""
    """The scheme that judged it; empty if none did."""
    chain: str = ""
    """The canonical name of the chain, whatever the row called it; empty if unknown."""
    address: str = ""
    """The canonical form of the address, in which two spellings of one account are equal; empty if the address cannot
    be decoded."""


class OwnershipScheme(ABC):
    """Judges ownership claims on some chains.

    A scheme never raises because of what a row says. It may be pickled and run in several processes.
    """

    name: ClassVar[str]
    """The name it is registered under."""
    chains: ClassVar[frozenset[str]]
    """The chains it serves, by their canonical names."""

    @abstractmethod
    def serves(self, claim: OwnershipClaim) -> bool:
        """Whether this scheme can judge the claim, given its chain and the form of its address and signatures.

        At most one installed scheme should serve a claim; if several do, the claim must name its scheme.
        """

    @abstractmethod
    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        """Judge a batch: one result for each row, in order."""

    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        """The canonical name of the claim's chain and the canonical form of its address; each empty if unknown.

        Nothing is verified. This serves to find accounts listed twice, and to ask their chain.
        """
        return "", ""

    def digests(self, claim: OwnershipClaim) -> tuple[bytes, ...]:
        """The digests that the claim's signatures may sign, to ask a contract about (EIP-1271)."""
        return ()

    def sample_claim(self, asset: str, chain: str, secret: bytes, message: str) -> OwnershipClaim | None:
        """An invented account on a chain, by its canonical name, and its signature of a message; None if it has none.

        Only samples ask for it (``polyproof init``). ``secret``, 32 bytes, is made from words that anybody knows; the
        same secret gives the same account. Whatever is returned must end proven or key-only here.
        """
        return None
