"""Progress of a call: drawn in a Jupyter notebook, handed to a callback, or neither."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from threading import Lock
from typing import Any

from polyproof.errors import Problem, UsageError
from polyproof.progress import Progress, Task

__all__ = ["Following", "ProgressLike", "following"]

Following = Callable[[str, int, int | None], None]
"""Called with the title of a piece of work, how many of its steps are done, and of how many, if that is known."""
ProgressLike = Progress | Following | bool | None
"""``None``: drawn in a notebook, silent elsewhere. ``False``: silent. A callback, or a ``Progress``: told."""

_EVERY = 0.2
"""Seconds between two drawings."""


@contextmanager
def following(progress: ProgressLike) -> Iterator[Progress]:
    """What the steps of a call report to. Raises ``UsageError`` for what cannot be told."""
    if isinstance(progress, Progress):
        yield progress
    elif progress is None and _in_notebook():
        drawn = _Drawn()
        try:
            yield _Told(drawn)
        finally:
            drawn.end()
    elif progress is None or progress is False:
        yield Progress()
    elif callable(progress):
        yield _Told(progress)
    else:
        raise UsageError(
            Problem(f"progress is {progress!r:.40}", hint="expected None, False, a Progress or a function of three")
        )


class _Told(Progress):
    """Tells a function of each beginning and each step, one call at a time."""

    def __init__(self, tell: Following) -> None:
        self._tell, self._lock = tell, Lock()

    @contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Task]:
        yield _Step(self._tell, self._lock, title, total)


class _Step(Task):
    def __init__(self, tell: Following, lock: Lock, title: str, total: int | None) -> None:
        self._tell, self._lock, self._title, self._total, self._done = tell, lock, title, total, 0
        self.advance(0)

    def advance(self, steps: int = 1) -> None:
        with self._lock:
            self._done += steps
            self._tell(self._title, self._done, self._total)


# In a notebook


def _in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel, rather than in a script or a terminal."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return shell is not None and hasattr(shell, "kernel")


class _Drawn:
    """One line below the cell, drawn anew a few times a second, and gone at the end."""

    def __init__(self) -> None:
        self._shown: Any = None
        self._last = 0.0

    def __call__(self, title: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if now - self._last < _EVERY:
            return
        self._last = now
        self._draw(line(title, done, total))

    def end(self) -> None:
        if self._shown is not None:
            self._draw("")

    def _draw(self, html: str) -> None:
        page, shown = _display()

        if self._shown is None:
            self._shown = shown(page(html), display_id=True)
        else:
            self._shown.update(page(html))


def _display() -> tuple[Any, Any]:
    from IPython import display

    return display.HTML, display.display


def line(title: str, done: int, total: int | None) -> str:
    """HTML of a bar, and what it is about."""
    bar = f'<progress max="{total}" value="{min(done, total)}"></progress>' if total else "<progress></progress>"
    count = f" {done:,} of {total:,}" if total else f" {done:,}" if done else ""
    return f"<div>{bar} {escape(title)}{count}</div>"
