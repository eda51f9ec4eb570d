"""Fixtures of several directories: a command run in this process, and the backend that proves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import frozen

from audit.tally_backend import Tally
from polyproof.cli import run


@frozen
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Stdout as the one JSON object that it must be."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Command = Callable[..., Ended]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process: ``command("verify", path, "--json")``."""

    def call(*arguments: object) -> Ended:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ended(status, captured.out, captured.err)

    return call


@pytest.fixture
def tally() -> Iterator[type[Tally]]:
    """The test double, with whatever a test told it undone afterwards."""
    kept = {name: vars(Tally)[name] for name in ("proving", "inflate", "crash_on_verify")}
    yield Tally
    for name, value in kept.items():
        setattr(Tally, name, value)
