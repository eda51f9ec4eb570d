"""The commands audit, report and verify as a person meets them."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from doubles.fixtures import Command
from doubles.policies import DECLARED_FILE, naming
from polyproof.extras import EXTRAS
from report.months import FAILING, HEALTHY, OWED, date_snapshot, signed, write_month
from reserves import nodes
from reserves.rpc_server import serving


@pytest.fixture
def command(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in an otherwise empty current directory, by a policy that accepts what holdings here rest on."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenient.yaml").write_text(DECLARED_FILE)
    return naming(command, tmp_path / "lenient.yaml")


def test_a_month_in_one_command_then_the_next(command: Command, tmp_path: Path) -> None:
    write_month(tmp_path, OWED, HEALTHY)
    first = command("audit", "spec.yaml", "--out", "one", "--json")
    assert first.status == 0, first.err
    assert first.result["verdict"] == "covered"
    assert first.result["audits"] == 1
    write_month(tmp_path, OWED, FAILING)
    date_snapshot(tmp_path, "2025-12-31")
    second = command("audit", "spec.yaml", "--out", "two", "--yes")
    assert second.status == 1
    assert "2 of 4 assets are not covered (ETH, USDT)" in second.out
    published = tmp_path / "audits/published"
    listed = json.loads((published / "history.json").read_bytes())["audits"]
    assert listed[1]["previous"] == listed[0]["publication_digest"] == first.result["publication_digest"]
    verified = command("verify", published, "--digest", listed[1]["publication_digest"])
    assert verified.status == 1
    assert "NOT COVERED: ETH, USDT" in verified.out
    assert "policy-reserves" in verified.err
    assert "VERIFIED: 2 audits" in verified.out
    older = command("verify", published, "--digest", listed[0]["publication_digest"])
    assert "not for the 1 after it" in older.out
    assert command("verify", published, "--json").result["audits"][1]["met"] is False


def test_an_audit_without_reserves_is_one_too(command: Command, tmp_path: Path) -> None:
    write_month(tmp_path, OWED, None)
    ended = command("audit", "spec.yaml")
    assert ended.status == 0, ended.err
    assert "reserves were not examined" in ended.out
    assert command("verify", "audits/published").status == 0
    assert "not examined" in command("verify", "audits/published").out


def test_an_audit_without_reserves_after_audits_with_them_needs_their_extra(
    command: Command, healthy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It verifies the history before anything is proved, and cannot without the extra."""
    write_month(tmp_path, OWED, None)
    shutil.copytree(healthy, tmp_path / "audits/published")
    monkeypatch.setitem(EXTRAS, "reserves", ("absent_module",))
    ended = command("audit", "spec.yaml")
    assert ended.status == 2
    assert 'pip install ".[reserves]"' in ended.err
    assert [path.name for path in (tmp_path / "audits").iterdir()] == ["published"]


def test_the_same_directory_is_not_proved_twice(command: Command, tmp_path: Path) -> None:
    write_month(tmp_path, OWED, None)
    assert command("audit", "spec.yaml", "--out", "one").status == 0
    ended = command("audit", "spec.yaml", "--out", "one")
    assert ended.status == 2
    assert "--proved" in ended.err
    assert command("audit", "spec.yaml", "--proved", "one", "--out", "two").status == 2


def test_a_broken_link_is_reported_with_its_place(command: Command, healthy: Path) -> None:
    shutil.rmtree(healthy / "audits/healthy-2")
    ended = command("verify", healthy)
    assert ended.status == 1
    assert "REJECTED" in ended.err
    assert "audit 2 of 3 (healthy-2)" in ended.err
    assert ended.out == ""
    told = command("verify", healthy, "--json")
    assert told.status == 1
    assert told.error["code"] == "history-missing"


def test_a_single_audit_is_verified_with_its_reserves(command: Command, healthy: Path) -> None:
    ended = command("verify", healthy / "audits/healthy-2")
    assert ended.status == 0
    assert "VERIFIED. About what is owed this establishes:" in ended.out
    assert (
        "COVERED by your policy, if the organisation's word on liabilities, balances and messages is true." in ended.out
    )


# report


def test_a_report_on_one_audit_says_that_there_are_earlier_ones(command: Command, exchanges: Path) -> None:
    ended = command("report", exchanges / "failing/audits/failing-3", "--out", "site", "--json")
    assert ended.status == 1, ended.err
    assert ended.result["verdict"] == "not-covered"
    assert ended.result["chain"] == "not-given"
    assert "was not available" in Path("site/history.html").read_text(encoding="utf-8")
    # Nothing in it links to what is not beside it.
    assert "audits/" not in Path("site/history.html").read_text(encoding="utf-8")


def test_a_report_says_by_whose_policy(command: Command, healthy: Path) -> None:
    ended = command("report", healthy)
    words = "Every asset is covered, if the organisation's word on what it owes, balances and signatures is true, by "
    assert f"{words}your policy." in " ".join(ended.out.split())


