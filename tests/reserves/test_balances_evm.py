"""Ethereum by the hash of a block: what is asked, what is believed, and that what went wrong is never a balance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from ownership import wallets
from polyproof.balances import Answer, ControlQuestion, Pin, Question
from polyproof.errors import InputError
from polyproof.model.holdings import FINEST
from polyproof.ownership import OwnershipClaim, Status
from polyproof.progress import Progress
from polyproof.registry import default_registry
from polyproof.reserves.signatures import load_schemes, verify_ownership
from polyproof_balances.evm import Evm, EvmOptions, Token
from reserves import nodes
from reserves.exchange import ETHEREUM
from reserves.rpc_server import Handler, Node, RpcError, serving

COIN = 10**FINEST
A, B, C = (wallets.evm_account(number) for number in range(3))
TOKEN = "0x" + "dA" * 20
OTHER = "0x" + "ee" * 32


def asked(address: str, asset: str = "ETH", token: str = "") -> Question:
    return Question(asset, "ethereum", address, token)


@contextmanager
def provider(node: Node, **options: Any) -> Iterator[Evm]:
    with serving(node):
        chosen = EvmOptions(
            **{
                "chain": "ethereum",
                "url": node.url,
                "tokens": (Token(asset="USDT", contract=TOKEN),),
                "attempts": 2,
                "backoff": 0.001,
                "timeout": 5.0,
                **options,
            }
        )
        made = Evm(chosen, default_registry())
        made.open(Path())
        yield made


def balances(node: Node, questions: list[Question], pin: Pin = ETHEREUM, **options: Any) -> list[Answer]:
    with provider(node, **options) as asking:
        return asking.balances(questions, pin, Progress())


def holding(node: nodes.Evm, question: Question) -> int | None:
    (answer,) = balances(node.node(), [question])
    return answer.held


# Balances


def test_coins_and_tokens_held_at_the_block_are_answered() -> None:
    chain = nodes.Evm({A: 15 * 10**17}, {TOKEN.lower(): nodes.erc20({B: 2_500_000})})
    node = chain.node()
    questions = [asked(A), asked(B), asked(B, "USDT"), asked(A, "USDT")]
    answers = balances(node, questions)
    assert [answer.held for answer in answers] == [3 * COIN // 2, 0, 5 * COIN // 2, 0]
    assert ETHEREUM.block in answers[0].source
    asked_at = [call["params"][-1] for call in node.calls if call["method"] in ("eth_getBalance", "eth_call")]
    assert asked_at == [{"blockHash": ETHEREUM.block, "requireCanonical": True}] * len(asked_at)


@pytest.mark.parametrize(
    ("decimals", "held"), [(0, 7 * COIN), (6, 7 * COIN // 10**6), (18, 7 * COIN // 10**18), (36, 7)]
)
def test_a_token_is_scaled_by_its_own_decimals(decimals: int, held: int) -> None:
    chain = nodes.Evm({}, {TOKEN.lower(): nodes.erc20({A: 7}, decimals)})
    assert holding(chain, asked(A, "USDT")) == held


def test_a_token_finer_than_is_counted_is_not_checked() -> None:
    chain = nodes.Evm({}, {TOKEN.lower(): nodes.erc20({A: 7}, 37)})
    assert holding(chain, asked(A, "USDT")) is None


def test_questions_are_asked_in_bounded_batches() -> None:
    accounts = [wallets.evm_account(number) for number in range(25)]
    chain = nodes.Evm({account: number * 10**18 for number, account in enumerate(accounts)})
    node = chain.node()
    answers = balances(node, [asked(account) for account in accounts], batch=10, parallel=3)
    assert [answer.held for answer in answers] == [number * COIN for number in range(25)]
    sizes = sorted(len(one) for one in node.requests if isinstance(one, list))
    assert sizes == [5, 10, 10]


def test_a_batch_of_one_is_sent_as_no_batch() -> None:
    node = nodes.Evm({A: 10**18}).node()
    balances(node, [asked(A), asked(B)], batch=1)
    assert not any(isinstance(request, list) for request in node.requests)


@pytest.mark.parametrize(
    ("chain", "reason"),
    [
        (nodes.Evm(chain_id=5), "on chain 5, not 1"),
        (nodes.Evm(known=False), "does not know the snapshot's block"),
        (nodes.Evm(pin=evolve(ETHEREUM, height=5)), "has height 5, not 23900000"),
    ],
)
def test_a_node_of_another_chain_or_without_the_block_is_not_asked(chain: nodes.Evm, reason: str) -> None:
    chain.coins[A] = 10**18
    node = chain.node()
    (answer,) = balances(node, [asked(A)])
    assert answer.held is None
    assert reason in answer.reason
    assert not any(call["method"] == "eth_getBalance" for call in node.calls)


def test_a_block_that_is_answered_with_another_is_not_believed() -> None:
    node = nodes.Evm({A: 10**18}).node()
    node.methods["eth_getBlockByHash"] = lambda params: {"hash": OTHER, "number": hex(ETHEREUM.height)}
    (answer,) = balances(node, [asked(A)])
    assert answer.held is None
    assert "a block other than" in answer.reason


def test_a_chain_that_is_reorganised_meanwhile_leaves_the_rest_unchecked() -> None:
    """The node no longer has the block on its chain, and says so to whoever names it by its hash."""
    chain = nodes.Evm({A: 10**18, B: 10**18})
    node = chain.node()
    told = node.methods["eth_getBalance"]

    def reorganised(params: list[Any]) -> Any:
        if params[0] == A:
            return told(params)
        raise RpcError(-32000, "hash is not currently canonical")

    node.methods["eth_getBalance"] = reorganised
    first, second = balances(node, [asked(A), asked(B)], batch=1, parallel=1)
    assert first.held == COIN
    assert second.held is None
    assert "not currently canonical" in second.reason


@pytest.mark.parametrize(
    "result",
    [None, 5, True, "", "0x", "5", "0xzz", "-0x5", "0x-5", "0x05", "0x" + "1" * 65, ["0x5"], {"a": 1}, "0x5 ", "0X5"],
)
def test_a_result_that_is_not_a_quantity_is_not_a_balance(result: Any) -> None:
    node = nodes.Evm().node()
    node.methods["eth_getBalance"] = lambda params: result
    (answer,) = balances(node, [asked(A)])
    assert answer.held is None
    assert answer.reason


@pytest.mark.parametrize("result", ["0x", "0x0", "0x5", "0x" + "00" * 31, "0x" + "00" * 33, None, 0])
def test_a_token_that_does_not_answer_with_a_word_is_no_balance(result: Any) -> None:
    """An address without a contract answers with nothing, which is not zero."""
    node = nodes.Evm({}, {TOKEN.lower(): nodes.erc20({})}).node()
    told = node.methods["eth_call"]
    balance_of = "0x" + nodes.selector("balanceOf(address)")
    node.methods["eth_call"] = lambda params: result if params[0]["data"].startswith(balance_of) else told(params)
    (answer,) = balances(node, [asked(A, "USDT")])
    assert answer.held is None


@pytest.mark.parametrize("result", ["0x", "0x06", "0x" + "ff" * 32, None, 6])
def test_a_token_whose_decimals_are_not_known_is_no_balance(result: Any) -> None:
    node = nodes.Evm({}, {TOKEN.lower(): nodes.erc20({A: 5})}).node()
    told = node.methods["eth_call"]
    node.methods["eth_call"] = lambda params: (
        result if params[0]["data"] == "0x" + nodes.selector("decimals()") else told(params)
    )
    (answer,) = balances(node, [asked(A, "USDT")])
    assert answer.held is None
    assert "decimals" in answer.reason


def test_a_question_that_the_node_refuses_leaves_the_others_answered() -> None:
    chain = nodes.Evm({A: 10**18})
    node = chain.node()
    told = node.methods["eth_getBalance"]

    def partly(params: list[Any]) -> Any:
        if params[0] == B:
            raise RpcError(-32000, "missing trie node")
        return told(params)

    node.methods["eth_getBalance"] = partly
    assert [answer.held for answer in balances(node, [asked(A), asked(B), asked(A)])] == [COIN, None, COIN]


def test_a_node_that_fails_again_and_again_is_not_asked_any_more() -> None:
    node = nodes.Evm().node()

    def raw(handler: Handler, body: bytes, count: int) -> bool:
        if isinstance(json.loads(body), list):
            handler.send(503, b"")
            return True
        return False

    node.raw = raw
    accounts = [wallets.evm_account(number) for number in range(60)]
    answers = balances(node, [asked(account) for account in accounts], batch=2, parallel=1, attempts=2)
    assert all(answer.held is None for answer in answers)
    assert sum(isinstance(request, list) for request in node.requests) == 3 * 2
    assert "no longer asked" in answers[-1].reason


def test_a_server_of_html_leaves_everything_unchecked() -> None:
    node = nodes.Evm().node()
    node.raw = lambda handler, body, count: (handler.send(200, b"<html>"), True)[1]
    (answer,) = balances(node, [asked(A)])
    assert answer.held is None
    assert "HTML" in answer.reason


def test_a_pin_that_is_not_a_block_hash_is_not_asked() -> None:
    node = nodes.Evm({A: 10**18}).node()
    (answer,) = balances(node, [asked(A)], pin=evolve(ETHEREUM, block="latest-latest-latest"))
    assert answer.held is None
    assert not node.requests


def test_no_url_is_in_any_answer() -> None:
    for chain in (nodes.Evm({A: 10**18}), nodes.Evm(chain_id=7)):
        (answer,) = balances(chain.node(), [asked(A)])
        assert not any(part in f"{answer.source} {answer.reason}" for part in ("127.0.0.1", "secret", "http"))


@pytest.mark.parametrize(
    ("question", "serves"),
    [
        (asked(A), True),
        (asked(A, "USDT"), True),
        (asked(A, "USDT", "bridged"), False),
        (asked(A, "USDC"), False),
        (asked("0x" + "ab" * 48), False),
        (Question("ETH", "arbitrum", A), False),
    ],
)
def test_it_serves_the_tokens_that_it_was_given(question: Question, serves: bool) -> None:
    with provider(nodes.Evm().node()) as asking:
        assert asking.serves(question) is serves


@pytest.mark.parametrize(
    ("chain", "chain_id", "coin"), [("bnb-smart-chain", 56, "BNB"), ("polygon", 137, "POL"), ("arbitrum", 42161, "ETH")]
)
def test_the_coin_of_a_chain_is_its_own_whatever_is_named(chain: str, chain_id: int, coin: str) -> None:
    node = nodes.Evm(chain_id=chain_id).node()
    with provider(node, chain=chain) as asking:
        assert asking.serves(Question(coin, chain, A))
        assert asking.serves(Question("ETH", chain, A)) == (coin == "ETH")
        assert not asking.serves(Question(coin, chain, A, "bridged"))
    with provider(node, chain=chain, coin=coin) as asking:
        assert asking.serves(Question(coin, chain, A))
    with (
        pytest.raises(InputError, match=f"the own coin of {chain} is {coin}, not AVAX"),
        provider(node, chain=chain, coin="AVAX"),
    ):
        pass


def test_a_chain_that_is_not_known_has_its_coin_named() -> None:
    with (
        pytest.raises(InputError, match="the own coin of nova is not known"),
        provider(nodes.Evm().node(), chain="nova", chain_id=7),
    ):
        pass
    with provider(nodes.Evm().node(), chain="nova", chain_id=7, coin="NOVA") as asking:
        assert asking.serves(Question("NOVA", "nova", A))
        assert not asking.serves(Question("ETH", "nova", A))


def test_no_contract_can_be_named_for_a_chains_own_coin() -> None:
    with (
        pytest.raises(InputError, match="a contract is named for ETH, the own coin of ethereum"),
        provider(nodes.Evm().node(), tokens=(Token(asset="ETH", contract=TOKEN),)),
    ):
        pass


def test_two_tokens_of_one_asset_are_two_contracts() -> None:
    other = "0x" + "bb" * 20
    chain = nodes.Evm({}, {TOKEN.lower(): nodes.erc20({A: 1}), other: nodes.erc20({A: 2})})
    tokens = (Token(asset="USDC", contract=TOKEN), Token(asset="USDC", contract=other, token="bridged"))
    answers = balances(chain.node(), [asked(A, "USDC"), asked(A, "USDC", "bridged")], tokens=tokens)
    assert [answer.held for answer in answers] == [COIN // 10**6, 2 * COIN // 10**6]


def test_a_chain_whose_id_is_not_known_must_say_it() -> None:
    with pytest.raises(InputError, match="chain id of nova"), provider(nodes.Evm().node(), chain="nova"):
        pass


# Control


MESSAGE = "I am an example address"
CONTRACT = "0x" + "c0" * 20


def claim(*signers: int, owners: tuple[int, ...] = (), address: str = CONTRACT) -> OwnershipClaim:
    signed = [wallets.rsv(number, wallets.personal(MESSAGE.encode())) for number in signers]
    named = tuple(wallets.evm_account(number) for number in owners)
    return OwnershipClaim("ETH", "ethereum", address, MESSAGE, signed, (), named)


def judged(chain: nodes.Evm | Node, row: OwnershipClaim) -> tuple[Status, str, Node]:
    """The row judged by what its chain says of it, as the evaluation does."""
    node = chain.node() if isinstance(chain, nodes.Evm) else chain
    (scheme,) = load_schemes(names=["evm-eoa"])
    with provider(node) as asking:
        (answer,) = asking.controls([ControlQuestion(row, scheme.digests(row))], ETHEREUM, Progress())
    (result,) = verify_ownership([evolve(row, control=answer.control)], [scheme])
    return result.status, f"{result.reason}; {answer.reason}", node


OWNERS = [wallets.evm_account(number) for number in (1, 2, 3)]


def test_a_safe_is_proven_by_as_many_of_its_owners_as_must_sign() -> None:
    chain = nodes.Evm({}, {CONTRACT: nodes.safe(OWNERS, 2)})
    status, reason, node = judged(chain, claim(1, 3, owners=(1, 3)))
    assert status is Status.PROVEN
    assert ETHEREUM.block in reason
    at = [call["params"][-1] for call in node.calls if call["method"] in ("eth_call", "eth_getCode")]
    assert at == [{"blockHash": ETHEREUM.block, "requireCanonical": True}] * len(at)


@pytest.mark.parametrize(
    ("contract", "row"),
    [
        (nodes.safe(OWNERS, 2), claim(1, owners=(1,))),
        (nodes.safe(OWNERS, 2), claim(1, 7, owners=(1, 7))),
        (nodes.safe(OWNERS, 2), claim(7, 8, owners=(7, 8))),
        (nodes.safe(OWNERS, 2), claim(1, 1, owners=(1,))),
        (nodes.safe(OWNERS, 0), claim(1, owners=(1,))),
        (nodes.safe(OWNERS, 4), claim(1, 2, owners=(1, 2))),
        (nodes.safe([OWNERS[0], OWNERS[0]], 2), claim(1, owners=(1,))),
    ],
)
def test_a_safe_is_not_proven_by_fewer_or_by_others(contract: nodes.Contract, row: OwnershipClaim) -> None:
    assert judged(nodes.Evm({}, {CONTRACT: contract}), row)[0] is Status.FAILED


def digest_of(row: OwnershipClaim) -> bytes:
    return wallets.personal(row.message.encode())


def test_a_contract_that_accepts_the_signature_is_proven() -> None:
    row = claim(9)
    signature = bytes.fromhex(row.signatures[0][2:])
    accepts = nodes.wallet_1271(lambda digest, given: (digest, given) == (digest_of(row), signature))
    status, reason, _ = judged(nodes.Evm({}, {CONTRACT: accepts}), row)
    assert status is Status.PROVEN
    assert "EIP-1271" in reason


def test_a_contract_that_does_not_accept_it_is_not() -> None:
    status, reason, _ = judged(nodes.Evm({}, {CONTRACT: nodes.wallet_1271(lambda *_: False)}), claim(9))
    assert status is Status.FAILED
    assert "does not accept" in reason


def test_a_contract_that_accepts_anything_proves_nothing() -> None:
    status, reason, _ = judged(nodes.Evm({}, {CONTRACT: nodes.wallet_1271(lambda *_: True)}), claim(9))
    assert status is Status.FAILED
    assert "accepts its signature for anything" in reason


def test_an_acceptance_that_cannot_be_tried_against_something_else_proves_nothing() -> None:
    row = claim(9)
    node = nodes.Evm({}, {CONTRACT: nodes.wallet_1271(lambda digest, _: digest == digest_of(row))}).node()
    told = node.methods["eth_call"]

    def failing(params: list[Any]) -> Any:
        data = params[0]["data"]
        if (
            data.startswith("0x" + nodes.selector("isValidSignature(bytes32,bytes)"))
            and digest_of(row).hex() not in data
        ):
            raise RpcError(-32603, "internal error")
        return told(params)

    node.methods["eth_call"] = failing
    assert judged(node, row)[0] is not Status.PROVEN


def test_an_account_without_code_has_no_owners() -> None:
    status, reason, node = judged(nodes.Evm(), claim(1, 2, owners=(1, 2)))
    assert status is Status.FAILED, "its own key alone controls it, and has not signed"
    assert "the signature is by another key" in reason
    assert not any(call["method"] == "eth_call" for call in node.calls)


def test_an_account_that_delegates_keeps_its_key() -> None:
    node = nodes.Evm().node()
    node.methods["eth_getCode"] = lambda params: "0xef0100" + "ab" * 20
    row = claim(1, address=wallets.evm_account(1))
    assert judged(node, row)[0] is Status.PROVEN
    assert not any(call["method"] == "eth_call" for call in node.calls)


@pytest.mark.parametrize("code", [None, "", "0", "0xz", 5, "0x1"])
def test_an_account_of_which_the_code_is_not_known_stays_open(code: Any) -> None:
    node = nodes.Evm({}, {CONTRACT: nodes.safe(OWNERS, 1)}).node()
    node.methods["eth_getCode"] = lambda params: code
    status, reason, _ = judged(node, claim(1, owners=(1,)))
    assert status is Status.UNBOUND
    assert "not known" in reason


def listed(count: int, *words: str) -> str:
    return "0x" + nodes.word(32) + nodes.word(count) + "".join(words)


OWNER_WORD = OWNERS[0][2:].rjust(64, "0")


@pytest.mark.parametrize(
    "owners",
    [
        "0x",
        "0x" + OWNER_WORD,
        listed(0),
        listed(2, OWNER_WORD),
        listed(1, OWNER_WORD, OWNER_WORD),
        listed(1, "ff" + OWNER_WORD[2:]),
        listed(1 << 255, OWNER_WORD),
        listed(1, OWNER_WORD)[:-2],
        listed(65, *[OWNER_WORD] * 65),
        "0x" + nodes.word(64) + nodes.word(1) + OWNER_WORD,
        None,
        5,
    ],
)
def test_owners_that_cannot_be_read_are_no_owners(owners: Any) -> None:
    node = nodes.Evm({}, {CONTRACT: nodes.safe(OWNERS, 1)}).node()
    told = node.methods["eth_call"]
    node.methods["eth_call"] = lambda params: (
        owners if params[0]["data"] == "0x" + nodes.selector("getOwners()") else told(params)
    )
    status, reason, _ = judged(node, claim(1, owners=(1,)))
    assert status is Status.UNBOUND
    assert "does not say who owns it" in reason


def test_a_node_that_cannot_be_asked_leaves_control_open() -> None:
    status, reason, _ = judged(nodes.Evm(chain_id=5), claim(1, owners=(1,)))
    assert status is Status.UNBOUND
    assert "on chain 5" in reason
