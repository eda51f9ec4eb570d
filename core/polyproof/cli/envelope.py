"""The one shape of everything that ``--json`` prints, and the one place where it is printed.

A command says what it found with ``Console.result(payload, render)``, once: ``payload`` is what machines get as
``result``, of the shape that the command's module declares as ``RESULT``; ``render`` prints the same for people. To
end with an error a command raises it. If it has shown a result that is not good (proofs that verify, holdings that do
not cover), it calls ``Console.refuse(error)`` afterwards: the envelope then has both. Nothing else may print: while a
command runs with ``--json``, whatever writes to ``sys.stdout`` writes to stderr.

``polyproof.cli.app`` makes an ``Answer`` for each run and prints its envelope when the command has ended, however it
ended; ``schema`` is what ``polyproof schema --output`` prints.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from contextvars import ContextVar
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from attrs import Factory, define

from polyproof.cli import commands
from polyproof.cli.shapes import COUNT, FLAG, TEXT, TEXTS, Shape, listed, nullable, one_of, record
from polyproof.cli.statuses import FAULT, INTERRUPTED
from polyproof.errors import InputError, Location, PolyproofError, Problem, ProofRejected

__all__ = [
    "ERROR",
    "VERSION",
    "Answer",
    "Fault",
    "Interrupted",
    "Refused",
    "answer",
    "error_objects",
    "output_schema",
    "results",
]

VERSION = 1
"""Version of the envelope and of all results: another number for what a program that reads this one cannot read."""


class Fault(PolyproofError):
    """An unexpected exception: a fault in polyproof."""

    exit_status = FAULT
    code = "fault"


class Interrupted(PolyproofError):
    """The command was interrupted; its notes say what it left behind."""

    exit_status = INTERRUPTED
    code = "interrupted"


class Refused(PolyproofError):
    """A command has shown its result, and what it found is not acceptable: ``errors`` say why."""

    def __init__(self, errors: Sequence[PolyproofError], *, told: bool) -> None:
        """``told``: the result has told people already, so that nothing more is printed for them."""
        super().__init__("; ".join(map(str, errors)))
        self.errors, self.told = tuple(errors), told
        self.exit_status = errors[0].exit_status


@define
class Answer:
    """What one run of the command line has to say to machines."""

    command: str | None = None
    """The command; None while it is not known, as in a usage error before it."""
    json: bool = False
    result: Mapping[str, Any] | None = None
    warnings: list[str] = Factory(list)

    @contextmanager
    def of(self, command: str, *, json: bool) -> Iterator[None]:
        """While a command runs: what it says is kept here, and with ``json`` stdout is kept clean."""
        self.command, self.json = command, json
        token = _answer.set(self)
        try:
            if json:
                with redirect_stdout(sys.stderr):
                    yield
            else:
                yield
        finally:
            _answer.reset(token)

    def envelope(self, status: int, errors: Sequence[PolyproofError]) -> dict[str, Any]:
        """The one object that is printed."""
        found: dict[str, Any] = {
            "ok": status == 0,
            "version": VERSION,
            "command": self.command,
            "status": status,
            "warnings": list(self.warnings),
        }
        if self.result is not None:
            found["result"] = self.result
        if status:
            found["errors"] = [each for error in errors for each in error_objects(error)]
            found["more"] = sum(error.more for error in errors if isinstance(error, InputError))
        return found

    def text(self, status: int, errors: Sequence[PolyproofError]) -> str:
        """The envelope as text: ASCII, so that no encoding of the terminal can spoil it."""
        return json.dumps(self.envelope(status, errors), indent=2, allow_nan=False) + "\n"


_answer: ContextVar[Answer] = ContextVar("answer")


def answer() -> Answer:
    """The answer of the command that runs; one that nobody prints if none does."""
    return _answer.get(Answer())


# Errors


def error_objects(error: PolyproofError) -> list[dict[str, Any]]:
    """An error for machines: an object for each problem."""
    if isinstance(error, InputError):
        return [_problem_object(error, problem) for problem in error.problems]
    if isinstance(error, ProofRejected):
        place = Location(error.file) if error.file is not None else None
        return [_object(error, error.check, error.reason, place)]
    return [_object(error, error.code, str(error), None)]


def _problem_object(error: InputError, problem: Problem) -> dict[str, Any]:
    return {
        **_object(error, problem.code or error.code, problem.message, problem.location),
        "expected": problem.expected,
        "hint": problem.hint,
        "count": problem.count,
        "examples": [{"message": one.message, "where": _where(one.location)} for one in problem.examples],
    }


def _object(error: PolyproofError, code: str, message: str, place: Location | None) -> dict[str, Any]:
    return {
        "code": code,
        "type": type(error).__name__,
        "message": message,
        "where": _where(place),
        "expected": None,
        "hint": None,
        "count": 1,
        "examples": [],
        "notes": [str(note) for note in getattr(error, "__notes__", ())],
    }


def _where(place: Location | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {"file": place.file, "line": place.line, "column": place.column, "row": place.row, "path": place.path}


# The schema

_NUMBER: Shape = nullable({"type": "integer", "minimum": 1})
WHERE = record(file=TEXT, line=_NUMBER, column=_NUMBER, row=_NUMBER, path=nullable(TEXT))
ERROR: Shape = {"$ref": "#/$defs/error"}
_DEFINITIONS: dict[str, Shape] = {
    "error": {
        **record(
            code={**TEXT, "description": "A stable name of what is wrong; of a rejection, that of the check."},
            type={**TEXT, "description": "The class of the error in Python."},
            message={**TEXT, "description": "What is wrong, for people."},
            where=nullable(WHERE),
            expected={**nullable(TEXT), "description": "What would be right, as it would be written."},
            hint={**nullable(TEXT), "description": "What may help, for people."},
            count={"type": "integer", "minimum": 1, "description": "How many there are of this kind."},
            examples={**listed(record(message=TEXT, where=nullable(WHERE))), "description": "The first of them."},
            notes={**TEXTS, "description": "What more there is to say, such as what was left behind."},
        ),
        "description": "One thing that is wrong, or many of one kind.",
    },
    "amount": {
        **record(
            asset={**TEXT, "description": "Symbol of the asset."},
            units={**TEXT, "pattern": "^-?[0-9]+$", "description": "Base units, exact."},
            amount={"$ref": "#/$defs/decimal"},
        ),
        "description": "An amount of an asset.",
    },
    "decimal": {
        "type": "string",
        "pattern": r"^-?[0-9]+(\.[0-9]+)?$",
        "description": "An exact decimal in whole coins, as text: no number of JSON holds it exactly.",
    },
    "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "256 bits in hexadecimal."},
    "seconds": {"type": "number", "minimum": 0, "description": "Seconds, rounded to nanoseconds."},
}


def results() -> dict[str, Shape]:
    """The shape of each command's result, which every module of commands declares."""
    modules = [import_module(f"{commands.__name__}.{module.name}") for module in iter_modules(commands.__path__)]
    shapes = {module.__name__.rpartition(".")[2].replace("_", "-"): module.RESULT for module in modules}
    # Where a shape takes imports that only this command needs, it is made when it is asked for.
    return {name: shape() if callable(shape) else shape for name, shape in shapes.items()}


