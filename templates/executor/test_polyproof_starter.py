"""What every executor must do."""

import pytest
from polyproof_starter import StarterExecutor, StarterOptions

from polyproof.registry import default_registry
from polyproof.testing.executor import ExecutorSuite


class TestStarterExecutor(ExecutorSuite):
    """The conformance suite of polyproof."""

    separate = False  # YOURS: True once segments are proved in other processes; the suite then kills some of them

    @pytest.fixture
    def make(self):
        """Constructed with options and a registry, as polyproof does."""
        return lambda: StarterExecutor(StarterOptions(), default_registry())
