"""The documentation as the tests see it: its pages, their links, code blocks and sessions in a terminal.

A block of the language ``console`` is a session: lines that begin with ``$ `` are commands, the others what they
print. A block under a line that ends in ``as `NAME`:`` is a file that the reader saves under that name.

Run as a program, with paths of pages, this writes into them what their commands print now.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from attrs import define, frozen

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^(`{3,})(\w*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_SAVED = re.compile(r"as `([\w./-]+)`:\n\n\Z")
_COPY_OF = re.compile(r"\(copy of `([\w./-]+)`\):\n\n\Z")
_PRINTED = re.compile(r"^It prints:\n\n\Z", re.MULTILINE)
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_LOOSE = (
    # What a machine with much other work to do is told of progress, after a quarter of a minute.
    (re.compile(r"^[^\n:]+: (\d+ %, )?\d+:\d\d(:\d\d)?(, .*)?\n", re.MULTILINE), ""),
    (_DIGEST, "DIGEST"),
    (re.compile(r"\bage1[0-9a-z]{58}\b"), "RECIPIENT"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d-[0-9a-f]{8}"), "DATE-RANDOM"),
    (re.compile(r"\d+(\.\d+)? (ms|µs|ns|s|min)\b|(?<= in )\d+\.\d\ds\b"), "DURATION"),
    (re.compile(r"[\d,.]+ (([KMG]i)?B|bytes)\b"), "SIZE"),
    (re.compile(r"\[ *DURATION *\]"), "DURATION"),
    (re.compile(r" ±\d+%"), ""),
    (re.compile("─+"), "─"),
    (re.compile(r" +(?=DURATION|SIZE)"), " "),
)


@frozen
class Block:
    """A fenced code block."""

    language: str
    text: str
    saved_as: str | None
    copy_of: str | None
    """A file, relative to docs, of which the block is a copy."""
    printed: bool
    """What the program before it prints."""
    start: int
    """Offset of its text in the page."""


def blocks(page: str) -> list[Block]:
    """All fenced code blocks of a page, in order."""
    found = []
    for match in _FENCE.finditer(page):
        before = page[: match.start()]
        saved, copied = _SAVED.search(before), _COPY_OF.search(before)
        found.append(
            Block(
                language=match[2],
                text=match[3],
                saved_as=saved[1] if saved else None,
                copy_of=copied[1] if copied else None,
                printed=bool(_PRINTED.search(before)),
                start=match.start(3),
            )
        )
    return found


def without_blocks(page: str) -> str:
    """The prose of a page."""
    return _FENCE.sub("\n", page)


@define
class Command:
    """A command of a session and what it prints."""

    text: str
    output: str


def commands(session: str) -> list[Command]:
    """The commands of a session; a line that ends in a backslash goes on."""
    found: list[Command] = []
    continued = False
    for line in session.splitlines(keepends=True):
        if continued:
            found[-1].text += line
        elif line.startswith("$ "):
            found.append(Command(line[2:], ""))
        else:
            found[-1].output += line
        continued = (continued or line.startswith("$ ")) and line.endswith("\\\n")
    return found


def loosened(output: str) -> list[str]:
    """Printed lines without what differs from run to run: digests, dates, durations, sizes, space at the ends."""
    for pattern, stands in _LOOSE:
        output = pattern.sub(stands, output)
    return [line.rstrip() for line in output.strip().splitlines()]


class Reader:
    """Somebody who follows a page in an empty folder: saves its files, types its commands."""

    def __init__(self, folder: Path) -> None:
        """``folder``: empty."""
        self.folder = folder
        self._here: dict[str, str] = {}
        """Digests that the page shows, and what they are this time."""
        self._environment: list[Path] = []
        """Where programs of an environment of the reader's own are, if the page installs something."""
        self._settings: dict[str, str] = {}
        """Variables of that environment."""

    def run(self, command: str) -> str:
        """Type a command; what it prints, errors included."""
        command = _DIGEST.sub(lambda match: self._here.get(match[0], match[0]), command)
        folders = [*self._environment, Path(sys.executable).parent]
        path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env={**os.environ, "PATH": path, "COLUMNS": "80", "NO_COLOR": "1", "PAGER": "cat", **self._settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=1200,
        )
        return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())

    def follow(self, page: str) -> Iterator[tuple[Block, Command, str]]:
        """Each command of the page in turn, with what it prints now. A page about the demo comes after it."""
        if "polyproof-demo/" in page:
            self.run("polyproof demo --quiet")
        if any("pip install" in block.text for block in blocks(page) if block.language == "console"):
            from environments import OFFLINE, own_environment

            self._environment, self._settings = [own_environment(self.folder / ".venv")], OFFLINE
        for block in blocks(page):
            if block.saved_as:
                target = self.folder / block.saved_as
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block.text, encoding="utf-8")
            if block.language == "console":
                for command in commands(block.text):
                    printed = self.run(command.text)
                    shown, now = _DIGEST.findall(command.output), _DIGEST.findall(printed)
                    self._here.update(zip(shown, now, strict=False))
                    yield block, command, printed


def copied(block: Block) -> str:
    """The file that a block is a copy of."""
    assert block.copy_of is not None
    return (ROOT / "docs" / block.copy_of).read_text(encoding="utf-8")


def printed_by(program: str) -> str:
    """What a program of the documentation prints, run in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        return Reader(Path(folder)).run(f"{sys.executable} {ROOT / 'docs' / program}")


def _copies_renewed(page: str) -> str:
    new: dict[int, tuple[int, str]] = {}
    program = ""
    for block in blocks(page):
        if block.copy_of:
            program = block.copy_of
            new[block.start] = len(block.text), copied(block)
        elif block.printed:
            new[block.start] = len(block.text), printed_by(program)
    for start in sorted(new, reverse=True):
        page = page[:start] + new[start][1] + page[start + new[start][0] :]
    return page


def _rewritten(page: str) -> str:
    page = _copies_renewed(page)
    with tempfile.TemporaryDirectory() as folder:
        sessions: dict[int, str] = {}
        old: dict[int, int] = {}
        for block, command, printed in Reader(Path(folder)).follow(page):
            tidy = "\n".join(line for line in printed.strip("\n").splitlines())
            sessions[block.start] = sessions.get(block.start, "") + f"$ {command.text}" + (tidy + "\n" if tidy else "")
            old[block.start] = len(block.text)
    for start in sorted(sessions, reverse=True):
        page = page[:start] + sessions[start] + page[start + old[start] :]
    return page


if __name__ == "__main__":
    sys.path.append(str(ROOT / "tools"))
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(_rewritten(path.read_text(encoding="utf-8")), encoding="utf-8")
