"""The helper constraints of tables, joined into one polynomial in t (section 3 of docs/reference/protocol.md, line 5).

All tables of a lookup share the column t, so that with weights w_g of the groups

    Σ_g w_g·(h′_g·∏_{i∈g} (α − t − o_i) − Σ_{i∈g} μ_i·∏_{j∈g, j≠i} (α − t − o_j))

is a polynomial in t whose coefficients are linear in the columns h′ and μ: for each power of t one sum of products,
however many tables there are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from polyproof.field import Elements, Extension
from polyproof_stark.compiler import Lookup
from polyproof_stark.layout import spread

__all__ = ["TableHelpers"]


@frozen(eq=False)
class TableHelpers:
    """The constraints of one lookup's tables, weighted and added up."""

    extension: Extension
    of_columns: Elements
    """``(powers of t, k + e·groups, e)``: the weights of μ_0, …, μ_{k−1} and of the helpers' coefficients."""

    @classmethod
    def of(cls, extension: Extension, lookup: Lookup, alpha: Elements, weights: Elements) -> TableHelpers:
        """``weights``: ``(groups of tables, e)``."""
        powers = 1 + max(len(group) for group in lookup.table_groups)
        of_counts = np.zeros((powers, lookup.tables.count, extension.degree), np.uint64)
        of_helpers = np.zeros((powers, len(lookup.table_groups), extension.degree), np.uint64)
        offsets = extension.embed(np.array(lookup.tables.offsets, np.uint64))
        constants = extension.subtract(alpha, offsets)
        for number, (group, weight) in enumerate(zip(lookup.table_groups, weights, strict=True)):
            product = _product(extension, constants[list(group)], weight)
            of_helpers[: len(product), number] = product
            for i in group:
                cofactor = _product(extension, constants[[j for j in group if j != i]], extension.negate(weight))
                of_counts[: len(cofactor), i] = cofactor
        columns = [np.concatenate((m, spread(extension, h))) for m, h in zip(of_counts, of_helpers, strict=True)]
        return cls(extension, np.stack(columns))

    def on(self, t: Elements, counts: Elements, helpers: Elements) -> Elements:
        """Their sum at n points, ``(n, e)``: of t, ``(n,)``, multiplicities, ``(n, k)``, helpers, ``(n, e·groups)``."""
        columns, t = np.concatenate((counts, helpers), axis=1), np.ascontiguousarray(t)
        result = self.extension.dot(columns, self.of_columns[-1])
        for weights in self.of_columns[-2::-1]:
            result = self.extension.add(self.extension.scale(result, t), self.extension.dot(columns, weights))
        return result


def _product(extension: Extension, constants: Sequence[Elements] | Elements, weight: Elements) -> Elements:
    """The coefficients of weight·∏ (c − t) in t, the constant first: ``(len(constants) + 1, e)``."""
    coefficients = weight[None]
    none = np.zeros((1, extension.degree), np.uint64)
    for constant in constants:
        scaled = np.concatenate((extension.multiply(coefficients, constant), none))
        coefficients = extension.subtract(scaled, np.concatenate((none, coefficients)))
    return coefficients
