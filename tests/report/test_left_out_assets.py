"""Assets that an organisation left out: in check, plan, manifest, report and on the site, said to be its choice."""

from __future__ import annotations

import json
from pathlib import Path

from doubles.fixtures import Command
from report.months import OWED, write_month
from report.pages import Page

FOUND = [
    {"asset": "DOGE", "owed": "7.5", "debts": "2", "units": "decimal"},
    {"asset": "X-LP", "owed": "0.1", "debts": "0", "units": "decimal"},
]


def test_what_is_left_out_is_shown_wherever_the_audit_is(tmp_path: Path, command: Command) -> None:
    write_month(tmp_path, OWED, None)
    spec, accounts = tmp_path / "spec.yaml", tmp_path / "accounts.csv"
    header, *rows = accounts.read_text().splitlines()
    more = ["7.5,0.1", "-2,0"]
    accounts.write_text(
        "\n".join([f"{header},DOGE,X-LP", *(f"{row},{one}" for row, one in zip(rows, more, strict=True))]) + "\n"
    )
    plain = "accounts: {path: accounts.csv}"
    assert plain in spec.read_text()
    refused = command("check", spec)
    assert refused.status == 2
    assert "accounts.leave_out leaves assets out" in refused.err
    spec.write_text(spec.read_text().replace(plain, 'accounts: {path: accounts.csv, leave_out: [DOGE, "*-LP"]}'))

    checked = command("check", spec)
    assert checked.status == 0, checked.err
    assert "Left out by the organisation's choice: 2 assets, not audited." in " ".join(checked.out.split())
    assert command("check", spec, "--json").result["left_out"] == FOUND
    assert command("plan", spec, "--out", tmp_path / "work", "--json").result["left_out"] == FOUND
    assert json.loads((tmp_path / "work/plan.json").read_bytes())["header"]["left_out"] == FOUND

    ended = command("audit", spec, "--audit-id", "one", "--yes")
    assert ended.status == 0, ended.err
    published = tmp_path / "audits/published"
    assert json.loads((published / "report.json").read_bytes())["left_out"] == FOUND
    assert json.loads((published / "audits/one/manifest.json").read_bytes())["left_out"] == FOUND
    page = Page((published / "index.html").read_text())
    assert page.faults == []
    assert "The organisation says that its accounts have 2 further assets, no part of this audit" in page.words
    assert "DOGE7.52 X-LP0.10" in page.words  # cells beside each other
    told = "no part of this audit: DOGE and X-LP. Nothing is proven about them"
    assert told in page.words
    assert told in " ".join((published / "press.txt").read_text().split())

    verified = command("verify", published / "audits/one")
    assert verified.status == 0, verified.err
    assert "2 assets, not audited; what they add up to is its word." in " ".join(verified.out.split())
    assert command("verify", published / "audits/one", "--json").result["left_out"] == FOUND
    (private,) = (tmp_path / "audits").glob("*/private")
    cut = command("inclusion", private.parent, "--user", "alice", "--out", tmp_path / "mine.bin")
    assert cut.status == 0, cut.err
    check = ("verify-inclusion", tmp_path / "mine.bin", "--audit", published / "audits/one", "--user", "alice")
    owed = zip(header.split(",")[1:], rows[0].split(",")[1:], strict=True)
    balances = [word for symbol, amount in owed for word in ("--balance", f"{symbol}={amount}")]
    mine = command(*check, *balances)
    assert mine.status == 0, mine.err
    assert "What you are owed of them is no part of this audit: DOGE, X-LP." in " ".join(mine.out.split())
    assert command(*check, *balances, "--json").result["left_out"] == FOUND
    (entry,) = command("verify", published, "--json").result["audits"]
    assert entry["left_out"] == FOUND
