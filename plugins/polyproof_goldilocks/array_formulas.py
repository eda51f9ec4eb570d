"""Formulas on words as lists of numpy calls: the arithmetic of the portable engine.

A formula is called once, on words that record what is done with them. The record is then run on arrays of any size, a
block at a time, in buffers that stay in the cache: if the formula were evaluated on arrays, every step would allocate
one, which costs as much as the step itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from typing import Any, Self

import numpy as np

from polyproof.field import Elements
from polyproof_goldilocks.reduction import Word

__all__ = ["ArrayFormula", "Steps", "run"]

_BLOCK = 12 << 10
"""Words of a block: twelve elements of a thousand states. Half a dozen buffers fit the cache."""


class _Scratch(threading.local):
    """Buffers of one block, of words and of flags; every thread has its own."""

    def __init__(self) -> None:
        self._arrays: dict[tuple[bool, int], Any] = {}

    def buffer(self, of_flags: bool, number: int, size: int) -> Any:
        """So much of the buffer of this kind and number."""
        found = self._arrays.get((of_flags, number))
        if found is None or len(found) < size:
            found = self._arrays[of_flags, number] = np.empty(max(size, _BLOCK), np.bool_ if of_flags else np.uint64)
        return found[:size]


_scratch = _Scratch()


_Call = Callable[[Any, Any, Any], Any]
"""``call(first, second, result)``, as ufuncs are called."""


Steps = list[tuple[_Call, Any, Any, Any]]
"""Calls with the arrays that they are made on, in order."""


def run(steps: Steps) -> None:
    """Make the calls."""
    for call, first, second, result in steps:
        call(first, second, result)


def _given(first: Any, second: Any, result: Any) -> None:
    """No call: the word is an input."""


def _widen(flags: Any, _: Any, words: Any) -> None:
    """Flags to words: 0 or 1."""
    words[...] = flags


class _Step(Word):
    """The word that a call gives for earlier words and constants."""

    _numbers = count()

    def __init__(self, call: _Call = _given, first: _Step | int = 0, second: _Step | int = 0) -> None:
        self.number = next(_Step._numbers)
        self.call = call
        self.operands = tuple(operand % 2**64 if isinstance(operand, int) else operand for operand in (first, second))
        self.origin: tuple[_Step, int] = self, 0
        """An earlier word, and the constant that was added to it."""

    def __add__(self, other: Self | int) -> Self:
        result = type(self)(np.add, self, other)
        if isinstance(other, int):
            origin, before = self.origin
            result.origin = origin, before + other
        return result

    def __sub__(self, other: Self | int) -> Self:
        if isinstance(other, int):
            return self + -other
        word, bits = self.operands
        if self.call is np.left_shift and word is other and isinstance(bits, int):
            product: Self = other * (2**bits - 1)  # numpy multiplies as fast as it shifts
            return product
        return type(self)(np.subtract, self, other)

    def __rsub__(self, other: int) -> Self:
        return type(self)(np.subtract, other, self)

    def __mul__(self, other: Self | int) -> Self:
        return type(self)(np.multiply, self, other)

    def __and__(self, other: Self | int) -> Self:
        return type(self)(np.bitwise_and, self, other)

    def __or__(self, other: Self | int) -> Self:
        return type(self)(np.bitwise_or, self, other)

    def __xor__(self, other: Self | int) -> Self:
        return type(self)(np.bitwise_xor, self, other)

    def __lshift__(self, bits: int) -> Self:
        return type(self)(np.left_shift, self, bits)

    def __rshift__(self, bits: int) -> Self:
        return type(self)(np.right_shift, self, bits)

    def __lt__(self, other: Self | int) -> Self:
        return type(self)(np.less, self, other)

    def choose(self, yes: Self, no: Self) -> Self:
        """One of the two plus what the other is more, or nothing: numpy's own choice takes several times as long."""
        (origin, more), (same, less) = yes.origin, no.origin
        if origin is not same or self.call is not np.less:
            raise ValueError("a formula chooses, by a comparison, between a word and that word plus a constant")
        condition, first, addend = self, no, more - less
        if more == 0:  # no need to compute the other
            condition, first, addend = type(self)(np.greater_equal, *self.operands), yes, less - more
        return first + type(self)(np.multiply, type(self)(_widen, condition, condition), addend)

    @property
    def is_condition(self) -> bool:
        """Whether it is flags, not words."""
        return self.call in (np.less, np.greater_equal)


