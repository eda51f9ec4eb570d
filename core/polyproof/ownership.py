"""Who owns an address: a claim, the scheme that judges it, and the one status it ends in.

A row of a reserves file says «this address is ours» and brings a message with signatures. An ownership scheme
checks that the signatures are by the keys that control *this address*: it derives the address from the key or
the script and compares. Whatever is not established is not proven; there is no default that counts.
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
    """The signatures are by the keys that this very address is derived from, or that its chain was read to name."""
    KEY_ONLY = "key-only"
    """A valid signature by the key given, but an address of this chain is a name and says nothing about its key."""
    UNBOUND = "unbound"
    """Valid signatures, but nothing known here binds their keys to the address: its chain has to be asked."""
    CUSTODIAL = "custodial"
    """Declared to be held by somebody else; no signature is checked."""
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
        raise InputError(f"{attribute.name} of a claim is {type(value).__name__}; it must be text")


def _texts(claim: object, attribute: Any, value: tuple[Any, ...]) -> None:
    if not all(isinstance(item, str) for item in value):
        raise InputError(f"{attribute.name} of a claim holds something that is not text")


def _tuple(value: Sequence[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        raise InputError("a claim's signatures, keys and owners are sequences of strings, not one text")
    return tuple(value)


@frozen
class AccountControl:
    """Who controls an account, as its chain says at the snapshot. Whoever asked the chain fills it in.

    Where it is given it decides, even against the key an address was first derived from: keys get rotated.
    """

    source: str
    """What was asked, and at which block; printed with the result."""
    owners: tuple[str, ...] = field(default=(), converter=_tuple)
    """Addresses (Safe owners, Tron permissions), authentication key (Aptos) or withdrawal credentials (validator)."""
    threshold: int = 1
    """How many of ``owners`` must sign."""
    accepted: tuple[bytes, ...] = ()
    """Digests that the contract accepted with this row's signatures (EIP-1271 ``isValidSignature``)."""


@frozen
class OwnershipClaim:
    """An ownership claim: what one row of a reserve file says, «this address is ours», and the signatures it offers.

    Nothing of it is believed; a scheme judges it. (What a user says of a balance that is owed to them is another thing:
    ``polyproof.backend``.) Texts are as published, without the blanks around them.

    Raises ``InputError`` for anything but text where text belongs.
    """

    asset: str = field(validator=_text)
    chain: str = field(validator=_text)
    """Name of the chain, or of a token on it as exchanges spell it: ``ethereum``, ``ETH-ARBITRUM``, ``USDT-TRC20``."""
    address: str = field(validator=_text)
    message: str = field(default="", validator=_text)
    signatures: tuple[str, ...] = field(default=(), converter=_tuple, validator=_texts)
    """As many as were given; absent ones are left out, not blank."""
    keys: tuple[str, ...] = field(default=(), converter=_tuple, validator=_texts)
    """Public keys, or the redeem or witness script, whichever the scheme needs."""
    owners: tuple[str, ...] = field(default=(), converter=_tuple, validator=_texts)
    """For a contract, multisignature or rotated account: who is said to control it (eoa1, eoa2)."""
    kind: Kind = Kind.OWN
    scheme: str | None = None
    """Name of the scheme, where the file says it; it must serve the claim. Otherwise the one that does is found."""
    control: AccountControl | None = None
    """What the chain itself says about who controls the address; None where nobody asked."""


@frozen
class OwnershipResult:
    """How a claim ended, and why, for people."""

    status: Status
    reason: str
    """One sentence in plain words."""
    scheme: str = ""
    """The scheme that judged it; empty where none did."""
    chain: str = ""
    """The canonical name of the chain, whatever the row called it; empty if unknown."""
    address: str = ""
    """The canonical form of the address, so that two spellings of one account are seen to be equal; empty if it does
    not decode."""


class OwnershipScheme(ABC):
    """Judges the claims of some chains.

    A scheme never raises for what a row says. It may be pickled and work in several processes.
    """

    name: ClassVar[str]
    """The name it is registered under."""
    chains: ClassVar[frozenset[str]]
    """The chains it serves, by their canonical names."""

    @abstractmethod
    def serves(self, claim: OwnershipClaim) -> bool:
        """Whether the claim is written in this scheme: chain, and form of address and signature.

        At most one installed scheme should serve a claim; where several do, the claim must name its scheme.
        """

    @abstractmethod
    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        """Judge a batch; one result a row, in order."""

    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        """The claim's chain by its canonical name and its address in canonical form; each empty where it is not known.

        Nothing is verified: this is for finding an account twice and for asking its chain.
        """
        return "", ""

    def digests(self, claim: OwnershipClaim) -> tuple[bytes, ...]:
        """The digests that a signature of this claim may sign; for asking a contract (EIP-1271)."""
        return ()
