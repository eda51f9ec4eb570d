"""Solana: SOL and SPL tokens by the last transaction that an account was in, up to the snapshot's slot.

Nodes know the state of accounts at their newest slot alone. But they keep transactions, and with each the balances that
it left behind, so an archive answers for any slot: of the transactions before the first one of the next block, the
newest that names the account says what it held (``getSignaturesForAddress``, ``getTransaction``). An account that no
transaction ever named holds nothing, which only a node with the chain's history from the first slot on can say.

Lamports come and go outside of transactions where the vote and stake programs pay rewards, and for validators, to which
fees are paid. So accounts that a program owns are refused; that an account is no validator's identity is not checked.

Of a token, the account is asked that wallets derive from the owner's key and the mint (the associated token account);
others that the owner may have are not counted.

Sources: solana.com/docs/rpc, and "Program Derived Address" and "Associated Token Account" there.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, ClassVar

from attrs import frozen

from polyproof.balances import Pin, Question
from polyproof.config.options import option
from polyproof.model.names import OPTIONAL_NAME
from polyproof.toolkit.addresses import solana_key, well_formed
from polyproof.toolkit.encodings import base58_encode
from polyproof.toolkit.json_rpc import Rpc
from polyproof_balances.accounts import AccountOptions, AccountProvider, NotKnown, digits, entry, text, units, whole
from polyproof_balances.tokens import check_contracts, check_named_once

__all__ = ["Mint", "Solana", "SolanaOptions", "associated_account"]

GENESIS = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
"""Hash of the main network's genesis, as ``getGenesisHash`` has it and CAIP-2 cites it."""
SYSTEM = "1" * 32
"""The System Program, which owns accounts that are a key's."""
ASSOCIATED = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"
"""The Associated Token Account Program."""
PROGRAMS = {
    "token": "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
    "token-2022": "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb",
}
"""The token programs (spl.solana.com, "Token Program" and "Token-2022")."""
_FINAL = {"commitment": "finalized"}
_FOLLOWING = 8
"""Blocks after the snapshot's in which the first transaction is looked for."""


@frozen(kw_only=True)
class Mint:
    """An SPL token."""

    asset: str = option(doc="Symbol of the asset in the spec.")
    mint: str = option(pattern=(r"[1-9A-HJ-NP-Za-km-z]{32,44}", "base58 of 32 bytes"), doc="The token's mint.")
    program: str = option(default="token", choices=tuple(PROGRAMS), doc="The program that the mint belongs to.")
    token: str = option(
        default="", pattern=OPTIONAL_NAME, doc="Which of several tokens of the asset on this chain, such as bridged."
    )


@frozen(kw_only=True)
class SolanaOptions(AccountOptions):
    """The node to ask, with the transactions of the past, and the tokens."""

    tokens: tuple[Mint, ...] = option(default=(), items=(0, 256), doc="The tokens to look up.")


@frozen
class _Next:
    """What follows the snapshot's block."""

    first: str
    """Signature of the first transaction after it."""
    complete: bool
    """Whether the node has the transactions from the chain's first slot on."""


class Solana(AccountProvider[Rpc, _Next]):
    """Asks one node with the chain's transactions."""

    name: ClassVar[str] = "solana"
    Options = SolanaOptions
    Client = Rpc
    options: SolanaOptions

    def open(self, base: Path) -> None:
        """Find the node's URL. Raises ``InputError``, also for a mint that is none, or named for SOL or twice."""
        super().open(base)
        named = [((one.asset, one.token), one.mint) for one in self.options.tokens]
        check_named_once(named)
        check_contracts(named, "mint", "SOL", solana_key)
        self._mints = {(one.asset, one.token): one for one in self.options.tokens}

    def serves(self, question: Question) -> bool:
        """SOL and the tokens of the options, at well-formed addresses."""
        if question.chain != "solana" or not well_formed(solana_key, question.address):
            return False
        return (question.asset, question.token) in {("SOL", ""), *self._mints}

    def asked(self, question: Question) -> str:
        """The last transaction, of which account."""
        mint = self._mints.get((question.asset, question.token))
        return "last transaction" + (f" of the associated account for {mint.mint}" if mint else "")

    def begin(self, node: Rpc, pin: Pin) -> _Next:
        """The chain's genesis, the block in the pinned slot by its hash, and the first transaction after it."""
        if node.call("getGenesisHash") != GENESIS:
            raise NotKnown("the node is on another network than Solana's main one")
        _check_block(node, pin)
        complete = whole(node.call("getFirstAvailableBlock"), "the first block") == 0
        last = pin.block
        for slot in _slots(node.call("getBlocksWithLimit", pin.height + 1, _FOLLOWING, _FINAL)):
            block = _block(node, slot, "signatures")
            if slot <= pin.height or entry(block, "previousBlockhash") != last:
                raise NotKnown("the node's blocks after the snapshot's do not follow it")
            signatures = entry(block, "signatures")
            if not isinstance(signatures, list):
                raise NotKnown("the node's answer has no list of signatures")
            if signatures:
                return _Next(_signature(signatures[0]), complete)
            last = text(entry(block, "blockhash"), "blockhash")
        raise NotKnown("no transaction after the snapshot's block is final yet: ask again in a minute")

    def end(self, node: Rpc, pin: Pin, block: _Next) -> None:
        """The block is still in the slot."""
        _check_block(node, pin)

    def held(self, node: Rpc, question: Question, pin: Pin, block: _Next) -> int:
        """The balance that the last transaction of the account left."""
        mint = self._mints.get((question.asset, question.token))
        if mint is None:
            _check_owner(node, question.address)
            account = question.address
        else:
            account = associated_account(question.address, mint.mint, PROGRAMS[mint.program])
        asked = {**_FINAL, "limit": 1, "before": block.first}
        found = node.call("getSignaturesForAddress", account, asked)
        if found == [] and block.complete:
            return 0
        if not isinstance(found, list) or len(found) != 1:
            raise NotKnown(
                "the node names no transaction of this account, and does not have all since the chain's beginning"
                if found == []
                else "the node's answer is not the one signature that was asked for"
            )
        signature, slot = _signature(entry(found, 0, "signature")), whole(entry(found, 0, "slot"), "slot")
        if slot > pin.height:
            raise NotKnown("the node names a transaction after the snapshot's slot")
        answer = node.call(
            "getTransaction", signature, {**_FINAL, "encoding": "json", "maxSupportedTransactionVersion": 0}
        )
        if entry(answer, "slot") != slot or entry(answer, "transaction", "signatures", 0) != signature:
            raise NotKnown("the node answered with a transaction other than the one asked for")
        return _left(answer, account, question.address, mint)


