"""Rows that a proof opens, of several trees at once: how the verifier checks them."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polyproof.commitment import OpenedLeaves, VectorCommitment, VectorOpening
from polyproof.field import Elements
from polyproof.hash import Digest

__all__ = ["OpenedRows", "verify_rows"]


@frozen(eq=False)
class OpenedRows:
    """Rows of one committed matrix, and their opening under its root."""

    tree: VectorCommitment
    root: Digest
    size: int
    """Rows of the whole matrix."""
    indices: Sequence[int]
    rows: Elements
    """``(len(indices), columns)``, in the order of ``indices``."""
    opening: VectorOpening


def verify_rows(opened: Sequence[OpenedRows], modulus: int) -> None:
    """Check openings of trees of one scheme and hash together, of elements below ``modulus``. Raises ``ProofRejected``.

    All leaves are hashed in one call, and then the nodes of one level of all trees: what a field hash takes for a
    verifier's few rows hardly depends on their number.
    """
    scheme = opened[0].tree
    leaves = scheme.hash_leaves_together([(one.tree, one.tree.hash.pack(one.rows, modulus)) for one in opened])
    scheme.verify_many(
        [
            OpenedLeaves(one.root, one.size, one.indices, own, one.opening)
            for one, own in zip(opened, leaves, strict=True)
        ]
    )
