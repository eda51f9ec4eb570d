"""A comparison as one page that stands by itself: tables, and charts with the tables beside them.

The page contains its style sheet and drawings, and a policy (CSP) that forbids everything else. The style is that of
the site about an audit, with what charts of several series need. All text is escaped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from polyproof.cli.compare import charts
from polyproof.cli.compare.meanings import APART, apart_title, labels
from polyproof.cli.compare.tables import BITS_NOTE, SPREAD_NOTE, tables
from polyproof.cli.compare.work import Comparison, measured_text
from polyproof.cli.plain_table import Table
from polyproof.cli.visible import visible
from polyproof.model.counts import counted
from polyproof.version import __version__

__all__ = ["page_text"]

_LIGHT = ("#1f5fbf", "#c2410c", "#15803d", "#7e22ce", "#4b5563", "#0e7490", "#be185d", "#7c6f00")
_DARK = ("#8ab8ff", "#ff9e64", "#6fd39a", "#cfa2ff", "#b6bfca", "#67d5ee", "#ff8fc0", "#d8ca4c")
_MORE = """
.chart .line, .chart .range { fill: none; stroke: var(--own); }
.chart .line { stroke-width: 1.75; }
.chart .range { stroke-width: 1.25; opacity: 0.7; }
.chart .point, .sample .point { fill: var(--own); stroke: var(--paper); stroke-width: 0.75; }
.more.line { stroke-dasharray: 6 4; }
.chart .more.point, .sample .more.point { fill: var(--paper); stroke: var(--own); stroke-width: 1.75; }
.chart .open.point { fill: none; stroke: var(--own); stroke-width: 1.5; }
.sample { stroke: none; margin-right: 0.35rem; }
.key li { padding-left: 1.4rem; text-indent: -1.4rem; }
.key { margin: 1rem 0 1.5rem; }
table { margin-bottom: 2.25rem; }
@media (max-width: 46rem) {
  td.said { display: block; text-align: left; }
  td.said::before { display: block; max-width: none; }
}
"""


def _style() -> str:
    base = files("polyproof.publication.report").joinpath("templates", "style.css").read_text(encoding="utf-8")

    def colours(values: Sequence[str]) -> str:
        return "".join(f".s{place} {{ --own: {value}; }}\n" for place, value in enumerate(values))

    dark = f"@media screen and (prefers-color-scheme: dark) {{\n{colours(_DARK)}}}\n"
    return f"{base}{_MORE}{colours(_LIGHT)}{dark}"


def page_text(comparison: Comparison) -> str:
    """The page."""
    style = _style()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    names = list(dict.fromkeys(row.combination.backend for row in comparison.rows))
    title = _text(f"Side by side: {', '.join(names)}")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="polyproof {__version__}">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<main id="content" tabindex="-1">
<div class="wrap">
<h1>{title}</h1>
<p class="lead">{_text(_lead(comparison))}</p>
{"".join(_sections(comparison))}
</div>
</main>
<footer class="bottom"><div class="wrap">
<p>{_text(measured_text(comparison))}</p>
<p>Written by polyproof {__version__}. What each backend provides is what it says of itself.</p>
</div></footer>
</body>
</html>
"""


def _lead(comparison: Comparison) -> str:
    made_of = [row.combination for row in comparison.rows]
    specs = ", ".join(
        f"{name} ({' or '.join(counted(count, 'asset') for count in assets)})"
        for name in dict.fromkeys(one.spec for one in made_of)
        if (assets := sorted({one.assets for one in made_of if one.spec == name}))
    )
    sizes = [f"{size:,}" for size in sorted({one.accounts for one in made_of if one.accounts is not None})]
    several = " and ".join([", ".join(sizes[:-1]), sizes[-1]]) if len(sizes) > 1 else "".join(sizes)
    kind = "invented " if all(one.invented for one in made_of) else ""
    proved = f", proved for {several} {kind}account{'' if sizes == ['1'] else 's'}" if sizes else ""
    return f"{counted(len(made_of), 'combination')} of {specs}{proved}, each in a process of its own."


def _sections(comparison: Comparison) -> Iterator[str]:
    rows = comparison.rows
    found = {table.title: table for table in tables(rows)}
    by_section: tuple[tuple[str, tuple[str, ...], str], ...] = (
        ("What each provides", ("Properties",), ""),
        ("Time and memory", ("Time", "Seconds of CPU", "Memory"), SPREAD_NOTE),
        (
            "Security and sizes",
            ("Bits of what is proven", *map(apart_title, APART), "What the bits rest on", "Sizes"),
            BITS_NOTE,
        ),
        ("What a verifier would say", ("What the default policy says",), ""),
        ("What was not measured", ("Not measured",), ""),
    )
    drawn = {
        "Time and memory": list(charts.time_charts(rows)),
        "Security and sizes": list(charts.security_charts(rows)),
    }
    for heading, titles, note in by_section:
        shown = [found[title] for title in titles if title in found]
        if not shown:
            continue
        yield f"<h2>{_text(heading)}</h2>\n"
        if pictures := drawn.get(heading):
            yield _figures(comparison, pictures)
        for table in shown:
            yield _table(table)
        if note:
            yield f'<p class="note">{_text(note)}</p>\n'


def _figures(comparison: Comparison, drawn: Sequence[charts.Chart]) -> str:
    series = len(set(labels([row for row in comparison.rows if row.times is not None])))
    left = (
        f'<p class="note">Drawn are the first {charts.MOST_SERIES} of {series}.</p>\n'
        if series > charts.MOST_SERIES
        else ""
    )
    figures = "".join(
        f"<figure><figcaption>{_text(chart.caption)}</figcaption>{chart.svg}</figure>\n" for chart in drawn
    )
    return f'{charts.legend(comparison.rows)}{left}<div class="charts">\n{figures}</div>\n'


_UNSEEN = '<span class="unseen">Property</span>'
_LONG = 40
"""Longer texts in a cell are set as text."""


def _table(table: Table) -> str:
    """A table with the roles that it loses where the style sheet sets it as a list on a narrow screen."""
    sides = ["num" if place in table.numbers else "" for place in range(len(table.columns))]
    head = "".join(
        f'<th role="columnheader" scope="col"{_class(side)}>{_text(heading) or _UNSEEN}</th>'
        for heading, side in zip(table.columns, sides, strict=True)
    )
    body = "\n".join(f'<tr role="row">{"".join(_cells(table, row, sides))}</tr>' for row in table.rows)
    return (
        f'<table role="table"><caption>{_text(table.title or "")}</caption>'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>\n<tbody role="rowgroup">{body}</tbody></table>\n'
    )


def _cells(table: Table, row: Sequence[str], sides: Sequence[str]) -> Iterator[str]:
    yield f'<th role="rowheader" scope="row">{_text(row[0])}</th>'
    for heading, side, cell in zip(table.columns[1:], sides[1:], row[1:], strict=True):
        kind = side or ("said" if len(cell) > _LONG else "")
        yield f'<td role="cell"{_class(kind)} data-label="{_text(heading)}">{_text(cell)}</td>'


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _text(text: str) -> str:
    return escape(visible(text))
