"""How much memory a piece of work takes at its peak."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import TracebackType

if sys.platform != "win32":
    import resource

__all__ = ["HighWater", "PeakMemory"]

_STATM = Path("/proc/self/statm")
_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_INTERVAL = 0.02


def _resident() -> int | None:
    """Resident bytes now, where the system reports them."""
    if sys.platform == "win32":
        return None
    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return None


class PeakMemory:
    """Watch the resident memory of this process while a ``with`` block runs; ``peak`` is in bytes.

    Sampled fifty times a second where the system reports resident memory. Elsewhere ``peak`` is the
    process's peak since its start, an upper bound, or 0 where that is not known either.
    """

    def __init__(self) -> None:
        """Nothing is watched before the block begins."""
        self.peak = 0
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._done.wait(_INTERVAL):
            self.peak = max(self.peak, _resident() or 0)

    def __enter__(self) -> PeakMemory:
        self.peak = _resident() or 0
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._watcher.join()
        last = _resident()
        if last is None and sys.platform != "win32":
            # Kilobytes on Linux, bytes on macOS.
            scale = 1 if sys.platform == "darwin" else 1024
            last = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale
        self.peak = max(self.peak, last or 0)


class HighWater:
    """The peak of this process's resident memory from one look to the next, which Linux counts by itself.

    It is exact and costs nothing in between. The peak since the process's start, which others may ask for, begins anew.
    """

    def since_last(self) -> int | None:
        """Bytes at the peak since the last call (at first, since the process began); ``None`` on other systems."""
        try:
            line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
            _RESET.write_text("5")
        except (OSError, StopIteration):
            return None
        return int(line.split()[1]) * 1024
