"""A second field, written as a stranger would: BabyBear, p = 15·2^27 + 1, in plain numpy.

It shows that what claims to be generic over the field is. No engine but the portable one.
"""

from __future__ import annotations

import secrets
from functools import reduce

import numpy as np

from polyproof.engine import Engine
from polyproof.errors import FieldError, ProofRejected
from polyproof.field import Elements, Extension, Field

P = 15 * 2**27 + 1


class BabyBear(Field):
    """Products of two elements fit 64 bits: every operation is one numpy expression."""

    name = "baby-bear"
    modulus = P
    generator = 31
    two_adicity = 27
    element_bytes = 4
    extension_degrees = (2, 3, 4, 5)

    def __init__(self, engine: Engine = Engine.PORTABLE) -> None:
        super().__init__(engine)

    def add(self, a, b):
        return (np.asarray(a, np.uint64) + np.asarray(b, np.uint64)) % P

    def subtract(self, a, b):
        return (np.asarray(a, np.uint64) + np.uint64(P) - np.asarray(b, np.uint64)) % P

    def negate(self, a):
        return (np.uint64(P) - np.asarray(a, np.uint64)) % P

    def multiply(self, a, b):
        return (np.asarray(a, np.uint64) * np.asarray(b, np.uint64)) % P

    def power(self, a, exponent):
        a = np.asarray(a, np.uint64)
        if exponent < 0:
            a, exponent = self.inverse(a), -exponent
        result = np.ones_like(a)
        while exponent:
            if exponent & 1:
                result = self.multiply(result, a)
            a = self.multiply(a, a)
            exponent >>= 1
        return result

    def inverse(self, a):
        a = np.asarray(a, np.uint64)
        zeros = np.flatnonzero(a == 0)
        if zeros.size:
            raise FieldError(f"zero has no inverse: position {zeros[0]}")
        return self.power(a, P - 2)

    def sum(self, a, axis=0):
        return np.asarray(a, np.uint64).sum(axis=axis, dtype=np.uint64) % P

    def cumulative_sum(self, a, axis=0):
        return np.cumsum(np.asarray(a, np.uint64), axis=axis, dtype=np.uint64) % P

    def powers(self, base, count):
        result = np.ones(count, np.uint64)
        for index in range(1, count):
            result[index] = int(result[index - 1]) * base % P
        return result

    def root_of_unity(self, order):
        if order < 1 or order & (order - 1) or order > 2**27:
            raise FieldError(f"no root of unity of order {order}")
        return pow(31, (P - 1) // order, P)

    def _transform(self, values: Elements, root: int) -> Elements:
        size = len(values)
        if size == 1:
            return values.copy()
        even = self._transform(values[0::2], root * root % P)
        odd = self._transform(values[1::2], root * root % P)
        twisted = self.multiply(odd, self.powers(root, size // 2)[:, None])
        return np.concatenate((self.add(even, twisted), self.subtract(even, twisted)))

    def forward(self, coefficients, shift=1):
        scaled = self.multiply(coefficients, self.powers(shift, len(coefficients))[:, None])
        return self._transform(scaled, self.root_of_unity(len(coefficients)))

    def inverse_transform(self, values, shift=1):
        size = len(values)
        coefficients = self._transform(np.asarray(values), pow(self.root_of_unity(size), -1, P))
        scale = self.multiply(self.powers(pow(shift, -1, P), size), pow(size, -1, P))
        return self.multiply(coefficients, scale[:, None])

    def extend(self, coefficients, size, shift):
        padded = np.zeros((size, coefficients.shape[1]), np.uint64)
        padded[: len(coefficients)] = coefficients
        return self.forward(padded, shift)

    def coset_lde(self, values, blowup, shift=None):
        shift = self.generator if shift is None else shift
        return self.extend(self.inverse_transform(values), blowup * len(values), shift)

    def encode(self, a):
        return np.ascontiguousarray(a, "<u4").tobytes()

    def decode(self, data, shape):
        if len(data) != 4 * int(np.prod(shape, dtype=int)):
            raise ProofRejected("element-length", "wrong length")
        values = np.frombuffer(data, "<u4").astype(np.uint64).reshape(shape)
        if not self.is_canonical(values):
            raise ProofRejected("element-canonical", "an element is not below the modulus")
        return values

    def is_canonical(self, a):
        return not bool((np.asarray(a, np.uint64) >= P).any())

    def random(self, shape):
        count = int(np.prod(shape, dtype=int))
        return np.array([secrets.randbelow(P) for _ in range(count)], np.uint64).reshape(shape)

    def extension(self, degree):
        if degree not in self.extension_degrees:
            raise FieldError(f"no extension of degree {degree}; there are {self.extension_degrees}")
        return BabyBearExtension(self, degree)


class BabyBearExtension(Extension):
    """F[θ]/(θ^e − 31): irreducible, since 31 generates F* and every prime factor of e divides p − 1."""

    def __init__(self, field: BabyBear, degree: int) -> None:
        self.field = field
        self.degree = degree
        self.nonresidue = 31

    def embed(self, a):
        a = np.asarray(a, np.uint64)
        result = np.zeros((*a.shape, self.degree), np.uint64)
        result[..., 0] = a
        return result

    def add(self, a, b):
        return self.field.add(a, b)

    def subtract(self, a, b):
        return self.field.subtract(a, b)

    def negate(self, a):
        return self.field.negate(a)

    def multiply(self, a, b):
        a, b = np.broadcast_arrays(np.asarray(a, np.uint64), np.asarray(b, np.uint64))
        result = np.zeros(a.shape, np.uint64)
        for i in range(self.degree):
            for j in range(self.degree):
                product = a[..., i] * b[..., j] % P
                wraps, k = divmod(i + j, self.degree)
                result[..., k] = (result[..., k] + (product * 31 if wraps else product)) % P
        return result

    def scale(self, a, b):
        return self.field.multiply(np.asarray(a, np.uint64), np.asarray(b, np.uint64)[..., None])

    def power(self, a, exponent):
        a = np.asarray(a, np.uint64)
        if exponent < 0:
            a, exponent = self.inverse(a), -exponent
        result = self.embed(np.ones(a.shape[:-1], np.uint64))
        while exponent:
            if exponent & 1:
                result = self.multiply(result, a)
            a = self.multiply(a, a)
            exponent >>= 1
        return result

    def inverse(self, a):
        a = np.asarray(a, np.uint64)
        if not a.any(axis=-1).all():
            raise FieldError("zero has no inverse")
        # a^(p + p² + …) / norm(a), the norm being in the base field.
        conjugates = []
        factor = pow(31, (P - 1) // self.degree, P)
        for i in range(1, self.degree):
            twist = np.array([pow(factor, i * k, P) for k in range(self.degree)], np.uint64)
            conjugates.append(self.field.multiply(a, twist))
        cofactor = reduce(self.multiply, conjugates)
        norm = self.multiply(a, cofactor)[..., 0]
        return self.scale(cofactor, self.field.inverse(norm))

    def powers(self, a, count):
        result = np.zeros((count, self.degree), np.uint64)
        result[0, 0] = 1
        for index in range(1, count):
            result[index] = self.multiply(result[index - 1], a)
        return result

    def sum(self, a, axis=0):
        return self.field.sum(a, axis=axis)

    def dot(self, base, weights):
        terms = self.field.multiply(np.asarray(base, np.uint64)[..., None], np.asarray(weights, np.uint64))
        return self.field.sum(terms, axis=-2)

    def evaluate(self, coefficients, point):
        powers = self.powers(point, len(coefficients))
        return self.dot(np.ascontiguousarray(np.asarray(coefficients).T), powers)

    def in_base(self, a):
        return not bool(np.asarray(a)[..., 1:].any(axis=-1).all())

    def encode(self, a):
        return self.field.encode(a)

    def decode(self, data, shape):
        return self.field.decode(data, (*shape, self.degree))

    def random(self, shape):
        return self.field.random((*shape, self.degree))
