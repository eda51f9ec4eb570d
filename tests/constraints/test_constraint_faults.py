"""A constraint system that is wrong is named, with what it stated: no constant is rounded, no error is polyproof's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from polyproof.constraints import Builder, ConstraintSystem, Rows, Trace
from polyproof.engine import Engine
from polyproof.errors import PluginFault
from polyproof.registry import default_registry
from polyproof.toolkit.stated_constraints import state_constraints
from polyproof.toolkit.system_answers import account_row_of, publics_of, trace_of
from polyproof_stark.compiler import expand
from polyproof_stark.debug import check_trace

P = 2**64 - 2**32 + 1


class System(ConstraintSystem):
    name = "faulty"
    columns = ("a", "b")
    publics = ("total",)
    statements: Callable[[Builder], None]

    def constraints(self, builder: Builder) -> None:
        type(self).statements(builder)

    def trace(self, witness: Any, rows: int) -> Any:
        return witness


def stating(statements: Callable[[Builder], Any]) -> System:
    return type("Stating", (System,), {"statements": staticmethod(statements)})()


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (lambda b: b.assert_zero("half", b.column("a") * 0.5), "a constant is an integer, not float 0.5"),
        (lambda b: b.assert_zero("half", 0.5 * b.column("a")), "a constant is an integer, not float 0.5"),
        (lambda b: b.assert_zero("half", b.column("a") - 1.0), "a constant is an integer, not float 1.0"),
        (lambda b: b.assert_zero("half", b.column("a") + "1"), "a constant is an integer, not str 1"),
        (lambda b: b.assert_zero("half", b.column("a") + None), "a constant is an integer, not NoneType"),
        (lambda b: b.constant(0.5), "a constant is an integer, not float 0.5"),
        (lambda b: b.range_check("range", [b.column("a")], 7.5), "a constant is an integer, not float 7.5"),
        (lambda b: b.range_check("range", [], 8), "range check 'range' is of no column"),
        (lambda b: b.range_check("range", ["a"], 8), "'range' is stated of a str, not of an expression"),
        (lambda b: b.assert_zero("zero", 0), "'zero' is stated of a int, not of an expression"),
        (lambda b: b.assert_zero("zero", b.column("a"), "all"), "holds on 'all'"),
        (lambda b: b.assert_zero(7, b.column("a")), "a constraint is named 7"),
        (lambda b: b.assert_sum("sum", b.column("a"), 5), "'sum' is stated of a int, not of an expression"),
        (lambda b: b.assert_sum("sum", b.column("a"), b.public("total"), 0.5), "not float 0.5"),
        (lambda b: b.column("a"), "it states no constraint"),
        (lambda b: b.column("c"), "the system declares no column 'c'"),
        (lambda b: {}["missing"], "failed: KeyError: 'missing'"),
        (lambda b: 1 // 0, "failed: ZeroDivisionError"),
    ],
)
def test_a_wrong_statement_is_the_systems_fault_and_says_what_is_wrong(
    statements: Callable[[Builder], Any], words: str
) -> None:
    with pytest.raises(PluginFault) as caught:
        state_constraints(stating(statements))
    assert words in str(caught.value)
    assert "constraints 'faulty'" in str(caught.value)


def test_integers_of_numpy_are_integers() -> None:
    stated = state_constraints(stating(lambda b: b.assert_zero("one", b.column("a") - np.uint64(1))))
    assert [node.first for node in stated.graph.nodes if node.operation.value == "constant"] == [1]


def test_an_expression_of_another_builder_is_refused() -> None:
    kept: list[Any] = []

    def keeping(b: Builder) -> None:
        kept.append(b.column("a"))
        b.assert_zero("zero", b.column("a"))

    state_constraints(stating(keeping))
    with pytest.raises(PluginFault, match="of a different builder"):
        state_constraints(stating(lambda b: b.assert_zero("zero", kept[0])))


# The debug check


def checked(statements: Callable[[Builder], Any], columns: Any, total: int) -> list[str]:
    compiled = expand(state_constraints(stating(statements)), len(columns), 3)
    rows = len(columns)
    base = np.zeros((rows + 8, compiled.base_columns), np.uint64)
    base[:rows, :2] = columns
    arguments = np.zeros((rows + 8, len(compiled.argument_columns), 3), np.uint64)
    extension = default_registry().create("field", "goldilocks", Engine.PORTABLE).extension(3)
    challenges = [np.array([5, 7, 9], np.uint64), np.array([1, 2, 3], np.uint64)]
    found = check_trace(compiled, extension, base, arguments, rows, {"total": total}, challenges)
    return [str(item) for item in found]


def statements(b: Builder) -> None:
    a, other = b.column("a"), b.column("b")
    b.range_check("a is a byte", [a], 8)
    b.range_check("both are bytes", [a + other], 8)
    b.assert_sum("sum of a", a, b.public("total"), last=other)


def test_a_range_that_is_left_is_named_with_its_column_row_and_value() -> None:
    columns = np.ones((300, 2), np.uint64)
    columns[17] = 256, 0
    columns[20] = 200, 100
    found = checked(statements, columns, 299 + 255 + 199 + 1)
    assert "range check 'a is a byte' does not hold on row 17: column 'a': 256 is not below 2^8" in found
    assert "range check 'both are bytes' does not hold on row 17: columns 'a', 'b': 256 is not below 2^8" in found


def test_a_wrong_sum_is_named_as_its_author_named_it() -> None:
    found = checked(statements, np.ones((300, 2), np.uint64), 299)
    assert "sum 'sum of a' does not hold on row 299: the rows add up to 300, its total is 299" in found
    assert not any("accumulator ends" in line for line in found)


# What a system answers

GOOD = Trace(np.zeros((4, 2), np.uint64), {"total": 0})


@pytest.mark.parametrize(
    ("trace", "words"),
    [
        (None, "trace returned NoneType"),
        (Trace(np.zeros((4, 2)), {"total": 0}), "values of type float64, expected uint64"),
        (Trace(np.zeros((4, 2), np.int64), {"total": 0}), "values of type int64"),
        (Trace([[0, 0]] * 4, {"total": 0}), "values of type list"),  # type: ignore[arg-type]
        (Trace(np.zeros((4, 3), np.uint64), {"total": 0}), "values of shape (4, 3), expected (4, 2)"),
        (Trace(np.full((4, 2), P, np.uint64), {"total": 0}), "not below the field's modulus"),
        (Trace(GOOD.columns, {}), "other public values than it declares: total"),
        (Trace(GOOD.columns, {"total": 0, "more": 1}), "other public values than it declares"),
        (Trace(GOOD.columns, {"total": 0.0}), "a public value that is not an integer"),  # type: ignore[dict-item]
        (Trace(GOOD.columns, {"total": P}), "a public value that is not an integer below"),
        (Trace(GOOD.columns, {"total": -1}), "a public value that is not an integer below"),
    ],
)
def test_a_trace_of_other_types_shapes_or_values_is_the_systems_fault(trace: Any, words: str) -> None:
    system = stating(lambda b: b.assert_zero("zero", b.column("a"), Rows.FIRST))
    assert trace_of(system, GOOD, 4, P) is GOOD
    with pytest.raises(PluginFault, match="constraints 'faulty'") as caught:
        trace_of(system, trace, 4, P)
    assert words in str(caught.value)


def test_so_are_a_row_and_public_values() -> None:
    class Lists(System):
        def account_row(self, balances: Any) -> Any:
            return list(balances)

        def publics_of_totals(self, totals: Any) -> Any:
            return dict.fromkeys(self.publics, 0.5)

    system: Any = Lists()
    with pytest.raises(PluginFault, match="account_row returned values of type list"):
        account_row_of(system, [1, 2], P)
    with pytest.raises(PluginFault, match="publics_of_totals returned a public value"):
        publics_of(system, [1], P)
