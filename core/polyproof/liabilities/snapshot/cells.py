"""Amounts of a whole column: the common ones in SQL, every other one exactly in Python.

A column of integers is multiplied and compared as it is. Of any other, the text is read:
The SQL takes plain decimals of up to 38 digits, ``[0-9]+(.[0-9]*)?``: it cuts the text at the point,
pads or cuts the fraction to the asset's decimals and reads the digits as one integer. No value of a
type that rounds is ever made. Where the SQL has no answer (a sign, an exponent, spaces, more digits, no
number at all, more than the asset allows) its value is NULL and the text goes to ``exact_amount``,
which is ``parse_amount`` with the bounds of the asset. The two agree wherever SQL has an answer.
"""

from __future__ import annotations

from attrs import evolve

from polyproof.errors import Problem
from polyproof.model.amounts import MOST_DIGITS, AmountError, InexactAmountError, Rounding, parse_amount, shown
from polyproof.model.assets import MOST_BITS, Asset
from polyproof.model.counts import counted
from polyproof.model.net_equity import DEBT, EQUITY, Position

__all__ = [
    "INTEGER_TYPES",
    "exact_amount",
    "fitting_value",
    "integer_value",
    "rest_of",
    "rounds_down",
    "value_type",
    "words_of",
    "written_value",
]


INTEGER_TYPES = {
    f"{sign}{name}": (1 << (bits if sign else bits - 1)) - 1
    for name, bits in (("TINYINT", 8), ("SMALLINT", 16), ("INTEGER", 32), ("BIGINT", 64), ("HUGEINT", 128))
    for sign in ("", "U")
}
"""DuckDB's names for types of integers, and the largest of each."""

_STEP = 32
"""What is proposed as ``bits`` of an asset is a multiple of it: not the next number of every larger balance."""


def rounds_down(asset: Asset) -> bool:
    """Whether a fraction of a base unit is dropped: of a debt and of a pledge, which lower what is owed to others."""
    return isinstance(asset, Position) and asset.kind != EQUITY


def value_type(asset: Asset) -> str:
    """The SQL type that holds an asset's balances, as far as SQL converts them."""
    return "UBIGINT" if asset.bits <= 64 else "UHUGEINT"


def words_of(value: str, asset: Asset) -> list[str]:
    """SQL of the 64-bit words, least significant first and at most two, of a value of ``value_type(asset)``."""
    if asset.bits <= 64:
        return [value]
    return [f"({value} & 18446744073709551615::UHUGEINT)::UBIGINT", f"({value} >> 64)::UBIGINT"]


def _number(asset: Asset, base_units: bool) -> tuple[str, int]:
    """The type in which amounts of an asset are computed, and how many digits of a number it holds.

    One less than its largest value has, which leaves room for rounding up.
    """
    # With many decimals, amounts soon have more than 19 digits.
    if asset.bits <= 64 and (base_units or asset.decimals <= 9):
        return "UBIGINT", 19
    return "UHUGEINT", 38


def integer_value(column: str, kind: str, asset: Asset, base_units: bool) -> str:
    """SQL of an amount that is an integer, in base units, as ``value_type(asset)``; NULL where SQL has no answer.

    ``kind`` is the type of the column, one of ``INTEGER_TYPES``. NULL is zero.
    """
    unit, number = 1 if base_units else 10**asset.decimals, value_type(asset)
    most = ((1 << min(asset.bits, 64 if number == "UBIGINT" else 128)) - 1) // unit
    fits = [f"{column} >= 0"] if not kind.startswith("U") else []
    if most < INTEGER_TYPES[kind]:
        fits.append(f"{column} <= {most}::{kind}")
    value = f"{column}::{number}" + (f" * {unit}::{number}" if unit > 1 and most else "")
    return f"CASE WHEN {column} IS NULL THEN 0::{number} WHEN {' AND '.join(fits) or 'true'} THEN {value} END"


