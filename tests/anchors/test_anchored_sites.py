"""What a site says of evidence: typed, apart, as checked or as a claim, and the same for everybody in a history."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from attrs import evolve

from anchors.authority import Authority, authority
from anchors.test_anchored_audits import believing, stamp
from doubles.fixtures import Command
from doubles.policies import SUM_TREE
from polyproof.anchor import Shown, Time, Uniqueness
from polyproof.publication.anchors import Evidence
from polyproof.publication.history import add_audit, verify_history, verify_one
from polyproof.publication.report.make import make_report
from polyproof.publication.report.wording import evidence_sentences


@pytest.fixture(scope="module")
def clock() -> Authority:
    return authority()


@pytest.fixture
def published(proved: Path, clock: Authority, tmp_path: Path) -> Path:
    """A history of one audit, which is anchored."""
    ready = shutil.copytree(proved / "one/public", tmp_path / "ready")
    stamp(ready, clock)
    add_audit(tmp_path / "published", verify_one(ready, policy=SUM_TREE))
    return tmp_path / "published"


def words(page: Path) -> str:
    return " ".join(page.read_text(encoding="utf-8").split())


def test_a_site_of_one_audit_says_what_whoever_wrote_it_has_checked(
    command: Command, audit: Path, clock: Authority, tmp_path: Path
) -> None:
    stamp(audit, clock)
    assert command("report", audit, "--out", tmp_path / "claims").status == 0
    assert "Whoever wrote this page has not checked that." in words(tmp_path / "claims/check.html")
    done = command("report", audit, "--out", tmp_path / "checked", "--policy", believing(tmp_path, clock))
    assert done.status == 0
    page = words(tmp_path / "checked/check.html")
    assert "The digest existed by 31 January 2026, 12:00:01 UTC, by the clock of the time-stamping authority" in page
    assert "such evidence cannot show" in page
    assert "as whoever wrote this page was told: “The time is as true as the authority keeps its clock right" in page
    assert "Whether a certificate of the authority was revoked was not checked" in page
    assert "What that rests on" not in words(tmp_path / "claims/check.html")
    (found,) = json.loads((tmp_path / "checked/report.json").read_bytes())["anchors"]
    assert (found["latest"], found["time_checked"], found["where"]) == ("2026-01-31T12:00:01Z", True, None)


def test_without_evidence_nothing_is_said_of_it(command: Command, audit: Path, tmp_path: Path) -> None:
    assert command("report", audit, "--out", tmp_path / "site").status == 0
    assert "Who else has noted it" not in words(tmp_path / "site/check.html")
    assert json.loads((tmp_path / "site/report.json").read_bytes())["anchors"] == []


def test_pages_in_a_history_say_what_everybody_finds_whoever_wrote_them(
    command: Command, published: Path, clock: Authority, tmp_path: Path
) -> None:
    policy = believing(tmp_path, clock)
    assert command("report", published, "--policy", policy).status == 0
    assert "Whoever wrote this page has not checked that." in words(published / "check.html")
    for named in ("merkle-sum", policy):
        ended = command("verify", published, "--policy", named, "--json")
        assert ended.status == 0
        assert "check.html" in ended.result["pages"]["equal"]


def test_evidence_that_is_added_later_leaves_the_pages_true(
    command: Command, published: Path, clock: Authority
) -> None:
    assert command("report", published).status == 0
    stamp(published / "audits/one", clock, "rfc3161-0002.tsr")
    ended = command("verify", published, "--json")
    assert ended.status == 0
    assert "check.html" in ended.result["pages"]["equal"]


def test_evidence_that_the_pages_show_and_that_is_gone_makes_them_untrue(command: Command, published: Path) -> None:
    assert command("report", published).status == 0
    shutil.rmtree(published / "audits/one/anchors")
    ended = command("verify", published, "--json")
    assert (ended.status, ended.error["code"]) == (1, "page")


def test_a_page_that_says_that_a_claim_was_checked_is_rejected(command: Command, published: Path) -> None:
    assert command("report", published).status == 0
    page = published / "check.html"
    page.write_text(page.read_text(encoding="utf-8").replace("has not checked that", "has checked that"))
    ended = command("verify", published, "--json")
    assert (ended.status, ended.error["code"]) == (1, "page")


def test_pages_with_evidence_that_nobody_here_can_read_are_not_compared(command: Command, published: Path) -> None:
    (published / "audits/one/anchors/nobody-0002.xyz").write_bytes(b"whatever")
    assert command("report", published).status == 0
    ended = command("verify", published, "--json")
    assert ended.status == 0
    assert ended.result["pages"]["looked_at"] is False
    assert "no anchor 'nobody' is installed" in ended.result["pages"]["why_not"]


def test_each_sentence_of_a_page_follows_from_a_field(published: Path) -> None:
    (verified,) = verify_history(published, policy=SUM_TREE).audits
    time = Time(latest="2026-02-01T00:00:00Z", clock="somebody", checked=True)
    unique = Uniqueness(where="a board", others=0, checked=True)

    def said(shown: Shown | None) -> str:
        evidence = Evidence("x-0001.y", "x", "0" * 64, 1, shown)
        (one,) = make_report([evolve(verified, anchors=(evidence,))]).anchors
        return " ".join(evidence_sentences(one))

    assert said(None) == "Whoever wrote this page has not looked at it."
    assert "has checked that" in said(Shown(time=time, uniqueness=None))
    assert "has not checked that" in said(Shown(time=evolve(time, checked=False, why="x"), uniqueness=None))
    assert "at a time that it does not state" in said(
        Shown(time=evolve(time, latest=None, checked=False, why="x"), uniqueness=None)
    )
    assert "the only record" in said(Shown(time=None, uniqueness=unique))
    assert said(Shown(time=None, uniqueness=evolve(unique, others=1))) == (
        "At a board 1 other record is noted for the same place in the history: NOT UNIQUE. "
        "Whoever wrote this page has looked."
    )
    assert "2 other records are noted" in said(Shown(time=None, uniqueness=evolve(unique, others=2)))
    assert "whoever wrote this page has not checked" in said(
        Shown(time=None, uniqueness=evolve(unique, checked=False, why="x"))
    )
    assert "a promise of a calendar" in said(Shown(time=None, uniqueness=None, pending=("a calendar",)))
