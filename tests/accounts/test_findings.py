"""Problems are collected in order; those of one kind are one, with how many there are and the first of them."""

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
        findings.add(f"wrong in way {'abcde'[number]}", Location("a.csv", row=number), "do it right")
    with pytest.raises(ReservesError) as caught:
        findings.raise_any(ReservesError)
    assert [str(problem) for problem in caught.value.problems] == [
        "a.csv: row 0: wrong in way a (do it right)",
        "a.csv: row 1: wrong in way b (do it right)",
    ]
    assert caught.value.more == 3


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


def _rows(findings: Findings, count: int, message: str = "amount '{}' is wrong", **more: str) -> None:
    for row in range(1, count + 1):
        findings.add_problem(Problem(message.format(row), Location("a.csv", row=row), **more))


def test_a_few_problems_of_a_kind_are_told_one_by_one_and_more_as_one() -> None:
    findings = Findings()
    _rows(findings, 3)
    assert [problem.count for problem in findings.kept] == [1, 1, 1]
    _rows(findings, 4430)
    (problem,) = findings.kept
    assert problem.count == 4433
    assert [str(one) for one in problem.examples] == [f"a.csv: row {row}: amount '{row}' is wrong" for row in (1, 2, 3)]
    with pytest.raises(AccountsError) as caught:
        findings.raise_any(AccountsError)
    assert str(caught.value) == "a.csv: row 1: amount '1' is wrong; 4,432 more like it, in row 2, row 3, …"
    assert caught.value.more == 0


def test_problems_about_other_things_and_with_other_codes_are_other_kinds() -> None:
    findings = Findings()
    for code, about in (("amount-overflow", "BTC"), ("amount-overflow", "ETH"), ("amount-negative", "BTC")):
        _rows(findings, 5, f"{about} is {code} by {{}}", code=code, about=about)
    assert [(problem.code, problem.about, problem.count) for problem in findings.kept] == [
        ("amount-overflow", "BTC", 5),
        ("amount-overflow", "ETH", 5),
        ("amount-negative", "BTC", 5),
    ]


def test_what_is_expected_is_right_for_all_of_a_kind() -> None:
    findings = Findings()
    for row, bits in enumerate((96, 160, 96, 128), 1):
        place = Location("a.csv", row=row)
        findings.add_problem(Problem("overflows", place, expected=f"bits: {bits}", need=bits, code="amount-overflow"))
    (problem,) = findings.kept
    assert (problem.location, problem.expected) == (Location("a.csv", row=1), "bits: 160")


def test_problems_that_are_not_of_rows_are_never_taken_together() -> None:
    findings = Findings()
    for name in "abcdef":
        findings.add(f"column {name!r} occurs twice", Location("a.csv"))
    assert len(findings.kept) == 6


def test_what_is_kept_does_not_grow_with_what_is_wrong() -> None:
    findings = Findings(limit=5)
    for row in range(2000):
        findings.add(f"wrong {'x' * row}", Location("a.csv", row=row))
        findings.add("alike", Location("a.csv", row=row))
    assert len(findings.kept) <= 5 * 3
    assert findings.count == 4000
    with pytest.raises(AccountsError) as caught:
        findings.raise_any(AccountsError)
    assert sum(problem.count for problem in caught.value.problems) + caught.value.more == 4000


def test_the_rest_of_a_kind_is_counted_in_one_go() -> None:
    findings = Findings()
    _rows(findings, 3, code="account-repeated")
    findings.add_more(97, "account-repeated")
    assert [problem.count for problem in findings.kept] == [100]


def test_the_rest_of_a_kind_that_is_not_kept_is_counted_too() -> None:
    findings = Findings(limit=1)
    findings.add("wrong", Location("a.csv", row=1))
    _rows(findings, 3, code="account-repeated")
    findings.add_more(97, "account-repeated")
    assert ([problem.message for problem in findings.kept], findings.count) == (["wrong"], 101)
    with pytest.raises(AccountsError) as caught:
        findings.raise_any(AccountsError)
    assert caught.value.more == 100
