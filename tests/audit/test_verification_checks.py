"""Each check of an audit, by its name and the file that it names, on one small audit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.example import TOTALS
from audit.faulty_backends import CredulousOptions, Inner
from audit.forged import edit_record, refit
from audit.tally_backend import WITH_TALLY, Tally, tally_registry
from doubles.refusals import Failing, refusal
from polyproof import liabilities as audit
from polyproof.backend import Statement, Verdict
from polyproof.errors import PluginFault, PolicyRejected, ProofRejected
from polyproof.hookspecs import hookimpl
from polyproof.liabilities import segment_processes, verification
from polyproof.liabilities.acceptance import Judge
from polyproof.liabilities.record import open_publication
from polyproof.liabilities.verification import AuditVerified
from polyproof.model.manifest import Manifest
from polyproof.progress import Progress, Task
from polyproof.registry import Registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec, spec_from_public


@pytest.fixture
def out(spec: Spec, registry: Registry, tmp_path: Path) -> Path:
    """Five accounts in three segments."""
    return audit.prove(spec, tmp_path / "out", audit_id="example-1", registry=registry, policy=WITH_TALLY).directory


@pytest.fixture
def verify(out: Path, registry: Registry) -> Callable[..., AuditVerified]:
    def run(policy: Policy = WITH_TALLY, **more: Any) -> AuditVerified:
        return audit.verify(out, policy=policy, registry=registry, **more)

    return run


Verify = Callable[..., AuditVerified]


class Counted(Progress):
    """Remembers each piece of work: its title, and how much of how much was done."""

    def __init__(self) -> None:
        self.done: list[tuple[str, int | None, int]] = []

    @contextmanager
    def task(self, title: str, total: int | None = None) -> Iterator[Task]:
        task = Steps()
        yield task
        self.done.append((title, total, task.steps))


class Steps(Task):
    steps = 0

    def advance(self, steps: int = 1) -> None:
        self.steps += steps


def rewrite(out: Path, change: Callable[[Manifest], Manifest], registry: Registry) -> None:
    """A changed manifest, and a record that names it."""
    manifest = audit.open_audit(out, policy=WITH_TALLY, registry=registry).manifest
    (out / "public/manifest.json").write_bytes(change(manifest).to_bytes())
    refit(out / "public")


def test_what_is_verified_is_what_is_told(out: Path, verify: Verify) -> None:
    (out / "public/README").touch()
    began = time.perf_counter()
    found = verify()
    assert 0 <= found.seconds <= time.perf_counter() - began
    assert found.totals == TOTALS
    assert len(found.verdicts) == 3
    assert found.warnings == ()
    opened = found.audit
    assert opened.public == out / "public"
    assert opened.unlisted == ("README",)
    assert opened.digest == sha256((out / "public/publication.json").read_bytes()).digest()
    assert opened.policy == WITH_TALLY
    assert isinstance(opened.backend, Tally)
    assert found.security == opened.security() == opened.backend.security(opened.spec.assets)
    statement = opened.statement(1)
    assert (statement.audit_id, statement.segment, statement.segments) == ("example-1", 1, 3)
    assert (statement.context, statement.assets) == (opened.manifest.context, tuple(opened.spec.assets))


def test_components_are_named_by_kind_each_once(registry: Registry, out: Path) -> None:
    opened = audit.open_audit(out, policy=WITH_TALLY, registry=registry)
    assert opened.components == {}
    more = (Inner(hash="blake3"), Inner(hash="sha256"), Inner(hash="blake3"))
    options = CredulousOptions(inner=Inner(hash="sha256"), more=more)
    named = evolve(opened, spec=evolve(opened.spec, backend=evolve(opened.spec.backend, options=options)))
    assert named.components == {"field": ("goldilocks",), "hash": ("sha256", "blake3")}
    assert list(named.components) == ["field", "hash"]


# The manifest, under a record that names it


def test_an_audit_that_is_dated_in_the_future_is_refused(out: Path, verify: Verify, registry: Registry) -> None:
    rewrite(out, lambda found: evolve(found, created="2099-01-01T00:00:00Z"), registry)
    assert refusal(verify, out / "public/manifest.json") == "manifest-time"


@pytest.mark.parametrize("stated", ["tally", None, ["tally"], {"name": "merkle-sum"}, {"capacity": 2}])
def test_a_spec_of_another_backend_than_the_manifest_names_is_refused(
    out: Path, verify: Verify, registry: Registry, stated: object
) -> None:
    rewrite(out, lambda found: evolve(found, spec={**found.spec, "backend": stated}), registry)
    assert refusal(verify, out / "public/manifest.json") == "manifest-backend"


def test_the_policy_is_asked_before_the_spec_is_read(out: Path, verify: Verify, registry: Registry) -> None:
    path = out / "public/manifest.json"
    many = [{"symbol": f"A{number}", "decimals": 0, "bits": 8} for number in range(8)]
    rewrite(out, lambda found: evolve(found, spec={**found.spec, "assets": many, "rule": "none such"}), registry)
    assert refusal(lambda: verify(evolve(WITH_TALLY, max_assets=7)), path) == "policy-assets"
    assert refusal(lambda: verify(evolve(WITH_TALLY, max_assets=8)), path) not in ("policy-assets", "spec-digest")
    assert refusal(lambda: verify(Policy()), path) == "policy-backend"
    assert refusal(lambda: verify(evolve(WITH_TALLY, reserves_required=True)), path) == "policy-reserves-required"


@pytest.mark.parametrize("assets", [None, {}, "BTC", 7])
def test_assets_that_are_no_list_are_refused(out: Path, verify: Verify, registry: Registry, assets: object) -> None:
    rewrite(out, lambda found: evolve(found, spec={**found.spec, "assets": assets}), registry)
    assert refusal(verify, out / "public/manifest.json")


def test_a_spec_of_another_digest_is_refused(out: Path, verify: Verify, registry: Registry) -> None:
    rewrite(out, lambda found: evolve(found, spec_digest=bytes(32)), registry)
    assert refusal(verify, out / "public/manifest.json") == "spec-digest"


@pytest.mark.parametrize("change", [lambda totals: totals[:1], lambda totals: (*totals, 0)], ids=["fewer", "more"])
def test_another_number_of_totals_than_of_assets_is_refused(
    out: Path, verify: Verify, registry: Registry, change: Callable[[tuple[int, ...]], tuple[int, ...]]
) -> None:
    def changed(found: Manifest) -> Manifest:
        return evolve(found, segments=tuple(evolve(one, totals=change(one.totals)) for one in found.segments))

    rewrite(out, changed, registry)
    assert refusal(verify, out / "public/manifest.json") == "manifest-totals"


def test_the_digest_that_the_caller_knows_binds_what_is_opened(verify: Verify) -> None:
    digest = verify().audit.digest
    assert verify(digest=digest).audit.digest == digest
    assert refusal(lambda: verify(digest=bytes(32))) == "publication-digest"


def test_what_the_caller_has_opened_is_not_opened_again_and_is_held_to_the_digest_all_the_same(
    out: Path, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_publication(out, WITH_TALLY)
    monkeypatch.setattr(verification, "open_publication", Failing().fail)
    for digest in (None, opened.digest):
        assert verify(published=opened, digest=digest).audit.record is opened.record
    path = out / "public/publication.json"
    assert refusal(lambda: verify(published=opened, digest=bytes(32)), path) == "publication-digest"


def test_a_policy_that_requires_reserves_accepts_an_audit_that_has_some(
    out: Path, verify: Verify, registry: Registry
) -> None:
    required = evolve(WITH_TALLY, reserves_required=True)
    digests = {}
    for key, name in (("reserves_digest", "reserves.json"), ("evidence_digest", "reserves-evidence.jsonl")):
        (out / "public" / name).write_bytes(name.encode())
        digests[key] = sha256(name.encode()).hexdigest()
    assert refusal(lambda: verify(required)) == "unlisted"
    edit_record(out / "public", **digests)
    assert verify(required).audit.record.reserves_digest == digests["reserves_digest"]


def test_who_verifies_an_audit_needs_the_files_of_its_reserves(out: Path, verify: Verify, registry: Registry) -> None:
    edit_record(out / "public", reserves_digest="00" * 32, evidence_digest="00" * 32)
    for ask in (verify, lambda: audit.open_audit(out, policy=WITH_TALLY, registry=registry)):
        assert refusal(ask, out / "public/reserves.json") == "publication-missing"


# Proofs


@pytest.mark.parametrize("segment", [0, 2])
def test_a_proof_that_differs_is_refused_by_name(out: Path, verify: Verify, segment: int) -> None:
    path = out / f"public/proof-000{segment}.bin"
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    assert refusal(verify, path) == "proof-size"
    path.write_bytes(data + b"x")
    assert refusal(verify, path) == "proof-size"
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert refusal(verify, path) == "proof-digest"
    path.unlink()
    assert refusal(verify, path) == "proof-missing"
    path.symlink_to("/nowhere")
    assert refusal(verify, path) == "file-kind"


def test_a_proof_that_does_not_verify_is_refused_by_name(out: Path, verify: Verify, registry: Registry) -> None:
    path = out / "public/proof-0001.bin"
    original = path.read_bytes()
    data = original[:-1] + bytes([original[-1] ^ 1])
    path.write_bytes(data)

    def changed(found: Manifest) -> Manifest:
        segments = list(found.segments)
        segments[1] = evolve(segments[1], sha256=sha256(data).digest())
        return evolve(found, segments=tuple(segments))

    rewrite(out, changed, registry)
    assert refusal(verify, path) == "tally-checksum"


def test_a_proof_that_is_too_large_for_the_policy_is_not_read(out: Path, verify: Verify) -> None:
    sizes = [path.stat().st_size for path in sorted((out / "public").glob("proof-*.bin"))]
    verify(evolve(WITH_TALLY, max_proof_bytes=max(sizes)))
    (out / "public/proof-0000.bin").unlink()
    few = evolve(WITH_TALLY, max_proof_bytes=sizes[0] - 1)
    assert refusal(lambda: verify(few), out / "public/proof-0000.bin") == "policy-proof-size"


def test_a_report_on_proofs_names_the_one_that_cannot_be_read(
    out: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = audit.open_audit(out, policy=WITH_TALLY, registry=registry)

    def refuse(*_: object) -> None:
        raise ProofRejected("unreadable", "no")

    monkeypatch.setattr(Tally, "security_of", refuse)
    assert refusal(opened.security, out / "public/proof-0000.bin") == "unreadable"


# What is asked of the machine


def test_the_largest_proof_that_is_there_bounds_what_a_spec_may_ask_for(
    out: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A spec whose proof would be larger is refused before anything is built for it."""
    bounds: list[int] = []

    def reading(*given: Any, largest_proof: int) -> Any:
        bounds.append(largest_proof)
        return spec_from_public(*given, largest_proof=largest_proof)

    monkeypatch.setattr(verification, "spec_from_public", reading)
    for path in sorted((out / "public").glob("proof-*.bin"), key=lambda path: path.stat().st_size, reverse=True):
        audit.open_audit(out, policy=WITH_TALLY, registry=registry)
        assert bounds.pop() == path.stat().st_size
        path.unlink()
    with pytest.raises(ProofRejected, match="none of the proofs that it lists is there") as rejected:
        audit.open_audit(out, policy=WITH_TALLY, registry=registry)
    assert (rejected.value.check, bounds) == ("proof-missing", [])


