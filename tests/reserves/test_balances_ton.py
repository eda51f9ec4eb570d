"""TON: coins and jettons at one masterchain block, which every answer names."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import pytest
from attrs import evolve

from polyproof.balances import BalanceProvider, Pin, Question
from polyproof.errors import InputError
from polyproof.model.holdings import FINEST
from polyproof.testing.balances import Held
from polyproof.testing.servers import Reply, Request, Respond
from polyproof_balances.accounts import NotKnown
from polyproof_balances.ton import ZERO_STATE, Jetton, Ton
from polyproof_balances.ton_cells import address_cell, cell_address
from reserves.answering import AccountBalanceSuite, answer_by, held_or_why, opened

COIN = 10**FINEST
PIN = Pin(chain="ton", height=54_000_000, block="d1" * 32)
A, B, C = (f"0:{byte * 32}" for byte in ("a1", "b2", "c3"))
MINTER = "0:b113a994b5024a16719f69139328eb759596c38a25f59028b146fecdc3621dfe"
WALLET = "0:" + "a7" * 32
COINS = {A: "1500000000", B: "7", WALLET: "50000000"}
SHARD = "-9223372036854775808"


def account(raw: str) -> tuple[int, bytes]:
    workchain, _, digits = raw.partition(":")
    return int(workchain), bytes.fromhex(digits)


def cell(raw: str) -> list[Any]:
    return ["cell", {"bytes": address_cell(*account(raw))}]


def api(pin: Pin = PIN, zero: str = ZERO_STATE, extra: int = 0, **changes: Any) -> Respond:
    """TON Center's API: shapes as its schemas/v2.yaml documents them."""
    root = base64.b64encode(bytes.fromhex(pin.block)).decode()
    block = {"@type": "ton.blockIdExt", "workchain": -1, "shard": SHARD, "seqno": pin.height, "root_hash": root}
    said = {"owner": A, "minter": MINTER, "state": "active", "tokens": hex(2_500_000 + extra), "at": block, **changes}

    def run(asked: dict[str, Any]) -> Any:
        at = {"exit_code": 0, "block_id": said["at"]}
        if asked["method"] == "get_wallet_address":
            assert asked["address"] == MINTER
            ((kind, owner),) = asked["stack"]
            assert kind == "tvm.Slice"
            mine = cell_address(owner) == account(A)
            return {**at, "stack": [cell(WALLET if mine else C)]}
        assert (asked["method"], asked["address"]) == ("get_wallet_data", WALLET)
        return {**at, "stack": [["num", said["tokens"]], cell(said["owner"]), cell(said["minter"]), cell(C)]}

    def result(request: Request) -> Any:
        path, _, query = request.path.partition("?")
        asked = (
            json.loads(request.body) if request.body else {name: value for name, (value,) in parse_qs(query).items()}
        )
        if path == "/getMasterchainInfo":
            return {"last": {**block, "seqno": pin.height + 900}, "init": {"root_hash": zero, "seqno": 0}}
        if str(asked["seqno"]) != str(pin.height):
            return None
        if path == "/lookupBlock":
            assert (asked["workchain"], asked["shard"]) == ("-1", SHARD)
            return block
        if path == "/runGetMethod":
            return run(asked)
        assert path == "/getAddressInformation"
        if asked["address"] not in COINS:
            return {"balance": 0, "state": "uninitialized", "block_id": block}
        balance = str(int(COINS[asked["address"]]) + extra)
        return {"balance": balance, "state": said["state"], "block_id": block, "code": "te6c", "sync_utime": 1764460799}

    def respond(request: Request) -> Reply:
        found = result(request)
        if found is None:
            return Reply(b'{"ok": false, "error": "LITE_SERVER_NOTREADY: ltdb: block not found", "code": 500}', 500)
        return Reply(json.dumps({"ok": True, "result": found}).encode())

    return respond


def connected(url: str, **options: Any) -> BalanceProvider:
    return opened(Ton, url, **{"tokens": (Jetton(asset="USDT", minter=MINTER, decimals=6),), **options})


TON_A, USDT_A = Question("TON", "ton", A), Question("USDT", "ton", A)


def answer(respond: Respond, question: Question, pin: Pin = PIN) -> int | str:
    return held_or_why(answer_by(respond, connected, question, pin))


