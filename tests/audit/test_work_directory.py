"""The work directory: planned once, proved by anybody, assembled once, and believed by nobody."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.example import ACCOUNTS, TOTALS
from audit.tally_backend import WITH_TALLY, Tally
from polyproof import liabilities as audit
from polyproof.backend import Statement
from polyproof.errors import ArtifactError, InputError, PluginError, PluginFault, PolyproofError
from polyproof.liabilities import work_plan
from polyproof.registry import Registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec

USERS = [line.split(",")[0].encode() for line in ACCOUNTS.splitlines()[1:]]


@pytest.fixture
def work(spec: Spec, registry: Registry, tmp_path: Path) -> Path:
    """A plan of three segments."""
    planned = audit.plan(spec, tmp_path / "work", audit_id="example-1", registry=registry, policy=WITH_TALLY)
    assert planned.directory == tmp_path / "work"
    return tmp_path / "work"


def prove_all(work: Path, registry: Registry) -> list[audit.SegmentDone]:
    return [audit.prove_segment(work, index, registry=registry) for index in (2, 0, 1)]


def attempts(work: Path) -> list[Path]:
    return [*work.glob("attempt-*"), *work.glob("wiped-*")]


# From a plan to an audit


def test_segments_proved_in_any_order_make_an_audit(work: Path, spec: Spec, registry: Registry, tmp_path: Path) -> None:
    done = prove_all(work, registry)
    assert [(one.index, one.accounts, one.proved) for one in done] == [(2, 2, True), (0, 1, True), (1, 2, True)]
    proved = audit.assemble(work, tmp_path / "out", registry=registry)
    assert (proved.manifest.audit_id, proved.manifest.totals, proved.accounts) == ("example-1", TOTALS, 5)
    assert proved.segments == (1, 2, 2)
    assert audit.verify(tmp_path / "out", policy=WITH_TALLY, registry=registry).totals == TOTALS
    assert sorted(os.listdir(tmp_path)) == ["input", "out"], "the work directory is gone"
    assert audit.cut_all_inclusions(tmp_path / "out", registry=registry).count == 5
    assert {segment.sha256 for segment in proved.manifest.segments} == {one.segment.sha256 for one in done}


def test_an_audit_is_called_by_its_id_unless_it_is_said_how(work: Path, registry: Registry, tmp_path: Path) -> None:
    prove_all(work, registry)
    assert audit.assemble(work, registry=registry).directory == tmp_path / "example-1"


def test_what_is_done_travels_to_another_process(work: Path, registry: Registry) -> None:
    done = audit.prove_segment(work, 0, registry=registry)
    assert pickle.loads(pickle.dumps(done)) == done
    assert pickle.loads(pickle.dumps(audit.prove_segment)) is audit.prove_segment


def test_the_plan_names_no_file_and_no_user(work: Path, spec: Spec) -> None:
    text = (work / "plan.json").read_bytes()
    assert str(spec.directory).encode() not in text
    assert b"accounts.csv" not in text
    assert not [user for user in USERS if user in text]
    assert (work / "key").read_bytes().hex().encode() not in text


def test_everything_is_owner_only(work: Path, registry: Registry, umask: int) -> None:
    audit.prove_segment(work, 1, registry=registry)
    for path in (work, *work.rglob("*")):
        if path.name != "lock":
            wanted = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_the_same_work_is_planned_once(work: Path, spec: Spec, registry: Registry) -> None:
    done = audit.prove_segment(work, 1, registry=registry)
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    again = audit.plan(spec, work, registry=registry, policy=WITH_TALLY)
    assert (again.kept, again.audit_id, again.totals) == (True, "example-1", TOTALS)
    assert {path: path.read_bytes() for path in work.rglob("*") if path.is_file()} == before
    again_done = audit.prove_segment(work, 1, registry=registry)
    assert (again_done.proved, again_done.segment) == (False, done.segment)


@pytest.mark.parametrize("change", ["snapshot", "audit id", "previous"])
def test_other_work_is_not_planned_over_it(work: Path, spec: Spec, registry: Registry, change: str) -> None:
    audit.prove_segment(work, 1, registry=registry)
    more: dict[str, Any] = {}
    if change == "snapshot":
        (spec.directory / "accounts.csv").write_text(ACCOUNTS.replace("bob,0,12.5", "bob,0,12.6"))
    elif change == "audit id":
        more["audit_id"] = "another"
    else:
        more["previous"] = bytes(32)
    before = {path: path.read_bytes() for path in work.rglob("*") if path.is_file()}
    with pytest.raises(ArtifactError, match="holds the plan of audit example-1"):
        audit.plan(spec, work, registry=registry, policy=WITH_TALLY, **more)
    assert {path: path.read_bytes() for path in work.rglob("*") if path.is_file()} == before


def test_finished_segments_are_not_thrown_away_because_their_plan_is_damaged(
    work: Path, spec: Spec, registry: Registry
) -> None:
    audit.prove_segment(work, 1, registry=registry)
    (work / "plan.json").write_text("{")
    with pytest.raises(ArtifactError, match="holds segments alone"):
        audit.plan(spec, work, registry=registry, policy=WITH_TALLY)
    assert (work / "segment-0001" / "proof.bin").exists()


def test_a_policy_that_verifiers_have_now_is_the_one_that_proofs_are_held_to(
    work: Path, spec: Spec, registry: Registry
) -> None:
    stricter = evolve(WITH_TALLY, max_proof_bytes=10, min_inclusion_bits=99.5)
    assert audit.plan(spec, work, registry=registry, policy=stricter).kept
    with pytest.raises(InputError, match="verifiers would refuse this audit"):
        audit.prove_segment(work, 0, registry=registry)
    assert work_plan.read_plan(work / "plan.json", registry).policy == stricter
    assert not attempts(work)


@pytest.mark.parametrize("policy", [Policy(), WITH_TALLY, evolve(WITH_TALLY, min_binding_bits=None, fields=())])
def test_a_policy_is_read_as_it_was_written(work: Path, registry: Registry, tmp_path: Path, policy: Policy) -> None:
    plan = evolve(work_plan.read_plan(work / "plan.json", registry), policy=policy)
    work_plan.write_plan(tmp_path / "plan.json", plan)
    assert work_plan.read_plan(tmp_path / "plan.json", registry) == plan


def test_a_snapshot_with_a_problem_leaves_no_plan(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    (spec.directory / "accounts.csv").write_text(ACCOUNTS + "mallory,-1,0\n")
    with pytest.raises(InputError, match="negative"):
        audit.plan(spec, tmp_path / "work", registry=registry, policy=WITH_TALLY)
    assert os.listdir(tmp_path) == ["input"]


# One proof of a segment


def test_of_two_at_the_same_segment_one_leaves_a_proof_and_the_other_nothing(
    work: Path, registry: Registry, tally: type[Tally]
) -> None:
    both = threading.Barrier(2, timeout=60)
    keys: list[bytes] = []
    tally.proving = staticmethod(lambda statement: keys.append(str(both.wait()).encode()))
    done: list[audit.SegmentDone] = []
    threads = [
        threading.Thread(target=lambda: done.append(audit.prove_segment(work, 1, registry=registry))) for _ in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 2, "both were proving at once"
    assert sorted(one.proved for one in done) == [False, True]
    assert done[0].segment == done[1].segment
    proof = (work / "segment-0001" / "proof.bin").read_bytes()
    assert hashlib.sha256(proof).digest() == done[0].segment.sha256
    assert not attempts(work)


def test_every_attempt_has_its_own_randomness_and_order(
    spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    rows = "".join(f"user{k},0,1\n" for k in range(40))
    (spec.directory / "accounts.csv").write_text("account,BTC,USDT\n" + rows)
    options = evolve(spec.backend.options, capacity=40)
    whole = evolve(spec, backend=evolve(spec.backend, options=options))
    audit.plan(whole, tmp_path / "work", registry=registry, policy=WITH_TALLY)
    shutil.copytree(tmp_path / "work", tmp_path / "copy")
    salts = []
    for place in ("work", "copy"):
        audit.prove_segment(tmp_path / place, 0, registry=registry)
        salts.append(json.loads((tmp_path / place / "segment-0000/state/salts.json").read_text()))
    assert sorted(salts[0]) == sorted(salts[1])
    assert list(salts[0]) != list(salts[1]), "in the same order once in 40!"
    assert not set(salts[0].values()) & set(salts[1].values())


def test_an_attempt_of_another_process_is_left_alone_until_all_is_assembled(
    work: Path, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    began, go_on = threading.Event(), threading.Event()
    errors: list[BaseException] = []

    def slow(statement: Statement) -> None:
        if threading.current_thread() is worker:
            began.set()
            assert go_on.wait(60)

    def run() -> None:
        try:
            audit.prove_segment(work, 0, registry=registry)
        except BaseException as error:  # noqa: BLE001 - looked at below
            errors.append(error)

    tally.proving = staticmethod(slow)
    worker = threading.Thread(target=run)
    worker.start()
    assert began.wait(60)
    prove_all(work, registry)
    assert len(attempts(work)) == 1, "another process may be at work there"
    audit.assemble(work, tmp_path / "out", registry=registry)
    go_on.set()
    worker.join()
    assert sorted(os.listdir(tmp_path)) == ["input", "out"]
    assert len(errors) == 1
    assert isinstance(errors[0], OSError | PolyproofError)
    audit.verify(tmp_path / "out", policy=WITH_TALLY, registry=registry)


def test_an_attempt_at_an_earlier_plan_does_not_enter_the_next(
    work: Path, spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    def replan(statement: Statement) -> None:
        tally.proving = staticmethod(lambda statement: None)
        mine = next(work.glob("attempt-*"))
        mine.rename(tmp_path / "kept")
        shutil.rmtree(work)
        audit.plan(spec, work, registry=registry, policy=WITH_TALLY)
        (tmp_path / "kept").rename(mine)

    tally.proving = staticmethod(replan)
    with pytest.raises(ArtifactError, match="given to other work"):
        audit.prove_segment(work, 0, registry=registry)
    assert not (work / "segment-0000").exists()
    assert not attempts(work)


def test_a_failure_leaves_no_attempt(work: Path, registry: Registry, tally: type[Tally]) -> None:
    for name, value, error in (
        ("inflate", 1, PluginFault),
        ("crash_on_verify", True, PluginFault),
        ("proving", staticmethod(lambda statement: 1 // 0), PluginFault),
    ):
        before = getattr(tally, name)
        setattr(tally, name, value)
        with pytest.raises(error):
            audit.prove_segment(work, 0, registry=registry)
        setattr(tally, name, staticmethod(before) if callable(before) else before)
        assert not attempts(work)
        assert not (work / "segment-0000").exists()


# Assembling


def test_what_is_not_finished_is_listed(work: Path, registry: Registry, tmp_path: Path) -> None:
    audit.prove_segment(work, 1, registry=registry)
    with pytest.raises(InputError, match=r"2 of 3 segments are not finished: 0, 2 \(polyproof prove-segment .* 0\)"):
        audit.assemble(work, tmp_path / "out", registry=registry)
    audit.prove_segment(work, 0, registry=registry)
    with pytest.raises(InputError, match="1 of 3 segment is not finished: 2"):
        audit.assemble(work, tmp_path / "out", registry=registry)
    assert not (tmp_path / "out").exists()
    assert (work / "plan.json").exists()


def test_an_index_that_the_plan_does_not_have_is_an_input_error(work: Path, registry: Registry) -> None:
    for index in (3, -1, 10**9):
        with pytest.raises(InputError, match="segments 0 to 2"):
            audit.prove_segment(work, index, registry=registry)


def test_nothing_of_the_users_is_left_outside_the_private_half(work: Path, registry: Registry, tmp_path: Path) -> None:
    prove_all(work, registry)
    stale = work / "attempt-0001-00000000"
    shutil.copytree(work / "segment-0001", stale)
    audit.assemble(work, tmp_path / "out", registry=registry)
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.is_relative_to(tmp_path / "input"):
            found = [user for user in USERS if user in path.read_bytes()]
            assert not found or path.is_relative_to(tmp_path / "out" / "private"), path


def test_a_proof_that_its_worker_forged_is_not_published(
    work: Path, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    prove_all(work, registry)
    forge(work, 1, registry)
    with pytest.raises(PluginFault, match="does not verify"):
        audit.assemble(work, tmp_path / "out", registry=registry)
    assert not (tmp_path / "out").exists()
    shutil.rmtree(work / "segment-0001")
    audit.prove_segment(work, 1, registry=registry)
    audit.assemble(work, tmp_path / "out", registry=registry)
    audit.verify(tmp_path / "out", policy=WITH_TALLY, registry=registry)
    assert audit.cut_all_inclusions(tmp_path / "out", registry=registry).count == 5


def forge(work: Path, index: int, registry: Registry) -> None:
    """Another segment's proof, with a record that says so."""
    other = (work / f"segment-{index - 1:04d}" / "proof.bin").read_bytes()
    (work / f"segment-{index:04d}" / "proof.bin").write_bytes(other)
    path = work / f"segment-{index:04d}" / "record.json"
    record = json.loads(path.read_text())
    record |= {"bytes": len(other), "sha256": hashlib.sha256(other).hexdigest()}
    path.write_text(json.dumps(record))


