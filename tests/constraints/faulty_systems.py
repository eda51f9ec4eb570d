"""Constraint systems with one fault each, and the suites on them; ``test_constraint_suite`` runs what must fail."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from polyproof.constraints import Builder, PlacedAccounts, Rows, Trace
from polyproof.errors import OptionsError, ProofRejected
from polyproof.testing.constraints import ConstraintSystemSuite, Fault
from polyproof.testing.liabilities import LiabilitiesSystemSuite
from polyproof_accounts.system import AccountsSystem
from polyproof_fibonacci.system import FibonacciSystem, FibonacciWitness

P = 2**64 - 2**32 + 1
COUNTER = itertools.count()


class Fibonacci(ConstraintSystemSuite):
    """The suite; a subclass says which system it is on."""

    under_test: type[FibonacciSystem] = FibonacciSystem
    fault = Fault("a", 20, 7, "a moves up")
    unconstrained: Sequence[tuple[str, int]] = ()

    @pytest.fixture
    def modulus(self):
        return P

    @pytest.fixture
    def make(self):
        return lambda: self.under_test(P)

    @pytest.fixture
    def witness(self):
        return FibonacciWitness(3, 5)

    @pytest.fixture
    def faults(self):
        return [self.fault]

    @pytest.fixture
    def free(self):
        return self.unconstrained


class Adding(FibonacciSystem):
    """The honest system, and one statement more."""

    def constraints(self, builder: Builder) -> None:
        super().constraints(builder)
        self.add(builder)

    def add(self, builder: Builder) -> None:
        raise NotImplementedError


class TestUndeterminedColumn(Fibonacci):
    class under_test(FibonacciSystem):
        def constraints(self, builder: Builder) -> None:
            a, b = builder.column("a"), builder.column("b")
            builder.assert_zero("starts at the public value", a - builder.public("first"), Rows.FIRST)
            builder.assert_zero("ends at the public value", b - builder.public("result"), Rows.LAST)


class TestStaleFreeCell(Fibonacci):
    unconstrained = (("a", 0),)


class TestUnboundPublic(Fibonacci):
    class under_test(FibonacciSystem):
        def constraints(self, builder: Builder) -> None:
            a, b = builder.column("a"), builder.column("b")
            builder.assert_zero("a moves up", a.next - b, Rows.TRANSITION)
            builder.assert_zero("b is the sum", b.next - a - b, Rows.TRANSITION)
            builder.assert_zero("ends at the public value", b - builder.public("result"), Rows.LAST)


class TestVacuousStatement(Fibonacci):
    class under_test(Adding):
        def add(self, builder: Builder) -> None:
            builder.assert_zero("a is itself", builder.column("a") * 2 - builder.column("a") - builder.column("a"))


class TestWaveringStatement(Fibonacci):
    class under_test(Adding):
        def add(self, builder: Builder) -> None:
            builder.assert_zero("wavers", builder.column("a") * 0 * next(COUNTER))


class TestSteepConstraint(Fibonacci):
    class under_test(Adding):
        def add(self, builder: Builder) -> None:
            a = builder.column("a")
            builder.assert_zero("steep", a * a * a * a * a * 0)


class TestNamelessConstraint(Fibonacci):
    class under_test(Adding):
        def add(self, builder: Builder) -> None:
            builder.assert_zero("", builder.column("a") * 0)


class TestTwoColumnsOfOneName(Fibonacci):
    class under_test(FibonacciSystem):
        columns = ("a", "b", "b")


class TestReadsBeyondTheLastRow(Fibonacci):
    class under_test(Adding):
        def add(self, builder: Builder) -> None:
            builder.assert_zero("beyond", (builder.column("a").next - builder.column("b")) * 0)


class TestDishonestTrace(Fibonacci):
    class under_test(FibonacciSystem):
        def trace(self, witness: FibonacciWitness, rows: int) -> Trace:
            trace = super().trace(witness, rows)
            trace.columns[rows // 2, 1] += np.uint64(1)
            return trace


class TestTraceBeyondTheModulus(Fibonacci):
    class under_test(FibonacciSystem):
        def trace(self, witness: FibonacciWitness, rows: int) -> Trace:
            trace = super().trace(witness, rows)
            trace.columns[0, 0] += np.uint64(P)
            return trace


class TestTraceOfAnotherLength(Fibonacci):
    class under_test(FibonacciSystem):
        def trace(self, witness: FibonacciWitness, rows: int) -> Trace:
            return super().trace(witness, rows - 1)


class TestMissingPublic(Fibonacci):
    class under_test(FibonacciSystem):
        def trace(self, witness: FibonacciWitness, rows: int) -> Trace:
            trace = super().trace(witness, rows)
            return Trace(trace.columns, {"first": trace.publics["first"]})


class TestFaultOfAnotherConstraint(Fibonacci):
    fault = Fault("a", 20, 7, "ends at the public value")


class TestFaultThatChangesNothing(Fibonacci):
    fault = Fault("a", 0, 3, "starts at the public value")


# Liabilities


class Liabilities(LiabilitiesSystemSuite):
    """The suite; a subclass says which system it is on."""

    under_test: type[AccountsSystem] = AccountsSystem

    @pytest.fixture
    def construct(self):
        return self.under_test

    @pytest.fixture
    def faults(self):
        return [Fault("BTC.limb0", 5, 16, "limbs")]


class TestNoRange(Liabilities):
    class under_test(AccountsSystem):
        establishes = AccountsSystem.establishes

        def constraints(self, builder: Builder) -> None:
            builder.range_check = lambda *arguments: None  # type: ignore[method-assign]
            super().constraints(builder)


class TestOneAssetNotSummed(Liabilities):
    class under_test(AccountsSystem):
        def constraints(self, builder: Builder) -> None:
            states = builder.assert_sum
            builder.assert_sum = lambda name, *rest: None if name.startswith("USDT") else states(name, *rest)  # type: ignore[method-assign]
            super().constraints(builder)


class TestAssetsSummedTogether(Liabilities):
    """Only the sum of the totals is bound: owing one asset more and another less passes."""

    class under_test(AccountsSystem):
        def constraints(self, builder: Builder) -> None:
            states, kept = builder.assert_sum, []
            builder.assert_sum = lambda *arguments: kept.append(arguments)  # type: ignore[method-assign]
            super().constraints(builder)
            _, bodies, totals, lasts = zip(*kept, strict=True)
            states("everything", sum(bodies), sum(totals), sum(lasts))


class TestBalanceWrapsAround(Liabilities):
    class under_test(AccountsSystem):
        def account_row(self, balances: Sequence[int]) -> np.ndarray:
            return super().account_row(
                [balance % (1 << item.asset.bits) for balance, item in zip(balances, self.layout, strict=True)]
            )


class TestRowOfAnotherOrder(Liabilities):
    class under_test(AccountsSystem):
        def account_row(self, balances: Sequence[int]) -> np.ndarray:
            return super().account_row(balances)[::-1]


class TestRowWithoutTheHighLimb(Liabilities):
    class under_test(AccountsSystem):
        def account_row(self, balances: Sequence[int]) -> np.ndarray:
            row = super().account_row(balances)
            row[self.layout[1].first + self.layout[1].limbs - 1] = 0
            return row

        def trace(self, witness: PlacedAccounts, rows: int) -> Trace:
            trace = super().trace(witness, rows)
            trace.columns[witness.rows, self.layout[1].first + self.layout[1].limbs - 1] = 0
            return trace


class TestMissingBalancesAreZero(Liabilities):
    class under_test(AccountsSystem):
        def account_row(self, balances: Sequence[int]) -> np.ndarray:
            return super().account_row([*balances, 0, 0, 0][:3])


class TestTotalsWrapAround(Liabilities):
    class under_test(AccountsSystem):
        def publics_of_totals(self, totals: Sequence[int]) -> dict[str, int]:
            return dict(super().publics_of_totals([total % (1 << 44) for total in totals]))


class TestPublicsInAnotherOrder(Liabilities):
    class under_test(AccountsSystem):
        def publics_of_totals(self, totals: Sequence[int]) -> dict[str, int]:
            return dict(reversed(super().publics_of_totals(totals).items()))


class TestPaddingThatOwes(Liabilities):
    class under_test(AccountsSystem):
        def trace(self, witness: PlacedAccounts, rows: int) -> Trace:
            trace = super().trace(witness, rows)
            trace.columns[~trace.columns.any(axis=1), 0] = 1
            return trace


class TestCarryForgotten(Liabilities):
    class under_test(AccountsSystem):
        def trace(self, witness: PlacedAccounts, rows: int) -> Trace:
            trace = super().trace(witness, rows)
            trace.columns[-1] = 0
            return trace


class TestCrowdedTrace(Liabilities):
    class under_test(AccountsSystem):
        def trace(self, witness: PlacedAccounts, rows: int) -> Trace:
            kept = np.arange(min(len(witness.accounts), rows - 1))
            return super().trace(PlacedAccounts(witness.accounts.take(kept), witness.rows[kept]), rows)


class TestRefusesWithAnotherError(Liabilities):
    class under_test(AccountsSystem):
        def account_row(self, balances: Sequence[int]) -> np.ndarray:
            try:
                return super().account_row(balances)
            except ProofRejected as error:
                raise ValueError(str(error)) from error


class TestAnyNumbersFit(Liabilities):
    class under_test(AccountsSystem):
        def __init__(self, assets, *, active: int, modulus: int, limb_bits: int) -> None:
            try:
                super().__init__(assets, active=active, modulus=modulus, limb_bits=limb_bits)
            except OptionsError:
                super().__init__(assets, active=64, modulus=modulus, limb_bits=4)
