"""The ownership scheme starter-name for polyproof: whether whoever claims an address controls it.

YOURS: as it stands an address is an Ed25519 key in hexadecimal, and one signature of the message proves it.
"""

import re

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from polyproof.hookspecs import Component, hookimpl
from polyproof.ownership import Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status

polyproof_interface = 2

LONGEST_MESSAGE = 65536


@hookimpl
def polyproof_components() -> list[Component]:
    """One scheme."""
    return [Component("ownership", "starter-name", "Ed25519, a starting point", "polyproof_starter:StarterScheme")]


class StarterScheme(OwnershipScheme):
    """YOURS: which chains it serves, what an address is, and what is signed."""

    name = "starter-name"
    chains = frozenset({"starter-name"})

    def serves(self, claim: OwnershipClaim) -> bool:
        """Whether it can judge the claim; of all installed schemes, at most one should."""
        return claim.chain in self.chains

    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        """Chain and address as everybody spells them; each empty if there is no such thing."""
        if not self.serves(claim):
            return "", ""
        return claim.chain, claim.address if _key(claim.address) else ""

    def verify(self, rows: list[OwnershipClaim]) -> list[OwnershipResult]:
        """One result for each row, in order. Nothing in a row makes it raise."""
        return [OwnershipResult(*self._verdict(claim), self.name, *self.account(claim)) for claim in rows]

    def _verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        if claim.kind is Kind.CUSTODIAL:
            return Status.CUSTODIAL, "declared to be held by a custodian; no signature is checked"
        if not self.serves(claim):
            return Status.UNSUPPORTED, "another chain"
        if claim.control is not None:
            return Status.UNSUPPORTED, "keys that the chain names are not supported"
        key = _key(claim.address)
        if key is None:
            return Status.FAILED, "the address is not a key"
        if len(claim.signatures) != 1 or claim.keys or not 0 < len(claim.message) <= LONGEST_MESSAGE:
            return Status.FAILED, "expected one message, one signature, and no key beside the address"
        if not _signed(key, claim.message, claim.signatures[0]):
            return Status.FAILED, "the signature is by another key, or of another message"
        return Status.PROVEN, "signed by the key of this address"


def _key(address: str) -> bytes | None:
    """YOURS: the key that an address is made from. An address has one spelling, or `account` makes it one."""
    return bytes.fromhex(address) if re.fullmatch("[0-9a-f]{64}", address) else None


def _signed(key: bytes, message: str, signature: str) -> bool:
    """YOURS: what exactly is signed. A signature has one spelling as well."""
    if not re.fullmatch("[0-9a-f]{128}", signature):
        return False
    try:
        VerifyKey(key).verify(message.encode(), bytes.fromhex(signature))
    except (BadSignatureError, ValueError):
        return False
    return True
