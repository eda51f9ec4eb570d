"""Decimal strings become exact integers, or errors that say what would be right."""

from __future__ import annotations

import math
import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyproof.model.amounts import MOST_DIGITS, AmountError, Rounding, parse_amount

DIGITS = st.text("0123456789", max_size=40)


@st.composite
def amounts(draw: st.DrawFn) -> str:
    """Texts of the documented grammar."""
    whole, fraction = draw(DIGITS), draw(DIGITS)
    number = f"{whole}.{fraction}" if (whole and draw(st.booleans())) or fraction else whole or "0"
    exponent = draw(st.one_of(st.just(""), st.integers(-60, 60).map(lambda e: f"e{e}"), st.just("E+3")))
    sign = draw(st.sampled_from(["", "", "+", "-"]))
    spaces = st.sampled_from(["", " ", "\t "])
    return draw(spaces) + sign + (number if number != "." else "0.") + exponent + draw(spaces)


@given(amounts(), st.integers(0, 30))
def test_an_amount_is_the_exact_value_rounded_as_asked(text: str, decimals: int) -> None:
    exact = Fraction(Decimal(text.strip())) * 10**decimals
    assert parse_amount(text, decimals) == math.ceil(exact)
    assert parse_amount(text, decimals, Rounding.DOWN) == math.floor(exact)
    if exact.denominator == 1:
        assert parse_amount(text, decimals, Rounding.EXACT) == exact
    else:
        with pytest.raises(AmountError, match="not a whole number of base units"):
            parse_amount(text, decimals, Rounding.EXACT)


@given(st.integers(0, 2**256 - 1), st.integers(0, 30))
def test_what_an_asset_formats_parses_back(units: int, decimals: int) -> None:
    from polyproof.model.assets import Asset

    assert parse_amount(Asset("X", decimals, 256).format(units), decimals, Rounding.EXACT) == units


@pytest.mark.parametrize(
    ("text", "decimals", "units"),
    [
        ("0", 8, 0),
        ("-0", 8, 0),
        ("0e999999999", 8, 0),
        ("1", 0, 1),
        (".5", 1, 5),
        ("5.", 1, 50),
        ("007.50", 2, 750),
        ("0.1", 18, 10**17),
        ("1e-7", 8, 10),
        ("1E+2", 0, 100),
        ("12.3456e2", 2, 123456),
        ("0.000000001", 8, 1),
        ("1.000000000000000000000001", 8, 10**8 + 1),
        ("-1.5", 0, -1),
        (" 1.5\t", 1, 15),
        ("9" * 300, 8, (10**300 - 1) * 10**8),
        ("1e400", 8, 10**408),
        ("0.1e-999999999999", 8, 1),
        ("9007199254740993", 0, 2**53 + 1),
        ("0.30000000000000004", 17, 30000000000000004),
    ],
)
def test_amounts_that_a_float_or_a_guess_would_get_wrong(text: str, decimals: int, units: int) -> None:
    assert parse_amount(text, decimals) == units


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "write 0"),
        ("  ", "write 0"),
        ("NaN", "finite"),
        ("-inf", "finite"),
        ("Infinity", "finite"),
        ("1,5", "thousands"),
        ("1,234.5", "thousands"),
        ("1_000", "one point"),
        ("0x10", "one point"),
        ("1.2.3", "one point"),
        (".", "one point"),
        ("-", "one point"),
        ("e5", "one point"),
        ("1e", "one point"),
        ("1e1.5", "one point"),
        ("--1", "one point"),
        ("1 2", "one point"),
        ("1\n", "one point"),
        ("1\0", "one point"),
        ("\xa01", "one point"),
        ("１２", "0 to 9"),
        ("٣", "0 to 9"),
        ("²", "0 to 9"),
        ("$5", "one point"),
        ("None", "one point"),
    ],
)
def test_what_is_not_a_number_is_an_error_with_a_hint(text: str, says: str) -> None:
    with pytest.raises(AmountError, match="is not a number") as caught:
        parse_amount(text, 8)
    assert says in str(caught.value)


@pytest.mark.parametrize("text", ["1e999999999999", "1e" + "9" * 900, "9" * (MOST_DIGITS + 1), "0." + "1" * 5_000_000])
def test_hostile_amounts_end_at_once(text: str) -> None:
    begin = time.perf_counter()
    with pytest.raises(AmountError, match=str(MOST_DIGITS)) as caught:
        parse_amount(text, 8)
    assert time.perf_counter() - begin < 1
    assert len(str(caught.value)) < 300


def test_tiny_amounts_end_at_once_and_round_up_to_one_unit() -> None:
    assert parse_amount("1e-" + "9" * 900, 18) == 1
    assert parse_amount("-1e-" + "9" * 900, 18) == 0
    assert parse_amount("-1e-" + "9" * 900, 18, Rounding.DOWN) == -1
