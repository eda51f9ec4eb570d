"""The CommitmentScheme interface and its two families: vector and polynomial commitments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.field import Elements, Extension
from polyproof.hash import Digest, Hash, Words
from polyproof.transcript import Transcript

__all__ = ["CommitmentScheme", "OpenedLeaves", "PolynomialCommitment", "VectorCommitment", "VectorOpening"]


class CommitmentScheme(ABC):
    """What vector and polynomial commitments share. A scheme derives from one of the two families below."""

    name: ClassVar[str]
    """The name used in specs."""


@frozen
class VectorOpening:
    """The digests a verifier needs beside the opened rows, in the order it consumes them: ``(n, 4)``."""

    siblings: Words


@frozen(eq=False)
class OpenedLeaves:
    """Leaves and their opening under a root: the arguments of ``VectorCommitment.verify`` as one value.

    ``verify_many`` takes several, with different roots.
    """

    root: Digest
    size: int
    indices: Sequence[int]
    leaves: Words
    """``(len(indices), 4)``: the leaf digest at each index, in the order of ``indices``."""
    opening: VectorOpening


class VectorCommitment(CommitmentScheme):
    """Commits to the rows of a matrix and opens any set of them.

    The state that ``commit`` returns belongs to the prover. Callers use its ``root`` and nothing else.
    """

    @abstractmethod
    def __init__(self, hash: Hash, leaf_domain: str) -> None:
        """Commit with ``hash`` and its engine, hashing leaves under ``leaf_domain``.

        A protocol gives each of its commitments a domain of its own, so that none can pass for another.
        """

    @abstractmethod
    def commit(self, rows: Words) -> Any:
        """Commit to ``(n, columns)``, n a power of two. The state it returns has ``root``, of shape ``(4,)``.

        ``rows`` may be overwritten after the call, so a state has a copy of what it keeps of them.
        """

    @abstractmethod
    def hash_leaves(self, rows: Words) -> Words:
        """The leaf digests of rows: ``(n, columns) → (n, 4)``."""

    def hash_leaves_together(self, matrices: Sequence[tuple[VectorCommitment, Words]]) -> list[Words]:
        """The leaf digests of rows of several commitments of this scheme over the same hash: ``(n, 4)`` for each pair.

        Equal to ``hash_leaves`` of each. A scheme overrides it if hashing them together takes fewer and larger calls.
        """
        return [commitment.hash_leaves(rows) for commitment, rows in matrices]

    @abstractmethod
    def open(self, state: Any, indices: Sequence[int]) -> VectorOpening:
        """The pruned multi-opening of a set of rows; the order of ``indices`` does not matter.

        Raises ``ValueError`` for an empty set, or an index that is out of range or repeated.
        """

    def open_each(self, state: Any, indices: Sequence[int] | npt.NDArray[np.int64]) -> Words | Sequence[Words]:
        """The siblings of each row opened by itself: ``(siblings, 4)``, as ``open(state, [index])`` has them.

        An index may occur more than once. A scheme overrides it if it can look them up together, and then returns one
        array ``(len(indices), siblings, 4)``. Raises ``ValueError`` for an index that is out of range.
        """
        return [self.open(state, [int(index)]).siblings for index in indices]

    @abstractmethod
    def dump(self, state: Any) -> Words:
        """The state as one array, for storage on disk."""

    def least_dump_size(self, size: int) -> int:
        """The fewest bytes that the array of ``dump`` has for ``size`` rows; 0 unless a scheme says otherwise.

        Asked before anything is computed, to refuse a disk that is too small.
        """
        return 0

    @abstractmethod
    def load(self, array: Words) -> Any:
        """The inverse of ``dump``, for use with ``open``; the array may be a read-only memory map."""

    @abstractmethod
    def opening_size(self, size: int, indices: Sequence[int]) -> int:
        """How many siblings the opening of ``indices`` in a vector of ``size`` rows has, as the verifier counts them.

        Opening k rows takes at most k times as many as opening any one: readers of hostile bytes rely on that bound.
        Raises ``ProofRejected`` for a size or indices that ``verify`` rejects.
        """

    @abstractmethod
    def verify(self, root: Digest, size: int, indices: Sequence[int], leaves: Words, opening: VectorOpening) -> None:
        """Check that ``leaves[k]`` is the leaf digest at ``indices[k]`` under ``root`` of ``size`` rows.

        Raises ``ProofRejected`` otherwise, and for an empty set of indices, an index that is out of range or
        repeated, a number of leaves that differs from that of indices, too few or too many siblings, or a
        size that is not a power of two.
        """

    def verify_many(self, opened: Sequence[OpenedLeaves]) -> None:
        """Check several openings, possibly of different trees and sizes; equivalent to ``verify`` of each.

        A scheme overrides it if checking them together takes fewer and larger hash calls.
        """
        for one in opened:
            self.verify(one.root, one.size, one.indices, one.leaves, one.opening)


class PolynomialCommitment(CommitmentScheme):
    """Commits to polynomials by their values on a domain, and proves their values at points outside it.

    Written for interactive oracle proofs made non-interactive by a transcript: ``open`` and ``verify`` absorb
    the same messages and draw the same challenges, in the same order. Roots, points and values are absorbed,
    so an opening is valid for no others.
    """

    size: int
    """n, a power of two: columns have n values, and their polynomials have degrees below n."""
    extension: Extension
    """The extension that points and opened values belong to."""

    @abstractmethod
    def commit(self, values: Elements) -> Any:
        """Commit to columns given by their values on ⟨ω_n⟩: ``(n, columns)``. The state it returns has ``root``.

        Raises ``ValueError`` for any other number of rows.
        """

    @abstractmethod
    def open(self, states: Sequence[Any], points: Sequence[Elements], transcript: Transcript) -> Any:
        """Open every column of every commitment at every point (extension elements, ``(e,)``).

        Returns an opening with ``values[state][point]``, of shape ``(columns, e)``, and a proof that these are the
        values of polynomials below the degree bound. Raises ``ValueError`` for a point in the base field.
        """

    @abstractmethod
    def verify(self, roots: Sequence[Digest], points: Sequence[Elements], opening: Any, transcript: Transcript) -> None:
        """Check an opening that ``read`` returned. Raises ``ProofRejected`` with the name of the check that failed."""

    @abstractmethod
    def write(self, opening: Any) -> bytes:
        """An opening as bytes."""

    @abstractmethod
    def read(self, data: bytes, widths: Sequence[int], points: int) -> Any:
        """Parse an opening, at ``points`` points, of commitments to ``widths[k]`` columns each.

        The bytes are hostile: raises ``ProofRejected`` for any that ``write`` cannot produce, in bounded time and
        memory.
        """
