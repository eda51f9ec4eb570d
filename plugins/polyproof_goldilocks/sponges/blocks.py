"""The layers of the three permutations for Numba kernels, which run many permutations side by side.

States lie in blocks of shape ``(12, LANES)``: element by element, the lanes of one element together,
so that every loop over the lanes becomes vector instructions and a block stays in the first-level cache.

Between layers a value is any ``uint64`` of the right residue modulo p. Linear layers work on 32-bit halves: with
coefficients that sum to less than 2^10 the halves of a result stay below 2^42, and one ``join`` an element reduces
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numba import types

from polyproof.toolkit.kernels import helper, kernel
from polyproof_goldilocks.lane_formulas import canonical, join, multiply, square

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = [
    "HALF",
    "LANES",
    "LOW",
    "STATES",
    "Vector",
    "Word",
    "circulant_layer",
    "circulant_spectrum",
    "load",
    "seventh_powers",
    "store",
]

Word = np.uint64
Vector = tuple[Word, ...]
"""Twelve words."""

LANES = 64
"""Permutations a block: eight AVX-512 vectors, enough to overlap the latency of the serial S-boxes."""

LOW = np.uint64(0xFFFF_FFFF)
HALF = np.uint64(32)

STATES = types.Array(types.uint64, 3, "C")
"""The Numba type of blocks of states: ``(blocks, 12, LANES)``."""
_ROWS = types.Array(types.uint64, 2, "A", readonly=True)
_DIGESTS = types.Array(types.uint64, 2, "C")


@helper()
def seventh_powers(state: Words, spare: Words, elements: int) -> None:
    """x ← x^7 for the first elements of a block; ``spare`` has the shape of the block.

    A pass for each product keeps several independent vectors in flight; one pass for all four waits
    for the latency of their chain.
    """
    for element in range(elements):
        for lane in range(LANES):
            spare[element, lane] = square(state[element, lane])
    for element in range(elements):
        for lane in range(LANES):
            state[element, lane] = multiply(state[element, lane], spare[element, lane])
    for element in range(elements):
        for lane in range(LANES):
            spare[element, lane] = square(spare[element, lane])
    for element in range(elements):
        for lane in range(LANES):
            state[element, lane] = multiply(state[element, lane], spare[element, lane])


def circulant_spectrum(first_row: Sequence[int]) -> Vector:
    """The spectrum ``circulant_layer`` takes, of the circulant matrix with this first row.

    With Y = X³ the ring Z[X]/(X^12 − 1) splits into three: Y = 1, Y = −1 and Y = i. The matrix is multiplication
    by c(X) = Σ c_n X^n, c_n = first_row[−n mod 12]; the spectrum is c in each part, divided by the 4
    or 2 of the inverse transform. The matrices of Poseidon and RPO were chosen so that these are
    signed powers of two, which the compiler turns into shifts.

    Returns 12 words, negative ones modulo 2^64: c at Y = 1 (coefficients of 1, X, X²), at Y = −1, and the real and
    the imaginary parts at Y = i.
    """
    c = [first_row[-n % 12] for n in range(12)]
    even = [c[j] + c[j + 6] for j in range(3)]
    odd = [c[j + 3] + c[j + 9] for j in range(3)]
    quarters = [even[j] + odd[j] for j in range(3)] + [even[j] - odd[j] for j in range(3)]
    halves = [c[j] - c[j + 6] for j in range(3)] + [c[j + 3] - c[j + 9] for j in range(3)]
    if any(word % 4 for word in quarters) or any(word % 2 for word in halves):
        raise ValueError(f"the spectrum of {list(first_row)} is not integral")
    return tuple(np.uint64(word % 2**64) for word in [w // 4 for w in quarters] + [w // 2 for w in halves])


@helper(forceinline=True)
def _circulant(
    x0: Word, x1: Word, x2: Word, x3: Word, x4: Word, x5: Word,
    x6: Word, x7: Word, x8: Word, x9: Word, x10: Word, x11: Word,
    spectrum: Vector,
) -> Vector:  # fmt: skip
    """A circulant matrix times a vector of integers, modulo 2^64: 132 additions and shifts.

    See ``circulant_spectrum``. Intermediate values may be negative; the twelve results are exact because
    the true ones lie below 2^64.
    """
    p0, p1, p2, m0, m1, m2, r0, r1, r2, s0, s1, s2 = spectrum
    # The vector at Y = 1: a, at Y = −1: b, at Y = i: u + iv.
    even0, odd0, u0, v0 = x0 + x6, x3 + x9, x0 - x6, x3 - x9
    even1, odd1, u1, v1 = x1 + x7, x4 + x10, x1 - x7, x4 - x10
    even2, odd2, u2, v2 = x2 + x8, x5 + x11, x2 - x8, x5 - x11
    a0, a1, a2 = even0 + odd0, even1 + odd1, even2 + odd2
    b0, b1, b2 = even0 - odd0, even1 - odd1, even2 - odd2
    # Products of polynomials in X with X³ = 1, X³ = −1, X³ = i.
    f0 = a0 * p0 + a1 * p2 + a2 * p1
    f1 = a0 * p1 + a1 * p0 + a2 * p2
    f2 = a0 * p2 + a1 * p1 + a2 * p0
    g0 = b0 * m0 - b1 * m2 - b2 * m1
    g1 = b0 * m1 + b1 * m0 - b2 * m2
    g2 = b0 * m2 + b1 * m1 + b2 * m0
    h0 = u0 * r0 - v0 * s0 - u1 * s2 - v1 * r2 - u2 * s1 - v2 * r1
    h1 = u0 * r1 - v0 * s1 + u1 * r0 - v1 * s0 - u2 * s2 - v2 * r2
    h2 = u0 * r2 - v0 * s2 + u1 * r1 - v1 * s1 + u2 * r0 - v2 * s0
    k0 = u0 * s0 + v0 * r0 + u1 * r2 - v1 * s2 + u2 * r1 - v2 * s1
    k1 = u0 * s1 + v0 * r1 + u1 * s0 + v1 * r0 + u2 * r2 - v2 * s2
    k2 = u0 * s2 + v0 * r2 + u1 * s1 + v1 * r1 + u2 * s0 + v2 * r0
    # Back: coefficients of Y^0 … Y^3 from the values at 1, −1 and i.
    even0, odd0, even1, odd1, even2, odd2 = f0 + g0, f0 - g0, f1 + g1, f1 - g1, f2 + g2, f2 - g2
    return (
        even0 + h0,
        even1 + h1,
        even2 + h2,
        odd0 + k0,
        odd1 + k1,
        odd2 + k2,
        even0 - h0,
        even1 - h1,
        even2 - h2,
        odd0 - k0,
        odd1 - k1,
        odd2 - k2,
    )


@helper(inline="always")
def circulant_layer(state: Words, constants: Words, spectrum: Vector, first_entry: Word) -> None:
    """A block times a circulant matrix with ``first_entry`` added in the top left corner, plus constants."""
    # Read before the loop: the compiler cannot know that the constants are not part of the state.
    c0, c1, c2, c3, c4, c5 = constants[0], constants[1], constants[2], constants[3], constants[4], constants[5]
    c6, c7, c8, c9, c10, c11 = constants[6], constants[7], constants[8], constants[9], constants[10], constants[11]
    for lane in range(LANES):
        x0, x1, x2, x3 = state[0, lane], state[1, lane], state[2, lane], state[3, lane]
        x4, x5, x6, x7 = state[4, lane], state[5, lane], state[6, lane], state[7, lane]
        x8, x9, x10, x11 = state[8, lane], state[9, lane], state[10, lane], state[11, lane]
        l0, l1, l2, l3, l4, l5, l6, l7, l8, l9, l10, l11 = _circulant(
            x0 & LOW, x1 & LOW, x2 & LOW, x3 & LOW, x4 & LOW, x5 & LOW,
            x6 & LOW, x7 & LOW, x8 & LOW, x9 & LOW, x10 & LOW, x11 & LOW, spectrum,
        )  # fmt: skip
        h0, h1, h2, h3, h4, h5, h6, h7, h8, h9, h10, h11 = _circulant(
            x0 >> HALF, x1 >> HALF, x2 >> HALF, x3 >> HALF, x4 >> HALF, x5 >> HALF,
            x6 >> HALF, x7 >> HALF, x8 >> HALF, x9 >> HALF, x10 >> HALF, x11 >> HALF, spectrum,
        )  # fmt: skip
        l0 += (x0 & LOW) * first_entry
        h0 += (x0 >> HALF) * first_entry
        state[0, lane] = join(l0 + (c0 & LOW), h0 + (c0 >> HALF))
        state[1, lane] = join(l1 + (c1 & LOW), h1 + (c1 >> HALF))
        state[2, lane] = join(l2 + (c2 & LOW), h2 + (c2 >> HALF))
        state[3, lane] = join(l3 + (c3 & LOW), h3 + (c3 >> HALF))
        state[4, lane] = join(l4 + (c4 & LOW), h4 + (c4 >> HALF))
        state[5, lane] = join(l5 + (c5 & LOW), h5 + (c5 >> HALF))
        state[6, lane] = join(l6 + (c6 & LOW), h6 + (c6 >> HALF))
        state[7, lane] = join(l7 + (c7 & LOW), h7 + (c7 >> HALF))
        state[8, lane] = join(l8 + (c8 & LOW), h8 + (c8 >> HALF))
        state[9, lane] = join(l9 + (c9 & LOW), h9 + (c9 >> HALF))
        state[10, lane] = join(l10 + (c10 & LOW), h10 + (c10 >> HALF))
        state[11, lane] = join(l11 + (c11 & LOW), h11 + (c11 >> HALF))


@kernel(
    types.void(STATES, types.intp, _ROWS, types.intp, types.intp, types.intp, types.intp),
)
def load(
    states: Words, position: int, rows: Words, first_row: int, count: int, first_column: int, columns: int
) -> None:
    """Write columns of ``count`` rows over the state elements from ``position`` on, a row a lane."""
    for start in range(0, count, LANES):
        state = states[start // LANES]
        part = rows[first_row + start : first_row + min(count, start + LANES)]
        for column in range(columns):
            for lane in range(part.shape[0]):
                state[position + column, lane] = part[lane, first_column + column]


@kernel(
    types.void(STATES, types.intp, _DIGESTS, types.intp, types.intp),
)
def store(states: Words, position: int, digests: Words, first_row: int, count: int) -> None:
    """Write state elements from ``position`` on to ``count`` rows of ``digests``, canonical."""
    for row in range(count):
        block = row // LANES
        lane = row - block * LANES
        for column in range(digests.shape[1]):
            digests[first_row + row, column] = canonical(states[block, position + column, lane])
