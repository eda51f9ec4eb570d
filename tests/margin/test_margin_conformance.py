"""Margin accounts pass the suite that any constraint system of accounts gets."""

from __future__ import annotations

import numpy as np
import pytest

from margin.examples import SMALL, some_positions
from polyproof.model.net_equity import positions_of
from polyproof.testing.constraints import Fault
from polyproof.testing.liabilities import LiabilitiesSystemSuite
from polyproof_accounts.margin import MarginAccountsSystem


class TestMarginAccounts(LiabilitiesSystemSuite):
    assets = positions_of(SMALL)
    rows = 48

    @pytest.fixture(params=[786433])
    def modulus(self, request):
        """A prime under which the sums of BTC have two parts."""
        return request.param

    @pytest.fixture
    def construct(self):
        return MarginAccountsSystem

    def some_balances(self, random: np.random.Generator) -> list[int]:
        return some_positions(SMALL, random)

    def largest(self) -> list[int]:
        """All of it pledged, and a debt of both assets."""
        return [2**12 - 1, 2**11, 2**12 - 1, 15, 15, 15]

    def with_bit(self, number: int, bit: int) -> list[int]:
        """And what else it takes: equity for a pledge, and for a debt all BTC pledged."""
        equity, debt, loan, *of_usd = (1 << bit if k == number else 0 for k in range(6))
        if debt or of_usd[1]:
            equity = loan = 2**12 - 1
        return [max(equity, loan), debt, loan, max(of_usd[0], of_usd[2]), of_usd[1], of_usd[2]]

    @pytest.fixture
    def free(self, system):
        """On the last row what holds no carry of a sum is in range, and a slice has room; nothing else is asked."""
        carrying = {
            name
            for sums in system.totals
            for item in sums
            for name in item.numbers[-1].names[: len(item.arithmetic.carry_shifts) * (item.parts - 1)]
        }
        assert carrying
        # A slice cannot exceed its width there either, so its borrows are what they must be.
        determined = {"BTC:loan:0.borrow0", "BTC:loan:0.borrow1"}
        return [(name, self.rows - 1) for name in system.columns if name not in carrying | determined]

    @pytest.fixture
    def faults(self):
        return [
            Fault("BTC:free.limb0", 5, 16, "limbs"),
            Fault("BTC:loan:0.limb2", 17, 9, "room in slices"),
            Fault("BTC:loan:0.borrow1", 20, 2, "room in slices"),
            Fault("BTC:free.limb1", 9, 17, "BTC:free.sum0"),
            Fault("BTC:loan:1.limb0", 9, 17, "BTC:loan.sum0"),
            Fault("BTC:loan:1.limb0", 47, 15, "BTC:loan.sum0"),
            Fault("USD:debt.limb0", 9, 17, "USD:debt.sum0"),
            Fault("USD:debt.limb0", 9, 17, "surplus0"),
            Fault("surplus.limb2", 9, 17, "surplus2"),
            Fault("carry1.limb0", 9, 17, "surplus1"),
            Fault("carry1.limb0", 9, 17, "surplus2"),
        ]
