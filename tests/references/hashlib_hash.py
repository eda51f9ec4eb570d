"""A hash made of hashlib's BLAKE2s: a test double that needs no plugin, and the smallest example of a Hash."""

from __future__ import annotations

import hashlib

import numpy as np

from polyproof.hash import DIGEST_WORDS, Hash, Words
from polyproof.hookspecs import Component, hookimpl


def digest_of_words(words: list[int], domain: str) -> bytes:
    """The hash in plain Python: the domain is BLAKE2's personal string, hashed down to eight bytes."""
    personal = hashlib.blake2s(domain.encode(), digest_size=8).digest()
    return hashlib.blake2s(b"".join(word.to_bytes(8, "little") for word in words), person=personal).digest()


class HashlibHash(Hash):
    """BLAKE2s of the words, domain-separated by the personal string, one row at a time."""

    name = "hashlib-blake2s"
    word_bound = 2**64
    collision_bits = 128

    def hash_rows(self, rows: Words, domain: str) -> Words:
        personal = hashlib.blake2s(domain.encode(), digest_size=8).digest()
        data = np.ascontiguousarray(rows, "<u8")
        digests = b"".join(hashlib.blake2s(row.tobytes(), person=personal).digest() for row in data)
        return np.frombuffer(digests, "<u8").astype(np.uint64).reshape(len(rows), DIGEST_WORDS)

    def compress(self, left: Words, right: Words, domain: str) -> Words:
        return self.hash_rows(np.concatenate((left, right), axis=1), domain)


polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """The module is a plugin too, so that a registry can hold the double."""
    return [Component("hash", "hashlib-blake2s", "BLAKE2s of hashlib, for tests", f"{__name__}:HashlibHash")]
