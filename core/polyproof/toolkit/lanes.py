"""Vector code for kernels that hash many messages side by side, one in each lane.

Scratch arrays are flat, word i of lane l at ``i * LANES + l``. A pass loads the words of as many lanes as fill a
register, applies a formula to them and stores the result: the instructions are written where a kernel calls it, so
nothing depends on what the compiler makes of a loop. There is no check of bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import binding, ir
from numba import extending, types
from numba.core import cgutils as untyped_cgutils

from polyproof.toolkit.kernels import align_stack

__all__ = ["Lanes", "lane_pass", "load_rows", "store_rows", "strided_pass"]

Kind = Any
"""A Numba type. Numba's internals are not typed."""
Generator = Callable[[Any, ir.IRBuilder, Any, Sequence[ir.Value]], ir.Value]
Implementation = tuple[Any, Generator] | None
cgutils: Any = untyped_cgutils

_REGISTER_BITS = 512 if binding.get_host_cpu_features().get("avx512f") else 256
"""One register with AVX-512 or AVX2, two where they are narrower."""
_INDEX = ir.IntType(64)
_HALF = ir.IntType(32)


def _intrinsic(definition: Callable[..., Implementation]) -> Any:
    """What a kernel calls, for a definition that takes the typing context and the types of arguments."""
    return extending.intrinsic(definition)


class Lanes:
    """A word of each lane in a register. An integer in an operand's place stands for all lanes."""

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder = builder
        self.value = value

    def _operand(self, other: Lanes | int) -> ir.Value:
        if isinstance(other, int):
            return ir.Constant(self.value.type, [other] * self.value.type.count)
        return other.value

    def __add__(self, other: Lanes | int) -> Lanes:
        return Lanes(self.builder, self.builder.add(self.value, self._operand(other)))

    def __sub__(self, other: Lanes | int) -> Lanes:
        return Lanes(self.builder, self.builder.sub(self.value, self._operand(other)))

    def __mul__(self, other: Lanes | int) -> Lanes:
        return Lanes(self.builder, self.builder.mul(self.value, self._operand(other)))

    def __xor__(self, other: Lanes | int) -> Lanes:
        return Lanes(self.builder, self.builder.xor(self.value, self._operand(other)))

    def __and__(self, other: Lanes | int) -> Lanes:
        return Lanes(self.builder, self.builder.and_(self.value, self._operand(other)))

    def __or__(self, other: Lanes | int) -> Lanes:
        return Lanes(self.builder, self.builder.or_(self.value, self._operand(other)))

    def __invert__(self) -> Lanes:
        return Lanes(self.builder, self.builder.not_(self.value))

    def __rshift__(self, bits: int) -> Lanes:
        return Lanes(self.builder, self.builder.lshr(self.value, self._operand(bits)))

    def rotate_right(self, bits: int) -> Lanes:
        """Rotate every word by fewer bits than it has."""
        kind = self.value.type
        name = f"llvm.fshr.v{kind.count}i{kind.element.width}"
        function = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(kind, [kind] * 3), name)
        return Lanes(self.builder, self.builder.call(function, [self.value, self.value, self._operand(bits)]))

    def minimum(self, other: Lanes | int) -> Lanes:
        """The smaller of two words each, without sign."""
        kind = self.value.type
        name = f"llvm.umin.v{kind.count}i{kind.element.width}"
        function = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(kind, [kind] * 2), name)
        return Lanes(self.builder, self.builder.call(function, [self.value, self._operand(other)]))

    def swap_bytes(self) -> Lanes:
        """Reverse the bytes of every word."""
        kind = self.value.type
        name = f"llvm.bswap.v{kind.count}i{kind.element.width}"
        function = cgutils.get_or_insert_function(self.builder.module, ir.FunctionType(kind, [kind]), name)
        return Lanes(self.builder, self.builder.call(function, [self.value]))


Formula = Callable[[list[Lanes], list[Lanes], list[Lanes]], Sequence[Lanes]]


