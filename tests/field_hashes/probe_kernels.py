"""The words and layers that kernels inline, as kernels over arrays, so that the tests can reach them."""

from __future__ import annotations

from numba import njit

from polyproof.hash import Words
from polyproof_goldilocks.lane_formulas import add, join, multiply_add, square
from polyproof_goldilocks.sponges import blocks


@njit
def run_multiply_add(a: Words, b_low: Words, b_high: Words, c_low: Words, c_high: Words, out: Words) -> None:
    for k in range(out.shape[0]):
        out[k] = multiply_add(a[k], b_low[k], b_high[k], c_low[k], c_high[k])


@njit
def run_square(a: Words, out: Words) -> None:
    for k in range(out.shape[0]):
        out[k] = square(a[k])


@njit
def run_add(a: Words, constant: Words, out: Words) -> None:
    for k in range(out.shape[0]):
        out[k] = add(a[k], constant[k])


@njit
def run_join(low: Words, high: Words, out: Words) -> None:
    for k in range(out.shape[0]):
        out[k] = join(low[k], high[k])


@njit
def run_layer(state: Words, constants: Words, spectrum: blocks.Vector, first_entry: blocks.Word) -> None:
    blocks.circulant_layer(state, constants, spectrum, first_entry)
