"""The set-up for development is called insecure wherever an audit that rests on it shows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from doubles.fixtures import Command
from polyproof_kzg.curve import Curve

RECORDED = Path(__file__).parents[1] / "recorded" / "format-2"
CASES = json.loads((RECORDED / "expected.json").read_text())["cases"]
OWN = next(case["arguments"] for case in CASES if case["name"] == "grand-sum includes its user")
FORGED = "under an INSECURE SET-UP: its secret is public, so anybody can have forged this."


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown is looked at here: the recorded audit is verified, pairings included, by its own tests."""
    monkeypatch.setattr(Curve, "paired", lambda *_: True)


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("grand-sum", "insecure.yaml"):
        source = RECORDED / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "grand-sum" / "public"


def test_verify_and_verify_inclusion_say_it_beside_the_verdict(audit: Path, command: Command) -> None:
    ended = command("verify", audit, "--policy", "insecure.yaml")
    assert ended.status == 0
    assert f"VERIFIED {FORGED}" in ended.out
    assert "this establishes:\n • nothing with this set-up, whose secret is public" in ended.out
    assert "VERIFIED." not in ended.out
    found = json.loads(command("verify", audit, "--policy", "insecure.yaml", "--json").out)["result"]
    assert found["assumptions"]["insecure_setup"] is True
    assert found["assumptions"]["setup"] == "insecure-development"
    assert list(found["figures"]) == ["estimated"]
    assert found["figures"]["estimated"]["bits"] == 0.0
    ended = command(*OWN)
    assert ended.status == 0
    assert f"INCLUDED {FORGED} Unless somebody did: your balances" in ended.out
    assert "could have forged this; what follows holds only if nobody did." in " ".join(ended.out.split())


def test_no_file_of_several_is_called_included_without_it(audit: Path, command: Command, tmp_path: Path) -> None:
    own, who = Path(OWN[1]), OWN[OWN.index("--user") + 1]
    balances = tmp_path / "balances.csv"
    given = [OWN[place + 1] for place, one in enumerate(OWN) if one == "--balance"]
    balances.write_text("".join(f"{one.replace('=', ',')}\n" for one in given))
    claim = ["--user", who, "--balances", balances]
    ended = command("verify-inclusion", own, own, "--audit", audit, *claim, *claim, "--policy", "insecure.yaml")
    assert ended.status == 1
    assert "[row-twice]" in ended.err
    assert "INCLUDED under an INSECURE SET-UP, so that anybody can have forged it: " in ended.out
    assert "INCLUDED:" not in ended.out
    assert "1 REJECTED, under an INSECURE SET-UP." in ended.out


def test_the_policy_that_comes_with_polyproof_accepts_it_and_the_default_does_not(
    audit: Path, command: Command
) -> None:
    assert command("verify", audit, "--policy", "insecure-grand-sum").status == 0
    ended = command("verify", audit)
    assert ended.status == 1
    assert "[policy-backend]" in ended.err


def test_allowing_a_trusted_set_up_does_not_allow_it(audit: Path, command: Command) -> None:
    text = Path("insecure.yaml").read_text()
    Path("trusting.yaml").write_text(text.replace("allow_insecure_setup: true\n", ""))
    ended = command("verify", audit, "--policy", "trusting.yaml")
    assert ended.status == 1
    assert "insecure set-up" in ended.err
    assert "[policy-setup]" in ended.err


def test_the_manifest_and_explain_say_it(audit: Path, command: Command) -> None:
    assert '"setup":"insecure-development"' in (audit / "manifest.json").read_text()
    shown = " ".join(command("explain", audit).out.split())
    for said in (
        "setup insecure-development",
        "bits by estimate: 0.0 bits, decided by the secret, which is public",
        "INSECURE set-up: made for development from a constant: everybody knows its secret and can forge proofs",
        "forge, if it knows the secret of the set-up: the INSECURE set-up was made for development",
    ):
        assert said in shown


def test_every_page_of_a_report_says_it(audit: Path, command: Command, tmp_path: Path) -> None:
    ended = command("report", audit, "--out", tmp_path / "site", "--policy", "insecure.yaml")
    assert ended.status == 0, ended.err
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 3
    for page in pages:
        assert "INSECURE SET-UP." in page.read_text(), page
        assert "committed to" not in page.read_text(), page
    assert "INSECURE SET-UP, so that anybody can have forged this. Totals owed are stated" in ended.out
    press = (tmp_path / "site" / "press.txt").read_text()
    assert press.splitlines()[2].startswith("INSECURE SET-UP, so that anybody can have forged this.")
    assert "Nothing shows it: the secret of the set-up is public" in " ".join(press.split())
    found = json.loads((tmp_path / "site" / "report.json").read_text())["security"]
    assert found["insecure_setup"] is True
    assert found["policy"] == "insecure-grand-sum"


def test_check_warns_of_it(tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "accounts.csv").write_text("account,BTC\nalice,1\n")
    (tmp_path / "spec.yaml").write_text(
        "polyproof: 1\nname: small\nsnapshot: 2025-11-30T00:00:00Z\nassets: [{symbol: BTC, decimals: 8}]\n"
        "backend: grand-sum\naccounts: {path: accounts.csv}\n"
    )
    ended = command("check", "spec.yaml", "--policy", "insecure-grand-sum")
    assert ended.status == 0
    assert "INSECURE SET-UP: its secret is public" in ended.err
