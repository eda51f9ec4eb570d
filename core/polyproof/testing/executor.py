"""Conformance suite for ``Executor``: each segment is proved once it is said to be, whatever happens to who proves it.

A plugin author inherits it and says how the executor is made::

    class TestMyExecutor(ExecutorSuite):
        @pytest.fixture
        def make(self):
            return lambda: MyExecutor(MyOptions(workers=2), default_registry())

        separate = True  # segments are proved in processes other than this one

What stands for proofs here are small functions of this module that leave files in the directory: whoever runs them must
be able to import ``polyproof.testing``.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import os
import pickle
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from polyproof.errors import ArtifactError, ExecutionError, Location, PluginFault, Problem
from polyproof.executor import Executor, SegmentFailed, Work
from polyproof.model.names import NAME, matches

__all__ = ["ExecutorSuite"]

Make = Callable[[], Executor]


class ExecutorSuite:
    """What every ``polyproof.executor.Executor`` promises."""

    separate: ClassVar[bool] = False
    """Whether segments are proved in processes other than the one that calls ``run``. Then one of them may die."""

    @pytest.fixture
    def make(self) -> Make:
        """How the executor under test is made; override it."""
        raise NotImplementedError("override the fixture `make`: a function that returns your Executor")

    def test_it_states_its_name_and_its_options(self, make: Make) -> None:
        executor = make()
        assert isinstance(executor, Executor)
        assert matches(NAME, executor.name)
        assert isinstance(executor.options, type(executor).Options)

    def test_each_segment_is_proved_once_and_named_when_it_is(self, make: Make, tmp_path: Path) -> None:
        named = []
        for index in make().run(Work(tmp_path, leave_a_file), range(5)):
            assert type(index) is int
            assert done(tmp_path, index), "named before it is finished"
            named.append(index)
        assert sorted(named) == [0, 1, 2, 3, 4]
        assert all(len(list(tmp_path.glob(f"call-{index}-*"))) == 1 for index in range(5))

    def test_numbers_need_not_begin_at_zero_nor_be_in_order(self, make: Make, tmp_path: Path) -> None:
        assert sorted(make().run(Work(tmp_path, leave_a_file), (900, 7, 41))) == [7, 41, 900]
        assert sorted(path.name for path in tmp_path.glob("done-*")) == ["done-41", "done-7", "done-900"]

    def test_no_segments_are_no_work(self, make: Make, tmp_path: Path) -> None:
        assert list(make().run(Work(tmp_path, leave_a_file), ())) == []
        assert list(tmp_path.iterdir()) == []

    def test_it_runs_again_and_so_does_another(self, make: Make, tmp_path: Path) -> None:
        first = make()
        for index, executor in enumerate((first, first, make())):
            assert list(executor.run(Work(tmp_path, leave_a_file), (index,))) == [index]

    def test_an_error_arrives_with_the_number_of_its_segment_and_all_that_it_says(
        self, make: Make, tmp_path: Path
    ) -> None:
        with pytest.raises(SegmentFailed) as caught:
            list(make().run(Work(tmp_path, fail_at_two), (2,)))
        assert caught.value.index == 2
        error = caught.value.error
        assert isinstance(error, ArtifactError)
        assert error.problems == (Problem("it is full", Location("disk", row=2), "a larger one"),)
        assert error.__notes__ == ["a note"]

    def test_an_error_ends_the_run(self, make: Make, tmp_path: Path) -> None:
        with pytest.raises(SegmentFailed) as caught:
            list(make().run(Work(tmp_path, fail_at_two), range(40)))
        assert caught.value.index == 2
        assert_quiet(tmp_path)
        assert not done(tmp_path, 39)

    def test_a_fault_of_a_plugin_stays_one(self, make: Make, tmp_path: Path) -> None:
        with pytest.raises(SegmentFailed) as caught:
            list(make().run(Work(tmp_path, be_at_fault), (0,)))
        assert isinstance(caught.value.error, PluginFault)
        assert caught.value.error.exit_status == 3

    def test_an_error_that_cannot_travel_is_told_in_words(self, make: Make, tmp_path: Path) -> None:
        with pytest.raises(SegmentFailed) as caught:
            list(make().run(Work(tmp_path, fail_oddly), (0,)))
        assert "Odd: it broke" in str(caught.value)

    def test_a_run_that_is_given_up_leaves_nothing_running(self, make: Make, tmp_path: Path) -> None:
        running = make().run(Work(tmp_path, leave_a_file_slowly), range(50))
        next(iter(running))
        close = getattr(running, "close", None)
        assert close is not None, "run must be a generator, or have close() as one has"
        close()
        assert_quiet(tmp_path)
        assert not done(tmp_path, 49)

    def test_the_work_can_be_sent_and_is_no_more_than_a_path(self, tmp_path: Path) -> None:
        assert len(pickle.dumps(Work(tmp_path, leave_a_file))) < 1000
        assert pickle.loads(pickle.dumps(Work(tmp_path, leave_a_file))) == Work(tmp_path, leave_a_file)

    def test_segments_are_proved_where_the_executor_says(self, make: Make, tmp_path: Path) -> None:
        list(make().run(Work(tmp_path, leave_a_file), range(2)))
        here = [path.name.endswith(f"-{os.getpid()}") for path in tmp_path.glob("call-*")]
        assert here == [not self.separate] * 2

    def test_a_segment_whose_worker_is_killed_is_tried_again(self, make: Make, tmp_path: Path) -> None:
        if not self.separate:
            pytest.skip("segments are proved in this process")
        assert sorted(make().run(Work(tmp_path, die_once_at_one), range(4))) == [0, 1, 2, 3]
        assert len(list(tmp_path.glob("call-1-*"))) == 2
        assert all(done(tmp_path, index) for index in range(4))

    def test_a_segment_that_kills_every_worker_ends_the_run_with_its_number(self, make: Make, tmp_path: Path) -> None:
        if not self.separate:
            pytest.skip("segments are proved in this process")
        with pytest.raises(ExecutionError, match="segment 1 "):
            list(make().run(Work(tmp_path, die_at_one), range(4)))
        assert 2 <= len(list(tmp_path.glob("call-1-*"))) <= 10
        assert_quiet(tmp_path)


def done(directory: Path, index: int) -> bool:
    """Whether a segment is finished."""
    return (directory / f"done-{index}").exists()


def assert_quiet(directory: Path) -> None:
    """Fail if calls still begin. Those that had begun have a second to end."""
    time.sleep(1)
    before = sorted(path.name for path in directory.iterdir())
    time.sleep(1)
    assert sorted(path.name for path in directory.iterdir()) == before, "something still runs"


# What stands for proving a segment: at the top of the module, so that other processes find it.


def leave_a_file(directory: Path, index: int) -> None:
    """Prove nothing, visibly."""
    (directory / f"call-{index}-{time.time_ns()}-{os.getpid()}").touch()
    (directory / f"done-{index}").touch()


def leave_a_file_slowly(directory: Path, index: int) -> None:
    """The same, in a fifth of a second."""
    time.sleep(0.2)
    leave_a_file(directory, index)


def fail_at_two(directory: Path, index: int) -> None:
    """An error such as ours are, with a place and a note."""
    if index == 2:
        error = ArtifactError(Problem("it is full", Location("disk", row=2), "a larger one"))
        error.add_note("a note")
        raise error
    leave_a_file_slowly(directory, index)


def be_at_fault(directory: Path, index: int) -> None:
    """As if a backend had failed."""
    raise PluginFault("it is broken")


class Odd(Exception):
    """An error that can be pickled and not be loaded again."""

    def __init__(self, text: str, *, more: int) -> None:
        super().__init__(text)


def fail_oddly(directory: Path, index: int) -> None:
    """An error that only its author can make."""
    raise Odd("it broke", more=1)


def die_once_at_one(directory: Path, index: int) -> None:
    """The process is killed in the middle of segment 1, the first time."""
    if index == 1 and not list(directory.glob("call-1-*")):
        die_at_one(directory, index)
    leave_a_file(directory, index)


def die_at_one(directory: Path, index: int) -> None:
    """The process is killed in the middle of segment 1."""
    if index == 1:
        (directory / f"call-{index}-{time.time_ns()}-{os.getpid()}").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    leave_a_file(directory, index)
