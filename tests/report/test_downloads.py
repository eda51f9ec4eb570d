"""The archive of each audit: what is in it and what never is, that it verifies by itself, that it cannot be forged."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile

import pytest

from doubles.fixtures import Command
from doubles.policies import DECLARED, SUM_TREE
from polyproof.errors import ArtifactError, InputError, ProofRejected
from polyproof.formats import space
from polyproof.publication.history import VerifiedAudit, check_chain, verify_history
from polyproof.publication.history.links import others_in
from polyproof.publication.month import write_report
from polyproof.publication.report import archive as archiving
from polyproof.publication.report.archive import members_of
from polyproof.publication.report.pages import check_pages


@pytest.fixture(scope="session")
def found(exchanges: Path) -> tuple[VerifiedAudit, ...]:
    published = exchanges / "healthy/audits/published"
    return verify_history(published, policy=SUM_TREE, reserves_policy=DECLARED).audits


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_whoever_unpacks_an_archive_verifies_the_audit_in_it(command: Command, healthy: Path, tmp_path: Path) -> None:
    with ZipFile(healthy / "downloads/healthy-2.zip") as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "unpacked")
    (folder,) = (tmp_path / "unpacked").iterdir()
    assert folder.name == "healthy-2"
    for name in ("publication.json", "manifest.json", "proof-0000.bin", "reserves.json", "reserves-evidence.jsonl"):
        assert (folder / "public" / name).read_bytes() == (healthy / "audits/healthy-2" / name).read_bytes()
    known = digest(healthy / "audits/healthy-2/publication.json")
    assert f"polyproof verify public --digest {known}" in (folder / "README.txt").read_text("utf-8")
    verified = command("verify", folder, "--digest", known, "--policy", "merkle-sum")
    assert "[policy-reserves]" in verified.err, "what rests on the organisation's word does not count by default"
    assert "VERIFIED" in verified.out
    page = (folder / "report/index.html").read_text("utf-8")
    assert "Whether a later one corrects it, it cannot say" in page
    for link in ("../public/manifest.json", "../public/proof-0000.bin"):
        assert (folder / "report" / link).is_file()


def test_digests_are_in_a_file_that_programs_check_and_on_the_pages(healthy: Path) -> None:
    lines = (healthy / "downloads/SHA256SUMS").read_text("utf-8").splitlines()
    assert lines == [
        f"{digest(healthy / 'downloads' / f'healthy-{number}.zip')}  healthy-{number}.zip" for number in (1, 2, 3)
    ]
    for number, line in enumerate(lines, 1):
        for page in ("index.html", "check.html"):
            assert line[:64] in (healthy / f"reports/healthy-{number}" / page).read_text("utf-8")
        assert line[:64] in (healthy / "history.html").read_text("utf-8")
    assert lines[2][:64] in (healthy / "index.html").read_text("utf-8")


def test_nothing_else_comes_along_whatever_lies_beside_it(
    exchanges: Path, healthy: Path, found: tuple[VerifiedAudit, ...]
) -> None:
    audit = healthy / "audits/healthy-1"
    before = (healthy / "downloads/healthy-1.zip").read_bytes()
    shutil.copytree(exchanges / "healthy/audits/healthy-1/private", audit / "private")
    (audit / "accounts.csv").write_text("alice,1200")
    (audit / "anchors").mkdir()
    (audit / "anchors/key").write_bytes(b"secret")
    (healthy / "downloads/healthy-1.zip").unlink()
    write_report(healthy, found)
    assert (healthy / "downloads/healthy-1.zip").read_bytes() == before
    with ZipFile(healthy / "downloads/healthy-1.zip") as archive:
        names = archive.namelist()
        assert {info.compress_type for info in archive.infolist()} == {ZIP_STORED}, "or the search below sees nothing"
    assert all(name.split("/")[1] in ("README.txt", "public", "report") for name in names)
    key = (exchanges / "healthy/audits/healthy-1/private/key").read_bytes()
    assert key not in before
    assert b"alice" not in before


def test_two_runs_on_different_disks_give_the_same_bytes(
    healthy: Path, tmp_path: Path, found: tuple[VerifiedAudit, ...]
) -> None:
    other = shutil.copytree(healthy, tmp_path / "other")
    shutil.rmtree(other / "downloads")
    for path in other.rglob("*"):
        os.utime(path, (10**9, 10**9))
    (other / "audits/healthy-1/manifest.json").chmod(0o600)
    write_report(other, found)
    for name in ("healthy-1.zip", "healthy-2.zip", "healthy-3.zip", "SHA256SUMS"):
        assert (other / "downloads" / name).read_bytes() == (healthy / "downloads" / name).read_bytes()
    with ZipFile(other / "downloads/healthy-1.zip") as archive:
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in archive.infolist()} == {0o100644}


def test_archives_that_stay_the_same_are_not_touched(healthy: Path, found: tuple[VerifiedAudit, ...]) -> None:
    kept, torn = healthy / "downloads/healthy-1.zip", healthy / "downloads/healthy-2.zip"
    before, whole = kept.stat(), torn.read_bytes()
    torn.write_bytes(whole[:-1])
    write_report(healthy, found)
    assert (kept.stat().st_mtime_ns, kept.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert torn.read_bytes() == whole
    assert sorted(path.name for path in kept.parent.iterdir()) == [
        *("SHA256SUMS", "healthy-1.zip", "healthy-2.zip", "healthy-3.zip")
    ]


# What nobody can do to them


@pytest.mark.parametrize("name", ["healthy-1.zip", "healthy-3.zip", "SHA256SUMS"])
@pytest.mark.parametrize("change", [lambda data: data + b"x", lambda data: data[:-1] + b"x", lambda data: b""])
def test_an_archive_that_holds_something_else_is_found(
    healthy: Path, found: tuple[VerifiedAudit, ...], name: str, change: object
) -> None:
    path = healthy / "downloads" / name
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ProofRejected, match="what was verified") as caught:
        check_pages(healthy, found)
    assert (caught.value.check, caught.value.file) == ("page", str(path))


def test_the_archive_of_another_audit_is_found(healthy: Path, found: tuple[VerifiedAudit, ...]) -> None:
    shutil.copy(healthy / "downloads/healthy-1.zip", healthy / "downloads/healthy-2.zip")
    with pytest.raises(ProofRejected, match="page"):
        check_pages(healthy, found)


def test_archives_that_are_gone_are_no_error_and_others_are_told(
    healthy: Path, found: tuple[VerifiedAudit, ...]
) -> None:
    opened = check_chain(healthy)
    (healthy / "downloads/healthy-1.zip").unlink()
    check_pages(healthy, found)
    for name in ("healthy-9.zip", "page.html"):
        (healthy / "downloads" / name).touch()
    assert others_in(healthy, opened) == ("downloads/healthy-9.zip", "downloads/page.html")
    (healthy / "downloads/manifest.json").touch()
    with pytest.raises(ProofRejected, match="unlisted"):
        others_in(healthy, opened)


def test_a_folder_of_downloads_that_leads_elsewhere_is_refused(healthy: Path, tmp_path: Path) -> None:
    opened = check_chain(healthy)
    shutil.move(healthy / "downloads", tmp_path / "elsewhere")
    (healthy / "downloads").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ProofRejected, match="file-kind"):
        others_in(healthy, opened)


def test_archives_beside_pages_of_another_version_are_not_called_compared(
    healthy: Path, found: tuple[VerifiedAudit, ...]
) -> None:
    (healthy / "downloads/healthy-1.zip").write_bytes(b"whatever")
    for page in [*healthy.rglob("*.html"), *healthy.rglob("report.json")]:
        text = page.read_text("utf-8")
        mark = text.index("polyproof ", text.index('name="generator"' if page.suffix == ".html" else '"written_by"'))
        end = text.index('"', mark)
        page.write_text(f"{text[:mark]}polyproof 9.9{text[end:]}", "utf-8")
    for path in healthy.glob("downloads/*"):
        path.write_bytes(path.read_bytes() + b"\n")
    checked = check_pages(healthy, found)
    assert not [name for name in checked.equal if name.startswith("downloads/")]
    assert "downloads/healthy-1.zip" in dict(checked.not_compared)


# Making them


def test_room_is_looked_for_before_anything_is_written(
    healthy: Path, found: tuple[VerifiedAudit, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(healthy / "downloads")
    before = {path: path.read_bytes() for path in healthy.rglob("*") if path.is_file()}
    monkeypatch.setattr(space, "free_bytes", lambda path: 1000)
    with pytest.raises(InputError, match="not enough room on the disk: the archives of all audits"):
        write_report(healthy, found)
    assert before == {path: path.read_bytes() for path in healthy.rglob("*") if path.is_file()}
    assert not (healthy / "downloads").exists()


def test_a_verifier_is_told_where_how_much_room_is_missing(
    healthy: Path, found: tuple[VerifiedAudit, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(space, "free_bytes", lambda path: 1000)
    with pytest.raises(InputError, match="making the largest archive again, to compare it, takes") as caught:
        check_pages(healthy, found)
    (problem,) = caught.value.problems
    assert (problem.code, str(problem.location)) == ("disk-full", str(tmp_path))


def test_a_disk_that_is_full_nonetheless_is_named(
    healthy: Path, found: tuple[VerifiedAudit, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(archiving, "_archive_of", full)
    with pytest.raises(OSError, match="No space left") as caught:
        check_pages(healthy, found)
    assert caught.value.filename == str(tmp_path)


def test_a_file_that_changes_after_it_was_verified_is_not_packed(
    healthy: Path, found: tuple[VerifiedAudit, ...]
) -> None:
    evidence = healthy / "audits/healthy-3/reserves-evidence.jsonl"
    evidence.write_bytes(evidence.read_bytes()[::-1])
    (healthy / "downloads/healthy-3.zip").unlink()
    with pytest.raises(ArtifactError, match=r"reserves-evidence\.jsonl changed after it was verified"):
        write_report(healthy, found)
    assert not (healthy / "downloads/healthy-3.zip").exists()


def test_an_archive_holds_the_evidence_that_its_pages_are_about(
    healthy: Path, found: tuple[VerifiedAudit, ...]
) -> None:
    """More may be added at any time; an archive is remade when the pages are."""
    (healthy / "audits/healthy-1/anchors").mkdir()
    (healthy / "audits/healthy-1/anchors/rfc3161-0001.tsr").write_bytes(b"later")
    names = [one.name for one in members_of(found[0], healthy / "audits/healthy-1", {})]
    assert names == [
        "healthy-1/README.txt",
        *(f"healthy-1/public/{name}" for name in ("publication.json", "manifest.json")),
        *(f"healthy-1/public/{name}" for name in ("reserves.json", "reserves-evidence.jsonl", "proof-0000.bin")),
    ]
