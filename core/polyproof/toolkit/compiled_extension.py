"""Binomial extensions with compiled operations, for any field whose modulus is odd and below 2^31."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from polyproof.engine import for_blocks, thread_count
from polyproof.errors import FieldError
from polyproof.field import Elements, Field, HelperSums
from polyproof.large_arrays import empty
from polyproof.model.counts import counted
from polyproof.toolkit import extension_kernels as kernels
from polyproof.toolkit.extension import BinomialExtension

__all__ = ["MODULI_BELOW", "CompiledBinomialExtension"]

MODULI_BELOW = 1 << 31
_R = 1 << 32
_BLOCK = 1 << 14
"""Elements a thread takes at a time."""
_WORDS = 1 << 18
"""Words of base elements a thread takes at a time."""


class CompiledBinomialExtension(BinomialExtension):
    """``BinomialExtension``, compiled; a field of the compiled engine gets it from ``toolkit.binomial_extension``."""

    def __init__(self, field: Field, degree: int, nonresidue: int) -> None:
        """Raises ``FieldError`` as ``BinomialExtension`` does, and for a modulus that products of words do not fit."""
        super().__init__(field, degree, nonresidue)
        p = field.modulus
        if p >= MODULI_BELOW or p % 2 == 0:
            raise FieldError(f"compiled extensions are of fields with an odd modulus below 2^31, not {p}")
        self._places = tuple(range(degree))
        numbers = (p, pow(p, -1, _R), _R * _R % p, nonresidue * _R % p)
        self._numbers: Any = tuple(np.uint64(number) for number in numbers)

    def _times_r(self, a: Elements, power: int = 1) -> Elements:
        return np.ascontiguousarray(self.field.multiply(a, np.array(pow(_R, power, self.field.modulus), np.uint64)))

    def _binary(self, kernel: Callable[..., Any], a: Elements, b: Elements, b_width: int) -> Elements:
        """``kernel`` on elements a and b that broadcast against each other; those of b have ``b_width`` words."""
        degree = self.degree
        b_shape = b.shape[:-1] if b_width > 1 else b.shape
        shape = np.broadcast_shapes(a.shape[:-1], b_shape)
        x, x_step = _operand(a, a.shape[:-1], shape, degree)
        y, y_step = _operand(b, b_shape, shape, b_width)
        result = empty((*shape, degree))
        words = result.reshape(-1)

        def run(start: int, stop: int) -> None:
            kernel(
                x[start * x_step :], x_step, y[start * y_step :], y_step, words[start * degree : stop * degree],
                self._places, self._numbers,
            )  # fmt: skip

        for_blocks(run, words.size // degree, _BLOCK)
        return result

    def multiply(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b."""
        x, y = self._elements(a), self._elements(b)
        if x.size == y.size == self.degree:
            return super().multiply(x, y)
        if x.size == self.degree:
            x, y = y, x  # what is the same for all is prepared once
        return self._binary(kernels.multiply, x, y, self.degree)

    def scale(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b with base elements b."""
        x, y = self._elements(a), np.asarray(b, np.uint64)
        if x.size == self.degree and y.size == 1:
            return super().scale(x, y)
        return self._binary(kernels.scale, x, y, 1)

    def inverse(self, a: npt.ArrayLike) -> Elements:
        """1 / a, one inversion for a block (Montgomery's trick)."""
        x = self._elements(a)
        if x.size <= self.degree or not bool(x.any(axis=-1).all()):
            return super().inverse(x)  # one, or an error
        words, result, degree = _flat(x), empty(x.shape), self.degree
        inverted = result.reshape(-1)

        def run(start: int, stop: int) -> None:
            own = words[start * degree : stop * degree]
            products = np.empty(own.size, np.uint64)
            kernels.prefix_products(own, products, self._places, self._numbers)
            last = BinomialExtension.inverse(self, products[-degree:])
            mine = inverted[start * degree : stop * degree]
            kernels.inverses(own, products, last, mine, self._places, self._numbers)

        for_blocks(run, words.size // degree, _BLOCK)
        return result

    def dot(self, base: npt.ArrayLike, weights: npt.ArrayLike) -> Elements:
        """Σ_j base[…, j] · weights[j]."""
        x, w = np.asarray(base, np.uint64), self._elements(weights)
        if not x.size or w.ndim != 2 or x.shape[-1] != len(w):
            return super().dot(x, w)  # nothing, or an error
        terms, degree, by = len(w), self.degree, _flat(self._times_r(w))
        words, result = _flat(x), empty((*x.shape[:-1], degree))
        sums = result.reshape(-1)

        def run(start: int, stop: int) -> None:
            own = sums[start * degree : stop * degree]
            kernels.dot(words[start * terms : stop * terms], terms, by, own, self._places, self._numbers)

        for_blocks(run, words.size // terms, max(1, _WORDS // terms))
        return result

    def combine(self, base: npt.ArrayLike, weights: npt.ArrayLike) -> Elements:
        """Σ_i base[i, c] · weights[i]."""
        x, w, degree = np.asarray(base, np.uint64), self._elements(weights), self.degree
        if x.ndim != 2 or not x.size or w.ndim != 2 or len(x) != len(w):
            return super().combine(x, w)  # nothing, or an error
        rows, columns = x.shape
        words, by = _flat(x), _flat(self._times_r(w))
        block = max(1, -(-rows // (4 * thread_count())), _WORDS // columns)
        parts = np.zeros((-(-rows // block), degree, columns), np.uint64)

        def run(start: int, stop: int) -> None:
            sums = parts[start // block].reshape(-1)
            own = words[start * columns : stop * columns]
            kernels.combine(own, columns, by[start * degree : stop * degree], sums, self._places, self._numbers)

        for_blocks(run, rows, block)
        total = (parts % np.uint64(self.field.modulus)).sum(axis=0) % np.uint64(self.field.modulus)
        return np.ascontiguousarray(total.T)

    def sum_entries(self, table: Elements, indices: Elements, group: int) -> Elements:
        """Sums of entries of a table, added up as they are read."""
        rows, columns = indices.shape
        if not indices.size or indices.dtype != np.uint64 or table.shape[1:] != (self.degree,):
            return super().sum_entries(table, indices, group)  # nothing, or an error
        if int(indices.max()) >= len(table):  # the kernel does not look again
            raise IndexError(
                f"index {int(indices.max())} is out of bounds for a table of {counted(len(table), 'entry', 'entries')}"
            )
        result = empty((rows, -(-columns // group), self.degree))
        kernels.sum_entries(
            _flat(table), _flat(indices), columns, group, result.reshape(-1), self._places, self._numbers
        )
        return result

    def helper_sums(self, values: int, size: int, alpha: Elements, weights: Elements) -> HelperSums | None:
        """Prepared for one kernel, for groups of up to sixteen."""
        degree, p, groups = self.degree, self.field.modulus, -(-values // size)
        if size > 16:
            return None
        constants, start = np.zeros((groups, 2 * size, degree), np.uint64), np.zeros(degree, np.uint64)
        for first, last in ((0, groups - 1), (groups - 1, groups)):  # the last group may be smaller
            s = min(size, values - first * size)
            weighted = self.multiply(self.powers(alpha, s + 1)[::-1, None], np.asarray(weights)[None, first:last])
            if first == last:
                continue
            for i in range(s + 1):
                sign = p - 1 if i % 2 else 1
                constants[first:last, i] = self.scale(
                    weighted[i], np.array(sign * _R ** (2 if i else 1) % p, np.uint64)
                )
                if 0 < i < s:
                    factor = np.array(sign * (s - i) * _R % p, np.uint64)
                    constants[first:last, size + i] = self.scale(weighted[i + 1], factor)
            own = self.scale(self.sum(weighted[1]), np.array(s, np.uint64))
            start = self.subtract(start, own)
        flat_constants = constants.reshape(-1)

        def sums(base: Elements, helpers: Elements) -> Elements:
            rows = len(base)
            result = np.empty((rows, degree), np.uint64)
            v, v_row = _words(base)
            h, h_row = _words(helpers.reshape(rows, groups * degree))
            kernels.sum_helpers(
                v, v_row, values, h, h_row, flat_constants, start, result.reshape(-1), size, self._places, self._numbers
            )
            return result

        return sums


def _flat(a: Elements) -> Elements:
    """The elements in C order, one-dimensional and aligned: what kernels take."""
    a = a.reshape(-1)
    flat: Elements = np.require(a, np.uint64, ("C_CONTIGUOUS", "ALIGNED", "WRITEABLE"))
    return flat


def _operand(x: Elements, own: tuple[int, ...], shape: tuple[int, ...], width: int) -> tuple[Elements, int]:
    """An operand flat, and how many words its elements are apart: 0 for one that is for all."""
    if own == shape:
        return _flat(x), width
    if x.size == width:
        return _flat(x), 0
    return _flat(np.broadcast_to(x, shape if width == 1 else (*shape, width))), width


def _words(matrix: Elements) -> tuple[Elements, int]:
    """The memory of a matrix, which may be part of a wider one, and the distance of its rows there, in words."""
    rows, columns = matrix.shape
    if not matrix.flags.aligned or matrix.strides[1] != 8 or matrix.strides[0] % 8 or matrix.strides[0] < 8 * columns:
        matrix = np.ascontiguousarray(matrix)
    row = matrix.strides[0] // 8
    return np.lib.stride_tricks.as_strided(matrix, ((rows - 1) * row + columns,), (8,)), row
