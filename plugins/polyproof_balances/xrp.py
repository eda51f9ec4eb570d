"""The XRP Ledger, asked by the hash of a ledger.

``account_info`` names the ledger by its hash, and the answer says which ledger it is of, whether it is validated, and
of which account. The balance is all XRP of the account, its reserve included; what lies in escrow, payment channels or
pools is not in it. An account that a validated ledger does not have (``actNotFound``) holds nothing.

Source: xrpl.org, "account_info", "ledger" and "server_info"; a rippled server of full history answers for any ledger.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from attrs import frozen

from polyproof.balances import Pin, Question
from polyproof.toolkit.addresses import well_formed, xrp_account
from polyproof_balances.accounts import AccountOptions, AccountProvider, NotKnown, digits, entry, units
from polyproof_balances.rest import Rest

__all__ = ["Xrp", "XrpOptions"]

_HASH = re.compile(r"[0-9A-Fa-f]{64}")
_DROPS = 6
"""Decimals: a drop is 10^−6 XRP."""


@frozen(kw_only=True)
class XrpOptions(AccountOptions):
    """The node to ask, with the ledgers of the past."""


class Rippled(Rest):
    """Calls methods as rippled has them: not JSON-RPC 2.0, and errors are results."""

    def call(self, method: str, **parameters: Any) -> Any:
        """The result, an object. Raises ``NotKnown`` for an answer that has none, ``Failed`` if none comes."""
        _, answer = self.send("", {"method": method, "params": [parameters]})
        return entry(answer, "result")


class Xrp(AccountProvider[Rippled, None]):
    """Asks one rippled server."""

    name: ClassVar[str] = "xrp"
    Options = XrpOptions
    Client = Rippled

    def serves(self, question: Question) -> bool:
        """XRP at classic addresses."""
        mine = ("xrp-ledger", "XRP", "")
        return (question.chain, question.asset, question.token) == mine and well_formed(xrp_account, question.address)

    def asked(self, question: Question) -> str:
        """The method."""
        return "account_info"

    def begin(self, node: Rippled, pin: Pin) -> None:
        """The main network, and the ledger by its hash."""
        if not _HASH.fullmatch(pin.block):
            raise NotKnown("the pinned block is not the hash of a ledger, 64 hexadecimal digits")
        info = entry(node.call("server_info"), "info")
        if isinstance(info, dict) and info.get("network_id", 0) != 0:
            raise NotKnown("the node is on another network than the main one")
        _check_ledger(node.call("ledger", ledger_hash=pin.block.upper()), pin)

    def held(self, node: Rippled, question: Question, pin: Pin, block: None) -> int:
        """The balance of the account in the ledger."""
        found = node.call("account_info", account=question.address, ledger_hash=pin.block.upper())
        _check_ledger(found, pin)
        if found.get("status") == "error" and found.get("error") == "actNotFound":
            return 0
        if entry(found, "status") != "success":
            raise NotKnown("the node answered with an error")
        account = entry(found, "account_data")
        if (entry(account, "LedgerEntryType"), entry(account, "Account")) != ("AccountRoot", question.address):
            raise NotKnown("the node answered about another account")
        return units(digits(entry(account, "Balance"), "Balance"), _DROPS)


def _check_ledger(found: Any, pin: Pin) -> None:
    if not isinstance(found, dict) or "ledger_hash" not in found:
        raise NotKnown("the node does not know the snapshot's ledger, or does not say which one it answers about")
    if found["ledger_hash"] != pin.block.upper() or entry(found, "validated") is not True:
        raise NotKnown("the node answered about another ledger than the snapshot's, or one that is not validated")
    index = entry(found, "ledger_index")
    if type(index) is not int or index != pin.height:
        raise NotKnown(f"the snapshot's ledger has another index than {pin.height}")
