"""The debug check: which constraints, range checks and sums a trace breaks, on which row and in which column.

Every statement is named as its author named it. A range check or a sum that fails breaks the running sum of section 3
of docs/reference/protocol.md, whose constraints have names that no author has seen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from attrs import frozen

from polyproof.constraints import Node, Operation
from polyproof.field import Elements, Extension, Field
from polyproof.toolkit.stated_constraints import reachable
from polyproof_stark.compiler import CompiledSystem
from polyproof_stark.expressions import OnArrays, Value, evaluate
from polyproof_stark.groups import RowSet

__all__ = ["Violation", "check_trace", "columns_read"]


@frozen
class Violation:
    """A constraint that a trace breaks, and the first row on which it does."""

    constraint: str
    row: int
    detail: str = ""
    """What else there is to say: the column and its value, or the two sides of a sum."""
    kind: str = "constraint"

    def __str__(self) -> str:
        more = f": {self.detail}" if self.detail else ""
        return f"{self.kind} {self.constraint!r} does not hold on row {self.row}{more}"


def check_trace(
    compiled: CompiledSystem,
    extension: Extension,
    base: Elements,
    arguments: Elements,
    active: int,
    publics: Mapping[str, int],
    challenges: Sequence[Elements],
) -> list[Violation]:
    """Evaluate every constraint on every row on which it must hold, and list those that fail, by their authors' names.

    ``base``: ``(N, base columns)``; ``arguments``: ``(N, argument columns, e)``; ``active`` = U.
    """

    def leaf(node: Node, start: int, stop: int) -> Value:
        if node.operation is Operation.COLUMN:
            rows = np.arange(start + node.second, stop + node.second) % len(base)
            if node.first < compiled.base_columns:
                return Value(base[rows, node.first], False)
            return Value(arguments[rows, node.first - compiled.base_columns], True)
        return compiled.scalar(node, publics, challenges)

    def values(node: int, start: int, stop: int) -> Value:
        return evaluate(compiled.nodes, [node], lambda item: leaf(item, start, stop), OnArrays(extension))[node]

    stated = [*_broken_ranges(compiled, values, active), *_broken_sums(compiled, values, extension.field, active)]
    spans = {
        RowSet.ALL: (0, active),
        RowSet.TRANSITION: (0, active - 1),
        RowSet.FIRST: (0, 1),
        RowSet.LAST: (active - 1, active),
        RowSet.END: (active, active + 1),
    }
    violations = []
    for constraint in compiled.constraints:
        if stated and constraint.rows is RowSet.END:
            continue  # the end of the running sum: the range checks and sums that broke it are named instead
        start, stop = spans[constraint.rows]
        value = values(constraint.node, start, stop)
        nonzero = value.array.any(axis=-1) if value.extended else value.array != 0
        bad = np.flatnonzero(np.broadcast_to(nonzero, (stop - start,)))
        if bad.size:
            violations.append(Violation(constraint.name, start + int(bad[0])))
    return [*violations, *stated]


def columns_read(compiled: CompiledSystem, node: int) -> str:
    """The columns that an expression reads, for messages: ``column 'a'``, or ``columns 'a', 'b'``."""
    names = (*compiled.witness_columns, *compiled.range_columns)
    read = [compiled.nodes[index] for index in reachable(compiled.nodes, [node])]
    found = [names[item.first] for item in read if item.operation is Operation.COLUMN]
    return f"column{'s' if len(found) > 1 else ''} {', '.join(map(repr, found))}"


_Values = Callable[[int, int, int], Value]


def _broken_ranges(compiled: CompiledSystem, values: _Values, active: int) -> Iterator[Violation]:
    for lookup in compiled.lookups:
        for name, node in zip(lookup.names, lookup.values, strict=True):
            found = np.broadcast_to(values(node, 0, active).array, (active,))
            above = np.flatnonzero(found >= np.uint64(1 << lookup.bits))
            if above.size:
                row = int(above[0])
                detail = f"{columns_read(compiled, node)}: {int(found[row])} is not below 2^{lookup.bits}"
                yield Violation(name, row, detail, "range check")


def _broken_sums(compiled: CompiledSystem, values: _Values, field: Field, active: int) -> Iterator[Violation]:
    for item in compiled.sums:
        body = np.broadcast_to(values(item.body, 0, active - 1).array, (active - 1,))
        last = values(item.last, active - 1, active).array.reshape(-1)[:1]
        total = values(item.total, 0, 1).array.reshape(-1)[:1]
        found = field.sum(np.concatenate((body, last)))
        if int(found) != int(total[0]):
            yield Violation(
                item.name, active - 1, f"the rows add up to {int(found)}, its total is {int(total[0])}", "sum"
            )
