"""What the kernel for the helper constraints of a lookup takes: weights and powers of α as constants of its lanes."""

from __future__ import annotations

import numpy as np

from polyproof.field import Elements, Extension, HelperSums
from polyproof_goldilocks.helper_kernels import sum_helpers
from polyproof_goldilocks.reduction import MODULUS

__all__ = ["prepared"]

_LANES = 8
_FEW = 6
"""Up to so many groups left over by eights are each computed for eight rows; more nearly fill the lanes of a row."""
_MONTGOMERY = 2**64
"""What a product by ``reduction.montgomery`` loses."""


def prepared(extension: Extension, values: int, size: int, alpha: Elements, weights: Elements) -> HelperSums:
    """``Extension.helper_sums``, compiled."""
    degree, groups = extension.degree, -(-values // size)
    lanes, start, few = _constants(extension, values, size, alpha, weights)
    group, element = tuple(range(size)), tuple(range(degree))
    product, cofactors = tuple(range((size + 1) * degree)), tuple(range(size * degree))

    def sums(base: Elements, helpers: Elements) -> Elements:
        rows = len(base)
        result = np.empty((rows, degree), np.uint64)
        v, v_row = _words(base)
        h, h_row = _words(helpers.reshape(rows, groups * degree))
        sum_helpers(
            v, v_row, values, h, h_row, lanes, start, few, group, element, product, cofactors, result.reshape(-1)
        )
        return result

    return sums


def _constants(
    extension: Extension, values: int, size: int, alpha: Elements, weights: Elements
) -> tuple[Elements, Elements, Elements]:
    """The ``constants``, the ``start`` and the ``few`` of ``helper_kernels.sum_helpers``.

    For a group of s values of weight w they are y_i = (−1)^i·w·α^(s−i) and c_i = (−1)^i·(s − i)·w·α^(s−1−i), with the
    powers of 2^64 that ``reduction.helper_terms`` asks for. What c_0 would add is the same on every row: the start.
    """
    degree, groups = extension.degree, len(weights)
    constants = np.zeros((-(-groups // _LANES) * _LANES, 2 * size + 1, degree), np.uint64)
    start = np.zeros((_LANES, degree), np.uint64)
    for first, last in ((0, groups - 1), (groups - 1, groups)):  # the last group may be smaller
        s = min(size, values - first * size)
        weighted = extension.multiply(extension.powers(alpha, s + 1)[::-1, None], weights[None, first:last])
        for i in range(s + 1):
            sign = MODULUS - 1 if i % 2 else 1
            of_product = sign * _MONTGOMERY ** (i + 1) % MODULUS
            constants[first:last, i] = extension.scale(weighted[i], np.array(of_product, np.uint64))
            if 0 < i < s:
                of_cofactors = sign * (s - i) * _MONTGOMERY**i % MODULUS
                constants[first:last, size + i] = extension.scale(weighted[i + 1], np.array(of_cofactors, np.uint64))
        of_rows = extension.scale(extension.sum(weighted[1]), np.array(s, np.uint64))
        start[0] = extension.subtract(start[0], of_rows)
    beyond = groups % _LANES if groups % _LANES <= _FEW else 0
    few = np.repeat(constants[groups - beyond : groups].ravel(), _LANES)
    lanes = constants[: -(-(groups - beyond) // _LANES) * _LANES].reshape(-1, _LANES, (2 * size + 1) * degree)
    return lanes.transpose(0, 2, 1).ravel(), start.T.ravel(), few


def _words(matrix: Elements) -> tuple[Elements, int]:
    """The memory of a matrix, which may be part of a wider one, and the distance of its rows there, in words."""
    rows, columns = matrix.shape
    if not matrix.flags.aligned or matrix.strides[1] != 8 or matrix.strides[0] % 8 or matrix.strides[0] < 8 * columns:
        matrix = np.ascontiguousarray(matrix)
    row = matrix.strides[0] // 8
    return np.lib.stride_tricks.as_strided(matrix, ((rows - 1) * row + columns,), (8,), writeable=False), row
