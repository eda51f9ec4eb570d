"""What charts of measurements are drawn with: axes, logarithmic or not, and points that differ in shape."""

from __future__ import annotations

import math
from collections.abc import Iterator

from attrs import frozen

__all__ = ["Axis", "decades", "mark", "number", "ticks"]


@frozen
class Axis:
    """Where on a drawing a value is."""

    low: float
    high: float
    start: float
    """The place of ``low``."""
    stop: float
    logarithmic: bool = True
    """Twice the value is then the same distance everywhere, and nothing at or below zero has a place."""

    def __call__(self, value: float) -> float:
        """The place of a value. An axis without extent has one place, in its middle."""
        low, high = self._scaled(self.low), self._scaled(self.high)
        if low == high:
            return (self.start + self.stop) / 2
        return self.start + (self._scaled(value) - low) / (high - low) * (self.stop - self.start)

    def _scaled(self, value: float) -> float:
        return math.log(value) if self.logarithmic else value


def decades(low: float, high: float, base: int = 10) -> tuple[float, float]:
    """The powers of a base around two values; at least one step apart."""
    first, last = math.floor(math.log(low, base) + 1e-9), math.ceil(math.log(high, base) - 1e-9)
    return float(base) ** first, float(base) ** max(last, first + 1)


def ticks(axis: Axis, base: int = 10) -> Iterator[float]:
    """The powers of a base on a logarithmic axis whose ends are such."""
    value = axis.low
    while value <= axis.high * 1.0001:
        yield value
        value *= base


def mark(x: float, y: float, shape: int, attributes: str) -> str:
    """A point: a disc, a square, a triangle or a diamond, whichever ``shape`` is modulo 4."""
    match shape % 4:
        case 0:
            return f'<circle cx="{number(x)}" cy="{number(y)}" r="3.6" {attributes}/>'
        case 1:
            return f'<rect x="{number(x - 3.3)}" y="{number(y - 3.3)}" width="6.6" height="6.6" {attributes}/>'
        case 2:
            corners = [(0, -4.6), (4.2, 3.2), (-4.2, 3.2)]
        case _:
            corners = [(0, -4.8), (4.8, 0), (0, 4.8), (-4.8, 0)]
    text = " ".join(f"{number(x + a)},{number(y + b)}" for a, b in corners)
    return f'<polygon points="{text}" {attributes}/>'


def number(value: float) -> str:
    """A coordinate, to a hundredth."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
