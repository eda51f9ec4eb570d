"""Ethereum and the chains like it, asked by the hash of a block.

Every question names the snapshot's block by its hash (EIP-1898, ``requireCanonical``), so that a node answers of that
block or not at all, whatever its tip is and however the chain is reorganised meanwhile. Before anything else the node
must say that it is of the right chain and knows the block under the pinned height.

Coins: ``eth_getBalance``. Tokens (ERC-20): ``balanceOf``, scaled by the token's own ``decimals``. Contract wallets:
``isValidSignature`` (EIP-1271) of the row's signatures, and ``getOwners`` and ``getThreshold`` as a Safe answers them.
A contract that accepts a signature is asked about the same signature of something else too: one that accepts that as
well accepts anything, and its word is worth nothing. About its owners a contract is taken at its word.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from attrs import frozen

from polyproof.balances import Answer, BalanceProvider, ControlAnswer, ControlQuestion, Pin, Question
from polyproof.config.options import option
from polyproof.errors import InputError, Problem
from polyproof.model.holdings import FINEST
from polyproof.model.names import NAME, OPTIONAL_NAME
from polyproof.ownership import AccountControl, OwnershipClaim
from polyproof.progress import Progress
from polyproof.toolkit.endpoint import EndpointOptions, open_endpoint
from polyproof.toolkit.http import Failed
from polyproof_balances.json_rpc import Call, Refused, Rpc

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

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")
_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})\Z")
_WORD = re.compile(r"0x[0-9a-fA-F]{64}\Z")
_DATA = re.compile(r"0x(?:[0-9a-fA-F]{2})*\Z")

# Selectors: the first four bytes of the Keccak-256 of the signature, as the ABI specification has it.
_BALANCE_OF = "0x70a08231"
"""``balanceOf(address)``"""
_DECIMALS = "0x313ce567"
"""``decimals()``"""
_IS_VALID_SIGNATURE = "0x1626ba7e"
"""``isValidSignature(bytes32,bytes)``; also what it returns for a valid one (EIP-1271)."""
_GET_OWNERS = "0xa0e67e2b"
"""``getOwners()``"""
_GET_THRESHOLD = "0xe75235b8"
"""``getThreshold()``"""
_DELEGATION = "0xef0100"
"""What the code of an account begins with that delegates, and keeps its key (EIP-7702)."""

_GIVE_UP = 3
"""Exchanges in a row that fail before the rest is not asked any more."""
_MOST_OWNERS = 64
_LONGEST_SIGNATURE = 8192


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
    """One chain and the node that is asked about it."""

    chain: str = option(pattern=NAME, doc="The canonical name of the chain, such as arbitrum.")
    chain_id: int | None = option(
        default=None,
        least=1,
        doc="Its EIP-155 id, if it is not among those known; a node on another chain is not asked.",
    )
    coin: str | None = option(
        default="ETH", doc="Symbol of the asset that is the chain's own coin; null if the spec does not have it."
    )
    coin_decimals: int = option(default=18, least=0, most=36, doc="Decimals of the chain's own coin.")
    tokens: tuple[Token, ...] = option(default=(), items=(0, 1024), doc="The tokens to look up.")
    batch: int = option(default=100, least=1, most=1000, doc="Questions in one request.")
    parallel: int = option(default=4, least=1, most=32, doc="Requests at a time.")


_T = TypeVar("_T")


@frozen
class _Unknown:
    """Why something is not known."""

    reason: str
    reverted: bool = False
    """The node ran the contract, and the contract gave up."""


class Evm(BalanceProvider):
    """Asks one node about one chain."""

    name: ClassVar[str] = "evm"
    Options = EvmOptions
    options: EvmOptions

    def open(self, base: Path) -> None:
        """Find the node's URL."""
        self._endpoint = open_endpoint(self.options)
        self._chain_id = self.options.chain_id or CHAIN_IDS.get(self.options.chain)
        if self._chain_id is None:
            raise InputError(Problem(f"the chain id of {self.options.chain} is not known", hint="set chain_id"))
        self._tokens = {(token.asset, token.token): token.contract.lower() for token in self.options.tokens}

    def serves(self, question: Question) -> bool:
        """The chain's coin and the tokens that are named, of accounts."""
        if question.chain != self.options.chain or not _ADDRESS.match(question.address):
            return False
        key = (question.asset, question.token)
        return key in self._tokens or key == (self.options.coin, "")

    def controls_chain(self, chain: str) -> bool:
        """The one chain."""
        return chain == self.options.chain

    def balances(self, questions: Sequence[Question], pin: Pin, progress: Progress) -> list[Answer]:
        """Ask for each account."""
        at = self._block(pin)
        with _Session(self, pin, progress) as session:
            unusable = session.unusable()
            if unusable is not None:
                return [Answer(None, self._source("", pin), unusable.reason) for _ in questions]
            used = {self._contract(question) for question in questions} - {None}
            contracts = sorted(contract for contract in used if contract is not None)
            calls = [Call("eth_call", ({"to": contract, "data": _DECIMALS}, at)) for contract in contracts]
            decimals = dict(zip(contracts, session.ask(calls, _small_word, None), strict=True))
            asked = [self._balance_call(question, at) for question in questions]
            found = session.ask(asked, _anything, f"ask {self.options.chain}")
        return [
            self._answer(question, amount, decimals, pin) for question, amount in zip(questions, found, strict=True)
        ]

    def _contract(self, question: Question) -> str | None:
        return self._tokens.get((question.asset, question.token))

    def _balance_call(self, question: Question, at: dict[str, Any]) -> Call:
        contract = self._contract(question)
        if contract is None:
            return Call("eth_getBalance", (question.address.lower(), at))
        data = _BALANCE_OF + question.address[2:].lower().rjust(64, "0")
        return Call("eth_call", ({"to": contract, "data": data}, at))

    def _answer(self, question: Question, told: Any, decimals: dict[str, int | _Unknown], pin: Pin) -> Answer:
        contract = self._contract(question)
        source = self._source("eth_getBalance" if contract is None else f"balanceOf at {contract}", pin)
        scale = self.options.coin_decimals if contract is None else decimals[contract]
        if isinstance(scale, _Unknown):
            return Answer(None, source, f"the token's decimals are not known: {scale.reason}")
        if scale > FINEST:
            return Answer(None, source, f"the token has {scale} decimals; at most {FINEST} are supported")
        amount = _parsed(told, _quantity if contract is None else _word)
        if isinstance(amount, _Unknown):
            return Answer(None, source, amount.reason)
        return Answer(amount * 10 ** (FINEST - scale), source)

    def _source(self, what: str, pin: Pin) -> str:
        return f"{what} of chain {self._chain_id} at block {pin.block}".removeprefix(" of ")

    @staticmethod
    def _block(pin: Pin) -> dict[str, Any]:
        return {"blockHash": pin.block.lower(), "requireCanonical": True}

    # Control

    def controls(self, questions: Sequence[ControlQuestion], pin: Pin, progress: Progress) -> list[ControlAnswer]:
        """Whether each account is a contract; if so, which signatures it accepts and who its owners are."""
        at = self._block(pin)
        readable = [number for number, question in enumerate(questions) if _ADDRESS.match(question.claim.address)]
        answers = [ControlAnswer(None, "") for _ in questions]
        with _Session(self, pin, progress) as session:
            unusable = session.unusable()
            if unusable is not None:
                return [ControlAnswer(None, unusable.reason) for _ in questions]
            codes = session.ask(
                [Call("eth_getCode", (questions[number].claim.address.lower(), at)) for number in readable],
                _data,
                f"look for contracts on {self.options.chain}",
            )
            contracts = []
            for number, code in zip(readable, codes, strict=True):
                if isinstance(code, _Unknown):
                    answers[number] = ControlAnswer(None, f"whether it is a contract is not known: {code.reason}")
                elif code != "0x" and not (code.startswith(_DELEGATION) and len(code) == 48):
                    contracts.append(number)
            for number, answer in zip(
                contracts, self._ask_contracts(questions, contracts, at, session, pin), strict=True
            ):
                answers[number] = answer
        return answers

    def _ask_contracts(
        self,
        questions: Sequence[ControlQuestion],
        contracts: Sequence[int],
        at: dict[str, Any],
        session: _Session,
        pin: Pin,
    ) -> Iterator[ControlAnswer]:
        owners_of: list[tuple[str, ...] | _Unknown] = session.ask(
            [self._call(questions[number].claim, _GET_OWNERS, at) for number in contracts], _addresses, None
        )
        thresholds: list[int | _Unknown] = session.ask(
            [self._call(questions[number].claim, _GET_THRESHOLD, at) for number in contracts], _small_word, None
        )
        tried = [
            (number, digest, _signature_call(digest, signature))
            for number in contracts
            for digest in questions[number].digests
            for signature in map(_signature, questions[number].claim.signatures)
            if signature
        ]
        verdicts: list[bool | _Unknown] = session.ask(
            [self._call(questions[number].claim, data, at) for number, _, data in tried], _is_valid, None
        )
        self._discard_what_accepts_anything(questions, tried, verdicts, at, session)
        for number, owners, threshold in zip(contracts, owners_of, thresholds, strict=True):
            judged = [
                (digest, verdict) for (of, digest, _), verdict in zip(tried, verdicts, strict=True) if of == number
            ]
            yield self._control(owners, threshold, judged, pin)

    def _discard_what_accepts_anything(
        self,
        questions: Sequence[ControlQuestion],
        tried: Sequence[tuple[int, bytes, str]],
        verdicts: list[bool | _Unknown],
        at: dict[str, Any],
        session: _Session,
    ) -> None:
        """Ask again about every signature that was accepted, as if it were of something else."""
        accepted = [place for place, verdict in enumerate(verdicts) if verdict is True]
        calls = []
        for place in accepted:
            number, digest, data = tried[place]
            other = bytes(byte ^ 0xFF for byte in digest).hex()
            calls.append(self._call(questions[number].claim, data.replace(digest.hex(), other, 1), at))
        for place, verdict in zip(accepted, session.ask(calls, _is_valid, None), strict=True):
            if verdict is True:
                verdicts[place] = _Unknown("the contract accepts its signature for anything")
            elif isinstance(verdict, _Unknown) and not verdict.reverted:
                verdicts[place] = verdict

    def _control(
        self,
        owners: tuple[str, ...] | _Unknown,
        threshold: int | _Unknown,
        judged: Sequence[tuple[bytes, bool | _Unknown]],
        pin: Pin,
    ) -> ControlAnswer:
        accepted = tuple(digest for digest, verdict in judged if verdict is True)
        safe = not isinstance(owners, _Unknown) and not isinstance(threshold, _Unknown)
        refused = bool(judged) and all(verdict is False for _, verdict in judged)
        if not (accepted or safe or refused):
            asked = [*(verdict for _, verdict in judged), owners, threshold]
            unknown = [one.reason for one in asked if isinstance(one, _Unknown)]
            return ControlAnswer(None, f"the contract does not say who owns it ({unknown[0]})" if unknown else "")
        source = self._source("isValidSignature" if accepted or not safe else "getOwners and getThreshold", pin)
        if safe:
            assert not isinstance(owners, _Unknown)
            assert not isinstance(threshold, _Unknown)
            return ControlAnswer(AccountControl(source, owners, threshold, accepted))
        return ControlAnswer(AccountControl(source, (), 1, accepted))

    @staticmethod
    def _call(claim: OwnershipClaim, data: str, at: dict[str, Any]) -> Call:
        return Call("eth_call", ({"to": claim.address.lower(), "data": data}, at))


