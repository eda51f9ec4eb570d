"""The Poseidon permutation as a Numba kernel; see ``blocks`` for the layout and the passes.

Eleven elements of a partial round only pass through the matrix. So their halves need not be reduced after each: the
matrix's rows sum to at most 264, and from 32 bits halves grow to less than 2^57 in three rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from numba import types

from polyproof.toolkit.kernels import kernel
from polyproof_goldilocks.lane_formulas import Value
from polyproof_goldilocks.reduction import add, join
from polyproof_goldilocks.sponges.blocks import BLOCK, STATES, TABLE, add_and_join, halves, mixing_pass, power_pass
from polyproof_goldilocks.sponges.circulant import circulant, circulant_spectrum
from polyproof_goldilocks.sponges.poseidon_parameters import FIRST_ENTRY, FIRST_ROW, FULL_ROUNDS, PARTIAL_ROUNDS
from polyproof_goldilocks.sponges.s_box import seventh_power

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["permute"]

_SPECTRUM = circulant_spectrum(FIRST_ROW)
_HALF_FULL = FULL_ROUNDS // 2
_UNREDUCED = 3
"""Partial rounds after which halves are reduced: all but the last one are a multiple."""
_LAST = PARTIAL_ROUNDS - 1


def _matrix(x: Sequence[Value]) -> list[Value]:
    """The MDS matrix times a vector of integers."""
    y = circulant(x, _SPECTRUM)
    return [y[0] + x[0] * FIRST_ENTRY, *y[1:]]


def _matrix_formula(x: list[Value], constants: list[Value]) -> list[Value]:
    """The matrix, then the constants of the next round."""
    low, high = halves(x)
    return add_and_join(_matrix(low), _matrix(high), constants)


def _partial_rounds(low: list[Value], high: list[Value], constants: list[Value]) -> tuple[list[Value], list[Value]]:
    """A partial round for each constant, which goes to the first element, on halves that are not reduced."""
    for constant in constants:
        first = seventh_power(join(low[0] + (constant & (2**32 - 1)), high[0] + (constant >> 32)))
        (first_low,), (first_high,) = halves([first])
        low, high = _matrix([first_low, *low[1:]]), _matrix([first_high, *high[1:]])
    return low, high


def _partial_formula(x: list[Value], constants: list[Value]) -> list[Value]:
    low, high = _partial_rounds(*halves(x), constants)
    return [join(a, b) for a, b in zip(low, high, strict=True)]


def _last_partial_formula(x: list[Value], constants: list[Value]) -> list[Value]:
    """One partial round, then the constants of all elements."""
    return add_and_join(*_partial_rounds(*halves(x), constants[:1]), constants[1:])


_add_constants = mixing_pass(lambda x, constants: [add(a, c) for a, c in zip(x, constants, strict=True)], 12)
_seventh_powers = power_pass(seventh_power, 12)
_matrix_layer = mixing_pass(_matrix_formula, 12)
_some_partial_rounds = mixing_pass(_partial_formula, _UNREDUCED)
_last_partial_round = mixing_pass(_last_partial_formula, 13)


@kernel(types.void(STATES, TABLE, TABLE))
def permute(states: Words, full: Words, partial: Words) -> None:
    """Permute every state in place.

    ``full`` are rows of twelve constants: the first round's, and after each full round what is added to its product
    with the matrix. ``partial`` are a constant of the first element for each partial round, and twelve that are added
    after the last.
    """
    for block in range(0, states.size, BLOCK):
        _add_constants(states, block, full, 0)
        for row in range(1, _HALF_FULL + 1):
            _seventh_powers(states, block, full, 0)
            _matrix_layer(states, block, full, 12 * row)
        for round_ in range(0, _LAST, _UNREDUCED):
            _some_partial_rounds(states, block, partial, round_)
        _last_partial_round(states, block, partial, _LAST)
        for row in range(_HALF_FULL + 1, FULL_ROUNDS + 1):
            _seventh_powers(states, block, full, 0)
            _matrix_layer(states, block, full, 12 * row)
