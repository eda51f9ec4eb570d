"""How commands end when something is wrong: the status, the words, and never a traceback."""

from __future__ import annotations

import json
import os
import pty
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from audit.forged import refit
from audit.tally_backend import Tally, tally_registry
from doubles.fixtures import Command
from doubles.policies import SUM_TREE_FILE
from polyproof import registry as registry_module
from polyproof.backend import Statement
from polyproof.cli.console import print_error
from polyproof.errors import (
    AccountsError,
    ArtifactError,
    FieldError,
    InputError,
    OptionsError,
    PluginError,
    PolicyRejected,
    PolyproofError,
    ProofRejected,
    SpecError,
    UsageError,
)

ALICE = ("--user", "alice", "--balance", "BTC=0.25", "--balance", "USDT=100")


def _raising(error: BaseException) -> Any:
    def prove(statement: Statement) -> None:
        raise error

    return staticmethod(prove)


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (InputError("wrong"), 2, "error: wrong"),
        (UsageError("wrong"), 2, "error: wrong"),
        (SpecError("wrong"), 2, "error: wrong"),
        (OptionsError("2 + 2 > 3"), 2, "error: 2 + 2 > 3"),
        (AccountsError("wrong"), 2, "error: wrong"),
        (ArtifactError("wrong"), 2, "error: wrong"),
        (PluginError("wrong"), 2, "error: wrong"),
        # A backend that asks the field for the impossible, or rejects a proof while it makes one, is at fault itself.
        (FieldError("zero has no inverse"), 3, "backend 'tally'"),
        (ProofRejected("some-check", "wrong"), 3, "it rejected something while it was proving: wrong [some-check]"),
        # The interface names the errors that a backend may raise; an error of no kind is not among them.
        (PolyproofError("wrong"), 3, "failed while proving: PolyproofError: wrong"),
        (OSError(28, "No space left on device", "/disk/file"), 2, "error: /disk/file: No space left on device"),
        (MemoryError(), 3, "MemoryError"),
        (RuntimeError("surprise"), 3, "failed while proving: RuntimeError: surprise"),
        (AssertionError(), 3, "failed while proving: AssertionError"),
        (RecursionError("deep"), 3, "failed while proving: RecursionError"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_each_error_has_its_status_and_its_words(
    command: Command, folder: Path, tally: type[Tally], error: BaseException, status: int, words: str
) -> None:
    tally.proving = _raising(error)
    ended = command("prove", "spec.yaml", "--out", "audit")
    assert ended.status == status
    assert words in ended.err
    assert "Traceback" not in ended.out + ended.err
    assert not ended.out
    assert sorted(os.listdir(folder)) == ["accounts.csv", "spec.yaml"], "nothing half-written"
    assert command("prove", "spec.yaml", "--out", "audit", "--json").json["status"] == status


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ProofRejected("some-check", "wrong"), "REJECTED: wrong [some-check]"),
        (PolicyRejected("some-check", "weak"), "REJECTED by your policy: weak [some-check]"),
    ],
)
def test_a_rejection_says_so_first(capsys: pytest.CaptureFixture[str], error: ProofRejected, words: str) -> None:
    print_error(error)
    assert capsys.readouterr().err.strip() == words
    assert error.exit_status == 1


def test_the_place_of_every_problem_is_told_to_machines(command: Command, folder: Path) -> None:
    (folder / "accounts.csv").write_text("account,BTC,USDT\nalice,1,x\nbob,-1,0\n")
    errors = command("check", "spec.yaml", "--json").json["errors"]
    assert {error["type"] for error in errors} == {"AccountsError"}
    assert [(error["where"]["row"], error["where"]["file"][-12:]) for error in errors] == [
        (1, "accounts.csv"),
        (2, "accounts.csv"),
    ]
    (folder / "spec.yaml").write_text((folder / "spec.yaml").read_text().replace("decimals: 8", "decimal: 8"))
    errors = command("check", "spec.yaml", "--json").json["errors"]
    assert {(error["type"], error["code"]) for error in errors} == {("SpecError", "spec")}
    assert {(error["where"]["line"], error["where"]["file"]) for error in errors} == {(5, "spec.yaml")}
    assert all(error["where"]["column"] for error in errors)