def _block(node: Rpc, slot: int, detail: str) -> Any:
    asked = {**_FINAL, "transactionDetails": detail, "rewards": False, "maxSupportedTransactionVersion": 0}
    return node.call("getBlock", slot, asked)


def _check_block(node: Rpc, pin: Pin) -> None:
    if entry(_block(node, pin.height, "none"), "blockhash") != pin.block:
        raise NotKnown("the block in the pinned slot has another hash than the snapshot's")


def _slots(value: Any) -> list[int]:
    if not isinstance(value, list) or len(value) > _FOLLOWING:
        raise NotKnown("the node's answer is not a short list of slots")
    return [whole(slot, "a slot") for slot in value]


def _signature(value: Any) -> str:
    if not isinstance(value, str) or not 64 <= len(value) <= 88:
        raise NotKnown("the node's answer has no signature")
    return value


def _check_owner(node: Rpc, address: str) -> None:
    """Raise ``NotKnown`` for an account that is paid without a transaction: see the module."""
    answer = entry(
        node.call("getAccountInfo", address, {**_FINAL, "encoding": "base64", "dataSlice": {"offset": 0, "length": 0}}),
        "value",
    )
    if answer is not None and entry(answer, "owner") != SYSTEM:
        raise NotKnown("a program owns this account, so that its last transaction need not say what it holds")


def _left(answer: Any, account: str, owner: str, mint: Mint | None) -> int:
    """What a transaction left in an account, in units of 10^−36."""
    loaded = entry(answer, "meta").get("loadedAddresses") if isinstance(entry(answer, "meta"), dict) else None
    lists = [entry(answer, "transaction", "message", "accountKeys")]
    if loaded is not None:
        lists += [entry(loaded, "writable"), entry(loaded, "readonly")]
    if not all(isinstance(one, list) and all(isinstance(key, str) for key in one) for one in lists):
        raise NotKnown("the node's answer does not list the transaction's accounts")
    keys = [key for one in lists for key in one]
    if keys.count(account) != 1:
        raise NotKnown("the transaction that the node names does not have this account")
    place = keys.index(account)
    lamports = entry(answer, "meta", "postBalances")
    if not isinstance(lamports, list) or len(lamports) != len(keys):
        raise NotKnown("the node's answer does not have a balance for each account of the transaction")
    if mint is None:
        return units(whole(lamports[place], "postBalances"), 9)
    return _tokens_left(entry(answer, "meta", "postTokenBalances"), place, owner, mint)


def _tokens_left(balances: Any, place: int, owner: str, mint: Mint) -> int:
    """A transaction names the tokens in each of its accounts that is a token account after it; no other has any."""
    if not isinstance(balances, list):
        raise NotKnown("the node kept no balances of tokens for the transaction")
    places = [whole(entry(one, "accountIndex"), "accountIndex") for one in balances]
    if places.count(place) > 1:
        raise NotKnown("the node's answer has two balances of one account")
    if place not in places:
        return 0
    one = balances[places.index(place)]
    if (entry(one, "mint"), entry(one, "owner")) != (mint.mint, owner):
        raise NotKnown("the associated account is of another owner or token")
    amount = digits(entry(one, "uiTokenAmount", "amount"), "amount")
    return units(amount, whole(entry(one, "uiTokenAmount", "decimals"), "decimals"))


# Addresses that programs derive

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


def associated_account(owner: str, mint: str, program: str) -> str:
    """The associated token account of an owner: an address off the curve, by the largest bump that gives one."""
    seeds = solana_key(owner) + solana_key(program) + solana_key(mint)
    for bump in range(255, -1, -1):
        data = seeds + bytes([bump]) + solana_key(ASSOCIATED) + b"ProgramDerivedAddress"
        found = hashlib.sha256(data).digest()
        if not _on_curve(found):
            return base58_encode(found)
    raise NotKnown("no associated account exists")


def _on_curve(point: bytes) -> bool:
    """Whether 32 bytes are a point of Curve25519 in Edwards form: x² = (y² − 1) / (d·y² + 1) has a root (RFC 8032)."""
    y = int.from_bytes(point, "little") % 2**255 % _P
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return square == 0 or pow(square, (_P - 1) // 2, _P) == 1
