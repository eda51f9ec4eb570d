"""The debug check: which constraint a trace breaks, and on which row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen

from polyproof.constraints import Node, Operation
from polyproof.field import Elements, Extension
from polyproof_stark.compiler import CompiledSystem, RowSet
from polyproof_stark.expressions import Value, evaluate

__all__ = ["Violation", "check_trace"]


@frozen
class Violation:
    """A constraint that a trace breaks, and the first row on which it does."""

    constraint: str
    row: int

    def __str__(self) -> str:
        return f"constraint {self.constraint!r} does not hold on row {self.row}"


def check_trace(
    compiled: CompiledSystem,
    extension: Extension,
    base: Elements,
    arguments: Elements,
    active: int,
    publics: Mapping[str, int],
    challenges: Sequence[Elements],
) -> list[Violation]:
    """Evaluate every constraint on every row on which it must hold, and list those that fail.

    ``base``: ``(N, base columns)``; ``arguments``: ``(N, argument columns, e)``; ``active`` = U.
    """
    violations = []
    spans = {
        RowSet.ALL: (0, active),
        RowSet.TRANSITION: (0, active - 1),
        RowSet.FIRST: (0, 1),
        RowSet.LAST: (active - 1, active),
        RowSet.END: (active, active + 1),
    }
    for constraint in compiled.constraints:
        start, stop = spans[constraint.rows]

        def leaf(node: Node, start: int = start, stop: int = stop) -> Value:
            if node.operation is Operation.COLUMN:
                rows = np.arange(start + node.second, stop + node.second) % len(base)
                if node.first < compiled.base_columns:
                    return Value(base[rows, node.first], False)
                return Value(arguments[rows, node.first - compiled.base_columns], True)
            return compiled.scalar(node, publics, challenges)

        value = evaluate(compiled.nodes, [constraint.node], leaf, extension)[constraint.node]
        nonzero = value.array.any(axis=-1) if value.extended else value.array != 0
        bad = np.flatnonzero(np.broadcast_to(nonzero, (stop - start,)))
        if bad.size:
            violations.append(Violation(constraint.name, start + int(bad[0])))
    return violations
