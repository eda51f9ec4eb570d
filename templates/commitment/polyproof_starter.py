"""The vector commitment starter-name for polyproof.

YOURS: as it stands the root is one digest of all leaves, and an opening brings every leaf that it does not open: as
long as the vector, so good for nothing but a beginning.
"""

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from polyproof.commitment import VectorCommitment, VectorOpening
from polyproof.errors import ProofRejected
from polyproof.hash import Digest, Hash, Words
from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2

ROOT_DOMAIN = "own/root"  # YOURS: at most 21 characters, and no other scheme's
MAX_SIZE = 1 << 48


@hookimpl
def polyproof_components() -> list[Component]:
    """One commitment."""
    summary = "One digest of all leaves, a starting point"
    return [Component("commitment", "starter-name", summary, "polyproof_starter:StarterCommitment")]


@frozen(eq=False)
class State:
    """What the prover keeps: here the leaf digests, and the root. A digest has ``hash.digest_words`` words."""

    leaves: Words
    root: Digest


class StarterCommitment(VectorCommitment):
    """YOURS: how leaves become a root, and what an opening brings."""

    name = "starter-name"

    def __init__(self, hash: Hash, leaf_domain: str = "own/leaf") -> None:
        """``hash`` brings its engine; ``leaf_domain`` is another for each part of a protocol."""
        if leaf_domain == ROOT_DOMAIN:
            raise ValueError(f"{ROOT_DOMAIN!r} is the domain of roots")
        self.hash = hash
        self.leaf_domain = leaf_domain

    # Prover

    def hash_leaves(self, rows: Words) -> Words:
        """The leaf digests of rows: ``(n, columns) → (n, digest_words)``."""
        return self.hash.hash_rows(rows, self.leaf_domain)

    def commit(self, rows: Words) -> State:
        """``(n, columns)``, n a power of two, to a state that has the root."""
        if self._problem(len(rows), [0]):
            raise ValueError(f"the number of leaves is a power of two, not {len(rows)}")
        return self.load(self.hash_leaves(rows))

    def open(self, state: State, indices: Sequence[int]) -> VectorOpening:
        """YOURS: what a verifier needs besides the leaves at ``indices``; in an order that follows from these alone."""
        problem = self._problem(len(state.leaves), indices)
        if problem:
            raise ValueError(problem)
        return VectorOpening(np.delete(state.leaves, list(indices), axis=0))

    def dump(self, state: State) -> Words:
        """The state as one array, for storage on disk."""
        return state.leaves

    def load(self, array: Words) -> State:
        """The inverse of ``dump``."""
        return State(array, self.hash.hash_rows(np.ascontiguousarray(array).reshape(1, -1), ROOT_DOMAIN)[0])

    # Verifier

    def opening_size(self, size: int, indices: Sequence[int]) -> int:
        """YOURS: how many digests the opening has, counted from what the verifier knows."""
        problem = self._problem(size, indices)
        if problem:
            raise ProofRejected("own-indices", problem)
        return size - len(indices)

    def verify(self, root: Digest, size: int, indices: Sequence[int], leaves: Words, opening: VectorOpening) -> None:
        """YOURS: ``ProofRejected``, and nothing else, for leaves and an opening that do not lead to the root."""
        expected = self.opening_size(size, indices)
        leaves, siblings = np.asarray(leaves), np.asarray(opening.siblings)
        words = self.hash.digest_words
        if leaves.shape != (len(indices), words) or siblings.shape != (expected, words):
            raise ProofRejected("own-siblings", f"expected {len(indices)} leaves and {expected} siblings")
        places = np.array([*indices, *sorted(set(range(size)).difference(indices))], np.int64)
        row = np.concatenate((leaves, siblings))[np.argsort(places)].reshape(1, -1)
        if not np.array_equal(self.hash.hash_rows(row, ROOT_DOMAIN)[0], root):
            raise ProofRejected("own-root", "leaves and siblings do not lead to the root")

    @staticmethod
    def _problem(size: int, indices: Sequence[int]) -> str:
        """Why rows of such a vector cannot be opened, or nothing."""
        if not 0 < size <= MAX_SIZE or size & (size - 1):
            return f"the number of leaves is a power of two, not {size}"
        if not len(indices) or len(set(indices)) < len(indices):
            return "an opening is of one row or more, each once"
        if not all(0 <= index < size for index in indices):
            return f"an index is not one of {size} rows"
        return ""
