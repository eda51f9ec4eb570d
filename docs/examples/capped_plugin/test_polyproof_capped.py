"""What every system of liabilities must do, cheats and all, and what a cap adds to it."""

import numpy as np
import pytest
from polyproof_capped import Cap, CappedAccounts, Caps

from polyproof.constraints import Trace
from polyproof.errors import InputError, OptionsError, ProofRejected, SpecError
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.testing.constraints import Fault, violations
from polyproof.testing.liabilities import LiabilitiesSystemSuite
from polyproof.toolkit.stated_constraints import state_constraints
from polyproof.toolkit.system_answers import established_by

BTC, ETH, USDT = ASSETS = (Asset("BTC", 3, 30), Asset("ETH", 4, 44), Asset("USDT", 1, 10))
P = 2**64 - 2**32 + 1


class TestCappedAccounts(LiabilitiesSystemSuite):
    """The conformance suite, with caps that even its largest balances keep to."""

    assets = ASSETS
    options = Caps((Cap("BTC", "1073741.823"), Cap("ETH", "1759218604.4415")))

    @pytest.fixture
    def construct(self):
        """The class itself."""
        return CappedAccounts

    @pytest.fixture
    def faults(self):
        """A cell, a value that is wrong there, and what the debug check says."""
        return [
            Fault("BTC.limb0", 5, 16, "limbs"),
            Fault("BTC.below0", 5, 16, "what is missing to a cap"),
            Fault("BTC.below3", 5, 1, "BTC: limb 3 adds up to the cap"),
            Fault("ETH.carry2", 62, 2, "ETH: carry 2 is 0 or 1"),
            Fault("ETH.limb1", 17, 7, "ETH: limb 1 adds up to the cap"),
        ]

    @pytest.fixture
    def free(self, system):
        """On the last row, which is no account's: all but the carries of sums, two limbs for each part but the last."""
        carries = {
            f"{asset.symbol}.limb{k}"
            for asset in ASSETS
            for k in range(2 * sum(name.startswith(f"{asset.symbol}.total") for name in system.publics) - 2)
        }
        return [(name, self.rows - 1) for name in system.columns if name not in carries]


def capped(*caps, active=16, modulus=P, limb_bits=4, assets=ASSETS):
    """A small system with these caps: pairs of symbol and number."""
    options = Caps(tuple(Cap(*cap) for cap in caps))
    return CappedAccounts(assets, active=active, modulus=modulus, limb_bits=limb_bits, options=options)


def test_it_says_what_was_proven_in_the_words_of_its_options():
    """And nothing else."""
    said = established_by(CappedAccounts, Caps((Cap("BTC", "1000"), Cap("ETH", "0.5"))))
    assert said.further == ("no balance of BTC is above 1000 BTC", "no balance of ETH is above 0.5 ETH")
    assert said.exact_sums
    assert said.non_negative


@pytest.mark.parametrize(
    ("cap", "words"),
    [
        (("DOGE", "5"), "a cap is for DOGE, which is no asset of the spec"),
        (("BTC", "0.0001"), "the cap of BTC is 0.0001, finer than its 3 decimals"),
        (
            ("BTC", "1073741.824"),
            r"the cap of BTC is 1073741.824, and its balances are below 1073741.824 \(2\^30 units",
        ),
        (("BTC", "9" * 60), "it would say nothing"),
    ],
)
def test_a_cap_that_says_nothing_is_refused(cap, words):
    """For assets that are not there, and beyond the bits that a balance has."""
    with pytest.raises(OptionsError, match=words):
        capped(cap)


@pytest.mark.parametrize(
    "most", ["", "-1", "1e3", "1,000", " 1", "01", "1.", ".5", "nan", "1\n", "9" * 61, "1, and all is well"]
)
def test_a_cap_is_a_plain_number(most):
    """What is published of it is shown to every verifier."""
    with pytest.raises(SpecError, match=r"expected a decimal number such as 1000 or 0\.5"):
        Cap("BTC", most)


def test_no_asset_has_two_caps():
    """Which of them would hold?"""
    with pytest.raises(SpecError, match="BTC has two caps"):
        Caps((Cap("BTC", "1"), Cap("BTC", "2")))


