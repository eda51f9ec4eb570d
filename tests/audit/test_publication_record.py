"""The publication record binds everything that is published, and a folder is what one rule says it is."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from attrs import evolve

from audit.forged import edit_record, refit
from audit.tally_backend import WITH_TALLY
from polyproof import liabilities as audit
from polyproof.backend import Claim
from polyproof.errors import ArtifactError, InputError, PolicyRejected, ProofRejected
from polyproof.liabilities.folder import Kind, kind_of
from polyproof.liabilities.record import parse_record, read_record
from polyproof.registry import Registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec


@pytest.fixture
def out(spec: Spec, registry: Registry, tmp_path: Path) -> Path:
    return audit.prove(spec, tmp_path / "out", audit_id="example-1", registry=registry, policy=WITH_TALLY).directory


def refused(directory: Path, registry: Registry, policy: Policy | None = None) -> str:
    with pytest.raises(ProofRejected) as caught:
        audit.verify(directory, policy=policy, registry=registry)
    return caught.value.check


# The record


def test_proving_writes_a_record_that_names_the_manifest(out: Path, registry: Registry) -> None:
    opened = audit.open_audit(out, registry=registry, policy=WITH_TALLY)
    assert read_record(out / "public") == opened.record
    assert opened.record.manifest_digest == opened.manifest.digest.hex()
    assert opened.record.audit_id == "example-1"
    assert opened.record.reserves_digest is opened.record.previous is opened.record.corrects is None


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"manifest_digest": "00" * 32}, "publication-file"),
        ({"audit_id": "other-1"}, "publication-manifest"),
        ({"previous": "00" * 32}, "publication-manifest"),
        ({"reserves_digest": "00" * 32, "evidence_digest": "00" * 32}, "publication-missing"),
        ({"reserves_digest": "00" * 32}, "publication-format"),
        ({"evidence_digest": "00" * 32}, "publication-format"),
        ({"version": 2}, "publication-format"),
        ({"format": "polyproof/manifest"}, "publication-format"),
        ({"surprise": None}, "publication-format"),
        ({"corrects": {"publication_digest": "00" * 32}}, "publication-format"),
        ({"corrects": {"publication_digest": "00" * 32, "reason": ""}}, "publication-format"),
        ({"corrects": {"publication_digest": "00" * 32, "reason": "\x1b[2J"}}, "publication-format"),
        ({"corrects": {"publication_digest": "00" * 32, "reason": "x" * 501}}, "publication-format"),
    ],
)
def test_a_record_that_does_not_fit_its_audit_is_rejected(
    out: Path, registry: Registry, changes: dict[str, object], check: str
) -> None:
    edit_record(out / "public", **changes)
    assert refused(out, registry) == check


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"a":1,"a":2}', b"[" * 100_000, b"\xff", b"1e999"])
def test_hostile_bytes_are_rejected(data: bytes) -> None:
    with pytest.raises(ProofRejected):
        parse_record(data)


def test_a_record_in_another_spelling_is_rejected(out: Path, registry: Registry) -> None:
    path = out / "public/publication.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()), indent=1))
    assert refused(out, registry) == "publication-canonical"


def test_a_huge_record_is_not_read(out: Path, registry: Registry) -> None:
    with (out / "public/publication.json").open("r+b") as file:
        file.truncate(1 << 40)
    assert refused(out, registry) == "file-size"


def test_an_audit_without_its_record_is_rejected(out: Path, registry: Registry) -> None:
    (out / "public/publication.json").unlink()
    assert refused(out, registry) == refused(out / "public", registry) == "publication-missing"


def test_a_policy_that_requires_reserves_refuses_an_audit_without(out: Path, registry: Registry) -> None:
    policy = Policy(reserves_required=True)
    assert refused(out, registry, policy) == "policy-reserves-required"
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    with pytest.raises(PolicyRejected, match="policy-reserves-required"):
        audit.verify_inclusion(file, out, lambda _: Claim("alice", ()), policy=policy, registry=registry)


def test_a_user_needs_no_files_of_reserves_but_those_there_must_be_the_named_ones(
    out: Path, registry: Registry
) -> None:
    file, _ = audit.cut_inclusion(out, "alice", registry=registry)
    public, alice = out / "public", Claim("alice", (25_000_000, 100_000_000))
    reserves, evidence = (hashlib.sha256(name).hexdigest() for name in (b"reserves", b"evidence"))
    edit_record(public, reserves_digest=reserves, evidence_digest=evidence)

    def check() -> None:
        audit.verify_inclusion(file, out, lambda _: alice, registry=registry, policy=WITH_TALLY)

    check()
    (public / "reserves.json").write_bytes(b"reserves")
    check()
    (public / "reserves.json").write_bytes(b"rewritten")
    with pytest.raises(ProofRejected, match="publication-file"):
        check()
    (public / "reserves.json").unlink()
    (public / "reserves.json").symlink_to(file)
    with pytest.raises(ProofRejected, match="file-kind"):
        check()


# Times


def moved(when: timedelta) -> str:
    return f"{datetime.now(UTC) + when:%Y-%m-%dT%H:%M:%SZ}"


def test_a_snapshot_in_the_future_is_not_proved(spec: Spec, registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="in the future"):
        audit.prove(
            evolve(spec, snapshot=moved(timedelta(minutes=5))), tmp_path / "out", registry=registry, policy=WITH_TALLY
        )
    assert not (tmp_path / "out").exists()
    with pytest.raises(InputError, match="in the future"):
        audit.check(evolve(spec, snapshot=moved(timedelta(minutes=5))), registry=registry, policy=WITH_TALLY)


def test_a_manifest_dated_in_the_future_is_rejected(out: Path, registry: Registry) -> None:
    path = out / "public/manifest.json"
    manifest = audit.open_audit(out, registry=registry, policy=WITH_TALLY).manifest
    path.write_bytes(evolve(manifest, created="2099-01-01T00:00:00Z").to_bytes())
    refit(path.parent)
    assert refused(out, registry) == "manifest-time"
    # A clock that is a little ahead is none of the audit's faults: what fails then is the proof, of another context.
    path.write_bytes(evolve(manifest, created=moved(timedelta(hours=20))).to_bytes())
    refit(path.parent)
    assert refused(out, registry) != "manifest-time"


def test_the_snapshot_is_bound_into_the_proofs(out: Path, registry: Registry) -> None:
    path = out / "public/manifest.json"
    manifest = audit.open_audit(out, registry=registry, policy=WITH_TALLY).manifest
    path.write_bytes(evolve(manifest, snapshot="2025-11-29T00:00:00Z").to_bytes())
    refit(path.parent)
    assert refused(out, registry) not in ("publication-file", "manifest-snapshot")


# What a folder is


def test_one_rule_says_what_a_folder_is(out: Path, tmp_path: Path) -> None:
    assert kind_of(out) is Kind.AUDIT
    assert kind_of(out / "public") is Kind.PUBLIC
    for nothing in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(ArtifactError):
            kind_of(nothing)


def nested_public(out: Path) -> None:
    shutil.copytree(out / "public", out / "other")
    (out / "other").rename(out / "public/public")


def history_below(out: Path) -> None:
    (out / "public/notes/old").mkdir(parents=True)
    (out / "public/notes/old/history.json").write_text("{}")


@pytest.mark.parametrize(
    "add",
    [
        nested_public,
        history_below,
        lambda out: (out / "public/proof-0003.bin").write_bytes(b""),
        lambda out: (out / "public/Reserves.json").write_bytes(b""),
        lambda out: (out / "public/reserves-evidence.jsonl").write_bytes(b""),
        lambda out: (out / "public/private").mkdir(),
        lambda out: (out / "public/audits").symlink_to("/nowhere"),
    ],
    ids=["public", "history", "proof", "case", "evidence", "private", "link"],
)
def test_what_could_be_taken_for_part_of_the_audit_is_rejected(
    out: Path, registry: Registry, add: Callable[[Path], object]
) -> None:
    add(out)
    for directory in (out, out / "public"):
        two_things = add is nested_public and directory == out / "public"
        assert refused(directory, registry) == ("folder" if two_things else "unlisted")
    with pytest.raises(ProofRejected, match=r"\[(unlisted|folder)\]"):
        audit.verify_inclusion(
            out / "private/none", out, lambda _: Claim("alice", ()), registry=registry, policy=WITH_TALLY
        )


def test_a_folder_that_is_two_things_is_rejected(out: Path, registry: Registry) -> None:
    (out / "history.json").write_text("{}")
    assert refused(out, registry) == "folder"
    (out / "history.json").unlink()
    shutil.copy(out / "public/publication.json", out)
    assert refused(out, registry) == "folder"


def nest(folder: Path, depth: int) -> None:
    """Folders in folders, further down than a path can say."""
    before = Path.cwd()
    try:
        os.chdir(folder)
        for _ in range(depth):
            Path("below").mkdir()
            os.chdir("below")
        Path("reserves.json").write_text("{}")
    finally:
        os.chdir(before)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="a path of any length needs POSIX")
@pytest.mark.parametrize("depth", [40, 1200, 3000])
def test_folders_nested_without_end_are_rejected(out: Path, registry: Registry, depth: int) -> None:
    nest(out / "public", depth)
    try:
        assert refused(out, registry) == "unlisted"
    finally:
        # Deeper than shutil.rmtree, or pytest with it, can remove.
        subprocess.run(["rm", "-rf", "--", str(out / "public/below")], check=True)


def test_more_files_than_anybody_would_look_at_are_rejected(out: Path, registry: Registry) -> None:
    for number in range(10_001):
        (out / f"public/note-{number}").write_bytes(b"")
    assert refused(out, registry) == "unlisted"


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no such sockets")
@pytest.mark.parametrize("name", ["publication.json", "manifest.json"])
def test_a_socket_in_the_place_of_a_file_is_rejected_as_such(
    out: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (out / "public" / name).unlink()
    monkeypatch.chdir(out / "public")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(name)
        assert refused(out, registry) == "file-kind"


def test_what_is_no_part_of_the_audit_is_listed_and_not_followed(out: Path, registry: Registry) -> None:
    (out / "public/README").write_text("hello")
    (out / "public/site/assets").mkdir(parents=True)
    (out / "public/away").symlink_to(out)
    (out / "public/\x1b[2J").write_text("")
    assert audit.verify(out, registry=registry, policy=WITH_TALLY).audit.unlisted == (
        "\\x1b[2J",
        "README",
        "away",
        "site",
    )
