"""BLAKE2b (RFC 7693) as a hash for polyproof, by hashlib."""

import hashlib

import numpy as np

from polyproof.hash import DIGEST_WORDS, Hash, Words, domain_words
from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One hash."""
    return [Component("hash", "blake2b", "BLAKE2b with 256 bits, keyed by the domain", "polyproof_blake2b:Blake2b")]


class Blake2b(Hash):
    """The digest of a row is BLAKE2b-256 of its words, little-endian, under the domain as key."""

    name = "blake2b"
    word_bound = 2**64
    collision_bits = 128

    def hash_rows(self, rows: Words, domain: str) -> Words:
        """Hash every row: ``(n, columns) → (n, 4)``."""
        domain_words(domain)  # raises ValueError for an invalid domain
        keyed = hashlib.blake2b(key=domain.encode("ascii"), digest_size=32)
        digests = bytearray()
        for row in np.ascontiguousarray(rows, "<u8"):
            state = keyed.copy()
            state.update(row)
            digests += state.digest()
        return np.frombuffer(digests, "<u8").astype(np.uint64).reshape(len(rows), DIGEST_WORDS)

    def compress(self, left: Words, right: Words, domain: str) -> Words:
        """Hash pairs of digests: ``(n, 4), (n, 4) → (n, 4)``."""
        return self.hash_rows(np.concatenate((left, right), axis=1), domain)
