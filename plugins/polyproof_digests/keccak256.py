"""Keccak-256 as a hash of rows."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from polyproof_digests import keccak256_portable
from polyproof_digests.byte_hash import ByteHash, Bytes, Kernel
from polyproof_digests.constants import KECCAK_RATE_BYTES

__all__ = ["Keccak256"]


class Keccak256(ByteHash):
    """Keccak-256 as Ethereum uses it: Keccak[c = 512] with the padding of the 2011 submission, not FIPS 202's.

    The digest of a row is ``Keccak256(block ‖ row's bytes)``, where the block is one of 136 bytes, the rate:
    the tag's length in one byte, the tag ``"polyproof/1 " + domain``, zeros. The state after it is computed once for
    each domain. With pycryptodome: ``keccak.new(digest_bits=256, data=block + row.astype("<u8").tobytes())``,
    ``block = (bytes([len(tag)]) + tag).ljust(136, b"\\0")``.

    Rows of different lengths are different messages, and the padding 10*1 is injective.
    """

    name = "keccak256"
    _portable_rows = 512

    def _padding(self, length: int, tag: bytes | None) -> bytes:
        missing = KECCAK_RATE_BYTES - length % KECCAK_RATE_BYTES
        return b"\x81" if missing == 1 else b"\x01" + bytes(missing - 2) + b"\x80"

    def _portable(self, messages: Bytes, tag: bytes | None) -> Bytes:
        padding = self._padding(messages.shape[1], tag)
        return keccak256_portable.hash_messages(messages, padding, _begin(tag))

    def _kernel(self, length: int, tag: bytes | None) -> Kernel:
        from polyproof_digests import keccak256_kernels

        state = np.frombuffer(_begin(tag).to_bytes(200, "little"), "<u8").astype(np.uint64)
        return lambda rows, padding, digests: keccak256_kernels.hash_rows(rows, padding, state, digests)


@lru_cache(maxsize=256)
def _begin(tag: bytes | None) -> int:
    """The state before the first byte of a row: 1600 bits, lane 0 in the lowest 64."""
    if tag is None:
        return 0
    block = (bytes([len(tag)]) + tag).ljust(KECCAK_RATE_BYTES, b"\0")
    return keccak256_portable.permute(int.from_bytes(block, "little"))
