"""BLAKE3 compiled: sixteen messages side by side, one in each lane.

All messages of a batch have the same length, so all lanes take the same steps through the tree. See ``lanes`` for
scratch arrays and passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numba import uint32, uint64

from polyproof.toolkit.kernels import helper, kernel
from polyproof.toolkit.lanes import Lanes, lane_pass, load_rows, store_rows
from polyproof.toolkit.sha256_constants import SHA256_INITIAL
from polyproof_digests.constants import BLAKE3_BLOCK_BYTES, BLAKE3_CHUNK_BYTES, CHUNK_END, CHUNK_START, PARENT, ROOT

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["LANES", "hash_rows"]

Word = np.uint32
Words32 = npt.NDArray[Word]

LANES = 16
_BLOCK_WORDS = 8
_CHUNK_BLOCKS = BLAKE3_CHUNK_BYTES // BLAKE3_BLOCK_BYTES


def _mix(v: list[Lanes], a: int, b: int, c: int, d: int, x: Lanes, y: Lanes) -> None:
    """The quarter round G (BLAKE3 paper, 2.2) on four words of the state."""
    for word, left, right in ((x, 16, 12), (y, 8, 7)):
        v[a] = v[a] + v[b] + word
        v[d] = (v[d] ^ v[a]).rotate_right(left)
        v[c] = v[c] + v[d]
        v[b] = (v[b] ^ v[c]).rotate_right(right)


_COLUMNS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
_DIAGONALS = ((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))
_ORDER = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
"""The order of the message words in the next round (BLAKE3 paper, table 2)."""


def _compression(chaining: list[Lanes], message: list[Lanes], place: list[Lanes]) -> list[Lanes]:
    """The chaining value after a block; ``place`` is counter (low, high), length and flags."""
    iv = [place[0] & 0 | word for word in SHA256_INITIAL[:4]]
    v = [*chaining, *iv, *place]
    for _ in range(7):
        for i, (a, b, c, d) in enumerate(_COLUMNS + _DIAGONALS):
            _mix(v, a, b, c, d, message[2 * i], message[2 * i + 1])
        message = [message[i] for i in _ORDER]
    return [v[i] ^ v[8 + i] for i in range(8)]


_compress = lane_pass(_compression, LANES, 8, 16, 4)
_begin = lane_pass(lambda chaining, key, place: key, LANES, 8, 8, 0)
_load_whole = load_rows(LANES, _BLOCK_WORDS)
_store_whole = store_rows(LANES)


@helper()
def _load(rows: Words, padding: Words, first: int, column: int, block: Words32) -> None:
    """Words ``column`` to ``column + 7`` of sixteen rows, transposed; lanes beyond the last row repeat it."""
    count, columns = rows.shape
    if first + LANES <= count and column + _BLOCK_WORDS <= columns:
        _load_whole(rows, first * columns + column, block)
        return
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
    place = np.zeros(4, np.uint32)
    keys = np.empty(8 * LANES, np.uint32)
    for i in range(8 * LANES):
        keys[i] = key[i // LANES]
    for first in range(0, len(rows), LANES):
        height = 0
        for chunk in range(chunks):
            _begin(node, keys, place, 0)
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
                place[0], place[1] = uint32(chunk), uint32(chunk >> 32)
                place[2], place[3] = uint32(size), uint32(flags)
                _compress(node, block, place, 0)
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
                _begin(node, keys, place, 0)
                place[0] = place[1] = uint32(0)
                place[2], place[3] = uint32(BLAKE3_BLOCK_BYTES), uint32(flags)
                _compress(node, block, place, 0)
                done >>= 1
            _copy(node, 0, subtrees, height * 8 * LANES)
            height += 1
        if first + LANES <= len(rows):
            _store_whole(node, digests, first)
            continue
        for lane in range(len(rows) - first):
            for i in range(4):
                low, high = node[2 * i * LANES + lane], node[(2 * i + 1) * LANES + lane]
                digests[first + lane, i] = uint64(low) | uint64(high) << uint64(32)