@pytest.mark.parametrize("limb_bits", [3, 4, 7, 16])
@pytest.mark.parametrize("cap", [0, 1, 15, 16, 999_999, (1 << 30) - 1])
def test_balances_up_to_the_cap_have_rows_and_no_other(cap, limb_bits):
    """Whoever holds more has no row, for the exchange and for themselves."""
    system = capped(("BTC", BTC.format(cap)), limb_bits=limb_bits)
    for held in {0, cap // 2, cap}:
        assert len(system.account_row([held, 5, 7])) == len(system.columns)
    if cap + 1 < 1 << BTC.bits:
        with pytest.raises(ProofRejected, match="above the cap") as raised:
            system.account_row([cap + 1, 5, 7])
        assert raised.value.check == "balance-cap"
    held = [0, cap, min(cap + 1, (1 << 30) - 1), (1 << 30) - 1]
    accounts = Accounts.of(ASSETS, [(f"user-{k}", [value, 0, 0]) for k, value in enumerate(held)])
    above = [position for position, value in enumerate(held) if value > cap]
    assert [one.position for one in system.refused(accounts)] == above


def test_words_of_wide_assets_are_compared_from_the_highest():
    """A cap of more than 64 bits."""
    wide = Asset("ETH", 0, 150)
    system = capped(("ETH", str((5 << 130) + 7)), assets=(wide,), limb_bits=16)
    held = [(5 << 130) + 7, (5 << 130) + 8, (4 << 130) + 2**100, (6 << 130), (5 << 130), 2**64 - 1]
    accounts = Accounts.of((wide,), [(str(k), [value]) for k, value in enumerate(held)])
    assert [one.position for one in system.refused(accounts)] == [1, 3]
    assert system.refused(accounts)[1].reason == f"{6 << 130} ETH is above the cap of {(5 << 130) + 7}"


@pytest.mark.parametrize("above", [1, 2, 15, 16, 17, 4096, (1 << 30) - 1 - 999_999])
def test_a_prover_finds_no_row_above_the_cap(above):
    """Whatever it puts beside the balance: what is missing mod 2^32, with the carries of that and with others."""
    cap = 999_999
    system = capped(("BTC", BTC.format(cap)))
    stated = state_constraints(system)
    names = list(system.columns)
    nobody = system.account_row([0, 0, 0])
    limbs = -(-BTC.bits // 4)
    row = nobody.copy()
    held = cap + above
    missing = (cap - held) % (1 << 4 * limbs)
    carry = 0
    for k in range(limbs):
        row[names.index(f"BTC.limb{k}")] = held >> 4 * k & 15
        row[names.index(f"BTC.below{k}")] = missing >> 4 * k & 15
        carry = ((held >> 4 * k & 15) + (missing >> 4 * k & 15) + carry) >> 4
        if k + 1 < limbs:
            row[names.index(f"BTC.carry{k + 1}")] = carry
    assert carry == 1, "the sum is 2^32 too large, and no carry may say so"
    columns = np.array([nobody] * 16, np.uint64)
    columns[3] = row
    columns[-1] = 0
    trace = Trace(columns, system.publics_of_totals([held, 0, 0]))
    broken = {item.constraint for item in violations(stated, trace, P)}
    assert broken == {f"BTC: limb {limbs - 1} adds up to the cap"}
    for position in range(1, limbs):
        other = columns.copy()
        other[3, names.index(f"BTC.carry{position}")] ^= 1
        assert violations(stated, Trace(other, trace.publics), P)


def test_a_trace_of_accounts_above_the_cap_is_refused():
    """Core asks first, and names the account; whoever does not ask gets no trace."""
    from polyproof.constraints import PlacedAccounts

    accounts = Accounts.of(ASSETS, [("alice", [5000, 0, 0])])
    with pytest.raises(InputError, match="a balance of BTC is above its cap"):
        capped(("BTC", "4.999")).trace(PlacedAccounts(accounts, np.zeros(1, np.int64)), 16)


def test_limbs_whose_sum_could_wrap_are_refused():
    """Two limbs and a carry stay below p."""
    with pytest.raises(OptionsError, match="two limbs of 4 bits can add up to 31, which wraps"):
        capped(("BTC", "1"), modulus=31)
