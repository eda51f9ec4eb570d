"""Compiled arithmetic on arrays: universal functions, and loops that numpy has no name for.

All words are canonical, in and out. Kernels of an extension work on C-contiguous ``(n, e)`` arrays, eight
elements at a time in registers; the rest of up to seven goes through the same formulas as scalars.
"""

from __future__ import annotations

import numpy as np
from numba import njit, types, vectorize

from polyproof_goldilocks import words

__all__ = [
    "add",
    "combine_rows",
    "cumulative_sum",
    "dot_2",
    "dot_3",
    "inverse",
    "inverse_norms_2",
    "inverse_norms_3",
    "multiply",
    "multiply_2",
    "multiply_3",
    "multiply_one_2",
    "multiply_one_3",
    "subtract",
]

_BINARY = ["uint64(uint64, uint64)"]
_WORDS = types.Array(types.uint64, 1, "C")
_MATRIX = types.Array(types.uint64, 2, "C")
_READ = types.Array(types.uint64, 1, "C", readonly=True)
_READ_MATRIX = types.Array(types.uint64, 2, "C", readonly=True)


@vectorize(_BINARY, cache=True)
def add(a, b):
    """a + b."""
    return words.add(a, b)


@vectorize(_BINARY, cache=True)
def subtract(a, b):
    """a − b."""
    return words.subtract(a, b)


@vectorize(_BINARY, cache=True)
def multiply(a, b):
    """a · b."""
    return words.multiply(a, b)


@njit("uint64(uint64)", cache=True, nogil=True)
def _invert(a):
    """a^(p−2), p − 2 = 2^64 − 2^32 − 1: 31 ones, a zero, 32 ones."""
    ones = a
    for _ in range(30):
        ones = words.multiply(words.multiply(ones, ones), a)
    result = words.multiply(ones, ones)
    for _ in range(32):
        result = words.multiply(words.multiply(result, result), a)
    return result


@njit(types.void(_READ, _WORDS), cache=True, nogil=True)
def inverse(a, out):
    """1/a, none of them zero, with one inversion a block (Montgomery's trick)."""
    block = 256
    for start in range(0, a.size, block):
        stop = min(start + block, a.size)
        product = np.uint64(1)
        for i in range(start, stop):
            out[i] = product
            product = words.multiply(product, a[i])
        product = _invert(product)
        for i in range(stop - 1, start - 1, -1):
            out[i] = words.multiply(out[i], product)
            product = words.multiply(product, a[i])


@njit(types.void(_READ_MATRIX, _MATRIX), cache=True, nogil=True)
def cumulative_sum(a, out):
    """Inclusive prefix sums down the rows."""
    rows, columns = a.shape
    for j in range(columns):
        out[0, j] = a[0, j]
    for i in range(1, rows):
        for j in range(columns):
            out[i, j] = words.add(out[i - 1, j], a[i, j])


@njit(types.void(_READ, _READ, _WORDS), cache=True, nogil=True)
def multiply_2(a, b, out):
    """Products in the extension of degree 2; flat arrays of n pairs."""
    whole = a.size // 16 * 16
    for i in range(0, whole, 16):
        product = words.extension_multiply_2(words.load_pairs(a, i), words.load_pairs(b, i))
        words.store_pairs(out, i, product)
    for i in range(whole, a.size, 2):
        product_0, product_1 = words.extension_multiply_2((a[i], a[i + 1]), (b[i], b[i + 1]))
        out[i], out[i + 1] = product_0, product_1


@njit(types.void(_READ, _READ, _WORDS), cache=True, nogil=True)
def multiply_3(a, b, out):
    """Products in the extension of degree 3; flat arrays of n triples."""
    whole = a.size // 24 * 24
    for i in range(0, whole, 24):
        product = words.extension_multiply_3(words.load_triples(a, i), words.load_triples(b, i))
        words.store_triples(out, i, product)
    for i in range(whole, a.size, 3):
        product_0, product_1, product_2 = words.extension_multiply_3(
            (a[i], a[i + 1], a[i + 2]), (b[i], b[i + 1], b[i + 2])
        )
        out[i], out[i + 1], out[i + 2] = product_0, product_1, product_2


@njit(types.void(_READ, _READ, _WORDS), cache=True, nogil=True)
def multiply_one_2(a, b, out):
    """Every pair of a times the one pair b."""
    one = (words.broadcast(b[0]), words.broadcast(b[1]))
    whole = a.size // 16 * 16
    for i in range(0, whole, 16):
        words.store_pairs(out, i, words.extension_multiply_2(words.load_pairs(a, i), one))
    for i in range(whole, a.size, 2):
        product_0, product_1 = words.extension_multiply_2((a[i], a[i + 1]), (b[0], b[1]))
        out[i], out[i + 1] = product_0, product_1


