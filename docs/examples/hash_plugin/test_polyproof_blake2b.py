"""What every hash must do, and one digest that hashlib makes."""

import hashlib

import numpy as np
import pytest
from polyproof_blake2b import Blake2b

from polyproof.testing.hash import HashSuite


class TestBlake2b(HashSuite):
    """The conformance suite."""

    @pytest.fixture
    def make(self):
        """Called with an engine; this hash computes the same way with both."""
        return Blake2b


def test_a_row_is_hashed_as_documented():
    """Domain as key, words little-endian."""
    digest = hashlib.blake2b(b"\1" + bytes(7) + b"\2" + bytes(7), key=b"example", digest_size=32).digest()
    assert Blake2b().hash_rows(np.array([[1, 2]], np.uint64), "example").astype("<u8").tobytes() == digest
