"""The positions of columns in the committed matrices (section 2 of docs/reference/protocol.md).

All committed matrices are over F. The trace matrix has rows (witness ‖ mask of A ‖ range ‖ mask of B). In a matrix over
K (argument, chunks) each column takes e columns, its coefficients of 1, θ, …, θ^(e−1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen

from polyproof.constraints import Node, Operation
from polyproof.field import Elements, Extension

__all__ = ["Layout", "joined", "spread"]


@frozen
class Layout:
    """What each column of the committed matrices holds."""

    witness: int
    """Number of witness columns."""
    range: int
    argument: int
    """Number of extension columns."""
    chunks: int
    degree: int

    @property
    def mask_a(self) -> slice:
        """Base columns of A's mask."""
        return slice(self.witness, self.witness + self.degree)

    @property
    def range_columns(self) -> slice:
        """Base columns of B's tables and multiplicities."""
        return slice(self.witness + self.degree, self.witness + self.degree + self.range)

    @property
    def mask_b(self) -> slice:
        """Base columns of B's mask."""
        return slice(self.trace - self.degree, self.trace)

    @property
    def opened_row(self) -> slice:
        """The columns that a user opens: witness columns and A's mask."""
        return slice(0, self.witness + self.degree)

    @property
    def trace(self) -> int:
        """Width of the trace matrix."""
        return self.witness + self.range + 2 * self.degree

    @property
    def words(self) -> int:
        """Width of all matrices on D together."""
        return self.trace + self.degree * (self.argument + self.chunks)

    def base_column(self, column: int) -> int:
        """Position in the trace matrix of a base column of the compiled system."""
        return column if column < self.witness else column + self.degree

    def adjacent(self, nodes: Sequence[Node]) -> slice | None:
        """The columns of the trace matrix that hold these values, in order and side by side; ``None`` if none do."""
        if any(node.operation is not Operation.COLUMN or node.second for node in nodes):
            return None
        positions = [self.base_column(node.first) for node in nodes]
        span = slice(positions[0], positions[-1] + 1)
        return span if positions == list(range(span.start, span.stop)) else None


def spread(extension: Extension, weights: Elements) -> Elements:
    """Weights ``(k, e)`` of columns over K as weights ``(k·e, e)`` of the columns over F that they take: w·θ^i."""
    unit = np.eye(extension.degree, dtype=np.uint64)
    return extension.multiply(weights[:, None, :], unit[None, :, :]).reshape(-1, extension.degree)


def joined(extension: Extension, values: Elements) -> Elements:
    """Values ``(k·e, e)`` of columns over F as values ``(k, e)`` of the columns over K that they make: Σ θ^i·v_i."""
    degree = extension.degree
    unit = np.eye(degree, dtype=np.uint64)
    return extension.sum(extension.multiply(values.reshape(-1, degree, degree), unit), axis=1)
