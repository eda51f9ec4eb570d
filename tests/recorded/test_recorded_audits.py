"""Audits that earlier versions made: this version must judge each of them as they did."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import pytest

from polyproof.cli import run
from recorded.verdicts import judged

RECORDS = Path(__file__).parent
RENAMED = {"file-size": "proof-size"}
"""Checks that have got another name since: of one refusal raised in two places, the one name that it has now."""


def cases() -> list[Any]:
    return [
        pytest.param(record.parent, case, id=f"{record.parent.name}: {case['name']}")
        for record in sorted(RECORDS.glob("v*/expected.json"))
        for case in json.loads(record.read_text())["cases"]
    ]


def polyproof(arguments: list[str], directory: Path) -> tuple[int, str]:
    with contextlib.chdir(directory), contextlib.redirect_stdout(io.StringIO()) as output:
        status = run(arguments)
    return status, output.getvalue()


@pytest.mark.parametrize(("record", "case"), cases())
def test_a_recorded_audit_is_judged_as_it_was(record: Path, case: dict[str, Any], tmp_path: Path) -> None:
    expected = dict(case["verdict"])
    if "check" in expected:
        expected["check"] = RENAMED.get(expected["check"], expected["check"])
    assert judged(polyproof, record, tmp_path / "record", case) == expected


def test_a_record_has_audits_of_every_hash_and_verdicts_of_both_kinds() -> None:
    backends, verdicts = set(), set()
    record = RECORDS / "v0.1"
    for manifest in record.rglob("manifest.json"):
        options = json.loads(manifest.read_text())["spec"]["backend"]
        backends.add((options["name"], options["hash"]))
    for case in json.loads((record / "expected.json").read_text())["cases"]:
        verdicts.add((case["arguments"][0], case["verdict"]["status"]))
    hashes = {"poseidon", "poseidon2", "rescue-prime-optimized", "blake3", "sha256", "keccak256"}
    assert {hash for name, hash in backends if name == "stark"} == hashes
    assert {name for name, _ in backends} == {"stark", "merkle-sum"}
    assert {(command, status) for command in ("verify", "verify-inclusion") for status in (0, 1)} <= verdicts
