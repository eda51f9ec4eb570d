"""Any prime below 2^32 is a field by its numbers: the narrowest that is used, the widest, and BabyBear."""

from __future__ import annotations

import pytest

from polyproof.testing.field import FieldSuite
from polyproof.toolkit.narrow_field import NarrowField


class Proth(NarrowField):
    """3·2^30 + 1: more than 31 bits, where a product is near 2^64."""

    name = "proth"
    modulus = 3 * 2**30 + 1
    generator = 5
    two_adicity = 30
    extension_degrees = (2, 3, 4, 6)


class Fermat(NarrowField):
    """2^16 + 1, which has extensions of even degree alone."""

    name = "fermat"
    modulus = 2**16 + 1
    generator = 3
    two_adicity = 16
    extension_degrees = (2, 4, 8)


class TestProth(FieldSuite):
    @pytest.fixture
    def field(self) -> NarrowField:
        return Proth()


@pytest.mark.slow
class TestFermat(FieldSuite):
    @pytest.fixture
    def field(self) -> NarrowField:
        return Fermat()
