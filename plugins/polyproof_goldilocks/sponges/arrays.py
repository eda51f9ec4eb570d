"""The layers of the three permutations on numpy arrays, for hashing hundreds of rows without a compiler.

A batch of states is an array of shape ``(12, count)``, element by element. Between layers values are any ``uint64`` of
the right residue.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from polyproof.field import Elements
from polyproof_goldilocks import reduction
from polyproof_goldilocks.array_formulas import ArrayFormula, Steps, run
from polyproof_goldilocks.sponges import s_box
from polyproof_goldilocks.sponges.integers import WIDTH

__all__ = [
    "Matrix",
    "States",
    "add",
    "canonical",
    "halves",
    "matrix_with_constants",
    "multiply_add",
    "scaled_total",
    "seventh_root",
    "with_room",
]

Matrix = npt.NDArray[np.float64]
"""A linear layer with its constants: ``matrix_with_constants``."""

_LOW_BITS = np.uint64(2**32 - 1)
_HALF = np.uint64(32)

add = ArrayFormula(reduction.add, 2)
"""x + c for any words x and canonical c."""
canonical = ArrayFormula(reduction.canonical, 1)
seventh_root = ArrayFormula(s_box.seventh_root, 1)
multiply_add = ArrayFormula(reduction.montgomery_multiply_add, 5)
"""(x·y + z) · 2^−64 for any words x, and y and z as ``halves``."""
_square = ArrayFormula(reduction.montgomery_square, 1)
_multiply = ArrayFormula(reduction.montgomery_multiply, 2)
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
    2^20: then every intermediate value of ``States.apply`` is an integer below 2^53, and the product is exact in
    floating point, whatever the order of its additions.
    """
    if any(min(row) < 0 or sum(row) >= 2**20 for row in rows):
        raise ValueError("entries of a linear layer are non-negative and a row sums to less than 2^20")
    return np.array(
        [[*row, constant & (2**32 - 1), constant >> 32] for row, constant in zip(rows, constants, strict=True)],
        np.float64,
    )


def with_room(matrix: Matrix) -> Matrix:
    """The matrix for ``States.partial_rounds``: its constants are p more, so that no half of its products is negative.

    A row must sum to less than 2^9. p as halves that both have room: (2^33 + 1) + 2^32·(2^32 − 3).
    """
    if (matrix[:, :WIDTH].sum(axis=1) >= 2**9).any():
        raise ValueError("a row of a matrix for partial rounds sums to less than 2^9")
    roomy = matrix.copy()
    roomy[:, WIDTH] += 2**33 + 1
    roomy[:, WIDTH + 1] += 2**32 - 3
    return roomy


def _copy(source: Any, _: Any, target: Any) -> None:
    target[...] = source


def _floor(source: Any, _: Any, target: Any) -> None:
    np.floor(source, target)


