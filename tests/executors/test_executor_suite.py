"""The conformance suite of executors, passed by those that come with polyproof."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from polyproof.executor import Executor
from polyproof.registry import default_registry
from polyproof.testing.executor import ExecutorSuite
from polyproof_executors.local import Local, LocalOptions


class TestLocalInThisProcess(ExecutorSuite):
    @pytest.fixture
    def make(self) -> Callable[[], Executor]:
        return lambda: Local(LocalOptions(), default_registry())


class TestLocalInProcesses(ExecutorSuite):
    separate = True

    @pytest.fixture
    def make(self) -> Callable[[], Executor]:
        return lambda: Local(LocalOptions(workers=2), default_registry())