def test_a_rejection_tells_machines_check_reason_and_file(command: Command, proved: Path) -> None:
    (proved / "audit/public/proof-0000.bin").write_bytes(b"")
    ended = command("verify", "audit", "--json")
    assert ended.status == 1
    assert ended.error == {
        "code": "proof-size",
        "type": "ProofRejected",
        "message": ended.error["message"],
        "where": {"file": "audit/public/proof-0000.bin", "line": None, "column": None, "row": None, "path": None},
        "expected": None,
        "hint": None,
        "count": 1,
        "examples": [],
        "notes": [],
    }


def test_a_failure_after_finished_segments_says_where_they_are_kept(
    command: Command, folder: Path, tally: type[Tally]
) -> None:
    def late(statement: Statement) -> None:
        if statement.segment == 1:
            raise KeyboardInterrupt

    tally.proving = staticmethod(late)
    ended = command("prove", "spec.yaml", "--out", "audit")
    assert ended.status == 130
    assert "1 finished segment kept in" in ended.err
    assert ".audit.partial" in ended.err
    tally.proving = staticmethod(lambda statement: None)
    again = command("prove", "spec.yaml", "--out", "audit")
    assert again.status == 0
    assert "1 of them from the previous run" in again.out


def test_a_fault_shows_its_traceback_only_when_asked(
    command: Command, folder: Path, tally: type[Tally], monkeypatch: pytest.MonkeyPatch
) -> None:
    tally.proving = _raising(RuntimeError("surprise"))
    monkeypatch.setenv("POLYPROOF_DEBUG", "1")
    ended = command("prove", "spec.yaml", "--out", "audit")
    assert ended.status == 3
    assert "Traceback" in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("frobnicate",),
        ("verify",),
        ("verify", "a", "b"),
        ("verify", "--frobnicate"),
        ("prove", "spec.yaml", "--out"),
        ("demo", "--accounts", "0"),
        ("demo", "--accounts", "many"),
        ("sample",),
        ("sample", "--accounts", "-1", "--out", "x.csv"),
        ("sample", "--format", "xls", "--out", "x.csv"),
        ("sample", "--out", "missing/x.csv"),
        ("verify-inclusion", "x"),
        ("bench", "--size", "99"),
        ("prove", "spec.yaml", "--out", "a", "--audit-id", "../a"),
        ("prove", "spec.yaml", "--out", "a", "--previous", "missing"),
        ("verify", "missing", "--policy", "missing.yaml"),
        ("explain", "missing"),
        ("explain", "."),
        ("check", "missing.yaml"),
        ("check", "."),
        ("check", "okx-23"),
        ("check", ""),
        ("check", "x" * 5000),
        ("verify", "x" * 5000),
        ("verify", "nul\0byte"),
        ("verify-inclusion", "missing", "--audit", ".", *ALICE),
        ("inclusion", ".", "--user", "alice"),
    ],
    ids=lambda arguments: " ".join(arguments)[:40],
)
def test_arguments_that_make_no_sense_end_with_status_2(
    command: Command, folder: Path, arguments: tuple[str, ...]
) -> None:
    ended = command(*arguments)
    assert (ended.status, ended.out) == (2, ""), ended.err
    assert ended.err.startswith("error: ")
    told = command(arguments[0], "--json", *arguments[1:])
    assert (told.status, told.err) == (2, "")
    assert all(error["code"] for error in told.json["errors"])
    assert sorted(os.listdir(folder)) == ["accounts.csv", "spec.yaml"]


def test_options_after_two_hyphens_are_arguments(command: Command, folder: Path) -> None:
    ended = command("verify", "--", "--json")
    assert ended.status == 2
    assert "--json does not exist" in ended.err


# Hostile files, through the front door


def _sample(data: bytes, count: int, seed: int) -> list[bytes]:
    rng = random.Random(seed)
    changed = []
    for position in rng.sample(range(len(data)), min(count, len(data))):
        changed.append(data[:position] + bytes([data[position] ^ (1 << rng.randrange(8))]) + data[position + 1 :])
    return [*changed, b"", data[:-1], data + b"\n", rng.randbytes(len(data)), b"\x00" * len(data)]


