"""The main job around a backend: what is written, what is kept apart, what a crash leaves behind."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import stat
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.example import ACCOUNTS, TOTALS
from audit.tally_backend import WITH_TALLY, Tally, tally_registry
from polyproof import liabilities as audit
from polyproof.backend import Claim, Statement
from polyproof.errors import (
    AccountsError,
    ArtifactError,
    InputError,
    PluginError,
    PolicyRejected,
    ProofRejected,
)
from polyproof.hookspecs import hookimpl
from polyproof.registry import Registry
from polyproof.security import Figure, SecurityTerm
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec, load_spec

ALICE = Claim("alice", (25_000_000, 100_000_000))


def _names(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def _claim(claim: Claim) -> Any:
    return lambda published: claim


# Check


def test_check_shows_totals_accounts_and_segments(spec: Spec, registry: Registry) -> None:
    checked = audit.check(spec, registry=registry, policy=WITH_TALLY)
    assert (checked.accounts, checked.totals, sorted(checked.segments)) == (5, TOTALS, [1, 2, 2])


def test_segments_are_as_equal_as_possible(spec: Spec, registry: Registry) -> None:
    rows = "".join(f"user{k},1,1\n" for k in range(11))
    (spec.directory / "accounts.csv").write_text("account,BTC,USDT\n" + rows)
    options = evolve(spec.backend.options, capacity=4)
    checked = audit.check(
        evolve(spec, backend=evolve(spec.backend, options=options)), registry=registry, policy=WITH_TALLY
    )
    assert sorted(checked.segments) == [3, 4, 4]


def test_a_bad_snapshot_is_reported_and_nothing_is_written(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    (spec.directory / "accounts.csv").write_text("account,BTC,USDT\nalice,1,-1\nalice,x,0\n")
    for job in (
        lambda: audit.check(spec, registry=registry, policy=WITH_TALLY),
        lambda: audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY),
    ):
        with pytest.raises(AccountsError) as caught:
            job()
        assert len(caught.value.problems) >= 2
    assert os.listdir(tmp_path) == ["input"]


# What is written


def test_public_and_private_halves_are_kept_apart(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    proved = audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert _names(tmp_path / "out" / "public") == [
        "manifest.json",
        "proof-0000.bin",
        "proof-0001.bin",
        "proof-0002.bin",
        "publication.json",
    ]
    private = _names(tmp_path / "out" / "private")
    assert {"README", "key", "state-0000/salts.json", "state-0002/salts.json"} <= set(private)
    assert "never publish" in (tmp_path / "out" / "private" / "README").read_text()
    assert sorted(os.listdir(tmp_path / "out")) == ["private", "public"]
    assert sorted(os.listdir(tmp_path)) == ["input", "out"], "no workspace is left"
    assert proved.manifest.totals == TOTALS
    assert proved.manifest.organisation == "Example Exchange"
    assert proved.manifest.audit_id.startswith("example-20")


def test_the_private_half_is_owner_only_and_the_public_half_follows_the_umask(
    spec: Spec, registry: Registry, tmp_path: Path, umask: int
) -> None:
    audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    private = tmp_path / "out" / "private"
    for path in [private, *private.rglob("*")]:
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    for path in [tmp_path / "out", tmp_path / "out" / "public", *(tmp_path / "out" / "public").iterdir()]:
        wanted = (0o777 if path.is_dir() else 0o666) & ~umask
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_private_state_is_out_of_reach_while_it_is_written(
    spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally], umask: int
) -> None:
    modes = []

    def look(statement: Statement) -> None:
        for path in tmp_path.glob(".out.partial/**"):
            if path.is_dir() and path.name != "public":
                modes.append(stat.S_IMODE(path.stat().st_mode))

    tally.proving = staticmethod(look)
    audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert modes
    assert set(modes) == {0o700}


def test_every_audit_has_its_own_order_key_and_id(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    first, second = (audit.prove(spec, tmp_path / name, registry=registry, policy=WITH_TALLY) for name in ("a", "b"))
    assert first.manifest.audit_id != second.manifest.audit_id
    keys = {(tmp_path / name / "private" / "key").read_bytes() for name in ("a", "b")}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {32}


def test_accounts_are_shuffled_over_segments(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    rows = "".join(f"user{k:04d},0,1\n" for k in range(400))
    (spec.directory / "accounts.csv").write_text("account,BTC,USDT\n" + rows)
    options = evolve(spec.backend.options, capacity=200)
    spec = evolve(spec, backend=evolve(spec.backend, options=options))
    audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    parts = [
        set(json.loads((tmp_path / "out" / "private" / f"state-{k:04d}" / "salts.json").read_text())) for k in (0, 1)
    ]
    assert len(parts[0]) == len(parts[1]) == 200
    assert len(parts[0] | parts[1]) == 400
    # Sixteen standard deviations from what a uniform shuffle gives would be all of one half.
    assert 50 < sum(user < "user0200" for user in parts[0]) < 150


def test_the_audit_id_can_be_chosen(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    proved = audit.prove(spec, tmp_path / "out", audit_id="January.2025_a", registry=registry, policy=WITH_TALLY)
    assert proved.manifest.audit_id == "January.2025_a"
    for bad in ("", "a b", "../x", "-x", "a" * 129, "é"):
        with pytest.raises(InputError, match="audit id"):
            audit.prove(spec, tmp_path / "other", audit_id=bad, registry=registry, policy=WITH_TALLY)


def test_audits_are_chained_by_the_digest_of_the_one_before(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    first = audit.prove(spec, tmp_path / "a", policy=WITH_TALLY, registry=registry)
    second = audit.prove(spec, tmp_path / "b", previous=first.record.digest, policy=WITH_TALLY, registry=registry)
    assert second.manifest.previous == hashlib.sha256((tmp_path / "a/public/publication.json").read_bytes()).digest()
    audit.verify(tmp_path / "b", policy=WITH_TALLY, registry=registry)


# What is never done


@pytest.mark.parametrize("content", ["audit", "file", "directory with a file", "symbolic link"])
def test_nothing_is_overwritten(spec: Spec, registry: Registry, tmp_path: Path, content: str) -> None:
    out = tmp_path / "out"
    if content == "audit":
        audit.prove(spec, out, registry=registry, policy=WITH_TALLY)
    elif content == "file":
        out.write_text("mine")
    elif content == "symbolic link":
        out.symlink_to(tmp_path / "input")
    else:
        out.mkdir()
        (out / "thesis.txt").write_text("mine")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ArtifactError):
        audit.prove(spec, out, registry=registry, policy=WITH_TALLY)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_directories_made_on_the_way_go_with_a_failure(
    spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    tally.proving = _crash_in(0)
    with pytest.raises(_Crash):
        audit.prove(spec, tmp_path / "a" / "b" / "out", registry=registry, policy=WITH_TALLY)
    assert os.listdir(tmp_path) == ["input"]


def test_an_empty_directory_may_be_there_already(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    audit.verify(tmp_path / "out", policy=WITH_TALLY, registry=registry)


def test_the_current_directory_is_not_replaced(
    spec: Spec, registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(InputError, match="directory of its own"):
        audit.prove(spec, Path("."), registry=registry, policy=WITH_TALLY)


def test_a_foreign_directory_in_the_workspaces_place_is_left_alone(
    spec: Spec, registry: Registry, tmp_path: Path
) -> None:
    foreign = tmp_path / ".out.partial"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine")
    with pytest.raises(ArtifactError, match="in the way"):
        audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert (foreign / "thesis.txt").read_text() == "mine"


def test_a_backend_that_proves_other_totals_is_not_published(
    spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    tally.inflate = 1
    with pytest.raises(PluginError, match="totals other than"):
        audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert os.listdir(tmp_path) == ["input"]


def test_a_proof_that_does_not_verify_is_not_published(
    spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    tally.crash_on_verify = True
    with pytest.raises(PluginError, match="does not verify"):
        audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert os.listdir(tmp_path) == ["input"]


# Crashes


class _Crash(BaseException):
    pass


def _crash_in(segment: int) -> Any:
    def prove(statement: Statement) -> None:
        if statement.segment == segment:
            raise _Crash

    return staticmethod(prove)


def test_a_failure_in_the_first_segment_leaves_nothing(
    spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    tally.proving = _crash_in(0)
    with pytest.raises(_Crash):
        audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert os.listdir(tmp_path) == ["input"]


def test_a_later_failure_keeps_finished_segments_out_of_sight_and_a_rerun_continues(
    spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    tally.proving = _crash_in(2)
    with pytest.raises(_Crash) as caught:
        audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert "2 finished segments kept" in caught.value.__notes__[0]
    work = tmp_path / ".out.partial"
    assert not (tmp_path / "out").exists()
    assert stat.S_IMODE(work.stat().st_mode) == 0o700
    assert not [name for name in _names(work) if "half" in name and "0002" in name], "the attempt is gone"
    kept = {"private/key": (work / "key").read_bytes()}
    for index in (0, 1):
        segment = work / f"segment-{index:04d}"
        kept[f"public/proof-{index:04d}.bin"] = (segment / "proof.bin").read_bytes()
        for name in _names(segment / "state"):
            kept[f"private/state-{index:04d}/{name}"] = (segment / "state" / name).read_bytes()
    assert len(kept) == 7

    proved_now: list[int] = []
    tally.proving = staticmethod(lambda statement: proved_now.append(statement.segment))
    proved = audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert (proved.resumed, proved_now) == (2, [2])
    for name, content in kept.items():
        assert (tmp_path / "out" / name).read_bytes() == content, "key and finished segments stay"
    assert audit.verify(tmp_path / "out", policy=WITH_TALLY, registry=registry).totals == TOTALS
    assert sorted(os.listdir(tmp_path)) == ["input", "out"]
    users = [
        user
        for k in range(3)
        for user in json.loads((tmp_path / "out" / "private" / f"state-{k:04d}" / "salts.json").read_text())
    ]
    assert sorted(users) == ["alice", "bob", "carol", "dave", "eve"]


def test_an_interruption_from_the_keyboard_is_a_crash_like_others(
    spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    def interrupt(statement: Statement) -> None:
        raise KeyboardInterrupt

    tally.proving = staticmethod(interrupt)
    with pytest.raises(KeyboardInterrupt):
        audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert os.listdir(tmp_path) == ["input"]


_KILLED = """
import os, signal, sys
from pathlib import Path
from audit.tally_backend import WITH_TALLY, Tally, tally_registry
from polyproof import liabilities as audit
from polyproof.settings.spec import load_spec

