"""Compiled transforms: the passes of a four-step transform over row-major matrices.

A transform of size n = n₁·n₂ is two passes over the matrix, each a set of independent small transforms that stay in
cache. With the input index r + n₁·j and the output index k + n₂·l, X(x) = Σ_r x^r·Y_r(x^{n₁}):

- ``transform_rows``: for each r the rows r, r + n₁, … give Y_r, a transform of size n₂;
- ``transform_columns``: for each k the n₁ values Y_r at x = shift·ω^k give X at x·⟨ω_{n₁}⟩, in place.

(Bailey, "FFTs in external or hierarchical memory", 1990.) The factor x^r between the passes costs nothing: evaluation on the
coset x·⟨ω_{n₁}⟩ has the same butterflies with other twiddle factors, and a table for a coset takes one
product an entry, for all columns. The inverse is the transpose of each step in the opposite order.

A small transform works on *tiles* of 8 columns: ``tile[(t·m + i)·8 + lane]`` is row i of tile t, so a row is one
vector and butterflies are whole-vector operations whatever the number of columns. Coefficients lie in bit-reversed
order in a tile, values in natural order. Passes have radix 8, and one of 2 or 4 next to the
coefficients where the logarithm wants it: in radix 8 the inner twiddle factors are powers of two.

Matrices with few columns would leave lanes empty. For them several neighbouring k or r share a tile
(``group`` > 1); then the twiddle factors differ from lane to lane, so the transform is the plain one and the factors x^r are
multiplied explicitly (``_twist``).

All words are canonical between operations.
"""

from __future__ import annotations

import numpy as np
from numba import boolean, int64, njit, types, uint64

from polyproof_goldilocks.formulas import MODULUS
from polyproof_goldilocks.words import (
    add,
    discrete_fourier_4,
    discrete_fourier_8,
    load,
    montgomery,
    montgomery_product,
    multiply,
    store,
    subtract,
)

__all__ = ["transform_columns", "transform_rows"]

_READ = types.Array(types.uint64, 1, "C", readonly=True)
_WRITE = types.Array(types.uint64, 1, "C")
_ORDER = types.Array(types.int64, 1, "C")

_HALF = np.uint64(32)
_ONE = np.uint64(1)
_MONTGOMERY_ONE = np.uint64(2**64 % MODULUS)


@njit
def _power(base, exponent):
    """base^exponent for 0 ≤ exponent."""
    result = _ONE
    while exponent > 0:
        if exponent & 1:
            result = multiply(result, base)
        base = multiply(base, base)
        exponent >>= 1
    return result


@njit
def _coset_table(plain, size, shift, low, high, at):
    """The twiddle factors of a transform on the coset shift·⟨ω_size⟩, from those on ⟨ω_size⟩.

    A pass that joins R transforms of size h into one of size R·h uses (σ·ω_{R·h}^k)^r with
    σ = shift^(size/(R·h)), for 0 < r < R and k < h, at position (r − 1)·h + k of its part; the pass with h = 1 comes
    first. All in Montgomery form, ``high`` holds the upper halves.
    """
    part = size - 1
    sigma = shift
    while size > 1:
        radix = min(8, size)
        h = size // radix
        part -= (radix - 1) * h
        factor = sigma
        for r in range(radix - 1):
            first = part + r * h
            whole = h & ~7
            for k in range(first, first + whole, 8):
                twiddle = multiply(load(plain, k), factor)
                store(low, at + k, twiddle)
            for k in range(first + whole, first + h):
                low[at + k] = multiply(plain[k], factor)
            for k in range(at + first, at + first + h):
                high[k] = low[k] >> _HALF
            factor = multiply(factor, sigma)
        sigma = factor
        size = h


@njit
def _first_radix(size):
    """The radix of the pass next to the coefficients: 1, 2 or 4, such that the rest is a power of 8."""
    while size >= 8:
        size //= 8
    return size


