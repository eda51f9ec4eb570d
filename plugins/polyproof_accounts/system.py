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
from polyproof.constraints import Builder, Established, LiabilitiesSystem, PlacedAccounts, Trace
from polyproof.errors import InputError, ProofRejected
from polyproof.field import Elements
from polyproof.large_arrays import empty
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof_accounts.arithmetic import Arithmetic
from polyproof_accounts.sums import ExactSum, Limbs

__all__ = ["AccountsSystem", "AssetLayout"]


@frozen
class AssetLayout:
    """Which columns hold an asset's limbs, and their sum."""

    asset: Asset
    balance: Limbs
    total: ExactSum

    @property
    def first(self) -> int:
        """Column of limb 0; the others follow, least significant first."""
        return self.balance.first

    @property
    def limbs(self) -> int:
        """How many."""
        return self.balance.count

    @property
    def parts(self) -> int:
        """How many parts its sum has."""
        return self.total.parts

    def name(self, limb: int) -> str:
        """Column name of a limb."""
        return self.balance.names[limb]


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
            balance = Limbs(asset.symbol, first, -(-asset.bits // limb_bits))
            total = ExactSum.of(asset.symbol, (balance,), self.arithmetic)
            self.layout.append(AssetLayout(asset, balance, total))
            first += balance.count
        self.columns = [name for item in self.layout for name in item.balance.names]
        self.publics = [name for item in self.layout for name in item.total.publics]

    def constraints(self, builder: Builder) -> None:
        """Limbs in range on all rows; for each part Σ part = τ, with carries on the last row."""
        builder.range_check("limbs", [builder.column(name) for name in self.columns], self.limb_bits)
        for item in self.layout:
            item.total.state(builder)

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
        for item in self.layout:
            item.total.place_carries(columns[rows - 1], sums)
        return Trace(columns, self.publics_of_totals([item.total.total_of(sums) for item in self.layout]))

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
            if not 0 <= total <= item.total.most:
                raise ProofRejected(
                    "total-range",
                    f"a total of {total} base units of {item.asset.symbol} is not in [0, {item.total.most}]",
                )
            publics.update(item.total.digits(total))
        return publics
