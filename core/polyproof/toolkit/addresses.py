"""Addresses of chains to the bytes that nodes and keys know: each decodes strictly, checksum included, or not at all.

Schemes of ownership derive addresses from keys and compare, providers of balances ask a chain about the account; both
read an address here. All raise ``Malformed``.
"""

from __future__ import annotations

from polyproof.toolkit.encodings import Malformed, base58_decode

__all__ = ["solana_key"]


def solana_key(text: str) -> bytes:
    """The key, 32 bytes, which the address is."""
    key = base58_decode(text, most=44)
    if len(key) != 32:
        raise Malformed(f"is {len(key)} bytes where 32 are expected")
    return key
