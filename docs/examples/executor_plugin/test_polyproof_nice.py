"""What every executor must do, and the one thing that this one is for."""

import os

import pytest
from polyproof_nice import Nice, NiceOptions

from polyproof.executor import Work
from polyproof.registry import default_registry
from polyproof.testing.executor import ExecutorSuite


class TestNice(ExecutorSuite):
    """The conformance suite."""

    separate = True

    @pytest.fixture
    def make(self):
        """Constructed with options and a registry."""
        return lambda: Nice(NiceOptions(), default_registry())


def test_a_segment_is_proved_at_the_stated_niceness(tmp_path):
    """Written by the process that proves it."""
    before = os.nice(0)
    assert list(Nice(NiceOptions(niceness=3), default_registry()).run(Work(tmp_path, write_niceness), (5,))) == [5]
    assert (tmp_path / "5").read_text() == str(min(19, before + 3))


def write_niceness(directory, index):
    """Stands for a proof."""
    (directory / str(index)).write_text(str(os.nice(0)))
