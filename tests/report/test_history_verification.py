"""Verifying a history and adding to it, on audits that prove nothing: what is asked, counted and copied."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from attrs import evolve

from audit.example import ACCOUNTS, SPEC
from audit.forged import edit_record
from audit.tally_backend import WITH_TALLY, tally_registry
from doubles.refusals import Failing
from polyproof import liabilities as audit
from polyproof.errors import ArtifactError, PluginFault, PolicyRejected, ProofRejected
from polyproof.liabilities import verification as liabilities_verification
from polyproof.liabilities.artifacts import PUBLISHED_MARK
from polyproof.progress import Progress, Task
from polyproof.publication.history import (
    HistoryVerified,
    VerifiedAudit,
    add_audit,
    addition,
    mark_published,
    read_history,
    verification,
    verify_history,
    verify_one,
)
from polyproof.registry import Registry
from polyproof.settings.policy import PolicyCheck
from polyproof.settings.spec import load_spec
from report.months import at

Answer = Callable[..., Any]


@pytest.fixture
def registry() -> Registry:
    return tally_registry()


class Exchange:
    """Proves a month, and publishes it."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.folder, self.registry = folder, registry
        self.history = folder / "history"

    def prove(self, month: int, previous: bytes | None, reserves: bool = False, audit_id: str = "") -> Path:
        folder = self.folder / f"{audit_id}{month}"
        folder.mkdir()
        (folder / "accounts.csv").write_text(ACCOUNTS)
        (folder / "spec.yaml").write_text(SPEC.replace("2025-11-30", f"2025-{month:02d}-01"))
        with at(f"2025-{month:02d}-02T00:00:00+00:00"):
            audit.prove(
                load_spec(folder / "spec.yaml", self.registry),
                folder / "audit",
                audit_id=audit_id or f"month-{month}",
                previous=previous,
                registry=self.registry,
                policy=WITH_TALLY,
            )
        if reserves:
            public = folder / "audit/public"
            (public / "reserves.json").write_bytes(b"reserves")
            (public / "reserves-evidence.jsonl").write_bytes(b"evidence")
            digests = {"reserves_digest": b"reserves", "evidence_digest": b"evidence"}
            edit_record(public, **{key: sha256(data).hexdigest() for key, data in digests.items()})
        return folder / "audit"

    def one(self, directory: Path, **more: Any) -> VerifiedAudit:
        return verify_one(directory, policy=WITH_TALLY, registry=self.registry, **more)

    def add(self, directory: Path) -> bytes:
        verified = self.one(directory)
        add_audit(self.history, verified)
        return verified.digest

    def verify(self, **more: Any) -> HistoryVerified:
        return verify_history(self.history, policy=WITH_TALLY, registry=self.registry, **more)


@pytest.fixture
def answers() -> list[Any]:
    """What is said of each audit's reserves, in order; all that was asked is put in their place."""
    return []


@pytest.fixture
def exchange(tmp_path: Path, registry: Registry, answers: list[Any], monkeypatch: pytest.MonkeyPatch) -> Exchange:
    """Reserves are not looked at: ``answers`` says what is found in them, and holds enough unless it says otherwise."""
    asked: list[Any] = []

    def answer(directory: Path, **given: Any) -> Any:
        asked.append((directory, given))
        found = answers[len(asked) - 1] if len(asked) <= len(answers) else None
        return found or SimpleNamespace(evaluation=SimpleNamespace(met=True), refusal=None)

    monkeypatch.setattr(verification, "verify_reserves", answer)
    exchange = Exchange(tmp_path, registry)
    exchange.asked = asked  # type: ignore[attr-defined]
    return exchange


@pytest.fixture
def three(exchange: Exchange) -> list[bytes]:
    """Three months, the second with reserves; the publication digest of each."""
    digests: list[bytes] = []
    for month in (1, 2, 3):
        previous = digests[-1] if digests else None
        digests.append(exchange.add(exchange.prove(month, previous, reserves=month == 2)))
    exchange.asked.clear()  # type: ignore[attr-defined]
    return digests


