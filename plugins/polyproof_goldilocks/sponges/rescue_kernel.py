"""The permutation of Rescue Prime Optimized as a Numba kernel; see ``blocks`` for the layout and the bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import types

from polyproof.toolkit.kernels import helper, kernel
from polyproof_goldilocks.lane_formulas import multiply, square
from polyproof_goldilocks.sponges.blocks import LANES, STATES, circulant_layer, circulant_spectrum, seventh_powers
from polyproof_goldilocks.sponges.rescue_parameters import FIRST_ROW, ROUNDS
from polyproof_goldilocks.sponges.s_box import REPUNIT_STEPS

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["permute"]

_SPECTRUM = circulant_spectrum(FIRST_ROW)
_NONE = np.uint64(0)


@helper()
def _raise_and_multiply(power: Words, step: int, factor: Words) -> None:
    """power ← power^(8^step)·factor, element by element."""
    for element in range(12):
        for _ in range(3 * step):
            for lane in range(LANES):
                power[element, lane] = square(power[element, lane])
        for lane in range(LANES):
            power[element, lane] = multiply(power[element, lane], factor[element, lane])


@helper()
def _copy(source: Words, target: Words) -> None:
    for element in range(12):
        for lane in range(LANES):
            target[element, lane] = source[element, lane]


@helper()
def _repunit_powers(state: Words, power: Words, kept: Words) -> None:
    """x ← x^R; see ``REPUNIT_STEPS``."""
    _copy(state, power)
    for step in REPUNIT_STEPS:
        _copy(power if step > 1 else state, kept)
        _raise_and_multiply(power, step, kept)
    _copy(power, state)


@kernel(types.void(STATES, types.Array(types.uint64, 2, "C")))
def permute(states: Words, constants: Words) -> None:
    """Permute every state in place; ``constants`` are the rows after each multiplication by the matrix."""
    power = np.empty((12, LANES), np.uint64)
    kept = np.empty((12, LANES), np.uint64)
    for block in range(states.shape[0]):
        state = states[block]
        for half_round in range(2 * ROUNDS):
            circulant_layer(state, constants[half_round], _SPECTRUM, _NONE)
            if half_round % 2:
                # 1/7 = R·7·R modulo p − 1; see ``s_box.seventh_root``.
                _repunit_powers(state, power, kept)
            seventh_powers(state, power, 12)
            if half_round % 2:
                _repunit_powers(state, power, kept)
