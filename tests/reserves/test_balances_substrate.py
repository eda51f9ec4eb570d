"""Polkadot and its kin: free and reserved of an account, in the storage of one block that is final."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import define, evolve, field

from polyproof.balances import BalanceProvider, Pin, Question
from polyproof.model.holdings import FINEST
from polyproof.testing.balances import Held
from polyproof.testing.servers import Respond
from polyproof.toolkit.addresses import ss58_encode
from polyproof_balances.substrate import GENESIS, Substrate, account_key
from reserves.answering import AccountBalanceSuite, answer_of, answering, held_or_why, opened
from reserves.rpc_server import Node, RpcError, serving

PLANCK = 10**FINEST // 10**10
PIN = Pin(chain="polkadot-asset-hub", height=10_500_000, block="0x" + "5d" * 32)
ALICE = bytes.fromhex("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d")
BOB, CAROL = b"\x0b" * 32, b"\x0c" * 32
FINAL = "0x" + "fe" * 32


def info(free: int, reserved: int = 0, frozen: int = 0) -> str:
    """AccountInfo in SCALE: nonce, consumers, providers, sufficients; free, reserved, frozen, flags."""
    counters = b"".join(number.to_bytes(4, "little") for number in (7, 1, 1, 0))
    return "0x" + (counters + b"".join(n.to_bytes(16, "little") for n in (free, reserved, frozen, 1 << 127))).hex()


@define
class Chain:
    """Polkadot's asset hub, as an archive node tells it: docs.polkadot.com, JSON-RPC methods."""

    values: dict[bytes, Any] = field(factory=lambda: {ALICE: info(15_000_000_000, 5, 9), BOB: info(70)})
    pin: Pin = PIN
    genesis: str = GENESIS["polkadot-asset-hub"]
    final: int = PIN.height

    def node(self) -> Node:
        return Node(
            {
                "chain_getBlockHash": self._hash,
                "chain_getFinalizedHead": lambda params: FINAL,
                "chain_getHeader": lambda params: {"number": hex(self.final), "parentHash": FINAL},
                "state_getStorage": self._storage,
            }
        )

    def _hash(self, params: list[Any]) -> Any:
        return {0: self.genesis, self.pin.height: self.pin.block}.get(params[0])

    def _storage(self, params: list[Any]) -> Any:
        key, at = params
        if at != self.pin.block:
            raise RpcError(4003, "Client error: UnknownBlock: State already discarded")
        return {account_key(account): value for account, value in self.values.items()}.get(key)


def connected(url: str, **options: Any) -> BalanceProvider:
    return opened(Substrate, url, **options)


def question(account: bytes, chain: str = "polkadot-asset-hub", coin: str = "DOT", prefix: int = 0) -> Question:
    return Question(coin, chain, ss58_encode(account, prefix))


def answer(chain: Chain, account: bytes = ALICE, pin: Pin = PIN) -> int | str:
    with serving(chain.node()) as node:
        return held_or_why(answer_of(connected(node.url, timeout=5.0), question(account), pin))


class TestSubstrate(AccountBalanceSuite):
    snapshot = PIN
    connected = staticmethod(connected)
    says_nothing = (None,)

    @pytest.fixture
    def held(self) -> Held:
        return {question(ALICE): 15_000_000_005 * PLANCK, question(BOB): 70 * PLANCK}

    @pytest.fixture
    def respond(self) -> Respond:
        return answering(Chain().node())

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        changes: dict[str, dict[str, Any]] = {
            "Polkadot's relay chain": {"genesis": GENESIS["polkadot"]},
            "another block at the height": {"pin": evolve(PIN, block="0x" + "5e" * 32)},
            "another height": {"pin": evolve(PIN, height=5)},
            "not final": {"final": PIN.height - 1},
        }
        return {name: answering(Chain({ALICE: info(1)}, **change).node()) for name, change in changes.items()}

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        return {"another block": answering(Chain({ALICE: info(1)}, evolve(PIN, block="0x" + "5e" * 32)).node())}


def test_the_key_of_an_account_is_the_one_that_polkadots_own_library_makes() -> None:
    """Source: github.com/polkadot-js/api, tests of the decorated storage: the key of Alice, without its length."""
    assert account_key(ALICE) == (
        "0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9"
        "de1e86a9a8c739864cf3cc5ec2bea59fd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
    )


def test_reserved_is_counted_and_frozen_is_not_counted_again() -> None:
    assert answer(Chain({ALICE: info(10, 3, 8)})) == 13 * PLANCK
    assert answer(Chain({ALICE: info(2**127, 0)})) == 2**127 * PLANCK


def test_an_account_that_is_not_in_the_storage_holds_nothing() -> None:
    assert answer(Chain(), CAROL) == 0


@pytest.mark.parametrize(
    "value", ["0x", info(5)[:-2], info(5) + "00", info(5).upper(), 5, [info(5)], {"value": info(5)}]
)
def test_what_is_not_an_account_is_not_a_balance(value: Any) -> None:
    assert answer(Chain({ALICE: value})) == "the node's answer is not the 80 bytes of an account"


def test_a_state_that_the_node_has_discarded_is_not_known() -> None:
    chain = Chain()
    node = chain.node()

    def discarded(params: list[Any]) -> Any:
        raise RpcError(4003, "Client error: UnknownBlock: State already discarded")

    node.methods["state_getStorage"] = discarded
    with serving(node):
        found = answer_of(connected(node.url, timeout=5.0), question(ALICE), PIN)
    assert found.held is None
    assert "State already discarded" in found.reason


@pytest.mark.parametrize(
    ("chain", "coin", "prefix"), [("polkadot", "DOT", 0), ("kusama", "KSM", 2), ("kusama-asset-hub", "KSM", 2)]
)
def test_a_chain_is_asked_about_its_own_coin_at_its_own_addresses(chain: str, coin: str, prefix: int) -> None:
    provider = connected("http://localhost", chain=chain)
    assert provider.serves(question(ALICE, chain, coin, prefix))
    assert not provider.serves(question(ALICE, chain, coin, 42))
    assert not provider.serves(question(ALICE, "polkadot-asset-hub", coin, prefix))
    assert not provider.serves(question(ALICE, chain, "USDT", prefix))
