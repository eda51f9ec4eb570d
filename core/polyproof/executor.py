"""The Executor interface: where the segments of an audit are proved.

An audit that is being made lies in a work directory. An executor is handed the directory and the numbers of segments,
has each of them proved somewhere (in this process, in others, on other machines that see the same directory) and says
which are done. It decides nothing: core looks into the directory for what is proved, whatever an executor says.
"""

from __future__ import annotations

import pickle
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attrs import frozen

from polyproof.plugin_faults import told

if TYPE_CHECKING:
    from polyproof.registry import Registry

__all__ = ["Executor", "SegmentFailed", "Work"]


class SegmentFailed(Exception):
    """The proof of a segment ended in an error. An executor lets it pass; core raises the error itself."""

    def __init__(self, index: int, error: Exception) -> None:
        """``index``: the number of the segment."""
        super().__init__(index, error)
        self.index = index
        self.error = error

    def __str__(self) -> str:
        return f"segment {self.index}: {told(self.error)}"


@frozen
class Work:
    """What an executor runs: ``work(index)`` proves one segment, and returns once it is finished in the directory.

    It can be pickled, and what travels is a path. In another process the segment is proved with the plugins that are
    installed there. Calls for different segments may run side by side, and so may two calls for one segment: whichever
    finishes first counts. A call takes the memory of one segment and as many threads as ``POLYPROOF_THREADS`` says.
    """

    directory: Path
    """The work directory; absolute. Whoever reads it reads every account."""
    prove: Callable[[Path, int], object]
    """Called with the directory and the number of a segment."""

    def __call__(self, index: int) -> None:
        """Prove a segment. Raises ``SegmentFailed`` with whatever went wrong."""
        try:
            self.prove(self.directory, index)
        except Exception as error:
            raise SegmentFailed(index, _carried(error)) from error


def _carried(error: Exception) -> Exception:
    """An error that survives the way to another process. A plugin may raise one that does not."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - classes that cannot be pickled fail in any way
        return RuntimeError(told(error))
    return error


class Executor(ABC):
    """Somewhere that segments are proved. Constructed as ``Executor(options, registry)``.

    ``options`` is an instance of the class's ``Options``.
    """

    name: ClassVar[str]
    """The name used in specs, in ``executor``."""
    Options: ClassVar[type[Any]]
    """Frozen attrs class of the options a spec may set."""

    def __init__(self, options: Any, registry: Registry) -> None:
        """Keep the options; nothing is started yet."""
        self.options = options
        self.registry = registry

    @abstractmethod
    def run(self, work: Work, indices: Sequence[int]) -> Iterator[int]:
        """Call ``work(index)`` for every index, anywhere and in any order, and yield each index once it has returned.

        A ``SegmentFailed`` that ``work`` raises leaves here as it is, and so ends the run. If a worker dies, its
        segment is tried again, a bounded number of times; then, and wherever else work cannot be carried out (no
        worker, no network), this raises ``ExecutionError``. ``OSError`` may be raised. Once the iterator has ended, was
        closed or has raised, no call begins any more; one that has begun elsewhere may go on to its end.
        """
