"""The exchange that hides debts: every lie about one account, by the debug check and by whole proofs that are rejected.

A lie is a row: the numbers of an account, and whatever else in it is not what follows from them. The totals that are
claimed are those of the rows as they are, so that nothing but the lie is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
import pytest
from attrs import evolve, frozen

from margin.dishonest import TERMS, MarginExchange, row_of, some_borrowers, totals_of
from polyproof.constraints import PlacedAccounts, Trace
from polyproof.errors import InputError, ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.net_equity import positions_of
from polyproof.testing.constraints import violations
from polyproof.toolkit.digit_columns import digits_of
from polyproof.toolkit.stated_constraints import state_constraints
from polyproof_stark.prover import Prover
from stark.cheats import BendsTheTable, ClosesTheSum, Forging, OpensOtherRows, Truncating, Unranged

P = 2**64 - 2**32 + 1
HONEST = MarginExchange()
SYSTEM = HONEST.system
ACTIVE = HONEST.parameters.active
STATED = state_constraints(SYSTEM)
VICTIM = int(HONEST.rows[7])
PADDING = next(row for row in range(ACTIVE - 1) if row not in set(HONEST.rows.tolist()))
BASE, PLACES = 1 << SYSTEM.limb_bits, len(SYSTEM.layout.sums)
Row = list[int]


@frozen
class Lie:
    """A row and what is claimed of it."""

    numbers: Mapping[str, int]
    """What the row says; the totals follow from it."""
    breaks: str | tuple[str, ...]
    """The constraints that it breaks."""
    change: Callable[[Row], None] = lambda row: None
    """What is not as it follows from the numbers."""
    surplus: Callable[[int], int] = lambda value: value
    """What is written for the surplus, which is the argument."""
    row: int = VICTIM
    claimed: Mapping[str, int] | None = None
    """What the totals claim of it, if not what it says."""


def value_of(numbers: Mapping[str, int]) -> int:
    return sum(
        coefficient * numbers.get(limbs.name, 0)
        for asset in SYSTEM.layout.assets
        for coefficient, limbs in asset.numbers
    )


def index(name: str) -> int:
    return SYSTEM.columns.index(name)


def wrapped(value: int) -> int:
    """A surplus below zero, written as limbs in range that are larger by a power of the base."""
    return value % BASE**SYSTEM.layout.surplus.count


def fractional_carries(row: Row) -> None:
    """Every place of the surplus made to hold modulo p, by carries that are fractions of the field."""
    layout, carry = SYSTEM.layout, 0
    for place, limbs in enumerate(layout.carries):
        carry += sum(row[column] * digit for column, digit in layout.sums[place])
        carry -= row[layout.surplus.first + place] if place < layout.surplus.count else 0
        carry = carry * pow(BASE, -1, P) % P
        row[limbs.first : limbs.first + limbs.count] = [
            (carry + layout.arithmetic.offset) % P,
            *[0] * (limbs.count - 1),
        ]


def last_carry_forced(row: Row) -> None:
    """The last place made to hold by a carry below zero, so that the place before it does not."""
    layout = SYSTEM.layout
    left = sum(row[column] * digit for column, digit in layout.sums[-1])
    left -= row[layout.surplus.first + PLACES - 1] if layout.surplus.count >= PLACES else 0
    limbs, (_, (low, _)) = layout.carries[-1], layout.arithmetic.carry_limbs()
    forced = layout.arithmetic.offset - left
    row[limbs.first : limbs.first + limbs.count] = [forced % (1 << low), forced >> low]


def negative_limb(row: Row) -> None:
    """The carry that it should be, from limbs that overlap and are out of range."""
    limbs, (_, (low, _)) = SYSTEM.layout.carries[2], SYSTEM.layout.arithmetic.carry_limbs()
    row[limbs.first] += (row[limbs.first + 1] + 1) << low
    row[limbs.first + 1] = P - 1


def fractional_borrows(row: Row) -> None:
    """Room in the first slice of USD as limbs in range of W − X + p, by borrows that are fractions of the field."""
    pledge = SYSTEM.layout.assets[1].pledges[0]
    limbs, width = pledge.slices[0], pledge.widths[0]
    x = sum(row[limbs.first + k] << (8 * k) for k in range(limbs.count))
    room, into = digits_of(width - x + P, 8, limbs.count), 0
    for k in range(limbs.count - 1):
        into = (room[k] - digits_of(width, 8, limbs.count)[k] + row[limbs.first + k] + into) * pow(BASE, -1, P) % P
        row[pledge.first_borrow + k] = into


def put(name: str, value: int) -> Callable[[Row], None]:
    def change(row: Row) -> None:
        row[index(name)] = value % P

    return change


SHORT = {"USD:loan:0": 10**6, "BTC:debt": 10**6}
"""10,000 USD pledged against 100 BTC."""
LIES = {
    "a debt above the haircut value": Lie(SHORT, "limbs"),
    "a debt of one value unit too much": Lie({"USD:loan:0": 101, "USD:debt": 89, "HT:debt": 1}, "limbs"),
    "a debt without collateral": Lie({"BTC:free": 10**9, "USD:debt": 1}, "limbs"),
    "a debt covered by an asset that cannot be pledged": Lie({"HT:free": 60_000, "BTC:debt": 5}, "limbs"),
    "a surplus that wraps its limbs": Lie(SHORT, f"surplus{PLACES - 1}", surplus=wrapped),
    "a surplus that wraps the field": Lie(SHORT, "limbs", fractional_carries, lambda value: value + P),
    "a negative carry": Lie(SHORT, f"surplus{PLACES - 2}", last_carry_forced, wrapped),
    "a carry in limbs of which one is negative": Lie({}, "limbs", negative_limb),
    "collateral above equity": Lie({"BTC:free": -500, "BTC:loan:0": 1000, "USD:debt": 10**5}, "limbs"),
    "the same coins in two categories": Lie({"BTC:free": -(10**4), "BTC:loan:0": 10**4, "BTC:vip:0": 10**4}, "limbs"),
    "a negative debt": Lie({"USD:debt": -5}, "limbs"),
    "all in the best slice": Lie({"BTC:loan:0": 10**6, "USD:debt": 10**8}, "room in slices"),
    "all in the best slice, with borrows of two": Lie(
        {"BTC:loan:0": 10**6, "USD:debt": 10**8}, "room in slices", put("BTC:loan:0.borrow1", 2)
    ),
    "all in the best slice, with borrows of the field": Lie({"USD:loan:0": 10**11}, "limbs", fractional_borrows),
    "a borrow that is no bit": Lie({}, "room in slices", put("BTC:loan:0.borrow0", 2)),
    "a negative slice": Lie({"BTC:loan:0": 60_000, "BTC:loan:1": -50_000, "USD:debt": 10**7}, "limbs"),
    "one asset's pledge in another's slice": Lie(
        {"BTC:loan:0": 7000, "USD:debt": 10**6},
        ("BTC:loan.sum0", "USD:loan.sum0"),
        claimed={"USD:loan:0": 7000, "USD:debt": 10**6},
    ),
    "one category's pledge in another's slice": Lie(
        {"BTC:loan:0": 7000, "USD:debt": 10**6},
        ("BTC:loan.sum0", "BTC:vip.sum0"),
        claimed={"BTC:vip:0": 7000, "USD:debt": 10**6},
    ),
    "a debt on a padding row": Lie({"BTC:debt": 10**7}, "limbs", row=PADDING),
    "a debt on a padding row, with a surplus that wraps": Lie(
        {"BTC:debt": 10**7}, f"surplus{PLACES - 1}", surplus=wrapped, row=PADDING
    ),
    "a debt that the totals leave out": Lie(
        {"BTC:loan:0": 7000, "BTC:debt": 5}, "BTC:debt.sum0", claimed={"BTC:loan:0": 7000}
    ),
}


def told(lie: Lie) -> tuple[Trace, tuple[int, ...]]:
    """The trace with the lie, and the totals that are claimed."""
    value = value_of(lie.numbers)
    row = row_of(SYSTEM, lie.numbers, surplus=lie.surplus(value), modulus=P)
    lie.change(row)
    kept = np.flatnonzero(HONEST.rows != lie.row)
    accounts = HONEST.accounts.take(kept)
    claimed = totals_of(SYSTEM, lie.numbers if lie.claimed is None else lie.claimed)
    totals = tuple(a + b for a, b in zip(accounts.totals(), claimed, strict=True))
    columns = SYSTEM.trace(PlacedAccounts(accounts, HONEST.rows[kept]), ACTIVE).columns.astype(np.uint64)
    columns[lie.row] = np.array(row, np.uint64)
    # The carries of the sums: those of the rows as they are.
    sums = [sum(int(cell) if cell < P // 2 else int(cell) - P for cell in column) for column in columns[:-1].T]
    for item in (item for of_asset in SYSTEM.totals for item in of_asset):
        item.place_carries(columns[-1], sums)
    return Trace(columns, SYSTEM.publics_of_totals(totals)), totals


def ways_on(lie: Lie) -> list[type[Prover]]:
    """The provers that go on with a lie: each way to close the running sum, and to face the low-degree test."""
    lies = [(Unranged,), (ClosesTheSum, Unranged), (BendsTheTable, Unranged)]
    return [type(f"{way.__name__}Lie", (*some, way), {}) for some in lies for way in (Truncating, Forging)]


@pytest.mark.parametrize("name", LIES)
def test_a_lie_about_one_account_is_found_by_the_debug_check(name: str) -> None:
    lie = LIES[name]
    trace, _ = told(lie)
    broken = violations(STATED, trace, P)
    expected = {lie.breaks} if isinstance(lie.breaks, str) else set(lie.breaks)
    assert {item.constraint for item in broken} == expected, "only the lie is wrong, or nothing is shown"
    assert {item.row for item in broken} <= {lie.row, ACTIVE - 1}


def rejected(name: str, provers: list[type[Prover]]) -> None:
    trace, totals = told(LIES[name])
    for prover in provers:
        with pytest.raises(ProofRejected):
            HONEST.verify(HONEST.prove(prover, trace=trace, totals=totals).proof, totals)


@pytest.mark.parametrize("name", ["a surplus that wraps its limbs", "all in the best slice, with borrows of the field"])
def test_a_whole_proof_of_a_lie_is_rejected(name: str) -> None:
    rejected(name, ways_on(LIES[name])[3:4])


@pytest.mark.slow
@pytest.mark.parametrize("name", LIES)
def test_a_whole_proof_of_any_lie_is_rejected_however_it_goes_on(name: str) -> None:
    rejected(name, ways_on(LIES[name]))


def test_the_honest_prover_names_the_constraint_that_a_lie_breaks() -> None:
    trace, totals = told(LIES["a surplus that wraps its limbs"])
    with pytest.raises(InputError, match=rf"surplus{PLACES - 1}"):
        HONEST.prove(trace=trace, totals=totals)
    trace, totals = told(LIES["all in the best slice"])
    with pytest.raises(
        InputError, match=rf"range check 'room in slices' does not hold on row {VICTIM}: columns 'BTC:loan:0"
    ):
        HONEST.prove(trace=trace, totals=totals)


@cache
def honest_proof():
    result = HONEST.prove()
    return result, HONEST.verify(result.proof)


def test_honest_borrowers_find_their_own_positions_and_no_others() -> None:
    result, accepted = honest_proof()
    for position in (0, 7, 39):
        balances = HONEST.accounts.balances(position)
        inclusion = HONEST.cut(result, position)
        HONEST.check(accepted, inclusion, f"user-{position}", balances)
        for place, change in ((0, 1), (0, -1), (1, 1)):
            other = [value + change * (k == place) for k, value in enumerate(balances)]
            with pytest.raises(ProofRejected):
                HONEST.check(accepted, inclusion, f"user-{position}", other)


def test_an_invented_borrower_with_collateral_passes_which_is_what_netting_cannot_exclude() -> None:
    """Junk as equity carries a debt up to its haircut value: the gross totals show it, and the net of BTC is lower."""
    lie = Lie({"USD:loan:0": 10**9, "BTC:debt": 10**9 * 89 // 65_100}, "", row=PADDING)
    trace, totals = told(lie)
    assert violations(STATED, trace, P) == []
    gross, debt, *_ = (after - before for after, before in zip(totals, HONEST.accounts.totals(), strict=True))
    assert (gross, debt) == (0, 1367127)


def other_prices(**prices: int) -> MarginExchange:
    """The same accounts in a segment under another price of BTC."""
    terms = (evolve(TERMS[0], **prices), *TERMS[1:])
    accounts = Accounts(positions_of(terms), HONEST.accounts.ids, HONEST.accounts.words)
    return MarginExchange(accounts=accounts)


def free_debts(monkeypatch: pytest.MonkeyPatch) -> MarginExchange:
    """Without the conditions: a prover's own system, in which BTC that is owed counts for nothing."""
    terms = evolve(TERMS[0])
    object.__setattr__(terms, "price_up", 0)
    monkeypatch.setattr("polyproof_accounts.margin.terms_of", lambda positions: (terms, *TERMS[1:]))
    rows = [(f"user-{k}", [0, 10**6, 0, 0, *HONEST.accounts.balances(k)[4:5], 0, 0, 0, 0]) for k in range(40)]
    made = MarginExchange(accounts=Accounts.of(positions_of((terms, *TERMS[1:])), rows))
    assert made.system.terms[0].price_up == 0
    monkeypatch.undo()
    return made


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda _: other_prices(price_up=65_099), id="one less for debts", marks=pytest.mark.slow),
        pytest.param(lambda _: other_prices(price_down=65_010), id="more for collateral", marks=pytest.mark.slow),
        pytest.param(free_debts, id="nothing for debts"),
    ],
)
def test_a_segment_proved_under_other_prices_than_the_header_has_is_rejected(
    other: Callable[[pytest.MonkeyPatch], MarginExchange], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The context is the same, and so are the columns: the constraints are not."""
    made = other(monkeypatch)
    totals, proof = made.accounts.totals(), made.prove().proof
    assert made.verify(proof), "under its own prices it is a proof"
    assert made.instance().compiled.witness_columns == HONEST.instance().compiled.witness_columns
    with pytest.raises(ProofRejected) as caught:
        HONEST.verify(proof.write(made.instance(), made.hash()), totals)
    assert caught.value.check == "constraint-identity"


def test_a_debt_shown_to_its_user_alone_is_caught_by_the_user() -> None:
    """The row under the tree has no debt, and the one that is proved has: the user typed none."""
    made = MarginExchange(
        accounts=Accounts.of(
            HONEST.accounts.assets,
            [
                (f"user-{k}", [10**6, 5, 10**6, 0, 0, 0, 0, 0, 0] if k == 7 else HONEST.accounts.balances(k))
                for k in range(40)
            ],
        )
    )
    claimed = [10**6, 0, 0, 0, 0, 0, 0, 0, 0]
    shown = {VICTIM: SYSTEM.account_row(claimed)}
    result = made.prove(type("Lie", (OpensOtherRows,), {"shown": shown}))
    accepted = made.verify(result.proof)
    with pytest.raises(ProofRejected) as caught:
        made.check(accepted, made.cut(result, 7), "user-7", claimed)
    assert caught.value.check == "own-row"


def test_the_accounts_of_these_tests_have_debts() -> None:
    assert all(total for total in some_borrowers(40).totals())
