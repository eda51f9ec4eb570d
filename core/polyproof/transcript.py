"""The Fiat-Shamir transcript: typed, length-prefixed messages in, challenges out.

The state is one digest. Absorbing a message replaces it by the hash of (state ‖ type ‖ length ‖
words); a draw hashes (state ‖ counter) under another domain and uses the words by rejection, so
challenges are uniform. Nothing that is absorbed can be parsed as something else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from polyproof.hash import DIGEST_WORDS, Digest, Hash, Words

if TYPE_CHECKING:
    from polyproof.field import Elements, Extension, Field

__all__ = ["Transcript"]

_ABSORB = "transcript/absorb"
_DRAW = "transcript/draw"
_GRIND = "transcript/grind"
_TEXT, _INTEGERS, _ELEMENTS, _DIGESTS, _NONCE = range(1, 6)
_MASK32 = (1 << 32) - 1


class Transcript:
    """A duplex over any ``Hash``. Prover and verifier make the same calls in the same order."""

    def __init__(self, hash: Hash, label: str) -> None:
        """Begin with the protocol's label and version, for example ``"polyproof/accounts-stark/1"``."""
        self._hash = hash
        self._state: Digest = np.zeros(DIGEST_WORDS, np.uint64)
        self.absorb_text(label)

    @property
    def state(self) -> Digest:
        """The digest of everything absorbed so far, shape ``(4,)``."""
        return self._state.copy()

    def _absorb(self, kind: int, words: Words) -> None:
        row = np.concatenate((self._state, np.array([kind, words.size], np.uint64), words.ravel()))
        self._state = self._hash.hash_rows(row[None, :], _ABSORB)[0]

    def absorb_text(self, text: str | bytes) -> None:
        """Absorb a string (as UTF-8) or bytes."""
        data = text.encode() if isinstance(text, str) else text
        self._absorb(_TEXT, self._hash.hash_messages([data], "transcript/text")[0])

    def absorb_integers(self, *values: int) -> None:
        """Absorb non-negative integers of any size, each with its own length."""
        words: list[int] = []
        for value in values:
            if value < 0:
                raise ValueError("a transcript absorbs non-negative integers")
            limbs = [(value >> shift) & _MASK32 for shift in range(0, max(value.bit_length(), 1), 32)]
            words += [len(limbs), *limbs]
        self._absorb(_INTEGERS, np.array(words, np.uint64))

    def absorb_elements(self, elements: Elements) -> None:
        """Absorb canonical field or extension elements in C order, as 32-bit halves.

        Halves keep the message independent of whether the hash has the same field.
        """
        flat = np.ascontiguousarray(elements, np.uint64).ravel()
        words = np.empty((flat.size, 2), np.uint64)
        words[:, 0] = flat & np.uint64(_MASK32)
        words[:, 1] = flat >> np.uint64(32)
        self._absorb(_ELEMENTS, words.ravel())

    def absorb_digests(self, digests: Words) -> None:
        """Absorb digests of this transcript's hash, shape ``(4,)`` or ``(n, 4)``."""
        self._absorb(_DIGESTS, np.ascontiguousarray(digests, np.uint64).ravel())

    def _words(self) -> Iterator[int]:
        """Uniform words below ``hash.word_bound``; the state moves on when the draw is closed."""
        counter = 0
        while True:
            row = np.concatenate((self._state, np.array([counter], np.uint64)))
            yield from (int(word) for word in self._hash.hash_rows(row[None, :], _DRAW)[0])
            counter += 1

    def _uniform(self, bound: int, count: int) -> list[int]:
        limit = self._hash.word_bound - self._hash.word_bound % bound
        drawn: list[int] = []
        for word in self._words():
            if word < limit:
                drawn.append(word % bound)
            if len(drawn) == count:
                break
        self.absorb_integers(count, bound)
        return drawn

    def draw_element(self, field: Field) -> int:
        """A uniform base-field element."""
        return self._uniform(field.modulus, 1)[0]

    def draw_extension(self, extension: Extension) -> Elements:
        """A uniform element of the extension that is not in the base field, shape ``(e,)``.

        Redrawn while it lies in the base field, as the protocol wants of α and z.
        """
        while True:
            words = self._uniform(extension.field.modulus, extension.degree)
            element = np.array(words, np.uint64)
            if not extension.in_base(element):
                return element

    def draw_integers(self, count: int, bound: int) -> list[int]:
        """``count`` independent uniform integers below ``bound``."""
        return self._uniform(bound, count)

    def draw_indices(self, count: int, bound: int) -> list[int]:
        """``count`` different integers below ``bound``, in the order drawn."""
        if count > bound:
            raise ValueError(f"{count} different integers below {bound} do not exist")
        chosen: dict[int, None] = {}
        while len(chosen) < count:
            for index in self._uniform(bound, count - len(chosen)):
                chosen.setdefault(index)
        return list(chosen)

    def grind(self, bits: int) -> int:
        """Find a nonce for ``check_grinding``, absorb it, return it. Takes about 2^bits hashes."""
        batch = 1 << 12
        start = 0
        while True:
            nonces = np.arange(start, start + batch, dtype=np.uint64)
            good = np.flatnonzero(self._ground(nonces, bits))
            if good.size:
                nonce = int(nonces[good[0]])
                self.absorb_nonce(nonce)
                return nonce
            start += batch

    def check_grinding(self, nonce: int, bits: int) -> bool:
        """Whether the hash of (state ‖ nonce) begins with ``bits`` zero bits; absorbs nothing."""
        return 0 <= nonce < 2**32 * 2**16 and bool(self._ground(np.array([nonce], np.uint64), bits)[0])

    def absorb_nonce(self, nonce: int) -> None:
        """Absorb the grinding nonce, before queries are drawn."""
        self._absorb(_NONCE, np.array([nonce & _MASK32, nonce >> 32], np.uint64))

    def _ground(self, nonces: Words, bits: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        rows = np.empty((nonces.size, DIGEST_WORDS + 1), np.uint64)
        rows[:, :DIGEST_WORDS] = self._state
        rows[:, DIGEST_WORDS] = nonces
        low = self._hash.hash_rows(rows, _GRIND)[:, 0]
        result: np.ndarray[tuple[int], np.dtype[np.bool_]] = (low & np.uint64((1 << bits) - 1)) == 0
        return result
