"""What a constraint system states, as data: where a backend's compiler begins.

``state_constraints`` runs ``ConstraintSystem.constraints`` once against a builder that records one graph of
expressions and, over it, zeros, ranges and sums. The passes over the graph that every reader of it needs are
here too: what a node depends on, and degrees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import frozen

from polyproof.constraints import Builder, ConstraintSystem, Expression, Graph, Node, Operation, Rows, whole
from polyproof.errors import InputError, PluginFault, PolyproofError
from polyproof.plugin_faults import blame, fault

__all__ = [
    "Range",
    "StatedConstraints",
    "Sum",
    "Zero",
    "degree_in_columns",
    "degrees",
    "reachable",
    "state_constraints",
]

_ARITHMETIC = (Operation.ADD, Operation.SUBTRACT, Operation.MULTIPLY)


@frozen
class Zero:
    """``assert_zero``: the expression vanishes on these rows."""

    name: str
    expression: Expression
    rows: Rows


@frozen
class Range:
    """``range_check``: every value lies in [0, 2^bits) on all rows."""

    name: str
    values: tuple[Expression, ...]
    bits: int


@frozen
class Sum:
    """``assert_sum``: Σ ``body`` over all rows but the last, plus ``last`` there, is ``total``."""

    name: str
    body: Expression
    total: Expression
    last: Expression | int

    @property
    def summed(self) -> tuple[Expression, ...]:
        """``body`` and, if it is an expression, ``last``."""
        return (self.body, self.last) if isinstance(self.last, Expression) else (self.body,)


@frozen(eq=False)
class StatedConstraints:
    """Everything that one system states, in the order in which it states it."""

    system: str
    """The system's name."""
    columns: tuple[str, ...]
    publics: tuple[str, ...]
    graph: Graph
    """The nodes of all expressions; a backend may add nodes of its own."""
    zeros: tuple[Zero, ...]
    ranges: tuple[Range, ...]
    sums: tuple[Sum, ...]

    def tables(self) -> dict[int, list[Range]]:
        """Range checks by their bits: those of one width share a table."""
        tables: dict[int, list[Range]] = {}
        for item in self.ranges:
            tables.setdefault(item.bits, []).append(item)
        return tables


def state_constraints(system: ConstraintSystem) -> StatedConstraints:
    """Everything that a system states.

    Raises ``PluginFault``, naming the system, for a name that is not declared or is given twice, for no statement at
    all, and for one that the builder's contract does not allow: that reads the next row where there may be none, a sum
    that is not linear, a constant that is no integer.
    """
    try:
        recorder = _Recorder(system)
        system.constraints(recorder)
        stated = StatedConstraints(
            system.name,
            tuple(system.columns),
            tuple(system.publics),
            recorder.graph,
            tuple(recorder.zeros),
            tuple(recorder.ranges),
            tuple(recorder.sums),
        )
        _check(stated)
    except PluginFault:
        raise
    except PolyproofError as error:
        raise fault(system, str(error)) from error
    except (Exception, SystemExit) as error:
        raise blame(error, of=system) or error from error
    return stated


