"""What the suite of polynomial commitments is for: each fault is caught, by the test that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.suites import caught
from stark import faulty_polynomial_commitments

pytestmark = pytest.mark.slow

FAULTS = {
    "TestFalseValuesPass": "test_openings_of_dishonest_provers_are_rejected",
    "TestHighDegreePasses": "test_openings_of_dishonest_provers_are_rejected",
    "TestTreesAreNotChecked": "test_opening_under_a_root_that_is_not_its_own_is_rejected",
    "TestRootsAreNotAbsorbed": "test_roots_points_and_values_are_absorbed",
    "TestPointsAreNotAbsorbed": "test_roots_points_and_values_are_absorbed",
    "TestValuesAreNotAbsorbed": "test_roots_points_and_values_are_absorbed",
    "TestTranscriptOfItsOwn": "test_opening_is_bound_to_earlier_messages",
    "TestVerifierSaysMore": "test_prover_and_verifier_have_the_same_transcript",
    "TestVerifierWavers": "test_transcript_of_the_verifier_is_the_same_every_time",
    "TestSaltedRoots": "test_commitment_is_a_function_of_the_values",
    "TestValuesOfAnotherOrder": "test_opened_values_are_those_of_the_polynomials",
    "TestBytesAfterTheEnd": "test_bytes_of_another_length_are_rejected",
    "TestHostileBytesCrash": "test_changed_bytes_are_rejected",
    "TestShortColumns": "test_columns_of_another_length_are_not_committed_to",
    "TestPointsOfTheBaseField": "test_points_of_the_base_field_are_not_opened",
    "TestMissingRoots": "test_another_number_of_roots_or_points_is_rejected",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    return caught(Path(faulty_polynomial_commitments.__file__), FAULTS, tmp_path_factory.mktemp("suite"))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_caught(found: dict[str, bool], fault: str) -> None:
    assert found[fault]
