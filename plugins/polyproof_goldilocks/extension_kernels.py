"""Compiled arithmetic of the extensions of degree 2 and 3, all words canonical.

Elements are interleaved in memory and separated into one vector a coefficient when eight are loaded. As in
``kernels.py`` an operand with step 0 is one element for all, passed eight times over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import int64, types

from polyproof.toolkit.kernels import kernel
from polyproof_goldilocks.lane_formulas import (
    accumulate,
    add,
    extension_multiply_2,
    extension_multiply_3,
    extension_norm_2,
    extension_norm_3,
    multiply,
    wide_sum,
)
from polyproof_goldilocks.lane_memory import (
    load,
    load_pairs,
    load_some,
    load_triples,
    load_tuple,
    prefetch,
    store,
    store_pairs,
    store_totals,
    store_triples,
    zeros,
)

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["TERMS", "cofactors", "combine", "dot", "dot_columns", "multiply_elements", "scale", "sum_entries"]

_READ = types.Array(types.uint64, 1, "C", readonly=True)
_WRITE = types.Array(types.uint64, 1, "C")

TERMS = 1 << 10
"""Products a wide sum holds; see ``reduction.wide_sum``."""
ROWS = 1 << 8
"""Rows that are combined before anything is reduced: at most TERMS, and few enough to stay in the cache."""
AHEAD = 32
"""Entries of a table between a prefetch and its use: more than a processor waits for at a time."""
_LIMB, _FIRST, _SECOND = np.uint64(2**22 - 1), np.uint64(22), np.uint64(44)


@kernel(types.void(_READ, int64, _READ, int64, _WRITE, int64))
def multiply_elements(a: Words, a_step: int, b: Words, b_step: int, result: Words, degree: int) -> None:
    """a · b, elements of the extension; eight at a time, the last ones by way of ``rest``."""
    count = result.size // degree
    rest = np.zeros(72, np.uint64)
    for i in range(0, count, 8):
        x, x_at, y, y_at, z, z_at = a, i * a_step, b, i * b_step, result, i * degree
        if i + 8 > count:
            for k in range((count - i) * degree):
                rest[k] = a[x_at + k]
                rest[24 + k] = b[y_at + k]
            x, x_at, y, y_at, z, z_at = rest, 0, rest, 24, rest, 48
        if degree == 2:
            store_pairs(z, z_at, extension_multiply_2(load_pairs(x, x_at), load_pairs(y, y_at)))
        else:
            store_triples(z, z_at, extension_multiply_3(load_triples(x, x_at), load_triples(y, y_at)))
        if i + 8 > count:
            for k in range((count - i) * degree):
                result[i * degree + k] = rest[48 + k]


@kernel(types.void(_READ, int64, _READ, int64, _WRITE, int64))
def scale(a: Words, a_step: int, b: Words, b_step: int, result: Words, degree: int) -> None:
    """a · b, elements of the extension times base elements."""
    count = result.size // degree
    rest = np.zeros(56, np.uint64)
    for i in range(0, count, 8):
        x, x_at, y, y_at, z, z_at = a, i * a_step, b, i * b_step, result, i * degree
        if i + 8 > count:
            for k in range((count - i) * degree):
                rest[k] = a[x_at + k]
            for k in range(count - i):
                rest[24 + k] = b[y_at + k]
            x, x_at, y, y_at, z, z_at = rest, 0, rest, 24, rest, 32
        factor = load(y, y_at)
        if degree == 2:
            u = load_pairs(x, x_at)
            store_pairs(z, z_at, (multiply(u[0], factor), multiply(u[1], factor)))
        else:
            v = load_triples(x, x_at)
            store_triples(z, z_at, (multiply(v[0], factor), multiply(v[1], factor), multiply(v[2], factor)))
        if i + 8 > count:
            for k in range((count - i) * degree):
                result[i * degree + k] = rest[32 + k]


@kernel(types.void(_READ, _WRITE, _WRITE, int64))
def cofactors(a: Words, norms: Words, result: Words, degree: int) -> None:
    """The norms N(a) and elements c with a·c = N(a)."""
    count = norms.size
    rest = np.zeros(56, np.uint64)
    for i in range(0, count, 8):
        x, x_at, n, n_at, z, z_at = a, i * degree, norms, i, result, i * degree
        if i + 8 > count:
            for k in range((count - i) * degree):
                rest[k] = a[x_at + k]
            x, x_at, n, n_at, z, z_at = rest, 0, rest, 24, rest, 32
        if degree == 2:
            u = extension_norm_2(load_pairs(x, x_at))
            store(n, n_at, u[0])
            store_pairs(z, z_at, (u[1], u[2]))
        else:
            v = extension_norm_3(load_triples(x, x_at))
            store(n, n_at, v[0])
            store_triples(z, z_at, (v[1], v[2], v[3]))
        if i + 8 > count:
            for k in range((count - i) * degree):
                result[i * degree + k] = rest[32 + k]
            for k in range(count - i):
                norms[i + k] = rest[24 + k]


@kernel(types.void(_READ, int64, int64, int64, _READ, _WRITE, int64))
def dot(base: Words, at: int, row: int, terms: int, limbs: Words, result: Words, degree: int) -> None:
    """Add Σ_j base[at + row·i + j]·w_j, j < ``terms`` ≤ TERMS, to element i of ``result``.

    ``limbs``, for every eight j: for each coefficient of w_j three limbs of 22, 22 and 20 bits, eight
    lanes each, zero beyond ``terms``.
    """
    count = result.size // degree
    totals = np.zeros(8 * 18, np.uint64)
    rest = np.empty(24, np.uint64)
    whole = terms & ~7
    for i in range(0, count, 8):
        rows = min(8, count - i)
        for r in range(rows):
            start = at + (i + r) * row
            if degree == 2:
                pairs = zeros(12)
                for j in range(0, whole, 8):
                    pairs = accumulate(pairs, load(base, start + j), load_tuple(limbs, j * 6, 6, 8))
                if whole < terms:
                    last = load_some(base, start + whole, 0, terms - whole)
                    pairs = accumulate(pairs, last, load_tuple(limbs, whole * 6, 6, 8))
                store_totals(totals, r, pairs)
            else:
                triples = zeros(18)
                for j in range(0, whole, 8):
                    triples = accumulate(triples, load(base, start + j), load_tuple(limbs, j * 9, 9, 8))
                if whole < terms:
                    last = load_some(base, start + whole, 0, terms - whole)
                    triples = accumulate(triples, last, load_tuple(limbs, whole * 9, 9, 8))
                store_totals(totals, r, triples)
        c_0, c_1 = wide_sum(load_tuple(totals, 0, 6, 8)), wide_sum(load_tuple(totals, 48, 6, 8))
        if degree == 2:
            store_pairs(rest, 0, (c_0, c_1))
        else:
            store_triples(rest, 0, (c_0, c_1, wide_sum(load_tuple(totals, 96, 6, 8))))
        for k in range(rows * degree):
            result[i * degree + k] = add(result[i * degree + k], rest[k])


@kernel(types.void(_READ, int64, _READ, _WRITE, int64))
def dot_columns(columns: Words, terms: int, limbs: Words, result: Words, degree: int) -> None:
    """Add Σ_j column_j[i]·w_j, j < ``terms`` ≤ TERMS, to element i of ``result``: eight rows side by side.

    ``columns``: one after the other, as long as there are results; ``limbs``: of each coefficient of w_j three limbs.
    """
    rows = result.size // degree
    rest = np.empty(24, np.uint64)
    for i in range(0, rows, 8):
        some = min(8, rows - i)
        if degree == 2:
            pairs = zeros(12)
            for j in range(terms):
                at = j * rows + i
                lanes = load(columns, at) if some == 8 else load_some(columns, at, 0, some)
                pairs = accumulate(pairs, lanes, load_tuple(limbs, j * 6, 6, 1))
            store_pairs(rest, 0, (wide_sum(pairs[0:6]), wide_sum(pairs[6:12])))
        else:
            triples = zeros(18)
            for j in range(terms):
                at = j * rows + i
                lanes = load(columns, at) if some == 8 else load_some(columns, at, 0, some)
                triples = accumulate(triples, lanes, load_tuple(limbs, j * 9, 9, 1))
            store_triples(rest, 0, (wide_sum(triples[0:6]), wide_sum(triples[6:12]), wide_sum(triples[12:18])))
        for k in range(some * degree):
            result[i * degree + k] = add(result[i * degree + k], rest[k])


@kernel(types.void(_READ, _READ, int64, int64, _WRITE, int64))
def sum_entries(table: Words, indices: Words, columns: int, group: int, result: Words, degree: int) -> None:
    """Sums of table entries, ``group`` consecutive indices of a row of ``columns`` at a time; all are in range.

    Entries are asked for ahead of their use: a table of 2^22 of them is larger than any cache, and they are read in no
    order, so that each would be waited for.
    """
    at = 0
    for row in range(0, indices.size, columns):
        for first in range(0, columns, group):
            start, stop = row + first, row + min(first + group, columns)
            for j in range(start + AHEAD, min(stop + AHEAD, indices.size)):
                i = int64(indices[j]) * degree
                prefetch(table, i)
                prefetch(table, i + degree - 1)  # it may lie on two cache lines
            if degree == 2:
                i = int64(indices[start]) * 2
                a, b = table[i], table[i + 1]
                for j in range(start + 1, stop):
                    i = int64(indices[j]) * 2
                    a, b = add(a, table[i]), add(b, table[i + 1])
                result[at], result[at + 1] = a, b
            else:
                i = int64(indices[start]) * 3
                a, b, c = table[i], table[i + 1], table[i + 2]
                for j in range(start + 1, stop):
                    i = int64(indices[j]) * 3
                    a, b, c = add(a, table[i]), add(b, table[i + 1]), add(c, table[i + 2])
                result[at], result[at + 1], result[at + 2] = a, b, c
            at += degree


@kernel(types.void(_READ, int64, int64, _READ, _WRITE, int64))
def combine(base: Words, rows: int, columns: int, weights: Words, result: Words, degree: int) -> None:
    """Add Σ_i base[i, c]·w_i to column c of ``result``.

    ``weights``: the elements w_i; ``result``: for each k the coefficients of θ^k of all columns, in whole vectors.
    """
    padded = result.size // degree
    limbs = np.empty(ROWS * 9, np.uint64)
    for start in range(0, rows, ROWS):
        some = min(ROWS, rows - start)
        for i in range(some * degree):
            word = weights[start * degree + i]
            limbs[3 * i] = word & _LIMB
            limbs[3 * i + 1] = (word >> _FIRST) & _LIMB
            limbs[3 * i + 2] = word >> _SECOND
        for c in range(0, columns, 8):
            width = min(8, columns - c)
            if degree == 2:
                pairs = zeros(12)
                for i in range(some):
                    at = (start + i) * columns + c
                    prefetch(base, at + ROWS * columns)
                    lanes = load(base, at) if width == 8 else load_some(base, at, 0, width)
                    pairs = accumulate(pairs, lanes, load_tuple(limbs, i * 6, 6, 1))
                store(result, c, add(load(result, c), wide_sum(pairs[0:6])))
                store(result, padded + c, add(load(result, padded + c), wide_sum(pairs[6:12])))
            else:
                triples = zeros(18)
                for i in range(some):
                    at = (start + i) * columns + c
                    prefetch(base, at + ROWS * columns)
                    lanes = load(base, at) if width == 8 else load_some(base, at, 0, width)
                    triples = accumulate(triples, lanes, load_tuple(limbs, i * 9, 9, 1))
                store(result, c, add(load(result, c), wide_sum(triples[0:6])))
                store(result, padded + c, add(load(result, padded + c), wide_sum(triples[6:12])))
                store(result, 2 * padded + c, add(load(result, 2 * padded + c), wide_sum(triples[12:18])))
