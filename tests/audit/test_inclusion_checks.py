"""Each check of one user's claim, by its name and the file that it names, on one small audit."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.forged import edit_record
from audit.tally_backend import WITH_TALLY
from doubles.refusals import Failing, refusal
from polyproof import liabilities as audit
from polyproof.backend import Claim
from polyproof.errors import PluginFault, ProofRejected
from polyproof.liabilities.artifacts import InclusionFile, read_inclusion_file
from polyproof.registry import Registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec

ALICE = Claim("alice", (25_000_000, 100_000_000))


@pytest.fixture
def out(spec: Spec, registry: Registry, tmp_path: Path) -> Path:
    """Five accounts in three segments."""
    return audit.prove(spec, tmp_path / "out", audit_id="example-1", registry=registry, policy=WITH_TALLY).directory


def test_a_user_learns_what_was_checked(out: Path, registry: Registry) -> None:
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    told = []
    began = time.perf_counter()
    found = audit.verify_inclusion(
        file, out, lambda opened: told.append(opened) or ALICE, policy=WITH_TALLY, registry=registry
    )
    assert 0 <= found.seconds <= time.perf_counter() - began
    assert found.claim == ALICE
    assert told == [found.audit]
    assert found.segment == read_inclusion_file(file, WITH_TALLY).segment
    assert found.verdict.sentences == ("Your account with these balances is listed.",)
    digest = found.audit.digest
    audit.verify_inclusion(file, out, lambda _: ALICE, policy=WITH_TALLY, registry=registry, digest=digest)
    for given, policy in ((bytes(32), WITH_TALLY), (digest, Policy())):
        with pytest.raises(ProofRejected):
            audit.verify_inclusion(file, out, lambda _: ALICE, policy=policy, registry=registry, digest=given)


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"audit_id": "example-2"}, "audit-id"),
        ({"manifest_digest": bytes(32)}, "manifest-digest"),
        ({"segment": 3}, "segment"),
        ({"segment": 2**63}, "segment"),
    ],
)
def test_a_file_of_another_audit_is_refused(out: Path, registry: Registry, changes: dict[str, Any], check: str) -> None:
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    file.write_bytes(evolve(read_inclusion_file(file, WITH_TALLY), **changes).to_bytes())

    def ask() -> object:
        return audit.verify_inclusion(file, out, lambda _: ALICE, policy=WITH_TALLY, registry=registry)

    assert refusal(ask, file) == check
    claims = [(file, lambda _: ALICE)]
    (found,) = audit.verify_inclusions(claims, out, policy=WITH_TALLY, registry=registry).rejected
    assert (found.error.check, found.error.file) == (check, str(file))


def test_a_user_needs_no_files_of_reserves(out: Path, registry: Registry) -> None:
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    edit_record(out / "public", reserves_digest="00" * 32, evidence_digest="00" * 32)
    given: dict[str, Any] = {"policy": WITH_TALLY, "registry": registry}
    assert audit.verify_inclusion(file, out, lambda _: ALICE, **given).claim == ALICE
    assert len(audit.verify_inclusions([(file, lambda _: ALICE)], out, **given).included) == 1


def test_a_fault_of_a_component_is_told_as_one(out: Path, registry: Registry) -> None:
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    given: dict[str, Any] = {"policy": WITH_TALLY, "registry": registry}
    for ask in (
        lambda: audit.verify_inclusion(file, out, Failing().fail, **given),
        lambda: audit.verify_inclusions([(file, Failing().fail)], out, **given),
    ):
        with pytest.raises(PluginFault, match="hashlib"):
            ask()


def test_a_file_serves_its_segment_its_user_and_all_the_balances(out: Path, registry: Registry) -> None:
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    inclusion: InclusionFile = read_inclusion_file(file, WITH_TALLY)

    def ask(claim: Claim) -> object:
        return audit.verify_inclusion(file, out, lambda _: claim, policy=WITH_TALLY, registry=registry)

    for claim in (Claim("bob", ALICE.balances), Claim("alice", (25_000_000, 100_000_001))):
        assert refusal(lambda given=claim: ask(given), file) == "tally-tag"  # type: ignore[misc]
    file.write_bytes(evolve(inclusion, segment=(inclusion.segment + 1) % 3).to_bytes())
    assert refusal(lambda: ask(ALICE), file) == "tally-tag"
