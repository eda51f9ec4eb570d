"""Compiled transforms: the passes of a four-step transform over row-major matrices.

A transform of size n = n₁·n₂ is two passes over the matrix, each a set of independent small transforms that stay in
cache. With the input index r + n₁·j and the output index k + n₂·l, X(x) = Σ_r x^r·Y_r(x^{n₁}):

- ``transform_rows``: for each r the rows r, r + n₁, … give Y_r, a transform of size n₂;
- ``transform_columns``: for each k the n₁ values Y_r at x = shift·ω^k give X at x·⟨ω_{n₁}⟩, in place.

(Bailey, "FFTs in external or hierarchical memory", 1990.) The factor x^r between the passes costs nothing:
evaluation on the coset x·⟨ω_{n₁}⟩ has the same butterflies with other twiddle factors, and a table for a
coset takes one product an entry, for all columns. The inverse is the transpose of each step in the opposite order.

A small transform works on *tiles* of 8 columns: ``tile[(t·m + i)·8 + lane]`` is row i of tile t, so a row is one
vector and butterflies are whole-vector operations whatever the number of columns. Coefficients lie in bit-reversed
order in a tile, values in natural order. Passes have radix 8, and one of 2 or 4 next to the
coefficients where the logarithm wants it: in radix 8 the inner twiddle factors are powers of two.

Matrices with few columns would leave lanes empty. For them several neighbouring k or r share a tile
(``group`` > 1). Their cosets differ, so the tables are those of the first k, and what the others have beyond
that, ω^(i·r) for the i-th after it, is multiplied explicitly (``_twist``).

All words are canonical between operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from numba import boolean, int64, types, uint64

from polyproof.toolkit.kernels import helper, kernel
from polyproof_goldilocks.lane_butterflies import (
    evaluation_butterfly,
    interpolation_butterfly,
    place,
    scaled_interpolation_butterfly,
)
from polyproof_goldilocks.lane_formulas import montgomery_product, multiply
from polyproof_goldilocks.lane_memory import (
    load,
    load_some,
    prefetch,
    prefetch_to_write,
    store,
    store_some,
)
from polyproof_goldilocks.reduction import MODULUS

if TYPE_CHECKING:
    import numpy.typing as npt

    from polyproof.hash import Words

    Order = npt.NDArray[np.int64]

__all__ = ["Domain", "Interpolation", "Strides", "Tiles", "transform_columns", "transform_rows"]

_READ = types.Array(types.uint64, 1, "C", readonly=True)
_WRITE = types.Array(types.uint64, 1, "C")
_ORDER = types.Array(types.int64, 1, "C")


class Domain(NamedTuple):
    """⟨ω_size⟩, the domain of the small transforms."""

    size: int
    roots: Words
    """Twiddle factors in the order of ``_coset_table``."""
    inverse_roots: Words
    """The same of 1/ω."""
    natural: Order
    reverse: Order
    """The bit-reversed order of rows."""


class Interpolation(NamedTuple):
    """Whether rows are values to interpolate; if so, on which coset, and the factor that their coefficients get."""

    needed: bool
    shift: np.uint64
    """The inverse of the coset's shift."""
    scale: np.uint64


class Strides(NamedTuple):
    """Distances in words between the first rows of blocks, and between the rows of a block."""

    block: int
    row: int


class Tiles(NamedTuple):
    """Room for tiles of ``lanes`` lanes."""

    lanes: int
    words: Words
    again: Words
    """The same memory, read-only: with one type of sources everything is specialised once."""


_types: Any = types
"""Numba's constructors of tuples have no types."""
_DOMAIN = _types.NamedTuple((int64, _WRITE, _WRITE, _ORDER, _ORDER), Domain)
_INTERPOLATION = _types.NamedTuple((boolean, uint64, uint64), Interpolation)
_STRIDES = _types.NamedUniTuple(int64, 2, Strides)
_TILES = _types.NamedTuple((int64, _WRITE, _READ), Tiles)

