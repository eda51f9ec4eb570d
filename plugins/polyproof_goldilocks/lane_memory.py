"""Lanes in memory: loads and stores that kernels call, of eight words or of some of them, and of extension elements.

As in ``lane_formulas`` a function writes LLVM instructions where it is called. There is no check of bounds, and no
alignment is needed. Arrays are flat and contiguous, of ``uint64``; indices are ``int64``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from llvmlite import ir
from numba import types

from polyproof_goldilocks.lane_formulas import (
    LANES,
    Implementation,
    Kind,
    Lanes,
    cgutils,
    intrinsic,
    splat,
    uniform_tuple,
    vector,
)

__all__ = [
    "load",
    "load_each",
    "load_groups",
    "load_pairs",
    "load_some",
    "load_some_groups",
    "load_triples",
    "load_tuple",
    "prefetch",
    "prefetch_to_write",
    "store",
    "store_each",
    "store_pairs",
    "store_some",
    "store_totals",
    "store_triples",
    "store_vector",
    "zeros",
]

_WORD = ir.IntType(64)
_INDEX = ir.IntType(32)
_MASK = ir.VectorType(ir.IntType(1), LANES)
_WORD_BYTES = 8


def address_of(context: Any, builder: ir.IRBuilder, kind: Kind, array: ir.Value, index: ir.Value) -> ir.Value:
    """The address of ``array[index]`` of a contiguous array, as if it were flat."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def _is_flat(kind: Kind) -> bool:
    return isinstance(kind, types.Array) and (kind.dtype, kind.ndim, kind.layout) == (types.uint64, 1, "C")


def load_vector(builder: ir.IRBuilder, address: ir.Value, words: int) -> ir.Value:
    """So many words from an address."""
    return builder.load(builder.bitcast(address, ir.VectorType(_WORD, words).as_pointer()), align=_WORD_BYTES)


def store_vector(builder: ir.IRBuilder, address: ir.Value, vector: ir.Value) -> None:
    """The words of a vector to an address."""
    builder.store(vector, builder.bitcast(address, vector.type.as_pointer()), align=_WORD_BYTES)


def _shuffle(builder: ir.IRBuilder, first: ir.Value, second: ir.Value, lanes: Sequence[int]) -> ir.Value:
    return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(_INDEX, len(lanes)), list(lanes)))


@intrinsic
def load(typing_context: Any, array: Kind, index: Kind) -> Implementation:
    """Lanes from ``array[index : index + 8]``; no check of bounds, no alignment needed."""
    if not _is_flat(array):
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        return load_vector(builder, address_of(context, builder, array, *arguments), LANES)

    return Lanes(array, types.int64), generate


@intrinsic
def store(typing_context: Any, array: Kind, index: Kind, lanes: Kind) -> Implementation:
    """Lanes to ``array[index : index + 8]``; no check of bounds, no alignment needed."""
    if not _is_flat(array) or lanes != Lanes:
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        store_vector(builder, address_of(context, builder, array, *arguments[:2]), arguments[2])
        return context.get_dummy_value()

    return types.void(array, types.int64, Lanes), generate


def _between(builder: ir.IRBuilder, low: ir.Value, high: ir.Value) -> ir.Value:
    """Which lanes are in [low, high)."""
    lanes = ir.Constant(vector, list(range(LANES)))
    return builder.and_(
        builder.icmp_signed(">=", lanes, splat(builder, low)), builder.icmp_signed("<", lanes, splat(builder, high))
    )


@intrinsic
def load_some(typing_context: Any, array: Kind, index: Kind, low: Kind, high: Kind) -> Implementation:
    """``load``, but only lanes low … high − 1 are read; the others are zero."""
    if not _is_flat(array):
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        address = builder.bitcast(address_of(context, builder, array, *arguments[:2]), vector.as_pointer())
        kind = ir.FunctionType(vector, [address.type, _INDEX, _MASK, vector])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.load.v{LANES}i64.p0")
        zero = ir.Constant(vector, [0] * LANES)
        mask = _between(builder, *arguments[2:])
        return builder.call(function, [address, ir.Constant(_INDEX, _WORD_BYTES), mask, zero])

    return Lanes(array, types.int64, types.int64, types.int64), generate


@intrinsic
def store_some(typing_context: Any, array: Kind, index: Kind, low: Kind, high: Kind, lanes: Kind) -> Implementation:
    """``store``, but only lanes low … high − 1 are written."""
    if not _is_flat(array) or lanes != Lanes:
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        address = builder.bitcast(address_of(context, builder, array, *arguments[:2]), vector.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [vector, address.type, _INDEX, _MASK])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.store.v{LANES}i64.p0")
        mask = _between(builder, *arguments[2:4])
        builder.call(function, [arguments[4], address, ir.Constant(_INDEX, _WORD_BYTES), mask])
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, types.int64, Lanes), generate


