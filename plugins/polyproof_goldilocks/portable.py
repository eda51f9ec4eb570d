"""The portable engine: numpy arrays, by way of the formulas; imports no compiler."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from polyproof.field import Elements
from polyproof_goldilocks import reduction
from polyproof_goldilocks.array_formulas import ArrayFormula
from polyproof_goldilocks.reduction import GENERATOR, MODULUS

__all__ = [
    "add",
    "cumulative_sum",
    "evaluate",
    "extend",
    "interpolate",
    "inverse",
    "multiply",
    "negate",
    "powers",
    "subtract",
    "sum",
]

_LOW = np.uint64(2**32 - 1)
_HALF = np.uint64(32)
_INVERSES_BY_INTEGERS = 256
"""Below this, a loop over Python integers beats numpy's overhead."""


add = ArrayFormula(reduction.add, 2)
subtract = ArrayFormula(reduction.subtract, 2)
multiply = ArrayFormula(reduction.multiply, 2)
negate = ArrayFormula(reduction.negate, 1)
_join = ArrayFormula(lambda low, high: reduction.add(reduction.multiply(high, 2**32), reduction.canonical(low)), 2)
"""low + 2^32·high for any words."""


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


def sum(a: Elements) -> Elements:
    """Sum along the middle axis: ``(outer, n, inner) → (outer, inner)``; exact for n up to 2^32."""
    return _join((a & _LOW).sum(axis=1, dtype=np.uint64), (a >> _HALF).sum(axis=1, dtype=np.uint64))


def cumulative_sum(a: Elements) -> Elements:
    """Prefix sums along the middle axis of ``(outer, n, inner)``; exact for n up to 2^32."""
    return _join((a & _LOW).cumsum(axis=1, dtype=np.uint64), (a >> _HALF).cumsum(axis=1, dtype=np.uint64))


def powers(base: int, count: int) -> Elements:
    """(1, base, …, base^(count − 1)), by doubling."""
    result = np.ones(count, np.uint64)
    done, step = 1, base % MODULUS
    while done < count:
        more = min(done, count - done)
        result[done : done + more] = multiply(result[:more], np.array([step], np.uint64))
        done, step = done + more, step * step % MODULUS
    return result


# Transforms


@lru_cache(maxsize=32)
def _bit_reversal(size: int) -> np.ndarray:
    order = np.zeros(1, np.int64)
    while len(order) < size:
        order = np.concatenate((2 * order, 2 * order + 1))
    return order


def evaluate(coefficients: Elements, size: int, shift: int) -> Elements:
    """Values on shift·⟨ω_size⟩ of polynomials given by n ≤ size coefficients: ``(n, columns) → (size, columns)``."""
    n, columns = coefficients.shape
    if shift != 1:
        coefficients = multiply(coefficients, powers(shift, n)[:, None])
    values = np.zeros((size, columns), np.uint64)
    values[:n] = coefficients
    values = values[_bit_reversal(size)]
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
    factors = multiply(powers(pow(shift, -1, MODULUS), n), np.array([pow(n, -1, MODULUS)], np.uint64))
    return multiply(scaled, factors[:, None])


def extend(values: Elements, size: int, shift: int, out: Elements | None) -> Elements:
    """Values on shift·⟨ω_size⟩ of the polynomials with ``values`` on ⟨ω_n⟩, in ``out`` if given."""
    extended = evaluate(interpolate(values, 1), size, shift)
    if out is None:
        return extended
    out[...] = extended
    return out
