"""Binomial extensions F[θ]/(θ^e − w) of any field, on top of its array operations.

A field inherits nothing: its ``extension(degree)`` returns what ``toolkit.binomial_extension`` makes, compiled where
the engine and the modulus allow it, or a subclass of ``BinomialExtension`` with operations of its own.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from polyproof.errors import FieldError
from polyproof.field import Elements, Extension, Field

__all__ = ["BinomialExtension"]

_BLOCK = 1 << 14
"""Base elements of a product that are expanded at a time."""


def _prime_factors(n: int) -> list[int]:
    return [r for r in range(2, n + 1) if n % r == 0 and all(r % s for s in range(2, r))]


class BinomialExtension(Extension):
    """F[θ]/(θ^e − w) with ``field`` F of p elements, ``degree`` e and ``nonresidue`` w."""

    def __init__(self, field: Field, degree: int, nonresidue: int) -> None:
        """Raises ``FieldError`` if θ^e − w is reducible.

        It is irreducible exactly if every prime r that divides e divides p − 1 and w is not an r-th power, and
        4 divides p − 1 where it divides e (Lidl and Niederreiter, Finite Fields, theorem 3.75).
        """
        self.field = field
        self.degree = degree
        self.nonresidue = nonresidue
        order = field.modulus - 1
        irreducible = (
            degree >= 2
            and all(order % r == 0 and pow(nonresidue, order // r, order + 1) != 1 for r in _prime_factors(degree))
            and (degree % 4 != 0 or order % 4 == 0)
            and nonresidue % field.modulus != 0
        )
        if not irreducible:
            raise FieldError(f"θ^{degree} − {nonresidue} does not define an extension of the field of {order + 1}")
        # Row i of the matrix of multiplication by b has b_{k−i} in column k, times w where k < i.
        steps = np.arange(degree)
        self._wrapped = degree + steps[None, :] - steps[:, None]
        # φ^i(θ^j) = θ^(j·p^i): a power of θ below e, times a power of w.
        self._conjugations = []
        for i in range(1, degree):
            exponents = [j * field.modulus**i for j in range(degree)]
            factors = [pow(nonresidue, exponent // degree, field.modulus) for exponent in exponents]
            places = [exponent % degree for exponent in exponents]
            self._conjugations.append((places, np.array(factors, np.uint64)))

    def _elements(self, a: npt.ArrayLike) -> Elements:
        elements = np.asarray(a, np.uint64)
        if not elements.ndim or elements.shape[-1] != self.degree:
            raise ValueError(
                f"elements of an extension of degree {self.degree} have a trailing axis of that length, "
                f"not shape {elements.shape}"
            )
        return elements

    def embed(self, a: npt.ArrayLike) -> Elements:
        """Base elements of shape S as extension elements of shape S + (e,)."""
        base = np.asarray(a, np.uint64)
        result = np.zeros((*base.shape, self.degree), np.uint64)
        result[..., 0] = base
        return result

    def add(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a + b."""
        return self.field.add(self._elements(a), self._elements(b))

    def subtract(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a − b."""
        return self.field.subtract(self._elements(a), self._elements(b))

    def negate(self, a: npt.ArrayLike) -> Elements:
        """−a."""
        return self.field.negate(self._elements(a))

    def multiply(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b; single elements by Python integers."""
        x, y = self._elements(a), self._elements(b)
        if x.size == y.size == self.degree:
            product = np.array(self._product(x.ravel().tolist(), y.ravel().tolist()), np.uint64)
            return product.reshape(x.shape if x.ndim >= y.ndim else y.shape)
        # Coefficients first, so that the long axes are the inner ones: Σ_i x_i·(row i of y's matrix).
        dimensions = max(x.ndim, y.ndim)
        x, y = (np.moveaxis(z.reshape((1,) * (dimensions - z.ndim) + z.shape), -1, 0) for z in (x, y))
        wrapped = self.field.multiply(y, np.array(self.nonresidue, np.uint64))
        matrix = np.concatenate((wrapped, y))[self._wrapped]
        product = self.field.sum(self.field.multiply(np.ascontiguousarray(x)[:, None], matrix), axis=0)
        return np.ascontiguousarray(np.moveaxis(product, 0, -1))

    def _product(self, x: list[int], y: list[int]) -> list[int]:
        result = [0] * (2 * self.degree)
        for i, x_i in enumerate(x):
            for j, y_j in enumerate(y):
                result[i + j] += x_i * y_j
        straight, around = result[: self.degree], result[self.degree :]
        return [(s + self.nonresidue * t) % self.field.modulus for s, t in zip(straight, around, strict=True)]

    def scale(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b with a of shape S + (e,) and b base elements broadcast against S."""
        factors = np.repeat(np.asarray(b, np.uint64)[..., None], self.degree, axis=-1)
        return self.field.multiply(self._elements(a), factors)

    def _conjugate(self, a: Elements, i: int) -> Elements:
        """a^(p^i), the i-th power of the Frobenius automorphism φ."""
        places, factors = self._conjugations[i - 1]
        result = np.empty_like(a)
        result[..., places] = self.field.multiply(a, factors)
        return result

    def inverse(self, a: npt.ArrayLike) -> Elements:
        """c / N(a), with c the product of the other conjugates and N(a) = a·c in the base field."""
        x = self._elements(a)
        if not bool(x.any(axis=-1).all()):
            position = tuple(int(i) for i in np.argwhere(~x.any(axis=-1))[0])
            where = f" at position {position[0] if len(position) == 1 else position}" if position else ""
            raise FieldError(f"zero has no inverse{where}")
        cofactor = self._conjugate(x, 1)
        for i in range(2, self.degree):
            cofactor = self.multiply(cofactor, self._conjugate(x, i))
        norm = self.multiply(x, cofactor)[..., 0]
        return self.scale(cofactor, self.field.inverse(norm))

    def power(self, a: npt.ArrayLike, exponent: int) -> Elements:
        """a^exponent; a negative exponent inverts first."""
        x = self._elements(a)
        if exponent < 0:
            return self.power(self.inverse(x), -exponent)
        result = np.zeros_like(x)
        result[..., 0] = 1
        for bit in bin(exponent)[2:]:
            result = self.multiply(result, result)
            if bit == "1":
                result = self.multiply(result, x)
        return result

    def powers(self, a: npt.ArrayLike, count: int) -> Elements:
        """(1, a, a², …) of one element, by doubling: ``(count, e)``."""
        step = self._elements(a).reshape(self.degree)
        result = np.zeros((count, self.degree), np.uint64)
        result[:1, 0] = 1
        done = 1
        while done < count:
            more = min(done, count - done)
            result[done : done + more] = self.multiply(result[:more], step)
            done, step = done + more, self.multiply(step, step)
        return result

    def sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Sum along an axis that is not the trailing one."""
        x = self._elements(a)
        axis = range(x.ndim)[axis]
        if axis == x.ndim - 1:
            raise ValueError("the trailing axis holds the coefficients of one element: it is not summed over")
        return self.field.sum(x, axis=axis)

    def dot(self, base: npt.ArrayLike, weights: npt.ArrayLike) -> Elements:
        """Σ_j base[…, j] · weights[j]: ``S + (k,)`` and ``(k, e)`` → ``S + (e,)``."""
        x, w = np.asarray(base, np.uint64), self._elements(weights)
        if w.ndim != 2 or not x.ndim or x.shape[-1] != len(w):
            raise ValueError(f"base elements of shape {x.shape} do not fit weights of shape {w.shape}")
        result = np.zeros((*x.shape[:-1], self.degree), np.uint64)
        if x.size:
            rows, sums = x.reshape(-1, len(w)), result.reshape(-1, self.degree)
            weights_first = np.ascontiguousarray(w.T)[:, None, :]
            block = max(1, _BLOCK // len(w))
            for start in range(0, len(rows), block):
                products = self.field.multiply(rows[None, start : start + block], weights_first)
                sums[start : start + block] = self.field.sum(products, axis=2).T
        return result

    def combine(self, base: npt.ArrayLike, weights: npt.ArrayLike) -> Elements:
        """Σ_i base[i, c] · weights[i]: ``(n, columns)`` and ``(n, e)`` → ``(columns, e)``."""
        x, w = np.asarray(base, np.uint64), self._elements(weights)
        if x.ndim != 2 or w.ndim != 2 or len(x) != len(w):
            raise ValueError(f"a matrix (n, columns) of shape {x.shape} does not fit weights of shape {w.shape}")
        result = np.zeros((x.shape[1], self.degree), np.uint64)
        block = max(1, _BLOCK // max(1, x.shape[1]))
        for start in range(0, len(x), block):
            columns = np.ascontiguousarray(x[start : start + block].T)
            result = self.field.add(result, self.dot(columns, w[start : start + block]))
        return result

    def evaluate(self, coefficients: npt.ArrayLike, point: npt.ArrayLike) -> Elements:
        """Values at one point of polynomials with base coefficients: ``(n, columns) → (columns, e)``."""
        x = np.asarray(coefficients, np.uint64)
        if x.ndim != 2:
            raise ValueError(f"coefficients are a matrix (n, columns), not of shape {x.shape}")
        return self.combine(x, self.powers(point, len(x)))

    def in_base(self, a: npt.ArrayLike) -> bool:
        """Whether some element of the array lies in the base field."""
        return bool((~self._elements(a)[..., 1:].any(axis=-1)).any())

    def encode(self, a: npt.ArrayLike) -> bytes:
        """Canonical bytes, coefficient of 1 first."""
        return self.field.encode(self._elements(a))

    def decode(self, data: bytes, shape: tuple[int, ...]) -> Elements:
        """``shape`` without the trailing axis. Raises ``ProofRejected`` as ``Field.decode`` does."""
        return self.field.decode(data, (*shape, self.degree))

    def random(self, shape: tuple[int, ...]) -> Elements:
        """Uniform elements, ``shape`` without the trailing axis."""
        return self.field.random((*shape, self.degree))
