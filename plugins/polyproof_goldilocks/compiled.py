"""The compiled engine: kernels over arrays of any shape, in blocks on all threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from polyproof.engine import for_blocks
from polyproof.field import Elements
from polyproof.large_arrays import empty
from polyproof_goldilocks import kernels, portable
from polyproof_goldilocks.transform import evaluate, extend, interpolate

__all__ = [
    "add",
    "cumulative_sum",
    "evaluate",
    "extend",
    "flat",
    "interpolate",
    "inverse",
    "multiply",
    "negate",
    "operands",
    "subtract",
    "sum",
]

_LANES = 8
_BLOCK = 1 << 17
"""Words a thread takes at a time."""
_INVERSE_BLOCK = 1 << 14
"""Elements that share an inversion: one costs as much as a hundred products a lane."""
_SUM_COLUMNS = 64


def flat(a: Elements) -> Elements:
    """The elements in C order, one-dimensional and aligned: what kernels take."""
    a = a.reshape(-1)
    return a if a.flags.c_contiguous and a.flags.aligned else a.copy()


def operands(
    a: Elements, b: Elements, a_width: int = 1, b_width: int = 1
) -> tuple[tuple[int, ...], int, Callable[[int, int], tuple[Elements, int, Elements, int]]]:
    """How to walk two operands of elements of a_width and b_width words that broadcast against each other.

    Returns the shape of the result (without the axis of a width above 1), how many of its elements a block should
    have, and a function from a block to both operands, each flat with its step: its width, or 0 for one
    element that comes eight times over.
    """
    a_shape = a.shape if a_width == 1 else a.shape[:-1]
    b_shape = b.shape if b_width == 1 else b.shape[:-1]
    shape = np.broadcast_shapes(a_shape, b_shape)
    size = int(np.prod(shape, dtype=np.int64))

    def walker(x: Elements, own: tuple[int, ...], width: int) -> Callable[[int, int], tuple[Elements, int]]:
        if own == shape:
            everything = flat(x)
            return lambda start, stop: (everything[start * width : stop * width], width)
        if x.size == width:
            repeated = np.tile(x.reshape(-1), _LANES)
            return lambda start, stop: (repeated, 0)
        spread = np.broadcast_to(x, shape if width == 1 else (*shape, width))
        per_row = size // shape[0] if size else 1
        return lambda start, stop: (flat(spread[start // per_row : stop // per_row]), width)

    # Blocks are counted in elements if both operands can be cut anywhere, else in rows of the first axis.
    anywhere = all(own == shape or x.size == width for x, own, width in ((a, a_shape, a_width), (b, b_shape, b_width)))
    unit = 1 if anywhere or not size else size // shape[0]
    elements = max(1, _BLOCK // max(a_width, b_width))
    block = max(1, elements // unit) * unit
    walk_a, walk_b = walker(a, a_shape, a_width), walker(b, b_shape, b_width)
    return shape, block, lambda start, stop: (*walk_a(start, stop), *walk_b(start, stop))


def _binary(kernel: Callable[..., Any]) -> Callable[[Elements, Elements], Elements]:
    def apply(a: Elements, b: Elements) -> Elements:
        shape, block, walk = operands(a, b)
        result = empty(shape)
        words = result.reshape(-1)
        for_blocks(lambda start, stop: kernel(*walk(start, stop), words[start:stop]), words.size, block)
        return result

    return apply


add = _binary(kernels.add)
subtract = _binary(kernels.subtract)
multiply = _binary(kernels.multiply)


def negate(a: Elements) -> Elements:
    """−a."""
    words, result = flat(a), empty(a.shape)
    negated = result.reshape(-1)
    for_blocks(lambda start, stop: kernels.negate(words[start:stop], negated[start:stop]), words.size, _BLOCK)
    return result


def inverse(a: Elements) -> Elements | None:
    """1 / a, or ``None`` if some element is zero."""
    words, result = flat(a), empty(a.shape)
    inverted = result.reshape(-1)
    zeros: list[int] = []

    def invert(start: int, stop: int) -> None:
        if not kernels.inverse(words[start:stop], inverted[start:stop]):
            zeros.append(start)

    for_blocks(invert, words.size, _INVERSE_BLOCK)
    return None if zeros else result


def sum(a: Elements) -> Elements:
    """Sum along the middle axis: ``(outer, n, inner) → (outer, inner)``."""
    outer, n, inner = a.shape
    if outer != 1 or not inner:
        result = np.empty((outer, inner), np.uint64)
        block = max(1, _BLOCK // max(1, n * inner))

        def some(start: int, stop: int) -> None:
            result[start:stop] = portable.sum(a[start:stop])

        for_blocks(some, outer, block)
        return result
    # Several rows side by side fill the lanes; their sums are added in the end.
    beside = max(1, _SUM_COLUMNS // inner)
    rows, width = n // beside, beside * inner
    words = flat(a)
    partial: list[Elements] = [words[rows * width :].reshape(-1, inner)]

    def add_rows(start: int, stop: int) -> None:
        total = np.zeros(width, np.uint64)
        kernels.column_sums(words[start * width : stop * width], stop - start, width, total)
        partial.append(total.reshape(beside, inner))

    for_blocks(add_rows, rows, max(1, 4 * _BLOCK // width))
    return portable.sum(np.concatenate(partial)[None])


def cumulative_sum(a: Elements) -> Elements:
    """Prefix sums along the middle axis of ``(outer, n, inner)``."""
    outer, n, inner = a.shape
    words, result = flat(a), empty(a.shape)
    sums = result.reshape(-1)

    def run(start: int, stop: int) -> None:
        for i in range(start, stop):
            at = slice(i * n * inner, (i + 1) * n * inner)
            kernels.cumulative_sums(words[at], n, inner, sums[at])

    if n and inner:
        for_blocks(run, outer, max(1, _BLOCK // (n * inner)))
    return result
