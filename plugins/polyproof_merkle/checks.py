"""The names of the checks of Merkle trees: the vector commitment's and the sum tree's own."""

from __future__ import annotations

from polyproof.checks import CheckName

__all__ = ["MerkleCheck"]


class MerkleCheck(CheckName):
    """What the Merkle vector commitment and the Merkle sum tree refuse, besides names of core."""

    SIZE = "merkle-size", "there is no vector of so many rows"
    INDICES = "merkle-indices", "rows are opened that the vector does not have, or one twice, or none"
    LEAVES = "merkle-leaves", "there are more or fewer leaves than opened rows"
    SIBLINGS = "merkle-siblings", "there are more or fewer siblings than the opened rows need"
    ROOT = "merkle-root", "leaves and siblings do not lead to the root"
    SUM_ROOT = "root", "the root of a sum tree does not bind this statement and these totals"
    SUM_RANGE = "sum-range", "a sum in a sum tree is one that balances in range cannot add up to"
