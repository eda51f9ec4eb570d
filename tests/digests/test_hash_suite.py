"""What the suite of hashes is for: each fault is caught, by the test that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from digests import faulty_hashes
from doubles.suites import caught

pytestmark = pytest.mark.slow

FAULTS = {
    "TestLengthIsNotBound": "test_length_of_a_row_is_bound",
    "TestDomainIsIgnored": "test_domains_are_separate",
    "TestDomainIsCut": "test_domains_are_separate",
    "TestDomainIsNotChecked": "test_domain_that_cannot_be_written_is_an_error",
    "TestDependsOnTheBatch": "test_digest_does_not_depend_on_the_rest_of_the_batch",
    "TestEnginesDiffer": "test_engines_compute_the_same_function",
    "TestInstancesDiffer": "test_same_input_gives_the_same_digest_from_another_instance",
    "TestMemoryIsReadAsItLies": "test_memory_layout_does_not_matter",
    "TestInputIsOverwritten": "test_input_is_only_read",
    "TestHighBitsAreLost": "test_every_word_and_every_bit_matters",
    "TestNodesAreHashedAnotherWay": "test_compress_is_the_hash_of_eight_words",
    "TestOrderOfChildrenIsLost": "test_compress_knows_left_from_right",
    "TestBitsAreNotBalanced": "test_output_bits_are_balanced",
    "TestMessagesWithoutTheirLength": "test_messages_of_mixed_lengths_keep_their_order",
    "TestMessagesLoseTheirOrder": "test_messages_of_mixed_lengths_keep_their_order",
    "TestDigestsOfAnyLength": "test_digest_bytes_of_a_wrong_length_are_rejected",
    "TestWordsAboveTheBound": "test_digest_word_at_the_bound_is_rejected",
    "TestBoundTooLow": "test_hash_states_its_name_and_bounds",
    "TestShortDigests": "test_every_row_gets_four_words",
    "TestDigestsAreEncodedBigEndian": "test_digests_survive_encoding",
    "TestTranscriptsDiffer": "test_transcripts_of_both_engines_draw_the_same",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    return caught(Path(faulty_hashes.__file__), FAULTS, tmp_path_factory.mktemp("suite"))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_caught(found: dict[str, bool], fault: str) -> None:
    assert found[fault]
