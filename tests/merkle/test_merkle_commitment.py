"""The Merkle vector commitment: conformance, the order of siblings, domains, batching."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyproof.commitment import OpenedLeaves, VectorCommitment, VectorOpening
from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.hash import Digest, Hash, Words
from polyproof.model.counts import counted
from polyproof.registry import default_registry
from polyproof.testing.commitment import VectorCommitmentSuite
from polyproof_merkle import commitment
from polyproof_merkle.commitment import MerkleTree
from references.hashlib_hash import HashlibHash

HASHES = ["blake3", "keccak256", "poseidon", "poseidon2", "rescue-prime-optimized", "sha256"]


class TestMerkleOverHashlib(VectorCommitmentSuite):
    @pytest.fixture
    def scheme(self) -> VectorCommitment:
        return MerkleTree(HashlibHash())

    @pytest.fixture
    def other(self) -> VectorCommitment:
        return MerkleTree(HashlibHash(), "other/leaf")


def random_rows(size: int, columns: int = 3, seed: int = 0) -> Words:
    return np.random.default_rng(seed).integers(0, 1 << 56, (size, columns), np.uint64)


@pytest.mark.parametrize("name", HASHES)
def test_every_hash_serves_prover_and_verifier(name: str) -> None:
    prover, verifier = (
        MerkleTree(default_registry().create("hash", name, engine=engine))
        for engine in (Engine.COMPILED, Engine.PORTABLE)
    )
    rows = random_rows(32)
    state = prover.commit(rows)
    assert np.array_equal(state.nodes, verifier.commit(rows).nodes)
    indices = [0, 5, 6, 7, 31]
    opening = prover.open(state, indices)
    leaves = verifier.hash_leaves(rows[indices])
    verifier.verify(state.root, 32, indices, leaves, opening)
    opening.siblings[2, 1] ^= np.uint64(1)
    with pytest.raises(ProofRejected, match="merkle-root"):
        verifier.verify(state.root, 32, indices, leaves, opening)


@pytest.mark.parametrize("block", [1, 2, 8])
def test_a_tree_is_the_same_however_many_digests_are_computed_at_a_time(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = random_rows(32)
    whole = MerkleTree(HashlibHash()).commit(rows)
    monkeypatch.setattr(commitment, "_BLOCK", block)
    assert np.array_equal(MerkleTree(HashlibHash()).commit(rows).nodes, whole.nodes)


def test_registry_makes_the_tree() -> None:
    tree = default_registry().create("commitment", "merkle", HashlibHash(), leaf_domain="test/leaf")
    assert isinstance(tree, MerkleTree)
    assert tree.leaf_domain == "test/leaf"


def root_by_definition(hash: Hash, leaves: Words) -> Digest:
    """The root, straight from the definition, one pair at a time."""
    if len(leaves) == 1:
        return leaves[0]
    half = len(leaves) // 2
    left, right = root_by_definition(hash, leaves[:half]), root_by_definition(hash, leaves[half:])
    return hash.compress(left[None, :], right[None, :], "merkle/node")[0]


@pytest.mark.parametrize("size", [1, 2, 4, 16])
def test_root_is_the_definition(size: int) -> None:
    tree, rows = MerkleTree(HashlibHash()), random_rows(size)
    leaves = tree.hash.hash_rows(rows, "merkle/leaf")
    state = tree.commit(rows)
    assert np.array_equal(state.root, root_by_definition(tree.hash, leaves))
    assert np.array_equal(state.leaves, leaves)
    assert state.size == size
    assert state.nodes.shape == (2 * size, 4)


def siblings_by_definition(nodes: Words, size: int, indices: list[int]) -> Words:
    """Level by level from the leaves, left to right: siblings of known nodes that are not known."""
    known, wanted = {size + index for index in indices}, []
    while size > 1:
        wanted += sorted({node ^ 1 for node in known} - known)
        known = {node >> 1 for node in known}
        size >>= 1
    return nodes[np.array(wanted, np.int64)]


@given(st.data())
def test_siblings_come_in_the_canonical_order(data: st.DataObject) -> None:
    size = 1 << data.draw(st.integers(0, 7))
    indices = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=40, unique=True))
    tree = MerkleTree(HashlibHash())
    state = tree.commit(random_rows(size))
    opening = tree.open(state, indices)
    assert np.array_equal(opening.siblings, siblings_by_definition(state.nodes, size, indices))
    tree.verify(state.root, size, indices, state.leaves[indices], opening)


def test_pruned_opening_repeats_nothing() -> None:
    tree = MerkleTree(HashlibHash())
    assert tree.opening_size(1 << 20, [7]) == 20
    assert tree.opening_size(1 << 20, [6, 7]) == 19
    assert tree.opening_size(8, range(8)) == 0
    assert tree.opening_size(1, [0]) == 0


def test_leaf_domains_separate_trees_and_leaves_from_nodes() -> None:
    rows = random_rows(8, columns=8)
    tree, other = MerkleTree(HashlibHash()), MerkleTree(HashlibHash(), "other/leaf")
    assert not np.array_equal(tree.commit(rows).root, other.commit(rows).root)
    with pytest.raises(ValueError, match="different domains"):
        MerkleTree(HashlibHash(), leaf_domain="same", node_domain="same")


def test_a_row_that_spells_two_digests_is_not_their_parent() -> None:
    """The second-preimage attack on trees that hash leaves and nodes alike."""
    tree = MerkleTree(HashlibHash())
    state = tree.commit(random_rows(4))
    spelled = tree.hash_leaves(state.leaves[:2].reshape(1, 8))
    with pytest.raises(ProofRejected, match="merkle-root"):
        tree.verify(state.root, 2, [0], spelled, VectorOpening(state.nodes[3:4]))


class CountingHash(HashlibHash):
    """Counts calls of compress."""

    calls = 0

    def compress(self, left: Words, right: Words, domain: str) -> Words:
        self.calls += 1
        return super().compress(left, right, domain)


def test_many_trees_take_one_hash_call_a_level() -> None:
    counting = CountingHash()
    tree = MerkleTree(counting)
    claims = []
    for seed, size in enumerate((64, 16, 16, 1, 4)):
        rows = random_rows(size, seed=seed)
        state = tree.commit(rows)
        indices = [size - 1, *range(0, size - 1, 5)]
        claims.append(OpenedLeaves(state.root, size, indices, state.leaves[indices], tree.open(state, indices)))
    counting.calls = 0
    tree.verify_many(claims)
    assert counting.calls == 6


def test_the_largest_tree_has_48_levels() -> None:
    tree = MerkleTree(HashlibHash())
    assert tree.opening_size(1 << 48, [0]) == tree.opening_size(1 << 48, [(1 << 48) - 1]) == 48
    for size, index in ((1 << 49, 0), (1 << 48, 1 << 48)):
        with pytest.raises(ProofRejected):
            tree.opening_size(size, [index])


def test_paths_of_single_rows_are_those_of_openings_of_one_row() -> None:
    tree = MerkleTree(HashlibHash())
    for size in (1, 8):
        state = tree.commit(random_rows(size))
        rows = list(range(size))
        expected = [tree.open(state, [row]).siblings for row in rows]
        assert np.array_equal(tree.open_each(state, rows), np.array(expected).reshape(size, size.bit_length() - 1, 4))
        for wrong in (-1, size):
            with pytest.raises(ValueError, match=f"not a row of a vector of {counted(size, 'row')}"):
                tree.open_each(state, [0, wrong])


def test_a_prover_is_told_of_rows_and_sizes_that_cannot_be() -> None:
    tree = MerkleTree(HashlibHash())
    for count in (0, 3, 6):
        with pytest.raises(ValueError, match=f"a power of two, not {count}"):
            tree.commit(random_rows(count))
    with pytest.raises(ValueError, match="index 8 is not a row of a vector of 8 rows"):
        tree.open(tree.commit(random_rows(8)), [8])


def test_the_node_without_a_place_is_zero_and_the_root_is_no_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "empty", lambda shape, kind: np.full(shape, 7, kind))
    state = MerkleTree(HashlibHash()).commit(random_rows(4))
    assert not state.nodes[0].any()
    state.root[:] = 0
    assert state.root.any()


def test_rejection_names_the_opening() -> None:
    tree = MerkleTree(HashlibHash())
    state = tree.commit(random_rows(4))
    good = OpenedLeaves(state.root, 4, [1], state.leaves[1:2], tree.open(state, [1]))
    bad = OpenedLeaves(state.root, 4, [2], state.leaves[1:2], tree.open(state, [2]))
    with pytest.raises(ProofRejected, match="opening 2 of 3") as caught:
        tree.verify_many([good, bad, good])
    assert caught.value.check == "merkle-root"


def test_hostile_size_costs_nothing() -> None:
    tree = MerkleTree(HashlibHash())
    nothing = VectorOpening(np.zeros((0, 4), np.uint64))
    tracemalloc.start()
    for size in (1 << 48, 1 << 49, 1 << 1000):
        with pytest.raises(ProofRejected):
            tree.verify(np.zeros(4, np.uint64), size, [0], np.zeros((1, 4), np.uint64), nothing)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("size", "indices", "leaves", "siblings", "check"),
    [
        (0, [0], 1, 3, "merkle-size"),
        (6, [0], 1, 3, "merkle-size"),
        (1 << 49, [0], 1, 3, "merkle-size"),
        (8, [], 0, 0, "merkle-indices"),
        (8, [8], 1, 3, "merkle-indices"),
        (8, [-1], 1, 3, "merkle-indices"),
        (8, [2, 2], 2, 2, "merkle-indices"),
        (8, [2], 0, 3, "merkle-leaves"),
        (8, [2], 2, 3, "merkle-leaves"),
        (8, [2], 1, 2, "merkle-siblings"),
        (8, [2], 1, 4, "merkle-siblings"),
        (8, [2, 3], 2, 3, "merkle-siblings"),
        (8, [2], 1, 3, "merkle-root"),
    ],
)
def test_openings_that_cannot_be_are_refused_by_the_name_of_what_is_wrong(
    size: int, indices: list[int], leaves: int, siblings: int, check: str
) -> None:
    tree = MerkleTree(HashlibHash())
    opening = VectorOpening(np.zeros((siblings, 4), np.uint64))
    with pytest.raises(ProofRejected) as caught:
        tree.verify(np.zeros(4, np.uint64), size, indices, np.zeros((leaves, 4), np.uint64), opening)
    assert caught.value.check == check
