"""HMAC-SHA256 of many messages under one key (RFC 2104, FIPS 198-1)."""

from __future__ import annotations

import hashlib
import hmac

import numpy as np
import numpy.typing as npt

from polyproof.engine import Engine, for_blocks
from polyproof.errors import PluginError

__all__ = ["hmac_sha256_rows"]

Bytes = npt.NDArray[np.uint8]

_BLOCK_BYTES, _DIGEST_BYTES = hashlib.sha256().block_size, hashlib.sha256().digest_size
_BLOCK_ROWS = 1 << 12
"""Rows a thread takes at a time."""


def hmac_sha256_rows(key: bytes, messages: Bytes, engine: Engine = Engine.PORTABLE) -> Bytes:
    """HMAC-SHA256(key, message) of every row: ``(n, length) → (n, 32)``. The key is hashed once, not once a row."""
    padded = (hashlib.sha256(key).digest() if len(key) > _BLOCK_BYTES else key).ljust(_BLOCK_BYTES, b"\0")
    inner, outer = (bytes(byte ^ mask for byte in padded) for mask in (0x36, 0x5C))
    if engine is Engine.PORTABLE or not len(messages):
        return _one_by_one(inner, outer, messages)
    digests = _side_by_side(inner, outer, messages)
    if digests[-1].tobytes() != hmac.digest(key, messages[-1].tobytes(), "sha256"):
        raise PluginError("the compiled SHA-256 disagrees with Python's: a fault of this Numba or this CPU")
    return digests


def _one_by_one(inner: bytes, outer: bytes, messages: Bytes) -> Bytes:
    begun, ended = hashlib.sha256(inner), hashlib.sha256(outer)
    length = messages.shape[1]
    data, digests = messages.tobytes(), bytearray()
    for start in range(0, len(messages) * length, length) if length else [0] * len(messages):
        first, second = begun.copy(), ended.copy()
        first.update(data[start : start + length])
        second.update(first.digest())
        digests += second.digest()
    return np.frombuffer(digests, np.uint8).reshape(-1, _DIGEST_BYTES)


def _side_by_side(inner: bytes, outer: bytes, messages: Bytes) -> Bytes:
    """The kernel of SHA-256 on the rest of both messages, from the states after the blocks of the key."""
    from polyproof.toolkit.sha256_constants import SHA256_INITIAL
    from polyproof.toolkit.sha256_kernels import hash_rows

    none = np.empty(0, np.uint64)
    initial = np.array(SHA256_INITIAL, np.uint32)
    states = np.empty((2, 4), np.uint64)
    hash_rows(np.frombuffer(inner + outer, "<u8").astype(np.uint64).reshape(2, -1), none, initial, states)
    begun, ended = states.astype("<u8").view(">u4").astype(np.uint32)

    length = messages.shape[1]
    padding = np.frombuffer(_padding(_BLOCK_BYTES + length), np.uint8)
    words = np.frombuffer(_padding(_BLOCK_BYTES + _DIGEST_BYTES), "<u8").astype(np.uint64)
    digests = np.empty((len(messages), 4), np.uint64)

    def run(start: int, stop: int) -> None:
        whole = np.empty((stop - start, length + len(padding)), np.uint8)
        whole[:, :length], whole[:, length:] = messages[start:stop], padding
        inside = np.empty((stop - start, 4), np.uint64)
        hash_rows(whole.view("<u8").astype(np.uint64, copy=False), none, begun, inside)
        hash_rows(inside, words, ended, digests[start:stop])

    for_blocks(run, len(messages), _BLOCK_ROWS)
    return digests.astype("<u8", copy=False).view(np.uint8)


def _padding(length: int) -> bytes:
    """What follows a message of so many bytes (FIPS 180-4, 5.1.1)."""
    return b"\x80" + bytes(-(length + 9) % _BLOCK_BYTES) + (8 * length).to_bytes(8, "big")
