"""The Poseidon permutation as a Numba kernel; see ``blocks`` for the layout and the bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import types

from polyproof.toolkit.kernels import kernel
from polyproof_goldilocks.lane_formulas import add
from polyproof_goldilocks.sponges.blocks import LANES, STATES, circulant_layer, circulant_spectrum, seventh_powers
from polyproof_goldilocks.sponges.poseidon_parameters import FIRST_ENTRY, FIRST_ROW, FULL_ROUNDS, PARTIAL_ROUNDS

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["permute"]

_FIRST_ENTRY = np.uint64(FIRST_ENTRY)
_SPECTRUM = circulant_spectrum(FIRST_ROW)
_ROUNDS = FULL_ROUNDS + PARTIAL_ROUNDS
_FIRST_PARTIAL = FULL_ROUNDS // 2
_FIRST_LATE = FULL_ROUNDS // 2 + PARTIAL_ROUNDS


@kernel(types.void(STATES, types.Array(types.uint64, 2, "C")))
def permute(states: Words, constants: Words) -> None:
    """Permute every state in place; ``constants`` are those of the rounds and a row of zeros."""
    spare = np.empty((12, LANES), np.uint64)
    for block in range(states.shape[0]):
        state = states[block]
        for element in range(12):
            constant = constants[0, element]
            for lane in range(LANES):
                state[element, lane] = add(state[element, lane], constant)
        for round_ in range(_ROUNDS):
            partial = _FIRST_PARTIAL <= round_ < _FIRST_LATE
            seventh_powers(state, spare, 1 if partial else 12)
            circulant_layer(state, constants[round_ + 1], _SPECTRUM, _FIRST_ENTRY)
