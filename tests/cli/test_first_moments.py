"""Commands that are ended before they have begun, and what is to be done about what they left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from doubles.fixtures import Command
from polyproof import __main__ as start
from polyproof.cli import sample


def test_an_interrupt_while_the_command_line_is_imported_is_told_as_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(ModuleType):
        def __getattr__(self, name: str) -> object:
            raise KeyboardInterrupt

    monkeypatch.setitem(sys.modules, "polyproof.cli", Interrupted("polyproof.cli"))
    with pytest.raises(SystemExit) as ended:
        start.main()
    assert ended.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_help_that_nobody_reads_ends_as_a_broken_pipe() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "polyproof", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_demo_that_ended_early_says_how_to_begin_again(
    command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sample, "write_sample", interrupted)
    folder = tmp_path / "a demo"
    again = f"rm -r '{folder}', then polyproof demo --out '{folder}'"
    ended = command("demo", "--out", folder)
    assert ended.status == 130
    assert again in ended.err
    ended = command("demo", "--out", folder)
    assert ended.status == 2
    assert again in ended.err
    # Nobody is told to remove what is no demo, or the folder that they are in.
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("")
    for other in (tmp_path / "mine", ".", "..", "/"):
        ended = command("demo", "--out", other)
        assert ended.status == 2
        assert "rm" not in ended.err.split()


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("2999-01-01T00:00:00Z", "is in the future"),
        ("2025-02-31T00:00:00Z", "expected a time in UTC such as"),
        ("yesterday", "--snapshot is 'yesterday' (expected a time in UTC such as 2025-11-30T00:00:00Z)"),
    ],
)
def test_a_time_that_init_cannot_use_is_told_before_a_file_is_written(
    command: Command, tmp_path: Path, time: str, words: str
) -> None:
    ended = command("init", tmp_path / "new", "--snapshot", time)
    assert ended.status == 2
    assert words in ended.err
    assert ".yaml" not in ended.err
    assert not (tmp_path / "new").exists()
