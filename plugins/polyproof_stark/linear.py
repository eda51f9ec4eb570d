"""Constraints that are linear in the columns, evaluated as one sum of products for each set of rows.

The running sum adds up every limb of every asset with weights that are the same on all rows. As a graph that would be
hundreds of passes over all rows; collected into one weight per column it is one call of ``Extension.dot`` for each
committed matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen

from polyproof.constraints import Node, Operation
from polyproof.field import Elements, Extension
from polyproof.toolkit.stated_constraints import reachable
from polyproof_stark.compiler import CompiledSystem
from polyproof_stark.expressions import Value
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
    """The linear forms of nodes of degree at most one, by index; ``scalar`` gives public values and challenges."""
    nodes = compiled.nodes
    columns = compiled.base_columns + len(compiled.argument_columns)
    degree = extension.degree

    # A form is an array of extension elements: the constant, then both rows of every column.
    forms: dict[int, Elements] = {}
    for index in reachable(nodes, roots):
        node = nodes[index]
        form = np.zeros((1 + 2 * columns, degree), np.uint64)
        match node.operation:
            case Operation.CONSTANT:
                form[0, 0] = node.first % extension.field.modulus
            case Operation.COLUMN:
                form[1 + node.second * columns + node.first, 0] = 1
            case Operation.ADD:
                form = extension.add(forms[node.first], forms[node.second])
            case Operation.SUBTRACT:
                form = extension.subtract(forms[node.first], forms[node.second])
            case Operation.MULTIPLY:  # one factor has no columns: the node is linear
                left, right = forms[node.first], forms[node.second]
                if left[1:].any():
                    left, right = right, left
                form = extension.multiply(right, left[0])
            case _:
                value = scalar(node)
                form[0] = value.array if value.extended else extension.embed(value.array)
        forms[index] = form
    return {root: LinearForm(forms[root][1:].reshape(2, columns, degree), forms[root][0]) for root in roots}
