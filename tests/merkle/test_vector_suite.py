"""What the suite of vector commitments is for: each fault is caught, by the test that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "SiblingsLeftOver": "test_too_many_siblings_are_rejected",
    "FewSiblingsAreEnough": "test_too_few_siblings_are_rejected",
    "RootIsNotCompared": "test_every_changed_word_of_the_root_is_rejected",
    "OnlyTheFirstIsChecked": "test_one_false_opening_among_many_is_rejected",
    "RepeatedIndices": "test_repeated_index_is_rejected",
    "IndicesWrapAround": "test_every_other_index_is_rejected",
    "LeavesInAnyOrder": "test_exchanged_leaves_are_rejected",
    "NothingIsOpened": "test_opening_of_no_rows_is_rejected",
    "OneDomainForAll": "test_opening_under_another_leaf_domain_is_rejected",
    "NodesPassForLeaves": "test_inner_node_does_not_pass_for_a_leaf",
    "AnySize": "test_only_powers_of_two_are_committed_to",
    "LeavesAreCountedWrongly": "test_verifier_counts_the_siblings_itself",
    "CountsMoreTogether": "test_rows_opened_together_take_no_more_than_each_alone",
    "StateLosesItsLeaves": "test_state_survives_the_disk",
    "HashesTheRowsWhenAsked": "test_a_state_does_not_depend_on_what_becomes_of_the_rows",
    "RootOfTheRowsSorted": "test_commitment_is_a_function_of_the_rows",
    "OpensWhatIsNotThere": "test_rows_that_do_not_exist_are_not_opened",
    "SiblingsOfTheFirstRow": "test_rows_opened_each_by_itself_have_the_openings_that_they_have_alone",
    "OpensEachOfWhatIsNotThere": "test_rows_that_do_not_exist_are_not_opened_each_by_itself",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_vector_commitments.py"), CAUGHT_BY)


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_the_fault_is_caught(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault].partition("[")[0]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
