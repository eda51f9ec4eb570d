"""Several users' files, checked together: each says something of its own claim, and of no other."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.tally_backend import WITH_TALLY, Tally
from polyproof import liabilities as audit
from polyproof.backend import Claim
from polyproof.errors import ArtifactError, InputError, PluginFault, ProofRejected
from polyproof.liabilities.inclusion import InclusionChecked, InclusionRejected, InclusionsVerified
from polyproof.registry import Registry
from polyproof.settings.spec import Spec

HELD = {
    "alice": (25_000_000, 100_000_000),
    "bob": (0, 12_500_000),
    "carol": (100_000_000, 0),
    "dave": (0, 0),
    "eve": (1, 7_000_000),
}


@pytest.fixture
def out(spec: Spec, registry: Registry, tmp_path: Path) -> Path:
    """Five accounts in three segments, each with its inclusion file in ``files``."""
    audit.prove(spec, tmp_path / "out", audit_id="example-1", policy=WITH_TALLY, registry=registry)
    (tmp_path / "files").mkdir()
    for user in HELD:
        audit.cut_inclusion(tmp_path / "out", user, out=tmp_path / "files" / user, registry=registry)
    return tmp_path / "out"


def _checked(out: Path, registry: Registry, *asked: tuple[str, str, tuple[int, ...]], **options: Any) -> Any:
    """Files, ids and balances, checked together."""
    claims = [(out.parent / "files" / file, _says(Claim(user, held))) for file, user, held in asked]
    return audit.verify_inclusions(claims, out / "public", registry=registry, **{"policy": WITH_TALLY, **options})


def _says(claim: Claim) -> Callable[[object], Claim]:
    return lambda published: claim


def _true(user: str) -> tuple[str, str, tuple[int, ...]]:
    return user, user, HELD[user]


def test_every_user_is_checked_and_a_segment_is_verified_once(
    out: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[int] = []
    whole = Tally.inclusion_verifier

    def counted(backend: Tally, statement: Any, totals: Any, proof: bytes) -> Any:
        verified.append(statement.segment)
        return whole(backend, statement, totals, proof)

    monkeypatch.setattr(Tally, "inclusion_verifier", counted)
    began = time.perf_counter()
    found = _checked(out, registry, *map(_true, HELD), *map(_true, HELD))
    assert 0 <= found.seconds <= time.perf_counter() - began
    assert [result.claim.user_id for result in found.included] == [*HELD, *HELD]
    assert not found.rejected
    assert sorted(verified) == [0, 1, 2]
    for result in found.included:
        assert result.verdict.sentences == ("Your account with these balances is listed.",)
        alone = audit.verify_inclusion(result.file, out, _says(result.claim), policy=WITH_TALLY, registry=registry)
        assert (alone.segment, alone.verdict) == (result.segment, result.verdict)


def test_a_file_that_is_rejected_says_nothing_about_the_others(out: Path, registry: Registry) -> None:
    (out.parent / "files" / "junk").write_bytes(b"junk" * 100)
    found: InclusionsVerified = _checked(
        out,
        registry,
        _true("alice"),
        ("bob", "bob", HELD["carol"]),
        ("alice", "bob", HELD["bob"]),
        ("junk", "carol", HELD["carol"]),
        _true("carol"),
        ("alice", "alice", (25_000_001, 100_000_000)),
        _true("alice"),
    )
    kinds = [isinstance(result, InclusionChecked) for result in found.results]
    assert kinds == [True, False, False, False, True, False, True]
    for result in found.rejected:
        assert result.error.file == str(result.file)
    assert [result.error.check for result in found.rejected] == ["tally-tag", "tally-tag", "magic", "tally-tag"]


def test_files_of_a_segment_whose_proof_is_false_are_all_rejected_and_no_others(
    out: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = {result.claim.user_id: result.segment for result in _checked(out, registry, *map(_true, HELD)).included}
    bad = segments["alice"]

    whole = Tally.inclusion_verifier

    def refuses_one(backend: Tally, statement: Any, totals: Any, proof: bytes) -> Any:
        if statement.segment == bad:
            raise ProofRejected("totals", "the proof is of other totals")
        return whole(backend, statement, totals, proof)

    monkeypatch.setattr(Tally, "inclusion_verifier", refuses_one)
    found = _checked(out, registry, *map(_true, HELD))
    assert {result.claim.user_id for result in found.rejected} == {user for user in HELD if segments[user] == bad}
    for result in found.rejected:
        assert isinstance(result, InclusionRejected)
        assert result.error.check == "totals"
        assert result.error.file == str(out / "public" / f"proof-{bad:04d}.bin"), "it is not the user's that is bad"


def test_the_policy_holds_for_each(out: Path, registry: Registry) -> None:
    for policy, check in (
        (evolve(WITH_TALLY, min_inclusion_bits=128.0), "policy-inclusion"),
        (evolve(WITH_TALLY, max_inclusion_bytes=8), "policy-inclusion-size"),
        (evolve(WITH_TALLY, max_proof_bytes=8), "policy-proof-size"),
    ):
        found = _checked(out, registry, *map(_true, HELD), policy=policy)
        assert {result.error.check for result in found.rejected} == {check}
        assert not found.included


def test_a_claim_that_no_account_can_have_is_rejected_alone(out: Path, registry: Registry) -> None:
    found = _checked(out, registry, ("alice", "alice", (-1, 0)), ("alice", "alice", (1,)), _true("alice"))
    assert [result.error.check for result in found.rejected] == ["balance-range", "balance-count"]
    assert len(found.included) == 1


def test_an_audit_that_is_not_acceptable_is_rejected_as_a_whole(out: Path, registry: Registry) -> None:
    with pytest.raises(ProofRejected) as caught:
        _checked(out, registry, _true("alice"), digest=bytes(32))
    assert caught.value.check == "publication-digest"


def test_what_is_missing_is_reported_before_anything_is_verified(
    out: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def untouched(*given: object) -> None:
        raise AssertionError("a proof was verified")

    monkeypatch.setattr(Tally, "inclusion_verifier", untouched)
    with pytest.raises(ArtifactError, match=r"nobody: no such file\n.*nothing: no such file"):
        _checked(out, registry, _true("alice"), ("nobody", "a", (0, 0)), ("nothing", "b", (0, 0)))

    def unmade(published: object) -> Claim:
        raise InputError("BTC is given twice")

    with pytest.raises(InputError, match="twice"):
        audit.verify_inclusions([(out.parent / "files" / "alice", unmade)], out, policy=WITH_TALLY, registry=registry)


@pytest.mark.parametrize("answer", [None, True, "yes"])
def test_a_backend_that_returns_nothing_to_ask_is_at_fault(
    out: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch, answer: object
) -> None:
    monkeypatch.setattr(Tally, "inclusion_verifier", lambda *given: answer)
    with pytest.raises(PluginFault, match="instead of what checks claims"):
        _checked(out, registry, _true("alice"))
