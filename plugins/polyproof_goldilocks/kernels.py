"""Compiled arithmetic on flat arrays: eight lanes at a time, all words canonical.

An operand with step 0 is one element for all: the caller passes it eight times over.
"""

from __future__ import annotations

import numpy as np
from numba import boolean, int64, types

from polyproof.toolkit.kernels import kernel
from polyproof_goldilocks import words
from polyproof_goldilocks.formulas import MODULUS
from polyproof_goldilocks.words import broadcast, load, store

__all__ = ["add", "column_sums", "cumulative_sums", "inverse", "multiply", "negate", "subtract"]

_READ = types.Array(types.uint64, 1, "C", readonly=True)
_WRITE = types.Array(types.uint64, 1, "C")
_BINARY = types.void(_READ, int64, _READ, int64, _WRITE)

_ONE = np.uint64(1)
_INVERSE_EXPONENT = np.uint64(MODULUS - 2)


@kernel(_BINARY)
def add(a, a_step, b, b_step, result):
    """a + b."""
    whole = result.size & ~7
    for i in range(0, whole, 8):
        store(result, i, words.add(load(a, i * a_step), load(b, i * b_step)))
    for i in range(whole, result.size):
        result[i] = words.add(a[i * a_step], b[i * b_step])


@kernel(_BINARY)
def subtract(a, a_step, b, b_step, result):
    """a − b."""
    whole = result.size & ~7
    for i in range(0, whole, 8):
        store(result, i, words.subtract(load(a, i * a_step), load(b, i * b_step)))
    for i in range(whole, result.size):
        result[i] = words.subtract(a[i * a_step], b[i * b_step])


@kernel(_BINARY)
def multiply(a, a_step, b, b_step, result):
    """a · b."""
    whole = result.size & ~7
    for i in range(0, whole, 8):
        store(result, i, words.multiply(load(a, i * a_step), load(b, i * b_step)))
    for i in range(whole, result.size):
        result[i] = words.multiply(a[i * a_step], b[i * b_step])


@kernel(types.void(_READ, _WRITE))
def negate(a, result):
    """−a."""
    whole = result.size & ~7
    for i in range(0, whole, 8):
        store(result, i, words.negate(load(a, i)))
    for i in range(whole, result.size):
        result[i] = words.negate(a[i])


@kernel(boolean(_READ, _WRITE))
def inverse(a, result):
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
        p_0 = words.multiply(p_0, load(a, i))
        p_1 = words.multiply(p_1, load(a, i + 8))
        p_2 = words.multiply(p_2, load(a, i + 16))
        p_3 = words.multiply(p_3, load(a, i + 24))
    rest = _ONE
    for i in range(whole, a.size):
        result[i] = rest
        rest = words.multiply(rest, a[i])
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
        q_0 = words.multiply(q_0, q_0)
        q_1 = words.multiply(q_1, q_1)
        q_2 = words.multiply(q_2, q_2)
        q_3 = words.multiply(q_3, q_3)
        last = words.multiply(last, last)
        if (_INVERSE_EXPONENT >> np.uint64(bit)) & _ONE:
            q_0 = words.multiply(q_0, p_0)
            q_1 = words.multiply(q_1, p_1)
            q_2 = words.multiply(q_2, p_2)
            q_3 = words.multiply(q_3, p_3)
            last = words.multiply(last, rest)
    for i in range(a.size - 1, whole - 1, -1):
        result[i] = words.multiply(result[i], last)
        last = words.multiply(last, a[i])
    for i in range(whole - 32, -1, -32):
        store(result, i, words.multiply(load(result, i), q_0))
        store(result, i + 8, words.multiply(load(result, i + 8), q_1))
        store(result, i + 16, words.multiply(load(result, i + 16), q_2))
        store(result, i + 24, words.multiply(load(result, i + 24), q_3))
        q_0 = words.multiply(q_0, load(a, i))
        q_1 = words.multiply(q_1, load(a, i + 8))
        q_2 = words.multiply(q_2, load(a, i + 16))
        q_3 = words.multiply(q_3, load(a, i + 24))
    return True


@kernel(types.void(_READ, int64, int64, _WRITE))
def column_sums(a, rows, columns, result):
    """Add every row of ``columns`` words to ``result``."""
    whole = columns & ~7
    for row in range(rows):
        at = row * columns
        for c in range(0, whole, 8):
            store(result, c, words.add(load(result, c), load(a, at + c)))
        for c in range(whole, columns):
            result[c] = words.add(result[c], a[at + c])


@kernel(types.void(_READ, int64, int64, _WRITE))
def cumulative_sums(a, rows, columns, result):
    """Each row of ``result`` is the sum of all rows of ``a`` down to it."""
    total = np.zeros(columns, np.uint64)
    whole = columns & ~7
    for row in range(rows):
        at = row * columns
        for c in range(0, whole, 8):
            lanes = words.add(load(total, c), load(a, at + c))
            store(total, c, lanes)
            store(result, at + c, lanes)
        for c in range(whole, columns):
            total[c] = words.add(total[c], a[at + c])
            result[at + c] = total[c]
