"""Expressions of the graph, evaluated on arrays: one evaluation shared by prover, verifier and debug check.

The three differ only in their leaves: blocks of rows over D, values opened at one point, rows of a trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen

from polyproof.constraints import Node, Operation
from polyproof.field import Elements, Extension
from polyproof.toolkit.stated_constraints import reachable

__all__ = ["Value", "evaluate"]

_ARITHMETIC = (Operation.ADD, Operation.SUBTRACT, Operation.MULTIPLY)


@frozen(eq=False)
class Value:
    """An array over the base field, or, if ``extended``, over the extension, with its trailing axis."""

    array: Elements
    extended: bool


def evaluate(
    nodes: Sequence[Node],
    roots: Sequence[int],
    leaf: Callable[[Node], Value],
    extension: Extension,
    visit: Callable[[int, Value], None] | None = None,
) -> dict[int, Value]:
    """The values of ``roots``, by index. Leaves (columns, public values, challenges) come from ``leaf``.

    A value is dropped after its last use, so that a block of rows stays in cache. With ``visit``, each root is passed
    to it as soon as it is known, and nothing is returned.
    """
    field = extension.field
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
    values: dict[int, Value] = {}
    for index in order:
        node = nodes[index]
        if node.operation is Operation.CONSTANT:
            value = Value(np.array(node.first % field.modulus, np.uint64), False)
        elif node.operation not in _ARITHMETIC:
            value = leaf(node)
        else:
            value = _apply(node.operation, values[node.first], values[node.second], extension)
            for used in (node.first, node.second):
                uses[used] -= 1
                if not uses[used]:
                    values.pop(used, None)
        if uses[index]:
            values[index] = value
        if visit is not None and index in asked:
            visit(index, value)
    return {} if visit is not None else {root: values[root] for root in asked}


def _apply(operation: Operation, left: Value, right: Value, extension: Extension) -> Value:
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
