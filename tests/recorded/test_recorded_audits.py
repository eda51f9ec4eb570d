"""Audits that earlier versions made: this version must judge each as they did, or refuse its format by its version."""

from __future__ import annotations

import contextlib
import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.forged import refit
from polyproof.cli import run
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities.artifacts import InclusionFile
from polyproof.settings.policy import UNRESTRICTED
from recorded.verdicts import expected, judged, run_here

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


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    """A copy of the recorded STARK."""
    return shutil.copytree(PRESENT / "stark-blake3", tmp_path / "stark-blake3")


def test_a_proof_of_an_earlier_format_is_refused_by_its_version(
    audit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that 0.1 made, in an audit of today that names it."""
    public, older = audit / "public", RECORDS / "v0.1" / "stark-blake3" / "public" / "proof-0000.bin"
    shutil.copy(older, public / "proof-0000.bin")
    manifest = json.loads((public / "manifest.json").read_bytes())
    data = older.read_bytes()
    manifest["segments"][0] |= {"bytes": len(data), "sha256": sha256(data).hexdigest()}
    (public / "manifest.json").write_bytes(canonical_line(manifest))
    refit(public)
    assert run(["verify", str(public)]) == 1
    told = capsys.readouterr().err
    assert "the STARK proof has format version 1, this polyproof reads 2" in told
    assert "[version]" in told


def test_an_inclusion_file_of_an_earlier_format_is_refused_by_its_version(
    audit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The payload that 0.1 made, in a file of today's audit."""
    path = audit / "inclusion.polyproof"
    older = (RECORDS / "v0.1" / "stark-blake3" / "inclusion.polyproof").read_bytes()
    made = InclusionFile.parse(path.read_bytes(), UNRESTRICTED)
    path.write_bytes(evolve(made, inclusion=InclusionFile.parse(older, UNRESTRICTED).inclusion).to_bytes())
    cases = json.loads((PRESENT / "expected.json").read_text())["cases"]
    own = next(case["arguments"] for case in cases if case["name"] == "stark-blake3 includes its user")
    with contextlib.chdir(audit.parent):
        assert run(own) == 1
    told = capsys.readouterr().err
    assert "the inclusion proof has format version 1, this polyproof reads 2" in told
    assert "[version]" in told


def test_a_refusal_by_version_says_which_version_reads_it(capsys: pytest.CaptureFixture[str]) -> None:
    for folder in ("stark/public", "history"):
        assert run(["verify", str(RECORDS / "v0.1" / folder)]) == 1
        assert "which polyproof 0.1 reads; this polyproof reads version 2" in capsys.readouterr().err


def test_every_record_is_judged() -> None:
    assert {path.parent.name for path in RECORDS.glob("*/expected.json")} == {"format-2", "v0.1"}


@pytest.mark.parametrize(("record", "others"), [("v0.1", {"merkle-sum"}), ("format-2", {"merkle-sum", "grand-sum"})])
def test_a_record_has_audits_of_every_backend_and_hash_and_verdicts_of_both_kinds(
    record: str, others: set[str]
) -> None:
    backends, verdicts = set(), set()
    for manifest in (RECORDS / record).rglob("manifest.json"):
        options = json.loads(manifest.read_text())["spec"]["backend"]
        backends.add((options["name"], options["hash"]))
    for case in json.loads((RECORDS / record / "expected.json").read_text())["cases"]:
        verdicts.add((case["arguments"][0], case["verdict"]["status"]))
    hashes = {"poseidon", "poseidon2", "rescue-prime-optimized", "blake3", "sha256", "keccak256"}
    if record == "format-2":
        hashes.add("poseidon2-babybear")
    assert {hash for name, hash in backends if name == "stark"} == hashes
    assert {name for name, _ in backends} == {"stark", *others}
    assert {(command, status) for command in ("verify", "verify-inclusion") for status in (0, 1)} <= verdicts
