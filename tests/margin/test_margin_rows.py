"""Rows of margin accounts against plain integers and exact fractions, and numbers that are refused by arithmetic."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from itertools import product

import numpy as np
import pytest
from attrs import evolve
from hypothesis import example, given, settings
from hypothesis import strategies as st

from margin.examples import GOLDILOCKS, LARGE, SMALL, flat, in_slices, some_positions
from polyproof.constraints import PlacedAccounts, Trace
from polyproof.errors import InputError, OptionsError, ProofRejected
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.net_equity import AssetTerms, Category, Slice, positions_of
from polyproof.testing.constraints import violations
from polyproof.toolkit.stated_constraints import state_constraints
from polyproof_accounts.arithmetic import Arithmetic
from polyproof_accounts.margin import MarginAccountsSystem
from polyproof_accounts.margin_layout import MarginLayout
from polyproof_accounts.sums import Limbs

BABY_BEAR = 15 * 2**27 + 1
U = 64


def system(terms: Sequence[AssetTerms], modulus: int = GOLDILOCKS, limb_bits: int = 16) -> MarginAccountsSystem:
    return MarginAccountsSystem(positions_of(terms), active=U, modulus=modulus, limb_bits=limb_bits)


def traced(made: MarginAccountsSystem, balances: Sequence[Sequence[int]]) -> Trace:
    accounts = Accounts.of(made.positions, [(f"user-{k}", row) for k, row in enumerate(balances)])
    return made.trace(PlacedAccounts(accounts, np.arange(len(balances), dtype=np.int64)), U)


def number(made: MarginAccountsSystem, row: Sequence[int], limbs: Limbs) -> int:
    """What columns of a row say."""
    return sum(int(row[column]) << (made.limb_bits * k) for k, column in enumerate(limbs.columns))


def covers(terms: Sequence[AssetTerms], balances: Sequence[int]) -> bool:
    """Whether an account may be in the proof, by exact fractions of the ratios and prices, floors taken last."""
    value, rest = 0, list(balances)
    for item in terms:
        equity, debt, *pledged = rest[: 2 + len(item.categories)]
        del rest[: 2 + len(item.categories)]
        if sum(pledged) > equity:
            return False
        value -= item.price_up * debt
        for category, amount in zip(item.categories, pledged, strict=True):
            filled = 0
            for part in category.slices:
                inside = amount - filled if part.width is None else min(part.width, amount - filled)
                filled += inside
                value += (part.ratio * item.price_down).__floor__() * inside
    return value >= 0


@pytest.mark.parametrize(
    ("terms", "modulus", "limb_bits"),
    [
        (LARGE, GOLDILOCKS, 16),
        (LARGE, GOLDILOCKS, 22),
        (LARGE, GOLDILOCKS, 5),
        (LARGE, BABY_BEAR, 8),
        (SMALL, 786433, 4),
    ],
)
def test_rows_say_what_plain_integers_say(terms: Sequence[AssetTerms], modulus: int, limb_bits: int) -> None:
    made, random = system(terms, modulus, limb_bits), np.random.default_rng(5)
    balances = [some_positions(terms, random) for _ in range(20)]
    trace = traced(made, balances)
    assert violations(state_constraints(made), trace, modulus) == []
    totals = [sum(column) for column in zip(*balances, strict=True)]
    assert dict(trace.publics) == dict(made.publics_of_totals(totals))
    for row, account in zip(trace.columns, balances, strict=False):
        assert np.array_equal(made.account_row(account), row)
        rest, surplus = list(account), 0
        for asset in made.layout.assets:
            equity, debt, *pledged = rest[: 2 + len(asset.pledges)]
            del rest[: 2 + len(asset.pledges)]
            assert number(made, row, asset.free) == equity - sum(pledged)
            assert number(made, row, asset.debt) == debt
            surplus -= asset.terms.price_up * debt
            for category, pledge, amount in zip(asset.terms.categories, asset.pledges, pledged, strict=True):
                slices = [number(made, row, limbs) for limbs in pledge.slices]
                assert sum(slices) == amount
                assert all(x <= w for x, w in zip(slices, pledge.widths, strict=False))
                surplus += asset.terms.haircut_value(category, amount)
        assert number(made, row, made.layout.surplus) == surplus >= 0


terms_of_few_bits = st.lists(
    st.builds(
        lambda number, up, down, ratios, widths: AssetTerms(
            Asset(f"A{number}", 0, 6),
            up,
            min(down, up),
            tuple(
                Category(
                    f"c{k}",
                    tuple(
                        Slice(ratio, None if t == len(own) - 1 else widths[t])
                        for t, ratio in enumerate(sorted(own, reverse=True))
                    ),
                )
                for k, own in enumerate(ratios)
            ),
        ),
        number=st.integers(0, 10**9),
        up=st.integers(1, 300),
        down=st.integers(0, 300),
        ratios=st.lists(st.lists(st.fractions(0, 1, max_denominator=20), min_size=1, max_size=3), max_size=2),
        widths=st.lists(st.integers(1, 63), min_size=2, max_size=2),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda item: item.asset.symbol,
)


@given(terms=terms_of_few_bits, data=st.data(), limb_bits=st.integers(2, 8))
@settings(max_examples=30)
def test_an_account_has_a_row_exactly_if_exact_fractions_say_that_it_is_covered(
    terms: list[AssetTerms], data: st.DataObject, limb_bits: int
) -> None:
    made = system(terms, GOLDILOCKS, limb_bits)
    stated = state_constraints(made)
    amounts = st.integers(0, 63)
    rows = data.draw(
        st.lists(st.lists(amounts, min_size=len(made.positions), max_size=len(made.positions)), max_size=8)
    )
    for balances in rows:
        if covers(terms, balances):
            assert made.account_row(balances) is not None
        else:
            with pytest.raises(ProofRejected) as caught:
                made.account_row(balances)
            assert caught.value.check in ("balance-pledged", "balance-covered")
            with pytest.raises(InputError):
                traced(made, [balances])
    assert violations(stated, traced(made, [row for row in rows if covers(terms, row)]), GOLDILOCKS) == []


def test_a_unit_of_debt_more_than_pledges_cover_has_no_row() -> None:
    """1,000 BTC at 95 % count for 950·640; one unit of the other asset covers one more."""
    terms = (
        AssetTerms(Asset("BTC", 0, 16), 650, 640, (flat("loan", 95),)),
        AssetTerms(Asset("USD", 0, 32), 1, 1, (flat("loan", 100),)),
    )
    made = system(terms)
    assert made.account_row([1000, 0, 1000, 0, 950 * 640, 0]) is not None
    assert made.account_row([1000, 0, 1000, 1, 950 * 640 + 1, 1]) is not None
    for balances, check in (
        ([1000, 0, 1000, 0, 950 * 640 + 1, 0], "balance-covered"),
        ([1000, 0, 999, 0, 950 * 640, 0], "balance-covered"),
        ([1000, 0, 0, 2**31, 1, 0], "balance-covered"),
        ([1000, 0, 1001, 0, 0, 0], "balance-pledged"),
        ([0, 0, 0, 5, 0, 6], "balance-pledged"),
        ([-1, 0, 0, 0, 0, 0], "balance-range"),
        ([0, 1 << 16, 0, 0, 0, 0], "balance-range"),
        ([0] * 5, "balance-count"),
        ([0] * 7, "balance-count"),
    ):
        with pytest.raises(ProofRejected) as caught:
            made.account_row(balances)
        assert caught.value.check == check


def test_accounts_without_a_row_are_named_with_the_reason() -> None:
    made = system(SMALL)
    good, over, bare = [4000, 0, 4000, 0, 0, 0], [5, 0, 6, 0, 0, 0], [5, 1, 0, 0, 0, 0]
    pledged, covered = "more BTC is pledged than the equity there is", "the haircut value of what is pledged is below"
    with pytest.raises(InputError, match=f"there is no row for account 'user-1' and 1 other: {pledged}$"):
        traced(made, [good, over, bare])
    with pytest.raises(
        InputError, match=f"there is no row for account 'user-1': at the audit's prices, {covered} the debts$"
    ):
        traced(made, [good, bare])
    many = [good, over, *[good] * 4000, bare, bare]
    found = made.refused(Accounts.of(made.positions, [(str(k), row) for k, row in enumerate(many)]))
    assert [one.position for one in found] == [1, 4002, 4003]
    assert pledged in found[0].reason
    assert all(covered in one.reason for one in found[1:])
    assert made.refused(Accounts.of(made.positions, [])) == []


def test_totals_with_more_pledged_than_equity_are_rejected() -> None:
    made = system(SMALL)
    assert made.publics_of_totals([100, 0, 100, 0, 0, 0])["BTC:free.total0"] == 0
    for totals, check in (
        ([100, 0, 101, 0, 0, 0], "total-range"),
        ([100, -1, 0, 0, 0, 0], "total-range"),
        ([100, 0, -1, 0, 0, 0], "total-range"),
        ([0] * 5, "total-count"),
    ):
        with pytest.raises(ProofRejected) as caught:
            made.publics_of_totals(totals)
        assert caught.value.check == check


# Bounds


def refusal(make: Callable[[], object]) -> str | None:
    try:
        make()
    except OptionsError as error:
        return str(error)
    return None


def test_a_price_that_breaks_the_carry_bound_is_refused_with_the_arithmetic() -> None:
    """One asset of 8 bits in limbs of 8 bits, pledged at its price: G_0 is at most (price + 1)·255."""

    def of(*prices: int, modulus: int) -> MarginAccountsSystem:
        terms = [AssetTerms(Asset(f"X{k}", 0, 8), price, price, (flat("loan", 100),)) for k, price in enumerate(prices)]
        return MarginAccountsSystem(positions_of(terms), active=2, modulus=modulus, limb_bits=8)

    made = of(200, modulus=2**31)
    arithmetic = made.layout.arithmetic
    # Debt and surplus: 201·255 against 200·255; a carry of −200 … 199 has two limbs, the second at bit 1
    assert (arithmetic.worst, arithmetic.offset, arithmetic.span) == (201 * 255, 200, 400)
    assert (arithmetic.carry_shifts, arithmetic.most_carry) == ((0, 1), 3 * 255 - 200)
    least = 201 * 255 + 565 * 257
    refused = refusal(partial(of, 200, modulus=least))
    assert refused is not None
    assert f"51255 + 565·(2^8 + 1) = {least} is not below {least}" in refused
    assert of(200, modulus=least + 1)
    assert refusal(partial(of, 200, 200, modulus=least + 1)) is not None


def test_carries_are_bounded_to_the_unit() -> None:
    """One bit at a price of 1: D and S at most 2 against X of 1, so that a carry is −1 or 0."""
    arithmetic = MarginLayout([AssetTerms(Asset("X", 0, 1), 1, 1, (flat("loan", 100),))], 1).arithmetic
    assert (arithmetic.worst, arithmetic.offset, arithmetic.span) == (2, 1, 2)
    assert (arithmetic.carry_shifts, arithmetic.most_carry, arithmetic.carry_limbs()) == ((0,), 1, [(0, 1)])
    # With two limbs for S, the second place has no product.
    layout = MarginLayout([AssetTerms(Asset(f"X{k}", 0, 1), 1, 1, (flat("loan", 100),)) for k in range(2)], 1)
    assert [len(place) for place in layout.sums] == [4, 0]
    assert (layout.arithmetic.worst, layout.arithmetic.offset, layout.arithmetic.span) == (3, 1, 3)


@pytest.mark.parametrize("prices", [(3, 3), (3, 1), pytest.param((7, 6), marks=pytest.mark.slow)])
def test_below_the_bound_a_surplus_can_be_forged_and_above_it_cannot(prices: tuple[int, int]) -> None:
    """An account of two bits, in limbs of two: everything that limbs in range can say, modulo every small prime."""
    up, down = prices
    layout = MarginLayout([AssetTerms(Asset("X", 0, 2), up, down, (flat("loan", 100),))], 2)
    asset = layout.assets[0]
    used = [asset.debt.first, asset.pledges[0].slices[0].first]
    used += [column for limbs in (layout.surplus, *layout.carries) for column in limbs.columns]
    cells = np.zeros((len(layout.columns), 4 ** len(used)), np.int64)
    cells[used] = np.indices((4,) * len(used)).reshape(len(used), -1)
    carries = [0]
    for limbs in layout.carries:
        weighted = sum(
            cells[c] << shift for c, shift in zip(limbs.columns, layout.arithmetic.carry_shifts, strict=True)
        )
        carries.append(weighted - layout.arithmetic.offset)
    carries.append(0)
    places = []
    for place, factors in enumerate(layout.sums):
        own = cells[layout.surplus.first + place] if place < layout.surplus.count else 0
        places.append(sum(cells[c] * k for c, k in factors) - own + carries[place] - 4 * carries[place + 1])
    said = sum(cells[column] << (2 * k) for k, column in enumerate(layout.surplus.columns))
    true = down * cells[used[1]] - up * cells[used[0]]
    forged = []
    for modulus in (p for p in range(5, 200) if all(p % k for k in range(2, p))):
        holds = np.all([place % modulus == 0 for place in places], axis=0)
        wrong = bool((holds & (said != true)).any())
        assert not wrong or refusal(partial(layout.arithmetic.check, modulus)) is not None
        assert set(true[holds & (said == true)].tolist()) == {value for value in true.tolist() if value >= 0}
        forged += [modulus] * wrong
    assert len(forged) > 1
    layout.arithmetic.check(199)


def test_limbs_that_wrap_the_room_in_a_slice_are_refused() -> None:
    sliced = (AssetTerms(Asset("X", 0, 8), 1, 1, (in_slices("loan", (100, 5), (50, None)),)),)
    whole = (AssetTerms(Asset("X", 0, 8), 1, 1, (flat("loan", 100),)),)
    bound = 1 << (2 * 8 + 1)
    for modulus, terms, fits in ((bound, sliced, False), (bound + 1, sliced, True), (bound, whole, True)):
        made = refusal(partial(MarginAccountsSystem, positions_of(terms), active=2, modulus=modulus, limb_bits=8))
        assert (made is None) is fits, made
        assert made is None or "2^(2·8 + 1) = 131072 is not below 131072" in made


def test_more_slices_than_the_carries_of_their_sum_have_room_for_are_refused() -> None:
    """Sums are over rows and slices: what fits in one slice need not in 32."""

    def of(slices: int, modulus: int = 2**29 - 2**15) -> str | None:
        parts = [(100 - number, 3) for number in range(slices - 1)]
        terms = [AssetTerms(Asset("X", 0, 8), 1, 1, (in_slices("loan", *parts, (1, None)),))]
        return refusal(lambda: MarginAccountsSystem(positions_of(terms), active=1 << 14, modulus=modulus, limb_bits=8))

    assert of(1) is None
    refused = of(32)
    assert refused is not None
    assert f"limbs of 8 bits on 16384 rows of 32 slices can wrap a sum: 2^8·max(4·{32 * (2**14 - 1) + 1}" in refused
    assert "limbs of 8 bits on 16384 rows can wrap a sum: 2^8·max(4·16384" in str(of(1, 2**24))


def test_a_sum_of_slices_is_that_of_so_many_rows() -> None:
    """What brute force shows of sums of one number on each row holds of slices: they are so many rows more."""
    for modulus, limb_bits, active, slices in product((521, 2053, 2**16 + 1), (1, 2, 4), (2, 3, 9, 17), (1, 2, 3, 7)):
        try:
            made = Arithmetic.of(limb_bits, active, modulus, slices)
        except OptionsError:
            with pytest.raises(OptionsError):
                Arithmetic.of(limb_bits, slices * (active - 1) + 1, modulus)
            continue
        rows = Arithmetic.of(limb_bits, slices * (active - 1) + 1, modulus)
        assert (made.part_limbs, made.carry_shifts, made.most_carry) == (
            rows.part_limbs,
            rows.carry_shifts,
            rows.most_carry,
        )


def test_terms_that_ask_for_more_work_than_any_audit_are_refused_before_it_is_done() -> None:
    """1,024 pledges of 32 slices at the largest prices, in the narrowest limbs."""
    cut = in_slices("c0", *((100 - number, 1) for number in range(31)), (1, None))
    price = (1 << 192) - 1
    terms = [
        AssetTerms(Asset(f"A{number}", 0, 256), price, price, tuple(evolve(cut, name=f"c{k}") for k in range(16)))
        for number in range(64)
    ]
    start = time.process_time()
    with pytest.raises(OptionsError, match=f"make up to {64 * 64 * 48 * (1 + 16 * 32):,} products"):
        MarginLayout(terms, 4)
    assert time.process_time() - start < 1, "nothing was made that grows with the terms"


@pytest.mark.parametrize("limb_bits", [1, 2, 3])
def test_no_other_borrows_than_those_of_the_subtraction_leave_limbs_in_range(limb_bits: int) -> None:
    """All borrows in range are tried, not only bits: room in range means that X ≤ W, and the borrows are unique."""
    base, limbs = 1 << limb_bits, 3 if limb_bits < 3 else 2
    for width, x in product(range(base**limbs), repeat=2):
        found = []
        for borrows in product(range(base), repeat=limbs - 1):
            room, into = [], 0
            for limb, out in enumerate([*borrows, 0]):
                digits = (width >> (limb_bits * limb)) % base, (x >> (limb_bits * limb)) % base
                room.append(digits[0] - digits[1] - into + base * out)
                into = out
            if all(0 <= value < base for value in room):
                found.append((borrows, sum(value << (limb_bits * limb) for limb, value in enumerate(room))))
        assert len(found) == (x <= width)
        assert all(value == width - x and max(borrows) <= 1 for borrows, value in found)


@example(limb_bits=4, prices=[1], bits=4)
@given(
    limb_bits=st.integers(2, 22),
    prices=st.lists(st.integers(1, 2**60), min_size=1, max_size=6),
    bits=st.integers(1, 80),
)
@settings(max_examples=20)
def test_carries_of_extreme_accounts_are_in_range(limb_bits: int, prices: list[int], bits: int) -> None:
    """The accounts with the largest and the smallest digits: all pledged and no debt, and debts of each of others."""
    terms = [AssetTerms(Asset(f"A{k}", 0, bits), price, price, (flat("loan", 100),)) for k, price in enumerate(prices)]
    try:
        made = system(terms, GOLDILOCKS, limb_bits)
    except OptionsError:
        return
    most = (1 << bits) - 1
    rows = [[most, 0, most] * len(prices), [most, most, most] * len(prices)]
    for k, price in enumerate(prices):
        debt = min(most, sum(other for j, other in enumerate(prices) if j != k) * most // price)
        rows.append([value for j in range(len(prices)) for value in ((0, debt, 0) if j == k else (most, 0, most))])
    assert violations(state_constraints(made), traced(made, rows), GOLDILOCKS) == []


def test_prices_and_ratios_change_the_statement() -> None:
    """Two statements under other terms state other constraints, so that no proof of one passes for the other."""

    def record(terms: Sequence[AssetTerms]) -> list[object]:
        stated = state_constraints(system(terms))
        return [*stated.graph.nodes]

    base = AssetTerms(Asset("X", 0, 8), 300, 290, (in_slices("loan", (90, 7), (50, None)),))
    others = (
        AssetTerms(base.asset, 301, 290, base.categories),
        AssetTerms(base.asset, 300, 280, base.categories),
        AssetTerms(base.asset, 300, 290, (in_slices("loan", (89, 7), (50, None)),)),
        AssetTerms(base.asset, 300, 290, (in_slices("loan", (90, 8), (50, None)),)),
    )
    assert Fraction(89, 100) * 290 // 1 != Fraction(90, 100) * 290 // 1
    assert all(record([other]) != record([base]) for other in others)
