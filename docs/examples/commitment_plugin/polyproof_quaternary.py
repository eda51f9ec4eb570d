"""A Merkle tree with four children to a node, as a vector commitment for polyproof.

Half as many levels as a binary tree has, and three siblings on each: fewer calls of the hash for a larger opening.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen

from polyproof.commitment import VectorCommitment, VectorOpening
from polyproof.errors import ProofRejected
from polyproof.hash import Digest, Hash, Words
from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2

NODE_DOMAIN = "quaternary/node"
MAX_SIZE = 1 << 48


@hookimpl
def polyproof_components() -> list[Component]:
    """One commitment."""
    return [
        Component(
            "commitment", "quaternary", "Merkle tree of four children to a node", "polyproof_quaternary:QuaternaryTree"
        )
    ]


@frozen(eq=False)
class State:
    """The digests of every level, leaves first, in one array; the root is the last."""

    nodes: Words
    size: int

    @property
    def root(self) -> Digest:
        """Shape ``(4,)``."""
        return self.nodes[-1].copy()


def _sizes(size: int) -> list[int]:
    """Nodes of every level, leaves first: a quarter from level to level, the last time a half if 2 are left."""
    sizes = [size]
    while sizes[-1] > 1:
        sizes.append(sizes[-1] // min(4, sizes[-1]))
    return sizes


def _levels(size: int, indices: Sequence[int]) -> Iterator[tuple[int, list[int], list[int]]]:
    """For each level below the root: children to a node, the nodes known there, and those that the opening brings.

    Both sides derive it from the indices alone, so a proof says nothing about its own structure.
    """
    known = sorted(indices)
    while size > 1:
        arity = min(4, size)
        parents = sorted({index // arity for index in known})
        family = {arity * parent + child for parent in parents for child in range(arity)}
        yield arity, known, sorted(family.difference(known))
        size, known = size // arity, parents


class QuaternaryTree(VectorCommitment):
    """Leaves are hashed under ``leaf_domain`` and nodes under another, so that a node never passes for a leaf."""

    name = "quaternary"

    def __init__(self, hash: Hash, leaf_domain: str = "quaternary/leaf") -> None:
        """``hash`` brings its engine."""
        if leaf_domain == NODE_DOMAIN:
            raise ValueError(f"{NODE_DOMAIN!r} is the domain of nodes")
        self.hash = hash
        self.leaf_domain = leaf_domain

    # Prover

    def hash_leaves(self, rows: Words) -> Words:
        """The leaf digests of rows."""
        return self.hash.hash_rows(rows, self.leaf_domain)

    def commit(self, rows: Words) -> State:
        """Hash leaves, then level by level."""
        if self._problem(len(rows), [0]):
            raise ValueError(f"the number of leaves is a power of two, not {len(rows)}")
        levels = [self.hash_leaves(rows)]
        for size in _sizes(len(rows))[1:]:
            levels.append(self.hash.hash_rows(levels[-1].reshape(size, -1), NODE_DOMAIN))
        return State(np.concatenate(levels), len(rows))

    def open(self, state: State, indices: Sequence[int]) -> VectorOpening:
        """The digests that the opening brings, level by level, left to right."""
        problem = self._problem(state.size, indices)
        if problem:
            raise ValueError(problem)
        brought, start = [], 0
        for size, (_, _, missing) in zip(_sizes(state.size), _levels(state.size, indices), strict=False):
            brought += [start + index for index in missing]
            start += size
        return VectorOpening(state.nodes[np.array(brought, np.int64)])

    def dump(self, state: State) -> Words:
        """All nodes."""
        return state.nodes

    def load(self, array: Words) -> State:
        """The number of leaves follows from the number of nodes."""
        size = 1
        while sum(_sizes(size)) < len(array):
            size *= 2
        return State(array, size)

    # Verifier

    def opening_size(self, size: int, indices: Sequence[int]) -> int:
        """Counted from the indices."""
        problem = self._problem(size, indices)
        if problem:
            raise ProofRejected("quaternary-indices", problem)
        return sum(len(missing) for _, _, missing in _levels(size, indices))

    def verify(self, root: Digest, size: int, indices: Sequence[int], leaves: Words, opening: VectorOpening) -> None:
        """Fill in what the opening brings, level by level, up to the root."""
        expected, words = self.opening_size(size, indices), self.hash.digest_words
        leaves, siblings = np.asarray(leaves), np.asarray(opening.siblings)
        if leaves.shape != (len(indices), words) or siblings.shape != (expected, words):
            raise ProofRejected("quaternary-siblings", f"expected {len(indices)} leaves and {expected} siblings")
        digests, used = leaves[np.argsort(np.array(indices, np.int64))], 0
        for arity, known, missing in _levels(size, indices):
            both = np.concatenate((digests, siblings[used : used + len(missing)]))
            used += len(missing)
            in_order = both[np.argsort(np.array([*known, *missing]))]
            digests = self.hash.hash_rows(in_order.reshape(-1, arity * words), NODE_DOMAIN)
        if not np.array_equal(digests[0], root):
            raise ProofRejected("quaternary-root", "leaves and siblings do not lead to the root")

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
