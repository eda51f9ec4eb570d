"""What every hash must do, and one digest that something else made."""

import hashlib

import numpy as np
import pytest
from polyproof_starter import StarterHash

from polyproof.testing.hash import HashSuite


class TestStarterHash(HashSuite):
    """The conformance suite of polyproof."""

    @pytest.fixture
    def make(self):
        """Called with an engine. A hash with one implementation ignores it."""
        return StarterHash


def test_a_row_is_hashed_as_documented():
    """YOURS: a published test vector. Here the bytes are written out by hand."""
    message = b"\x07example" + b"\x02" + bytes(7) + b"\x01" + bytes(7) + b"\x02" + bytes(7)
    digest = StarterHash().hash_rows(np.array([[1, 2]], np.uint64), "example")
    assert digest.astype("<u8").tobytes() == hashlib.sha256(message).digest()
