"""An anchor for a notice board: a file that a notary keeps, signs nothing, and lets everybody read.

Each line of the board is a time, a place in somebody's history and a digest, and lines are never removed. A verifier
who has a copy of the board from the notary sees when a record was noted, and whether another was noted for the same
place.
In a policy::

    anchors:
      believe: [{name: noticeboard, board: board-of-the-notary.txt}]
"""

from pathlib import Path

from attrs import frozen

from polyproof.anchor import Anchor, Shown, Subject, Time, Uniqueness
from polyproof.config.options import option
from polyproof.errors import ExecutionError, InputError, Problem, ProofRejected
from polyproof.hookspecs import Component, hookimpl
from polyproof.model.timestamps import is_timestamp

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One anchor."""
    return [
        Component("anchor", "noticeboard", "A notary's board that everybody can read", "polyproof_noticeboard:Board")
    ]


@frozen
class BoardOptions:
    """Which board."""

    board: Path | None = option(
        default=None, doc="A copy of the board as the notary gave it to you; relative to this file."
    )


class Board(Anchor):
    """Evidence is the line of the board, as text."""

    name = "noticeboard"
    suffix = "txt"
    Options = BoardOptions
    options: BoardOptions

    def open(self, base: Path) -> None:
        """Read the whole board."""
        self._lines: list[str] | None = None
        if self.options.board is not None:
            try:
                self._lines = (base / self.options.board).read_text(encoding="ascii").splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise InputError(f"the board cannot be read: {error}") from error

    def publish(self, subject: Subject) -> bytes:
        """Find the line that the notary has written: noting is done in the notary's office."""
        if self._lines is None:
            raise InputError(Problem("nothing says where the board is", hint="board: FILE"))
        for line in self._lines:
            if line.endswith(f" {subject.place.hex()} {subject.digest.hex()}"):
                return line.encode()
        raise ExecutionError(f"the board has no line about {subject.digest.hex()}: ask the notary for one")

    def check(self, subject: Subject, evidence: bytes) -> Shown:
        """A line shows what it says to whoever finds it on their copy of the board."""
        try:
            line = evidence.decode("ascii")
            time, place, digest = line.split(" ")
            well_formed = is_timestamp(time) and len(bytes.fromhex(place)) == len(bytes.fromhex(digest)) == 32
        except ValueError:
            well_formed = False
        if not well_formed:
            raise ProofRejected("anchor-format", "not a line of a board: a time, a place and a digest")
        if (place, digest) != (subject.place.hex(), subject.digest.hex()):
            raise ProofRejected("anchor-digest", f"it is about {digest}, not {subject.digest.hex()}")
        if self._lines is None:
            why = "you have no copy of the board"
            return Shown(
                time=Time(latest=time, clock="the notary", checked=False, why=why),
                uniqueness=Uniqueness(where="the notary's board", others=None, checked=False, why=why),
            )
        if line not in self._lines:
            raise ProofRejected("anchor-evidence", "no such line is on your copy of the board")
        others = {noted.split(" ")[2] for noted in self._lines if noted.split(" ")[1:2] == [place]} - {digest}
        return Shown(
            time=Time(latest=time, clock="the notary", checked=True),
            uniqueness=Uniqueness(where="the notary's board", others=len(others), checked=True),
            rests_on=("Your copy of the board is the notary's, and shows what was noted until it was made.",),
        )
