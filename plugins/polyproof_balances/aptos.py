"""Aptos, asked by the version that the snapshot's block ends with.

The pin's height and hash are a block's; its last version is the state that is asked about, which every question names
(``ledger_version``). A node that has pruned it answers with an error. APT can lie in an account in two forms: as a coin
(``CoinStore``), and as a fungible asset (the metadata object 0xa) in the account's primary store. They are two rows,
and neither counts the other. Tokens are fungible assets; the chain's own code says what the primary store holds, so
that stores of other forms, such as concurrent ones, are read as well. Stakes are in other resources and not counted.

Source: aptos.dev, "Fullnode REST API" and "Fungible Asset"; AIP-63 on APT in both forms.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from attrs import frozen

from polyproof.balances import ControlQuestion, Pin, Question
from polyproof.config.options import option
from polyproof.errors import InputError, Problem
from polyproof.model.names import OPTIONAL_NAME
from polyproof.ownership import AccountControl
from polyproof.toolkit.addresses import aptos_address, well_formed
from polyproof.toolkit.encodings import Malformed
from polyproof_balances.accounts import AccountOptions, AccountProvider, NotKnown, digits, entry, text, units, whole
from polyproof_balances.rest import Rest
from polyproof_balances.tokens import check_named_once

__all__ = ["Aptos", "AptosOptions", "FungibleAsset"]

MAINNET = 1
"""The chain's number, which the resource ``0x1::chain_id::ChainId`` has."""
APT = "0xa"
"""The metadata object of APT as a fungible asset (AIP-63)."""
_COIN_STORE = "0x1::coin::CoinStore%3C0x1::aptos_coin::AptosCoin%3E"
_ABSENT = ("resource_not_found", "account_not_found")
_METADATA = "0x1::fungible_asset::Metadata"
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")


@frozen(kw_only=True)
class FungibleAsset:
    """A token."""

    asset: str = option(doc="Symbol of the asset in the spec.")
    metadata: str = option(
        pattern=(r"0x[0-9a-fA-F]{1,64}", "0x and up to 64 hexadecimal digits"), doc="The asset's metadata object."
    )
    token: str = option(
        default="", pattern=OPTIONAL_NAME, doc="Which of several tokens of the asset on this chain, such as bridged."
    )


@frozen(kw_only=True)
class AptosOptions(AccountOptions):
    """The node to ask, with the states of the past: its URL ends with /v1."""

    tokens: tuple[FungibleAsset, ...] = option(default=(), items=(0, 256), doc="The tokens to look up.")


class Aptos(AccountProvider[Rest, int]):
    """Asks one node at a version."""

    name: ClassVar[str] = "aptos"
    Options = AptosOptions
    Client = Rest
    options: AptosOptions

    def open(self, base: Path) -> None:
        """Find the node's URL. Raises ``InputError``, also for metadata named for APT itself or twice."""
        super().open(base)
        for one in self.options.tokens:
            if one.asset == "APT" and one.token in ("", "fungible-asset"):
                raise InputError(Problem("metadata is named for APT itself", hint="both of its forms are known"))
        self._tokens = {("APT", "fungible-asset"): APT}
        self._tokens |= {(one.asset, one.token): one.metadata for one in self.options.tokens}
        named = [((one.asset, one.token), _short(one.metadata)) for one in self.options.tokens]
        check_named_once([(("APT", "fungible-asset"), APT), *named])

    def serves(self, question: Question) -> bool:
        """APT in both forms and the tokens of the options, at well-formed addresses."""
        if question.chain != "aptos" or not well_formed(aptos_address, question.address):
            return False
        return (question.asset, question.token) in {("APT", ""), *self._tokens}

    def asked(self, question: Question) -> str:
        """The resource or the asset."""
        metadata = self._tokens.get((question.asset, question.token))
        return f"primary store of {metadata}" if metadata else "CoinStore of AptosCoin"

    def begin(self, node: Rest, pin: Pin) -> int:
        """The last version of the block, which has the pinned hash, and the chain's number at it."""
        if not _HASH.fullmatch(pin.block):
            raise NotKnown("the pinned block is not a hash of 32 bytes, 0x and 64 hexadecimal digits")
        _, block = node.read(f"/blocks/by_height/{pin.height}?with_transactions=false")
        if digits(entry(block, "block_height"), "block_height") != pin.height:
            raise NotKnown("the node answered with a block of another height")
        if entry(block, "block_hash") != pin.block.lower():
            raise NotKnown("the block at the pinned height has another hash than the snapshot's")
        version = digits(entry(block, "last_version"), "last_version")
        _, chain = node.read(f"/accounts/0x1/resource/0x1::chain_id::ChainId?ledger_version={version}")
        if whole(entry(chain, "data", "id"), "the chain's number") != MAINNET:
            raise NotKnown("the node is on another network than Aptos's main one")
        return version

    def end(self, node: Rest, pin: Pin, block: int) -> None:
        """Answers name no block, so the node must still have it at the height."""
        if self.begin(node, pin) != block:
            raise NotKnown("the node changed the versions of the snapshot's block meanwhile")

    def held(self, node: Rest, question: Question, pin: Pin, block: int) -> int:
        """The coin, or what the account's primary store of the asset holds."""
        address = f"0x{aptos_address(question.address).hex()}"
        metadata = self._tokens.get((question.asset, question.token))
        if metadata is not None:
            amount = digits(_view(node, "0x1::primary_fungible_store::balance", [address, metadata], block), "balance")
            decimals = whole(_view(node, "0x1::fungible_asset::decimals", [metadata], block), "decimals")
            return units(amount, decimals)
        path = f"/accounts/{address}/resource/{_COIN_STORE}?ledger_version={block}"
        status, found = node.read(path, also=(404,))
        if status == 404:
            if entry(found, "error_code") in _ABSENT:
                return 0
            raise NotKnown("the node does not know the snapshot's version")
        return units(digits(entry(found, "data", "coin", "value"), "value"), 8)

    def controls_chain(self, chain: str) -> bool:
        """Aptos."""
        return chain == "aptos"

    def control(self, node: Rest, question: ControlQuestion, pin: Pin, block: int) -> AccountControl:
        """The authentication key, which an account may have rotated away from its address."""
        try:
            address = f"0x{aptos_address(question.claim.address).hex()}"
        except Malformed as error:
            raise NotKnown("the address is not one of Aptos") from error
        _, account = node.read(f"/accounts/{address}?ledger_version={block}")
        key = text(entry(account, "authentication_key"), "authentication_key")
        if not _HASH.fullmatch(key):
            raise NotKnown("the node's answer is not an authentication key")
        return AccountControl(f"authentication key at block {pin.block}", (key,))


def _short(metadata: str) -> str:
    """An address without its leading zeros, as Aptos writes those of special objects."""
    return hex(int(metadata, 16))


def _view(node: Rest, function: str, arguments: list[str], version: int) -> Any:
    """What a function of the chain returns at a version: one value."""
    asked = {"function": function, "type_arguments": [_METADATA], "arguments": arguments}
    _, found = node.send(f"/view?ledger_version={version}", asked)
    if not isinstance(found, list) or len(found) != 1:
        raise NotKnown("the node's answer is not the one value of a function")
    return found[0]
