"""The tables of a range check, which together are longer than a trace may be (section 2 of the protocol page)."""

from __future__ import annotations

from attrs import frozen

__all__ = ["Tables"]


@frozen
class Tables:
    """[0, 2^bits) as the union of tables of equal length, each no longer than the U rows under constraints.

    Table i holds t + offsets[i] for t = 0, …, length − 1, so that one column of t serves them all.
    """

    bits: int
    length: int
    """V."""
    count: int
    """k."""

    @classmethod
    def of(cls, bits: int, active: int) -> Tables:
        """The fewest that ``active`` = U rows allow: k = ⌈2^bits/U⌉ of V = ⌈2^bits/k⌉ ≤ U values each."""
        count = -(-(1 << bits) // active)
        return cls(bits, -(-(1 << bits) // count), count)

    @property
    def offsets(self) -> tuple[int, ...]:
        """o_i. The last table ends at 2^bits and may overlap the one before."""
        return tuple(min(number * self.length, (1 << self.bits) - self.length) for number in range(self.count))

    @property
    def overlap(self) -> int:
        """How many of the last table's values the one before holds as well."""
        return self.count * self.length - (1 << self.bits)
