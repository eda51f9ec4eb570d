"""The chain: a dishonest organisation that changes, drops, swaps, replaces or forks its past is found out."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from audit.forged import edit_record, refit
from doubles.policies import DECLARED, SUM_TREE
from polyproof import liabilities as audit
from polyproof.errors import ArtifactError, InputError, PolicyRejected, ProofRejected
from polyproof.formats.strict_json import canonical
from polyproof.liabilities import record
from polyproof.publication.history import add_audit, check_chain, parse_history, verify_history, verify_one
from polyproof.publication.month import run_month
from polyproof.registry import default_registry
from polyproof.reserves import verification
from polyproof.reserves.run import run_reserves
from polyproof.reserves.signing import challenge_text
from polyproof.settings.reserves import ReservesPolicy
from polyproof.settings.spec import Spec, load_spec
from report.months import HEALTHY, OWED, at, date_snapshot, run, signed, write_month
from reserves.exchange import LENIENT, okx_csv

Listed = list[dict[str, Any]]
RESERVES = ("reserves.json", "reserves-evidence.jsonl")
FILES = ("publication.json", "manifest.json", "proof-0000.bin", *RESERVES)


def rewrite(history: Path, change: Callable[[Listed], object]) -> None:
    """The index as a dishonest organisation would have it, in canonical form."""
    index = json.loads((history / "history.json").read_bytes())
    change(index["audits"])
    (history / "history.json").write_bytes(canonical(index) + b"\n")


def rejected(history: Path) -> ProofRejected:
    with pytest.raises(ProofRejected) as caught:
        verify_history(history, policy=SUM_TREE)
    return caught.value


def other_audit(folder: Path, previous: bytes | None, audit_id: str, when: str = "2025-03-29T12:00:00+00:00") -> Path:
    """An honest proof of other liabilities, with whatever link: what an organisation can always make."""
    write_month(folder, {**OWED, "BTC": "1"}, None)
    registry = default_registry()
    date_snapshot(folder, when)
    with at(when):
        audit.prove(
            load_spec(folder / "spec.yaml", registry),
            folder / "audit",
            audit_id=audit_id,
            previous=previous,
            policy=SUM_TREE,
        )
    return folder / "audit/public"


def digest_of(public: Path) -> str:
    return audit.open_audit(public).digest.hex()


def entry_of(public: Path) -> dict[str, Any]:
    opened = audit.open_audit(public)
    manifest, corrects = opened.manifest, opened.record.corrects
    return {
        "audit_id": manifest.audit_id,
        "created": manifest.created,
        "snapshot": manifest.snapshot,
        "publication_digest": opened.digest.hex(),
        "previous": manifest.previous.hex() if manifest.previous else None,
        "corrects": corrects.publication_digest if corrects else None,
    }


# Honest


def test_an_honest_history_verifies_and_tells_each_verdict(failing: Path) -> None:
    verified = verify_history(failing, reserves_policy=DECLARED, policy=SUM_TREE)
    assert [one.met for one in verified.audits] == [True, True, False]
    assert verified.refusal is not None
    assert verified.refusal.check == "policy-reserves"
    assert [one.met for one in verify_history(failing, policy=SUM_TREE).audits] == [False] * 3, (
        "by default none of it counts"
    )
    assert [one.manifest.audit_id for one in verified.audits] == ["failing-1", "failing-2", "failing-3"]
    links = [one.manifest.previous for one in verified.audits]
    assert links == [None, *(one.digest for one in verified.audits[:2])]


def test_nothing_private_is_published(exchanges: Path) -> None:
    published = exchanges / "healthy/audits/published"
    names = {path.name for path in published.rglob("*") if path.is_file()}
    assert names == {
        *("index.html", "history.html", "proven.html", "check.html", "report.json", "history.json"),
        *("BTC.html", "ETH.html", "USDT.html", "SOL.html"),
        *("press.html", "press.txt"),
        *("healthy-1.zip", "healthy-2.zip", "healthy-3.zip", "SHA256SUMS"),
        *("publication.json", "manifest.json", "proof-0000.bin", "reserves.json", "reserves-evidence.jsonl"),
    }
    key = (exchanges / "healthy/audits/healthy-1/private/key").read_bytes()
    assert all(key not in path.read_bytes() for path in published.rglob("*") if path.is_file())
    assert all(b"alice" not in path.read_bytes() for path in published.rglob("*") if path.is_file())


def test_a_digest_known_from_elsewhere_binds_what_is_before_it(healthy: Path) -> None:
    assert verify_history(healthy, policy=SUM_TREE).pinned == 0
    for number, one in enumerate(check_chain(healthy), 1):
        assert verify_history(healthy, digest=one.digest, policy=SUM_TREE).pinned == number
    with pytest.raises(ProofRejected, match=r"no audit in it has the digest.*\[publication-digest\]"):
        verify_history(healthy, digest=bytes(32), policy=SUM_TREE)


# Dishonest


def test_nobody_can_go_on_from_what_another_organisation_published(healthy: Path, tmp_path: Path) -> None:
    """A copy with one more audit would show the past of the one as that of the other."""
    for organisation in ("Another Exchange", None):
        folder = tmp_path / str(organisation)
        write_month(folder, OWED, None, organisation=organisation or "REMOVED")
        if organisation is None:
            text = (folder / "spec.yaml").read_text()
            (folder / "spec.yaml").write_text(text.replace("organisation: REMOVED\n", ""))
        date_snapshot(folder, "2025-04-28T12:00:00+00:00")
        spec = load_spec(folder / "spec.yaml", default_registry())
        copy = shutil.copytree(healthy, folder / "audits/published")
        with pytest.raises(InputError, match=r"a history is of one organisation \(keep the name; under another"):
            run_month(spec, policy=SUM_TREE)
        with at("2025-04-28T12:00:00+00:00"):
            audit.prove(
                spec, folder / "audit", audit_id="another-1", previous=check_chain(copy)[-1].digest, policy=SUM_TREE
            )
        with pytest.raises(ArtifactError, match="a history is of one organisation"):
            add_audit(copy, verify_one(folder / "audit", policy=SUM_TREE))
        added = shutil.copytree(folder / "audit/public", copy / "audits/another-1")
        index = json.loads((copy / "history.json").read_bytes())
        index["audits"].append(entry_of(added))
        (copy / "history.json").write_bytes(canonical(index) + b"\n")
        error = rejected(copy)
        assert error.check == "history-organisation"
        assert "a history is of one organisation" in error.reason


def test_a_missing_audit_is_found(healthy: Path) -> None:
    shutil.rmtree(healthy / "audits/healthy-2")
    error = rejected(healthy)
    assert error.check == "history-missing"
    assert "audit 2 of 3 (healthy-2)" in error.reason
    assert error.file == str(healthy / "audits/healthy-2")


def test_an_audit_dropped_from_disk_and_index_breaks_the_chain(healthy: Path) -> None:
    shutil.rmtree(healthy / "audits/healthy-2")
    rewrite(healthy, lambda listed: listed.pop(1))
    error = rejected(healthy)
    assert error.check == "history-link"
    assert "healthy-3" in error.reason
    assert "missing or was replaced" in error.reason


def test_a_dropped_beginning_is_found(healthy: Path) -> None:
    shutil.rmtree(healthy / "audits/healthy-1")
    rewrite(healthy, lambda listed: listed.pop(0))
    error = rejected(healthy)
    assert error.check == "history-link"
    assert "the audits before it are missing" in error.reason


def test_a_concealed_newest_audit_is_found(healthy: Path) -> None:
    rewrite(healthy, lambda listed: listed.pop())
    error = rejected(healthy)
    assert error.check == "history-unlisted"
    assert "healthy-3" in error.reason


def test_a_dropped_end_is_found_by_whoever_knows_its_digest(healthy: Path) -> None:
    newest = check_chain(healthy)[-1].digest
    shutil.rmtree(healthy / "audits/healthy-3")
    rewrite(healthy, lambda listed: listed.pop())
    assert len(verify_history(healthy, policy=SUM_TREE).audits) == 2
    with pytest.raises(ProofRejected, match="publication-digest"):
        verify_history(healthy, digest=newest, policy=SUM_TREE)


def test_reordered_audits_are_found(healthy: Path) -> None:
    rewrite(healthy, lambda listed: listed.reverse())
    assert rejected(healthy).check in ("history-order", "history-link")
    rewrite(healthy, lambda listed: listed.reverse())
    rewrite(healthy, lambda listed: listed.insert(1, listed.pop()))
    error = rejected(healthy)
    assert error.check in ("history-order", "history-link")
    assert "healthy-3" in error.reason


def test_a_replaced_audit_is_found(healthy: Path, tmp_path: Path) -> None:
    first = check_chain(healthy)[0].digest
    forged = other_audit(tmp_path / "other", first, "healthy-2", "2025-02-28T12:00:00+00:00")
    shutil.rmtree(healthy / "audits/healthy-2")
    shutil.copytree(forged, healthy / "audits/healthy-2")
    error = rejected(healthy)
    assert error.check == "history-replaced"
    assert "healthy-2" in error.reason


def test_a_replaced_audit_with_an_index_to_match_breaks_the_next_link(healthy: Path, tmp_path: Path) -> None:
    first = check_chain(healthy)[0].digest
    forged = other_audit(tmp_path / "other", first, "healthy-2", "2025-02-28T12:00:00+00:00")
    shutil.rmtree(healthy / "audits/healthy-2")
    shutil.copytree(forged, healthy / "audits/healthy-2")
    rewrite(healthy, lambda listed: listed.__setitem__(1, entry_of(forged)))
    error = rejected(healthy)
    assert error.check == "history-link"
    assert "healthy-3" in error.reason


def test_a_fork_in_the_index_is_found(healthy: Path, tmp_path: Path) -> None:
    second = check_chain(healthy)[1].digest
    forged = other_audit(tmp_path / "other", second, "fork-3")
    shutil.copytree(forged, healthy / "audits/fork-3")
    rewrite(healthy, lambda listed: listed.append(entry_of(forged)))
    error = rejected(healthy)
    assert error.check == "history-fork"
    assert "fork-3" in error.reason
    assert "healthy-3" in error.reason


@pytest.mark.parametrize("begins", [False, True])
def test_a_fork_beside_the_index_is_found(healthy: Path, tmp_path: Path, begins: bool) -> None:
    previous = None if begins else check_chain(healthy)[0].digest
    shutil.copytree(other_audit(tmp_path / "other", previous, "fork"), healthy / "audits/fork")
    error = rejected(healthy)
    assert error.check == "history-fork"
    assert ("healthy-1" if begins else "healthy-2") in error.reason


def test_a_chain_that_begins_again_is_found(healthy: Path, tmp_path: Path) -> None:
    forged = other_audit(tmp_path / "other", None, "anew")
    shutil.copytree(forged, healthy / "audits/anew")
    rewrite(healthy, lambda listed: listed.append(entry_of(forged)))
    error = rejected(healthy)
    assert error.check == "history-link"
    assert "starts again" in error.reason


def test_an_audit_dated_before_the_one_it_follows_is_found(healthy: Path, tmp_path: Path) -> None:
    newest = check_chain(healthy)[-1].digest
    forged = other_audit(tmp_path / "other", newest, "early", "2024-01-01T00:00:00+00:00")
    shutil.copytree(forged, healthy / "audits/early")
    rewrite(healthy, lambda listed: listed.append(entry_of(forged)))
    error = rejected(healthy)
    assert error.check == "history-order"
    assert "2024-01-01" in error.reason


@pytest.mark.parametrize(
    "file", ["publication.json", "manifest.json", "proof-0000.bin", "reserves.json", "reserves-evidence.jsonl"]
)
def test_a_changed_byte_in_any_file_of_any_month_is_found(healthy: Path, file: str) -> None:
    path = healthy / "audits/healthy-1" / file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert "healthy-1" in str(rejected(healthy))


@pytest.mark.parametrize("file", ["proof-0000.bin", "reserves.json", "reserves-evidence.jsonl"])
def test_a_file_that_is_gone_is_found(healthy: Path, file: str) -> None:
    (healthy / "audits/healthy-2" / file).unlink()
    assert "healthy-2" in str(rejected(healthy))


def test_reserves_that_vanish_are_found(healthy: Path) -> None:
    folder = healthy / "audits/healthy-2"
    for file in RESERVES:
        (folder / file).unlink()
    assert rejected(healthy).check == "publication-missing"
    refit(folder)
    assert rejected(healthy).check == "history-replaced"
    rewrite(healthy, lambda listed: listed.__setitem__(1, entry_of(folder)))
    assert rejected(healthy).check == "history-link", "the next audit names the record that there was"


def test_reserves_that_vanish_from_the_newest_audit_are_missed_by_its_digest_and_by_a_policy(
    failing: Path, tmp_path: Path
) -> None:
    history = shutil.copytree(failing, tmp_path / "published")
    digest = check_chain(history)[-1].digest
    folder = history / "audits/failing-3"
    for file in RESERVES:
        (folder / file).unlink()
    refit(folder)
    rewrite(history, lambda listed: listed.__setitem__(2, entry_of(folder)))
    met = [one.met for one in verify_history(history, reserves_policy=DECLARED, policy=SUM_TREE).audits]
    assert met == [True, True, None], "nothing binds it any more"
    with pytest.raises(ProofRejected, match="publication-digest"):
        verify_history(history, digest=digest, policy=SUM_TREE)
    for check in (verify_history, audit.verify):
        where = folder if check is audit.verify else history
        with pytest.raises(PolicyRejected) as caught:
            check(where, policy=evolve(SUM_TREE, reserves_required=True))
        assert caught.value.check == "policy-reserves-required"


def test_reserves_rewritten_from_not_covered_to_covered_are_found_by_the_pinned_digest(
    exchanges: Path, failing: Path, tmp_path: Path
) -> None:
    """The exchange lists more a month later, with signatures that are as valid, and files that fit each other."""
    history = shutil.copytree(failing, tmp_path / "published")
    digest = check_chain(history)[-1].digest
    write_month(tmp_path, OWED, HEALTHY)
    date_snapshot(tmp_path, "2025-03-28")
    work = shutil.copytree(exchanges / "failing/audits/failing-3", tmp_path / "work")
    (work / "private/published").unlink()
    again = run_reserves(load_spec(tmp_path / "spec.yaml"), work, replace=True, policy=SUM_TREE)
    assert again.evaluation.met
    for name in ("publication.json", *RESERVES):
        shutil.copy(work / "public" / name, history / "audits/failing-3" / name)
    rewrite(history, lambda listed: listed.__setitem__(2, entry_of(history / "audits/failing-3")))
    assert verify_history(history, reserves_policy=DECLARED, policy=SUM_TREE).audits[-1].met, "all of it is coherent"
    with pytest.raises(ProofRejected, match="publication-digest"):
        verify_history(history, digest=digest, policy=SUM_TREE)
    with pytest.raises(ProofRejected, match="publication-digest"):
        audit.verify(history / "audits/failing-3", digest=digest, policy=SUM_TREE)


def test_reserves_of_another_month_are_found(healthy: Path) -> None:
    folder = healthy / "audits/healthy-3"
    for file in RESERVES:
        shutil.copy(healthy / "audits/healthy-1" / file, folder / file)
    assert rejected(healthy).check == "publication-file"
    refit(folder)
    rewrite(healthy, lambda listed: listed.__setitem__(2, entry_of(folder)))
    assert rejected(healthy).check == "reserves-audit"


@pytest.mark.parametrize("file", RESERVES)
def test_a_record_that_names_reserves_without_evidence_or_the_reverse_is_rejected(healthy: Path, file: str) -> None:
    (healthy / "audits/healthy-3" / file).unlink()
    refit(healthy / "audits/healthy-3")
    with pytest.raises(ProofRejected) as caught:
        verify_one(healthy / "audits/healthy-3", policy=SUM_TREE)
    assert caught.value.check == "publication-format"


def test_a_link_to_another_place_is_refused(healthy: Path, tmp_path: Path) -> None:
    (healthy / "audits/healthy-2").rename(tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", healthy / "audits/healthy-2")
    assert rejected(healthy).check == "file-kind"


def test_a_folder_of_pages_that_leads_to_another_place_is_refused(healthy: Path, tmp_path: Path) -> None:
    (healthy / "assets").rename(tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", healthy / "assets")
    assert rejected(healthy).check == "file-kind"


def test_a_folder_of_audits_that_leads_to_another_place_is_refused(healthy: Path, tmp_path: Path) -> None:
    (healthy / "audits").rename(tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", healthy / "audits")
    assert rejected(healthy).check == "file-kind"


@pytest.mark.parametrize(
    "change",
    [
        lambda listed: listed[0].update(audit_id="../../etc"),
        lambda listed: listed[0].update(audit_id="healthy-2"),
        lambda listed: listed[0].update(audit_id="HEALTHY-2"),
        lambda listed: listed[0].update(publication_digest="00"),
        lambda listed: listed[0].update(more=1),
        lambda listed: listed[0].pop("previous"),
        lambda listed: listed.clear(),
        lambda listed: listed[0].update(created="yesterday"),
    ],
)
def test_a_malformed_index_is_rejected(healthy: Path, change: Callable[[Listed], object]) -> None:
    rewrite(healthy, change)
    assert rejected(healthy).check == "history-format"


@pytest.mark.parametrize(
    "change", [{"created": "2025-01-01T00:00:00Z"}, {"snapshot": "2025-01-01T00:00:00Z"}, {"previous": "00" * 32}]
)
def test_an_index_that_contradicts_a_manifest_is_rejected(healthy: Path, change: dict[str, str]) -> None:
    rewrite(healthy, lambda listed: listed[1].update(change))
    assert rejected(healthy).check == "history-index"


def test_an_audit_that_is_listed_and_kept_under_another_name_is_rejected(healthy: Path) -> None:
    (healthy / "audits/healthy-2").rename(healthy / "audits/healthy-9")
    rewrite(healthy, lambda listed: listed[1].update(audit_id="healthy-9"))
    error = rejected(healthy)
    assert error.check == "history-index"
    assert "audit id" in error.reason


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"a":1,"a":2}', b"[" * 100_000, b"\xff", b"1e999"])
def test_hostile_bytes_are_rejected(data: bytes) -> None:
    with pytest.raises(ProofRejected):
        parse_history(data)


def test_an_index_of_an_earlier_version_is_refused_as_such(healthy: Path) -> None:
    index = json.loads((healthy / "history.json").read_bytes())
    for version, check in ((1, "history-version"), (3, "history-format"), (True, "history-format")):
        (healthy / "history.json").write_bytes(canonical({**index, "version": version}) + b"\n")
        assert rejected(healthy).check == check


def test_an_audit_of_a_time_that_was_audited_before_is_rejected(healthy: Path, tmp_path: Path) -> None:
    newest = check_chain(healthy)[-1]
    public = other_audit(tmp_path / "other", newest.digest, "again", newest.manifest.snapshot[:10] + "T12:00:00+00:00")
    shutil.copytree(public, healthy / "audits/again")
    rewrite(healthy, lambda listed: listed.append(entry_of(healthy / "audits/again")))
    assert rejected(healthy).check == "history-snapshot"


def test_an_index_in_another_spelling_is_rejected(healthy: Path) -> None:
    index = json.loads((healthy / "history.json").read_bytes())
    (healthy / "history.json").write_text(json.dumps(index, indent=1))
    assert rejected(healthy).check == "history-canonical"


# Policy


def test_the_verifiers_own_policy_on_reserves_decides(healthy: Path) -> None:
    lenient = verify_history(healthy, reserves_policy=DECLARED, policy=SUM_TREE)
    assert lenient.audits[0].met
    assert lenient.refusal is None
    for stricter in (
        evolve(DECLARED, balances="claimed"),
        evolve(DECLARED, least_ratio="1.02"),
        ReservesPolicy(balances="declared"),
        None,
    ):
        verified = verify_history(healthy, reserves_policy=stricter, policy=SUM_TREE)
        assert not verified.audits[0].met
        assert verified.refusal is not None
        assert verified.refusal.check == "policy-reserves"
        assert "healthy-1" in str(verified.refusal.file)


# Adding


def test_an_audit_that_does_not_follow_the_newest_is_not_added(healthy: Path, tmp_path: Path) -> None:
    before = (healthy / "history.json").read_bytes()
    for number, previous in enumerate((None, check_chain(healthy)[0].digest)):
        public = other_audit(tmp_path / str(number), previous, f"late-{number}")
        with pytest.raises(ArtifactError, match="follows"):
            add_audit(healthy, verify_one(public, policy=SUM_TREE))
    assert (healthy / "history.json").read_bytes() == before
    assert len(list((healthy / "audits").iterdir())) == 3


def test_adding_what_is_there_changes_nothing(healthy: Path) -> None:
    before = (healthy / "history.json").read_bytes()
    add_audit(healthy, verify_one(healthy / "audits/healthy-2", policy=SUM_TREE))
    assert (healthy / "history.json").read_bytes() == before


def test_files_that_change_while_they_are_published_are_not(healthy: Path, tmp_path: Path) -> None:
    public = other_audit(tmp_path / "other", check_chain(healthy)[-1].digest, "late")
    verified = verify_one(public, policy=SUM_TREE)
    (public / "proof-0000.bin").write_bytes(b"something else")
    with pytest.raises(ArtifactError, match="changed while"):
        add_audit(healthy, verified)
    assert sorted(path.name for path in (healthy / "audits").iterdir()) == ["healthy-1", "healthy-2", "healthy-3"]
    assert len(verify_history(healthy, policy=SUM_TREE).audits) == 3


def test_a_copy_that_was_cut_short_is_made_again(healthy: Path, tmp_path: Path) -> None:
    public = other_audit(tmp_path / "other", check_chain(healthy)[-1].digest, "late")
    (healthy / "audits/.late.partial").mkdir()
    (healthy / "audits/late").mkdir()
    (healthy / "audits/late/manifest.json").write_text("half")
    add_audit(healthy, verify_one(public, policy=SUM_TREE))
    assert len(verify_history(healthy, policy=SUM_TREE).audits) == 4


def test_an_audit_is_added_only_to_the_history_that_was_verified(healthy: Path, tmp_path: Path) -> None:
    before = verify_history(healthy, policy=SUM_TREE).audits
    public = other_audit(tmp_path / "other", before[-1].digest, "late")
    verified = verify_one(public, policy=SUM_TREE)
    index = (healthy / "history.json").read_bytes()
    for wrong in ((), before[:-1], (*before, before[0]), before[::-1]):
        with pytest.raises(ArtifactError, match="changed after it was verified"):
            add_audit(healthy, verified, before=wrong)
    edit_record(healthy / "audits/healthy-1", evidence_digest="ab" * 32)
    with pytest.raises(ArtifactError, match="changed after it was verified"):
        add_audit(healthy, verified, before=before)
    assert (healthy / "history.json").read_bytes() == index


def test_evidence_is_read_twice_at_most(healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once when the record is opened, once to be judged; it can be large."""
    read: list[str] = []
    for module, name in ((record, "digest_bounded"), (verification, "read_bounded")):
        original = getattr(module, name)

        def counted(path: Path, *arguments: Any, original: Any = original) -> bytes:
            if path.name == "reserves-evidence.jsonl":
                read.append(path.parent.name)
            return original(path, *arguments)

        monkeypatch.setattr(module, name, counted)
    before = verify_history(healthy, policy=SUM_TREE).audits
    assert sorted(read) == ["healthy-1", "healthy-1", "healthy-2", "healthy-2", "healthy-3", "healthy-3"]
    read.clear()
    verify_history(healthy, policy=SUM_TREE, check_reserves=False)
    assert sorted(read) == ["healthy-1", "healthy-2", "healthy-3"]
    public = other_audit(tmp_path / "other", before[-1].digest, "late")
    verified = verify_one(public, policy=SUM_TREE)
    read.clear()
    add_audit(healthy, verified, before=before)
    assert read == []


