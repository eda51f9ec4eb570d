"""Every audit of a history keeps its page: where it is, what it says of the others, and what nobody can do to it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from attrs import evolve

from doubles.policies import DECLARED, SUM_TREE
from polyproof.errors import ArtifactError, ProofRejected
from polyproof.publication.history import VerifiedAudit, check_chain, verify_history
from polyproof.publication.history.links import others_in
from polyproof.publication.month import write_report
from polyproof.publication.report.document import Report, ReportCorrection
from polyproof.publication.report.make import make_report, make_reports
from polyproof.publication.report.pages import check_pages
from polyproof.publication.report.site import render_history_site
from report.conftest import HOSTILE
from report.pages import Page


@pytest.fixture(scope="session")
def audits(exchanges: Path) -> tuple[VerifiedAudit, ...]:
    published = exchanges / "failing/audits/published"
    return verify_history(published, policy=SUM_TREE, reserves_policy=DECLARED).audits


@pytest.fixture(scope="session")
def whole(audits: tuple[VerifiedAudit, ...]) -> Report:
    return make_report(audits)


@pytest.fixture(scope="session")
def each(audits: tuple[VerifiedAudit, ...]) -> tuple[Report, ...]:
    return make_reports(audits)


def words(data: bytes) -> str:
    return Page(data.decode()).words


def test_every_audit_has_its_page_with_its_own_verdict_and_the_way_to_the_others(failing: Path) -> None:
    first, second, third = (
        words((failing / f"reports/failing-{number}/index.html").read_bytes()) for number in (1, 2, 3)
    )
    assert "Every asset is covered, if the organisation's word" in first
    assert "2 of 4 assets are not covered" in third
    assert "Audit 1 of 3. After it: failing-2. All audits" in first
    assert "Audit 2 of 3. Before it: failing-1. After it: failing-3. All audits" in second
    assert "Audit 3 of 3. Before it: failing-2, the newest. All audits" in third
    index = (failing / "index.html").read_text(encoding="utf-8")
    for number in (1, 2, 3):
        assert f'href="reports/failing-{number}/index.html"' in index
        found = json.loads((failing / f"reports/failing-{number}/report.json").read_bytes())
        assert (found["audit"]["audit_id"], found["chain"]) == (f"failing-{number}", "left-out")
        assert [entry["audit_id"] for entry in found["history"]] == [f"failing-{number}"]


def test_a_page_about_one_audit_says_nothing_of_the_amounts_of_others(failing: Path) -> None:
    for page in (failing / "reports/failing-1").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert "Not covered" not in text, page
        assert 'class="chart"' not in text, page


def test_what_a_page_about_one_audit_takes_does_not_grow_with_the_history(each: tuple[Report, ...]) -> None:
    """Whoever verifies renders all pages again: of 8192 audits, tables of all on the page of each would take days."""
    assert all(len(one.history) == 1 for one in each)


def corrected(whole: Report, each: tuple[Report, ...], reason: str) -> dict[str, bytes]:
    """The site of the same history, had the third audit corrected the second."""
    wrong = whole.history[1]
    said = ReportCorrection(publication_digest=wrong.publication_digest, audit_id=wrong.audit_id, reason=reason)
    entry = evolve(whole.history[2], corrects=said)
    return render_history_site(
        evolve(whole, history=(*whole.history[:2], entry)), (*each[:2], evolve(each[2], history=(entry,))), {}
    )


def test_a_correction_and_what_it_corrects_show_both_versions(whole: Report, each: tuple[Report, ...]) -> None:
    files = corrected(whole, each, "one wallet was counted twice")
    for page in ("index.html", "reports/failing-2/index.html", "reports/failing-3/index.html"):
        said = words(files[page])
        assert "Both versions" in said, page
        assert "failing-3 corrects audit failing-2. What was wrong, as the organisation says: one wallet" in said, page
        assert "15,150.75" in said, page
        assert "14,000.123456789" in said, page
    # Whatever page of the corrected audit a link leads to, it says so before anything else.
    for path in files:
        notice = b'<p class="notice">' in files[path]
        assert notice == (path.startswith("reports/failing-2/") and path.endswith(".html")), path
    assert "Corrected by failing-3" in words(files["index.html"])


def test_without_a_correction_there_is_none_to_see(whole: Report, each: tuple[Report, ...]) -> None:
    for path, data in render_history_site(whole, each, {}).items():
        assert b"Both versions" not in data, path
        assert b'class="notice"' not in data, path


def test_a_hostile_reason_is_text(whole: Report, each: tuple[Report, ...]) -> None:
    for path, data in corrected(whole, each, f"{HOSTILE}</style></title>").items():
        if path.endswith(".html"):
            page = Page(data.decode())
            assert (page.faults, len(page.all("script"))) == ([], path.endswith("check.html")), path


# What nobody can do to them


@pytest.fixture(scope="session")
def found(exchanges: Path) -> tuple[VerifiedAudit, ...]:
    """The healthy exchange's audits, verified."""
    published = exchanges / "healthy/audits/published"
    return verify_history(published, policy=SUM_TREE, reserves_policy=DECLARED).audits


