"""Conformance suite for ``LiabilitiesSystem``: constraint systems about accounts.

An author inherits it and supplies the class, and the faults that the suite of any constraint system asks for::

    class TestMySystem(LiabilitiesSystemSuite):
        @pytest.fixture
        def construct(self):
            return MySystem

        @pytest.fixture
        def faults(self):
            return [Fault("BTC.limb0", 5, 16, "limbs")]
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from attrs import evolve

from polyproof.config.options import NoOptions
from polyproof.constraints import LiabilitiesSystem, PlacedAccounts, Trace
from polyproof.errors import InputError, OptionsError, ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.testing.constraints import ConstraintSystemSuite, violations
from polyproof.toolkit.stated_constraints import StatedConstraints
from polyproof.toolkit.system_answers import established_by

__all__ = ["LiabilitiesSystemSuite"]

MakeLiabilities = Callable[..., LiabilitiesSystem]


class LiabilitiesSystemSuite(ConstraintSystemSuite):
    """What every ``polyproof.constraints.LiabilitiesSystem`` promises beyond ``ConstraintSystem``.

    The author supplies ``construct``, the class itself, ``faults``, and the cells that are ``free``: accounts,
    witness and fields are the suite's. So are the assets, unless a system is for narrower ones. A system that does not
    take every balance below 2^bits overrides ``some_balances``, ``largest`` and ``with_bit`` too.
    """

    assets: Sequence[Asset] = (Asset("BTC", 8, 64), Asset("ETH", 18, 96), Asset("USDT", 6, 40))
    """Two or more."""
    limb_bits = 4
    """A modulus small enough that the sum of each of these assets takes several parts."""
    options: Any = NoOptions()
    """An instance of the system's ``Options``."""

    @pytest.fixture
    def construct(self) -> MakeLiabilities:
        """The class under test; override it."""
        raise NotImplementedError("override the fixture `construct`: your LiabilitiesSystem")

    @pytest.fixture(params=[2**64 - 2**32 + 1, 15 * 2**27 + 1], ids=["goldilocks", "babybear"])
    def modulus(self, request: pytest.FixtureRequest) -> int:
        """The modulus of a 64-bit field, and of a 31-bit one."""
        modulus: int = request.param
        return modulus

    @pytest.fixture
    def make(self, construct: MakeLiabilities, modulus: int) -> Callable[[], LiabilitiesSystem]:
        return partial(
            construct, self.assets, active=self.rows, modulus=modulus, limb_bits=self.limb_bits, options=self.options
        )

    @pytest.fixture
    def system(self, make: Callable[[], LiabilitiesSystem]) -> LiabilitiesSystem:
        """The system under test."""
        return make()

    @pytest.fixture
    def witness(self) -> PlacedAccounts:
        """Forty accounts on random rows, with balances of all magnitudes, zero and the largest included."""
        random = np.random.default_rng(3)
        rows = random.permutation(self.rows - 1)[:40].astype(np.int64)
        balances = [self.some_balances(random) for _ in rows]
        balances[0] = self.largest()
        balances[1] = [0 for _ in self.assets]
        return self.placed(balances, rows)

    def some_balances(self, random: np.random.Generator) -> list[int]:
        """Balances of all magnitudes, one for each asset."""
        return [
            int.from_bytes(random.bytes(32), "little") & ((1 << int(random.integers(0, asset.bits + 1))) - 1)
            for asset in self.assets
        ]

    def largest(self) -> list[int]:
        """The largest balances that an account may have."""
        return [(1 << asset.bits) - 1 for asset in self.assets]

    def with_bit(self, number: int, bit: int) -> list[int]:
        """Balances of which that of asset ``number`` is 2^bit."""
        return [1 << bit if k == number else 0 for k in range(len(self.assets))]

    def placed(self, balances: Sequence[Sequence[int]], rows: npt.NDArray[np.int64]) -> PlacedAccounts:
        """Accounts with these balances on these rows."""
        accounts = Accounts.of(self.assets, [(f"user-{number}", values) for number, values in enumerate(balances)])
        return PlacedAccounts(accounts, rows)

    # Accounts and rows

    def test_row_of_an_account_is_the_one_in_the_trace(
        self, system: LiabilitiesSystem, witness: PlacedAccounts, trace: Trace
    ) -> None:
        """A user rebuilds it from balances alone."""
        for position, row in enumerate(witness.rows.tolist()):
            expected = system.account_row(witness.accounts.balances(position))
            assert expected.dtype == np.uint64
            assert np.array_equal(trace.columns[row], expected)

    def test_padding_is_the_row_of_no_balance(
        self, system: LiabilitiesSystem, witness: PlacedAccounts, trace: Trace
    ) -> None:
        nothing = system.account_row([0] * len(self.assets))
        taken = set(witness.rows.tolist())
        for row in range(self.rows - 1):
            if row not in taken:
                assert np.array_equal(trace.columns[row], nothing)

    def test_different_balances_have_different_rows(self, system: LiabilitiesSystem) -> None:
        """Every bit of every balance makes a difference."""
        rows = [system.account_row([0] * len(self.assets))]
        for number, asset in enumerate(self.assets):
            for bit in range(asset.bits):
                rows.append(system.account_row(self.with_bit(number, bit)))
        assert len({row.tobytes() for row in rows}) == len(rows)

    def test_balance_out_of_range_has_no_row(self, system: LiabilitiesSystem) -> None:
        for number, asset in enumerate(self.assets):
            for wrong in (-1, -(1 << 64), 1 << asset.bits, 1 << 300):
                balances = [wrong if k == number else 0 for k in range(len(self.assets))]
                with pytest.raises(ProofRejected):
                    system.account_row(balances)

    def test_another_number_of_balances_has_no_row(self, system: LiabilitiesSystem) -> None:
        for count in (0, len(self.assets) - 1, len(self.assets) + 1):
            with pytest.raises(ProofRejected):
                system.account_row([0] * count)

    @pytest.mark.parametrize("balances", ["none", "one", "all at their largest", "all zero"])
    def test_accounts_of_every_number_and_size_are_proven_exactly(
        self, system: LiabilitiesSystem, stated: StatedConstraints, modulus: int, balances: str
    ) -> None:
        largest = self.largest()
        lists = {
            "none": [],
            "one": [largest],
            "all at their largest": [largest] * (self.rows - 1),
            "all zero": [[0] * len(self.assets)] * (self.rows - 1),
        }[balances]
        trace = system.trace(self.placed(lists, np.arange(len(lists), dtype=np.int64)), self.rows)
        totals = [sum(column) for column in zip(*lists, strict=True)] or [0] * len(self.assets)
        assert violations(stated, trace, modulus) == []
        assert dict(trace.publics) == dict(system.publics_of_totals(totals))

    def test_witness_that_does_not_fit_is_an_input_error(self, system: LiabilitiesSystem) -> None:
        nothing = [0] * len(self.assets)
        crowded = self.placed([nothing] * self.rows, np.arange(self.rows, dtype=np.int64))
        with pytest.raises(InputError):
            system.trace(crowded, self.rows)
        for rows in (self.rows - 1, self.rows + 1):
            with pytest.raises(InputError):
                system.trace(self.placed([nothing], np.zeros(1, np.int64)), rows)

    # Totals

    def test_public_values_are_those_of_the_totals(
        self, system: LiabilitiesSystem, witness: PlacedAccounts, trace: Trace
    ) -> None:
        publics = system.publics_of_totals(witness.accounts.totals())
        assert dict(publics) == dict(trace.publics)
        assert list(publics) == list(system.publics)

    def refused(
        self, system: LiabilitiesSystem, stated: StatedConstraints, trace: Trace, modulus: int, totals: Sequence[int]
    ) -> bool:
        """Whether other totals are refused, by a statement of the system or because no accounts can have them."""
        try:
            publics = system.publics_of_totals(totals)
        except ProofRejected:
            return True
        return bool(violations(stated, evolve(trace, publics=publics), modulus))

    def test_other_totals_are_refused(
        self, system: LiabilitiesSystem, stated: StatedConstraints, witness: PlacedAccounts, trace: Trace, modulus: int
    ) -> None:
        """Off by one either way, and by amounts at which a sum could wrap around."""
        totals = list(witness.accounts.totals())
        assert not self.refused(system, stated, trace, modulus, totals)
        steps = [1, modulus, *(1 << bits for bits in (4, 8, 16, 24, 32, 48, 63, 64, 96, 128))]
        for asset, total in enumerate(totals):
            for step in [*steps, *(-step for step in steps), -total]:
                other = [*totals[:asset], total + step, *totals[asset + 1 :]]
                assert self.refused(system, stated, trace, modulus, other), f"{step} more of {self.assets[asset]}"

    def test_totals_of_the_assets_do_not_trade_places(
        self, system: LiabilitiesSystem, stated: StatedConstraints, witness: PlacedAccounts, trace: Trace, modulus: int
    ) -> None:
        first, second, *others = witness.accounts.totals()
        for moved in ((second, first), (first - 5, second + 5), (first + 5, second - 5)):
            assert self.refused(system, stated, trace, modulus, [*moved, *others])

    def test_totals_that_no_accounts_can_have_are_rejected(self, system: LiabilitiesSystem) -> None:
        for asset in range(len(self.assets)):
            for wrong in (-1, -(1 << 200), 1 << 300):
                totals = [wrong if k == asset else 0 for k in range(len(self.assets))]
                with pytest.raises(ProofRejected):
                    system.publics_of_totals(totals)
        for count in (0, len(self.assets) - 1, len(self.assets) + 1):
            with pytest.raises(ProofRejected):
                system.publics_of_totals([0] * count)

    def test_what_it_establishes_is_declared_in_its_own_body(self, construct: type[LiabilitiesSystem]) -> None:
        """Every sentence is of a form that can be shown."""
        established_by(construct, self.options)

    def test_a_negative_cell_that_another_row_makes_up_for_is_found(
        self, system: LiabilitiesSystem, stated: StatedConstraints, witness: PlacedAccounts, trace: Trace, modulus: int
    ) -> None:
        """A negative amount in one row, balanced by another: every sum is right, and only the range is wrong."""
        if not established_by(type(system), self.options).non_negative:
            pytest.skip("this system does not declare that no balance is negative, and no proof of it says so")
        debt, other = [row for row in range(self.rows - 1) if row not in set(witness.rows.tolist())][:2]
        for column in range(len(stated.columns)):
            for lie in (modulus - 1, modulus // 2, modulus - (1 << 20)):
                columns = trace.columns.astype(np.uint64)
                columns[debt, column] = (int(columns[debt, column]) + lie) % modulus
                columns[other, column] = (int(columns[other, column]) - lie) % modulus
                broken = violations(stated, Trace(columns, trace.publics), modulus)
                assert broken, f"{stated.columns[column]} may be {lie}"

    def test_numbers_under_which_a_sum_could_wrap_are_an_options_error(self, construct: MakeLiabilities) -> None:
        with pytest.raises(OptionsError):
            construct(self.assets, active=1 << 27, modulus=15 * 2**27 + 1, limb_bits=16, options=self.options)
