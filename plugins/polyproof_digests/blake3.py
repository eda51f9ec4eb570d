"""BLAKE3 as a hash of rows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from polyproof.toolkit.sha256_constants import SHA256_INITIAL
from polyproof_digests import blake3_portable
from polyproof_digests.byte_hash import ByteHash, Bytes, Kernel
from polyproof_digests.constants import (
    BLAKE3_BLOCK_BYTES,
    DERIVE_KEY_CONTEXT,
    DERIVE_KEY_MATERIAL,
)

__all__ = ["Blake3"]


class Blake3(ByteHash):
    """BLAKE3 in key-derivation mode: the domain is the context, the row is the key material.

    The digest of a row is the first 32 bytes of ``derive_key(context, material)`` (BLAKE3 paper, 2.3)
    with context ``"polyproof/1 " + domain`` and the row's bytes as material: in the ``blake3`` package,
    ``blake3(row.astype("<u8").tobytes(), derive_key_context="polyproof/1 " + domain).digest()``.

    Rows of different lengths differ in the number of compressions or in the length of the last block,
    which its compression takes in beside the zeros that fill the block.
    """

    name = "blake3"
    _portable_rows = 2048

    def derive_key(self, context: str, materials: Bytes) -> Bytes:
        """The standard's key derivation under any context: ``(n, length) → (n, 32)``, both ``uint8``.

        For published vectors and comparison with other libraries; protocols use ``hash_rows``.
        """
        return self._digest(materials, context.encode())

    def _padding(self, length: int, tag: bytes | None) -> bytes:
        return bytes(BLAKE3_BLOCK_BYTES if length == 0 else -length % BLAKE3_BLOCK_BYTES)

    def _portable(self, messages: Bytes, tag: bytes | None) -> Bytes:
        return blake3_portable.hash_messages(messages, *_key_and_mode(tag))

    def _kernel(self, length: int, tag: bytes | None) -> Kernel:
        from polyproof_digests import blake3_kernels

        key, mode = _key_and_mode(tag)
        key_words = np.array(key, np.uint32)
        return lambda rows, padding, digests: blake3_kernels.hash_rows(rows, padding, length, key_words, mode, digests)


@lru_cache(maxsize=256)
def _key_and_mode(tag: bytes | None) -> tuple[tuple[int, ...], int]:
    """The key and the flag that every compression gets: plain BLAKE3, or key derivation under a context."""
    if tag is None:
        return SHA256_INITIAL, 0
    context = np.frombuffer(tag, np.uint8)[None, :]
    context_key = blake3_portable.hash_messages(context, SHA256_INITIAL, DERIVE_KEY_CONTEXT)
    return tuple(context_key.view("<u4")[0].tolist()), DERIVE_KEY_MATERIAL
