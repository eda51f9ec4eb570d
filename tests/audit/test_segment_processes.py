"""Segments verified in several processes: the same verdicts and the same refusals as in one."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.example import ACCOUNTS, SPEC
from audit.forged import refit
from audit.tally_backend import tally_registry
from polyproof import liabilities as audit
from polyproof.errors import ProofRejected
from polyproof.liabilities import segment_processes
from polyproof.liabilities.acceptance import Judge
from polyproof.liabilities.artifacts import MANIFEST
from polyproof.model.manifest import Manifest
from polyproof.registry import default_registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof.settings.spec import load_spec


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """The public half of an audit of three segments, by a backend that is installed."""
    (tmp_path / "accounts.csv").write_text(ACCOUNTS)
    backend = "{name: merkle-sum, accounts_per_segment: 2}"
    (tmp_path / "spec.yaml").write_text(SPEC.replace("{name: tally, capacity: 2}", backend))
    audit.prove(load_spec(tmp_path / "spec.yaml", default_registry()), tmp_path / "out", policy=UNRESTRICTED)
    return tmp_path / "out" / "public"


def _with_proof(public: Path, index: int, change: Any) -> None:
    """Publish another proof in place of one, under a manifest and a record that name it."""
    manifest: Manifest = audit.open_audit(public, policy=UNRESTRICTED).manifest
    segment = manifest.segments[index]
    proof = change((public / segment.file).read_bytes())
    (public / segment.file).write_bytes(proof)
    changed = evolve(segment, size=len(proof), sha256=hashlib.sha256(proof).digest())
    segments = (*manifest.segments[:index], changed, *manifest.segments[index + 1 :])
    (public / MANIFEST).write_bytes(evolve(manifest, segments=segments).to_bytes())
    refit(public)


def test_processes_give_the_verdicts_that_one_gives(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = audit.verify(public, policy=UNRESTRICTED)

    def unasked(*given: object) -> None:
        raise AssertionError("this process was asked")

    monkeypatch.setattr(Judge, "verify", unasked)
    shared = audit.verify(public, policy=UNRESTRICTED, jobs=2)
    assert shared.verdicts == alone.verdicts
    assert len(shared.verdicts) == 3


@pytest.mark.parametrize("index", [0, 2])
def test_a_false_proof_is_refused_as_it_is_in_one_process(public: Path, index: int) -> None:
    _with_proof(public, index, lambda proof: proof[:-1] + bytes([proof[-1] ^ 1]))
    refused = []
    for jobs in (1, 2):
        with pytest.raises(ProofRejected) as caught:
            audit.verify(public, policy=UNRESTRICTED, jobs=jobs)
        refused.append((caught.value.check, caught.value.reason, caught.value.file))
    assert refused[0] == refused[1]
    assert refused[0][0] == "root"
    assert refused[0][2] == str(public / f"proof-{index:04d}.bin")


def test_the_policy_holds_in_every_process(public: Path) -> None:
    policy = evolve(UNRESTRICTED, min_binding_bits=200.0)
    for jobs in (1, 2):
        with pytest.raises(ProofRejected) as caught:
            audit.verify(public, policy=policy, jobs=jobs)
        assert caught.value.check == "policy-binding"


@pytest.mark.parametrize("left", [0, 1])
def test_what_processes_leave_is_verified_here(public: Path, monkeypatch: pytest.MonkeyPatch, left: int) -> None:
    """A process that ends, for want of memory or by a fault, makes nothing verified that was not."""
    asked: list[int] = []
    whole, verify = segment_processes.verdicts_of_processes, Judge.verify

    def broken(*given: Any) -> Any:
        yield from list(whole(*given))[:left]

    def counted(judge: Judge, statement: Any, *given: Any) -> Any:
        asked.append(statement.segment)
        return verify(judge, statement, *given)

    monkeypatch.setattr(segment_processes, "verdicts_of_processes", broken)
    monkeypatch.setattr(Judge, "verify", counted)
    assert len(audit.verify(public, policy=UNRESTRICTED, jobs=2).verdicts) == 3
    assert asked == [0, 1, 2][left:]


def test_a_process_that_cannot_begin_verifies_nothing(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = audit.open_audit(public, policy=UNRESTRICTED)
    work = [
        (opened.statement(one.index), one.totals, opened.proof(one.index), False) for one in opened.manifest.segments
    ]
    given = opened.manifest.spec, UNRESTRICTED, 1 << 20, work, 2
    assert len(list(segment_processes.verdicts_of_processes(*given))) == 3
    monkeypatch.setattr(segment_processes, "_prepare", int)
    assert list(segment_processes.verdicts_of_processes(*given)) == []


def test_with_a_registry_of_the_callers_own_the_work_stays_here(public: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes know the installed plugins, and might take another backend of the same name."""

    def unused(*given: object) -> None:
        raise AssertionError("processes were asked")

    monkeypatch.setattr(segment_processes, "verdicts_of_processes", unused)
    assert len(audit.verify(public, policy=UNRESTRICTED, registry=tally_registry(), jobs=2).verdicts) == 3
