"""The permutation of Rescue Prime Optimized as a Numba kernel; see ``lanes`` for the layout and the bounds."""

from __future__ import annotations

import numpy as np
from numba import njit, types

from polyproof.toolkit.kernels import kernel
from polyproof_poseidon.lanes import (
    LANES,
    STATES,
    Words,
    circulant_layer,
    circulant_spectrum,
    multiply,
    seventh_powers,
    square,
)
from polyproof_poseidon.rescue_parameters import FIRST_ROW, ROUNDS

__all__ = ["permute"]

_SPECTRUM = circulant_spectrum(FIRST_ROW)
_NONE = np.uint64(0)
_OCTAL_DIGITS = (1, 2, 1, 5, 1)


@njit(nogil=True)
def _raise_and_multiply(power: Words, octal_digits: int, factor: Words) -> None:
    """power ← power^(8^octal_digits)·factor, element by element."""
    for element in range(12):
        for _ in range(3 * octal_digits):
            for lane in range(LANES):
                power[element, lane] = square(power[element, lane])
        for lane in range(LANES):
            power[element, lane] = multiply(power[element, lane], factor[element, lane])


@njit(nogil=True)
def _copy(source: Words, target: Words) -> None:
    for element in range(12):
        for lane in range(LANES):
            target[element, lane] = source[element, lane]


@njit(nogil=True)
def _repunit_powers(state: Words, power: Words, kept: Words) -> None:
    """x ← x^R for R = 1 + 8 + … + 8^10 = (2^33 − 1)/7.

    With R_n = 1 + 8 + … + 8^(n−1): R_(m+n) = 8^n·R_m + R_n, and n goes 1, 2, 4, 5, 10, 11.
    """
    _copy(state, power)
    for octal_digits in _OCTAL_DIGITS:
        _copy(power if octal_digits > 1 else state, kept)
        _raise_and_multiply(power, octal_digits, kept)
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
                # 1/7 = R·7·R modulo p − 1: 7·(7·R²) = (2^33 − 1)² = 4·(p − 1) + 1.
                _repunit_powers(state, power, kept)
            seventh_powers(state, power, 12)
            if half_round % 2:
                _repunit_powers(state, power, kept)