def test_a_report_with_its_history_is_whole(command: Command, exchanges: Path) -> None:
    folder = exchanges / "failing/audits"
    ended = command("report", folder / "failing-2", "--history", folder / "published", "--out", "site", "--json")
    assert (ended.result["chain"], ended.result["history"]) == ("whole", 2)


def test_a_report_with_the_history_of_another_is_refused(command: Command, exchanges: Path) -> None:
    ended = command(
        *("report", exchanges / "failing/audits/failing-2", "--out", "site"),
        *("--history", exchanges / "healthy/audits/published"),
    )
    assert ended.status == 1
    assert "history-link" in ended.err
    assert not Path("site").exists()


def test_a_report_on_a_history_is_written_into_it_or_elsewhere(command: Command, healthy: Path) -> None:
    before = {path: path.read_bytes() for path in healthy.rglob("*") if path.is_file()}
    assert command("report", healthy).status == 0
    assert {path: path.read_bytes() for path in healthy.rglob("*") if path.is_file()} == before
    assert command("report", healthy, "--out", "elsewhere").status == 0
    assert Path("elsewhere/index.html").is_file()
    assert command("report", healthy, "--history", healthy).status == 2


@pytest.mark.parametrize("file", ["proof-0000.bin", "manifest.json", "reserves.json", "reserves-evidence.jsonl"])
def test_no_report_is_written_on_what_does_not_verify(command: Command, healthy: Path, file: str) -> None:
    path = healthy / "audits/healthy-3" / file
    path.write_bytes(path.read_bytes()[:-2])
    site = {page: page.read_bytes() for page in healthy.glob("*.html")}
    for arguments in (("report", healthy / "audits/healthy-3", "--out", "site"), ("report", healthy)):
        ended = command(*arguments)
        assert ended.status == 1
        assert "REJECTED" in ended.err
    assert not Path("site").exists()
    assert {page: page.read_bytes() for page in healthy.glob("*.html")} == site


def test_no_report_is_written_against_the_readers_policy(command: Command, healthy: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("polyproof-policy: 2\nmin_binding_bits: 200\n")
    assert command("report", healthy, "--out", "site", "--policy", "policy.yaml").status == 1
    assert not Path("site").exists()


def test_a_report_says_what_does_not_cover_by_the_readers_policy(
    command: Command, healthy: Path, tmp_path: Path
) -> None:
    (tmp_path / "policy.yaml").write_text(DECLARED_FILE.replace("{balances", '{least_ratio: "1.5", balances'))
    ended = command("report", healthy, "--out", "site", "--policy", "policy.yaml", "--json")
    assert (ended.status, ended.result["verdict"]) == (1, "not-covered")
    assert "By the organisation&#39;s own rule, every asset is covered" in Path("site/index.html").read_text()


def test_pages_in_a_history_are_as_everybody_finds_them(command: Command, healthy: Path, tmp_path: Path) -> None:
    """What one verifier's nodes said is no part of them, and does not make them differ for that verifier."""
    address = signed("ETH", 2, "0").claim.address.lower()
    with serving(nodes.Evm({address: int(HEALTHY["ETH"].replace(".", "")) * 10**16}).node()) as node:
        entry = f"{{name: evm, chain: ethereum, url: '{node.url}'}}"
        (tmp_path / "nodes.yaml").write_text(f"polyproof-nodes: 1\nbalances:\n  - {entry}\n")
        asked = command("verify", healthy, "--nodes", "nodes.yaml", "--json")
        refused = command("report", healthy, "--nodes", "nodes.yaml")
        assert command("report", healthy, "--nodes", "nodes.yaml", "--out", "mine").status == 0
    assert asked.status == 0, asked.err
    assert asked.result["audits"][2]["holdings"]["balances"]["confirmed"]["rows"] == 1
    assert asked.result["pages"]["equal"]
    assert refused.status == 2
    assert "--out" in refused.err
    assert "Confirmed" in Path("mine/assets/ETH.html").read_text()


def test_another_digest_gives_no_report(command: Command, healthy: Path) -> None:
    known = hashlib.sha256((healthy / "audits/healthy-3/publication.json").read_bytes()).hexdigest()
    assert command("report", healthy, "--out", "site", "--digest", "00" * 32).status == 1
    assert not Path("site").exists()
    assert command("report", healthy, "--out", "site", "--digest", known).status == 0


def test_a_report_does_not_overwrite_other_files(command: Command, healthy: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/mine.txt").write_text("mine")
    ended = command("report", healthy, "--out", "site")
    assert ended.status == 2
    assert "not empty" in ended.err


def test_the_schemas_are_printed(command: Command) -> None:
    assert command("schema", "--report", "--json").result["title"] == "polyproof report"
    assert command("schema", "--history", "--json").result["title"] == "polyproof history"
    assert command("schema", "--history", "--report").status == 2
