"""What every field must do, and a polynomial that a calculator evaluates."""

import numpy as np
import pytest
from polyproof_koalabear import KoalaBear, P

from polyproof.testing.field import FieldSuite


class TestKoalaBear(FieldSuite):
    """The conformance suite."""

    @pytest.fixture
    def field(self):
        """It compares with Python's integers."""
        return KoalaBear()


@pytest.mark.parametrize("count", [1, 2, 3, 1000, 1025])
def test_many_inverses_are_those_of_each(count):
    """On both sides of a power of two, at which the tree of products has another level."""
    elements = np.random.default_rng(count).integers(1, P, count, np.uint64)
    assert KoalaBear().inverse(elements).tolist() == [pow(element, -1, P) for element in elements.tolist()]


def test_x_plus_one_on_the_fourth_roots_of_unity():
    """1 + X at 1, i, −1, −i."""
    i = KoalaBear().root_of_unity(4)
    values = KoalaBear().forward(np.array([[1], [1], [0], [0]], np.uint64))
    assert values[:, 0].tolist() == [2, i + 1, 0, (1 - i) % P]
