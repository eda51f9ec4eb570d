"""The divisors of constraints (section 3 of docs/reference/protocol.md)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from polyproof.field import Elements
from polyproof.large_arrays import empty
from polyproof_stark.groups import RowSet
from polyproof_stark.protocol import Instance

__all__ = ["Divisors"]


class Divisors:
    """The divisor that belongs to each set of rows, evaluated at a point, on D or on the blinding rows.

    Rows r < U: Z_U(X) = (X^N − 1) / ∏_{r ≥ U} (X − ω^r). Without row U−1: Z_U(X) / (X − ω^{U−1}). A single row r:
    X − ω^r.
    """

    def __init__(self, instance: Instance) -> None:
        """For one instance."""
        self.instance = instance
        p, field = instance.parameters, instance.field
        omega = field.root_of_unity(p.rows)
        self.last = pow(omega, p.active - 1, field.modulus)
        self.end = pow(omega, p.active, field.modulus)
        self.omega = omega

    @cached_property
    def blinding_roots(self) -> list[int]:
        """ω^r for r ≥ U."""
        field, p = self.instance.field, self.instance.parameters
        root, roots = self.end, []
        for _ in range(p.blinding):
            roots.append(root)
            root = root * self.omega % field.modulus
        return roots

    def polynomial_of(self, first: int) -> Elements:
        """Coefficients of ∏_{r ≥ first} (X − ω^r), constant first.

        By the q-binomial theorem: ∏_{j<k} (X − x·ω^j) = Σ_i (−x)^i·ω^{i(i−1)/2}·[k over i]·X^{k−i}, and [k over i] =
        [k over i−1]·(1 − ω^{k−i+1})/(1 − ω^i).
        """
        field, modulus, count = self.instance.field, self.instance.field.modulus, self.instance.parameters.rows - first
        omegas = [int(power) for power in field.powers(self.omega, count + 1)]
        inverses = field.inverse(field.subtract(1, np.array(omegas[1:], np.uint64)))
        point, coefficients = pow(self.omega, first, modulus), [1]
        for i in range(1, count + 1):
            ratio = (1 - omegas[count - i + 1]) * int(inverses[i - 1]) * omegas[i - 1] * -point
            coefficients.append(coefficients[-1] * ratio % modulus)
        return np.array(coefficients[::-1], np.uint64)

    def at(self, point: Elements) -> Mapping[RowSet, Elements]:
        """Inverse divisors at one point of K: ``(e,)`` each."""
        extension, p, field = self.instance.extension, self.instance.parameters, self.instance.field

        def minus(root: int) -> Elements:
            return extension.subtract(point, extension.embed(np.array(root, np.uint64)))

        roots = extension.embed(np.array(self.blinding_roots, np.uint64))
        factors = extension.subtract(point, roots)
        while len(factors) > 1:
            half = len(factors) // 2
            paired = extension.multiply(factors[:half], factors[half : 2 * half])
            factors = np.concatenate((paired, factors[2 * half :]))
        vanishing = extension.subtract(
            extension.power(point, p.rows), extension.embed(np.array(1 % field.modulus, np.uint64))
        )
        all_rows = extension.multiply(factors[0], extension.inverse(vanishing))
        return {
            RowSet.ALL: all_rows,
            RowSet.TRANSITION: extension.multiply(all_rows, minus(self.last)),
            RowSet.FIRST: extension.inverse(minus(1)),
            RowSet.LAST: extension.inverse(minus(self.last)),
            RowSet.END: extension.inverse(minus(self.end)),
        }

    def on_evaluation_domain(self) -> Mapping[RowSet, Elements]:
        """Inverse divisors on all of D: ``(|D|,)`` base elements each."""
        p, field, domain = self.instance.parameters, self.instance.field, self.instance.evaluation_domain
        points = domain.points_between(field, 0, domain.size)
        coefficients = empty((domain.size, 1))
        coefficients.fill(0)
        coefficients[: p.blinding + 1, 0] = self.polynomial_of(p.active)
        blinding = field.forward(coefficients, domain.shift)[:, 0]
        # x^N takes only β values on D, one for each residue of the index.
        period = [
            (pow(domain.shift, p.rows, field.modulus) * pow(field.root_of_unity(p.blowup), k, field.modulus) - 1)
            % field.modulus
            for k in range(p.blowup)
        ]
        inverse_vanishing = np.tile(field.inverse(np.array(period, np.uint64)), p.rows)
        return self._by_rows(points, field.multiply(blinding, inverse_vanishing))

    @cached_property
    def blinding_products(self) -> Elements:
        """∏ (ω^r − ω^s) over all s ≥ U but r, for r = U, U + 1, …: ``(d,)``.

        A factor is ω^s·(ω^(r−s) − 1). So with r = U + i the product is that of all other ω^s, of ω^k − 1 for k = 1 … i,
        and of ω^−k − 1 for k = 1 … d − 1 − i.
        """
        modulus, count = self.instance.field.modulus, self.instance.parameters.blinding
        backwards = pow(self.omega, -1, modulus)

        def products(root: int) -> list[int]:
            """∏_{k ≤ i} (root^k − 1) for i = 0, 1, …"""
            found, power = [1], 1
            for _ in range(count - 1):
                power = power * root % modulus
                found.append(found[-1] * (power - 1) % modulus)
            return found

        before, after = products(self.omega), products(backwards)
        # ∏ ω^s over all s ≥ U, divided by ω^r.
        others = pow(self.omega, sum(range(self.instance.parameters.active, self.instance.parameters.rows)), modulus)
        others = others * pow(self.end, -1, modulus) % modulus
        found = []
        for i in range(count):
            found.append(others * before[i] * after[count - 1 - i] % modulus)
            others = others * backwards % modulus
        return np.array(found, np.uint64)

    def on_blinding_rows(self) -> Mapping[RowSet, Elements]:
        """Inverse divisors on the points ω^r of the rows r > U: ``(d − 1,)`` base elements each.

        X^N − 1 over X − ω^r is N·ω^(−r) there. On row U, X − ω^U has no inverse.
        """
        p, field = self.instance.parameters, self.instance.field
        points = np.array(self.blinding_roots[1:], np.uint64)
        scaled = field.multiply(points, pow(p.rows, -1, field.modulus))
        return self._by_rows(points, field.multiply(scaled, self.blinding_products[1:]))

    def _by_rows(self, points: Elements, all_rows: Elements) -> Mapping[RowSet, Elements]:
        """At base points, from the inverse of Z_U there."""
        field = self.instance.field
        return {
            RowSet.ALL: all_rows,
            RowSet.TRANSITION: field.multiply(all_rows, field.subtract(points, self.last)),
            RowSet.FIRST: field.inverse(field.subtract(points, 1)),
            RowSet.LAST: field.inverse(field.subtract(points, self.last)),
            RowSet.END: field.inverse(field.subtract(points, self.end)),
        }
