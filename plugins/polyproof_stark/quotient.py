"""The values of the quotient Q: every constraint over its divisor, joined by powers of η (section 3 of the protocol).

Constraints of degree one are most of the work of a system of accounts: its running sum reads every column.
They are joined into one linear form for each set of rows (``polyproof_stark.linear``), which as a sum of committed
polynomials is a polynomial of degree below N itself: it is evaluated on H and extended to D. The helper constraints of
looked-up values, most of the others, go to the field's kernel for them if it has one, those of tables to
``polyproof_stark.table_helpers``. What is left is evaluated as a graph, over blocks of rows that stay in cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from attrs import frozen

from polyproof.constraints import Node, Operation
from polyproof.engine import for_blocks
from polyproof.field import Elements, HelperSums
from polyproof.large_arrays import empty
from polyproof_stark.committed import Committed
from polyproof_stark.compiler import ALPHA, Constraint, Lookup
from polyproof_stark.divisors import Divisors
from polyproof_stark.expressions import OnArrays, Value, evaluate
from polyproof_stark.groups import RowSet
from polyproof_stark.linear import LinearForm, linear_forms
from polyproof_stark.protocol import Instance
from polyproof_stark.table_helpers import TableHelpers

__all__ = ["Quotient"]

_BLOCK = 1 << 13
"""Points that are evaluated at a time, few enough for the intermediate values to stay in the L2 cache."""


@frozen(eq=False)
class _Helpers:
    """The helper constraints of a lookup, prepared."""

    lookup: Lookup
    sums: HelperSums

    @property
    def constraints(self) -> range:
        """Their indices. They hold on all rows."""
        return range(self.lookup.constraints, self.lookup.constraints + len(self.lookup.groups))


@frozen(eq=False)
class _Points:
    """Points in order, and what is known there."""

    trace: Elements
    """``(points, columns)``, and so the arguments. A few points may follow that are only read as the next row."""
    arguments: Elements
    step: int
    """How many points further on the next row is; the first follow the last."""
    inverse_divisors: Mapping[RowSet, Elements]
    """``(points,)`` each."""
    linear: Mapping[RowSet, Elements]
    """The constraints of degree at most one, joined: ``(points, e)`` each."""


class Quotient:
    """Q on points, from the committed matrices. What does not depend on the points is prepared once."""

    def __init__(
        self, instance: Instance, trace: Committed, arguments: Committed, challenges: Sequence[Elements], eta: Elements
    ) -> None:
        """``challenges``: α and λ."""
        self.instance = instance
        self.trace = trace
        self.arguments = arguments
        self.challenges = challenges
        self.divisors = Divisors(instance)
        compiled = instance.compiled
        powers = instance.extension.powers(eta, len(compiled.constraints))
        helpers = [self.helpers(lookup, powers) for lookup in compiled.lookups]
        self.by_kernel = [item for item in helpers if item is not None]
        self.tables = [self.tables_of(lookup, powers) for lookup in compiled.lookups]
        done = {index for item in self.by_kernel for index in item.constraints}
        done |= {index for lookup in compiled.lookups for index in lookup.table_constraints}
        left = [(item, powers[index]) for index, item in enumerate(compiled.constraints) if index not in done]
        self.linear_on_h = self.linear([item for item in left if item[0].degree <= 1])
        self.rest = [item for item in left if item[0].degree > 1]

    def on_d(self) -> Elements:
        """On D: ``(|D|, e)``."""
        instance, blowup = self.instance, self.instance.parameters.blowup
        shift = instance.evaluation_domain.shift
        linear = {rows: instance.field.coset_lde(on_h, blowup, shift) for rows, on_h in self.linear_on_h.items()}
        inverse = self.divisors.on_evaluation_domain()
        return self.over_divisors(_Points(self.trace.extended, self.arguments.extended, blowup, inverse, linear))

    def on_blinding_rows(self) -> Elements:
        """On the points of H after that of row U: ``(d − 1, e)``."""
        first = self.instance.parameters.active + 1
        # Row 0 follows the last.
        trace, arguments = (np.concatenate((item.on_h[first:], item.on_h[:1])) for item in (self.trace, self.arguments))
        linear = {rows: on_h[first:] for rows, on_h in self.linear_on_h.items()}
        return self.over_divisors(_Points(trace, arguments, 1, self.divisors.on_blinding_rows(), linear))

    def scalar(self, node: Node) -> Value:
        """A public value or a challenge."""
        return self.instance.compiled.scalar(node, self.instance.publics, self.challenges)

    def linear(self, weighted: Sequence[tuple[Constraint, Elements]]) -> dict[RowSet, Elements]:
        """Constraints of degree at most one, for each set of rows one linear form: its values on H, ``(N, e)``."""
        instance, extension = self.instance, self.instance.extension
        roots = sorted({constraint.node for constraint, _ in weighted})
        forms = linear_forms(instance.compiled, roots, self.scalar, extension)
        found = {}
        for rows in RowSet:
            of_set = [(forms[constraint.node], weight) for constraint, weight in weighted if constraint.rows is rows]
            if of_set:
                form = LinearForm.combined(extension, of_set)
                found[rows] = form.on_rows(instance, self.trace.on_h, self.arguments.on_h)
        return found

    def helpers(self, lookup: Lookup, weights: Elements) -> _Helpers | None:
        """The helper constraints of a lookup by the field's kernel, ``None`` if it has none; ``weights`` of all."""
        of_groups = weights[lookup.constraints : lookup.constraints + len(lookup.groups)]
        sums = self.instance.extension.helper_sums(
            len(lookup.values), len(lookup.groups[0]), self.challenges[ALPHA], of_groups
        )
        return None if sums is None else _Helpers(lookup, sums)

    def tables_of(self, lookup: Lookup, weights: Elements) -> TableHelpers:
        """The helper constraints of a lookup's tables; ``weights`` of all constraints."""
        own = weights[lookup.table_constraints.start : lookup.table_constraints.stop]
        return TableHelpers.of(self.instance.extension, lookup, self.challenges[ALPHA], own)

    def over_divisors(self, points: _Points) -> Elements:
        """Q on the points."""
        instance, extension, nodes = self.instance, self.instance.extension, self.instance.compiled.nodes
        uses: dict[int, list[tuple[Elements, RowSet]]] = {}
        for constraint, weight in self.rest:
            uses.setdefault(constraint.node, []).append((weight, constraint.rows))
        count = len(points.inverse_divisors[RowSet.ALL])
        result = empty((count, instance.parameters.degree))
        result.fill(0)

        def join_block(start: int, stop: int) -> None:
            sums = {rows: value[start:stop] for rows, value in points.linear.items()}

            def add_term(rows: RowSet, term: Elements) -> None:
                sums[rows] = extension.add(sums[rows], term) if rows in sums else term

            def collect(node: int, value: Value) -> None:
                for weight, rows in uses[node]:
                    if value.extended:
                        add_term(rows, extension.multiply(value.array, weight))
                    else:
                        add_term(rows, extension.scale(weight, value.array))

            for item in self.by_kernel:
                add_term(RowSet.ALL, item.sums(*self.looked_up(points, item.lookup, start, stop)))
            for lookup, of_tables in zip(instance.compiled.lookups, self.tables, strict=True):
                add_term(RowSet.ALL, of_tables.on(*self.table_columns(points, lookup, start, stop)))
            evaluate(nodes, list(uses), self.leaves(points, start, stop), OnArrays(extension), collect)
            for rows, value in sums.items():
                scaled = extension.scale(value, points.inverse_divisors[rows][start:stop])
                result[start:stop] = extension.add(result[start:stop], scaled)

        for_blocks(join_block, count, _BLOCK)
        return result

    def looked_up(self, points: _Points, lookup: Lookup, start: int, stop: int) -> tuple[Elements, Elements]:
        """The values of a lookup on points start … stop−1, and the helpers of its groups."""
        compiled, layout = self.instance.compiled, self.instance.layout
        columns = layout.adjacent([compiled.nodes[value] for value in lookup.values])
        if columns is not None:
            values = points.trace[start:stop, columns]
        else:
            leaves, arithmetic = self.leaves(points, start, stop), OnArrays(self.instance.extension)
            found = evaluate(compiled.nodes, lookup.values, leaves, arithmetic)
            values = np.empty((stop - start, len(lookup.values)), np.uint64)
            for number, value in enumerate(lookup.values):
                values[:, number] = found[value].array
        first = (lookup.helpers - compiled.base_columns) * layout.degree
        helpers = points.arguments[start:stop, first : first + len(lookup.groups) * layout.degree]
        return values, helpers.reshape(stop - start, len(lookup.groups), layout.degree)

    def table_columns(
        self, points: _Points, lookup: Lookup, start: int, stop: int
    ) -> tuple[Elements, Elements, Elements]:
        """t, the multiplicities, and the helpers of the tables of a lookup on points start … stop−1."""
        compiled, layout = self.instance.compiled, self.instance.layout
        table = layout.base_column(lookup.table)
        trace = points.trace[start:stop, table : table + 1 + lookup.tables.count]
        first = (lookup.helpers + len(lookup.groups) - compiled.base_columns) * layout.degree
        helpers = points.arguments[start:stop, first : first + len(lookup.table_groups) * layout.degree]
        return trace[:, 0], trace[:, 1:], helpers

    def leaves(self, points: _Points, start: int, stop: int) -> Callable[[Node], Value]:
        """Leaves of the graph on points start … stop−1."""
        compiled, layout = self.instance.compiled, self.instance.layout
        ahead = (np.arange(start, stop) + points.step) % len(points.trace)
        here_or_ahead = (slice(start, stop), ahead)

        def leaf(node: Node) -> Value:
            if node.operation is not Operation.COLUMN:
                return self.scalar(node)
            rows = here_or_ahead[node.second]
            if node.first < compiled.base_columns:
                return Value(np.ascontiguousarray(points.trace[rows, layout.base_column(node.first)]), False)
            first = (node.first - compiled.base_columns) * layout.degree
            return Value(np.ascontiguousarray(points.arguments[rows, first : first + layout.degree]), True)

        return leaf
