"""Rounding is against the organisation, whatever the amount."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyproof.cli.net_equity_view import _whole
from polyproof.publication.report.netting import value as worth
from polyproof.publication.report.wording import (
    count,
    exact,
    held,
    joined,
    moment,
    month,
    owed,
    percentage,
    policy_sentences,
    required,
)
from polyproof.settings.reserves import ReservesPolicy


def value(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


AMOUNTS = st.tuples(st.integers(0, 10**60), st.integers(0, 77)).map(
    lambda pair: (
        f"{pair[0] // 10 ** pair[1]}.{pair[0] % 10 ** pair[1]:0{pair[1]}}".rstrip("0").rstrip(".")
        if pair[1]
        else str(pair[0])
    )
)


@given(AMOUNTS)
def test_what_is_owed_is_never_shown_as_less_and_what_is_held_never_as_more(amount: str) -> None:
    true = Fraction(amount)
    assert value(held(amount)) <= true <= value(owed(amount))
    assert value(exact(amount)) == true
    # Close enough to be worth reading.
    assert value(owed(amount)) - value(held(amount)) <= max(true * Fraction(1, 10**6), 0)


@pytest.mark.parametrize(("value_of", "shown"), [("0", "0"), ("1234.000001", "1,235"), ("1234", "1,234")])
def test_values_of_what_is_owed_are_rounded_up(value_of: str, shown: str) -> None:
    assert worth(value_of) == shown
    assert _whole(Fraction(value_of)) == shown


@pytest.mark.parametrize(
    ("amount", "up", "down"),
    [
        ("0", "0", "0"),
        ("1234567.891", "1,234,567.9", "1,234,567.89"),
        ("123456789.123456", "123,456,789.13", "123,456,789.12"),
        ("0.000000012345678987", "0.000000012345679", "0.000000012345678"),
        ("99.999999999", "100", "99.999999"),
        ("1000", "1,000", "1,000"),
    ],
)
def test_amounts_keep_eight_digits(amount: str, up: str, down: str) -> None:
    assert (owed(amount), held(amount)) == (up, down)


def test_a_ratio_just_below_is_not_shown_as_enough() -> None:
    assert percentage(Fraction(10**30 - 1, 10**30)) == "99.99\u00a0%"
    assert percentage(Fraction(1)) == "100.00\u00a0%"
    assert percentage(Fraction(123456, 10)) == "1,234,560.00\u00a0%"
    assert percentage(None) == "–"


def test_the_required_ratio_is_exact() -> None:
    assert required(Fraction(1)) == "100\u00a0%"
    assert required(Fraction("1.025")) == "102.5\u00a0%"
    assert required(Fraction("1.000000000001")) == "100.0000000001\u00a0%"


@pytest.mark.parametrize("balances", ["checked", "claimed", "declared"])
def test_look_ups_are_said_to_be_of_whoever_made_them(balances: str) -> None:
    policy = ReservesPolicy(balances=balances)
    ours, theirs = " ".join(policy_sentences(policy)), " ".join(policy_sentences(policy, theirs=True))
    assert "looked up on their chain for this page" in ours
    assert "for this page" not in theirs
    assert "if it says that it looked them up" in theirs
    assert ("the organisation says it looked up" in ours) == (balances == "claimed")


def test_words() -> None:
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert joined([]) == ""
    assert joined(list("abcdefgh")) == "a, b, c, d, e and 3 more"
    assert (count(1, "audit"), count(2, "audit"), count(0, "audit")) == ("1 audit", "2 audits", "0 audits")
    assert moment("2025-11-30T09:05:00Z") == "30 November 2025, 09:05 UTC"
    assert month("2025-02-01T00:00:00Z") == "Feb 2025"
