"""Rescue Prime Optimized over Goldilocks, width 12, rate 8.

Ashur, Kindi, Meier, Szepieniec, Threadbare: Rescue-Prime Optimized, eprint 2022/1577; parameters in
``rescue_parameters``. Each of seven rounds is twice a
circulant MDS matrix and constants; the first time followed by the seventh power, the second by the
seventh root. The elements of the capacity come first, as in the paper.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import numpy as np

from polyproof.hash import Words
from polyproof_goldilocks.reduction import MODULUS
from polyproof_goldilocks.sponges import integers
from polyproof_goldilocks.sponges.arrays import Matrix, States, matrix_with_constants, seventh_root
from polyproof_goldilocks.sponges.integers import WIDTH
from polyproof_goldilocks.sponges.rescue_parameters import FIRST_ROW, round_constants
from polyproof_goldilocks.sponges.sponge import Sponge

__all__ = ["RescuePrimeOptimized"]

_ROOT = pow(7, -1, MODULUS - 1)
_CIRCULANT = integers.pack_circulant(FIRST_ROW)


class RescuePrimeOptimized(Sponge):
    """Rescue Prime Optimized with the paper's parameters."""

    name: ClassVar[str] = "rescue-prime-optimized"
    rate_start: ClassVar[int] = 4
    capacity_start: ClassVar[int] = 0
    few_rows: ClassVar[int] = 7

    @staticmethod
    def _permute_integers(state: list[int]) -> list[int]:
        for index, constants in enumerate(_packed_constants()):
            state = integers.circulant(_CIRCULANT, state, constants)
            state = [pow(x, _ROOT, MODULUS) if index % 2 else integers.seventh_power(x) for x in state]
        return state

    @staticmethod
    def _permute_arrays(states: States) -> None:
        for index, matrix in enumerate(_linear_layers()):
            states.apply(matrix)
            if index % 2:
                seventh_root(states.words, out=states.words)
            else:
                states.seventh_powers()

    @staticmethod
    def _lanes_kernel() -> tuple[Any, tuple[Words, ...]]:
        from polyproof_goldilocks.sponges.rescue_kernel import permute

        return permute, (_lanes_constants(),)


@cache
def _packed_constants() -> tuple[int, ...]:
    return tuple(integers.pack(constants) for constants in round_constants())


@cache
def _linear_layers() -> tuple[Matrix, ...]:
    """For each half round the MDS matrix and the constants after it."""
    mds = [[FIRST_ROW[(column - row) % WIDTH] for column in range(WIDTH)] for row in range(WIDTH)]
    return tuple(matrix_with_constants(mds, constants) for constants in round_constants())


@cache
def _lanes_constants() -> Words:
    return np.array(round_constants(), np.uint64).reshape(-1)
