"""From constraints written once to everything that a STARK needs to know about them.

``compile_system`` takes what a system states (``polyproof.toolkit.stated_constraints``) and expands lookups
and sums into columns and constraints of their own. The result, a ``CompiledSystem``, is what prover and
verifier agree on: constraints with their degrees, and the digest that the transcript absorbs.

Lookups are logarithmic derivatives (Haböck, "Multivariate lookups based on logarithmic derivatives",
eprint 2022/1530): Σ 1/(α − ℓ) over all looked-up values equals Σ_i μ_i/(α − t − o_i) over the tables. Sums share
the lookups' running sum, separated by powers of λ. Section numbers are those of docs/reference/protocol.md.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from attrs import frozen

from polyproof.constraints import ConstraintSystem, Expression, Node, Operation
from polyproof.errors import InputError, OptionsError
from polyproof.field import Elements
from polyproof.toolkit.stated_constraints import (
    Range,
    StatedConstraints,
    degree_in_columns,
    degrees,
    reachable,
    state_constraints,
)
from polyproof_stark.digest import digest
from polyproof_stark.expressions import Value
from polyproof_stark.groups import Groups, RowSet, chunk_count, quotient_degree
from polyproof_stark.parameters import Parameters
from polyproof_stark.tables import Tables

__all__ = [
    "MAX_COLUMNS",
    "MAX_TABLE_BITS",
    "CompiledSystem",
    "Constraint",
    "Lookup",
    "SumCheck",
    "compile_system",
    "expand",
]

ALPHA, LAMBDA = 0, 1
"""Indices of the two challenges of the argument (C)."""

MAX_TABLE_BITS = 24
MAX_COLUMNS = 1 << 14
"""The most columns of looked-up values and multiplicities, which bounds the work that a hostile manifest can ask of a
verifier."""


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
    """The tables of one width and everything that is looked up in them."""

    tables: Tables
    groups: tuple[tuple[int, ...], ...]
    """Nodes of the looked-up values, cut into the groups that share a helper column."""
    names: tuple[str, ...]
    """For each value the name of its range check."""
    table: int
    """Column index of t; μ_0, μ_1, … follow."""
    helpers: int
    """Column index of the first group's helper; those of the other groups follow, and then the tables'."""
    constraints: int
    """Index of the first group's constraint; those of the other groups follow, and then the tables'."""
    table_groups: tuple[range, ...]
    """The numbers of the tables, cut into groups that share a helper column."""

    @property
    def bits(self) -> int:
        """Every value is below 2^bits."""
        return self.tables.bits

    @property
    def values(self) -> tuple[int, ...]:
        """Nodes of all looked-up values."""
        return tuple(node for group in self.groups for node in group)

    @property
    def table_constraints(self) -> range:
        """The indices of the constraints of the tables' helpers. They hold on all rows."""
        first = self.constraints + len(self.groups)
        return range(first, first + len(self.table_groups))


@frozen
class SumCheck:
    """A sum that the running sum shows, under its author's name: what the debug check looks at."""

    name: str
    body: int
    """Node that is added up over rows 0 … U−2."""
    last: int
    """Node that is added on row U−1."""
    total: int
    """Node of the total."""


