"""Cases of a record: a command, an edit of a file that is made before it, and the verdict that polyproof gave then."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

__all__ = ["Run", "apply_edit", "expected", "judge_all", "judged", "run_here"]

Run = Callable[[list[str], Path], tuple[int, str]]
"""Runs polyproof with arguments in a directory; its exit status and what it wrote to stdout."""

# What a later version must say again of a proof that it accepts. Not among it: times, and what is worded for people.
_KEPT = (
    "audit_id",
    "audits",
    "backend",
    "created",
    "manifest_digest",
    "non_negativity",
    "organisation",
    "pinned",
    "previous",
    "proof_bytes",
    "publication_digest",
    "segments",
    "snapshot",
    "totals",
    "user",
)
_KEPT_OF_EACH = (
    "audit_id",
    "backend",
    "created",
    "met",
    "previous",
    "publication_digest",
    "short",
    "snapshot",
)
"""The same for each audit of a history."""

RENAMED = {"file-size": "proof-size", "merkle-path": "inclusion-path"}
"""Checks that have got another name since: of one refusal raised in two places, the one name that it has now."""


SUM_TREES = {
    "min_soundness_bits": "null",
    "min_soundness_2025_bits": "null",
}
"""What the default policy of version 0.1 accepted without a word and that of today refuses: Merkle sum trees, whose
proofs have binding and inclusion but no soundness."""


def renewed(case: Mapping[str, Any], workspace: Path) -> list[str]:
    """The arguments of a case, with a policy in the keys of today where 0.1's is not today's."""
    arguments = list(case["arguments"])
    keys = dict(SUM_TREES) if any(map(_holds_a_sum_tree, arguments)) else {}
    old = None
    if "--policy" in arguments:
        place = arguments.index("--policy")
        old = arguments[place + 1]
        del arguments[place : place + 2]
    if not keys and old is None:
        return arguments
    lines = (workspace / old).read_text().splitlines() if old else ["polyproof-policy: 1"]
    # Of the one figure that had no name, the one that every backend of 0.1 gives.
    text = "\n".join(lines).replace("polyproof-policy: 1", "polyproof-policy: 2")
    text = text.replace("min_proven_bits", "min_binding_bits")
    (workspace / "renewed.yaml").write_text("\n".join([text, *(f"{key}: {value}" for key, value in keys.items()), ""]))
    return [*arguments, "--policy", "renewed.yaml"]


def _holds_a_sum_tree(argument: str) -> bool:
    return argument == "history" or "merkle-sum" in argument or "history-2" in argument


def figure(found: Mapping[str, Any]) -> dict[str, Any]:
    """What 0.1 called the proven bits: soundness, or binding where there is no soundness; or bits by estimate."""
    figures: dict[str, Any] = found["figures"]
    return next(figures[name] for name in ("soundness", "binding", "estimated") if name in figures)


def expected(case: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict of a case as it was recorded, in names of today."""
    verdict = dict(case["verdict"])
    if verdict.get("check") is not None:
        verdict["check"] = RENAMED.get(verdict["check"], verdict["check"])
    return verdict


def _check(error: Mapping[str, Any]) -> str | None:
    """The check that failed: other errors have names of their own, which were not told then."""
    return error["code"] if error["type"] == "ProofRejected" else None


def judged(run: Run, record: Path, workspace: Path, case: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on a case: the record is copied, edited as the case says, and the command run beside it."""
    shutil.copytree(record, workspace)
    if case["edit"] is not None:
        apply_edit(workspace, case["edit"])
    status, output = run([*renewed(case, workspace), "--json"], workspace)
    answer = json.loads(output)
    if not answer["ok"]:
        error = answer["errors"][0]
        # What a policy refuses is known by its type: the refusal's own name is the policy's and not the proof's.
        names_check = error["type"] not in ("PolicyRejected", "ArtifactError")
        return {"status": status, "type": error["type"], "check": _check(error) if names_check else None}
    found = answer["result"]
    bits = {}
    if case["arguments"][0] == "verify" and "figures" in found:
        bits = {"proven_bits": round(figure(found)["bits"], 3), "binding_term": figure(found)["decided_by"]}
    audits = [
        {**{key: one[key] for key in _KEPT_OF_EACH}, "proven_bits": round(figure(one)["bits"], 3)}
        for one in found.get("audits", ())
    ]
    # The backend of a user's check was not told then.
    of_user = case["arguments"][0] == "verify-inclusion"
    kept = {key: found[key] for key in _KEPT if key in found and not (of_user and key == "backend")}
    return {"status": status, **kept, **bits, **({"audits": audits} if audits else {})}


def apply_edit(folder: Path, edit: Mapping[str, Any]) -> None:
    """Change one file. Its ``kind`` is ``flip``, ``cut``, ``add``, ``replace``, ``copy``, ``new`` or ``remove``.

    ``rehash`` names files for a forger to make fit: each has the digests of some of the files changed before it.
    """
    path = folder / edit["file"]
    match edit["kind"]:
        case "remove":
            path.unlink()
            return
        case "new":
            path.write_bytes(b"")
            return
    before = path.read_bytes()
    path.write_bytes(_changed(before, folder, edit))
    changed: list[tuple[bytes, bytes]] = []
    for name in edit.get("rehash", ()):
        old, new = (sha256(data).hexdigest().encode() for data in (before, path.read_bytes()))
        changed.append((old, new))
        path = folder / name
        before = path.read_bytes()
        assert old in before, f"{name} does not hold {old!r}"
        after = before
        for pair in changed:
            after = after.replace(*pair)
        path.write_bytes(after)


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


def judge_all(record: Path, workspace: Path) -> dict[str, Any]:
    """The verdicts that the polyproof of this Python gives on all cases of a record, by name."""
    cases = json.loads((record / "expected.json").read_text())["cases"]
    return {
        case["name"]: judged(run_here, record, workspace / f"case-{number}", case) for number, case in enumerate(cases)
    }


def run_here(arguments: list[str], directory: Path) -> tuple[int, str]:
    """Run polyproof in this process."""
    from polyproof.cli import run

    with contextlib.chdir(directory), contextlib.redirect_stdout(io.StringIO()) as output:
        status = run(arguments)
    return status, output.getvalue()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        print(json.dumps(judge_all(Path(sys.argv[1]), Path(temporary))))
