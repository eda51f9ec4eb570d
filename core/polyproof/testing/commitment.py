"""Conformance suite for ``VectorCommitment``: what a scheme owes its callers, negative cases included.

A plugin author inherits it and supplies the scheme::

    class TestMyScheme(VectorCommitmentSuite):
        @pytest.fixture
        def scheme(self):
            return MyScheme(MyHash(), "example/leaf")

        @pytest.fixture
        def other(self):
            return MyScheme(MyHash(), "example/other")
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from polyproof.commitment import OpenedLeaves, VectorCommitment, VectorOpening
from polyproof.errors import ProofRejected
from polyproof.hash import Words

__all__ = ["VectorCommitmentSuite"]

_COLUMNS = 3
_SIZES = (1, 2, 4, 8, 32)


def _rows(size: int, seed: int = 0) -> Words:
    return np.random.default_rng([seed, size]).integers(0, 1 << 56, (size, _COLUMNS), np.uint64)


def _index_sets(size: int) -> Iterator[list[int]]:
    """Every set of indices of a small vector; extremes and some random sets of a larger one."""
    if size <= 8:
        for mask in range(1, 1 << size):
            yield [index for index in range(size) if mask >> index & 1]
        return
    yield from ([0], [size - 1], [0, size - 1], [size // 2 - 1, size // 2], list(range(size)))
    yield from (list(range(0, size, 2)), list(range(size // 2)))
    generator = np.random.default_rng(size)
    for count in (1, 2, 3, 5, size // 2, size - 1):
        yield [int(index) for index in generator.choice(size, count, replace=False)]


def _open(scheme: VectorCommitment, size: int, indices: Sequence[int], seed: int = 0) -> OpenedLeaves:
    rows = _rows(size, seed)
    state = scheme.commit(rows)
    leaves = scheme.hash_leaves(rows[list(indices)])
    return OpenedLeaves(state.root, size, list(indices), leaves, scheme.open(state, indices))


def _accepts(scheme: VectorCommitment, opened: OpenedLeaves) -> bool:
    try:
        scheme.verify(opened.root, opened.size, opened.indices, opened.leaves, opened.opening)
    except ProofRejected:
        return False
    return True


def _changed(
    opened: OpenedLeaves,
    *,
    size: int | None = None,
    indices: Sequence[int] | None = None,
    leaves: Words | None = None,
    siblings: Words | None = None,
    root: Words | None = None,
) -> OpenedLeaves:
    return OpenedLeaves(
        opened.root if root is None else root,
        opened.size if size is None else size,
        opened.indices if indices is None else indices,
        opened.leaves if leaves is None else leaves,
        opened.opening if siblings is None else VectorOpening(siblings),
    )


class VectorCommitmentSuite:
    """What every ``polyproof.commitment.VectorCommitment`` promises."""

    @pytest.fixture
    def scheme(self) -> VectorCommitment:
        """The scheme under test; override it."""
        raise NotImplementedError("override the fixture `scheme`: your VectorCommitment")

    @pytest.fixture
    def other(self) -> VectorCommitment:
        """The same scheme under another leaf domain; override it."""
        raise NotImplementedError("override the fixture `other`: your VectorCommitment under another leaf domain")

    @pytest.fixture
    def opened(self, scheme: VectorCommitment) -> OpenedLeaves:
        """True leaves whose opening has siblings on several levels."""
        return _open(scheme, 16, [1, 2, 3, 11])

    # True openings are accepted

    def test_scheme_states_its_name(self, scheme: VectorCommitment) -> None:
        assert isinstance(scheme, VectorCommitment)
        assert scheme.name

    @pytest.mark.parametrize("size", _SIZES)
    def test_every_set_of_rows_opens_and_verifies(self, scheme: VectorCommitment, size: int) -> None:
        for indices in _index_sets(size):
            opened = _open(scheme, size, indices)
            scheme.verify(opened.root, opened.size, opened.indices, opened.leaves, opened.opening)

    @pytest.mark.parametrize("size", _SIZES)
    def test_verifier_counts_the_siblings_itself(self, scheme: VectorCommitment, size: int) -> None:
        for indices in _index_sets(size):
            opened = _open(scheme, size, indices)
            assert opened.opening.siblings.shape == (scheme.opening_size(size, indices), opened.root.size)
            assert opened.opening.siblings.dtype == np.uint64

    @pytest.mark.parametrize("size", _SIZES)
    def test_rows_opened_together_take_no_more_than_each_alone(self, scheme: VectorCommitment, size: int) -> None:
        """Readers of hostile bytes rely on this bound."""
        alone = {scheme.opening_size(size, [index]) for index in range(size)}
        for indices in _index_sets(size):
            assert scheme.opening_size(size, indices) <= len(indices) * min(alone)

    def test_a_state_does_not_depend_on_what_becomes_of_the_rows(self, scheme: VectorCommitment) -> None:
        """A prover writes its next matrix over them."""
        rows = _rows(16)
        leaves = scheme.hash_leaves(rows)
        state = scheme.commit(rows)
        root = state.root.copy()
        rows[...] = 0
        assert np.array_equal(state.root, root)
        for indices in ([0], [3, 4, 15], list(range(16))):
            scheme.verify(root, 16, indices, leaves[indices], scheme.open(state, indices))

    def test_state_survives_the_disk(self, scheme: VectorCommitment, tmp_path: Path) -> None:
        rows = _rows(16)
        state = scheme.commit(rows)
        np.save(tmp_path / "state.npy", scheme.dump(state), allow_pickle=False)
        assert 0 <= scheme.least_dump_size(16) <= (tmp_path / "state.npy").stat().st_size
        loaded = scheme.load(np.load(tmp_path / "state.npy", mmap_mode="r", allow_pickle=False))
        assert np.array_equal(loaded.root, state.root)
        for indices in ([0], [3, 4, 15], list(range(16))):
            opening = scheme.open(loaded, indices)
            assert np.array_equal(opening.siblings, scheme.open(state, indices).siblings)
            scheme.verify(state.root, 16, indices, scheme.hash_leaves(rows[indices]), opening)

    @pytest.mark.parametrize("size", _SIZES)
    def test_rows_opened_each_by_itself_have_the_openings_that_they_have_alone(
        self, scheme: VectorCommitment, size: int
    ) -> None:
        state = scheme.commit(_rows(size))
        indices = [*range(size), size - 1, 0]
        opened = scheme.open_each(state, np.array(indices, np.int64))
        assert len(opened) == len(indices)
        for index, siblings in zip(indices, opened, strict=True):
            alone = scheme.open(state, [index]).siblings
            assert siblings.dtype == np.uint64
            assert siblings.shape == alone.shape
            assert np.array_equal(siblings, alone)

    @pytest.mark.parametrize("index", [-1, 8, 1 << 40])
    def test_rows_that_do_not_exist_are_not_opened_each_by_itself(self, scheme: VectorCommitment, index: int) -> None:
        state = scheme.commit(_rows(8))
        with pytest.raises(ValueError):
            scheme.open_each(state, [3, index])

    def test_order_of_indices_does_not_matter(self, scheme: VectorCommitment) -> None:
        indices = [7, 0, 12, 3, 2]
        opened, in_order = _open(scheme, 16, indices), _open(scheme, 16, sorted(indices))
        assert np.array_equal(opened.opening.siblings, in_order.opening.siblings)
        assert _accepts(scheme, opened)

    def test_commitment_is_a_function_of_the_rows(self, scheme: VectorCommitment) -> None:
        rows = _rows(8)
        root = scheme.commit(rows).root
        assert root.shape in ((4,), (8,))
        assert np.array_equal(root, scheme.commit(rows.copy()).root)
        for row in range(8):
            changed = rows.copy()
            changed[row, 0] ^= np.uint64(1)
            assert not np.array_equal(root, scheme.commit(changed).root)
        assert not np.array_equal(root, scheme.commit(rows[::-1]).root)

    def test_openings_of_different_sizes_verify_together(self, scheme: VectorCommitment) -> None:
        many = [_open(scheme, size, [size // 3, size - 1][: min(size, 2)], seed=size) for size in (16, 1, 4, 64, 16)]
        scheme.verify_many(many)
        scheme.verify_many([])

    # Calls that no caller may make

    @pytest.mark.parametrize("size", [0, 3, 6, 17])
    def test_only_powers_of_two_are_committed_to(self, scheme: VectorCommitment, size: int) -> None:
        with pytest.raises(ValueError):
            scheme.commit(_rows(size))

    @pytest.mark.parametrize("indices", [[], [-1], [8], [0, 0], [3, 1, 3], [1 << 64]])
    def test_rows_that_do_not_exist_are_not_opened(self, scheme: VectorCommitment, indices: list[int]) -> None:
        state = scheme.commit(_rows(8))
        with pytest.raises(ValueError):
            scheme.open(state, indices)

    # False openings are rejected

    def test_every_changed_word_of_a_sibling_is_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        siblings = opened.opening.siblings
        for position in np.ndindex(siblings.shape):
            for bit in (0, 31, 55):
                mutated = siblings.copy()
                mutated[position] ^= np.uint64(1 << bit)
                assert not _accepts(scheme, _changed(opened, siblings=mutated))

    def test_swapped_siblings_are_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        count = len(opened.opening.siblings)
        for first in range(count):
            for second in range(first):
                order = np.arange(count)
                order[[first, second]] = order[[second, first]]
                assert not _accepts(scheme, _changed(opened, siblings=opened.opening.siblings[order]))

    def test_too_few_siblings_are_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        siblings = opened.opening.siblings
        for left in range(len(siblings)):
            assert not _accepts(scheme, _changed(opened, siblings=siblings[:left]))
            assert not _accepts(scheme, _changed(opened, siblings=np.delete(siblings, left, axis=0)))

    def test_too_many_siblings_are_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        siblings = opened.opening.siblings
        for at in range(len(siblings) + 1):
            assert not _accepts(scheme, _changed(opened, siblings=np.insert(siblings, at, siblings[0], axis=0)))
        whole = _open(scheme, 4, range(4))
        assert not _accepts(scheme, _changed(whole, siblings=siblings[:1]))

    def test_siblings_of_another_shape_are_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        siblings = opened.opening.siblings
        assert not _accepts(scheme, _changed(opened, siblings=siblings.ravel()))
        assert not _accepts(scheme, _changed(opened, siblings=siblings[:, :3]))

    def test_every_changed_word_of_a_leaf_is_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        for position in np.ndindex(opened.leaves.shape):
            leaves = opened.leaves.copy()
            leaves[position] ^= np.uint64(1)
            assert not _accepts(scheme, _changed(opened, leaves=leaves))

    def test_exchanged_leaves_are_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        count = len(opened.indices)
        for shift in range(1, count):
            assert not _accepts(scheme, _changed(opened, leaves=np.roll(opened.leaves, shift, axis=0)))
            indices = [opened.indices[(k + shift) % count] for k in range(count)]
            assert not _accepts(scheme, _changed(opened, indices=indices))

    def test_another_number_of_leaves_than_of_indices_is_rejected(
        self, scheme: VectorCommitment, opened: OpenedLeaves
    ) -> None:
        leaves = opened.leaves
        for wrong in (leaves[:-1], leaves[:0], np.concatenate((leaves, leaves[:1])), leaves.ravel(), leaves[:, :3]):
            assert not _accepts(scheme, _changed(opened, leaves=wrong))

    def test_every_other_index_is_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        for k, index in enumerate(opened.indices):
            for other in (*range(-2, opened.size + 2), index + opened.size, index - opened.size, 1 << 64):
                if other != index:
                    indices = [*opened.indices[:k], other, *opened.indices[k + 1 :]]
                    assert not _accepts(scheme, _changed(opened, indices=indices))

    def test_repeated_index_is_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        indices = [*opened.indices, opened.indices[0]]
        leaves = np.concatenate((opened.leaves, opened.leaves[:1]))
        assert not _accepts(scheme, _changed(opened, indices=indices, leaves=leaves))

    def test_opening_of_no_rows_is_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        nothing = np.zeros((0, opened.root.size), np.uint64)
        assert not _accepts(scheme, _changed(opened, indices=[], leaves=nothing, siblings=nothing))
        assert not _accepts(scheme, _changed(opened, indices=[], leaves=nothing, siblings=opened.root[None, :]))

    @pytest.mark.parametrize("size", [0, -16, 1, 2, 8, 12, 15, 17, 24, 32, 1 << 63, 1 << 64, (1 << 64) + 16, 1 << 5000])
    def test_every_other_size_is_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves, size: int) -> None:
        assert not _accepts(scheme, _changed(opened, size=size))

    @pytest.mark.parametrize(("size", "indices"), [(12, [1]), (0, [0]), (8, [8]), (8, [-1]), (8, [2, 2]), (8, [])])
    def test_nothing_is_counted_for_what_verify_rejects(
        self, scheme: VectorCommitment, size: int, indices: list[int]
    ) -> None:
        with pytest.raises(ProofRejected):
            scheme.opening_size(size, indices)

    def test_every_changed_word_of_the_root_is_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        for word in range(opened.root.size):
            root = opened.root.copy()
            root[word] ^= np.uint64(1)
            assert not _accepts(scheme, _changed(opened, root=root))

    def test_opening_of_another_vector_is_rejected(self, scheme: VectorCommitment, opened: OpenedLeaves) -> None:
        other = _open(scheme, opened.size, opened.indices, seed=1)
        assert not _accepts(scheme, _changed(opened, root=other.root))
        assert not _accepts(scheme, _changed(opened, leaves=other.leaves))
        assert not _accepts(scheme, _changed(opened, siblings=other.opening.siblings))

    def test_inner_node_does_not_pass_for_a_leaf(self, scheme: VectorCommitment) -> None:
        """A row of the words of both children of the root does not verify as the only leaf of a vector of size 1."""
        digests = scheme.hash_leaves(_rows(2))
        root = scheme.commit(_rows(2)).root
        spelled = scheme.hash_leaves(digests.reshape(1, -1))
        nothing = VectorOpening(np.zeros((0, root.size), np.uint64))
        assert not _accepts(scheme, OpenedLeaves(root, 1, [0], spelled, nothing))

    def test_opening_under_another_leaf_domain_is_rejected(
        self, scheme: VectorCommitment, other: VectorCommitment
    ) -> None:
        """So trees with different roles in a protocol cannot stand in for each other."""
        rows = _rows(8)
        state, foreign = scheme.commit(rows), other.commit(rows)
        assert not np.array_equal(state.root, foreign.root)
        assert not np.array_equal(scheme.hash_leaves(rows), other.hash_leaves(rows))
        opened = OpenedLeaves(foreign.root, 8, [5], scheme.hash_leaves(rows[[5]]), other.open(foreign, [5]))
        assert not _accepts(scheme, opened)

    def test_leaves_of_several_commitments_are_those_of_each(
        self, scheme: VectorCommitment, other: VectorCommitment
    ) -> None:
        wide = np.concatenate((_rows(32, 1), _rows(32, 2)), axis=1)
        matrices = [(scheme, _rows(8)), (other, wide), (other, _rows(8)), (scheme, wide[:1])]
        digests = scheme.hash_leaves_together(matrices)
        assert len(digests) == len(matrices)
        for found, (commitment, rows) in zip(digests, matrices, strict=True):
            assert np.array_equal(found, commitment.hash_leaves(rows))

    def test_one_false_opening_among_many_is_rejected(self, scheme: VectorCommitment) -> None:
        many = [_open(scheme, size, [size - 1], seed=size) for size in (16, 1, 4, 64)]
        for k, opened in enumerate(many):
            leaves = opened.leaves.copy()
            leaves[0, 0] ^= np.uint64(1)
            with pytest.raises(ProofRejected):
                scheme.verify_many([*many[:k], _changed(opened, leaves=leaves), *many[k + 1 :]])

    def test_openings_do_not_share_their_siblings(self, scheme: VectorCommitment) -> None:
        """A sibling moved from one opening to the next: right in total, wrong in each."""
        first, second = _open(scheme, 16, [3], seed=1), _open(scheme, 16, [9], seed=2)
        joined = np.concatenate((first.opening.siblings, second.opening.siblings))
        cut = len(first.opening.siblings) - 1
        with pytest.raises(ProofRejected):
            scheme.verify_many([_changed(first, siblings=joined[:cut]), _changed(second, siblings=joined[cut:])])
        with pytest.raises(ProofRejected):
            scheme.verify_many([_changed(first, root=second.root), _changed(second, root=first.root)])
