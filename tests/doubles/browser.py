"""A real browser: the Chromium that is installed here, driven without a window.

Without one a test that needs it is skipped, with the reason; with ``POLYPROOF_REQUIRE_BROWSER=1``, as ``.ci/run``
sets it, it fails.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_program() -> str:
    """The path of the Chromium that is installed; without one the test is skipped, or fails."""
    for name in _PROGRAMS:
        if found := shutil.which(name):
            return found
    reason = f"no Chromium is installed here: none of {', '.join(_PROGRAMS)} is on the PATH"
    if os.environ.get("POLYPROOF_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason}, and POLYPROOF_REQUIRE_BROWSER is 1")
    pytest.skip(reason)


# Of a module, not of the session: while Playwright runs, its event loop is this thread's, and no other test could
# start one.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser, for the tests of a module."""
    program = find_program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def offline(chromium: Browser) -> Iterator[BrowserContext]:
    """A profile of its own, with the network off: files can be opened, and no address is reached."""
    context = chromium.new_context(offline=True)
    try:
        yield context
    finally:
        context.close()
