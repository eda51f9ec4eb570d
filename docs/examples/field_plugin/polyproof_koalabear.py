"""KoalaBear, p = 127·2^24 + 1, as a field for polyproof, in plain numpy."""

import secrets

import numpy as np

from polyproof.errors import FieldError, ProofRejected
from polyproof.field import Elements, Extension, Field
from polyproof.hookspecs import Component, hookimpl
from polyproof.toolkit.extension import BinomialExtension

polyproof_interface = 2

P = 127 * 2**24 + 1
GENERATOR = 3


@hookimpl
def polyproof_components() -> list[Component]:
    """One field."""
    return [Component("field", "koala-bear", "p = 127·2^24 + 1, in numpy", "polyproof_koalabear:KoalaBear")]


def _words(a) -> Elements:
    return np.asarray(a, np.uint64)


class KoalaBear(Field):
    """Products of two elements fit 64 bits: every operation is one numpy expression, the same for both engines."""

    name = "koala-bear"
    modulus = P
    generator = GENERATOR
    two_adicity = 24
    element_bytes = 4
    extension_degrees = (2, 4, 8)
    default_extension = 8

    # Arithmetic

    def add(self, a, b) -> Elements:
        """a + b."""
        return (_words(a) + _words(b)) % P

    def subtract(self, a, b) -> Elements:
        """a − b."""
        return (_words(a) + np.uint64(P) - _words(b)) % P

    def multiply(self, a, b) -> Elements:
        """a · b."""
        return (_words(a) * _words(b)) % P

    def inverse(self, a) -> Elements:
        """1 / a, by Fermat: a^(p−2)."""
        a = _words(a)
        if not a.all():
            raise FieldError(f"zero has no inverse: position {np.argwhere(a == 0)[0].tolist()}")
        return self.power(a, P - 2)

    def sum(self, a, axis=0) -> Elements:
        """Sum along an axis; 2^33 terms fit 64 bits."""
        return _words(a).sum(axis=axis, dtype=np.uint64) % P

    def cumulative_sum(self, a, axis=0) -> Elements:
        """Prefix sums along an axis."""
        return np.cumsum(_words(a), axis=axis, dtype=np.uint64) % P

    def powers(self, base, count) -> Elements:
        """(1, base, base², …), by doubling."""
        result = np.ones(1, np.uint64)
        while len(result) < count:
            result = np.concatenate((result, self.multiply(result, pow(int(base), len(result), P))))
        return result[:count]

    # Transforms

    def root_of_unity(self, order) -> int:
        """3^((p−1)/order)."""
        if order < 1 or order & (order - 1) or order > 1 << self.two_adicity:
            raise FieldError(f"no root of unity of order {order}: orders are powers of two up to 2^{self.two_adicity}")
        return pow(GENERATOR, (P - 1) // order, P)

    def _transform(self, values, root) -> Elements:
        """Cooley and Tukey's recursion, all columns at once."""
        if len(values) == 1:
            return values.copy()
        even, odd = (self._transform(values[half::2], root * root % P) for half in (0, 1))
        twisted = self.multiply(odd, self.powers(root, len(odd))[:, None])
        return np.concatenate((self.add(even, twisted), self.subtract(even, twisted)))

    def forward(self, coefficients, shift=1) -> Elements:
        """Values on shift·⟨ω_n⟩."""
        root = self.root_of_unity(len(coefficients))
        return self._transform(self.multiply(coefficients, self.powers(shift, len(coefficients))[:, None]), root)

    def inverse_transform(self, values, shift=1) -> Elements:
        """The coefficients whose ``forward`` gives these values."""
        size = len(values)
        coefficients = self._transform(_words(values), pow(self.root_of_unity(size), -1, P))
        scale = self.multiply(self.powers(pow(shift, -1, P), size), pow(size, -1, P))
        return self.multiply(coefficients, scale[:, None])

    def extend(self, coefficients, size, shift) -> Elements:
        """Values on a larger coset: the same polynomials with zeros above."""
        if size < len(coefficients):
            raise FieldError(f"{len(coefficients)} coefficients do not fit a domain of {size} points")
        padded = np.zeros((size, coefficients.shape[1]), np.uint64)
        padded[: len(coefficients)] = coefficients
        return self.forward(padded, shift)

    # Encoding and randomness

    def encode(self, a) -> bytes:
        """Four bytes for each element, little-endian."""
        return np.ascontiguousarray(a, "<u4").tobytes()

    def decode(self, data, shape) -> Elements:
        """The inverse of ``encode``; a value ≥ p would be a second name for the same element."""
        count = int(np.prod(shape, dtype=int))
        if len(data) != 4 * count:
            raise ProofRejected("element-length", f"{count} elements take {4 * count} bytes, got {len(data)}")
        elements = np.frombuffer(data, "<u4").astype(np.uint64).reshape(shape)
        if not self.is_canonical(elements):
            raise ProofRejected("element-canonical", f"an element is not below {P}")
        return elements

    def random(self, shape) -> Elements:
        """Uniform elements from the operating system: 31 bits each, drawn again if not below p."""
        count = int(np.prod(shape, dtype=int))
        drawn = np.zeros(0, np.uint64)
        while len(drawn) < count:
            words = np.frombuffer(secrets.token_bytes(4 * count), "<u4") & np.uint32(2**31 - 1)
            drawn = np.concatenate((drawn, words[words < P].astype(np.uint64)))
        return drawn[:count].reshape(shape)

    # Extensions

    def extension(self, degree) -> Extension:
        """F[θ]/(θ^degree − 3): 3 generates F*, and 2, the only prime that divides these degrees, divides p − 1."""
        if degree not in self.extension_degrees:
            raise FieldError(f"no extension of degree {degree}; there are {self.extension_degrees}")
        return BinomialExtension(self, degree, GENERATOR)