@njit
def _evaluate(tile, start, size, low, high, part):
    """Coefficients in bit-reversed order to values, in place: decimation in time."""
    h = _first_radix(size)
    if h == 2:
        for s in range(start, start + 8 * size, 16):
            even = load(tile, s)
            odd = montgomery(load(tile, s + 8), low[part], high[part])
            store(tile, s, add(even, odd))
            store(tile, s + 8, subtract(even, odd))
    elif h == 4:
        for s in range(start, start + 8 * size, 32):
            v = discrete_fourier_4(
                load(tile, s),
                montgomery(load(tile, s + 16), low[part], high[part]),
                montgomery(load(tile, s + 8), low[part + 1], high[part + 1]),
                montgomery(load(tile, s + 24), low[part + 2], high[part + 2]),
            )
            store(tile, s, v[0])
            store(tile, s + 8, v[1])
            store(tile, s + 16, v[2])
            store(tile, s + 24, v[3])
    part += h - 1
    while h < size:
        w = 8 * h  # words between the inputs of a butterfly
        for s in range(start, start + 8 * size, 8 * w):
            for k in range(h):
                i, t = s + 8 * k, part + k
                v = discrete_fourier_8(
                    load(tile, i),
                    montgomery(load(tile, i + 4 * w), low[t], high[t]),
                    montgomery(load(tile, i + 2 * w), low[t + h], high[t + h]),
                    montgomery(load(tile, i + 6 * w), low[t + 2 * h], high[t + 2 * h]),
                    montgomery(load(tile, i + w), low[t + 3 * h], high[t + 3 * h]),
                    montgomery(load(tile, i + 5 * w), low[t + 4 * h], high[t + 4 * h]),
                    montgomery(load(tile, i + 3 * w), low[t + 5 * h], high[t + 5 * h]),
                    montgomery(load(tile, i + 7 * w), low[t + 6 * h], high[t + 6 * h]),
                )
                store(tile, i, v[0])
                store(tile, i + w, v[1])
                store(tile, i + 2 * w, v[2])
                store(tile, i + 3 * w, v[3])
                store(tile, i + 4 * w, v[4])
                store(tile, i + 5 * w, v[5])
                store(tile, i + 6 * w, v[6])
                store(tile, i + 7 * w, v[7])
        part += 7 * h
        h *= 8


@njit
def _interpolate(tile, start, size, low, high, part):
    """The transpose of ``_evaluate``, given the table of inverse roots: values to coefficients times ``size``.

    The small transforms with inverse roots are the forward ones with outputs q and −q exchanged.
    """
    first = _first_radix(size)
    h = size
    part += size - 1
    while h > first:
        h //= 8
        part -= 7 * h
        w = 8 * h
        for s in range(start, start + 8 * size, 8 * w):
            for k in range(h):
                i, t = s + 8 * k, part + k
                v = discrete_fourier_8(
                    load(tile, i),
                    load(tile, i + w),
                    load(tile, i + 2 * w),
                    load(tile, i + 3 * w),
                    load(tile, i + 4 * w),
                    load(tile, i + 5 * w),
                    load(tile, i + 6 * w),
                    load(tile, i + 7 * w),
                )
                store(tile, i, v[0])
                store(tile, i + 4 * w, montgomery(v[7], low[t], high[t]))
                store(tile, i + 2 * w, montgomery(v[6], low[t + h], high[t + h]))
                store(tile, i + 6 * w, montgomery(v[5], low[t + 2 * h], high[t + 2 * h]))
                store(tile, i + w, montgomery(v[4], low[t + 3 * h], high[t + 3 * h]))
                store(tile, i + 5 * w, montgomery(v[3], low[t + 4 * h], high[t + 4 * h]))
                store(tile, i + 3 * w, montgomery(v[2], low[t + 5 * h], high[t + 5 * h]))
                store(tile, i + 7 * w, montgomery(v[1], low[t + 6 * h], high[t + 6 * h]))
    part -= first - 1
    if first == 2:
        for s in range(start, start + 8 * size, 16):
            even = load(tile, s)
            odd = load(tile, s + 8)
            store(tile, s, add(even, odd))
            store(tile, s + 8, montgomery(subtract(even, odd), low[part], high[part]))
    elif first == 4:
        for s in range(start, start + 8 * size, 32):
            v = discrete_fourier_4(load(tile, s), load(tile, s + 8), load(tile, s + 16), load(tile, s + 24))
            store(tile, s, v[0])
            store(tile, s + 16, montgomery(v[3], low[part], high[part]))
            store(tile, s + 8, montgomery(v[2], low[part + 1], high[part + 1]))
            store(tile, s + 24, montgomery(v[1], low[part + 2], high[part + 2]))


