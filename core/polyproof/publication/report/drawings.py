"""What a report draws: how each asset is covered now, and how it was audit by audit.

Every drawing is SVG of ``charts``, which escapes all text in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from polyproof.publication.report import wording
from polyproof.publication.report.charts import Line, line_chart
from polyproof.publication.report.document import Report, ReportEntry

__all__ = ["asset_charts", "coverage", "lowest_chart", "places"]

_BAR, _FULL = 100, 125
"""Width of a bar, and the percentage that fills it; anything beyond is cut off."""


def coverage(ratio: Fraction | None) -> tuple[str, str] | None:
    """Width of the filled part of a bar, and where 100 % is; rounded down."""
    if ratio is None:
        return None
    filled = min(int(ratio * 10_000), _FULL * 100) * _BAR / (_FULL * 100)
    return f"{filled:.2f}", f"{_BAR * 100 / _FULL:.2f}"


def _required(report: Report) -> tuple[Fraction, str] | None:
    return (report.reserves.policy.least * 100, "required") if report.reserves else None


def places(report: Report) -> list[str]:
    """The name of each audit on an axis: its month, or its day where a month has several."""
    months = [wording.month(entry.snapshot) for entry in report.history]
    return months if len(set(months)) == len(months) else [entry.snapshot[:10] for entry in report.history]


def lowest_chart(report: Report, identifier: str = "lowest") -> str:
    """The lowest ratio of all assets in each audit; empty if no audit has one. ``identifier`` is unique on its page."""
    lowest = [entry.lowest for entry in report.history]
    values = tuple(_value(one.percent if one else None) for one in lowest)
    description = "; ".join(
        f"{wording.date(entry.snapshot)}: {wording.percentage(one.percent)} in {one.symbol}" if one else "not examined"
        for entry, one in zip(report.history, lowest, strict=True)
    )
    return line_chart(
        identifier,
        "Lowest ratio of all assets, audit by audit",
        description,
        places(report),
        [Line("lowest", values, "first")],
        unit=" %",
        mark=_required(report),
    )


def asset_charts(report: Report, symbol: str, identifier: str) -> Mapping[str, str]:
    """The ratio of an asset, if it ever had one, and what was owed and held, audit by audit."""
    found = [entry.find(symbol) for entry in report.history]
    ratios = tuple(_value(one.percent if one else None) for one in found)
    owed = tuple(_value(one.liabilities if one else None) for one in found)
    held = tuple(_value(one.counted if one else None) for one in found)
    charts = {}
    lines = [Line("ratio", ratios, "first")]
    if any(one and (one.gross_percent or one.net_percent) for one in found):
        net = tuple(_value(one.net_percent if one else None) for one in found)
        gross = tuple(_value(one.gross_percent or one.percent if one else None) for one in found)
        lines = [Line("to net", net, "first"), Line("to gross", gross, "second")]
        ratios = (*net, *gross)
    if any(value is not None for value in ratios):
        charts["ratio"] = line_chart(
            f"{identifier}-ratio",
            f"Ratio of {symbol}, audit by audit",
            _told(report.history, [wording.percentage(one.percent) if one else "–" for one in found]),
            places(report),
            lines,
            unit=" %",
            mark=_required(report),
        )
    charts["totals"] = line_chart(
        f"{identifier}-totals",
        f"{symbol} owed and held, audit by audit",
        _told(
            report.history,
            [
                f"owed {wording.owed(one.liabilities)}" + (f", held {wording.held(one.counted)}" if one.counted else "")
                if one
                else "–"
                for one in found
            ],
        ),
        places(report),
        [Line("owed", owed, "second"), *([Line("held", held, "first")] if any(held) else [])],
    )
    return charts


def _told(history: tuple[ReportEntry, ...], values: list[str]) -> str:
    return "; ".join(f"{wording.date(entry.snapshot)}: {value}" for entry, value in zip(history, values, strict=True))


def _value(amount: str | None) -> Fraction | None:
    return None if amount is None else Fraction(amount)
