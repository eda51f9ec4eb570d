"""A quotient that has as many coefficients as D has points, or more (section 3 of docs/reference/protocol.md).

On D, Q is the same as its interpolant Q_D, so Q = Q_D + (X^|D| − 7^|D|)·R for a polynomial R of few coefficients. R is
found on the rows r > U of H, where every column is known and no divisor vanishes. They are d − 1 points, at least one
more than R has coefficients.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from polyproof.constraints import Node, Operation
from polyproof.field import Elements
from polyproof_stark.committed import Committed
from polyproof_stark.divisors import Divisors
from polyproof_stark.expressions import Value, evaluate
from polyproof_stark.groups import RowSet
from polyproof_stark.protocol import Instance

__all__ = ["with_blinding_rows"]


def with_blinding_rows(
    instance: Instance,
    on_d: Elements,
    trace: Committed,
    arguments: Committed,
    challenges: Sequence[Elements],
    eta: Elements,
) -> Elements:
    """The coefficients of Q, ``(|D| + d − 1, e)``, from those of Q_D, ``(|D|, e)``.

    From |D| on they are those of R. If every constraint holds, all after the degree of Q are zero.
    """
    field, p = instance.field, instance.parameters
    divisors = Divisors(instance)
    values = _quotient_on_rows(instance, divisors, trace, arguments, challenges, eta)
    # Q_D modulo X^N − 1, which vanishes on H.
    on_h = field.forward(field.sum(on_d.reshape(p.blowup, p.rows, p.degree), axis=0))
    # x^|D| = 1 on H.
    of_d = pow(instance.evaluation_domain.shift, p.domain_size, field.modulus)
    factor = pow(1 - of_d, -1, field.modulus)
    beyond = _interpolant(instance, divisors, field.multiply(field.subtract(values, on_h[p.active + 1 :]), factor))
    coefficients = np.concatenate((on_d, beyond))
    first = coefficients[: len(beyond)]
    first[...] = field.subtract(first, field.multiply(beyond, of_d))
    return coefficients


def _quotient_on_rows(
    instance: Instance,
    divisors: Divisors,
    trace: Committed,
    arguments: Committed,
    challenges: Sequence[Elements],
    eta: Elements,
) -> Elements:
    """Q on the rows r > U of H: ``(d − 1, e)``."""
    compiled, layout, extension, p = instance.compiled, instance.layout, instance.extension, instance.parameters
    rows = np.arange(p.active + 1, p.rows)

    def leaf(node: Node) -> Value:
        if node.operation is not Operation.COLUMN:
            return compiled.scalar(node, instance.publics, challenges)
        points = (rows + node.second) % p.rows
        if node.first < compiled.base_columns:
            return Value(trace.on_h[points, layout.base_column(node.first)], False)
        first = (node.first - compiled.base_columns) * layout.degree
        return Value(arguments.on_h[points, first : first + layout.degree], True)

    numerators = evaluate(compiled.nodes, [item.node for item in compiled.constraints], leaf, extension)
    sums = {where: np.zeros((len(rows), layout.degree), np.uint64) for where in RowSet}
    for item, weight in zip(compiled.constraints, extension.powers(eta, len(compiled.constraints)), strict=True):
        value = numerators[item.node]
        term = extension.multiply(value.array, weight) if value.extended else extension.scale(weight, value.array)
        sums[item.rows] = extension.add(sums[item.rows], term)
    inverse = divisors.on_blinding_rows()
    return extension.sum(np.stack([extension.scale(value, inverse[where]) for where, value in sums.items()]), axis=0)


def _interpolant(instance: Instance, divisors: Divisors, values: Elements) -> Elements:
    """The coefficients of the polynomial with these values on the rows r > U of H: ``(d − 1, e)``, constant first.

    With W = ∏_{r > U} (X − ω^r) it is Σ_r y_r/W′(ω^r) · W/(X − ω^r), by Lagrange.
    """
    field, extension = instance.field, instance.extension
    end, points = divisors.blinding_roots[0], np.array(divisors.blinding_roots[1:], np.uint64)
    count = len(points)
    # A quotient by X − x has the leading coefficient, and below it each time x times the one above, plus the next.
    whole, coefficient = [], 0
    for next_coefficient in reversed(divisors.blinding_polynomial):
        coefficient = (coefficient * end + next_coefficient) % field.modulus
        whole.append(coefficient)  # of W, from its leading one on
    quotients = np.zeros((count, count), np.uint64)
    column = np.zeros(count, np.uint64)
    for power in range(count - 1, -1, -1):
        column = field.add(field.multiply(column, points), whole[count - 1 - power])
        quotients[:, power] = column
    # W′(ω^r) is the product over all blinding rows but r, without the factor of row U.
    weights = field.multiply(field.subtract(points, end), field.inverse(divisors.blinding_products[1:]))
    return extension.combine(quotients, extension.scale(values, weights))
