"""What each task of a progress takes: seconds that passed, seconds of CPU, and memory at its peak.

Whoever does the work says what it is doing (``polyproof.progress``), under the names of its protocol, and knows nothing
of being measured.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from attrs import define, frozen

from polyproof.cli.memory import HighWater
from polyproof.progress import Progress, Task

if sys.platform != "win32":
    import resource

__all__ = ["Path", "Recorder", "Spent"]

Path = tuple[str, ...]
"""The titles of a task and of those around it, the outermost first."""


@frozen
class Spent:
    """What the tasks at one path took together, those within them included."""

    wall: float
    """Seconds that passed."""
    cpu: float
    """Seconds of CPU, user and system, of all threads and of processes that ended."""
    peak: int | None
    """Resident bytes of this process at their highest; ``None`` where the system does not say."""


@define
class _Open:
    path: Path
    peak: int | None = None


class Recorder(Progress):
    """Records every task that is reported to it. Where several run at once, each counts the CPU of all."""

    def __init__(self) -> None:
        """Nothing has been reported yet."""
        self.spent: dict[Path, Spent] = {}
        self._water = HighWater()
        self._open: list[_Open] = []
        self._lock = threading.Lock()
        self._own = threading.local()

    @contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Task]:
        """Run a piece of work, and add what it took to that of the others at its path."""
        outer: Path = getattr(self._own, "path", ())
        opened = _Open((*outer, title))
        with self._lock:
            self._charge()
            self._open.append(opened)
        self._own.path = opened.path
        start, cpu = time.perf_counter(), _cpu_seconds()
        try:
            yield Task()
        finally:
            wall, worked = time.perf_counter() - start, _cpu_seconds() - cpu
            self._own.path = outer
            with self._lock:
                self._charge()
                self._open.remove(opened)
                known = self.spent.get(opened.path, Spent(0, 0, None))
                peaks = [peak for peak in (known.peak, opened.peak) if peak is not None]
                self.spent[opened.path] = Spent(known.wall + wall, known.cpu + worked, max(peaks, default=None))

    def _charge(self) -> None:
        """The highest memory since a task last began or ended belongs to all that are open."""
        peak = self._water.since_last()
        if peak is not None:
            for opened in self._open:
                opened.peak = max(peak, opened.peak or 0)


def _cpu_seconds() -> float:
    own = time.process_time()
    if sys.platform == "win32":
        return own
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own + others.ru_utime + others.ru_stime
