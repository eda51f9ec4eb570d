"""Bitcoin Core's scantxoutset: only at the snapshot's block, only what adds up, in bounded scans."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from polyproof.balances import Answer, Lack, Question
from polyproof.model.holdings import FINEST
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof_balances.bitcoin_core import BitcoinCore, BitcoinCoreOptions
from reserves.exchange import BITCOIN
from reserves.nodes import Core, Spelled
from reserves.rpc_server import Node, RpcError, serving

COIN = 10**FINEST
SATOSHI = COIN // 10**8


def asked(address: str) -> Question:
    return Question("BTC", "bitcoin", address)


def balances(node: Node, questions: list[Question], **options: Any) -> list[Answer]:
    with serving(node):
        chosen = BitcoinCoreOptions(**{"url": node.url, "attempts": 2, "backoff": 0.001, "timeout": 5.0, **options})
        provider = BitcoinCore(chosen, default_registry())
        provider.open(Path())
        return provider.balances(questions, BITCOIN, Progress())


HELD = {"bc1qone": ["0.10000000", "0.20000001"], "bc1qtwo": ["21000000.00000000"], "3three": []}


def test_outputs_are_added_up_by_address_exactly() -> None:
    node = Core(HELD).node()
    answers = balances(node, [asked("bc1qone"), asked("3three"), asked("bc1qtwo"), asked("1nothing")])
    assert [answer.held for answer in answers] == [30_000_001 * SATOSHI, 0, 21_000_000 * COIN, 0]
    assert BITCOIN.block in answers[0].source


def test_scans_are_bounded() -> None:
    node = Core({f"bc1q{number}": [f"0.{number:08}"] for number in range(1, 8)}).node()
    answers = balances(node, [asked(f"bc1q{number}") for number in range(1, 8)], scan=3)
    assert [answer.held for answer in answers] == [number * SATOSHI for number in range(1, 8)]
    scans = [call for call in node.calls if call["method"] == "scantxoutset"]
    assert [len(call["params"][1]) for call in scans] == [3, 3, 1]


@pytest.mark.parametrize(
    "tip", [evolve(BITCOIN, height=BITCOIN.height + 1), evolve(BITCOIN, block="00" * 8 + "cd" * 24)]
)
def test_a_node_whose_tip_is_another_block_is_not_believed(tip: Any) -> None:
    (answer,) = balances(Core(HELD, tip).node(), [asked("bc1qone")])
    assert answer.held is None
    assert "tip is not the snapshot's block" in answer.reason
    assert answer.lack is Lack.OTHER_BLOCK


def test_a_tip_that_moves_between_two_scans_leaves_the_rest_unchecked() -> None:
    core = Core(HELD)
    node = core.node()
    scan = node.methods["scantxoutset"]

    def moving(params: list[Any]) -> Any:
        answer = scan(params)
        core.tip = evolve(BITCOIN, height=BITCOIN.height + 1)
        return answer

    node.methods["scantxoutset"] = moving
    first, second = balances(node, [asked("bc1qone"), asked("bc1qtwo")], scan=1)
    assert first.held == 30_000_001 * SATOSHI
    assert second.held is None


def test_a_node_of_a_test_network_is_not_asked() -> None:
    node = Core(HELD, network="regtest").node()
    (answer,) = balances(node, [asked("bc1qone")])
    assert answer.held is None
    assert "'regtest'" in answer.reason
    assert len(node.calls) == 1


def test_an_address_that_the_node_does_not_know_is_not_checked_and_no_other_suffers() -> None:
    first, second = balances(Core(HELD).node(), [asked("DdogeAddress"), asked("bc1qone")])
    assert first.held is None
    assert second.held == 30_000_001 * SATOSHI


def changed(change: Callable[[dict[str, Any]], object]) -> Node:
    node = Core(HELD).node()
    scan = node.methods["scantxoutset"]

    def altered(params: list[Any]) -> Any:
        answer = scan(params)
        change(answer)
        return answer

    node.methods["scantxoutset"] = altered
    return node


def first_output(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda answer: answer["unspents"][0].update(values)


@pytest.mark.parametrize(
    "change",
    [
        lambda answer: answer.update(success=False),
        lambda answer: answer.update(success=1),
        lambda answer: answer.pop("bestblock"),
        lambda answer: answer.pop("height"),
        lambda answer: answer.update(height=str(BITCOIN.height)),
        lambda answer: answer.update(unspents=None),
        lambda answer: answer.update(unspents={}),
        lambda answer: answer.update(total_amount=Spelled("0.3")),
        lambda answer: answer.update(total_amount=Spelled("-0.30000001")),
        lambda answer: answer.update(total_amount=None),
        lambda answer: answer["unspents"].pop(),
        lambda answer: answer["unspents"].append(dict(answer["unspents"][0])),
        lambda answer: answer["unspents"].append(5),
        first_output(amount=Spelled("0.10000001")),
        first_output(amount=Spelled("-0.1")),
        first_output(amount="a lot"),
        first_output(amount=True),
        first_output(amount=Spelled("1e9999")),
        first_output(scriptPubKey="6a"),
        first_output(scriptPubKey=None),
        first_output(txid="ab"),
        first_output(vout="0"),
    ],
)
def test_a_scan_that_does_not_add_up_is_no_balance(change: Callable[[dict[str, Any]], object]) -> None:
    (answer,) = balances(changed(change), [asked("bc1qone")])
    assert answer.held is None
    assert answer.reason


@pytest.mark.parametrize("answer", [None, [], "done", 5, {}])
def test_a_scan_whose_answer_is_something_else_is_no_balance(answer: Any) -> None:
    node = Core(HELD).node()
    node.methods["scantxoutset"] = lambda params: answer
    (found,) = balances(node, [asked("bc1qone")])
    assert found.held is None


@pytest.mark.parametrize(
    "validated",
    [
        None,
        {},
        {"isvalid": "yes"},
        {"isvalid": True},
        {"isvalid": True, "scriptPubKey": "zz"},
        {"isvalid": True, "scriptPubKey": 5},
    ],
)
def test_an_address_whose_script_cannot_be_read_is_not_scanned(validated: Any) -> None:
    node = Core(HELD).node()
    node.methods["validateaddress"] = lambda params: validated
    (answer,) = balances(node, [asked("bc1qone")])
    assert answer.held is None
    assert not any(call["method"] == "scantxoutset" for call in node.calls)


@pytest.mark.parametrize("method", ["getblockchaininfo", "validateaddress", "scantxoutset"])
def test_a_method_that_the_node_refuses_leaves_everything_unchecked(method: str) -> None:
    node = Core(HELD).node()

    def refuse(params: list[Any]) -> Any:
        raise RpcError(-8, "Scan already in progress")

    node.methods[method] = refuse
    answers = balances(node, [asked("bc1qone"), asked("bc1qtwo")])
    assert [answer.held for answer in answers] == [None, None]
    assert "already in progress" in answers[0].reason


def test_it_serves_the_coin_of_its_chain() -> None:
    provider = BitcoinCore(BitcoinCoreOptions(url="http://localhost"), default_registry())
    assert provider.serves(asked("bc1qone"))
    assert not provider.serves(Question("USDT", "bitcoin", "bc1qone", "omni"))
    assert not provider.serves(Question("BTC", "merlin", "bc1qone"))


@pytest.mark.parametrize(("chain", "coin"), [("dogecoin", "DOGE"), ("litecoin", "LTC"), ("dash", "DASH")])
def test_a_node_is_asked_about_its_chains_own_coin_and_no_other(chain: str, coin: str) -> None:
    provider = BitcoinCore(BitcoinCoreOptions(chain=chain, url="http://127.0.0.1:1"), default_registry())
    assert provider.serves(Question(coin, chain, "address"))
    assert not provider.serves(Question("BTC", chain, "address"))
    assert BitcoinCore(BitcoinCoreOptions(url="http://127.0.0.1:1"), default_registry()).serves(
        Question("XBT", "bitcoin", "address")
    )
    assert not provider.controls_chain("bitcoin")
