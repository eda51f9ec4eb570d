"""The page of a comparison: it stands by itself, hides nothing behind a drawing, and runs nothing."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
from html import unescape

import pytest
from attrs import evolve

from cli.test_fitting import Terminal
from polyproof.cli.bench.results import machine
from polyproof.cli.commands.compare import show_comparison
from polyproof.cli.compare.charts import MOST_SERIES, security_charts, time_charts
from polyproof.cli.compare.page import page_text
from polyproof.cli.compare.rows import FAULTY, NOT_RUN, REJECTED, Bits, Row
from polyproof.cli.compare.tables import BITS_NOTE, SPREAD_NOTE, csv_text, tables
from polyproof.cli.compare.work import Comparison
from polyproof.cli.console import plain_console
from polyproof.cli.plain_table import markdown
from polyproof.errors import PluginFault, ProofRejected
from polyproof.security import FigureName

HOSTILE = '</style><script>alert("1")</script>'


def comparison(rows: list[Row]) -> Comparison:
    return Comparison(measured="2025-11-30T00:00:00Z", machine=machine(), plugins=(), runs=1, rows=tuple(rows))


def several(row: Row, **made_of: object) -> list[Row]:
    """The same at three sizes."""
    return [evolve(row, combination=evolve(row.combination, accounts=count, **made_of)) for count in (10, 100, 1000)]


@pytest.fixture
def rows(measured_once: dict[str, Row]) -> list[Row]:
    return [row for found in measured_once.values() for row in several(found)]


def test_the_page_allows_its_own_style_and_nothing_else(rows: list[Row]) -> None:
    page = page_text(comparison(rows))
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in page
    assert not re.search(r"<script|<link|<img|<iframe|javascript:|\sstyle=|\son\w+=|https?://", page.replace(style, ""))
    assert "url(" not in style


def test_every_number_of_the_tables_is_on_the_page(rows: list[Row]) -> None:
    page = unescape(page_text(comparison(rows)))
    for table in tables(rows):
        for line in table.rows:
            for cell in line:
                assert cell in page


def test_no_name_becomes_part_of_the_page(rows: list[Row]) -> None:
    changed = [
        evolve(
            row,
            reason=HOSTILE,
            combination=evolve(row.combination, spec=HOSTILE, backend=HOSTILE, stated=(HOSTILE,)),
            properties=row.properties and evolve(row.properties, non_negativity=HOSTILE),
        )
        for row in rows
    ]
    page = page_text(comparison([*changed, *rows]))
    assert "<script" not in page
    assert page.count("</style>") == 1


def test_no_word_breaks_in_a_pipe_either(measured_once: dict[str, Row]) -> None:
    tree = measured_once["merkle-sum"]
    long = "constraints=a-system-of-accounts-with-a-name"
    stream = io.StringIO()
    many = [evolve(tree, combination=evolve(tree.combination, stated=(one,))) for one in (long, "min_depth=4")]
    show_comparison(plain_console(stream), many)
    lines = stream.getvalue().splitlines()
    assert sum(long in line for line in lines) > 5
    notes = {SPREAD_NOTE, BITS_NOTE}
    assert all(len(line.rstrip()) <= 80 for line in lines if line not in notes)


def test_no_name_ends_a_row_of_markdown_or_is_a_formula_of_a_spreadsheet(rows: list[Row]) -> None:
    changed = [
        evolve(row, reason="=1+1", combination=evolve(row.combination, spec="=cmd()", stated=("a|b\nc<i>",)))
        for row in rows
    ]
    drawn = "".join(markdown(table) for table in tables([*changed, rows[0]]))
    assert "a\\|b c&lt;i>" in drawn
    assert "<i>" not in drawn
    for line in csv.reader(csv_text(changed).splitlines()[1:2]):
        assert line[0] == "'=cmd()"


def test_each_drawing_says_in_words_what_it_shows(rows: list[Row]) -> None:
    drawn = [*time_charts(rows), *security_charts(rows)]
    assert len(drawn) == 7
    for chart in drawn:
        (told,) = re.findall(r'role="img" aria-label="([^"]+)"', chart.svg)
        assert unescape(told).startswith(chart.caption)
        assert "merkle-sum" in told
        assert chart.svg.count('point s0"') == 3


def test_what_has_no_soundness_has_no_place_on_the_axis_of_bits(measured_once: dict[str, Row]) -> None:
    tree, tally = measured_once["merkle-sum"], measured_once["tally"]
    proofs, _ = security_charts([tree, tally])
    assert "no soundness" in proofs.svg
    assert ">none</text>" in proofs.svg
    (place,) = re.findall(r'<circle cx="([\d.]+)"', proofs.svg)
    (edge,) = re.findall(r'<line class="grid" x1="([\d.]+)" x2="\1"', proofs.svg)
    assert float(place) < float(edge), "the tree stands in the strip beside the axis, whatever its bits of binding"
    assert tally.security is not None
    assert tally.security.figure(FigureName.SOUNDNESS) is not None


def test_one_number_of_accounts_is_drawn_beside_each_other(measured_once: dict[str, Row]) -> None:
    (chart, *_) = time_charts(list(measured_once.values()))
    places = re.findall(r'<(?:circle cx|rect x)="([\d.]+)"', chart.svg)
    assert len(set(places)) == 2
    assert "<polyline" not in chart.svg


def test_more_series_than_are_told_apart_are_not_drawn_and_the_page_says_so(measured_once: dict[str, Row]) -> None:
    tree = measured_once["merkle-sum"]
    many = [
        evolve(tree, combination=evolve(tree.combination, stated=(f"min_depth={depth}",)))
        for depth in range(MOST_SERIES + 4)
    ]
    assert f"the first {MOST_SERIES} of {MOST_SERIES + 4}" in page_text(comparison(many))


def test_what_cannot_run_stands_on_the_page_with_its_reason(measured_once: dict[str, Row]) -> None:
    tree = measured_once["merkle-sum"]
    missed = Row(combination=evolve(tree.combination, accounts=7), outcome=NOT_RUN, reason="2^20 rows are too many")
    page = page_text(comparison([tree, missed]))
    assert "2^20 rows are too many" in page
    assert page_text(comparison([missed])).count("<svg") == 0


def test_a_set_up_that_is_trusted_and_an_assumption_have_a_place(measured_once: dict[str, Row]) -> None:
    tally = measured_once["tally"]
    assert tally.security is not None
    assert tally.properties is not None
    setup = "who ran the ceremony could forge"
    assumed = evolve(
        tally.security.assumed,
        trusted_setup=setup,
        sentences=("pairings are hard to invert", f"a trusted set-up: {setup}"),
    )
    changed = evolve(
        tally,
        security=evolve(tally.security, assumed=assumed),
        # A backend that calls itself transparent and names a set-up is shown by the set-up.
        properties=evolve(tally.properties, transparent=True, post_quantum=False),
    )
    found = {table.title: table for table in tables([changed])}
    assert dict(found["Properties"].rows)["Transparent, no trusted set-up"] == f"no: {setup}"
    assert "pairings are hard to invert" in found["What the bits rest on"].rows[0][-1]
    (properties,) = (
        table
        for table in tables(
            [evolve(changed, security=evolve(tally.security, assumed=evolve(assumed, insecure_setup=True)))]
        )
        if table.title == "Properties"
    )
    assert dict(properties.rows)["Transparent, no trusted set-up"] == f"no: INSECURE set-up: {setup}"


def test_what_is_proven_of_totals_that_are_not_exact_is_said_by_the_backend(measured_once: dict[str, Row]) -> None:
    stated = measured_once["tally"].properties
    assert stated is not None

    def shown(**others: object) -> str:
        row = evolve(measured_once["tally"], properties=evolve(stated, **others))
        (found,) = (table for table in tables([row]) if table.title == "Properties")
        return dict(found.rows)["Sum"]

    assert shown() == "not proven"
    assert shown(inexact_totals="proven, of entries that may be negative") == "proven, of entries that may be negative"
    assert shown(exact_totals=True) == "proven, of every account in the proof"


def test_a_figure_that_is_long_proven_stands_for_the_same_by_newer_theorems(measured_once: dict[str, Row]) -> None:
    tally = measured_once["tally"]
    assert tally.security is not None
    one = Bits(figure="soundness", bits=99.0, decided_by="luck", rests_on="algebra")
    changed = evolve(tally, security=evolve(tally.security, figures=(one,)))
    (bits,) = (table for table in tables([changed]) if table.title == "Bits of what is proven")
    assert bits.rows[0][1:] == ("99.0", "99.0", "none", "none")


@pytest.mark.parametrize("width", [80, 120])
def test_no_word_of_the_tables_breaks_on_a_terminal(
    rows: list[Row], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shown(columns: int) -> list[str]:
        stream = Terminal()
        monkeypatch.setenv("COLUMNS", str(columns))
        show_comparison(plain_console(stream), rows)
        return re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()).splitlines()

    monkeypatch.setenv("TERM", "xterm")
    lines = shown(width)
    assert max(len(line.rstrip()) for line in lines) <= width
    assert set(" ".join(shown(4000)).split()) - {"─"} <= {*" ".join(lines).split()} | set(
        re.findall("─+", str(shown(4000)))
    )


def test_a_comparison_with_a_proof_that_does_not_verify_ends_as_one(rows: list[Row]) -> None:
    """The first of them is named, before what merely could not run and after a fault of a plugin."""
    first, *others = rows
    missed = evolve(others[0], outcome=NOT_RUN, reason="too many rows")
    rejected = evolve(first, outcome=REJECTED, reason="the totals are not those of the proof")
    ended = comparison([missed, rejected]).error
    assert isinstance(ended, ProofRejected)
    assert ended.check == "compared"
    assert "the totals are not those of the proof" in str(ended)
    assert isinstance(comparison([rejected, evolve(first, outcome=FAULTY, reason="it raised")]).error, PluginFault)
