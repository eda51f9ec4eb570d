"""Signatures of sample accounts, whose keys anybody can compute: ``OwnershipScheme.sample_claim``."""

from __future__ import annotations

import base64

from coincurve import PrivateKey, PublicKey
from nacl.bindings import crypto_sign, crypto_sign_seed_keypair

from polyproof.toolkit.encodings import base58_encode
from polyproof_ownership.keys import ripemd160

__all__ = [
    "ed25519_key",
    "eos_text",
    "rsv_signature",
    "secp256k1_key",
    "sign_compact",
    "sign_ed25519",
    "signmessage_signature",
]


def secp256k1_key(secret: bytes) -> PublicKey:
    """The public key of a secret."""
    return PrivateKey(secret).public_key


def _sign(secret: bytes, digest: bytes) -> bytes:
    """r, s (in the lower half of its range) and the recovery number: 65 bytes."""
    return PrivateKey(secret).sign_recoverable(digest, hasher=None)


def rsv_signature(secret: bytes, digest: bytes) -> str:
    """r, s and v = 27 or 28 in hexadecimal, as wallets of Ethereum write it."""
    signature = _sign(secret, digest)
    return "0x" + (signature[:64] + bytes([27 + signature[64]])).hex()


def sign_compact(secret: bytes, digest: bytes, header: int) -> bytes:
    """The header, to which the recovery number is added, then r and s: the form of Bitcoin and of EOS."""
    signature = _sign(secret, digest)
    return bytes([header + signature[64]]) + signature[:64]


def signmessage_signature(secret: bytes, digest: bytes, header: int) -> str:
    """The same in base64."""
    return base64.b64encode(sign_compact(secret, digest, header)).decode()


def eos_text(data: bytes, suffix: bytes) -> str:
    """Base58 of a key or a signature and its RIPEMD-160 checksum, over the type of key too."""
    return base58_encode(data + ripemd160(data + suffix)[:4])


def ed25519_key(secret: bytes) -> bytes:
    """The public key of a seed (RFC 8032)."""
    return crypto_sign_seed_keypair(secret)[0]


def sign_ed25519(secret: bytes, data: bytes) -> str:
    """A signature in hexadecimal."""
    return "0x" + crypto_sign(data, crypto_sign_seed_keypair(secret)[1])[:64].hex()
