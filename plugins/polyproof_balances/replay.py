"""Answers that another provider gave about the same block, replayed from a recording."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from attrs import evolve, frozen

from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Lack, Pin, Question
from polyproof.config.options import option
from polyproof.progress import Progress
from polyproof.toolkit.recording import Recording, read_recording

__all__ = ["Replay", "ReplayOptions"]


@frozen(kw_only=True)
class ReplayOptions:
    """Which recording."""

    path: Path = option(doc="The file that `polyproof reserves --record` wrote, relative to the spec file.")


class Replay(BalanceProvider):
    """Reads one recording."""

    name: ClassVar[str] = "replay"
    Options = ReplayOptions
    asks: ClassVar[bool] = False
    options: ReplayOptions

    def open(self, base: Path) -> None:
        """Read the recording. Raises ``InputError``."""
        self._recording: Recording = read_recording(base / self.options.path)

    def serves(self, question: Question) -> bool:
        """Whether anything about the chain was recorded."""
        return question.chain in self._recording.blocks

    def controls_chain(self, chain: str) -> bool:
        """Whether anything about the chain was recorded."""
        return chain in self._recording.blocks

    def _of_another_block(self, pin: Pin) -> str:
        height, block = self._recording.blocks[pin.chain]
        if height == pin.height and block.lower() == pin.block.lower():
            return ""
        return f"recorded at block {height} {block[:80]}, not at the snapshot's"

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        """Look each question up."""
        wrong = self._of_another_block(pin)
        source = f"recorded at block {pin.block}"
        answers = []
        for question in questions:
            held = None if wrong else self._recording.held.get(question)
            lack = Lack.OTHER_BLOCK if wrong else Lack.UNANSWERED
            answers.append(Answer(held, source, "" if held is not None else wrong or "not recorded", lack))
        return answers

    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        """Look each question up."""
        wrong = self._of_another_block(pin)
        answers = []
        for question in questions:
            found = None if wrong else self._recording.controls.get((pin.chain, question.claim.address))
            if found is not None:
                found = evolve(found, source=found.source.removeprefix("recorded: ")[:900])
                found = evolve(found, source=f"recorded: {found.source}")
            answers.append(ControlAnswer(found, wrong))
        return answers
