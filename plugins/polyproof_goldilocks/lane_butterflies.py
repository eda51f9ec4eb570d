"""Butterflies on rows of eight words in memory: the steps of which ``transform_kernels`` makes transforms.

A butterfly loads, computes and stores the words that fill a register, and then the next ones: eight rows of two
registers each would not fit the sixteen registers of AVX2. There is no check of bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types

from polyproof_goldilocks import reduction
from polyproof_goldilocks.lane_formulas import LANES, Implementation, Kind, cgutils, intrinsic, splat
from polyproof_goldilocks.lane_memory import address_of, load_vector, store_vector
from polyproof_goldilocks.lane_words import REGISTER, Value

__all__ = ["evaluation_butterfly", "interpolation_butterfly", "place", "scaled_interpolation_butterfly"]

_WORD = ir.IntType(64)


def _below_2_32(builder: ir.IRBuilder, address: ir.Value) -> Value:
    """A factor in all lanes, of which LLVM is told that it is below 2^32: so it multiplies by half a word."""
    word = builder.load(address)
    bounds = [ir.Constant(_WORD, 0), ir.Constant(_WORD, 2**32)]
    word.set_metadata("range", builder.module.add_metadata(bounds))
    return Value(builder, splat(builder, word, REGISTER))


def _butterfly(formula: Callable[..., Sequence[Value]], factors: int) -> Any:
    """A function ``(source, sources, target, targets, low, high, first, step)`` for kernels.

    ``sources`` and ``targets`` say where the rows begin, as many as the radix. Twiddle factors are at ``first``,
    ``first + step``, …, one less than rows and ``factors`` more, their lower and upper halves in arrays of their own.
    """

    @intrinsic
    def apply(
        typing_context: Any,
        source: Kind,
        sources: Kind,
        target: Kind,
        targets: Kind,
        low: Kind,
        high: Kind,
        first: Kind,
        step: Kind,
    ) -> Implementation:
        radix = len(sources)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
            def places(kind: Kind, array: ir.Value, indices: ir.Value) -> list[ir.Value]:
                return [address_of(context, builder, kind, array, i) for i in cgutils.unpack_tuple(builder, indices)]

            read, written = places(source, *arguments[:2]), places(target, *arguments[2:4])
            indices = [arguments[6]]
            while len(indices) < radix - 1 + factors:
                indices.append(builder.add(indices[-1], arguments[7]))
            halves = [
                [_below_2_32(builder, address_of(context, builder, kind, array, index)) for index in indices]
                for kind, array in ((low, arguments[4]), (high, arguments[5]))
            ]
            for lane in range(0, LANES, REGISTER):
                offset = ir.Constant(_WORD, lane)
                rows = [Value(builder, load_vector(builder, builder.gep(row, [offset]), REGISTER)) for row in read]
                for row, result in zip(written, formula(rows, *halves), strict=True):
                    store_vector(builder, builder.gep(row, [offset]), result.value)
            return context.get_dummy_value()

        return types.void(source, sources, target, targets, low, high, types.int64, types.int64), generate

    return apply


evaluation_butterfly = _butterfly(reduction.evaluation_butterfly, 0)
"""Rows of coefficients to rows of values; see ``reduction``."""
interpolation_butterfly = _butterfly(reduction.interpolation_butterfly, 0)
"""The transpose."""
scaled_interpolation_butterfly = _butterfly(reduction.interpolation_butterfly, 1)
"""The transpose, with a factor for the first row too: the first of the factors."""


@intrinsic
def place(typing_context: Any, order: Kind, index: Kind) -> Implementation:
    """``order[index]`` of an array of ``int64``, for an index that is not negative."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        return builder.load(address_of(context, builder, order, *arguments))

    return types.int64(order, types.int64), generate
