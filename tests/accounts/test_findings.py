"""Problems are collected in order, the first spelled out and the others counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyproof.errors import AccountsError, InputError, Location, Problem, ReservesError
from polyproof.findings import Findings

ORDERS = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 3)) | st.just(()), max_size=40)


def test_nothing_is_raised_where_nothing_was_found() -> None:
    findings = Findings()
    assert not findings
    findings.raise_any(AccountsError)


def test_the_first_problems_are_kept_and_the_others_counted() -> None:
    findings = Findings(limit=2)
    for number in range(5):
        findings.add(f"wrong {number}", Location("a.csv", row=number), "do it right")
    findings.add_unseen(10)
    with pytest.raises(ReservesError) as caught:
        findings.raise_any(ReservesError)
    assert [str(problem) for problem in caught.value.problems] == [
        "a.csv: row 0: wrong 0 (do it right)",
        "a.csv: row 1: wrong 1 (do it right)",
    ]
    assert caught.value.more == 13


@given(ORDERS, st.integers(0, 10))
def test_the_first_are_those_of_the_least_order_and_among_equals_the_earliest(
    orders: list[tuple[int, ...]], limit: int
) -> None:
    findings = Findings(limit)
    for number, order in enumerate(orders):
        findings.add(str(number), order=order)
    expected = sorted(range(len(orders)), key=lambda number: (orders[number], number))
    assert [int(problem.message) for problem in findings.kept] == expected[:limit]
    assert findings.count == len(orders)


def test_problems_of_an_error_keep_the_place_they_name() -> None:
    findings, own = Findings(), Location("b.csv", 7)
    findings.add_error(InputError([Problem("one", own, "hint"), Problem("two")]), Location("a.csv"))
    assert findings.kept == [Problem("one", own, "hint"), Problem("two", Location("a.csv"))]
