"""BLAKE2b (RFC 7693) as a hash for polyproof: by hashlib, and compiled."""

import hashlib

import numpy as np

from polyproof.engine import Engine, for_blocks
from polyproof.hash import DIGEST_WORDS, Hash, Words, domain_words
from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2

BLOCK_BYTES = 1 << 20
"""Of rows that a thread hashes at a time: about a millisecond, so that threads end together."""


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
        if self.engine is Engine.COMPILED and rows.shape[1]:  # without words the key is the last block: hashlib's
            return _compiled(rows, domain)
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


def _compiled(rows: Words, domain: str) -> Words:
    """The same digests: the key block once, and then blocks of rows on all threads."""
    from polyproof_blake2b import kernels  # here, not above: this imports the compiler

    key = np.frombuffer(domain.encode("ascii").ljust(128, b"\0"), "<u8").astype(np.uint64)
    keyed = kernels.keyed(key, len(domain))
    digests = np.empty((len(rows), DIGEST_WORDS), np.uint64)

    def hash_block(start: int, stop: int) -> None:
        # One type of array, one compilation: a slice that is read-only, or not contiguous, would be another.
        block = np.require(rows[start:stop], np.uint64, ("C_CONTIGUOUS", "ALIGNED", "WRITEABLE"))
        kernels.hash_rows(block, keyed, digests[start:stop])

    for_blocks(hash_block, len(rows), max(1, BLOCK_BYTES // (8 * rows.shape[1])))
    return digests