# The month


def test_a_broken_history_is_not_continued(tmp_path: Path) -> None:
    write_month(tmp_path, OWED, HEALTHY)
    run(tmp_path, "2025-01-28T12:00:00+00:00", "month-1")
    proof = tmp_path / "audits/published/audits/month-1/proof-0000.bin"
    proof.write_bytes(proof.read_bytes()[:-1])
    with pytest.raises(ProofRejected):
        run(tmp_path, "2025-02-28T12:00:00+00:00", "month-2")
    assert not (tmp_path / "audits/month-2").exists()


def test_an_audit_proved_before_continues_with_reserves_that_came_later(tmp_path: Path) -> None:
    write_month(tmp_path, OWED, HEALTHY)
    registry = default_registry()
    spec = load_spec(tmp_path / "spec.yaml", registry)
    audit.prove(spec, tmp_path / "audits/month-1", registry=registry, policy=SUM_TREE)
    (tmp_path / "reserves.csv").rename(tmp_path / "later.csv")
    with pytest.raises(Exception, match=r"reserves\.csv") as caught:
        run_month(spec, proved=tmp_path / "audits/month-1", registry=registry, policy=SUM_TREE)
    assert "--proved" in caught.value.__notes__[0]
    assert not (tmp_path / "audits/published").exists()
    (tmp_path / "later.csv").rename(tmp_path / "reserves.csv")
    done = run_month(
        spec, proved=tmp_path / "audits/month-1", reserves_policy=DECLARED, registry=registry, policy=SUM_TREE
    )
    assert done.report.verdict == "covered"
    again = run_month(
        spec, proved=tmp_path / "audits/month-1", reserves_policy=DECLARED, registry=registry, policy=SUM_TREE
    )
    assert again.audits == done.audits
    assert again.report == done.report