class _Session:
    """The exchanges of one visit: several at a time, each with a connection of its own."""

    def __init__(self, provider: Evm, pin: Pin, progress: Progress) -> None:
        self._provider = provider
        self._pin = pin
        self._progress = progress
        self._local = threading.local()
        self._opened: list[Rpc] = []
        self._failures = 0
        self._pool = ThreadPoolExecutor(provider.options.parallel)

    def __enter__(self) -> _Session:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for rpc in self._opened:
            rpc.close()

    def _rpc(self) -> Rpc:
        rpc: Rpc | None = getattr(self._local, "rpc", None)
        if rpc is None:
            rpc = self._local.rpc = Rpc(self._provider._endpoint, self._provider.options)
            self._opened.append(rpc)
        return rpc

    def unusable(self) -> _Unknown | None:
        """Why this node cannot be asked about this block, or None."""
        pin = self._pin
        if not _WORD.match(pin.block):
            return _Unknown("the pinned block is not a hash of 32 bytes, 0x and 64 hexadecimal digits")
        try:
            chain_id = _quantity(self._rpc().call("eth_chainId"))
            if chain_id != self._provider._chain_id:
                return _Unknown(f"the node is on chain {chain_id}, not {self._provider._chain_id}")
            block = self._rpc().call("eth_getBlockByHash", pin.block.lower(), False)
            if not isinstance(block, dict):
                return _Unknown("the node does not know the snapshot's block")
            if str(block.get("hash")).lower() != pin.block.lower():
                return _Unknown("the node answered with a block other than the snapshot's")
            height = _quantity(block.get("number"))
            if height != pin.height:
                return _Unknown(f"the snapshot's block has height {height}, not {pin.height}")
        except (Failed, Refused, ValueError) as error:
            return _Unknown(str(error))
        return None

    def ask(self, calls: Sequence[Call], parse: Callable[[Any], _T], title: str | None) -> list[_T | _Unknown]:
        """The answers to calls, in order; ``parse`` raises ``ValueError`` for what is none."""
        size = self._provider.options.batch
        batches = [calls[start : start + size] for start in range(0, len(calls), size)]
        found: list[_T | _Unknown] = []
        with (self._progress if title else Progress()).task(title or "", len(calls)) as task:
            for batch, results in zip(batches, self._pool.map(self._exchange, batches), strict=True):
                found += [_parsed(result, parse) for result in results]
                task.advance(len(batch))
        return found

    def _exchange(self, batch: Sequence[Call]) -> Sequence[Any]:
        if self._failures >= _GIVE_UP:
            return [_Unknown("no longer asked: the node failed several times in a row")] * len(batch)
        try:
            results = self._rpc().batch(batch)
        except Failed as error:
            self._failures += 1
            return [_Unknown(str(error))] * len(batch)
        self._failures = 0
        return results