@pytest.mark.parametrize("name", ["publication.json", "manifest.json", "proof-0000.bin"])
def test_a_spoiled_public_file_is_rejected_without_a_traceback(command: Command, proved: Path, name: str) -> None:
    path = proved / "audit" / "public" / name
    for changed in _sample(path.read_bytes(), 60, 1):
        path.write_bytes(changed)
        if name == "manifest.json":
            refit(path.parent)
        for arguments in (("verify", "audit"), ("verify-inclusion", "alice.polyproof", "--audit", "audit", *ALICE)):
            ended = command(*arguments)
            assert ended.status == 1, (arguments, ended.err)
            assert ended.err.startswith("REJECTED")
            assert "Traceback" not in ended.err


def test_a_spoiled_inclusion_file_is_rejected_without_a_traceback(command: Command, proved: Path) -> None:
    path = proved / "alice.polyproof"
    for changed in _sample(path.read_bytes(), 120, 2):
        path.write_bytes(changed)
        ended = command("verify-inclusion", "alice.polyproof", "--audit", "audit", *ALICE)
        assert ended.status == 1, ended.err
        assert ended.err.startswith("REJECTED")


def test_spoiled_private_state_is_an_error_without_a_traceback(command: Command, proved: Path) -> None:
    for path in sorted((proved / "audit" / "private").rglob("*")):
        if not path.is_file() or path.name == "README":
            continue
        original = path.read_bytes()
        for changed in (b"", original[: len(original) // 2], b"\xff" * len(original)):
            path.chmod(0o600)
            path.write_bytes(changed)
            ended = command("inclusion", "audit", "--user", "alice")
            assert ended.status in (0, 1, 2), (path, ended.err)
            assert "Traceback" not in ended.err
        path.write_bytes(original)


def test_words_from_hostile_files_cannot_steer_a_terminal(command: Command, proved: Path) -> None:
    path = proved / "audit" / "public" / "manifest.json"
    document = json.loads(path.read_bytes())
    for text in ("\x1b[2J\x1b[1;32mVERIFIED", "a\nVERIFIED", "\u202eDEIFIREV", "[bold green]VERIFIED[/]"):
        for key in ("organisation", "audit_id", "backend", "format", text):
            changed = {**document, key: text}
            path.write_text(json.dumps(changed, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
            refit(path.parent)
            ended = command("verify", "audit")
            assert ended.status == 1
            assert not {"\x1b", "\u202e"} & set(ended.err)
            assert "\nVERIFIED" not in ended.err


# Plugins


def test_skipped_plugins_are_reported_once_on_stderr(
    command: Command, proved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = tally_registry()
    foreign = ModuleType("foreign")
    foreign.polyproof_interface = 99  # type: ignore[attr-defined]
    registry.register(foreign, "foreign", "3", "somebody (foreign)")
    monkeypatch.setattr(registry_module, "_default", registry)
    ended = command("verify", "audit")
    assert ended.status == 0
    assert ended.err.count("foreign") >= 1
    assert ended.err.count("warning:") == 1
    assert "warning" not in ended.out
    assert command("verify", "audit", "--quiet").err == ""
    listed = command("plugins")
    assert "skipped: 'foreign'" in listed.out
    assert command("plugins", "--json").result["skipped"][0]["plugin"] == "foreign"


def test_a_name_that_two_plugins_claim_is_reported(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = tally_registry()
    second = tally_registry()
    for claims in second.conflicts():
        raise AssertionError(claims)
    double = ModuleType("double")
    double.polyproof_interface = 2  # type: ignore[attr-defined]
    from polyproof.hookspecs import Component, hookimpl

    @hookimpl
    def polyproof_components() -> list[Component]:
        return [Component("backend", "tally", "Another", "audit.tally_backend:Tally")]

    double.polyproof_components = polyproof_components  # type: ignore[attr-defined]
    registry.register(double, "double", "1", "somebody (double)")
    monkeypatch.setattr(registry_module, "_default", registry)
    listed = command("plugins")
    assert "conflict: backend 'tally' is claimed by" in listed.out
    assert command("plugins", "--json").result["conflicts"][0]["name"] == "tally"
    ended = command("check", "spec.yaml")
    assert ended.status == 3
    assert "claimed by" in ended.err


# In a process of its own


def _process(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "polyproof", *arguments],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


_IMPORTS = """
import sys
from polyproof.cli import run
status = run(sys.argv[1:])
heavy = {name.partition(".")[0] for name in sys.modules} & {"numba", "llvmlite", "duckdb", "pandas", "pyarrow"}
print("HEAVY", status, sorted(heavy))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("verify", "audit", "--policy", "merkle-sum", "--quiet"),
        ("verify-inclusion", "alice.polyproof", "--audit", "audit", "--policy", "merkle-sum", "--quiet", *ALICE),
        ("plugins", "--quiet"),
        ("version",),
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_that_compile_nothing_import_no_compiler_and_no_database(
    proved: Path, arguments: tuple[str, ...]
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _IMPORTS, *arguments], cwd=proved, capture_output=True, text=True, timeout=120
    )
    assert ended.stdout.splitlines()[-1] == "HEAVY 0 []", ended.stderr


def test_help_imports_no_numpy(tmp_path: Path) -> None:
    code = "import sys; from polyproof.cli import run; run(['--help']); print('numpy' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert ended.stdout.splitlines()[-1] == "False"


def test_a_reader_that_goes_away_is_no_verdict(proved: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "polyproof", "verify", "audit", "--policy", "merkle-sum"],
        cwd=proved,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr.read() == ""


@pytest.mark.parametrize("moment", [".audit.partial", ".audit.partial/attempt-0000-*"])
def test_a_process_interrupted_while_proving_leaves_nothing_and_says_so(folder: Path, moment: str) -> None:
    rows = "".join(f"user{k},1,1\n" for k in range(20_000))
    (folder / "accounts.csv").write_text("account,BTC,USDT\n" + rows)
    text = (folder / "spec.yaml").read_text().replace("{name: tally, capacity: 2}", "merkle-sum")
    (folder / "spec.yaml").write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-m", "polyproof", "prove", "spec.yaml", "--out", "audit", "--policy", "merkle-sum"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A suite that was started in the background ignores the signal, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 60
    while not any(folder.glob(moment)) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, (out, err)
    assert "interrupted" in err
    assert "Traceback" not in err
    assert sorted(os.listdir(folder)) == ["accounts.csv", "spec.yaml"]


def _on_terminal(arguments: list[str], cwd: Path, columns: int, **environment: str) -> str:
    """What a command prints on a terminal of some width, stdout and stderr together."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "polyproof", *arguments],
        cwd=cwd,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**os.environ, "COLUMNS": str(columns), "LINES": "40", "TERM": "xterm-256color", **environment},
        close_fds=True,
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        shown += chunk
    os.close(master)
    process.wait(60)
    return shown.decode()


def test_a_terminal_gets_colour_and_bars_unless_it_wants_none(proved: Path) -> None:
    prove = ["prove", "spec.yaml", "--out", "a", "--policy", "merkle-sum"]
    coloured = _on_terminal(prove, proved, 80, NO_COLOR="")
    assert "\x1b[" in coloured
    plain = _on_terminal(["verify", "audit", "--policy", "merkle-sum"], proved, 80, NO_COLOR="1")
    assert "VERIFIED" in plain
    assert "\x1b[1;32m" not in plain
    assert "\x1b[3" not in plain
    quiet = _on_terminal(["verify", "audit", "--policy", "merkle-sum", "--quiet"], proved, 80)
    assert quiet == ""


def _table_lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.replace("\r", "").splitlines()]


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_totals_are_whole_on_a_narrow_terminal(proved: Path, columns: int) -> None:
    lines = _table_lines(_on_terminal(["verify", "audit", "--policy", "merkle-sum"], proved, columns, NO_COLOR="1"))
    assert any("1.25000001" in line for line in lines)
    assert any("119.5" in line for line in lines)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_terminal_will_do(proved: Path, encoding: str) -> None:
    (proved / "policy.yaml").write_text(SUM_TREE_FILE)
    for arguments in (("explain", "audit"), ("verify", "audit", "--policy", "policy.yaml")):
        ended = _process(*arguments, cwd=proved, PYTHONIOENCODING=encoding)
        assert ended.returncode == 0, ended.stderr
