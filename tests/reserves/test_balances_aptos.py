"""Aptos: APT in both forms and fungible assets, at the last version of one block."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from ownership import wallets
from polyproof.balances import BalanceProvider, ControlQuestion, Pin, Question
from polyproof.errors import InputError
from polyproof.model.holdings import FINEST
from polyproof.ownership import AccountControl, OwnershipClaim
from polyproof.testing.balances import Controlled, Held
from polyproof.testing.servers import Reply, Request, Respond
from polyproof_balances.aptos import Aptos, FungibleAsset
from reserves.answering import AccountBalanceSuite, answer_by, held_or_why, opened

COIN = 10**FINEST
PIN = Pin(chain="aptos", height=480_000_000, block="0x" + "a7" * 32)
VERSION = 3_500_000_000
A, B, C = (wallets.PROVEN["Aptos, exchange's header"](number, "x").address for number in range(3))
USDT = "0x357b0b74bc833e95a115ad22604854d6b0fca151cecd94111770e5d6ffc9dc2b"
COINS = {A: "150000000", B: "1"}
ASSETS = {(A, "0xa"): "7", (A, USDT): "2500000"}
ROTATED = "0x" + "77" * 32
DECIMALS = {"0xa": 8, USDT: 6}


def fullnode(pin: Pin = PIN, chain: int = 1, version: int = VERSION, extra: int = 0) -> Respond:
    """A node: shapes as aptos.dev documents its REST API."""

    def more(amount: str) -> str:
        return str(int(amount) + extra)

    def found(request: Request) -> tuple[int, Any]:
        path, _, query = request.path.partition("?")
        if path == f"/blocks/by_height/{pin.height}":
            block = {"block_height": str(pin.height), "block_hash": pin.block}
            return 200, {**block, "first_version": str(version - 90), "last_version": str(version)}
        if query != f"ledger_version={version}":
            return 404, {"message": "…", "error_code": "version_not_found"}
        if path == "/accounts/0x1/resource/0x1::chain_id::ChainId":
            return 200, {"type": "0x1::chain_id::ChainId", "data": {"id": chain}}
        if path == "/view":
            asked = json.loads(request.body)
            function, arguments = asked["function"], asked["arguments"]
            if function == "0x1::fungible_asset::decimals":
                return 200, [DECIMALS[arguments[0]]]
            assert (function, asked["type_arguments"]) == (
                "0x1::primary_fungible_store::balance",
                ["0x1::fungible_asset::Metadata"],
            )
            return 200, [more(ASSETS.get(tuple(arguments), "0"))]
        account = path.removeprefix("/accounts/").partition("/")[0]
        if path == f"/accounts/{A}":
            return 200, {"sequence_number": "7", "authentication_key": ROTATED}
        if path == f"/accounts/{account}":
            return 404, {"message": "…", "error_code": "account_not_found"}
        assert path.endswith("/resource/0x1::coin::CoinStore%3C0x1::aptos_coin::AptosCoin%3E")
        if account not in COINS:
            return 404, {"message": "…", "error_code": "resource_not_found", "vm_error_code": None}
        return 200, {"type": "0x1::coin::CoinStore", "data": {"coin": {"value": more(COINS[account])}, "frozen": False}}

    def respond(request: Request) -> Reply:
        status, value = found(request)
        return Reply(json.dumps(value).encode(), status)

    return respond


def connected(url: str, **options: Any) -> BalanceProvider:
    return opened(Aptos, url, **{"tokens": (FungibleAsset(asset="USDT", metadata=USDT),), **options})


COIN_A, FUNGIBLE_A, USDT_A = (
    Question(asset, "aptos", A, token) for asset, token in (("APT", ""), ("APT", "fungible-asset"), ("USDT", ""))
)


def answer(respond: Respond, question: Question) -> int | str:
    return held_or_why(answer_by(respond, connected, question, PIN))


class TestAptos(AccountBalanceSuite):
    snapshot = PIN
    connected = staticmethod(connected)

    @pytest.fixture
    def held(self) -> Held:
        return {COIN_A: 3 * COIN // 2, FUNGIBLE_A: 7 * COIN // 10**8, USDT_A: 5 * COIN // 2}

    @pytest.fixture
    def controlled(self) -> Controlled:
        claim = OwnershipClaim("APT", "aptos", A, "x", ("x",))
        return {ControlQuestion(claim): AccountControl(f"authentication key at block {PIN.block}", (ROTATED,))}

    @pytest.fixture
    def respond(self) -> Respond:
        return fullnode()

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        return {
            "the test network": fullnode(chain=2, extra=5),
            "another block": fullnode(evolve(PIN, block="0x" + "a8" * 32), extra=5),
            "a later version": fullnode(evolve(PIN, height=PIN.height + 1), version=VERSION + 100, extra=5),
        }

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        return {"another block": fullnode(evolve(PIN, block="0x" + "a8" * 32), extra=5)}


def test_the_two_forms_of_apt_are_told_apart_and_neither_counts_the_other() -> None:
    assert answer(fullnode(), COIN_A) == 3 * COIN // 2
    assert answer(fullnode(), FUNGIBLE_A) == 7 * COIN // 10**8


def test_an_account_without_the_resource_holds_none_of_the_coin() -> None:
    for question in (COIN_A, FUNGIBLE_A, USDT_A):
        assert answer(fullnode(), evolve(question, address=C)) == 0


@pytest.mark.parametrize("code", ["version_not_found", "internal_error", None, 5])
def test_any_other_error_is_not_an_empty_account(code: Any) -> None:
    def pruned(request: Request) -> Reply:
        if "CoinStore" in request.path:
            return Reply(json.dumps({"message": "resource_not_found", "error_code": code}).encode(), 404)
        answer = fullnode()(request)
        assert isinstance(answer, Reply)
        return answer

    assert "does not know the snapshot's version" in str(answer(pruned, evolve(COIN_A, address=C)))


def test_a_pruned_version_is_not_known() -> None:
    def pruned(request: Request) -> Reply:
        if "ledger_version" in request.path:
            return Reply(json.dumps({"message": "…", "error_code": "version_pruned"}).encode(), 410)
        answer = fullnode()(request)
        assert isinstance(answer, Reply)
        return answer

    assert "HTTP status 410" in str(answer(pruned, COIN_A))


def test_no_metadata_is_named_for_apt_itself() -> None:
    for token in ("", "fungible-asset"):
        with pytest.raises(InputError, match="metadata is named for APT itself"):
            connected("http://localhost", tokens=(FungibleAsset(asset="APT", metadata=USDT, token=token),))


def test_addresses_may_leave_out_leading_zeros() -> None:
    provider = connected("http://localhost")
    assert provider.serves(evolve(COIN_A, address="0x1"))
    assert provider.serves(evolve(COIN_A, address=A.upper().replace("0X", "0x")))
    assert not provider.serves(evolve(COIN_A, address="1"))
    assert not provider.serves(evolve(COIN_A, asset="USDC"))
