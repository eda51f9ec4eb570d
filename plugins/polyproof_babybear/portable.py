"""The portable engine: numpy on words of 64 bits, which a product of two elements fits; imports no compiler."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from polyproof.field import Elements
from polyproof_babybear.constants import GENERATOR, MODULUS

__all__ = [
    "add",
    "bit_reversal",
    "cumulative_sum",
    "evaluate",
    "extend",
    "interpolate",
    "inverse",
    "multiply",
    "powers",
    "subtract",
    "sum",
]

_P = np.uint64(MODULUS)
_INVERSES_BY_INTEGERS = 256
"""Below this, a loop over Python integers beats numpy's overhead."""


def add(a: Elements, b: Elements) -> Elements:
    """a + b."""
    total = np.add(a, b)
    return np.minimum(total, np.subtract(total, _P))  # what wraps around 2^64 is the larger of the two


def subtract(a: Elements, b: Elements) -> Elements:
    """a − b."""
    difference = np.subtract(a, b)
    return np.minimum(difference, np.add(difference, _P))


def multiply(a: Elements, b: Elements | np.uint64) -> Elements:
    """a · b."""
    return (a * b) % _P


def inverse(a: Elements) -> Elements | None:
    """1 / a, or ``None`` if some element is zero."""
    words = a.reshape(-1)
    if not words.all():
        return None
    return _inverse(words).reshape(a.shape)


def _inverse(a: Elements) -> Elements:
    """Montgomery's trick as a tree: products of pairs are inverted first."""
    if a.size <= _INVERSES_BY_INTEGERS:
        values = a.tolist()
        products = [1]
        for value in values:
            products.append(products[-1] * value % MODULUS)
        rest = pow(products[-1], -1, MODULUS)
        inverses = [0] * len(values)
        for i in range(len(values) - 1, -1, -1):
            inverses[i] = rest * products[i] % MODULUS
            rest = rest * values[i] % MODULUS
        return np.array(inverses, np.uint64)
    half = a.size // 2
    first, second, rest_of = a[:half], a[half : 2 * half], a[2 * half :]
    inverted = _inverse(np.concatenate((multiply(first, second), rest_of)))
    pairs = inverted[:half]
    return np.concatenate((multiply(pairs, second), multiply(pairs, first), inverted[half:]))


def sum(a: Elements, axis: int) -> Elements:
    """Sum along an axis; exact for 2^33 terms and more."""
    total: Elements = a.sum(axis=axis, dtype=np.uint64)
    return total % _P


def cumulative_sum(a: Elements, axis: int) -> Elements:
    """Prefix sums along an axis; exact for 2^33 terms and more."""
    sums: Elements = a.cumsum(axis=axis, dtype=np.uint64)
    return sums % _P


def powers(base: int, count: int) -> Elements:
    """(1, base, …, base^(count − 1)), by doubling."""
    result = np.ones(count, np.uint64)
    done, step = 1, base % MODULUS
    while done < count:
        more = min(done, count - done)
        result[done : done + more] = multiply(result[:more], np.uint64(step))
        done, step = done + more, step * step % MODULUS
    return result


# Transforms


@lru_cache(maxsize=32)
def bit_reversal(size: int) -> Elements:
    """The numbers below ``size`` in the order of their reversed bits."""
    order = np.zeros(1, np.uint64)
    while len(order) < size:
        order = np.concatenate((order * np.uint64(2), order * np.uint64(2) + np.uint64(1)))
    return order


def evaluate(coefficients: Elements, size: int, shift: int) -> Elements:
    """Values on shift·⟨ω_size⟩ of polynomials given by n ≤ size coefficients: ``(n, columns) → (size, columns)``."""
    n, columns = coefficients.shape
    if shift != 1:
        coefficients = multiply(coefficients, powers(shift, n)[:, None])
    values = np.zeros((size, columns), np.uint64)
    values[:n] = coefficients
    values = values[bit_reversal(size)]
    twiddles = powers(pow(GENERATOR, (MODULUS - 1) // size, MODULUS), size // 2)
    h = 1
    while h < size:
        pairs = values.reshape(size // (2 * h), 2, h, columns)
        even = pairs[:, 0]
        odd = multiply(pairs[:, 1], twiddles[:: size // (2 * h), None]) if h > 1 else pairs[:, 1]
        values = np.stack((add(even, odd), subtract(even, odd)), axis=1)
        h *= 2
    return values.reshape(size, columns)


def interpolate(values: Elements, shift: int) -> Elements:
    """Coefficients of the polynomials with these values on shift·⟨ω_n⟩."""
    n = len(values)
    # The transform with inverse roots is the transform read backwards.
    scaled = evaluate(values, n, 1)[-np.arange(n)]
    factors = multiply(powers(pow(shift, -1, MODULUS), n), np.uint64(pow(n, -1, MODULUS)))
    return multiply(scaled, factors[:, None])


def extend(values: Elements, size: int, shift: int, out: Elements | None) -> Elements:
    """Values on shift·⟨ω_size⟩ of the polynomials with ``values`` on ⟨ω_n⟩, in ``out`` if given."""
    extended = evaluate(interpolate(values, 1), size, shift)
    if out is None:
        return extended
    out[...] = extended
    return out
