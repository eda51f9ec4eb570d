"""The conformance suite of executors finds what it is there for: each fault fails the test that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "AtHome": "test_segments_are_proved_where_the_executor_says",
    "Counting": "test_numbers_need_not_begin_at_zero_nor_be_in_order",
    "Detached": "test_a_run_that_is_given_up_leaves_nothing_running",
    "Downgrading": "test_a_fault_of_a_plugin_stays_one",
    "Eager": "test_no_segments_are_no_work",
    "Early": "test_each_segment_is_proved_once_and_named_when_it_is",
    "Exhausted": "test_it_runs_again_and_so_does_another",
    "GivingUp": "test_a_segment_whose_worker_is_killed_is_tried_again",
    "Persevering": "test_an_error_ends_the_run",
    "Twice": "test_each_segment_is_proved_once_and_named_when_it_is",
    "Undying": "test_a_segment_that_kills_every_worker_ends_the_run_with_its_number",
    "Unnamed": "test_it_states_its_name_and_its_options",
    "Wrapping": "test_an_error_arrives_with_the_number_of_its_segment_and_all_that_it_says",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_executors.py"), CAUGHT_BY)


def test_a_sound_executor_passes() -> None:
    assert FAULTY.failed("Sound") == set()


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_a_faulty_executor_fails_the_test_of_its_fault(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
