"""A quotient that has as many coefficients as D has points, or more (section 3 of docs/reference/protocol.md).

On D, Q is the same as its interpolant Q_D, so Q = Q_D + (X^|D| − 7^|D|)·R for a polynomial R of few coefficients. R is
found on the rows r > U of H, where every column is known and no divisor vanishes. They are d − 1 points, at least one
more than R has coefficients.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from polyproof.field import Elements
from polyproof.large_arrays import empty
from polyproof_stark.divisors import Divisors
from polyproof_stark.protocol import Instance
from polyproof_stark.quotient import Quotient

__all__ = ["with_blinding_rows"]

_WORDS = 1 << 20
"""Entries of a matrix that are made at a time."""


def with_blinding_rows(quotient: Quotient, on_d: Elements) -> Elements:
    """The coefficients of Q, ``(|D| + d − 1, e)``, from those of Q_D, ``(|D|, e)``.

    From |D| on they are those of R. If every constraint holds, all after the degree of Q are zero.
    """
    instance, field, p = quotient.instance, quotient.instance.field, quotient.instance.parameters
    # Q_D modulo X^N − 1, which vanishes on H.
    on_h = field.forward(field.sum(on_d.reshape(p.blowup, p.rows, p.degree), axis=0))
    # x^|D| = 1 on H.
    of_d = pow(instance.evaluation_domain.shift, p.domain_size, field.modulus)
    factor = pow(1 - of_d, -1, field.modulus)
    values = field.multiply(field.subtract(quotient.on_blinding_rows(), on_h[p.active + 1 :]), factor)
    beyond = _interpolant(instance, quotient.divisors, values)
    coefficients = empty((len(on_d) + len(beyond), p.degree))
    coefficients[: len(on_d)], coefficients[len(on_d) :] = on_d, beyond
    first = coefficients[: len(beyond)]
    first[...] = field.subtract(first, field.multiply(beyond, of_d))
    return coefficients


def _interpolant(instance: Instance, divisors: Divisors, values: Elements) -> Elements:
    """The coefficients of the polynomial with these values on the rows r > U of H: ``(d − 1, e)``, constant first.

    With W = ∏_{r > U} (X − x_r) it is Σ_r a_r·W/(X − x_r), a_r = y_r/W′(x_r), by Lagrange. The coefficient of X^j in
    W/(X − x) is Σ_k W_{j+k+1}·x^k, and so that of the sum is Σ_k W_{j+k+1}·s_k with s_k = Σ_r a_r·x_r^k.
    """
    field, extension, p = instance.field, instance.extension, instance.parameters
    points = np.array(divisors.blinding_roots[1:], np.uint64)
    count = len(points)
    # W′(x_r) is the product over all blinding rows but r, without the factor of row U.
    inverse = field.multiply(field.subtract(points, divisors.end), field.inverse(divisors.blinding_products[1:]))
    weighted = extension.scale(values, inverse)
    powers, numbers = field.powers(divisors.omega, p.rows), np.arange(count)
    sums = np.empty_like(values)
    for block in _blocks(count):
        sums[block] = extension.combine(powers[(numbers[:, None] + p.active + 1) * numbers[block] % p.rows], weighted)
    whole = np.zeros(2 * count, np.uint64)
    whole[: count + 1] = divisors.polynomial_of(p.active + 1)
    result = np.empty_like(values)
    for block in _blocks(count):
        result[block] = extension.combine(whole[numbers[:, None] + numbers[block] + 1], sums)
    return result


def _blocks(count: int) -> Iterator[slice]:
    """Columns of a matrix of ``count`` rows, some at a time."""
    step = max(1, _WORDS // count)
    return (slice(start, min(start + step, count)) for start in range(0, count, step))
