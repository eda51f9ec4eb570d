"""Goldilocks arithmetic on numpy arrays, for hashing hundreds of rows without a compiler.

A batch of states is an array of shape ``(12, count)``, element by element. Values are any ``uint64`` of the
right residue modulo p = 2^64 − 2^32 + 1 and canonical at the end; reductions use 2^64 ≡ ε and
2^96 ≡ −1, ε = 2^32 − 1. Everything writes into buffers of one ``Workspace``: fresh arrays would cost more than
the arithmetic.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from polyproof_poseidon.integers import MODULUS, WIDTH

__all__ = ["Matrix", "Words", "Workspace", "matrix_with_constants"]

Words = npt.NDArray[np.uint64]
Matrix = npt.NDArray[np.float64]
"""A linear layer with its constants: ``matrix_with_constants``."""

_EPSILON = np.uint64(2**32 - 1)
_LOW = np.uint64(2**32 - 1)
_HALF = np.uint64(32)
_MODULUS = np.uint64(MODULUS)
_LOW_HALF, _HIGH_HALF = (0, 1) if sys.byteorder == "little" else (1, 0)


def matrix_with_constants(rows: Sequence[Sequence[int]], constants: Sequence[int]) -> Matrix:
    """A matrix of small non-negative integers and constants to add after it, shape ``(12, 14)``.

    The last two columns are the low and the high halves of the constants. A row must sum to less than
    2^20: then every intermediate value of ``Workspace.linear`` is an integer below 2^53, and the product is exact in
    floating point, whatever the order of its additions.
    """
    if any(min(row) < 0 or sum(row) >= 2**20 for row in rows):
        raise ValueError("entries of a linear layer are non-negative and a row sums to less than 2^20")
    halves = [(constant & (2**32 - 1), constant >> 32) for constant in constants]
    return np.array([[*row, low, high] for row, (low, high) in zip(rows, halves, strict=True)], np.float64)


class Workspace:
    """Buffers and arithmetic for batches of ``count`` states."""

    def __init__(self, count: int) -> None:
        """Buffers for states of shape ``(12, count)``."""
        self._words = np.empty((4, WIDTH, count), np.uint64)
        self._flags = np.empty((WIDTH, count), np.bool_)
        self._powers = np.empty((2, WIDTH, count), np.uint64)
        # A linear layer's operand: the state's 32-bit halves side by side, then ones for the constants.
        self._halves = np.zeros((WIDTH + 2, count, 2), np.float64)
        self._halves[WIDTH, :, _LOW_HALF] = 1
        self._halves[WIDTH + 1, :, _HIGH_HALF] = 1
        self._product = np.empty((WIDTH, count, 2), np.float64)

    def first(self) -> Workspace:
        """The same buffers for arithmetic on the first element alone, shape ``(1, count)``."""
        part = object.__new__(Workspace)
        part._words = self._words[:, :1]
        part._flags = self._flags[:1]
        part._powers = self._powers[:, :1]
        return part

    def _fold_carry(self, total: Words, addend: Words, out: Words, spare: Words) -> None:
        """``out`` = total + ε where the sum that gave ``total`` carried, that is where total < addend."""
        np.less(total, addend, out=self._flags)
        np.multiply(self._flags, _EPSILON, out=spare)
        np.add(total, spare, out=out)

    def _reduce(self, low: Words, high: Words, spare: Words, out: Words) -> None:
        """``out`` = low + 2^64·high; destroys its operands."""
        np.right_shift(high, _HALF, out=spare)
        borrows = np.less(low, spare, out=self._flags)
        np.subtract(low, spare, out=low)
        if borrows.any():  # about one in 2^32; what a borrow leaves is above ε
            low[borrows] -= _EPSILON
        np.bitwise_and(high, _LOW, out=high)
        np.multiply(high, _EPSILON, out=high)
        np.add(low, high, out=low)
        # A carry leaves less than (2^32 − 1)²: adding ε carries no more.
        self._fold_carry(low, high, out, spare)

    def multiply(self, a: Words, b: Words, out: Words) -> None:
        """``out`` = a·b; ``out`` may be an operand, and b may be a column of constants."""
        cross, other, high, part = self._words
        np.bitwise_and(a, _LOW, out=other)
        np.bitwise_and(b, _LOW, out=part)
        np.multiply(other, part, out=cross)
        np.right_shift(cross, _HALF, out=cross)
        np.right_shift(a, _HALF, out=high)
        np.multiply(high, part, out=part)
        np.add(cross, part, out=cross)
        np.right_shift(b, _HALF, out=part)
        np.multiply(other, part, out=other)
        np.multiply(high, part, out=high)
        np.bitwise_and(cross, _LOW, out=part)
        np.add(other, part, out=other)
        np.right_shift(cross, _HALF, out=cross)
        np.add(high, cross, out=high)
        np.right_shift(other, _HALF, out=other)
        np.add(high, other, out=high)
        np.multiply(a, b, out=cross)
        self._reduce(cross, high, other, out)

    def square(self, a: Words, out: Words) -> None:
        """``out`` = a² = high²·2^64 + low·high·2^33 + low²; ``out`` may be a."""
        low, high, cross, part = self._words
        np.bitwise_and(a, _LOW, out=low)
        np.right_shift(a, _HALF, out=high)
        np.multiply(low, high, out=cross)
        np.multiply(high, high, out=high)
        np.right_shift(cross, np.uint64(31), out=part)
        np.add(high, part, out=high)
        np.left_shift(cross, np.uint64(33), out=cross)
        np.multiply(a, a, out=low)
        np.add(high, np.less(low, cross, out=self._flags), out=high)
        self._reduce(low, high, part, out)

    def seventh_power(self, x: Words) -> None:
        """x ← x^7, in place."""
        x2, x4 = self._powers
        self.square(x, x2)
        self.multiply(x, x2, x)
        self.square(x2, x4)
        self.multiply(x, x4, x)

    def seventh_root(self, x: Words) -> None:
        """x ← x^(1/7), in place: 1/7 = R·7·R modulo p − 1 for R = (2^33 − 1)/7, since 7·(7·R²) = (2^33 − 1)²
        = 4·(p − 1) + 1.
        """
        self._repunit_power(x)
        self.seventh_power(x)
        self._repunit_power(x)

    def _repunit_power(self, x: Words) -> None:
        """x ← x^R, in place, for R = 1 + 8 + … + 8^10 = (2^33 − 1)/7."""
        power, kept = self._powers
        power[...] = x
        # With R_n = 1 + 8 + … + 8^(n−1): R_(m+n) = 8^n·R_m + R_n, and n goes 1, 2, 4, 5, 10, 11.
        for digits in (1, 2, 1, 5, 1):
            if digits > 1:
                kept[...] = power
            for _ in range(3 * digits):
                self.square(power, power)
            self.multiply(power, kept if digits > 1 else x, power)
        x[...] = power

    def add(self, x: Words, addend: Words) -> None:
        """x ← x + addend, in place, for a canonical addend that broadcasts."""
        np.add(x, addend, out=x)
        # A carry leaves less than p − 1: adding ε carries no more.
        self._fold_carry(x, addend, x, self._words[0])

    def linear(self, matrix: Matrix, state: Words) -> None:
        """state ← matrix·state + constants, in place; see ``matrix_with_constants``."""
        count = state.shape[1]
        self._halves[:WIDTH] = state.view(np.uint32).reshape(WIDTH, count, 2)
        np.matmul(matrix, self._halves.reshape(WIDTH + 2, -1), out=self._product.reshape(WIDTH, -1))
        low, high, top, _ = self._words
        low.view(np.int64)[...] = self._product[:, :, _LOW_HALF]
        high.view(np.int64)[...] = self._product[:, :, _HIGH_HALF]
        np.right_shift(high, _HALF, out=top)
        np.multiply(top, _EPSILON, out=top)
        np.add(low, top, out=low)  # below 2^54
        np.left_shift(high, _HALF, out=state)
        np.add(state, low, out=state)
        # A carry leaves less than 2^54: adding ε carries no more.
        self._fold_carry(state, low, state, top)

    def total(self, state: Words) -> Words:
        """The sum of the twelve elements, canonical, shape ``(count,)``."""
        wrapped: Words = state.sum(axis=0)
        high: Words = (state >> _HALF).sum(axis=0)
        low = wrapped - (high << _HALF)  # of the low halves, which is below 2^36
        top = high >> _HALF
        low += (top << _HALF) - top
        total = (high << _HALF) + low
        total += (total < low) * _EPSILON
        return canonical(total)


def canonical(x: Words) -> Words:
    """The residues themselves."""
    reduced: Any = np.where(x >= _MODULUS, x - _MODULUS, x)
    return reduced  # type: ignore[no-any-return]
