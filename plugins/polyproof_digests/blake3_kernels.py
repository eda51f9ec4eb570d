"""BLAKE3 compiled: sixteen messages side by side, one in each lane.

All messages of a batch have the same length, so all lanes take the same steps through the tree. In
``_compress`` the loop over lanes is the only one, and its body is the whole compression function without
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
from polyproof_digests import constants
from polyproof_digests.constants import BLAKE3_BLOCK_BYTES, BLAKE3_CHUNK_BYTES, CHUNK_END, CHUNK_START, PARENT, ROOT

__all__ = ["LANES", "hash_rows"]

Word = np.uint32
Words32 = npt.NDArray[Word]

LANES = 16
_BLOCK_WORDS = 8
_CHUNK_BLOCKS = BLAKE3_CHUNK_BYTES // BLAKE3_BLOCK_BYTES
_IV = tuple(np.uint32(word) for word in constants.SHA256_INITIAL)


@helper(forceinline=True)
def _rotate_right(x: Word, bits: int) -> Word:
    return uint32(x >> uint32(bits) | x << uint32(32 - bits))


@helper(forceinline=True)
def _mix(a: Word, b: Word, c: Word, d: Word, x: Word, y: Word) -> tuple[Word, Word, Word, Word]:
    """The quarter round G (BLAKE3 paper, 2.2)."""
    a = uint32(a + b + x)
    d = _rotate_right(d ^ a, 16)
    c = uint32(c + d)
    b = _rotate_right(b ^ c, 12)
    a = uint32(a + b + y)
    d = _rotate_right(d ^ a, 8)
    c = uint32(c + d)
    b = _rotate_right(b ^ c, 7)
    return a, b, c, d


@helper(forceinline=True)
def _round(v: tuple[Word, ...], m: tuple[Word, ...]) -> tuple[Word, ...]:
    v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15 = v
    v0, v4, v8, v12 = _mix(v0, v4, v8, v12, m[0], m[1])
    v1, v5, v9, v13 = _mix(v1, v5, v9, v13, m[2], m[3])
    v2, v6, v10, v14 = _mix(v2, v6, v10, v14, m[4], m[5])
    v3, v7, v11, v15 = _mix(v3, v7, v11, v15, m[6], m[7])
    v0, v5, v10, v15 = _mix(v0, v5, v10, v15, m[8], m[9])
    v1, v6, v11, v12 = _mix(v1, v6, v11, v12, m[10], m[11])
    v2, v7, v8, v13 = _mix(v2, v7, v8, v13, m[12], m[13])
    v3, v4, v9, v14 = _mix(v3, v4, v9, v14, m[14], m[15])
    return v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15


@helper(forceinline=True)
def _permute(m: tuple[Word, ...]) -> tuple[Word, ...]:
    """The order of the message words in the next round (BLAKE3 paper, table 2)."""
    return m[2], m[6], m[3], m[10], m[7], m[0], m[4], m[13], m[1], m[11], m[12], m[5], m[9], m[14], m[15], m[8]


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
def _compress(chaining: Words32, block: Words32, counter: np.uint64, length: Word, flags: Word) -> None:
    """Compress one block of ``length`` bytes in every lane: ``chaining`` (8 words) is replaced."""
    place = (uint32(counter), uint32(counter >> uint64(32)), length, flags)
    for lane in range(LANES):
        m = _eight(block, 0, lane) + _eight(block, 8, lane)
        v = _eight(chaining, 0, lane) + _IV[:4] + place
        v = _round(v, m)
        m = _permute(m)
        v = _round(v, m)
        m = _permute(m)
        v = _round(v, m)
        m = _permute(m)
        v = _round(v, m)
        m = _permute(m)
        v = _round(v, m)
        m = _permute(m)
        v = _round(v, m)
        v = _round(v, _permute(m))
        chaining[lane] = v[0] ^ v[8]
        chaining[LANES + lane] = v[1] ^ v[9]
        chaining[2 * LANES + lane] = v[2] ^ v[10]
        chaining[3 * LANES + lane] = v[3] ^ v[11]
        chaining[4 * LANES + lane] = v[4] ^ v[12]
        chaining[5 * LANES + lane] = v[5] ^ v[13]
        chaining[6 * LANES + lane] = v[6] ^ v[14]
        chaining[7 * LANES + lane] = v[7] ^ v[15]


@helper()
def _load(rows: Words, padding: Words, first: int, column: int, block: Words32) -> None:
    """Words ``column`` to ``column + 7`` of sixteen rows, transposed; lanes beyond the last row repeat it."""
    count, columns = rows.shape
    for lane in range(LANES):
        row = min(first + lane, count - 1)
        if column + _BLOCK_WORDS <= columns:
            for i in range(_BLOCK_WORDS):
                word = rows[row, column + i]
                block[2 * i * LANES + lane] = uint32(word)
                block[(2 * i + 1) * LANES + lane] = uint32(word >> uint64(32))
        else:
            for i in range(_BLOCK_WORDS):
                word = rows[row, column + i] if column + i < columns else padding[column + i - columns]
                block[2 * i * LANES + lane] = uint32(word)
                block[(2 * i + 1) * LANES + lane] = uint32(word >> uint64(32))


@helper()
def _copy(source: Words32, source_start: int, target: Words32, target_start: int) -> None:
    """Copy one chaining value of every lane."""
    for i in range(8 * LANES):
        target[target_start + i] = source[source_start + i]


@kernel()
def hash_rows(rows: Words, padding: Words, length: int, key: Words32, mode: int, digests: Words) -> None:
    """BLAKE3 of every row followed by ``padding``, of which ``length`` bytes count.

    ``rows`` is ``(n, columns)``, ``key`` 8 words of ``uint32``, ``digests`` ``(n, 4)``; ``mode`` is the flag
    of the mode. Full subtrees that wait for a right sibling lie on a stack, the smallest on top.
    """
    blocks = (rows.shape[1] + len(padding)) // _BLOCK_WORDS
    chunks = (blocks + _CHUNK_BLOCKS - 1) // _CHUNK_BLOCKS
    tail = length - (blocks - 1) * BLAKE3_BLOCK_BYTES
    block = np.empty(16 * LANES, np.uint32)
    node = np.empty(8 * LANES, np.uint32)
    subtrees = np.empty(64 * 8 * LANES, np.uint32)
    keys = np.empty(8 * LANES, np.uint32)
    for i in range(8 * LANES):
        keys[i] = key[i // LANES]
    for first in range(0, len(rows), LANES):
        height = 0
        for chunk in range(chunks):
            _copy(keys, 0, node, 0)
            start = chunk * _CHUNK_BLOCKS
            stop = min(start + _CHUNK_BLOCKS, blocks)
            for index in range(start, stop):
                flags = mode
                if index == start:
                    flags |= CHUNK_START
                if index == stop - 1:
                    flags |= CHUNK_END
                    if chunks == 1:
                        flags |= ROOT
                size = tail if index == blocks - 1 else BLAKE3_BLOCK_BYTES
                _load(rows, padding, first, index * _BLOCK_WORDS, block)
                _compress(node, block, uint64(chunk), uint32(size), uint32(flags))
            # Chunk 2^k m - 1, m odd, completes k subtrees; the last one completes whatever is open.
            last = chunk == chunks - 1
            done = chunk + 1
            while height > 0 and (last or done & 1 == 0):
                height -= 1
                flags = mode | PARENT
                if last and height == 0:
                    flags |= ROOT
                _copy(subtrees, height * 8 * LANES, block, 0)
                _copy(node, 0, block, 8 * LANES)
                _copy(keys, 0, node, 0)
                _compress(node, block, uint64(0), uint32(BLAKE3_BLOCK_BYTES), uint32(flags))
                done >>= 1
            _copy(node, 0, subtrees, height * 8 * LANES)
            height += 1
        for lane in range(min(LANES, len(rows) - first)):
            for i in range(4):
                low, high = node[2 * i * LANES + lane], node[(2 * i + 1) * LANES + lane]
                digests[first + lane, i] = uint64(low) | uint64(high) << uint64(32)
