"""Keys and signatures over secp256k1, read strictly, and the recovery of keys from signatures."""

from __future__ import annotations

import hashlib

from attrs import frozen
from coincurve import PublicKey
from Crypto.Hash import RIPEMD160

from polyproof.toolkit.encodings import Malformed, hex_decode
from polyproof_ownership.messages import keccak256

__all__ = [
    "Signature",
    "compressed",
    "ethereum_address",
    "evm_signature",
    "hash160",
    "public_key",
    "recover",
    "ripemd160",
]

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Order of the group (SEC 2, version 2, §2.4.1)."""


@frozen
class Signature:
    """An ECDSA signature from which the key can be recovered."""

    body: bytes
    """r then s, 64 bytes."""
    recovery: int
    """0 to 3: which of the points with that r is meant."""


def recover(signature: Signature, digest: bytes, *, high_s: bool = False) -> PublicKey:
    """The key that made the signature of a 32-byte digest. Raises ``Malformed`` if there is none.

    Every signature has a second form, with n − s for s, which anyone can compute (BIP-62, EIP-2) and which is by the
    same key. ``high_s`` accepts both forms, for standards whose verifiers do. Callers that count signatures must count
    keys, so that both forms of a signature count once. Without ``high_s``, s must be in the lower half of its range.
    """
    if not high_s and not 0 < int.from_bytes(signature.body[32:]) <= ORDER // 2:
        raise Malformed("has s outside the lower half of its range, as no wallet of this chain writes it")
    try:
        return PublicKey.from_signature_and_message(signature.body + bytes([signature.recovery]), digest, hasher=None)
    except ValueError:
        raise Malformed("was not made by any key") from None


def evm_signature(text: str) -> Signature:
    """A signature from 65 bytes in hexadecimal: r, s and v, which is 0, 1, 27 or 28. Raises ``Malformed``."""
    data = hex_decode(text, 65)
    if data[64] not in (0, 1, 27, 28):
        raise Malformed(f"ends in v = {data[64]} where 0, 1, 27 or 28 is expected")
    return Signature(data[:64], data[64] % 27)


def public_key(data: bytes) -> PublicKey:
    """A key from its compressed (33 bytes) or uncompressed (65 bytes) form, never a hybrid. Raises ``Malformed``."""
    if (len(data) == 33 and data[0] in (2, 3)) or (len(data) == 65 and data[0] == 4):
        try:
            return PublicKey(data)
        except ValueError:
            pass
    raise Malformed("is not a secp256k1 public key")


def compressed(text: str) -> bytes:
    """The compressed form of a public key in hexadecimal, of 33 or 65 bytes, or 64 for bare coordinates."""
    data = hex_decode(text)
    if len(data) == 64:
        data = b"\x04" + data
    return public_key(data).format()


def ethereum_address(key: PublicKey) -> bytes:
    """The last 20 bytes of the Keccak-256 of both coordinates."""
    return keccak256(key.format(compressed=False)[1:])[12:]


def ripemd160(data: bytes) -> bytes:
    """RIPEMD-160, which not every OpenSSL offers."""
    return RIPEMD160.new(data).digest()


def hash160(data: bytes) -> bytes:
    """RIPEMD-160 of SHA-256."""
    return ripemd160(hashlib.sha256(data).digest())
