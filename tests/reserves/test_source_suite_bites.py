"""The conformance suite of sources finds what it is there for: each fault fails the test that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "Ambiguous": "test_names_of_coins_and_chains_mean_one_thing_each",
    "Backwards": "test_holdings_come_in_order_as_they_are_written",
    "BeyondTheEnd": "test_holdings_come_in_order_as_they_are_written",
    "Chainless": "test_names_of_coins_and_chains_mean_one_thing_each",
    "Counting": "test_holdings_come_in_order_as_they_are_written",
    "CountingFromZero": "test_holdings_come_in_order_as_they_are_written",
    "Elsewhere": "test_what_is_wrong_is_reported_at_its_row",
    "Endless": "test_a_file_that_ends_too_early_has_no_other_holdings",
    "Floating": "test_holdings_come_in_order_as_they_are_written",
    "Greedy": "test_hostile_bytes_are_read_or_reported",
    "Guessing": "test_core_makes_of_a_file_what_it_says",
    "Inventing": "test_a_file_that_ends_too_early_has_no_other_holdings",
    "Listing": "test_holdings_come_in_order_as_they_are_written",
    "Littering": "test_a_file_is_only_read_and_always_the_same",
    "Locking": "test_a_reading_that_is_given_up_leaves_nothing_behind",
    "LosingTheLast": "test_holdings_come_in_order_as_they_are_written",
    "Misplacing": "test_what_is_wrong_is_reported_at_its_row",
    "Optionless": "test_source_states_its_name_and_options",
    "Raising": "test_hostile_bytes_are_read_or_reported",
    "Remembering": "test_a_file_is_only_read_and_always_the_same",
    "Replacing": "test_a_byte_that_is_no_text_is_reported",
    "Satoshis": "test_core_makes_of_a_file_what_it_says",
    "Sharing": "test_two_files_may_be_read_side_by_side",
    "Silent": "test_what_is_wrong_is_reported_at_its_row",
    "Swallowing": "test_a_file_that_is_not_there_raises_oserror_or_is_reported",
    "Unplaced": "test_holdings_come_in_order_as_they_are_written",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_sources.py"), CAUGHT_BY)


def test_a_sound_source_passes() -> None:
    assert FAULTY.failed("Sound") == set()


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_a_faulty_source_fails_the_test_of_its_fault(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
