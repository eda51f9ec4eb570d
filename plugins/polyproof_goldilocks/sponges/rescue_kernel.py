"""The permutation of Rescue Prime Optimized as a Numba kernel; see ``blocks`` for the layout and the passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from numba import types

from polyproof.toolkit.kernels import kernel
from polyproof_goldilocks.lane_formulas import Value
from polyproof_goldilocks.sponges.blocks import BLOCK, STATES, TABLE, add_and_join, halves, mixing_pass, power_pass
from polyproof_goldilocks.sponges.circulant import circulant, circulant_spectrum
from polyproof_goldilocks.sponges.rescue_parameters import FIRST_ROW, ROUNDS
from polyproof_goldilocks.sponges.s_box import seventh_power, seventh_root

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["permute"]

_SPECTRUM = circulant_spectrum(FIRST_ROW)


def _matrix_formula(x: list[Value], constants: list[Value]) -> list[Value]:
    """The matrix, then constants."""
    low, high = halves(x)
    return add_and_join(circulant(low, _SPECTRUM), circulant(high, _SPECTRUM), constants)


_matrix_layer = mixing_pass(_matrix_formula, 12)
_seventh_powers = power_pass(seventh_power, 12)
_seventh_roots = power_pass(seventh_root, 12)


@kernel(types.void(STATES, TABLE))
def permute(states: Words, constants: Words) -> None:
    """Permute every state in place; ``constants`` are rows of twelve, added after each product with the matrix."""
    for block in range(0, states.size, BLOCK):
        for round_ in range(ROUNDS):
            _matrix_layer(states, block, constants, 24 * round_)
            _seventh_powers(states, block, constants, 0)
            _matrix_layer(states, block, constants, 24 * round_ + 12)
            _seventh_roots(states, block, constants, 0)
