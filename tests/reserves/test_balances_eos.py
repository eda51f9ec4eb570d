"""EOS and WAX: what a token contract has for an account while the node's head is the snapshot's block."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from ownership import wallets
from polyproof.balances import BalanceProvider, ControlQuestion, Lack, Pin, Question
from polyproof.model.holdings import FINEST
from polyproof.ownership import AccountControl, OwnershipClaim
from polyproof.progress import Progress
from polyproof.testing.balances import Controlled, Held
from polyproof.testing.servers import Reply, Request, Respond, Server
from polyproof_balances.eos import CHAIN_IDS, Eos
from reserves.answering import AccountBalanceSuite, answer_by, held_or_why, opened

TENTH = 10**FINEST // 10**4
PIN = Pin(chain="eos", height=470_000_000, block="1c039f80" + "e0" * 28)
HELD = {
    ("eosio.token", "okbtothemoon", "EOS"): "15.0001 EOS",
    ("core.vaulta", "okbtothemoon", "A"): "7.0000 A",
    ("eosio.token", "a", "EOS"): "0.0001 EOS",
}


KEYS = (wallets.eos_key(1), wallets.eos_key(2))
ACTIVE = {
    "perm_name": "active",
    "required_auth": {"threshold": 2, "keys": [{"key": key, "weight": 1} for key in KEYS], "accounts": []},
}


def nodeos(
    pin: Pin = PIN, chain: str = CHAIN_IDS["eos"], held: Mapping[Any, Any] = HELD, active: Any = ACTIVE
) -> Respond:
    """A node at a head: shapes as docs.antelope.io documents the chain API."""

    def respond(request: Request) -> Reply:
        asked = json.loads(request.body)
        if request.path == "/v1/chain/get_info":
            found: Any = {"chain_id": chain, "head_block_num": pin.height, "head_block_id": pin.block}
        elif request.path == "/v1/chain/get_account":
            name = asked["account_name"]
            if name not in ("empty", "okbtothemoon"):
                return Reply(b'{"code": 500, "error": {"what": "unknown key"}}', 500)
            permissions = [{"perm_name": "owner", "required_auth": {"threshold": 1, "keys": []}}, active]
            found = {"account_name": name, "permissions": permissions}
        else:
            assert request.path == "/v1/chain/get_currency_balance"
            key = asked["code"], asked["account"], asked["symbol"]
            found = [held[key]] if key in held else []
        return Reply(json.dumps(found).encode())

    return respond


def connected(url: str, **options: Any) -> BalanceProvider:
    return opened(Eos, url, **options)


EOS_A, A_A = Question("EOS", "eos", "okbtothemoon"), Question("A", "eos", "okbtothemoon")


def answer(respond: Respond, question: Question = EOS_A) -> int | str:
    return held_or_why(answer_by(respond, connected, question, PIN))


class TestEos(AccountBalanceSuite):
    snapshot = PIN
    connected = staticmethod(connected)

    @pytest.fixture
    def held(self) -> Held:
        return {EOS_A: 150_001 * TENTH, A_A: 70_000 * TENTH, evolve(EOS_A, address="a"): TENTH}

    @pytest.fixture
    def controlled(self) -> Controlled:
        claim = OwnershipClaim("EOS", "eos", "okbtothemoon", "x", ("x",))
        source = f"get_account of okbtothemoon at block {PIN.block}"
        return {ControlQuestion(claim): AccountControl(source, KEYS, 2)}

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


def test_an_account_without_a_balance_holds_nothing_and_a_name_that_nobody_has_is_not_known() -> None:
    assert answer(nodeos(), evolve(EOS_A, address="empty")) == 0
    assert "no account of this name" in str(answer(nodeos(), evolve(EOS_A, address="nobody")))


def test_a_head_that_is_not_the_snapshots_is_told_from_no_answer() -> None:
    found = answer_by(nodeos(evolve(PIN, height=PIN.height + 5)), connected, EOS_A, PIN)
    assert f"its newest block alone, which is {PIN.height + 5} and not the snapshot's {PIN.height}" in found.reason
    assert found.lack is Lack.OTHER_BLOCK


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


@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        ({"threshold": 1, "keys": [{"key": KEYS[0], "weight": 2}]}, ((KEYS[0],), 1)),
        ({"threshold": 3, "keys": [{"key": KEYS[0], "weight": 3}]}, ((KEYS[0],), 3)),
        ({"threshold": 0, "keys": [{"key": KEYS[0], "weight": 1}]}, ((KEYS[0],), 1)),
        ({"threshold": 1, "keys": [{"key": "PUB_R1_" + "6" * 50, "weight": 1}]}, ((), 1)),
        ({"threshold": 1, "keys": [{"key": KEYS[0], "weight": 0}]}, ((), 1)),
        ({"threshold": 1, "keys": []}, None),
        ({"threshold": "1", "keys": [{"key": KEYS[0], "weight": 1}]}, None),
    ],
)
def test_weights_never_let_fewer_keys_sign_than_the_chain_asks_for(auth: Any, expected: Any) -> None:
    with Server(nodeos(active={"perm_name": "active", "required_auth": auth})).listening() as url:
        claim = OwnershipClaim("EOS", "eos", "okbtothemoon", "x", ("x",))
        (found,) = connected(url).controls([ControlQuestion(claim)], PIN, Progress())
    assert (found.control and (found.control.owners, found.control.threshold)) == expected
