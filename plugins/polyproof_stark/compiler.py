"""From constraints written once to everything a STARK needs of them.

``compile_system`` traces ``ConstraintSystem.constraints`` into a graph, expands lookups and sums into
columns and constraints of their own, and returns a ``CompiledSystem``: degrees, the evaluation that the
prover runs over blocks of rows and the verifier at one point, the debug check, and the digest that the
transcript absorbs. There is one evaluation: prover and verifier differ only in what the leaves are.

Lookups are logarithmic derivatives (Haböck, "Multivariate lookups based on logarithmic derivatives",
eprint 2022/1530): Σ 1/(α − ℓ) over all looked-up values equals Σ μ/(α − t) over the table. Sums share the
lookups' running sum, separated by powers of λ.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from enum import Enum

import numpy as np
from attrs import frozen

from polyproof.constraints import Builder, ConstraintSystem, Expression, Graph, Node, Operation, Rows
from polyproof.errors import InputError
from polyproof.field import Elements, Extension

__all__ = [
    "CompiledSystem",
    "Constraint",
    "Lookup",
    "Phase",
    "RowSet",
    "Value",
    "Violation",
    "check_trace",
    "compile_system",
    "evaluate",
    "reachable",
]

ALPHA, LAMBDA = 0, 1
"""Indices of the two challenges of the argument phase."""


class Phase(Enum):
    """When a column is committed."""

    WITNESS = "witness"
    """A: the system's own columns, in the base field; a user opens a row of these."""
    RANGE = "range"
    """B: tables and multiplicities of lookups, in the base field, committed together with A."""
    ARGUMENT = "argument"
    """C: lookup helpers and the running sum, in the extension, committed after α and λ."""


class RowSet(Enum):
    """Where an expanded constraint holds: the builder's ``Rows``, or the single row U after the last."""

    ALL = "all"
    TRANSITION = "transition"
    FIRST = "first"
    LAST = "last"
    END = "end"


@frozen
class Constraint:
    """An expression (node of the graph) that vanishes on a set of rows."""

    name: str
    node: int
    rows: RowSet
    degree: int
    """Algebraic degree in the columns."""


@frozen
class Lookup:
    """One table of 2^bits values and everything that is looked up in it."""

    bits: int
    values: tuple[int, ...]
    """Nodes of the looked-up values."""
    groups: tuple[tuple[int, ...], ...]
    """The same nodes, cut into the groups that share a helper column."""
    table: int
    """Column index of t; μ is the next one."""
    helpers: int
    """Column index of the first group's helper; h_T follows the last group's."""
    weight: int
    """Node of its power of λ in the running sum."""


class _Tracer(Builder):
    def __init__(self, system: ConstraintSystem) -> None:
        self.graph = Graph()
        self.columns = {name: index for index, name in enumerate(system.columns)}
        self.publics = {name: index for index, name in enumerate(system.publics)}
        self.asserted: list[tuple[str, Expression, RowSet]] = []
        self.lookups: dict[int, list[Expression]] = {}
        self.sums: list[tuple[str, Expression, Expression | int, Expression]] = []
        self._names: set[str] = set()

    def _name(self, name: str) -> str:
        if name in self._names:
            raise InputError(f"two constraints are named {name!r}; names identify them in reports")
        self._names.add(name)
        return name

    def column(self, name: str) -> Expression:
        if name not in self.columns:
            raise InputError(f"the system declares no column {name!r}; it has {', '.join(self.columns)}")
        return self.graph.node(Operation.COLUMN, self.columns[name])

    def public(self, name: str) -> Expression:
        if name not in self.publics:
            raise InputError(f"the system declares no public value {name!r}; it has {', '.join(self.publics)}")
        return self.graph.node(Operation.PUBLIC, self.publics[name])

    def constant(self, value: int) -> Expression:
        return self.graph.node(Operation.CONSTANT, value)

    def assert_zero(self, name: str, expression: Expression, rows: Rows = Rows.ALL) -> None:
        self.asserted.append((self._name(name), expression, RowSet(rows.value)))

    def range_check(self, name: str, columns: Sequence[Expression], bits: int) -> None:
        self._name(name)
        if not 1 <= bits <= 24:
            raise InputError(f"range check {name!r}: a table of 2^{bits} values; 1 to 24 bits are possible")
        self.lookups.setdefault(bits, []).extend(columns)

    def assert_sum(self, name: str, body: Expression, total: Expression, last: Expression | int = 0) -> None:
        self.sums.append((self._name(name), body, last, total))


