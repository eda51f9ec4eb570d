"""Exact sums of numbers in limbs over all accounts: parts, public digits, and the carries of row U−1.

Section 2 of docs/reference/protocol.md. The bounds are ``polyproof_accounts.arithmetic``'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.constraints import Builder, Expression
from polyproof_accounts.arithmetic import Arithmetic

__all__ = ["ExactSum", "Limbs"]


@frozen
class Limbs:
    """A number in limbs of w bits: its columns."""

    name: str
    first: int
    """Column of limb 0; the others follow, least significant first."""
    count: int

    @property
    def columns(self) -> range:
        """Numbers of the columns."""
        return range(self.first, self.first + self.count)

    @property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [f"{self.name}.limb{limb}" for limb in range(self.count)]


@frozen
class ExactSum:
    """That numbers of every row add up to a public total, over the integers."""

    name: str
    numbers: tuple[Limbs, ...]
    """Added up on each row, all of as many limbs. Carries stand in those of the last."""
    arithmetic: Arithmetic
    parts: int

    @classmethod
    def of(cls, name: str, numbers: tuple[Limbs, ...], arithmetic: Arithmetic) -> ExactSum:
        """With as many parts as the limbs have. Raises ``OptionsError`` if the carries between them have no room."""
        return cls(name, numbers, arithmetic, arithmetic.parts(name, numbers[-1].count))

    @property
    def publics(self) -> list[str]:
        """Names of the τ_i."""
        return [f"{self.name}.total{part}" for part in range(self.parts)]

    @property
    def most(self) -> int:
        """The largest total that limbs in range can have."""
        return self.arithmetic.summands * ((1 << (self.arithmetic.limb_bits * self.numbers[-1].count)) - 1)

    def digits(self, total: int) -> Mapping[str, int]:
        """The digits τ_i of a total in base 2^{wv}, the last one unreduced."""
        found: dict[str, int] = {}
        for name in self.publics[:-1]:
            total, found[name] = divmod(total, self.arithmetic.part_base)
        found[self.publics[-1]] = total
        return found

    def total_of(self, sums: Sequence[int]) -> int:
        """The total, from the sum of each column."""
        return sum(value << (self.arithmetic.limb_bits * limb) for limb, value in enumerate(self._limb_sums(sums)))

    def place_carries(self, row: npt.NDArray[np.unsignedinteger], sums: Sequence[int]) -> None:
        """Write the carries of row U−1 into the row, from the sum of each column."""
        limb_sums, carry, first = self._limb_sums(sums), 0, self.numbers[-1].first
        for part in range(self.parts - 1):
            start = part * self.arithmetic.part_limbs
            within = limb_sums[start : start + self.arithmetic.part_limbs]
            part_sum = sum(value << (self.arithmetic.limb_bits * weight) for weight, value in enumerate(within))
            carry = (part_sum + carry) // self.arithmetic.part_base
            digits = self.arithmetic.carry_digits(carry)
            at = first + part * len(digits)
            row[at : at + len(digits)] = digits

    def _limb_sums(self, sums: Sequence[int]) -> list[int]:
        places = zip(*(number.columns for number in self.numbers), strict=True)
        return [sum(sums[column] for column in columns) for columns in places]

    def state(self, builder: Builder) -> None:
        """Σ part = τ for each part, with carries on the last row."""
        numbers = [[builder.column(name) for name in number.names] for number in self.numbers]
        carrying = numbers[-1]
        w, v = self.arithmetic.limb_bits, self.arithmetic.part_limbs
        for part in range(self.parts):
            body: Expression | None = None
            for limbs in numbers:
                for weight, limb in enumerate(limbs[part * v : (part + 1) * v]):
                    term = limb * (1 << (w * weight)) if weight else limb
                    body = term if body is None else body + term
            assert body is not None
            last: Expression | int = 0
            if part + 1 < self.parts:
                carry_out = self._carry(carrying, part) * self.arithmetic.part_base
                last = self._carry(carrying, part - 1) - carry_out if part else -carry_out
            elif part:
                last = self._carry(carrying, part - 1)
            builder.assert_sum(f"{self.name}.sum{part}", body, builder.public(self.publics[part]), last)

    def _carry(self, limbs: Sequence[Expression], part: int) -> Expression:
        """c_part, on the last row: Σ ℓ_j·2^{shift_j} over m limbs."""
        shifts = self.arithmetic.carry_shifts
        own = limbs[part * len(shifts) : (part + 1) * len(shifts)]
        carry = own[0]
        for limb, shift in zip(own[1:], shifts[1:], strict=True):
            carry = carry + limb * (1 << shift)
        return carry
