"""Charts of a comparison, as inline SVG: what steps take against accounts, and sizes against security.

Numbers of accounts, seconds and bytes are on logarithmic axes. Series differ in the shape of their points as well as in
colour, which are the page's, and one list names them; each drawing has a title and a description, and the tables have
the numbers. Soundness that is not given has no place on an axis of bits, so such points stand in a strip beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape

from attrs import frozen

from polyproof.cli.compare.meanings import labels
from polyproof.cli.compare.rows import Row, Timed
from polyproof.cli.console import size_text, time_text
from polyproof.cli.marks import Axis, decades, mark, number, ticks
from polyproof.model.counts import counted
from polyproof.security import FigureName, bits_text

__all__ = ["MOST_SERIES", "Chart", "legend", "security_charts", "time_charts"]

MOST_SERIES = 16
"""More are not told apart; the tables have all of them."""
_COLOURS = 8
_WIDTH, _HEIGHT = 560, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 88, 20, 18, 56
_INSET = 18
_STRIP = 88
"""Width of the strip of what has no bits."""


@frozen
class Chart:
    """A drawing and what is written over it."""

    caption: str
    svg: str


@frozen
class _Point:
    x: float
    y: float
    low: float
    high: float


_Series = Mapping[str, Sequence[_Point]]


def _series(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The measured rows by the name of their combination, as many as are drawn."""
    found: dict[str, list[Row]] = {}
    for name, row in zip(labels(rows), rows, strict=True):
        if row.times is not None:
            found.setdefault(name, []).append(row)
    return dict(list(found.items())[:MOST_SERIES])


def legend(rows: Sequence[Row]) -> str:
    """The list of what each shape and colour stands for."""
    items = []
    for place, name in enumerate(_series(rows)):
        drawn = mark(8, 8, place, f'class="{_classes("point", place)}"')
        icon = f'<svg class="icon sample" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{drawn}</svg>'
        items.append(f"<li>{icon} {escape(name)}</li>")
    return f'<ul class="key">{"".join(items)}</ul>'


def time_charts(rows: Sequence[Row]) -> Iterator[Chart]:
    """What each step takes, and the memory, against the number of accounts."""
    steps: tuple[tuple[str, Callable[[Row], Timed | None]], ...] = (
        ("Time to prove", lambda row: row.times.prove if row.times else None),
        ("Time to verify", lambda row: row.times.verify if row.times else None),
        ("Time to cut an inclusion file", lambda row: row.times.cut if row.times else None),
        ("Time of a user's check", lambda row: row.times.check if row.times else None),
    )
    series = _series(rows)
    for caption, step in steps:
        points = {name: list(_timed(members, step)) for name, members in series.items()}
        yield from _against_accounts(caption, points, time_text)
    memory = {
        name: [
            _Point(row.combination.accounts or 0, row.times.peak, row.times.peak, row.times.peak)
            for row in members
            if row.times is not None and row.times.peak
        ]
        for name, members in series.items()
    }
    yield from _against_accounts("Peak memory while proving", memory, size_text, of_bytes=True)


def _timed(rows: Sequence[Row], step: Callable[[Row], Timed | None]) -> Iterator[_Point]:
    for row in rows:
        found = step(row)
        if found is not None and found.least > 0:
            yield _Point(row.combination.accounts or 0, found.median, found.least, found.most)


def _against_accounts(
    caption: str, series: _Series, text: Callable[[float], str], *, of_bytes: bool = False
) -> Iterator[Chart]:
    every = [point for points in series.values() for point in points if point.x > 0]
    if not every:
        return
    sizes = sorted({int(point.x) for point in every})
    low, high = min(point.low for point in every), max(point.high for point in every)
    base = _base(low, high) if of_bytes else 10
    ends = decades(low, high, base)
    y = Axis(*ends, _HEIGHT - _BOTTOM, _TOP)
    described = "; ".join(
        f"{name}: " + ", ".join(f"{text(point.y)} at {point.x:,.0f}" for point in points)
        for name, points in series.items()
        if points
    )
    left, right = _LEFT + _INSET, _WIDTH - _RIGHT - _INSET
    parts = [*_grid_y(y, text, base), *_sizes(Axis(sizes[0], sizes[-1], left, right), sizes)]
    for place, points in enumerate(series.values()):
        # With one number of accounts, the series stand beside each other.
        middle = left + (right - left) * (place + 0.5) / len(series)
        x = Axis(sizes[0], sizes[-1], *((left, right) if len(sizes) > 1 else (middle, middle)))
        parts += _curve(sorted(points, key=lambda point: point.x), x, y, place)
    yield Chart(f"{caption}, by accounts", _svg(f"{caption}, by accounts", described, parts))


def _curve(points: Sequence[_Point], x: Axis, y: Axis, place: int) -> Iterator[str]:
    if len(points) > 1:
        line = " ".join(f"{number(x(point.x))},{number(y(point.y))}" for point in points)
        yield f'<polyline class="{_classes("line", place)}" points="{line}"/>'
    for point in points:
        across, low, high = number(x(point.x)), number(y(point.low)), number(y(point.high))
        if low != high:
            yield f'<line class="{_classes("range", place)}" x1="{across}" x2="{across}" y1="{low}" y2="{high}"/>'
        yield mark(x(point.x), y(point.y), place, f'class="{_classes("point", place)}"')


