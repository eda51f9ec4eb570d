"""What every vector commitment must do."""

import pytest
from polyproof_starter import StarterCommitment

from polyproof.registry import default_registry
from polyproof.testing.commitment import VectorCommitmentSuite

HASH = default_registry().create("hash", "sha256")


class TestStarterCommitment(VectorCommitmentSuite):
    """The conformance suite of polyproof."""

    @pytest.fixture
    def scheme(self):
        """Over any hash."""
        return StarterCommitment(HASH)

    @pytest.fixture
    def other(self):
        """For another part of a protocol."""
        return StarterCommitment(HASH, "own/other")
