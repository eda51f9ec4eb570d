"""HMAC-SHA256 of many messages under one key (RFC 2104, FIPS 198-1)."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

__all__ = ["hmac_sha256_rows"]

Bytes = npt.NDArray[np.uint8]

_BLOCK_BYTES = 64


def hmac_sha256_rows(key: bytes, messages: Bytes) -> Bytes:
    """HMAC-SHA256(key, message) of every row: ``(n, length) → (n, 32)``. The key is hashed once, not once a row."""
    padded = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ mask for byte in padded)) for mask in (0x36, 0x5C))
    length = messages.shape[1]
    data, digests = messages.tobytes(), bytearray()
    for start in range(0, len(messages) * length, length) if length else [0] * len(messages):
        first, second = inner.copy(), outer.copy()
        first.update(data[start : start + length])
        second.update(first.digest())
        digests += second.digest()
    return np.frombuffer(digests, np.uint8).reshape(-1, 32)
