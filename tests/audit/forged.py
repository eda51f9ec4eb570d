"""Records as a dishonest organisation writes them: they name whatever lies beside them."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

from polyproof.formats.strict_json import canonical_line

__all__ = ["edit_record", "refit"]


def refit(public: Path) -> str:
    """Write the record of a public half again, so that it names its files as they are now; the publication digest."""
    record = json.loads((public / "publication.json").read_bytes())
    for key, name in (
        ("manifest_digest", "manifest.json"),
        ("reserves_digest", "reserves.json"),
        ("evidence_digest", "reserves-evidence.jsonl"),
    ):
        path = public / name
        record[key] = sha256(path.read_bytes()).hexdigest() if path.exists() else None
    return write(public, record)


def edit_record(public: Path, **changes: Any) -> str:
    """Write the record with other values; the publication digest."""
    return write(public, {**json.loads((public / "publication.json").read_bytes()), **changes})


def write(public: Path, record: dict[str, Any]) -> str:
    """Write a record in canonical form; its digest."""
    data = canonical_line(record)
    (public / "publication.json").write_bytes(data)
    return sha256(data).hexdigest()
