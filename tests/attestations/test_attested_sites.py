"""Signed statements on the site: apart from what is verified, escaped, and what pages in a history say of them."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import pytest
from attrs import evolve

from attestations.signers import ed25519, public_hex, signed, statement, write
from doubles.fixtures import Command
from doubles.policies import SUM_TREE, SUM_TREE_FILE
from polyproof.liabilities.attestation_file import add_statement
from polyproof.publication.history import add_audit, verify_one
from polyproof.publication.report.make import make_report
from polyproof.publication.report.wording import attestation_sentences
from report.pages import Page

KEY = ed25519(1)
MARKUP = "<b onclick=alert(1)>& Sons"


def words(path: Path) -> str:
    page = Page(path.read_text(encoding="utf-8"))
    assert page.faults == []
    assert not any("onclick" in attributes for _, attributes in page.elements)
    return " ".join(page.words.split())


@pytest.fixture
def published(proved: Path, tmp_path: Path) -> Path:
    """A history of one audit, with a statement beside it."""
    history = tmp_path / "history"
    history.mkdir()
    add_audit(history, verify_one(proved / "one", policy=SUM_TREE))
    public = history / "audits/one"
    write(public, signed(statement(public, signer=MARKUP, text=(MARKUP, "They agree.")), KEY))
    return history


def test_statements_stand_apart_and_it_is_said_whose_word_is_what(
    audit: Path, command: Command, tmp_path: Path
) -> None:
    made = signed(statement(audit, signer=MARKUP, text=(MARKUP, "They agree.")), KEY)
    write(audit, made, evolve(made, statement=evolve(made.statement, kind="other")))
    (tmp_path / "policy.yaml").write_text(
        f"{SUM_TREE_FILE}attestations:\n  believe: [{{name: The auditor, key: {public_hex(KEY)}}}]\n"
    )
    for policy in ("merkle-sum", tmp_path / "policy.yaml"):
        site = tmp_path / f"site-{len(str(policy))}"
        assert command("report", audit, "--out", site, "--policy", policy).status == 0
        before, title, after = words(site / "index.html").partition("Statements beside the audit")
        assert title
        assert "They agree" not in before
        assert MARKUP in after
        assert "What they state was not checked here, and nothing else on this site rests on it" in after
        assert "Not to be believed" in after
        assert "NOT TO BE BELIEVED: its signature does not hold." in after
        known = policy != "merkle-sum"
        assert ("that is the key of The auditor" in after) == known
        assert ("Whose that is, this page does not say: anybody can make a key." in after) != known
        first, second = json.loads((site / "report.json").read_bytes())["attestations"]
        assert (first["holds"], first["by"]) == (True, "The auditor" if known else None)
        assert (second["holds"], second["check"]) == (False, "attestation-signature")


def test_a_file_that_is_none_is_shown_to_be_none(audit: Path, command: Command, tmp_path: Path) -> None:
    (audit / "attestation.json").write_text("<script>")
    assert command("report", audit, "--out", tmp_path / "site").status == 0
    shown = words(tmp_path / "site/index.html")
    assert "attestation.json beside the audit is not a file of statements: not JSON" in shown
    assert "Beside this audit lie signed statements" not in shown


def test_an_audit_without_statements_says_nothing_of_any(audit: Path, command: Command, tmp_path: Path) -> None:
    assert command("report", audit, "--out", tmp_path / "site").status == 0
    assert "Statements beside the audit" not in words(tmp_path / "site/index.html")


def test_pages_in_a_history_say_what_everybody_finds_whoever_wrote_them(
    command: Command, published: Path, tmp_path: Path
) -> None:
    (tmp_path / "policy.yaml").write_text(
        f"{SUM_TREE_FILE}attestations:\n  believe: [{{name: The auditor, key: {public_hex(KEY)}}}]\n"
    )
    assert command("report", published, "--policy", tmp_path / "policy.yaml").status == 0
    assert "The auditor" not in words(published / "index.html")
    with ZipFile(published / "downloads/one.zip") as archive:
        kept = archive.read("one/public/attestation.json")
    assert kept == (published / "audits/one/attestation.json").read_bytes()
    for named in ("merkle-sum", tmp_path / "policy.yaml"):
        ended = command("verify", published, "--policy", named, "--json")
        assert ended.status == 0
        assert {"index.html", "downloads/one.zip"} <= set(ended.result["pages"]["equal"])


def test_a_statement_that_is_added_later_leaves_the_pages_true(command: Command, published: Path) -> None:
    assert command("report", published).status == 0
    public = published / "audits/one"
    add_statement(public, signed(statement(public), ed25519(2)))
    ended = command("verify", published, "--json")
    assert ended.status == 0
    assert {"index.html", "downloads/one.zip"} <= set(ended.result["pages"]["equal"])


@pytest.mark.parametrize("change", ["gone", "garbage", "another"])
def test_a_file_that_changes_afterwards_leaves_pages_uncompared_and_the_audit_verified(
    command: Command, published: Path, change: str
) -> None:
    """Whoever passes a history on can replace it: that sinks neither the audit nor its history."""
    assert command("report", published).status == 0
    path = published / "audits/one/attestation.json"
    if change == "gone":
        path.unlink()
    elif change == "garbage":
        path.write_text("garbage")
    else:
        write(path.parent, signed(statement(path.parent), ed25519(2)))
    ended = command("verify", published, "--json")
    assert ended.status == 0
    assert ended.result["pages"]["looked_at"] is False
    assert "which is another file now" in ended.result["pages"]["why_not"]


def test_a_page_that_says_more_of_a_statement_than_was_found_is_rejected(command: Command, published: Path) -> None:
    assert command("report", published).status == 0
    page = published / "index.html"
    claim = "Whose that is, this page does not say: anybody can make a key."
    text = page.read_text(encoding="utf-8")
    assert claim in text
    page.write_text(text.replace(claim, "That is the key of a well-known auditor."), encoding="utf-8")
    ended = command("verify", published, "--json")
    assert (ended.status, ended.error["code"]) == (1, "page")


def test_each_sentence_of_a_page_follows_from_a_field(published: Path) -> None:
    verified = verify_one(published / "audits/one", policy=SUM_TREE)
    (one,) = make_report([verified]).attestations

    def said(**changed: object) -> str:
        return " ".join(attestation_sentences(evolve(one, **changed)))  # type: ignore[arg-type]

    own = "It calls itself agreed-upon procedures, by “<b onclick=alert(1)>& Sons”, of 1 February 2026, 00:00:00 UTC: "
    assert said().startswith(f"{own}all of that is its own word. Signed by the key {public_hex(KEY)}. Whose that is")
    assert "has not checked that" in said(why_not_checked="x", holds=None)
    assert "NOT TO BE BELIEVED: x." in said(fault="x", holds=False)
    certified = said(certificate="O=A", algorithm="ed25519")
    assert f"the key of the certificate {public_hex(KEY)}, which calls itself “O=A”" in certified
    assert said(rests_on=("That it is so.",)).endswith("That it is so.")
