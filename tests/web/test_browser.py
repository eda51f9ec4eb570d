"""The browser that the tests of the page are run in."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Error

from doubles import browser

PAGE = """\
<!doctype html><meta charset="utf-8"><title>A page</title>
<p id="said"></p>
<script>document.getElementById("said").textContent = `${2n ** 64n} at ${location.protocol}`</script>
"""


def test_scripts_run_in_a_page_that_is_a_file(offline: BrowserContext, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    page = offline.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.text_content("#said") == "18446744073709551616 at file:"


def test_no_address_is_reached_with_the_network_off(offline: BrowserContext) -> None:
    with pytest.raises(Error, match="ERR_INTERNET_DISCONNECTED"):
        offline.new_page().goto("http://example.invalid/")


@pytest.mark.parametrize(("required", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_browser_skips_or_fails(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("POLYPROOF_REQUIRE_BROWSER", required)
    with pytest.raises(outcome, match="no Chromium is installed here"):
        browser.find_program()
