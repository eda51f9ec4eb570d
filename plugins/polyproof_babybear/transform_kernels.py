"""Number-theoretic transforms of eight columns at a time, in a tile of their own.

Interpolation takes values in natural order and gives coefficients in the order of reversed bits (Gentleman and Sande,
1966), evaluation takes those and gives values in natural order (Cooley and Tukey, 1965), so nothing is permuted in
between. Two stages are done in one pass over memory, and all that stay within some rows before the next ones.

Words of a tile are below 2p. A product with a known factor w is w·x − ⌊w′x/2^32⌋·p with w′ = ⌊w·2^32/p⌋ (Harvey,
"Faster arithmetic for number-theoretic transforms", arXiv 1205.2926): for any x below 2^32 it is below 2p.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyproof.toolkit.kernels import helper, kernel
from polyproof.toolkit.lanes import strided_pass
from polyproof_babybear.constants import MODULUS

if TYPE_CHECKING:
    from polyproof.field import Elements

__all__ = ["COLUMNS", "evaluate", "extend", "interpolate"]

COLUMNS = 8
"""Columns of a tile: a line of the cache."""
_NEAR = 1 << 11
"""Rows of a tile that stay in the second-level cache."""
_LOW = (1 << 32) - 1
_P, _TWICE = MODULUS, 2 * MODULUS

Value = Any
"""``toolkit.lanes.Lanes``."""


def _below_2p(x: Value) -> Value:
    """Of a word below 4p."""
    return x.minimum(x - _TWICE)  # what wraps around 2^64 is the larger of the two


def _times(x: Value, factor: Value, scaled: Value) -> Value:
    low = x & _LOW
    return low * factor - ((low * scaled) >> 32) * _P


def _join(a: Value, b: Value, factor: Value, scaled: Value) -> tuple[Value, Value]:
    """a + w·b and a − w·b."""
    product = _times(b, factor, scaled)
    return _below_2p(a + product), _below_2p(a - product + _TWICE)


def _part(a: Value, b: Value, factor: Value, scaled: Value) -> tuple[Value, Value]:
    """a + b and w·(a − b)."""
    return _below_2p(a + b), _times(_below_2p(a - b + _TWICE), factor, scaled)


def _join_four(x: list[Value], w: list[Value]) -> list[Value]:
    a, b = _join(x[0], x[1], w[0], w[1])
    c, d = _join(x[2], x[3], w[0], w[1])
    first, third = _join(a, c, w[2], w[3])
    second, fourth = _join(b, d, w[4], w[5])
    return [first, second, third, fourth]


def _part_four(x: list[Value], w: list[Value]) -> list[Value]:
    a, c = _part(x[0], x[2], w[2], w[3])
    b, d = _part(x[1], x[3], w[4], w[5])
    first, second = _part(a, b, w[0], w[1])
    third, fourth = _part(c, d, w[0], w[1])
    return [first, second, third, fourth]


_join_pass = strided_pass(_join_four, COLUMNS, 4, 6)
_part_pass = strided_pass(_part_four, COLUMNS, 4, 6)
_pair_pass = strided_pass(lambda x, w: [_below_2p(x[0] + x[1]), _below_2p(x[0] - x[1] + _TWICE)], COLUMNS, 2, 0)
_scale_pass = strided_pass(lambda x, w: [_times(x[0], w[0], w[1])], COLUMNS, 1, 2)
_copy_pass = strided_pass(lambda x, w: [x[0]], COLUMNS, 1, 0)
_finish_pass = strided_pass(lambda x, w: [_below_2p(x[0]).minimum(_below_2p(x[0]) - _P)], COLUMNS, 1, 0)


@helper()
def _quadruples(tile: Elements, start: int, stop: int, h: int, twiddles: Elements, forward: bool) -> None:
    """The two stages whose rows are h and 2h apart, on the rows from ``start`` to ``stop``."""
    # The factors of these stages follow those of all smaller h, six words for each row of h.
    first = 6 * (h - 1) // 3 if twiddles[0] == 0 else 6 * (h - 2) // 3
    for block in range(start, stop, 4 * h):
        for j in range(h):
            at = (block + j) * COLUMNS
            if forward:
                _join_pass(tile, at, h * COLUMNS, tile, at, h * COLUMNS, twiddles, 1 + first + 6 * j)
            else:
                _part_pass(tile, at, h * COLUMNS, tile, at, h * COLUMNS, twiddles, 1 + first + 6 * j)


@helper()
def _pairs(tile: Elements, start: int, stop: int, twiddles: Elements) -> None:
    """The stage of neighbours, which is by itself if the number of stages is odd: then ``twiddles`` begins with 1."""
    if twiddles[0] == 1:
        for row in range(start, stop, 2):
            _pair_pass(tile, row * COLUMNS, COLUMNS, tile, row * COLUMNS, COLUMNS, twiddles, 0)


@helper()
def _forward(tile: Elements, n: int, twiddles: Elements) -> None:
    """Coefficients in the order of reversed bits to values in natural order."""
    h, near = 1 + int(twiddles[0]), min(n, _NEAR)
    for start in range(0, n, near):
        _pairs(tile, start, start + near, twiddles)
        h = 1 + int(twiddles[0])
        while 4 * h <= near:
            _quadruples(tile, start, start + near, h, twiddles, True)
            h *= 4
    while 4 * h <= n:
        _quadruples(tile, 0, n, h, twiddles, True)
        h *= 4


@helper()
def _backward(tile: Elements, n: int, twiddles: Elements) -> None:
    """The inverse of ``_forward`` but for a factor n."""
    near, h = min(n, _NEAR), n // 4
    while 4 * h > near:
        _quadruples(tile, 0, n, h, twiddles, False)
        h //= 4
    last = h
    for start in range(0, n, near):
        h = last
        while h >= 1 + int(twiddles[0]):
            _quadruples(tile, start, start + near, h, twiddles, False)
            h //= 4
        _pairs(tile, start, start + near, twiddles)


@helper()
def _load(
    tile: Elements, row: int, source: Elements, at: int, some: int, factors: Elements, first: int, scaled: bool
) -> None:
    """A row of a tile from ``some`` words of a matrix, times a factor if there is one."""
    to = row * COLUMNS
    if some == COLUMNS:
        if scaled:
            _scale_pass(tile, to, 0, source, at, 0, factors, first)
        else:
            _copy_pass(tile, to, 0, source, at, 0, factors, 0)
        return
    for column in range(some):
        tile[to + column] = source[at + column]
    if scaled:
        _scale_pass(tile, to, 0, tile, to, 0, factors, first)


@helper()
def _store(tile: Elements, row: int, target: Elements, at: int, some: int) -> None:
    """Some words of a row of a tile, canonical, to a matrix."""
    if some == COLUMNS:
        _finish_pass(target, at, 0, tile, row * COLUMNS, 0, target, 0)
        return
    _finish_pass(tile, row * COLUMNS, 0, tile, row * COLUMNS, 0, target, 0)
    for column in range(some):
        target[at + column] = tile[row * COLUMNS + column]


@kernel()
def interpolate(
    source: Elements, target: Elements, columns: int, order: Elements, twiddles: Elements, factors: Elements,
    start: int, stop: int,
) -> None:  # fmt: skip
    """Coefficients of the columns of tiles ``start`` to ``stop``. ``factors``: two words for each, in ``order``."""
    n = order.size
    tile = np.zeros(n * COLUMNS, np.uint64)
    for first in range(start * COLUMNS, stop * COLUMNS, COLUMNS):
        some = min(COLUMNS, columns - first)
        for row in range(n):
            _load(tile, row, source, row * columns + first, some, factors, 0, False)
        _backward(tile, n, twiddles)
        for row in range(n):
            _scale_pass(tile, row * COLUMNS, 0, tile, row * COLUMNS, 0, factors, 2 * row)
            _store(tile, row, target, int(order[row]) * columns + first, some)


@kernel()
def evaluate(
    source: Elements, target: Elements, columns: int, order: Elements, twiddles: Elements, factors: Elements,
    start: int, stop: int,
) -> None:  # fmt: skip
    """Values of the columns of tiles ``start`` to ``stop`` on every coset of n points.

    ``factors``: for every coset two words for each coefficient in ``order``. Point k of coset s is row k·cosets + s.
    """
    n = order.size
    cosets = factors.size // (2 * n)
    tile = np.zeros(n * COLUMNS, np.uint64)
    for first in range(start * COLUMNS, stop * COLUMNS, COLUMNS):
        some = min(COLUMNS, columns - first)
        for coset in range(cosets):
            for row in range(n):
                at = int(order[row]) * columns + first
                _load(tile, row, source, at, some, factors, 2 * (coset * n + row), True)
            _forward(tile, n, twiddles)
            for row in range(n):
                _store(tile, row, target, (row * cosets + coset) * columns + first, some)


@kernel()
def extend(
    source: Elements, target: Elements, columns: int, backward: Elements, forward: Elements, factors: Elements,
    n: int, start: int, stop: int,
) -> None:  # fmt: skip
    """``interpolate`` and ``evaluate``, without a matrix of coefficients between them."""
    cosets = factors.size // (2 * n)
    coefficients, tile = np.zeros(n * COLUMNS, np.uint64), np.zeros(n * COLUMNS, np.uint64)
    for first in range(start * COLUMNS, stop * COLUMNS, COLUMNS):
        some = min(COLUMNS, columns - first)
        for row in range(n):
            _load(coefficients, row, source, row * columns + first, some, factors, 0, False)
        _backward(coefficients, n, backward)
        for coset in range(cosets):
            for row in range(n):
                _scale_pass(tile, row * COLUMNS, 0, coefficients, row * COLUMNS, 0, factors, 2 * (coset * n + row))
            _forward(tile, n, forward)
            for row in range(n):
                _store(tile, row, target, (row * cosets + coset) * columns + first, some)
