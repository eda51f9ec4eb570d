"""Compiled arithmetic of binomial extensions of any field whose modulus is odd and below 2^31.

``toolkit.compiled_extension`` calls these. Products are reduced as Montgomery does (Modular multiplication without
trial division, 1985), with R = 2^32: ``_reduced(x)`` is x/R modulo p, below x/R + p. Four products of canonical words
are below 4p² < 2^64, so they are added up first, and reduced they are below 3p. One factor of every product is made R
times itself beforehand.

``element`` is 0, 1, …, e − 1: its length is part of the types that a kernel is compiled for. ``numbers`` are p, its
inverse modulo R, R² modulo p, and R times the nonresidue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyproof.toolkit.kernels import helper, kernel

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["combine", "dot", "inverses", "multiply", "prefix_products", "scale", "sum_entries", "sum_helpers"]

Places = tuple[int, ...]
Numbers = tuple[np.uint64, np.uint64, np.uint64, np.uint64]

_LOW = np.uint64(2**32 - 1)
_HALF = np.uint64(32)
_TOGETHER = 4
"""Products that are added up before they are reduced."""


@helper()
def _reduced(x: np.uint64, numbers: Numbers) -> np.uint64:
    """x/R modulo p, below x/R + p."""
    quotient = ((x & _LOW) * numbers[1]) & _LOW
    return (x >> _HALF) + numbers[0] - ((quotient * numbers[0]) >> _HALF)


@helper()
def _canonical(x: np.uint64, numbers: Numbers) -> np.uint64:
    """A word below 16p modulo p."""
    p = numbers[0]
    for multiple in (p << np.uint64(3), p << np.uint64(2), p << np.uint64(1), p):
        x = min(x, x - multiple)  # what wraps around 2^64 is the larger of the two
    return x


@helper()
def _prepare(b: Words, start: int, matrix: Words, element: Places, numbers: Numbers) -> None:
    """R times an element, and after it R·w times it: what ``_multiplied`` takes."""
    e = len(element)
    for k in range(e):
        word = _canonical(_reduced(b[start + k] * numbers[2], numbers), numbers)
        matrix[e + k] = word
        matrix[k] = _canonical(_reduced(word * numbers[3], numbers), numbers)


@helper()
def _coefficient(a: Words, start: int, matrix: Words, k: int, element: Places, numbers: Numbers) -> np.uint64:
    """Coefficient k of a product, below 3p·⌈e/4⌉: row i of the matrix of multiplication by b begins at e − i."""
    e = len(element)
    total = np.uint64(0)
    for first in range(0, e, _TOGETHER):
        products = np.uint64(0)
        for i in range(first, min(first + _TOGETHER, e)):
            products += a[start + i] * matrix[e + k - i]
        total += _reduced(products, numbers)
    return total


@kernel()
def multiply(a: Words, a_step: int, b: Words, b_step: int, result: Words, element: Places, numbers: Numbers) -> None:
    """a · b of elements that begin ``a_step`` and ``b_step`` words apart; with step 0 one is for all."""
    e = len(element)
    matrix = np.empty(2 * e, np.uint64)
    for i in range(result.size // e):
        if i == 0 or b_step:
            _prepare(b, i * b_step, matrix, element, numbers)
        for k in range(e):
            word = _coefficient(a, i * a_step, matrix, k, element, numbers)
            result[i * e + k] = _canonical(word, numbers)


@kernel()
def scale(a: Words, a_step: int, b: Words, b_step: int, result: Words, element: Places, numbers: Numbers) -> None:
    """a · b with base elements b."""
    e = len(element)
    for i in range(result.size // e):
        factor = _canonical(_reduced(b[i * b_step] * numbers[2], numbers), numbers)
        for k in range(e):
            result[i * e + k] = _canonical(_reduced(a[i * a_step + k] * factor, numbers), numbers)


@kernel()
def prefix_products(a: Words, products: Words, element: Places, numbers: Numbers) -> None:
    """Product i of the elements up to i, for each i."""
    e = len(element)
    matrix = np.empty(2 * e, np.uint64)
    products[:e] = a[:e]
    for i in range(e, a.size, e):
        _prepare(a, i, matrix, element, numbers)
        for k in range(e):
            products[i + k] = _canonical(_coefficient(products, i - e, matrix, k, element, numbers), numbers)


@kernel()
def inverses(a: Words, products: Words, last: Words, result: Words, element: Places, numbers: Numbers) -> None:
    """The inverse of each element, from ``prefix_products`` and the inverse ``last`` of their last one."""
    e = len(element)
    matrix, rest = np.empty(2 * e, np.uint64), last.copy()
    for i in range(a.size - e, 0, -e):
        _prepare(rest, 0, matrix, element, numbers)
        for k in range(e):
            result[i + k] = _canonical(_coefficient(products, i - e, matrix, k, element, numbers), numbers)
        for k in range(e):
            rest[k] = _canonical(_coefficient(a, i, matrix, k, element, numbers), numbers)
    result[:e] = rest


@kernel()
def dot(base: Words, terms: int, weights: Words, result: Words, element: Places, numbers: Numbers) -> None:
    """Σ_j base[i·terms + j] · weights[j] for each i; ``weights`` are R times themselves."""
    e = len(element)
    sums, products = np.empty(e, np.uint64), np.empty(e, np.uint64)
    for i in range(result.size // e):
        sums[:] = 0
        for first in range(0, terms, _TOGETHER):
            products[:] = 0
            for j in range(first, min(first + _TOGETHER, terms)):
                word = base[i * terms + j]
                for k in range(e):
                    products[k] += word * weights[j * e + k]
            for k in range(e):
                sums[k] += _reduced(products[k], numbers)
        for k in range(e):
            result[i * e + k] = sums[k] % numbers[0]


@kernel()
def combine(base: Words, columns: int, weights: Words, sums: Words, element: Places, numbers: Numbers) -> None:
    """Add Σ_i base[i·columns + c] · weights[i] to ``sums``, coefficient k of column c at ``k·columns + c``.

    ``weights`` are R times themselves. Sums are of words below 3p, and are reduced by whoever has called this for all
    rows: 2^31 of them fit.
    """
    e = len(element)
    rows = weights.size // e
    for first in range(0, rows, _TOGETHER):
        for k in range(e):
            at = k * columns
            if first + _TOGETHER <= rows:
                u, v = weights[first * e + k], weights[(first + 1) * e + k]
                x, y = weights[(first + 2) * e + k], weights[(first + 3) * e + k]
                own = first * columns
                for c in range(columns):
                    product = base[own + c] * u + base[own + columns + c] * v
                    product += base[own + 2 * columns + c] * x + base[own + 3 * columns + c] * y
                    sums[at + c] += _reduced(product, numbers)
            else:
                for i in range(first, rows):
                    for c in range(columns):
                        sums[at + c] += _reduced(base[i * columns + c] * weights[i * e + k], numbers)


@kernel()
def sum_entries(
    table: Words, indices: Words, columns: int, group: int, result: Words, element: Places, numbers: Numbers
) -> None:
    """Sums of table entries, ``group`` consecutive indices of a row of ``columns`` at a time."""
    e = len(element)
    at = 0
    for row in range(0, indices.size, columns):
        for first in range(0, columns, group):
            for k in range(e):
                result[at + k] = 0
            for j in range(first, min(first + group, columns)):
                start = indices[row + j] * np.uint64(e)
                for k in range(e):
                    result[at + k] += table[start + np.uint64(k)]
            for k in range(e):
                result[at + k] %= numbers[0]
            at += e


@kernel()
def sum_helpers(
    values: Words, v_row: int, v_words: int, helpers: Words, h_row: int, constants: Words, start: Words,
    result: Words, size: int, element: Places, numbers: Numbers,
) -> None:  # fmt: skip
    """Σ_g w_g·(h_g·∏_j (α − v_j) − Σ_j ∏_{l≠j} (α − v_l)) for every row, an element of ``result``.

    Row i has its ``v_words`` values, ``size`` a group, from ``values[i·v_row]`` on and its helpers from
    ``helpers[i·h_row]`` on. With E_i the sum of all products of i values of a group, the first product is
    Σ (−1)^i·E_i·α^(s−i) and the second sum Σ (−1)^i·(s − i)·E_i·α^(s−1−i). ``constants``: of each group w_g·α^s times
    R, then w_g·(−1)^i·α^(s−i) times R², i = 1 … s, then w_g·(−1)^i·(s − i)·α^(s−1−i) times R, i = 1 … s − 1;
    ``start``: what i = 0 of the second sums adds up to on every row.
    """
    e = len(element)
    groups = -(-v_words // size)
    symmetric, matrix, total = np.empty(size + 1, np.uint64), np.empty(2 * e, np.uint64), np.empty(e, np.uint64)
    for row in range(result.size // e):
        for k in range(e):
            total[k] = start[k]
        for g in range(groups):
            count = min(size, v_words - g * size)
            symmetric[1:] = 0
            for j in range(count):
                value = values[row * v_row + g * size + j]
                factor = _canonical(_reduced(value * numbers[2], numbers), numbers)
                for i in range(j + 1, 1, -1):
                    product = _reduced(symmetric[i - 1] * factor, numbers)
                    symmetric[i] = _canonical(symmetric[i] + product, numbers)
                symmetric[1] = _canonical(symmetric[1] + value, numbers)
            own = g * 2 * size * e
            for k in range(e):
                of_product, of_others = constants[own + k], np.uint64(0)
                for first in range(1, count + 1, _TOGETHER):
                    products = np.uint64(0)
                    others = np.uint64(0)
                    for i in range(first, min(first + _TOGETHER, count + 1)):
                        products += symmetric[i] * constants[own + i * e + k]
                        if i < count:
                            others += symmetric[i] * constants[own + (size + i) * e + k]
                    of_product += _reduced(products, numbers)
                    of_others += _reduced(others, numbers)
                word = _canonical(of_product, numbers)
                matrix[e + k] = word
                matrix[k] = _canonical(_reduced(word * numbers[3], numbers), numbers)
                total[k] += (numbers[0] << np.uint64(4)) - of_others
            for k in range(e):
                total[k] += _coefficient(helpers, row * h_row + g * e, matrix, k, element, numbers)
        for k in range(e):
            result[row * e + k] = total[k] % numbers[0]