def test_reserve_files_that_are_wrong_are_reported_before_anything_is_proved(tmp_path: Path) -> None:
    write_month(tmp_path, OWED, HEALTHY)
    (tmp_path / "reserves.csv").write_text("nonsense")
    with pytest.raises(InputError, match=r"reserves\.csv"):
        run(tmp_path, "2025-01-28T12:00:00+00:00", "month-1")
    assert not (tmp_path / "audits").exists()


def test_an_audit_of_another_spec_is_not_taken_for_one_proved_before(tmp_path: Path) -> None:
    other = other_audit(tmp_path / "other", None, "other-1").parent
    write_month(tmp_path / "mine", OWED, None, organisation="Another Exchange")
    registry = default_registry()
    with pytest.raises(ArtifactError, match="not proved from this spec"):
        run_month(load_spec(tmp_path / "mine/spec.yaml", registry), proved=other, registry=registry, policy=SUM_TREE)


@pytest.mark.parametrize("month", [1, 2])
def test_a_run_that_ended_before_the_index_named_its_audit_is_finished_by_the_next(tmp_path: Path, month: int) -> None:
    for number in range(1, month + 1):
        write_month(tmp_path, OWED, HEALTHY)
        before = [tmp_path / "audits/published/history.json", tmp_path / "audits/chain.json"]
        kept = [path.read_bytes() if number > 1 else None for path in before]
        run(tmp_path, f"2025-0{number}-28T12:00:00+00:00", f"month-{number}")
    published = tmp_path / "audits/published"
    for leftover in (path for path in published.iterdir() if path.name not in ("audits", "history.json")):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    (tmp_path / f"audits/month-{month}/private/published").unlink()
    for path, data in zip(before, kept, strict=True):
        path.unlink() if data is None else path.write_bytes(data)
    if month > 1:
        assert rejected(published).check == "history-unlisted"
    registry = default_registry()
    done = run_month(
        load_spec(tmp_path / "spec.yaml", registry),
        proved=tmp_path / f"audits/month-{month}",
        registry=registry,
        policy=SUM_TREE,
    )
    assert done.audits == len(verify_history(published, policy=SUM_TREE).audits) == month


