"""Executors that are each wrong in one way, and a sound one, in the conformance suite.

Not collected by itself: test_executor_suite_bites.py runs it and looks at what fails.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from attrs import frozen

from polyproof.errors import InputError
from polyproof.executor import Executor, SegmentFailed, Work
from polyproof.registry import default_registry
from polyproof.testing.executor import ExecutorSuite
from polyproof_executors.local import Local, LocalOptions


@frozen
class NoOptions:
    """Nothing to choose."""


class Sound(Executor):
    name = "toy"
    Options: Any = NoOptions

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        for index in indices:
            work(index)
            yield index


class Unnamed(Sound):
    name = "Toy"


class Early(Sound):
    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        for index in indices:
            yield index
            work(index)


class Twice(Sound):
    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        for index in indices:
            work(index)
            work(index)
            yield index


class Counting(Sound):
    """Takes how many there are for which they are."""

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        yield from super().run(work, range(len(indices)))


class Eager(Sound):
    """Takes the first segment for granted."""

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        if not indices:
            work(0)
        yield from super().run(work, indices)


class Exhausted(Sound):
    """Works once."""

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        if not hasattr(self, "used"):
            self.used = True
            yield from super().run(work, indices)


class Wrapping(Sound):
    """Tells an error in words of its own."""

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        try:
            yield from super().run(work, indices)
        except SegmentFailed as failed:
            raise SegmentFailed(failed.index, InputError(str(failed.error))) from failed


class Persevering(Sound):
    """Goes on after an error."""

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        failure = None
        for index in indices:
            try:
                work(index)
            except SegmentFailed as failed:
                failure = failed
            else:
                yield index
        if failure is not None:
            raise failure


class Downgrading(Sound):
    """Takes a fault of a plugin for bad input."""

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        try:
            yield from super().run(work, indices)
        except SegmentFailed as failed:
            if type(failed.error).__name__ == "PluginFault":
                failed.error = InputError(str(failed.error))
            raise


class Detached(Sound):
    """Goes on when nobody listens any more."""

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        rest = list(indices)
        try:
            while rest:
                work(rest[0])
                yield rest.pop(0)
        except GeneratorExit:
            threading.Thread(target=lambda: [work(index) for index in rest]).start()
            raise


class GivingUp(Local):
    """Takes the first death for the end."""

    def __init__(self) -> None:
        super().__init__(LocalOptions(workers=2), default_registry())

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        import polyproof_executors.local as local

        kept, local._ATTEMPTS = local._ATTEMPTS, 1
        try:
            yield from super().run(work, indices)
        finally:
            local._ATTEMPTS = kept


class Undying(GivingUp):
    """Tries again more often than anybody waits for."""

    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        import polyproof_executors.local as local

        kept, local._ATTEMPTS = local._ATTEMPTS, 12
        try:
            yield from Local.run(self, work, indices)
        finally:
            local._ATTEMPTS = kept


def _suite(make: Callable[[], Executor], separate: bool = False) -> type[ExecutorSuite]:
    def made(self: ExecutorSuite) -> Callable[[], Executor]:
        return make

    return type("Test", (ExecutorSuite,), {"make": pytest.fixture(made), "separate": separate})


def _toy(cls: type[Sound]) -> type[ExecutorSuite]:
    return _suite(lambda: cls(NoOptions(), default_registry()))


TestSound = _toy(Sound)
TestUnnamed = _toy(Unnamed)
TestEarly = _toy(Early)
TestTwice = _toy(Twice)
TestCounting = _toy(Counting)
TestEager = _toy(Eager)
TestExhausted = _toy(Exhausted)
TestWrapping = _toy(Wrapping)
TestPersevering = _toy(Persevering)
TestDowngrading = _toy(Downgrading)
TestDetached = _toy(Detached)
TestAtHome = _suite(lambda: Sound(NoOptions(), default_registry()), separate=True)
TestGivingUp = _suite(GivingUp, separate=True)
TestUndying = _suite(Undying, separate=True)
for _name, _class in list(globals().items()):
    if _name.startswith("Test"):
        _class.__name__ = _class.__qualname__ = _name
