"""Cases of a record: a command, an edit of a file that is made before it, and the verdict that polyproof gave then."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

__all__ = ["Run", "apply_edit", "judged"]

Run = Callable[[list[str], Path], tuple[int, str]]
"""Runs polyproof with arguments in a directory; its exit status and what it wrote to stdout."""

# What a later version must say again of a proof that it accepts. Not among it: times, and what is worded for people.
_KEPT = (
    "audit_id",
    "audits",
    "backend",
    "binding_term",
    "created",
    "manifest_digest",
    "non_negativity",
    "organisation",
    "pinned",
    "previous",
    "proof_bytes",
    "segments",
    "totals",
    "user",
)


def judged(run: Run, record: Path, workspace: Path, case: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on a case: the record is copied, edited as the case says, and the command run beside it."""
    shutil.copytree(record, workspace)
    if case["edit"] is not None:
        apply_edit(workspace, case["edit"])
    status, output = run([*case["arguments"], "--json"], workspace)
    found = json.loads(output)
    if "error" in found:
        error = found["error"]
        # What a policy refuses is known by its type: the refusal's own name is the policy's and not the proof's.
        names_check = error["type"] not in ("PolicyRejected", "ArtifactError")
        return {"status": status, "type": error["type"], "check": error.get("check") if names_check else None}
    bits = {"proven_bits": round(found["proven_bits"], 3)} if "proven_bits" in found else {}
    audits = [{**one, "proven_bits": round(one["proven_bits"], 3)} for one in found.get("audits", ())]
    kept = {key: found[key] for key in _KEPT if key in found}
    return {"status": status, **kept, **bits, **({"audits": audits} if audits else {})}


def apply_edit(folder: Path, edit: Mapping[str, Any]) -> None:
    """Change one file. Its ``kind`` is ``flip``, ``cut``, ``add``, ``replace``, ``copy`` or ``remove``.

    ``rehash`` names files for a forger to make fit: the first has the digest of the changed file, each further one that
    of the file before it.
    """
    path = folder / edit["file"]
    if edit["kind"] == "remove":
        path.unlink()
        return
    before = path.read_bytes()
    path.write_bytes(_changed(before, folder, edit))
    for name in edit.get("rehash", ()):
        old, new = (sha256(data).hexdigest().encode() for data in (before, path.read_bytes()))
        path = folder / name
        before = path.read_bytes()
        assert before.count(old) == 1, f"{name} holds {old!r} {before.count(old)} times"
        path.write_bytes(before.replace(old, new))


def _changed(data: bytes, folder: Path, edit: Mapping[str, Any]) -> bytes:
    match edit["kind"]:
        case "flip":
            at = edit["offset"]
            return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        case "cut":
            return data[:-1]
        case "add":
            return data + b"\0"
        case "copy":
            return (folder / edit["source"]).read_bytes()
    old = edit["old"].encode()
    assert data.count(old) == edit["count"], f"{edit['file']} holds {old!r} {data.count(old)} times"
    return data.replace(old, edit["new"].encode())