def _parsed(result: Any, parse: Callable[[Any], _T]) -> _T | _Unknown:
    if isinstance(result, _Unknown):
        return result
    if isinstance(result, Refused):
        return _Unknown(str(result), result.code == 3 or "revert" in result.message.lower())
    try:
        return parse(result)
    except ValueError as error:
        return _Unknown(str(error))


# Values, as the Ethereum JSON-RPC specification and the ABI write them


def _quantity(value: Any) -> int:
    if not isinstance(value, str) or not _QUANTITY.match(value):
        raise ValueError("the node's answer is not a quantity")
    return int(value, 16)


def _word(value: Any) -> int:
    """``uint256`` of the ABI."""
    if not isinstance(value, str) or not _WORD.match(value):
        raise ValueError("the contract's answer is not a number: is there a contract?")
    return int(value, 16)


def _small_word(value: Any) -> int:
    number = _word(value)
    if number > 255:
        raise ValueError("the contract's answer is not a small number")
    return number


def _anything(value: Any) -> Any:
    return value


def _data(value: Any) -> str:
    if not isinstance(value, str) or not _DATA.match(value):
        raise ValueError("the node's answer is not data")
    return value.lower()


def _addresses(value: Any) -> tuple[str, ...]:
    """``address[]`` of the ABI: where it begins, how many there are, a word each."""
    data = _data(value)[2:]
    words = [data[start : start + 64] for start in range(0, len(data), 64)]
    if len(data) % 64 or len(words) < 2 or int(words[0], 16) != 32:
        raise ValueError("the contract's answer is not a list of addresses")
    count = int(words[1], 16)
    if not 1 <= count <= _MOST_OWNERS or len(words) != count + 2 or any(int(word[:24], 16) for word in words[2:]):
        raise ValueError("the contract's answer is not a list of addresses")
    return tuple("0x" + word[24:] for word in words[2:])


def _is_valid(value: Any) -> bool:
    """Whether ``isValidSignature`` returned its magic value: four bytes at the start of a word."""
    if not isinstance(value, str) or not _WORD.match(value):
        raise ValueError("the contract's answer is not a bytes4")
    return value.lower() == _IS_VALID_SIGNATURE + "0" * 56


def _signature(text: str) -> str:
    """Hexadecimal digits of a signature; empty if it is none, or too long to be sent."""
    digits = text.removeprefix("0x").lower()
    return digits if re.fullmatch("(?:[0-9a-f]{2})+", digits) and len(digits) <= 2 * _LONGEST_SIGNATURE else ""


def _signature_call(digest: bytes, signature: str) -> str:
    """``isValidSignature(digest, signature)`` of the ABI: a word, where the bytes begin, their count, the bytes."""
    size = len(signature) // 2
    padded = signature + "0" * (-len(signature) % 64)
    return f"{_IS_VALID_SIGNATURE}{digest.hex()}{64:064x}{size:064x}{padded}"
