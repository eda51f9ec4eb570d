"""Measured audits as curves, in an SVG file that stands by itself.

Both axes are logarithmic, so that work in proportion to a size is a straight line and twice the work is the same
distance everywhere; a thin line in the background shows that slope. Every point is a measurement, none is smoothed.
Curves differ in the shape of their points as well as in colour and are named at their ends, and the tables have the
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from polyproof.cli.bench.curves import LEAST_SHARE, PLOTTED, Points, curves
from polyproof.cli.bench.results import Results
from polyproof.cli.marks import Axis, decades, mark, number, ticks
from polyproof.errors import UsageError

__all__ = ["plot"]

_WIDTH, _HEIGHT = 900, 520
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 262, 64, 62
_COLOURS = ("#1f5fbf", "#c2410c", "#15803d", "#7e22ce", "#4b5563", "#0e7490", "#be185d", "#7c6f00")
_LABEL_HEIGHT = 17


def plot(results: Results, plotted: str) -> str:
    """The SVG. ``plotted``: a key of ``PLOTTED``.

    The size that differs most often among the audits is the horizontal axis; a curve is an operation, or a phase, at
    the same other sizes. Raises ``UsageError`` if no two audits differ in size.
    """
    words = PLOTTED[plotted][0]
    found = curves(results, plotted)
    if not found.lines:
        raise UsageError("--plot: no audit of two sizes was measured; give --accounts, --assets or --threads several")
    across, lines = found.across, found.lines
    every_x = sorted({x for points in lines.values() for x, _ in points})
    every_y = [y for points in lines.values() for _, y in points]
    x_axis = Axis(every_x[0], every_x[-1], _LEFT + 14, _WIDTH - _RIGHT - 14)
    low, high = decades(min(every_y), max(every_y))
    y_axis = Axis(low, high, _HEIGHT - _BOTTOM, _TOP)
    machine = results.machine
    heading = f"{words[0].upper()}{words[1:]} by {across}"
    if plotted == "phases":
        heading += f", phases of {LEAST_SHARE:.0%} and more at the largest"
    below = f"{found.fixed}polyproof {machine.polyproof}, {results.measured[:10]}, {machine.processor}"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" aria-labelledby="title desc" font-family="system-ui, sans-serif">',
        f'<title id="title">{escape(heading)}</title>',
        f'<desc id="desc">{escape(_described(lines, across, words))}</desc>',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="26" font-size="17" font-weight="600" fill="#111827">{escape(heading)}</text>',
        f'<text x="{_LEFT}" y="46" font-size="12" fill="#4b5563">{escape(below)}</text>',
        *_grid(x_axis, y_axis, every_x, across, words),
        *_in_proportion(lines, x_axis, y_axis),
        *_drawn(lines, x_axis, y_axis),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _described(curves: Mapping[str, Points], across: str, words: str) -> str:
    told = [
        f"{name}: from {points[0][1]:.3g} at {points[0][0]:,} {across} to {points[-1][1]:.3g} at {points[-1][0]:,}"
        for name, points in curves.items()
    ]
    return f"{words}. " + "; ".join(told)


def _grid(x_axis: Axis, y_axis: Axis, xs: Sequence[int], across: str, words: str) -> Iterator[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for value in ticks(y_axis):
        y = number(y_axis(value))
        yield f'<line x1="{_LEFT}" x2="{right}" y1="{y}" y2="{y}" stroke="#d1d5db"/>'
        yield f'<text x="{_LEFT - 8}" y="{y}" dy="0.32em" text-anchor="end" font-size="12">{value:g}</text>'
        for part in (2, 5):
            if value * part < y_axis.high:
                part_y = number(y_axis(value * part))
                yield f'<line x1="{_LEFT}" x2="{right}" y1="{part_y}" y2="{part_y}" stroke="#eef0f3"/>'
    taken = -math.inf
    for size in xs:
        x = x_axis(size)
        yield f'<line x1="{number(x)}" x2="{number(x)}" y1="{_TOP}" y2="{bottom}" stroke="#eef0f3"/>'
        text = _power_or_count(size)
        width = 22 if "<" in text else 7 * len(text)
        if x - width / 2 - taken > 8:  # else it would run into the one before
            yield f'<text x="{number(x)}" y="{bottom + 20}" text-anchor="middle" font-size="12">{text}</text>'
            taken = x + width / 2
    middle = (_LEFT + right) / 2
    yield f'<text x="{number(middle)}" y="{bottom + 46}" text-anchor="middle" font-size="13">{escape(across)}</text>'
    half = (_TOP + bottom) / 2
    yield (
        f'<text transform="translate(20 {number(half)}) rotate(-90)" text-anchor="middle" font-size="13">'
        f"{escape(words)}</text>"
    )


def _power_or_count(size: int) -> str:
    if size >= 1024 and size & (size - 1) == 0:
        return f'2<tspan font-size="9" dy="-5">{size.bit_length() - 1}</tspan>'
    return f"{size:,}"


def _in_proportion(curves: Mapping[str, Points], x_axis: Axis, y_axis: Axis) -> Iterator[str]:
    """A line of slope one through the last point of the highest curve, as far as it stays within the axes."""
    x, y = max((points[-1] for points in curves.values()), key=lambda point: point[1])
    first = max(x_axis.low, x * y_axis.low / y)
    if first < x:
        ends = (x_axis(first), y_axis(y * first / x), x_axis(x), y_axis(y))
        x1, y1, x2, y2 = map(number, ends)
        yield f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="#9ca3af" stroke-dasharray="2 5"/>'
        yield (
            f'<text x="{_WIDTH - _RIGHT + 20}" y="{_HEIGHT - _BOTTOM + 20}" font-size="11" fill="#6b7280">'
            "dotted: in proportion to the size</text>"
        )


def _drawn(curves: Mapping[str, Points], x_axis: Axis, y_axis: Axis) -> Iterator[str]:
    labels = []
    for place, (name, points) in enumerate(curves.items()):
        colour = _COLOURS[place % len(_COLOURS)]
        dash = ' stroke-dasharray="6 4"' if place >= len(_COLOURS) else ""
        places = [(x_axis(x), y_axis(y)) for x, y in points]
        line = " ".join(f"{number(x)},{number(y)}" for x, y in places)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'
        yield from (mark(x, y, place, f'fill="{colour}"') for x, y in places)
        labels.append((places[-1][1], places[-1][0], name, colour, place))
    floor = -math.inf
    room = _HEIGHT - _BOTTOM - (len(labels) - 1) * _LABEL_HEIGHT
    for position, (y, x, name, colour, place) in enumerate(sorted(labels)):
        at = max(min(y, room + position * _LABEL_HEIGHT), floor + _LABEL_HEIGHT)
        floor = at
        left = _WIDTH - _RIGHT + 20
        ends = f'x1="{number(x + 6)}" y1="{number(y)}" x2="{left}" y2="{number(at)}"'
        yield f'<line {ends} stroke="{colour}" stroke-width="0.7"/>'
        yield mark(left + 5, at, place, f'fill="{colour}"')
        where = f'x="{left + 14}" y="{number(at)}" dy="0.32em"'
        yield f'<text {where} font-size="12" fill="{colour}">{escape(name)}</text>'
