"""One address counts once for one coin, whatever a file, a spec or a format calls the coin."""

from __future__ import annotations

import re
from typing import Any

import pytest
from attrs import evolve

from ownership import wallets
from polyproof.model.assets import Asset
from polyproof.model.chains import CHAINS, KNOWN_COINS, NO_TOKENS, coin_name, may_exist, own_coin
from polyproof.ownership import Status
from polyproof.reserves.challenge import Freshness, FreshnessVerdict
from polyproof.reserves.evaluation import UNASKED, JudgedRow, settle
from polyproof.settings.reserves import AcceptedCoin, ReservesPolicy
from reserves.conftest import Problems, Read
from reserves.exchange import jsonl
from reserves.test_reserve_evaluation import COIN, DECLARED, ETH, row

A = wallets.evm_account(1)
BITCOIN = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


def holding(asset: str, chain: str, **more: str) -> dict[str, Any]:
    return {"asset": asset, "chain": chain, "address": A, "amount": "1", **more}


def judged(chain: str, token: str = "", asset: str = "ETH", status: Status = Status.PROVEN) -> JudgedRow:
    found = evolve(row(COIN, asset), chain=chain, token=token)
    return JudgedRow(found, A, status, "", "", FreshnessVerdict(Freshness.CHALLENGE, ""), UNASKED)


# Reading files


@pytest.mark.parametrize(
    ("asset", "chain"),
    [("BTC", "heco"), ("BTC", "ethereum"), ("ETH", "bnb-smart-chain"), ("USDT", "bnb-smart-chain"), ("ETH", "tron")],
)
def test_an_asset_that_is_not_on_a_chain_is_an_error(problems: Problems, asset: str, chain: str) -> None:
    (problem,) = problems("native", jsonl([holding(asset, chain)]), "a.jsonl")
    assert f"{asset} on {chain} is not known" in problem.message
    assert "reserves.coins" in (problem.hint or "")
    assert problem.location is not None


@pytest.mark.parametrize("chain", ["dogecoin", "litecoin", "dash"])
def test_on_a_chain_without_tokens_no_spec_can_add_a_coin(problems: Problems, chain: str) -> None:
    more = f"  coins: [{{coin: WRAPPED, asset: BTC, chain: {chain}}}]\n"
    for named in ("BTC", "WRAPPED"):
        (problem,) = problems("native", jsonl([holding(named, chain)]), "a.jsonl", more=more)
        assert f"there is no BTC on {chain}" in problem.message
        assert CHAINS[chain].coin in (problem.hint or "")


def test_two_assets_of_a_spec_are_one_coin_if_they_are_one(problems: Problems) -> None:
    rows = [{**holding(asset, "bitcoin"), "address": BITCOIN} for asset in ("BTC", "XBT")]
    (problem,) = problems("native", jsonl(rows), "a.jsonl", assets=("BTC 8", "XBT 8"))
    assert "is listed twice" in problem.message


# Counting


def test_ten_names_of_tokens_that_a_spec_invents_count_once(read: Read) -> None:
    names = [f"token-{number}" for number in range(10)]
    coins = ", ".join(f"{{coin: {name}, asset: ETH, chain: ethereum, token: {name}}}" for name in names)
    rows = [holding("ETH", "ethereum"), *(holding(name, "ethereum") for name in names)]
    found = read("native", jsonl(rows), "a.jsonl", more=f"  coins: [{coins}]\n")
    assert len(found.rows) == 11
    counted = settle([judged(one.chain, one.token) for one in found.rows], (ETH,), [10**9], DECLARED)
    assert counted.assets[0].counted == 10**9, "the usual one, and none of the invented"
    assert counted.assets[0].total.rows == 11, "the others are shown"


def test_one_address_on_ten_chains_counts_where_its_coin_is(read: Read) -> None:
    chains = ["heco", "okt", "bnb-smart-chain", "tron", "moonbeam", "fantom", "ronin", "kcc", "celo", "ethereum"]
    rows = [judged(chain, asset="BTC") for chain in chains]
    found = settle(rows, (Asset("BTC", 8),), [10**8], DECLARED)
    assert found.assets[0].counted == 0
    assert settle([judged("bitcoin", asset="BTC")], (Asset("BTC", 8),), [10**8], DECLARED).assets[0].counted == 10**8


def test_only_the_policy_makes_another_coin_count() -> None:
    bridged = AcceptedCoin(asset="eth", chain="bnb-smart-chain", token="bridged")
    accepting = ReservesPolicy(balances="declared", coins=(bridged,))
    assert judged("bnb-smart-chain", "bridged").counted(DECLARED) == 0
    assert judged("bnb-smart-chain", "bridged").counted(accepting) == COIN
    assert judged("bnb-smart-chain").counted(accepting) == 0
    assert judged("heco", "bridged").counted(accepting) == 0


@pytest.mark.parametrize("status", list(Status))
def test_no_status_makes_an_unknown_coin_count(status: Status) -> None:
    every = ReservesPolicy(
        balances="declared",
        count=("signed", "looked-up", "claimed", "key-only", "unbound", "custodial"),
        messages=("challenge",),
    )
    assert judged("heco", status=status).counted(every) == 0


@pytest.mark.parametrize("chain", sorted(NO_TOKENS))
def test_no_policy_adds_a_coin_to_a_chain_without_tokens(chain: str) -> None:
    policy = ReservesPolicy(coins=(AcceptedCoin(asset="BTC", chain=chain),))
    assert not policy.knows("BTC", chain, "")
    assert policy.knows(own_coin(chain), chain, "")


# The table


def test_every_known_coin_is_on_a_chain_on_which_it_may_be() -> None:
    for asset, chain, _ in KNOWN_COINS:
        assert chain in CHAINS
        assert may_exist(asset, chain)
        assert coin_name(asset) == asset
        assert re.fullmatch(r"[A-Z0-9]{1,12}", asset)


def test_what_could_not_be_confirmed_is_left_open() -> None:
    assert {name for name, chain in CHAINS.items() if not chain.coin} == {"ethereum-fair", "wax"}
