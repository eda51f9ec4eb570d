"""Fixtures of several directories: a command run in this process, and the backend that proves nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

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
        """Stdout as the one envelope that it must be, of the published schema."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        error = best_match(_OUTPUT.iter_errors(value))
        assert error is None, f"{error.json_path}: {error.message}"
        assert value["status"] == self.status
        return value

    @property
    def result(self) -> dict[str, Any]:
        """What the command found."""
        found = self.json["result"]
        assert isinstance(found, dict)
        return found

    @property
    def error(self) -> dict[str, Any]:
        """The one error that it ended with."""
        (error,) = self.json["errors"]
        assert isinstance(error, dict)
        return error


_SCHEMA = Path(__file__).resolve().parents[2] / "specs/output.schema.json"
_OUTPUT = Draft202012Validator(json.loads(_SCHEMA.read_bytes()))

_ONE_OF_MANY = re.compile(
    r"(?<![\w.,:/^-])1 (?:accounts|assets|audits|balances|columns|fields|files|keys|lines|messages|owners|pages|parts"
    r"|rows|segments|signatures|times|threads|cores|users|links|proofs|holdings|decimals|bits|bytes)\b"
)

Command = Callable[..., Ended]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process: ``command("verify", path, "--json")``."""

    def call(*arguments: object) -> Ended:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        said = f"{captured.out}\n{captured.err}"
        assert not (wrong := _ONE_OF_MANY.search(said)), f"one, and a noun in the plural: {wrong[0]!r}"
        return Ended(status, captured.out, captured.err)

    return call


@pytest.fixture
def tally() -> Iterator[type[Tally]]:
    """The test double, with whatever a test told it undone afterwards."""
    kept = {name: vars(Tally)[name] for name in ("proving", "inflate", "crash_on_verify")}
    yield Tally
    for name, value in kept.items():
        setattr(Tally, name, value)
