"""What an executor says is believed only as far as the work directory bears it out."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from polyproof import errors
from polyproof.errors import (
    ExecutionError,
    ExtraMissing,
    InputError,
    PluginFault,
    PolyproofError,
    Problem,
    ProofRejected,
)
from polyproof.executor import Executor, SegmentFailed, Work
from polyproof.hookspecs import Component
from polyproof.liabilities import executing
from polyproof.liabilities.executing import run_segments
from polyproof.progress import Progress
from polyproof.testing.executor import done, leave_a_file
from registry.offered import plugin, registry_of


@frozen
class NoOptions:
    """Nothing to choose."""


class Sound(Executor):
    name = "faulty"
    Options = NoOptions

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        for index in indices:
            work(index)
            yield index


def made(run: Callable[..., Any]) -> Executor:
    """An executor with this ``run``, as the registry makes it of a stranger's plugin."""
    cls = type("Faulty", (Sound,), {"run": run})
    cls.__module__, cls.__qualname__ = __name__, "made_faulty"
    globals()["made_faulty"] = cls
    registry = registry_of(plugin(lambda: [Component("executor", "faulty", "A faulty one", f"{__name__}:made_faulty")]))
    executor: Executor = registry.create("executor", "faulty", NoOptions(), registry)
    return executor


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting for a file system that is late."""
    monkeypatch.setattr(executing, "_LATE_SECONDS", 0.0)
    monkeypatch.setattr(executing, "_LOOK_SECONDS", 0.01)


def run(executor: Executor, directory: Path, prove: Callable[[Path, int], object] = leave_a_file) -> None:
    run_segments(executor, Work(directory, prove), (0, 1, 2), lambda index: done(directory, index), Progress())


def faulty(directory: Path, method: Callable[..., Any]) -> str:
    with pytest.raises(PluginFault) as caught:
        run(made(method), directory)
    assert "executor 'faulty' (plugin plugin0 of dist0 (module0); " in str(caught.value)
    return str(caught.value)


def test_a_sound_executor_proves_all(tmp_path: Path) -> None:
    run(Sound(NoOptions(), registry_of()), tmp_path)
    assert all(done(tmp_path, index) for index in range(3))


@pytest.mark.parametrize("said", [(0, 1, 2), (1,)], ids=str)
def test_an_executor_that_lies_is_named(tmp_path: Path, said: tuple[int, ...]) -> None:
    assert "it says that segment" in faulty(tmp_path, lambda self, work, indices: iter(said))


def test_an_executor_that_names_a_segment_before_it_is_finished_is_named(tmp_path: Path) -> None:
    def early(self: Executor, work: Work, indices: Sequence[int]) -> Iterator[int]:
        for index in indices:
            yield index
            work(index)

    assert "it says that segment 0 is proved, and in the work directory it is not" in faulty(tmp_path, early)


@pytest.mark.parametrize("said", [None, "0", 0.0, True, 3, -1, [0], (0, 0)], ids=repr)
def test_an_executor_that_yields_anything_else_is_named(tmp_path: Path, said: object) -> None:
    def run(self: Executor, work: Work, indices: Sequence[int]) -> Iterator[Any]:
        for index in indices:
            work(index)
        yield from said if isinstance(said, tuple) else (said,)

    assert "which it was not given, or said before" in faulty(tmp_path, run)


@pytest.mark.parametrize("answer", [None, 7, ()], ids=repr)
def test_an_executor_that_runs_nothing_is_named(tmp_path: Path, answer: object) -> None:
    message = faulty(tmp_path, lambda self, work, indices: answer)
    assert ("it ended without proving segment 0" if answer == () else "TypeError") in message


def test_an_executor_that_leaves_a_segment_out_is_named(tmp_path: Path) -> None:
    def run(self: Executor, work: Work, indices: Sequence[int]) -> Iterator[int]:
        for index in indices[:-1]:
            work(index)
            yield index

    assert "it ended without proving segment 2" in faulty(tmp_path, run)


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("boom"), InputError("boom"), ProofRejected("boom", "boom"), SystemExit(0)], ids=repr
)
@pytest.mark.parametrize("late", [False, True])
def test_an_executor_that_raises_is_named(tmp_path: Path, error: BaseException, late: bool) -> None:
    def run(self: Executor, work: Work, indices: Sequence[int]) -> Iterator[int]:
        if late:
            work(0)
            yield 0
        raise error.with_traceback(None)

    assert "boom" in (message := faulty(tmp_path, run)) or "SystemExit" in message


@pytest.mark.parametrize("failed", [SegmentFailed(7, InputError("boom")), SegmentFailed(0, "boom")], ids=repr)  # type: ignore[arg-type]
def test_an_executor_that_makes_up_a_failure_is_named(tmp_path: Path, failed: SegmentFailed) -> None:
    def run(self: Executor, work: Work, indices: Sequence[int]) -> Iterator[int]:
        raise failed
        yield 0

    assert "it says that segment" in faulty(tmp_path, run)


@pytest.mark.parametrize("error", [ExecutionError("no worker"), ConnectionRefusedError(111, "refused")], ids=repr)
def test_work_that_cannot_be_carried_out_is_no_fault_of_the_executor(tmp_path: Path, error: Exception) -> None:
    def run(self: Executor, work: Work, indices: Sequence[int]) -> Iterator[int]:
        raise error
        yield 0

    with pytest.raises(type(error)):
        globals()["run"](made(run), tmp_path)


def fails_at_one(error: Exception) -> Callable[[Path, int], object]:
    def prove(directory: Path, index: int) -> None:
        if index == 1:
            raise error
        leave_a_file(directory, index)

    return prove


@pytest.mark.parametrize(
    "error",
    [InputError("the disk is full"), PluginFault("a backend is broken"), OSError(28, "No space left"), KeyError("x")],
    ids=repr,
)
def test_the_error_of_a_segment_is_raised_as_it_is_and_names_the_segment(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        run(made(Sound.run), tmp_path, fails_at_one(error))
    assert caught.value is error
    assert error.__notes__ == ["this happened while segment 1 was proved"]
    assert done(tmp_path, 0)


def test_an_executor_is_closed_when_the_run_ends_early(tmp_path: Path) -> None:
    closed = []

    def run(self: Executor, work: Work, indices: Sequence[int]) -> Iterator[int]:
        try:
            yield 0
        finally:
            closed.append(True)

    faulty(tmp_path, run)
    assert closed == [True]


def test_an_iterator_that_can_be_closed_is_closed_as_a_generator_is(tmp_path: Path) -> None:
    closed = []

    class Answers:
        def __iter__(self) -> Iterator[int]:
            return self

        def __next__(self) -> int:
            return 0

        def close(self) -> None:
            closed.append(True)

    faulty(tmp_path, lambda self, work, indices: Answers())
    assert closed == [True]


def test_a_segment_that_is_seen_late_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executing, "_LATE_SECONDS", 5.0)
    looks = iter([False, False, True, True, True])
    run_segments(made(Sound.run), Work(tmp_path, leave_a_file), (0, 1), lambda index: next(looks), Progress())


@pytest.mark.parametrize(
    "error",
    [
        ExtraMissing(Problem("needs modules"), ("prove",)),
        ProofRejected("totals", "other totals", file="proof.bin"),
        InputError([Problem("one"), Problem("two", hint="three")], more=4),
        errors.FieldError("the inverse of zero"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_our_errors_reach_another_process_whole(error: PolyproofError) -> None:
    error.add_note("a note")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)


def test_every_kind_of_error_can_be_sent() -> None:
    for name in errors.__all__:
        cls = getattr(errors, name)
        if isinstance(cls, type) and issubclass(cls, PolyproofError):
            assert isinstance(pickle.loads(pickle.dumps(cls.__new__(cls, "text"))), cls)
