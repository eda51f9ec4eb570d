"""Progress: what it says of phases, rows and time, and that it moves while work is done, and only then."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from polyproof import liabilities
from polyproof.cli.progress_view import Follower, Lines, State, clock_text, drawn
from polyproof.engine import for_blocks
from polyproof.progress import Progress, Task, beats, heard_by
from polyproof.settings.spec import load_spec
from polyproof_stark.phases import PHASES


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def said(follower: Follower) -> State:
    state = follower.state()
    assert state is not None
    return state


# How far it is


def test_steps_are_counted(clock: Clock) -> None:
    follower = Follower(clock)
    assert follower.state() is None
    with follower.task("hash accounts", 2000) as task:
        clock.now += 30
        task.advance(500)
        state = said(follower)
        assert (state.title, state.detail, state.fraction) == ("hash accounts", "500 of 2,000", 0.25)
        assert state.times == "0:30, about 1:30 left"
    assert follower.state() is None


def test_a_planned_phase_moves_as_blocks_are_done_and_stands_still_when_none_are(clock: Clock) -> None:
    follower = Follower(clock)
    with follower.task("prove"):
        follower.plan({"columns": 1, "tree / leaves": 8, "tree / levels": 1}, of="9 accounts")
        with follower.task("columns"):
            clock.now += 2
        with follower.task("tree"), follower.task("leaves"):
            before = said(follower).fraction
            assert before == pytest.approx(0.1)
            clock.now += 4
            assert said(follower).fraction == before  # no block was done: nothing is known to move
            follower.beat()
            state = said(follower)
            assert state.fraction == pytest.approx(0.1 + 0.8 * 0.8 * 4 / 16)
            assert state.detail == "tree: leaves, 9 accounts"
            fractions = [state.fraction]
            for _ in range(50):
                clock.now += 2
                follower.beat()
                fractions.append(said(follower).fraction or 0)
            # A phase that takes much longer than was planned keeps moving, and never seems to be done.
            assert fractions == sorted(set(fractions))
            assert fractions[-1] < 0.9
        assert said(follower).fraction == pytest.approx(0.9)


def test_a_number_that_is_shown_never_falls(clock: Clock) -> None:
    follower = Follower(clock)
    with follower.task("prove segments", 2) as segments:
        shown = []
        for _ in range(2):
            with follower.task("read"):
                shown.append(said(follower).fraction)
            with follower.task("prove"):
                follower.plan({"a": 1, "b": 1})
                for phase in "ab":
                    with follower.task(phase):
                        clock.now += 5
                        follower.beat()
                        shown.append(said(follower).fraction)
            with follower.task("verify"):
                shown.append(said(follower).fraction)
            segments.advance()
            shown.append(said(follower).fraction)
    assert shown == sorted(shown, key=lambda fraction: fraction or 0)
    assert shown[-1] == 1


def test_the_time_left_is_of_all_segments(clock: Clock) -> None:
    follower = Follower(clock)
    with follower.task("prove segments", 3), follower.task("prove"):
        follower.plan({"a": 1, "b": 1})
        clock.now += 7  # kernels are loaded: not a part of the plan
        with follower.task("a"):
            clock.now += 10
        assert said(follower).left == pytest.approx(10 + 2 * 27)


def test_every_phase_of_a_stark_has_its_share_and_every_share_its_phase(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("account,BTC\nalice,1\nbob,2\n")
    (tmp_path / "spec.yaml").write_text(
        "polyproof: 1\nname: x\nsnapshot: 2025-11-30T00:00:00Z\nassets: [{symbol: BTC, decimals: 8}]\n"
        "backend: {name: stark, hash: blake3}\naccounts: {path: accounts.csv}\n"
    )

    class Leaves(Progress):
        def __init__(self) -> None:
            self.stack: list[str] = []
            self.leaves: set[str] = set()

        @contextmanager
        def task(self, title: str, total: int | None = None) -> Iterator[Task]:
            self.leaves.discard(" / ".join(self.stack))
            self.stack.append(title)
            self.leaves.add(" / ".join(self.stack))
            try:
                yield Task()
            finally:
                self.stack.pop()

    leaves = Leaves()
    liabilities.prove(load_spec(tmp_path / "spec.yaml"), tmp_path / "audit", progress=leaves)
    prefix = "prove segments / prove / "
    assert {leaf.removeprefix(prefix) for leaf in leaves.leaves if leaf.startswith(prefix)} == set(PHASES)


def test_blocks_are_heard_only_by_who_listens() -> None:
    heard = []
    for_blocks(lambda start, stop: None, 10, 3)
    with heard_by(lambda: heard.append(1)):
        for_blocks(lambda start, stop: None, 10, 3)
    for_blocks(lambda start, stop: None, 10, 3)
    assert len(heard) == 4
    assert beats() is None


# What is drawn


@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_what_is_drawn_fits(width: int) -> None:
    from rich.console import Console

    detail = "argument commitment: extension, 100,000 accounts on 131,072 rows"
    state = State("prove segments", detail, 0.381, 754, 3, "")
    output = io.StringIO()
    Console(file=output, width=width, color_system=None).print(drawn(state, width))
    lines = output.getvalue().splitlines()
    assert all(len(line) <= width for line in lines), lines
    assert len(lines) == 2
    if width >= 80:
        assert "38 %" in lines[0]
        assert "12:34, about 0:03 left" in lines[0]
        assert lines[1].rstrip() == f"  {detail}"


def test_titles_cannot_command_a_terminal(clock: Clock) -> None:
    follower = Follower(clock)
    with follower.task("read \x1b[31m\nfile"):
        follower.plan({"a": 1}, of="\x1b]0;title\x07")
        with follower.task("a"):
            state = said(follower)
    assert "\x1b" not in state.title + state.detail
    assert "\n" not in state.title + state.detail


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3600, "1:00:00")])
def test_times_are_of_one_form(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_a_log_gets_a_line_now_and_then(clock: Clock) -> None:
    follower, output = Follower(clock), io.StringIO()
    lines = Lines(output, clock)
    with follower.task("prove segments", 8) as task:
        for second in range(3600):
            if second % 600 == 599:
                task.advance()
            clock.now += 1
            lines.look(follower.state())
    printed = output.getvalue().splitlines()
    assert 5 <= len(printed) <= 12
    assert printed[0] == "prove segments: 0 %, 0:15, 0 of 8"
    assert re.fullmatch(r"prove segments: \d+ %, \d+:\d\d, about \d+:\d\d left, \d of 8", printed[-1])
    assert all(line.isascii() and line.isprintable() for line in printed)


def test_work_that_has_just_begun_gets_no_line(clock: Clock) -> None:
    follower, output = Follower(clock), io.StringIO()
    lines = Lines(output, clock)
    for _ in range(20):
        with follower.task("verify"):
            clock.now += 5
            lines.look(follower.state())
    assert output.getvalue() == ""


# Compilers


def test_a_compiler_at_work_is_called_that_and_a_kernel_from_the_disk_is_not(tmp_path: Path) -> None:
    """The same program twice, with an empty cache first."""
    (tmp_path / "program.py").write_text(
        "import numpy as np, sys\n"
        "from polyproof.cli import progress_view as view\n"
        "seen = set()\n"
        "follower = view.Follower()\n"
        "compilers = view._Compilers(follower)\n"
        "compilers.look()\n"
        "from polyproof.toolkit import kernels\n"
        "compilers.look()\n"
        "report = follower.compiling\n"
        "def compiling(begins, kept):\n"
        "    report(begins, kept)\n"
        "    with follower.task('prove'):\n"
        "        seen.add(follower.state().compiling)\n"
        "follower.compiling = compiling\n"
        "import made\n"
        "assert made.twice(3) == 6\n"
        "with follower.task('prove'):\n"
        "    assert follower.state().compiling == ''\n"
        "print(sorted(seen))\n"
    )
    (tmp_path / "made.py").write_text(
        "from polyproof.toolkit.kernels import kernel\n\n\n@kernel()\ndef twice(x):\n    return 2 * x\n"
    )

    def run(**environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "program.py"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    cache = {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    assert run(**cache) == "['', 'compiling, once on this machine']"
    assert run(**cache) == "[]"


def test_where_nothing_can_be_kept_it_does_not_say_once(clock: Clock) -> None:
    follower = Follower(clock)
    with follower.task("prove"):
        follower.compiling(True, False)
        follower.compiling(True, True)
        assert said(follower).compiling == "compiling; nothing can be kept, so each run compiles anew"
        follower.compiling(False, True)
        follower.compiling(False, True)
        assert said(follower).compiling == ""
