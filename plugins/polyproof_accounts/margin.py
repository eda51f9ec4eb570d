"""Accounts with debts: nothing is pledged that is not there, and pledges cover debts at public prices.

The statement, the columns and why nothing wraps stand in docs/reference/net-equity.md. There is no index into a table
of tiers: a haircut value is the most that any cut of a pledge into its slices gives, so linear equations and ranges
say it all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

import numpy as np

from polyproof.config.options import NoOptions
from polyproof.constraints import Builder, Established, Expression, LiabilitiesSystem, PlacedAccounts, Rows, Trace
from polyproof.engine import for_blocks
from polyproof.errors import InputError, OptionsError, ProofRejected
from polyproof.field import Elements
from polyproof.large_arrays import empty
from polyproof.model.accounts import AccountRefused, Accounts
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.model.net_equity import terms_of
from polyproof.toolkit.digit_columns import digits_of
from polyproof_accounts.arithmetic import Arithmetic
from polyproof_accounts.margin_layout import AssetColumns, FilledRows, MarginLayout
from polyproof_accounts.sums import ExactSum, Limbs

__all__ = ["MarginAccountsSystem"]

_BLOCK = 1 << 11
"""Accounts whose rows are filled at a time. With fewer, calls cost more than the arithmetic on columns that they do."""


class MarginAccountsSystem(LiabilitiesSystem):
    """The statement: the haircut value of each account's pledges covers its debts, and all positions add up exactly."""

    name = "margin-accounts"
    establishes = Established(exact_sums=True, non_negative=True, debts_covered=True)

    def __init__(
        self, assets: Sequence[Asset], *, active: int, modulus: int, limb_bits: int, options: NoOptions | None = None
    ) -> None:
        """``assets``: the positions of all assets (``polyproof.model.net_equity.positions_of``), which carry the terms.

        ``active``: U, rows under constraints. ``limb_bits``: w. ``modulus``: p. It has no options of its own.
        """
        self.positions = tuple(assets)
        self.terms = terms_of(self.positions)
        self.active, self.limb_bits = active, limb_bits
        self.layout = MarginLayout(self.terms, limb_bits)
        self.layout.arithmetic.check(modulus)
        self.totals = [self._totals(asset, modulus) for asset in self.layout.assets]
        """For each asset the sums of F, of D, and of each pledge."""
        if any(pledge.borrows for asset in self.layout.assets for pledge in asset.pledges):
            _check_slices(limb_bits, modulus)
        self.columns = self.layout.columns
        self.publics = [name for sums in self.totals for item in sums for name in item.publics]

    def _totals(self, asset: AssetColumns, modulus: int) -> list[ExactSum]:
        symbol = asset.terms.asset.symbol
        summed: list[tuple[str, tuple[Limbs, ...]]] = [
            (f"{symbol}:free", (asset.free,)),
            (f"{symbol}:debt", (asset.debt,)),
        ]
        summed += [(pledge.name, pledge.slices) for pledge in asset.pledges]
        return [
            ExactSum.of(name, numbers, Arithmetic.of(self.limb_bits, self.active, modulus, len(numbers)))
            for name, numbers in summed
        ]

    def constraints(self, builder: Builder) -> None:
        """Ranges of all columns, room in the slices, the exact sums, and the surplus digit by digit."""
        builder.range_check("limbs", [builder.column(name) for name in self.columns], self.limb_bits)
        room = [value for asset in self.layout.assets for value in self._room(builder, asset)]
        if room:
            builder.range_check("room in slices", room, self.limb_bits)
        for sums in self.totals:
            for item in sums:
                item.state(builder)
        self._state_surplus(builder)

    def _room(self, builder: Builder, asset: AssetColumns) -> list[Expression]:
        """The limbs of W − X of each slice that has a width, with borrows: y_j = W_j − x_j − b_{j−1} + 2^w·b_j."""
        found = []
        for pledge in asset.pledges:
            for width, number, names in zip(pledge.widths, pledge.slices, pledge.borrows, strict=False):
                borrows = [builder.column(name) for name in names]
                for limb, digit in enumerate(digits_of(width, self.limb_bits, number.count)):
                    value = builder.constant(digit) - builder.column(number.names[limb])
                    if limb:
                        value = value - borrows[limb - 1]
                    if limb < len(borrows):
                        value = value + borrows[limb] * (1 << self.limb_bits)
                    found.append(value)
        return found

    def _state_surplus(self, builder: Builder) -> None:
        """G_n + c_{n−1} = 2^w·c_n at each place n of S = Σ q·X − Σ price_up·D."""
        layout = self.layout
        carry: Expression | None = None
        for place, digits in enumerate(layout.sums):
            value = builder.constant(0)
            for column, digit in digits:
                term = builder.column(self.columns[column]) * abs(digit)
                value = value + term if digit > 0 else value - term
            if place < layout.surplus.count:
                value = value - builder.column(layout.surplus.names[place])
            if carry is not None:
                value = value + carry
            if place < len(layout.carries):
                carry = self._carry(builder, layout.carries[place])
                value = value - carry * (1 << self.limb_bits)
            builder.assert_zero(f"surplus{place}", value, Rows.TRANSITION)

    def _carry(self, builder: Builder, limbs: Limbs) -> Expression:
        first, *others = (builder.column(name) for name in limbs.names)
        value = first
        for limb, shift in zip(others, self.layout.arithmetic.carry_shifts[1:], strict=True):
            value = value + limb * (1 << shift)
        return value - self.layout.arithmetic.offset

    def refused(self, accounts: Accounts) -> list[AccountRefused]:
        """Accounts that pledge more of an asset than they have, or whose pledges do not cover their debts."""
        digits = accounts.digits(self.limb_bits)
        blocks: dict[int, list[AccountRefused]] = {}

        def look(start: int, stop: int) -> None:
            filled = self.layout.fill(digits[start:stop])
            rows = np.flatnonzero(filled.wrong).tolist()
            blocks[start] = [AccountRefused(start + row, self._reason(filled, row)) for row in rows]

        for_blocks(look, len(accounts), _BLOCK)
        return [one for start in sorted(blocks) for one in blocks[start]]

    def trace(self, witness: PlacedAccounts, rows: int) -> Trace:
        """The rows of accounts, those of an empty account elsewhere, and the carries of the sums on row U−1.

        Raises ``InputError`` for an account that pledges more than it has or whose pledges do not cover its debts.
        """
        accounts = witness.accounts
        if accounts.assets != self.positions:
            raise InputError("the accounts are counted in other positions than those of the system")
        if rows != self.active:
            raise InputError(f"the system was made for {counted(self.active, 'row')} under constraints, not {rows}")
        if len(accounts) > rows - 1:
            raise InputError(
                f"{counted(len(accounts), 'account')} do not fit the {counted(rows - 1, 'row')} of a trace"
            )
        digits = accounts.digits(self.limb_bits)
        columns = empty((rows, len(self.columns)), digits.dtype, briefly=True)
        columns[:] = self.layout.fill(np.zeros((1, digits.shape[1]), digits.dtype)).columns[:, 0]
        wrong = np.zeros(len(accounts), np.bool_)
        sums, adding = np.zeros(len(self.columns), np.int64), Lock()

        def fill(start: int, stop: int) -> None:
            filled = self.layout.fill(digits[start:stop])
            columns[witness.rows[start:stop]] = filled.columns.T
            wrong[start:stop] = filled.wrong
            own = filled.columns.sum(axis=1)
            with adding:
                np.add(sums, own, out=sums)

        for_blocks(fill, len(accounts), _BLOCK)
        if wrong.any():
            first = int(np.argmax(wrong))
            reason = self._reason(self.layout.fill(digits[first : first + 1]), 0)
            others = f" and {counted(int(wrong.sum()) - 1, 'other')}" if wrong.sum() > 1 else ""
            raise InputError(f"there is no row for account {accounts.ids[first]!r}{others}: {reason}")
        of_columns = sums.tolist()
        publics: dict[str, int] = {}
        for item in (item for totals in self.totals for item in totals):
            item.place_carries(columns[rows - 1], of_columns)
            publics.update(item.digits(item.total_of(of_columns)))
        return Trace(columns, publics)

    def account_row(self, balances: Sequence[int]) -> Elements:
        """The row of one account, from its positions in base units: of a pledge the first slice is filled first."""
        if len(balances) != len(self.positions):
            raise ProofRejected(
                "balance-count", f"{counted(len(balances), 'balance')} for {counted(len(self.positions), 'position')}"
            )
        for item, balance in zip(self.positions, balances, strict=True):
            if not 0 <= balance < 1 << item.bits:
                raise ProofRejected(
                    "balance-range",
                    f"a balance of {item.format(balance)} {item.symbol} is not in [0, 2^{item.bits}) base units",
                )
        digits = Accounts.of(self.positions, [("", balances)]).digits(self.limb_bits)
        filled = self.layout.fill(digits)
        if filled.over_pledged.any():
            raise ProofRejected("balance-pledged", self._reason(filled, 0))
        if filled.uncovered.any():
            raise ProofRejected("balance-covered", self._reason(filled, 0))
        return filled.columns[:, 0].astype(np.uint64)

    def _reason(self, filled: FilledRows, row: int) -> str:
        """Why an account has no row, in words."""
        if filled.over_pledged[:, row].any():
            symbol = self.terms[int(np.argmax(filled.over_pledged[:, row]))].asset.symbol
            return f"more {symbol} is pledged than the equity there is"
        return "at the audit's prices, the haircut value of what is pledged is below the debts"

    def publics_of_totals(self, totals: Sequence[int]) -> Mapping[str, int]:
        """The digits of the totals of F = E − Σ K, D and each K, the last digit of each unreduced."""
        if len(totals) != len(self.positions):
            raise ProofRejected(
                "total-count", f"{counted(len(totals), 'total')} for {counted(len(self.positions), 'position')}"
            )
        publics: dict[str, int] = {}
        start = 0
        for sums in self.totals:
            equity, debt, *pledged = totals[start : start + len(sums)]
            start += len(sums)
            for item, total in zip(sums, (equity - sum(pledged), debt, *pledged), strict=True):
                if not 0 <= total <= item.most:
                    raise ProofRejected(
                        "total-range", f"a total of {total} base units of {item.name} is not in [0, {item.most}]"
                    )
                publics.update(item.digits(total))
        return publics


def _check_slices(limb_bits: int, modulus: int) -> None:
    """Raise ``OptionsError`` unless a limb of W − X in range is what it says, and not p more."""
    if 1 << (2 * limb_bits + 1) >= modulus:
        raise OptionsError(
            f"limbs of {limb_bits} bits can wrap the room in a slice: 2^(2·{limb_bits} + 1) = "
            f"{1 << (2 * limb_bits + 1)} is not below {modulus}; narrower limbs (limb_bits) would not"
        )
