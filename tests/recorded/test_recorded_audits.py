"""Audits that earlier versions made: this version must judge each as they did, or refuse its format by its version."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from polyproof.cli import run
from recorded.verdicts import apply_edit, expected, judged, run_here

RECORDS = Path(__file__).parent


PRESENT = RECORDS / "format-2"
REFUSED = ("manifest-version", "history-version")
"""How audits of an earlier format end, whatever was changed in them and whatever is asked of them."""


def cases(*records: Path) -> list[Any]:
    return [
        pytest.param(record, case, id=f"{record.name}: {case['name']}")
        for record in records
        for case in json.loads((record / "expected.json").read_text())["cases"]
    ]


@pytest.mark.parametrize(("record", "case"), cases(PRESENT))
def test_a_recorded_audit_is_judged_as_it_was(record: Path, case: dict[str, Any], tmp_path: Path) -> None:
    assert judged(run_here, record, tmp_path / "record", case) == expected(case)


@pytest.mark.parametrize(("record", "case"), cases(RECORDS / "v0.1"))
def test_an_audit_of_an_earlier_format_is_refused_by_its_version(
    record: Path, case: dict[str, Any], tmp_path: Path
) -> None:
    found = judged(run_here, record, tmp_path / "record", case)
    assert (found["status"], found["type"]) == (1, "ProofRejected")
    assert found["check"] in REFUSED


def test_a_proof_of_format_1_is_refused_by_its_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The present record with the version of its proof set back, and every digest made to fit."""
    shutil.copytree(PRESENT, tmp_path / "record")
    public = tmp_path / "record" / "stark-blake3" / "public"
    edit = {"kind": "replace", "old": "PPSTARK\0\2", "new": "PPSTARK\0\1", "count": 1}
    bound = ["stark-blake3/public/manifest.json", "stark-blake3/public/publication.json"]
    apply_edit(tmp_path / "record", edit | {"file": "stark-blake3/public/proof-0000.bin", "rehash": bound})
    assert run(["verify", str(public), "--json"]) == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["type"], error["check"]) == ("ProofRejected", "version")
    assert "the STARK proof has format version 1, this polyproof reads 2" in error["message"]


def test_a_refusal_by_version_says_which_version_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("stark/public", "history"):
        assert run(["verify", str(RECORDS / "v0.1" / folder)]) == 1
        assert "which polyproof 0.1 reads; this polyproof reads version 2" in capsys.readouterr().err


def test_every_record_is_judged() -> None:
    assert {path.parent.name for path in RECORDS.glob("*/expected.json")} == {"format-2", "v0.1"}


def test_the_present_record_has_both_backends_and_verdicts_of_both_kinds() -> None:
    cases = json.loads((PRESENT / "expected.json").read_text())["cases"]
    backends = {json.loads(path.read_text())["backend"] for path in PRESENT.rglob("manifest.json")}
    assert backends == {"stark", "merkle-sum"}
    verdicts = {(case["arguments"][0], case["verdict"]["status"]) for case in cases}
    assert {(command, status) for command in ("verify", "verify-inclusion") for status in (0, 1)} <= verdicts


def test_a_record_that_stays_has_audits_of_every_hash_and_verdicts_of_both_kinds() -> None:
    record = RECORDS / "v0.1"
    backends, verdicts = set(), set()
    for manifest in record.rglob("manifest.json"):
        options = json.loads(manifest.read_text())["spec"]["backend"]
        backends.add((options["name"], options["hash"]))
    for case in json.loads((record / "expected.json").read_text())["cases"]:
        verdicts.add((case["arguments"][0], case["verdict"]["status"]))
    hashes = {"poseidon", "poseidon2", "rescue-prime-optimized", "blake3", "sha256", "keccak256"}
    assert {hash for name, hash in backends if name == "stark"} == hashes
    assert {name for name, _ in backends} == {"stark", "merkle-sum"}
    assert {(command, status) for command in ("verify", "verify-inclusion") for status in (0, 1)} <= verdicts