@pytest.mark.parametrize(("jobs", "processes"), [(None, None), (1, None), (2, 2), (9, 3)])
def test_processes_are_started_only_where_two_segments_can_be_shared(
    out: Path,
    verify: Verify,
    registry: Registry,
    monkeypatch: pytest.MonkeyPatch,
    jobs: int | None,
    processes: int | None,
) -> None:
    started: list[tuple[int, int]] = []
    asked: list[int] = []
    backend = audit.open_audit(out, policy=WITH_TALLY, registry=registry).backend
    whole = Judge.verify

    def shared(spec: object, policy: object, largest: int, work: Any, count: int) -> Iterator[Verdict]:
        started.append((largest, count))
        for statement, totals, *_ in work:
            yield Verdict(totals, backend.security(statement.assets))

    def here(judge: Judge, statement: Statement, *given: Any) -> Verdict:
        asked.append(statement.segment)
        return whole(judge, statement, *given)

    monkeypatch.setattr(segment_processes, "verdicts_of_processes", shared)
    verify(jobs=9)
    assert started == [], "processes know the installed plugins alone"
    monkeypatch.setattr(verification, "default_registry", lambda: registry)
    monkeypatch.setattr(Judge, "verify", here)
    progress = Counted()
    found = verify(progress=progress, **({} if jobs is None else {"jobs": jobs}))
    assert len(found.verdicts) == 3
    assert progress.done == [("verify segments", 3, 3)]
    largest = max(path.stat().st_size for path in (out / "public").glob("proof-*.bin"))
    assert started == ([] if processes is None else [(largest, processes)])
    assert asked == ([0, 1, 2] if processes is None else [])


def test_what_is_not_given_is_the_default(out: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PolicyRejected, match="policy-backend"):
        audit.open_audit(out, registry=registry)
    monkeypatch.setattr(verification, "default_registry", lambda: registry)
    assert isinstance(audit.open_audit(out, policy=WITH_TALLY).backend, Tally)
    found = audit.verify(out, policy=WITH_TALLY)
    assert (len(found.verdicts), found.warnings) == (3, ())


def test_a_fault_of_a_component_is_told_as_one(verify: Verify) -> None:
    class Broken(Progress):
        def task(self, title: str, total: int | None = None) -> Any:
            Failing().fail()

    with pytest.raises(PluginFault, match="hashlib"):
        verify(progress=Broken())


def test_a_hook_that_fails_is_a_warning_and_changes_no_verdict(out: Path) -> None:
    class Hooks:
        polyproof_interface = 2

        @hookimpl
        def polyproof_audit_verified(self, directory: Path, manifest: Manifest) -> None:
            raise ValueError(f"{directory.name} {manifest.audit_id}")

    found = audit.verify(out, policy=WITH_TALLY, registry=tally_registry(plugin=Hooks()))
    assert found.warnings == ("a plugin failed after verification: ValueError: out example-1",)
    assert len(found.verdicts) == 3