def written_value(text: str, asset: Asset, base_units: bool) -> str:
    """SQL of an amount in base units, rounded, not yet compared with 2^bits; NULL where SQL has no answer.

    ``text`` is the name of a VARCHAR column. NULL, the empty text and ``0`` are zero.
    """
    number, digits = _number(asset, base_units)
    if base_units:
        plain = f"regexp_full_match({text}, '[0-9]+') AND strlen({text}) <= {digits}"
        value = f"{text}::{number}"
    else:
        decimals, point, length = asset.decimals, f"instr({text}, '.')", f"strlen({text})"
        plain = (
            f"regexp_full_match({text}, '[0-9]+(\\.[0-9]*)?') AND {length} <= {MOST_DIGITS} "
            f"AND CASE WHEN {point} = 0 THEN {length} ELSE {point} - 1 END <= {digits - decimals}"
        )
        # Cutting at the place of the point costs a tenth of split_part, and cutting zeros off a text a tenth of rpad.
        zeros = "0" * decimals
        whole = f"substr({text}, 1, {point} - 1)"
        up = "" if rounds_down(asset) else f" + (ltrim(substr({text}, {point} + {decimals + 1}), '0') <> '')::{number}"
        value = (
            f"CASE WHEN {point} = 0 THEN ({text} || '{zeros}')::{number} "
            f"WHEN {length} - {point} <= {decimals} THEN ({whole} || substr({text}, {point} + 1) "
            f"|| substr('{zeros}', 1, {decimals} - ({length} - {point})))::{number} "
            f"ELSE ({whole} || substr({text}, {point} + 1, {decimals}))::{number}{up} END"
        )
    return f"CASE WHEN {text} IS NULL OR {text} = '' OR {text} = '0' THEN 0::{number} WHEN {plain} THEN {value} END"


def fitting_value(value: str, asset: Asset, base_units: bool) -> str:
    """SQL of a value that ``written_value`` made, as ``value_type(asset)``; NULL beyond ``asset.bits`` bits."""
    number, digits = _number(asset, base_units)
    if 10**digits >> asset.bits:
        return f"CASE WHEN {value} < {1 << asset.bits}::{number} THEN {value}::{value_type(asset)} END"
    return f"{value}::{value_type(asset)}"


def rest_of(text: str, asset: Asset, base_units: bool) -> str:
    """SQL of the digits that ``written_value`` rounded, without trailing zeros; empty, or NULL, where it did not.

    Only of a text that ``written_value`` has an answer for, and of no other.
    """
    if base_units:
        return "''"
    # Most amounts are too short to have any. Without a point, none of a whole number are a fraction's.
    digits = f"rtrim(substr({text}, instr({text}, '.') + {asset.decimals + 1}), '0')"
    return f"CASE WHEN strlen({text}) > {asset.decimals + 2} AND instr({text}, '.') > 0 THEN {digits} ELSE '' END"


def exact_amount(text: str, asset: Asset, base_units: bool, rule: str) -> int | Problem:
    """An amount in base units within [0, 2^bits), or what is wrong with it."""
    if not text.strip(" \t"):
        return _problem(asset, "amount-missing", "is missing", "write 0 for no balance")
    try:
        if base_units:
            units = parse_amount(text, 0, Rounding.EXACT)
        elif rounds_down(asset):
            units = parse_amount(text, asset.decimals, Rounding.DOWN)
        else:
            units = parse_amount(text, asset.decimals)
            if text.lstrip(" \t").startswith("-") and units == 0:
                units = parse_amount(text, asset.decimals, Rounding.DOWN)
    except AmountError as error:
        problem = error.problems[0]
        inexact = isinstance(error, InexactAmountError)
        hint = "amounts here are in base units; did you mean `units: decimal`?" if inexact else problem.hint
        return _problem(asset, "amount-malformed", problem.message, hint)
    if units < 0:
        hint = f"a debt; rule {rule!r} allows none, but net-equity does"
        if isinstance(asset, Position):
            hint = f"a debt is a positive amount of {asset.asset.symbol}:{DEBT}, where that has a column of its own"
        return _problem(asset, "amount-negative", f"{shown(text)} is negative", hint)
    if units >> asset.bits:
        symbol = asset.asset.symbol if isinstance(asset, Position) else asset.symbol
        largest = (1 << asset.bits) - 1
        allowed = f"{largest} base units" if base_units else f"{asset.format(largest)} {symbol}"
        problem = _problem(
            asset,
            "amount-overflow",
            f"{shown(text)} overflows {counted(asset.bits, 'bit')}",
            f"the largest allowed is {allowed}, from `bits` of {symbol} in the spec",
        )
        bits = -(-units.bit_length() // _STEP) * _STEP
        return evolve(problem, expected=f"bits: {bits}" if bits <= MOST_BITS else None, need=bits)
    return units


def _problem(asset: Asset, code: str, what: str, hint: str | None) -> Problem:
    return Problem(f"{asset.symbol} amount {what}", hint=hint, code=code, about=asset.symbol)
