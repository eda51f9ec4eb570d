"""The columns that the prover fills: A and B (section 2 of docs/reference/protocol.md), and C (section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

import numpy as np

from polyproof.constraints import Node, Operation, Trace
from polyproof.engine import for_blocks
from polyproof.errors import InputError
from polyproof.field import Elements
from polyproof.large_arrays import empty
from polyproof_stark.compiler import Lookup
from polyproof_stark.debug import check_trace, columns_read
from polyproof_stark.expressions import OnArrays, Value, evaluate
from polyproof_stark.linear import linear_forms
from polyproof_stark.protocol import Instance

__all__ = ["Columns"]

BLOCK = 1 << 11
"""Rows that are worked on at a time, few enough for their columns to stay in the L2 cache."""
INVERSE_BLOCK = 1 << 14
"""Values that are inverted at a time: enough to share an inversion in the field, and no array of all of them beside the
result."""


class Columns:
    """Fills the columns of one instance on H."""

    def __init__(self, instance: Instance) -> None:
        """For one instance."""
        self.instance = instance
        self.field = instance.field
        self.extension = instance.extension
        self.parameters = instance.parameters
        self.layout = instance.layout

    # A and B (section 2)

    def trace_matrix(self, trace: Trace) -> Elements:
        """(witness ‖ mask of A ‖ range ‖ mask of B) on H: ``(N, trace width)``; rows from U on are random.

        Raises ``InputError`` for a trace of another shape, or with a value that is not canonical or out of range.
        """
        p, layout = self.parameters, self.layout
        if trace.columns.shape != (p.active, layout.witness):
            raise InputError(f"expected a trace of shape {(p.active, layout.witness)}, got {trace.columns.shape}")
        given = trace.columns
        if not self.field.is_canonical(given):
            raise InputError(
                f"the trace holds a value that is not an element of {self.field.name}: not below its modulus"
            )
        rows = empty((p.rows, layout.trace))

        def place(start: int, stop: int) -> None:
            rows[start:stop, : layout.witness] = given[start:stop]

        for_blocks(place, p.active, BLOCK)
        # d blinding rows hide the columns at the queries and at z: without them every opened value would be an
        # equation in the balances.
        rows[p.active :] = self.field.random((p.blinding, layout.trace))
        rows[:, layout.mask_a] = self.field.random((p.rows, layout.degree))
        rows[:, layout.mask_b] = self.field.random((p.rows, layout.degree))
        for lookup in self.instance.compiled.lookups:
            table = layout.base_column(lookup.table)
            tables = lookup.tables
            # 0, 1, … up to the last value, which is repeated on all further rows.
            rows[: p.active, table] = np.minimum(np.arange(p.active), tables.length - 1)
            counts = self.multiplicities(rows, lookup.values, lookup.bits)
            rows[tables.length : p.active, table + 1 : table + 1 + tables.count] = 0
            for number, offset in enumerate(tables.offsets):
                rows[: tables.length, table + 1 + number] = counts[offset : offset + tables.length]
            # A value that two tables hold is counted in the first.
            rows[: tables.overlap, table + tables.count] = 0
        return rows

    def multiplicities(self, rows: Elements, values: Sequence[int], bits: int) -> Elements:
        """How often each value of [0, 2^bits) is looked up on rows < U, ``(2^bits,)``. Raises ``InputError``."""
        p = self.parameters
        counts = np.zeros(1 << bits, np.int64)
        adding = Lock()

        def count(start: int, stop: int) -> None:
            block = self.looked_up(rows, values, start, stop)
            if int(block.max(initial=0)) >> bits:
                raise self.out_of_range(rows, values, bits)
            own = np.bincount(block.reshape(-1).view(np.int64), minlength=1 << bits)
            with adding:
                np.add(counts, own, out=counts)

        for_blocks(count, p.active, max(BLOCK, (1 << bits) // len(values)))
        return counts.view(np.uint64)

    def out_of_range(self, rows: Elements, values: Sequence[int], bits: int) -> InputError:
        """The first looked-up value that is not below 2^bits, and where it is."""
        number, row, value = next(
            (number, int(np.argmax(column >= np.uint64(1 << bits))), column)
            for number, node in enumerate(values)
            for column in self.evaluate_on_h(rows, [node], 0, self.parameters.active)
            if int(column.max()) >> bits
        )
        lookup = next(item for item in self.instance.compiled.lookups if item.bits == bits)
        return InputError(
            f"range check {lookup.names[number]!r} does not hold on row {row}: "
            f"{columns_read(self.instance.compiled, values[number])}: {int(value[row])} is not below 2^{bits}"
        )

    def looked_up(self, rows: Elements, nodes: Sequence[int], start: int, stop: int) -> Elements:
        """Base-field expressions side by side, ``(stop − start, nodes)``, contiguous."""
        found = [self.instance.compiled.nodes[node] for node in nodes]
        adjacent = self.layout.adjacent(found)
        if adjacent is not None:
            return np.ascontiguousarray(rows[start:stop, adjacent])
        if all(node.operation is Operation.COLUMN and not node.second for node in found):
            return rows[start:stop, [self.layout.base_column(node.first) for node in found]]
        return np.stack(self.evaluate_on_h(rows, nodes, start, stop), axis=1)

    def evaluate_on_h(self, rows: Elements, nodes: Sequence[int], start: int, stop: int) -> list[Elements]:
        """Base-field expressions of the trace on rows start … stop−1: ``(stop − start,)`` each."""

        def leaf(node: Node) -> Value:
            if node.operation is Operation.COLUMN:
                at = np.arange(start + node.second, stop + node.second) % len(rows)
                return Value(rows[at, self.layout.base_column(node.first)], False)
            return self.scalar(node, ())

        found = evaluate(self.instance.compiled.nodes, nodes, leaf, OnArrays(self.extension))
        return [np.broadcast_to(found[node].array, (stop - start,)) for node in nodes]

    def scalar(self, node: Node, challenges: Sequence[Elements]) -> Value:
        """A public value or a challenge."""
        return self.instance.compiled.scalar(node, self.instance.publics, challenges)

    # C (section 3, lines 4 to 9)

    def argument_matrix(self, rows: Elements, alpha: Elements, lam: Elements) -> Elements:
        """C on H: ``(N, columns, e)``. Rows from U on are random, except the running sum on row U."""
        p, extension, compiled = self.parameters, self.extension, self.instance.compiled
        arguments = empty((p.rows, self.layout.argument, self.layout.degree))
        for lookup in compiled.lookups:
            inverses = self.inverse_differences(alpha, 1 << lookup.bits)
            first = lookup.helpers - compiled.base_columns
            stop_helpers = first + len(lookup.groups)

            def fill(
                start: int,
                stop: int,
                lookup: Lookup = lookup,
                inverses: Elements = inverses,
                own: slice = slice(first, stop_helpers),
            ) -> None:
                arguments[start:stop, own] = self.helpers(rows, lookup, inverses, alpha, start, stop)

            for_blocks(fill, p.active, BLOCK)
            self.fill_table_helpers(rows, lookup, inverses, arguments[: p.active, stop_helpers:])
        arguments[p.active :] = extension.random((p.blinding, self.layout.argument))
        if compiled.accumulator is not None:
            column = compiled.accumulator - compiled.base_columns
            arguments[: p.active + 1, column] = self.running_sum(rows, arguments, alpha, lam)
        return arguments

    def inverse_differences(self, alpha: Elements, size: int) -> Elements:
        """1/(α − v) for v = 0, …, size − 1: ``(size, e)``."""
        inverses = empty((size, self.layout.degree))

        def invert(start: int, stop: int) -> None:
            values = self.extension.embed(np.arange(start, stop, dtype=np.uint64))
            inverses[start:stop] = self.extension.inverse(self.extension.subtract(alpha, values))

        for_blocks(invert, size, INVERSE_BLOCK)
        return inverses

    def helpers(
        self, rows: Elements, lookup: Lookup, inverses: Elements, alpha: Elements, start: int, stop: int
    ) -> Elements:
        """All h_g on rows start … stop−1, ``(stop − start, groups, e)``: Σ 1/(α − ℓ), from ``inverses``, all
        1/(α − v) of the table, ``(2^bits, e)``.
        """
        values = self.looked_up(rows, lookup.values, start, stop)
        return self.extension.sum_entries(inverses, values, len(lookup.groups[0]))

    def fill_table_helpers(self, rows: Elements, lookup: Lookup, inverses: Elements, helpers: Elements) -> None:
        """The helpers of the tables on rows < U, into the first columns of ``helpers``: Σ_i μ_i/(α − t − o_i)."""
        table, offsets = self.layout.base_column(lookup.table), lookup.tables.offsets
        for column, numbers in enumerate(lookup.table_groups):
            helpers[:, column] = 0
            for number in numbers:
                # Zero where μ_i is: on most rows of a short table, and on all but the first of each value.
                multiplicities = rows[: len(helpers), table + 1 + number]
                counted = np.flatnonzero(multiplicities)
                entries = inverses[rows[counted, table] + np.uint64(offsets[number])]
                terms = self.extension.scale(entries, multiplicities[counted])
                helpers[counted, column] = self.extension.add(helpers[counted, column], terms)

    def running_sum(self, rows: Elements, arguments: Elements, alpha: Elements, lam: Elements) -> Elements:
        """acc on rows 0 … U: ``(U + 1, e)``."""
        p, compiled, extension = self.parameters, self.instance.compiled, self.extension
        roots = [compiled.increment, compiled.increment_last]
        forms = linear_forms(compiled, roots, lambda node: self.scalar(node, [alpha, lam]), extension)
        flat = arguments.reshape(p.rows, -1)
        sums = empty((p.active + 1, self.layout.degree))
        sums[0] = 0
        for root, start, stop in ((roots[0], 0, p.active - 1), (roots[1], p.active - 1, p.active)):
            sums[start + 1 : stop + 1] = forms[root].on_rows(self.instance, rows[start:stop], flat[start:stop])
        return self.field.cumulative_sum(sums, axis=0)

    def diagnose(self, rows: Elements, arguments: Elements, challenges: Sequence[Elements]) -> str:
        """Which constraints the trace breaks, and on which rows: the debug check."""
        compiled, layout = self.instance.compiled, self.layout
        base = np.concatenate((rows[:, : layout.witness], rows[:, layout.range_columns]), axis=1)
        violations = check_trace(
            compiled, self.extension, base, arguments, self.parameters.active, self.instance.publics, challenges
        )
        return "the trace breaks its constraints: " + "; ".join(str(item) for item in violations[:5])
