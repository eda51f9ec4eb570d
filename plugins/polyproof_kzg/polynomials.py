"""Polynomials over F_r as lists of coefficients, the constant one first: integers below r."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["TWO_ADICITY", "divide", "evaluate", "interpolate", "root_of_unity"]

_GENERATOR = 5
"""The least generator of the multiplicative group of F_r."""
TWO_ADICITY = 28
"""2^28 divides r − 1, and 2^29 does not."""


def root_of_unity(order: int, modulus: int) -> int:
    """5^((r−1)/order), which has that order: a power of two, at most 2^28."""
    return pow(_GENERATOR, (modulus - 1) // order, modulus)


def interpolate(values: Sequence[int], omega: int, modulus: int) -> list[int]:
    """The coefficients of the polynomial of degree below n with these values at 1, ω, …, ω^(n−1)."""
    n = len(values)
    scale = pow(n, -1, modulus)
    return [value * scale % modulus for value in _transform(values, pow(omega, -1, modulus), modulus)]


def _transform(values: Sequence[int], omega: int, modulus: int) -> list[int]:
    if len(values) == 1:
        return list(values)
    square, half = omega * omega % modulus, len(values) // 2
    even, odd = _transform(values[::2], square, modulus), _transform(values[1::2], square, modulus)
    power, upper, lower = 1, [], []
    for a, b in zip(even, odd, strict=True):
        twisted = power * b % modulus
        upper.append((a + twisted) % modulus)
        lower.append((a - twisted) % modulus)
        power = power * omega % modulus
    assert len(upper) == half
    return upper + lower


def evaluate(coefficients: Sequence[int], point: int, modulus: int) -> int:
    """The value at a point, by Horner's rule."""
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * point + coefficient) % modulus
    return value


def divide(coefficients: Sequence[int], point: int, modulus: int) -> list[int]:
    """The quotient (f(X) − f(z))/(X − z), by synthetic division."""
    quotient, carry = [0] * max(len(coefficients) - 1, 0), 0
    for k in range(len(coefficients) - 1, 0, -1):
        carry = (carry * point + coefficients[k]) % modulus
        quotient[k - 1] = carry
    return quotient
