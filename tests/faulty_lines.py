"""A made-up format of lines for the suites of sources and ledgers, and the faults that readers of either may have.

There is a line for each record, and at the end a line that counts them: ``end 3``. Each fault is a class to mix in
before a sound reader of the format.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import evolve

from polyproof.errors import Location, Problem

LONGEST = 1 << 16


class Lines:
    """A sound reader of lines. ``parsed`` turns one into a record, and raises ``ValueError`` if it is malformed."""

    example: str

    def read(self, file: Path) -> Iterator[Any]:
        row, ended = 0, False
        with file.open("rb") as lines:
            while line := lines.readline(LONGEST):
                row += 1
                if ended:
                    yield Problem("something follows the end", Location(str(file), row))
                    return
                if line.strip() == b"end %d" % (row - 1):
                    ended = True
                    continue
                while not line.endswith(b"\n") and (more := lines.readline(LONGEST)):
                    line = b"?" + more[-1:]
                yield self.record(Location(str(file), row, row=row), line)
        if not ended:
            yield Problem("the end is missing", Location(str(file)), "end, and how many records there are")

    def record(self, place: Location, line: bytes) -> Any:
        try:
            return self.parsed(place, line.decode())
        except ValueError as error:
            return Problem(f"is not a record: {error}", place, self.example)

    def parsed(self, place: Location, line: str) -> Any:
        raise NotImplementedError


class Backwards(Lines):
    def read(self, file: Path) -> Iterator[Any]:
        return reversed(list(super().read(file)))


class Raising(Lines):
    def record(self, place: Location, line: bytes) -> Any:
        return self.parsed(place, line.decode())


class Elsewhere(Lines):
    def record(self, place: Location, line: bytes) -> Any:
        return super().record(evolve(place, file=Path(place.file).name), line)


class Endless(Lines):
    """Does not notice that the end is missing."""

    def read(self, file: Path) -> Iterator[Any]:
        return (item for item in super().read(file) if not isinstance(item, Problem) or "end is" not in item.message)


class Greedy(Lines):
    def read(self, file: Path) -> Iterator[Any]:
        buffer = bytearray(100 << 20 if file.stat().st_size == 5000 else 0)
        yield from super().read(file)
        del buffer


class Locking(Lines):
    busy = False

    def read(self, file: Path) -> Iterator[Any]:
        type(self).busy, was = True, self.busy
        if was:
            yield Problem("is being read", Location(str(file)))
            return
        yield from super().read(file)
        type(self).busy = False


class Littering(Lines):
    def read(self, file: Path) -> Iterator[Any]:
        if file.is_file():
            file.with_suffix(".cache").write_bytes(b"")
        return super().read(file)


class Replacing(Lines):
    def record(self, place: Location, line: bytes) -> Any:
        return super().record(place, line.decode(errors="replace").encode())


class Swallowing(Lines):
    def read(self, file: Path) -> Iterator[Any]:
        try:
            yield from super().read(file)
        except OSError:
            return