_HALF = np.uint64(32)
_LOW = np.uint64(2**32 - 1)
_ONE = np.uint64(1)
_BEGIN, _UNIT, _ROW = cast(int, np.int64(0)), cast(int, np.int64(1)), cast(int, np.int64(8))
"""Offset, step and row of a tile as arguments: typed, since Numba compiles a callee again for every literal."""
_AHEAD = 8
"""Rows between a prefetch and its use."""
_MONTGOMERY_ONE = np.uint64(2**64 % MODULUS)


@helper()
def _power(base: np.uint64, exponent: int) -> np.uint64:
    """base^exponent for 0 ≤ exponent."""
    result = _ONE
    while exponent > 0:
        if exponent & 1:
            result = multiply(result, base)
        base = multiply(base, base)
        exponent >>= 1
    return result


@helper()
def _coset_table(plain: Words, size: int, shift: np.uint64, scale: np.uint64, low: Words, high: Words, at: int) -> None:
    """The twiddle factors of a transform on the coset shift·⟨ω_size⟩, from those on ⟨ω_size⟩.

    A pass that joins R transforms of size h into one of size R·h uses (σ·ω_{R·h}^k)^r with
    σ = shift^(size/(R·h)), for 0 < r < R and k < h, at position (r − 1)·h + k of its part; the pass with h = 1 comes
    first, and takes the factor ``scale``. Before all of them stands ``scale`` itself, for the coefficients without a
    twiddle factor. All in Montgomery form, the lower and the upper halves apart.
    """
    first = at + 1
    part = size - 1
    sigma = shift
    words = size
    while size > 1:
        radix = min(8, size)
        h = size // radix
        part -= (radix - 1) * h
        factor = sigma if h > 1 else multiply(sigma, scale)
        for r in range(radix - 1):
            begin = part + r * h
            whole = h & ~7
            for k in range(begin, begin + whole, 8):
                store(low, first + k, multiply(load(plain, k), factor))
            for k in range(begin + whole, begin + h):
                low[first + k] = multiply(plain[k], factor)
            factor = multiply(factor, sigma)
        for _ in range(radix >> 1 if radix < 8 else 3):
            sigma = multiply(sigma, sigma)
        size = h
    low[at] = multiply(scale, _MONTGOMERY_ONE)
    for k in range(at, at + words):
        high[k] = low[k] >> _HALF
        low[k] &= _LOW


@helper()
def _first_radix(size: int) -> int:
    """The radix of the pass next to the coefficients: 2, 4 or 8, such that the rest is a power of 8."""
    while size > 8:
        size //= 8
    return size


@helper()
def _evaluate_2(
    source: Words,
    s_at: int,
    s_row: int,
    s_order: Order,
    target: Words,
    t_at: int,
    t_row: int,
    size: int,
    low: Words,
    high: Words,
    part: int,
) -> None:
    """The pass of radix 2 of ``_evaluate``."""
    for s in range(0, size, 2):
        read = (s_at + place(s_order, s) * s_row, s_at + place(s_order, s + 1) * s_row)
        at = t_at + s * t_row
        evaluation_butterfly(source, read, target, (at, at + t_row), low, high, part, _UNIT)


@helper()
def _evaluate_4(
    source: Words,
    s_at: int,
    s_row: int,
    s_order: Order,
    target: Words,
    t_at: int,
    t_row: int,
    size: int,
    low: Words,
    high: Words,
    part: int,
) -> None:
    """The pass of radix 4 of ``_evaluate``."""
    for s in range(0, size, 4):
        read = (
            s_at + place(s_order, s) * s_row,
            s_at + place(s_order, s + 2) * s_row,
            s_at + place(s_order, s + 1) * s_row,
            s_at + place(s_order, s + 3) * s_row,
        )
        at = t_at + s * t_row
        written = (at, at + t_row, at + 2 * t_row, at + 3 * t_row)
        evaluation_butterfly(source, read, target, written, low, high, part, _UNIT)


