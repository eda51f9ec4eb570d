"""Poseidon over Goldilocks, width 12, rate 8: plonky2's permutation.

Grassi, Khovratovich, Rechberger, Roy, Schofnegger, eprint 2019/458; parameters in ``poseidon_parameters``.
A round adds constants, raises elements to the seventh power (all twelve in a full round, the first in
a partial one) and multiplies by an MDS matrix. The elements of the rate come first.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

import numpy as np
from attrs import frozen

from polyproof.hash import Words
from polyproof_goldilocks.reduction import MODULUS
from polyproof_goldilocks.sponges import integers
from polyproof_goldilocks.sponges.arrays import Matrix, States, add, matrix_with_constants, with_room
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
    few_rows: ClassVar[int] = 11

    @staticmethod
    def _permute_integers(state: list[int]) -> list[int]:
        early, late = _full_rounds()
        state = _full(early, [x + c for x, c in zip(state, round_constants()[0], strict=True)])
        partial = _partial_rounds()
        packed = partial.constants
        for x, column in zip(state, partial.columns, strict=True):
            packed += x % MODULUS * column
        for column in partial.powers:
            power = integers.seventh_power(packed & integers.LOW_SUM)
            packed = (packed >> integers.SUM_BITS) + power * column
        return [x % MODULUS for x in _full(late, integers.unpack_sums(packed))]

    @staticmethod
    def _permute_arrays(states: States) -> None:
        add(states.words, np.array(round_constants()[0], np.uint64)[:, None], out=states.words)
        layers = _linear_layers()
        for matrix in layers[: _PARTIAL.start]:
            states.seventh_powers()
            states.apply(matrix)
        states.partial_rounds(layers[_PARTIAL.start : _PARTIAL.stop])
        for matrix in layers[_PARTIAL.stop :]:
            states.seventh_powers()
            states.apply(matrix)

    @staticmethod
    def _lanes_kernel() -> tuple[Any, tuple[Words, ...]]:
        from polyproof_goldilocks.sponges.poseidon_kernel import permute

        return permute, _lanes_constants()


def _full(following: Sequence[int], state: list[int]) -> list[int]:
    """Full rounds of one state, from behind their constants to behind those that follow the last; not reduced."""
    for constants in following:
        state = [integers.seventh_power(x) for x in state]
        state = integers.circulant(_CIRCULANT, state, constants + FIRST_ENTRY * state[0])
    return state


@cache
def _full_rounds() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The packed constants that follow each full round before the partial ones, and after them; those of the partial
    rounds and of the next one are ``_partial_rounds``'."""
    rows, zeros = round_constants(), (0,) * WIDTH
    early, late = (*rows[1 : _PARTIAL.start], zeros), (*rows[_PARTIAL.stop + 1 :], zeros)
    return tuple(map(integers.pack, early)), tuple(map(integers.pack, late))


@frozen
class _PartialRounds:
    """All partial rounds as one linear map of the state before them and of the power that each raises its element to.

    A partial round raises the first element alone, so what each of them raises, and the state after the last, are sums
    of multiples of the twelve elements before and of the powers so far, and constants. The multiples of one of these
    are packed into one integer: first what the rounds raise, in turn, then the twelve elements.
    """

    constants: int
    columns: tuple[int, ...]
    """Of the twelve elements."""
    powers: tuple[int, ...]
    """Of the power of each round, for what comes after it."""


@cache
def _partial_rounds() -> _PartialRounds:
    mds = _mds()

    def layer(vector: Sequence[int]) -> list[int]:
        return [sum(m * x for m, x in zip(row, vector, strict=True)) % MODULUS for row in mds]

    def followed(state: list[int], first: int, constants: bool = False) -> int:
        """What becomes of a part of the state that enters round ``first``, if the powers are left out.

        With ``constants`` those of the partial rounds and of the full round after them are added.
        """
        entries = []
        for index in range(first, PARTIAL_ROUNDS):
            if constants:
                own = round_constants()[_PARTIAL[index]]
                state = [(x + c) % MODULUS for x, c in zip(state, own, strict=True)]
            entries.append(state[0])
            state = layer([0, *state[1:]])
        if constants:
            state = [(x + c) % MODULUS for x, c in zip(state, round_constants()[_PARTIAL.stop], strict=True)]
        return integers.pack_sums([*entries, *state])

    units = [[int(i == k) for i in range(WIDTH)] for k in range(WIDTH)]
    return _PartialRounds(
        followed([0] * WIDTH, 0, constants=True),
        tuple(followed(unit, 0) for unit in units),
        tuple(followed(layer(units[0]), index + 1) for index in range(PARTIAL_ROUNDS)),
    )


def _mds() -> list[list[int]]:
    mds = [[FIRST_ROW[(column - row) % WIDTH] for column in range(WIDTH)] for row in range(WIDTH)]
    mds[0][0] += FIRST_ENTRY
    return mds


@cache
def _linear_layers() -> tuple[Matrix, ...]:
    """For each round the MDS matrix and the constants of the next round."""
    layers = [matrix_with_constants(_mds(), constants) for constants in [*round_constants()[1:], (0,) * WIDTH]]
    return tuple(with_room(matrix) if index in _PARTIAL else matrix for index, matrix in enumerate(layers))


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
