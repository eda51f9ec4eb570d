"""Words and lanes for Numba kernels: the formulas of the field as single instructions of a kernel.

``Lanes`` is a Numba type of eight 64-bit words that stays in a vector register (or in two or four on machines
with narrower ones). Kernels written with it do not depend on what LLVM's vectoriser makes of a loop, and
keep accumulators in registers. Every function here takes ``uint64`` scalars, ``Lanes``, or both mixed (a
scalar stands for eight equal lanes), and emits the formula where it is called: nothing is called at run time.

A change here or in ``formulas.py`` gives every kernel that inlines it a new place in the cache:
``polyproof.toolkit.kernels``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

from polyproof_goldilocks import formulas

__all__ = [
    "LANES",
    "Lanes",
    "accumulate",
    "add",
    "broadcast",
    "canonical",
    "discrete_fourier_4",
    "discrete_fourier_8",
    "extension_multiply_2",
    "extension_multiply_3",
    "extension_norm_2",
    "extension_norm_3",
    "load",
    "load_pairs",
    "load_some",
    "load_triples",
    "load_tuple",
    "montgomery",
    "montgomery_product",
    "multiply",
    "negate",
    "prefetch",
    "prefetch_to_write",
    "store",
    "store_pairs",
    "store_some",
    "store_totals",
    "store_triples",
    "subtract",
    "wide_sum",
    "zeros",
]

LANES = 8

_WORD = ir.IntType(64)
_INDEX = ir.IntType(32)
_VECTOR = ir.VectorType(_WORD, LANES)
_WORD_BYTES = 8


class _LanesType(types.Type):
    """The Numba type of eight words."""

    def __init__(self) -> None:
        super().__init__("goldilocks_lanes")


Lanes = _LanesType()


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    """Eight words are one LLVM vector."""

    def __init__(self, manager: Any, frontend_type: types.Type) -> None:
        super().__init__(manager, frontend_type, _VECTOR)


class Word:
    """A value of LLVM's that the formulas compute with: a 64-bit word, eight of them, or conditions."""

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder = builder
        self.value = value

    def _operand(self, other: Word | int) -> ir.Value:
        if isinstance(other, Word):
            return other.value
        kind = self.value.type
        return ir.Constant(kind, [other] * kind.count if isinstance(kind, ir.VectorType) else other)

    def _result(self, value: ir.Value) -> Word:
        return Word(self.builder, value)

    def __add__(self, other: Word | int) -> Word:
        return self._result(self.builder.add(self.value, self._operand(other)))

    def __sub__(self, other: Word | int) -> Word:
        return self._result(self.builder.sub(self.value, self._operand(other)))

    def __rsub__(self, other: int) -> Word:
        return self._result(self.builder.sub(self._operand(other), self.value))

    def __mul__(self, other: Word | int) -> Word:
        return self._result(self.builder.mul(self.value, self._operand(other)))

    def __and__(self, other: Word | int) -> Word:
        return self._result(self.builder.and_(self.value, self._operand(other)))

    def __or__(self, other: Word | int) -> Word:
        return self._result(self.builder.or_(self.value, self._operand(other)))

    def __lshift__(self, bits: int) -> Word:
        return self._result(self.builder.shl(self.value, self._operand(bits)))

    def __rshift__(self, bits: int) -> Word:
        return self._result(self.builder.lshr(self.value, self._operand(bits)))

    def __lt__(self, other: Word | int) -> Word:
        return self._result(self.builder.icmp_unsigned("<", self.value, self._operand(other)))

    def __gt__(self, other: Word | int) -> Word:
        return self._result(self.builder.icmp_unsigned(">", self.value, self._operand(other)))

    def choose(self, yes: Word, no: Word) -> Word:
        """``yes`` where this condition holds, else ``no``."""
        return self._result(self.builder.select(self.value, yes.value, no.value))


# Formulas as intrinsics


def _splat(builder: ir.IRBuilder, word: ir.Value) -> ir.Value:
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, word, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_INDEX, LANES), [0] * LANES))


def _is_word(kind: types.Type) -> bool:
    return kind == types.uint64 or kind == Lanes


