"""x^7 and its inverse, the S-boxes of the three permutations, as formulas."""

from __future__ import annotations

from typing import TypeVar

from polyproof_goldilocks.reduction import Word, multiply, square

__all__ = ["REPUNIT_STEPS", "seventh_power", "seventh_root"]

W = TypeVar("W", bound=Word)

REPUNIT_STEPS = (1, 2, 1, 5, 1)
"""How x^R is reached for R = 1 + 8 + … + 8^10 = (2^33 − 1)/7.

With R_n = 1 + 8 + … + 8^(n−1): R_(m+n) = 8^n·R_m + R_n, and n goes 1, 2, 4, 5, 10, 11. A step of n raises to the
power 8^n, by 3·n squarings, and multiplies by what is there before it, or by x if n is 1.
"""


def seventh_power(x: W) -> W:
    """x^7 for any word; canonical."""
    x_2 = square(x)
    return multiply(multiply(x, x_2), square(x_2))


def seventh_root(x: W) -> W:
    """x^(1/7) for any word; canonical.

    1/7 = R·7·R modulo p − 1 for R = (2^33 − 1)/7, since 7·(7·R²) = (2^33 − 1)² = 4·(p − 1) + 1.
    """
    return _repunit_power(seventh_power(_repunit_power(x)))


def _repunit_power(x: W) -> W:
    """x^R; see ``REPUNIT_STEPS``."""
    power = x
    for step in REPUNIT_STEPS:
        factor = power if step > 1 else x
        for _ in range(3 * step):
            power = square(power)
        power = multiply(power, factor)
    return power
