"""Poseidon2 over Goldilocks, width 12, rate 8: Horizen Labs' permutation.

Grassi, Khovratovich, Schofnegger, eprint 2023/323; parameters in ``poseidon2_parameters``. The external
matrix comes before the first round; full rounds add constants, raise all elements to the seventh power
and multiply by the external matrix, partial rounds do so with the first element and the internal matrix
diag(μ − 1) + 1·1ᵀ. The elements of the rate come first.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from polyproof.hash import Words
from polyproof.toolkit.poseidon2_parameters import times_external
from polyproof_goldilocks.reduction import MODULUS
from polyproof_goldilocks.sponges import integers
from polyproof_goldilocks.sponges.arrays import (
    Matrix,
    States,
    add,
    halves,
    matrix_with_constants,
    multiply_add,
    scaled_total,
)
from polyproof_goldilocks.sponges.integers import WIDTH
from polyproof_goldilocks.sponges.poseidon2_parameters import (
    FULL_ROUNDS,
    external_matrix,
    internal_diagonal,
    round_constants,
)
from polyproof_goldilocks.sponges.sponge import Sponge

__all__ = ["Poseidon2"]


class Poseidon2(Sponge):
    """Poseidon2 with Horizen Labs' parameters."""

    name: ClassVar[str] = "poseidon2"
    rate_start: ClassVar[int] = 0
    capacity_start: ClassVar[int] = 8
    few_rows: ClassVar[int] = 14

    @staticmethod
    def _permute_integers(state: list[int]) -> list[int]:
        full, partial = round_constants()
        diagonal = internal_diagonal()
        state = times_external(state)
        for constants in full[: FULL_ROUNDS // 2]:
            state = times_external([integers.seventh_power(x + c) for x, c in zip(state, constants, strict=True)])
        for constant in partial:
            state[0] = integers.seventh_power(state[0] + constant)
            total = sum(state)
            state = [(x * d + total) % MODULUS for x, d in zip(state, diagonal, strict=True)]
        for constants in full[FULL_ROUNDS // 2 :]:
            state = times_external([integers.seventh_power(x + c) for x, c in zip(state, constants, strict=True)])
        return [x % MODULUS for x in state]

    @staticmethod
    def _permute_arrays(states: States) -> None:
        tables, words = _tables(), states.words
        states.apply(tables.external[0])
        for matrix in tables.external[1 : FULL_ROUNDS // 2 + 1]:
            states.seventh_powers()
            states.apply(matrix)
        first = words[:1]
        for constant in tables.partial:
            add(first, constant, out=first)
            states.seventh_power_of_first()
            multiply_add(words, *tables.diagonal, *halves(scaled_total(words)), out=words)
        add(words, tables.late, out=words)
        for matrix in tables.external[FULL_ROUNDS // 2 + 1 :]:
            states.seventh_powers()
            states.apply(matrix)

    @staticmethod
    def _lanes_kernel() -> tuple[Any, tuple[Words, ...]]:
        from polyproof_goldilocks.sponges.poseidon2_kernel import permute

        return permute, _lanes_constants()


@frozen
class _Tables:
    """Parameters in the form the numpy path takes."""

    external: tuple[Matrix, ...]
    """The external matrix for the start and for each full round, with the constants of the full round that follows
    directly."""
    partial: Words
    diagonal: tuple[Words, Words]
    """Halves of μ − 1, times 2^64 for products that divide by it, columns."""
    late: Words
    """Constants of the full round after the partial ones, a column."""


@cache
def _tables() -> _Tables:
    full, partial = round_constants()
    zeros = [0] * WIDTH
    half = FULL_ROUNDS // 2
    following = [*full[:half], zeros, *full[half + 1 :], zeros]
    return _Tables(
        external=tuple(matrix_with_constants(external_matrix(), constants) for constants in following),
        partial=np.array(partial, np.uint64),
        diagonal=halves(_scaled_diagonal()[:, None]),
        late=np.array(full[half], np.uint64)[:, None],
    )


def _scaled_diagonal() -> Words:
    return np.array([(factor << 64) % MODULUS for factor in internal_diagonal()], np.uint64)


@cache
def _lanes_constants() -> tuple[Words, Words, Words]:
    """What ``poseidon2_kernel.permute`` takes."""
    full, partial = round_constants()
    half = FULL_ROUNDS // 2
    following = [*full[:half], [0] * WIDTH, *full[half:], [0] * WIDTH]
    return np.array(following, np.uint64).reshape(-1), np.array(partial, np.uint64), _scaled_diagonal()
