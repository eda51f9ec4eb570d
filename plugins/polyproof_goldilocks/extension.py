"""The extensions of degree 2 and 3 with compiled operations."""

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
from polyproof.toolkit.extension import BinomialExtension
from polyproof_goldilocks import extension_kernels
from polyproof_goldilocks.compiled import flat, operands
from polyproof_goldilocks.extension_kernels import TERMS
from polyproof_goldilocks.helper_sums import prepared
from polyproof_goldilocks.reduction import NONRESIDUE

__all__ = ["CompiledExtension"]

_LANES = 8
_LIMB_BITS = (0, 22, 44)
_LIMB = np.uint64(2**22 - 1)
_BLOCK = 1 << 16
"""Elements a thread takes at a time."""
_FEW_TERMS = 12
"""Up to so many terms of a row do not fill the lanes: then those of eight rows are added up side by side."""
_WORDS = 1 << 20
"""Words of base elements a thread takes at a time."""


def _limbs(elements: Elements) -> Elements:
    """Limbs of 22, 22 and 20 bits in a new last axis."""
    return np.stack([(elements >> np.uint64(bits)) & _LIMB for bits in _LIMB_BITS], axis=-1)


class CompiledExtension(BinomialExtension):
    """F[θ]/(θ^e − 7) over the compiled Goldilocks field."""

    def __init__(self, field: Field, degree: int) -> None:
        super().__init__(field, degree, NONRESIDUE)

    def _binary(self, kernel: Callable[..., Any], a: Elements, b: Elements, b_width: int) -> Elements:
        degree = self.degree
        shape, block, walk = operands(a, b, degree, b_width)
        result = empty((*shape, degree))
        words = result.reshape(-1)

        def run(start: int, stop: int) -> None:
            kernel(*walk(start, stop), words[start * degree : stop * degree], degree)

        for_blocks(run, words.size // degree, block)
        return result

    def multiply(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b."""
        x, y = self._elements(a), self._elements(b)
        if x.size == y.size == self.degree:
            return super().multiply(x, y)
        return self._binary(extension_kernels.multiply_elements, x, y, self.degree)

    def scale(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Elements:
        """a · b with base elements b."""
        x, y = self._elements(a), np.asarray(b, np.uint64)
        if x.size == self.degree and y.size == 1:
            return super().scale(x, y)
        return self._binary(extension_kernels.scale, x, y, 1)

    def inverse(self, a: npt.ArrayLike) -> Elements:
        """1 / a through the norm."""
        x = self._elements(a)
        words = flat(x)
        norms, cofactors = empty((words.size // self.degree,)), empty((words.size,))

        def run(start: int, stop: int) -> None:
            own = slice(start * self.degree, stop * self.degree)
            extension_kernels.cofactors(words[own], norms[start:stop], cofactors[own], self.degree)

        for_blocks(run, norms.size, _BLOCK)
        try:
            inverses = self.field.inverse(norms.reshape(x.shape[:-1]))
        except FieldError:
            return super().inverse(x)  # an element is zero: the error names it
        return self.scale(cofactors.reshape(x.shape), inverses)

    def dot(self, base: npt.ArrayLike, weights: npt.ArrayLike) -> Elements:
        """Σ_j base[…, j] · weights[j], with one reduction for all products of a row."""
        x, w = np.asarray(base, np.uint64), self._elements(weights)
        if not x.size or w.ndim != 2 or x.shape[-1] != len(w):
            return super().dot(x, w)  # nothing, or an error
        terms, degree = len(w), self.degree
        result = empty((*x.shape[:-1], degree))
        result.fill(0)
        sums = result.reshape(-1)
        if terms <= _FEW_TERMS:
            few, of_all = x.reshape(-1, terms), _limbs(w).reshape(-1)

            def side_by_side(start: int, stop: int) -> None:
                columns = np.ascontiguousarray(few[start:stop].T).reshape(-1)
                own = sums[start * degree : stop * degree]
                extension_kernels.dot_columns(columns, terms, of_all, own, degree)

            for_blocks(side_by_side, len(few), _BLOCK // terms)
            return result
        words = flat(x)
        for first in range(0, terms, TERMS):
            some = min(TERMS, terms - first)
            padded = np.zeros((-(-some // _LANES) * _LANES, degree, 3), np.uint64)
            padded[:some] = _limbs(w[first : first + some])
            limbs = padded.reshape(-1, _LANES, 3 * degree).transpose(0, 2, 1).ravel()

            def run(start: int, stop: int, first: int = first, some: int = some, limbs: Elements = limbs) -> None:
                own = sums[start * degree : stop * degree]
                extension_kernels.dot(words, start * terms + first, terms, some, limbs, own, degree)

            for_blocks(run, words.size // terms, max(1, _WORDS // terms))
        return result

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
        extension_kernels.sum_entries(flat(table), flat(indices), columns, group, result.reshape(-1), self.degree)
        return result

    def combine(self, base: npt.ArrayLike, weights: npt.ArrayLike) -> Elements:
        """Σ_i base[i, c] · weights[i], reduced once for some hundred rows."""
        x, w, degree = np.asarray(base, np.uint64), self._elements(weights), self.degree
        if x.ndim != 2 or not x.size or w.ndim != 2 or len(x) != len(w):
            return super().combine(x, w)  # nothing, or an error
        rows, columns = x.shape
        words, weight_words = flat(x), flat(w)
        padded = -(-columns // _LANES) * _LANES
        block = max(1, -(-rows // (4 * thread_count())), _WORDS // columns)
        parts = np.empty((-(-rows // block), columns, degree), np.uint64)

        def run(start: int, stop: int) -> None:
            sums = np.zeros((degree, padded), np.uint64)
            own, by = words[start * columns : stop * columns], weight_words[start * degree : stop * degree]
            extension_kernels.combine(own, stop - start, columns, by, sums.reshape(-1), degree)
            parts[start // block] = sums[:, :columns].T

        for_blocks(run, rows, block)
        return self.sum(parts)

    def helper_sums(self, values: int, size: int, alpha: Elements, weights: Elements) -> HelperSums:
        """Prepared for one kernel, which is compiled on its first use with groups of this ``size``."""
        return prepared(self, values, size, alpha, weights)
