"""The reserve ratio of every asset in every audit: a small plot for each asset, and tables with the numbers.

A place in a plot is an audit; where an audit has no ratio of the asset there is a gap, and the table says why. Points
have the colours of outcomes, and a shape for each, so that nothing depends on seeing colours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from fractions import Fraction
from html import escape

from attrs import frozen

from polyproof.publication.report import wording
from polyproof.publication.report.document import EntryAsset, Report, ReportEntry
from polyproof.publication.report.drawings import places

__all__ = [
    "AUDITS_IN_A_TABLE",
    "AssetRatios",
    "AuditRatios",
    "Column",
    "Ratio",
    "key_of",
    "ratio_plot",
    "ratio_tables",
    "ratios_of",
]

AUDITS_IN_A_TABLE = 6
"""As many columns as fit beside each other where tables are not stacked."""
_WIDTH, _HEIGHT = 260, 110
_LEFT, _RIGHT, _TOP, _BOTTOM = 12, 12, 14, 88
_SHAPES = {
    "good": '<circle class="point good" cx="{x}" cy="{y}" r="4"/>',
    "word": '<path class="point word" d="M{x} {y}m0-5 5 5-5 5-5-5z"/>',
    "bad": '<path class="point bad" d="M{x} {y}m-4-4h8v8h-8z"/>',
    "open": '<circle class="point open" cx="{x}" cy="{y}" r="3"/>',
}


@frozen
class Ratio:
    """The ratio of an asset in an audit."""

    percent: str | None
    """None where there is none; the words say why."""
    kind: str
    words: str
    other: str = ""
    """Where accounts had debts, the ratios to gross and to net, in words."""


@frozen
class AssetRatios:
    """An asset in all audits, the oldest first."""

    symbol: str
    audited: bool
    """Whether the newest audit has it, and therefore a page."""
    ratios: tuple[Ratio, ...]

    @property
    def span(self) -> str:
        """The lowest and the highest ratio, in words; empty if it never had one."""
        known = sorted((ratio.percent for ratio in self.ratios if ratio.percent is not None), key=Fraction)
        ends = [wording.percentage(percent) for percent in (known[:1] + known[-1:])]
        return " to ".join(dict.fromkeys(ends))


@frozen
class Column:
    """An audit in a table."""

    name: str
    """Its name on an axis."""
    entry: ReportEntry
    note: str
    """``corrected``, ``correction``, both, or empty."""


@frozen
class AuditRatios:
    """Some audits, the newest first, and the ratios in each of them of every asset."""

    audits: tuple[Column, ...]
    rows: tuple[tuple[AssetRatios, tuple[Ratio, ...]], ...]


def _ratio(found: EntryAsset | None) -> Ratio:
    if found is None:
        return Ratio(None, "open", "Not part of it")
    other = ""
    if found.gross_percent or found.net_percent:
        gross, net = wording.percentage(found.gross_percent), wording.percentage(found.net_percent)
        other = f"to gross {gross}, to net {net}"
    return Ratio(found.percent, *wording.outcome(found.met, found.on_word, found.liabilities != "0"), other)


def ratios_of(report: Report) -> tuple[AssetRatios, ...]:
    """Every asset that any audit had: those of the newest first, in its order."""
    now = [asset.symbol for asset in report.assets]
    known = {entry.publication_digest: {asset.symbol: asset for asset in entry.assets} for entry in report.history}
    return tuple(
        AssetRatios(
            symbol,
            symbol in now,
            tuple(_ratio(known[entry.publication_digest].get(symbol)) for entry in report.history),
        )
        for symbol in dict.fromkeys([*now, *(asset.symbol for entry in report.history for asset in entry.assets)])
    )


def key_of(ratios: Sequence[AssetRatios]) -> tuple[tuple[str, str], ...]:
    """What the shapes of the plots mean: each kind of point that there is, and its words."""
    found = {ratio.kind: ratio.words for one in ratios for ratio in one.ratios if ratio.percent is not None}
    return tuple((kind, found[kind]) for kind in _SHAPES if kind in found)


def ratio_tables(report: Report, ratios: Sequence[AssetRatios]) -> tuple[AuditRatios, ...]:
    """All audits in groups that fit beside each other, the newest first."""
    corrected = {entry.corrects.publication_digest for entry in report.history if entry.corrects}
    columns = [
        (place, Column(name, entry, _note(entry, corrected)))
        for place, (name, entry) in enumerate(zip(places(report), report.history, strict=True))
    ][::-1]
    groups = [columns[start : start + AUDITS_IN_A_TABLE] for start in range(0, len(columns), AUDITS_IN_A_TABLE)]
    return tuple(
        AuditRatios(
            tuple(column for _, column in group),
            tuple((one, tuple(one.ratios[place] for place, _ in group)) for one in ratios),
        )
        for group in groups
    )


def _note(entry: ReportEntry, corrected: Collection[str]) -> str:
    notes = ("corrected" if entry.publication_digest in corrected else "", "correction" if entry.corrects else "")
    return ", ".join(filter(None, notes))


def ratio_plot(report: Report, one: AssetRatios, identifier: str) -> str:
    """An ``<svg>`` of the ratios of an asset; empty if it never had one. ``identifier`` is unique on its page."""
    values = [None if ratio.percent is None else Fraction(ratio.percent) for ratio in one.ratios]
    known = [value for value in values if value is not None]
    if not known:
        return ""
    level = report.reserves.policy.least * 100 if report.reserves else None
    low, high = min([*known, level or known[0]]), max([*known, level or known[0]])
    spread = high - low or Fraction(1)

    def x(place: int) -> str:
        inner = _WIDTH - _LEFT - _RIGHT
        return _number(_LEFT + (inner / 2 if len(values) == 1 else inner * place / (len(values) - 1)))

    def y(value: Fraction) -> str:
        return _number(_BOTTOM - (_BOTTOM - _TOP) * float((value - low) / spread))

    name = escape(identifier)
    told = "; ".join(
        f"{wording.date(entry.snapshot)}: {wording.percentage(ratio.percent)}, {ratio.words}"
        for entry, ratio in zip(report.history, one.ratios, strict=True)
    )
    labels = places(report)
    return "\n".join(
        [
            f'<svg class="chart small" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
            f'aria-labelledby="{name}-title {name}-desc">',
            f'<title id="{name}-title">Ratio of {escape(one.symbol)}, audit by audit</title>',
            f'<desc id="{name}-desc">{escape(told)}</desc>',
            *_level(level, y),
            *_runs(values, x, y),
            *(
                _SHAPES[ratio.kind].format(x=x(place), y=y(value))
                for place, (value, ratio) in enumerate(zip(values, one.ratios, strict=True))
                if value is not None
            ),
            f'<text x="0" y="{_HEIGHT - 4}">{escape(labels[0])}</text>',
            f'<text x="{_WIDTH}" y="{_HEIGHT - 4}" text-anchor="end">{escape(labels[-1])}</text>',
            "</svg>",
        ]
    )


def _level(level: Fraction | None, y: Callable[[Fraction], str]) -> Iterator[str]:
    if level is not None:
        at = y(level)
        yield f'<line class="level" x1="0" x2="{_WIDTH}" y1="{at}" y2="{at}"/>'


def _runs(values: Sequence[Fraction | None], x: Callable[[int], str], y: Callable[[Fraction], str]) -> Iterator[str]:
    """Points joined where they are neighbours; a gap stays a gap."""
    run: list[str] = []
    for place, value in enumerate([*values, None]):
        if value is not None:
            run.append(f"{x(place)},{y(value)}")
            continue
        if len(run) > 1:
            yield f'<polyline class="line" points="{" ".join(run)}"/>'
        run = []


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
