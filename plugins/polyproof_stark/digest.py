"""The digest of a constraint system, which the transcript absorbs (section 3 of docs/reference/protocol.md)."""

from __future__ import annotations

import hashlib

from polyproof.constraints import Expression, Operation
from polyproof.formats.strict_json import canonical
from polyproof.toolkit.stated_constraints import StatedConstraints, reachable

__all__ = ["digest"]

_SIGNS = {Operation.ADD: "+", Operation.SUBTRACT: "-", Operation.MULTIPLY: "*"}


def digest(stated: StatedConstraints, group_size: int) -> bytes:
    """SHA-256 of what a system states, as JSON with sorted keys and no spaces (section 3, "Digest").

    Expressions are written in prefix form: a column by its name (with ' on the next row), a public value
    as $name, a constant in decimal, and (+ a b), (- a b), (* a b).
    """
    texts = _texts(stated)

    def text(expression: Expression | int) -> str:
        return str(expression) if isinstance(expression, int) else texts[expression.index]

    description = {
        "columns": list(stated.columns),
        "group": group_size,
        "name": stated.system,
        "publics": list(stated.publics),
        "ranges": [
            [bits, [text(value) for item in ranges for value in item.values]]
            for bits, ranges in stated.tables().items()
        ],
        "sums": [[item.name, text(item.body), text(item.last), text(item.total)] for item in stated.sums],
        "zeros": [[item.name, text(item.expression), item.rows.value] for item in stated.zeros],
    }
    return hashlib.sha256(canonical(description)).digest()


def _texts(stated: StatedConstraints) -> dict[int, str]:
    """Every node that a statement is made of, in prefix form, by index. A node's operands have lower indices."""
    nodes = stated.graph.nodes
    roots = [zero.expression for zero in stated.zeros]
    roots += [value for item in stated.ranges for value in item.values]
    for item in stated.sums:
        roots += [*item.summed, item.total]
    texts: dict[int, str] = {}
    for index in reachable(nodes, [expression.index for expression in roots]):
        node = nodes[index]
        match node.operation:
            case Operation.CONSTANT:
                texts[index] = str(node.first)
            case Operation.COLUMN:
                texts[index] = stated.columns[node.first] + ("'" if node.second else "")
            case Operation.PUBLIC:
                texts[index] = "$" + stated.publics[node.first]
            case _:
                texts[index] = f"({_SIGNS[node.operation]} {texts[node.first]} {texts[node.second]})"
    return texts
