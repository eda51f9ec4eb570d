"""The Poseidon2 sponge over BabyBear as a Numba kernel: a row in each lane.

Products are reduced as Montgomery does (Modular multiplication without trial division, 1985), with R = 2^32: of x below
2^64, ``_reduced`` gives x/R modulo p, below x/R + p. So every product divides by R, and an element stands for itself
times R^k. Rather than to undo that, k is followed: what is added to a state, and factors of the partial rounds, carry
the power that is due there. Only where rows are absorbed and digests read is k zero. A full round takes k to
7·(k − 1) − 6: one reduction, and a seventh power in four products. Of x with R^k the square has 2k − 1, the fourth
power 4k − 3, the third 3k − 2 and the seventh 7k − 6.

Bounds, with p = 0.46875·R: a reduced sum is below p + 2^9, its square below 1.47p, its third power below 1.69p, its
fourth below 2.02p, which is below R, and its seventh below 2.6p. The external matrix multiplies by 112 at most, so that
sums and constants stay below 2^40.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from polyproof.toolkit.kernels import kernel
from polyproof.toolkit.lanes import lane_pass
from polyproof.toolkit.poseidon2_parameters import poseidon2_parameters
from polyproof_babybear.constants import MODULUS

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["hash_rows", "table"]

WIDTH = 24
FULL_ROUNDS, PARTIAL_ROUNDS = 8, 21
LANES = 16
_R = 1 << 32
_LOW = _R - 1
_INVERSE = pow(MODULUS, -1, _R)

Value = Any
"""``toolkit.lanes.Lanes``: a word of each lane."""


def _reduced(x: Value) -> Value:
    """x/R modulo p, in (0, x/R + p]."""
    quotient = ((x & _LOW) * _INVERSE) & _LOW
    return (x >> 32) + MODULUS - ((quotient * MODULUS) >> 32)


def _product(x: Value, y: Value) -> Value:
    """x·y/R of words below R."""
    return _reduced((x & _LOW) * (y & _LOW))


def _seventh_power(x: Value) -> Value:
    square = _product(x, x)
    return _product(_product(square, square), _product(square, x))


def _external(state: Sequence[Value]) -> list[Value]:
    """circ(2·M_4, M_4, …), in eight additions a block (Duval, Leurent, eprint 2018/260)."""
    blocks: list[Value] = []
    for i in range(0, WIDTH, 4):
        a, b, c, d = state[i : i + 4]
        ab, cd = a + b, c + d
        p, q = (b + b) + cd, (d + d) + ab
        r, s = cd * 4 + q, ab * 4 + p
        blocks += [q + s, s, p + r, r]
    sums = []
    for i in range(4):
        total = blocks[i]
        for block in blocks[i + 4 :: 4]:
            total = total + block
        sums.append(total)
    return [x + sums[i % 4] for i, x in enumerate(blocks)]


def _full(state: list[Value], _: list[Value], constants: list[Value]) -> list[Value]:
    return _external([_seventh_power(_reduced(x + c)) for x, c in zip(state, constants, strict=True)])


def _settle(state: list[Value], _: list[Value], factors: list[Value]) -> list[Value]:
    """Sums below 2^40, times a factor that gives k its due, as words below 2p, or with ``_canonical`` below p."""
    return [_product(_reduced(x), factors[0]) for x in state]


def _canonical(state: list[Value], _: list[Value], factors: list[Value]) -> list[Value]:
    settled = _settle(state, _, factors)
    return [x.minimum(x - MODULUS) for x in settled]  # what wraps around 2^64 is the larger of the two


def _partial(state: list[Value], _: list[Value], constants: list[Value]) -> list[Value]:
    """Words below 2p in and out, all at the same k.

    ``constants``: that of the round, what brings the seventh power back to k, R^2, and the diagonal times R.
    """
    constant, back, square_of_r, *diagonal = constants
    power = _seventh_power(_reduced(state[0] + constant))
    first = _product(power.minimum(power - 2 * MODULUS), back)
    own = [first, *state[1:]]
    total = own[0]
    for x in own[1:]:
        total = total + x
    total = _product(_reduced(total), square_of_r)
    sums = [_product(x, d) + total for x, d in zip(own, diagonal, strict=True)]
    return [x.minimum(x - 2 * MODULUS) for x in sums]


_PARTIAL_TABLE = 3 + WIDTH
_SETTLE_AT = FULL_ROUNDS * WIDTH
_PARTIAL_AT = _SETTLE_AT + 1
_CANONICAL_AT = _PARTIAL_AT + PARTIAL_ROUNDS * _PARTIAL_TABLE

_external_pass = lane_pass(lambda state, _, __: _external(state), LANES, WIDTH, 0, 0)
_full_pass = lane_pass(_full, LANES, WIDTH, 0, WIDTH)
_settle_pass = lane_pass(_settle, LANES, WIDTH, 0, 1)
_partial_pass = lane_pass(_partial, LANES, WIDTH, 0, _PARTIAL_TABLE)
_canonical_pass = lane_pass(_canonical, LANES, WIDTH, 0, 1)


@cache
def table() -> Words:
    """What ``hash_rows`` takes: constants of full rounds, R^2, those of partial rounds, and what makes k zero."""
    own = poseidon2_parameters(MODULUS, WIDTH, FULL_ROUNDS, PARTIAL_ROUNDS)

    def scaled(value: int, exponent: int) -> int:
        return value * pow(_R, exponent, MODULUS) % MODULUS

    half, k, full = FULL_ROUNDS // 2, 0, []
    for constants in own.full[:half]:
        full += [scaled(constant, k) for constant in constants]
        k = 7 * k - 13
    square_of_r, between = scaled(1, 2), []
    for constant in own.partial:
        between += [scaled(constant, k), scaled(1, 14 - 6 * k), square_of_r]
        between += [scaled(factor, 1) for factor in own.diagonal]
    for constants in own.full[half:]:
        full += [scaled(constant, k) for constant in constants]
        k = 7 * k - 13
    return np.array([*full, square_of_r, *between, scaled(1, 2 - k)], np.uint64)


@kernel()
def hash_rows(rows: Words, initial: Words, rate: int, table: Words, digests: Words) -> None:
    """Absorb every row of ``(n, columns)`` and give the first elements of its state, as many as ``digests`` is wide.

    ``initial``: the state to begin with; ``rate``: the elements that each chunk of a row replaces.
    """
    count, columns = rows.shape
    state = np.empty(WIDTH * LANES, np.uint64)
    for block in range(0, count, LANES):
        own = min(LANES, count - block)
        for i in range(WIDTH):
            state[i * LANES : (i + 1) * LANES] = initial[i]
        for first in range(0, max(columns, 1), rate):
            for i in range(rate):
                if first + i < columns:
                    for lane in range(own):
                        state[i * LANES + lane] = rows[block + lane, first + i]
                else:
                    state[i * LANES : (i + 1) * LANES] = 0
            _external_pass(state, state, table, 0)
            for row in range(FULL_ROUNDS // 2):
                _full_pass(state, state, table, WIDTH * row)
            _settle_pass(state, state, table, _SETTLE_AT)
            for row in range(PARTIAL_ROUNDS):
                _partial_pass(state, state, table, _PARTIAL_AT + _PARTIAL_TABLE * row)
            for row in range(FULL_ROUNDS // 2, FULL_ROUNDS):
                _full_pass(state, state, table, WIDTH * row)
            _canonical_pass(state, state, table, _CANONICAL_AT)
        for i in range(digests.shape[1]):
            for lane in range(own):
                digests[block + lane, i] = state[i * LANES + lane]