class _Recorder(Builder):
    def __init__(self, system: ConstraintSystem) -> None:
        self.graph = Graph()
        self.zeros: list[Zero] = []
        self.ranges: list[Range] = []
        self.sums: list[Sum] = []
        self._columns = {name: index for index, name in enumerate(system.columns)}
        self._publics = {name: index for index, name in enumerate(system.publics)}
        self._names: set[str] = set()

    def column(self, name: str) -> Expression:
        if name not in self._columns:
            raise InputError(f"the system declares no column {name!r}; it has {', '.join(self._columns)}")
        return self.graph.node(Operation.COLUMN, self._columns[name])

    def public(self, name: str) -> Expression:
        if name not in self._publics:
            raise InputError(f"the system declares no public value {name!r}; it has {', '.join(self._publics)}")
        return self.graph.node(Operation.PUBLIC, self._publics[name])

    def constant(self, value: int) -> Expression:
        return self.graph.node(Operation.CONSTANT, whole(value))

    def assert_zero(self, name: str, expression: Expression, rows: Rows = Rows.ALL) -> None:
        if not isinstance(rows, Rows):
            raise InputError(f"constraint {name!r} holds on {rows!r}, which is none of {', '.join(map(str, Rows))}")
        self.zeros.append(Zero(self._new(name), self._own(name, expression), rows))

    def range_check(self, name: str, columns: Sequence[Expression], bits: int) -> None:
        values = tuple(self._own(name, column) for column in columns)
        if not values:
            raise InputError(f"range check {name!r} is of no column")
        self.ranges.append(Range(self._new(name), values, whole(bits)))

    def assert_sum(self, name: str, body: Expression, total: Expression, last: Expression | int = 0) -> None:
        body, total = self._own(name, body), self._own(name, total)
        last = self._own(name, last) if isinstance(last, Expression) else whole(last)
        self.sums.append(Sum(self._new(name), body, total, last))

    def _own(self, name: str, expression: object) -> Expression:
        if not isinstance(expression, Expression):
            raise InputError(f"{name!r} is stated of a {type(expression).__name__}, not of an expression")
        if expression.graph is not self.graph:
            raise InputError(f"{name!r} is stated of an expression of a different builder")
        return expression

    def _new(self, name: str) -> str:
        if not isinstance(name, str) or not name:
            raise InputError(f"a constraint is named {name!r}; a name is text that is not empty")
        if name in self._names:
            raise InputError(f"two constraints are named {name!r}; names identify them in reports")
        self._names.add(name)
        return name


def _check(stated: StatedConstraints) -> None:
    """Refuse what the builder's contract does not allow."""
    if not (stated.zeros or stated.ranges or stated.sums):
        raise InputError("it states no constraint, so every trace would satisfy it")
    nodes = stated.graph.nodes
    degree = degrees(nodes, degree_in_columns)
    reads_ahead = degrees(nodes, lambda node: int(node.operation is Operation.COLUMN and node.second > 0))
    on_own_row = [
        *(
            (f"constraint {zero.name!r}", (zero.expression,))
            for zero in stated.zeros
            if zero.rows is not Rows.TRANSITION
        ),
        *((f"range check {item.name!r}", item.values) for item in stated.ranges),
        *((f"sum {item.name!r}", item.summed) for item in stated.sums),
    ]
    for what, expressions in on_own_row:
        if any(reads_ahead[expression.index] for expression in expressions):
            raise InputError(f"{what} reads the next row, which only constraints on Rows.TRANSITION may")
    for item in stated.sums:
        if any(degree[expression.index] > 1 for expression in item.summed):
            raise InputError(f"sum {item.name!r} is not linear in the columns; sum up a column that holds the value")
        if degree[item.total.index]:
            raise InputError(f"the total of sum {item.name!r} depends on a column; it is made of public values")


def reachable(nodes: Sequence[Node], roots: Sequence[int]) -> list[int]:
    """The nodes that these depend on, themselves included, in topological order."""
    found = set(roots)
    for index in range(max(roots, default=-1), -1, -1):
        if index in found and nodes[index].operation in _ARITHMETIC:
            found.update((nodes[index].first, nodes[index].second))
    return sorted(found)


def degrees(nodes: Sequence[Node], of_leaf: Callable[[Node], int]) -> list[int]:
    """The degree of every node; ``of_leaf`` gives that of each leaf (a column, a public value, …)."""
    found: list[int] = []
    for node in nodes:
        match node.operation:
            case Operation.ADD | Operation.SUBTRACT:
                found.append(max(found[node.first], found[node.second]))
            case Operation.MULTIPLY:
                found.append(found[node.first] + found[node.second])
            case _:
                found.append(of_leaf(node))
    return found


def degree_in_columns(node: Node) -> int:
    """For ``degrees``: 1 for a column, on either row, and 0 for other leaves."""
    return int(node.operation is Operation.COLUMN)
