"""What the suite of vector commitments is for: each fault is caught, by the test that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.suites import caught
from merkle import faulty_vector_commitments

pytestmark = pytest.mark.slow

FAULTS = {
    "TestSiblingsLeftOver": "test_too_many_siblings_are_rejected",
    "TestFewSiblingsAreEnough": "test_too_few_siblings_are_rejected",
    "TestRootIsNotCompared": "test_every_changed_word_of_the_root_is_rejected",
    "TestOnlyTheFirstIsChecked": "test_one_false_opening_among_many_is_rejected",
    "TestRepeatedIndices": "test_repeated_index_is_rejected",
    "TestIndicesWrapAround": "test_every_other_index_is_rejected",
    "TestLeavesInAnyOrder": "test_exchanged_leaves_are_rejected",
    "TestNothingIsOpened": "test_opening_of_no_rows_is_rejected",
    "TestOneDomainForAll": "test_opening_under_another_leaf_domain_is_rejected",
    "TestNodesPassForLeaves": "test_inner_node_does_not_pass_for_a_leaf",
    "TestAnySize": "test_only_powers_of_two_are_committed_to",
    "TestLeavesAreCountedWrongly": "test_verifier_counts_the_siblings_itself",
    "TestCountsMoreTogether": "test_rows_opened_together_take_no_more_than_each_alone",
    "TestStateLosesItsLeaves": "test_state_survives_the_disk",
    "TestRootOfTheRowsSorted": "test_commitment_is_a_function_of_the_rows",
    "TestOpensWhatIsNotThere": "test_rows_that_do_not_exist_are_not_opened",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    return caught(Path(faulty_vector_commitments.__file__), FAULTS, tmp_path_factory.mktemp("suite"))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_caught(found: dict[str, bool], fault: str) -> None:
    assert found[fault]
