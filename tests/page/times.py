"""How long a check takes in Chromium: ``PYTHONPATH=tests python -m page.times AUDIT/public INCLUSION ...``.

Two arguments for each audit: its public half, and any customer's file of it. Somebody else's id is typed, so that the
proof is verified to the end and then the account is not shown, which takes as long as if it were. Printed are the
seconds of CPU of the page's process, worker and all, since other work on a machine makes the clock's time longer: of
the first check after the page is opened, and the median of those that follow.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, sync_playwright

from doubles.browser import find_program
from page.conftest import SHIPPED, watched

_RUNS = 5


def measured(browser: Browser, public: Path, inclusion: Path) -> list[float]:
    """Seconds of CPU of a number of checks."""
    context = browser.new_context(offline=True)
    customer = watched(context.new_page())
    customer.page.goto(SHIPPED.as_uri())
    customer.choose(*sorted(path for path in public.iterdir() if path.is_file()), inclusion)
    customer.page.fill("#user", "nobody")
    customer.page.locator("#amounts input").first.fill("1")
    session = browser.new_browser_cdp_session()

    def spent() -> float:
        processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
        return float(sum(process["cpuTime"] for process in processes if process["type"] == "renderer"))

    times = []
    for _ in range(_RUNS + 1):
        before = spent()
        answer = customer.check()
        times.append(spent() - before)
        assert "[inclusion-path]" in answer, answer
    context.close()
    return times


def main(arguments: list[str]) -> None:
    """Print a line for each audit."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_program())
        for public, inclusion in zip(arguments[::2], arguments[1::2], strict=True):
            first, *later = measured(browser, Path(public), Path(inclusion))
            print(f"{public}: first {first:.2f} s, then {median(later):.2f} s, Chromium {browser.version}")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
