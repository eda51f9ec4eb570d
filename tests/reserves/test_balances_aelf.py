"""aelf: what the token contract has for an account while the node's best block is the snapshot's."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve
from coincurve import PublicKey

from ownership import wallets
from polyproof.balances import BalanceProvider, Lack, Pin, Question
from polyproof.model.holdings import FINEST
from polyproof.testing.balances import Held
from polyproof.testing.servers import Reply, Request, Respond
from polyproof.toolkit.encodings import base58_check_decode, sha256d
from polyproof_balances.accounts import NotKnown
from polyproof_balances.aelf import TOKENS, Aelf, read_balance
from reserves.answering import AccountBalanceSuite, answer_by, held_or_why, opened

UNIT = 10**FINEST // 10**8
PIN = Pin(chain="aelf", height=290_000_000, block="ae" * 32)
A, B, C = (wallets.aelf(number) for number in range(3))
HELD = {A: 150_000_000, B: 7}


def owner_of(address: str) -> bytes:
    return base58_check_decode(address)


def varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def output(owner: bytes, balance: int, symbol: bytes = b"ELF") -> bytes:
    """GetBalanceOutput as Protocol Buffers write it: zero is left out."""
    account = b"\x0a\x20" + owner
    said = b"\x0a" + bytes([len(symbol)]) + symbol + b"\x12" + bytes([len(account)]) + account
    return said + (b"\x18" + varint(balance) if balance else b"")


def asked_about(transaction: bytes) -> bytes:
    """The owner in a transaction, once the node has checked it as it does: whom it calls, how, and who signed it."""
    unsigned, mark, signature = transaction[:-68], transaction[-68:-65], transaction[-65:]
    assert mark == b"\x82\xf1\x04" or transaction[-69:-65] == b"\x82\xf1\x04\x41"
    unsigned = transaction[:-69]
    key = PublicKey.from_signature_and_message(signature, hashlib.sha256(unsigned).digest(), hasher=None)
    assert unsigned[:36] == b"\x0a\x22\x0a\x20" + sha256d(key.format(compressed=False))
    assert unsigned[36:72] == b"\x12\x22\x0a\x20" + owner_of(TOKENS)
    rest = unsigned[72:]
    assert rest == b"\x18" + varint(PIN.height) + b"\x22\x04" + bytes.fromhex(PIN.block)[:4] + b"\x2a\x0aGetBalance" + (
        b"\x32\x29\x0a\x03ELF\x12\x22\x0a\x20" + rest[-32:]
    )
    return rest[-32:]


def node(pin: Pin = PIN, chain: str = "AELF", extra: int = 0, answered: Any = None) -> Respond:
    """A node at a best block: shapes as docs.aelf.com documents the web API."""

    def respond(request: Request) -> Reply:
        if request.path == "/api/blockChain/chainStatus":
            found: Any = {"ChainId": chain, "BestChainHash": pin.block, "BestChainHeight": pin.height}
        else:
            assert request.path == "/api/blockChain/executeTransaction"
            owner = asked_about(bytes.fromhex(json.loads(request.body)["RawTransaction"]))
            held = {owner_of(address): amount + extra for address, amount in HELD.items()}
            found = output(owner, held.get(owner, 0)).hex() if answered is None else answered
        return Reply(json.dumps(found).encode())

    return respond


def connected(url: str) -> BalanceProvider:
    return opened(Aelf, url)


ELF_A = Question("ELF", "aelf", A)


def answer(respond: Respond, question: Question = ELF_A) -> int | str:
    return held_or_why(answer_by(respond, connected, question, PIN))


class TestAelf(AccountBalanceSuite):
    snapshot = PIN
    connected = staticmethod(connected)

    @pytest.fixture
    def held(self) -> Held:
        return {ELF_A: HELD[A] * UNIT, evolve(ELF_A, address=B): 7 * UNIT}

    @pytest.fixture
    def respond(self) -> Respond:
        return node()

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        return {
            "a side chain": node(chain="tDVV", extra=5),
            "a later block": node(evolve(PIN, height=PIN.height + 1), extra=5),
            "another block": node(evolve(PIN, block="af" * 32), extra=5),
        }

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        return {"another block": node(evolve(PIN, block="af" * 32), extra=5)}


def test_an_account_that_the_contract_does_not_have_holds_nothing() -> None:
    assert answer(node(), evolve(ELF_A, address=C)) == 0


def test_a_best_block_that_is_not_the_snapshots_is_told_from_no_answer() -> None:
    found = answer_by(node(evolve(PIN, height=PIN.height + 5)), connected, ELF_A, PIN)
    assert f"its newest block alone, which is {PIN.height + 5} and not the snapshot's {PIN.height}" in found.reason
    assert found.lack is Lack.OTHER_BLOCK


@pytest.mark.parametrize(
    "found", ["", "zz", None, 5, "00" * 2000, output(owner_of(B), 5).hex(), output(owner_of(A), 5, b"USDT").hex()]
)
def test_what_is_not_the_balance_of_the_account_is_none(found: Any) -> None:
    assert isinstance(answer(node(answered="" if found is None else found)), str)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:-1],
        lambda data: data + b"\x18\x05",
        lambda data: data + b"\x20\x05",
        lambda data: data + b"\x1d\0\0\0\0",
        lambda data: data[:-1] + b"\xff" * 9 + b"\x01",
        lambda data: data[:-1] + b"\xff" * 12,
        lambda data: b"\x0a\xff\xff\xff\xff\x0f" + data,
        lambda data: b"",
    ],
)
def test_a_message_that_is_cut_or_has_more_in_it_is_no_balance(change: Any) -> None:
    data = output(owner_of(A), 5)
    assert read_balance(data, owner_of(A)) == 5
    with pytest.raises(NotKnown):
        read_balance(change(data), owner_of(A))


def test_it_serves_elf_on_the_main_chain() -> None:
    provider = connected("http://localhost")
    assert provider.serves(ELF_A)
    assert not provider.serves(evolve(ELF_A, address=f"ELF_{A}_tDVV"))
    assert not provider.serves(evolve(ELF_A, asset="USDT"))