def prove(statement):
    if statement.segment == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

Tally.proving = staticmethod(prove)
registry = tally_registry()
audit.prove(load_spec(Path(sys.argv[1]), registry), Path(sys.argv[2]), registry=registry, policy=WITH_TALLY)
"""


@pytest.mark.parametrize("segment", [0, 1])
def test_a_rerun_after_a_kill_continues_with_fresh_randomness_for_the_interrupted_segment(
    spec: Spec, registry: Registry, tmp_path: Path, segment: int
) -> None:
    tests = str(Path(__file__).parents[1])
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(spec.file), str(tmp_path / "out"), str(segment)],
        env={**os.environ, "PYTHONPATH": tests},
    )
    assert killed.returncode == -9
    assert not (tmp_path / "out").exists()
    (attempt,) = (tmp_path / ".out.partial").glob(f"attempt-{segment:04d}-*")
    assert (attempt / "state" / "half").exists(), "the kill left a half-made attempt"
    proved = audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert proved.resumed == segment
    assert not [name for name in _names(tmp_path / "out") if "attempt" in name]
    assert audit.verify(tmp_path / "out", policy=WITH_TALLY, registry=registry).totals == TOTALS


@pytest.mark.parametrize("change", ["snapshot", "spec", "audit id", "previous", "plan"])
def test_a_rerun_on_other_inputs_starts_again(
    spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally], change: str
) -> None:
    original = tally.proving
    tally.proving = _crash_in(2)
    with pytest.raises(_Crash):
        audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    key = (tmp_path / ".out.partial/key").read_bytes()
    tally.proving = original
    more: dict[str, Any] = {}
    if change == "snapshot":
        (spec.directory / "accounts.csv").write_text(ACCOUNTS.replace("bob,0,12.5", "bob,0,12.6"))
    elif change == "spec":
        spec = evolve(spec, backend=evolve(spec.backend, options=evolve(spec.backend.options, capacity=3)))
    elif change == "audit id":
        more["audit_id"] = "another"
    elif change == "previous":
        more["previous"] = bytes(32)
    else:
        (tmp_path / ".out.partial/plan.json").write_text("{")
    proved = audit.prove(spec, tmp_path / "out", registry=registry, **more, policy=WITH_TALLY)
    assert proved.resumed == 0
    assert "discarded" in proved.warnings[0]
    assert (tmp_path / "out/private/key").read_bytes() != key
    audit.verify(tmp_path / "out", policy=WITH_TALLY, registry=registry)


def test_two_processes_do_not_prove_into_one_directory(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    work = tmp_path / ".out.partial"
    work.mkdir()
    with (work / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(ArtifactError, match="another process"):
            audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
        assert work.is_dir(), "whose work it is goes on"


def test_a_directory_that_appears_meanwhile_is_not_overwritten(
    spec: Spec, registry: Registry, tmp_path: Path, tally: type[Tally]
) -> None:
    def appear(statement: Statement) -> None:
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "thesis.txt").write_text("mine")

    tally.proving = staticmethod(appear)
    with pytest.raises(ArtifactError, match="cannot be written"):
        audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert _names(tmp_path / "out") == ["thesis.txt"]


# Hooks


def _plugin(**hooks: Any) -> types.ModuleType:
    module = types.ModuleType("extra_plugin")
    module.polyproof_interface = 2  # type: ignore[attr-defined]
    for name, function in hooks.items():
        setattr(module, name, hookimpl(function))
    return module


def test_plugins_hear_of_finished_and_verified_audits(spec: Spec, tmp_path: Path) -> None:
    heard = []

    def polyproof_audit_proved(directory: Path, manifest: Any) -> None:
        heard.append(("proved", directory, manifest.audit_id))

    def polyproof_audit_verified(directory: Path, manifest: Any) -> None:
        heard.append(("verified", directory, manifest.audit_id))

    registry = tally_registry(
        plugin=_plugin(polyproof_audit_proved=polyproof_audit_proved, polyproof_audit_verified=polyproof_audit_verified)
    )
    out = tmp_path / "out"
    audit.prove(spec, out, audit_id="x", registry=registry, policy=WITH_TALLY)
    audit.verify(out, policy=WITH_TALLY, registry=registry)
    assert heard == [("proved", out, "x"), ("verified", out, "x")]


class Unshowable(Exception):
    """An error that cannot be told."""

    def __str__(self) -> str:
        raise ValueError("no words")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RuntimeError("no\nnetwork"), "RuntimeError: no network"),
        (SystemExit(0), "SystemExit: 0"),
        (Unshowable(), "Unshowable"),
    ],
)
def test_a_hook_that_fails_is_a_warning_and_the_audit_stands(
    spec: Spec, tmp_path: Path, error: BaseException, words: str
) -> None:
    def fails(directory: Path, manifest: Any) -> None:
        raise error

    registry = tally_registry(plugin=_plugin(polyproof_audit_proved=fails, polyproof_audit_verified=fails))
    proved = audit.prove(spec, tmp_path / "out", registry=registry, policy=WITH_TALLY)
    assert proved.warnings == (f"a plugin failed after the audit was written: {words}",)
    verified = audit.verify(tmp_path / "out", policy=WITH_TALLY, registry=registry)
    assert verified.warnings == (f"a plugin failed after verification: {words}",)


# Verification


@pytest.fixture
def out(spec: Spec, registry: Registry, tmp_path: Path) -> Path:
    audit.prove(spec, tmp_path / "out", audit_id="example-1", registry=registry, policy=WITH_TALLY)
    return tmp_path / "out"


def test_an_audit_verifies_from_its_public_half_alone(out: Path, registry: Registry, tmp_path: Path) -> None:
    whole = audit.verify(out, policy=WITH_TALLY, registry=registry)
    (out / "public").rename(tmp_path / "published")
    alone = audit.verify(tmp_path / "published", policy=WITH_TALLY, registry=registry)
    assert whole.totals == alone.totals == TOTALS
    assert len(alone.verdicts) == 3


def test_what_is_not_an_audit_is_an_input_error(tmp_path: Path, registry: Registry) -> None:
    for directory in (tmp_path, tmp_path / "missing"):
        with pytest.raises(ArtifactError):
            audit.verify(directory, policy=WITH_TALLY, registry=registry)


def test_a_policy_stronger_than_the_proof_rejects_it(out: Path, registry: Registry) -> None:
    for policy, check in (
        (evolve(WITH_TALLY, min_soundness_bits=121.0), "policy-soundness"),
        (Policy(backends=("merkle-sum",)), "policy-backend"),
        (Policy(backends=()), "policy-backend"),
        (evolve(WITH_TALLY, hashes=("blake3",)), "policy-hash"),
    ):
        with pytest.raises(PolicyRejected) as caught:
            audit.verify(out, policy=policy, registry=registry)
        assert caught.value.check == check


def test_the_backends_word_for_its_strength_is_compared_with_the_policy(
    out: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    none = Figure((SecurityTerm("none", float("nan"), "made up", "nowhere"),), "nothing")
    weak = evolve(Tally.security(_backend(out, registry), ()), soundness=none)
    monkeypatch.setattr(Tally, "security", lambda *_: weak)
    with pytest.raises(PolicyRejected):
        audit.verify(out, policy=WITH_TALLY, registry=registry)


def _backend(out: Path, registry: Registry) -> Any:
    return audit.open_audit(out, policy=WITH_TALLY, registry=registry).backend


def test_limits_of_the_policy_hold(out: Path, registry: Registry) -> None:
    for policy in (
        evolve(WITH_TALLY, max_segments=2),
        evolve(WITH_TALLY, max_manifest_bytes=100),
        evolve(WITH_TALLY, max_proof_bytes=10),
    ):
        with pytest.raises(ProofRejected):
            audit.verify(out, policy=policy, registry=registry)


def test_another_publication_digest_is_rejected(out: Path, registry: Registry) -> None:
    digest = hashlib.sha256((out / "public/publication.json").read_bytes()).digest()
    audit.verify(out, policy=WITH_TALLY, registry=registry, digest=digest)
    of_the_manifest = hashlib.sha256((out / "public/manifest.json").read_bytes()).digest()
    for other in (bytes(32), of_the_manifest):
        with pytest.raises(ProofRejected, match="publication-digest"):
            audit.verify(out, policy=WITH_TALLY, registry=registry, digest=other)


def test_a_plugin_that_crashes_on_a_proof_has_not_accepted_it(
    out: Path, registry: Registry, tally: type[Tally]
) -> None:
    tally.crash_on_verify = True
    with pytest.raises(ProofRejected, match="ZeroDivisionError"):
        audit.verify(out, policy=WITH_TALLY, registry=registry)


@pytest.mark.parametrize("name", ["publication.json", "manifest.json", "proof-0001.bin"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "directory", "fifo"])
def test_links_and_special_files_are_refused(
    out: Path, registry: Registry, tmp_path: Path, name: str, kind: str
) -> None:
    path = out / "public" / name
    content = path.read_bytes()
    path.unlink()
    if kind == "link":
        (tmp_path / "elsewhere").write_bytes(content)
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "dangling link":
        path.symlink_to("/nowhere")
    elif kind == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(ProofRejected) as caught:
        audit.verify(out, policy=WITH_TALLY, registry=registry)
    assert caught.value.check == "file-kind"


def test_a_missing_proof_file_is_a_rejection(out: Path, registry: Registry) -> None:
    (out / "public" / "proof-0001.bin").unlink()
    with pytest.raises(ProofRejected) as caught:
        audit.verify(out, policy=WITH_TALLY, registry=registry)
    assert caught.value.check == "proof-missing"


def test_a_file_that_grows_without_end_is_read_only_as_far_as_the_manifest_says(out: Path, registry: Registry) -> None:
    with (out / "public" / "proof-0001.bin").open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(ProofRejected) as caught:
        audit.verify(out, policy=WITH_TALLY, registry=registry)
    assert caught.value.check == "proof-size"


def test_a_huge_manifest_is_not_read(out: Path, registry: Registry) -> None:
    with (out / "public" / "manifest.json").open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(ProofRejected) as caught:
        audit.verify(out, policy=WITH_TALLY, registry=registry)
    assert caught.value.check == "policy-manifest-size"


# Inclusion


def test_a_user_checks_what_the_user_claims(out: Path, registry: Registry, tmp_path: Path) -> None:
    file, size = audit.cut_inclusion(out, "alice", registry=registry)
    assert file.stat().st_size == size
    assert file.parent == out / "private" / "inclusion"
    verified = audit.verify_inclusion(file, out / "public", _claim(ALICE), policy=WITH_TALLY, registry=registry)
    assert verified.verdict.sentences == ("Your account with these balances is listed.",)
    for wrong in (
        Claim("bob", ALICE.balances),
        Claim("alice", (25_000_001, 100_000_000)),
        Claim("alice", (25_000_000, 0)),
    ):
        with pytest.raises(ProofRejected):
            audit.verify_inclusion(file, out / "public", _claim(wrong), policy=WITH_TALLY, registry=registry)


def test_an_inclusion_file_holds_neither_id_nor_balances_and_its_name_says_nothing(
    out: Path, registry: Registry
) -> None:
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    content = file.read_bytes()
    for private in (b"alice", (25_000_000).to_bytes(8, "little"), b"25000000", b"0.25"):
        assert private not in content
    guessable = {hashlib.new(name, b"alice").hexdigest()[:16] for name in ("sha256", "sha1", "md5", "blake2b")}
    assert not any(file.name.startswith(guess) for guess in guessable)
    again, _ = audit.cut_inclusion(out, "alice", registry=registry)
    assert again == file


def test_inclusion_files_are_owner_only(out: Path, registry: Registry, tmp_path: Path, umask: int) -> None:
    inside, _ = audit.cut_inclusion(out, "alice", registry=registry)
    outside, _ = audit.cut_inclusion(out, "bob", out=tmp_path / "bob.polyproof", registry=registry)
    for path in (inside, outside):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(inside.parent.stat().st_mode) == 0o700


def test_an_unknown_user_is_an_input_error(out: Path, registry: Registry) -> None:
    for user in ("mallory", "", "Alice", "alice ", "\ud800"):
        with pytest.raises(InputError, match="no account"):
            audit.cut_inclusion(out, user, registry=registry)


def test_all_inclusion_files_are_cut_in_bulk(out: Path, registry: Registry, tmp_path: Path) -> None:
    single, _ = audit.cut_inclusion(out, "alice", registry=registry)
    for target in (None, tmp_path / "all"):
        cut = audit.cut_all_inclusions(out, out=target, registry=registry)
        assert cut.count == 5
        assert cut.index == out / "private" / "inclusion.csv"
        assert stat.S_IMODE(cut.index.stat().st_mode) == 0o600
        assert stat.S_IMODE(cut.directory.stat().st_mode) == 0o700
        index = dict(line.split(",") for line in cut.index.read_text().splitlines()[1:])
        assert index['"alice"'] == single.name
        assert sorted(index.values()) == sorted(os.listdir(cut.directory))
        assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in cut.directory.iterdir())
        audit.verify_inclusion(
            cut.directory / index['"alice"'], out, _claim(ALICE), policy=WITH_TALLY, registry=registry
        )
    with pytest.raises(InputError, match="not an empty directory"):
        audit.cut_all_inclusions(out, out=tmp_path / "all", registry=registry)


def test_inclusion_needs_the_private_half(out: Path, registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="private half"):
        audit.cut_inclusion(out / "public", "alice", registry=registry)
    (out / "private" / "state-0000").rename(tmp_path / "elsewhere")
    with pytest.raises(ArtifactError, match="state-0000"):
        audit.cut_all_inclusions(out, registry=registry)
    assert not list((out / "private").glob(".inclusion*"))


def test_an_inclusion_file_of_another_audit_is_rejected(
    spec: Spec, out: Path, registry: Registry, tmp_path: Path
) -> None:
    audit.prove(spec, tmp_path / "second", audit_id="example-2", registry=registry, policy=WITH_TALLY)
    audit.prove(spec, tmp_path / "same-id", audit_id="example-1", registry=registry, policy=WITH_TALLY)
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    for directory, check in ((tmp_path / "second", "audit-id"), (tmp_path / "same-id", "manifest-digest")):
        with pytest.raises(ProofRejected) as caught:
            audit.verify_inclusion(file, directory, _claim(ALICE), policy=WITH_TALLY, registry=registry)
        assert caught.value.check == check


def test_inclusion_of_an_audit_weaker_than_the_policy_is_rejected(out: Path, registry: Registry) -> None:
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    with pytest.raises(PolicyRejected):
        audit.verify_inclusion(
            file, out, _claim(ALICE), policy=evolve(WITH_TALLY, min_inclusion_bits=128.0), registry=registry
        )


def test_a_proof_of_another_spec_does_not_pass(spec: Spec, out: Path, registry: Registry, tmp_path: Path) -> None:
    text = (spec.directory / "spec.yaml").read_text()
    other = spec.directory / "other.yaml"
    other.write_text(text.replace("decimals: 8", "decimals: 7"))
    audit.prove(
        load_spec(other, registry), tmp_path / "other", audit_id="example-1", registry=registry, policy=WITH_TALLY
    )
    (tmp_path / "other/public/proof-0000.bin").write_bytes((out / "public/proof-0000.bin").read_bytes())
    with pytest.raises(ProofRejected):
        audit.verify(tmp_path / "other", policy=WITH_TALLY, registry=registry)
