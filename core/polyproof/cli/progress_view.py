"""Progress on stderr: what is being done, how far it is, how long it may still take, and when a compiler is at work.

``Follower`` knows how far the work is; ``on_terminal`` draws that, ``in_lines`` prints a line now and then for a log.
Between the steps that tasks report, a share of time that was planned for a task passes as blocks of it are done: an
estimate, which stands still when the work does.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

from attrs import define, field, frozen

from polyproof.cli.visible import one_line
from polyproof.progress import Progress, Task, heard_by

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.console import Group

__all__ = ["Follower", "State", "in_lines", "on_terminal"]

COMPILING = "compiling, once on this machine"
COMPILING_AGAIN = "compiling; nothing can be kept, so each run compiles anew"
FIRST_LINE, LINES_APART, MOST_APART = 15.0, 30.0, 600.0
"""Seconds until a log gets its first line, of work that has taken as long, and its second one. Then the time between
lines doubles, up to the last of these."""
LOOK = 0.125
"""Seconds between two looks at the state."""
_SURE = 0.8
"""How much of the time that a task may take passes as it is expected to; the rest is for tasks that take longer."""


@frozen
class State:
    """What can be said at one moment."""

    title: str
    """Of the outermost work."""
    detail: str
    """What is done within it, and on what."""
    fraction: float | None
    """How far it is, 0 to 1; None if that is not known."""
    elapsed: float
    left: float | None
    """Seconds, estimated."""
    compiling: str
    """What to say of a compiler; empty if none is at work."""

    @property
    def times(self) -> str:
        """How long it has taken, and may take."""
        left = f", about {clock_text(self.left)} left" if self.left is not None and self.left >= 1 else ""
        return f"{clock_text(self.elapsed)}{left}"


def clock_text(seconds: float) -> str:
    """Minutes and seconds, and hours where there are some."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@define(eq=False)
class _Node:
    """A task that has begun."""

    title: str
    total: int | None
    began: float
    done: int = 0
    plan: Mapping[str, float] = field(factory=dict)
    """Shares of all time, by the titles of tasks below this one."""
    past: float = 0.0
    """The shares of those that have ended."""
    spent: float = 0.0
    """The seconds that they took."""
    of: str = ""
    best: float = 0.0
    """How far it has been within its current step: a number that is shown never falls."""