class TestTon(AccountBalanceSuite):
    snapshot = PIN
    connected = staticmethod(connected)

    @pytest.fixture
    def held(self) -> Held:
        return {TON_A: 3 * COIN // 2, Question("TON", "ton", B): 7 * COIN // 10**9, USDT_A: 5 * COIN // 2}

    @pytest.fixture
    def respond(self) -> Respond:
        return api()

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        return {
            "the test network": api(zero="gj+B8wb/AmlPk1z1AhVI484rhrUpgSr2oSFIh56VoSg=", extra=5),
            "another block": api(evolve(PIN, block="d2" * 32), extra=5),
            "another height": api(evolve(PIN, height=5), extra=5),
        }

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        return {"another block": api(evolve(PIN, block="d2" * 32), extra=5)}


def test_an_account_that_does_not_exist_holds_nothing() -> None:
    assert answer(api(), evolve(TON_A, address=C)) == 0
    assert answer(api(), evolve(USDT_A, address=B)) == 0, "its wallet of the token was never made"


def test_the_root_hash_may_be_written_in_base64() -> None:
    assert answer(api(), TON_A, evolve(PIN, block=base64.b64encode(bytes.fromhex(PIN.block)).decode())) == 3 * COIN // 2


@pytest.mark.parametrize("block", ["latest-latest-latest", "0x" + "d1" * 31, "d1" * 22, "0dHR" * 10 + "0Q=="])
def test_what_is_not_32_bytes_is_no_root_hash(block: str) -> None:
    assert "not a root hash" in str(answer(api(), TON_A, evolve(PIN, block=block)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"owner": B}, "another owner"),
        ({"minter": B}, "another owner or token"),
        ({"state": "frozen"}, "is frozen"),
        ({"state": "moved"}, "no state"),
        ({"tokens": "2500000"}, "not a balance"),
        ({"tokens": "-0x5"}, "not a balance"),
        ({"tokens": "0x" + "f" * 33}, "not a balance"),
        ({"tokens": 5}, "a text for the balance"),
        ({"at": {"workchain": 0, "shard": SHARD, "seqno": PIN.height, "root_hash": ""}}, "another block"),
        ({"at": None}, "no workchain"),
    ],
)
def test_a_wallet_of_something_else_or_at_another_block_has_no_balance(change: dict[str, Any], reason: str) -> None:
    assert reason in str(answer(api(**change), USDT_A))


# One cell of 36 bytes in a bag with a checksum (which is not read, since the cell is compared as a whole): descriptor
# bytes 00 and 43, then 100, the workchain 00, the account, a one and four zeros.
_BAG = "b5ee9c72410101010024000043" + f"{(0b100 << 264 | int('a1' * 32, 16)) << 5 | 16:068x}00000000"
_PLAIN = base64.b64encode(bytes.fromhex(_BAG)).decode()


def test_the_cell_of_an_address_is_read_with_a_checksum_and_without() -> None:
    assert cell_address(_PLAIN) == (0, bytes.fromhex("a1" * 32))
    assert cell_address(address_cell(-1, b"\x05" * 32)) == (-1, b"\x05" * 32)
    # An example of a client of TON Center's for runGetMethod.
    workchain, account = cell_address("te6cckEBAQEAJAAAQ4AYOMF/PtnAXVjPKlXzQNBk9Jd9VVq6mz/FBu/6nKwFLBA0Bt8y")
    assert (workchain, account.hex()[:16]) == (0, "c1c60bf9f6ce02ea")


@pytest.mark.parametrize("value", ["", "te6c", 5, None, _PLAIN[:-4], _PLAIN + "AAAA", "A" + _PLAIN[1:], "é", "%"])
def test_anything_else_is_no_cell_of_an_address(value: Any) -> None:
    with pytest.raises(NotKnown, match="not the cell of an address"):
        cell_address(value)


def test_a_token_is_named_by_its_minter() -> None:
    with pytest.raises(InputError, match="the minter of USDT has a wrong checksum"):
        connected("http://localhost", tokens=(Jetton(asset="USDT", minter="E" * 48, decimals=6),))
    with pytest.raises(InputError, match="a minter is named for TON"):
        connected("http://localhost", tokens=(Jetton(asset="TON", minter=MINTER, decimals=6),))
    assert not connected("http://localhost").serves(evolve(USDT_A, token="bridged"))
