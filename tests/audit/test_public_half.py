"""What a folder is, and what a record binds, on public halves without a proof: none is looked at there."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from attrs import evolve

from audit.forged import edit_record, refit
from audit.manifests import MANIFEST
from doubles.refusals import refusal
from polyproof.errors import ArtifactError
from polyproof.liabilities import folder, record
from polyproof.liabilities.folder import Kind, check_listed, find_public, is_history, kind_of, present
from polyproof.liabilities.record import (
    Correction,
    PublicationRecord,
    open_publication,
    parse_record,
    read_record,
    record_of,
    write_record,
)
from polyproof.settings.policy import Policy

DIGEST = "ab" * 32


@pytest.fixture
def public(tmp_path: Path) -> Path:
    """A public half whose record names reserves as well."""
    public = tmp_path / "public"
    public.mkdir()
    (public / "manifest.json").write_bytes(MANIFEST.to_bytes())
    (public / "reserves.json").write_bytes(b"reserves")
    (public / "reserves-evidence.jsonl").write_bytes(b"evidence")
    (public / "proof-0000.bin").write_bytes(b"not read")
    write_record(public, record_of(MANIFEST).with_reserves(sha256(b"reserves").digest(), sha256(b"evidence").digest()))
    return public


# What a folder is


def write(where: Path, *names: str) -> Path:
    for name in names:
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        (where / name).write_text("{}")
    return where


@pytest.mark.parametrize(
    ("name", "kind", "public"),
    [
        ("history.json", Kind.HISTORY, None),
        ("publication.json", Kind.PUBLIC, "."),
        ("public/publication.json", Kind.AUDIT, "public"),
    ],
)
def test_one_file_says_what_a_folder_is(tmp_path: Path, name: str, kind: Kind, public: str | None) -> None:
    write(tmp_path, name)
    assert kind_of(tmp_path) is kind
    assert is_history(tmp_path) is (kind is Kind.HISTORY)
    if public is None:
        with pytest.raises(ArtifactError, match="is a history, not a single audit"):
            find_public(tmp_path)
    else:
        assert find_public(tmp_path) == tmp_path / public


@pytest.mark.parametrize("other", ["publication.json", "public/publication.json"])
def test_a_folder_that_is_two_things_is_refused(tmp_path: Path, other: str) -> None:
    write(tmp_path, "history.json", other)
    assert refusal(lambda: kind_of(tmp_path), match=f"it holds history.json and {other}") == "folder"


def test_a_link_that_leads_nowhere_is_something_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "history.json").symlink_to("/nowhere")
    assert present(tmp_path / "history.json")
    assert not present(tmp_path / "publication.json")
    assert kind_of(tmp_path) is Kind.HISTORY


def test_a_folder_that_is_nothing_or_not_there_is_no_audit(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="nowhere does not exist"):
        kind_of(tmp_path / "nowhere")
    with pytest.raises(ArtifactError, match="is neither an audit nor a history of audits"):
        kind_of(tmp_path)
    (tmp_path / "audit.zip").write_bytes(b"PK")
    with pytest.raises(ArtifactError, match=r"audit\.zip is a file, not the folder .* has to be unpacked first"):
        kind_of(tmp_path / "audit.zip")


@pytest.mark.parametrize("where", ["", "public/"])
@pytest.mark.parametrize(
    ("text", "check"),
    [
        ('{"version": 1}', "manifest-version"),
        ('{"version": 1, "amount": 0.5}', "manifest-version"),
        ('{"version": 2}', "publication-missing"),
        ('{"version": 0}', "publication-missing"),
        ('{"version": true}', "publication-missing"),
        ('{"version": 1.0}', "publication-missing"),
        ('{"version": [1]}', "publication-missing"),
        ('[{"version": 1}]', "publication-missing"),
        ("{", "publication-missing"),
    ],
)
def test_a_manifest_without_a_record_is_of_an_earlier_version_or_has_lost_it(
    tmp_path: Path, where: str, text: str, check: str
) -> None:
    write(tmp_path, f"{where}manifest.json")
    (tmp_path / where / "manifest.json").write_text(text)
    told = "has version 1, which polyproof 0.1 reads" if check == "manifest-version" else "is missing beside manifest"
    assert refusal(lambda: kind_of(tmp_path), match=told) == check


def test_so_does_one_of_sixteen_mebibytes_and_no_larger_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(b'{"version": 1}'.ljust(16 << 20))
    assert refusal(lambda: kind_of(tmp_path)) == "manifest-version"
    (tmp_path / "manifest.json").write_bytes(b'{"version": 1}'.ljust((16 << 20) + 1))
    assert refusal(lambda: kind_of(tmp_path)) == "file-size"


# What else lies there


@pytest.mark.parametrize(
    "name",
    [
        "publication.json",
        "manifest.json",
        "history.json",
        "reserves.json",
        "reserves-evidence.jsonl",
        "proof-0000.bin",
        "proof-12345.bin",
        "public",
        "private",
        "audits",
        "MANIFEST.json",
        "Proof-0000.BIN",
    ],
)
def test_what_an_audit_could_have_is_refused_at_any_depth(tmp_path: Path, name: str) -> None:
    assert check_listed(write(tmp_path, name), {name}) == ()
    assert refusal(lambda: check_listed(tmp_path, {"other"}), match="is no part of what is published") == "unlisted"
    below = write(tmp_path / "below", f"a/b/{name}").parent
    assert refusal(lambda: check_listed(below, {"a", name})) == "unlisted"


@pytest.mark.parametrize(
    "name", ["proof-.bin", "proof-1.bin.txt", "xpublic", "reserves-json", "a.json", "manifest.json~"]
)
def test_other_names_are_listed(tmp_path: Path, name: str) -> None:
    assert check_listed(write(tmp_path, name, "kept"), {"kept"}) == (name,)


def test_what_is_listed_is_sorted_named_once_and_fit_to_be_shown(tmp_path: Path) -> None:
    write(tmp_path, "b/c/d", "b/e", "a", "\x1b[2J", "müll")
    assert check_listed(tmp_path, ()) == ("\\x1b[2J", "a", "b", "müll")


def test_what_is_listed_is_not_looked_into(tmp_path: Path) -> None:
    assert check_listed(write(tmp_path, "site/manifest.json"), {"site"}) == ()
    assert refusal(lambda: check_listed(tmp_path, ())) == "unlisted"


def test_links_are_named_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path / "elsewhere", "manifest.json")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "away").symlink_to(tmp_path / "elsewhere")
    assert check_listed(tmp_path / "here", ()) == ("away",)


def test_folders_may_be_nested_as_deep_as_is_allowed(tmp_path: Path) -> None:
    deepest = tmp_path.joinpath(*["d"] * 32)
    deepest.mkdir(parents=True)
    assert check_listed(tmp_path, ()) == ("d",)
    (deepest / "d").mkdir()
    assert refusal(lambda: check_listed(tmp_path, ()), match="nested deeper than 32") == "unlisted"


def test_there_may_be_as_many_files_as_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_MOST_UNLISTED", 4)
    write(tmp_path, "a", "b", "c/one")
    assert check_listed(tmp_path, ()) == ("a", "b", "c")
    write(tmp_path, "c/two")
    assert refusal(lambda: check_listed(tmp_path, ()), match="more than 4 files") == "unlisted"
    assert check_listed(tmp_path, ("a",)) == ("b", "c")


def test_there_may_be_ten_thousand_files_and_no_more(tmp_path: Path) -> None:
    names = [f"note-{number}" for number in range(10_000)]
    for name in names:
        os.close(os.open(tmp_path / name, os.O_CREAT))
    assert check_listed(tmp_path, ()) == tuple(sorted(names))
    (tmp_path / "one more").touch()
    assert refusal(lambda: check_listed(tmp_path, ()), match="more than 10000 files") == "unlisted"


@pytest.mark.parametrize(
    ("error", "told"), [(PermissionError(13, "closed"), None), (OSError(40, "broken"), "cannot be looked into: broken")]
)
def test_only_a_folder_below_that_is_closed_to_everybody_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, told: str | None
) -> None:
    """What cannot be read for any other reason might hold anything: a second audit, for those who can read it."""
    write(tmp_path, "below/note")
    look = os.scandir

    def fail_at(path: Path) -> None:
        monkeypatch.setattr(folder.os, "scandir", lambda where: fail() if where == path else look(where))

    def fail() -> None:
        raise error

    fail_at(tmp_path / "below")
    if told is None:
        assert check_listed(tmp_path, ()) == ("below",)
        fail_at(tmp_path)
        with pytest.raises(PermissionError):
            check_listed(tmp_path, ())
    else:
        assert refusal(lambda: check_listed(tmp_path, ()), match=told) == "unlisted"


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever may read everything is never refused")
def test_a_folder_that_nobody_can_look_into_is_named_and_the_half_itself_must_be_readable(tmp_path: Path) -> None:
    write(tmp_path, "closed/manifest.json")
    (tmp_path / "closed").chmod(0)
    assert check_listed(tmp_path, ()) == ("closed",)
    with pytest.raises(PermissionError):
        check_listed(tmp_path / "closed", ())
    (tmp_path / "closed").chmod(0o700)


# The record


def test_everything_that_a_record_names_is_reached(public: Path) -> None:
    (public / "README").touch()
    for directory in (public, public.parent):
        found = open_publication(directory)
        assert (found.public, found.manifest, found.unlisted) == (public, MANIFEST, ("README",))
        assert found.digest == found.record.digest == sha256((public / "publication.json").read_bytes()).digest()
        assert open_publication(directory, digest=found.digest) == found
    assert [name for name, _ in found.record.files] == ["manifest.json", "reserves.json", "reserves-evidence.jsonl"]
    assert [digest for _, digest in found.record.files] == [
        sha256(data).digest() for data in (MANIFEST.to_bytes(), b"reserves", b"evidence")
    ]


def test_another_digest_than_the_one_known_is_refused(public: Path) -> None:
    for digest in (bytes(32), sha256(MANIFEST.to_bytes()).digest()):
        assert refusal(lambda given=digest: open_publication(public, digest=given)) == "publication-digest"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["manifest.json", "reserves.json", "reserves-evidence.jsonl"])
def test_a_file_that_differs_or_is_missing_is_refused(public: Path, name: str) -> None:
    kept = (public / name).read_bytes()
    (public / name).write_bytes(kept + b" ")
    assert refusal(lambda: open_publication(public), match="not the file that") == "publication-file"
    (public / name).unlink()
    assert refusal(lambda: open_publication(public), match="publication.json names it, but") == "publication-missing"


@pytest.mark.parametrize("name", ["reserves.json", "reserves-evidence.jsonl"])
def test_reserves_may_be_missing_for_who_looks_at_liabilities_but_not_differ(public: Path, name: str) -> None:
    (public / name).unlink()
    assert open_publication(public, liabilities_only=True).manifest == MANIFEST
    (public / name).symlink_to("/nowhere")
    assert refusal(lambda: open_publication(public, liabilities_only=True)) == "file-kind"
    (public / name).unlink()
    (public / name).write_bytes(b"rewritten")
    assert refusal(lambda: open_publication(public, liabilities_only=True)) == "publication-file"


def test_reserves_that_the_record_does_not_name_are_refused(public: Path) -> None:
    edit_record(public, reserves_digest=None, evidence_digest=None)
    assert refusal(lambda: open_publication(public)) == "unlisted"


def test_proofs_that_the_manifest_does_not_name_are_refused(public: Path) -> None:
    (public / "proof-0002.bin").touch()
    assert refusal(lambda: open_publication(public)) == "unlisted"


@pytest.mark.parametrize(
    "changes", [{"audit_id": "another"}, {"previous": None}, {"previous": DIGEST}], ids=lambda changes: str(changes)
)
def test_a_record_that_contradicts_its_manifest_is_refused(public: Path, changes: dict[str, str | None]) -> None:
    edit_record(public, **changes)
    assert refusal(lambda: open_publication(public), match=f"is {next(iter(changes.values()))}, its") == (
        "publication-manifest"
    )


def test_the_first_audit_has_none_before_it_in_both(public: Path) -> None:
    first = evolve(MANIFEST, previous=None)
    (public / "manifest.json").write_bytes(first.to_bytes())
    edit_record(public, previous=None)
    refit(public)
    assert open_publication(public).record.previous is None
    edit_record(public, previous=DIGEST)
    assert refusal(lambda: open_publication(public)) == "publication-manifest"


def test_the_policy_bounds_the_manifest(public: Path) -> None:
    size = (public / "manifest.json").stat().st_size
    open_publication(public, Policy(max_manifest_bytes=size, max_segments=2))
    assert refusal(lambda: open_publication(public, Policy(max_manifest_bytes=size - 1))) == "policy-manifest-size"
    assert refusal(lambda: open_publication(public, Policy(max_segments=1))) == "policy-segments"


def test_a_manifest_that_is_not_acceptable_is_named(public: Path) -> None:
    (public / "manifest.json").write_bytes(b"{}\n")
    refit(public)
    assert refusal(lambda: open_publication(public), match=str(public / "manifest.json")) == "manifest-format"


@pytest.mark.parametrize(
    ("name", "limit"), [("reserves.json", "MOST_RESERVES"), ("reserves-evidence.jsonl", "MOST_EVIDENCE")]
)
def test_files_of_reserves_are_read_up_to_their_limit(
    public: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: str
) -> None:
    monkeypatch.setattr(record, limit, 8)
    open_publication(public)
    monkeypatch.setattr(record, limit, 7)
    assert refusal(lambda: open_publication(public), match=f"{name}.*more than the 7 bytes") == "file-size"


def test_a_record_of_64_kibibytes_is_read_and_no_larger_one(public: Path) -> None:
    path = public / "publication.json"
    path.write_bytes(path.read_bytes().ljust(64 << 10))
    assert refusal(lambda: read_record(public), match=str(path)) == "publication-canonical"
    path.write_bytes(path.read_bytes() + b" ")
    assert refusal(lambda: read_record(public)) == "file-size"


def made(**changes: object) -> PublicationRecord:
    return evolve(record_of(MANIFEST), **changes)


@pytest.mark.parametrize(
    "given",
    [
        record_of(MANIFEST),
        record_of(evolve(MANIFEST, previous=None)),
        made(reserves_digest=DIGEST, evidence_digest=DIGEST),
        made(corrects=Correction(publication_digest=DIGEST, reason="x" * 500)),
        made(audit_id="a" * 128),
    ],
)
def test_a_record_is_read_as_it_was_written(given: PublicationRecord) -> None:
    assert parse_record(given.to_bytes()) == given


def test_the_record_of_liabilities_alone_says_what_its_manifest_does() -> None:
    alone = record_of(MANIFEST)
    assert alone.manifest_digest == sha256(MANIFEST.to_bytes()).hexdigest()
    assert (alone.audit_id, alone.previous) == (MANIFEST.audit_id, "03" * 32)
    assert alone.files == (("manifest.json", MANIFEST.digest),)
    assert alone.with_reserves(bytes(32), bytes(32)).with_reserves(None, None) == alone


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "polyproof/manifest"},
        {"version": 0},
        {"version": 2},
        {"audit_id": "a" * 129},
        {"manifest_digest": None},
        {"manifest_digest": "AB" * 32},
        {"reserves_digest": None},
        {"evidence_digest": None},
        {"reserves_digest": "ab", "evidence_digest": DIGEST},
        {"reserves_digest": DIGEST, "evidence_digest": "ab"},
        {"previous": "ab"},
        {"corrects": {"publication_digest": "ab", "reason": "wrong"}},
        {"corrects": {"publication_digest": DIGEST, "reason": "x" * 501}},
        {"corrects": {"publication_digest": DIGEST, "reason": ""}},
        {"corrects": {"publication_digest": DIGEST}},
        {"surprise": None},
    ],
    ids=str,
)
def test_what_is_no_record_is_refused(public: Path, changes: dict[str, object]) -> None:
    edit_record(public, **changes)
    assert refusal(lambda: read_record(public)) == "publication-format"
