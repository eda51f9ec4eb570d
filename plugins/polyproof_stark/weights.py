"""The two codewords G_A and G_B as weighted sums of committed columns (section 5 of docs/reference/protocol.md)."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from polyproof.field import Elements, Extension
from polyproof_stark.layout import spread
from polyproof_stark.protocol import Instance, Openings

__all__ = ["Weights"]


@frozen(eq=False)
class Weights:
    """The weights of every column of the committed matrices in G_A and G_B, for one γ.

    G_A(X) = (row · ``a`` − ``at_z_a``) / (X − z), and
    G_B(X) = (row · ``b`` + arguments · ``argument`` + chunks · ``chunks`` − ``at_z_b``) / (X − z)
             + (row · ``ahead_base`` + arguments · ``ahead_argument`` − ``at_next``) / (X − ωz).
    """

    a: Elements
    """``(trace width, e)``, as are ``b`` and ``ahead_base``."""
    b: Elements
    argument: Elements
    """``(e·argument columns, e)``, as is ``ahead_argument``."""
    chunks: Elements
    """``(e·chunks, e)``."""
    ahead_base: Elements
    ahead_argument: Elements
    at_z_a: Elements
    """``(e,)``: the weighted sum of the opened values, as are ``at_z_b`` and ``at_next``."""
    at_z_b: Elements
    at_next: Elements

    @classmethod
    def of(cls, instance: Instance, openings: Openings, gamma: Elements) -> Weights:
        """Assign the powers of γ; the masks have weight 1, so that G_A and G_B are uniform."""
        extension, layout, compiled = instance.extension, instance.layout, instance.compiled
        mask = np.eye(layout.degree, dtype=np.uint64)
        at_z, ahead = layout.range + layout.argument + layout.chunks, len(compiled.next_columns)
        powers = extension.powers(gamma, 1 + max(layout.witness, at_z + ahead))[1:]

        # G_A: γ, γ², … over the witness columns.
        of_a = powers[: layout.witness]
        a = np.zeros((layout.trace, layout.degree), np.uint64)
        a[: layout.witness], a[layout.mask_a] = of_a, mask

        # G_B: γ, γ², … over the range columns, the argument, the chunks, and then what is opened at ωz.
        of_b, of_next = powers[:at_z], powers[at_z : at_z + ahead]
        of_range, of_argument, of_chunks = np.split(of_b, np.cumsum([layout.range, layout.argument]))
        b = np.zeros((layout.trace, layout.degree), np.uint64)
        b[layout.range_columns], b[layout.mask_b] = of_range, mask
        ahead_base = np.zeros((layout.trace, layout.degree), np.uint64)
        ahead_argument = np.zeros((layout.argument, layout.degree), np.uint64)
        for weight, column in zip(of_next, compiled.next_columns, strict=True):
            if column < compiled.base_columns:
                ahead_base[layout.base_column(column)] = weight
            else:
                ahead_argument[column - compiled.base_columns] = weight

        def weighted(weights: Elements, values: Elements) -> Elements:
            return extension.sum(extension.multiply(weights, values), axis=0)

        in_a, of_tables = openings.base[: layout.witness], openings.base[layout.witness :]
        in_b = np.concatenate((of_tables, openings.argument, openings.chunks))
        return cls(
            a=a,
            b=b,
            argument=spread(extension, of_argument),
            chunks=spread(extension, of_chunks),
            ahead_base=ahead_base,
            ahead_argument=spread(extension, ahead_argument),
            at_z_a=extension.add(openings.masks[0], weighted(of_a, in_a)),
            at_z_b=extension.add(openings.masks[1], weighted(of_b, in_b)),
            at_next=weighted(of_next, openings.ahead),
        )

    def g_a(self, extension: Extension, rows: Elements, inverse: Elements) -> Elements:
        """G_A at k points, ``(k, e)``, from trace rows ``(k, trace width)`` and 1/(x − z), ``(k, e)``."""
        combined = extension.dot(rows, self.a)
        return extension.multiply(extension.subtract(combined, self.at_z_a), inverse)

    def g_b(
        self,
        extension: Extension,
        rows: Elements,
        arguments: Elements,
        chunks: Elements,
        inverse: Elements,
        inverse_next: Elements,
    ) -> Elements:
        """G_B at k points, ``(k, e)``, from rows of the three matrices, 1/(x − z) and 1/(x − ωz), ``(k, e)`` each."""
        here = extension.add(extension.dot(rows, self.b), extension.dot(chunks, self.chunks))
        here = extension.add(here, extension.dot(arguments, self.argument))
        ahead = extension.add(extension.dot(rows, self.ahead_base), extension.dot(arguments, self.ahead_argument))
        here = extension.multiply(extension.subtract(here, self.at_z_b), inverse)
        return extension.add(here, extension.multiply(extension.subtract(ahead, self.at_next), inverse_next))
