"""What the three byte hashes share: words to bytes, batches to blocks, blocks to threads.

A word is 8 bytes, little-endian; a digest is 32 bytes, read as four such words. A row of c words is
the message of its 8c bytes. Each standard's padding is injective, so rows of different lengths are
different inputs of the compression function, and c needs no encoding of its own.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import lru_cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from polyproof.engine import Engine, for_blocks
from polyproof.hash import DIGEST_BYTES, DIGEST_WORDS, Hash, Words, domain_words

__all__ = ["ByteHash", "Bytes", "Kernel", "tag_of"]

Bytes = npt.NDArray[np.uint8]
Kernel = Callable[[Words, Words, Words], object]
"""``kernel(rows, padding, digests)``: hash every row followed by ``padding``, whole blocks together,
into ``digests``. All are C-contiguous; the kernel releases the GIL."""

_WORD_BYTES = 8
_COMPILED_BYTES = 1 << 20
"""Input bytes in a block for one thread: about a millisecond of work at most."""


@lru_cache(maxsize=256)
def tag_of(domain: str) -> bytes:
    """What goes into a standard's own domain separation: ``"polyproof/1 "`` and the domain, in ASCII.

    Raises ``ValueError`` for a domain that is not 1 to 21 ASCII characters, as every hash does.
    """
    domain_words(domain)
    return b"polyproof/1 " + domain.encode("ascii")


class ByteHash(Hash):
    """Base of the three: a subclass gives its padding, its numpy path and its kernel.

    These three methods get the tag, or None for the standard's plain function.
    """

    word_bound = 2**64
    collision_bits = 128

    _portable_rows: ClassVar[int] = 1024
    """Rows in a batch for numpy: enough to outweigh the calls, few enough to stay in cache."""

    def hash_rows(self, rows: Words, domain: str) -> Words:
        """Hash every row, see ``Hash.hash_rows``. Raises ``ValueError`` unless ``(n, columns)`` of ``uint64``."""
        _require_words(rows, "rows", None)
        return self._hash(len(rows), rows.shape[1], lambda start, stop: rows[start:stop], domain)

    def compress(self, left: Words, right: Words, domain: str) -> Words:
        """Hash pairs of digests, see ``Hash.compress``. Raises ``ValueError`` unless both ``(n, 4)`` of ``uint64``."""
        _require_words(left, "left", DIGEST_WORDS)
        _require_words(right, "right", DIGEST_WORDS)
        if len(left) != len(right):
            raise ValueError(f"expected as many left digests as right ones, got {len(left)} and {len(right)}")

        def pairs(start: int, stop: int) -> Words:
            return _side_by_side(left[start:stop], right[start:stop])

        return self._hash(len(left), 2 * DIGEST_WORDS, pairs, domain)

    def digest(self, messages: Bytes) -> Bytes:
        """The standard's plain function, without a domain: ``(n, length) → (n, 32)``, both ``uint8``.

        For published vectors and comparison with other libraries; protocols use ``hash_rows``.
        """
        return self._digest(messages, None)

    def _digest(self, messages: Bytes, tag: bytes | None) -> Bytes:
        if messages.ndim != 2 or messages.dtype != np.uint8:
            raise ValueError(f"messages must be (n, length) of uint8, got {messages.shape} of {messages.dtype}")
        count, length = messages.shape
        if self.engine is Engine.PORTABLE:
            return self._portable(np.ascontiguousarray(messages), tag)
        padding = self._padding(length, tag)
        padded = np.empty((count, length + len(padding)), np.uint8)
        padded[:, :length] = messages
        padded[:, length:] = np.frombuffer(padding, np.uint8)
        words = padded.view("<u8").astype(np.uint64, copy=False)
        digests = np.empty((count, DIGEST_WORDS), np.uint64)
        self._kernel(length, tag)(words, np.empty(0, np.uint64), digests)
        return digests.astype("<u8", copy=False).view(np.uint8)

    def _hash(self, count: int, columns: int, rows_between: Callable[[int, int], Words], domain: str) -> Words:
        """Hash ``count`` rows, taken block by block from ``rows_between(start, stop)``."""
        tag = tag_of(domain)
        digests = np.empty((count, DIGEST_WORDS), np.uint64)
        length = columns * _WORD_BYTES
        if self.engine is Engine.PORTABLE:
            for start in range(0, count, self._portable_rows):
                stop = min(start + self._portable_rows, count)
                messages = np.ascontiguousarray(rows_between(start, stop), "<u8").view(np.uint8)
                digests[start:stop] = self._portable(messages, tag).view("<u8")
            return digests

        kernel = self._kernel(length, tag)
        padding = np.frombuffer(self._padding(length, tag), "<u8").astype(np.uint64)

        def block(start: int, stop: int) -> None:
            # One type of array means one compilation; slices of a contiguous matrix are not copied.
            rows = np.require(rows_between(start, stop), np.uint64, ("C_CONTIGUOUS", "ALIGNED", "WRITEABLE"))
            kernel(rows, padding, digests[start:stop])

        for_blocks(block, count, max(_COMPILED_BYTES // max(length, 64), 64))
        return digests

    @abstractmethod
    def _padding(self, length: int, tag: bytes | None) -> bytes:
        """What follows a message of ``length`` bytes, up to a whole number of blocks (one at least)."""

    @abstractmethod
    def _portable(self, messages: Bytes, tag: bytes | None) -> Bytes:
        """``(n, length) → (n, 32)``, both ``uint8`` and C-contiguous, without a compiler."""

    @abstractmethod
    def _kernel(self, length: int, tag: bytes | None) -> Kernel:
        """The compiled function for messages of ``length`` bytes; imports Numba."""


def _require_words(words: Words, what: str, columns: int | None) -> None:
    if words.ndim != 2 or words.dtype != np.uint64 or columns not in (None, words.shape[1]):
        expected = "(n, columns)" if columns is None else f"(n, {columns})"
        raise ValueError(f"{what} must be {expected} of uint64, got {words.shape} of {words.dtype}")


def _side_by_side(left: Words, right: Words) -> Words:
    """``(n, 4), (n, 4) → (n, 8)``; no copy for every second row of one array, as a Merkle tree passes them."""
    start, strides = left.__array_interface__["data"][0], left.strides
    if strides == right.strides == (2 * DIGEST_BYTES, _WORD_BYTES) and (
        right.__array_interface__["data"][0] == start + DIGEST_BYTES
    ):
        return np.lib.stride_tricks.as_strided(left, (len(left), 2 * DIGEST_WORDS))
    return np.concatenate((left, right), axis=1)
