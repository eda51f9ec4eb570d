"""What the suite of polynomial commitments is for: each fault is caught, by the test that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "FalseValuesPass": "test_openings_of_dishonest_provers_are_rejected",
    "HighDegreePasses": "test_openings_of_dishonest_provers_are_rejected",
    "TreesAreNotChecked": "test_opening_under_a_commitment_that_is_not_its_own_is_rejected",
    "RootsAreNotAbsorbed": "test_commitments_points_and_values_are_absorbed",
    "PointsAreNotAbsorbed": "test_commitments_points_and_values_are_absorbed",
    "ValuesAreNotAbsorbed": "test_commitments_points_and_values_are_absorbed",
    "TranscriptOfItsOwn": "test_opening_is_bound_to_earlier_messages",
    "VerifierSaysMore": "test_prover_and_verifier_have_the_same_transcript",
    "VerifierWavers": "test_transcript_of_the_verifier_is_the_same_every_time",
    "SaltedRoots": "test_commitment_is_a_function_of_the_values",
    "ValuesOfAnotherOrder": "test_opened_values_are_those_of_the_polynomials",
    "BytesAfterTheEnd": "test_bytes_of_another_length_are_rejected",
    "HostileBytesCrash": "test_changed_bytes_are_rejected",
    "ShortColumns": "test_columns_of_another_length_are_not_committed_to",
    "PointsOfTheBaseField": "test_points_of_the_domain_open_or_are_refused",
    "MissingRoots": "test_another_number_of_commitments_or_points_is_rejected",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_polynomial_commitments.py"), CAUGHT_BY)


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_the_fault_is_caught(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault].partition("[")[0]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
