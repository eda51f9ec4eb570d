"""The constraint systems that come with polyproof pass the suites that strangers get."""

from __future__ import annotations

import pytest

from polyproof.testing.constraints import ConstraintSystemSuite, Fault
from polyproof.testing.liabilities import LiabilitiesSystemSuite
from polyproof_accounts.system import AccountsSystem
from polyproof_fibonacci.system import FibonacciSystem, FibonacciWitness

GOLDILOCKS = 2**64 - 2**32 + 1


class TestFibonacci(ConstraintSystemSuite):
    @pytest.fixture(params=[GOLDILOCKS, 15 * 2**27 + 1])
    def modulus(self, request):
        return request.param

    @pytest.fixture
    def make(self, modulus):
        return lambda: FibonacciSystem(modulus)

    @pytest.fixture
    def witness(self):
        return FibonacciWitness(3, 5)

    @pytest.fixture
    def faults(self):
        return [
            Fault("a", 0, 4, "starts at the public value"),
            Fault("a", 20, 7, "a moves up"),
            Fault("b", 20, 7, "b is the sum"),
            Fault("b", 63, 0, "ends at the public value"),
        ]


class TestAccounts(LiabilitiesSystemSuite):
    @pytest.fixture
    def construct(self):
        return AccountsSystem

    @pytest.fixture
    def free(self, system):
        """On the carry row: limbs that hold no carry are in range, and nothing else is asked of them."""
        last = self.rows - 1
        return [(item.name(limb), last) for item in system.layout for limb in range(2 * (item.parts - 1), item.limbs)]

    @pytest.fixture
    def faults(self):
        return [
            Fault("BTC.limb0", 5, 16, "limbs"),
            Fault("ETH.limb23", 62, 2**20, "limbs"),
            Fault("USDT.limb3", 17, 9, "USDT.sum0"),
            Fault("ETH.limb0", 63, 15, "ETH.sum0"),
        ]