@frozen
class CompiledSystem:
    """A constraint system, expanded: what prover and verifier agree on.

    Columns are numbered consecutively: A, the system's own (witness), of which a user opens a row; B, the tables and
    multiplicities of lookups (range), committed together with A; C, the helpers and the running sum (argument), in
    the extension, committed after α and λ.
    """

    name: str
    nodes: tuple[Node, ...]
    constraints: tuple[Constraint, ...]
    lookups: tuple[Lookup, ...]
    sums: tuple[SumCheck, ...]
    witness_columns: tuple[str, ...]
    range_columns: tuple[str, ...]
    argument_columns: tuple[str, ...]
    publics: tuple[str, ...]
    accumulator: int | None
    """Column index of acc, if there is a lookup or a sum."""
    increment: int
    """Node by which acc grows on rows 0 … U−2."""
    increment_last: int
    """Node by which acc grows on row U−1."""
    next_columns: tuple[int, ...]
    """Columns that some constraint reads one row ahead, in order; they are opened at ωz too."""
    group_size: int
    """s, how many looked-up values or tables share a helper column."""
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
        """An upper bound of deg Q for a trace of ``rows`` rows of which ``blinding`` are random (section 3)."""
        return quotient_degree(((item.degree, item.rows) for item in self.constraints), rows, blinding)

    def chunks(self, rows: int, blinding: int) -> int:
        """Number of chunks of ``rows − blinding`` coefficients that the quotient is split into (section 3)."""
        return chunk_count(self.quotient_degree(rows, blinding), rows, blinding)

    def scalar(self, node: Node, publics: Mapping[str, int], challenges: Sequence[Elements]) -> Value:
        """The value of a leaf that is the same on all rows: a public value or a challenge."""
        if node.operation is Operation.PUBLIC:
            return Value(np.array(publics[self.publics[node.first]], np.uint64), False)
        return Value(challenges[node.first], True)


def compile_system(system: ConstraintSystem, parameters: Parameters) -> CompiledSystem:
    """Expand a system for a trace of these parameters.

    Raises ``InputError`` for what ``state_constraints`` refuses and for a range check of no bits or more than 24, and
    ``OptionsError`` for more columns than 2^14.
    """
    stated = state_constraints(system)
    return expand(stated, parameters.active, _group_size(stated, parameters))


def _group_size(stated: StatedConstraints, p: Parameters) -> int:
    """s, with which the system has the fewest columns (``Groups.chosen``)."""
    tables = _tables(stated, p.active)
    degree = degrees(stated.graph.nodes, degree_in_columns)
    lookups = [
        ([degree[value.index] for check in checks for value in check.values], tables[bits].count)
        for bits, checks in stated.tables().items()
    ]
    others = [(degree[zero.expression.index], RowSet(zero.rows.value)) for zero in stated.zeros]
    # Line 3 of section 3 has the highest degree of those without helpers. Without lookups there is nothing to choose.
    others.append((2, RowSet.TRANSITION))
    return Groups.chosen(lookups, quotient_degree(others, p.rows, p.blinding), p).size


def expand(stated: StatedConstraints, active: int, group_size: int) -> CompiledSystem:
    """Add the columns and constraints of lookups and sums, with tables that fit ``active`` = U rows.

    ``group_size`` = s looked-up values, or tables, share a helper column (degree s + 1). Raises as ``compile_system``.
    """
    ranges, tables = stated.tables(), _tables(stated, active)
    # The table of section 3, in its order, which gives each constraint its power of η: after the system's own
    # constraints, lines 1 to 5 for each table and lines 6 to 9 for the running sum.
    expansion = _Expansion(stated, sum(1 + item.count for item in tables.values()))
    lookups = tuple(expansion.expand_lookup(tables[bits], checks, group_size) for bits, checks in ranges.items())
    accumulator, increment, increment_last = expansion.expand_sums()

    # Degrees, which bound the quotient (section 3, "Degree"), and the columns to open at ωz as well (section 5).
    nodes = tuple(stated.graph.nodes)
    degree = degrees(nodes, degree_in_columns)
    read = (nodes[index] for index in reachable(nodes, [root.index for _, root, _ in expansion.constraints]))
    return CompiledSystem(
        name=stated.system,
        nodes=nodes,
        constraints=tuple(
            Constraint(name, expression.index, rows, degree[expression.index])
            for name, expression, rows in expansion.constraints
        ),
        lookups=lookups,
        sums=expansion.sum_checks,
        witness_columns=stated.columns,
        range_columns=tuple(expansion.range_columns),
        argument_columns=tuple(expansion.argument_columns),
        publics=stated.publics,
        accumulator=accumulator,
        increment=increment,
        increment_last=increment_last,
        next_columns=tuple(sorted({n.first for n in read if n.operation is Operation.COLUMN and n.second})),
        group_size=group_size,
        digest=digest(stated, group_size),
    )


