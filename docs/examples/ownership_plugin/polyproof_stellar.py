"""Stellar accounts as an ownership scheme for polyproof: messages signed as in SEP-53.

An address is an Ed25519 key (SEP-23). Signers can be added to an account and its own key can be removed without the
address changing, so "proven" says that the address is this key, and not that the key can still move the coins.
"""

import base64
import binascii
import hashlib

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from polyproof.hookspecs import Component, hookimpl
from polyproof.ownership import Kind, OwnershipClaim, OwnershipResult, OwnershipScheme, Status

polyproof_interface = 2

HEADER = b"Stellar Signed Message:\n"
ACCOUNT = 6 << 3  # the version byte that makes an address begin with G


@hookimpl
def polyproof_components() -> list[Component]:
    """One scheme."""
    return [Component("ownership", "stellar", "Stellar accounts, by SEP-53", "polyproof_stellar:Stellar")]


class Stellar(OwnershipScheme):
    """The key that the address encodes has signed the SHA-256 of header and message; the signature is in base64."""

    name = "stellar"
    chains = frozenset({"stellar"})

    def serves(self, claim: OwnershipClaim) -> bool:
        """Whatever is on Stellar."""
        return claim.chain in self.chains

    def account(self, claim: OwnershipClaim) -> tuple[str, str]:
        """An address has one spelling."""
        if not self.serves(claim):
            return "", ""
        return "stellar", claim.address if account_key(claim.address) else ""

    def verify(self, rows: list[OwnershipClaim]) -> list[OwnershipResult]:
        """Judge a batch, row by row."""
        return [self._judge(claim) for claim in rows]

    def _judge(self, claim: OwnershipClaim) -> OwnershipResult:
        status, reason = self._verdict(claim)
        return OwnershipResult(status, reason, self.name, *self.account(claim))

    def _verdict(self, claim: OwnershipClaim) -> tuple[Status, str]:
        if claim.kind is Kind.CUSTODIAL:
            return Status.CUSTODIAL, "declared to be held by a custodian; no signature is checked"
        if not self.serves(claim):
            return Status.UNSUPPORTED, "only Stellar is supported"
        if claim.control is not None:
            return Status.UNSUPPORTED, "signers that the chain names are not supported"
        key = account_key(claim.address)
        if key is None:
            return Status.FAILED, "the address is not that of an account"
        if len(claim.signatures) != 1 or claim.keys or not claim.message or len(claim.message) > 65536:
            return Status.FAILED, "expected one message, one signature, and no key beside the address"
        if not signed(key, claim.message, claim.signatures[0]):
            return Status.FAILED, "the signature is by another key, or of another message"
        return Status.PROVEN, "signed by the key of this address (SEP-53)"


def account_key(address: str) -> bytes | None:
    """The key that an address encodes, as base32 of version, key and CRC-16; None if it is not an address."""
    if len(address) != 56:
        return None
    try:
        data = base64.b32decode(address)
    except (ValueError, binascii.Error):
        return None
    body, checksum = data[:-2], data[-2:]
    good = body[0] == ACCOUNT and binascii.crc_hqx(body, 0).to_bytes(2, "little") == checksum
    return body[1:] if good else None


def signed(key: bytes, message: str, signature: str) -> bool:
    """Whether a signature in base64 is by the key, of the message."""
    if len(signature) != 88:
        return False
    try:
        data = base64.b64decode(signature, validate=True)
        if base64.b64encode(data).decode() != signature:  # base64 has room for four spellings of the last byte
            return False
        VerifyKey(key).verify(hashlib.sha256(HEADER + message.encode()).digest(), data)
    except (BadSignatureError, ValueError):
        return False
    return True
