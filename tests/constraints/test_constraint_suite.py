"""What the suites are for: each fault that an author may make is caught, by the test that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints import faulty_systems
from doubles.suites import caught

pytestmark = pytest.mark.slow

FAULTS = {
    "TestUndeterminedColumn": "test_every_cell_is_determined_or_listed_as_free",
    "TestStaleFreeCell": "test_every_cell_is_determined_or_listed_as_free",
    "TestUnboundPublic": "test_every_public_value_is_bound",
    "TestVacuousStatement": "test_every_statement_can_fail",
    "TestWaveringStatement": "test_the_same_is_stated_every_time",
    "TestSteepConstraint": "test_degrees_are_ones_that_a_backend_can_prove",
    "TestNamelessConstraint": "test_statements_have_names",
    "TestTwoColumnsOfOneName": "test_names_are_stated_and_different",
    "TestReadsBeyondTheLastRow": "test_statements_have_names",
    "TestDishonestTrace": "test_honest_trace_breaks_nothing",
    "TestTraceBeyondTheModulus": "test_trace_has_the_stated_shape",
    "TestTraceOfAnotherLength": "test_trace_has_the_stated_shape",
    "TestMissingPublic": "test_trace_has_the_stated_shape",
    "TestFaultOfAnotherConstraint": "test_a_planted_fault_is_named_with_its_row",
    "TestFaultThatChangesNothing": "test_a_planted_fault_is_named_with_its_row",
    "TestNoRange": "test_a_negative_cell_that_another_row_makes_up_for_is_found",
    "TestOneAssetNotSummed": "test_other_totals_are_refused",
    "TestAssetsSummedTogether": "test_totals_of_the_assets_do_not_trade_places",
    "TestBalanceWrapsAround": "test_balance_out_of_range_has_no_row",
    "TestRowOfAnotherOrder": "test_row_of_an_account_is_the_one_in_the_trace",
    "TestRowWithoutTheHighLimb": "test_different_balances_have_different_rows",
    "TestMissingBalancesAreZero": "test_another_number_of_balances_has_no_row",
    "TestTotalsWrapAround": "test_totals_that_no_accounts_can_have_are_rejected",
    "TestPublicsInAnotherOrder": "test_public_values_are_those_of_the_totals",
    "TestPaddingThatOwes": "test_padding_is_the_row_of_no_balance",
    "TestCarryForgotten": "test_accounts_of_every_number_and_size_are_proven_exactly",
    "TestCrowdedTrace": "test_witness_that_does_not_fit_is_an_input_error",
    "TestRefusesWithAnotherError": "test_balance_out_of_range_has_no_row",
    "TestAnyNumbersFit": "test_numbers_under_which_a_sum_could_wrap_are_an_options_error",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    return caught(Path(faulty_systems.__file__), FAULTS, tmp_path_factory.mktemp("suite"))


def test_every_faulty_system_is_run() -> None:
    assert {name for name in vars(faulty_systems) if name.startswith("Test")} == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_caught(found: dict[str, bool], fault: str) -> None:
    assert found[fault]
