"""Formulas on words as vector instructions: the arithmetic of the compiled engine.

``Lanes`` is a Numba type of eight 64-bit words that stays in a vector register (or in two or four on machines
with narrower ones). Kernels written with it do not depend on what LLVM's vectoriser makes of a loop, and
keep accumulators in registers. Every function here takes ``uint64`` scalars, ``Lanes``, or both mixed (a
scalar stands for eight equal lanes), and writes the formula's LLVM instructions where a kernel calls it: nothing is
called at run time. For lanes in memory see ``lane_memory``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils as untyped_cgutils

from polyproof_goldilocks import reduction
from polyproof_goldilocks.lane_words import Value

__all__ = [
    "LANES",
    "Implementation",
    "Kind",
    "Lanes",
    "Value",
    "accumulate",
    "add",
    "broadcast",
    "canonical",
    "cgutils",
    "extension_multiply_2",
    "extension_multiply_3",
    "extension_norm_2",
    "extension_norm_3",
    "halves",
    "helper_terms",
    "intrinsic",
    "join",
    "montgomery_product",
    "multiply",
    "negate",
    "splat",
    "square",
    "subtract",
    "uniform_tuple",
    "vector",
    "wide_sum",
]

LANES = 8

Kind = Any
"""A Numba type. Numba's internals are not typed."""
cgutils: Any = untyped_cgutils
uniform_tuple: Any = types.UniTuple

_WORD = ir.IntType(64)
_INDEX = ir.IntType(32)
vector = ir.VectorType(_WORD, LANES)
"""LLVM's type of ``Lanes``."""

Generator = Callable[[Any, ir.IRBuilder, Any, Sequence[ir.Value]], ir.Value]
"""Writes the instructions of a call: of Numba's context, a builder, the signature and the arguments' values."""
Implementation = tuple[Any, Generator] | None
"""The Numba signature of a call and its generator; ``None`` for types that a function does not take."""


def intrinsic(definition: Callable[..., Implementation], **options: Any) -> Any:
    """Decorator: what a kernel calls, for a definition that takes the typing context and the types of arguments.

    What it returns takes the arguments themselves, which only kernels have.
    """
    return extending.intrinsic(**options)(definition) if options else extending.intrinsic(definition)


class _LanesType(types.Type):
    """The Numba type of eight words."""

    def __init__(self) -> None:
        super().__init__("goldilocks_lanes")


Lanes = _LanesType()


@extending.register_model(_LanesType)
class _LanesModel(extending.models.PrimitiveModel):
    """Eight words are one LLVM vector."""

    def __init__(self, manager: Any, kind: Kind) -> None:
        super().__init__(manager, kind, vector)  # type: ignore[no-untyped-call]


# Formulas as intrinsics


def splat(builder: ir.IRBuilder, word: ir.Value, lanes: int = LANES) -> ir.Value:
    """Eight times one word, or so many times."""
    undefined = ir.Constant(ir.VectorType(_WORD, lanes), ir.Undefined)
    first = builder.insert_element(undefined, word, ir.Constant(_INDEX, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(_INDEX, lanes), [0] * lanes))


def _apply(formula: Callable[..., Any], kinds: Sequence[Kind], results: int = 0) -> Implementation:
    """Signature and code generator of a formula on words and tuples of words.

    ``results`` is the length of the tuple the formula returns, 0 if it returns a word. ``None`` for arguments of other
    types: Numba then reports them.
    """
    leaves = [leaf for kind in kinds for leaf in getattr(kind, "types", [kind])]
    if not all(leaf in (types.uint64, Lanes) for leaf in leaves):
        return None
    kind_of_result = Lanes if Lanes in leaves else types.uint64

    def word(builder: ir.IRBuilder, value: ir.Value) -> Value:
        if kind_of_result == Lanes and not isinstance(value.type, ir.VectorType):
            value = splat(builder, value)
        return Value(builder, value)

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

    returned = uniform_tuple(kind_of_result, results) if results else kind_of_result
    return returned(*kinds), generate


@intrinsic
def add(typing_context: Any, a: Kind, b: Kind) -> Implementation:
    """a + b; canonical for canonical operands; a may be any word, then so may the result."""
    return _apply(reduction.add, (a, b))


@intrinsic
def subtract(typing_context: Any, a: Kind, b: Kind) -> Implementation:
    """a − b; canonical for canonical operands; a may be any word, then so may the result."""
    return _apply(reduction.subtract, (a, b))


