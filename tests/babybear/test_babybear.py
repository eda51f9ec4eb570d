"""The field BabyBear: the conformance suite on both engines, and numbers that were published elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from polyproof.engine import Engine
from polyproof.errors import FieldError
from polyproof.testing.field import FieldSuite
from polyproof_babybear.field import BabyBear


class TestBabyBear(FieldSuite):
    @pytest.fixture(params=list(Engine), ids=lambda engine: engine.value)
    def field(self, request: pytest.FixtureRequest) -> BabyBear:
        made = BabyBear(request.param)
        if made.engine is Engine.COMPILED:  # each degree is compiled by itself, which takes seconds
            made.extension_degrees = (6,)
        return made


def test_the_modulus_and_its_roots_are_the_published_ones():
    """RISC Zero, "RISC Zero zkVM: Scalable, Transparent Arguments of RISC-V Integrity" (2023), section 3.1: p is
    15·2^27 + 1. 31 is the least generator, found here by trying all that are smaller."""
    p = BabyBear.modulus
    assert p == 15 * 2**27 + 1 == 0x78000001

    def generates(g: int) -> bool:
        return all(pow(g, (p - 1) // prime, p) != 1 for prime in (2, 3, 5))

    assert next(g for g in range(2, 100) if generates(g)) == BabyBear.generator == 31


@pytest.mark.parametrize("wrong", [-1, BabyBear.modulus, [1, 2**64]])
def test_integers_that_are_no_elements_are_refused(wrong):
    with pytest.raises(FieldError, match="not in"):
        BabyBear().add(wrong, 1)
    with pytest.raises(FieldError, match="integers"):
        BabyBear().add(0.5, 1)


def test_only_canonical_elements_are_encoded():
    with pytest.raises(FieldError, match="canonical"):
        BabyBear().encode(np.array([BabyBear.modulus], np.uint64))


@pytest.mark.parametrize("log_rows", [1, 2, 3, 4, 11, 12, 13])
@pytest.mark.parametrize("columns", [1, 8, 11])
def test_transforms_of_both_engines_are_the_same(log_rows: int, columns: int):
    """An even and an odd number of stages, more rows than stay in the near cache, and tiles of fewer columns."""
    portable, compiled = BabyBear(Engine.PORTABLE), BabyBear(Engine.COMPILED)
    values = np.random.default_rng(log_rows).integers(0, BabyBear.modulus, (1 << log_rows, columns), np.uint64)
    values[0], values[-1] = 0, BabyBear.modulus - 1
    assert np.array_equal(compiled.forward(values, 5), portable.forward(values, 5))
    assert np.array_equal(compiled.inverse_transform(values, 5), portable.inverse_transform(values, 5))
    assert np.array_equal(compiled.extend(values, 4 << log_rows, 31), portable.extend(values, 4 << log_rows, 31))
    out = np.zeros((2 << log_rows, columns), np.uint64)
    assert compiled.coset_lde(values, 2, out=out) is out
    assert np.array_equal(out, portable.coset_lde(values, 2))
