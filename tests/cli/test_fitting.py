"""Nothing that a command shows on a terminal breaks within a word, at 80 columns and at 120; help fits, too."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.test_commands import EVERY
from doubles.fixtures import Command
from polyproof.cli import envelope
from polyproof.cli.console import Console, plain_console

WIDTHS = (80, 120)
WIDE = 4000


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """It is."""
        return True


def _rendered(
    render: Callable[[Any], None], width: int, monkeypatch: pytest.MonkeyPatch, stream: io.StringIO
) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    render(plain_console(stream))
    return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()


def _words(lines: list[str]) -> list[str]:
    return [word for line in lines for word in line.split() if not set(word) <= set("─━ ")]


@pytest.fixture
def at_every_width(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """While it is in use, whatever a command shows is rendered at each width and compared with one line that fits."""
    seen: list[str] = []
    monkeypatch.setenv("TERM", "xterm")

    def result(self: Console, payload: Mapping[str, Any], render: Callable[[Any], None]) -> None:
        envelope.answer().result = payload
        whole = _words(_rendered(render, WIDE, monkeypatch, Terminal()))
        for width in WIDTHS:
            lines = _rendered(render, width, monkeypatch, Terminal())
            missing = set(whole) - set(_words(lines))
            assert not missing, f"broken at {width} columns: {sorted(missing)}"
        seen.extend(whole)

    monkeypatch.setattr(Console, "result", result)
    return seen


SHOWN = [arguments for arguments in EVERY if arguments[0] not in ("schema", "demo")]


@pytest.mark.parametrize("arguments", SHOWN, ids=lambda arguments: " ".join(arguments[:3]))
def test_no_word_of_any_command_breaks(
    command: Command, proved: Path, at_every_width: list[str], arguments: tuple[str, ...]
) -> None:
    ended = command(*arguments)
    assert ended.status == 0, ended.err
    assert at_every_width


def test_large_amounts_do_not_break(command: Command, folder: Path, at_every_width: list[str]) -> None:
    spec = (folder / "spec.yaml").read_text()
    (folder / "spec.yaml").write_text(spec.replace("decimals: 8", "decimals: 18, bits: 128"))
    (folder / "accounts.csv").write_text("account,BTC,USDT\na,123456789012345.123456789012345678,1\n")
    assert command("check", "spec.yaml").status == 0
    assert "123,456,789,012,345.123456789012345678" in at_every_width


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "name", ["", *dict.fromkeys(arguments[0] for arguments in EVERY), "audit", "bench", "init", "plan", "reserves"]
)
def test_help_fits_and_has_no_types(command: Command, monkeypatch: pytest.MonkeyPatch, name: str, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERMINAL_WIDTH", str(width))
    ended = command(*filter(None, [name]), "--help")
    assert ended.status == 0
    assert not re.search(r"<(?!=)[a-z]", ended.out.replace("4<=x", "").replace("<=x<=", "")), "a type in angle brackets"
    assert max(map(len, ended.out.splitlines())) <= width
