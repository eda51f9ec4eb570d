"""Keccak-256 compiled: eight messages side by side.

The loop over messages in ``_permute`` is the only one, and its body is the whole permutation without a
branch: that is what lets the compiler turn it into vector instructions. Lane i of message m is at
``i * MESSAGES + m`` of a flat array: distances between lanes are then constants, and the compiler need
not test whether they overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import uint64

from polyproof.toolkit.kernels import helper, kernel

if TYPE_CHECKING:
    from polyproof.hash import Words
from polyproof_digests.constants import KECCAK_ROTATIONS, KECCAK_ROUND_CONSTANTS

__all__ = ["MESSAGES", "hash_rows"]

Word = np.uint64

MESSAGES = 8
_RATE = 17
_ROTATION = tuple(np.uint64(rotation) for rotation in KECCAK_ROTATIONS)
_CONSTANT = tuple(np.uint64(constant) for constant in KECCAK_ROUND_CONSTANTS)


@helper(forceinline=True)
def _rotate_left(x: Word, bits: Word) -> Word:
    """``bits`` from 1 to 63."""
    return x << bits | x >> (uint64(64) - bits)


@helper(forceinline=True)
def _chi(a: Word, b: Word, c: Word, d: Word, e: Word) -> tuple[Word, ...]:
    """χ on one plane."""
    return a ^ ~b & c, b ^ ~c & d, c ^ ~d & e, d ^ ~e & a, e ^ ~a & b


@helper(forceinline=True)
def _iota(plane: tuple[Word, ...], constant: Word) -> tuple[Word, ...]:
    """ι, on the plane y = 0."""
    return plane[0] ^ constant, plane[1], plane[2], plane[3], plane[4]


@helper(forceinline=True)
def _round(a: tuple[Word, ...], constant: Word) -> tuple[Word, ...]:
    """θ, ρ, π, χ, ι (FIPS 202, 3.2) on lanes x + 5y."""
    c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20]
    c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21]
    c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22]
    c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23]
    c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24]
    one = uint64(1)
    d0 = c4 ^ _rotate_left(c1, one)
    d1 = c0 ^ _rotate_left(c2, one)
    d2 = c1 ^ _rotate_left(c3, one)
    d3 = c2 ^ _rotate_left(c4, one)
    d4 = c3 ^ _rotate_left(c0, one)
    r = _ROTATION
    # Lane (x, y) of the result comes from lane (x + 3y, x).
    plane0 = _chi(
        a[0] ^ d0,
        _rotate_left(a[6] ^ d1, r[6]),
        _rotate_left(a[12] ^ d2, r[12]),
        _rotate_left(a[18] ^ d3, r[18]),
        _rotate_left(a[24] ^ d4, r[24]),
    )
    plane1 = _chi(
        _rotate_left(a[3] ^ d3, r[3]),
        _rotate_left(a[9] ^ d4, r[9]),
        _rotate_left(a[10] ^ d0, r[10]),
        _rotate_left(a[16] ^ d1, r[16]),
        _rotate_left(a[22] ^ d2, r[22]),
    )
    plane2 = _chi(
        _rotate_left(a[1] ^ d1, r[1]),
        _rotate_left(a[7] ^ d2, r[7]),
        _rotate_left(a[13] ^ d3, r[13]),
        _rotate_left(a[19] ^ d4, r[19]),
        _rotate_left(a[20] ^ d0, r[20]),
    )
    plane3 = _chi(
        _rotate_left(a[4] ^ d4, r[4]),
        _rotate_left(a[5] ^ d0, r[5]),
        _rotate_left(a[11] ^ d1, r[11]),
        _rotate_left(a[17] ^ d2, r[17]),
        _rotate_left(a[23] ^ d3, r[23]),
    )
    plane4 = _chi(
        _rotate_left(a[2] ^ d2, r[2]),
        _rotate_left(a[8] ^ d3, r[8]),
        _rotate_left(a[14] ^ d4, r[14]),
        _rotate_left(a[15] ^ d0, r[15]),
        _rotate_left(a[21] ^ d1, r[21]),
    )
    return _iota(plane0, constant) + plane1 + plane2 + plane3 + plane4


@helper(forceinline=True)
def _eight_rounds(a: tuple[Word, ...], constants: tuple[Word, ...]) -> tuple[Word, ...]:
    a = _round(a, constants[0])
    a = _round(a, constants[1])
    a = _round(a, constants[2])
    a = _round(a, constants[3])
    a = _round(a, constants[4])
    a = _round(a, constants[5])
    a = _round(a, constants[6])
    return _round(a, constants[7])


@helper(forceinline=True)
def _load_plane(state: Words, y: int, message: int) -> tuple[Word, ...]:
    start = 5 * y * MESSAGES + message
    return (
        state[start],
        state[start + MESSAGES],
        state[start + 2 * MESSAGES],
        state[start + 3 * MESSAGES],
        state[start + 4 * MESSAGES],
    )


@helper(forceinline=True)
def _store_plane(state: Words, y: int, message: int, plane: tuple[Word, ...]) -> None:
    start = 5 * y * MESSAGES + message
    state[start] = plane[0]
    state[start + MESSAGES] = plane[1]
    state[start + 2 * MESSAGES] = plane[2]
    state[start + 3 * MESSAGES] = plane[3]
    state[start + 4 * MESSAGES] = plane[4]


@helper()
def _permute(state: Words) -> None:
    """Keccak-f[1600] of eight states."""
    for message in range(MESSAGES):
        a = (
            _load_plane(state, 0, message)
            + _load_plane(state, 1, message)
            + _load_plane(state, 2, message)
            + _load_plane(state, 3, message)
            + _load_plane(state, 4, message)
        )
        a = _eight_rounds(a, _CONSTANT[0:8])
        a = _eight_rounds(a, _CONSTANT[8:16])
        a = _eight_rounds(a, _CONSTANT[16:24])
        _store_plane(state, 0, message, a[0:5])
        _store_plane(state, 1, message, a[5:10])
        _store_plane(state, 2, message, a[10:15])
        _store_plane(state, 3, message, a[15:20])
        _store_plane(state, 4, message, a[20:25])


@helper()
def _absorb(rows: Words, padding: Words, first: int, column: int, state: Words) -> None:
    """XOR words ``column`` to ``column + 16`` of eight rows into the states; those beyond the last row repeat it."""
    count, columns = rows.shape
    for message in range(MESSAGES):
        row = min(first + message, count - 1)
        if column + _RATE <= columns:
            for i in range(_RATE):
                state[i * MESSAGES + message] ^= rows[row, column + i]
        else:
            for i in range(_RATE):
                word = rows[row, column + i] if column + i < columns else padding[column + i - columns]
                state[i * MESSAGES + message] ^= word


@kernel()
def hash_rows(rows: Words, padding: Words, initial: Words, digests: Words) -> None:
    """Absorb every row followed by ``padding`` into the ``initial`` state of 25 lanes, squeeze 4 words.

    ``rows`` is ``(n, columns)``, ``digests`` ``(n, 4)``; columns and padding make whole blocks.
    """
    state = np.empty(25 * MESSAGES, np.uint64)
    for first in range(0, len(rows), MESSAGES):
        for i in range(25 * MESSAGES):
            state[i] = initial[i // MESSAGES]
        for column in range(0, rows.shape[1] + len(padding), _RATE):
            _absorb(rows, padding, first, column, state)
            _permute(state)
        for message in range(min(MESSAGES, len(rows) - first)):
            for i in range(4):
                digests[first + message, i] = state[i * MESSAGES + message]
