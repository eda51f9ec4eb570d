"""EOS (Vaulta) and WAX: what a token contract has for an account, from a node whose newest block is the snapshot's.

``get_currency_balance`` reads the newest state alone, so the node must be held at the snapshot's block: before the
first question and after the last its head must be that block. The balance is what the account can transfer; what is
staked for resources, in REX or being refunded is not in it. A name that no account has is answered like an account
without a balance, so where there is none the account is asked for (``get_account``), which also says whose keys
control an account: a name says nothing about them.

Sources: docs.antelope.io, "Chain API" (get_info, get_currency_balance, get_account); contracts eosio.token and
core.vaulta.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from attrs import frozen

from polyproof.balances import ControlQuestion, Pin, Question
from polyproof.config.options import option
from polyproof.ownership import AccountControl
from polyproof.toolkit.addresses import eos_name, well_formed
from polyproof.toolkit.encodings import Malformed
from polyproof_balances.accounts import AccountOptions, AccountProvider, NotKnown, Tip, entry, text, units, whole
from polyproof_balances.rest import Rest

__all__ = ["CHAIN_IDS", "Eos", "EosOptions"]

CHAIN_IDS = {
    "eos": "aca376f206b8fc25a6ed44dbdc66547c36c6c33e3a119ffbeaef943642f0e906",
    "wax": "1064487b3cd1a897ce03ae5b6a865651747e2e152090f99c1d19d44e01aea5a4",
}
_CONTRACTS = {("eos", "EOS"): "eosio.token", ("eos", "A"): "core.vaulta", ("wax", "WAXP"): "eosio.token"}
"""By chain and symbol, which on the chain is the asset's own."""
_MOST_KEYS = 32
_KEY = re.compile(r"(EOS|PUB_K1_|PUB_R1_|PUB_WA_)[1-9A-HJ-NP-Za-km-z]{50,200}")
"""Signatures here are by keys of the curve K1, whose names begin in one of the first two ways."""
_ASSET = re.compile(r"([0-9]{1,18})\.([0-9]{1,18}) ([A-Z]{1,7})")


@frozen(kw_only=True)
class EosOptions(AccountOptions):
    """One chain, and the node to ask about it, held at the snapshot's block."""

    chain: str = option(default="eos", choices=tuple(CHAIN_IDS), doc="The chain of the node.")


class Eos(AccountProvider[Rest, None]):
    """Asks one node by the chain API."""

    name: ClassVar[str] = "eos"
    Options = EosOptions
    Client = Rest
    options: EosOptions

    def serves(self, question: Question) -> bool:
        """The chain's coins, for well-formed names."""
        if question.chain != self.options.chain or question.token:
            return False
        return (question.chain, question.asset) in _CONTRACTS and well_formed(eos_name, question.address)

    def asked(self, question: Question) -> str:
        """The method and the contract."""
        return f"get_currency_balance of {_CONTRACTS[question.chain, question.asset]}"

    def begin(self, node: Rest, pin: Pin) -> None:
        """The chain's id, and the head."""
        _, info = node.send("/v1/chain/get_info", {})
        if entry(info, "chain_id") != CHAIN_IDS[self.options.chain]:
            raise NotKnown(f"the node is on another chain than {self.options.chain}")
        height = whole(entry(info, "head_block_num"), "head_block_num")
        Tip(height, text(entry(info, "head_block_id"), "head_block_id")).check(pin)

    def end(self, node: Rest, pin: Pin, block: None) -> None:
        """The head is still there."""
        self.begin(node, pin)

    def held(self, node: Rest, question: Question, pin: Pin, block: None) -> int:
        """The balance in the contract."""
        asked = {
            "code": _CONTRACTS[question.chain, question.asset],
            "account": question.address,
            "symbol": question.asset,
        }
        _, found = node.send("/v1/chain/get_currency_balance", asked)
        if found != []:
            return _amount(found, question.asset)
        _account(node, question.address)
        return 0

    def controls_chain(self, chain: str) -> bool:
        """The one chain."""
        return chain == self.options.chain

    def control(self, node: Rest, question: ControlQuestion, pin: Pin, block: None) -> AccountControl:
        """The keys of the active permission; so many of them must sign as if each had a weight of one, or more."""
        try:
            name = eos_name(question.claim.address)
        except Malformed as error:
            raise NotKnown("the address is not an account name") from error
        permissions = entry(_account(node, name), "permissions")
        if not isinstance(permissions, list):
            raise NotKnown("the node's answer has no permissions")
        active = [one for one in permissions if entry(one, "perm_name") == "active"]
        if len(active) != 1:
            raise NotKnown("the account has no active permission")
        keys, threshold = entry(active[0], "required_auth", "keys"), entry(active[0], "required_auth", "threshold")
        if not isinstance(keys, list) or not 1 <= len(keys) <= _MOST_KEYS:
            raise NotKnown("no key alone has the active permission")
        named = [(text(entry(one, "key"), "key"), whole(entry(one, "weight"), "weight")) for one in keys]
        if not all(_KEY.fullmatch(key) for key, _ in named):
            raise NotKnown("the node's answer has something else than public keys")
        owners = [key for key, weight in named if weight and key.startswith(("EOS", "PUB_K1_"))]
        source = f"get_account of {name} at block {pin.block}"
        return AccountControl(source, tuple(owners), max(1, whole(threshold, "threshold")))


def _account(node: Rest, name: str) -> Any:
    _, account = node.send("/v1/chain/get_account", {"account_name": name}, also=(500,))
    if not isinstance(account, dict) or account.get("account_name") != name:
        raise NotKnown("the node knows no account of this name")
    return account


def _amount(found: Any, symbol: str) -> int:
    """What a list of one amount says: digits, a point, the contract's decimals, the symbol."""
    match = _ASSET.fullmatch(text(entry(found, 0), "the balance"))
    if len(found) != 1 or not match or match[3] != symbol:
        raise NotKnown("the node's answer is not one amount of the coin")
    return units(int(match[1] + match[2]), len(match[2]))
