"""Exact conversion of decimal strings to integers of an asset's smallest unit.

The grammar of an amount, in ASCII only::

    amount   = *( SP / TAB ) [ "+" / "-" ] number [ exponent ] *( SP / TAB )
    number   = 1*DIGIT [ "." *DIGIT ] / "." 1*DIGIT
    exponent = ( "e" / "E" ) [ "+" / "-" ] 1*DIGIT

Exponents are allowed because spreadsheets and ledgers export ``1e-7``. They are converted exactly, like
everything else: by moving the point of an integer, never through a float. NaN, infinities, thousands
separators, decimal commas, underscores, hexadecimal and the digits of other scripts are not amounts.
"""

from __future__ import annotations

import re
from enum import Enum
from fractions import Fraction

from polyproof.errors import InputError, Problem
from polyproof.model.counts import counted

__all__ = [
    "MOST_DIGITS",
    "AmountError",
    "InexactAmountError",
    "Rounding",
    "exact_decimal",
    "parse_amount",
    "rounded_up",
    "shown",
]

MOST_DIGITS = 1000
"""The most digits of an amount, as written and in base units. No balance has as many; hostile input may."""

_AMOUNT = re.compile(r"[ \t]*([+-]?)([0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?[ \t]*", re.ASCII)
_NOT_FINITE = re.compile(r"[ \t]*[+-]?(?:nan|inf(?:inity)?)[ \t]*", re.ASCII | re.IGNORECASE)


class AmountError(InputError):
    """A text is not an amount, or not an amount of this asset."""


class InexactAmountError(AmountError):
    """A text is a number, but not a whole number of base units where only those are accepted."""


class Rounding(Enum):
    """What happens to a fraction of a base unit."""

    UP = "up"
    """Towards +∞: liabilities. A balance is never understated."""
    DOWN = "down"
    """Towards −∞: holdings. A reserve is never overstated."""
    EXACT = "exact"
    """A fraction is an error."""


def parse_amount(text: str, decimals: int, rounding: Rounding = Rounding.UP) -> int:
    """The value of a text in this module's grammar, in units of 10^−decimals; it may be negative.

    Raises ``AmountError`` for a text outside the grammar and for one of more than ``MOST_DIGITS`` digits;
    with ``Rounding.EXACT`` ``InexactAmountError`` for one that is not a whole number of base units. Time and
    memory are bounded whatever the exponent.
    """
    coefficient, exponent = _number(text)
    if coefficient == 0:
        return 0
    shift = decimals + exponent
    if shift >= 0:
        if shift + len(str(abs(coefficient))) > MOST_DIGITS:
            raise AmountError(
                Problem(f"{shown(text)} has more than {MOST_DIGITS} digits", hint="no balance is that large")
            )
        return int(coefficient * 10**shift)
    units, rest = divmod(coefficient, _power(shift))
    if not rest or rounding is Rounding.DOWN:
        return units
    if rounding is Rounding.EXACT:
        raise InexactAmountError(
            Problem(
                f"{shown(text)} is not a whole number of base units",
                hint=f"at most {counted(decimals, 'decimal')} {'is' if decimals == 1 else 'are'} possible"
                if decimals
                else "write an integer",
            )
        )
    return units + 1


def rounded_up(text: str, decimals: int) -> tuple[Fraction, int]:
    """What ``parse_amount`` adds to an amount that it accepts, in base units, and the decimals that the amount has.

    Of a fraction beyond 10^−MOST_DIGITS base units only that it is there counts.
    """
    coefficient, exponent = _number(text)
    shift = decimals + exponent
    if coefficient == 0 or shift >= 0:
        return Fraction(0), 0
    power = _power(shift)
    return Fraction(-coefficient % power, power), -exponent


def _power(shift: int) -> int:
    """10^−shift, of a negative shift. Below 10^−MOST_DIGITS it matters only that there is a remainder: capped."""
    return int(10 ** min(-shift, MOST_DIGITS + 1))


def _number(text: str) -> tuple[int, int]:
    """Coefficient and decimal exponent of an amount. Raises ``AmountError``."""
    if len(text) > MOST_DIGITS:
        raise AmountError(
            Problem(f"{shown(text)} is longer than {MOST_DIGITS} characters", hint="no balance is that long")
        )
    match = _AMOUNT.fullmatch(text)
    if match is None or not (match[2] or match[3]):
        raise AmountError(Problem(f"{shown(text)} is not a number", hint=_hint(text)))
    sign, whole, fraction, exponent = match[1], match[2], match[3] or "", match[4]
    coefficient = int(whole + fraction)
    return (-coefficient if sign == "-" else coefficient), (int(exponent) if exponent else 0) - len(fraction)


def exact_decimal(value: Fraction) -> str:
    """A fraction whose denominator divides a power of ten, as a decimal string."""
    places = 0
    while (10**places * value).denominator != 1:
        places += 1
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"-{text}" if value < 0 else text


def shown(text: str) -> str:
    """A text as messages quote it: on one line, and cut off if it is long."""
    return repr(text) if len(text) <= 60 else f"{text[:40]!r}… ({len(text)} characters)"


def _hint(text: str) -> str:
    if not text.strip():
        return "write 0 for no balance"
    if _NOT_FINITE.fullmatch(text):
        return "an amount is finite"
    if "," in text:
        return "no thousands separators, and a point as the decimal mark: 1234.5"
    if any(not "0" <= char <= "9" and char.isdigit() for char in text):
        return "only the digits 0 to 9 are digits here"
    return "write digits with at most one point: 1234.5"
