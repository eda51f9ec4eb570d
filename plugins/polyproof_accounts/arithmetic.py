"""Why sums of limbs do not wrap: parts, carries and their bounds (section 2 of docs/reference/protocol.md).

The limbs of an asset are cut into parts of v. With S_i the sum of part i over all accounts, row U−1 holds the carries
c_i of S_i + c_{i−1} = τ_i + 2^{wv}·c_i. The proof shows this equation modulo p; it holds over the integers because both
sides are below p, whatever limbs of w bits stand in the carries.

What is pledged stands on each row as f numbers, its slices (docs/reference/net-equity.md). Then S_i is the sum over
rows and slices, and carries are as large as those of f times the rows.
"""

from __future__ import annotations

from attrs import frozen

from polyproof.errors import OptionsError

__all__ = ["Arithmetic"]


@frozen
class Arithmetic:
    """The numbers of parts and carries, for limbs of some width on some number of rows."""

    limb_bits: int
    """w."""
    active: int
    """U, rows under constraints: U − 1 of accounts, and that of the carries."""
    modulus: int
    """p."""
    part_limbs: int
    """v."""
    slices: int = 1
    """f, numbers that are added up on each row."""

    @classmethod
    def of(cls, limb_bits: int, active: int, modulus: int, slices: int = 1) -> Arithmetic:
        """With the largest v for which 2^{wv}·max(4(f(U − 1) + 1), 2^w) < p; ``OptionsError`` if there is none."""
        numbers = slices * (active - 1) + 1
        room = max(4 * numbers, 1 << limb_bits)
        if room << limb_bits >= modulus:
            narrower = next((w for w in range(limb_bits - 1, 0, -1) if max(4 * numbers, 1 << w) << w < modulus), None)
            fits = f"limbs of {narrower} bits (limb_bits)" if narrower else "fewer rows (segment_rows)"
            where = f"on {active} rows" if slices == 1 else f"on {active} rows of {slices} slices"
            raise OptionsError(
                f"limbs of {limb_bits} bits {where} can wrap a sum: 2^{limb_bits}·max(4·{numbers}, "
                f"2^{limb_bits}) = {room << limb_bits} is not below {modulus}; {fits} would not"
            )
        part_limbs = 1
        while room << (limb_bits * (part_limbs + 1)) < modulus:
            part_limbs += 1
        made = cls(limb_bits, active, modulus, part_limbs, slices)
        made.check()
        return made

    @property
    def summands(self) -> int:
        """f(U − 1), how many numbers a sum is of."""
        return self.slices * (self.active - 1)

    @property
    def part_base(self) -> int:
        """2^{wv}, the base of the parts."""
        return 1 << (self.limb_bits * self.part_limbs)

    @property
    def carry_shifts(self) -> tuple[int, ...]:
        """A carry is Σ ℓ_j·2^{shift_j}: 0, w, 2w, …, and the last so low that the carry just reaches f(U − 1).

        m = ⌈log2(f(U − 1) + 1)/w⌉ limbs. The last overlaps the one before, or a carry could be so large that it wraps.
        """
        bits = self.summands.bit_length()
        count = max(1, -(-bits // self.limb_bits))
        whole = [self.limb_bits * number for number in range(count - 1)]
        return (*whole, bits - self.limb_bits if count > 1 else 0)

    @property
    def most_carry(self) -> int:
        """C, what a carry is at most."""
        return sum(((1 << self.limb_bits) - 1) << shift for shift in self.carry_shifts)

    def check(self) -> None:
        """Raise ``OptionsError`` unless both sides of S_i + c_{i−1} = τ_i + 2^{wv}·c_i stay below p."""
        numbers, most, base = self.summands, self.most_carry, self.part_base
        exponent = f"2^{{{self.limb_bits}·{self.part_limbs}}}"
        for words, formula, value in (
            ("a part's sum and a carry", f"{numbers}·({exponent} − 1) + {most}", numbers * (base - 1) + most),
            ("a part's total and its carry", f"{exponent} − 1 + {exponent}·{most}", base - 1 + base * most),
        ):
            if value >= self.modulus:
                raise OptionsError(
                    f"parts of {self.part_limbs} limbs of {self.limb_bits} bits on {self.active} rows: {words} can "
                    f"wrap, since {formula} = {value} is not below {self.modulus}"
                )

    def parts(self, symbol: str, limbs: int) -> int:
        """How many parts an asset of so many limbs has. Raises ``OptionsError`` if its carries have no room."""
        parts = -(-limbs // self.part_limbs)
        needed = len(self.carry_shifts) * (parts - 1)
        if needed > limbs:
            raise OptionsError(
                f"{symbol} has {limbs} limbs of {self.limb_bits} bits in {parts} parts; its {parts - 1} carries "
                f"below {self.summands + 1} need {len(self.carry_shifts)}·{parts - 1} = {needed} limbs of the last row"
            )
        return parts

    def carry_digits(self, carry: int) -> list[int]:
        """A carry of f(U − 1) at most as its limbs."""
        digits = []
        ends = (*self.carry_shifts[1:], self.carry_shifts[-1] + self.limb_bits)
        for start, end in zip(self.carry_shifts, ends, strict=True):
            digits.append((carry >> start) & ((1 << (end - start)) - 1))
        return digits