@frozen
class CompiledSystem:
    """A constraint system, expanded: what prover and verifier agree on."""

    name: str
    nodes: tuple[Node, ...]
    constraints: tuple[Constraint, ...]
    lookups: tuple[Lookup, ...]
    witness_columns: tuple[str, ...]
    range_columns: tuple[str, ...]
    argument_columns: tuple[str, ...]
    publics: tuple[str, ...]
    accumulator: int | None
    """Column index of acc, if there is a lookup or a sum."""
    increment: int
    """Node by which acc grows on rows 0 … U−2 (−1 without accumulator)."""
    increment_last: int
    """Node by which acc grows on row U−1."""
    next_columns: tuple[int, ...]
    """Columns that some constraint reads one row ahead, in order: opened at ωz too."""
    digest: bytes
    """SHA-256 of what the system stated: columns, public values, ranges, sums, constraints."""

    @property
    def base_columns(self) -> int:
        """Number of base-field columns: witness and range."""
        return len(self.witness_columns) + len(self.range_columns)

    @property
    def degree(self) -> int:
        """Largest algebraic degree of a constraint."""
        return max((constraint.degree for constraint in self.constraints), default=0)

    def quotient_degree(self, rows: int, blinding: int) -> int:
        """An upper bound of deg Q for a trace of ``rows`` rows of which ``blinding`` are random."""
        bounds = [0]
        for constraint in self.constraints:
            numerator = constraint.degree * (rows - 1)
            if constraint.rows is RowSet.ALL:
                bounds.append(numerator - (rows - blinding))
            elif constraint.rows is RowSet.TRANSITION:
                bounds.append(numerator - (rows - blinding - 1))
            else:
                bounds.append(numerator - 1)
        return max(bounds)

    def chunks(self, rows: int, blinding: int) -> int:
        """Chunks of ``rows − blinding`` coefficients that the quotient is split into: computed, never assumed."""
        return -(-(self.quotient_degree(rows, blinding) + 1) // (rows - blinding))


def compile_system(system: ConstraintSystem, group_size: int) -> CompiledSystem:
    """Trace and expand a system; ``group_size`` looked-up values share a helper column (degree group_size + 1)."""
    tracer = _Tracer(system)
    system.constraints(tracer)
    graph = tracer.graph
    witness = tuple(system.columns)
    range_columns: list[str] = []
    argument_columns: list[str] = []
    base_count = len(witness) + 2 * len(tracer.lookups)
    constraints: list[tuple[str, Expression, RowSet]] = list(tracer.asserted)

    def column(index: int) -> Expression:
        return graph.node(Operation.COLUMN, index)

    challenge_lambda = graph.node(Operation.CHALLENGE, LAMBDA)
    alpha = graph.node(Operation.CHALLENGE, ALPHA)
    powers: list[Expression] = [graph.node(Operation.CONSTANT, 1)]

    def power(exponent: int) -> Expression:
        while len(powers) <= exponent:
            powers.append(powers[-1] * challenge_lambda)
        return powers[exponent]

    lookups: list[Lookup] = []
    shared: Expression | None = None
    for order, (bits, values) in enumerate(tracer.lookups.items()):
        # λ^0 is the first lookup's, λ^1 … the sums', the powers after those the further lookups'.
        weight = power(0 if order == 0 else len(tracer.sums) + order)
        label = f"range{bits}"
        table = len(witness) + len(range_columns)
        range_columns += [f"{label}.table", f"{label}.multiplicity"]
        t, multiplicity = column(table), column(table + 1)
        constraints.append((f"{label}.table starts at 0", t, RowSet.FIRST))
        constraints.append((f"{label}.table ends at 2^{bits} − 1", t - ((1 << bits) - 1), RowSet.LAST))
        step = t.next - t
        constraints.append((f"{label}.table steps by 0 or 1", step * (step - 1), RowSet.TRANSITION))
        groups = [tuple(values[start : start + group_size]) for start in range(0, len(values), group_size)]
        helpers = base_count + len(argument_columns)
        argument_columns += [f"{label}.helper{number}" for number in range(len(groups))] + [f"{label}.table helper"]
        balance: Expression | None = None
        for number, group in enumerate(groups):
            product, cofactors = alpha - group[0], graph.node(Operation.CONSTANT, 1)
            for value in group[1:]:
                factor = alpha - value
                product, cofactors = product * factor, cofactors * factor + product
            helper = column(helpers + number)
            constraints.append((f"{label}.helper{number}", helper * product - cofactors, RowSet.ALL))
            balance = helper if balance is None else balance + helper
        table_helper = column(helpers + len(groups))
        constraints.append((f"{label}.table helper", table_helper * (alpha - t) - multiplicity, RowSet.ALL))
        balance = -table_helper if balance is None else balance - table_helper
        term = balance if order == 0 else balance * weight
        shared = term if shared is None else shared + term
        lookups.append(
            Lookup(
                bits,
                tuple(value.index for value in values),
                tuple(tuple(value.index for value in group) for group in groups),
                table,
                helpers,
                weight.index,
            )
        )

    accumulator: int | None = None
    increment = increment_last = -1
    if lookups or tracer.sums:
        accumulator = base_count + len(argument_columns)
        argument_columns.append("accumulator")
        zero = graph.node(Operation.CONSTANT, 0)
        body = last = shared if shared is not None else zero
        claimed = zero
        for index, (_, sum_body, sum_last, total) in enumerate(tracer.sums, start=1):
            body = body + sum_body * power(index)
            if not (isinstance(sum_last, int) and sum_last == 0):
                last = last + sum_last * power(index)
            claimed = claimed + total * power(index)
        acc = column(accumulator)
        constraints += [
            ("accumulator starts at 0", acc, RowSet.FIRST),
            ("accumulator grows", acc.next - acc - body, RowSet.TRANSITION),
            ("accumulator grows on the last row", acc.next - acc - last, RowSet.LAST),
            ("accumulator ends at the totals", acc - claimed, RowSet.END),
        ]
        increment, increment_last = body.index, last.index

    nodes = tuple(graph.nodes)
    degrees = _degrees(nodes)
    needed = reachable(nodes, [expression.index for _, expression, _ in constraints])
    ahead = sorted(
        {node.first for index in needed if (node := nodes[index]).operation is Operation.COLUMN and node.second}
    )
    expanded = tuple(
        Constraint(name, expression.index, rows, degrees[expression.index]) for name, expression, rows in constraints
    )
    digest = _digest(system, tracer, group_size)
    return CompiledSystem(
        system.name,
        nodes,
        expanded,
        tuple(lookups),
        witness,
        tuple(range_columns),
        tuple(argument_columns),
        tuple(system.publics),
        accumulator,
        increment,
        increment_last,
        tuple(ahead),
        digest,
    )


def _digest(system: ConstraintSystem, tracer: _Tracer, group_size: int) -> bytes:
    """SHA-256 of what the system stated, as JSON with sorted keys and no spaces.

    Expressions are written in prefix form: a column by its name (with ' on the next row), a public value
    as $name, a constant in decimal, and (+ a b), (- a b), (* a b).
    """
    nodes = tracer.graph.nodes
    texts: dict[int, str] = {}

    def text(expression: Expression | int) -> str:
        if isinstance(expression, int):
            return str(expression)
        for index in reachable(nodes, [expression.index]):
            if index not in texts:
                node = nodes[index]
                match node.operation:
                    case Operation.CONSTANT:
                        texts[index] = str(node.first)
                    case Operation.COLUMN:
                        texts[index] = system.columns[node.first] + ("'" if node.second else "")
                    case Operation.PUBLIC:
                        texts[index] = "$" + system.publics[node.first]
                    case _:
                        sign = {Operation.ADD: "+", Operation.SUBTRACT: "-", Operation.MULTIPLY: "*"}[node.operation]
                        texts[index] = f"({sign} {texts[node.first]} {texts[node.second]})"
        return texts[expression.index]

    description = {
        "columns": list(system.columns),
        "group": group_size,
        "name": system.name,
        "publics": list(system.publics),
        "ranges": [[bits, [text(value) for value in values]] for bits, values in tracer.lookups.items()],
        "sums": [[name, text(body), text(last), text(total)] for name, body, last, total in tracer.sums],
        "zeros": [[name, text(expression), rows.value] for name, expression, rows in tracer.asserted],
    }
    data = json.dumps(description, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(data.encode()).digest()


def _degrees(nodes: Sequence[Node]) -> list[int]:
    degrees: list[int] = []
    for node in nodes:
        match node.operation:
            case Operation.COLUMN:
                degrees.append(1)
            case Operation.ADD | Operation.SUBTRACT:
                degrees.append(max(degrees[node.first], degrees[node.second]))
            case Operation.MULTIPLY:
                degrees.append(degrees[node.first] + degrees[node.second])
            case _:
                degrees.append(0)
    return degrees


_ARITHMETIC = (Operation.ADD, Operation.SUBTRACT, Operation.MULTIPLY)


def reachable(nodes: Sequence[Node], roots: Sequence[int]) -> list[int]:
    """The nodes that these depend on, in topological order."""
    wanted = set(roots)
    for index in range(max(roots, default=-1), -1, -1):
        if index in wanted and nodes[index].operation in _ARITHMETIC:
            wanted.update((nodes[index].first, nodes[index].second))
    return sorted(wanted)


@frozen(eq=False)
class Value:
    """An array of the base field, or (``extended``) of the extension with its trailing axis."""

    array: Elements
    extended: bool


def evaluate(
    nodes: Sequence[Node],
    roots: Sequence[int],
    leaf: Callable[[Node], Value],
    extension: Extension,
    visit: Callable[[int, Value], None] | None = None,
) -> dict[int, Value]:
    """Evaluate nodes of the graph on arrays; leaves (columns, publics, challenges) come from ``leaf``.

    A value is dropped after its last use, so that a block of rows stays in cache. With ``visit`` each
    root is handed over as soon as it is known, and nothing is returned.
    """
    field = extension.field
    order = reachable(nodes, roots)
    uses: dict[int, int] = dict.fromkeys(order, 0)
    for index in order:
        if nodes[index].operation in _ARITHMETIC:
            uses[nodes[index].first] += 1
            uses[nodes[index].second] += 1
    wanted = set(roots)
    if visit is None:
        for root in wanted:
            uses[root] += 1
    values: dict[int, Value] = {}
    for index in order:
        node = nodes[index]
        if node.operation is Operation.CONSTANT:
            value = Value(np.array(node.first % field.modulus, np.uint64), False)
        elif node.operation not in _ARITHMETIC:
            value = leaf(node)
        else:
            value = _apply(node.operation, values[node.first], values[node.second], extension)
            for used in (node.first, node.second):
                uses[used] -= 1
                if not uses[used]:
                    values.pop(used, None)
        if uses[index]:
            values[index] = value
        if visit is not None and index in wanted:
            visit(index, value)
    return {} if visit is not None else {root: values[root] for root in wanted}


def _apply(operation: Operation, left: Value, right: Value, extension: Extension) -> Value:
    field = extension.field
    if not left.extended and not right.extended:
        base = {
            Operation.ADD: field.add,
            Operation.SUBTRACT: field.subtract,
            Operation.MULTIPLY: field.multiply,
        }[operation]
        return Value(base(left.array, right.array), False)
    if operation is Operation.MULTIPLY and not (left.extended and right.extended):
        first, second = (left, right) if left.extended else (right, left)
        return Value(extension.scale(first.array, second.array), True)
    a = left.array if left.extended else extension.embed(left.array)
    b = right.array if right.extended else extension.embed(right.array)
    extended = {
        Operation.ADD: extension.add,
        Operation.SUBTRACT: extension.subtract,
        Operation.MULTIPLY: extension.multiply,
    }[operation]
    return Value(extended(a, b), True)


@frozen
class Violation:
    """A constraint that a trace breaks, and the first row where it does."""

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
    """The debug check: evaluate every constraint on every row it holds on and name those that fail.

    ``base``: ``(N, base columns)``; ``arguments``: ``(N, argument columns, e)``; ``active`` = U.
    """
    public_values = [publics[name] for name in compiled.publics]
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
            if node.operation is Operation.PUBLIC:
                return Value(np.array(public_values[node.first], np.uint64), False)
            return Value(challenges[node.first], True)

        value = evaluate(compiled.nodes, [constraint.node], leaf, extension)[constraint.node]
        nonzero = value.array.any(axis=-1) if value.extended else value.array != 0
        bad = np.flatnonzero(np.broadcast_to(nonzero, (stop - start,)))
        if bad.size:
            violations.append(Violation(constraint.name, start + int(bad[0])))
    return violations
