"""SHA-256 compiled: sixteen messages side by side, one in each lane.

In ``_compress`` the loop over lanes is the only one, and its body is the whole compression function without
a branch: that is what lets the compiler turn it into vector instructions with the state in registers.
Scratch arrays are flat, word i of lane l at ``i * LANES + l``: distances between words are then constants,
and the compiler need not test whether they overlap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numba import uint32, uint64

from polyproof.toolkit.kernels import helper, kernel

if TYPE_CHECKING:
    from polyproof.hash import Words
from polyproof_digests.constants import SHA256_ROUND_CONSTANTS

__all__ = ["LANES", "hash_rows"]

Word = np.uint32
Words32 = npt.NDArray[Word]

LANES = 16
_BLOCK_WORDS = 8
_K = tuple(np.uint32(constant) for constant in SHA256_ROUND_CONSTANTS)


@helper(forceinline=True)
def _rotate_right(x: Word, bits: int) -> Word:
    return uint32(x >> uint32(bits) | x << uint32(32 - bits))


@helper(forceinline=True)
def _swap_bytes(x: Word) -> Word:
    """SHA-256 reads words big-endian."""
    return uint32(_rotate_right(x, 8) & uint32(0xFF00FF00) | _rotate_right(x, 24) & uint32(0x00FF00FF))


@helper(forceinline=True)
def _round(v: tuple[Word, ...], k: Word, w: Word) -> tuple[Word, ...]:
    """One step of FIPS 180-4, 6.2.2."""
    a, b, c, d, e, f, g, h = v
    sum1 = _rotate_right(e, 6) ^ _rotate_right(e, 11) ^ _rotate_right(e, 25)
    choice = e & f ^ ~e & g
    t1 = uint32(h + sum1 + choice + k + w)
    sum0 = _rotate_right(a, 2) ^ _rotate_right(a, 13) ^ _rotate_right(a, 22)
    majority = a & b ^ a & c ^ b & c
    return uint32(t1 + sum0 + majority), a, b, c, uint32(d + t1), e, f, g


@helper(forceinline=True)
def _expand(w: tuple[Word, ...]) -> tuple[Word, ...]:
    """The window of 16 schedule words, moved on by one (FIPS 180-4, 6.2.2, step 1)."""
    sigma0 = _rotate_right(w[1], 7) ^ _rotate_right(w[1], 18) ^ w[1] >> uint32(3)
    sigma1 = _rotate_right(w[14], 17) ^ _rotate_right(w[14], 19) ^ w[14] >> uint32(10)
    following = uint32(w[0] + sigma0 + w[9] + sigma1)
    return (w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13], w[14], w[15], following)


@helper(forceinline=True)
def _eight_rounds(
    v: tuple[Word, ...], w: tuple[Word, ...], k: tuple[Word, ...]
) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """Eight rounds; each leaves the window at the next word, beyond the last one in use at the end."""
    v, w = _round(v, k[0], w[0]), _expand(w)
    v, w = _round(v, k[1], w[0]), _expand(w)
    v, w = _round(v, k[2], w[0]), _expand(w)
    v, w = _round(v, k[3], w[0]), _expand(w)
    v, w = _round(v, k[4], w[0]), _expand(w)
    v, w = _round(v, k[5], w[0]), _expand(w)
    v, w = _round(v, k[6], w[0]), _expand(w)
    v, w = _round(v, k[7], w[0]), _expand(w)
    return v, w


@helper(forceinline=True)
def _eight(words: Words32, first: int, lane: int) -> tuple[Word, ...]:
    """Words ``first`` to ``first + 7`` of one lane."""
    start = first * LANES + lane
    return (
        words[start],
        words[start + LANES],
        words[start + 2 * LANES],
        words[start + 3 * LANES],
        words[start + 4 * LANES],
        words[start + 5 * LANES],
        words[start + 6 * LANES],
        words[start + 7 * LANES],
    )


@helper()
def _compress(state: Words32, block: Words32) -> None:
    """Compress one block in every lane: ``state`` (8 words) is replaced."""
    for lane in range(LANES):
        before = _eight(state, 0, lane)
        w = _eight(block, 0, lane) + _eight(block, 8, lane)
        v, w = _eight_rounds(before, w, _K[0:8])
        v, w = _eight_rounds(v, w, _K[8:16])
        v, w = _eight_rounds(v, w, _K[16:24])
        v, w = _eight_rounds(v, w, _K[24:32])
        v, w = _eight_rounds(v, w, _K[32:40])
        v, w = _eight_rounds(v, w, _K[40:48])
        v, w = _eight_rounds(v, w, _K[48:56])
        v, w = _eight_rounds(v, w, _K[56:64])
        state[lane] = uint32(before[0] + v[0])
        state[LANES + lane] = uint32(before[1] + v[1])
        state[2 * LANES + lane] = uint32(before[2] + v[2])
        state[3 * LANES + lane] = uint32(before[3] + v[3])
        state[4 * LANES + lane] = uint32(before[4] + v[4])
        state[5 * LANES + lane] = uint32(before[5] + v[5])
        state[6 * LANES + lane] = uint32(before[6] + v[6])
        state[7 * LANES + lane] = uint32(before[7] + v[7])


@helper()
def _load(rows: Words, padding: Words, first: int, column: int, block: Words32) -> None:
    """Words ``column`` to ``column + 7`` of sixteen rows, transposed; lanes beyond the last row repeat it."""
    count, columns = rows.shape
    for lane in range(LANES):
        row = min(first + lane, count - 1)
        if column + _BLOCK_WORDS <= columns:
            for i in range(_BLOCK_WORDS):
                word = rows[row, column + i]
                block[2 * i * LANES + lane] = _swap_bytes(uint32(word))
                block[(2 * i + 1) * LANES + lane] = _swap_bytes(uint32(word >> uint64(32)))
        else:
            for i in range(_BLOCK_WORDS):
                word = rows[row, column + i] if column + i < columns else padding[column + i - columns]
                block[2 * i * LANES + lane] = _swap_bytes(uint32(word))
                block[(2 * i + 1) * LANES + lane] = _swap_bytes(uint32(word >> uint64(32)))


@kernel()
def hash_rows(rows: Words, padding: Words, initial: Words32, digests: Words) -> None:
    """The state after every row followed by ``padding``, from the ``initial`` one of 8 words of ``uint32``.

    ``rows`` is ``(n, columns)``, ``digests`` ``(n, 4)``; columns and padding make whole blocks.
    """
    blocks = (rows.shape[1] + len(padding)) // _BLOCK_WORDS
    block = np.empty(16 * LANES, np.uint32)
    state = np.empty(8 * LANES, np.uint32)
    for first in range(0, len(rows), LANES):
        for i in range(8 * LANES):
            state[i] = initial[i // LANES]
        for index in range(blocks):
            _load(rows, padding, first, index * _BLOCK_WORDS, block)
            _compress(state, block)
        for lane in range(min(LANES, len(rows) - first)):
            for i in range(4):
                low, high = _swap_bytes(state[2 * i * LANES + lane]), _swap_bytes(state[(2 * i + 1) * LANES + lane])
                digests[first + lane, i] = uint64(low) | uint64(high) << uint64(32)
