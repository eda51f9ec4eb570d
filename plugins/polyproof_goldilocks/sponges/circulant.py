"""Products with the circulant matrices of Poseidon and Rescue Prime Optimized, as a formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from polyproof_goldilocks.reduction import Word

__all__ = ["circulant", "circulant_spectrum"]

W = TypeVar("W", bound=Word)


def circulant_spectrum(first_row: Sequence[int]) -> tuple[int, ...]:
    """The spectrum ``circulant`` takes, of the circulant matrix with this first row.

    With Y = X³ the ring Z[X]/(X^12 − 1) splits into three: Y = 1, Y = −1 and Y = i. The matrix is multiplication
    by c(X) = Σ c_n X^n, c_n = first_row[−n mod 12]; the spectrum is c in each part, divided by the 4
    or 2 of the inverse transform. The matrices of Poseidon and RPO were chosen so that these are
    signed powers of two, which the compiler turns into shifts.

    Returns 12 integers: c at Y = 1 (coefficients of 1, X, X²), at Y = −1, and the real and the imaginary parts at
    Y = i. Raises ``ValueError`` if they are not integers.
    """
    c = [first_row[-n % 12] for n in range(12)]
    even = [c[j] + c[j + 6] for j in range(3)]
    odd = [c[j + 3] + c[j + 9] for j in range(3)]
    quarters = [even[j] + odd[j] for j in range(3)] + [even[j] - odd[j] for j in range(3)]
    halves = [c[j] - c[j + 6] for j in range(3)] + [c[j + 3] - c[j + 9] for j in range(3)]
    if any(word % 4 for word in quarters) or any(word % 2 for word in halves):
        raise ValueError(f"the spectrum of {list(first_row)} is not integral")
    return tuple([word // 4 for word in quarters] + [word // 2 for word in halves])


def circulant(x: Sequence[W], spectrum: Sequence[int]) -> list[W]:
    """A circulant matrix times a vector of twelve integers, modulo 2^64: 132 additions and shifts.

    Intermediate values may be negative; the twelve results are exact if the true ones lie below 2^64.
    """
    p, m, r, s = (spectrum[part : part + 3] for part in (0, 3, 6, 9))
    even, odd = [x[j] + x[j + 6] for j in range(3)], [x[j + 3] + x[j + 9] for j in range(3)]
    # The vector at Y = 1: a, at Y = −1: b, at Y = i: u + iv.
    a, b = [even[j] + odd[j] for j in range(3)], [even[j] - odd[j] for j in range(3)]
    u, v = [x[j] - x[j + 6] for j in range(3)], [x[j + 3] - x[j + 9] for j in range(3)]
    # Products of polynomials in X with X³ = 1, X³ = −1, X³ = i.
    f = [a[0] * p[0] + a[1] * p[2] + a[2] * p[1], a[0] * p[1] + a[1] * p[0] + a[2] * p[2]]
    f += [a[0] * p[2] + a[1] * p[1] + a[2] * p[0]]
    g = [b[0] * m[0] - b[1] * m[2] - b[2] * m[1], b[0] * m[1] + b[1] * m[0] - b[2] * m[2]]
    g += [b[0] * m[2] + b[1] * m[1] + b[2] * m[0]]
    h = [
        u[0] * r[0] - v[0] * s[0] - u[1] * s[2] - v[1] * r[2] - u[2] * s[1] - v[2] * r[1],
        u[0] * r[1] - v[0] * s[1] + u[1] * r[0] - v[1] * s[0] - u[2] * s[2] - v[2] * r[2],
        u[0] * r[2] - v[0] * s[2] + u[1] * r[1] - v[1] * s[1] + u[2] * r[0] - v[2] * s[0],
    ]
    k = [
        u[0] * s[0] + v[0] * r[0] + u[1] * r[2] - v[1] * s[2] + u[2] * r[1] - v[2] * s[1],
        u[0] * s[1] + v[0] * r[1] + u[1] * s[0] + v[1] * r[0] + u[2] * r[2] - v[2] * s[2],
        u[0] * s[2] + v[0] * r[2] + u[1] * s[1] + v[1] * r[1] + u[2] * s[0] + v[2] * r[0],
    ]
    # Back: coefficients of Y^0 … Y^3 from the values at 1, −1 and i.
    even, odd = [f[j] + g[j] for j in range(3)], [f[j] - g[j] for j in range(3)]
    return (
        [even[j] + h[j] for j in range(3)]
        + [odd[j] + k[j] for j in range(3)]
        + [even[j] - h[j] for j in range(3)]
        + [odd[j] - k[j] for j in range(3)]
    )
