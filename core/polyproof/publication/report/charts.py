"""Line charts as inline SVG: small, without scripts, readable without colour and by screen readers.

A chart carries a title and a description for screen readers; series differ in the shape of their points and the dash of
their line as well as in colour, and each is named beside its last point. Colours are the style sheet's. Positions are
rounded as drawings are; for exact numbers there is a table beside every chart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from html import escape

from attrs import frozen

__all__ = ["Line", "line_chart"]

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 74, 80, 16, 34
INSET = 12
"""Space between the edges and the first and last place, which keeps their points and labels clear."""
LABELS_ACROSS = 5
TICKS = 4
LABEL_HEIGHT = 22


@frozen
class Line:
    """One series: a value for each place, or None."""

    name: str
    values: tuple[Fraction | None, ...]
    style: str
    """``first`` or ``second``: which classes of the style sheet, and which shape its points have."""


@frozen
class _Scale:
    low: Fraction
    high: Fraction
    step: Fraction
    count: int

    def x(self, place: int) -> str:
        left, inner = LEFT + INSET, WIDTH - LEFT - RIGHT - 2 * INSET
        return _number(left + (inner / 2 if self.count == 1 else inner * place / (self.count - 1)))

    def y(self, value: Fraction) -> str:
        inner = HEIGHT - TOP - BOTTOM
        return _number(TOP + inner * float((self.high - value) / (self.high - self.low)))

    def ticks(self) -> Iterator[Fraction]:
        value = self.low
        while value <= self.high:
            yield value
            value += self.step


def line_chart(
    identifier: str,
    title: str,
    description: str,
    places: Sequence[str],
    lines: Sequence[Line],
    *,
    unit: str = "",
    mark: tuple[Fraction, str] | None = None,
) -> str:
    """An ``<svg>`` of lines over places, such as dates.

    ``identifier`` is unique on its page. ``unit`` stands after every number of the axis. ``mark`` is a level to draw
    across, and its name. If no line has a value there is no chart, and the text is empty.
    """
    values = [value for line in lines for value in line.values if value is not None]
    if not values:
        return ""
    scale = _scale(values + ([mark[0]] if mark else []), len(places))
    parts = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-labelledby="{escape(identifier)}-title {escape(identifier)}-desc">',
        f'<title id="{escape(identifier)}-title">{escape(title)}</title>',
        f'<desc id="{escape(identifier)}-desc">{escape(description)}</desc>',
        *_grid(scale, places, unit),
    ]
    labels: list[tuple[float, str, str]] = []
    if mark is not None:
        y = scale.y(mark[0])
        parts.append(f'<line class="level" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        labels.append((float(y), mark[1], "level"))
    for line in lines:
        parts += _line(scale, line)
        last = next((value for value in reversed(line.values) if value is not None), None)
        if last is not None:
            labels.append((float(scale.y(last)), line.name, line.style))
    parts += _labels(labels)
    return "\n".join([*parts, "</svg>"])


def _scale(values: Sequence[Fraction], count: int) -> _Scale:
    """Round numbers around the values, four or so steps."""
    low, high = min(values), max(values)
    if low == high:
        room = abs(high) / 10 or Fraction(1)
        low, high = (low - room if low else low), high + room
    step = _round_step((high - low) / TICKS)
    first, last = math.floor(low / step) * step, math.ceil(high / step) * step
    if min(values) >= 0:
        first = max(first, Fraction(0))
    return _Scale(Fraction(first), Fraction(last), step, count)


def _round_step(step: Fraction) -> Fraction:
    """The next of 1, 2, 2.5, 5 times a power of ten."""
    power = len(str(int(step))) - 1 if step >= 1 else -_zeros(step)
    base = Fraction(10) ** power
    return next(base * factor for factor in (1, 2, Fraction(5, 2), 5, 10) if base * factor >= step)


def _zeros(step: Fraction) -> int:
    """How many places right of the point the first digit of a number below one stands."""
    count = 0
    while step < 1:
        step *= 10
        count += 1
    return count


def _grid(scale: _Scale, places: Sequence[str], unit: str) -> Iterator[str]:
    for value in scale.ticks():
        y = scale.y(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield (
            f'<text class="tick" x="{LEFT - 10}" y="{y}" dy="0.32em" text-anchor="end">'
            f"{_tick(value, scale)}{escape(unit)}</text>"
        )
    # No more labels than there is room for; the last place always has one.
    every = max(1, -(-len(places) // LABELS_ACROSS))
    for place in range(len(places) - 1, -1, -every):
        yield (
            f'<text class="tick" x="{scale.x(place)}" y="{HEIGHT - BOTTOM + 22}" text-anchor="middle">'
            f"{escape(places[place])}</text>"
        )


def _line(scale: _Scale, line: Line) -> Iterator[str]:
    """Points joined where they are neighbours; a gap stays a gap."""
    run: list[str] = []
    runs = [run]
    for place, value in enumerate(line.values):
        if value is None:
            run = []
            runs.append(run)
        else:
            run.append(f"{scale.x(place)},{scale.y(value)}")
    for points in runs:
        if len(points) > 1:
            yield f'<polyline class="line {line.style}" points="{" ".join(points)}"/>'
    for points in runs:
        for point in points:
            x, _, y = point.partition(",")
            yield _point(float(x), float(y), line.style)


def _point(x: float, y: float, style: str) -> str:
    if style == "second":
        return f'<rect class="point second" x="{_number(x - 4)}" y="{_number(y - 4)}" width="8" height="8"/>'
    return f'<circle class="point {style}" cx="{_number(x)}" cy="{_number(y)}" r="4.5"/>'


def _labels(labels: list[tuple[float, str, str]]) -> Iterator[str]:
    """Names at the right edge, kept a line apart."""
    floor = -math.inf
    for y, name, style in sorted(labels):
        y = max(y, floor + LABEL_HEIGHT)
        floor = y
        yield f'<text class="name {style}" x="{WIDTH - RIGHT + 8}" y="{_number(y)}" dy="0.32em">{escape(name)}</text>'


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


_SUFFIXES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


def _tick(value: Fraction, scale: _Scale) -> str:
    """A number of the axis: short, with as many digits as its step needs."""
    if scale.high >= 10**15:
        return f"{float(value):.3g}" if value else "0"
    for size, suffix in _SUFFIXES:
        if scale.high >= 10 * size:
            return f"{_decimal(value / size, scale.step / size)}{suffix}" if value else "0"
    return _decimal(value, scale.step)


def _decimal(value: Fraction, step: Fraction) -> str:
    digits = 0
    while (step * 10**digits).denominator != 1 and digits < 12:
        digits += 1
    return f"{float(value):,.{digits}f}"
