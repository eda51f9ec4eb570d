"""The conformance suite of balance providers finds what it is there for: each fault fails the test that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "AskingEarly": "test_nothing_is_asked_before_there_is_a_question",
    "Believing": "test_no_value_of_another_kind_is_a_balance",
    "BlockUnread": "test_an_answer_of_another_block_is_not_of_this_one",
    "BlockUntold": "test_an_answer_says_of_which_block_it_is",
    "ChainUnread": "test_an_honest_server_of_another_chain_is_not_believed",
    "ControlOfAnyBlock": "test_another_block_is_not_this_one",
    "ControlUnordered": "test_who_controls_accounts_is_answered_in_order",
    "Floating": "test_every_question_is_answered_in_order",
    "LeavingThreads": "test_no_threads_are_left_behind",
    "Logging": "test_no_log_has_the_url",
    "Losing": "test_an_address_that_is_none_is_not_checked_and_no_other_suffers",
    "MissingIsZero": "test_a_server_that_fails_from_some_question_on_leaves_the_rest_unchecked",
    "NotFoundIsZero": "test_what_does_not_answer_the_question_is_not_checked",
    "OneAmountForAll": "test_the_questions_show_something",
    "OwnersOfAnyKind": "test_no_value_of_another_kind_is_a_balance",
    "PinIgnored": "test_another_block_is_not_this_one",
    "Raising": "test_what_does_not_answer_the_question_is_not_checked",
    "ServingAll": "test_it_serves_its_questions_and_no_other_chains",
    "Silent": "test_what_does_not_answer_the_question_is_not_checked",
    "Standard": "test_a_server_that_drips_is_left_in_time[a body]",
    "StandardFlooded": "test_a_server_that_floods_takes_no_memory[a body]",
    "StandardRedirected": "test_a_redirect_is_not_followed",
    "Telling": "test_what_does_not_answer_the_question_is_not_checked",
    "Unordered": "test_every_question_is_answered_in_order",
    "Unquoted": "test_an_address_that_is_none_is_not_checked_and_no_other_suffers",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_providers.py"), CAUGHT_BY)


def test_a_sound_provider_passes() -> None:
    assert FAULTY.failed("Sound") == set()


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_a_faulty_provider_fails_the_test_of_its_fault(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault].partition("[")[0]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