@helper()
def _evaluate_8(
    source: Words,
    s_at: int,
    s_row: int,
    s_order: Order,
    target: Words,
    t_at: int,
    t_row: int,
    size: int,
    h: int,
    low: Words,
    high: Words,
    part: int,
) -> None:
    """A pass of radix 8 of ``_evaluate``: joins transforms of size h."""
    step = h * t_row
    for s in range(0, size, 8 * h):
        for k in range(h):
            i = s + k
            read = (
                s_at + place(s_order, i) * s_row,
                s_at + place(s_order, i + 4 * h) * s_row,
                s_at + place(s_order, i + 2 * h) * s_row,
                s_at + place(s_order, i + 6 * h) * s_row,
                s_at + place(s_order, i + h) * s_row,
                s_at + place(s_order, i + 5 * h) * s_row,
                s_at + place(s_order, i + 3 * h) * s_row,
                s_at + place(s_order, i + 7 * h) * s_row,
            )
            at = t_at + i * t_row
            written = (
                at,
                at + step,
                at + 2 * step,
                at + 3 * step,
                at + 4 * step,
                at + 5 * step,
                at + 6 * step,
                at + 7 * step,
            )
            evaluation_butterfly(source, read, target, written, low, high, part + k, h)


@helper()
def _evaluate(
    source: Words,
    s_at: int,
    s_row: int,
    s_order: Order,
    tile: Words,
    tile_at: int,
    target: Words,
    t_at: int,
    t_row: int,
    size: int,
    low: Words,
    high: Words,
    table: int,
    natural: Order,
) -> None:
    """Coefficients, row i of ``source`` at row s_order[i] of the bit-reversed order, to values: decimation in time."""
    h, part = _UNIT, table + 1
    read, r_at, r_row, r_order = source, s_at, s_row, s_order
    while h < size:
        radix = _first_radix(size) if h == 1 else _ROW
        if h * radix == size:
            write, w_at, w_row = target, t_at, t_row
        else:
            write, w_at, w_row = tile, tile_at, _ROW
        if radix == 2:
            _evaluate_2(read, r_at, r_row, r_order, write, w_at, w_row, size, low, high, part)
        elif radix == 4:
            _evaluate_4(read, r_at, r_row, r_order, write, w_at, w_row, size, low, high, part)
        else:
            _evaluate_8(read, r_at, r_row, r_order, write, w_at, w_row, size, h, low, high, part)
        part += (radix - 1) * h
        h *= radix
        read, r_at, r_row, r_order = tile, tile_at, _ROW, natural


@helper()
def _interpolate_2(
    source: Words,
    s_at: int,
    s_row: int,
    target: Words,
    t_at: int,
    t_row: int,
    t_order: Order,
    size: int,
    low: Words,
    high: Words,
) -> None:
    """The pass of radix 2 of ``_interpolate``."""
    for s in range(0, size, 2):
        at = s_at + s * s_row
        written = (t_at + place(t_order, s) * t_row, t_at + place(t_order, s + 1) * t_row)
        scaled_interpolation_butterfly(source, (at, at + s_row), target, written, low, high, _BEGIN, _UNIT)


@helper()
def _interpolate_4(
    source: Words,
    s_at: int,
    s_row: int,
    target: Words,
    t_at: int,
    t_row: int,
    t_order: Order,
    size: int,
    low: Words,
    high: Words,
) -> None:
    """The pass of radix 4 of ``_interpolate``."""
    for s in range(0, size, 4):
        at = s_at + s * s_row
        read = (at, at + s_row, at + 2 * s_row, at + 3 * s_row)
        written = (
            t_at + place(t_order, s) * t_row,
            t_at + place(t_order, s + 2) * t_row,
            t_at + place(t_order, s + 1) * t_row,
            t_at + place(t_order, s + 3) * t_row,
        )
        scaled_interpolation_butterfly(source, read, target, written, low, high, _BEGIN, _UNIT)


