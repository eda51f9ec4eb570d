"""FRI: folding a codeword until its polynomial is small enough to send.

Ben-Sasson, Bentov, Horesh, Riabzev, "Fast Reed-Solomon interactive oracle proofs of proximity"
(ICALP 2018), with folds of arity 2 to 16 and an early stop. The same folds run on a second domain, the
trace subgroup H, for the inclusion chain, so nothing here assumes which domain is folded.

A domain is shift·⟨ω_M⟩ in natural order; leaf k of a layer with arity a is the coset of the points
k + j·M/a, j < a, and folds to point k of the next layer, whose domain is the a-th power.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from polyproof.errors import ProofRejected
from polyproof.field import Elements, Extension, Field
from polyproof.large_arrays import empty

__all__ = ["Domain", "Folding", "check_folds", "fold", "fold_codeword", "interpolate_final", "leaves_of"]

FINAL_BOUND = 32
"""Folding stops at the first degree bound that does not exceed this."""


@frozen
class Domain:
    """shift·⟨ω_size⟩ in natural order."""

    size: int
    shift: int

    def points(self, field: Field, indices: Sequence[int] | Elements) -> Elements:
        """The points at these indices, shape ``(len(indices),)``."""
        root = field.root_of_unity(self.size)
        values = [self.shift * pow(root, int(index), field.modulus) % field.modulus for index in indices]
        return np.array(values, np.uint64)

    def points_between(self, field: Field, start: int, stop: int) -> Elements:
        """The points with indices start … stop−1, shape ``(stop − start,)``."""
        root = field.root_of_unity(self.size)
        return field.multiply(
            field.powers(root, stop - start), self.shift * pow(root, start, field.modulus) % field.modulus
        )

    def folded(self, arity: int, field: Field) -> Domain:
        """The domain of the arity-th powers."""
        return Domain(self.size // arity, pow(self.shift, arity, field.modulus))


@frozen
class Folding:
    """The schedule of folds: degree bound of the first codeword, and arity of every fold."""

    degree_bound: int
    arities: tuple[int, ...]

    @classmethod
    def of(cls, degree_bound: int, arity: int) -> Folding:
        """Fold by ``arity``, the last time by whatever leads exactly to ``FINAL_BOUND``."""
        arities = []
        bound = degree_bound
        while bound > FINAL_BOUND:
            step = min(arity, bound // FINAL_BOUND)
            arities.append(step)
            bound //= step
        return cls(degree_bound, tuple(arities))

    @property
    def final_bound(self) -> int:
        """Number of coefficients of the final polynomial."""
        bound = self.degree_bound
        for arity in self.arities:
            bound //= arity
        return bound


def fold(extension: Extension, cosets: Elements, points: Elements, challenge: Elements) -> Elements:
    """Value at ``challenge`` of the interpolant of degree < a through each coset.

    ``cosets``: ``(a, m, e)``, entry j the value at points·ζ^j, ζ the primitive a-th root of unity;
    ``points``: ``(m,)`` base elements; returns ``(m, e)``. Done as log2 a halvings: with
    f(X) = f₀(X²) + X·f₁(X²) the interpolant at c is that of f₀ + c·f₁ at c².
    """
    field = extension.field
    arity = cosets.shape[0]
    scaled = pow(arity, -1, field.modulus)
    inverse = field.inverse(points)
    while len(cosets) > 1:
        half = len(cosets) // 2
        root = pow(field.root_of_unity(len(cosets)), -1, field.modulus)
        low, high = cosets[:half], cosets[half:]
        twisted = field.multiply(field.powers(root, half)[:, None], inverse)
        odd = extension.scale(extension.subtract(low, high), twisted)
        cosets = extension.add(extension.add(low, high), extension.multiply(odd, challenge))
        inverse = field.multiply(inverse, inverse)
        challenge = extension.multiply(challenge, challenge)
    return extension.scale(cosets[0], np.array(scaled, np.uint64))  # the halves of all halvings


def fold_codeword(
    extension: Extension, codeword: Elements, domain: Domain, arity: int, challenge: Elements
) -> Elements:
    """Fold a whole codeword ``(M, e) → (M/arity, e)``."""
    count = domain.size // arity
    points = domain.points_between(extension.field, 0, count)
    return fold(extension, codeword.reshape(arity, count, extension.degree), points, challenge)


def leaf_rows(codeword: Elements, arity: int) -> Elements:
    """A codeword ``(M, e)`` as the rows of its Merkle tree: ``(M/arity, arity·e)``, one coset to a row."""
    size, degree = codeword.shape
    count = size // arity
    rows: Elements = empty((count, arity, degree))
    rows[...] = codeword.reshape(arity, count, degree).transpose(1, 0, 2)
    return rows.reshape(count, arity * degree)


def interpolate_final(extension: Extension, codeword: Elements, domain: Domain, bound: int) -> Elements:
    """Coefficients ``(bound, e)`` of the final polynomial.

    Raises ``ValueError`` if the codeword is not of degree below the bound, which is the prover's mistake.
    """
    coefficients = extension.field.inverse_transform(codeword, domain.shift)
    if coefficients[bound:].any():
        raise ValueError(f"the folded codeword has degree {bound} or more")
    return coefficients[:bound]


def leaves_of(folding: Folding, size: int, indices: Sequence[int]) -> list[list[int]]:
    """For each layer the distinct leaves that queries at these indices of the first layer touch, in ascending order."""
    layers = []
    current = list(indices)
    for arity in folding.arities:
        size //= arity
        leaves = sorted({index % size for index in current})
        layers.append(leaves)
        current = leaves
    return layers


def check_folds(
    extension: Extension,
    folding: Folding,
    first: Domain,
    indices: Sequence[int],
    values: Elements,
    layers: Sequence[Elements],
    challenges: Sequence[Elements],
    final: Elements,
) -> None:
    """Follow queries from the first codeword to the final polynomial.

    ``indices``: positions in ``first`` whose values ``(q, e)`` the verifier has computed itself;
    ``layers[i]``: ``(leaves, arity, e)``, the opened cosets at ``leaves_of(…)[i]``; ``final``:
    ``(bound, e)`` coefficients. Raises ``ProofRejected``: an opened coset does not contain the value
    that came from the layer before, or the last value is not the final polynomial's.
    """
    field = extension.field
    domain = first
    position = np.array(indices, np.int64)
    expected = values
    for number, (arity, opened, challenge, leaves) in enumerate(
        zip(folding.arities, layers, challenges, leaves_of(folding, first.size, indices), strict=True)
    ):
        count = domain.size // arity
        leaf = np.searchsorted(np.array(leaves, np.int64), position % count)
        if not np.array_equal(opened[leaf, position // count], expected):
            raise ProofRejected("fold", f"layer {number} does not contain the value that it was folded to")
        points = domain.points(field, leaves)
        expected = fold(extension, np.ascontiguousarray(opened.transpose(1, 0, 2)), points, challenge)
        position = np.array(leaves, np.int64)
        domain = domain.folded(arity, field)
    points = domain.points(field, position.tolist())
    powers = np.ones((len(points), 1), np.uint64)
    while powers.shape[1] < len(final):  # 1, x, … become twice as many by x^(their number)
        powers = np.concatenate((powers, field.multiply(powers, points[:, None])), axis=1)
        points = field.multiply(points, points)
    value = extension.dot(powers[:, : len(final)], final)
    if not np.array_equal(value, expected):
        raise ProofRejected("final-polynomial", "the folded values are not those of the final polynomial")
