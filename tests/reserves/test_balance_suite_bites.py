"""The conformance suite of balance providers finds what it is there for: each fault fails the test that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "AskingEarly": "test_nothing_is_asked_before_there_is_a_question",
    "Believing": "test_no_value_of_another_type_is_taken_for_a_balance",
    "BlockReadOnce": "test_a_chain_that_is_reorganised_meanwhile_leaves_the_rest_unchecked",
    "BlockUnread": "test_an_answer_about_another_block_is_not_believed",
    "BlockUntold": "test_an_answer_names_its_block",
    "ChainUnread": "test_an_honest_server_of_another_chain_is_not_believed",
    "ControlOfAnyBlock": "test_questions_about_another_block_are_not_answered",
    "ControlUnordered": "test_control_is_answered_in_order",
    "FirstKeyCounts": "test_json_with_a_key_twice_is_not_believed",
    "FractionsCutOff": "test_a_number_that_is_not_whole_or_huge_is_not_believed",
    "Floating": "test_every_question_is_answered_in_order",
    "LeavingThreads": "test_no_threads_are_left_behind",
    "Logging": "test_the_url_is_never_logged",
    "Losing": "test_a_malformed_address_is_not_checked_and_does_not_affect_the_others",
    "MissingIsZero": "test_a_server_that_starts_to_fail_leaves_the_rest_unchecked",
    "NotFoundIsZero": "test_what_does_not_answer_the_question_is_not_checked",
    "OneAmountForAll": "test_the_amounts_differ_and_none_is_zero",
    "OwnersOfAnyKind": "test_no_value_of_another_type_is_taken_for_a_balance",
    "PinIgnored": "test_questions_about_another_block_are_not_answered",
    "Raising": "test_what_does_not_answer_the_question_is_not_checked",
    "ServingAll": "test_it_serves_its_questions_and_no_other_chains",
    "Silent": "test_what_does_not_answer_the_question_is_not_checked",
    "Standard": "test_a_server_that_drips_is_abandoned_in_time[a body]",
    "StandardFlooded": "test_a_server_that_floods_takes_no_memory[a body]",
    "StandardRedirected": "test_a_redirect_is_not_followed",
    "Telling": "test_what_does_not_answer_the_question_is_not_checked",
    "Unordered": "test_every_question_is_answered_in_order",
    "Unquoted": "test_a_malformed_address_is_not_checked_and_does_not_affect_the_others",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_providers.py"), CAUGHT_BY)


def test_a_sound_provider_passes() -> None:
    assert FAULTY.failed("Sound") == set()


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_a_faulty_provider_fails_the_test_of_its_fault(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault].partition("[")[0]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
