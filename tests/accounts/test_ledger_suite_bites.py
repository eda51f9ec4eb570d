"""The conformance suite of ledger formats finds what it is there for: each fault fails the test that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "AskingForMore": "test_format_states_its_name_suffixes_and_units_and_needs_no_arguments",
    "Backwards": "test_accounts_come_in_order_and_with_every_amount_as_it_is_written",
    "Binary": "test_decimal_amounts_pass_through_no_float",
    "Capital": "test_format_states_its_name_suffixes_and_units_and_needs_no_arguments",
    "Counting": "test_accounts_come_in_order_and_with_every_amount_as_it_is_written",
    "CountingFromZero": "test_accounts_come_in_order_and_with_every_amount_as_it_is_written",
    "Elsewhere": "test_what_is_wrong_is_reported_at_its_row",
    "Endless": "test_a_file_that_ends_too_early_has_no_other_accounts",
    "Floating": "test_accounts_come_in_order_and_with_every_amount_as_it_is_written",
    "Greedy": "test_hostile_bytes_are_read_or_reported",
    "Hoarding": "test_a_file_takes_no_more_memory_the_longer_it_is",
    "Littering": "test_a_file_is_only_read_and_always_the_same",
    "Locking": "test_a_reading_that_is_given_up_leaves_nothing_behind",
    "LosingTheLast": "test_accounts_come_in_order_and_with_every_amount_as_it_is_written",
    "Misplacing": "test_what_is_wrong_is_reported_at_its_row",
    "Raising": "test_hostile_bytes_are_read_or_reported",
    "Remembering": "test_a_file_is_only_read_and_always_the_same",
    "Renaming": "test_core_makes_of_a_file_what_it_says",
    "Replacing": "test_a_byte_that_is_no_text_is_reported",
    "Sharing": "test_two_files_may_be_read_side_by_side",
    "Silent": "test_what_is_wrong_is_reported_at_its_row",
    "Swallowing": "test_a_file_that_is_not_there_raises_oserror_or_is_reported",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_ledgers.py"), CAUGHT_BY)


def test_a_sound_format_passes() -> None:
    assert FAULTY.failed("Sound") == set()


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_a_faulty_format_fails_the_test_of_its_fault(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