def _prefetch(array: Kind, write: bool) -> Implementation:
    if not _is_flat(array):
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        bytes_of = ir.IntType(8).as_pointer()
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [bytes_of, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        address = builder.bitcast(address_of(context, builder, array, *arguments), bytes_of)
        to_second_level, data = 2, 1
        builder.call(function, [address, *(ir.Constant(flag, value) for value in (int(write), to_second_level, data))])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@intrinsic
def prefetch(typing_context: Any, array: Kind, index: Kind) -> Implementation:
    """Ask for the cache line of ``array[index]``, which need not exist, to be there for reading soon."""
    return _prefetch(array, False)


@intrinsic
def prefetch_to_write(typing_context: Any, array: Kind, index: Kind) -> Implementation:
    """Ask for the cache line of ``array[index]``, which need not exist, to be there for writing soon."""
    return _prefetch(array, True)


@partial(intrinsic, prefer_literal=True)
def load_tuple(typing_context: Any, array: Kind, index: Kind, count: Kind, step: Kind) -> Implementation:
    """``count`` (a literal) items from ``array[index]`` on: Lanes for ``step`` 8, words for ``step`` 1."""
    if not (_is_flat(array) and isinstance(count, types.IntegerLiteral) and isinstance(step, types.IntegerLiteral)):
        return None
    width = step.literal_value

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        first = address_of(context, builder, array, *arguments[:2])
        addresses = [builder.gep(first, [ir.Constant(_WORD, width * i)]) for i in range(count.literal_value)]
        values = [load_vector(builder, at, width) if width > 1 else builder.load(at) for at in addresses]
        return context.make_tuple(builder, signature.return_type, values)

    items = uniform_tuple(Lanes if width > 1 else types.uint64, count.literal_value)
    return items(array, types.int64, count, step), generate


@intrinsic
def store_totals(typing_context: Any, array: Kind, index: Kind, sums: Kind) -> Implementation:
    """The sum of the eight lanes of ``sums[l]`` modulo 2^64 to ``array[index + 8·l]``, for every l."""
    if not (_is_flat(array) and isinstance(sums, types.UniTuple) and sums.dtype == Lanes):
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        name = f"llvm.vector.reduce.add.v{LANES}i64"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_WORD, [vector]), name)
        first = address_of(context, builder, array, *arguments[:2])
        for i, lanes in enumerate(cgutils.unpack_tuple(builder, arguments[2])):
            builder.store(builder.call(function, [lanes]), builder.gep(first, [ir.Constant(_WORD, LANES * i)]))
        return context.get_dummy_value()

    return types.void(array, types.int64, sums), generate


@partial(intrinsic, prefer_literal=True)
def zeros(typing_context: Any, count: Kind) -> Implementation:
    """``count`` (a literal) Lanes of zeros."""
    if not isinstance(count, types.IntegerLiteral):
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        zero = ir.Constant(vector, [0] * LANES)
        return context.make_tuple(builder, signature.return_type, [zero] * count.literal_value)

    return uniform_tuple(Lanes, count.literal_value)(count), generate


# Eight elements of an extension: interleaved in memory, one vector a coefficient in registers


def _separated(builder: ir.IRBuilder, everything: ir.Value, size: int) -> list[ir.Value]:
    """Eight groups of ``size`` words, one after the other, as a vector for each place in a group."""
    undefined = ir.Constant(everything.type, ir.Undefined)
    return [_shuffle(builder, everything, undefined, range(k, LANES * size, size)) for k in range(size)]


def _load_interleaved(array: Kind, degree: int) -> Implementation:
    if not _is_flat(array):
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        everything = load_vector(builder, address_of(context, builder, array, *arguments[:2]), LANES * degree)
        return context.make_tuple(builder, signature.return_type, _separated(builder, everything, degree))

    return uniform_tuple(Lanes, degree)(array, types.int64), generate


def _store_interleaved(array: Kind, elements: Kind, degree: int) -> Implementation:
    if not _is_flat(array) or elements != uniform_tuple(Lanes, degree):
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        parts = cgutils.unpack_tuple(builder, arguments[2])
        if degree == 3:  # two sources at a time: (0 ‖ 1) and (2 ‖ undefined)
            parts.append(ir.Constant(vector, ir.Undefined))
        joined = [_shuffle(builder, parts[k], parts[k + 1], range(2 * LANES)) for k in range(0, len(parts), 2)]
        everything = joined[0]
        if degree == 3:
            everything = _shuffle(builder, joined[0], joined[1], range(4 * LANES))
        order = [k * LANES + i for i in range(LANES) for k in range(degree)]
        mixed = _shuffle(builder, everything, ir.Constant(everything.type, ir.Undefined), order)
        store_vector(builder, address_of(context, builder, array, *arguments[:2]), mixed)
        return context.get_dummy_value()

    return types.void(array, types.int64, elements), generate