def _start(context: Any, builder: ir.IRBuilder, kind: Kind, array: ir.Value, index: ir.Value) -> ir.Value:
    """The address of an item of a contiguous array, as if it were flat."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def _load(builder: ir.IRBuilder, address: ir.Value, kind: ir.VectorType) -> ir.Value:
    return builder.load(builder.bitcast(address, kind.as_pointer()), align=kind.element.width // 8)


def _store(builder: ir.IRBuilder, address: ir.Value, value: ir.Value) -> None:
    builder.store(value, builder.bitcast(address, value.type.as_pointer()), align=value.type.element.width // 8)


def _shuffle(builder: ir.IRBuilder, first: ir.Value, second: ir.Value, lanes: Sequence[int]) -> ir.Value:
    return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(_HALF, len(lanes)), list(lanes)))


def _steps(builder: ir.IRBuilder, lanes: int, step: int) -> Any:
    """A loop over lanes, ``step`` at a time: a context manager that gives the first of them."""
    return cgutils.for_range_slice(
        builder, ir.Constant(_INDEX, 0), ir.Constant(_INDEX, lanes), ir.Constant(_INDEX, step), _INDEX
    )


def lane_pass(formula: Formula, lanes: int, words: int, inputs: int, constants: int) -> Any:
    """A function ``(state, input, table, first)`` for kernels: a formula, applied to all ``lanes``.

    The formula gets the ``words`` words of the state, ``inputs`` words of the input, and ``constants`` items of the
    table from ``first`` on, the same for all lanes. It gives the new words of the state.
    """

    @_intrinsic
    def apply(typing_context: Any, state: Kind, input: Kind, table: Kind, first: Kind) -> Implementation:
        word = ir.IntType(state.dtype.bitwidth)
        kind = ir.VectorType(word, _REGISTER_BITS // word.width)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
            zero = ir.Constant(_INDEX, 0)
            state_start = _start(context, builder, state, arguments[0], zero)
            input_start = _start(context, builder, input, arguments[1], zero)
            table_start = _start(context, builder, table, arguments[2], arguments[3])

            def places(start: ir.Value, count: int, step: int) -> list[ir.Value]:
                return [builder.gep(start, [ir.Constant(_INDEX, i * step)]) for i in range(count)]

            def everywhere(place: ir.Value) -> Lanes:
                undefined = ir.Constant(kind, ir.Undefined)
                one = builder.insert_element(undefined, builder.load(place), ir.Constant(_HALF, 0))
                return Lanes(builder, _shuffle(builder, one, undefined, [0] * kind.count))

            align_stack(builder, kind)
            with _steps(builder, lanes, kind.count) as (lane, _):
                targets = places(builder.gep(state_start, [lane]), words, lanes)
                sources = places(builder.gep(input_start, [lane]), inputs, lanes)
                results = formula(
                    [Lanes(builder, _load(builder, place, kind)) for place in targets],
                    [Lanes(builder, _load(builder, place, kind)) for place in sources],
                    [everywhere(place) for place in places(table_start, constants, 1)],
                )
                for place, result in zip(targets, results, strict=True):
                    _store(builder, place, result.value)
            return context.get_dummy_value()

        return types.void(state, input, table, types.int64), generate

    return apply


def strided_pass(
    formula: Callable[[list[Lanes], list[Lanes]], Sequence[Lanes]], lanes: int, words: int, constants: int
) -> Any:
    """A function ``(target, to, to_step, source, at, step, table, first)`` for kernels: a formula on flat arrays.

    Word i of lane l is at ``at + i·step + l`` of the source, and what the formula gives goes to ``to + i·to_step + l``
    of the target, which may be the same array. The formula gets ``words`` words, and ``constants`` items of the table
    from ``first`` on, the same for all ``lanes``.
    """

    @_intrinsic
    def apply(
        typing_context: Any, target: Kind, to: Kind, to_step: Kind, source: Kind, at: Kind, step: Kind, table: Kind,
        first: Kind,
    ) -> Implementation:  # fmt: skip
        word = ir.IntType(source.dtype.bitwidth)
        kind = ir.VectorType(word, _REGISTER_BITS // word.width)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
            ends = _start(context, builder, target, arguments[0], arguments[1])
            begins = _start(context, builder, source, arguments[3], arguments[4])
            table_start = _start(context, builder, table, arguments[6], arguments[7])

            def places(start: ir.Value, lane: int, by: ir.Value, count: int) -> list[ir.Value]:
                offsets = [builder.mul(by, ir.Constant(_INDEX, i)) for i in range(count)]
                return [builder.gep(start, [builder.add(offset, ir.Constant(_INDEX, lane))]) for offset in offsets]

            def everywhere(index: int) -> Lanes:
                undefined = ir.Constant(kind, ir.Undefined)
                item = builder.load(builder.gep(table_start, [ir.Constant(_INDEX, index)]))
                one = builder.insert_element(undefined, item, ir.Constant(_HALF, 0))
                return Lanes(builder, _shuffle(builder, one, undefined, [0] * kind.count))

            align_stack(builder, kind)
            given = [everywhere(index) for index in range(constants)]
            for lane in range(0, lanes, kind.count):
                loaded = [
                    Lanes(builder, _load(builder, place, kind)) for place in places(begins, lane, arguments[5], words)
                ]
                results = formula(loaded, given)
                for place, result in zip(places(ends, lane, arguments[2], len(results)), results, strict=True):
                    _store(builder, place, result.value)
            return context.get_dummy_value()

        signature = types.void(target, types.int64, types.int64, source, types.int64, types.int64, table, types.int64)
        return signature, generate

    return apply


def _transpose(builder: ir.IRBuilder, rows: Sequence[ir.Value]) -> list[ir.Value]:
    """The columns of a square of 32-bit words, 8 × 8 or 16 × 16.

    First 4 × 4 squares within 128 bits, which processors interleave in one instruction; then these squares change
    places, off the diagonal, in squares of 2 × 2 of them and of what that gives.
    """
    size = len(rows)
    quarters = range(0, size, 4)
    low = [q + i + h for q in quarters for i in (0, 1) for h in (0, size)]
    high = [q + i + h for q in quarters for i in (2, 3) for h in (0, size)]
    low_pairs = [q + i + h for q in quarters for h in (0, size) for i in (0, 1)]
    high_pairs = [q + i + h for q in quarters for h in (0, size) for i in (2, 3)]
    columns: list[ir.Value] = []
    for r in quarters:
        a, b = (_shuffle(builder, rows[r], rows[r + 1], order) for order in (low, high))
        c, d = (_shuffle(builder, rows[r + 2], rows[r + 3], order) for order in (low, high))
        columns += [_shuffle(builder, x, y, order) for x, y in ((a, c), (b, d)) for order in (low_pairs, high_pairs)]
    distance = 4
    while distance < size:
        straight = [i if not i & distance else i - distance + size for i in range(size)]
        crossed = [i + distance if not i & distance else i + size for i in range(size)]
        for i in range(size):
            if not i & distance:
                pair = columns[i], columns[i + distance]
                columns[i] = _shuffle(builder, *pair, straight)
                columns[i + distance] = _shuffle(builder, *pair, crossed)
        distance *= 2
    return columns


_WORDS = ir.VectorType(_HALF, _REGISTER_BITS // 32)


def load_rows(lanes: int, columns: int) -> Any:
    """A function ``(rows, index, block)`` for kernels: the halves of words of ``lanes`` rows of a matrix, transposed.

    ``index`` is where in the matrix, as if it were flat, the ``columns`` words of the first row begin; ``block`` gets
    ``2 * columns`` words of 32 bits of every lane. The same words of the ``lanes`` rows after these are prefetched: the
    processor does not see so many rows as streams.
    """

    @_intrinsic
    def apply(typing_context: Any, rows: Kind, index: Kind, block: Kind) -> Implementation:
        size = _WORDS.count

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
            matrix = context.make_array(rows)(context, builder, arguments[0])
            row_words = builder.extract_value(matrix.shape, 1)
            start = _start(context, builder, rows, arguments[0], arguments[1])
            target = _start(context, builder, block, arguments[2], ir.Constant(_INDEX, 0))
            bytes_of = ir.IntType(8).as_pointer()
            prefetch = cgutils.get_or_insert_function(
                builder.module, ir.FunctionType(ir.VoidType(), [bytes_of, _HALF, _HALF, _HALF]), "llvm.prefetch.p0"
            )
            to_read, to_all_levels, data = (ir.Constant(_HALF, value) for value in (0, 3, 1))
            with _steps(builder, lanes, size) as (lane, _):
                places = [
                    builder.gep(start, [builder.mul(row_words, builder.add(lane, ir.Constant(_INDEX, i)))])
                    for i in range(size)
                ]
                ahead = builder.mul(row_words, ir.Constant(_INDEX, lanes))
                for place in places:
                    following = builder.bitcast(builder.gep(place, [ahead]), bytes_of)
                    builder.call(prefetch, [following, to_read, to_all_levels, data])
                for first in range(0, 2 * columns, size):
                    here = [builder.gep(place, [ir.Constant(_INDEX, first // 2)]) for place in places]
                    parts = _transpose(builder, [_load(builder, place, _WORDS) for place in here])
                    for i, part in enumerate(parts):
                        offset = builder.add(lane, ir.Constant(_INDEX, (first + i) * lanes))
                        _store(builder, builder.gep(target, [offset]), part)
            return context.get_dummy_value()

        return types.void(rows, types.int64, block), generate

    return apply


def store_rows(lanes: int) -> Any:
    """A function ``(state, digests, row)`` for kernels: eight words of 32 bits of every lane to rows of four words."""

    @_intrinsic
    def apply(typing_context: Any, state: Kind, digests: Kind, row: Kind) -> Implementation:
        kind = ir.VectorType(_HALF, 8)

        def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
            start = _start(context, builder, state, arguments[0], ir.Constant(_INDEX, 0))
            first = builder.mul(arguments[2], ir.Constant(_INDEX, 4))
            target = _start(context, builder, digests, arguments[1], first)
            with _steps(builder, lanes, 8) as (lane, _):
                here = builder.gep(start, [lane])
                words = [_load(builder, builder.gep(here, [ir.Constant(_INDEX, i * lanes)]), kind) for i in range(8)]
                for i, part in enumerate(_transpose(builder, words)):
                    offset = builder.mul(builder.add(lane, ir.Constant(_INDEX, i)), ir.Constant(_INDEX, 4))
                    _store(builder, builder.gep(target, [offset]), part)
            return context.get_dummy_value()

        return types.void(state, digests, types.int64), generate

    return apply
