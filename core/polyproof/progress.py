"""Progress of long work, reported to a listener: a terminal, a test, or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Progress", "Task"]


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
