"""From rows to holdings: what counts, exact sums and ratios, rounding against the exchange, and what is asked when."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from ownership import wallets
from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Pin, Question
from polyproof.errors import Location, PluginError, SpecError
from polyproof.model.assets import Asset
from polyproof.model.holdings import FINEST, LARGEST, amount_text
from polyproof.ownership import AccountControl, Kind, Status
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.reserves import BalanceCheck, Check, Holding, JudgedRow, Ownership, ReservesPolicy, evaluate, settle
from polyproof.reserves.challenge import Challenges, Freshness, FreshnessVerdict
from polyproof.reserves.evaluation import UNASKED, percent
from polyproof.reserves.rows import ReserveRow
from polyproof.reserves.signatures import load_schemes
from reserves.exchange import PINS, SNAPSHOT

COIN = 10**FINEST
HERE = Location("a.csv", 1, row=1)
ETH, BTC = Asset("ETH", 9), Asset("BTC", 8)
DECLARED = ReservesPolicy(balances="declared")
EVERY = ("signed", "looked-up", "claimed", "key-only", "unbound", "custodial")


def row(amount: int = COIN, asset: str = "ETH", **more: Any) -> ReserveRow:
    return ReserveRow(HERE, asset, asset, "ethereum", "0x" + "ab" * 20, amount, **more)


def judged(
    status: Status = Status.PROVEN,
    amount: int = COIN,
    held: int | None = None,
    freshness: Freshness = Freshness.CHALLENGE,
    asset: str = "ETH",
) -> JudgedRow:
    balance = BalanceCheck.compare(amount, Answer(held, "", ""))
    return JudgedRow(row(amount, asset), "x", status, "", "", FreshnessVerdict(freshness, ""), balance)


# What counts of a row


CONTROL = AccountControl("asked", ("0x" + "ee" * 20,))


def known_by(ownership: Ownership, **more: Any) -> JudgedRow:
    """A row of which so much is known."""
    shown = ownership in (Ownership.SIGNED, Ownership.LOOKED_UP, Ownership.CLAIMED)
    one = judged(Status.PROVEN if shown else Status(ownership.value), **more)
    control = CONTROL if shown and ownership is not Ownership.SIGNED else None
    return evolve(one, row=evolve(one.row, control=control), asked=ownership is Ownership.LOOKED_UP)


@pytest.mark.parametrize("ownership", Ownership)
@pytest.mark.parametrize("counted", EVERY)
def test_only_rows_of_the_policys_ownership_count(ownership: Ownership, counted: str) -> None:
    policy = evolve(DECLARED, count=(counted,))
    one = known_by(ownership)
    assert one.ownership is ownership
    assert one.counted(policy) == (COIN if ownership.value == counted else 0)


@pytest.mark.parametrize("ownership", Ownership)
def test_by_default_only_what_was_checked_here_counts(ownership: Ownership) -> None:
    checked = ownership in (Ownership.SIGNED, Ownership.LOOKED_UP)
    assert known_by(ownership, held=COIN).counted(ReservesPolicy()) == (COIN if checked else 0)


def test_to_somebody_who_did_not_ask_a_look_up_is_a_claim() -> None:
    asked = known_by(Ownership.LOOKED_UP, held=COIN)
    assert (asked.claimed.ownership, asked.claimed.balance.check) == (Ownership.CLAIMED, Check.CLAIMED)
    signed = known_by(Ownership.SIGNED)
    assert (signed.claimed.ownership, signed.claimed.balance.check) == (Ownership.SIGNED, Check.NOT_CHECKED)


def test_a_balance_that_somebody_else_looked_up_counts_as_the_policy_says() -> None:
    one = known_by(Ownership.SIGNED, held=COIN // 2).claimed
    assert one.counted(ReservesPolicy()) == COIN // 2
    assert one.counted(DECLARED) == COIN // 2
    assert one.counted(ReservesPolicy(balances="checked")) == 0


def test_the_strictest_policy_counts_a_balance_that_was_asked_for_here() -> None:
    assert known_by(Ownership.SIGNED, held=COIN).counted(ReservesPolicy(balances="checked")) == COIN
    assert known_by(Ownership.SIGNED, held=COIN // 2).counted(ReservesPolicy(balances="checked")) == COIN // 2


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNSUPPORTED])
def test_no_policy_counts_what_failed_or_was_not_supported(status: Status) -> None:
    assert judged(status, held=COIN).counted(evolve(DECLARED, count=EVERY)) == 0
    with pytest.raises(SpecError):
        ReservesPolicy(count=(status.value,))


@pytest.mark.parametrize(
    ("held", "checked", "declared"),
    [(COIN, COIN, COIN), (COIN // 2, COIN // 2, COIN // 2), (2 * COIN, COIN, COIN), (0, 0, 0), (None, 0, COIN)],
)
def test_the_lesser_of_declared_and_held_counts_and_unchecked_only_if_the_policy_says_so(
    held: int | None, checked: int, declared: int
) -> None:
    assert judged(held=held).counted(ReservesPolicy()) == checked
    assert judged(held=held).counted(DECLARED) == declared


@pytest.mark.parametrize(
    ("held", "check"),
    [
        (COIN, Check.CONFIRMED),
        (COIN - 1, Check.DIFFERS),
        (COIN + 1, Check.DIFFERS),
        (0, Check.DIFFERS),
        (None, Check.NOT_CHECKED),
        (-1, Check.NOT_CHECKED),
        (10**100, Check.NOT_CHECKED),
    ],
)
def test_a_balance_is_confirmed_only_if_it_is_exactly_that(held: int | None, check: Check) -> None:
    assert BalanceCheck.compare(COIN, Answer(held, "asked")).check is check


@pytest.mark.parametrize("status", ["proven", "key-only", "unbound"])
def test_by_default_only_a_message_of_this_audit_makes_a_row_count(status: str) -> None:
    default = evolve(DECLARED, count=EVERY)
    for freshness in Freshness:
        counted = judged(Status(status), freshness=freshness).counted(default)
        assert counted == (COIN if freshness is Freshness.CHALLENGE else 0), freshness


def test_a_policy_may_count_other_messages_each_kind_by_its_name() -> None:
    for allowed in ((), ("stale",), ("constant",), ("challenge", "stale", "constant")):
        policy = evolve(DECLARED, messages=allowed)
        for freshness in (Freshness.CHALLENGE, Freshness.STALE, Freshness.CONSTANT):
            assert judged(freshness=freshness).counted(policy) == (COIN if freshness.value in allowed else 0)


def test_nobody_signs_for_a_custodians_row() -> None:
    policy = evolve(DECLARED, count=EVERY, messages=())
    assert judged(Status.CUSTODIAL, freshness=Freshness.CONSTANT).counted(policy) == COIN


# Adding up


AMOUNTS = st.integers(0, 10**12 * COIN)
ROWS = st.lists(
    st.builds(
        judged,
        status=st.sampled_from(Status),
        amount=AMOUNTS,
        held=st.none() | AMOUNTS,
        freshness=st.sampled_from(Freshness),
        asset=st.sampled_from(["ETH", "BTC"]),
    ),
    max_size=20,
)
POLICIES = st.builds(
    ReservesPolicy,
    least_ratio=st.sampled_from(["0", "1", "1.05", "0.999999999999"]),
    count=st.sets(st.sampled_from(EVERY)).map(lambda names: tuple(sorted(names))),
    balances=st.sampled_from(["checked", "claimed", "declared"]),
    messages=st.sets(st.sampled_from(["challenge", "stale", "constant"])).map(lambda names: tuple(sorted(names))),
)


@given(ROWS, POLICIES, st.tuples(st.integers(0, 10**20), st.integers(0, 10**20)))
def test_sums_ratios_and_verdict_are_those_of_plain_fractions(
    rows: list[JudgedRow], policy: ReservesPolicy, owed: tuple[int, int]
) -> None:
    found = settle(rows, (BTC, ETH), owed, policy)
    for asset, reserves, owes in zip((BTC, ETH), found.assets, owed, strict=True):
        mine = [one for one in rows if one.row.asset == asset.symbol]
        exact = Fraction(sum(one.counted(policy) for one in mine), COIN)
        unit = Fraction(1, 10**asset.decimals)
        assert Fraction(reserves.counted) * unit <= exact < Fraction(reserves.counted + 1) * unit
        for groups in (reserves.by_ownership, reserves.by_check, reserves.by_chain):
            assert sum(holding.rows for holding in groups.values()) == len(mine)
            assert sum(holding.amount for holding in groups.values()) == sum(one.row.amount for one in mine)
            assert sum(holding.counted for holding in groups.values()) == sum(one.counted(policy) for one in mine)
        assert reserves.total.rows == len(mine)
        assert reserves.surplus == reserves.counted - owes
        if owes:
            assert reserves.ratio == Fraction(reserves.counted, owes)
            assert reserves.met is (reserves.ratio >= Fraction(policy.least_ratio))
        else:
            assert reserves.ratio is None
            assert reserves.met is True
    assert found.met is all(asset.met for asset in found.assets)
    assert found.short == tuple(asset for asset in found.assets if not asset.met)


@given(st.fractions(0, 1000), st.integers(0, 6))
def test_a_percentage_is_never_more_than_there_is(ratio: Fraction, digits: int) -> None:
    shown = Fraction(percent(ratio, digits)) / 100
    assert shown <= ratio < shown + Fraction(1, 100 * 10**digits)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(Fraction(1), "100.00"), (Fraction(2, 3), "66.66"), (Fraction(99_999_999, 10**8), "99.99"), (Fraction(0), "0.00")],
)
def test_a_percentage_is_written_with_two_decimals(ratio: Fraction, text: str) -> None:
    assert percent(ratio) == text


def test_one_unit_too_few_is_not_enough() -> None:
    whole = judged(amount=5 * COIN)
    short = judged(amount=5 * COIN - 1)
    assert settle([whole], (ETH,), [5 * 10**9], DECLARED).met is True
    assert settle([short], (ETH,), [5 * 10**9], DECLARED).met is False, "what is below a unit is rounded down"


def test_what_is_missing_and_what_is_left_over_is_shown() -> None:
    for owed, surplus, met in ((5, -2, False), (3, 0, True), (2, 1, True)):
        (found,) = settle([judged(amount=3 * COIN)], (ETH,), [owed * 10**9], DECLARED).assets
        assert (found.surplus, found.ratio, found.met) == (surplus * 10**9, Fraction(3, owed), met)


def test_without_liabilities_there_is_no_ratio_and_no_verdict() -> None:
    found = settle([judged()], (ETH,), None, DECLARED)
    assert found.met is None
    assert (found.assets[0].ratio, found.assets[0].met, found.assets[0].surplus) == (None, None, None)


def test_an_asset_without_holdings_is_not_covered_if_it_is_owed() -> None:
    found = settle([judged()], (BTC, ETH), [1, 0], DECLARED)
    assert [asset.asset.symbol for asset in found.short] == ["BTC"]


@pytest.mark.parametrize("decimals", [0, 8, 36, 40, 77])
def test_assets_of_any_decimals_are_counted(decimals: int) -> None:
    asset = Asset("ETH", decimals, bits=256)
    found = settle([judged(amount=3 * COIN)], (asset,), [3 * 10**decimals], DECLARED)
    assert found.assets[0].ratio == 1


def test_what_counts_on_the_organisations_word_is_named_and_what_does_not_count_is_not() -> None:
    def word(one: JudgedRow, policy: ReservesPolicy = DECLARED) -> tuple[str, ...]:
        return settle([one], (ETH,), [1], evolve(policy, count=EVERY)).assets[0].on_word

    shown = judged(held=COIN)
    assert word(shown) == ()
    assert word(known_by(Ownership.LOOKED_UP, held=COIN)) == ()
    for ownership in (Ownership.CLAIMED, Ownership.KEY_ONLY, Ownership.UNBOUND):
        assert word(known_by(ownership, held=COIN)) == ("ownership",)
    assert word(judged(Status.CUSTODIAL, held=COIN)) == ("ownership",), "nobody signs for it: no word about messages"
    assert word(judged(held=COIN - 1)) == ()
    assert word(judged()) == word(shown.claimed) == ("balances",)
    lenient = evolve(DECLARED, messages=("challenge", "stale", "constant"))
    for freshness in (Freshness.STALE, Freshness.CONSTANT):
        assert word(judged(held=COIN, freshness=freshness), lenient) == ("messages",)
        assert word(judged(held=COIN, freshness=freshness)) == (), "it does not count"
    assert word(known_by(Ownership.CLAIMED, freshness=Freshness.STALE), lenient) == (
        "ownership",
        "balances",
        "messages",
    )


def test_holdings_are_shown_by_chain_and_token_and_by_message_where_one_is_signed() -> None:
    first, custodial = judged(held=COIN), judged(Status.CUSTODIAL, held=COIN)
    tokens = [
        evolve(first, row=evolve(first.row, chain=chain, token=token)) for chain, token in (("b", "u"), ("b", "t"))
    ]
    found = settle([first, custodial, *tokens, first], (ETH,), None, DECLARED).assets[0]
    assert list(found.by_chain) == [("b", "t"), ("b", "u"), ("ethereum", "")]
    assert found.by_chain["ethereum", ""] == Holding(3, 3 * COIN, 2 * COIN)
    assert found.total == Holding(5, 5 * COIN, 2 * COIN)
    assert found.by_chain["b", "t"] == Holding(1, COIN, 0), "no policy knows this coin there"
    assert found.by_freshness[Freshness.CHALLENGE].rows == 4
    assert sum(holding.rows for holding in found.by_freshness.values()) == 4
    assert found.by_check[Check.CLAIMED] == Holding(0, 0, 0)


def test_liabilities_of_other_numbers_of_assets_are_not_set_against_them() -> None:
    for owed in ([1], [1, 2, 3]):
        with pytest.raises(ValueError, match="zip"):
            settle([], (BTC, ETH), owed, DECLARED)


def test_an_asset_of_which_nothing_is_known_to_be_owed_is_not_short() -> None:
    assert settle([judged()], (BTC, ETH), None, DECLARED).short == ()


def test_a_ratio_as_a_whole_percentage_has_no_point() -> None:
    assert percent(Fraction(2, 3), 0) == "66"
    assert percent(Fraction(10**6 + 1, 10**6), 4) == "100.0001"


def test_more_than_any_account_holds_is_no_answer_and_the_most_is_one() -> None:
    bound = LARGEST * COIN
    most = BalanceCheck.compare(bound - 1, Answer(bound - 1, "node", "why"))
    assert (most.check, most.held, most.source, most.reason) == (Check.CONFIRMED, bound - 1, "node", "why")
    for held in (bound, -1):
        refused = BalanceCheck.compare(bound, Answer(held, "node", "why"))
        assert (refused.check, refused.held, refused.source) == (Check.NOT_CHECKED, None, "node")
        assert refused.reason == "no account holds that much, or less than nothing"
    silent = BalanceCheck.compare(COIN, Answer(None, "node", "why"))
    assert silent == BalanceCheck(Check.NOT_CHECKED, None, "node", "why")
    assert silent.claimed == silent


def test_a_row_is_not_taken_for_looked_up_unless_that_is_said() -> None:
    one = judged(held=COIN)
    assert not one.asked
    assert evolve(one, row=evolve(one.row, control=CONTROL)).ownership is Ownership.CLAIMED
    assert (UNASKED.held, UNASKED.source, UNASKED.reason) == (None, "", "nobody was asked")


@given(st.integers(-(10**60), 10**60))
def test_an_amount_is_written_exactly(amount: int) -> None:
    assert Fraction(amount_text(amount)) == Fraction(amount, COIN)


# Judging


A, B = wallets.evm_account(1), wallets.evm_account(2)
CHALLENGES = Challenges("Example Exchange", "example-1", SNAPSHOT, bytes(32), PINS)
CONTRACT = "0x" + "c0" * 20


class Told(BalanceProvider):
    """A provider that is told what to answer, and keeps what it was asked."""

    name = "told"

    def __init__(
        self, held: dict[str, int | None], controls: dict[str, AccountControl] | None = None, fewer: int = 0
    ) -> None:
        super().__init__(None, default_registry())
        self.held, self.known, self.fewer = held, controls or {}, fewer
        self.asked: list[str] = []
        self.controlled: list[str] = []

    def serves(self, question: Question) -> bool:
        return question.address.lower() in self.held

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        assert pin.chain == questions[0].chain
        self.asked += [question.address for question in questions]
        found = [Answer(self.held[question.address.lower()], "told", "told nothing") for question in questions]
        return found[self.fewer :]

    def controls_chain(self, chain: str) -> bool:
        return bool(self.known)

    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        self.controlled += [question.claim.address for question in questions]
        return [ControlAnswer(self.known.get(question.claim.address.lower()), "told") for question in questions]


def signed(number: int, message: str, **more: Any) -> ReserveRow:
    claim = wallets.PROVEN["EVM, EIP-191"](number, message)
    return evolve(row(message=message, signatures=claim.signatures), **{"address": claim.address, **more})


def evaluated(rows: list[ReserveRow], accounts: list[str] | None = None, **options: Any) -> Any:
    return evaluate(
        rows,
        accounts or [one.address for one in rows],
        assets=(ETH,),
        schemes=load_schemes(),
        **{"pins": PINS, "policy": DECLARED, **options},
    )


def test_a_row_that_signed_this_audits_challenge_is_fresh_and_a_constant_message_is_not() -> None:
    from polyproof_ownership.evm import checksummed

    account = checksummed(bytes.fromhex(A[2:]))
    rows = [signed(1, CHALLENGES.of("ethereum", account).text()), signed(2, "I am an example address")]
    accounts = [account, checksummed(bytes.fromhex(B[2:]))]
    found = evaluated(rows, accounts, challenges=CHALLENGES)
    assert [one.status for one in found.rows] == [Status.PROVEN, Status.PROVEN]
    assert [one.fresh.freshness for one in found.rows] == [Freshness.CHALLENGE, Freshness.CONSTANT]
    ether = found.assets[0]
    assert [holding.rows for holding in ether.by_freshness.values()] == [1, 0, 1, 0]
    assert ether.counted == 10**ether.asset.decimals, "the constant one is shown apart and does not count"


def test_a_signature_for_another_address_fails_though_the_key_is_right() -> None:
    rows = [signed(1, CHALLENGES.of("ethereum", B).text())]
    (one,) = evaluated(rows, challenges=CHALLENGES).rows
    assert one.status is Status.FAILED
    assert "for the address" in one.reason


def test_a_signature_for_another_organisation_fails_though_the_key_is_right() -> None:
    theirs = Challenges("Other Exchange", "other-1", SNAPSHOT, bytes(32), PINS)
    (one,) = evaluated([signed(1, theirs.of("ethereum", A).text())], challenges=CHALLENGES).rows
    assert one.status is Status.FAILED


def test_a_failed_row_is_not_asked_about_and_a_proven_one_is() -> None:
    provider = Told({A: COIN, B: COIN})
    rows = [signed(1, "m"), evolve(signed(1, "m"), address=B)]
    found = evaluated(rows, providers=[provider])
    assert [one.status for one in found.rows] == [Status.PROVEN, Status.FAILED]
    assert [one.balance.check for one in found.rows] == [Check.CONFIRMED, Check.NOT_CHECKED]
    assert provider.asked == [A]


def test_a_provider_that_does_not_know_leaves_the_question_to_the_next() -> None:
    first, second = Told({A: None, B: 5}), Told({A: COIN, B: 7})
    found = evaluated([signed(1, "m"), signed(2, "m")], providers=[first, second])
    assert [one.balance.held for one in found.rows] == [COIN, 5]
    assert second.asked == [A]


def test_a_chain_that_is_not_pinned_is_not_asked() -> None:
    provider = Told({A: COIN})
    (one,) = evaluated([signed(1, "m")], providers=[provider], pins=()).rows
    assert one.balance.check is Check.NOT_CHECKED
    assert "no block of ethereum is pinned" in one.balance.reason
    assert not provider.asked


def test_a_row_nobody_serves_is_not_checked() -> None:
    (one,) = evaluated([signed(1, "m")], providers=[Told({})]).rows
    assert one.balance.check is Check.NOT_CHECKED
    assert "no provider is named" in one.balance.reason


def test_a_provider_that_answers_less_than_it_was_asked_is_broken() -> None:
    with pytest.raises(PluginError, match="gave 1 answer to 2 questions"):
        evaluated([signed(1, "m"), signed(2, "m")], providers=[Told({A: 1, B: 2}, fewer=1)])


@pytest.mark.parametrize(
    "answer", [5, None, "5", Answer(1.0, ""), Answer(True, ""), Answer("1", ""), ControlAnswer(None)]
)  # type: ignore[arg-type]
def test_a_provider_that_returns_something_other_than_answers_is_broken(answer: Any) -> None:
    class Wrong(Told):
        def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
            return [answer for _ in questions]

    with pytest.raises(PluginError, match="something other than an answer"):
        evaluated([signed(1, "m")], providers=[Wrong({A: 1})])


def owned(*owners: str, signers: tuple[int, ...] = (1, 2), message: str = "m") -> ReserveRow:
    signatures = tuple(wallets.PROVEN["EVM, EIP-191"](number, message).signatures[0] for number in signers)
    return evolve(signed(1, message), address=CONTRACT, owners=owners, signatures=signatures)


def test_a_contract_is_unbound_until_its_chain_is_asked_and_then_the_chain_decides() -> None:
    (unasked,) = evaluated([owned(A, B)]).rows
    assert unasked.status is Status.UNBOUND
    owners = AccountControl("getOwners", (A, B), 2)
    (asked,) = evaluated([owned(A, B)], providers=[Told({}, {CONTRACT: owners})]).rows
    assert asked.status is Status.PROVEN
    assert asked.row.control == owners
    (other,) = evaluated(
        [owned(A, B)], providers=[Told({}, {CONTRACT: AccountControl("x", ("0x" + "ee" * 20,), 1)})]
    ).rows
    assert other.status is Status.FAILED


def test_what_was_looked_up_is_kept_apart_in_the_sums() -> None:
    owners = AccountControl("getOwners", (A, B), 2)
    rows = [owned(A, B), signed(1, "m")]
    found = evaluated(rows, providers=[Told({}, {CONTRACT: owners})]).assets[0]
    assert found.by_ownership[Ownership.SIGNED].rows == 1
    assert found.by_ownership[Ownership.LOOKED_UP].rows == 1


def test_a_proven_row_and_one_that_contradicts_are_not_looked_up() -> None:
    provider = Told({}, {CONTRACT: AccountControl("x", (A,), 1)})
    theirs = Challenges("Other Exchange", "other-1", SNAPSHOT, bytes(32), PINS).of("ethereum", CONTRACT).text()
    rows = [signed(1, "m"), owned(A, B, message=theirs)]
    found = evaluated(rows, providers=[provider], challenges=CHALLENGES)
    assert [one.status for one in found.rows] == [Status.PROVEN, Status.FAILED]
    assert not provider.controlled


def test_why_a_contract_could_not_be_looked_up_is_reported() -> None:
    (one,) = evaluated([owned(A, B)], providers=[Told({}, {B: AccountControl("x", (A,), 1)})]).rows
    assert one.status is Status.UNBOUND
    assert one.reason.endswith("; told")


def test_a_custodial_row_is_asked_about_and_never_signed_for() -> None:
    (one,) = evaluated([row(kind=Kind.CUSTODIAL)], providers=[Told({"0x" + "ab" * 20: COIN})]).rows
    assert (one.status, one.balance.check) == (Status.CUSTODIAL, Check.CONFIRMED)


def test_progress_moves_through_all_that_takes_long() -> None:
    from contextlib import contextmanager

    from polyproof.progress import Task

    seen: dict[str, int] = {}

    class Counting(Progress):
        @contextmanager
        def task(self, title: str, total: int | None = None) -> Any:
            class Steps(Task):
                def advance(self, steps: int = 1) -> None:
                    seen[title] = seen.get(title, 0) + steps

            yield Steps()

    evaluated([signed(number, "m") for number in range(10)], progress=Counting())
    assert seen["verify ownership"] == 10
