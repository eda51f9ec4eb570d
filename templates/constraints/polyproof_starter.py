"""The constraint system starter-name for polyproof: what is proven about every account.

YOURS: as it stands a balance is a column for each of its bytes, and sums are exact. `constraints` is where a rule of
your own stands: it is all that a proof is of.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen

from polyproof.constraints import Builder, Established, LiabilitiesSystem, PlacedAccounts, Rows, Trace
from polyproof.errors import InputError, OptionsError, ProofRejected
from polyproof.field import Elements
from polyproof.hookspecs import Component, hookimpl
from polyproof.model.assets import Asset

polyproof_interface = 2


@hookimpl
def polyproof_components() -> list[Component]:
    """One constraint system."""
    summary = "Accounts in bytes, a starting point"
    return [Component("constraints", "starter-name", summary, "polyproof_starter:StarterSystem")]


@frozen
class StarterOptions:
    """YOURS: the numbers of your rule, each an `option(…)` of `polyproof.config.options`; proofs are bound to them."""


class StarterSystem(LiabilitiesSystem):
    """YOURS: one sentence for each thing that holds."""

    name = "starter-name"
    Options = StarterOptions
    establishes = Established(exact_sums=True, non_negative=True)  # YOURS: further=("no balance is above …",)

    def __init__(
        self, assets: Sequence[Asset], *, active: int, modulus: int, limb_bits: int, options: StarterOptions
    ) -> None:
        """``active``: rows under constraints; ``limb_bits`` is for systems that leave the width of limbs open."""
        self.assets = tuple(assets)
        self.active = active
        self.options = options
        for asset in self.assets:
            if asset.bits % 8 or (active - 1) * ((1 << asset.bits) - 1) >= modulus:
                raise OptionsError(
                    f"{asset.symbol} has {asset.bits} bits: expected a multiple of 8, and {active - 1} balances "
                    f"whose sum is below {modulus}"
                )
        self.columns = [name for asset in self.assets for name in _columns(asset)]
        self.publics = [f"{asset.symbol}.total" for asset in self.assets]

    def constraints(self, builder: Builder) -> None:
        """YOURS: every line is a statement, and its name is what the debug check says of a trace that breaks it."""
        builder.range_check("balances are made of bytes", [builder.column(name) for name in self.columns], 8)
        for name in self.columns:
            builder.assert_zero(f"{name} is 0 on the last row", builder.column(name), Rows.LAST)
        for asset in self.assets:
            parts = [builder.column(name) * (1 << 8 * k) for k, name in enumerate(_columns(asset))]
            balance = sum(parts, start=builder.constant(0))
            builder.assert_sum(f"{asset.symbol} adds up", balance, builder.public(f"{asset.symbol}.total"))

    # The prover's side: how accounts become rows. A prover who cheats writes what it likes; nothing rests on this.

    def trace(self, witness: PlacedAccounts, rows: int) -> Trace:
        """Each account on its row; rows of nobody are zero."""
        if rows != self.active or len(witness.accounts) > rows - 1:
            raise InputError(f"{len(witness.accounts)} accounts on {rows} rows, made for {self.active}")
        columns = np.zeros((rows, len(self.columns)), np.uint64)
        columns[witness.rows] = witness.accounts.digits(8)
        return Trace(columns, self.publics_of_totals(witness.accounts.totals()))

    # Both sides: what one account and the totals are in columns and public values

    def account_row(self, balances: Sequence[int]) -> Elements:
        """The columns of one account's row, from balances in base units."""
        if len(balances) != len(self.assets):
            raise ProofRejected("balance-count", f"{len(balances)} balances for {len(self.assets)} assets")
        for balance, asset in zip(balances, self.assets, strict=True):
            if not 0 <= balance < 1 << asset.bits:
                raise ProofRejected("balance-range", f"a balance of {asset.symbol} is not in [0, 2^{asset.bits})")
        pairs = zip(balances, self.assets, strict=True)
        return np.array([balance >> 8 * k & 255 for balance, asset in pairs for k in range(asset.bits // 8)], np.uint64)

    def publics_of_totals(self, totals: Sequence[int]) -> Mapping[str, int]:
        """The public values that state these totals."""
        if len(totals) != len(self.assets):
            raise ProofRejected("total-count", f"{len(totals)} totals for {len(self.assets)} assets")
        for total, asset in zip(totals, self.assets, strict=True):
            most = (self.active - 1) * ((1 << asset.bits) - 1)
            if not 0 <= total <= most:
                raise ProofRejected("total-range", f"a total of {asset.symbol} is not in [0, {most}]")
        return dict(zip(self.publics, totals, strict=True))


def _columns(asset: Asset) -> list[str]:
    """The columns of a balance, least significant first."""
    return [f"{asset.symbol}.byte{k}" for k in range(asset.bits // 8)]
