"""What every vector commitment must do, and how many siblings four children to a node make."""

import pytest
from polyproof_quaternary import QuaternaryTree

from polyproof.registry import default_registry
from polyproof.testing.commitment import VectorCommitmentSuite

HASH = default_registry().create("hash", "sha256")


class TestQuaternaryTree(VectorCommitmentSuite):
    """The conformance suite."""

    @pytest.fixture
    def scheme(self):
        """Over any hash."""
        return QuaternaryTree(HASH)

    @pytest.fixture
    def other(self):
        """For another part in a protocol."""
        return QuaternaryTree(HASH, "quaternary/other")


def test_three_siblings_on_every_level():
    """4^3 leaves are three levels below the root; twice as many leaves are one level of two more."""
    tree = QuaternaryTree(HASH)
    assert tree.opening_size(64, [5]) == 9
    assert tree.opening_size(128, [5]) == 10
    assert tree.opening_size(64, [4, 5, 6, 7]) == 6
