"""``private/destroyed.json``: that private files were destroyed on purpose, which ones and when. It reveals nothing."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from attrs import frozen

from polyproof.errors import ArtifactError, ProofRejected
from polyproof.formats.files import read_bounded, write_durably
from polyproof.formats.strict_json import BadJson, canonical_line, parse_strict
from polyproof.liabilities.artifacts import DESTROYED
from polyproof.model.names import TIME
from polyproof.model.timestamps import FORMAT as TIME_FORMAT
from polyproof.toolkit.json_object import JsonObject

__all__ = ["Mark", "read_destroyed", "write_destroyed"]

FORMAT = "polyproof/destroyed"
VERSION = 1
_MOST_BYTES = 4096


@frozen
class Mark:
    """What the file says."""

    what: str
    """``"all"``, or ``"state"``: the key and the state, but not the store."""
    when: str
    """When that began."""

    def __str__(self) -> str:
        return f"{'all of it' if self.what == 'all' else 'key and state'}, {self.when}"


def write_destroyed(private: Path, what: str) -> None:
    """Note that what is private is being destroyed: ``"all"`` of it, or ``"state"``."""
    when = datetime.now(UTC).strftime(TIME_FORMAT)
    content = {"format": FORMAT, "version": VERSION, "what": what, "when": when}
    write_durably(private / DESTROYED, canonical_line(content), private=True)


def read_destroyed(private: Path) -> Mark | None:
    """What was destroyed of a private half; None if nothing was. Raises ``ArtifactError`` for a damaged note."""
    path = private / DESTROYED
    if not os.path.lexists(path):
        return None
    try:
        found = JsonObject(parse_strict(read_bounded(path, _MOST_BYTES)))
        found.only("format", "version", "what", "when")
        if found.text("format", 100) != FORMAT or found.integer("version") != VERSION:
            raise ValueError(f"expected {FORMAT}, version {VERSION}")
        mark = Mark(found.text("what", 10), found.matching("when", TIME))
        if mark.what not in ("all", "state"):
            raise ValueError("what was destroyed is neither all nor state")
    except (ValueError, BadJson, ProofRejected) as error:
        raise ArtifactError(f"{path}: not a note of what was destroyed: {error}") from error
    return mark
