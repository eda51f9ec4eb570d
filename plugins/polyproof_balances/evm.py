"""Ethereum and the chains like it, asked by the hash of a block.

Every question names the snapshot's block by its hash (EIP-1898, ``requireCanonical``), so that a node answers about
that block or not at all, whatever its tip is and however the chain is reorganised meanwhile. Before anything else the
node must say that it is on the right chain and knows the block at the pinned height.

Coins are asked for with ``eth_getBalance``, tokens (ERC-20) with ``balanceOf``, scaled by the token's own ``decimals``.
``polyproof_balances.evm_contracts`` asks contracts who controls them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from attrs import frozen

from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Pin, Question
from polyproof.config.options import option
from polyproof.errors import InputError, Problem
from polyproof.model.chains import coin_name, own_coin
from polyproof.model.holdings import FINEST
from polyproof.model.names import NAME, OPTIONAL_NAME
from polyproof.ownership import AccountControl
from polyproof.progress import Progress
from polyproof.toolkit.endpoint import EndpointOptions, open_endpoint
from polyproof.toolkit.json_rpc import Call
from polyproof_balances import evm_abi
from polyproof_balances.evm_contracts import ask_contracts
from polyproof_balances.evm_node import Node, Unknown, parsed
from polyproof_balances.tokens import check_named_once

__all__ = ["CHAIN_IDS", "Evm", "EvmOptions", "Token"]

CHAIN_IDS = {
    "ethereum": 1,
    "optimism": 10,
    "cronos": 25,
    "bnb-smart-chain": 56,
    "ethereum-classic": 61,
    "okt": 66,
    "gnosis": 100,
    "unichain": 130,
    "polygon": 137,
    "x-layer": 196,
    "fantom": 250,
    "zksync": 324,
    "moonbeam": 1284,
    "mantle": 5000,
    "base": 8453,
    "arbitrum": 42161,
    "celo": 42220,
    "avalanche-c": 43114,
    "linea": 59144,
    "blast": 81457,
    "scroll": 534352,
}
"""EIP-155 chain ids, as chainid.network lists them."""


@frozen(kw_only=True)
class Token:
    """An ERC-20 contract."""

    asset: str = option(doc="Symbol of the asset in the spec.")
    contract: str = option(
        pattern=(r"0x[0-9a-fA-F]{40}", "0x and 40 hexadecimal digits"), doc="Address of the token's contract."
    )
    token: str = option(
        default="",
        pattern=OPTIONAL_NAME,
        doc="Which of several tokens of the asset on this chain, such as bridged.",
    )


@frozen(kw_only=True)
class EvmOptions(EndpointOptions):
    """One chain, and the node to ask about it."""

    chain: str = option(pattern=NAME, doc="The canonical name of the chain, such as arbitrum.")
    chain_id: int | None = option(
        default=None,
        least=1,
        doc="Its EIP-155 id, if it is not among those known; a node on another chain is not asked.",
    )
    coin: str | None = option(
        default=None,
        doc="Symbol of the chain's own coin, for a chain whose own coin is not among those known.",
    )
    coin_decimals: int = option(default=18, least=0, most=36, doc="Decimals of the chain's own coin.")
    tokens: tuple[Token, ...] = option(default=(), items=(0, 1024), doc="The tokens to look up.")
    batch: int = option(default=100, least=1, most=1000, doc="Questions in one request.")
    parallel: int = option(default=4, least=1, most=32, doc="Requests at a time.")


class Evm(BalanceProvider):
    """Asks one node about one chain."""

    name: ClassVar[str] = "evm"
    Options = EvmOptions
    options: EvmOptions

    def open(self, base: Path) -> None:
        """Find the node's URL. Raises ``InputError`` for a chain whose id or coin is not known, or named wrongly."""
        self._endpoint = open_endpoint(self.options)
        chain_id = self.options.chain_id or CHAIN_IDS.get(self.options.chain)
        if chain_id is None:
            raise InputError(Problem(f"the chain id of {self.options.chain} is not known", hint="set chain_id"))
        self._chain_id = chain_id
        self._coin = self._own_coin()
        self._tokens = {(token.asset, token.token): token.contract.lower() for token in self.options.tokens}
        check_named_once(((token.asset, token.token), token.contract.lower()) for token in self.options.tokens)
        for asset, token in self._tokens:
            if (coin_name(asset), token) == (self._coin, ""):
                raise InputError(
                    Problem(
                        f"a contract is named for {asset}, the own coin of {self.options.chain}",
                        hint="accounts hold it without a contract; a token that wraps it has a token name",
                    )
                )

    def _own_coin(self) -> str:
        known, named = own_coin(self.options.chain), self.options.coin
        if known and named is not None and coin_name(named) != known:
            raise InputError(
                Problem(f"the own coin of {self.options.chain} is {known}, not {named}", hint="leave coin out")
            )
        if not known and named is None:
            raise InputError(Problem(f"the own coin of {self.options.chain} is not known", hint="name it: coin"))
        return known or coin_name(named or "")

    def serves(self, question: Question) -> bool:
        """The chain's coin and the tokens of the options, at well-formed addresses."""
        if question.chain != self.options.chain or not evm_abi.ADDRESS.match(question.address):
            return False
        key = (question.asset, question.token)
        return key in self._tokens or (coin_name(question.asset), question.token) == (self._coin, "")

    def controls_chain(self, chain: str) -> bool:
        """The one chain."""
        return chain == self.options.chain

    # Balances

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        """One call for each account, after the decimals of each token that is asked about."""
        with self._node(pin, progress) as node:
            unusable = node.unusable()
            if unusable is not None:
                return [Answer(None, self._place(pin), unusable.reason) for _ in questions]
            used = {self._contract(question) for question in questions} - {None}
            contracts = sorted(contract for contract in used if contract is not None)
            calls = [node.contract_call(contract, evm_abi.DECIMALS) for contract in contracts]
            decimals = dict(zip(contracts, node.ask(calls, evm_abi.small_word, None), strict=True))
            asked = [self._balance_call(question, node) for question in questions]
            found = node.ask(asked, _anything, f"ask {self.options.chain}")
        return [
            self._answer(question, amount, decimals, pin) for question, amount in zip(questions, found, strict=True)
        ]

    def _contract(self, question: Question) -> str | None:
        return self._tokens.get((question.asset, question.token))

    def _balance_call(self, question: Question, node: Node) -> Call:
        contract = self._contract(question)
        if contract is None:
            return Call("eth_getBalance", (question.address.lower(), node.block))
        return node.contract_call(contract, evm_abi.balance_of(question.address))

    def _answer(self, question: Question, result: Any, decimals: dict[str, int | Unknown], pin: Pin) -> Answer:
        contract = self._contract(question)
        asked = "eth_getBalance" if contract is None else f"balanceOf at {contract}"
        source = f"{asked} of {self._place(pin)}"
        scale = self.options.coin_decimals if contract is None else decimals[contract]
        if isinstance(scale, Unknown):
            return Answer(None, source, f"the token's decimals are not known: {scale.reason}")
        if scale > FINEST:
            return Answer(None, source, f"the token has {scale} decimals; at most {FINEST} are supported")
        amount = parsed(result, evm_abi.quantity if contract is None else evm_abi.word)
        if isinstance(amount, Unknown):
            return Answer(None, source, amount.reason)
        return Answer(amount * 10 ** (FINEST - scale), source)

    # Control

    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        """Which signatures a contract accepts and who its owners are; any other account is its own key's alone."""
        answers = [ControlAnswer(None, "") for _ in questions]
        readable = [
            number for number, question in enumerate(questions) if evm_abi.ADDRESS.match(question.claim.address)
        ]
        with self._node(pin, progress) as node:
            unusable = node.unusable()
            if unusable is not None:
                return [ControlAnswer(None, unusable.reason) for _ in questions]
            codes = node.ask(
                [Call("eth_getCode", (questions[number].claim.address.lower(), node.block)) for number in readable],
                evm_abi.data,
                f"look for contracts on {self.options.chain}",
            )
            contracts = []
            for number, code in zip(readable, codes, strict=True):
                if isinstance(code, Unknown):
                    answers[number] = ControlAnswer(None, f"whether it is a contract is not known: {code.reason}")
                elif code == "0x" or (code.startswith(evm_abi.DELEGATION) and len(code) == 48):
                    own = (questions[number].claim.address,)
                    answers[number] = ControlAnswer(AccountControl(f"eth_getCode of {self._place(pin)}", own, 1))
                else:
                    contracts.append(number)
            found = ask_contracts([questions[number] for number in contracts], node, self._place(pin))
        for number, answer in zip(contracts, found, strict=True):
            answers[number] = answer
        return answers

    def _node(self, pin: Pin, progress: Progress) -> Node:
        return Node(
            self._endpoint,
            self.options,
            pin,
            progress,
            chain_id=self._chain_id,
            batch=self.options.batch,
            parallel=self.options.parallel,
        )

    def _place(self, pin: Pin) -> str:
        return f"chain {self._chain_id} at block {pin.block}"


def _anything(value: Any) -> Any:
    return value
