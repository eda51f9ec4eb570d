"""Filecoin: the balance of an actor in the state under one tipset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import define, evolve, field

from ownership import wallets
from polyproof.balances import BalanceProvider, Pin, Question
from polyproof.model.holdings import FINEST
from polyproof.testing.balances import Held
from polyproof.testing.servers import Respond
from polyproof_balances.filecoin import GENESIS, Filecoin
from reserves.answering import AccountBalanceSuite, answer_of, answering, held_or_why, opened
from reserves.rpc_server import Node, RpcError, serving

ATTO = 10 ** (FINEST - 18)
PIN = Pin(chain="filecoin", height=5_520_000, block="bafy2bzacea" + "k" * 51)
OTHER = "bafy2bzacea" + "m" * 51
A, B = wallets.PROVEN["Filecoin f1"](1, "x").address, wallets.PROVEN["Filecoin f410"](2, "x").address
MINER = "f01234"
# Source: spec.filecoin.io, appendix "Address", test vectors
F2 = "f24vg6ut43yw2h2jqydgbg2xq7x6f4kub3bg6as6i"


@define
class Chain:
    """Lotus: docs.filecoin.io, JSON-RPC."""

    held: dict[str, Any] = field(factory=lambda: {A: "1500000000000000000", B: "7", MINER: "99"})
    pin: Pin = PIN
    genesis: str = GENESIS
    cids: tuple[str, ...] = (OTHER, PIN.block)
    more: dict[str, Any] = field(factory=dict)
    """Further fields of actors."""

    def node(self) -> Node:
        return Node(
            {
                "Filecoin.ChainGetGenesis": lambda params: {"Cids": [{"/": self.genesis}], "Blocks": [], "Height": 0},
                "Filecoin.ChainGetTipSetByHeight": lambda params: {
                    "Cids": [{"/": cid} for cid in self.cids],
                    "Height": self.pin.height,
                },
                "Filecoin.StateGetActor": self._actor,
            }
        )

    def _actor(self, params: list[Any]) -> Any:
        address, key = params
        if key != [{"/": cid} for cid in self.cids]:
            raise RpcError(1, "loading tipset: not found")
        if address not in self.held:
            raise RpcError(3, "actor not found")
        actor = {"Code": {"/": OTHER}, "Head": {"/": OTHER}, "Nonce": 3, "Balance": self.held[address]}
        return {**actor, **self.more}


def connected(url: str, **options: Any) -> BalanceProvider:
    return opened(Filecoin, url, **options)


def question(address: str) -> Question:
    return Question("FIL", "filecoin", address)


def answer(node: Node, address: str = A) -> int | str:
    with serving(node):
        return held_or_why(answer_of(connected(node.url, timeout=5.0), question(address), PIN))


class TestFilecoin(AccountBalanceSuite):
    snapshot = PIN
    connected = staticmethod(connected)

    @pytest.fixture
    def held(self) -> Held:
        return {question(A): 15 * 10**17 * ATTO, question(B): 7 * ATTO}

    @pytest.fixture
    def respond(self) -> Respond:
        return answering(Chain().node())

    @pytest.fixture
    def elsewhere(self) -> Mapping[str, Respond]:
        changes: dict[str, dict[str, Any]] = {
            "the test network": {"genesis": OTHER},
            "a tipset without the block": {"cids": (OTHER,)},
            "an epoch without blocks": {"pin": evolve(PIN, height=PIN.height - 1)},
        }
        return {name: answering(Chain({A: "5", B: "6"}, **change).node()) for name, change in changes.items()}

    @pytest.fixture
    def reorganised(self) -> Mapping[str, Respond]:
        return {"another tipset": answering(Chain({A: "5", B: "6"}, cids=(OTHER,)).node())}


def test_an_actor_that_the_state_does_not_have_holds_nothing() -> None:
    chain = Chain()
    del chain.held[A]
    assert answer(chain.node()) == 0


def test_an_actor_is_not_asked_about_by_its_id_under_which_it_could_be_counted_twice() -> None:
    node = Chain().node()
    assert "second name" in str(answer(node, MINER))
    assert not any(call["method"] == "Filecoin.StateGetActor" for call in node.calls)


@pytest.mark.parametrize("name", ["DelegatedAddress", "Address"])
def test_a_contract_is_asked_about_by_its_f4_address_alone(name: str) -> None:
    assert answer(Chain({F2: "5"}, more={name: None}).node(), F2) == 5 * ATTO
    assert "f4 address as well" in str(answer(Chain({F2: "5"}, more={name: B}).node(), F2))
    assert answer(Chain({B: "5"}, more={name: B}).node(), B) == 5 * ATTO


def test_any_other_error_of_the_node_is_not_an_empty_account() -> None:
    node = Chain().node()

    def failing(params: list[Any]) -> Any:
        raise RpcError(1, "actor not found: blockstore: block not found")

    node.methods["Filecoin.StateGetActor"] = failing
    assert "error 1" in str(answer(node))


@pytest.mark.parametrize("balance", ["1.5", "-5", "0x5", 5, None, "", "9" * 40, "٣"])
def test_a_balance_is_digits(balance: Any) -> None:
    assert "digits for Balance" in str(answer(Chain({A: balance}).node()))


def test_the_same_block_twice_makes_no_tipset() -> None:
    assert "not a tipset" in str(answer(Chain(cids=(PIN.block, PIN.block)).node()))


@pytest.mark.parametrize(
    ("address", "serves"),
    [
        (A, True),
        (B, True),
        (MINER, True),
        ("f017", True),
        ("f00017", False),
        ("t" + A[1:], False),
        (A[:-1] + ("a" if A[-1] != "a" else "b"), False),
        ("f5" + A[2:], False),
        (F2, True),
        # Source: as for F2
        ("f3vvmn62lofvhjd2ugzca6sof2j2ubwok6cj4xxbfzz4yuxfkgobpihhd2thlanmsh3w2ptld2gqkn2jvlss4a", True),
    ],
)
def test_it_serves_addresses_of_every_kind_whose_checksum_is_right(address: str, serves: bool) -> None:
    assert connected("http://localhost").serves(question(address)) is serves
