"""What is held against what is owed, as a notebook shows it: a table with bars, and a line over several audits.

Numbers, their rounding and words are those of the report on the same audits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from polyproof.cli.page import COLOURS, Html, Page

if TYPE_CHECKING:
    from polyproof.publication.history import VerifiedAudit
    from polyproof.publication.report.document import Report, ReportAsset

__all__ = ["add_holdings", "add_report"]

_COLOURS = {"good": COLOURS["green"], "word": COLOURS["yellow"], "bad": COLOURS["red"]}
_STYLE = Html(
    "<style>.polyproof .chart{display:block;width:100%;max-width:44rem;height:auto}"
    ".polyproof .chart text{font-size:13px;fill:currentColor}"
    ".polyproof .chart .grid{stroke:currentColor;opacity:.2}"
    ".polyproof .chart line.level{stroke:currentColor;stroke-dasharray:2 4}"
    ".polyproof .chart .line{fill:none;stroke:#4c7fd9;stroke-width:2.25}"
    ".polyproof .chart .point{fill:#4c7fd9}</style>"
)


def add_holdings(page: Page, audits: Sequence[VerifiedAudit]) -> None:
    """Of the last of these audits, which follow each other; nothing if its reserves were not checked."""
    from polyproof.publication.report.make import make_report

    if audits[-1].reserves is not None and not any(one.reserves_unchecked for one in audits):
        add_report(page, make_report(audits))


def add_report(page: Page, report: Report) -> None:
    """What a report says of every asset, and of the lowest ratio audit by audit; nothing of one without reserves."""
    from polyproof.publication.report.drawings import lowest_chart
    from polyproof.publication.report.wording import held, outcome, owed, owed_how, percentage

    if report.reserves is None:
        return
    rows = []
    for asset in report.assets:
        kind, word = outcome(asset.met, asset.on_word, asset.liabilities != "0")
        counted = held(asset.reserves.counted) if asset.reserves else ""
        rows.append((asset.symbol, owed(asset.liabilities), counted, percentage(asset.ratio), _bar(asset, kind), word))
    caption = f"What is owed, {owed_how(report)}, and the holdings that count against it"
    page.add_table(caption, ("Asset", "Owed", "Held and counted", "Ratio", "", "Result"), rows, {1, 2, 3})
    if len(report.history) > 1 and (chart := lowest_chart(report, f"lowest-{report.audit.publication_digest[:16]}")):
        page.print("Lowest ratio of all assets in each audit")
        page.add_html(Html(f"{_STYLE}{chart}"))


def _bar(asset: ReportAsset, kind: str) -> Html:
    """How far it is covered; the mark is where all that is owed is held."""
    from polyproof.publication.report.drawings import coverage

    drawn = coverage(asset.ratio)
    if drawn is None:
        return Html()
    filled, full = drawn
    return Html(
        '<svg viewBox="0 0 100 10" width="100" height="10" aria-hidden="true">'
        '<rect width="100" height="10" fill="currentColor" opacity="0.15"/>'
        f'<rect width="{filled}" height="10" fill="{_COLOURS.get(kind, "currentColor")}"/>'
        f'<line x1="{full}" x2="{full}" y1="0" y2="10" stroke="currentColor"/></svg>'
    )
