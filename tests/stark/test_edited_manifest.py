"""An exchange that edits the manifest of a proved audit: what the reason says, and how much a verifier does."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit.forged import edit_record, refit
from polyproof.backend import Statement
from polyproof.constraints import Graph
from polyproof.errors import ProofRejected
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities import open_audit, verify
from polyproof.model.assets import Asset
from polyproof.registry import default_registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import create_backend, spec_from_public
from polyproof.toolkit.binary import Writer
from polyproof_stark import configuration
from polyproof_stark.backend import StarkBackend
from polyproof_stark.options import StarkOptions

RECORDED = Path(__file__).parents[1] / "recorded/format-2/stark-blake3/public"


Edit = Callable[[Callable[[Any], None]], Path]


@pytest.fixture
def edited(tmp_path: Path) -> Edit:
    """The recorded audit with another manifest, which the record and every digest in it follow."""

    def edit(change: Callable[[Any], None]) -> Path:
        public = tmp_path / "public"
        shutil.rmtree(public, ignore_errors=True)
        shutil.copytree(RECORDED, public)
        manifest = json.loads((public / "manifest.json").read_bytes())
        change(manifest)
        manifest["spec_digest"] = spec_from_public(manifest["spec"], default_registry()).digest.hex()
        (public / "manifest.json").write_bytes(canonical_line(manifest))
        refit(public)
        edit_record(public, audit_id=manifest["audit_id"], previous=manifest["previous"])
        return public

    return edit


def rejected(public: Path) -> ProofRejected:
    with pytest.raises(ProofRejected) as caught:
        verify(public, policy=UNRESTRICTED)
    return caught.value


# The reason


def test_an_audit_that_is_not_edited_verifies(edited: Edit) -> None:
    verify(edited(lambda manifest: None), policy=UNRESTRICTED)


def swap(manifest: Any) -> None:
    manifest["spec"]["assets"][0]["symbol"], manifest["spec"]["assets"][1]["symbol"] = (
        manifest["spec"]["assets"][1]["symbol"],
        manifest["spec"]["assets"][0]["symbol"],
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(organisation="Another Exchange"),
        lambda manifest: manifest.update(organisation=None),
        lambda manifest: manifest.update(created="2026-11-26T02:31:00Z"),
        lambda manifest: manifest.update(snapshot="2025-11-30T00:00:00Z"),
        lambda manifest: manifest.update(audit_id="another"),
        lambda manifest: manifest.update(previous="ab" * 32),
        lambda manifest: manifest["spec"]["assets"][0].update(decimals=2),
        swap,
    ],
    ids=["organisation", "nobody", "created", "snapshot", "audit id", "previous", "decimals", "symbols"],
)
def test_after_an_edited_header_the_reason_names_the_header(edited: Edit, change: Callable[[Any], None]) -> None:
    refusal = rejected(edited(change))
    assert refusal.check == "constraint-identity"
    assert refusal.reason.startswith(
        "the proof does not belong to what is stated: it was made for another header of the manifest, other totals or "
        "other options"
    )


# The work before a proof is read

COUNT, BITS = 256, 128
COLUMNS = COUNT * BITS // 8


def wide(manifest: Any) -> None:
    """Many assets, each of many limbs."""
    manifest["spec"]["assets"] = [
        {**manifest["spec"]["assets"][0], "symbol": f"A{number}", "decimals": 0, "bits": BITS}
        for number in range(COUNT)
    ]
    manifest["totals"] = ["0"] * COUNT
    for segment in manifest["segments"]:
        segment["totals"] = ["0"] * COUNT


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done for constraints: systems compiled, expressions made."""
    done: list[str] = []
    for owner, name in ((configuration, "compile_system"), (Graph, "node")):
        original = getattr(owner, name)

        def counted(*arguments: Any, original: Any = original, name: str = name) -> Any:
            done.append(name)
            return original(*arguments)

        monkeypatch.setattr(owner, name, counted)
    return done


def test_wide_assets_cost_nothing_before_there_is_a_proof_of_their_size(edited: Edit, work: list[str]) -> None:
    public = edited(wide)
    assert work.count("compile_system") == 1
    assert len(work) > COLUMNS, "this is what a verifier is spared"
    work.clear()
    refusal = rejected(public)
    assert refusal.check == "proof-size"
    size = (public / "proof-0000.bin").stat().st_size
    assert f"no proof beside it has more than {size} bytes, and one of {COUNT} assets has at least " in refusal.reason
    assert int(refusal.reason.split()[-1]) > 8 * COLUMNS
    assert work == []


def test_a_size_that_is_only_stated_or_linked_to_does_not_count(edited: Edit, tmp_path: Path, work: list[str]) -> None:
    def lie(manifest: Any) -> None:
        wide(manifest)
        manifest["segments"][0]["bytes"] = 1 << 24

    public, large = edited(lie), tmp_path / "large"
    work.clear()
    assert rejected(public).check == "proof-size"
    proof = public / "proof-0000.bin"
    proof.unlink()
    assert rejected(public).check == "proof-missing"
    with large.open("wb") as file:
        file.truncate(1 << 24)
    proof.symlink_to(large)
    assert rejected(public).check == "proof-size"
    assert work == []


def test_each_proof_has_to_have_the_size(work: list[str]) -> None:
    """That of another segment may be long enough; a short one is refused before its constraints are compiled."""
    audit = open_audit(RECORDED, policy=UNRESTRICTED)
    proof, totals = audit.proof(0), audit.manifest.segments[0].totals
    least = audit.backend.least_proof_size(audit.spec.assets)
    assert 8 * 2 * 8 < least < len(proof)
    work.clear()
    for length in (64, least - 1):
        backend = create_backend(audit.spec, default_registry())
        with pytest.raises(ProofRejected, match=f"{length} bytes, and a proof of these assets has at least {least}"):
            backend.verify(audit.statement(0), totals, proof[:length])
    assert work == []
    audit.judge.verify(audit.statement(0), totals, proof)


def test_a_target_in_bits_needs_room_for_as_many_queries_as_any_bound_does(work: list[str]) -> None:
    """Otherwise a proof of one query's size has the constraints compiled, several times over to choose the queries."""
    assets = tuple(Asset(f"A{number}", 0, 64) for number in range(50))
    options = StarkOptions(target_bits=80, limb_bits=16, segment_rows=1 << 20, hash="blake3")
    header = Writer(b"PPSTARK\0", 2)
    header.integer(20)
    room_for_29 = 200 * (3 + 29) * 8
    proof = header.getvalue() + bytes(room_for_29)
    statement = Statement("audit", bytes(32), assets, 0, 1)
    with pytest.raises(ProofRejected, match="bytes, and a proof of these assets has at least "):
        StarkBackend(options, default_registry()).verify(statement, (0,) * 50, proof)
    assert work == []
