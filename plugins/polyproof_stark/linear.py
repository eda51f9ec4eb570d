"""Constraints that are linear in the columns, evaluated as one sum of products for each set of rows.

The running sum adds up every limb of every asset with weights that are the same on all rows. As a graph that would be
hundreds of passes over all rows; collected into one weight per column it is one call of ``Extension.dot`` for each
committed matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from attrs import frozen

from polyproof.constraints import Node, Operation
from polyproof.field import Elements, Extension
from polyproof.toolkit.stated_constraints import degree_in_columns, degrees, reachable
from polyproof_stark.compiler import CompiledSystem
from polyproof_stark.expressions import OnArrays, Value, evaluate
from polyproof_stark.layout import spread
from polyproof_stark.protocol import Instance

__all__ = ["LinearForm", "linear_forms"]


@frozen(eq=False)
class LinearForm:
    """Σ weights · columns + constant, with weights in K."""

    weights: Elements
    """``(2, columns, e)``: the weight of every column, on this row and on the next."""
    constant: Elements
    """``(e,)``."""

    @classmethod
    def combined(cls, extension: Extension, weighted: Sequence[tuple[LinearForm, Elements]]) -> LinearForm:
        """Σ w · form, w in K."""
        return cls(
            extension.sum(np.stack([extension.multiply(form.weights, w) for form, w in weighted]), axis=0),
            extension.sum(np.stack([extension.multiply(form.constant, w) for form, w in weighted]), axis=0),
        )

    def on_rows(self, instance: Instance, trace: Elements, arguments: Elements) -> Elements:
        """Values on all rows of the matrices on H, ``(rows, e)``; the row after the last one is the first."""
        extension, compiled, layout = instance.extension, instance.compiled, instance.layout
        positions = [layout.base_column(column) for column in range(compiled.base_columns)]
        result: Elements = np.broadcast_to(self.constant, (len(trace), layout.degree))
        for ahead in (0, 1):
            of_base, of_argument = np.split(self.weights[ahead], [compiled.base_columns])
            terms = []
            if of_base.any():
                weights = np.zeros((layout.trace, layout.degree), np.uint64)
                weights[positions] = of_base
                terms.append(_dot(extension, trace, weights))
            if of_argument.any():
                terms.append(_dot(extension, arguments, spread(extension, of_argument)))
            for term in terms:
                result = extension.add(result, np.roll(term, -1, axis=0) if ahead else term)
        return result


def _dot(extension: Extension, matrix: Elements, weights: Elements) -> Elements:
    """``Extension.dot``; where few columns have a weight, of those alone."""
    used = np.flatnonzero(weights.any(axis=1))
    if 4 * len(used) > len(weights):
        return extension.dot(matrix, weights)
    return extension.dot(matrix[:, used], weights[used])


def linear_forms(
    compiled: CompiledSystem, roots: Sequence[int], scalar: Callable[[Node], Value], extension: Extension
) -> dict[int, LinearForm]:
    """The linear forms of nodes of degree at most one, by index; ``scalar`` gives public values and challenges.

    Each root's weight is passed on from it to the nodes that it is made of, down to the columns. So the work grows with
    the number of nodes; a form for every node would be as wide as all columns, and the work their square.
    """
    values = _without_columns(compiled, roots, scalar, extension)
    return {root: _linear_form(compiled, root, values, extension) for root in roots}


def _without_columns(
    compiled: CompiledSystem, roots: Sequence[int], scalar: Callable[[Node], Value], extension: Extension
) -> dict[int, Elements]:
    """The values of all nodes that no column is in: ``(e,)`` each."""
    degree = degrees(compiled.nodes, degree_in_columns)
    free = [index for index in reachable(compiled.nodes, roots) if not degree[index]]
    values = evaluate(compiled.nodes, free, scalar, OnArrays(extension))
    return {index: value.array if value.extended else extension.embed(value.array) for index, value in values.items()}


def _linear_form(
    compiled: CompiledSystem, root: int, values: Mapping[int, Elements], extension: Extension
) -> LinearForm:
    columns = compiled.base_columns + len(compiled.argument_columns)
    weights, constant = np.zeros((2, columns, extension.degree), np.uint64), np.zeros(extension.degree, np.uint64)
    of_nodes = {root: extension.embed(np.array(1, np.uint64))}

    def pass_on(index: int, weight: Elements) -> None:
        of_nodes[index] = extension.add(of_nodes[index], weight) if index in of_nodes else weight

    # A node comes after all that it is made of, so its weight is known when its turn comes.
    for index in reversed(reachable(compiled.nodes, [root])):
        if index not in of_nodes:
            continue  # part of a node without columns
        node, weight = compiled.nodes[index], of_nodes.pop(index)
        if index in values:
            constant = extension.add(constant, extension.multiply(weight, values[index]))
            continue
        match node.operation:
            case Operation.COLUMN:
                weights[node.second, node.first] = extension.add(weights[node.second, node.first], weight)
            case Operation.ADD | Operation.SUBTRACT:
                pass_on(node.first, weight)
                pass_on(node.second, extension.negate(weight) if node.operation is Operation.SUBTRACT else weight)
            case _:  # a product: one factor has no columns, since the node is linear
                factor, other = (node.first, node.second) if node.first in values else (node.second, node.first)
                pass_on(other, extension.multiply(weight, values[factor]))
    return LinearForm(weights, constant)
