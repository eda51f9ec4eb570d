"""The inlined lane arithmetic as kernels over arrays, so that the tests can reach it."""

from __future__ import annotations

from numba import njit

from polyproof_poseidon import lanes
from polyproof_poseidon.lanes import Words

multiply_add = lanes.multiply_add
square = lanes.square
add_constant = lanes.add_constant
join = lanes.join


@njit
def run_multiply_add(a: Words, b: Words, low: Words, high: Words, out: Words) -> None:
    for k in range(out.shape[0]):
        out[k] = multiply_add(a[k], b[k], low[k], high[k])


@njit
def run_square(a: Words, out: Words) -> None:
    for k in range(out.shape[0]):
        out[k] = square(a[k])


@njit
def run_add_constant(a: Words, constant: Words, out: Words) -> None:
    for k in range(out.shape[0]):
        out[k] = add_constant(a[k], constant[k])


@njit
def run_join(low: Words, high: Words, out: Words) -> None:
    for k in range(out.shape[0]):
        out[k] = join(low[k], high[k])


@njit
def run_layer(state: Words, constants: Words, spectrum: lanes.Vector, first_entry: lanes.Word) -> None:
    lanes.circulant_layer(state, constants, spectrum, first_entry)