def refused(published: Path, found: tuple[VerifiedAudit, ...], why: str) -> None:
    with pytest.raises(ProofRejected, match=why) as caught:
        check_pages(published, found)
    assert caught.value.check == "page"


def test_pages_of_an_audit_that_is_not_in_the_history_are_found(
    healthy: Path, found: tuple[VerifiedAudit, ...]
) -> None:
    assert len(check_pages(healthy, found).equal) == 10 + 3 * 9 + 8
    shutil.copytree(healthy / "reports/healthy-1", healthy / "reports/healthy-9")
    refused(healthy, found, "there is no audit healthy-9 in this history")


def test_a_page_among_those_of_an_older_audit_is_found(healthy: Path, found: tuple[VerifiedAudit, ...]) -> None:
    shutil.copy(healthy / "reports/healthy-1/assets/BTC.html", healthy / "reports/healthy-1/assets/DOGE.html")
    refused(healthy, found, "no such asset is audited")


def test_an_older_page_in_the_place_of_another_is_found(healthy: Path, found: tuple[VerifiedAudit, ...]) -> None:
    shutil.copy(healthy / "reports/healthy-1/proven.html", healthy / "reports/healthy-2/proven.html")
    refused(healthy, found, "it does not say what was verified")


def test_other_files_among_them_are_told_and_none_that_an_audit_could_have(
    healthy: Path, found: tuple[VerifiedAudit, ...]
) -> None:
    opened = check_chain(healthy)
    assert others_in(healthy, opened) == ()
    (healthy / "reports/notes").touch()
    (healthy / "reports/healthy-1/assets/notes").touch()
    assert others_in(healthy, opened) == ("reports/notes", "reports/healthy-1/assets/notes")
    (healthy / "reports/healthy-1/manifest.json").touch()
    with pytest.raises(ProofRejected, match="unlisted"):
        others_in(healthy, opened)


@pytest.mark.parametrize("name", ["reports", "reports/healthy-1", "reports/healthy-1/assets"])
def test_folders_that_lead_elsewhere_are_refused(healthy: Path, tmp_path: Path, name: str) -> None:
    opened = check_chain(healthy)
    shutil.move(healthy / name, tmp_path / "elsewhere")
    (healthy / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ProofRejected, match="file-kind"):
        others_in(healthy, opened)


def test_no_version_states_other_facts_of_an_older_audit(healthy: Path, found: tuple[VerifiedAudit, ...]) -> None:
    for page in [*healthy.rglob("*.html"), *healthy.rglob("report.json")]:
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub('(content=|"written_by": )"polyproof [^"]+"', r'\1"polyproof 9.9"', text), "utf-8")
    assert len(check_pages(healthy, found).not_compared) == 10 + 3 * 9 + 8
    page = healthy / "reports/healthy-1/report.json"
    page.write_text(page.read_text("utf-8").replace('"liabilities": "1200.12345678"', '"liabilities": "1"', 1), "utf-8")
    refused(healthy, found, "its assets is another")


def test_an_audit_that_was_published_and_is_gone_is_told(healthy: Path, found: tuple[VerifiedAudit, ...]) -> None:
    """A history can be cut at its end, and still verifies: its pages are what is left of what was there."""
    before = {path: path.read_bytes() for path in healthy.rglob("*") if path.is_file()}
    with pytest.raises(ArtifactError, match="healthy-3 has the pages of an audit that is not in this history any more"):
        write_report(healthy, found[:2])
    assert before == {path: path.read_bytes() for path in healthy.rglob("*") if path.is_file()}


def test_an_audit_in_the_place_of_one_that_was_published_is_told(
    healthy: Path, found: tuple[VerifiedAudit, ...]
) -> None:
    page = healthy / "reports/healthy-2/report.json"
    page.write_text(page.read_text("utf-8").replace(found[1].digest.hex(), "ab" * 32), "utf-8")
    with pytest.raises(ArtifactError, match=f"has the pages of an audit with the publication digest {'ab' * 32}"):
        write_report(healthy, found)


def test_pages_that_stay_the_same_are_not_touched(healthy: Path, found: tuple[VerifiedAudit, ...]) -> None:
    kept = healthy / "reports/healthy-1/assets/BTC.html"
    before = kept.stat()
    (healthy / "proven.html").write_text("changed", "utf-8")
    write_report(healthy, found)
    assert (kept.stat().st_mtime_ns, kept.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert (healthy / "proven.html").read_text("utf-8") != "changed"
