"""x^7 and its inverse, the S-boxes of the three permutations, as formulas.

Every product here divides by 2^64 (Montgomery), which is shorter than reducing it, and nothing has to be multiplied
back: n factors are divided by 2^64 n − 1 times, 2^192 = 1 modulo p, and both exponents are one more than a multiple of
three.
"""

from __future__ import annotations

from typing import TypeVar

from polyproof_goldilocks.reduction import Word, montgomery_multiply, montgomery_square

__all__ = ["REPUNIT_STEPS", "seventh_power", "seventh_root"]

W = TypeVar("W", bound=Word)

REPUNIT_STEPS = (1, 2, 1, 5, 1)
"""How x^R is reached for R = 1 + 8 + … + 8^10 = (2^33 − 1)/7.

With R_n = 1 + 8 + … + 8^(n−1): R_(m+n) = 8^n·R_m + R_n, and n goes 1, 2, 4, 5, 10, 11. A step of n raises to the
power 8^n, by 3·n squarings, and multiplies by what is there before it, or by x if n is 1.
"""


def seventh_power(x: W) -> W:
    """x^7 for any word; some word of the right residue."""
    x_2 = montgomery_square(x)
    return montgomery_multiply(montgomery_multiply(x, x_2), montgomery_square(x_2))


def seventh_root(x: W) -> W:
    """x^(1/7) for any word; some word of the right residue.

    1/7 = R·7·R modulo p − 1 for R = (2^33 − 1)/7, since 7·(7·R²) = (2^33 − 1)² = 4·(p − 1) + 1. R is one more than a
    multiple of three, so each of the three powers by itself divides by a power of 2^192.
    """
    return _repunit_power(seventh_power(_repunit_power(x)))


def _repunit_power(x: W) -> W:
    """x^R; see ``REPUNIT_STEPS``."""
    power = x
    for step in REPUNIT_STEPS:
        factor = power if step > 1 else x
        for _ in range(3 * step):
            power = montgomery_square(power)
        power = montgomery_multiply(power, factor)
    return power
