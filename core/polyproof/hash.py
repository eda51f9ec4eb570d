"""The Hash interface: digests of rows, of pairs of digests and of byte strings.

A hash takes and gives words, ``uint64`` below its ``word_bound``: 2^64 for a byte hash, the modulus for a hash over a
field. A digest is 32 bytes for every hash, and held as ``digest_words`` of its words: four of 64 bits, or eight of 31.
Everything is domain-separated: a domain is a short ASCII string, and digests under different domains are unrelated.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from polyproof.engine import Engine, for_blocks
from polyproof.errors import ProofRejected

__all__ = ["DIGEST_BYTES", "DIGEST_WORDS", "DOMAIN_BYTES", "Digest", "Hash", "Words", "domain_words"]

DIGEST_WORDS = 4
"""Words of a digest where they have 64 bits, as most hashes' do. Whoever takes any hash asks it: ``digest_words``."""
DIGEST_BYTES = 32
DOMAIN_BYTES = 21
"""Length of the longest domain: three words of seven bytes or seven of three, which fit a sponge's capacity beside the
row length."""

Words = npt.NDArray[np.uint64]
Digest = npt.NDArray[np.uint64]
"""The words of a digest, shape ``(digest_words,)``; arrays of digests are ``(n, digest_words)``."""

_MOST_MESSAGE_BYTES = 7
_PACKED_ROWS = 1 << 12
"""Rows that are packed at a time."""


