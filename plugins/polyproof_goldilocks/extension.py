"""The extensions F[θ]/(θ^e − 7) of Goldilocks, e = 2 or 3: irreducible, since 7 generates F*."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from polyproof.engine import for_blocks
from polyproof.errors import FieldError
from polyproof.field import Elements, Extension
from polyproof_goldilocks import formulas
from polyproof_goldilocks.formulas import MODULUS, NONRESIDUE

if TYPE_CHECKING:
    from polyproof_goldilocks.field import Goldilocks

__all__ = ["GoldilocksExtension"]

_BLOCK = 1 << 13
_SUM_TERMS = 1 << 10
"""Terms that ``formulas.wide_sum`` allows."""


class GoldilocksExtension(Extension):
    """Elements are ``(…, e)`` arrays, the coefficient of 1 first."""

    def __init__(self, field: Goldilocks, degree: int) -> None:
        """Of degree 2 or 3 over the field, with its engine."""
        self.field: Goldilocks = field
        self.degree = degree
        self.nonresidue = NONRESIDUE

    def embed(self, a: npt.ArrayLike) -> Elements:
        """Base elements as extension elements."""
        a = np.asarray(a, np.uint64)
        result = np.zeros((*a.shape, self.degree), np.uint64)
        result[..., 0] = a
        return result

    def add(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a + b."""
        return self.field.add(a, b)

    def subtract(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a − b."""
        return self.field.subtract(a, b)

    def negate(self, a: npt.ArrayLike) -> Elements:
        """−a."""
        return self.field.negate(a)

    def multiply(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b."""
        a, b = np.asarray(a, np.uint64), np.asarray(b, np.uint64)
        if a.ndim == b.ndim == 1:
            return self._multiply_single(a, b)
        if self.field._kernels is None:
            a, b = np.broadcast_arrays(a, b)
            product = formulas.extension_multiply(
                [a[..., k] for k in range(self.degree)], [b[..., k] for k in range(self.degree)]
            )
            return np.stack(product, axis=-1)
        if a.ndim == 1:
            a, b = b, a
        return self._multiply_compiled(a, b)

    def _multiply_single(self, a: Elements, b: Elements) -> Elements:
        """One product: plain integers beat numpy's overhead."""
        left, right = a.tolist(), b.tolist()
        result = [0] * self.degree
        for i, x in enumerate(left):
            for j, y in enumerate(right):
                k = i + j
                if k < self.degree:
                    result[k] += x * y
                else:
                    result[k - self.degree] += NONRESIDUE * x * y
        return np.array([value % MODULUS for value in result], np.uint64)

    def _multiply_compiled(self, a: Elements, b: Elements) -> Elements:
        kernels: Any = self.field._kernels
        if b.ndim == 1:
            shape, one = a.shape, np.ascontiguousarray(b)
            kernel = kernels.multiply_one_3 if self.degree == 3 else kernels.multiply_one_2
        else:
            shape, one = np.broadcast_shapes(a.shape, b.shape), None
            kernel = kernels.multiply_3 if self.degree == 3 else kernels.multiply_2
        left = np.ascontiguousarray(np.broadcast_to(a, shape)).ravel()
        right = np.ascontiguousarray(np.broadcast_to(b, shape)).ravel() if one is None else one
        out = np.empty_like(left)
        step = self.degree

        def run(start: int, stop: int) -> None:
            part = slice(start * step, stop * step)
            kernel(left[part], right if one is not None else right[part], out[part])

        for_blocks(run, left.size // step, _BLOCK)
        return out.reshape(shape)

    def scale(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b, b of the base field."""
        return self.field.multiply(a, np.asarray(b, np.uint64)[..., None])

    def inverse(self, a: npt.ArrayLike) -> Elements:
        """1 / a = cofactor / norm, the norms inverted together."""
        a = np.asarray(a, np.uint64)
        zeros = np.flatnonzero(~a.any(axis=-1))
        if zeros.size:
            raise FieldError(f"zero has no inverse: element {int(zeros[0])} of the array is zero")
        flat = np.ascontiguousarray(a).reshape(-1, self.degree)
        if self.field._kernels is None:
            norms, parts = formulas.extension_norm([flat[:, k] for k in range(self.degree)])
            cofactors = np.stack(parts, axis=-1)
        else:
            kernels: Any = self.field._kernels
            kernel = kernels.inverse_norms_3 if self.degree == 3 else kernels.inverse_norms_2
            norms, cofactors = np.empty(len(flat), np.uint64), np.empty_like(flat)

            def run(start: int, stop: int) -> None:
                kernel(flat[start:stop].ravel(), norms[start:stop], cofactors[start:stop].reshape(-1))

            for_blocks(run, len(flat), _BLOCK)
        return self.scale(cofactors, self.field.inverse(norms)).reshape(a.shape)

    def power(self, a: npt.ArrayLike, exponent: int) -> Elements:
        """a^exponent."""
        a = np.asarray(a, np.uint64)
        if exponent < 0:
            a, exponent = self.inverse(a), -exponent
        result = self.embed(np.ones(a.shape[:-1], np.uint64))
        while exponent:
            if exponent & 1:
                result = self.multiply(result, a)
            exponent >>= 1
            if exponent:
                a = self.multiply(a, a)
        return result

    def powers(self, a: npt.ArrayLike, count: int) -> Elements:
        """(1, a, a², …)."""
        result = np.zeros((max(count, 1), self.degree), np.uint64)
        result[0, 0] = 1
        known, step = 1, np.asarray(a, np.uint64)
        while known < count:
            more = min(known, count - known)
            result[known : known + more] = self.multiply(result[:more], step)
            known += more
            step = self.multiply(step, step)
        return result[:count]

    def sum(self, a: npt.ArrayLike, axis: int = 0) -> Elements:
        """Sum along an axis that is not the trailing one."""
        return self.field.sum(a, axis=axis)

    def dot(self, base: npt.ArrayLike, weights: npt.ArrayLike) -> Elements:
        """Σ_j base[…, j] · weights[j]."""
        base, weights = np.asarray(base, np.uint64), np.asarray(weights, np.uint64)
        columns = base.shape[-1]
        if self.field._kernels is None or not base.size:
            terms = [self.field.sum(self.field.multiply(base, weights[:, k]), axis=-1) for k in range(self.degree)]
            return np.stack(terms, axis=-1)
        rows = np.ascontiguousarray(base).reshape(-1, columns)
        total: Elements | None = None
        for start in range(0, columns, _SUM_TERMS):
            stop = min(start + _SUM_TERMS, columns)
            part = self._dot_part(rows, start, stop, weights[start:stop])
            total = part if total is None else self.add(total, part)
        assert total is not None
        return total.reshape(*base.shape[:-1], self.degree)

    def _dot_part(self, rows: Elements, first: int, last: int, weights: Elements) -> Elements:
        """Columns first … last − 1, at most ``_SUM_TERMS`` of them.

        Rows are read eight columns at a time, past the last one if need be, where the weights are zero; only
        the end of the matrix must not be passed, so its last row is copied.
        """
        kernels: Any = self.field._kernels
        kernel = kernels.dot_3 if self.degree == 3 else kernels.dot_2
        width = -(-(last - first) // 8) * 8
        padded = np.zeros((width, self.degree), np.uint64)
        padded[: last - first] = weights
        limbs = np.stack([padded & np.uint64(0x3FFFFF), padded >> np.uint64(22) & np.uint64(0x3FFFFF), padded >> 44])
        # (limb, column, coefficient) → (eight columns, coefficient, limb, lane)
        ordered = limbs.reshape(3, -1, 8, self.degree).transpose(1, 3, 0, 2)
        table = np.ascontiguousarray(ordered).ravel()
        count, stride = rows.shape
        out = np.empty((count, self.degree), np.uint64)
        flat = rows.reshape(-1)
        inside = count if first + width <= stride else count - 1

        def run(start: int, stop: int) -> None:
            kernel(flat, start * stride + first, stride, width, table, out[start:stop])

        for_blocks(run, inside, _BLOCK)
        if inside < count:
            final = np.zeros(width, np.uint64)
            final[: last - first] = rows[-1, first:last]
            kernel(final, 0, width, width, table, out[-1:])
        return out

    def evaluate(self, coefficients: npt.ArrayLike, point: npt.ArrayLike) -> Elements:
        """Values at a point: ``(n, columns) → (columns, e)``."""
        coefficients = np.ascontiguousarray(coefficients, np.uint64)
        rows, columns = coefficients.shape
        powers = self.powers(point, rows)
        if self.field._kernels is None:
            return self.dot(np.ascontiguousarray(coefficients.T), powers)
        kernel = self.field._kernels.combine_rows
        blocks = -(-rows // _BLOCK)
        parts = np.zeros((blocks, columns, self.degree), np.uint64)

        def run(start: int, stop: int) -> None:
            kernel(coefficients[start:stop], powers[start:stop], parts[start // _BLOCK])

        for_blocks(run, rows, _BLOCK)
        return self.field.sum(parts, axis=0)

    def in_base(self, a: npt.ArrayLike) -> bool:
        """Whether some element lies in the base field."""
        return not bool(np.asarray(a)[..., 1:].any(axis=-1).all())

    def encode(self, a: npt.ArrayLike) -> bytes:
        """Canonical bytes, coefficient of 1 first."""
        return self.field.encode(a)

    def decode(self, data: bytes, shape: tuple[int, ...]) -> Elements:
        """The inverse of ``encode``."""
        return self.field.decode(data, (*shape, self.degree))

    def random(self, shape: tuple[int, ...]) -> Elements:
        """Uniform elements."""
        return self.field.random((*shape, self.degree))
