"""Arithmetic on whole columns of numbers that are wider than a word: digits in base 2^bits, least significant first.

A number of many rows is a matrix ``(digits, rows)`` of ``int64``. Operations go digit by digit over all rows at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

__all__ = ["Digits", "Flags", "Products", "carried", "digits_of", "products", "subtract"]

Digits = npt.NDArray[np.int64]
"""``(digits, rows)``, each digit in [0, 2^bits)."""
Flags = npt.NDArray[np.bool_]
Products = list[list[tuple[int, int]]]
"""At each power of the base, rows of a matrix of digits and the signed digit that each is multiplied by."""


def digits_of(number: int, bits: int, count: int) -> list[int]:
    """A number in [0, 2^(bits·count)) as so many digits."""
    return [(number >> (bits * place)) & ((1 << bits) - 1) for place in range(count)]


def subtract(left: Digits, right: Digits, bits: int) -> tuple[Digits, Flags]:
    """left − right modulo base^digits, and the borrow that each digit takes: ``(digits, rows)`` both.

    The last row of borrows says where left is below right. ``left`` may be one column for all rows, ``(digits, 1)``.
    """
    difference = left - right
    borrows = np.empty(difference.shape, np.bool_)
    for place in range(len(difference)):
        if place:
            difference[place] -= borrows[place - 1]
        np.less(difference[place], 0, out=borrows[place])
    difference &= (1 << bits) - 1
    return difference, borrows


def products(terms: Iterable[tuple[int, range]], bits: int) -> Products:
    """Σ k·x of terms (k, the rows of x's digits), multiplied out: what to add at each power of the base.

    Of a negative k the digits are those of −k, with the sign. Digits of k that are zero add nothing.
    """
    found: Products = []
    for coefficient, rows in terms:
        sign, rest, place = (-1 if coefficient < 0 else 1), abs(coefficient), 0
        while rest:
            digit = rest & ((1 << bits) - 1)
            if digit:
                found.extend([] for _ in range(place + len(rows) - len(found)))
                for offset, row in enumerate(rows):
                    found[place + offset].append((row, sign * digit))
            rest, place = rest >> bits, place + 1
    return found


def carried(columns: Digits, sums: Sequence[Sequence[tuple[int, int]]], bits: int) -> Iterator[tuple[Digits, Digits]]:
    """At each power of the base the digit of Σ k·x and the signed carry into the next: ``(rows,)`` both.

    The sum is negative exactly where the last carry is. Exact if no sum of products with its carry reaches 2^63.
    """
    carry = np.zeros(columns.shape[1], np.int64)
    for here in sums:
        for row, digit in here:
            carry += columns[row] * np.int64(digit)
        yield carry & ((1 << bits) - 1), (carry := carry >> bits)
