"""A matrix of polynomials that the prover has committed to (section 4 of docs/reference/protocol.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from attrs import evolve, frozen

from polyproof.commitment import VectorCommitment, VectorOpening
from polyproof.field import Elements
from polyproof.hash import Digest

__all__ = ["Committed"]


@frozen(eq=False)
class Committed:
    """A matrix of polynomials of degree below N and its commitment on D."""

    on_h: Elements
    """``(N, columns)``: values on H; without rows once nobody needs them."""
    extended: Elements
    """``(|D|, columns)``: values on D."""
    tree: Any
    """``None`` for a matrix without columns, which is not committed to; its root and its openings are empty."""

    @property
    def root(self) -> Digest:
        """``(digest_words,)``, or ``(0,)`` without columns."""
        root: Digest = np.zeros(0, np.uint64) if self.tree is None else self.tree.root
        return root

    def on_d(self) -> Committed:
        """The same without the values on H."""
        return evolve(self, on_h=self.on_h[:0].copy())

    def open(self, scheme: VectorCommitment, indices: Sequence[int]) -> VectorOpening:
        """The opening of rows on D."""
        if self.tree is None:
            return VectorOpening(np.zeros((0, 0), np.uint64))
        return scheme.open(self.tree, indices)