@intrinsic
def negate(typing_context: Any, a: Kind) -> Implementation:
    """−a; canonical for a canonical operand."""
    return _apply(reduction.negate, (a,))


@intrinsic
def multiply(typing_context: Any, a: Kind, b: Kind) -> Implementation:
    """a · b of any two words, canonical."""
    return _apply(reduction.multiply, (a, b))


@intrinsic
def square(typing_context: Any, a: Kind) -> Implementation:
    """a² of any word, canonical."""
    return _apply(reduction.square, (a,))


@intrinsic
def join(typing_context: Any, low: Kind, high: Kind) -> Implementation:
    """low + 2^32·high for words below 2^62: some word of the right residue."""
    return _apply(reduction.join, (low, high))


@intrinsic
def canonical(typing_context: Any, a: Kind) -> Implementation:
    """The canonical word of any word's residue."""
    return _apply(reduction.canonical, (a,))


@intrinsic
def montgomery_product(typing_context: Any, a: Kind, b: Kind) -> Implementation:
    """a · b · 2^−64 of any word a and canonical b, canonical."""
    return _apply(lambda a, b: reduction.montgomery(a, b, b >> 32), (a, b))


@intrinsic
def wide_sum(typing_context: Any, sums: Kind) -> Implementation:
    """A tuple of six accumulated sums to one canonical word."""
    return _apply(reduction.wide_sum, (sums,))


@intrinsic
def extension_multiply_2(typing_context: Any, a: Kind, b: Kind) -> Implementation:
    """The product of two pairs of canonical words in F[θ]/(θ² − 7)."""
    return _apply(reduction.extension_multiply, (a, b), 2)


@intrinsic
def extension_multiply_3(typing_context: Any, a: Kind, b: Kind) -> Implementation:
    """The product of two triples of canonical words in F[θ]/(θ³ − 7)."""
    return _apply(reduction.extension_multiply, (a, b), 3)


def _norm(a: Sequence[Value]) -> tuple[Value, ...]:
    norm, cofactors = reduction.extension_norm(a)
    return norm, *cofactors


@intrinsic
def extension_norm_2(typing_context: Any, a: Kind) -> Implementation:
    """(N(a), c) with a·c = N(a) for a pair: three words."""
    return _apply(_norm, (a,), 3)


@intrinsic
def extension_norm_3(typing_context: Any, a: Kind) -> Implementation:
    """(N(a), c) with a·c = N(a) for a triple: four words."""
    return _apply(_norm, (a,), 4)


def _accumulate(sums: Sequence[Value], a: Value, limbs: Sequence[Value]) -> tuple[Value, ...]:
    """Add a·b to the six sums of each coefficient; see ``reduction.wide_sum``."""
    halves = (a & 0xFFFF_FFFF, a >> 32)
    result = []
    for k in range(len(limbs) // 3):
        for i, half in enumerate(halves):
            for j in range(3):
                # A limb has 22 bits; saying so lets LLVM multiply 32-bit halves.
                result.append(sums[6 * k + 3 * i + j] + half * (limbs[3 * k + j] & 0x3F_FFFF))
    return tuple(result)


@intrinsic
def accumulate(typing_context: Any, sums: Kind, a: Kind, limbs: Kind) -> Implementation:
    """Add products of any word a to ``sums`` (six a coefficient), by limbs (three a coefficient)."""
    return _apply(_accumulate, (sums, a, limbs), len(sums))


def _helper_terms(
    sums: Sequence[Value], values: Sequence[Value], helper: Sequence[Value], product: Any, cofactors: Any
) -> tuple[Value, ...]:
    return reduction.helper_terms(sums, reduction.symmetric_sums(values), helper, product, cofactors)


@intrinsic
def helper_terms(
    typing_context: Any, sums: Kind, values: Kind, helper: Kind, product: Kind, cofactors: Kind
) -> Implementation:
    """``sums`` and the terms of eight helper constraints, one a lane; see ``reduction.helper_terms``."""
    return _apply(_helper_terms, (sums, values, helper, product, cofactors), len(sums))


@intrinsic
def halves(typing_context: Any, words: Kind) -> Implementation:
    """The lower and the upper 32 bits of every word, in turn."""
    return _apply(lambda words: [half for w in words for half in (w & 0xFFFF_FFFF, w >> 32)], (words,), 2 * len(words))


@intrinsic
def broadcast(typing_context: Any, word: Kind) -> Implementation:
    """Eight times one word."""
    if word != types.uint64:
        return None

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Sequence[ir.Value]) -> ir.Value:
        return splat(builder, arguments[0])

    return Lanes(types.uint64), generate
