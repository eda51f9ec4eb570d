"""aelf: ELF in the token contract of the main chain, from a node whose best block is the snapshot's.

``executeTransaction`` runs a view of a contract on the best chain's state alone, so the node must be held at the
snapshot's block: before the first question and after the last its best block must be that one. Nodes run a view only
for a signed transaction; it is signed by a key that anybody can compute, sent to no other node and never mined. The
balance is what the account can transfer, and what is locked in other contracts is theirs.

Sources: docs.aelf.com, "Web API" (chainStatus, executeTransaction) and "Token contract" (GetBalance); the messages:
github.com/AElfProject/AElf, protobuf/aelf/core.proto and token_contract.proto.
"""

from __future__ import annotations

import hashlib
from typing import ClassVar

from attrs import frozen
from coincurve import PrivateKey

from polyproof.balances import Pin, Question
from polyproof.toolkit.addresses import aelf_account, well_formed
from polyproof.toolkit.encodings import Malformed, hex_decode, leb128, sha256d
from polyproof_balances.accounts import AccountOptions, AccountProvider, NotKnown, Tip, entry, text, units, whole
from polyproof_balances.rest import Rest

__all__ = ["TOKENS", "Aelf", "AelfOptions", "balance_call", "read_balance"]

TOKENS = "JRmBduh4nXWi1aXgdUsj5gJrzeZb2LxmrAbf7W99faZSvoAaE"
"""The token contract (AElf.ContractNames.Token) of the chain AELF."""
_KEY = PrivateKey(hashlib.sha256(b"polyproof asks for balances").digest())
_DECIMALS = 8


@frozen(kw_only=True)
class AelfOptions(AccountOptions):
    """The node to ask, held at the snapshot's block."""


class Aelf(AccountProvider[Rest, None]):
    """Asks one node of the main chain."""

    name: ClassVar[str] = "aelf"
    Options = AelfOptions
    Client = Rest

    def serves(self, question: Question) -> bool:
        """ELF at well-formed addresses."""
        mine = ("aelf", "ELF", "")
        return (question.chain, question.asset, question.token) == mine and well_formed(aelf_account, question.address)

    def asked(self, question: Question) -> str:
        """The view and its contract."""
        return f"GetBalance of {TOKENS}"

    def begin(self, node: Rest, pin: Pin) -> None:
        """The chain's name, and its best block."""
        _, status = node.read("/api/blockChain/chainStatus")
        if entry(status, "ChainId") != "AELF":
            raise NotKnown("the node is on another chain than aelf's main one")
        height = whole(entry(status, "BestChainHeight"), "BestChainHeight")
        Tip(height, text(entry(status, "BestChainHash"), "BestChainHash")).check(pin)

    def end(self, node: Rest, pin: Pin, block: None) -> None:
        """The best block is still that one."""
        self.begin(node, pin)

    def held(self, node: Rest, question: Question, pin: Pin, block: None) -> int:
        """What the contract's view returns."""
        owner = aelf_account(question.address)
        call = {"RawTransaction": balance_call(owner, pin).hex()}
        _, found = node.send("/api/blockChain/executeTransaction", call)
        try:
            data = hex_decode(text(found, "the balance"), most=1024)
        except Malformed:
            raise NotKnown("the node's answer is not hexadecimal") from None
        return units(read_balance(data, owner), _DECIMALS)


# Messages of Protocol Buffers: fields that are numbers (kind 0) or bytes (kind 2), each after its number and kind


def _field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return leb128(number << 3) + leb128(value)
    return leb128(number << 3 | 2) + leb128(len(value)) + value


def _fields(data: bytes) -> dict[int, bytes | int]:
    """The fields of a message, each there once. Raises ``NotKnown``."""
    found: dict[int, bytes | int] = {}
    while data:
        tag, data = _take(data)
        value: bytes | int
        if tag & 7 == 0:
            value, data = _take(data)
        elif tag & 7 == 2:
            size, data = _take(data)
            value, data = data[:size], data[size:]
            if len(value) != size:
                raise NotKnown("the node's answer is cut short")
        else:
            raise NotKnown("the node's answer is not a balance of the token contract")
        if tag >> 3 in found:
            raise NotKnown("the node's answer has a field twice")
        found[tag >> 3] = value
    return found


def _take(data: bytes) -> tuple[int, bytes]:
    for place, byte in enumerate(data[:10]):
        if byte < 128:
            return sum((one & 127) << 7 * at for at, one in enumerate(data[: place + 1])), data[place + 1 :]
    raise NotKnown("the node's answer is cut short")


def balance_call(owner: bytes, pin: Pin) -> bytes:
    """A signed transaction that calls GetBalance of ELF: addresses are messages with one field."""
    caller = sha256d(_KEY.public_key.format(compressed=False))
    parameters = _field(1, b"ELF") + _field(2, _field(1, owner))
    transaction = (
        _field(1, _field(1, caller))
        + _field(2, _field(1, aelf_account(TOKENS)))
        + _field(3, pin.height)
        + _field(4, hex_decode(pin.block)[:4])
        + _field(5, b"GetBalance")
        + _field(6, parameters)
    )
    signature = _KEY.sign_recoverable(hashlib.sha256(transaction).digest(), hasher=None)
    return transaction + _field(10000, signature)


def read_balance(data: bytes, owner: bytes) -> int:
    """The amount in GetBalanceOutput: symbol, owner, and balance unless it is zero. Raises ``NotKnown``."""
    fields = _fields(data)
    if fields.get(1) != b"ELF" or fields.get(2) != _field(1, owner) or not set(fields) <= {1, 2, 3}:
        raise NotKnown("the node answered about another account or token")
    balance = fields.get(3, 0)
    if not isinstance(balance, int) or balance >= 1 << 63:
        raise NotKnown("the node's answer is not a balance")
    return balance