def test_every_audit_is_verified_and_what_lies_beside_them_is_named(exchange: Exchange, three: list[bytes]) -> None:
    for name in ("README", "index.html", "report.json", "assets/btc.html", "assets/notes", "audits/month-1/note"):
        (exchange.history / name).parent.mkdir(exist_ok=True)
        (exchange.history / name).touch()
    (exchange.history / "audits/empty").mkdir()
    began = time.perf_counter()
    found = exchange.verify()
    assert 0 <= found.seconds <= time.perf_counter() - began
    assert [one.digest for one in found.audits] == three
    assert [one.manifest.audit_id for one in found.audits] == ["month-1", "month-2", "month-3"]
    assert [len(one.liabilities.verdicts) for one in found.audits] == [3, 3, 3]
    assert [one.met for one in found.audits] == [None, True, None]
    assert (found.directory, found.pinned, found.unchecked, found.refusal) == (exchange.history, 0, 0, None)
    assert found.unlisted == ("README", "assets/notes", "audits/empty", "audits/month-1/note")


@pytest.mark.parametrize("name", ["manifest.json", "assets/manifest.json", "audits/proof-0000.bin", "public"])
def test_what_could_be_taken_for_part_of_it_is_refused(exchange: Exchange, three: list[bytes], name: str) -> None:
    (exchange.history / name).parent.mkdir(exist_ok=True)
    (exchange.history / name).touch()
    with pytest.raises(ProofRejected, match="unlisted"):
        exchange.verify()


def test_pages_that_lead_elsewhere_are_refused(exchange: Exchange, three: list[bytes]) -> None:
    (exchange.history / "assets").symlink_to(exchange.folder)
    with pytest.raises(ProofRejected, match="file-kind"):
        exchange.verify()


def test_a_digest_known_from_elsewhere_says_how_much_is_bound(exchange: Exchange, three: list[bytes]) -> None:
    assert [exchange.verify(digest=digest).pinned for digest in three] == [1, 2, 3]
    with pytest.raises(ProofRejected, match=f"no audit in it has the digest {'00' * 32}"):
        exchange.verify(digest=bytes(32))


def test_a_proof_of_any_month_that_does_not_verify_is_found(exchange: Exchange, three: list[bytes]) -> None:
    path = exchange.history / "audits/month-3/proof-0002.bin"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(ProofRejected) as caught:
        exchange.verify()
    assert caught.value.file == str(path)


def test_reserves_are_judged_by_what_the_verifier_gives(exchange: Exchange, three: list[bytes]) -> None:
    policy, providers = object(), [object()]
    found = exchange.verify(reserves_policy=policy, providers=providers)
    ((directory, given),) = exchange.asked  # type: ignore[attr-defined]
    assert directory == exchange.history / "audits/month-2"
    assert given["audit"] is found.audits[1].liabilities
    assert (given["reserves_policy"], given["providers"]) == (policy, providers)
    assert given["registry"] is exchange.registry


def test_reserves_that_are_not_checked_are_counted_as_such(exchange: Exchange, three: list[bytes]) -> None:
    found = exchange.verify(check_reserves=False)
    assert [one.reserves_unchecked for one in found.audits] == [False, True, False]
    assert [one.met for one in found.audits] == [None, None, None]
    assert found.unchecked == 1
    assert exchange.asked == []  # type: ignore[attr-defined]


def test_the_first_refusal_is_that_of_the_history(exchange: Exchange, three: list[bytes], answers: list[Any]) -> None:
    refusal = PolicyRejected(PolicyCheck.RESERVES, "too little")
    enough = SimpleNamespace(evaluation=SimpleNamespace(met=True), refusal=None)
    answers += [SimpleNamespace(evaluation=SimpleNamespace(met=False), refusal=refusal), enough]
    exchange_found = exchange.verify()
    assert exchange_found.refusal is refusal
    assert [one.met for one in exchange_found.audits] == [None, False, None]
    found = exchange_found.audits
    later = evolve(exchange_found, audits=(evolve(found[0], reserves=enough), *found))
    assert later.refusal is refusal