@helper()
def _interpolate_8(
    source: Words,
    s_at: int,
    s_row: int,
    target: Words,
    t_at: int,
    t_row: int,
    t_order: Order,
    size: int,
    h: int,
    low: Words,
    high: Words,
    part: int,
) -> None:
    """A pass of radix 8 of ``_interpolate``: splits transforms of size 8·h."""
    step = h * s_row
    for s in range(0, size, 8 * h):
        for k in range(h):
            i = s + k
            at = s_at + i * s_row
            read = (
                at,
                at + step,
                at + 2 * step,
                at + 3 * step,
                at + 4 * step,
                at + 5 * step,
                at + 6 * step,
                at + 7 * step,
            )
            written = (
                t_at + place(t_order, i) * t_row,
                t_at + place(t_order, i + 4 * h) * t_row,
                t_at + place(t_order, i + 2 * h) * t_row,
                t_at + place(t_order, i + 6 * h) * t_row,
                t_at + place(t_order, i + h) * t_row,
                t_at + place(t_order, i + 5 * h) * t_row,
                t_at + place(t_order, i + 3 * h) * t_row,
                t_at + place(t_order, i + 7 * h) * t_row,
            )
            if h == 1:
                scaled_interpolation_butterfly(source, read, target, written, low, high, _BEGIN, _UNIT)
            else:
                interpolation_butterfly(source, read, target, written, low, high, part + k, h)


@helper()
def _interpolate(
    source: Words,
    s_at: int,
    s_row: int,
    tile: Words,
    tile_at: int,
    target: Words,
    t_at: int,
    t_row: int,
    t_order: Order,
    size: int,
    low: Words,
    high: Words,
    natural: Order,
) -> None:
    """The transpose of ``_evaluate``, given the table of inverse roots: values to coefficients times ``size``.

    Coefficient i in bit-reversed order goes to row t_order[i] of ``target``.
    """
    h = size
    part = size
    read, r_at, r_row = source, s_at, s_row
    first = _first_radix(size)
    while h > 1:
        radix = 8 if h > first else first
        h //= radix
        part -= (radix - 1) * h
        if h == 1:
            write, w_at, w_row, w_order = target, t_at, t_row, t_order
        else:
            write, w_at, w_row, w_order = tile, tile_at, _ROW, natural
        if radix == 2:
            _interpolate_2(read, r_at, r_row, write, w_at, w_row, w_order, size, low, high)
        elif radix == 4:
            _interpolate_4(read, r_at, r_row, write, w_at, w_row, w_order, size, low, high)
        else:
            _interpolate_8(read, r_at, r_row, write, w_at, w_row, w_order, size, h, low, high, part)
        read, r_at, r_row = tile, tile_at, _ROW


@helper()
def _gather(
    source: Words, offset: int, stride: int, width: int, tiles: Words, size: int, lane: int, order: Order
) -> None:
    """``width`` words of every row of ``source`` to the lanes from ``lane`` on; row i goes to row order[i].

    Rows that are a power of two apart fall into few sets of a cache, so they are copied here, a few rows ahead of
    the memory, rather than read in place.
    """
    end = lane + width
    for i in range(size):
        at = offset + i * stride - lane
        for t in range(lane & ~7, end, 8):
            to = t * size + order[i] * 8
            prefetch(source, at + _AHEAD * stride + max(t, lane))
            if lane <= t and t + 8 <= end:
                store(tiles, to, load(source, at + t))
            else:
                low, high = lane - t, end - t
                store_some(tiles, to, low, high, load_some(source, at + t, low, high))