class States:
    """A batch of states, and all arrays that permuting it takes.

    What a layer does is a list of numpy calls on arrays that stay where they are, made once for all rounds: with some
    hundred states a call costs as much as what it computes, and finding its arguments would cost that again. A batch
    belongs to the thread that made it.
    """

    words: Elements
    """``(12, count)``: any residues, between layers."""

    def __init__(self, count: int) -> None:
        """For ``count`` states, whose words are not set."""
        self.words = np.empty((WIDTH, count), np.uint64)
        # Operands of matrix products: 32-bit halves, all low ones before all high ones, and ones for the constants.
        self._halves = [np.zeros((WIDTH + 2, 2, count)) for _ in range(2)]
        for halves_ in self._halves:
            halves_[WIDTH, 0] = halves_[WIDTH + 1, 1] = 1
        integers = np.empty((WIDTH, 2, count), np.uint64)
        words = self.words
        self._power, self._power_of_first = _seventh_power(words), _seventh_power(words[:1])
        self._split: Steps = [(_copy, _planes(words), None, self._halves[0][:WIDTH])]
        self._split_first: list[Steps] = [[(_copy, _planes(words[:1]), None, into[:1])] for into in self._halves]
        join, join_first = (_join.on(integers[:n, 0], integers[:n, 1], out=words[:n]) for n in (WIDTH, 1))
        signed = integers.view(np.int64)
        self._joined: list[Steps] = [[(_copy, of[:WIDTH], None, signed), *join] for of in self._halves]
        self._join_first: list[Steps] = [[(_copy, of[:1], None, signed[:1]), *join_first] for of in self._halves]
        self._carry = _carry(self._halves[1][1:WIDTH])

    def seventh_powers(self) -> None:
        """words ← words^7."""
        run(self._power)

    def seventh_power_of_first(self) -> None:
        """The same of the first element of each state."""
        run(self._power_of_first)

    def apply(self, matrix: Matrix) -> None:
        """words ← matrix·words + constants; see ``matrix_with_constants``."""
        run(self._split)
        self._multiply(matrix, 0)
        run(self._joined[1])

    def partial_rounds(self, matrices: Sequence[Matrix]) -> None:
        """For each matrix: the seventh power of the first element, then ``apply``. Matrices are ``with_room``.

        Between rounds only the first element is made a word again. The others stay as halves, of which the products may
        grow: with rows that sum to less than 2^9 and constants below 2^34, from 2^33 to 2^43 and then to 2^53, which
        floating point still holds. So in every second round what exceeds 32 bits is carried (``_carry``). A low half is
        negative only after that, and more than −2^21, so that the room in the constants makes up for it in the product.
        """
        run(self._split)
        for number, matrix in enumerate(matrices):
            source = number % 2
            if number:
                run(self._join_first[source])
            run(self._power_of_first)
            run(self._split_first[source])
            if source:
                run(self._carry)
            self._multiply(matrix, source)
        run(self._joined[len(matrices) % 2])

    def _multiply(self, matrix: Matrix, source: int) -> None:
        """From one of the two operands into the other."""
        rows = WIDTH + 2
        operand, product = self._halves[source].reshape(rows, -1), self._halves[1 - source].reshape(rows, -1)
        np.matmul(matrix, operand, out=product[:WIDTH])


def _planes(words: Elements) -> Any:
    """A view of contiguous words as their 32-bit halves: ``(…, count) → (…, 2, count)``, low ones first."""
    halves_ = words.view(np.uint32).reshape(*words.shape, 2)
    return np.moveaxis(halves_ if sys.byteorder == "little" else halves_[..., ::-1], -1, -2)


def _seventh_power(words: Elements) -> Steps:
    """words ← words^7. As x³ and x⁴ are x² times x and x², both are products of one call."""
    factors, products = np.empty((2, *words.shape), np.uint64), np.empty((2, *words.shape), np.uint64)
    return [
        (_copy, words, None, factors[0]),
        *_square.on(words, out=factors[1]),
        *_multiply.on(factors, factors[1], out=products),
        *_multiply.on(products[0], products[1], out=words),
    ]


def _carry(halves_: Matrix) -> Steps:
    """What a half has above its 32 bits is carried, from the high ones by 2^64 ≡ 2^32 − 1: ``(rows, 2, count)``.

    Of integers in [0, 2^53) low halves in (−2^21, 2^32) and high halves in [0, 2^32 + 2^22) are left.
    """
    above, shifted = np.empty_like(halves_), np.empty_like(halves_)
    low, high = halves_[:, 0], halves_[:, 1]
    from_low, from_high = above[:, 0], above[:, 1]
    return [
        (np.multiply, halves_, np.array(2.0**-32), above),
        (_floor, above, None, above),
        (np.multiply, above, np.array(2.0**32), shifted),
        (np.subtract, halves_, shifted, halves_),
        (np.add, high, from_low, high),
        (np.add, high, from_high, high),
        (np.subtract, low, from_high, low),
    ]
