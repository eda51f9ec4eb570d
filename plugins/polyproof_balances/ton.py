"""TON at a block of its masterchain, by TON Center's HTTP API (v2) before a liteserver with the states of the past.

A pin's height is the number of a masterchain block, its block the block's root hash, in hexadecimal or base64. Every
question names that number (``seqno``), and every answer says which block it is of, by number and root hash. The balance
is all TON of the account's contract. An account that does not exist holds nothing.

A token (jetton) lies in a contract of its own for each owner. The token's minter is asked for that wallet's address,
and the wallet for its balance, its owner and its minter, which must be those asked about. How many decimals a jetton
has stands in no field of the chain that has one form: the options say it.

Sources: docs.ton.org, TON Center API v2; github.com/toncenter/ton-http-api-cpp, schemas/v2.yaml; TEP-74 on jettons.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from attrs import frozen

from polyproof.balances import Pin, Question
from polyproof.config.options import option
from polyproof.model.holdings import FINEST
from polyproof.model.names import OPTIONAL_NAME
from polyproof.toolkit.addresses import ton_address, well_formed
from polyproof.toolkit.encodings import Malformed, base64_decode, hex_decode
from polyproof_balances.accounts import AccountOptions, AccountProvider, NotKnown, digits, entry, text, units, whole
from polyproof_balances.rest import Rest
from polyproof_balances.tokens import check_contracts, check_named_once
from polyproof_balances.ton_cells import address_cell, cell_address

__all__ = ["ZERO_STATE", "Jetton", "Ton", "TonOptions"]

ZERO_STATE = "F6OpKZKqvqeFp6CQmFomXNMfMj2EnaUSOXN+Mh+wVWk="
"""Root hash of the state that the main network began with (ton.org/global.config.json)."""
_SHARD = "-9223372036854775808"
"""The masterchain's one shard."""
_NUMBER = re.compile(r"0x[0-9a-f]{1,32}")
Address = tuple[int, bytes]
"""Workchain and account."""


@frozen(kw_only=True)
class Jetton:
    """A token."""

    asset: str = option(doc="Symbol of the asset in the spec.")
    minter: str = option(
        pattern=(r"[A-Za-z0-9_+/-]{48}|(0|-1):[0-9a-fA-F]{64}", "an address of TON"), doc="The jetton's minter."
    )
    decimals: int = option(least=0, most=FINEST, doc="Decimals of the jetton, as its metadata says.")
    token: str = option(
        default="", pattern=OPTIONAL_NAME, doc="Which of several tokens of the asset on this chain, such as bridged."
    )


@frozen(kw_only=True)
class TonOptions(AccountOptions):
    """The API to ask: its URL ends with /api/v2."""

    tokens: tuple[Jetton, ...] = option(default=(), items=(0, 256), doc="The tokens to look up.")


class Ton(AccountProvider[Rest, bytes]):
    """Asks one API. What ``begin`` learns is the root hash, 32 bytes."""

    name: ClassVar[str] = "ton"
    Options = TonOptions
    Client = Rest
    options: TonOptions

    def open(self, base: Path) -> None:
        """Find the API's URL. Raises ``InputError``, also for a minter that is none, or named for TON or twice."""
        super().open(base)
        self._tokens = {(one.asset, one.token): one for one in self.options.tokens}
        named = [((one.asset, one.token), one.minter) for one in self.options.tokens]
        check_contracts(named, "minter", "TON", ton_address)
        check_named_once((name, _raw(ton_address(minter))) for name, minter in named)

    def serves(self, question: Question) -> bool:
        """TON and the tokens of the options, at well-formed addresses."""
        if question.chain != "ton" or not well_formed(ton_address, question.address):
            return False
        return (question.asset, question.token) in {("TON", ""), *self._tokens}

    def asked(self, question: Question) -> str:
        """The method."""
        token = self._tokens.get((question.asset, question.token))
        return f"get_wallet_data of the jetton {token.minter}" if token else "getAddressInformation"

    def begin(self, node: Rest, pin: Pin) -> bytes:
        """The network by the state it began with, and the block by its number and root hash."""
        root = _root(pin.block)
        if root is None:
            raise NotKnown("the pinned block is not a root hash, 32 bytes in hexadecimal or base64")
        info = _result(node.read("/getMasterchainInfo"))
        if entry(info, "init", "root_hash") != ZERO_STATE:
            raise NotKnown("the node is on another network than TON's main one")
        found = _result(node.read(f"/lookupBlock?workchain=-1&shard={_SHARD}&seqno={pin.height}"))
        _check_block(found, pin, root)
        return root

    def held(self, node: Rest, question: Question, pin: Pin, block: bytes) -> int:
        """The account's balance, or that of its wallet of the token."""
        owner = ton_address(question.address)
        token = self._tokens.get((question.asset, question.token))
        if token is None:
            return units(_account(node, owner, pin, block)[1], 9)
        minter = ton_address(token.minter)
        asked = [["tvm.Slice", address_cell(*owner)]]
        (wallet,) = _run(node, minter, "get_wallet_address", asked, pin, block, count=1)
        where = _address(wallet)
        state, _ = _account(node, where, pin, block)
        if state == "uninitialized":
            return 0
        if state != "active":
            raise NotKnown("the owner's wallet of the token is frozen")
        balance, holder, master = _run(node, where, "get_wallet_data", [], pin, block, count=3)
        if (_address(holder), _address(master)) != (owner, minter):
            raise NotKnown("the wallet of the token is of another owner or token")
        return units(_number(balance), token.decimals)


