"""Nodes of chains that the tests make up: what they hold at one block, and nothing at any other."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from attrs import define, field

from ownership import wallets
from polyproof.balances import Pin
from reserves.exchange import BITCOIN, ETHEREUM
from reserves.rpc_server import Node, RpcError

REVERTED = RpcError(3, "execution reverted")


def selector(signature: str) -> str:
    return wallets.keccak256(signature.encode()).hex()[:8]


def word(number: int) -> str:
    return f"{number:064x}"


Contract = Callable[[str, str], str]
"""Selector and arguments in hexadecimal, to a result in hexadecimal; raises ``RpcError``."""


@define
class Evm:
    """Ethereum, as one node sees it."""

    coins: dict[str, int] = field(factory=dict)
    """By address in small letters; others hold nothing."""
    contracts: dict[str, Contract] = field(factory=dict)
    pin: Pin = ETHEREUM
    chain_id: int = 1
    known: bool = True
    """Whether the node knows the block."""

    def node(self) -> Node:
        return Node(
            {
                "eth_chainId": lambda params: hex(self.chain_id),
                "eth_getBlockByHash": self._block,
                "eth_getBalance": lambda params: hex(self.coins.get(self._at(params, 1), 0)),
                "eth_getCode": lambda params: "0x6080" if self._at(params, 1) in self.contracts else "0x",
                "eth_call": self._call,
            }
        )

    def _block(self, params: list[Any]) -> Any:
        if not self.known or params[0] != self.pin.block:
            return None
        return {"hash": self.pin.block, "number": hex(self.pin.height)}

    def _at(self, params: list[Any], place: int) -> str:
        if params[place] != {"blockHash": self.pin.block, "requireCanonical": True}:
            raise RpcError(-32000, "header not found")
        address: str = params[0]
        assert address == address.lower()
        return address

    def _call(self, params: list[Any]) -> str:
        call, at = params
        address = self._at([call["to"], at], 1)
        contract = self.contracts.get(address)
        data = call["data"]
        return "0x" + contract(data[2:10], data[10:]) if contract else "0x"


def erc20(held: dict[str, int], decimals: int = 6) -> Contract:
    """A token: who holds how much."""

    def call(function: str, arguments: str) -> str:
        if function == selector("decimals()"):
            return word(decimals)
        assert function == selector("balanceOf(address)")
        assert arguments[:24] == "0" * 24
        return word(held.get("0x" + arguments[24:], 0))

    return call


def safe(owners: list[str], threshold: int) -> Contract:
    """A Safe, which answers about its owners and not about signatures."""

    def call(function: str, arguments: str) -> str:
        if function == selector("getOwners()"):
            return word(32) + word(len(owners)) + "".join(owner[2:].lower().rjust(64, "0") for owner in owners)
        if function == selector("getThreshold()"):
            return word(threshold)
        raise REVERTED

    return call


def wallet_1271(accepts: Callable[[bytes, bytes], bool]) -> Contract:
    """A contract wallet that judges signatures (EIP-1271)."""

    def call(function: str, arguments: str) -> str:
        if function != selector("isValidSignature(bytes32,bytes)"):
            raise REVERTED
        data = bytes.fromhex(arguments)
        size = int.from_bytes(data[64:96])
        assert int.from_bytes(data[32:64]) == 64
        assert len(data) == 96 + -(-size // 32) * 32
        return (function if accepts(data[:32], data[96 : 96 + size]) else "ffffffff").ljust(64, "0")

    return call


@define
class Core:
    """Bitcoin Core with its tip at a block."""

    held: dict[str, list[str]] = field(factory=dict)
    """Amounts of outputs by address, as JSON spells them."""
    tip: Pin = BITCOIN
    network: str = "main"

    @staticmethod
    def script(address: str) -> str:
        """Not the true one: whatever a node answers is used as it is."""
        return address.encode().hex()

    def node(self) -> Node:
        return Node(
            {
                "getblockchaininfo": lambda params: {"chain": self.network},
                "validateaddress": self._validate,
                "scantxoutset": self._scan,
            }
        )

    def _validate(self, params: list[Any]) -> dict[str, Any]:
        (address,) = params
        if not address.startswith(("bc1", "1", "3")):
            return {"isvalid": False, "error": "no"}
        return {"isvalid": True, "address": address, "scriptPubKey": self.script(address)}

    def _scan(self, params: list[Any]) -> dict[str, Any]:
        action, descriptors = params
        assert action == "start"
        scripts = {self.script(address): amounts for address, amounts in self.held.items()}
        counter = itertools.count()
        outputs = [
            {"txid": "ab" * 32, "vout": next(counter), "scriptPubKey": script, "amount": Spelled(amount)}
            for script in (one.removeprefix("raw(").removesuffix(")") for one in descriptors)
            for amount in scripts.get(script, [])
        ]
        total = sum(int(output["amount"].replace(".", "").ljust(1, "0")) for output in outputs)
        return {
            "success": True,
            "height": self.tip.height,
            "bestblock": self.tip.block,
            "unspents": outputs,
            "total_amount": Spelled(f"{total // 10**8}.{total % 10**8:08}"),
        }


class Spelled(str):
    """A number that JSON is to have as it is written."""