def _steps_before(result: _Step) -> list[_Step]:
    """The calls that a result needs, and the result, in the order in which they were written down."""
    found: set[_Step] = set()
    waiting: list[_Step | int] = [result]
    while waiting:
        step = waiting.pop()
        if isinstance(step, _Step) and step.call is not _given and step not in found:
            found.add(step)
            waiting += step.operands
    return sorted(found, key=lambda step: step.number)


class ArrayFormula:
    """A formula of words with one result, for arrays that broadcast against each other."""

    def __init__(self, formula: Callable[..., Any], inputs: int) -> None:
        """``formula`` takes ``inputs`` words and gives one. It is called here and never again."""
        arguments = [_Step() for _ in range(inputs)]
        result: _Step = formula(*arguments)
        if result in arguments:
            result = result + 0  # so that it is copied
        steps = _steps_before(result)
        constants = list(dict.fromkeys(value for step in steps for value in step.operands if isinstance(value, int)))
        self._constants = [np.array(value, np.uint64) for value in constants]
        # All that calls take and give has a place: inputs, result, constants, buffers, which are free after a last use.
        places = {item: place for place, item in enumerate([*arguments, result, *constants])}
        last_use = {operand: step for step in steps for operand in step.operands}
        self._buffers: list[tuple[bool, int]] = []
        free: dict[bool, list[int]] = {False: [], True: []}
        self._calls: list[tuple[_Call, int, int, int]] = []
        for step in steps:
            first, second = (places[operand] for operand in step.operands)
            for operand in set(step.operands):
                if isinstance(operand, _Step) and operand.call is not _given and last_use[operand] is step:
                    free[operand.is_condition].append(places[operand])
            if step is not result:
                if not free[step.is_condition]:
                    free[step.is_condition].append(len(arguments) + 1 + len(constants) + len(self._buffers))
                    self._buffers.append(
                        (step.is_condition, sum(step.is_condition is kind for kind, _ in self._buffers))
                    )
                places[step] = free[step.is_condition].pop()
            self._calls.append((step.call, first, second, places[step]))

    def __call__(self, *arrays: Elements, out: Elements | None = None) -> Elements:
        """The formula element by element, in a new array or in ``out``: contiguous, and possibly one of the inputs."""
        if out is None:
            shape = arrays[0].shape
            if any(array.shape != shape for array in arrays):
                shape = np.broadcast_shapes(*(array.shape for array in arrays))
            out = np.empty(shape, np.uint64)
        if all(array.shape == out.shape and array.flags.c_contiguous for array in arrays):
            self._run([array.reshape(-1) for array in arrays], out.reshape(-1))
        else:
            self._run(list(arrays), out)
        return out

    def on(self, *arrays: Elements, out: Elements) -> Steps:
        """The calls that ``formula(*arrays, out=out)`` makes, for arrays of one block on which they are run many times.

        Their buffers belong to this thread, and to every other formula that runs in it.
        """
        places = [*arrays, out, *self._constants]
        places += [_scratch.buffer(*buffer, out.size).reshape(out.shape) for buffer in self._buffers]
        return [(call, places[first], places[second], places[target]) for call, first, second, target in self._calls]

    def _run(self, arrays: list[Elements], result: Elements) -> None:
        """Cut along the first axis, as evenly as can be, until a block is small enough."""
        if result.size > _BLOCK:
            rows = -(-len(result) // min(-(-result.size // _BLOCK), len(result)))
            for start in range(0, len(result), rows):
                part = slice(start, start + rows)
                parts = [array[part] if array.ndim == result.ndim and len(array) > 1 else array for array in arrays]
                if rows > 1:
                    self._run(parts, result[part])
                else:
                    self._run([array[0] if array.ndim == result.ndim else array for array in parts], result[start])
            return
        run(self.on(*arrays, out=result))