def test_wallets_that_sign_for_this_very_audit_make_a_fresh_one(tmp_path: Path) -> None:
    chains = {"BTC": "bitcoin", "ETH": "ethereum", "USDT": "tron", "SOL": "solana"}
    registry = default_registry()
    pin = {"name": "solana", "height": 380_000_000, "block": "5" * 44}

    def spec_of_month() -> Spec:
        text = (tmp_path / "spec.yaml").read_text()
        text = text.replace(
            "  pins:\n", f"  pins:\n    - {{chain: solana, height: {pin['height']}, block: '{pin['block']}'}}\n"
        )
        text = text.replace(LENIENT, "{balances: declared}")
        (tmp_path / "spec.yaml").write_text(text)
        return load_spec(tmp_path / "spec.yaml", registry)

    write_month(tmp_path, OWED, HEALTHY)
    first_spec = spec_of_month()
    date_snapshot(tmp_path, "2025-02-28")
    spec = load_spec(tmp_path / "spec.yaml", registry)
    first = run_month(
        first_spec, out=tmp_path / "audits/month-1", audit_id="month-1", registry=registry, policy=SUM_TREE
    )
    assert first.report.verdict == "not-covered", "constant messages do not count by default"
    before = tmp_path / "audits/published/audits/month-1"
    audit.prove(
        *(spec, tmp_path / "audits/month-2"),
        audit_id="month-2",
        previous=audit.open_audit(before).digest,
        registry=registry,
        policy=SUM_TREE,
    )
    rows = []
    for place, (symbol, chain) in enumerate(chains.items(), 1):
        address = signed(symbol, place, "0").claim.address
        message = challenge_text(spec, tmp_path / "audits/month-2", chain, address, registry=registry)
        rows.append(signed(symbol, place, HEALTHY[symbol], message))
    (tmp_path / "reserves.csv").write_text(okx_csv(rows))
    second = run_month(
        spec,
        proved=tmp_path / "audits/month-2",
        reserves_policy=ReservesPolicy(balances="declared"),
        registry=registry,
        policy=SUM_TREE,
    )
    assert second.report.verdict == "covered"
    assert [entry.met for entry in second.report.history] == [False, True]
    overview = (tmp_path / "audits/published/assets/BTC.html").read_text(encoding="utf-8")
    assert "For this audit" in overview
    assert "At an unknown time" not in overview