def _apply(formula: Callable[..., Any], kinds: Sequence[types.Type], results: int = 0) -> Any:
    """Signature and code generator of a formula on words and tuples of words.

    ``results`` is the length of the tuple the formula returns, 0 if it returns a word. ``None`` for arguments of other
    types: Numba then reports them.
    """
    leaves = [leaf for kind in kinds for leaf in (kind.types if isinstance(kind, types.BaseTuple) else [kind])]
    if not all(_is_word(leaf) for leaf in leaves):
        return None
    kind_of_result = Lanes if Lanes in leaves else types.uint64

    def word(builder: ir.IRBuilder, value: ir.Value) -> Word:
        if kind_of_result == Lanes and not isinstance(value.type, ir.VectorType):
            value = _splat(builder, value)
        return Word(builder, value)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        operands: list[Any] = []
        for kind, argument in zip(kinds, arguments, strict=True):
            if isinstance(kind, types.BaseTuple):
                operands.append([word(builder, value) for value in cgutils.unpack_tuple(builder, argument)])
            else:
                operands.append(word(builder, argument))
        result = formula(*operands)
        if not results:
            return result.value
        return context.make_tuple(builder, signature.return_type, [item.value for item in result])

    returned = types.UniTuple(kind_of_result, results) if results else kind_of_result
    return returned(*kinds), generate


@intrinsic
def add(typing_context, a, b):
    """a + b; canonical for canonical operands; a may be any word, then so may the result."""
    return _apply(formulas.add, (a, b))


@intrinsic
def subtract(typing_context, a, b):
    """a − b; canonical for canonical operands; a may be any word, then so may the result."""
    return _apply(formulas.subtract, (a, b))


@intrinsic
def negate(typing_context, a):
    """−a; canonical for a canonical operand."""
    return _apply(formulas.negate, (a,))


@intrinsic
def multiply(typing_context, a, b):
    """a · b of any two words, canonical."""
    return _apply(formulas.multiply, (a, b))


@intrinsic
def canonical(typing_context, a):
    """The canonical word of any word's residue."""
    return _apply(formulas.canonical, (a,))


@intrinsic
def montgomery(typing_context, a, low, high):
    """a · (low + 2^32·high) · 2^−64 of any word and canonical second factor, canonical."""
    return _apply(formulas.montgomery, (a, low, high))


@intrinsic
def montgomery_product(typing_context, a, b):
    """a · b · 2^−64 of any word a and canonical b, canonical."""
    return _apply(lambda a, b: formulas.montgomery(a, b, b >> 32), (a, b))


@intrinsic
def discrete_fourier_4(typing_context, a_0, a_1, a_2, a_3):
    """The transform of size 4; canonical words."""
    return _apply(formulas.discrete_fourier_4, (a_0, a_1, a_2, a_3), 4)


@intrinsic
def discrete_fourier_8(typing_context, a_0, a_1, a_2, a_3, a_4, a_5, a_6, a_7):
    """The transform of size 8; canonical words."""
    return _apply(formulas.discrete_fourier_8, (a_0, a_1, a_2, a_3, a_4, a_5, a_6, a_7), 8)


@intrinsic
def wide_sum(typing_context, sums):
    """A tuple of six accumulated sums to one canonical word."""
    return _apply(formulas.wide_sum, (sums,))


@intrinsic
def extension_multiply_2(typing_context, a, b):
    """The product of two pairs of canonical words in F[θ]/(θ² − 7)."""
    return _apply(formulas.extension_multiply, (a, b), 2)


@intrinsic
def extension_multiply_3(typing_context, a, b):
    """The product of two triples of canonical words in F[θ]/(θ³ − 7)."""
    return _apply(formulas.extension_multiply, (a, b), 3)


def _norm(a: Sequence[Word]) -> tuple[Word, ...]:
    norm, cofactors = formulas.extension_norm(a)
    return norm, *cofactors


@intrinsic
def extension_norm_2(typing_context, a):
    """(N(a), c) with a·c = N(a) for a pair: three words."""
    return _apply(_norm, (a,), 3)


@intrinsic
def extension_norm_3(typing_context, a):
    """(N(a), c) with a·c = N(a) for a triple: four words."""
    return _apply(_norm, (a,), 4)


def _accumulate(sums: Sequence[Word], a: Word, limbs: Sequence[Word]) -> tuple[Word, ...]:
    """Add a·b to the six sums of each coefficient; see ``formulas.wide_sum``."""
    halves = (a & 0xFFFF_FFFF, a >> 32)
    result = []
    for k in range(len(limbs) // 3):
        for i, half in enumerate(halves):
            for j in range(3):
                # A limb has 22 bits; saying so lets LLVM multiply 32-bit halves.
                result.append(sums[6 * k + 3 * i + j] + half * (limbs[3 * k + j] & 0x3F_FFFF))
    return tuple(result)


@intrinsic
def accumulate(typing_context, sums, a, limbs):
    """Add products of any word a to ``sums`` (six a coefficient), by limbs (three a coefficient)."""
    return _apply(_accumulate, (sums, a, limbs), len(sums))


# Lanes in memory


def _address(context: Any, builder: ir.IRBuilder, kind: types.Type, array: ir.Value, index: ir.Value) -> ir.Value:
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


def _is_flat(kind: types.Type) -> bool:
    return isinstance(kind, types.Array) and (kind.dtype, kind.ndim, kind.layout) == (types.uint64, 1, "C")


def _load_vector(builder: ir.IRBuilder, address: ir.Value, words: int) -> ir.Value:
    return builder.load(builder.bitcast(address, ir.VectorType(_WORD, words).as_pointer()), align=_WORD_BYTES)


def _store_vector(builder: ir.IRBuilder, address: ir.Value, vector: ir.Value) -> None:
    builder.store(vector, builder.bitcast(address, vector.type.as_pointer()), align=_WORD_BYTES)


def _shuffle(builder: ir.IRBuilder, first: ir.Value, second: ir.Value, lanes: Sequence[int]) -> ir.Value:
    return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(_INDEX, len(lanes)), list(lanes)))


