"""Ratios over time on the front page: every audit and asset, in the words of the pages; gaps where there is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from attrs import evolve

from doubles.policies import DECLARED, SUM_TREE
from polyproof.publication.history import verify_history
from polyproof.publication.report.document import Report
from polyproof.publication.report.make import make_report
from polyproof.publication.report.ratios import AUDITS_IN_A_TABLE, ratio_plot, ratio_tables, ratios_of
from polyproof.publication.report.site import render_site
from report.pages import Page


@pytest.fixture(scope="session")
def report(exchanges: Path) -> Report:
    published = exchanges / "failing/audits/published"
    return make_report(verify_history(published, policy=SUM_TREE, reserves_policy=DECLARED).audits)


def test_every_asset_has_the_ratio_of_every_audit_with_the_words_and_the_colour_of_its_page(failing: Path) -> None:
    page = (failing / "index.html").read_text("utf-8")
    table = page[page.index('class="ratios"') :].partition("</table>")[0]
    eth = next(row for row in table.split("<tr ") if ">ETH</th>" in row)
    shown = r'<span class="percent">([0-9.]+).%</span> <span class="result (\w+)">.*?</svg>([^<]+)<'
    cells = re.findall(f'data-label="([^"]+)"><span>{shown}', eth)
    assert cells == [
        ("Mar 2025", "93.33", "bad", "Not covered"),
        ("Feb 2025", "101.00", "word", "Covered, on its word"),
        ("Jan 2025", "101.00", "word", "Covered, on its word"),
    ]
    shown = Page((failing / "reports/failing-3/assets/ETH.html").read_text("utf-8")).words
    assert "Not covered" in shown
    assert "93.33" in shown


def holed(report: Report) -> Report:
    """The same history, had the second audit been of liabilities alone, and had the first another asset."""
    first, second, third = report.history
    bare = tuple(evolve(one, counted=None, percent=None, met=None, on_word=()) for one in second.assets)
    gone = evolve(first.assets[0], symbol="DOGE")
    return evolve(
        report,
        history=(evolve(first, assets=(*first.assets[1:], gone)), evolve(second, assets=bare, met=None), third),
    )


def test_an_audit_without_a_ratio_leaves_a_gap_and_says_why(report: Report) -> None:
    found = {one.symbol: one for one in ratios_of(holed(report))}
    assert [(one.percent is None, one.words) for one in found["BTC"].ratios] == [
        (True, "Not part of it"),
        (True, "Reserves not examined"),
        (False, "Covered, on its word"),
    ]
    plot = ratio_plot(holed(report), found["ETH"], "x")
    assert "<polyline" not in plot, "the first and the last audit are not joined across the gap"
    assert len(re.findall('class="point ', plot)) == 2
    assert "Reserves not examined" in plot
    assert "<polyline" in ratio_plot(report, ratios_of(report)[1], "x")


def test_an_asset_that_is_audited_no_more_is_not_forgotten(report: Report) -> None:
    found = {one.symbol: one for one in ratios_of(holed(report))}
    assert [one.words for one in found["DOGE"].ratios] == ["Covered, on its word", "Not part of it", "Not part of it"]
    page = Page(render_site(holed(report))["index.html"].decode())
    assert "DOGE" in page.words
    assert "assets/DOGE.html" not in [link["href"] for link in page.all("a")]


def test_outcomes_differ_in_more_than_colour(report: Report) -> None:
    plot = ratio_plot(report, ratios_of(report)[1], "x")
    shapes = dict(re.findall(r'<(\w+) class="point (\w+)"', plot)[::-1])
    assert set(re.findall(r'class="point (\w+)"', plot)) == {"word", "bad"}
    assert len(set(re.findall(r' d="M[0-9. ]+(m[^"]+)"', plot))) == 2, shapes


def test_many_audits_are_in_tables_that_fit_the_newest_first(report: Report) -> None:
    many = evolve(report, history=report.history * 5)
    tables = ratio_tables(many, ratios_of(many))
    assert [len(table.audits) for table in tables] == [AUDITS_IN_A_TABLE, AUDITS_IN_A_TABLE, 3]
    assert tables[0].audits[0].entry == report.history[-1]
    assert all(len(ratios) == len(table.audits) for table in tables for _, ratios in table.rows)
    page = Page(render_site(many)["index.html"].decode())
    assert page.faults == []
    assert len(page.all("details")) == 1


def test_one_audit_has_no_ratios_over_time(report: Report) -> None:
    page = Page(render_site(evolve(report, history=report.history[-1:]))["index.html"].decode())
    assert "Ratios over time" not in page.words


# Print


def test_paper_is_white_whatever_the_readers_scheme(failing: Path) -> None:
    style = (failing / "index.html").read_text("utf-8").partition("<style>")[2].partition("</style>")[0]
    print_ = style[style.index("@media print") :]
    dark = style[style.index("prefers-color-scheme: dark") :].partition("}")[0]
    colours = set(re.findall("--[a-z-]+(?=:)", dark))
    assert len(colours) > 10
    assert colours == set(re.findall("--[a-z-]+(?=:)", print_)), "a colour that print leaves out stays dark"
    assert style.index("@media print") > style.index("prefers-color-scheme: dark")


def test_every_printed_page_says_whose_it_is(failing: Path) -> None:
    for path in failing.rglob("*.html"):
        text = path.read_text("utf-8")
        if path.name == "check.html":  # The same page beside every audit: what it prints of one is what it checked.
            continue
        header = text[text.index('<p class="printed"') :].partition("</p>")[0]
        for said in ("Example Exchange", " 2025, audit failing-", "publication digest <code>"):
            assert said in header, path