@helper()
def _scatter(
    tiles: Words,
    size: int,
    lane: int,
    target: Words,
    offset: int,
    stride: int,
    width: int,
    order: Order,
    copies: int,
    copy_lanes: int,
    copy_words: int,
) -> None:
    """The reverse of ``_gather``: row order[i] becomes row i of ``target``.

    ``copies`` sets of lanes that are ``copy_lanes`` apart go to rows that are ``copy_words`` apart.
    """
    end = lane + width
    for i in range(size):
        for copy in range(copies):
            at = offset + i * stride - lane + copy * copy_words
            for t in range(lane & ~7, end, 8):
                read = (t + copy * copy_lanes) * size + order[i] * 8
                prefetch_to_write(target, at + _AHEAD * stride + max(t, lane))
                if lane <= t and t + 8 <= end:
                    store(target, at + t, load(tiles, read))
                else:
                    store_some(target, at + t, lane - t, end - t, load(tiles, read))


@helper()
def _twist_factors(root: np.uint64, columns: int, lanes: int, size: int, reverse: Order, factors: Words) -> None:
    """root^(k·i) for coefficient i in the lanes of the k-th ``columns`` of a group: tiles in Montgomery form."""
    x = _ONE
    for lane in range(lanes):
        if lane and lane % columns == 0:
            x = multiply(x, root)
        power = _MONTGOMERY_ONE
        for i in range(size):
            factors[(lane & ~7) * size + reverse[i] * 8 + (lane & 7)] = power
            power = multiply(power, x)


@helper()
def _twist(tiles: Words, words: int, factors: Words) -> None:
    """Multiply ``words`` words of tiles by ``factors``."""
    for i in range(0, words, 8):
        store(tiles, i, montgomery_product(load(tiles, i), load(factors, i)))


@kernel(
    types.void(
        _READ, _WRITE, int64, int64, _DOMAIN, boolean, uint64, uint64, _TILES, int64, int64, int64,
    ),
)  # fmt: skip
def transform_columns(
    source: Words, target: Words, stride: int, columns: int, domain: Domain, inverse: bool, shift: np.uint64,
    root: np.uint64, tiles: Tiles, group: int, start: int, stop: int,
) -> None:  # fmt: skip
    """Transforms of rows that are ``stride`` words apart, for positions start … stop − 1 of ``columns`` words.

    Position k is the coset (shift·root^k)·⟨ω⟩; both, and ω, are inverse where ``inverse`` is set. ``source`` and
    ``target`` may be the same array.
    """
    size, natural, reverse = domain.size, domain.natural, domain.reverse
    roots = domain.inverse_roots if inverse else domain.roots
    lanes, gathered, again = tiles.lanes, tiles.words, tiles.again
    low, high = np.empty(size, np.uint64), np.empty(size, np.uint64)
    factors = np.empty(lanes * size if group > 1 else 0, np.uint64)
    if group > 1:
        _twist_factors(root, columns, lanes, size, reverse, factors)
    x = multiply(shift, _power(root, start))
    next_x = _power(root, group)
    inward, outward = (natural, reverse) if inverse else (reverse, natural)
    for k in range(start, stop, group):
        _coset_table(roots, size, x, _ONE, low, high, 0)
        row = min(group, stop - k) * columns
        for c in range(0, row, lanes):
            width = min(lanes, row - c)
            _gather(source, k * columns + c, stride, width, gathered, size, 0, inward)
            words = ((width + 7) & ~7) * size
            if group > 1 and not inverse:
                _twist(gathered, words, factors)
            # Values are written in place by whole tiles; coefficients come in an order that makes copying faster.
            direct = 0 if inverse else width & ~7
            for t in range(0, words, 8 * size):
                if t < direct * size:
                    write, w_at, w_row = target, k * columns + c + t // size, stride
                else:
                    write, w_at, w_row = gathered, t, _ROW
                if inverse:
                    _interpolate(again, t, _ROW, gathered, t, write, w_at, w_row, natural, size, low, high, natural)
                else:
                    _evaluate(
                        again, t, _ROW, natural, gathered, t, write, w_at, w_row, size, low, high, _BEGIN, natural
                    )
            if group > 1 and inverse:
                _twist(gathered, words, factors)
            at = k * columns + c + direct
            _scatter(gathered, size, direct, target, at, stride, width - direct, outward, 1, 0, 0)
        x = multiply(x, next_x)


