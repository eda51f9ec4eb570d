"""Measured audits of several sizes, as curves: what is drawn, and how steep it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from attrs import frozen

from polyproof.cli.bench.results import JOINED_BY, Measurement, Results, Setting
from polyproof.cli.bench.shapes import PROVE
from polyproof.model.counts import counted

__all__ = ["LEAST_SHARE", "PLOTTED", "Curves", "Points", "curves", "slope"]

_SIZES = ("accounts", "assets", "threads")
LEAST_SHARE = 0.01
"""Of all phases at the largest size: less is not drawn."""

PLOTTED: dict[str, tuple[str, Callable[[Measurement], float]]] = {
    "cpu": ("seconds of CPU", lambda item: item.cpu),
    "wall": ("seconds that passed", lambda item: item.median),
    "memory": ("GiB of memory at the peak", lambda item: (item.peak or 0) / (1 << 30)),
    "phases": ("seconds of CPU", lambda item: item.cpu),
}
"""What can be plotted: the words for its axis, and the number."""

Point = tuple[int, float]
Points = list[Point]


@frozen
class Curves:
    """Curves over one size."""

    across: str
    """Which size: accounts, assets or threads."""
    fixed: str
    """What all audits have in common, in words."""
    lines: Mapping[str, Points]
    """By the name of each, points of rising size."""


def slope(point: Point, following: Point) -> float:
    """From a point to the next the power of the size that the number grows with: 1 is in proportion."""
    (x0, y0), (x1, y1) = point, following
    return math.log(y1 / y0) / math.log(x1 / x0)


def _is_shown(item: Measurement, plotted: str) -> bool:
    """Whole operations, reading and proving apart; of phases, those of the proof at one level, and those of no more."""
    if plotted == "phases":
        return item.operation.startswith(PROVE + JOINED_BY)
    if plotted == "memory":
        return item.path == ("audit",)
    return len(item.path) == 1 or item.path == ("audit", "read") or item.operation == PROVE


def _across(items: Sequence[Measurement]) -> str:
    """The size that differs most often."""
    settings = [item.setting for item in items if item.setting is not None]
    return max(_SIZES, key=lambda name: len({getattr(setting, name) for setting in settings}))


def curves(results: Results, plotted: str) -> Curves:
    """What was measured of audits. ``plotted``: a key of ``PLOTTED``.

    The size that differs most often among the audits lies along the axis; a curve is an operation, or a phase, at the
    same other sizes. What took no time that a clock saw has no point.
    """
    value = PLOTTED[plotted][1]
    items = [item for item in results.measurements if item.setting is not None and _is_shown(item, plotted)]
    across = _across(items)
    others = _varying(items, across)
    inner = {item.path[:-1] for item in items if len(item.path) > 3}
    found: dict[str, Points] = {}
    for item in items:
        if item.setting is None or item.path in inner or value(item) <= 0:
            continue
        name = " ".join(filter(None, (_named(item), *(_other(item, item.setting, other) for other in others))))
        found.setdefault(name, []).append((getattr(item.setting, across), value(item)))
    lines = {name: sorted(points) for name, points in found.items() if len({x for x, _ in points}) > 1}
    if plotted == "phases":
        # The small ones would hide the others; the tables have them.
        largest = sum(points[-1][1] for points in lines.values())
        lines = {name: points for name, points in lines.items() if points[-1][1] >= LEAST_SHARE * largest}
    return Curves(across, _fixed(items, across), lines)


def _named(item: Measurement) -> str:
    """The last phase, with the one around it where only that says of what."""
    if len(item.path) > 4 and item.path[-1] in ("extension", "tree"):
        return f"{item.path[-2]}: {item.path[-1]}"
    return item.path[-1]


def _varying(items: Sequence[Measurement], across: str) -> list[str]:
    """What else differs among the audits, and so stands in the name of a curve."""
    settings = [(item.name, item.setting) for item in items if item.setting is not None]
    found = ["name"] if len({name for name, _ in settings}) > 1 else []
    names = [*(size for size in _SIZES if size != across), "options"]
    return found + [name for name in names if len({getattr(setting, name) for _, setting in settings}) > 1]


def _other(item: Measurement, setting: Setting, name: str) -> str:
    if name == "name":
        return item.name
    if name == "options":
        return ", ".join(setting.options)
    return counted(getattr(setting, name), name.removesuffix("s"))


def _fixed(items: Sequence[Measurement], across: str) -> str:
    """What all audits have in common, in words."""
    settings = [item.setting for item in items if item.setting is not None]
    found = [item.name for item in items[:1] if len({item.name for item in items}) == 1]
    for name in _SIZES:
        values = {getattr(setting, name) for setting in settings}
        if name != across and len(values) == 1:
            found.append(counted(min(values), name.removesuffix("s")))
    if len({setting.options for setting in settings}) == 1:
        found += settings[0].options
    return ", ".join(found) + "; " if found else ""
