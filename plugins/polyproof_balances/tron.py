"""Tron: TRX from a node that keeps a history of balances, tokens from one whose newest block is the snapshot's.

``wallet/getaccountbalance`` names the block by hash and number, and the answer says at which block the balance last
changed, which must be that block or one before it on the node's chain. A node that keeps no history answers with zero
and the question's own block, as it does for an account without any record; so that answer means not checked. TRX that
are frozen or being withdrawn, votes and energy are no part of this balance.

Tokens (TRC-20) are contracts, which nodes run on their newest state alone (``wallet/triggerconstantcontract``): so
before and after each answer the node's newest block must be the snapshot's.

Sources: tronprotocol.github.io/documentation-en, "getaccountbalance" (with what a node without history answers),
"triggerconstantcontract", "getblockbynum", "getnowblock".
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from attrs import frozen

from polyproof.balances import Pin, Question
from polyproof.config.options import option
from polyproof.model.names import OPTIONAL_NAME
from polyproof.toolkit.addresses import tron_address, well_formed
from polyproof_balances import evm_abi
from polyproof_balances.accounts import AccountOptions, AccountProvider, NotKnown, Tip, entry, text, units, whole
from polyproof_balances.rest import Rest
from polyproof_balances.tokens import check_contracts, check_named_once

__all__ = ["GENESIS", "Trc20", "Tron", "TronOptions"]

GENESIS = "00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc"
"""Id of the main network's first block."""
_SUN = 6
"""Decimals: a sun is 10^−6 TRX."""


@frozen(kw_only=True)
class Trc20:
    """A token."""

    asset: str = option(doc="Symbol of the asset in the spec.")
    contract: str = option(pattern=(r"T[1-9A-HJ-NP-Za-km-z]{33}", "T and 33 of base58"), doc="The token's contract.")
    token: str = option(
        default="", pattern=OPTIONAL_NAME, doc="Which of several tokens of the asset on this chain, such as bridged."
    )


@frozen(kw_only=True)
class TronOptions(AccountOptions):
    """The node to ask, by its HTTP API: for TRX with a history of balances, for tokens held at the snapshot's block."""

    tokens: tuple[Trc20, ...] = option(default=(), items=(0, 256), doc="The tokens to look up.")


class Tron(AccountProvider[Rest, None]):
    """Asks one node of java-tron."""

    name: ClassVar[str] = "tron"
    Options = TronOptions
    Client = Rest
    options: TronOptions

    def open(self, base: Path) -> None:
        """Find the node's URL. Raises ``InputError``, also for a contract that is none, or named for TRX or twice."""
        super().open(base)
        named = [((one.asset, one.token), one.contract) for one in self.options.tokens]
        check_named_once(named)
        check_contracts(named, "contract", "TRX", tron_address)
        self._tokens = dict(named)

    def serves(self, question: Question) -> bool:
        """TRX and the tokens of the options, at well-formed addresses."""
        if question.chain != "tron" or not well_formed(tron_address, question.address):
            return False
        return (question.asset, question.token) in {("TRX", ""), *self._tokens}

    def asked(self, question: Question) -> str:
        """The method."""
        contract = self._tokens.get((question.asset, question.token))
        return f"balanceOf at {contract}" if contract else "getaccountbalance"

    def begin(self, node: Rest, pin: Pin) -> None:
        """The chain's first block, and the pinned one by its number."""
        if _block_id(node, 0) != GENESIS:
            raise NotKnown("the node is on another network than Tron's main one")
        if _block_id(node, pin.height) != pin.block.lower():
            raise NotKnown("the node has another block at the pinned height, or none")

    def held(self, node: Rest, question: Question, pin: Pin, block: None) -> int:
        """TRX by history, tokens by contract."""
        contract = self._tokens.get((question.asset, question.token))
        return _coins(node, question.address, pin) if contract is None else _tokens(node, question, contract, pin)


def _block_id(node: Rest, height: int) -> str:
    _, block = node.send("/wallet/getblockbynum", {"num": height})
    return text(entry(block, "blockID"), "blockID")


def _coins(node: Rest, address: str, pin: Pin) -> int:
    at = {"hash": pin.block.lower(), "number": pin.height}
    asked = {"account_identifier": {"address": address}, "block_identifier": at, "visible": True}
    _, found = node.send("/wallet/getaccountbalance", asked)
    balance = whole(entry(found, "balance"), "balance")
    changed = entry(found, "block_identifier")
    number = whole(entry(changed, "number"), "number")
    if number > pin.height:
        raise NotKnown("the node answered with a balance after the snapshot's block")
    if number == pin.height and entry(changed, "hash") != at["hash"]:
        raise NotKnown("the node answered about another block than the snapshot's")
    if number == pin.height and balance == 0:
        raise NotKnown(
            "the node answers with zero as one does that keeps no history of balances"
            " (storage.balance.history.lookup), or none of this account"
        )
    if number < pin.height and _block_id(node, number) != entry(changed, "hash"):
        raise NotKnown("the block of the balance is not on the node's chain")
    return units(balance, _SUN)


def _tokens(node: Rest, question: Question, contract: str, pin: Pin) -> int:
    _tip(node).check(pin)
    decimals = evm_abi.small_word(_call(node, question.address, contract, "decimals()", ""))
    word = tron_address(question.address).hex().rjust(64, "0")
    amount = evm_abi.word(_call(node, question.address, contract, "balanceOf(address)", word))
    _tip(node).check(pin)
    return units(amount, decimals)


def _tip(node: Rest) -> Tip:
    _, block = node.send("/wallet/getnowblock", {})
    number = whole(entry(block, "block_header", "raw_data", "number"), "number")
    return Tip(number, text(entry(block, "blockID"), "blockID"))


def _call(node: Rest, caller: str, contract: str, function: str, parameter: str) -> str:
    """What a function of a contract returns, as ``evm_abi`` reads it."""
    asked = {
        "owner_address": caller,
        "contract_address": contract,
        "function_selector": function,
        "parameter": parameter,
        "visible": True,
    }
    _, found = node.send("/wallet/triggerconstantcontract", asked)
    if entry(found, "result", "result") is not True:
        raise NotKnown("the node did not run the contract")
    return "0x" + text(entry(found, "constant_result", 0), "constant_result")
