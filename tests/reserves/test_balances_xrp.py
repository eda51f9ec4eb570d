"""The XRP Ledger: the balance in one validated ledger, named by its hash in question and answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from attrs import evolve

from ownership import wallets
from polyproof.balances import BalanceProvider, Pin, Question
from polyproof.model.holdings import FINEST
from polyproof.progress import Progress
from polyproof.testing.balances import Held
from polyproof.testing.servers import Reply, Request, Respond, Server
from polyproof_balances.xrp import Xrp
from reserves.answering import QUICK, AccountBalanceSuite, answer_by, held_or_why, opened

DROP = 10**FINEST // 10**6
PIN = Pin(chain="xrp-ledger", height=100_700_000, block="4B" * 32)
A, B, C = (wallets.xrp(number) for number in range(3))
HELD = {A: "148446663", B: "100000000000000000"}


def ledger(pin: Pin = PIN, network: int | None = 0, extra: int = 0, **changes: Any) -> Respond:
    """A rippled server with one ledger: shapes as xrpl.org documents them."""
    about = {"ledger_hash": pin.block, "ledger_index": pin.height, "validated": True}

    def result(method: str, asked: dict[str, Any]) -> dict[str, Any]:
        if method == "server_info":
            info = {"complete_ledgers": "32570-100800000", "server_state": "full"}
            return {"info": info if network is None else {**info, "network_id": network}, "status": "success"}
        if asked["ledger_hash"] != pin.block:
            return {"error": "lgrNotFound", "error_code": 21, "error_message": "ledgerNotFound", "status": "error"}
        if method == "ledger":
            return {**about, "status": "success"}
        assert method == "account_info"
        if asked["account"] not in HELD:
            return {**about, "account": asked["account"], "error": "actNotFound", "error_code": 19, "status": "error"}
        balance = str(int(HELD[asked["account"]]) + extra)
        account = {"Account": asked["account"], "Balance": balance, "LedgerEntryType": "AccountRoot"}
        return {"account_data": account, **about, "status": "success", **changes}

    def respond(request: Request) -> Reply:
        asked = json.loads(request.body)
        (parameters,) = asked["params"]
        return Reply(json.dumps({"result": result(asked["method"], parameters)}).encode())

    return respond


def connected(url: str) -> BalanceProvider:
    return opened(Xrp, url, **QUICK)


def answers(respond: Respond, address: str = A, pin: Pin = PIN) -> int | str:
    return held_or_why(answer_by(respond, connected, Question("XRP", "xrp-ledger", address), pin))


class TestXrp(AccountBalanceSuite):
    snapshot = PIN
    connected = staticmethod(connected)

    @pytest.fixture
    def held(self) -> Held:
        return {Question("XRP", "xrp-ledger", address): int(drops) * DROP for address, drops in HELD.items()}

    @pytest.fixture
    def respond(self) -> Respond:
        return ledger()

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        return {
            "the test network": ledger(network=1, extra=5),
            "another ledger": ledger(evolve(PIN, block="4C" * 32), extra=5),
            "another index": ledger(evolve(PIN, height=5), extra=5),
        }

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        return {"another ledger": ledger(evolve(PIN, block="4C" * 32), extra=5)}


def test_the_reserve_is_counted_and_an_account_that_the_ledger_does_not_have_holds_nothing() -> None:
    assert answers(ledger(network=None)) == 148_446_663 * DROP
    assert answers(ledger(), C) == 0


def test_an_account_not_found_in_a_ledger_that_is_not_named_is_not_known() -> None:
    def unnamed(request: Request) -> Reply:
        answer = ledger()(request)
        assert isinstance(answer, Reply)
        result = json.loads(answer.body)["result"]
        if result["status"] == "error":
            result = {key: value for key, value in result.items() if not key.startswith("ledger")}
        return Reply(json.dumps({"result": result}).encode())

    assert "does not say which one" in str(answers(unnamed, C))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda result: result.update(validated=False), "not validated"),
        (lambda result: result.update(ledger_index=float(PIN.height)), "another index"),
        (lambda result: result["account_data"].update(Account=B), "another account"),
        (lambda result: result["account_data"].update(LedgerEntryType="Escrow"), "another account"),
        (lambda result: result["account_data"].update(Balance="1.5"), "digits for Balance"),
        (lambda result: result["account_data"].update(Balance=15), "digits for Balance"),
        (lambda result: result["account_data"].update(Balance="9" * 40), "digits for Balance"),
        (lambda result: result.update(status="error"), "with an error"),
    ],
)
def test_what_is_not_the_accounts_balance_in_the_ledger_is_none(change: Callable[[Any], Any], reason: str) -> None:
    def changed(request: Request) -> Reply:
        answer = ledger()(request)
        assert isinstance(answer, Reply)
        found = json.loads(answer.body)
        if "account_data" in found["result"]:
            change(found["result"])
        return Reply(json.dumps(found).encode())

    assert reason in str(answers(changed))


def test_a_ledger_is_named_by_64_digits() -> None:
    assert "not the hash of a ledger" in str(answers(ledger(), pin=evolve(PIN, block="validated-validated")))
    assert answers(ledger(), pin=evolve(PIN, block=PIN.block.lower())) == 148_446_663 * DROP


def test_it_serves_xrp_at_addresses_of_the_ledger() -> None:
    provider = connected("http://localhost")
    assert provider.serves(Question("XRP", "xrp-ledger", A))
    assert not provider.serves(Question("XRP", "xrp-ledger", A[:-1] + ("a" if A[-1] != "a" else "b")))
    assert not provider.serves(Question("XRP", "xrp-ledger", A, "bridged"))
    assert not provider.serves(Question("XRP", "okt", A))


def test_a_node_that_fails_again_and_again_is_not_asked_any_more() -> None:
    """The questions about the ledger are answered; those about accounts never are."""
    asked: list[str] = []

    def failing(request: Request) -> Reply:
        asked.append(json.loads(request.body)["method"])
        return Reply(b"", 503) if asked[-1] == "account_info" else _honest(request)

    questions = [Question("XRP", "xrp-ledger", wallets.xrp(number)) for number in range(20)]
    with Server(failing).listening() as url:
        answers = connected(url).balances(questions, PIN, Progress())
    assert all(answer.held is None for answer in answers)
    assert asked.count("account_info") == 3 * QUICK["attempts"]
    assert "no longer asked" in answers[-1].reason


def _honest(request: Request) -> Reply:
    answer = ledger()(request)
    assert isinstance(answer, Reply)
    return answer
