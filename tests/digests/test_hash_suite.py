"""What the suite of hashes is for: each fault is caught, by the test that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "LengthIsNotBound": "test_length_of_a_row_is_bound",
    "DomainIsIgnored": "test_domains_are_separate",
    "DomainIsCut": "test_domains_are_separate",
    "DomainIsNotChecked": "test_domain_that_cannot_be_written_is_an_error",
    "DependsOnTheBatch": "test_digest_does_not_depend_on_the_rest_of_the_batch",
    "EnginesDiffer": "test_engines_compute_the_same_function",
    "InstancesDiffer": "test_same_input_gives_the_same_digest_from_another_instance",
    "MemoryIsReadAsItLies": "test_memory_layout_does_not_matter",
    "InputIsOverwritten": "test_input_is_only_read",
    "HighBitsAreLost": "test_every_word_and_every_bit_matters",
    "NodesAreHashedAnotherWay": "test_compress_is_the_hash_of_eight_words",
    "OrderOfChildrenIsLost": "test_compress_knows_left_from_right",
    "BitsAreNotBalanced": "test_output_bits_are_balanced",
    "MessagesWithoutTheirLength": "test_messages_of_mixed_lengths_keep_their_order",
    "MessagesLoseTheirOrder": "test_messages_of_mixed_lengths_keep_their_order",
    "DigestsOfAnyLength": "test_digest_bytes_of_a_wrong_length_are_rejected",
    "WordsAboveTheBound": "test_digest_word_at_the_bound_is_rejected",
    "BoundTooLow": "test_hash_states_its_name_and_bounds",
    "ShortDigests": "test_every_row_gets_four_words",
    "DigestsAreEncodedBigEndian": "test_digests_survive_encoding",
    "TranscriptsDiffer": "test_transcripts_of_both_engines_draw_the_same",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_hashes.py"), CAUGHT_BY)


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_the_fault_is_caught(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault].partition("[")[0]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
