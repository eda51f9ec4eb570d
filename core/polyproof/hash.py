"""The Hash interface: digests of rows, of pairs of digests and of byte strings.

A digest has 256 bits for every hash, held as four ``uint64`` words. Everything is domain-separated:
a domain is a short ASCII string, and digests under different domains are unrelated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from polyproof.engine import Engine
from polyproof.errors import ProofRejected

__all__ = ["DIGEST_BYTES", "DIGEST_WORDS", "DOMAIN_BYTES", "Digest", "Hash", "Words", "domain_words"]

DIGEST_WORDS = 4
DIGEST_BYTES = 32
DOMAIN_BYTES = 21
"""Length of the longest domain: three words of seven bytes, which fit a sponge's capacity beside the row length."""

Words = npt.NDArray[np.uint64]
Digest = npt.NDArray[np.uint64]
"""Four words, shape ``(4,)``; arrays of digests are ``(n, 4)``."""

_MESSAGE_WORD_BYTES = 7


class Hash(ABC):
    """A collision-resistant hash with 256-bit digests, written for batches."""

    name: ClassVar[str]
    """The name used in specs. If several parameter sets are published, it says which one this is."""
    word_bound: ClassVar[int]
    """Every input word is below this bound, and output words are uniform below it: 2^64 for a byte
    hash, the modulus for a hash over a field. At least 2^56, so that seven bytes fit a word."""
    collision_bits: ClassVar[int]
    """Claimed bits of collision resistance; at most 128 for a 256-bit digest."""

    def __init__(self, engine: Engine = Engine.PORTABLE) -> None:
        """``engine`` chooses the implementation; digests are the same."""
        self.engine = engine

    @abstractmethod
    def hash_rows(self, rows: Words, domain: str) -> Words:
        """Hash every row: ``(n, columns) → (n, 4)``, both ``uint64``.

        ``columns`` may be 0. The number of columns is bound into the digest, so rows of different
        lengths never hash the same input. Entries must be below ``word_bound``. That is not checked
        again here: whatever comes from outside is checked where it enters.
        """

    def hash_matrices(self, matrices: Sequence[tuple[Words, str]]) -> list[Words]:
        """Hash the rows of several matrices, each under its own domain: ``(n, 4)`` for each ``(rows, domain)``.

        Equal to ``hash_rows`` of each. Those that share width and domain are hashed in one call; a hash overrides it if
        it can hash rows of different widths together as well.
        """
        alike: dict[tuple[int, str], list[int]] = {}
        for number, (rows, domain) in enumerate(matrices):
            alike.setdefault((rows.shape[1], domain), []).append(number)
        digests: dict[int, Words] = {}
        for (_, domain), numbers in alike.items():
            parts = [matrices[number][0] for number in numbers]
            together = self.hash_rows(np.concatenate(parts) if len(parts) > 1 else parts[0], domain)
            ends = np.cumsum([len(part) for part in parts])[:-1]
            digests.update(zip(numbers, np.split(together, ends), strict=True))
        return [digests[number] for number in range(len(matrices))]

    @abstractmethod
    def compress(self, left: Words, right: Words, domain: str) -> Words:
        """Hash pairs of digests: ``(n, 4), (n, 4) → (n, 4)``.

        Equal to ``hash_rows`` of the eight words side by side under the same domain.
        """

    def hash_messages(self, messages: Sequence[bytes], domain: str) -> Words:
        """Hash byte strings of any lengths, each bound to its length: ``(len(messages), 4)``.

        A message becomes a row: its length in bytes, then its bytes, seven a word, little-endian.
        """
        digests = np.empty((len(messages), DIGEST_WORDS), np.uint64)
        by_length: dict[int, list[int]] = {}
        for index, message in enumerate(messages):
            by_length.setdefault(len(message), []).append(index)
        for length, indices in by_length.items():
            joined = np.frombuffer(b"".join(messages[index] for index in indices), np.uint8)
            digests[indices] = self.hash_equal_messages(joined.reshape(len(indices), length), domain)
        return digests

    def hash_equal_messages(self, messages: npt.NDArray[np.uint8], domain: str) -> Words:
        """Hash byte strings of one length, as ``hash_messages`` does: ``(n, length) → (n, 4)``."""
        count, length = messages.shape
        words = -(-length // _MESSAGE_WORD_BYTES)
        padded = np.zeros((count, words * _MESSAGE_WORD_BYTES), np.uint8)
        padded[:, :length] = messages
        bytes_of_word = np.zeros((count, words, 8), np.uint8)
        bytes_of_word[:, :, :_MESSAGE_WORD_BYTES] = padded.reshape(count, words, _MESSAGE_WORD_BYTES)
        rows = np.empty((count, 1 + words), np.uint64)
        rows[:, 0] = length
        rows[:, 1:] = bytes_of_word.view("<u8")[:, :, 0]
        return self.hash_rows(rows, domain)

    def encode_digests(self, digests: Words) -> bytes:
        """Digests as bytes: 32 for each digest, words little-endian."""
        return np.ascontiguousarray(digests, "<u8").tobytes()

    def decode_digests(self, data: bytes, count: int) -> Words:
        """The inverse of ``encode_digests``: shape ``(count, 4)``.

        Raises ``ProofRejected`` for a wrong length or a word at or above ``word_bound``.
        """
        if len(data) != count * DIGEST_BYTES:
            raise ProofRejected("digest-length", f"{count} digests take {count * DIGEST_BYTES} bytes, got {len(data)}")
        words = np.frombuffer(data, "<u8").astype(np.uint64).reshape(count, DIGEST_WORDS)
        if self.word_bound < 2**64 and bool((words >= np.uint64(self.word_bound)).any()):
            raise ProofRejected("digest-canonical", f"a digest word is not below {self.word_bound}")
        return words


def domain_words(domain: str) -> tuple[int, int, int]:
    """A domain as three words of seven bytes, little-endian, for a sponge's capacity.

    Raises ``ValueError`` unless it has 1 to ``DOMAIN_BYTES`` ASCII characters.
    """
    data = domain.encode("ascii")
    if not 0 < len(data) <= DOMAIN_BYTES:
        raise ValueError(f"a domain has 1 to {DOMAIN_BYTES} ASCII characters: {domain!r}")
    data = data.ljust(DOMAIN_BYTES, b"\0")
    first, second, third = (int.from_bytes(data[i : i + 7], "little") for i in (0, 7, 14))
    return first, second, third
