"""Expressions of the graph, evaluated: one walk through it shared by prover, verifier and debug check.

The three differ in their leaves (blocks of rows over D, values opened at one point, rows of a trace) and in what
computes: ``OnArrays`` for many rows, ``AtPoint`` for one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np
from attrs import frozen

from polyproof.constraints import Node, Operation
from polyproof.field import Elements, Extension
from polyproof.toolkit.stated_constraints import reachable

__all__ = ["AtPoint", "OnArrays", "PointValue", "Value", "evaluate"]

_ARITHMETIC = (Operation.ADD, Operation.SUBTRACT, Operation.MULTIPLY)


V = TypeVar("V")

PointValue = int | tuple[int, ...]
"""An element of the base field, or the coefficients of one of the extension."""


class Arithmetic(Protocol[V]):
    """What an evaluation computes with."""

    def constant(self, value: int) -> V:
        """An integer modulo p."""

    def apply(self, operation: Operation, left: V, right: V) -> V:
        """The sum, difference or product."""


@frozen(eq=False)
class Value:
    """An array over the base field, or, if ``extended``, over the extension, with its trailing axis."""

    array: Elements
    extended: bool


def evaluate(
    nodes: Sequence[Node],
    roots: Sequence[int],
    leaf: Callable[[Node], V],
    arithmetic: Arithmetic[V],
    visit: Callable[[int, V], None] | None = None,
) -> dict[int, V]:
    """The values of ``roots``, by index. Leaves (columns, public values, challenges) come from ``leaf``.

    A value is dropped after its last use, so that a block of rows stays in cache. With ``visit``, each root is passed
    to it as soon as it is known, and nothing is returned.
    """
    order = reachable(nodes, roots)
    uses: dict[int, int] = dict.fromkeys(order, 0)
    for index in order:
        if nodes[index].operation in _ARITHMETIC:
            uses[nodes[index].first] += 1
            uses[nodes[index].second] += 1
    asked = set(roots)
    if visit is None:
        for root in asked:
            uses[root] += 1
    values: dict[int, V] = {}
    for index in order:
        node = nodes[index]
        if node.operation is Operation.CONSTANT:
            value = arithmetic.constant(node.first)
        elif node.operation not in _ARITHMETIC:
            value = leaf(node)
        else:
            value = arithmetic.apply(node.operation, values[node.first], values[node.second])
            for used in (node.first, node.second):
                uses[used] -= 1
                if not uses[used]:
                    values.pop(used, None)
        if uses[index]:
            values[index] = value
        if visit is not None and index in asked:
            visit(index, value)
    return {} if visit is not None else {root: values[root] for root in asked}


class OnArrays:
    """Arithmetic of ``Value``s."""

    def __init__(self, extension: Extension) -> None:
        """Of this extension and its base field."""
        self.extension = extension

    def constant(self, value: int) -> Value:
        """See ``Arithmetic``."""
        return Value(np.array(value % self.extension.field.modulus, np.uint64), False)

    def apply(self, operation: Operation, left: Value, right: Value) -> Value:
        """See ``Arithmetic``."""
        extension = self.extension
        field = extension.field
        if not left.extended and not right.extended:
            base = {
                Operation.ADD: field.add,
                Operation.SUBTRACT: field.subtract,
                Operation.MULTIPLY: field.multiply,
            }[operation]
            return Value(base(left.array, right.array), False)
        if operation is Operation.MULTIPLY and not (left.extended and right.extended):
            first, second = (left, right) if left.extended else (right, left)
            return Value(extension.scale(first.array, second.array), True)
        a = left.array if left.extended else extension.embed(left.array)
        b = right.array if right.extended else extension.embed(right.array)
        extended = {
            Operation.ADD: extension.add,
            Operation.SUBTRACT: extension.subtract,
            Operation.MULTIPLY: extension.multiply,
        }[operation]
        return Value(extended(a, b), True)


class AtPoint:
    """Arithmetic of single elements in plain integers: of one element an array call costs twenty times as much."""

    def __init__(self, extension: Extension) -> None:
        """Of this extension and its base field."""
        self.modulus, self.degree, self.nonresidue = extension.field.modulus, extension.degree, extension.nonresidue

    def constant(self, value: int) -> PointValue:
        """See ``Arithmetic``."""
        return value % self.modulus

    def apply(self, operation: Operation, left: PointValue, right: PointValue) -> PointValue:
        """See ``Arithmetic``."""
        p = self.modulus
        if operation is Operation.MULTIPLY:
            if isinstance(left, int):
                left, right = right, left
            if isinstance(left, int):
                assert isinstance(right, int), "a product of an integer and a tuple has the tuple first"
                return left * right % p
            if isinstance(right, int):
                return tuple([a * right % p for a in left])
            return self._product(left, right)
        if isinstance(left, int) and isinstance(right, int):
            return (left + right if operation is Operation.ADD else left - right) % p
        first, second = self.embedded(left), self.embedded(right)
        if operation is Operation.ADD:
            return tuple([(a + b) % p for a, b in zip(first, second, strict=True)])
        return tuple([(a - b) % p for a, b in zip(first, second, strict=True)])

    def embedded(self, value: PointValue) -> tuple[int, ...]:
        """The coefficients of an element of either field."""
        return value if isinstance(value, tuple) else (value, *([0] * (self.degree - 1)))

    def _product(self, left: tuple[int, ...], right: tuple[int, ...]) -> tuple[int, ...]:
        """In F[θ]/(θ^e − nonresidue)."""
        degree = self.degree
        sums = [0] * (2 * degree - 1)
        for i, a in enumerate(left):
            for j, b in enumerate(right):
                sums[i + j] += a * b
        for k in range(degree - 1):
            sums[k] += self.nonresidue * sums[k + degree]
        return tuple([total % self.modulus for total in sums[:degree]])
