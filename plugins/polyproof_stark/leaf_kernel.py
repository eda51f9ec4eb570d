"""Compiled packing of limbs for a million leaves; ``InclusionLeaves`` says what it computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyproof.toolkit.kernels import kernel

if TYPE_CHECKING:
    from polyproof.field import Elements
    from polyproof.hash import Words

__all__ = ["pack"]


@kernel()
def pack(opened: Elements, tags: Words, places: Words, shifts: Words, beyond: Words, leaves: Words) -> bool:
    """Write the rows of n leaves; whether all limbs are in range. If not, what was written is of no use.

    ``opened``: ``(n, c)``. Column j goes to word ``places[j]`` of a leaf, ``shifts[j]`` bits up, and has no bit of
    ``beyond[j]``, ``(c,)`` each. ``tags``: ``(n, t)``, the last words of ``leaves``, ``(n, words)``.
    """
    first_of_tag = leaves.shape[1] - tags.shape[1]
    found = np.uint64(0)
    for i in range(len(opened)):
        leaves[i, :first_of_tag] = 0
        for j in range(len(places)):
            value = opened[i, j]
            found |= value & beyond[j]
            leaves[i, places[j]] |= value << shifts[j]
        for j in range(tags.shape[1]):
            leaves[i, first_of_tag + j] = tags[i, j]
    return bool(found == 0)
