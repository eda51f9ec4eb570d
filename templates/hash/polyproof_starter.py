"""The hash starter-name for polyproof.

YOURS: as it stands this is SHA-256, called once for each row. `polyproof_interface` and `polyproof_components` stay.
"""

import hashlib

import numpy as np

from polyproof.hash import DIGEST_WORDS, Hash, Words, domain_words
from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One hash."""
    return [Component("hash", "starter-name", "SHA-256, a starting point", "polyproof_starter:StarterHash")]


class StarterHash(Hash):
    """YOURS: what is hashed, in which order, and where it is published."""

    name = "starter-name"
    word_bound = 2**64
    collision_bits = 128

    def hash_rows(self, rows: Words, domain: str) -> Words:
        """The digest of each row: ``(n, columns) → (n, 4)``; domain and number of columns are hashed with it."""
        domain_words(domain)  # raises ValueError for an invalid domain
        name = domain.encode("ascii")
        # What comes first has its length before it, so that no two domains, and no two lengths, hash the same bytes.
        prefix = hashlib.sha256(bytes([len(name)]) + name + rows.shape[1].to_bytes(8, "little"))
        digests = bytearray()
        for row in np.ascontiguousarray(rows, "<u8"):
            state = prefix.copy()
            state.update(row)  # YOURS
            digests += state.digest()
        return np.frombuffer(digests, "<u8").astype(np.uint64).reshape(len(rows), DIGEST_WORDS)

    def compress(self, left: Words, right: Words, domain: str) -> Words:
        """The digest of each pair of digests: ``(n, 4), (n, 4) → (n, 4)``, that of the eight words as one row."""
        return self.hash_rows(np.concatenate((left, right), axis=1), domain)
