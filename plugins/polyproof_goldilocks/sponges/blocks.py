"""Blocks of states, and the passes over a block of which the kernels of the three permutations are made.

States lie in blocks of shape ``(12, LANES)``: element by element, the lanes of one element together. A pass applies a
formula to every lane of a block, with as many lanes in a vector as the processor's registers hold. What it loads
stays in registers until it stores; in between the block stays in the first-level cache. There are two kinds: powers
of single elements, several vectors at a time, because the chain of products of one leaves the multipliers idle; and
everything that mixes the twelve elements of a state.

Between passes a value is any ``uint64`` of the right residue modulo p. Linear layers work on 32-bit halves, which
grow by the sum of a row of the matrix; ``reduction.join`` makes one word of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import types

from polyproof.toolkit.kernels import align_stack, kernel
from polyproof_goldilocks.lane_formulas import Implementation, Kind, Value, canonical, cgutils, intrinsic, splat
from polyproof_goldilocks.lane_memory import address_of, load_vector, store_vector
from polyproof_goldilocks.lane_words import REGISTER, OrderedValue
from polyproof_goldilocks.reduction import join
from polyproof_goldilocks.sponges.integers import WIDTH

if TYPE_CHECKING:
    from polyproof.hash import Words

__all__ = [
    "BLOCK",
    "LANES",
    "STATES",
    "TABLE",
    "add_and_join",
    "halves",
    "load",
    "mixing_pass",
    "power_pass",
    "store",
]

LANES = 64
"""Permutations a block: enough independent work for every pass, and a block of 6 KiB."""
BLOCK = WIDTH * LANES
"""Words a block."""

STATES = types.Array(types.uint64, 3, "C")
"""The Numba type of blocks of states: ``(blocks, 12, LANES)``."""
TABLE = types.Array(types.uint64, 1, "C")
"""The Numba type of the constants of a permutation."""
_ROWS = types.Array(types.uint64, 2, "A", readonly=True)
_DIGESTS = types.Array(types.uint64, 2, "C")

_LOW = 2**32 - 1
_INDEX = ir.IntType(64)
_POWERS_AT_ONCE = 4
"""Vectors: enough to hide the latency of a product, few enough that their intermediate values stay in registers."""

Formula = Callable[[list[Value], list[Value]], Sequence[Value]]
"""Words of a state and constants to the new words."""


def _pass(formula: Formula, elements: int, constants: int, together: bool) -> Any:
    """A function ``(states, block, table, first)`` for kernels, which applies a formula to a block.

    ``block`` is the index of the block's first word in the array of states, ``first`` that of the first of the
    formula's constants in the table. The formula gets the ``elements`` first ones of every state, all together or one
    by one.
    """
    lanes = REGISTER if together else REGISTER * _POWERS_AT_ONCE
    at_once, words = (elements, LANES) if together else (1, elements * LANES)

    @intrinsic
    def apply(typing_context: Any, states: Kind, block: Kind, table: Kind, first: Kind) -> Implementation:
        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
            start = address_of(context, builder, states, *arguments[:2])
            constant = address_of(context, builder, table, *arguments[2:])
            align_stack(builder, ir.VectorType(_INDEX, REGISTER))
            stop, step = ir.Constant(_INDEX, words), ir.Constant(_INDEX, lanes)
            with cgutils.for_range_slice(builder, ir.Constant(_INDEX, 0), stop, step, _INDEX) as (lane, _):
                here = builder.gep(start, [lane])
                places = [builder.gep(here, [ir.Constant(_INDEX, LANES * i)]) for i in range(at_once)]
                given: list[Value] = [OrderedValue(builder, load_vector(builder, place, lanes)) for place in places]
                addresses = [builder.gep(constant, [ir.Constant(_INDEX, i)]) for i in range(constants)]
                values: list[Value] = [
                    OrderedValue(builder, splat(builder, builder.load(at), lanes)) for at in addresses
                ]
                for place, result in zip(places, formula(given, values), strict=True):
                    store_vector(builder, place, result.value)
            return context.get_dummy_value()

        return types.void(states, types.int64, table, types.int64), generate

    return apply


def power_pass(formula: Callable[..., Value], elements: int, constants: int = 0) -> Any:
    """A pass of ``formula(word, *constants)`` over each of the first elements by itself; see ``_pass``."""
    return _pass(lambda words, values: [formula(*words, *values)], elements, constants, together=False)


def mixing_pass(formula: Formula, constants: int) -> Any:
    """A pass of ``formula(words, constants)``, which gives the twelve new words of a state; see ``_pass``."""
    return _pass(formula, WIDTH, constants, together=True)


def halves(words: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """The low and the high 32 bits."""
    return [word & _LOW for word in words], [word >> 32 for word in words]


def add_and_join(low: Sequence[Value], high: Sequence[Value], constants: Sequence[Value]) -> list[Value]:
    """low + 2^32·high + constant for every element; the halves are below 2^61."""
    lows, highs = halves(constants)
    return [join(a + c, b + d) for a, b, c, d in zip(low, high, lows, highs, strict=True)]


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
