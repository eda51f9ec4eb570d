"""Inclusion files of many rows, written at once and one by one, and what is asked of the trees when one is read."""

from __future__ import annotations

import numpy as np
import pytest

from polyproof_stark.inclusion import InclusionProof, payloads
from stark.exchange import PARAMETERS, Exchange, some_accounts

EXCHANGE = Exchange(some_accounts(20))


@pytest.fixture(scope="module")
def proofs() -> list[InclusionProof]:
    result = EXCHANGE.prove()
    return [EXCHANGE.cut(result, position) for position in range(7)]


@pytest.mark.parametrize("together", [np.stack, list])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_files_of_many_rows_are_those_of_each(proofs, count, together):
    instance, hash, some = EXCHANGE.instance(), EXCHANGE.hash(), proofs[:count]
    layers = [(np.stack([one.pair for one in some]), together([one.pair_path for one in some]))]
    for number in range(len(some[0].chain)):
        cosets, paths = zip(*(one.chain[number] for one in some), strict=True)
        layers.append((np.stack(cosets), together(paths)))
    rows, masks = np.array([one.row for one in some], np.uint64), np.stack([one.mask for one in some])
    nonces, paths = [one.nonce for one in some], together([one.path for one in some])
    written = list(payloads(instance, hash, rows, nonces, masks, paths, layers))
    assert written == [one.write(instance, hash) for one in some]
    assert len(set(written)) == count


@pytest.mark.parametrize("together", [np.stack, list])
def test_a_tree_that_needs_no_siblings_adds_nothing(proofs, together):
    none = together([np.zeros((0, 4), np.uint64)] * 2)
    rows, masks = np.array([3, 4], np.uint64), np.stack([proofs[0].mask, proofs[1].mask])
    nonces = [proofs[0].nonce, proofs[1].nonce]
    with_none, without = (
        list(payloads(EXCHANGE.instance(), EXCHANGE.hash(), rows, nonces, masks, none, layers))
        for layers in ([(masks, none)], [])
    )
    size = masks[0].nbytes
    assert [data[:-size] for data in with_none] == without
    assert [len(data) for data in without] == [12 + 8 + 32 + size] * 2


def test_trees_are_asked_for_the_path_of_the_row_and_of_the_cosets_that_it_leads_to(proofs):
    asked = []

    class Asked:
        def __init__(self, tree, name):
            self.tree, self.name = tree, name

        def opening_size(self, size, rows):
            asked.append((self.name, size, list(rows)))
            return self.tree.opening_size(size, rows)

    instance, hash, proof = EXCHANGE.instance(), EXCHANGE.hash(), max(proofs, key=lambda proof: proof.row)
    trees = {name: Asked(tree, name) for name, tree in EXCHANGE.trees().items()}
    InclusionProof.read(proof.write(instance, hash), instance, hash, trees)
    expected, size = [("inclusion", PARAMETERS.rows, [proof.row])], PARAMETERS.rows
    for number, arity in enumerate(PARAMETERS.folding.arities):
        size //= arity
        expected.append(("chain" if number else "pair", size, [proof.row % size]))
    assert asked == expected
    assert len({tuple(rows) for _, _, rows in asked}) == len(asked), "so that one taken for another would show"