def _tables(stated: StatedConstraints, active: int) -> dict[int, Tables]:
    """The tables of each width. Raises ``InputError`` and ``OptionsError`` for too many bits or columns."""
    for check in stated.ranges:
        if not 1 <= check.bits <= MAX_TABLE_BITS:
            raise InputError(
                f"range check {check.name!r}: a table of 2^{check.bits} values; 1 to {MAX_TABLE_BITS} bits are possible"
            )
    tables = {bits: Tables.of(bits, active) for bits in stated.tables()}
    values = sum(len(check.values) for check in stated.ranges)
    multiplicities = sum(item.count for item in tables.values())
    if values + multiplicities > MAX_COLUMNS:
        widths = ", ".join(str(bits) for bits in tables)
        raise OptionsError(
            f"limbs of {widths} bits on {active} rows make {values} + {multiplicities} columns, of limbs and of "
            f"multiplicities of {multiplicities} tables; at most {MAX_COLUMNS} are possible, which narrower limbs "
            "(limb_bits) or longer segments (segment_rows) may keep to"
        )
    return tables


class _Expansion:
    """The columns of section 2 and the constraints of section 3, as far as they have been added."""

    def __init__(self, stated: StatedConstraints, range_columns: int) -> None:
        self.range_columns: list[str] = []
        self.argument_columns: list[str] = []
        self.constraints: list[tuple[str, Expression, RowSet]] = [
            (zero.name, zero.expression, RowSet(zero.rows.value)) for zero in stated.zeros
        ]
        self._sums = stated.sums
        self._graph = stated.graph
        self._witness = len(stated.columns)
        self._base = len(stated.columns) + range_columns
        self._zero = self._graph.node(Operation.CONSTANT, 0)
        self._alpha = self._graph.node(Operation.CHALLENGE, ALPHA)
        self._powers = [self._graph.node(Operation.CONSTANT, 1)]
        self._balances: list[Expression] = []

    def _range_column(self, name: str) -> Expression:
        self.range_columns.append(name)
        return self._graph.node(Operation.COLUMN, self._witness + len(self.range_columns) - 1)

    def _argument_column(self, name: str) -> Expression:
        self.argument_columns.append(name)
        return self._graph.node(Operation.COLUMN, self._base + len(self.argument_columns) - 1)

    def _require(self, name: str, expression: Expression, rows: RowSet) -> None:
        self.constraints.append((name, expression, rows))

    def _lambda(self, exponent: int) -> Expression:
        """λ^exponent, as a node made from the power before it."""
        while len(self._powers) <= exponent:
            self._powers.append(self._powers[-1] * self._graph.node(Operation.CHALLENGE, LAMBDA))
        return self._powers[exponent]

    def expand_lookup(self, tables: Tables, ranges: Sequence[Range], group_size: int) -> Lookup:
        """Lines 1 to 5: t and the multiplicities, a helper for each group of values and for each of tables."""
        values = [value for item in ranges for value in item.values]
        names = tuple(item.name for item in ranges for _ in item.values)
        label = f"range{tables.bits}"
        table, first_helper = self._witness + len(self.range_columns), self._base + len(self.argument_columns)
        groups = [values[start : start + group_size] for start in range(0, len(values), group_size)]
        table_groups = tuple(
            range(start, min(start + group_size, tables.count)) for start in range(0, tables.count, group_size)
        )
        t = self._range_column(f"{label}.table")
        multiplicities = [self._range_column(f"{label}.multiplicity{number}") for number in range(tables.count)]
        helpers = [self._argument_column(f"{label}.helper{number}") for number in range(len(groups))]
        of_tables = [self._argument_column(f"{label}.table helper{number}") for number in range(len(table_groups))]

        # Lines 1 to 3: t is 0, …, V − 1 in order, each value on one row or more.
        step = t.next - t
        self._require(f"{label}.table starts at 0", t, RowSet.FIRST)
        self._require(f"{label}.table ends at {tables.length - 1}", t - (tables.length - 1), RowSet.LAST)
        self._require(f"{label}.table steps by 0 or 1", step * (step - 1), RowSet.TRANSITION)
        # Line 4: h_g = Σ 1/(α − ℓ) over the group, denominators cleared.
        first_constraint = len(self.constraints)
        for number, (helper, group) in enumerate(zip(helpers, groups, strict=True)):
            fraction = self._sum_of_fractions([(None, value) for value in group])
            self._require(f"{label}.helper{number}", self._clears(helper, fraction), RowSet.ALL)
        # Line 5: the same for Σ μ_i/(α − (t + o_i)).
        terms = [
            (count, t + offset if offset else t) for count, offset in zip(multiplicities, tables.offsets, strict=True)
        ]
        for number, (helper, numbers) in enumerate(zip(of_tables, table_groups, strict=True)):
            fraction = self._sum_of_fractions([terms[i] for i in numbers])
            self._require(f"{label}.table helper{number}", self._clears(helper, fraction), RowSet.ALL)

        # What lines 7 and 8 add up; its sum over all rows is zero exactly if every value is in a table.
        self._balances.append(reduce(operator.sub, of_tables, reduce(operator.add, helpers, self._zero)))
        nodes = tuple(tuple(value.index for value in group) for group in groups)
        return Lookup(tables, nodes, names, table, first_helper, first_constraint, table_groups)

    def _sum_of_fractions(self, terms: Sequence[tuple[Expression | None, Expression]]) -> tuple[Expression, Expression]:
        """Σ m_i/(α − v_i) as one fraction: Σ_i m_i·∏_{j≠i} (α − v_j), and ∏_j (α − v_j). No m_i stands for one."""
        weight, first = terms[0]
        numerator = self._graph.node(Operation.CONSTANT, 1) if weight is None else weight
        product = self._alpha - first
        for weight, value in terms[1:]:
            factor = self._alpha - value
            numerator = numerator * factor + (product if weight is None else weight * product)
            product = product * factor
        return numerator, product

    @staticmethod
    def _clears(helper: Expression, fraction: tuple[Expression, Expression]) -> Expression:
        """Vanishes where the helper is the fraction."""
        numerator, denominator = fraction
        return helper * denominator - numerator

    @property
    def sum_checks(self) -> tuple[SumCheck, ...]:
        """The sums by name. ``expand_sums`` has been called: it adds the node of an integer ``last``."""
        return tuple(
            SumCheck(item.name, item.body.index, self._expression(item.last).index, item.total.index)
            for item in self._sums
        )

    def _expression(self, value: Expression | int) -> Expression:
        return value if isinstance(value, Expression) else self._graph.node(Operation.CONSTANT, value)

    def expand_sums(self) -> tuple[int | None, int, int]:
        """Lines 6 to 9: one running sum for all lookups and sums. Returns its column, and the nodes that it grows by.

        λ^0 belongs to the first lookup, the powers from λ^1 on to the sums, the powers after those to further lookups.
        """
        if not self._balances and not self._sums:
            return None, self._zero.index, self._zero.index
        shared = self._zero
        for order, balance in enumerate(self._balances):
            shared = shared + balance * self._lambda(len(self._sums) + order if order else 0)
        body, last, totals = shared, shared, self._zero
        for exponent, item in enumerate(self._sums, start=1):
            body = body + item.body * self._lambda(exponent)
            last = last + item.last * self._lambda(exponent)
            totals = totals + item.total * self._lambda(exponent)
        acc = self._argument_column("accumulator")
        self._require("accumulator starts at 0", acc, RowSet.FIRST)
        self._require("accumulator grows", acc.next - acc - body, RowSet.TRANSITION)
        self._require("accumulator grows on the last row", acc.next - acc - last, RowSet.LAST)
        self._require("accumulator ends at the totals", acc - totals, RowSet.END)
        return self._base + len(self.argument_columns) - 1, body.index, last.index
