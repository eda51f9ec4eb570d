"""The formulas and passes of kernels over arrays, so that the tests can reach them."""

from __future__ import annotations

from numba import njit

from polyproof.hash import Words
from polyproof_goldilocks.lane_formulas import add, join
from polyproof_goldilocks.sponges import poseidon2_kernel, poseidon_kernel, rescue_kernel


@njit
def run_add(a: Words, constant: Words, out: Words) -> None:
    for k in range(out.shape[0]):
        out[k] = add(a[k], constant[k])


@njit
def run_join(low: Words, high: Words, out: Words) -> None:
    for k in range(out.shape[0]):
        out[k] = join(low[k], high[k])


_poseidon = poseidon_kernel._matrix_layer
_poseidon_partial = poseidon_kernel._some_partial_rounds
_rescue = rescue_kernel._matrix_layer
_external = poseidon2_kernel._external_layer
_internal = poseidon2_kernel._internal_layer
_powers = poseidon2_kernel._seventh_powers
_first_power = poseidon2_kernel._first_seventh_power
_roots = rescue_kernel._seventh_roots


@njit
def run_poseidon_layer(states: Words, constants: Words) -> None:
    _poseidon(states, 0, constants, 0)


@njit
def run_poseidon_partial_rounds(states: Words, constants: Words) -> None:
    _poseidon_partial(states, 0, constants, 0)


@njit
def run_rescue_layer(states: Words, constants: Words) -> None:
    _rescue(states, 0, constants, 0)


@njit
def run_external_layer(states: Words, constants: Words) -> None:
    _external(states, 0, constants, 0)


@njit
def run_internal_layer(states: Words, diagonal: Words) -> None:
    _internal(states, 0, diagonal, 0)


@njit
def run_powers(states: Words, block: int) -> None:
    _powers(states, block, states, 0)


@njit
def run_first_power(states: Words, constants: Words, first: int) -> None:
    _first_power(states, 0, constants, first)


@njit
def run_roots(states: Words, constants: Words) -> None:
    _roots(states, 0, constants, 0)
