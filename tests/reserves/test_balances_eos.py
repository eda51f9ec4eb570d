"""EOS and WAX: what a token contract has for an account while the node's head is the snapshot's block."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from polyproof.balances import BalanceProvider, Pin, Question
from polyproof.model.holdings import FINEST
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.testing.balances import Connect, Held, ServedBalanceSuite
from polyproof.testing.servers import Reply, Request, Respond, Server
from polyproof_balances.eos import CHAIN_IDS, Eos, EosOptions
from reserves.answering import QUICK

TENTH = 10**FINEST // 10**4
PIN = Pin(chain="eos", height=470_000_000, block="1c039f80" + "e0" * 28)
HELD = {
    ("eosio.token", "okbtothemoon", "EOS"): "15.0001 EOS",
    ("core.vaulta", "okbtothemoon", "A"): "7.0000 A",
    ("eosio.token", "a", "EOS"): "0.0001 EOS",
}


def nodeos(pin: Pin = PIN, chain: str = CHAIN_IDS["eos"], held: Mapping[Any, Any] = HELD) -> Respond:
    """A node at a head: shapes as docs.antelope.io documents the chain API."""

    def respond(request: Request) -> Reply:
        asked = json.loads(request.body)
        if request.path == "/v1/chain/get_info":
            found: Any = {"chain_id": chain, "head_block_num": pin.height, "head_block_id": pin.block}
        elif request.path == "/v1/chain/get_account":
            if asked["account_name"] != "empty":
                return Reply(b'{"code": 500, "error": {"what": "unknown key"}}', 500)
            found = {"account_name": "empty", "head_block_num": pin.height}
        else:
            assert request.path == "/v1/chain/get_currency_balance"
            key = asked["code"], asked["account"], asked["symbol"]
            found = [held[key]] if key in held else []
        return Reply(json.dumps(found).encode())

    return respond


def connected(url: str, **options: Any) -> BalanceProvider:
    made = Eos(EosOptions(**{"url": url, "parallel": 1, **QUICK, **options}), default_registry())
    made.open(Path())
    return made


EOS_A, A_A = Question("EOS", "eos", "okbtothemoon"), Question("A", "eos", "okbtothemoon")


def answer(respond: Respond, question: Question = EOS_A) -> int | str:
    with Server(respond).listening() as url:
        (found,) = connected(url).balances([question], PIN, Progress())
    return found.reason if found.held is None else found.held


class TestEos(ServedBalanceSuite):
    one_by_one = True

    @pytest.fixture
    def pin(self) -> Pin:
        return PIN

    @pytest.fixture
    def held(self) -> Held:
        return {EOS_A: 150_001 * TENTH, A_A: 70_000 * TENTH, evolve(EOS_A, address="a"): TENTH}

    @pytest.fixture
    def respond(self) -> Respond:
        return nodeos()

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        return {
            "WAX": nodeos(chain=CHAIN_IDS["wax"], held={}),
            "a later head": nodeos(evolve(PIN, height=PIN.height + 1), held={}),
            "another head": nodeos(evolve(PIN, block="1c039f80" + "e1" * 28), held={}),
        }

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        return {"another head": nodeos(evolve(PIN, block="1c039f80" + "e1" * 28), held={})}

    @pytest.fixture
    def connect(self) -> Connect:
        return connected


def test_an_account_without_a_balance_holds_nothing_and_a_name_that_nobody_has_is_not_known() -> None:
    assert answer(nodeos(), evolve(EOS_A, address="empty")) == 0
    assert "no account of this name" in str(answer(nodeos(), evolve(EOS_A, address="nobody")))


def test_a_head_that_is_not_the_snapshots_says_what_may_be_done() -> None:
    reason = str(answer(nodeos(evolve(PIN, height=PIN.height + 5))))
    assert "ask a node that is held at that block, or replay what was recorded there" in reason


@pytest.mark.parametrize(
    "amount",
    ["15 EOS", "15.0001 A", "-15.0001 EOS", "15.0001  EOS", "1e3 EOS", 15, None, ["15.0001 EOS"], "٣.0001 EOS"],
)
def test_anything_but_one_amount_of_the_coin_is_no_balance(amount: Any) -> None:
    assert isinstance(answer(nodeos(held={("eosio.token", "okbtothemoon", "EOS"): amount})), str)


def test_it_serves_the_coins_of_its_chain() -> None:
    eos, wax = connected("http://localhost"), connected("http://localhost", chain="wax")
    assert eos.serves(A_A)
    assert wax.serves(Question("WAXP", "wax", "exchange"))
    assert not wax.serves(EOS_A)
    assert not eos.serves(evolve(EOS_A, address="Upper"))
    assert not eos.serves(Question("USDT", "eos", "okbtothemoon"))
