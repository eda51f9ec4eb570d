"""SHA-256 as a hash of rows."""

from __future__ import annotations

import hashlib
from functools import lru_cache

import numpy as np

from polyproof.hash import DIGEST_BYTES
from polyproof.toolkit.sha256_constants import SHA256_BLOCK_BYTES, SHA256_INITIAL
from polyproof_digests.byte_hash import ByteHash, Bytes, Kernel

__all__ = ["Sha256"]


class Sha256(ByteHash):
    """SHA-256 (FIPS 180-4), tagged as in BIP 340.

    The digest of a row is ``SHA256(SHA256(tag) ‖ SHA256(tag) ‖ row's bytes)`` with tag
    ``"polyproof/1 " + domain``, so the tag fills the first block and its state is computed once for each domain.
    With ``hashlib``: ``t = sha256(tag).digest(); sha256(t + t + row.astype("<u8").tobytes()).digest()``.

    Rows of different lengths differ in the last block, which ends in the message's length in bits (FIPS 180-4, 5.1.1).
    """

    name = "sha256"

    def _padding(self, length: int, tag: bytes | None) -> bytes:
        total = length + (SHA256_BLOCK_BYTES if tag is not None else 0)
        zeros = bytes(-(total + 1 + 8) % SHA256_BLOCK_BYTES)
        return b"\x80" + zeros + (8 * total).to_bytes(8, "big")

    def _portable(self, messages: Bytes, tag: bytes | None) -> Bytes:
        begun = hashlib.sha256() if tag is None else _begin(tag)
        digests = bytearray()
        for message in messages:
            state = begun.copy()
            state.update(message)
            digests += state.digest()
        return np.frombuffer(digests, np.uint8).reshape(len(messages), DIGEST_BYTES)

    def _kernel(self, length: int, tag: bytes | None) -> Kernel:
        from polyproof.toolkit import sha256_kernels

        state = np.array(SHA256_INITIAL if tag is None else _state_after(tag), np.uint32)
        return lambda rows, padding, digests: sha256_kernels.hash_rows(rows, padding, state, digests)


def _first_block(tag: bytes) -> bytes:
    return hashlib.sha256(tag).digest() * 2


@lru_cache(maxsize=256)
def _begin(tag: bytes) -> hashlib._Hash:
    return hashlib.sha256(_first_block(tag))


@lru_cache(maxsize=256)
def _state_after(tag: bytes) -> tuple[int, ...]:
    """The chaining value after the first block. hashlib does not reveal it; the kernel, run without padding, does."""
    from polyproof.toolkit import sha256_kernels

    block = np.frombuffer(_first_block(tag), "<u8").astype(np.uint64)[None, :]
    state = np.empty((1, 4), np.uint64)
    sha256_kernels.hash_rows(block, np.empty(0, np.uint64), np.array(SHA256_INITIAL, np.uint32), state)
    return tuple(state.astype("<u8").view(">u4")[0].tolist())
