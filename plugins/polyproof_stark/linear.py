"""Constraints that are linear in the columns, evaluated as one sum of products a set of rows.

The running sum adds up every limb of every asset with weights that are the same on all rows. Written as
a graph that is hundreds of passes over the evaluation domain; collected into one weight a column it is
one call of ``Extension.dot`` for each committed matrix.
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
from polyproof_stark.protocol import Layout

__all__ = ["LinearForm", "linear_forms"]


@frozen(eq=False)
class LinearForm:
    """Σ weights · columns + constant, with weights in K."""

    weights: Elements
    """``(2, columns, e)``: of every column, on the own row and on the next."""
    constant: Elements
    """``(e,)``."""

    def on_rows(
        self,
        extension: Extension,
        compiled: CompiledSystem,
        layout: Layout,
        rows: Elements,
        arguments: Elements,
        step: int,
    ) -> Elements:
        """Values on all rows of committed matrices, ``(rows, e)``; the next row is ``step`` further, cyclically."""
        result: Elements = np.broadcast_to(self.constant, (len(rows), layout.degree))
        for ahead in (0, 1):
            weights = self.weights[ahead]
            if not weights.any():
                continue
            base = np.zeros((layout.trace, layout.degree), np.uint64)
            positions = [layout.base_column(column) for column in range(compiled.base_columns)]
            base[positions] = weights[: compiled.base_columns]
            value = extension.dot(rows, base)
            extended = weights[compiled.base_columns :]
            if extended.any():
                unit = np.eye(layout.degree, dtype=np.uint64)
                spread = extension.multiply(extended[:, None, :], unit[None, :, :]).reshape(-1, layout.degree)
                value = extension.add(value, extension.dot(arguments, spread))
            result = extension.add(result, np.roll(value, -step, axis=0) if ahead else value)
        return result


def linear_forms(
    compiled: CompiledSystem, roots: Sequence[int], scalar: Callable[[Node], Value], extension: Extension
) -> dict[int, LinearForm]:
    """The linear forms of nodes of degree at most one; ``scalar`` gives public values and challenges."""
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
