"""Tron: TRX by a history of balances, tokens while the newest block is the snapshot's; no zero from a node without."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve

from ownership import wallets
from polyproof.balances import BalanceProvider, Pin, Question
from polyproof.errors import InputError
from polyproof.model.holdings import FINEST
from polyproof.testing.balances import Held
from polyproof.testing.servers import Reply, Request, Respond
from polyproof_balances.tron import GENESIS, Trc20, Tron
from reserves.answering import AccountBalanceSuite, answer_by, held_or_why, opened

COIN = 10**FINEST


def block_id(number: int, tail: str = "e1") -> str:
    return f"{number:016x}" + tail * 24


PIN = Pin(chain="tron", height=77_000_000, block=block_id(77_000_000))
A, B, C = (wallets.tron_account(number) for number in range(3))
USDT = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
COINS = {A: (1_500_000, PIN.height - 7), B: (3, PIN.height)}


def java_tron(pin: Pin = PIN, genesis: str = GENESIS, tip: int = 0, extra: int = 0, **changes: Any) -> Respond:
    """A node: shapes as tronprotocol.github.io documents them. ``tip``: blocks after the snapshot's."""
    own = pin.block[16:18]

    def answer(path: str, asked: dict[str, Any]) -> Any:
        if path in changes:
            return changes[path]
        if path == "/wallet/getblockbynum":
            number = asked["num"]
            return {"blockID": genesis if number == 0 else block_id(number, own)}
        if path == "/wallet/getnowblock":
            number = pin.height + tip
            return {"blockID": block_id(number, own), "block_header": {"raw_data": {"number": number}}}
        if path == "/wallet/getaccountbalance":
            assert asked["visible"] is True
            at, address = asked["block_identifier"], asked["account_identifier"]["address"]
            if at != {"hash": pin.block, "number": pin.height}:
                return {"Error": "class java.lang.IllegalArgumentException : number and hash do not match"}
            balance, number = COINS.get(address, (0, pin.height))
            return {"balance": balance + extra, "block_identifier": {"hash": block_id(number, own), "number": number}}
        assert path == "/wallet/triggerconstantcontract"
        assert (asked["contract_address"], asked["visible"]) == (USDT, True)
        if asked["function_selector"] == "decimals()":
            found = 6
        else:
            assert asked["function_selector"] == "balanceOf(address)"
            mine = asked["parameter"] == wallets.evm_account(0)[2:].lower().rjust(64, "0")
            found = 2_500_000 + extra if mine else 0
        return {"result": {"result": True}, "energy_used": 541, "constant_result": [f"{found:064x}"]}

    return lambda request: Reply(json.dumps(answer(request.path, json.loads(request.body))).encode())


def connected(url: str, **options: Any) -> BalanceProvider:
    return opened(Tron, url, **{"tokens": (Trc20(asset="USDT", contract=USDT),), **options})


TRX_A, USDT_A = Question("TRX", "tron", A), Question("USDT", "tron", A)


def answer(respond: Respond, question: Question = TRX_A) -> int | str:
    return held_or_why(answer_by(respond, connected, question, PIN))


class TestTron(AccountBalanceSuite):
    snapshot = PIN
    connected = staticmethod(connected)

    @pytest.fixture
    def held(self) -> Held:
        return {TRX_A: 3 * COIN // 2, Question("TRX", "tron", B): 3 * COIN // 10**6, USDT_A: 5 * COIN // 2}

    @pytest.fixture
    def respond(self) -> Respond:
        return java_tron()

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        return {
            "the test network": java_tron(genesis=block_id(0), extra=5),
            "another block": java_tron(evolve(PIN, block=block_id(PIN.height, "e2")), extra=5),
        }

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        return {"another block": java_tron(evolve(PIN, block=block_id(PIN.height, "e2")), extra=5)}


def test_a_node_without_a_history_of_balances_does_not_make_an_account_empty() -> None:
    """It answers with zero and the block of the question, as it does where there is no record of the account."""
    assert "keeps no history of balances" in str(answer(java_tron(), evolve(TRX_A, address=C)))


def test_an_account_that_was_emptied_before_the_snapshot_holds_nothing() -> None:
    at = {"hash": block_id(PIN.height - 9), "number": PIN.height - 9}
    emptied = java_tron(**{"/wallet/getaccountbalance": {"balance": 0, "block_identifier": at}})
    assert answer(emptied) == 0


@pytest.mark.parametrize(
    ("number", "tail", "reason"),
    [
        (PIN.height + 1, "e1", "after the snapshot's block"),
        (PIN.height, "e2", "another block than the snapshot's"),
        (PIN.height - 7, "e2", "not on the node's chain"),
    ],
)
def test_a_balance_of_another_block_is_not_believed(number: int, tail: str, reason: str) -> None:
    at = {"hash": block_id(number, tail), "number": number}
    assert reason in str(answer(java_tron(**{"/wallet/getaccountbalance": {"balance": 5, "block_identifier": at}})))


def test_tokens_are_asked_while_the_newest_block_is_the_snapshots_and_coins_at_any_time() -> None:
    assert answer(java_tron(tip=1)) == 3 * COIN // 2
    reason = str(answer(java_tron(tip=1), USDT_A))
    assert f"its newest block alone, which is {PIN.height + 1} and not the snapshot's {PIN.height}" in reason


def test_a_newest_block_that_moves_while_a_token_is_asked_leaves_it_unchecked() -> None:
    asked: list[str] = []

    def moving(request: Request) -> Reply:
        asked.append(request.path)
        moved = asked.count("/wallet/triggerconstantcontract") > 1
        answered = java_tron(tip=1 if moved else 0)(request)
        assert isinstance(answered, Reply)
        return answered

    assert "its newest block alone" in str(answer(moving, USDT_A))


@pytest.mark.parametrize(
    "found",
    [
        {"result": {"code": "CONTRACT_VALIDATE_ERROR", "message": "…"}},
        {"result": {"result": 1}, "constant_result": ["0" * 64]},
        {"result": {"result": True}, "constant_result": []},
        {"result": {"result": True}, "constant_result": [""]},
        {"result": {"result": True}, "constant_result": ["0" * 63]},
        {"result": {"result": True}, "constant_result": [5]},
        {"result": {"result": True}},
        {"Error": "class org.tron.core.exception.ContractValidateException"},
    ],
)
def test_a_contract_that_does_not_answer_with_a_word_is_no_balance(found: Any) -> None:
    assert isinstance(answer(java_tron(**{"/wallet/triggerconstantcontract": found}), USDT_A), str)


@pytest.mark.parametrize(
    ("contract", "asset", "reason"),
    [("T" + "1" * 33, "USDT", "the contract of USDT"), (USDT, "TRX", "a contract is named for TRX")],
)
def test_a_token_is_named_by_its_contract(contract: str, asset: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        connected("http://localhost", tokens=(Trc20(asset=asset, contract=contract),))
    change: Callable[..., Question] = evolve
    assert not connected("http://localhost").serves(change(USDT_A, token="bridged"))
    assert not connected("http://localhost").serves(change(TRX_A, address=wallets.evm_account(0)))
