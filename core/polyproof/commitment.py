"""The CommitmentScheme interface and its two families: vector and polynomial commitments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.hash import Digest, Hash, Words
from polyproof.transcript import Transcript

__all__ = [
    "CommitmentScheme",
    "OpenedLeaves",
    "PolynomialCommitment",
    "ValueField",
    "Values",
    "VectorCommitment",
    "VectorOpening",
]


class CommitmentScheme(ABC):
    """What vector and polynomial commitments share. A scheme derives from one of the two families below."""

    name: ClassVar[str]
    """The name used in specs."""


@frozen
class VectorOpening:
    """The digests a verifier needs beside the opened rows, in the order it consumes them: ``(n, digest_words)``."""

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
    """``(len(indices), digest_words)``: the leaf digest at each index, in the order of ``indices``."""
    opening: VectorOpening


class VectorCommitment(CommitmentScheme):
    """Commits to the rows of a matrix and opens any set of them.

    The state that ``commit`` returns belongs to the prover. Callers use its ``root`` and nothing else.
    """

    hash: Hash
    """The hash that it was made with: whose words rows are made of, and whose digests it gives and takes."""

    @abstractmethod
    def __init__(self, hash: Hash, leaf_domain: str) -> None:
        """Commit with ``hash`` and its engine, hashing leaves under ``leaf_domain``.

        A protocol gives each of its commitments a domain of its own, so that none can pass for another.
        """

    @abstractmethod
    def commit(self, rows: Words) -> Any:
        """Commit to ``(n, columns)``, n a power of two. The state it returns has ``root``, a digest.

        ``rows`` may be overwritten after the call, so a state has a copy of what it keeps of them.
        """

    @abstractmethod
    def hash_leaves(self, rows: Words) -> Words:
        """The leaf digests of rows: ``(n, columns) → (n, digest_words)``."""

    def hash_leaves_together(self, matrices: Sequence[tuple[VectorCommitment, Words]]) -> list[Words]:
        """The leaf digests of rows of several commitments of this scheme over the same hash, for each pair.

        Equal to ``hash_leaves`` of each. A scheme overrides it if hashing them together takes fewer and larger calls.
        """
        return [commitment.hash_leaves(rows) for commitment, rows in matrices]

    @abstractmethod
    def open(self, state: Any, indices: Sequence[int]) -> VectorOpening:
        """The pruned multi-opening of a set of rows; the order of ``indices`` does not matter.

        Raises ``ValueError`` for an empty set, or an index that is out of range or repeated.
        """

    def open_each(self, state: Any, indices: Sequence[int] | npt.NDArray[np.int64]) -> Words | Sequence[Words]:
        """The siblings of each row by itself: ``(siblings, digest_words)``, as ``open(state, [index])`` has them.

        An index may occur more than once. A scheme overrides it if it can look them up together, and then returns one
        array ``(len(indices), siblings, digest_words)``. Raises ``ValueError`` for an index that is out of range.
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


Values = npt.NDArray[Any]
"""Canonical elements of a ``ValueField``: ``uint64`` where its modulus is below 2^64, and otherwise Python's own
integers (``dtype=object``). An element has an axis of its own, the last, with its ``degree`` coefficients."""


@frozen
class ValueField:
    """The field that points and opened values belong to: F_p[θ]/(θ^degree − nonresidue), F_p itself for degree 1.

    Stated in numbers, so that schemes over fields that share no code can be used in one way.
    """

    modulus: int
    """The prime p, of any size. Columns are over F_p."""
    degree: int = 1
    nonresidue: int = 0

    def array(self, values: Any) -> Values:
        """Integers below the modulus as an array of the field's dtype."""
        return np.array(values, np.uint64 if self.modulus < 1 << 64 else object)


class PolynomialCommitment(CommitmentScheme):
    """Commits to polynomials by their values on a domain, and proves their values at points.

    Written for interactive oracle proofs made non-interactive by a transcript: ``open`` and ``verify`` absorb
    the same messages and draw the same challenges, in the same order. Commitments, points and values are absorbed,
    so an opening is valid for no others. What a commitment is, the scheme alone knows: a digest, or several points of a
    curve. Others keep it, compare its bytes and hand it back.

    A scheme is made with components and numbers of its own; ``size`` is a keyword of every constructor.
    """

    opens_domain: ClassVar[bool]
    """Whether points of F_p can be opened, those of the domain among them: there a value is an entry of a column."""
    reveals: ClassVar[int | None]
    """How many values of a column its commitment gives away, at points that nobody chooses, beside those that are
    opened; None if it hides nothing. A column hides its other entries if, besides those, it has as many random ones as
    values that are given away or opened outside the domain."""
    size: int
    """n, a power of two: columns have n values, and their polynomials have degrees below n."""
    value_field: ValueField
    """The field that points and opened values belong to."""
    root_of_unity: int
    """ω, of order n: entry k of a column is the value at ω^k."""

    @abstractmethod
    def commit(self, values: Values) -> Any:
        """Commit to columns given by their values on ⟨ω⟩: ``(n, columns)``. The state it returns has ``commitment``.

        It is a function of the values. Raises ``ValueError`` for any other number of rows.
        """

    @abstractmethod
    def open(self, states: Sequence[Any], points: Sequence[Values], transcript: Transcript) -> Any:
        """Open every column of every commitment at every point, of shape ``(degree,)``.

        Returns an opening with ``values[state][point]``, of shape ``(columns, degree)``, and a proof that these are
        the values of polynomials below the degree bound. Raises ``ValueError`` for a point of F_p, unless
        ``opens_domain``.
        """

    @abstractmethod
    def verify(
        self, commitments: Sequence[Any], points: Sequence[Values], opening: Any, transcript: Transcript
    ) -> None:
        """Check an opening that ``read`` returned, of commitments that ``read_commitment`` returned.

        Raises ``ProofRejected`` with the name of the check that failed.
        """

    @abstractmethod
    def write(self, opening: Any, *, values: bool = True) -> bytes:
        """An opening as bytes; without its values, for a verifier who knows them and should not be told."""

    @abstractmethod
    def read(
        self,
        data: bytes,
        widths: Sequence[int],
        points: int,
        *,
        values: Sequence[Sequence[Values]] | None = None,
    ) -> Any:
        """Parse an opening, at ``points`` points, of commitments to ``widths[k]`` columns each.

        ``values``, as ``open`` returns them, if the bytes were written without: they are then what ``verify`` checks.
        The bytes are hostile: raises ``ProofRejected`` for any that ``write`` cannot produce, in bounded time and
        memory.
        """

    @abstractmethod
    def write_commitment(self, commitment: Any) -> bytes:
        """A commitment as bytes, of a length that its number of columns decides."""

    @abstractmethod
    def read_commitment(self, data: bytes, columns: int) -> Any:
        """Parse a commitment to so many columns. The bytes are hostile: raises ``ProofRejected`` as ``read`` does."""
