"""A field of any prime below 2^32, in numpy: to begin a field with, and to compare a compiled one with.

A product of two elements fits 64 bits, so every operation is an expression on whole arrays.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from polyproof.errors import FieldError, ProofRejected
from polyproof.field import Elements, Extension, Field
from polyproof.toolkit.binomial_extension import binomial_extension
from polyproof.toolkit.uniform_words import uniform_words

__all__ = ["NarrowField"]


class NarrowField(Field):
    """All of a field but its numbers, which a derived class states: ``modulus``, ``generator``, ``two_adicity``, …

    Both engines compute in the same way. A derived class overrides what it has faster. Its ``extension(e)`` is
    F[θ]/(θ^e − generator): the generator is no r-th power for any prime r, so each e whose prime factors divide p − 1
    will do, if p ≡ 1 mod 4 where 4 divides e. Elements that a method is given are canonical; that is not checked again.
    """

    element_bytes = 4

    # Arithmetic

    def add(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a + b."""
        return self._reduced(_words(a) + _words(b))

    def subtract(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a − b."""
        return self._reduced(_words(a) + np.uint64(self.modulus) - _words(b))

    def multiply(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b: below 2^64."""
        return self._reduced(_words(a) * _words(b))

    def inverse(self, a: npt.ArrayLike) -> Elements:
        """1 / a = a^(p−2), by Fermat."""
        elements = _words(a)
        if not elements.all():
            raise FieldError(f"zero has no inverse: position {np.argwhere(elements == 0)[0].tolist()}")
        return self.power(elements, self.modulus - 2)

    def sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Sum along ``axis``: 2^32 terms fit 64 bits."""
        return self._reduced(_words(a).sum(axis=axis, dtype=np.uint64))

    def cumulative_sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Prefix sums along ``axis``."""
        return self._reduced(np.cumsum(_words(a), axis=axis, dtype=np.uint64))

    def powers(self, base: int, count: int) -> Elements:
        """(1, base, base², …), by doubling: shape ``(count,)``."""
        found = np.ones(1, np.uint64)
        while len(found) < count:
            found = np.concatenate((found, self.multiply(found, pow(int(base), len(found), self.modulus))))
        return found[:count]

    def _reduced(self, words: Elements) -> Elements:
        reduced: Elements = words % np.uint64(self.modulus)
        return reduced

    # Domains and transforms

    def root_of_unity(self, order: int) -> int:
        """generator^((p−1)/order)."""
        if order < 1 or order & (order - 1) or order > 1 << self.two_adicity:
            raise FieldError(f"no root of unity of order {order}: orders are powers of two up to 2^{self.two_adicity}")
        return pow(self.generator, (self.modulus - 1) // order, self.modulus)

    def _transformed(self, values: Elements, root: int) -> Elements:
        """Cooley and Tukey, 1965: even and odd rows by themselves, all columns at once."""
        if len(values) == 1:
            return values.copy()
        even, odd = (self._transformed(values[half::2], root * root % self.modulus) for half in (0, 1))
        turned = self.multiply(odd, self.powers(root, len(odd))[:, None])
        return np.concatenate((self.add(even, turned), self.subtract(even, turned)))

    def forward(self, coefficients: Elements, shift: int = 1) -> Elements:
        """Values on shift·⟨ω_n⟩ in natural order: ``(n, columns) → (n, columns)``."""
        root = self.root_of_unity(len(coefficients))
        return self._transformed(self.multiply(coefficients, self.powers(shift, len(coefficients))[:, None]), root)

    def inverse_transform(self, values: Elements, shift: int = 1) -> Elements:
        """The coefficients whose ``forward`` with the same shift gives ``values``."""
        size = len(values)
        coefficients = self._transformed(_words(values), pow(self.root_of_unity(size), -1, self.modulus))
        scale = self.multiply(self.powers(pow(shift, -1, self.modulus), size), pow(size, -1, self.modulus))
        return self.multiply(coefficients, scale[:, None])

    def extend(self, coefficients: Elements, size: int, shift: int) -> Elements:
        """Values on a larger coset: the same polynomials, with zeros above."""
        if size < len(coefficients):
            raise FieldError(f"{len(coefficients)} coefficients do not fit a domain of {size} points")
        padded = np.zeros((size, coefficients.shape[1]), np.uint64)
        padded[: len(coefficients)] = coefficients
        return self.forward(padded, shift)

    # Encoding and randomness

    def encode(self, a: npt.ArrayLike) -> bytes:
        """Four bytes for each element, little-endian."""
        return np.ascontiguousarray(_words(a), "<u4").tobytes()

    def decode(self, data: bytes, shape: tuple[int, ...]) -> Elements:
        """The inverse of ``encode``. A value of p or more would be a second name for an element: ``ProofRejected``."""
        count = 1
        for extent in shape:
            count *= extent
        if len(data) != 4 * count:
            raise ProofRejected("element-length", f"{count} elements take {4 * count} bytes, got {len(data)}")
        elements = np.frombuffer(data, "<u4").astype(np.uint64).reshape(shape)
        if not self.is_canonical(elements):
            raise ProofRejected("element-canonical", f"an element is not below {self.modulus}")
        return elements

    def random(self, shape: tuple[int, ...]) -> Elements:
        """Uniform elements from the operating system, words of p or more drawn again."""
        return uniform_words(int(np.prod(shape, dtype=np.int64)), self.modulus).reshape(shape)

    # Extensions

    def extension(self, degree: int) -> Extension:
        """F[θ]/(θ^degree − generator)."""
        if degree not in self.extension_degrees:
            raise FieldError(f"no extension of degree {degree}; there are {self.extension_degrees}")
        return binomial_extension(self, degree, self.generator)


def _words(a: npt.ArrayLike) -> Elements:
    return np.asarray(a, np.uint64)
