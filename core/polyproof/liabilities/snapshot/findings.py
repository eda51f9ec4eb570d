"""Everything wrong with a snapshot, collected in the order of its files and rows, up to a limit."""

from __future__ import annotations

import heapq

from attrs import define, field

from polyproof.errors import AccountsError, Location, Problem
from polyproof.liabilities.snapshot.file import Part

__all__ = ["Findings"]


@define
class _Finding:
    order: tuple[int, int, int, int]
    part: Part | None
    record: int | None
    message: str
    hint: str | None

    def __lt__(self, other: _Finding) -> bool:
        # A heap keeps its least on top; the one to give up first is the last in order.
        return self.order > other.order


@define
class Findings:
    """Collects problems; keeps the first ``limit`` by file, row and column, and counts the others."""

    limit: int
    count: int = 0
    _kept: list[_Finding] = field(factory=list)

    def __bool__(self) -> bool:
        return self.count > 0

    def add(
        self,
        message: str,
        hint: str | None = None,
        *,
        part: Part | None = None,
        record: int | None = None,
        column: int = 0,
    ) -> None:
        """Report a problem; of a whole part where ``record``, counted from 0 in its file, is left out."""
        self.count += 1
        place = (part.number if part else -1, -1 if record is None else record, column, self.count)
        if len(self._kept) < self.limit:
            heapq.heappush(self._kept, _Finding(place, part, record, message, hint))
        elif place < self._kept[0].order:
            heapq.heapreplace(self._kept, _Finding(place, part, record, message, hint))

    def add_unseen(self, count: int) -> None:
        """Count problems that come after all that are shown."""
        self.count += count

    def raise_any(self) -> None:
        """Raise ``AccountsError`` with what was collected, if anything was."""
        if not self.count:
            return
        shown = [
            Problem(found.message, _location(found), found.hint)
            for found in sorted(self._kept, key=lambda found: found.order)
        ]
        raise AccountsError(shown, more=self.count - len(shown))


def _location(found: _Finding) -> Location | None:
    if found.part is None:
        return None
    if found.record is None:
        return Location(found.part.label)
    return Location(found.part.label, line=found.part.line(found.record), row=found.record + 1)
