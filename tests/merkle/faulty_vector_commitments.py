"""Merkle trees with one fault each, and the suite on them; ``test_vector_suite`` runs what must fail."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve

from polyproof.commitment import VectorCommitment, VectorOpening
from polyproof.errors import ProofRejected
from polyproof.testing.commitment import VectorCommitmentSuite
from polyproof_merkle.commitment import MerkleState, MerkleTree
from references.hashlib_hash import HashlibHash


class Faulty(VectorCommitmentSuite):
    """The suite; a subclass says which scheme it is on."""

    under_test: type[MerkleTree]

    @pytest.fixture
    def scheme(self) -> VectorCommitment:
        return self.under_test(HashlibHash())

    @pytest.fixture
    def other(self) -> VectorCommitment:
        return self.under_test(HashlibHash(), "other/leaf")


class TestSiblingsLeftOver(Faulty):
    class under_test(MerkleTree):
        def verify_many(self, opened):
            super().verify_many(
                [
                    evolve(one, opening=VectorOpening(one.opening.siblings[: self.opening_size(one.size, one.indices)]))
                    for one in opened
                ]
            )


class TestFewSiblingsAreEnough(Faulty):
    class under_test(MerkleTree):
        def verify(self, root, size, indices, leaves, opening):
            if len(opening.siblings) >= self.opening_size(size, indices):
                super().verify(root, size, indices, leaves, opening)


class TestRootIsNotCompared(Faulty):
    class under_test(MerkleTree):
        def verify_many(self, opened):
            try:
                super().verify_many(opened)
            except ProofRejected as error:
                if error.check != "merkle-root":
                    raise


class TestOnlyTheFirstIsChecked(Faulty):
    class under_test(MerkleTree):
        def verify(self, *arguments):
            MerkleTree(self.hash, self.leaf_domain).verify(*arguments)

        def verify_many(self, opened):
            super().verify_many(opened[:1])


class TestRepeatedIndices(Faulty):
    class under_test(MerkleTree):
        def verify(self, root, size, indices, leaves, opening):
            kept = list(dict.fromkeys(indices))
            super().verify(root, size, kept, leaves[[indices.index(index) for index in kept]], opening)


class TestIndicesWrapAround(Faulty):
    class under_test(MerkleTree):
        def verify(self, root, size, indices, leaves, opening):
            super().verify(root, size, [index % size for index in indices] if size else indices, leaves, opening)


class TestLeavesInAnyOrder(Faulty):
    class under_test(MerkleTree):
        def verify(self, root, size, indices, leaves, opening):
            for shift in range(max(len(indices), 1)):
                try:
                    return super().verify(root, size, indices, np.roll(leaves, shift, axis=0), opening)
                except ProofRejected as error:
                    last = error
            raise last


class TestNothingIsOpened(Faulty):
    class under_test(MerkleTree):
        def verify(self, root, size, indices, leaves, opening):
            if len(indices):
                super().verify(root, size, indices, leaves, opening)


class TestOneDomainForAll(Faulty):
    class under_test(MerkleTree):
        def __init__(self, hash, leaf_domain="merkle/leaf"):
            super().__init__(hash)


class TestNodesPassForLeaves(Faulty):
    class under_test(MerkleTree):
        def __init__(self, hash, leaf_domain="merkle/leaf"):
            super().__init__(hash, leaf_domain)
            self.node_domain = leaf_domain


class TestAnySize(Faulty):
    class under_test(MerkleTree):
        def commit(self, rows):
            size = 1 << max(len(rows) - 1, 0).bit_length()
            padded = np.zeros((size, rows.shape[1]), np.uint64)
            padded[: len(rows)] = rows
            return super().commit(padded)


class TestLeavesAreCountedWrongly(Faulty):
    class under_test(MerkleTree):
        def opening_size(self, size, indices):
            return super().opening_size(size, indices) + 1


class TestCountsMoreTogether(Faulty):
    class under_test(MerkleTree):
        def opening_size(self, size, indices):
            return super().opening_size(size, indices) + (len(indices) > 1) * size


class TestStateLosesItsLeaves(Faulty):
    class under_test(MerkleTree):
        def load(self, array):
            nodes = np.array(array)
            nodes[len(nodes) // 2 :] = 0
            return MerkleState(nodes)


class TestHashesTheRowsWhenAsked(Faulty):
    class under_test(MerkleTree):
        def commit(self, rows):
            state = super().commit(rows)
            object.__setattr__(state, "rows", rows)
            return state

        def open(self, state, indices):
            rows = getattr(state, "rows", None)
            return super().open(state if rows is None else super().commit(rows), indices)


class TestRootOfTheRowsSorted(Faulty):
    class under_test(MerkleTree):
        def commit(self, rows):
            return super().commit(rows[np.lexsort(rows.T)])


class TestOpensWhatIsNotThere(Faulty):
    class under_test(MerkleTree):
        def open(self, state, indices):
            return super().open(state, sorted({index % state.size for index in indices} or {0}))


class TestSiblingsOfTheFirstRow(Faulty):
    class under_test(MerkleTree):
        def open_each(self, state, indices):
            return super().open_each(state, np.full_like(indices, indices[0]))


class TestOpensEachOfWhatIsNotThere(Faulty):
    class under_test(MerkleTree):
        def open_each(self, state, indices):
            return super().open_each(state, np.asarray(indices) % state.size)
