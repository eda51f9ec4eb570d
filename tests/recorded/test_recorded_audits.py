"""Audits that earlier versions made: this version must judge each of them as they did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recorded.verdicts import expected, judged, run_here

RECORDS = Path(__file__).parent


def cases() -> list[Any]:
    return [
        pytest.param(record.parent, case, id=f"{record.parent.name}: {case['name']}")
        for record in sorted(RECORDS.glob("v*/expected.json"))
        for case in json.loads(record.read_text())["cases"]
    ]


@pytest.mark.parametrize(("record", "case"), cases())
def test_a_recorded_audit_is_judged_as_it_was(record: Path, case: dict[str, Any], tmp_path: Path) -> None:
    assert judged(run_here, record, tmp_path / "record", case) == expected(case)


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
