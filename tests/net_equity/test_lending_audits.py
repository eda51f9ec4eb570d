"""Audits of accounts with and without debts from a spec to a customer's check, by a tree and by a STARK."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyrage
import pytest
from attrs import evolve

import polyproof
from docs.pages import PAGES, blocks
from net_equity.audits import ACCOUNTS, PRICES, SPEC, TREES, UNDERWATER, forged, written
from polyproof import liabilities
from polyproof.errors import (
    AccountsError,
    ArtifactError,
    InputError,
    OptionsError,
    PolicyRejected,
    ProofRejected,
    SpecError,
)
from polyproof.liabilities.artifacts import InclusionFile
from polyproof.liabilities.dividing import divide, surpluses
from polyproof.liabilities.netting import GROSS_ALONE, NET_TOTALS, NOT_COVERED, times_sentence
from polyproof.liabilities.pledges import with_pledges, without_pledges
from polyproof.liabilities.private_encryption import encrypt
from polyproof.liabilities.recipients import Identities, Recipient
from polyproof.liabilities.typed_balances import make_claim
from polyproof.liabilities.verification import PublishedAudit
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.net_equity import AssetTerms, Category, Slice, positions_of
from polyproof.model.prices import Quote
from polyproof.registry import default_registry
from polyproof.settings.net_equity import Collateral, SliceSettings
from polyproof.settings.net_equity_policy import NetEquityPolicy
from polyproof.settings.policy import UNRESTRICTED, Policy, load_policy
from polyproof.settings.spec import load_spec


def policy_of(audit: Path) -> Policy:
    return Policy() if "stark" in str(audit) else TREES


def trusting(**values: object) -> Policy:
    return evolve(TREES, net_equity=NetEquityPolicy(require_covered=False, **values))  # type: ignore[arg-type]


@pytest.fixture(params=["tree_audit", "stark_audit"])
def audit(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["tree_audit", pytest.param("stark_audit", marks=pytest.mark.slow)])
def either(request: pytest.FixtureRequest) -> Path:
    """The same, for many cases: by the STARK where time is no matter."""
    found: Path = request.getfixturevalue(request.param)
    return found


def file_of(audit: Path, user: str, tmp_path: Path) -> Path:
    return liabilities.cut_inclusion(audit, user, out=tmp_path / f"{user}.polyproof")[0]


def check(audit: Path, file: Path, user: str, balances: dict[str, str], debts: dict[str, str]) -> tuple[str, ...]:
    def claim(published: PublishedAudit) -> object:
        given = [[(symbol, amount, None) for symbol, amount in each.items()] for each in (balances, debts)]
        return make_claim(published.spec.assets, user, *given)

    found = liabilities.verify_inclusion(file, audit / "public", claim, policy=policy_of(audit))  # type: ignore[arg-type]
    return found.verdict.sentences


def test_accounts_are_proved_in_segments_of_their_kind_and_totals_are_gross(audit: Path) -> None:
    verified = liabilities.verify(audit / "public", policy=policy_of(audit), jobs=1 if "stark" in str(audit) else 2)
    manifest = verified.audit.manifest
    assert [len(segment.totals) for segment in manifest.segments] == [2, 6]
    assert verified.totals == manifest.totals == (475_000_000, 70_100_000_000)
    assert manifest.position_totals == (475_000_000, 10_000_000, 100_000_000, 70_100_000_000, 50_000_000_000, 10**10)
    assert verified.audit.properties.covers_debts == ("stark" in str(audit))


def test_whoever_verifies_the_own_part_alone_is_told_of_gross_totals_alone(audit: Path, tmp_path: Path) -> None:
    covered = "stark" in str(audit)
    alice = check(audit, file_of(audit, "alice", tmp_path), "alice", {"BTC": "0.25", "USDT": "100"}, {})
    assert alice[-1] == (GROSS_ALONE if covered else NOT_COVERED)
    carol = check(audit, file_of(audit, "carol", tmp_path), "carol", {"USDT": "20000"}, {"BTC": "0.1"})
    # There is one part with debts, and carol's own check verified it.
    assert carol[-1] == (NET_TOTALS if covered else NOT_COVERED)


@pytest.mark.parametrize(
    ("user", "balances", "debts", "name"),
    [
        ("carol", {"USDT": "20000"}, {}, "inclusion-path"),
        ("carol", {"USDT": "20000"}, {"BTC": "0.09"}, "inclusion-path"),
        ("carol", {"USDT": "20001"}, {"BTC": "0.1"}, "inclusion-path"),
        ("carol", {"USDT": "9999"}, {"BTC": "0.1"}, "pledges"),
        ("bob", {"BTC": "1.5"}, {"USDT": "49999"}, "inclusion-path"),
        ("alice", {"BTC": "0.25", "USDT": "100"}, {"BTC": "0.01"}, "segment-kind"),
    ],
)
def test_another_balance_or_debt_is_not_included(
    either: Path, tmp_path: Path, user: str, balances: dict[str, str], debts: dict[str, str], name: str
) -> None:
    with pytest.raises(ProofRejected) as refused:
        check(either, file_of(either, user, tmp_path), user, balances, debts)
    assert refused.value.check == name, refused.value


def test_pledges_that_were_not_proved_do_not_lead_to_the_row(either: Path, tmp_path: Path) -> None:
    file = file_of(either, "carol", tmp_path)
    policy = policy_of(either)
    found = InclusionFile.parse(file.read_bytes(), policy)
    positions = liabilities.open_audit(either / "public", policy=policy).margin.positions  # type: ignore[union-attr]
    pledged, inner = without_pledges(found.inclusion, positions)
    assert pledged == (0, 10**10)
    for other, name in (
        ((0, 2 * 10**10), "inclusion-path"),
        ((0, 3 * 10**10), "pledges"),
        ((1, 10**10), "pledges"),
    ):
        file.write_bytes(evolve(found, inclusion=with_pledges(other, inner)).to_bytes())
        with pytest.raises(ProofRejected) as refused:
            check(either, file, "carol", {"USDT": "20000"}, {"BTC": "0.1"})
        assert refused.value.check == name
    for junk in (b"", inner, with_pledges(pledged, inner) + b"0", with_pledges((1 << 64, 0), inner)):
        file.write_bytes(evolve(found, inclusion=junk).to_bytes())
        with pytest.raises(ProofRejected):
            check(either, file, "carol", {"USDT": "20000"}, {"BTC": "0.1"})


def test_one_row_is_one_account_however_many_files_show_it(either: Path, tmp_path: Path) -> None:
    """A user with two accounts must not be shown one of them twice, in place of the other, which was left out."""
    files = [file_of(either, user, tmp_path) for user in ("alice", "carol")]
    again = tmp_path / "again.polyproof"
    again.write_bytes(files[0].read_bytes())

    def claim(user: str, balances: list[tuple[str, str, None]], debts: list[tuple[str, str, None]]) -> object:
        return lambda published: make_claim(published.spec.assets, user, balances, debts)

    alice = claim("alice", [("BTC", "0.25", None), ("USDT", "100", None)], [])
    carol = claim("carol", [("USDT", "20000", None)], [("BTC", "0.1", None)])
    given = [(files[0], alice), (files[1], carol), (again, alice)]
    found = liabilities.verify_inclusions(given, either / "public", policy=policy_of(either))  # type: ignore[arg-type]
    assert [result.file for result in found.included] == files
    (rejected,) = found.rejected
    assert rejected.error.check == "row-twice"


def test_a_part_with_debts_whose_proof_the_policy_refuses_was_not_verified_for_another_file(
    stark_audit: Path, tmp_path: Path
) -> None:
    opened = liabilities.open_audit(stark_audit / "public")
    bits = [
        opened.judge_of(index).security_of(opened.statement(index), opened.proof(index)).soundness for index in (0, 1)
    ]
    assert bits[0] is not None
    assert bits[1] is not None
    assert bits[1].bits < bits[0].bits
    files = [file_of(stark_audit, user, tmp_path) for user in ("alice", "carol")]
    given = [
        (files[0], lambda one: make_claim(one.spec.assets, "alice", [("BTC", "0.25", None), ("USDT", "100", None)])),
        (
            files[1],
            lambda one: make_claim(one.spec.assets, "carol", [("USDT", "20000", None)], [("BTC", "0.1", None)]),
        ),
    ]
    found = liabilities.verify_inclusions(given, stark_audit / "public")
    assert [one.verdict.sentences[-1] for one in found.included] == [NET_TOTALS, NET_TOTALS]
    strict = evolve(Policy(), min_soundness_bits=bits[0].bits, min_soundness_2025_bits=None)
    found = liabilities.verify_inclusions(given, stark_audit / "public", policy=strict)
    (alice,), (carol,) = found.included, found.rejected
    assert carol.error.check == "policy-soundness"
    assert alice.verdict.sentences[-1] == GROSS_ALONE


def test_the_store_of_all_files_has_pledges_too(tree_audit: Path, tmp_path: Path) -> None:
    liabilities.store_inclusions(tree_audit, out=tmp_path / "all.store")
    file, _ = liabilities.take_inclusion(tmp_path / "all.store", "bob", out=tmp_path / "bob.polyproof")
    assert check(tree_audit, file, "bob", {"BTC": "1.5"}, {"USDT": "50000"})


def test_pledges_come_out_of_an_encrypted_private_half_as_they_went_in(tree_audit: Path, tmp_path: Path) -> None:
    audit = tmp_path / "audit"
    shutil.copytree(tree_audit, audit)
    liabilities.store_inclusions(audit)
    plain = file_of(audit, "carol", tmp_path).read_bytes()
    key = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(f"{key}\n")
    (tmp_path / "key").chmod(0o600)
    encrypt(audit, [Recipient(str(key.to_public()))], Identities((key,)))
    with pytest.raises(ArtifactError, match="is encrypted for"):
        polyproof.cut_inclusion(audit, "carol", out=tmp_path / "none.polyproof")
    cut = polyproof.cut_inclusion(audit, "carol", out=tmp_path / "cut.polyproof", identity=tmp_path / "key")
    store = audit / "private/inclusion.store"
    taken = polyproof.take_inclusion(store, "carol", out=tmp_path / "taken.polyproof", identity=tmp_path / "key")
    assert cut.file.read_bytes() == taken.file.read_bytes() == plain
    assert check(tree_audit, taken.file, "carol", {"USDT": "20000"}, {"BTC": "0.1"})


# Accounts under water


def test_accounts_whose_debts_are_not_covered_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(AccountsError, match="account 'frank' owes more than what it has pledged counts for"):
        liabilities.check(written(tmp_path, accounts=ACCOUNTS + UNDERWATER), policy=TREES)


def test_or_left_out_with_their_number_and_sums_published_as_declared(tmp_path: Path) -> None:
    leaving = SPEC.replace("net_equity:\n", "net_equity:\n  underwater: leave-out\n")
    spec = written(tmp_path, accounts=ACCOUNTS + UNDERWATER, spec=leaving)
    proved = liabilities.prove(spec, tmp_path / "audit", policy=TREES)
    assert (proved.accounts, proved.manifest.totals) == (5, (475_000_000, 70_100_000_000))
    facts = liabilities.verify(tmp_path / "audit", policy=TREES).audit.manifest.net_equity
    assert facts is not None
    assert facts.underwater is not None
    assert (facts.underwater.accounts, facts.underwater.equity, facts.underwater.debt) == (
        1,
        (0, 20_000_000_000),
        (20_000_000, 0),
    )


# What a policy refuses


def refused(audit: Path, policy: Policy) -> PolicyRejected:
    with pytest.raises(PolicyRejected) as found:
        liabilities.open_audit(audit / "public", policy=policy)
    return found.value


def test_debts_that_nothing_is_shown_to_cover_take_a_policy_that_says_so(tree_audit: Path) -> None:
    error = refused(tree_audit, evolve(TREES, net_equity=NetEquityPolicy()))
    assert error.check == "policy-debts-covered"


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (("BTC", "94000"), "a debt of BTC counts at 91000 USD, by your prices at 94000"),
        (("BTC", "80000"), "BTC counts as collateral at 90000 USD, by your prices at 80000"),
        (("BTC", None), "BTC is owed or pledged, and your file of prices has none of it"),
        (("BTC", "91000 EUR"), "its prices are in USD, and yours of BTC are not"),
        (("BTC", "91000"), None),
        (("BTC", "92800"), None),
    ],
)
def test_prices_are_compared_with_the_verifiers_own(
    tree_audit: Path, tmp_path: Path, own: tuple[str, str | None], told: str | None
) -> None:
    price, _, currency = (own[1] or "").partition(" ")
    rows = [f"USDT,1,{currency or 'USD'},mine,2025-11-30T00:00:00Z"]
    rows += [f"BTC,{price},{currency or 'USD'},mine,2025-11-30T00:00:00Z"] if price else []
    (tmp_path / "mine.csv").write_text("\n".join([PRICES.splitlines()[0], *rows]) + "\n")
    (tmp_path / "policy.yaml").write_text(
        "polyproof-policy: 2\nmin_soundness_bits: null\nmin_soundness_2025_bits: null\n"
        "net_equity: {require_covered: false, prices: mine.csv, tolerance: 2%}\n"
    )
    policy = load_policy(tmp_path / "policy.yaml")
    if told is None:
        liabilities.open_audit(tree_audit / "public", policy=policy)
    else:
        error = refused(tree_audit, policy)
        assert error.check == "policy-prices"
        assert told in str(error)


@pytest.mark.parametrize(
    ("time", "hours", "check"),
    [
        ("2025-11-29T00:00:00Z", 24, None),
        ("2025-11-28T23:59:59Z", 24, "policy-price-times"),
        ("2025-12-01T00:00:00Z", 24, None),
        ("2025-12-01T00:00:01Z", 24, "policy-price-times"),
        ("2025-12-01T00:00:01Z", 25, None),
        ("2025-11-29T23:59:59Z", 0, "policy-price-times"),
        ("2001-01-01T00:00:00Z", None, None),
    ],
)
def test_prices_are_of_the_time_of_the_balances_as_far_as_the_policy_says(
    tree_audit: Path, tmp_path: Path, time: str, hours: int | None, check: str | None
) -> None:
    def of_another_time(manifest: dict[str, Any]) -> None:
        manifest["net_equity"]["prices"][0]["time"] = time

    public = forged(tree_audit, tmp_path / "public", of_another_time)
    policy = trusting(max_price_hours=hours)
    if check is None:
        facts = liabilities.open_audit(public, policy=policy).margin
        assert facts is not None
        assert time[:10] in times_sentence(facts.facts.prices, "2025-11-30T00:00:00Z")
    else:
        with pytest.raises(PolicyRejected) as refused:
            liabilities.open_audit(public, policy=policy)
        assert refused.value.check == check


def test_whoever_proves_is_told_of_old_prices_before_the_accounts_are_read(tmp_path: Path) -> None:
    spec = written(tmp_path, prices=PRICES.replace("USDT,1,USD,Kraken,2025-11-30", "USDT,1,USD,Kraken,2025-09-30"))
    (tmp_path / "accounts.csv").unlink()
    with pytest.raises(
        OptionsError, match=r"of USDT by Kraken is of 2025-09-30T00:00:00Z, 61 days before the balances"
    ):
        liabilities.check(spec, policy=TREES)
    with pytest.raises(AccountsError):
        liabilities.check(spec, policy=trusting(max_price_hours=61 * 24))


def test_a_price_from_the_future_is_refused_before_anything_is_proved(tmp_path: Path) -> None:
    spec = written(tmp_path, prices=PRICES.replace("USDT,1,USD,Kraken,2025-11-30", "USDT,1,USD,Kraken,2999-11-30"))
    with pytest.raises(
        SpecError, match=r"prices\.csv: the price of USDT by Kraken is of 2999-11-30T00:00:00Z, and now"
    ):
        liabilities.check(spec, policy=UNRESTRICTED)


@pytest.mark.parametrize(
    ("times", "told"),
    [
        (("2025-11-30T00:00:00Z",), "of 2025-11-30T00:00:00Z, as the organisation says: the time of the balances."),
        (
            ("2025-11-29T22:59:59Z",),
            "of 2025-11-29T22:59:59Z, as the organisation says: 61 minutes before the balances.",
        ),
        (
            ("2025-11-27T23:00:00Z", "2025-11-30T00:00:01Z"),
            "of 2025-11-27T23:00:00Z to 2025-11-30T00:00:01Z, as the organisation says: 3 days before the balances and "
            "1 minute after the balances.",
        ),
    ],
)
def test_the_age_of_prices_is_said_and_never_less_than_it_is(times: tuple[str, ...], told: str) -> None:
    quotes = [Quote(asset="BTC", price="1", currency="USD", source=time, time=time) for time in times]
    assert times_sentence(quotes, "2025-11-30T00:00:00Z") == f"Its prices are {told}"


def test_coins_that_the_organisation_issues_cover_no_debt_unless_the_policy_allows(
    tree_audit: Path, tmp_path: Path
) -> None:
    known = trusting(own_issued=("USDT",))
    assert refused(tree_audit, known).check == "policy-own-issued"
    liabilities.open_audit(tree_audit / "public", policy=trusting(own_issued=("USDT",), allow_own_issued=("USDT",)))
    pumped = SPEC.replace("net_equity:\n", "net_equity:\n  own_issued: [USDT]\n")
    with pytest.raises(OptionsError, match="USDT is issued by the organisation and counts as collateral"):
        liabilities.check(written(tmp_path, spec=pumped), policy=TREES)
    declared = SPEC + "disclosures:\n  own_issued: [{asset: USDT}]\n"
    with pytest.raises(OptionsError, match="USDT is issued by the organisation"):
        liabilities.check(written(tmp_path, spec=declared), policy=TREES)


def caps(*slices: tuple[str, str | None], category: str = "loan") -> Collateral:
    found = tuple(SliceSettings(ratio=ratio, width=width) for ratio, width in slices)
    return Collateral(asset="BTC", category=category, slices=found)


@pytest.mark.parametrize(
    ("most", "told"),
    [
        (caps(("0.9", "10"), ("0.5", None)), None),
        (caps(("1", None)), None),
        (caps(("0.9", "9"), ("0.6", None)), "a pledge of 10 BTC as loan"),
        (caps(("0.8", None)), "a pledge of 10 BTC as loan"),
        (caps(("0.9", "10"), ("0.4", None)), "a pledge of 10.00000001 BTC as loan"),
        (caps(("0.9", "1000"), ("0", None)), "as loan counts for more"),
        (
            caps(("1", None), category="margin"),
            "than the policy allows, which lists BTC as margin alone",
        ),
    ],
)
def test_collateral_counts_for_no_more_than_the_policy_allows(
    tree_audit: Path, most: Collateral, told: str | None
) -> None:
    if told is None:
        liabilities.open_audit(tree_audit / "public", policy=trusting(haircuts=(most,)))
    else:
        error = refused(tree_audit, trusting(haircuts=(most,)))
        assert error.check == "policy-haircuts"
        assert told in str(error)


def test_an_asset_of_which_more_is_lent_than_there_is_takes_a_policy_that_allows_it(tmp_path: Path) -> None:
    spec = written(tmp_path, accounts=ACCOUNTS.replace("erin,0,0,0,50000", "erin,0,0,0,0"))
    with pytest.raises(OptionsError, match="of USDT more is lent than all accounts have, by 29900"):
        liabilities.check(spec, policy=TREES)
    allowing = trusting(allow_negative_net=("USDT",))
    proved = liabilities.prove(spec, tmp_path / "audit", policy=allowing)
    assert refused(proved.directory, TREES).check == "policy-net"
    assert liabilities.open_audit(proved.directory, policy=UNRESTRICTED)
    assert liabilities.verify(proved.directory, policy=allowing)


# Specs


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("prices: prices.csv\n", "", "the key 'prices' is missing"),
        ("rule: net-equity\n", "", "is for the rule net-equity"),
        ("{asset: USDT, category: loan", "{asset: USDC, category: loan", "USDC is no asset of the audit"),
        ('{ratio: "0.5"}', '{ratio: "0.95"}', "the ratio rises from 0.9 to 0.95"),
        ("backend: BACKEND", "backend: BACKEND\nmargin_backend: stark", "both kinds of segments are proved by one"),
    ],
)
def test_specs_that_do_not_say_how_debts_are_weighed_are_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        written(tmp_path, spec=SPEC.replace(old, new))


def test_a_plan_can_be_proved_in_parts_elsewhere(tmp_path: Path) -> None:
    spec = written(tmp_path)
    planned = liabilities.plan(spec, tmp_path / "work", policy=TREES)
    assert planned.segments == (3, 2)
    assert "prices.csv" not in (tmp_path / "work" / "plan.json").read_text()
    for index in (1, 0):
        liabilities.prove_segment(tmp_path / "work", index)
    assert liabilities.plan(load_spec(tmp_path / "spec.yaml", default_registry()), tmp_path / "work", policy=TREES).kept
    proved = liabilities.assemble(tmp_path / "work", tmp_path / "audit")
    assert liabilities.verify(proved.directory, policy=TREES)


def test_without_any_debt_there_is_no_segment_of_accounts_with_debts(tmp_path: Path) -> None:
    plain = "".join(line for line in ACCOUNTS.splitlines(keepends=True) if not line.startswith(("bob", "carol")))
    proved = liabilities.prove(written(tmp_path, accounts=plain), tmp_path / "audit", policy=TREES)
    assert len(proved.segments) == 1
    assert liabilities.verify(proved.directory, policy=TREES).audit.manifest.position_totals[1] == 0


# The sums


def test_surpluses_are_those_of_exact_fractions() -> None:
    btc, wei = Asset("BTC", 8), Asset("WEI", 18, bits=128)
    terms = (
        AssetTerms(
            asset=btc,
            price_up=91_003,
            price_down=90_001,
            categories=(Category("loan", (Slice(Fraction(9, 10), 1000), Slice(Fraction(1, 3)))),),
        ),
        AssetTerms(asset=wei, price_up=7, price_down=5, categories=(Category("loan", (Slice(Fraction(1)),)),)),
    )
    rows = [
        ("small", (500, 0, 500, 0, 0, 0)),
        ("large", (5000, 3, 5000, 1 << 100, 1 << 99, 1 << 70)),
        ("none", (1, 0, 0, 1, 0, 0)),
        ("owing", (0, 1, 0, 0, 0, 0)),
    ]
    accounts = Accounts.of(positions_of(terms), rows)
    expected = []
    for _, (_, debt, pledged, _, owed, other) in rows:
        first, rest = min(pledged, 1000), max(pledged - 1000, 0)
        expected.append(first * (90_001 * 9 // 10) + rest * (90_001 // 3) - debt * 91_003 + other * 5 - owed * 7)
    assert surpluses(accounts, terms).tolist() == expected
    found = divide(accounts, terms)
    assert (list(found.cash.ids), list(found.margin.ids), list(found.underwater.ids)) == (
        ["none"],
        ["small"],
        ["large", "owing"],
    )
    assert found.cash.assets == (btc, wei)
    assert found.places.tolist() == [1, 3]


def test_what_a_forged_copy_says_of_itself_is_as_it_was(tree_audit: Path, tmp_path: Path) -> None:
    """The tests of forged headers change one thing: with none changed, the copy verifies."""
    assert liabilities.verify(forged(tree_audit, tmp_path / "public", lambda _: None), policy=TREES)


def test_control_sums_are_of_what_accounts_have_those_left_out_among_them(tmp_path: Path) -> None:
    """The query knows of no accounts under water: without them it would say that more is owed than the totals."""
    leaving = SPEC.replace("net_equity:\n", "net_equity:\n  underwater: leave-out\n")
    query = (
        'SELECT sum("BTC:equity"::DECIMAL(38, 8)) AS "BTC:equity", sum("BTC:debt"::DECIMAL(38, 8)) AS "BTC:debt", '
        'sum("USDT:equity"::DECIMAL(38, 6)) AS "USDT:equity", sum("USDT:debt"::DECIMAL(38, 6)) AS "USDT:debt" '
        "FROM read_csv('accounts.csv', all_varchar = true)"
    )
    controlled = leaving.replace("{path: accounts.csv}", f"\n  path: accounts.csv\n  control: {query}")
    spec = written(tmp_path, accounts=ACCOUNTS + UNDERWATER, spec=controlled)
    liabilities.prove(spec, tmp_path / "audit", policy=TREES)
    manifest = liabilities.verify(tmp_path / "audit", policy=TREES).audit.manifest
    assert manifest.control == ("4.75", "90100")
    assert manifest.totals == (475_000_000, 70_100_000_000)


def test_the_accounts_that_the_guide_shows_are_proved_as_it_says(tmp_path: Path) -> None:
    page = next(page for page in PAGES if page.name == "audit-margin-accounts.md")
    settings, prices, accounts = (block.text for block in blocks(page.read_text())[1:4])
    before, after = SPEC[: SPEC.index("rule:")], SPEC[SPEC.index("backend:") :]
    spec = written(tmp_path, accounts=accounts, prices=prices, spec=before + settings + after)
    proved = liabilities.prove(spec, tmp_path / "audit", policy=TREES)
    assert proved.segments == (2, 2)
    assert liabilities.verify(proved.directory, policy=TREES)
