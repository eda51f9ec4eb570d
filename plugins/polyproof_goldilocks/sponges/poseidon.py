"""Poseidon over Goldilocks, width 12, rate 8: plonky2's permutation.

Grassi, Khovratovich, Rechberger, Roy, Schofnegger, eprint 2019/458; parameters in ``poseidon_parameters``.
A round adds constants, raises elements to the seventh power (all twelve in a full round, the first in
a partial one) and multiplies by an MDS matrix. The elements of the rate come first.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import numpy as np

from polyproof.hash import Words
from polyproof_goldilocks.reduction import MODULUS
from polyproof_goldilocks.sponges import integers
from polyproof_goldilocks.sponges.arrays import LinearLayers, Matrix, add, matrix_with_constants, seventh_power
from polyproof_goldilocks.sponges.integers import WIDTH
from polyproof_goldilocks.sponges.poseidon_parameters import (
    FIRST_ENTRY,
    FIRST_ROW,
    FULL_ROUNDS,
    PARTIAL_ROUNDS,
    round_constants,
)
from polyproof_goldilocks.sponges.sponge import Sponge

__all__ = ["Poseidon"]

_PARTIAL = range(FULL_ROUNDS // 2, FULL_ROUNDS // 2 + PARTIAL_ROUNDS)
_CIRCULANT = integers.pack_circulant(FIRST_ROW)


class Poseidon(Sponge):
    """Poseidon with plonky2's parameters."""

    name: ClassVar[str] = "poseidon"
    rate_start: ClassVar[int] = 0
    capacity_start: ClassVar[int] = 8
    few_rows: ClassVar[int] = 7

    @staticmethod
    def _permute_integers(state: list[int]) -> list[int]:
        for index, constants in enumerate(round_constants()):
            state = [x + constant for x, constant in zip(state, constants, strict=True)]
            if index in _PARTIAL:
                state[0] = pow(state[0], 7, MODULUS)
            else:
                state = [pow(x, 7, MODULUS) for x in state]
            first = state[0]
            state = integers.circulant(_CIRCULANT, state)
            state[0] += FIRST_ENTRY * first
        state[0] %= MODULUS
        return state

    @staticmethod
    def _permute_arrays(state: Words, linear: LinearLayers) -> None:
        add(state, np.array(round_constants()[0], np.uint64)[:, None], out=state)
        for index, matrix in enumerate(_linear_layers()):
            raised = state[:1] if index in _PARTIAL else state
            seventh_power(raised, out=raised)
            linear.apply(matrix, state)

    @staticmethod
    def _lanes_kernel() -> tuple[Any, tuple[Words, ...]]:
        from polyproof_goldilocks.sponges.poseidon_kernel import permute

        return permute, _lanes_constants()


def _mds() -> list[list[int]]:
    mds = [[FIRST_ROW[(column - row) % WIDTH] for column in range(WIDTH)] for row in range(WIDTH)]
    mds[0][0] += FIRST_ENTRY
    return mds


@cache
def _linear_layers() -> tuple[Matrix, ...]:
    """For each round the MDS matrix and the constants of the next round."""
    return tuple(matrix_with_constants(_mds(), constants) for constants in [*round_constants()[1:], (0,) * WIDTH])


@cache
def _lanes_constants() -> tuple[Words, Words]:
    """What ``poseidon_kernel.permute`` takes.

    A partial round raises the first element alone, so constants of the others can be added after its product with the
    matrix, multiplied by the matrix. All are moved behind the last partial round in this way.
    """
    rows = [list(row) for row in round_constants()]
    zeros = [0] * WIDTH
    partial, moved = [], zeros
    for index in _PARTIAL:
        first, *others = [(a + b) % MODULUS for a, b in zip(rows[index], moved, strict=True)]
        partial.append(first)
        moved = [sum(m * c for m, c in zip(row, [0, *others], strict=True)) % MODULUS for row in _mds()]
    late = _PARTIAL.stop
    moved = [(a + b) % MODULUS for a, b in zip(rows[late], moved, strict=True)]
    full = [*rows[: _PARTIAL.start], zeros, *rows[late + 1 :], zeros]
    return np.array(full, np.uint64).reshape(-1), np.array([*partial, *moved], np.uint64)