class Hash(ABC):
    """A collision-resistant hash with 256-bit digests, written for batches."""

    name: ClassVar[str]
    """The name used in specs. If several parameter sets are published, it says which one this is."""
    word_bound: ClassVar[int]
    """Every input word is below this bound, and output words are uniform below it: 2^64 for a byte
    hash, the modulus for a hash over a field. At least 2^24, so that three bytes fit a word."""
    digest_words: ClassVar[int] = DIGEST_WORDS
    """Words of a digest: 4, each encoded in 8 bytes, or 8, each in 4, which the word bound must fit."""
    collision_bits: ClassVar[int]
    """Claimed bits of collision resistance; at most half the bits of a digest."""

    def __init__(self, engine: Engine = Engine.PORTABLE) -> None:
        """``engine`` chooses the implementation; digests are the same."""
        self.engine = engine

    @abstractmethod
    def hash_rows(self, rows: Words, domain: str) -> Words:
        """Hash every row: ``(n, columns) → (n, digest_words)``, both ``uint64``.

        ``columns`` may be 0. The number of columns is bound into the digest, so rows of different
        lengths never hash the same input. Entries must be below ``word_bound``. That is not checked
        again here: whatever comes from outside is checked where it enters.
        """

    def hash_matrices(self, matrices: Sequence[tuple[Words, str]]) -> list[Words]:
        """Hash the rows of several matrices, each under its own domain: their digests, for each ``(rows, domain)``.

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
        """Hash pairs of digests: ``(n, d), (n, d) → (n, d)``, d = ``digest_words``.

        Equal to ``hash_rows`` of the words of both side by side under the same domain.
        """

    @classmethod
    def word_bits(cls) -> int:
        """Bits that any word has room for: ⌊log2 ``word_bound``⌋."""
        return cls.word_bound.bit_length() - 1

    @classmethod
    def message_bytes(cls) -> int:
        """Bytes of a message that go into a word: as many as it has room for, and seven at most."""
        return min(_MOST_MESSAGE_BYTES, cls.word_bits() // 8)

    @classmethod
    def split(cls, values: Words, bits: int) -> Words:
        """Values below 2^bits as words: ``(n, k) → (n, k·m)``, each as m = ⌈bits/word_bits⌉ of them, lowest first.

        The same array where a word has room for a value.
        """
        room = cls.word_bits()
        if bits <= room:
            return values
        count, mask = -(-bits // room), np.uint64((1 << room) - 1)
        shifts = np.arange(count, dtype=np.uint64) * np.uint64(room)
        words: Words = (np.asarray(values, np.uint64)[:, :, None] >> shifts) & mask
        return words.reshape(len(values), -1)

    @classmethod
    def pack(cls, elements: Words, bound: int) -> Words:
        """Rows of elements below ``bound`` ≤ ``word_bound`` as rows of words, several to a word where they fit.

        ``(n, columns) → (n, ⌈columns/m⌉)``, m = ⌊word_bits/b⌋ for a bound of b bits, at least 1: the first lowest, each
        in ⌊word_bits/m⌋ bits. Places that are left in the last word hold b ones, which no element does, so that rows
        of different lengths are different words. The same array where a word holds one element.
        """
        bits = bound.bit_length()
        together = cls.word_bits() // bits
        if together < 2 or not elements.shape[1]:
            return elements
        place = np.uint64(cls.word_bits() // together)
        rows, columns = elements.shape
        words = np.empty((rows, -(-columns // together)), np.uint64)

        def fill(start: int, stop: int) -> None:
            some, own = elements[start:stop], words[start:stop]
            own[:] = some[:, ::together]
            for k in range(1, together):
                part = some[:, k::together]
                own[:, : part.shape[1]] |= part << (place * np.uint64(k))
                own[:, part.shape[1] :] |= np.uint64((1 << bits) - 1) << (place * np.uint64(k))

        for_blocks(fill, rows, _PACKED_ROWS)
        return words

    def hash_messages(self, messages: Sequence[bytes], domain: str) -> Words:
        """Hash byte strings of any lengths, each bound to its length: ``(len(messages), digest_words)``.

        A message becomes a row: its length in bytes, then its bytes, ``message_bytes`` a word (seven where words have
        64 bits), little-endian.
        """
        digests = np.empty((len(messages), self.digest_words), np.uint64)
        by_length: dict[int, list[int]] = {}
        for index, message in enumerate(messages):
            by_length.setdefault(len(message), []).append(index)
        for length, indices in by_length.items():
            joined = np.frombuffer(b"".join(messages[index] for index in indices), np.uint8)
            digests[indices] = self.hash_equal_messages(joined.reshape(len(indices), length), domain)
        return digests

    def hash_equal_messages(self, messages: npt.NDArray[np.uint8], domain: str) -> Words:
        """Hash byte strings of one length, as ``hash_messages`` does: ``(n, length) → (n, digest_words)``."""
        count, length = messages.shape
        if length >= self.word_bound:
            raise ValueError(f"a message of {length} bytes: {self.name} takes lengths below {self.word_bound}")
        size = self.message_bytes()
        words = -(-length // size)
        padded = np.zeros((count, words * size), np.uint8)
        padded[:, :length] = messages
        bytes_of_word = np.zeros((count, words, 8), np.uint8)
        bytes_of_word[:, :, :size] = padded.reshape(count, words, size)
        rows = np.empty((count, 1 + words), np.uint64)
        rows[:, 0] = length
        rows[:, 1:] = bytes_of_word.view("<u8")[:, :, 0]
        return self.hash_rows(rows, domain)

    def encode_digests(self, digests: Words) -> bytes:
        """Digests as bytes: 32 for each digest, words little-endian."""
        return np.ascontiguousarray(digests, self._word_type()).tobytes()

    @classmethod
    def _word_type(cls) -> str:
        return f"<u{DIGEST_BYTES // cls.digest_words}"

    def decode_digests(self, data: bytes, count: int) -> Words:
        """The inverse of ``encode_digests``: shape ``(count, digest_words)``.

        Raises ``ProofRejected`` for a wrong length or a word at or above ``word_bound``.
        """
        if len(data) != count * DIGEST_BYTES:
            raise ProofRejected("digest-length", f"{count} digests take {count * DIGEST_BYTES} bytes, got {len(data)}")
        words = np.frombuffer(data, self._word_type()).astype(np.uint64).reshape(count, self.digest_words)
        if self.word_bound < 2**64 and bool((words >= np.uint64(self.word_bound)).any()):
            raise ProofRejected("digest-canonical", f"a digest word is not below {self.word_bound}")
        return words


def domain_words(domain: str, size: int = _MOST_MESSAGE_BYTES) -> tuple[int, ...]:
    """A domain as words of ``size`` bytes, 7 or 3, little-endian, for a sponge's capacity: three words or seven.

    Raises ``ValueError`` unless it has 1 to ``DOMAIN_BYTES`` ASCII characters.
    """
    data = domain.encode("ascii")
    if not 0 < len(data) <= DOMAIN_BYTES:
        raise ValueError(f"a domain has 1 to {DOMAIN_BYTES} ASCII characters: {domain!r}")
    data = data.ljust(DOMAIN_BYTES, b"\0")
    return tuple(int.from_bytes(data[start : start + size], "little") for start in range(0, DOMAIN_BYTES, size))
