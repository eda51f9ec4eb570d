"""What the suites are for: each fault that an author may make is caught, by the test that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "UndeterminedColumn": "test_every_cell_is_determined_or_listed_as_free",
    "StaleFreeCell": "test_every_cell_is_determined_or_listed_as_free",
    "UnboundPublic": "test_every_public_value_is_bound",
    "VacuousStatement": "test_every_statement_can_fail",
    "WaveringStatement": "test_the_same_is_stated_every_time",
    "SteepConstraint": "test_degrees_are_ones_that_a_backend_can_prove",
    "NamelessConstraint": "test_statements_have_names",
    "TwoColumnsOfOneName": "test_names_are_stated_and_different",
    "ReadsBeyondTheLastRow": "test_statements_have_names",
    "DishonestTrace": "test_honest_trace_breaks_nothing",
    "TraceBeyondTheModulus": "test_trace_has_the_stated_shape",
    "TraceOfAnotherLength": "test_trace_has_the_stated_shape",
    "MissingPublic": "test_trace_has_the_stated_shape",
    "FaultOfAnotherConstraint": "test_a_planted_fault_is_named_with_its_row",
    "FaultThatChangesNothing": "test_a_planted_fault_is_named_with_its_row",
    "NoRange": "test_a_negative_cell_that_another_row_makes_up_for_is_found",
    "OneAssetNotSummed": "test_other_totals_are_refused",
    "AssetsSummedTogether": "test_totals_of_the_assets_do_not_trade_places",
    "BalanceWrapsAround": "test_balance_out_of_range_has_no_row",
    "RowOfAnotherOrder": "test_row_of_an_account_is_the_one_in_the_trace",
    "RowWithoutTheHighLimb": "test_different_balances_have_different_rows",
    "MissingBalancesAreZero": "test_another_number_of_balances_has_no_row",
    "TotalsWrapAround": "test_totals_that_no_accounts_can_have_are_rejected",
    "PublicsInAnotherOrder": "test_public_values_are_those_of_the_totals",
    "PaddingThatOwes": "test_padding_is_the_row_of_no_balance",
    "CarryForgotten": "test_accounts_of_every_number_and_size_are_proven_exactly",
    "CrowdedTrace": "test_witness_that_does_not_fit_is_an_input_error",
    "RefusesWithAnotherError": "test_balance_out_of_range_has_no_row",
    "AnyNumbersFit": "test_numbers_under_which_a_sum_could_wrap_are_an_options_error",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_systems.py"), CAUGHT_BY)


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_the_fault_is_caught(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault].partition("[")[0]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