@intrinsic
def load(typing_context, array, index):
    """Lanes from ``array[index : index + 8]``; no check of bounds, no alignment needed."""
    if not _is_flat(array):
        return None

    def generate(context, builder, signature, arguments):
        return _load_vector(builder, _address(context, builder, array, *arguments), LANES)

    return Lanes(array, types.int64), generate


@intrinsic
def store(typing_context, array, index, lanes):
    """Lanes to ``array[index : index + 8]``; no check of bounds, no alignment needed."""
    if not _is_flat(array) or lanes != Lanes:
        return None

    def generate(context, builder, signature, arguments):
        _store_vector(builder, _address(context, builder, array, *arguments[:2]), arguments[2])
        return context.get_dummy_value()

    return types.void(array, types.int64, Lanes), generate


def _between(builder: ir.IRBuilder, low: ir.Value, high: ir.Value) -> ir.Value:
    """Which lanes are in [low, high)."""
    lanes = ir.Constant(_VECTOR, list(range(LANES)))
    return builder.and_(
        builder.icmp_signed(">=", lanes, _splat(builder, low)), builder.icmp_signed("<", lanes, _splat(builder, high))
    )


_MASK = ir.VectorType(ir.IntType(1), LANES)


@intrinsic
def load_some(typing_context, array, index, low, high):
    """``load``, but only lanes low … high − 1 are read; the others are zero."""
    if not _is_flat(array):
        return None

    def generate(context, builder, signature, arguments):
        address = builder.bitcast(_address(context, builder, array, *arguments[:2]), _VECTOR.as_pointer())
        kind = ir.FunctionType(_VECTOR, [address.type, _INDEX, _MASK, _VECTOR])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.load.v{LANES}i64.p0")
        zero = ir.Constant(_VECTOR, [0] * LANES)
        mask = _between(builder, *arguments[2:])
        return builder.call(function, [address, ir.Constant(_INDEX, _WORD_BYTES), mask, zero])

    return Lanes(array, types.int64, types.int64, types.int64), generate


@intrinsic
def store_some(typing_context, array, index, low, high, lanes):
    """``store``, but only lanes low … high − 1 are written."""
    if not _is_flat(array) or lanes != Lanes:
        return None

    def generate(context, builder, signature, arguments):
        address = builder.bitcast(_address(context, builder, array, *arguments[:2]), _VECTOR.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [_VECTOR, address.type, _INDEX, _MASK])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.store.v{LANES}i64.p0")
        mask = _between(builder, *arguments[2:4])
        builder.call(function, [arguments[4], address, ir.Constant(_INDEX, _WORD_BYTES), mask])
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, types.int64, Lanes), generate


