"""Conformance suite for ``ConstraintSystem``; ``polyproof.testing.liabilities`` has the one for systems of accounts.

An author inherits it and supplies the fixtures that it names::

    class TestMySystem(ConstraintSystemSuite):
        @pytest.fixture
        def make(self):
            return MySystem

        @pytest.fixture
        def modulus(self):
            return 2**64 - 2**32 + 1

        @pytest.fixture
        def witness(self):
            return MyWitness(3, 5)

        @pytest.fixture
        def faults(self):
            return [Fault("a", 7, 99, "a moves up")]

``violations`` defines what statements mean, row by row and in plain integers. All that it shares with a backend is the
record of what was stated.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from attrs import frozen

from polyproof.constraints import (
    ConstraintSystem,
    Expression,
    Operation,
    Rows,
    Trace,
)
from polyproof.toolkit.stated_constraints import StatedConstraints, degree_in_columns, degrees, state_constraints

__all__ = ["ConstraintSystemSuite", "Fault", "Violation", "violations"]

Integers = npt.NDArray[np.object_]
"""Arrays of Python integers of any size."""


@frozen
class Violation:
    """A statement that a trace breaks, and the first row where it does: the last one for a sum."""

    constraint: str
    row: int

    def __str__(self) -> str:
        return f"constraint {self.constraint!r} does not hold on row {self.row}"


@frozen
class Fault:
    """A cell of the honest trace set to another value, and the constraint that then fails."""

    column: str
    row: int
    value: int
    constraint: str


def violations(stated: StatedConstraints, trace: Trace, modulus: int) -> list[Violation]:
    """The statements that a trace breaks, computed in plain integers modulo ``modulus``."""
    rows = len(trace.columns)
    columns = trace.columns.astype(object)
    values = _values(stated, columns, trace.publics, modulus)
    spans = {
        Rows.ALL: slice(0, rows),
        Rows.TRANSITION: slice(0, rows - 1),
        Rows.FIRST: slice(0, 1),
        Rows.LAST: slice(rows - 1, rows),
    }
    broken: list[tuple[str, int, Any]] = []
    for zero in stated.zeros:
        span = spans[zero.rows]
        broken.append((zero.name, span.start, values[zero.expression.index][span] != 0))
    for checked in stated.ranges:
        above = np.stack([values[value.index] >= 1 << checked.bits for value in checked.values])
        broken.append((checked.name, 0, above.any(axis=0)))
    for summed in stated.sums:
        last = values[summed.last.index][-1] if isinstance(summed.last, Expression) else summed.last
        excess = sum(values[summed.body.index][:-1]) + last - values[summed.total.index][0]
        broken.append((summed.name, rows - 1, np.array([excess % modulus != 0])))
    return [Violation(name, start + int(np.flatnonzero(where)[0])) for name, start, where in broken if where.any()]


def _values(stated: StatedConstraints, columns: Integers, publics: Mapping[str, int], modulus: int) -> list[Integers]:
    """Every node of the graph on every row, modulo p. The first row follows the last; no statement reads that far."""
    found: list[Integers] = []
    for node in stated.graph.nodes:
        value: Integers
        match node.operation:
            case Operation.CONSTANT:
                value = np.full(len(columns), node.first, object)
            case Operation.PUBLIC:
                value = np.full(len(columns), publics[stated.publics[node.first]], object)
            case Operation.COLUMN:
                value = np.roll(columns[:, node.first], -node.second)
            case Operation.ADD:
                value = found[node.first] + found[node.second]
            case Operation.SUBTRACT:
                value = found[node.first] - found[node.second]
            case Operation.MULTIPLY:
                value = found[node.first] * found[node.second]
            case _:
                raise AssertionError("a system states no challenges; those belong to a backend")
        found.append(value % modulus)
    return found


def _names(stated: StatedConstraints) -> list[str]:
    zeros, ranges, sums = stated.zeros, stated.ranges, stated.sums
    return [*(item.name for item in zeros), *(item.name for item in ranges), *(item.name for item in sums)]


def _with_cell(trace: Trace, row: int, column: int, value: int) -> Trace:
    columns = trace.columns.astype(np.uint64)
    columns[row, column] = value
    return Trace(columns, trace.publics)


def _record(stated: StatedConstraints) -> Any:
    """Everything stated, as values that can be compared."""
    return (
        stated.system,
        stated.columns,
        stated.publics,
        tuple(stated.graph.nodes),
        [(zero.name, zero.expression.index, zero.rows) for zero in stated.zeros],
        [(item.name, [value.index for value in item.values], item.bits) for item in stated.ranges],
        [
            (
                item.name,
                item.body.index,
                item.total.index,
                item.last.index if isinstance(item.last, Expression) else item.last,
            )
            for item in stated.sums
        ],
    )


class ConstraintSystemSuite:
    """What every ``polyproof.constraints.ConstraintSystem`` promises."""

    rows = 64
    """Length of the traces, which makes no difference to what is shown."""
    highest_degree = 4
    """The highest degree of a constraint that the STARK proves at its default blowup of 4."""

    # Fixtures

    @pytest.fixture
    def make(self) -> Callable[[], ConstraintSystem]:
        """How to make the system under test; override it."""
        raise NotImplementedError("override the fixture `make`: a function without arguments to your system")

    @pytest.fixture
    def modulus(self) -> int:
        """The prime of the field; override it."""
        raise NotImplementedError("override the fixture `modulus`: the prime of the field that your system is for")

    @pytest.fixture
    def witness(self) -> Any:
        """An honest witness for a trace of ``rows`` rows; override it."""
        raise NotImplementedError("override the fixture `witness`: what your system's trace takes")

    @pytest.fixture
    def faults(self) -> Sequence[Fault]:
        """Cells set to wrong values, and the constraints that they break; override it."""
        raise NotImplementedError("override the fixture `faults`: at least one Fault, better one for each constraint")

    @pytest.fixture
    def free(self) -> Collection[tuple[str, int]]:
        """All cells (column, row) that no constraint determines, if there are any."""
        return ()

    @pytest.fixture
    def system(self, make: Callable[[], ConstraintSystem]) -> ConstraintSystem:
        """The system under test."""
        return make()

    @pytest.fixture
    def stated(self, system: ConstraintSystem) -> StatedConstraints:
        """What it states."""
        return state_constraints(system)

    @pytest.fixture
    def trace(self, system: ConstraintSystem, witness: Any) -> Trace:
        """The honest trace."""
        return system.trace(witness, self.rows)

    # Statements

    def test_names_are_stated_and_different(self, system: ConstraintSystem) -> None:
        assert isinstance(system, ConstraintSystem)
        assert system.name
        for names in (system.columns, system.publics):
            assert all(isinstance(name, str) and name for name in names)
            assert len(set(names)) == len(names)
        assert system.columns

    def test_the_same_is_stated_every_time(
        self, make: Callable[[], ConstraintSystem], system: ConstraintSystem, stated: StatedConstraints
    ) -> None:
        """Prover and verifier each ask, and a digest of what is stated goes into the transcript."""
        assert _record(state_constraints(system)) == _record(stated)
        assert _record(state_constraints(make())) == _record(stated)

    def test_statements_have_names(self, stated: StatedConstraints) -> None:
        names = _names(stated)
        assert names
        assert all(names)

    def test_degrees_are_ones_that_a_backend_can_prove(self, stated: StatedConstraints) -> None:
        degree = degrees(stated.graph.nodes, degree_in_columns)
        for zero in stated.zeros:
            assert degree[zero.expression.index] <= self.highest_degree, zero.name
        for item in stated.ranges:
            assert all(degree[value.index] < self.highest_degree for value in item.values), item.name

    # The honest trace

    def test_trace_has_the_stated_shape(self, system: ConstraintSystem, trace: Trace, modulus: int) -> None:
        assert trace.columns.shape == (self.rows, len(system.columns))
        assert trace.columns.dtype.kind == "u"
        assert int(trace.columns.max(initial=0)) < modulus
        assert list(trace.publics) == list(system.publics)
        assert all(0 <= value < modulus for value in trace.publics.values())

    def test_honest_trace_breaks_nothing(self, stated: StatedConstraints, trace: Trace, modulus: int) -> None:
        assert violations(stated, trace, modulus) == []

    # Faults

    def test_a_planted_fault_is_named_with_its_row(
        self, stated: StatedConstraints, trace: Trace, modulus: int, faults: Sequence[Fault]
    ) -> None:
        assert faults, "an empty list of faults shows nothing"
        for fault in faults:
            column = stated.columns.index(fault.column)
            assert int(trace.columns[fault.row, column]) != fault.value, f"{fault} changes nothing"
            broken = violations(stated, _with_cell(trace, fault.row, column, fault.value), modulus)
            assert fault.constraint in {item.constraint for item in broken}, f"{fault}: found {broken}"
            local = {zero.name for zero in stated.zeros} | {item.name for item in stated.ranges}
            for item in broken:
                # A constraint concerns one row and the next; a sum concerns them all, and breaks on the last.
                expected = {fault.row, fault.row - 1} if item.constraint in local else {self.rows - 1}
                assert item.row in expected, f"{fault}: found {item}"

    @pytest.fixture
    def changes(
        self, stated: StatedConstraints, trace: Trace, modulus: int
    ) -> Sequence[tuple[tuple[str, int], list[Violation]]]:
        """Cells (column, row) set to other values and what each breaks, in all columns, at both ends and within."""
        random = np.random.default_rng(1)
        rows = {0, 1, *random.integers(2, self.rows - 2, 2).tolist(), self.rows - 2, self.rows - 1}
        return [
            ((name, row), violations(stated, _with_cell(trace, row, column, value), modulus))
            for row in sorted(rows)
            for column, name in enumerate(stated.columns)
            for value in _other_values(int(trace.columns[row, column]), modulus, random)
        ]

    def test_every_cell_is_determined_or_listed_as_free(
        self, changes: Sequence[tuple[tuple[str, int], list[Violation]]], free: Collection[tuple[str, int]]
    ) -> None:
        listed = {(column, row % self.rows) for column, row in free}
        tried = {cell for cell, _ in changes}
        missed = {cell for cell, broken in changes if not broken}
        assert not missed - listed, f"no constraint determines {sorted(missed - listed)}"
        stale = listed & tried - missed
        assert not stale, f"listed as free but determined: {sorted(stale)}"

    def test_every_statement_can_fail(
        self, stated: StatedConstraints, changes: Sequence[tuple[tuple[str, int], list[Violation]]]
    ) -> None:
        """A statement that holds of every trace says nothing."""
        failed = {item.constraint for _, broken in changes for item in broken}
        assert {name for name in _names(stated) if name not in failed} == set()

    def test_every_public_value_is_bound(self, stated: StatedConstraints, trace: Trace, modulus: int) -> None:
        random = np.random.default_rng(2)
        for name, honest in trace.publics.items():
            for value in _other_values(honest, modulus, random):
                changed = Trace(trace.columns, {**trace.publics, name: value})
                assert violations(stated, changed, modulus), f"{name} may be {value} as well as {honest}"


def _other_values(value: int, modulus: int, random: np.random.Generator) -> Iterator[int]:
    """Both neighbours, zero and one, the largest element, and a random one, as far as they differ from ``value``."""
    others = (value + 1, value - 1, 0, 1, modulus - 1, int(random.integers(0, modulus, dtype=np.uint64)))
    for other in dict.fromkeys(other % modulus for other in others):
        if other != value:
            yield other
