"""Why the surplus of a row cannot wrap: its digits, its signed carries and their bound (docs/reference/net-equity.md).

S = Σ q·X − Σ price_up·D is one equation of integers, stated digit by digit in base B = 2^w. With k_j the digits of a
coefficient and x_j the limbs of the number that it belongs to, G_n = Σ ±k_u·x_v over u + v = n, the limbs of S among
them with −1. Then G_n + c_{n−1} = B·c_n at each n, with c_{−1} = 0 and no carry out of the last. A carry may be
negative: it stands as limbs in range minus an offset.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from polyproof.errors import OptionsError
from polyproof.toolkit.digit_columns import Products

__all__ = ["SurplusArithmetic"]


@frozen
class SurplusArithmetic:
    """The bounds of the digits of S, and what the carries between them need."""

    limb_bits: int
    """w."""
    worst: int
    """The largest |G_n| that limbs in range can make."""
    offset: int
    """What is subtracted from the limbs of a carry."""
    span: int
    """How many carries honest rows can have: they lie in [−offset, span − offset)."""

    @classmethod
    def of(cls, limb_bits: int, sums: Products, surplus_limbs: int) -> SurplusArithmetic:
        """Of the products of coefficients and limbs at each place, those of the surplus not among them."""
        most_limb, base = (1 << limb_bits) - 1, 1 << limb_bits
        worst = above = below = highest = lowest = 0
        for place, here in enumerate(sums):
            gained = sum(digit for _, digit in here if digit > 0) * most_limb
            lost = (sum(-digit for _, digit in here if digit < 0) + (place < surplus_limbs)) * most_limb
            worst = max(worst, gained, lost)
            above, below = (gained + above) // base, (lost + below) // base
            highest, lowest = max(highest, above), max(lowest, below)
        return cls(limb_bits, worst, lowest, lowest + highest + 1)

    @property
    def carry_shifts(self) -> tuple[int, ...]:
        """A carry is Σ ℓ_i·2^{shift_i} − offset: 0, w, 2w, …, and the last so low that limbs just reach the span."""
        bits = (self.span - 1).bit_length()
        count = max(1, -(-bits // self.limb_bits))
        return (*(self.limb_bits * number for number in range(count - 1)), max(0, bits - self.limb_bits))

    @property
    def most_carry(self) -> int:
        """The largest |c| that limbs in range can say."""
        top = sum(((1 << self.limb_bits) - 1) << shift for shift in self.carry_shifts)
        return max(self.offset, top - self.offset)

    def check(self, modulus: int) -> None:
        """Raise ``OptionsError`` unless every G_n + c_{n−1} − B·c_n stays between −p and p.

        It must also stay within 63 bits, in which rows are filled.
        """
        carry, base = self.most_carry, 1 << self.limb_bits
        found = self.worst + carry * (base + 1)
        if found >= min(modulus, 1 << 63):
            raise OptionsError(
                f"limbs of {self.limb_bits} bits can wrap the surplus of an account: {self.worst} + {carry}·(2^"
                f"{self.limb_bits} + 1) = {found} is not below {min(modulus, 1 << 63)}; narrower limbs (limb_bits), "
                "fewer slices or smaller prices would not"
            )

    def carry_limbs(self) -> Sequence[tuple[int, int]]:
        """Of each limb of a carry the bit at which it begins, and how many bits an honest one has."""
        ends = (*self.carry_shifts[1:], self.carry_shifts[-1] + self.limb_bits)
        return [(start, end - start) for start, end in zip(self.carry_shifts, ends, strict=True)]