def _prefetch(array: types.Type, write: bool) -> Any:
    if not _is_flat(array):
        return None

    def generate(context, builder, signature, arguments):
        bytes_of = ir.IntType(8).as_pointer()
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [bytes_of, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        address = builder.bitcast(_address(context, builder, array, *arguments), bytes_of)
        to_second_level, data = 2, 1
        builder.call(function, [address, *(ir.Constant(flag, value) for value in (int(write), to_second_level, data))])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@intrinsic
def prefetch(typing_context, array, index):
    """Ask for the cache line of ``array[index]``, which need not exist, to be there for reading soon."""
    return _prefetch(array, False)


@intrinsic
def prefetch_to_write(typing_context, array, index):
    """Ask for the cache line of ``array[index]``, which need not exist, to be there for writing soon."""
    return _prefetch(array, True)


@intrinsic
def broadcast(typing_context, word):
    """Eight times one word."""
    if word != types.uint64:
        return None

    def generate(context, builder, signature, arguments):
        return _splat(builder, arguments[0])

    return Lanes(types.uint64), generate


@intrinsic(prefer_literal=True)
def load_tuple(typing_context, array, index, count, step):
    """``count`` (a literal) items from ``array[index]`` on: Lanes for ``step`` 8, words for ``step`` 1."""
    if not (_is_flat(array) and isinstance(count, types.IntegerLiteral) and isinstance(step, types.IntegerLiteral)):
        return None
    width = step.literal_value

    def generate(context, builder, signature, arguments):
        first = _address(context, builder, array, *arguments[:2])
        addresses = [builder.gep(first, [ir.Constant(_WORD, width * i)]) for i in range(count.literal_value)]
        values = [_load_vector(builder, at, width) if width > 1 else builder.load(at) for at in addresses]
        return context.make_tuple(builder, signature.return_type, values)

    items = types.UniTuple(Lanes if width > 1 else types.uint64, count.literal_value)
    return items(array, types.int64, count, step), generate


@intrinsic
def store_totals(typing_context, array, index, sums):
    """The sum of the eight lanes of ``sums[l]`` modulo 2^64 to ``array[index + 8·l]``, for every l."""
    if not (_is_flat(array) and isinstance(sums, types.UniTuple) and sums.dtype == Lanes):
        return None

    def generate(context, builder, signature, arguments):
        name = f"llvm.vector.reduce.add.v{LANES}i64"
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_WORD, [_VECTOR]), name)
        first = _address(context, builder, array, *arguments[:2])
        for i, lanes in enumerate(cgutils.unpack_tuple(builder, arguments[2])):
            builder.store(builder.call(function, [lanes]), builder.gep(first, [ir.Constant(_WORD, LANES * i)]))
        return context.get_dummy_value()

    return types.void(array, types.int64, sums), generate


@intrinsic(prefer_literal=True)
def zeros(typing_context, count):
    """``count`` (a literal) Lanes of zeros."""
    if not isinstance(count, types.IntegerLiteral):
        return None

    def generate(context, builder, signature, arguments):
        zero = ir.Constant(_VECTOR, [0] * LANES)
        return context.make_tuple(builder, signature.return_type, [zero] * count.literal_value)

    return types.UniTuple(Lanes, count.literal_value)(count), generate


# Eight elements of an extension: interleaved in memory, one vector a coefficient in registers


def _load_interleaved(array: types.Type, degree: int) -> Any:
    if not _is_flat(array):
        return None

    def generate(context, builder, signature, arguments):
        everything = _load_vector(builder, _address(context, builder, array, *arguments), LANES * degree)
        undefined = ir.Constant(everything.type, ir.Undefined)
        parts = [_shuffle(builder, everything, undefined, range(k, LANES * degree, degree)) for k in range(degree)]
        return context.make_tuple(builder, signature.return_type, parts)

    return types.UniTuple(Lanes, degree)(array, types.int64), generate


def _store_interleaved(array: types.Type, elements: types.Type, degree: int) -> Any:
    if not _is_flat(array) or elements != types.UniTuple(Lanes, degree):
        return None

    def generate(context, builder, signature, arguments):
        parts = cgutils.unpack_tuple(builder, arguments[2])
        if degree == 3:  # two sources at a time: (0 ‖ 1) and (2 ‖ undefined)
            parts.append(ir.Constant(_VECTOR, ir.Undefined))
        joined = [_shuffle(builder, parts[k], parts[k + 1], range(2 * LANES)) for k in range(0, len(parts), 2)]
        everything = joined[0]
        if degree == 3:
            everything = _shuffle(builder, joined[0], joined[1], range(4 * LANES))
        order = [k * LANES + i for i in range(LANES) for k in range(degree)]
        mixed = _shuffle(builder, everything, ir.Constant(everything.type, ir.Undefined), order)
        _store_vector(builder, _address(context, builder, array, *arguments[:2]), mixed)
        return context.get_dummy_value()

    return types.void(array, types.int64, elements), generate


@intrinsic
def load_pairs(typing_context, array, index):
    """Eight elements of the extension of degree 2 from ``array[index : index + 16]``."""
    return _load_interleaved(array, 2)


@intrinsic
def load_triples(typing_context, array, index):
    """Eight elements of the extension of degree 3 from ``array[index : index + 24]``."""
    return _load_interleaved(array, 3)


@intrinsic
def store_pairs(typing_context, array, index, elements):
    """Eight elements of the extension of degree 2 to ``array[index : index + 16]``."""
    return _store_interleaved(array, elements, 2)


@intrinsic
def store_triples(typing_context, array, index, elements):
    """Eight elements of the extension of degree 3 to ``array[index : index + 24]``."""
    return _store_interleaved(array, elements, 3)
