"""What ``--json`` prints has one form, in success and however a command fails, and stdout has nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from audit.tally_backend import Tally
from doubles.fixtures import Command
from polyproof.checks import CheckName
from polyproof.cli.app import COMMANDS
from polyproof.cli.commands import version
from polyproof.cli.envelope import output_schema, results
from polyproof.errors import PolyproofError, Problem, ProofRejected, UsageError
from polyproof.settings.schema import file_text

SPECS = Path(__file__).resolve().parents[2] / "specs"


def _raising(error: BaseException) -> staticmethod[..., None]:
    def fail(*_: object) -> None:
        raise error

    return staticmethod(fail)


def test_the_published_schema_is_the_generated_one() -> None:
    schema = output_schema()
    Draft202012Validator.check_schema(schema)
    assert (SPECS / "output.schema.json").read_text(encoding="utf-8") == file_text(schema), (
        "run: polyproof schema --output > specs/output.schema.json"
    )


def test_the_schema_refuses_what_is_forgotten_and_what_is_added(command: Command) -> None:
    good = command("version", "--json").json
    accepts = Draft202012Validator(output_schema()).is_valid
    assert accepts(good)
    for key in good:
        assert not accepts({name: value for name, value in good.items() if name != key}), key
    assert not accepts({**good, "more": 0})
    assert not accepts({**good, "ok": False})
    assert not accepts({**good, "status": 1})
    assert not accepts({**good, "result": {**good["result"], "extra": 1}})
    assert not accepts({**good, "command": "check"}), "a result is of its own command"
    assert not accepts({**good, "errors": []})


def test_every_command_declares_its_result() -> None:
    assert len(results()) == len(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "command_name"),
    [
        (("--json",), None),
        (("frobnicate", "--json"), None),
        (("verify", "--frobnicate", "--json"), "verify"),
        (("verify", "--json"), "verify"),
        (("demo", "--accounts", "many", "--json"), "demo"),
        (("verify", "missing", "--json"), "verify"),
        (("check", "missing.yaml", "--json"), "check"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bad_input_and_arguments_have_the_same_form(
    command: Command, folder: Path, arguments: tuple[str, ...], command_name: str | None
) -> None:
    ended = command(*arguments)
    assert (ended.status, ended.err) == (2, "")
    assert (ended.json["ok"], ended.json["command"]) == (False, command_name)
    assert "result" not in ended.json


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (RuntimeError("surprise"), 3, "plugin-fault"),
        (UsageError(Problem("wrong", hint="right", expected="bits: 96", code="some-kind")), 2, "some-kind"),
        (OSError(28, "No space left on device"), 2, "disk-full"),
        (OSError(13, "Permission denied", "somewhere"), 2, "usage"),
    ],
    ids=["interrupted", "fault", "input", "full disk", "system"],
)
def test_whatever_ends_a_command_has_the_same_form(
    command: Command, folder: Path, tally: type[Tally], error: BaseException, status: int, code: str
) -> None:
    tally.proving = _raising(error)
    ended = command("prove", "spec.yaml", "--out", "audit", "--json")
    assert (ended.status, ended.error["code"]) == (status, code)
    assert ended.json["command"] == "prove"


def test_a_fault_of_ours_has_the_same_form(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version.platform, "python_version", _raising(ZeroDivisionError("surprise")).__func__)
    ended = command("version", "--json")
    assert (ended.status, ended.error["code"]) == (3, "fault")
    assert "ZeroDivisionError: surprise" in ended.error["message"]


def test_a_rejection_has_the_name_of_its_check(command: Command, proved: Path) -> None:
    (proved / "audit/public/proof-0000.bin").write_bytes(b"")
    ended = command("verify", "audit", "--json")
    assert (ended.status, ended.error["code"]) == (1, "proof-size")
    assert ended.error["where"]["file"] == "audit/public/proof-0000.bin"


def test_what_a_plugin_prints_is_not_on_stdout(command: Command, folder: Path, tally: type[Tally]) -> None:
    tally.proving = staticmethod(lambda _: print("hello"))
    ended = command("prove", "spec.yaml", "--out", "audit", "--json")
    assert ended.status == 0
    assert ended.json["ok"]
    assert "hello" in ended.err


def test_json_as_the_value_of_another_option_is_no_request_for_it(command: Command, folder: Path) -> None:
    ended = command("sample", "--out", "--json", "--accounts", "3", "--format", "csv")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("--json  (3 accounts")


def test_a_command_without_a_result_is_a_fault(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version.Console, "result", lambda *_: None)
    ended = command("version", "--json")
    assert (ended.status, ended.error["code"]) == (3, "fault")


def test_a_result_that_is_not_json_is_a_fault(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version.platform, "python_version", lambda: float("nan"))
    ended = command("version", "--json")
    assert (ended.status, ended.error["code"]) == (3, "fault")
    assert "not JSON" in ended.error["message"]


def test_warnings_are_told_to_machines_too(command: Command, folder: Path) -> None:
    ended = command("prove", "spec.yaml", "--out", "audit", "--allow-weak", "--json")
    assert any("--allow-weak" in warning for warning in ended.json["warnings"])
    assert "--allow-weak" in ended.err


def test_codes_are_no_names_of_checks() -> None:
    names = {str(check) for kind in _all(CheckName) for check in kind}
    codes = {cls.code for cls in _all(PolyproofError) if not issubclass(cls, ProofRejected)}
    assert len(codes) > 10
    assert not codes & names


def _all(cls: type) -> Iterator[type]:
    for derived in cls.__subclasses__():
        yield derived
        yield from _all(derived)


def test_help_is_text(command: Command) -> None:
    ended = command("verify", "--json", "--help")
    assert ended.status == 0
    assert "Usage: polyproof verify" in ended.out


def test_a_problem_of_a_spec_has_the_path_of_keys_that_leads_to_it(command: Command, folder: Path) -> None:
    spec = (folder / "spec.yaml").read_text().replace("decimals: 6", "decimals: many")
    (folder / "spec.yaml").write_text(spec)
    error = command("check", "spec.yaml", "--json").error
    assert (error["code"], error["where"]["path"]) == ("spec", "assets[1].decimals")
