"""What an exchange declares, on the site: apart from what is proven, escaped, and beside the ratios concerned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles.fixtures import Command
from doubles.policies import DECLARED_FILE
from polyproof.publication.report.site import asset_page
from report.months import HEALTHY, OWED, run, write_month
from report.pages import Page

MARKUP = "<b onclick=alert(1)>&amp; Sons"
DECLARED = f"""\
disclosures:
  entity: {{name: "{MARKUP}"}}
  encumbered:
    - {{asset: BTC, amount: "160.5", reason: pledged to Example Bank}}
    - {{asset: ETH, amount: "20000", reason: lent}}
    - {{asset: SOL, reason: "some of it, frozen by a court"}}
    - {{asset: USDT, amount: "1000000", reason: pledged}}
    - {{asset: USDT, reason: also pledged}}
  own_issued:
    - asset: SOL
  statement: {{by: A. Example, text: [First., Second.]}}
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("declared")
    write_month(folder, OWED, HEALTHY)
    spec = folder / "spec.yaml"
    spec.write_text(spec.read_text() + DECLARED)
    run(folder, "2025-01-28T12:00:00+00:00", "one")
    return folder / "audits/published"


def test_declared_texts_stand_in_a_section_of_their_own_and_are_escaped(published: Path) -> None:
    page = Page((published / "index.html").read_text())
    assert page.faults == []
    before, title, after = page.words.partition("Declared by the organisation; nothing here is proven")
    assert title
    assert MARKUP in after
    assert "pledged to Example Bank" not in before
    assert "By A. Example:" in after
    assert "It declares nothing about: products in scope" in after
    assert not any("onclick" in attributes for _, attributes in page.elements)
    assert "SOL of its own issue" in " ".join(before.split())


def test_an_asset_of_the_exchanges_own_issue_is_called_that_beside_its_ratio(published: Path) -> None:
    words = {name: " ".join(Page((published / asset_page(name)).read_text()).words.split()) for name in OWED}
    assert "It declares that it issues SOL itself" in words["SOL"]
    assert not any("itself" in words[name] for name in OWED if name != "SOL")


def test_ratios_leave_encumbered_assets_in_and_pages_say_what_they_would_be_without(published: Path) -> None:
    report = json.loads((published / "report.json").read_bytes())
    of = {asset["symbol"]: asset for asset in report["assets"]}
    assert {name: asset["encumbered"] for name, asset in of.items()} == {
        "BTC": "160.5",
        "ETH": "20000",
        "USDT": "1000000",
        "SOL": None,
    }
    assert {name: asset["own_issued"] for name, asset in of.items()} == {name: name == "SOL" for name in of}
    # (1260.5 − 160.5) / 1200.12345678, rounded down; the ratio itself is what it would be without the declaration.
    assert of["BTC"]["reserves"]["counted"] == HEALTHY["BTC"]
    words = {name: " ".join(Page((published / asset_page(name)).read_text()).words.split()) for name in OWED}
    assert "a claim to 160.5 BTC" in words["BTC"]
    assert "at least 91.65 %" in words["BTC"]
    # More than there is cannot make it negative.
    assert "at least 0.00 %" in words["ETH"]


def test_a_claim_without_an_amount_is_told_and_no_ratio_is_worked_out(published: Path) -> None:
    words = {name: Page((published / asset_page(name)).read_text()).words for name in ("USDT", "SOL")}
    assert "a claim to some of its SOL, without saying how much. The ratio leaves that in." in words["SOL"]
    # Without the million that has an amount the ratio would be some 100.1 %, and without the rest nobody knows.
    assert "1,000,000 USDT of what it has, and to more without saying how much. The ratio leaves" in words["USDT"]
    assert not any("would be at least" in text for text in words.values())


def test_the_press_is_told_of_what_is_declared_about_assets_that_are_covered(published: Path) -> None:
    text = " ".join((published / "press.txt").read_text().split())
    before, heading, after = text.partition("What the organisation declares Nobody has checked that here:")
    assert heading
    assert "claim to" not in before
    assert "- SOL: It declares that it issues SOL itself" in after
    assert "- BTC: The organisation declares that somebody else has a claim to 160.5 BTC" in after


def test_a_history_shows_what_its_newest_audit_declares(published: Path, tmp_path: Path, command: Command) -> None:
    (tmp_path / "policy.yaml").write_text(DECLARED_FILE)
    accepting = ("--policy", tmp_path / "policy.yaml")
    shown = command("verify", published, *accepting)
    assert shown.status == 0
    assert "With audit one:" in shown.out
    assert "It declares that it issues SOL itself" in " ".join(shown.out.split())
    told = command("verify", published, *accepting, "--json").result["audits"][0]["disclosures"]
    assert told["own_issued"] == [{"asset": "SOL", "note": None}]
    assert told["custodians"] is None