@njit
def _gather(source, offset, stride, width, tile, size, lane, order):
    """``width`` words of every row of ``source`` to the lanes from ``lane`` on; row i goes to row order[i]."""
    whole = width & ~7 if lane & 7 == 0 else 0
    for i in range(size):
        row = order[i] * 8
        at = offset + i * stride
        for k in range(0, whole, 8):
            store(tile, (lane + k) * size + row, load(source, at + k))
        for k in range(whole, width):
            tile[((lane + k) & ~7) * size + row + ((lane + k) & 7)] = source[at + k]


@njit
def _scatter(tile, size, lane, target, offset, stride, width, order):
    """The reverse of ``_gather``: row order[i] becomes row i of ``target``."""
    whole = width & ~7 if lane & 7 == 0 else 0
    for i in range(size):
        row = order[i] * 8
        at = offset + i * stride
        for k in range(0, whole, 8):
            store(target, at + k, load(tile, (lane + k) * size + row))
        for k in range(whole, width):
            target[at + k] = tile[((lane + k) & ~7) * size + row + ((lane + k) & 7)]


@njit
def _twist(tile, size, width, columns, first, root, order, steps, powers):
    """Multiply the row of coefficient i by x^i, x = first·root^k in the lanes of the k-th group of ``columns``."""
    lanes = (width + 7) & ~7
    x = multiply(first, _MONTGOMERY_ONE)
    for lane in range(lanes):
        if lane and lane % columns == 0:
            x = multiply(x, root)
        steps[lane] = x
        powers[lane] = _MONTGOMERY_ONE
    for i in range(size):
        row = order[i] * 8
        for k in range(0, lanes, 8):
            power = load(powers, k)
            at = k * size + row
            store(tile, at, montgomery_product(load(tile, at), power))
            store(powers, k, montgomery_product(power, load(steps, k)))


@njit(
    types.void(
        _READ, _WRITE, int64, int64, int64, boolean, uint64, uint64, _READ, _ORDER, _ORDER, _WRITE, int64, int64,
        int64, int64,
    ),
    nogil=True,
    cache=True,
)  # fmt: skip
def transform_columns(
    source, target, size, stride, columns, inverse, shift, root, plain, natural, reverse, tile, lanes, group, start, stop
):
    """Transforms of ``size`` rows that are ``stride`` words apart, for positions start … stop − 1 of ``columns`` words.

    Position k is the coset (shift·root^k)·⟨ω_size⟩; both are inverse where ``inverse`` is set, as is ``plain``. ``tile`` has room
    for ``lanes`` lanes. ``source`` and ``target`` may be the same array.
    """
    low, high = np.empty(size, np.uint64), np.empty(size, np.uint64)
    x = multiply(shift, _power(root, start))
    inward, outward = (natural, reverse) if inverse else (reverse, natural)
    if group == 0:
        for k in range(start, stop):
            _coset_table(plain, size, x, low, high, 0)
            for c in range(0, columns, lanes):
                width = min(lanes, columns - c)
                at = k * columns + c
                _gather(source, at, stride, width, tile, size, 0, inward)
                for t in range(0, width, 8):
                    if inverse:
                        _interpolate(tile, t * size, size, low, high, 0)
                    else:
                        _evaluate(tile, t * size, size, low, high, 0)
                _scatter(tile, size, 0, target, at, stride, width, outward)
            x = multiply(x, root)
        return
    steps, powers = np.empty(lanes, np.uint64), np.empty(lanes, np.uint64)
    _coset_table(plain, size, _ONE, low, high, 0)
    next_group = _power(root, group)
    for k in range(start, stop, group):
        width = min(group, stop - k) * columns
        at = k * columns
        _gather(source, at, stride, width, tile, size, 0, inward)
        if not inverse:
            _twist(tile, size, width, columns, x, root, reverse, steps, powers)
        for t in range(0, width, 8):
            if inverse:
                _interpolate(tile, t * size, size, low, high, 0)
            else:
                _evaluate(tile, t * size, size, low, high, 0)
        if inverse:
            _twist(tile, size, width, columns, x, root, reverse, steps, powers)
        _scatter(tile, size, 0, target, at, stride, width, outward)
        x = multiply(x, next_group)


