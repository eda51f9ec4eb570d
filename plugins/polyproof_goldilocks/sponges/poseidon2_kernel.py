"""The Poseidon2 permutation as a Numba kernel; see ``blocks`` for the layout and the passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from numba import types

from polyproof.toolkit.kernels import kernel
from polyproof_goldilocks.lane_formulas import Value
from polyproof_goldilocks.reduction import add, join_scaled, montgomery_multiply_add
from polyproof_goldilocks.sponges.blocks import BLOCK, STATES, TABLE, add_and_join, halves, mixing_pass, power_pass
from polyproof_goldilocks.sponges.poseidon2_parameters import FULL_ROUNDS, PARTIAL_ROUNDS
from polyproof_goldilocks.sponges.s_box import seventh_power

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = ["permute"]

_HALF_FULL = FULL_ROUNDS // 2


def _external_block(a: Value, b: Value, c: Value, d: Value) -> list[Value]:
    """M_4 times (a, b, c, d), in eight additions (Duval, Leurent, eprint 2018/260)."""
    ab, cd = a + b, c + d
    p, q = (b << 1) + cd, (d << 1) + ab
    r, s = (cd << 2) + q, (ab << 2) + p
    return [q + s, s, p + r, r]


def _external(x: Sequence[Value]) -> list[Value]:
    """circ(2·M_4, M_4, M_4) times a vector of integers; rows sum to at most 64."""
    blocks = [*_external_block(*x[0:4]), *_external_block(*x[4:8]), *_external_block(*x[8:12])]
    sums = [blocks[i] + blocks[i + 4] + blocks[i + 8] for i in range(4)]
    return [y + sums[i % 4] for i, y in enumerate(blocks)]


def _external_formula(x: list[Value], constants: list[Value]) -> list[Value]:
    """The external matrix, then the constants of the next round."""
    low, high = halves(x)
    return add_and_join(_external(low), _external(high), constants)


def _internal_formula(x: list[Value], diagonal: list[Value]) -> list[Value]:
    """The internal matrix, of which the diagonal is μ − 1 times 2^64."""
    total, total_high = x[0], x[0] >> 32
    for word in x[1:]:
        total, total_high = total + word, total_high + (word >> 32)
    # The sum of the low halves is below 2^36, so it is exact modulo 2^64.
    total = join_scaled(total - (total_high << 32), total_high)
    (total_low,), (total_high,) = halves([total])
    return [
        montgomery_multiply_add(word, low, high, total_low, total_high)
        for word, low, high in zip(x, *halves(diagonal), strict=True)
    ]


_external_layer = mixing_pass(_external_formula, 12)
_internal_layer = mixing_pass(_internal_formula, 12)
_add_constants = mixing_pass(lambda x, constants: [add(a, c) for a, c in zip(x, constants, strict=True)], 12)
_seventh_powers = power_pass(seventh_power, 12)
_first_seventh_power = power_pass(lambda x, constant: seventh_power(add(x, constant)), 1, 1)


@kernel(types.void(STATES, TABLE, TABLE, TABLE))
def permute(states: Words, full: Words, partial: Words, diagonal: Words) -> None:
    """Permute every state in place.

    ``full`` are rows of constants, twelve words each: after each product with the external matrix the full round that
    follows, zeros before the partial rounds, then the first full round after them, its followers, zeros. ``partial``
    are the constants of the partial rounds, ``diagonal`` is μ − 1, times 2^64.
    """
    for block in range(0, states.size, BLOCK):
        _external_layer(states, block, full, 0)
        for row in range(1, _HALF_FULL + 1):
            _seventh_powers(states, block, full, 0)
            _external_layer(states, block, full, 12 * row)
        for round_ in range(PARTIAL_ROUNDS):
            _first_seventh_power(states, block, partial, round_)
            _internal_layer(states, block, diagonal, 0)
        _add_constants(states, block, full, 12 * (_HALF_FULL + 1))
        for row in range(_HALF_FULL + 2, FULL_ROUNDS + 2):
            _seventh_powers(states, block, full, 0)
            _external_layer(states, block, full, 12 * row)
