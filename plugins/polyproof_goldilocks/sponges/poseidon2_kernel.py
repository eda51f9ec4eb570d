"""The Poseidon2 permutation as a Numba kernel; see ``blocks`` for the layout and the bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import types

from polyproof.toolkit.kernels import helper, kernel
from polyproof_goldilocks.lane_formulas import add, join, multiply_add
from polyproof_goldilocks.sponges.blocks import HALF, LANES, LOW, STATES, Vector, Word, seventh_powers
from polyproof_goldilocks.sponges.poseidon2_parameters import FULL_ROUNDS, PARTIAL_ROUNDS

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["permute"]

_ONE = np.uint64(1)
_TWO = np.uint64(2)
_HALF_FULL = FULL_ROUNDS // 2
_VECTOR = types.Array(types.uint64, 1, "C")


@helper(forceinline=True)
def _external_block(a: Word, b: Word, c: Word, d: Word) -> Vector:
    """M_4 times (a, b, c, d), in eight additions (Duval, Leurent, eprint 2018/260)."""
    ab = a + b
    cd = c + d
    p = (b << _ONE) + cd
    q = (d << _ONE) + ab
    r = (cd << _TWO) + q
    s = (ab << _TWO) + p
    return q + s, s, p + r, r


@helper(forceinline=True)
def _external(
    x0: Word, x1: Word, x2: Word, x3: Word, x4: Word, x5: Word,
    x6: Word, x7: Word, x8: Word, x9: Word, x10: Word, x11: Word,
) -> Vector:  # fmt: skip
    """circ(2·M_4, M_4, M_4) times a vector of integers; rows sum to at most 64."""
    x0, x1, x2, x3 = _external_block(x0, x1, x2, x3)
    x4, x5, x6, x7 = _external_block(x4, x5, x6, x7)
    x8, x9, x10, x11 = _external_block(x8, x9, x10, x11)
    y0 = x0 + x4 + x8
    y1 = x1 + x5 + x9
    y2 = x2 + x6 + x10
    y3 = x3 + x7 + x11
    return x0 + y0, x1 + y1, x2 + y2, x3 + y3, x4 + y0, x5 + y1, x6 + y2, x7 + y3, x8 + y0, x9 + y1, x10 + y2, x11 + y3


@helper()
def _external_layer(state: Words, constants: Words) -> None:
    """The external matrix, then the constants of the next round."""
    # Read before the loop: the compiler cannot know that the constants are not part of the state.
    c0, c1, c2, c3, c4, c5 = constants[0], constants[1], constants[2], constants[3], constants[4], constants[5]
    c6, c7, c8, c9, c10, c11 = constants[6], constants[7], constants[8], constants[9], constants[10], constants[11]
    for lane in range(LANES):
        x0, x1, x2, x3 = state[0, lane], state[1, lane], state[2, lane], state[3, lane]
        x4, x5, x6, x7 = state[4, lane], state[5, lane], state[6, lane], state[7, lane]
        x8, x9, x10, x11 = state[8, lane], state[9, lane], state[10, lane], state[11, lane]
        l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11 = _external(
            x0 & LOW, x1 & LOW, x2 & LOW, x3 & LOW, x4 & LOW, x5 & LOW,
            x6 & LOW, x7 & LOW, x8 & LOW, x9 & LOW, x10 & LOW, x11 & LOW,
        )  # fmt: skip
        h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11 = _external(
            x0 >> HALF, x1 >> HALF, x2 >> HALF, x3 >> HALF, x4 >> HALF, x5 >> HALF,
            x6 >> HALF, x7 >> HALF, x8 >> HALF, x9 >> HALF, x10 >> HALF, x11 >> HALF,
        )  # fmt: skip
        state[0, lane] = join(l0 + (c0 & LOW), h0 + (c0 >> HALF))
        state[1, lane] = join(l1 + (c1 & LOW), h1 + (c1 >> HALF))
        state[2, lane] = join(l2 + (c2 & LOW), h2 + (c2 >> HALF))
        state[3, lane] = join(l3 + (c3 & LOW), h3 + (c3 >> HALF))
        state[4, lane] = join(l4 + (c4 & LOW), h4 + (c4 >> HALF))
        state[5, lane] = join(l5 + (c5 & LOW), h5 + (c5 >> HALF))
        state[6, lane] = join(l6 + (c6 & LOW), h6 + (c6 >> HALF))
        state[7, lane] = join(l7 + (c7 & LOW), h7 + (c7 >> HALF))
        state[8, lane] = join(l8 + (c8 & LOW), h8 + (c8 >> HALF))
        state[9, lane] = join(l9 + (c9 & LOW), h9 + (c9 >> HALF))
        state[10, lane] = join(l10 + (c10 & LOW), h10 + (c10 >> HALF))
        state[11, lane] = join(l11 + (c11 & LOW), h11 + (c11 >> HALF))


@helper(inline="always")
def _partial_round(state: Words, spare: Words, sums: Words, constant: Word, diagonal: Words) -> None:
    """One partial round; ``sums`` is room for the halves of the sums of the elements."""
    for lane in range(LANES):
        state[0, lane] = add(state[0, lane], constant)
    seventh_powers(state, spare, 1)
    for lane in range(LANES):
        x0, x1, x2, x3 = state[0, lane], state[1, lane], state[2, lane], state[3, lane]
        x4, x5, x6, x7 = state[4, lane], state[5, lane], state[6, lane], state[7, lane]
        x8, x9, x10, x11 = state[8, lane], state[9, lane], state[10, lane], state[11, lane]
        wrapped = x0 + x1 + x2 + x3 + x4 + x5 + x6 + x7 + x8 + x9 + x10 + x11
        high = (x0 >> HALF) + (x1 >> HALF) + (x2 >> HALF) + (x3 >> HALF) + (x4 >> HALF) + (x5 >> HALF)
        high += (x6 >> HALF) + (x7 >> HALF) + (x8 >> HALF) + (x9 >> HALF) + (x10 >> HALF) + (x11 >> HALF)
        # The sum of the low halves is below 2^36, so it is exact modulo 2^64.
        total = join(wrapped - (high << HALF), high)
        sums[0, lane] = total & LOW
        sums[1, lane] = total >> HALF
    for element in range(12):
        low, high = diagonal[element] & LOW, diagonal[element] >> HALF
        for lane in range(LANES):
            state[element, lane] = multiply_add(state[element, lane], low, high, sums[0, lane], sums[1, lane])


@kernel(
    types.void(STATES, types.Array(types.uint64, 2, "C"), _VECTOR, _VECTOR),
)
def permute(states: Words, full: Words, partial: Words, diagonal: Words) -> None:
    """Permute every state in place: the full rounds' constants and a row of zeros, the partial rounds', μ − 1."""
    spare = np.empty((12, LANES), np.uint64)
    sums = np.empty((2, LANES), np.uint64)
    zeros = full[FULL_ROUNDS]
    for block in range(states.shape[0]):
        state = states[block]
        _external_layer(state, full[0])
        for round_ in range(_HALF_FULL):
            seventh_powers(state, spare, 12)
            _external_layer(state, full[round_ + 1] if round_ + 1 < _HALF_FULL else zeros)
        for round_ in range(PARTIAL_ROUNDS):
            _partial_round(state, spare, sums, partial[round_], diagonal)
        for element in range(12):
            constant = full[_HALF_FULL, element]
            for lane in range(LANES):
                state[element, lane] = add(state[element, lane], constant)
        for round_ in range(_HALF_FULL, FULL_ROUNDS):
            seventh_powers(state, spare, 12)
            _external_layer(state, full[round_ + 1])
