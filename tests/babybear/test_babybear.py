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
        return BabyBear(request.param)


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