def _raw(address: Address) -> str:
    return f"{address[0]}:{address[1].hex()}"


def _root(value: Any) -> bytes | None:
    """A root hash, 32 bytes in hexadecimal or base64."""
    if not isinstance(value, str) or len(value) not in (44, 64):
        return None
    try:
        root = hex_decode(value) if len(value) == 64 else base64_decode(value)
    except Malformed:
        return None
    return root if len(root) == 32 else None


def _result(answer: tuple[int, Any]) -> Any:
    if entry(answer[1], "ok") is not True:
        raise NotKnown("the API answered with an error")
    return entry(answer[1], "result")


def _check_block(found: Any, pin: Pin, root: bytes) -> None:
    """Raise ``NotKnown`` unless an answer's block is the pinned one."""
    place = entry(found, "workchain"), entry(found, "shard"), entry(found, "seqno")
    if place != (-1, _SHARD, pin.height) or any(isinstance(one, bool) for one in place):
        raise NotKnown("the node answered about another block than the snapshot's")
    if _root(entry(found, "root_hash")) != root:
        raise NotKnown("the block at the pinned height has another root hash than the snapshot's")


def _account(node: Rest, address: Address, pin: Pin, root: bytes) -> tuple[str, int]:
    """State and balance of an account at the block."""
    raw = _raw(address)
    found = _result(node.read(f"/getAddressInformation?address={raw}&seqno={pin.height}"))
    _check_block(entry(found, "block_id"), pin, root)
    state = entry(found, "state")
    if state not in ("active", "uninitialized", "frozen"):
        raise NotKnown("the node's answer has no state of the account")
    balance = entry(found, "balance")
    # The API writes the zero of an account that does not exist as a number, and any other amount as a text.
    amount = whole(balance, "balance") if balance == 0 and not isinstance(balance, bool) else digits(balance, "balance")
    return state, amount


def _run(
    node: Rest, address: Address, method: str, stack: list[Any], pin: Pin, root: bytes, *, count: int
) -> list[Any]:
    """The first ``count`` values that a get-method of a contract leaves on the stack at the block."""
    raw = _raw(address)
    asked = {"address": raw, "method": method, "stack": stack, "seqno": pin.height}
    found = _result(node.send("/runGetMethod", asked))
    _check_block(entry(found, "block_id"), pin, root)
    if whole(entry(found, "exit_code"), "exit_code") not in (0, 1):
        raise NotKnown(f"the contract does not answer {method}")
    left = entry(found, "stack")
    if not isinstance(left, list) or len(left) < count:
        raise NotKnown(f"the contract's answer to {method} is too short")
    return left[:count]


def _address(value: Any) -> Address:
    if entry(value, 0) not in ("cell", "slice"):
        raise NotKnown("the contract's answer is not an address")
    return cell_address(entry(value, 1, "bytes"))


def _number(value: Any) -> int:
    number = text(entry(value, 1), "the balance")
    if entry(value, 0) != "num" or not _NUMBER.fullmatch(number):
        raise NotKnown("the contract's answer is not a balance")
    return int(number, 16)