@njit(types.void(_READ, _READ, _WORDS), cache=True, nogil=True)
def multiply_one_3(a, b, out):
    """Every triple of a times the one triple b."""
    one = (words.broadcast(b[0]), words.broadcast(b[1]), words.broadcast(b[2]))
    whole = a.size // 24 * 24
    for i in range(0, whole, 24):
        words.store_triples(out, i, words.extension_multiply_3(words.load_triples(a, i), one))
    for i in range(whole, a.size, 3):
        product_0, product_1, product_2 = words.extension_multiply_3((a[i], a[i + 1], a[i + 2]), (b[0], b[1], b[2]))
        out[i], out[i + 1], out[i + 2] = product_0, product_1, product_2


@njit(types.void(_READ, _WORDS, _WORDS), cache=True, nogil=True)
def inverse_norms_2(a, norms, cofactors):
    """Norm and cofactor of every pair: a·cofactor = norm."""
    for i in range(norms.size):
        norm, c_0, c_1 = words.extension_norm_2((a[2 * i], a[2 * i + 1]))
        norms[i], cofactors[2 * i], cofactors[2 * i + 1] = norm, c_0, c_1


@njit(types.void(_READ, _WORDS, _WORDS), cache=True, nogil=True)
def inverse_norms_3(a, norms, cofactors):
    """Norm and cofactor of every triple: a·cofactor = norm."""
    for i in range(norms.size):
        norm, c_0, c_1, c_2 = words.extension_norm_3((a[3 * i], a[3 * i + 1], a[3 * i + 2]))
        norms[i], cofactors[3 * i], cofactors[3 * i + 1], cofactors[3 * i + 2] = norm, c_0, c_1, c_2


# Sums of products: by 22-bit limbs of the weights, reduced once (formulas.wide_sum)


@njit(inline="always")
def _sum_of(s_0, s_1, s_2, s_3, s_4, s_5):
    return words.wide_sum(
        (
            words.add_lanes(s_0),
            words.add_lanes(s_1),
            words.add_lanes(s_2),
            words.add_lanes(s_3),
            words.add_lanes(s_4),
            words.add_lanes(s_5),
        )
    )


@njit(types.void(_READ, types.int64, types.int64, types.int64, _READ, _MATRIX), cache=True, nogil=True)
def dot_2(base, first, stride, columns, limbs, out):
    """Row by row Σ_j base[first + i·stride + j]·weight_j, at most 2^10 columns, a multiple of 8."""
    zero = words.broadcast(np.uint64(0))
    for i in range(out.shape[0]):
        row = first + i * stride
        six = (zero, zero, zero, zero, zero, zero)
        sums = six + six
        for j in range(0, columns, 8):
            part = words.load_tuple(limbs, j * 6, 6, 8)
            sums = words.accumulate(sums, words.load(base, row + j), part)
        out[i, 0] = _sum_of(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5])
        out[i, 1] = _sum_of(sums[6], sums[7], sums[8], sums[9], sums[10], sums[11])


@njit(types.void(_READ, types.int64, types.int64, types.int64, _READ, _MATRIX), cache=True, nogil=True)
def dot_3(base, first, stride, columns, limbs, out):
    """The same with weights of degree 3."""
    zero = words.broadcast(np.uint64(0))
    for i in range(out.shape[0]):
        row = first + i * stride
        sums = (
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
            zero,
        )
        for j in range(0, columns, 8):
            part = words.load_tuple(limbs, j * 9, 9, 8)
            sums = words.accumulate(sums, words.load(base, row + j), part)
        out[i, 0] = _sum_of(sums[0], sums[1], sums[2], sums[3], sums[4], sums[5])
        out[i, 1] = _sum_of(sums[6], sums[7], sums[8], sums[9], sums[10], sums[11])
        out[i, 2] = _sum_of(sums[12], sums[13], sums[14], sums[15], sums[16], sums[17])


@njit(types.void(_READ_MATRIX, _READ_MATRIX, _MATRIX), cache=True, nogil=True)
def combine_rows(matrix, weights, out):
    """out[j] = Σ_i weights[i]·matrix[i, j] for base matrix (n, columns) and weights (n, e); out (columns, e)."""
    rows, columns = matrix.shape
    degree = weights.shape[1]
    sums = np.zeros((degree, columns), np.uint64)
    for i in range(rows):
        for k in range(degree):
            weight = weights[i, k]
            for j in range(columns):
                sums[k, j] = words.add(sums[k, j], words.multiply(matrix[i, j], weight))
    for k in range(degree):
        for j in range(columns):
            out[j, k] = sums[k, j]
