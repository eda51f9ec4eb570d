"""What every hash must do, and one digest that hashlib makes."""

import hashlib

import numpy as np
import pytest
from polyproof_blake2b import Blake2b

from polyproof.engine import Engine
from polyproof.testing.hash import HashSuite


class TestBlake2b(HashSuite):
    """The conformance suite."""

    @pytest.fixture
    def make(self):
        """Called with an engine."""
        return Blake2b


def test_a_row_is_hashed_as_documented():
    """Domain as key, words little-endian."""
    digest = hashlib.blake2b(b"\1" + bytes(7) + b"\2" + bytes(7), key=b"example", digest_size=32).digest()
    assert Blake2b().hash_rows(np.array([[1, 2]], np.uint64), "example").astype("<u8").tobytes() == digest


@pytest.mark.parametrize("columns", [0, 1, 15, 16, 17, 31, 32, 33, 100])
def test_the_kernel_computes_what_hashlib_does(columns):
    """On both sides of a block of 16 words; more rows than a thread takes at a time."""
    rows = np.random.default_rng(columns).integers(0, 2**64, (3000, columns), np.uint64)
    expected = Blake2b(Engine.PORTABLE).hash_rows(rows, "example")
    assert np.array_equal(Blake2b(Engine.COMPILED).hash_rows(rows, "example"), expected)
