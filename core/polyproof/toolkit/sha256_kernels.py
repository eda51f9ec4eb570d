"""SHA-256 compiled: sixteen messages side by side, one in each lane.

See ``lanes`` for scratch arrays and passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from numba import uint32, uint64

from polyproof.toolkit.kernels import helper, kernel
from polyproof.toolkit.lanes import Lanes, lane_pass, load_rows, store_rows
from polyproof.toolkit.sha256_constants import SHA256_ROUND_CONSTANTS

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["LANES", "hash_rows"]

Word = np.uint32
Words32 = npt.NDArray[Word]

LANES = 16
_BLOCK_WORDS = 8


def _compression(state: list[Lanes], message: list[Lanes], _: list[Lanes]) -> list[Lanes]:
    """The state after a block (FIPS 180-4, 6.2.2), of whose words the bytes come in the order of memory."""
    w = [word.swap_bytes() for word in message]
    a, b, c, d, e, f, g, h = state
    for t, constant in enumerate(SHA256_ROUND_CONSTANTS):
        if t >= len(message):
            sigma0 = w[t - 15].rotate_right(7) ^ w[t - 15].rotate_right(18) ^ w[t - 15] >> 3
            sigma1 = w[t - 2].rotate_right(17) ^ w[t - 2].rotate_right(19) ^ w[t - 2] >> 10
            w.append(w[t - 16] + sigma0 + w[t - 7] + sigma1)
        sum1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25)
        choice = e & f ^ ~e & g
        t1 = h + sum1 + choice + (w[t] + constant)
        sum0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22)
        majority = a & b ^ a & c ^ b & c
        a, b, c, d, e, f, g, h = t1 + sum0 + majority, a, b, c, d + t1, e, f, g
    return [before + after for before, after in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


_compress = lane_pass(_compression, LANES, 8, 16, 0)
_digest = lane_pass(lambda digest, state, _: [word.swap_bytes() for word in state], LANES, 8, 8, 0)
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
            _compress(state, block, initial, 0)
        _digest(block, state, initial, 0)
        if first + LANES <= len(rows):
            _store_whole(block, digests, first)
            continue
        for lane in range(len(rows) - first):
            for i in range(4):
                low, high = block[2 * i * LANES + lane], block[(2 * i + 1) * LANES + lane]
                digests[first + lane, i] = uint64(low) | uint64(high) << uint64(32)
