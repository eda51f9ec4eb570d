"""Balances as limbs: every limb in range, every asset's limbs summed without wrapping.

A balance of asset a is Σ_j ℓ_{a,j}·2^{wj}. The limbs are cut into parts of v limbs such that the sum of a
part over all rows, with carries, stays below p (``polyproof_accounts.arithmetic``). So each part has an exact sum in
the field, and the parts of an asset are joined by carries that stand, as limbs, on the last row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen

from polyproof.config.options import NoOptions
from polyproof.constraints import Builder, Established, Expression, LiabilitiesSystem, PlacedAccounts, Trace
from polyproof.errors import InputError, ProofRejected
from polyproof.field import Elements
from polyproof.large_arrays import empty
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof_accounts.arithmetic import Arithmetic

__all__ = ["AccountsSystem", "AssetLayout"]


@frozen
class AssetLayout:
    """Which columns hold an asset's limbs."""

    asset: Asset
    first: int
    """Column of limb 0; the others follow, least significant first."""
    limbs: int
    parts: int

    def name(self, limb: int) -> str:
        """Column name of a limb."""
        return f"{self.asset.symbol}.limb{limb}"

    def total(self, part: int) -> str:
        """Public name of a part's total, τ_part."""
        return f"{self.asset.symbol}.total{part}"


class AccountsSystem(LiabilitiesSystem):
    """The statement: all balances are in [0, 2^(w·limbs)), and each asset's add up to its total over the integers."""

    name = "accounts"
    establishes = Established(exact_sums=True, non_negative=True)

    def __init__(
        self, assets: Sequence[Asset], *, active: int, modulus: int, limb_bits: int, options: NoOptions | None = None
    ) -> None:
        """``active``: U, rows under constraints. ``limb_bits``: w. ``modulus``: p. It has no options of its own."""
        self.assets = tuple(assets)
        self.active = active
        self.limb_bits = limb_bits
        self.arithmetic = Arithmetic.of(limb_bits, active, modulus)
        self.layout: list[AssetLayout] = []
        first = 0
        for asset in self.assets:
            limbs = -(-asset.bits // limb_bits)
            self.layout.append(AssetLayout(asset, first, limbs, self.arithmetic.parts(asset.symbol, limbs)))
            first += limbs
        self.columns = [item.name(limb) for item in self.layout for limb in range(item.limbs)]
        self.publics = [item.total(part) for item in self.layout for part in range(item.parts)]

    def constraints(self, builder: Builder) -> None:
        """Limbs in range on all rows; for each part Σ part = τ, with carries on the last row."""
        builder.range_check("limbs", [builder.column(name) for name in self.columns], self.limb_bits)
        for item in self.layout:
            limbs = [builder.column(item.name(limb)) for limb in range(item.limbs)]
            for part in range(item.parts):
                start = part * self.arithmetic.part_limbs
                body: Expression | None = None
                for weight, limb in enumerate(limbs[start : start + self.arithmetic.part_limbs]):
                    term = limb * (1 << (self.limb_bits * weight)) if weight else limb
                    body = term if body is None else body + term
                assert body is not None
                last: Expression | int = 0
                if item.parts > 1:
                    carry_in = self._carry(limbs, part - 1) if part else None
                    carry_out = self._carry(limbs, part) * self.arithmetic.part_base if part + 1 < item.parts else None
                    if carry_in is not None and carry_out is not None:
                        last = carry_in - carry_out
                    elif carry_out is not None:
                        last = -carry_out
                    elif carry_in is not None:
                        last = carry_in
                builder.assert_sum(f"{item.asset.symbol}.sum{part}", body, builder.public(item.total(part)), last)

    def _carry(self, limbs: Sequence[Expression], part: int) -> Expression:
        """c_part, on the last row: Σ ℓ_j·2^{shift_j} over m limbs."""
        shifts = self.arithmetic.carry_shifts
        own = limbs[part * len(shifts) : (part + 1) * len(shifts)]
        carry = own[0]
        for limb, shift in zip(own[1:], shifts[1:], strict=True):
            carry = carry + limb * (1 << shift)
        return carry

    def trace(self, witness: PlacedAccounts, rows: int) -> Trace:
        """Limbs of the accounts on their rows, zeros elsewhere, carries on row U−1."""
        accounts = witness.accounts
        if rows != self.active:
            raise InputError(f"the system was made for {counted(self.active, 'row')} under constraints, not {rows}")
        if len(accounts) > rows - 1:
            raise InputError(
                f"{counted(len(accounts), 'account')} do not fit the {counted(rows - 1, 'row')} of a trace"
            )
        limbs = accounts.digits(self.limb_bits)
        columns = empty((rows, len(self.columns)), limbs.dtype, briefly=True)
        columns.fill(0)
        columns[witness.rows] = limbs
        sums = limbs.sum(axis=0, dtype=np.uint64).tolist()
        totals = []
        for item in self.layout:
            limb_sums = sums[item.first : item.first + item.limbs]
            totals.append(sum(value << (self.limb_bits * limb) for limb, value in enumerate(limb_sums)))
            carry = 0
            for part in range(item.parts - 1):
                start = part * self.arithmetic.part_limbs
                part_sum = sum(
                    value << (self.limb_bits * weight)
                    for weight, value in enumerate(limb_sums[start : start + self.arithmetic.part_limbs])
                )
                carry = (part_sum + carry) // self.arithmetic.part_base
                digits = self.arithmetic.carry_digits(carry)
                at = item.first + part * len(digits)
                columns[rows - 1, at : at + len(digits)] = digits
        return Trace(columns, self.publics_of_totals(totals))

    def account_row(self, balances: Sequence[int]) -> Elements:
        """The limbs of one account."""
        if len(balances) != len(self.layout):
            raise ProofRejected(
                "balance-count", f"{counted(len(balances), 'balance')} for {counted(len(self.layout), 'asset')}"
            )
        row = np.zeros(len(self.columns), np.uint64)
        for item, balance in zip(self.layout, balances, strict=True):
            if not 0 <= balance < 1 << item.asset.bits:
                raise ProofRejected(
                    "balance-range",
                    f"a balance of {item.asset.format(balance)} {item.asset.symbol} is not in [0, 2^{item.asset.bits}) "
                    "base units",
                )
            for limb in range(item.limbs):
                row[item.first + limb] = (balance >> (self.limb_bits * limb)) & ((1 << self.limb_bits) - 1)
        return row

    def publics_of_totals(self, totals: Sequence[int]) -> Mapping[str, int]:
        """The digits τ_i of each total in base 2^{wv}, the last one unreduced."""
        publics: dict[str, int] = {}
        if len(totals) != len(self.layout):
            raise ProofRejected(
                "total-count", f"{counted(len(totals), 'total')} for {counted(len(self.layout), 'asset')}"
            )
        for item, total in zip(self.layout, totals, strict=True):
            most = (self.active - 1) * ((1 << (self.limb_bits * item.limbs)) - 1)
            if not 0 <= total <= most:
                raise ProofRejected(
                    "total-range", f"a total of {total} base units of {item.asset.symbol} is not in [0, {most}]"
                )
            for part in range(item.parts):
                last = part == item.parts - 1
                publics[item.total(part)] = total if last else total % self.arithmetic.part_base
                total //= self.arithmetic.part_base
        return publics
