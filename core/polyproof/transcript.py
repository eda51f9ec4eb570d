"""The Fiat-Shamir transcript: typed, length-prefixed messages in, challenges out.

The state is one digest. Absorbing a message replaces it by the hash of (state ‖ type ‖ length ‖
words). A draw hashes (state ‖ counter) under another domain and takes words by rejection sampling, so
challenges are uniform. No message can be parsed as a different one.

Every message and every draw has a name, for readers, tests and conformance suites. Names are not absorbed:
messages are told apart by their order, type and length.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from polyproof.field import Elements, Extension
from polyproof.hash import Digest, Hash, Words

__all__ = ["Transcript"]

_ABSORB = "transcript/absorb"
_DRAW = "transcript/draw"
_GRIND = "transcript/grind"
_TEXT, _INTEGERS, _ELEMENTS, _DIGESTS, _NONCE = range(1, 6)
_LIMB_BITS = 32
"""Bits of a limb, in which integers and elements are absorbed, where words of the hash have room for them."""
_WORK_BITS = 16
"""Bits of grinding that a word shows, of a hash whose words are too narrow for the nonce."""
_NONCE_BITS = 48


class Transcript:
    """A duplex over any ``Hash``. Prover and verifier make the same calls in the same order."""

    def __init__(self, hash: Hash, label: str) -> None:
        """Begin with the protocol's label and version, for example ``"polyproof/accounts-stark/1"``."""
        self._hash = hash
        self._state: Digest = np.zeros(hash.digest_words, np.uint64)
        self._limb_bits = min(_LIMB_BITS, hash.word_bits())
        self.absorb_text("label", label)

    @property
    def state(self) -> Digest:
        """The digest of everything absorbed so far, shape ``(digest_words,)``."""
        return self._state.copy()

    def _absorb(self, name: str, kind: int, words: Words) -> None:
        """Every message comes through here; ``name`` is for subclasses that record the messages."""
        row = np.concatenate((self._state, np.array([kind, words.size], np.uint64), words.ravel()))
        self._state = self._hash.hash_rows(row[None, :], _ABSORB)[0]

    def absorb_text(self, name: str, text: str | bytes) -> None:
        """Absorb a string (as UTF-8) or bytes."""
        data = text.encode() if isinstance(text, str) else text
        self._absorb(name, _TEXT, self._hash.hash_messages([data], "transcript/text")[0])

    def absorb_integers(self, name: str, *values: int) -> None:
        """Absorb integers of any size, each with its own length. Raises ``ValueError`` for a negative one."""
        self._absorb(name, _INTEGERS, self._limbs(name, values))

    def absorb_elements(self, name: str, elements: Elements, *, below: int) -> None:
        """Absorb canonical field or extension elements in C order; ``below`` is the modulus.

        Each as one word if elements are below 2^32 and words have room for them, else as limbs, lowest first, of 32
        bits or as many as a word of the hash has room for. For a modulus of 64 bits those are halves, whether the hash
        has the same field or not.
        """
        flat = np.ascontiguousarray(elements, np.uint64).ravel()
        if below > min(self._hash.word_bound, 1 << _LIMB_BITS):
            limbs = -(-(below - 1).bit_length() // self._limb_bits)
            shifts = np.arange(limbs, dtype=np.uint64) * np.uint64(self._limb_bits)
            flat = ((flat[:, None] >> shifts) & np.uint64((1 << self._limb_bits) - 1)).ravel()
        self._absorb(name, _ELEMENTS, flat)

    def absorb_digests(self, name: str, digests: Words) -> None:
        """Absorb digests of this transcript's hash, shape ``(digest_words,)`` or ``(n, digest_words)``."""
        self._absorb(name, _DIGESTS, np.ascontiguousarray(digests, np.uint64).ravel())

    def _words(self, first: int, count: int) -> list[int]:
        """The digests that ``count`` counters from ``first`` on give, as uniform words below ``hash.word_bound``."""
        rows = np.empty((count, self._hash.digest_words + 1), np.uint64)
        rows[:, :-1] = self._state
        rows[:, -1] = np.arange(first, first + count, dtype=np.uint64)
        words: list[int] = self._hash.hash_rows(rows, _DRAW).ravel().tolist()
        return words

    def _uniform(self, name: str, bound: int, count: int) -> list[int]:
        if bound <= 0:
            raise ValueError(f"{name!r}: there is no integer from 0 on below {bound}")
        # As many words as it takes are the digits of one integer, which is uniform below ``space``; rejecting what does
        # not fit into whole multiples of the bound leaves no bias, whatever the size of the bound.
        base, digits, space = self._hash.word_bound, 1, self._hash.word_bound
        while space < bound:
            digits, space = digits + 1, space * base
        limit = space - space % bound
        drawn: list[int] = []
        counter = 0
        while len(drawn) < count:
            # As many rows as are needed if nothing is rejected, at once.
            rows = -(-(count - len(drawn)) * digits // self._hash.digest_words)
            words = self._words(counter, rows)
            for start in range(0, len(words) - digits + 1, digits):
                value = sum(word * base**k for k, word in enumerate(words[start : start + digits]))
                if value < limit:
                    drawn.append(value % bound)
            counter += rows
        self._absorb(name, _INTEGERS, self._limbs(name, (count, bound)))
        return drawn[:count]

    def draw_extension(self, name: str, extension: Extension) -> Elements:
        """A uniform element of the extension that is not in the base field, shape ``(e,)``.

        An element of the base field is drawn again: as a challenge it could be a point of the trace domain or a
        value in a lookup table.
        """
        while True:
            words = self._uniform(name, extension.field.modulus, extension.degree)
            element = np.array(words, np.uint64)
            if not extension.in_base(element):
                return element

    def draw_integers(self, name: str, count: int, bound: int) -> list[int]:
        """``count`` independent uniform integers below ``bound``, of any size from 1 on; else ``ValueError``."""
        return self._uniform(name, bound, count)

    def draw_indices(self, name: str, count: int, bound: int) -> list[int]:
        """``count`` distinct integers below ``bound``, in the order drawn.

        Raises ``ValueError`` if ``count`` exceeds ``bound``.
        """
        if count > bound:
            raise ValueError(f"there are no {count} distinct integers below {bound}")
        chosen: dict[int, None] = {}
        while len(chosen) < count:
            for index in self._uniform(name, bound, count - len(chosen)):
                chosen.setdefault(index)
        return list(chosen)

    def grind(self, bits: int) -> int:
        """Find a nonce that passes ``check_grinding``, absorb it and return it. Takes about 2^bits hashes."""
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
        """Whether the hash of (state ‖ nonce) ends in ``bits`` zero bits, for a nonce below 2^48. Absorbs nothing.

        That is its first word, or of a hash whose words do not hold every nonce, sixteen bits of each word in turn;
        such a hash takes the nonce in limbs.
        """
        return 0 <= nonce < 1 << _NONCE_BITS and bool(self._ground(np.array([nonce], np.uint64), bits)[0])

    def absorb_nonce(self, nonce: int) -> None:
        """Absorb the grinding nonce. Called before queries are drawn."""
        self._absorb("nonce", _NONCE, self._nonce_limbs(np.array([nonce], np.uint64)).ravel())

    def _nonce_limbs(self, nonces: Words) -> Words:
        shifts = np.array([0, self._limb_bits], np.uint64)
        return (nonces[:, None] >> shifts) & np.array([(1 << self._limb_bits) - 1, (1 << 64) - 1], np.uint64)

    def _ground(self, nonces: Words, bits: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        narrow = self._hash.word_bits() < _NONCE_BITS
        shown = self._nonce_limbs(nonces) if narrow else nonces[:, None]
        state = np.broadcast_to(self._state, (nonces.size, self._state.size))
        digests = self._hash.hash_rows(np.concatenate((state, shown), axis=1), _GRIND)
        result = np.ones(nonces.size, np.bool_)
        size = _WORK_BITS if narrow else bits
        for word, start in enumerate(range(0, bits, max(size, 1))):
            result &= (digests[:, word] & np.uint64((1 << min(size, bits - start)) - 1)) == 0
        return result

    def _limbs(self, name: str, values: Iterable[int]) -> Words:
        """Integers as words: for each, the number of its limbs (at least one), then the limbs, lowest first."""
        words: list[int] = []
        for value in values:
            if value < 0:
                raise ValueError(f"a transcript absorbs only non-negative integers, and {name!r} has {value}")
            mask = (1 << self._limb_bits) - 1
            limbs = [(value >> shift) & mask for shift in range(0, max(value.bit_length(), 1), self._limb_bits)]
            words += [len(limbs), *limbs]
        return np.array(words, np.uint64)