def security_charts(rows: Sequence[Row]) -> Iterator[Chart]:
    """Sizes against bits: of all proofs against soundness, of an inclusion file against inclusion."""
    series = _series(rows)
    for name, caption, size in (
        (FigureName.SOUNDNESS, "Size of all proofs, by bits of soundness", "proof"),
        (FigureName.INCLUSION, "Size of an inclusion file, by bits of inclusion", "inclusion"),
    ):
        yield from _against_bits(f"{caption}, long proven", series, name, size)


def _against_bits(caption: str, series: Mapping[str, Sequence[Row]], name: FigureName, size: str) -> Iterator[Chart]:
    found = {
        label: [
            (row.security.figure(name) if row.security is not None else None, float(getattr(row.sizes, size)), row)
            for row in rows
            if row.sizes is not None and getattr(row.sizes, size) > 0
        ]
        for label, rows in series.items()
    }
    every = [item for items in found.values() for item in items]
    if not every:
        return
    given = [figure.bits for figure, _, _ in every if figure is not None]
    strip = _STRIP if len(given) < len(every) else 0
    least, most = min(y for _, y, _ in every), max(y for _, y, _ in every)
    base = _base(least, most)
    ends = decades(least, most, base)
    y = Axis(*ends, _HEIGHT - _BOTTOM, _TOP)
    parts = [*_grid_y(y, size_text, base)]
    told = []
    if strip:
        parts.append(
            f'<line class="grid" x1="{_LEFT + strip}" x2="{_LEFT + strip}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
        )
        parts.append(_tick(_LEFT + strip / 2, "none"))
    if given:
        low, high = 20 * (int(min(given)) // 20), 20 * (int(max(given)) // 20 + 1)
        x = Axis(low, high, _LEFT + strip + _INSET, _WIDTH - _RIGHT - _INSET, logarithmic=False)
        parts += [_tick(x(bits), str(bits)) for bits in range(low, high + 1, 20 if high - low <= 160 else 40)]
        parts.append(_title((_LEFT + strip + _WIDTH - _RIGHT) / 2, f"bits of {name.value}"))
    for place, (label, items) in enumerate(found.items()):
        for figure, amount, row in items:
            across = x(figure.bits) if figure is not None else _LEFT + strip * (place + 0.5) / len(found)
            parts.append(mark(across, y(amount), place, f'class="open {_classes("point", place)}"'))
            bits = f"{bits_text(figure.bits)} bits" if figure is not None else f"no {name.value}"
            accounts = counted(row.combination.accounts or 0, "account")
            told.append(f"{label}, {accounts}: {size_text(amount)}, {bits}")
    yield Chart(caption, _svg(caption, "; ".join(told), parts))


def _base(low: float, high: float) -> int:
    """Of the ticks of sizes, for KiB and MiB are powers of two; a larger one where there would be many."""
    return 2 if high <= 16 * low else 4 if high <= 4**8 * low else 16


def _svg(title: str, described: str, parts: Sequence[str]) -> str:
    # aria-label rather than a title element, which browsers show as a tooltip over the whole drawing.
    told = escape(f"{title}. {described}")
    return f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{told}">{"".join(parts)}</svg>'


def _classes(what: str, place: int) -> str:
    """The colour of a series; beyond those that there are, points are hollow and lines broken."""
    return f"{what} s{place % _COLOURS}{' more' if place >= _COLOURS else ''}"


def _grid_y(axis: Axis, text: Callable[[float], str], base: int) -> Iterator[str]:
    for value in ticks(axis, base):
        y = number(axis(value))
        yield f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>'
        place = f'x="{_LEFT - 8}" y="{y}" dy="0.32em" text-anchor="end"'
        yield f'<text class="tick" {place}>{_round(text(value))}</text>'


def _sizes(axis: Axis, sizes: Sequence[int]) -> Iterator[str]:
    taken = -1e9
    for size in sizes:
        x, text = axis(size), f"{size:,}"
        yield f'<line class="grid" x1="{number(x)}" x2="{number(x)}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
        if x - 5 * len(text) > taken + 10:  # else it would run into the one before
            yield _tick(x, text)
            taken = x + 5 * len(text)
    yield _title((_LEFT + _WIDTH - _RIGHT) / 2, "accounts")


def _tick(x: float, text: str) -> str:
    return f'<text class="tick" x="{number(x)}" y="{_HEIGHT - _BOTTOM + 20}" text-anchor="middle">{escape(text)}</text>'


def _title(x: float, text: str) -> str:
    return f'<text class="tick" x="{number(x)}" y="{_HEIGHT - 8}" text-anchor="middle">{escape(text)}</text>'


def _round(text: str) -> str:
    """A power of ten without the decimals that it does not have: ``100 ms``."""
    return escape(text.replace(".0 ", " ").replace(".00 ", " "))