def test_extras_are_asked_for_only_where_reserves_are_checked(
    exchange: Exchange, three: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    monkeypatch.setattr(verification, "require_extras", lambda *names, purpose: asked.append((*names, purpose)))
    exchange.verify(check_reserves=False)
    assert asked == []
    exchange.verify()
    assert asked == [("reserves", "checking reserves")]


def test_a_history_without_reserves_needs_no_extra(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.add(exchange.prove(1, None))
    monkeypatch.setattr(verification, "require_extras", Failing().fail)
    assert len(exchange.verify().audits) == 1


def test_a_single_audit_is_held_to_the_digest_that_is_known(exchange: Exchange) -> None:
    directory = exchange.prove(1, None)
    digest = exchange.one(directory).digest
    assert exchange.one(directory, digest=digest).record.audit_id == "month-1"
    with pytest.raises(ProofRejected, match="publication-digest"):
        exchange.one(directory, digest=bytes(32))


def test_each_audit_is_told_of_when_it_is_verified_and_one_process_does_the_work_unless_more_are_given(
    exchange: Exchange, three: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Any] = []
    whole = liabilities_verification.verify

    class Told(Progress, Task):
        @contextmanager
        def task(self, title: str, total: int | None = None) -> Iterator[Task]:
            told.append((title, total))
            yield self if title == "verify audits" else Task()

        def advance(self, steps: int = 1) -> None:
            told.append(steps)

    def asked(directory: Path, *, jobs: int, **given: Any) -> Any:
        told.append(jobs)
        return whole(directory, **given)

    monkeypatch.setattr(liabilities_verification, "verify", asked)
    for given, jobs in (({}, 1), ({"jobs": 5}, 5)):
        told.clear()
        exchange.verify(progress=Told(), **given)
        each = [jobs, ("verify segments", 3), 1]
        assert told == [("verify audits", 3), *each, *each, *each]
        told.clear()
        exchange.one(exchange.history / "audits/month-1", **given)
        assert told == [jobs]


def test_a_fault_of_a_component_is_told_as_one(
    exchange: Exchange, three: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Progress):
        def task(self, title: str, total: int | None = None) -> Any:
            Failing().fail()

    with pytest.raises(PluginFault, match="hashlib"):
        exchange.verify(progress=Broken())
    monkeypatch.setattr(verification, "verify_reserves", Failing().fail)
    with pytest.raises(PluginFault, match="hashlib"):
        exchange.one(exchange.history / "audits/month-2")


# Adding


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_is_added_is_the_public_half_and_an_entry_that_says_what_its_files_do(exchange: Exchange) -> None:
    directory = exchange.prove(1, None, reserves=True)
    (directory / "public/README").touch()
    digest = exchange.add(directory)
    kept = files(exchange.history / "audits/month-1")
    assert kept == {name: data for name, data in files(directory / "public").items() if name != "README"}
    (entry,) = read_history(exchange.history).audits
    assert (entry.audit_id, entry.created, entry.snapshot, entry.publication_digest, entry.previous) == (
        "month-1",
        "2025-01-02T00:00:00Z",
        "2025-01-01T00:00:00Z",
        digest.hex(),
        None,
    )
    corrected = exchange.prove(2, digest)
    edit_record(corrected / "public", corrects={"publication_digest": digest.hex(), "reason": "wrong"})
    exchange.add(corrected)
    assert read_history(exchange.history).audits[1].corrects == digest.hex()
    assert read_history(exchange.history).audits[1].previous == digest.hex()


def test_every_file_is_on_the_disk_before_it_has_its_name(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that loses its power leaves no audit of empty files."""
    verified = exchange.one(exchange.prove(1, None))
    where = exchange.history / "audits/month-1"
    kept: list[int] = []

    def synced(descriptor: int) -> None:
        assert not where.exists()
        kept.append(os.fstat(descriptor).st_size)

    with monkeypatch.context() as patched:
        patched.setattr(addition, "write_durably", lambda *given: None)
        patched.setattr(addition.os, "fsync", synced)
        add_audit(exchange.history, verified)
    assert sorted(kept) == sorted(path.stat().st_size for path in where.iterdir())


def test_what_is_there_stays_as_it_is(exchange: Exchange, three: list[bytes]) -> None:
    before = files(exchange.history)
    made = add_audit(exchange.history, exchange.one(exchange.history / "audits/month-2"))
    assert made == read_history(exchange.history)
    assert files(exchange.history) == before


@pytest.mark.parametrize(
    ("month", "after", "audit_id", "told"),
    [
        (4, None, "late", "audit late follows no audit, but the newest that is published is [0-9a-f]{64}"),
        (4, 1, "late", "audit late follows [0-9a-f]{64}, but the newest that is published is"),
        (4, 2, "MONTH-1", "there already is an audit MONTH-1"),
        (3, 2, "late", "audit late is of 2025-03-01T00:00:00Z, and audit month-3 before it"),
    ],
)
def test_an_audit_that_cannot_be_next_is_not_added(
    exchange: Exchange, three: list[bytes], month: int, after: int | None, audit_id: str, told: str
) -> None:
    before = files(exchange.history)
    directory = exchange.prove(month, None if after is None else three[after], audit_id=audit_id)
    with pytest.raises(ArtifactError, match=told):
        exchange.add(directory)
    assert files(exchange.history) == before


def test_the_first_audit_follows_none(exchange: Exchange) -> None:
    with pytest.raises(ArtifactError, match="but the newest that is published is none"):
        exchange.add(exchange.prove(1, bytes(32)))
    assert not (exchange.history / "history.json").exists()


def test_another_organisations_history_is_not_continued(exchange: Exchange, three: list[bytes]) -> None:
    directory = exchange.prove(4, three[-1])
    verified = exchange.one(directory)
    other = evolve(verified.manifest, organisation="Another Exchange")
    opened = evolve(verified.liabilities.audit, manifest=other)
    with pytest.raises(ArtifactError, match="audit month-4 is of 'Another Exchange', and audit month-3 before it"):
        add_audit(exchange.history, evolve(verified, liabilities=evolve(verified.liabilities, audit=opened)))


@pytest.mark.parametrize("name", ["publication.json", "manifest.json", "proof-0002.bin", "reserves.json"])
def test_a_file_that_changes_meanwhile_is_not_published(exchange: Exchange, name: str) -> None:
    directory = exchange.prove(1, None, reserves=True)
    verified = exchange.one(directory)
    (directory / "public" / name).write_bytes(b"something else")
    with pytest.raises(ArtifactError, match=f"{name} changed while it was being published"):
        add_audit(exchange.history, verified)
    assert files(exchange.history) == {}
    assert list((exchange.history / "audits").iterdir()) == []


def test_what_a_run_left_that_was_cut_short_is_made_again(exchange: Exchange, three: list[bytes]) -> None:
    for left in ("month-4/manifest.json", ".month-4.partial/manifest.json"):
        (exchange.history / "audits" / left).parent.mkdir()
        (exchange.history / "audits" / left).write_text("half")
    exchange.add(exchange.prove(4, three[-1]))
    assert len(exchange.verify().audits) == 4


def test_an_audit_is_added_only_to_the_chain_that_was_checked(exchange: Exchange, three: list[bytes]) -> None:
    verified = exchange.one(exchange.prove(4, three[-1]))
    before = exchange.verify().audits
    for wrong in ((), before[:-1], before[::-1]):
        with pytest.raises(ArtifactError, match="changed after it was verified"):
            add_audit(exchange.history, verified, before=wrong)
    assert len(add_audit(exchange.history, verified, before=before).audits) == 4


def test_a_record_that_changed_since_the_chain_was_checked_is_found(exchange: Exchange, three: list[bytes]) -> None:
    verified = exchange.one(exchange.prove(4, three[-1]))
    before = exchange.verify().audits
    edit_record(exchange.history / "audits/month-2", corrects={"publication_digest": "00" * 32, "reason": "another"})
    with pytest.raises(ArtifactError, match="changed after it was verified"):
        add_audit(exchange.history, verified, before=before)
    assert len(read_history(exchange.history).audits) == 3


def test_reserves_that_were_not_checked_are_not_published(exchange: Exchange) -> None:
    verified = exchange.one(exchange.prove(1, None, reserves=True), check_reserves=False)
    with pytest.raises(AssertionError, match="only what was verified completely"):
        add_audit(exchange.history, verified)


def test_a_record_that_is_published_is_marked_beside_its_private_half(exchange: Exchange) -> None:
    directory = exchange.prove(1, None)
    record = exchange.one(directory).record
    mark_published(directory, record)
    mark = directory / "private" / PUBLISHED_MARK
    assert mark.read_text() == f"{record.digest.hex()}\n"
    assert mark.stat().st_mode & 0o077 == 0
    mark_published(directory / "public", record)
    assert not (directory / "public/private").exists()
