"""What is signed: the ways in which wallets and exchanges turn a message into bytes or a digest.

Each way puts a fixed text before the message, so that its signature can be mistaken neither for that of a transaction
nor for that of another kind of message. If a wallet signs the bare text (``bare_text``), only a text that cannot be a
transaction or a digest is accepted.

Exchanges sign the same message with many keys, so recent digests are cached.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from Crypto.Hash import keccak

from polyproof.toolkit.encodings import sha256d

__all__ = [
    "bare_text",
    "bitcoin_digest",
    "eip191_digest",
    "envelope_digest",
    "eos_digest",
    "exchange_envelope",
    "hashed_digest",
    "keccak256",
    "polkadot_text",
    "tip191_digest",
    "tron_hashed_digest",
    "variable_text",
]

ETHEREUM_HEADER = b"\x19Ethereum Signed Message:\n"
TRON_HEADER = b"\x19TRON Signed Message:\n"
EXCHANGE_HEADER = b"OKX Signed Message:\n"


def keccak256(data: bytes) -> bytes:
    """Keccak-256 with the padding of the original submission, as Ethereum has it, not that of SHA-3."""
    return keccak.new(digest_bits=256, data=data).digest()


def variable_text(data: bytes) -> bytes:
    """The bytes after their length, a variable-size integer of Bitcoin."""
    size = len(data)
    if size < 0xFD:
        return bytes([size]) + data
    if size <= 0xFFFF:
        return b"\xfd" + size.to_bytes(2, "little") + data
    return b"\xfe" + size.to_bytes(4, "little") + data


def bitcoin_digest(message: bytes, header: bytes) -> bytes:
    """Digest of ``signmessage``: SHA-256 twice over header and message, each after its length.

    Source: ``MessageHash`` of Bitcoin Core, src/common/signmessage.cpp; the header is the chain's own.
    """
    return sha256d(variable_text(header) + variable_text(message))


@lru_cache
def eip191_digest(message: bytes) -> bytes:
    """EIP-191 version 0x45 ("personal_sign"): the message after its length in decimal digits."""
    return keccak256(ETHEREUM_HEADER + str(len(message)).encode() + message)


@lru_cache
def tip191_digest(message: bytes) -> bytes:
    """The same under Tron's header (TIP-191; TronWeb ``signMessageV2``)."""
    return keccak256(TRON_HEADER + str(len(message)).encode() + message)


@lru_cache
def hashed_digest(message: bytes, header: bytes = ETHEREUM_HEADER) -> bytes:
    """OKX's variant of EIP-191, which signs the message's Keccak-256, 32 bytes, in place of the message."""
    return keccak256(header + b"32" + keccak256(message))


def tron_hashed_digest(message: bytes) -> bytes:
    """The same under Tron's header, as TronWeb's first ``sign`` did."""
    return hashed_digest(message, TRON_HEADER)


def exchange_envelope(message: bytes) -> bytes:
    """What OKX signs for accounts whose chain has no message format: its own header and the message.

    Each follows its length, as in Bitcoin. Ed25519 keys sign these bytes, secp256k1 keys their Keccak-256, EOS
    keys their SHA-256. Source: github.com/okx/proof-of-reserves, common/hash.go.
    """
    return variable_text(EXCHANGE_HEADER) + variable_text(message)


@lru_cache
def envelope_digest(message: bytes) -> bytes:
    """Keccak-256 of the envelope, which secp256k1 keys sign."""
    return keccak256(exchange_envelope(message))


def eos_digest(message: bytes) -> bytes:
    """SHA-256 of the envelope, which EOS keys sign."""
    return hashlib.sha256(exchange_envelope(message)).digest()


def polkadot_text(message: bytes) -> bytes:
    """What Polkadot wallets sign for ``signRaw``: the text between two marks, so that it cannot be an extrinsic."""
    return b"<Bytes>" + message + b"</Bytes>"


def bare_text(message: str) -> bytes | None:
    """The bytes of a message that a wallet signs as it is; None if they could be something other than a message.

    A signature of bare bytes could be one of a transaction, or of a 32-byte digest, presented as that of a message. A
    serialised transaction contains control characters, so a message must have none but line ends, and none of those
    at its start; and a message must not have the 32 bytes of a digest.
    """
    data = message.encode()
    if len(data) == 32 or not data or not all(character.isprintable() or character == "\n" for character in message):
        return None
    return None if message[0].isspace() else data
