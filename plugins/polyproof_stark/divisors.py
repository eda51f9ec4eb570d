"""The divisors of constraints (section 3 of docs/reference/protocol.md)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from polyproof.field import Elements
from polyproof_stark.groups import RowSet
from polyproof_stark.protocol import Instance

__all__ = ["Divisors"]


class Divisors:
    """The divisor that belongs to each set of rows, evaluated at a point or on D.

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

    @cached_property
    def blinding_polynomial(self) -> list[int]:
        """Coefficients of ∏_{r ≥ U} (X − ω^r), constant first."""
        modulus = self.instance.field.modulus
        coefficients = [1]
        for root in self.blinding_roots:
            shifted = [0, *coefficients]
            for index, value in enumerate(coefficients):
                shifted[index] = (shifted[index] - root * value) % modulus
            coefficients = shifted
        return coefficients

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
        coefficients = np.zeros((domain.size, 1), np.uint64)
        coefficients[: p.blinding + 1, 0] = self.blinding_polynomial
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
        """∏ (ω^r − ω^s) over all s ≥ U but r, for r = U, U + 1, …: ``(d,)``."""
        field, roots = self.instance.field, np.array(self.blinding_roots, np.uint64)
        products = np.ones(len(roots), np.uint64)
        for number, root in enumerate(roots):
            factors = field.subtract(roots, root)
            factors[number] = 1
            products = field.multiply(products, factors)
        return products

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
