"""The conformance vectors of specs/vectors: the verifier in Python says of each what it says.

The default run takes some of the kinds that are many, evenly spread; ``tox -e exhaustive`` takes all.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import vectors
from polyproof.backend import Statement
from polyproof.model.assets import Asset
from references import stark_verifier as slow
from stark.both_verifiers import Case, InclusionCase
from vector_files import FOLDER, applied, changed_from, read, splices

EVERY = {"hashes": 1, "merkle": 1, "transcript": 3, "segments": 16, "audits": 12, "histories": 4}
"""Of so many vectors one is judged in the default run."""


@pytest.mark.parametrize("kind", EVERY)
def test_verdicts_of_the_vectors_come_out(kind: str) -> None:
    assert list(vectors.differing(kind, every=EVERY[kind])) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", EVERY)
def test_all_verdicts_of_the_vectors_come_out(kind: str) -> None:
    assert list(vectors.differing(kind)) == []


def test_a_verdict_that_is_another_is_told(tmp_path: Path) -> None:
    content = read(FOLDER, "merkle")
    content["vectors"][0]["check"] = "merkle-root"
    (tmp_path / "merkle.json").write_text(json.dumps(content))
    (told,) = vectors.differing("merkle", tmp_path)
    assert "the vector says {'verdict': 'accepted', 'check': 'merkle-root'}" in told


def test_edits_make_of_one_content_the_other() -> None:
    before = {"a": bytes(range(100)), "b.json": b'{"x":1,"y":2}', "c": b"gone", "d": b""}
    for after in (
        {"a": bytes(100), "b.json": b'{"x":2,"y":2}', "d": b""},
        {"a": b"", "b.json": b'{"x":1,"z":3,"y":2}', "c": b"gone", "new": b"", "d": b"d"},
        {"a": bytes(range(50)) + b"!" + bytes(range(50, 100)), "b.json": b"\xff", "c": b"ggone", "d": b""},
        before,
    ):
        assert applied(FOLDER, before, changed_from(before, after)) == after
    assert splices("a", b"same", b"same") == []


# The vectors as a whole

KINDS = {kind: read(FOLDER, kind) for kind in vectors.KINDS}


def test_vectors_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 2_500_000


def test_every_file_of_the_folder_belongs_to_a_base() -> None:
    named = {f"{kind}.json" for kind in KINDS} | {"README.md", "figures.json", "systems.json"}
    for base in KINDS["segments"]["bases"].values():
        named |= {base["proof"], *(one["payload"] for one in base["inclusions"].values())}
    for kind in ("audits", "histories"):
        for base in KINDS[kind]["bases"].values():
            named |= {f"{base['folder']}/{name}" for name in base["files"]}
            named |= {one["file"] for one in base.get("inclusions", {}).values()}
    assert {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()} == named


@pytest.mark.parametrize("kind", KINDS)
def test_no_two_vectors_are_the_same_and_each_has_a_name(kind: str) -> None:
    names = Counter((one.get("base"), one.get("inclusion"), one["name"]) for one in KINDS[kind]["vectors"])
    contents = Counter(json.dumps({**one, "name": ""}, sort_keys=True) for one in KINDS[kind]["vectors"])
    assert [name for name, count in names.items() if count > 1] == []
    assert [content for content, count in contents.items() if count > 1] == []


def test_every_hash_and_field_and_backend_is_among_them() -> None:
    stated = [base["statement"]["backend"] for base in KINDS["segments"]["bases"].values()]
    trees = {one["hash"] for one in stated if one["name"] == "merkle-sum"}
    starks = {(one["field"], one["hash"]) for one in stated if one["name"] == "stark"}
    hashes = {one["hash"] for one in KINDS["hashes"]["vectors"]}
    assert trees == hashes
    assert {hash for field, hash in starks if field == "babybear"} == hashes
    assert {hash for field, hash in starks if field == "goldilocks"} == hashes - {"poseidon2-babybear"}
    backends = {
        json.loads((FOLDER / base["folder"] / "manifest.json").read_text())["backend"]
        for base in KINDS["audits"]["bases"].values()
    }
    assert backends == {"stark", "merkle-sum", "grand-sum"}


def test_the_readme_says_how_many_vectors_there_are() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    told = {
        kind: int(count) for kind, count in re.findall(r"^\| `(\w+)\.json` \|.*\| ([0-9]+) \|$", text, re.MULTILINE)
    }
    lists = {
        kind: len(json.loads((FOLDER / f"{kind}.json").read_text(encoding="utf-8"))) for kind in ("figures", "systems")
    }
    assert told == {kind: len(content["vectors"]) for kind, content in KINDS.items()} | lists


# The slow verifier, which is written from the protocol page as well


def case_of(vector: dict[str, Any]) -> Case:
    base = KINDS["segments"]["bases"][vector["base"]]
    stated = {**base["statement"], **vector.get("statement", {})}
    options = {key: value for key, value in stated["backend"].items() if key in slow.Options.__dataclass_fields__}
    own = base["inclusions"].get(vector.get("inclusion"))
    files = {"proof.bin": (FOLDER / base["proof"]).read_bytes()}
    if own is not None:
        files["payload.bin"] = (FOLDER / own["payload"]).read_bytes()
    files = applied(FOLDER, files, vector.get("edits", ()))
    statement = Statement(
        stated["audit_id"],
        bytes.fromhex(stated["context"]),
        tuple(Asset(one["symbol"], one["decimals"], one["bits"]) for one in stated["assets"]),
        int(stated["segment"]),
        int(stated["segments"]),
    )
    totals = tuple(map(int, vector.get("totals", base["totals"])))
    if own is None:
        return Case(options, statement, totals, files["proof.bin"])
    balances = tuple(map(int, vector.get("balances", own["balances"])))
    user = vector.get("user", own["user"])
    return InclusionCase(options, statement, totals, files["proof.bin"], user, balances, files["payload.bin"])


def cases(every: int) -> list[dict[str, Any]]:
    """Those of a STARK of accounts without debts: all cheats, what is accepted under one hash, some of the others.

    ``tests/margin`` has both verifiers judge accounts with debts.
    """
    starks = [one for one in KINDS["segments"]["vectors"] if not one["base"].startswith(("merkle-sum", "margin"))]
    told = [
        one
        for one in starks
        if "cheat" in one["base"] or (one["verdict"] == "accepted" and one["base"] == "stark-goldilocks-blake3")
    ]
    return [*told, *[one for one in starks if one not in told][::every]]


@pytest.mark.parametrize("every", [150, pytest.param(1, marks=pytest.mark.slow)])
def test_the_slow_verifier_accepts_and_rejects_the_same(every: int) -> None:
    wrong = [one["name"] for one in cases(every) if (case_of(one).slow() is None) != (one["verdict"] == "accepted")]
    assert wrong == []