@intrinsic
def load_pairs(typing_context: Any, array: Kind, index: Kind) -> Implementation:
    """Eight elements of the extension of degree 2 from ``array[index : index + 16]``."""
    return _load_interleaved(array, 2)


@intrinsic
def load_triples(typing_context: Any, array: Kind, index: Kind) -> Implementation:
    """Eight elements of the extension of degree 3 from ``array[index : index + 24]``."""
    return _load_interleaved(array, 3)


@intrinsic
def store_pairs(typing_context: Any, array: Kind, index: Kind, elements: Kind) -> Implementation:
    """Eight elements of the extension of degree 2 to ``array[index : index + 16]``."""
    return _store_interleaved(array, elements, 2)


@intrinsic
def store_triples(typing_context: Any, array: Kind, index: Kind, elements: Kind) -> Implementation:
    """Eight elements of the extension of degree 3 to ``array[index : index + 24]``."""
    return _store_interleaved(array, elements, 3)


# Eight groups of any size, given as the tuple of the places in a group: its length is part of the kernel's types


@intrinsic
def load_groups(typing_context: Any, array: Kind, index: Kind, places: Kind) -> Implementation:
    """Eight groups of s words from ``array[index : index + 8·s]``, as Lanes for each of the s ``places``."""
    if not isinstance(places, types.UniTuple):
        return None
    loaded = _load_interleaved(array, len(places))
    return loaded and (uniform_tuple(Lanes, len(places))(array, types.int64, places), loaded[1])


@intrinsic
def load_some_groups(typing_context: Any, array: Kind, index: Kind, places: Kind, words: Kind) -> Implementation:
    """``load_groups``, but only ``words`` words are read; the others are zero."""
    if not _is_flat(array) or not isinstance(places, types.UniTuple):
        return None
    size = len(places)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        first = address_of(context, builder, array, *arguments[:2])
        kind = ir.FunctionType(vector, [vector.as_pointer(), _INDEX, _MASK, vector])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.load.v{LANES}i64.p0")
        parts = []
        for part in range(size):
            address = builder.bitcast(builder.gep(first, [ir.Constant(_WORD, part * LANES)]), vector.as_pointer())
            left = builder.sub(arguments[3], ir.Constant(_WORD, part * LANES))
            mask = _between(builder, ir.Constant(_WORD, 0), left)
            zero = ir.Constant(vector, [0] * LANES)
            parts.append(builder.call(function, [address, ir.Constant(_INDEX, _WORD_BYTES), mask, zero]))
        everything = parts[0]
        for number, part in enumerate(parts[1:], start=1):
            joined = number * LANES
            padding = [0] * (joined - LANES)
            wide = _shuffle(builder, part, ir.Constant(vector, ir.Undefined), [*range(LANES), *padding])
            everything = _shuffle(builder, everything, wide, range(joined + LANES))
        return context.make_tuple(builder, signature.return_type, _separated(builder, everything, size))

    return uniform_tuple(Lanes, size)(array, types.int64, places, types.int64), generate


@intrinsic
def load_each(typing_context: Any, array: Kind, index: Kind, places: Kind) -> Implementation:
    """Lanes from ``array[index + 8·k]`` on for k = 0, 1, … as many as there are ``places``."""
    if not _is_flat(array) or not isinstance(places, types.UniTuple):
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        first = address_of(context, builder, array, *arguments[:2])
        addresses = [builder.gep(first, [ir.Constant(_WORD, LANES * k)]) for k in range(len(places))]
        return context.make_tuple(builder, signature.return_type, [load_vector(builder, at, LANES) for at in addresses])

    return uniform_tuple(Lanes, len(places))(array, types.int64, places), generate


@intrinsic
def store_each(typing_context: Any, array: Kind, index: Kind, values: Kind) -> Implementation:
    """The Lanes of a tuple to ``array[index + 8·k]`` for k = 0, 1, …"""
    if not (_is_flat(array) and isinstance(values, types.UniTuple) and values.dtype == Lanes):
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        first = address_of(context, builder, array, *arguments[:2])
        for k, lanes in enumerate(cgutils.unpack_tuple(builder, arguments[2])):
            store_vector(builder, builder.gep(first, [ir.Constant(_WORD, LANES * k)]), lanes)
        return context.get_dummy_value()

    return types.void(array, types.int64, values), generate