def test_a_record_with_other_totals_than_the_plan_is_refused(work: Path, registry: Registry, tmp_path: Path) -> None:
    prove_all(work, registry)
    path = work / "segment-0001" / "record.json"
    record = json.loads(path.read_text())
    record["totals"] = ["0", "0"]
    path.write_text(json.dumps(record))
    with pytest.raises(ArtifactError, match="segment-0001 cannot be used: it is not of this plan"):
        audit.assemble(work, tmp_path / "out", registry=registry)


def test_one_audit_is_proved_by_one_version(work: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work_plan, "__version__", "9.9")
    with pytest.raises(PluginError, match=r"planned with polyproof .* here are polyproof 9\.9 .*install the same"):
        audit.prove_segment(work, 0, registry=registry)


def test_the_place_of_the_audit_must_be_free(work: Path, registry: Registry, tmp_path: Path) -> None:
    prove_all(work, registry)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="not empty"):
        audit.assemble(work, tmp_path / "out", registry=registry)
    assert (work / "segment-0000/state").is_dir()


# Files that are damaged, or somebody else's


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x40
    path.write_bytes(data)


def _grow(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def _sparse(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1 << 40)


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _deep(path: Path) -> None:
    path.write_text("[" * 100_000)


DAMAGES: tuple[Callable[[Path], None], ...] = (
    _cut,
    _flip,
    _grow,
    _sparse,
    _fifo,
    _directory,
    _deep,
    Path.unlink,
    lambda path: path.write_bytes(b""),
    lambda path: path.write_text("{}"),
    lambda path: path.write_text("null"),
    lambda path: path.write_bytes(os.urandom(500)),
)


@pytest.mark.parametrize("name", ["plan.json", "key", "accounts/segment-0002.bin"])
@pytest.mark.parametrize("number", range(len(DAMAGES)))
def test_a_damaged_plan_is_an_error_that_names_the_file(work: Path, registry: Registry, name: str, number: int) -> None:
    DAMAGES[number](work / name)
    if name == "plan.json" and DAMAGES[number] is _flip:
        pytest.skip("may be a letter of a name")
    with pytest.raises(PolyproofError) as caught:
        audit.prove_segment(work, 2, registry=registry)
    assert caught.value.exit_status == 2
    assert name in str(caught.value) or "work directory" in str(caught.value)
    assert not (work / "segment-0002").exists()
    assert not attempts(work)


@pytest.mark.parametrize("name", ["record.json", "proof.bin"])
@pytest.mark.parametrize("number", range(len(DAMAGES)))
def test_a_damaged_segment_is_an_error_that_names_it(
    work: Path, registry: Registry, tmp_path: Path, name: str, number: int
) -> None:
    prove_all(work, registry)
    path = work / "segment-0001" / name
    DAMAGES[number](path)
    with pytest.raises(ArtifactError, match=r"segment-0001 cannot be used: .*; remove it, and prove the segment again"):
        audit.assemble(work, tmp_path / "out", registry=registry)
    assert not (tmp_path / "out").exists()


def test_no_key_of_a_plan_can_be_anything_else(work: Path, registry: Registry) -> None:
    path = work / "plan.json"
    whole = json.loads(path.read_text())
    for key in whole:
        for other in (None, 7, -1, "x" * 2000, [], {}, [[]], ["0"], True):
            path.write_text(json.dumps({**whole, key: other}))
            with pytest.raises(PolyproofError) as caught:
                audit.prove_segment(work, 0, registry=registry)
            assert caught.value.exit_status == 2, (key, other)
    for inner in ("header", "policy"):
        for key in whole[inner]:
            path.write_text(json.dumps({**whole, inner: {**whole[inner], key: [{}]}}))
            with pytest.raises(PolyproofError) as caught:
                audit.prove_segment(work, 0, registry=registry)
            assert caught.value.exit_status == 2, key
    assert not list(work.glob("segment-*"))


def test_counts_that_no_file_can_have_take_no_memory(work: Path, registry: Registry) -> None:
    path = work / "plan.json"
    whole = json.loads(path.read_text())
    whole["segments"][0]["accounts"] = 10**15
    path.write_text(json.dumps(whole))
    with pytest.raises(ArtifactError):
        audit.prove_segment(work, 0, registry=registry)
