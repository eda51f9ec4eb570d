"""Compiled arithmetic on flat arrays: eight lanes at a time, all words canonical.

An operand with step 0 is one element for all: the caller passes it eight times over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import boolean, int64, types

from polyproof.toolkit.kernels import kernel
from polyproof_goldilocks import lane_formulas as lanes
from polyproof_goldilocks.lane_formulas import broadcast
from polyproof_goldilocks.lane_memory import load, store
from polyproof_goldilocks.reduction import MODULUS

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["add", "column_sums", "cumulative_sums", "inverse", "multiply", "negate", "subtract"]

_READ = types.Array(types.uint64, 1, "C", readonly=True)
_WRITE = types.Array(types.uint64, 1, "C")
_BINARY = types.void(_READ, int64, _READ, int64, _WRITE)

_ONE = np.uint64(1)
_INVERSE_EXPONENT = np.uint64(MODULUS - 2)


@kernel(_BINARY)
def add(a: Words, a_step: int, b: Words, b_step: int, result: Words) -> None:
    """a + b."""
    whole = result.size & ~7
    for i in range(0, whole, 8):
        store(result, i, lanes.add(load(a, i * a_step), load(b, i * b_step)))
    for i in range(whole, result.size):
        result[i] = lanes.add(a[i * a_step], b[i * b_step])


@kernel(_BINARY)
def subtract(a: Words, a_step: int, b: Words, b_step: int, result: Words) -> None:
    """a − b."""
    whole = result.size & ~7
    for i in range(0, whole, 8):
        store(result, i, lanes.subtract(load(a, i * a_step), load(b, i * b_step)))
    for i in range(whole, result.size):
        result[i] = lanes.subtract(a[i * a_step], b[i * b_step])


@kernel(_BINARY)
def multiply(a: Words, a_step: int, b: Words, b_step: int, result: Words) -> None:
    """a · b."""
    whole = result.size & ~7
    for i in range(0, whole, 8):
        store(result, i, lanes.multiply(load(a, i * a_step), load(b, i * b_step)))
    for i in range(whole, result.size):
        result[i] = lanes.multiply(a[i * a_step], b[i * b_step])


@kernel(types.void(_READ, _WRITE))
def negate(a: Words, result: Words) -> None:
    """−a."""
    whole = result.size & ~7
    for i in range(0, whole, 8):
        store(result, i, lanes.negate(load(a, i)))
    for i in range(whole, result.size):
        result[i] = lanes.negate(a[i])


@kernel(boolean(_READ, _WRITE))
def inverse(a: Words, result: Words) -> bool:
    """1 / a with one inversion for each of 32 lanes; ``False`` if some a is zero.

    Montgomery's trick: ``result`` first holds the product of all earlier elements of the lane. Four vectors at a
    time hide the latency of a product.
    """
    whole = a.size & ~31
    p_0 = p_1 = p_2 = p_3 = broadcast(_ONE)
    for i in range(0, whole, 32):
        store(result, i, p_0)
        store(result, i + 8, p_1)
        store(result, i + 16, p_2)
        store(result, i + 24, p_3)
        p_0 = lanes.multiply(p_0, load(a, i))
        p_1 = lanes.multiply(p_1, load(a, i + 8))
        p_2 = lanes.multiply(p_2, load(a, i + 16))
        p_3 = lanes.multiply(p_3, load(a, i + 24))
    rest = _ONE
    for i in range(whole, a.size):
        result[i] = rest
        rest = lanes.multiply(rest, a[i])
    products = np.empty(32, np.uint64)
    store(products, 0, p_0)
    store(products, 8, p_1)
    store(products, 16, p_2)
    store(products, 24, p_3)
    for i in range(32):
        if products[i] == 0:
            return False
    if rest == 0:
        return False
    # x^(p − 2), from the topmost bit on.
    q_0 = q_1 = q_2 = q_3 = broadcast(_ONE)
    last = _ONE
    for bit in range(63, -1, -1):
        q_0 = lanes.multiply(q_0, q_0)
        q_1 = lanes.multiply(q_1, q_1)
        q_2 = lanes.multiply(q_2, q_2)
        q_3 = lanes.multiply(q_3, q_3)
        last = lanes.multiply(last, last)
        if (_INVERSE_EXPONENT >> np.uint64(bit)) & _ONE:
            q_0 = lanes.multiply(q_0, p_0)
            q_1 = lanes.multiply(q_1, p_1)
            q_2 = lanes.multiply(q_2, p_2)
            q_3 = lanes.multiply(q_3, p_3)
            last = lanes.multiply(last, rest)
    for i in range(a.size - 1, whole - 1, -1):
        result[i] = lanes.multiply(result[i], last)
        last = lanes.multiply(last, a[i])
    for i in range(whole - 32, -1, -32):
        store(result, i, lanes.multiply(load(result, i), q_0))
        store(result, i + 8, lanes.multiply(load(result, i + 8), q_1))
        store(result, i + 16, lanes.multiply(load(result, i + 16), q_2))
        store(result, i + 24, lanes.multiply(load(result, i + 24), q_3))
        q_0 = lanes.multiply(q_0, load(a, i))
        q_1 = lanes.multiply(q_1, load(a, i + 8))
        q_2 = lanes.multiply(q_2, load(a, i + 16))
        q_3 = lanes.multiply(q_3, load(a, i + 24))
    return True


@kernel(types.void(_READ, int64, int64, _WRITE))
def column_sums(a: Words, rows: int, columns: int, result: Words) -> None:
    """Add every row of ``columns`` words to ``result``."""
    whole = columns & ~7
    for row in range(rows):
        at = row * columns
        for c in range(0, whole, 8):
            store(result, c, lanes.add(load(result, c), load(a, at + c)))
        for c in range(whole, columns):
            result[c] = lanes.add(result[c], a[at + c])


@kernel(types.void(_READ, int64, int64, _WRITE))
def cumulative_sums(a: Words, rows: int, columns: int, result: Words) -> None:
    """Each row of ``result`` is the sum of all rows of ``a`` down to it."""
    total = np.zeros(columns, np.uint64)
    whole = columns & ~7
    for row in range(rows):
        at = row * columns
        for c in range(0, whole, 8):
            row_sums = lanes.add(load(total, c), load(a, at + c))
            store(total, c, row_sums)
            store(result, at + c, row_sums)
        for c in range(whole, columns):
            total[c] = lanes.add(total[c], a[at + c])
            result[at + c] = total[c]
