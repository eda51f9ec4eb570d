"""The layers of the three permutations on numpy arrays, for hashing hundreds of rows without a compiler.

A batch of states is an array of shape ``(12, count)``, element by element. Between layers values are any ``uint64`` of
the right residue.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from polyproof.field import Elements
from polyproof_goldilocks import reduction
from polyproof_goldilocks.array_formulas import ArrayFormula
from polyproof_goldilocks.sponges import s_box
from polyproof_goldilocks.sponges.integers import WIDTH

__all__ = [
    "LinearLayers",
    "Matrix",
    "add",
    "canonical",
    "halves",
    "matrix_with_constants",
    "multiply_add",
    "scaled_total",
    "seventh_power",
    "seventh_power_of_sum",
    "seventh_root",
]

Matrix = npt.NDArray[np.float64]
"""A linear layer with its constants: ``matrix_with_constants``."""

_LOW_BITS = np.uint64(2**32 - 1)
_HALF = np.uint64(32)
_LOW_HALF, _HIGH_HALF = (0, 1) if sys.byteorder == "little" else (1, 0)

add = ArrayFormula(reduction.add, 2)
"""x + c for any words x and canonical c."""
canonical = ArrayFormula(reduction.canonical, 1)
seventh_power = ArrayFormula(s_box.seventh_power, 1)
seventh_power_of_sum = ArrayFormula(lambda x, c: s_box.seventh_power(reduction.add(x, c)), 2)
"""(x + c)^7 for any words x and canonical c."""
seventh_root = ArrayFormula(s_box.seventh_root, 1)
multiply_add = ArrayFormula(reduction.montgomery_multiply_add, 5)
"""(x·y + z) · 2^−64 for any words x, and y and z as ``halves``."""
_join = ArrayFormula(reduction.join, 2)
_join_scaled = ArrayFormula(reduction.join_scaled, 2)


def halves(words: Elements) -> tuple[Elements, Elements]:
    """The low and the high 32 bits."""
    return words & _LOW_BITS, words >> _HALF


def scaled_total(state: Elements) -> Elements:
    """2^64 times the sums of the twelve elements, shape ``(count,)``."""
    high: Elements = (state >> _HALF).sum(axis=0)
    # The sum of the low halves is below 2^36, so it is exact modulo 2^64.
    return _join_scaled(state.sum(axis=0) - (high << _HALF), high)


def matrix_with_constants(rows: Sequence[Sequence[int]], constants: Sequence[int]) -> Matrix:
    """A matrix of small non-negative integers and constants to add after it, shape ``(12, 14)``.

    The last two columns are the low and the high halves of the constants. A row must sum to less than
    2^20: then every intermediate value of ``LinearLayers.apply`` is an integer below 2^53, and the product is exact in
    floating point, whatever the order of its additions.
    """
    if any(min(row) < 0 or sum(row) >= 2**20 for row in rows):
        raise ValueError("entries of a linear layer are non-negative and a row sums to less than 2^20")
    return np.array(
        [[*row, constant & (2**32 - 1), constant >> 32] for row, constant in zip(rows, constants, strict=True)],
        np.float64,
    )


class LinearLayers:
    """Products of matrices with batches of ``count`` states, in buffers that all products share."""

    def __init__(self, count: int) -> None:
        # The operand: the states' 32-bit halves side by side, then ones for the constants.
        self._halves = np.zeros((WIDTH + 2, count, 2), np.float64)
        self._halves[WIDTH, :, _LOW_HALF] = 1
        self._halves[WIDTH + 1, :, _HIGH_HALF] = 1
        self._product = np.empty((WIDTH, count, 2), np.float64)
        self._words = np.empty((2, WIDTH, count), np.uint64)

    def apply(self, matrix: Matrix, state: Elements) -> None:
        """state ← matrix·state + constants, in place; see ``matrix_with_constants``."""
        count = state.shape[1]
        self._halves[:WIDTH] = state.view(np.uint32).reshape(WIDTH, count, 2)
        np.matmul(matrix, self._halves.reshape(WIDTH + 2, -1), out=self._product.reshape(WIDTH, -1))
        low, high = self._words
        low.view(np.int64)[...] = self._product[:, :, _LOW_HALF]
        high.view(np.int64)[...] = self._product[:, :, _HIGH_HALF]
        _join(low, high, out=state)
