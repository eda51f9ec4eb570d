"""The form of the conformance vectors: what specs/vectors/README.md says of it, read and written.

A vector is a JSON object. What is tampered with is not kept as a copy: it is a base file with edits. All edits are
splices, so that a reader in any language needs a few lines for them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = [
    "FOLDER",
    "Edit",
    "Vector",
    "applied",
    "changed_from",
    "distinct",
    "file_text",
    "missing",
    "numbers",
    "read",
    "replaced_by",
    "splices",
]

FOLDER = Path(__file__).parents[1] / "specs" / "vectors"

Vector = dict[str, Any]
Edit = dict[str, Any]

_NEAR = 16
"""Changes that are so many bytes apart or fewer are one splice."""


def read(folder: Path, kind: str) -> dict[str, Any]:
    """The file of a kind: ``vectors``, and ``bases`` where there are any."""
    content: dict[str, Any] = json.loads((folder / f"{kind}.json").read_bytes())
    return content


def file_text(content: Mapping[str, Any]) -> str:
    """A file with a line for each vector and each base, so that a difference can be read."""
    parts = []
    for key, value in content.items():
        if isinstance(value, Mapping):
            lines = [f"{_line(name)}: {_line(item)}" for name, item in value.items()]
            parts.append(f"{_line(key)}: {{\n" + ",\n".join(lines) + "\n}")
        elif isinstance(value, list):
            parts.append(f"{_line(key)}: [\n" + ",\n".join(map(_line, value)) + "\n]")
        else:
            parts.append(f"{_line(key)}: {_line(value)}")
    return "{" + ",\n".join(parts) + "}\n"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def distinct(vectors: Iterable[Vector]) -> list[Vector]:
    """Those that ask something that none before them asks, whatever its name."""
    seen: dict[str, Vector] = {}
    for vector in vectors:
        seen.setdefault(json.dumps({**vector, "name": ""}, sort_keys=True), vector)
    return list(seen.values())


# Edits


def splices(file: str, before: bytes, after: bytes) -> list[Edit]:
    """The edits that make one content of a file of another: as few bytes as a simple comparison finds."""
    edits = []
    for start, removed, inserted in _differences(before, after):
        edit: Edit = {"file": file, "at": start, "remove": removed}
        if file.endswith(".json"):
            try:
                edits.append({**edit, "text": inserted.decode()})
                continue
            except UnicodeDecodeError:
                pass
        edits.append({**edit, "hex": inserted.hex()})
    return edits


def _differences(before: bytes, after: bytes) -> Iterator[tuple[int, int, bytes]]:
    if len(before) == len(after):
        places = [at for at in range(len(before)) if before[at] != after[at]]
        start = 0
        for number, at in enumerate(places, 1):
            if number == len(places) or places[number] - at > _NEAR:
                first, last = places[start], at + 1
                yield first, last - first, after[first:last]
                start = number
        return
    most = min(len(before), len(after))
    head = next((at for at in range(most) if before[at] != after[at]), most)
    tail = 0
    while tail < most - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    yield head, len(before) - head - tail, after[head : len(after) - tail]


def changed_from(base: Mapping[str, bytes], files: Mapping[str, bytes]) -> list[Edit]:
    """The edits that make some files of those of a base; a file that only the base has is left out."""
    edits: list[Edit] = []
    for name in base:
        if name not in files:
            edits.append(missing(name))
    for name, data in files.items():
        edits += splices(name, base.get(name, b""), data)
        if not data and name not in base:
            edits.append({"file": name, "at": 0, "remove": 0, "hex": ""})
    return edits


def missing(file: str) -> Edit:
    """The edit that leaves a file out."""
    return {"file": file, "missing": True}


def replaced_by(file: str, path: str) -> Edit:
    """The edit that puts a file of the vectors in place of another."""
    return {"file": file, "as": path}


def applied(folder: Path, files: Mapping[str, bytes], edits: Iterable[Edit]) -> dict[str, bytes]:
    """Files with edits, one after the other; a file that an edit names and that is not there begins empty."""
    made = dict(files)
    for edit in edits:
        name = edit["file"]
        if edit.get("missing"):
            del made[name]
        elif "as" in edit:
            made[name] = (folder / edit["as"]).read_bytes()
        else:
            before, at = made.get(name, b""), edit["at"]
            inserted = edit["text"].encode() if "text" in edit else bytes.fromhex(edit["hex"])
            made[name] = before[:at] + inserted + before[at + edit["remove"] :]
    return made


def numbers(texts: Sequence[str]) -> tuple[int, ...]:
    """Integers as the files have them: decimal."""
    return tuple(map(int, texts))
