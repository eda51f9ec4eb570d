"""What every field must do, and one polynomial worked out by hand."""

import numpy as np
import pytest
from polyproof_starter import StarterField

from polyproof.testing.field import FieldSuite


class TestStarterField(FieldSuite):
    """The conformance suite of polyproof, which compares with Python's integers."""

    @pytest.fixture
    def field(self):
        """YOURS: both engines, once there are two; `params=list(Engine)`."""
        return StarterField()


def test_x_plus_one_on_the_fourth_roots_of_unity():
    """1 + X at 1, i, −1, −i."""
    field = StarterField()
    i = field.root_of_unity(4)
    values = field.forward(np.array([[1], [1], [0], [0]], np.uint64))
    assert values[:, 0].tolist() == [2, i + 1, 0, (1 - i) % field.modulus]
