"""The quotient Q on D: every constraint over its divisor, joined by powers of η (section 3 of the protocol page).

Constraints of degree one are most of the work of a system of accounts: its running sum reads every column.
They are joined into one linear form for each set of rows (``polyproof_stark.linear``), which as a sum of committed
polynomials is a polynomial of degree below N itself: it is evaluated on H and extended to D. The helper constraints of
lookups, most of the others, go to the field's kernel for them if it has one. What is left is evaluated as a graph, over
blocks of rows that stay in cache.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from attrs import frozen

from polyproof.constraints import Node, Operation
from polyproof.engine import for_blocks
from polyproof.field import Elements, HelperSums
from polyproof_stark.committed import Committed
from polyproof_stark.compiler import ALPHA, Constraint, Lookup
from polyproof_stark.divisors import Divisors
from polyproof_stark.expressions import Value, evaluate
from polyproof_stark.groups import RowSet
from polyproof_stark.linear import LinearForm, linear_forms
from polyproof_stark.protocol import Instance
from polyproof_stark.table_helpers import TableHelpers

__all__ = ["quotient_on_d"]

_BLOCK = 1 << 13
"""Rows of D that are evaluated at a time, few enough for the intermediate values to stay in the L2 cache."""


def quotient_on_d(
    instance: Instance, trace: Committed, arguments: Committed, challenges: Sequence[Elements], eta: Elements
) -> Elements:
    """Q on D, ``(|D|, e)``, from the committed matrices."""
    constraints = instance.compiled.constraints
    powers = instance.extension.powers(eta, len(constraints))
    work = _Quotient(instance, trace, arguments, challenges, Divisors(instance).on_evaluation_domain())
    helpers = [work.helpers(lookup, powers) for lookup in instance.compiled.lookups]
    prepared = [item for item in helpers if item is not None]
    tables = [work.tables(lookup, powers) for lookup in instance.compiled.lookups]
    done = {index for item in prepared for index in item.constraints}
    done |= {index for lookup in instance.compiled.lookups for index in lookup.table_constraints}
    left = [(constraint, powers[index]) for index, constraint in enumerate(constraints) if index not in done]
    linear = work.linear([item for item in left if item[0].degree <= 1])
    return work.over_divisors(linear, prepared, tables, [item for item in left if item[0].degree > 1])


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
class _Quotient:
    instance: Instance
    trace: Committed
    arguments: Committed
    challenges: Sequence[Elements]
    inverse_divisors: Mapping[RowSet, Elements]

    def scalar(self, node: Node) -> Value:
        return self.instance.compiled.scalar(node, self.instance.publics, self.challenges)

    def linear(self, weighted: Sequence[tuple[Constraint, Elements]]) -> dict[RowSet, Elements]:
        """Constraints of degree at most one, for each set of rows one linear form: its values on D, ``(|D|, e)``."""
        instance, extension = self.instance, self.instance.extension
        roots = sorted({constraint.node for constraint, _ in weighted})
        forms = linear_forms(instance.compiled, roots, self.scalar, extension)
        found = {}
        for rows in RowSet:
            of_set = [(forms[constraint.node], weight) for constraint, weight in weighted if constraint.rows is rows]
            if of_set:
                on_h = LinearForm.combined(extension, of_set).on_rows(instance, self.trace.on_h, self.arguments.on_h)
                shift = instance.evaluation_domain.shift
                found[rows] = instance.field.coset_lde(on_h, instance.parameters.blowup, shift)
        return found

    def helpers(self, lookup: Lookup, weights: Elements) -> _Helpers | None:
        """The helper constraints of a lookup by the field's kernel, ``None`` if it has none; ``weights`` of all."""
        of_groups = weights[lookup.constraints : lookup.constraints + len(lookup.groups)]
        sums = self.instance.extension.helper_sums(
            len(lookup.values), len(lookup.groups[0]), self.challenges[ALPHA], of_groups
        )
        return None if sums is None else _Helpers(lookup, sums)

    def tables(self, lookup: Lookup, weights: Elements) -> TableHelpers:
        """The helper constraints of a lookup's tables; ``weights`` of all constraints."""
        own = weights[lookup.table_constraints.start : lookup.table_constraints.stop]
        return TableHelpers.of(self.instance.extension, lookup, self.challenges[ALPHA], own)

    def over_divisors(
        self,
        linear: Mapping[RowSet, Elements],
        helpers: Sequence[_Helpers],
        tables: Sequence[TableHelpers],
        weighted: Sequence[tuple[Constraint, Elements]],
    ) -> Elements:
        """Q on D, from what ``linear`` gave, the helper constraints and those that the graph is evaluated for.

        ``tables``: those of each lookup's tables.
        """
        extension, nodes, p = self.instance.extension, self.instance.compiled.nodes, self.instance.parameters
        uses: dict[int, list[tuple[Elements, RowSet]]] = {}
        for constraint, weight in weighted:
            uses.setdefault(constraint.node, []).append((weight, constraint.rows))
        result = np.zeros((p.domain_size, p.degree), np.uint64)

        def join_block(start: int, stop: int) -> None:
            sums = {rows: value[start:stop] for rows, value in linear.items()}

            def add_term(rows: RowSet, term: Elements) -> None:
                sums[rows] = extension.add(sums[rows], term) if rows in sums else term

            def collect(node: int, value: Value) -> None:
                for weight, rows in uses[node]:
                    if value.extended:
                        add_term(rows, extension.multiply(value.array, weight))
                    else:
                        add_term(rows, extension.scale(weight, value.array))

            for item in helpers:
                add_term(RowSet.ALL, item.sums(*self.looked_up(item.lookup, start, stop)))
            for lookup, of_tables in zip(self.instance.compiled.lookups, tables, strict=True):
                add_term(RowSet.ALL, of_tables.on(*self.table_columns(lookup, start, stop)))
            evaluate(nodes, list(uses), self.leaves(start, stop), extension, collect)
            for rows, value in sums.items():
                scaled = extension.scale(value, self.inverse_divisors[rows][start:stop])
                result[start:stop] = extension.add(result[start:stop], scaled)

        for_blocks(join_block, p.domain_size, _BLOCK)
        return result

    def looked_up(self, lookup: Lookup, start: int, stop: int) -> tuple[Elements, Elements]:
        """The values of a lookup on points start … stop−1 of D, and the helpers of its groups."""
        compiled, layout = self.instance.compiled, self.instance.layout
        columns = layout.adjacent([compiled.nodes[value] for value in lookup.values])
        if columns is not None:
            values = self.trace.extended[start:stop, columns]
        else:
            found = evaluate(compiled.nodes, lookup.values, self.leaves(start, stop), self.instance.extension)
            values = np.empty((stop - start, len(lookup.values)), np.uint64)
            for number, value in enumerate(lookup.values):
                values[:, number] = found[value].array
        first = (lookup.helpers - compiled.base_columns) * layout.degree
        helpers = self.arguments.extended[start:stop, first : first + len(lookup.groups) * layout.degree]
        return values, helpers.reshape(stop - start, len(lookup.groups), layout.degree)

    def table_columns(self, lookup: Lookup, start: int, stop: int) -> tuple[Elements, Elements, Elements]:
        """t, the multiplicities, and the helpers of the tables of a lookup on points start … stop−1 of D."""
        compiled, layout = self.instance.compiled, self.instance.layout
        table = layout.base_column(lookup.table)
        trace = self.trace.extended[start:stop, table : table + 1 + lookup.tables.count]
        first = (lookup.helpers + len(lookup.groups) - compiled.base_columns) * layout.degree
        helpers = self.arguments.extended[start:stop, first : first + len(lookup.table_groups) * layout.degree]
        return trace[:, 0], trace[:, 1:], helpers

    def leaves(self, start: int, stop: int) -> Callable[[Node], Value]:
        """Leaves of the graph on points start … stop−1 of D; the next row is β points further on."""
        compiled, layout = self.instance.compiled, self.instance.layout
        ahead = np.arange(start, stop) + self.instance.parameters.blowup
        points = (slice(start, stop), ahead % self.instance.parameters.domain_size)

        def leaf(node: Node) -> Value:
            if node.operation is not Operation.COLUMN:
                return self.scalar(node)
            rows = points[node.second]
            if node.first < compiled.base_columns:
                return Value(np.ascontiguousarray(self.trace.extended[rows, layout.base_column(node.first)]), False)
            first = (node.first - compiled.base_columns) * layout.degree
            return Value(np.ascontiguousarray(self.arguments.extended[rows, first : first + layout.degree]), True)

        return leaf