@kernel(
    types.void(
        _READ, _STRIDES, _WRITE, _STRIDES, int64, _DOMAIN, _INTERPOLATION, _READ, _TILES, _WRITE, _WRITE, int64, int64,
        int64,
    ),
)  # fmt: skip
def transform_rows(
    source: Words, source_strides: Strides, target: Words, target_strides: Strides, columns: int, domain: Domain,
    interpolation: Interpolation, shifts: Words, tiles: Tiles, work: Words, results: Words, group: int, start: int,
    stop: int,
) -> None:  # fmt: skip
    """Transforms of rows of ``columns`` words, for blocks start … stop − 1.

    Values are interpolated. Then the coefficients are evaluated on every coset shifts[s]·⟨ω⟩, to rows ``columns``
    words apart; without shifts the coefficients themselves are the result. So a block of an extension is read once
    and never leaves the cache between its coefficients and their values.

    Blocks of contiguous rows are read and written in place, tile by tile; others, groups of blocks and the columns
    that fill no tile go through ``tiles`` and ``results``, room for as many lanes, the latter once a coset.
    ``work`` is room for one tile.
    """
    size, natural, reverse = domain.size, domain.natural, domain.reverse
    lanes, gathered, again = tiles.lanes, tiles.words, tiles.again
    inverse = interpolation.needed
    cosets = shifts.size
    inverse_low, inverse_high = np.empty(size, np.uint64), np.empty(size, np.uint64)
    low, high = np.empty(cosets * size, np.uint64), np.empty(cosets * size, np.uint64)
    if inverse:
        _coset_table(domain.inverse_roots, size, interpolation.shift, interpolation.scale, inverse_low, inverse_high, 0)
    for s in range(cosets):
        _coset_table(domain.roots, size, shifts[s], _ONE, low, high, s * size)
    for b in range(start, stop, group):
        row = min(group, stop - b) * columns
        for c in range(0, row, lanes):
            width = min(lanes, row - c)
            # Lanes before these are read and written in place.
            direct_in = width & ~7 if group == 1 and inverse else 0
            direct_out = width & ~7 if group == 1 and cosets else 0
            # Neighbouring blocks make one run where they are neighbours in memory.
            run = columns if group > 1 and source_strides.block != columns else max(1, width - direct_in)
            for k in range(direct_in, width, run):
                at = (b + k // run) * source_strides.block if group > 1 else b * source_strides.block + c + k
                _gather(source, at, source_strides.row, run, gathered, size, k, natural if inverse else reverse)
            for t in range(0, width, 8):
                if t < direct_in:
                    read, r_at, r_row = source, b * source_strides.block + c + t, source_strides.row
                else:
                    read, r_at, r_row = again, t * size, _ROW
                if t < direct_out:
                    write, w_at, w_row, w_next = target, b * target_strides.block + c + t, target_strides.row, columns
                else:
                    write, w_at, w_row, w_next = results, t * size, _ROW, lanes * size
                if inverse:
                    if cosets:
                        i_write = gathered
                    else:
                        i_write = results
                    _interpolate(
                        read, r_at, r_row, work, _BEGIN, i_write, t * size, _ROW, natural, size, inverse_low,
                        inverse_high, natural,
                    )  # fmt: skip
                for s in range(cosets):
                    _evaluate(
                        again, t * size, _ROW, natural, work, _BEGIN, write, w_at + s * w_next, w_row, size, low,
                        high, s * size, natural,
                    )  # fmt: skip
            run = columns if group > 1 and target_strides.block != columns else max(1, width - direct_out)
            for k in range(direct_out, width, run):
                to = (b + k // run) * target_strides.block if group > 1 else b * target_strides.block + c + k
                _scatter(
                    results, size, k, target, to, target_strides.row, run, natural if cosets else reverse,
                    max(1, cosets), lanes, columns,
                )  # fmt: skip
