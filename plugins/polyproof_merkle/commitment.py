"""Merkle trees as vector commitments: batch build, pruned multi-openings, many trees verified at once.

A tree over n = 2^d leaves is a heap: node 1 is the root, the children of node k are 2k (left) and
2k + 1 (right), leaf r is node n + r. A multi-opening holds, level by level from the leaves and from
left to right within a level, the digest of every node that is the sibling of a known one and is not
known itself; known are the opened leaves and everything that follows from them. Which nodes these
are follows from the indices alone (`_levels`), so the verifier takes no structure from the proof.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.commitment import OpenedLeaves, VectorCommitment, VectorOpening
from polyproof.errors import ProofRejected
from polyproof.hash import DIGEST_BYTES, Digest, Hash, Words
from polyproof.large_arrays import empty
from polyproof.model.counts import counted
from polyproof_merkle.checks import MerkleCheck

__all__ = ["MerkleState", "MerkleTree"]

_MAX_DEPTH = 48
"""Keeps heap positions far inside int64, whatever size is asked for."""
_BLOCK = 1 << 16
"""Digests that are computed at a time: enough for all threads, and no array of a whole level beside the tree."""


@frozen(eq=False)
class MerkleState:
    """All levels of a tree in one array: the prover's state."""

    nodes: Words
    """``(2n, digest_words)`` in heap order; node 0 is unused and zero."""

    @property
    def size(self) -> int:
        """The number of leaves n."""
        return len(self.nodes) // 2

    @property
    def root(self) -> Digest:
        """The commitment, shape ``(digest_words,)``."""
        root: Digest = self.nodes[1].copy()
        return root

    @property
    def leaves(self) -> Words:
        """The leaf digests, ``(n, digest_words)``."""
        return self.nodes[self.size :]


@frozen(eq=False)
class _Level:
    """How the known nodes of one level and their missing siblings give the known nodes of the next."""

    known: npt.NDArray[np.int64]
    """Heap positions, ascending."""
    parent: npt.NDArray[np.int64]
    """For each known node, which of the next level's known nodes it belongs to."""
    alone: npt.NDArray[np.bool_]
    """For each known node, whether its sibling is not known: the opening brings it."""


class MerkleTree(VectorCommitment):
    """The vector commitment ``merkle``: a binary tree of fixed depth over the rows of a matrix.

    Leaves and nodes are hashed under different domains, so a node never passes for a leaf. Trees
    that play different parts in one protocol take different ``leaf_domain``s.
    """

    name = "merkle"

    def __init__(self, hash: Hash, leaf_domain: str = "merkle/leaf", node_domain: str = "merkle/node") -> None:
        """``hash`` brings its engine: compiled for a prover, portable for a verifier.

        Raises ``ValueError`` if the two domains are the same.
        """
        if leaf_domain == node_domain:
            raise ValueError(f"leaves and nodes need different domains, both are {leaf_domain!r}")
        self.hash = hash
        self.leaf_domain = leaf_domain
        self.node_domain = node_domain

    # Prover

    def hash_leaves(self, rows: Words) -> Words:
        """The leaf digests of rows: ``(n, columns) → (n, digest_words)``."""
        return self.hash.hash_rows(rows, self.leaf_domain)

    def hash_leaves_together(self, matrices: Sequence[tuple[VectorCommitment, Words]]) -> list[Words]:
        """One call of ``hash_matrices``."""
        return self.hash.hash_matrices([(rows, _tree(one).leaf_domain) for one, rows in matrices])

    def commit(self, rows: Words) -> MerkleState:
        """Commit to ``(n, columns)``. Raises ``ValueError`` unless n is a power of two."""
        _require_power_of_two(len(rows))
        size = len(rows)
        nodes = empty((2 * size, self.hash.digest_words))
        nodes[0] = 0
        for start in range(0, size, _BLOCK):
            nodes[size + start : size + start + _BLOCK] = self.hash_leaves(rows[start : start + _BLOCK])
        while size > 1:
            children = nodes[size : 2 * size]
            size //= 2
            for start in range(0, size, _BLOCK):
                pairs = children[2 * start : 2 * (start + _BLOCK)]
                parents = self.hash.compress(pairs[0::2], pairs[1::2], self.node_domain)
                nodes[size + start : size + start + len(parents)] = parents
        return MerkleState(nodes)

    def open(self, state: MerkleState, indices: Sequence[int]) -> VectorOpening:
        """The siblings of these leaves and of what follows from them, in the canonical order."""
        problem = _problem(state.size, indices)
        if problem:
            raise ValueError(problem[1])
        levels = _levels(state.size, np.sort(_positions(state.size, indices)))
        missing = [np.zeros(0, np.int64), *(level.known[level.alone] ^ 1 for level in levels)]
        return VectorOpening(state.nodes[np.concatenate(missing)])

    def open_each(self, state: MerkleState, indices: Sequence[int] | npt.NDArray[np.int64]) -> Words:
        """The sibling on each level is the neighbour of the row's node there, whose position is a shift of the leaf's.

        ``(len(indices), depth, digest_words)``.
        """
        positions, depth = np.asarray(indices, np.int64) + state.size, state.size.bit_length() - 1
        if bool(((positions < state.size) | (positions >= 2 * state.size)).any()):
            raise ValueError(f"an index is not a row of a vector of {counted(state.size, 'row')}")
        siblings: Words = state.nodes[(positions[:, None] >> np.arange(depth)) ^ 1]
        return siblings

    def dump(self, state: MerkleState) -> Words:
        """All nodes in heap order: ``(2n, digest_words)``."""
        return state.nodes

    def least_dump_size(self, size: int) -> int:
        """Of all nodes."""
        return 2 * size * DIGEST_BYTES

    def load(self, array: Words) -> MerkleState:
        """The tree of these nodes."""
        return MerkleState(array)

    # Verifier

    def opening_size(self, size: int, indices: Sequence[int]) -> int:
        """The number of siblings in an opening, from the indices alone."""
        _check(size, indices)
        return _count_missing(_levels(size, np.sort(_positions(size, indices))))

    def verify(self, root: Digest, size: int, indices: Sequence[int], leaves: Words, opening: VectorOpening) -> None:
        """``verify_many`` of one."""
        self.verify_many([OpenedLeaves(root, size, indices, leaves, opening)])

    def verify_many(self, opened: Sequence[OpenedLeaves]) -> None:
        """Check openings of several trees, with one call of ``compress`` per level for all of them.

        Levels are counted from the leaves, so a smaller tree is done earlier. Raises ``ProofRejected``
        that says which opening of how many failed.
        """
        climbs = [
            _Climb(one, self.hash.digest_words, f"opening {k + 1} of {len(opened)}") for k, one in enumerate(opened)
        ]
        under_way = [climb for climb in climbs if climb.levels]
        while under_way:
            pairs = [climb.pairs() for climb in under_way]
            together = np.concatenate(pairs)
            parents = self.hash.compress(together[:, 0], together[:, 1], self.node_domain)
            ends = np.cumsum([len(pair) for pair in pairs])
            for climb, digests in zip(under_way, np.split(parents, ends[:-1]), strict=True):
                climb.digests = digests
            under_way = [climb for climb in under_way if climb.levels]
        for climb in climbs:
            if not np.array_equal(climb.digests[0], climb.root):
                raise ProofRejected("merkle-root", f"{climb.what}: leaves and siblings do not lead to the root")


