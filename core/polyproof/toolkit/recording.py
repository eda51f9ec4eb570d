"""What balance providers answered, in a file, so that it can be replayed without asking again.

A file of lines, each a JSON object in canonical form; the first names the format. Each of the others is an answer from
a chain at its block: what an address held, or who controls it. The file contains neither a URL nor an access key.
Questions that failed are left out: when replayed, they count as not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from attrs import frozen

from polyproof.balances import Pin, Question
from polyproof.errors import ArtifactError, InputError, Location, Problem
from polyproof.formats.files import write_durably
from polyproof.formats.strict_json import canonical, parse_strict
from polyproof.model.holdings import LONGEST_ADDRESS, amount_text
from polyproof.ownership import AccountControl
from polyproof.toolkit.json_object import JsonObject, parse_control, write_control

__all__ = ["Answered", "Recording", "read_recording", "write_recording"]

_HEADER = canonical({"polyproof-balances": 1})
_MOST_BYTES = 1 << 30
_LONGEST_LINE = 1 << 20


@frozen
class Answered:
    """What was answered about one account."""

    question: Question
    held: int | None
    """Units of 10^−36; None: not checked, and so not recorded."""
    control: AccountControl | None
    """None: not known, and so not recorded."""


def write_recording(path: Path, pins: Sequence[Pin], answers: Iterable[Answered]) -> None:
    """Write answers to a new file: those of each chain at its pin, in the order given. Other chains are left out.

    Raises ``ArtifactError`` if the file exists.
    """
    if path.exists():
        raise ArtifactError(f"{path} already exists and is not overwritten")
    write_durably(path, b"".join(line + b"\n" for line in _lines(answers, {pin.chain: pin for pin in pins})))


def _lines(answers: Iterable[Answered], pins: dict[str, Pin]) -> Iterator[bytes]:
    yield _HEADER
    for one in answers:
        pin, question = pins.get(one.question.chain), one.question
        if pin is None:
            continue
        record = {"chain": pin.chain, "height": pin.height, "block": pin.block, "address": question.address}
        if one.held is not None:
            asset = {"asset": question.asset, "token": question.token}
            yield canonical({**record, **asset, "held": amount_text(one.held)})
        if one.control is not None:
            yield canonical({**record, "control": write_control(one.control)})


@frozen
class Recording:
    """A recording that was read: answers by question."""

    blocks: dict[str, tuple[int, str]]
    """Height and hash by chain: all answers of a chain are for one block."""
    held: dict[Question, int]
    """Units of 10^−36."""
    controls: dict[tuple[str, str], AccountControl]
    """By chain and address."""


def read_recording(path: Path) -> Recording:
    """Read a recording. Raises ``InputError`` that says what is wrong, and on which line."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror or error}") from error
    if len(data) > _MOST_BYTES:
        raise InputError(f"{path}: larger than {_MOST_BYTES} bytes")
    recording = Recording({}, {}, {})
    for number, line in enumerate(data.split(b"\n"), 1):
        try:
            if number == 1:
                if line != _HEADER:
                    raise ValueError(f"it does not begin with {_HEADER.decode()}")
            elif line:
                _take(recording, line)
        except ValueError as error:
            raise InputError(Problem(str(error), Location(str(path), number))) from error
    return recording


def _take(recording: Recording, line: bytes) -> None:
    if len(line) > _LONGEST_LINE:
        raise ValueError(f"the line has {len(line)} bytes, more than the {_LONGEST_LINE} allowed")
    record = JsonObject(parse_strict(line))
    chain, address = record.printable("chain", 200), record.printable("address", LONGEST_ADDRESS)
    block = record.printable("block", 128)
    height = record.whole("height")
    if height is None:
        raise ValueError("height is missing")
    if recording.blocks.setdefault(chain, (height, block)) != (height, block):
        raise ValueError(f"{chain} has answers of two blocks")
    control = record.inner("control")
    if control is not None:
        record.only("chain", "height", "block", "address", "control")
        found = parse_control(control)
        if recording.controls.setdefault((chain, address), found) != found:
            raise ValueError(f"two answers about who controls {address[:100]}")
        return
    record.only("chain", "height", "block", "address", "asset", "token", "held")
    question = Question(record.text("asset", 100), chain, address, record.text("token", 100))
    held = record.amount("held")
    if recording.held.setdefault(question, held) != held:
        raise ValueError(f"two answers about what {address[:100]} held")
