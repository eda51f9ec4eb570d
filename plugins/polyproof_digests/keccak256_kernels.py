"""Keccak-256 compiled: eight messages side by side.

See ``lanes`` for scratch arrays and passes. A lane there is a message; a lane of Keccak's is a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyproof.toolkit.kernels import helper, kernel
from polyproof.toolkit.lanes import Lanes, lane_pass
from polyproof_digests.constants import KECCAK_ROTATIONS, KECCAK_ROUND_CONSTANTS

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["MESSAGES", "hash_rows"]

Word = np.uint64

MESSAGES = 8
_RATE = 17
_ROUNDS_A_PASS = 4
"""Rounds between a load and a store of the state; a divisor of 24."""
_CONSTANTS = np.array(KECCAK_ROUND_CONSTANTS, np.uint64)


def _round(a: list[Lanes], constant: Lanes) -> list[Lanes]:
    """θ, ρ, π, χ, ι (FIPS 202, 3.2) on lanes x + 5y."""
    c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
    d = [c[(x + 4) % 5] ^ _rotate_left(c[(x + 1) % 5], 1) for x in range(5)]
    moved = [_rotate_left(a[i] ^ d[i % 5], KECCAK_ROTATIONS[i]) for i in range(25)]
    result: list[Lanes] = []
    for y in range(5):
        # Lane (x, y) comes from lane (x + 3y, x).
        plane = [moved[(x + 3 * y) % 5 + 5 * x] for x in range(5)]
        result += [plane[x] ^ ~plane[(x + 1) % 5] & plane[(x + 2) % 5] for x in range(5)]
    return [result[0] ^ constant, *result[1:]]


def _rotate_left(x: Lanes, bits: int) -> Lanes:
    return x.rotate_right(64 - bits) if bits else x


def _rounds(state: list[Lanes], _: list[Lanes], round_constants: list[Lanes]) -> list[Lanes]:
    for constant in round_constants:
        state = _round(state, constant)
    return state


_some_rounds = lane_pass(_rounds, MESSAGES, 25, 0, _ROUNDS_A_PASS)


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
            for round_ in range(0, len(_CONSTANTS), _ROUNDS_A_PASS):
                _some_rounds(state, state, _CONSTANTS, round_)
        for message in range(min(MESSAGES, len(rows) - first)):
            for i in range(4):
                digests[first + message, i] = state[i * MESSAGES + message]
