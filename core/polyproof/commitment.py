"""The CommitmentScheme interface and its two families: vector and polynomial commitments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from attrs import frozen

from polyproof.field import Elements, Extension
from polyproof.hash import Digest, Hash, Words
from polyproof.transcript import Transcript

__all__ = ["CommitmentScheme", "OpenedLeaves", "PolynomialCommitment", "VectorCommitment", "VectorOpening"]


class CommitmentScheme(ABC):
    """What vector and polynomial commitments share. A scheme derives from one of the two families below."""

    name: ClassVar[str]
    """The name a spec uses."""


@frozen
class VectorOpening:
    """The digests a verifier needs beside the opened rows, in the order it consumes them: ``(n, 4)``."""

    siblings: Words


@frozen(eq=False)
class OpenedLeaves:
    """Leaves and their opening under a root: what ``VectorCommitment.verify`` checks, as one value.

    ``verify_many`` takes several, of different roots.
    """

    root: Digest
    size: int
    indices: Sequence[int]
    leaves: Words
    """``(len(indices), 4)``: the leaf digest at each index, in the order of ``indices``."""
    opening: VectorOpening


class VectorCommitment(CommitmentScheme):
    """Commits to the rows of a matrix; opens any set of rows.

    The state that ``commit`` returns belongs to the prover and is opaque to callers.
    """

    @abstractmethod
    def __init__(self, hash: Hash, leaf_domain: str) -> None:
        """``hash`` brings its engine. Commitments of different ``leaf_domain``s have nothing in common:

        a protocol gives each of its commitments one of its own, so that none passes for another.
        """

    @abstractmethod
    def commit(self, rows: Words) -> Any:
        """Commit to ``(n, columns)``, n a power of two. The result has ``root``: ``(4,)``."""

    @abstractmethod
    def hash_leaves(self, rows: Words) -> Words:
        """The leaf digests of rows: ``(n, columns) → (n, 4)``."""

    @abstractmethod
    def open(self, state: Any, indices: Sequence[int]) -> VectorOpening:
        """The pruned multi-opening of a set of rows; the order of ``indices`` does not matter.

        Raises ``ValueError`` for no index at all, or one out of range or repeated.
        """

    @abstractmethod
    def dump(self, state: Any) -> Words:
        """The state as one array, to be kept on disk."""

    @abstractmethod
    def load(self, array: Words) -> Any:
        """The state that ``dump`` gave, usable by ``open``; the array may be a read-only memory map."""

    @abstractmethod
    def opening_size(self, size: int, indices: Sequence[int]) -> int:
        """How many siblings an opening of these rows of a vector of ``size`` rows has: the verifier's own count.

        That of k rows is at most k times that of one, whichever they are: what a reader of hostile bytes allows.
        Raises ``ProofRejected`` for a size or indices that ``verify`` rejects.
        """

    @abstractmethod
    def verify(self, root: Digest, size: int, indices: Sequence[int], leaves: Words, opening: VectorOpening) -> None:
        """Check that ``leaves[k]`` is the leaf digest at ``indices[k]`` under ``root`` of ``size`` rows.

        Raises ``ProofRejected`` for anything else: no index at all, an index out of range or repeated,
        another number of leaves than of indices, too few or too many siblings, a size that is not a power
        of two, a different root.
        """

    def verify_many(self, opened: Sequence[OpenedLeaves]) -> None:
        """Check several openings, of different trees and sizes; the same as ``verify`` of each.

        A scheme overrides it where checking them together takes fewer and larger hash calls.
        """
        for one in opened:
            self.verify(one.root, one.size, one.indices, one.leaves, one.opening)


class PolynomialCommitment(CommitmentScheme):
    """Commits to polynomials by their values on a domain; proves values at points outside it.

    Written for interactive oracle proofs made non-interactive by a transcript: ``open`` and ``verify`` absorb
    what they send and draw what they need, in the same order. Roots, points and values are among it, so that
    an opening serves no others.
    """

    size: int
    """n, a power of two: columns have n values, and their polynomials degrees below n."""
    extension: Extension
    """Points and opened values are its elements."""

    @abstractmethod
    def commit(self, values: Elements) -> Any:
        """Commit to columns given by their values on ⟨ω_n⟩: ``(n, columns)``. The result has ``root``.

        Raises ``ValueError`` for another number of rows.
        """

    @abstractmethod
    def open(self, states: Sequence[Any], points: Sequence[Elements], transcript: Transcript) -> Any:
        """Open every column of every commitment at every point (extension elements, ``(e,)``).

        Returns an opening with ``values[state][point]``: ``(columns, e)``, and the proof that they
        are the values of polynomials below the degree bound. Raises ``ValueError`` for a point of the base field.
        """

    @abstractmethod
    def verify(self, roots: Sequence[Digest], points: Sequence[Elements], opening: Any, transcript: Transcript) -> None:
        """Check an opening that ``read`` gave. Raises ``ProofRejected`` with the check that failed."""

    @abstractmethod
    def write(self, opening: Any) -> bytes:
        """An opening as bytes."""

    @abstractmethod
    def read(self, data: bytes, widths: Sequence[int], points: int) -> Any:
        """The opening of commitments to ``widths`` columns at so many points.

        The bytes are hostile: raises ``ProofRejected`` for any that ``write`` does not give, in bounded time and
        memory.
        """