@njit(
    types.void(
        _READ, int64, int64, _WRITE, int64, int64, int64, int64, boolean, uint64, uint64, _READ, _READ, _READ, _ORDER,
        _ORDER, _WRITE, _WRITE, int64, int64, int64, int64,
    ),
    nogil=True,
    cache=True,
)  # fmt: skip
def transform_rows(
    source, source_block, source_row, target, target_block, target_row, size, columns, inverse, inverse_shift, scale,
    inverse_plain, shifts, plain, natural, reverse, tile, work, lanes, group, start, stop,
):  # fmt: skip
    """Transforms of ``size`` rows for blocks start … stop − 1; ``*_block`` and ``*_row`` are distances in words.

    With ``inverse`` the rows are values: they are interpolated on the coset of ``inverse_shift`` and scaled
    by ``scale`` (in Montgomery form). Then the coefficients are evaluated on every coset shifts[s]·⟨ω_size⟩, to rows ``columns`` words
    apart; without shifts the coefficients themselves are the result. Values before coefficients, coefficients before
    values: a block of an extension is read once and never leaves the cache in between.
    """  # fmt: skip
    cosets = shifts.size
    inverse_low, inverse_high = np.empty(size, np.uint64), np.empty(size, np.uint64)
    low, high = np.empty(cosets * size, np.uint64), np.empty(cosets * size, np.uint64)
    if inverse:
        _coset_table(inverse_plain, size, inverse_shift, inverse_low, inverse_high, 0)
    for s in range(cosets):
        _coset_table(plain, size, shifts[s], low, high, s * size)
    # Neighbouring blocks that are neighbours in memory make one run; others are gathered one by one.
    source_runs = 1 if source_block == columns else group
    target_runs = 1 if target_block == columns else group
    inward = natural if inverse else reverse
    for b in range(start, stop, group):
        blocks = min(group, stop - b)
        for c in range(0, columns, lanes):
            width = min(lanes, columns - c) if group == 1 else blocks * columns
            run = width if source_runs == 1 else columns
            for k in range(width // run):
                at = (b + k) * source_block + c
                _gather(source, at, source_row, run, tile, size, k * run, inward)
            if inverse:
                for t in range(0, width, 8):
                    _interpolate(tile, t * size, size, inverse_low, inverse_high, 0)
                    for i in range(t * size, (t + 8) * size, 8):
                        store(tile, i, montgomery_product(load(tile, i), scale))
            run = width if target_runs == 1 else columns
            if cosets == 0:
                for k in range(width // run):
                    at = (b + k) * target_block + c
                    _scatter(tile, size, k * run, target, at, target_row, run, reverse)
            for s in range(cosets):
                # The last coset needs no copy.
                values = tile if s == cosets - 1 else work
                for t in range(0, width, 8):
                    if s < cosets - 1:
                        for i in range(t * size, (t + 8) * size, 8):
                            store(work, i, load(tile, i))
                    _evaluate(values, t * size, size, low, high, s * size)
                for k in range(width // run):
                    at = (b + k) * target_block + s * columns + c
                    _scatter(values, size, k * run, target, at, target_row, run, natural)
