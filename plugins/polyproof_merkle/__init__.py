"""Merkle trees: the vector commitment, and the Merkle-sum-tree backend."""

from polyproof.hookspecs import Component, hookimpl

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """A vector commitment and a backend."""
    return [
        Component(
            "commitment",
            "merkle",
            "Merkle tree over the rows of a matrix, pruned multi-openings",
            "polyproof_merkle.commitment:MerkleTree",
        ),
        Component(
            "backend",
            "merkle-sum",
            "Merkle sum tree with per-asset sums: the baseline",
            "polyproof_merkle.sum_tree:MerkleSumTree",
        ),
    ]
