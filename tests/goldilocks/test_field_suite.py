"""What the suite of fields is for: each fault is caught, by the test that speaks of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from faulty import Faulty

pytestmark = pytest.mark.slow

CAUGHT_BY = {
    "ModulusIsNoPrime": "test_modulus_is_a_prime_below_two_to_the_64",
    "GeneratorOfASubgroup": "test_generator_generates_and_two_adicity_is_exact",
    "SumsAreNotReduced": "test_arithmetic_is_that_of_integers_modulo_p_on_every_pair_of_edges",
    "OperandIsOverwritten": "test_every_shape_works_and_operands_are_not_changed",
    "ZeroIsItsOwnInverse": "test_zero_has_no_inverse_and_the_error_says_where",
    "ErrorSaysNoPlace": "test_zero_has_no_inverse_and_the_error_says_where",
    "SumsOfThirtyTwoBits": "test_sums_do_not_overflow",
    "RootsThatDoNotFitOneAnother": "test_roots_of_unity_are_primitive_and_compatible",
    "BitReversedOrder": "test_transforms_are_evaluation_and_interpolation",
    "ShiftIsForgotten": "test_transforms_are_evaluation_and_interpolation",
    "CosetIsTheSubgroup": "test_extension_to_a_coset_is_evaluation_of_the_same_polynomial",
    "WritesIntoWhatItHeld": "test_extension_to_a_coset_is_evaluation_of_the_same_polynomial",
    "NoMatrixWithoutColumns": "test_matrices_without_columns_are_matrices",
    "ValuesFromTheModulusOnAreRead": "test_encoding_is_canonical_and_rejects_everything_else",
    "LengthIsNotChecked": "test_encoding_is_canonical_and_rejects_everything_else",
    "RandomBits": "test_random_elements_are_spread_over_the_whole_field",
    "SeededRandomness": "test_random_elements_are_canonical_and_not_repeated",
    "ReducibleExtension": "test_nonresidue_makes_a_field",
    "ExtensionMultipliesCoefficients": "test_extensions_multiply_and_invert_as_polynomials_do",
    "ScalesTheConstantOnly": "test_extensions_add_and_scale_coefficient_by_coefficient",
    "DotForgetsTheLastColumn": "test_sums_of_products_with_extension_weights",
    "CombinesWithoutTheLastRow": "test_sums_of_products_with_extension_weights",
    "HelperSumsForgetTheWeights": "test_helper_sums_are_those_of_the_constraints",
    "OnlyAllInTheBaseFieldCounts": "test_elements_of_the_base_field_are_recognised",
    "ExtensionReadsAnyLength": "test_encoded_extension_elements_are_canonical_and_nothing_else_is_read",
}
FAULTY = Faulty(Path(__file__).with_name("faulty_fields.py"), CAUGHT_BY)


@pytest.mark.parametrize("fault", CAUGHT_BY)
def test_the_fault_is_caught(fault: str) -> None:
    assert FAULTY.failed(fault) == {CAUGHT_BY[fault].partition("[")[0]}


def test_every_fault_of_the_file_is_looked_at() -> None:
    assert FAULTY.faults() == set(CAUGHT_BY)
