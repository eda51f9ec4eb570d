"""Progress of long work, reported to a listener: a terminal, a test, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

__all__ = ["Progress", "Task", "beats", "heard_by"]


class Task:
    """A piece of work under way. This class ignores what is reported."""

    def advance(self, steps: int = 1) -> None:
        """Report ``steps`` more done."""


class Progress:
    """Receives the start, advance and end of tasks. This class is silent; the CLI's draws bars."""

    @contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Task]:
        """Run a piece of work under a title: ``with progress.task("hash leaves", n) as task: …``.

        Tasks may stand within others. A phase of a protocol is a task without a total: ``polyproof bench`` tells what
        each phase of a proof takes by the title that its prover gave it here.
        """
        yield Task()

    def plan(self, shares: Mapping[str, float], of: str = "") -> None:
        """Say, within a task, which tasks will follow in it and what part of its time each takes.

        ``shares`` has a number for each task without tasks of its own; one within another is named after it,
        ``"commitment / tree"``. Only their proportions matter, and they need not be right: whoever listens estimates
        by them how far the work is. ``of`` says what the work is on, such as ``"100,000 accounts"``.
        """


# Work that reports no steps of its own

_listeners: list[Callable[[], None]] = []


def beats() -> Callable[[], None] | None:
    """What to call whenever another block of a computation is done, from any thread; None if nobody listens."""
    return _listeners[-1] if _listeners else None


@contextmanager
def heard_by(listener: Callable[[], None]) -> Iterator[None]:
    """Within the block, ``listener`` is called for every block that ``polyproof.engine.for_blocks`` has done."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