def output_schema() -> dict[str, Any]:
    """The schema of every envelope."""
    shapes = results()
    named: dict[str, Shape] = {}
    for command, shape in shapes.items():
        named[f"result-{command}"] = {key: part for key, part in shape.items() if key != "$defs"}
        named |= shape.get("$defs", {})
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "polyproof output",
        "description": "What every command prints with --json.",
        **record(
            {"result": {}, "errors": listed(ERROR), "more": COUNT},
            ok={**FLAG, "description": "Whether the command did what it was asked, and what it found is good."},
            version={"const": VERSION},
            command={**one_of(*shapes, None), "description": "Null if the arguments name none."},
            status={"enum": [0, 1, 2, FAULT, INTERRUPTED], "description": "The exit status."},
            warnings=TEXTS,
        ),
        "if": {"properties": {"ok": {"const": True}}},
        "then": {"properties": {"status": {"const": 0}, "errors": False, "more": False}, "required": ["result"]},
        "else": {
            "properties": {"status": {"not": {"const": 0}}, "errors": {"minItems": 1}},
            "required": ["errors", "more"],
        },
        "allOf": [
            {
                "if": {"properties": {"command": {"const": command}}},
                "then": {"properties": {"result": {"$ref": f"#/$defs/result-{command}"}}},
            }
            for command in shapes
        ],
        "$defs": {**_DEFINITIONS, **named},
    }
