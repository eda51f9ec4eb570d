"""The text for the press: sentences of the page and no others, and never without what the audit does not show."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from doubles.policies import DECLARED, SUM_TREE
from polyproof.model.left_out import LeftOut
from polyproof.publication.history import verify_history
from polyproof.publication.report.document import Report, ReportCorrection
from polyproof.publication.report.make import make_report
from polyproof.publication.report.press import press_parts, press_text
from polyproof.publication.report.site import render_site
from polyproof.publication.report.wording import headline
from report.conftest import HOSTILE
from report.pages import Page


@pytest.mark.parametrize("name", ["healthy", "failing", "alone"])
def test_every_sentence_is_on_the_page_of_the_audit(exchanges: Path, name: str) -> None:
    published = exchanges / name / "audits/published"
    audits = verify_history(published, policy=SUM_TREE, reserves_policy=DECLARED).audits
    report = make_report(audits)
    overview = Page((published / "index.html").read_text("utf-8")).words
    parts = press_parts(report, None)
    said = [sentence for part in parts for sentence in (*part.paragraphs, *part.points)]
    assert len(said) > 8
    for sentence in said:
        shown = " ".join(sentence.split()).partition(": Holdings")[2] or " ".join(sentence.split())
        assert shown[1:] in overview, sentence
    text = " ".join((published / "press.txt").read_text("utf-8").replace("\n- ", "\n").split())
    page = Page((published / "press.html").read_text("utf-8")).words
    for sentence in said:
        assert " ".join(sentence.split())[1:] in text, sentence
        assert " ".join(sentence.split())[1:] in page, sentence
    assert report.audit.publication_digest in text


@pytest.fixture(scope="session")
def report(exchanges: Path) -> Report:
    published = exchanges / "failing/audits/published"
    return make_report(verify_history(published, policy=SUM_TREE, reserves_policy=DECLARED).audits)


def test_what_is_not_shown_is_part_of_it(report: Report) -> None:
    assert report.reserves is not None
    points = [point for part in press_parts(report, None) for point in part.points]
    for sentence in (*report.guarantees.remaining_trust, *report.reserves.leaves_open):
        assert sentence in points


def test_where_assets_are_left_out_not_every_asset_is_called_covered(report: Report) -> None:
    left_out = (LeftOut(asset="DOGE", owed="7.5", debts="0", units="decimal"),)
    covered = evolve(report, verdict="covered")
    assert headline(covered).startswith("Every asset is covered, if the organisation's word on")
    assert headline(evolve(covered, left_out=left_out)).startswith("Every audited asset is covered, if the")
    said = press_parts(evolve(covered, left_out=left_out), None)[0].paragraphs
    assert any("1 further asset, no part of this audit: DOGE. Nothing is proven about it" in one for one in said)


def test_an_audit_that_was_corrected_says_so_first(report: Report) -> None:
    digest = report.history[1].publication_digest
    later = evolve(
        report.history[2], corrects=ReportCorrection(publication_digest=digest, audit_id="failing-2", reason="wrong")
    )
    assert press_parts(report, later)[0].paragraphs[0].startswith("Audit failing-3 corrects this one. What was wrong")


def test_hostile_texts_stay_text(report: Report) -> None:
    hostile = evolve(report, audit=evolve(report.audit, organisation=f"{HOSTILE}</title></p></style>"))
    page = Page(render_site(hostile)["press.html"].decode())
    assert (page.faults, page.all("script")) == ([], [])
    assert HOSTILE in page.words
    assert HOSTILE.encode() in press_text(hostile, None, "0")
