"""What every anchor must do, and what a board can show that a time stamp cannot."""

from pathlib import Path

import pytest
from polyproof_noticeboard import Board, BoardOptions

from polyproof.registry import default_registry
from polyproof.testing.anchor import SUBJECTS, AnchorSuite

TIME = "2025-11-30T12:00:00Z"


def line(subject):
    """What the notary writes."""
    return f"{TIME} {subject.place.hex()} {subject.digest.hex()}"


def board(folder, *lines):
    """An anchor with a copy of a board of these lines."""
    (folder / "board.txt").write_text("".join(f"{each}\n" for each in lines))
    made = Board(BoardOptions(board=Path("board.txt")), default_registry())
    made.open(folder)
    return made


class TestBoard(AnchorSuite):
    """The conformance suite."""

    @pytest.fixture
    def noted(self):
        """A line about each record."""
        return {subject: line(subject).encode() for subject in SUBJECTS}

    @pytest.fixture
    def anchor(self, tmp_path):
        """A copy of the board."""
        return board(tmp_path, *(line(subject) for subject in SUBJECTS))


def test_another_record_of_the_same_place_is_seen(tmp_path):
    """The notary notes whatever an organisation brings; two records for one place are there for all to see."""
    subject = SUBJECTS[0]
    fork = f"{TIME} {subject.place.hex()} {'ab' * 32}"
    found = board(tmp_path, line(subject), fork).check(subject, line(subject).encode()).uniqueness
    assert (found.checked, found.others) == (True, 1)
    assert board(tmp_path, line(subject)).check(subject, line(subject).encode()).uniqueness.others == 0
