"""The quotient Q on D: every constraint over its divisor, joined by powers of η (section 3 of the protocol page).

Constraints of degree one are most of the work of a system of accounts: its running sum reads every column.
They are joined into one linear form for each set of rows (``polyproof_stark.linear``). The others are evaluated
as a graph, over blocks of rows that stay in cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from attrs import frozen

from polyproof.constraints import Node, Operation
from polyproof.engine import for_blocks
from polyproof.field import Elements
from polyproof_stark.compiler import Constraint, RowSet
from polyproof_stark.divisors import Divisors
from polyproof_stark.expressions import Value, evaluate
from polyproof_stark.linear import LinearForm, linear_forms
from polyproof_stark.protocol import Instance

__all__ = ["BLOCK", "quotient_on_d"]

BLOCK = 1 << 11
"""Rows of D that are evaluated at a time, few enough for their columns to stay in the L2 cache."""


def quotient_on_d(
    instance: Instance, trace: Elements, arguments: Elements, challenges: Sequence[Elements], eta: Elements
) -> Elements:
    """Q on D, ``(|D|, e)``, from the committed matrices there: ``(|D|, trace width)``, ``(|D|, e·arguments)``."""
    constraints = instance.compiled.constraints
    powers = instance.extension.powers(eta, len(constraints))
    work = _Quotient(instance, trace, arguments, challenges, Divisors(instance).on_evaluation_domain())
    weighted = list(zip(constraints, powers, strict=True))
    result = work.linear([item for item in weighted if item[0].degree <= 1])
    work.add_others(result, [item for item in weighted if item[0].degree > 1])
    return result


@frozen(eq=False)
class _Quotient:
    instance: Instance
    trace: Elements
    arguments: Elements
    challenges: Sequence[Elements]
    inverse_divisors: Mapping[RowSet, Elements]

    def scalar(self, node: Node) -> Value:
        return self.instance.compiled.scalar(node, self.instance.publics, self.challenges)

    def linear(self, weighted: Sequence[tuple[Constraint, Elements]]) -> Elements:
        """The part that constraints of degree at most one contribute: one linear form for each set of rows."""
        instance, extension = self.instance, self.instance.extension
        roots = sorted({constraint.node for constraint, _ in weighted})
        forms = linear_forms(instance.compiled, roots, self.scalar, extension)
        result = np.zeros((len(self.trace), extension.degree), np.uint64)
        for rows in RowSet:
            of_set = [(forms[constraint.node], weight) for constraint, weight in weighted if constraint.rows is rows]
            if of_set:
                form = LinearForm.combined(extension, of_set)
                value = form.on_rows(instance, self.trace, self.arguments, instance.parameters.blowup)
                result = extension.add(result, extension.scale(value, self.inverse_divisors[rows]))
        return result

    def add_others(self, result: Elements, weighted: Sequence[tuple[Constraint, Elements]]) -> None:
        """Add what constraints of a higher degree contribute, block by block."""
        extension, nodes = self.instance.extension, self.instance.compiled.nodes
        uses: dict[int, list[tuple[Elements, RowSet]]] = {}
        for constraint, weight in weighted:
            uses.setdefault(constraint.node, []).append((weight, constraint.rows))

        def add_block(start: int, stop: int) -> None:
            sums: dict[RowSet, Elements] = {}

            def collect(node: int, value: Value) -> None:
                for weight, rows in uses[node]:
                    if value.extended:
                        term = extension.multiply(value.array, weight)
                    else:
                        term = extension.scale(weight, value.array)
                    sums[rows] = extension.add(sums[rows], term) if rows in sums else term

            evaluate(nodes, list(uses), self.leaves(start, stop), extension, collect)
            for rows, value in sums.items():
                scaled = extension.scale(value, self.inverse_divisors[rows][start:stop])
                result[start:stop] = extension.add(result[start:stop], scaled)

        if uses:
            for_blocks(add_block, len(result), BLOCK)

    def leaves(self, start: int, stop: int) -> Callable[[Node], Value]:
        """Leaves of the graph on points start … stop−1 of D; the next row is β points further on."""
        compiled, layout = self.instance.compiled, self.instance.layout
        here = slice(start, stop)
        ahead = np.arange(start, stop) + self.instance.parameters.blowup
        ahead %= len(self.trace)

        def block(matrix: Elements) -> tuple[Elements, Elements]:
            return matrix[here], matrix[ahead]

        trace = block(self.trace)
        arguments = [part.reshape(stop - start, layout.argument, layout.degree) for part in block(self.arguments)]

        def leaf(node: Node) -> Value:
            if node.operation is not Operation.COLUMN:
                return self.scalar(node)
            if node.first < compiled.base_columns:
                column = trace[node.second][:, layout.base_column(node.first)]
                return Value(np.ascontiguousarray(column), False)
            return Value(np.ascontiguousarray(arguments[node.second][:, node.first - compiled.base_columns]), True)

        return leaf
