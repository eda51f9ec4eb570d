"""Control sums on the site: the organisation's word, and said to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles.fixtures import Command
from polyproof.publication.report.site import asset_page
from report.months import OWED, write_month
from report.pages import Page

WORD = "That is the organisation’s word: readers of the audit cannot check it."


@pytest.mark.parametrize("control", [None, "SELECT * FROM read_csv('sums.csv', all_varchar = true)"])
def test_the_page_of_an_asset_shows_what_the_control_query_gave_and_whose_word_that_is(
    tmp_path: Path, command: Command, control: str | None
) -> None:
    write_month(tmp_path, OWED, None)
    spec = tmp_path / "spec.yaml"
    (tmp_path / "sums.csv").write_text("asset,amount\n" + "".join(f"{name},{owed}\n" for name, owed in OWED.items()))
    if control is not None:
        plain = "accounts: {path: accounts.csv}"
        assert plain in spec.read_text()
        spec.write_text(spec.read_text().replace(plain, f'accounts: {{path: accounts.csv, control: "{control}"}}'))
    ended = command("audit", spec, "--audit-id", "one", "--yes")
    assert ended.status == 0, ended.err
    published = tmp_path / "audits/published"
    report = json.loads((published / "report.json").read_bytes())
    stated = {asset["symbol"]: asset["control"] for asset in report["assets"]}
    assert stated == {name: owed if control else None for name, owed in OWED.items()}
    for name in OWED:
        page = Page((published / asset_page(name)).read_text())
        assert page.faults == []
        assert (WORD in page.words) == (control is not None)