class _Climb:
    """One opening on its way from the leaves to the root."""

    def __init__(self, opened: OpenedLeaves, words: int, what: str) -> None:
        """``words``: of a digest."""
        self.what = what
        _check(opened.size, opened.indices, what)
        leaves, siblings = np.asarray(opened.leaves, np.uint64), np.asarray(opened.opening.siblings, np.uint64)
        if leaves.shape != (len(opened.indices), words):
            raise ProofRejected(
                "merkle-leaves",
                f"{what}: expected {len(opened.indices)} leaf digests, got an array of shape {leaves.shape}",
            )
        positions = _positions(opened.size, opened.indices)
        order = np.argsort(positions)
        self.levels = list(_levels(opened.size, positions[order]))[::-1]
        expected = _count_missing(self.levels)
        if siblings.shape != (expected, words):
            raise ProofRejected(
                "merkle-siblings", f"{what}: expected {expected} siblings, got an array of shape {siblings.shape}"
            )
        self.root = np.asarray(opened.root, np.uint64)
        self.digests = leaves[order]
        self._siblings = siblings

    def pairs(self) -> Words:
        """Both children of every known parent of the level now in turn: ``(parents, 2, digest_words)``."""
        level = self.levels.pop()
        side = level.known & 1
        pairs = np.empty((int(level.parent[-1]) + 1, 2, self.digests.shape[1]), np.uint64)
        pairs[level.parent, side] = self.digests
        brought = int(np.count_nonzero(level.alone))
        pairs[level.parent[level.alone], 1 - side[level.alone]] = self._siblings[:brought]
        self._siblings = self._siblings[brought:]
        return pairs


def _tree(commitment: VectorCommitment) -> MerkleTree:
    if not isinstance(commitment, MerkleTree):
        raise TypeError(f"leaves of Merkle trees are hashed together, not of a {type(commitment).__name__}")
    return commitment


def _levels(size: int, known: npt.NDArray[np.int64]) -> Iterator[_Level]:
    """The levels from the leaves up to the root's children; ``known`` are ascending heap positions of leaves."""
    for _ in range(size.bit_length() - 1):
        # Ascending and distinct: a sibling is a neighbour or absent.
        is_right_of_pair = np.zeros(len(known), np.bool_)
        is_right_of_pair[1:] = (known[:-1] ^ 1) == known[1:]
        alone = ~is_right_of_pair
        alone[:-1] &= ~is_right_of_pair[1:]
        yield _Level(known, np.cumsum(~is_right_of_pair) - 1, alone)
        known = known[~is_right_of_pair] >> 1


def _count_missing(levels: Iterable[_Level]) -> int:
    return sum(int(np.count_nonzero(level.alone)) for level in levels)


def _positions(size: int, indices: Sequence[int]) -> npt.NDArray[np.int64]:
    """Heap positions of leaves."""
    return np.array([operator.index(index) for index in indices], np.int64) + size


def _problem(size: int, indices: Sequence[int]) -> tuple[MerkleCheck, str] | None:
    """Name of the failed check and a sentence, or ``None`` if these rows of such a vector can be opened."""
    if not 0 < size <= 1 << _MAX_DEPTH or size & (size - 1):
        return MerkleCheck.SIZE, f"a vector has 2^0 to 2^{_MAX_DEPTH} rows, a power of two, not {size}"
    if len(indices) == 0:
        return MerkleCheck.INDICES, "an opening of no rows shows nothing"
    for index in indices:
        if not 0 <= index < size:
            return MerkleCheck.INDICES, f"index {index} is not a row of a vector of {counted(size, 'row')}"
    if len(set(indices)) != len(indices):
        return MerkleCheck.INDICES, "an index is repeated"
    return None


def _check(size: int, indices: Sequence[int], what: str = "opening") -> None:
    problem = _problem(size, indices)
    if problem:
        check, reason = problem
        raise ProofRejected(check, f"{what}: {reason}")


def _require_power_of_two(size: int) -> None:
    if size < 1 or size & (size - 1):
        raise ValueError(f"the number of leaves of a Merkle tree is a power of two, not {size}")
