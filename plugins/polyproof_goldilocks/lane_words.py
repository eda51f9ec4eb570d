"""Words in registers: what the formulas of ``reduction`` become in a kernel, as LLVM instructions.

A word has two forms, itself and *raised* by 2^63. Where vectors are compared as signed numbers alone, as AVX2 does,
a < b is the comparison of the raised forms. Raising a word takes an instruction, but a sum with a constant, or a choice
among such sums, comes in either form for the same price, and the difference of two words is that of their raised
forms. So an instruction is written only when a form is asked for, and from the forms that are there by then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

from llvmlite import binding, ir

from polyproof_goldilocks.reduction import Word

__all__ = ["REGISTER", "OrderedValue", "Value"]

_WIDE = bool(binding.get_host_cpu_features().get("avx512f"))
REGISTER = 8 if _WIDE else 4
"""Words of a vector register, with AVX-512 or AVX2. Where registers are narrower two of them are taken for one."""
_SIGNED_ONLY = not _WIDE
"""Whether vectors are compared as signed numbers alone. Scalars never are."""
_RAISE = 2**63

_Writer = Callable[[bool], ir.Value]


def _constant(kind: Any, number: int) -> ir.Constant:
    word = number % 2**64
    return ir.Constant(kind, [word] * kind.count if isinstance(kind, ir.VectorType) else word)


class Value(Word):
    """A word, many of them side by side, or conditions."""

    at_once: ClassVar[bool] = False
    """Whether instructions are written in the order of the formula, and no word is raised."""

    def __init__(self, builder: ir.IRBuilder, value: ir.Value | None, write: _Writer | None = None) -> None:
        """A value of LLVM's, or a function that writes the word when it is asked for, with ``True`` the raised word."""
        self.builder = builder
        self._forms: dict[bool, ir.Value] = {} if value is None else {False: value}
        vector = value is not None and isinstance(value.type, ir.VectorType)
        self._signed = vector and _SIGNED_ONLY and not self.at_once
        """Whether it is compared as a signed number."""
        self._write = write or (lambda _: self._flipped())
        self._origin: tuple[Value, int] = self, 0
        """An earlier word, and the constant that was added to it."""

    @property
    def value(self) -> ir.Value:
        """The word, as LLVM has it."""
        return self._form(False)

    def _form(self, raised: bool) -> ir.Value:
        if raised not in self._forms:
            self._forms[raised] = self._write(raised)
        return self._forms[raised]

    def _flipped(self) -> ir.Value:
        """The form that is not there, from the one that is."""
        (form,) = self._forms.values()
        return self.builder.xor(form, _constant(form.type, _RAISE))

    def _operand(self, other: Self | int) -> ir.Value:
        return _constant(self.value.type, other) if isinstance(other, int) else other.value

    def _later(self, write: _Writer) -> Self:
        later = type(self)(self.builder, None, write)
        later._signed = self._signed
        if self.at_once:
            later._form(False)
        return later

    def _now(self, value: ir.Value) -> Self:
        return type(self)(self.builder, value)

    def _at_hand(self, raised: bool) -> tuple[ir.Value, int]:
        """This form, or the other one if that is there, and what is to be added to it for this one."""
        given = raised if raised in self._forms or not self._forms else not raised
        return self._form(given), _RAISE * (given != raised)

    def __add__(self, other: Self | int) -> Self:
        if isinstance(other, int):
            origin, before = self._origin

            def move(raised: bool) -> ir.Value:
                word, more = origin._at_hand(raised)
                return self.builder.add(word, _constant(word.type, before + other + more))

            moved = self._later(move)
            moved._origin = origin, before + other
            return moved

        def write(raised: bool) -> ir.Value:
            if not raised:
                return self.builder.add(self.value, other.value)
            if True in other._forms:
                return self.builder.add(self.value, other._form(True))
            return total._flipped() if total._forms else self.builder.add(self._form(True), other.value)

        total = self._later(write)
        return total

    def __sub__(self, other: Self | int) -> Self:
        if isinstance(other, int):
            return self + -other

        def write(raised: bool) -> ir.Value:
            if raised:
                difference._form(False)
                return difference._flipped()
            both = True in self._forms and True in other._forms
            return self.builder.sub(self._form(both), other._form(both))

        difference = self._later(write)
        return difference

    def __rsub__(self, other: int) -> Self:
        def write(raised: bool) -> ir.Value:
            word, more = self._at_hand(raised)
            return self.builder.sub(_constant(word.type, other + more), word)

        return self._later(write)

    def __mul__(self, other: Self | int) -> Self:
        return self._now(self.builder.mul(self.value, self._operand(other)))

    def __and__(self, other: Self | int) -> Self:
        return self._now(self.builder.and_(self.value, self._operand(other)))

    def __or__(self, other: Self | int) -> Self:
        return self._now(self.builder.or_(self.value, self._operand(other)))

    def __xor__(self, other: Self | int) -> Self:
        return self._now(self.builder.xor(self.value, self._operand(other)))

    def __lshift__(self, bits: int) -> Self:
        return self._now(self.builder.shl(self.value, self._operand(bits)))

    def __rshift__(self, bits: int) -> Self:
        return self._now(self.builder.lshr(self.value, self._operand(bits)))

    def __lt__(self, other: Self | int) -> Self:
        raised = self._signed
        # The second first: it may be a term of the first.
        if isinstance(other, int):
            first = self._form(raised)
            second = _constant(first.type, other + _RAISE * raised)
        else:
            second = other._form(raised)
            first = self._form(raised)
        compare = self.builder.icmp_signed if raised else self.builder.icmp_unsigned
        return self._now(compare("<", first, second))

    def choose(self, yes: Self, no: Self) -> Self:
        """As ``Word`` has it: an earlier word plus the one or the other constant."""
        (origin, more), (same, less) = yes._origin, no._origin
        if origin is not same:
            raise ValueError("a formula chooses, by a comparison, between a word and that word plus a constant")

        if self.at_once:
            return self._now(self.builder.select(self.value, yes.value, no.value))

        def write(raised: bool) -> ir.Value:
            word, both = origin._at_hand(raised)
            constants = (_constant(word.type, number + both) for number in (more, less))
            return self.builder.add(word, self.builder.select(self.value, *constants))

        return self._later(write)


class OrderedValue(Value):
    """A value whose instructions have the formula's order: measured to be faster for chains of products."""

    at_once = True
