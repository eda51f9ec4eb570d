"""Accounts in binary, as a constraint system for polyproof.

A column for each bit of each balance, and no lookup table: b·(b − 1) = 0 is all that keeps a bit in range. The system
that comes with polyproof has a column for every 16 bits and looks them up, which is faster; this one is for balances of
few bits.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from polyproof.config.options import NoOptions
from polyproof.constraints import Builder, Established, LiabilitiesSystem, PlacedAccounts, Rows, Trace
from polyproof.errors import InputError, OptionsError, ProofRejected
from polyproof.field import Elements
from polyproof.hookspecs import Component, hookimpl
from polyproof.model.assets import Asset

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One constraint system."""
    return [
        Component("constraints", "bit-accounts", "balances in binary, no lookups", "polyproof_bit_accounts:BitAccounts")
    ]


class BitAccounts(LiabilitiesSystem):
    """Every balance is in [0, 2^bits), and each asset's balances add up to its total."""

    name = "bit-accounts"
    establishes = Established(exact_sums=True, non_negative=True)

    def __init__(
        self, assets: Sequence[Asset], *, active: int, modulus: int, limb_bits: int, options: NoOptions
    ) -> None:
        """Refuses a balance so wide that a sum could reach p. There are no limbs, and no options."""
        self.assets = tuple(assets)
        self.active = active
        for asset in self.assets:
            if (active - 1) * ((1 << asset.bits) - 1) >= modulus:
                raise OptionsError(
                    f"{active - 1} balances of {asset.symbol} with {asset.bits} bits can reach {modulus}, where a sum "
                    f"wraps around: at most {(modulus // active).bit_length() - 1} bits are possible"
                )
        self.columns = [f"{asset.symbol}.bit{k}" for asset in self.assets for k in range(asset.bits)]
        self.publics = [f"{asset.symbol}.total" for asset in self.assets]

    def constraints(self, builder: Builder) -> None:
        """Bits are bits, sums are totals, and the last row, which belongs to nobody, is empty."""
        for name in self.columns:
            bit = builder.column(name)
            builder.assert_zero(f"{name} is 0 or 1", bit * (bit - 1))
            builder.assert_zero(f"{name} is 0 on the last row", bit, Rows.LAST)
        for asset in self.assets:
            bits = [builder.column(f"{asset.symbol}.bit{k}") for k in range(asset.bits)]
            balance = sum((bit * (1 << k) for k, bit in enumerate(bits)), start=builder.constant(0))
            builder.assert_sum(f"{asset.symbol} adds up", balance, builder.public(f"{asset.symbol}.total"))

    def trace(self, witness: PlacedAccounts, rows: int) -> Trace:
        """The bits of each account on its row; padding is all zero."""
        if rows != self.active:
            raise InputError(f"the system was made for {self.active} rows, not {rows}")
        if len(witness.accounts) > rows - 1:
            raise InputError(f"{len(witness.accounts)} accounts do not fit {rows - 1} rows")
        columns = np.zeros((rows, len(self.columns)), np.uint64)
        columns[witness.rows] = witness.accounts.digits(1)
        return Trace(columns, self.publics_of_totals(witness.accounts.totals()))

    def account_row(self, balances: Sequence[int]) -> Elements:
        """The bits of one account."""
        if len(balances) != len(self.assets):
            raise ProofRejected("balance-count", f"{len(balances)} balances for {len(self.assets)} assets")
        for balance, asset in zip(balances, self.assets, strict=True):
            if not 0 <= balance < 1 << asset.bits:
                raise ProofRejected("balance-range", f"a balance of {asset.symbol} is not in [0, 2^{asset.bits})")
        pairs = zip(balances, self.assets, strict=True)
        return np.array([balance >> k & 1 for balance, asset in pairs for k in range(asset.bits)], np.uint64)

    def publics_of_totals(self, totals: Sequence[int]) -> Mapping[str, int]:
        """The totals themselves: they are below p."""
        if len(totals) != len(self.assets):
            raise ProofRejected("total-count", f"{len(totals)} totals for {len(self.assets)} assets")
        for total, asset in zip(totals, self.assets, strict=True):
            most = (self.active - 1) * ((1 << asset.bits) - 1)
            if not 0 <= total <= most:
                raise ProofRejected("total-range", f"a total of {asset.symbol} is not in [0, {most}]")
        return dict(zip(self.publics, totals, strict=True))
