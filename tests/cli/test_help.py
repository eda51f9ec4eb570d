"""Help fits a terminal of 80 columns, and shells complete commands and options."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from doubles.fixtures import Command
from doubles.fixtures import command as command
from polyproof.cli.app import COMMANDS, GROUPS, words_of

NAMES = ["", *GROUPS, *(" ".join(words_of(module)) for module in COMMANDS)]
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.parametrize("name", NAMES)
def test_help_fits_80_columns_and_gives_flags_no_type(
    command: Command, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERMINAL_WIDTH", "80")
    ended = command(*name.split(), "--help")
    assert ended.status == 0
    assert "<bool>" not in ended.out
    assert "BOOL" not in ended.out
    assert all(len(line) <= 80 for line in ended.out.splitlines())


def completed(words: str) -> list[str]:
    """What bash offers for a line, with the completion that polyproof writes for it sourced into the shell."""
    program = (
        "set -e\n"
        'script=$(polyproof --show-completion bash)\neval "$script"\n'
        f"COMP_WORDS=({words})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n"
        '_polyproof_completion polyproof\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", program],
        env={**os.environ, "PATH": PATH},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


def test_bash_completes_commands_and_options() -> None:
    assert completed("polyproof ver") == ["verify", "verify-inclusion", "version"]
    assert completed("polyproof prove --exec") == ["--executor"]
    assert completed("polyproof private st") == ["status"]


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", ".bash_completions/polyproof.sh"),
        ("zsh", ".zfunc/_polyproof"),
        ("fish", ".config/fish/completions/polyproof.fish"),
    ],
)
def test_completion_is_shown_and_installed(tmp_path: Path, shell: str, file: str) -> None:
    def run(option: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).parent / "polyproof", option, shell],
            # The shell is named here, and not looked for among the processes above.
            env={
                **os.environ,
                "PATH": PATH,
                "HOME": str(tmp_path),
                "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
            },
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    shown = run("--show-completion")
    run("--install-completion")
    assert (tmp_path / file).read_text().split() == shown.split()


def test_a_command_imports_what_it_needs_when_it_runs() -> None:
    heavy = ["duckdb", "numba", "numpy", "yaml", "pluggy", "rich.console", "polyproof.settings.policy"]
    program = f"import sys, polyproof.cli.app; print(*[name for name in {heavy} if name in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert ended.stdout.split() == []
