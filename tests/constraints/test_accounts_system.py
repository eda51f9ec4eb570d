"""The accounts system at its bounds: the largest balance and total, one more, and what is below zero."""

from __future__ import annotations

import numpy as np
import pytest

from polyproof.constraints import PlacedAccounts
from polyproof.errors import InputError, ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof_accounts.system import AccountsSystem


def system(*bits: int) -> AccountsSystem:
    """Of assets of these widths, 64 rows, and limbs of 8 bits."""
    assets = [Asset(f"A{number}", 0, width) for number, width in enumerate(bits)]
    return AccountsSystem(assets, active=64, modulus=2**64 - 2**32 + 1, limb_bits=8)


def test_columns_follow_the_assets_and_are_as_many_as_their_bits_take() -> None:
    made = system(1, 8, 9, 16, 17, 64)
    assert [(item.first, item.limbs) for item in made.layout] == [(0, 1), (1, 1), (2, 2), (4, 2), (6, 3), (9, 8)]
    assert made.columns == [f"A{number}.limb{limb}" for number, n in enumerate((1, 1, 2, 2, 3, 8)) for limb in range(n)]


def test_a_trace_is_of_the_rows_that_the_system_was_made_for() -> None:
    made, none = system(8), PlacedAccounts(Accounts.of([Asset("A0", 0, 8)], []), np.zeros(0, np.int64))
    for rows in (63, 65, 128):
        with pytest.raises(InputError, match=f"made for 64 rows under constraints, not {rows}"):
            made.trace(none, rows)


def test_a_balance_is_held_to_the_bits_of_its_asset_and_not_of_its_limbs() -> None:
    made = system(10, 8)
    assert made.account_row([1023, 255]).tolist() == [255, 3, 255]
    for balances in ([1024, 0], [-1, 0], [0, 256], [0, -1], [2**16, 0]):
        with pytest.raises(ProofRejected) as caught:
            made.account_row(balances)
        assert caught.value.check == "balance-range"
    for balances in ([], [1], [1, 1, 0]):
        with pytest.raises(ProofRejected) as caught:
            made.account_row(balances)
        assert caught.value.check == "balance-count"


def test_a_total_is_held_to_what_the_limbs_of_all_accounts_can_hold() -> None:
    made = system(10, 64)
    most = [63 * (2**16 - 1), 63 * (2**64 - 1)]
    assert not any(made.publics_of_totals([0, 0]).values())
    assert made.publics_of_totals(most)["A0.total0"] == most[0]
    for totals in ([most[0] + 1, 0], [0, most[1] + 1], [-1, 0], [0, -1]):
        with pytest.raises(ProofRejected) as caught:
            made.publics_of_totals(totals)
        assert caught.value.check == "total-range"
    for totals in ([], [0], [0, 0, 0]):
        with pytest.raises(ProofRejected) as caught:
            made.publics_of_totals(totals)
        assert caught.value.check == "total-count"


def test_the_last_row_holds_the_carries_between_parts_and_nothing_else() -> None:
    """Of 15 accounts with all 12 bits set, in parts of one limb of 4 bits: what goes into the next part counts there.

    Every limb sums to 15·15 = 225 = 1 + 16·14; with the carry of 14 the next is 239 = 15 + 16·14, and the last part
    stays unreduced at 239. The asset after it has one part, thus no carry.
    """
    assets = [Asset("A0", 0, 12), Asset("A1", 0, 4)]
    made = AccountsSystem(assets, active=16, modulus=1031, limb_bits=4)
    assert [item.parts for item in made.layout] == [3, 1]
    accounts = Accounts.of(assets, [(f"user-{number}", (4095, 15)) for number in range(15)])
    trace = made.trace(PlacedAccounts(accounts, np.arange(15, dtype=np.int64)), 16)
    assert (trace.columns[:15] == 15).all()
    assert trace.columns[15].tolist() == [14, 14, 0, 0]
    assert dict(trace.publics) == {"A0.total0": 1, "A0.total1": 15, "A0.total2": 239, "A1.total0": 225}
