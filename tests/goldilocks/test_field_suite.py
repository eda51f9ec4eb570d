"""What the suite of fields is for: each fault is caught, by the test that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.suites import caught
from goldilocks import faulty_fields

pytestmark = pytest.mark.slow

FAULTS = {
    "TestModulusIsNoPrime": "test_modulus_is_a_prime_below_two_to_the_64",
    "TestGeneratorOfASubgroup": "test_generator_generates_and_two_adicity_is_exact",
    "TestSumsAreNotReduced": "test_arithmetic_is_that_of_integers_modulo_p_on_every_pair_of_edges",
    "TestOperandIsOverwritten": "test_every_shape_works_and_operands_are_not_changed",
    "TestZeroIsItsOwnInverse": "test_zero_has_no_inverse_and_the_error_says_where",
    "TestErrorSaysNoPlace": "test_zero_has_no_inverse_and_the_error_says_where",
    "TestSumsOfThirtyTwoBits": "test_sums_do_not_overflow",
    "TestRootsThatDoNotFitOneAnother": "test_roots_of_unity_are_primitive_and_compatible",
    "TestBitReversedOrder": "test_transforms_are_evaluation_and_interpolation",
    "TestShiftIsForgotten": "test_transforms_are_evaluation_and_interpolation",
    "TestCosetIsTheSubgroup": "test_extension_to_a_coset_is_evaluation_of_the_same_polynomial",
    "TestNoMatrixWithoutColumns": "test_matrices_without_columns_are_matrices",
    "TestValuesFromTheModulusOnAreRead": "test_encoding_is_canonical_and_rejects_everything_else",
    "TestLengthIsNotChecked": "test_encoding_is_canonical_and_rejects_everything_else",
    "TestRandomBits": "test_random_elements_are_spread_over_the_whole_field",
    "TestSeededRandomness": "test_random_elements_are_canonical_and_not_repeated",
    "TestReducibleExtension": "test_nonresidue_makes_a_field",
    "TestExtensionMultipliesCoefficients": "test_extensions_multiply_and_invert_as_polynomials_do",
    "TestScalesTheConstantOnly": "test_extensions_add_and_scale_coefficient_by_coefficient",
    "TestDotForgetsTheLastColumn": "test_sums_of_products_with_extension_weights",
    "TestOnlyAllInTheBaseFieldCounts": "test_elements_of_the_base_field_are_recognised",
    "TestExtensionReadsAnyLength": "test_encoded_extension_elements_are_canonical_and_nothing_else_is_read",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bool]:
    return caught(Path(faulty_fields.__file__), FAULTS, tmp_path_factory.mktemp("suite"))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_caught(found: dict[str, bool], fault: str) -> None:
    assert found[fault]
