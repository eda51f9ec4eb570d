"""The formulas and passes of kernels over arrays, so that the tests can reach them."""

from __future__ import annotations

from typing import Any

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


def _on_first_block(apply_pass: Any) -> Any:
    """A pass over the first block of an array of states, with the constants from the first one on."""

    @njit
    def run(states: Words, constants: Words) -> None:
        apply_pass(states, 0, constants, 0)

    return run


run_poseidon_layer = _on_first_block(poseidon_kernel._matrix_layer)
run_poseidon_partial_rounds = _on_first_block(poseidon_kernel._some_partial_rounds)
run_rescue_layer = _on_first_block(rescue_kernel._matrix_layer)
run_external_layer = _on_first_block(poseidon2_kernel._external_layer)
run_internal_layer = _on_first_block(poseidon2_kernel._internal_layer)
run_roots = _on_first_block(rescue_kernel._seventh_roots)

_powers = poseidon2_kernel._seventh_powers
_first_power = poseidon2_kernel._first_seventh_power


@njit
def run_powers(states: Words, block: int) -> None:
    _powers(states, block, states, 0)


@njit
def run_first_power(states: Words, constants: Words, first: int) -> None:
    _first_power(states, 0, constants, first)