class Follower(Progress):
    """Follows the tasks of one command."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        """``now`` counts seconds."""
        self._now = now
        self._lock = threading.Lock()
        self._stack: list[_Node] = []
        self._last = now()
        self._compilers = 0
        self._kept = True

    @contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Task]:
        """A task under the ones that are under way."""
        node = _Node(one_line(title), total, self._now())
        with self._lock:
            self._stack.append(node)
            self._last = node.began
        try:
            yield _Step(self, node)
        finally:
            with self._lock:
                self._end(node)

    def plan(self, shares: Mapping[str, float], of: str = "") -> None:
        """Of the innermost task."""
        with self._lock:
            if self._stack:
                self._stack[-1].plan = {title: share / sum(shares.values()) for title, share in shares.items()}
                self._stack[-1].of = one_line(of)

    def beat(self) -> None:
        """A block is done."""
        self._last = self._now()

    def compiling(self, begins: bool, kept: bool) -> None:
        """A compiler begins or ends, perhaps within another."""
        if begins and not self._compilers:
            self._kept = kept
        self._compilers += 1 if begins else -1

    def _end(self, node: _Node) -> None:
        self._last = self._now()
        path = ""
        for above in reversed(self._stack[: self._stack.index(node) + 1]):
            if path in above.plan:
                above.past += above.plan[path]
                above.spent += self._last - node.began
            path = f"{above.title} / {path}" if path else above.title
        self._stack.remove(node)

    def advance(self, node: _Node, steps: int) -> None:
        """More of a task is done."""
        with self._lock:
            self._last = self._now()
            node.done += steps
            node.best = 0.0

    def state(self) -> State | None:
        """What can be said now; None if nothing is under way."""
        with self._lock:
            if not self._stack:
                return None
            first, now = self._stack[0], self._now()
            fraction, left = self._estimate(0)
            elapsed = now - first.began
            if fraction is None or fraction < 0.02:
                left = None
            compiling = (COMPILING if self._kept else COMPILING_AGAIN) if self._compilers > 0 else ""
            return State(first.title, self._detail(), fraction, elapsed, left, compiling)

    def _detail(self) -> str:
        """The two innermost tasks, how many of how much the last one has done, and what it is on."""
        titles = [node.title for node in self._stack[1:]][-2:]
        last = self._stack[-1]
        if last.total is not None and last.total > 1:
            titles = [*titles[:-1], f"{titles[-1]} {last.done:,} of {last.total:,}"] if titles else [_steps(last)]
        elif self._stack[0].total is not None and self._stack[0].total > 1:
            titles = [_steps(self._stack[0]), *titles]
        on = next((node.of for node in reversed(self._stack) if node.of), "")
        return ", ".join(filter(None, (": ".join(titles), on)))

    def _estimate(self, place: int) -> tuple[float | None, float | None]:
        """How far a task is, by its steps, by its plan, or as far as the one within it is; and the seconds left."""
        node = self._stack[place]
        within, left = self._estimate(place + 1) if place + 1 < len(self._stack) else (None, None)
        if node.plan:
            return self._planned(node, place)
        if not node.total:
            return within, left
        node.best = max(node.best, within or 0.0)
        fraction = min(1.0, (node.done + node.best) / node.total)
        elapsed = self._now() - node.began
        if node.done or left is None:
            left = elapsed * (1 - fraction) / fraction if fraction else None
        else:
            left += (node.total - 1) * (elapsed + left)
        return fraction, left

    def _planned(self, node: _Node, place: int) -> tuple[float, float | None]:
        path, current, spent = "", 0.0, node.spent
        for below in self._stack[place + 1 :]:
            path = f"{path} / {below.title}" if path else below.title
            if path in node.plan:
                expected = node.spent * node.plan[path] / node.past if node.past else 0.0
                passed = (self._last - below.began) / expected if expected else 0.0
                # What takes longer than expected comes ever closer to its end, and does not reach it.
                current = node.plan[path] * (passed * _SURE if passed < 1 else 1 - (1 - _SURE) / passed)
                spent += self._last - below.began
        node.best = max(node.best, min(1.0, node.past + current))
        return node.best, spent * (1 - node.best) / node.best if node.best else None


def _steps(node: _Node) -> str:
    return f"{node.done:,} of {node.total:,}"


class _Step(Task):
    def __init__(self, follower: Follower, node: _Node) -> None:
        self._follower, self._node = follower, node

    def advance(self, steps: int = 1) -> None:
        self._follower.advance(self._node, steps)


class _Compilers:
    """Hears when Numba compiles, and not when it takes a kernel from the disk; waits until something imports Numba."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._listener: Any = None

    def look(self) -> None:
        """Begin to listen, if Numba is there by now."""
        event: Any = sys.modules.get("numba.core.event")
        if self._listener is not None or not hasattr(event, "register"):
            return
        follower = self._follower

        class Compiling(event.Listener):  # type: ignore[misc]
            def on_start(self, event: Any) -> None:
                cache = getattr(event.data["dispatcher"], "_cache", None)
                follower.compiling(True, type(cache).__name__ != "NullCache")

            def on_end(self, event: Any) -> None:
                follower.compiling(False, True)

        self._listener = Compiling()
        event.register("numba:compile", self._listener)

    def close(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            sys.modules["numba.core.event"].unregister("numba:compile", self._listener)


@contextmanager
def _looking(follower: Follower, look: Callable[[], None]) -> Iterator[None]:
    """Call ``look`` again and again beside the work."""
    compilers, ended = _Compilers(follower), threading.Event()

    def run() -> None:
        while not ended.wait(LOOK):
            compilers.look()
            # Whatever happens to a terminal, the work goes on.
            with suppress(OSError, ValueError):
                look()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        with heard_by(follower.beat):
            yield
    finally:
        ended.set()
        thread.join()
        compilers.close()


# For people at a terminal


Hidden = Callable[[], AbstractContextManager[None]]


@contextmanager
def on_terminal(console: RichConsole) -> Iterator[tuple[Progress, Hidden]]:
    """Two lines that are drawn anew while the work lasts, and vanish with it.

    The second value hides them for as long as something else is printed.
    """
    from rich.console import Group
    from rich.live import Live

    follower, drawing = Follower(), threading.RLock()
    live = Live(console=console, transient=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
    shown = False

    def show(state: State | None) -> None:
        nonlocal shown
        # Nothing is drawn over what is asked between two tasks.
        if state is not None or shown:
            shown = state is not None
            live.update(drawn(state, console.width) if state is not None else Group(), refresh=True)

    def look() -> None:
        with drawing:
            show(follower.state())

    @contextmanager
    def hidden() -> Iterator[None]:
        with drawing:
            show(None)
            yield

    with live, _looking(follower, look):
        yield follower, hidden


def drawn(state: State, width: int) -> Group:
    """A state in lines of at most ``width`` cells."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    first = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4):
        first.add_column(no_wrap=True)
    cells: list[Any] = [Text(state.title, overflow="ellipsis")]
    bar = min(30, width - len(state.title) - len(state.times) - 12)
    if state.fraction is not None:
        if bar >= 8:
            cells.append(ProgressBar(total=1.0, completed=state.fraction, width=bar))
        cells.append(Text(f"{int(100 * state.fraction):3} %"))
    first.add_row(*cells, Text(state.times))
    second = ", ".join(filter(None, (state.compiling, state.detail)))
    return Group(first, Text(f"  {second}", style="dim", no_wrap=True, overflow="ellipsis")) if second else Group(first)


# For logs


@contextmanager
def in_lines(stream: TextIO, now: Callable[[], float] = time.perf_counter) -> Iterator[Progress]:
    """A line now and then, the later the rarer; none for work that is done in a few seconds."""
    follower = Follower(now)
    lines = Lines(stream, now)
    with _looking(follower, lambda: lines.look(follower.state())):
        yield follower


class Lines:
    """Prints a state as a line when one is due, and never for work that has just begun."""

    def __init__(self, stream: TextIO, now: Callable[[], float]) -> None:
        """The first is due ``FIRST_LINE`` seconds from now."""
        self._stream, self._now = stream, now
        self._due, self._apart = now() + FIRST_LINE, LINES_APART

    def look(self, state: State | None) -> None:
        """Print a line if one is due."""
        if state is None or self._now() < self._due or state.elapsed < FIRST_LINE:
            return
        self._due, self._apart = self._now() + self._apart, min(2 * self._apart, MOST_APART)
        percent = f"{int(100 * state.fraction)} %" if state.fraction is not None else ""
        said = ", ".join(filter(None, (percent, state.times, state.compiling, state.detail)))
        self._stream.write(f"{state.title}: {said}\n")
        self._stream.flush()
