"""Filecoin: the balance of an actor in the state that the snapshot's tipset is built on.

The pin's block is the CID of one of the blocks of the tipset at the pinned epoch. All blocks of a tipset agree on the
state that they build on, which is the one that ``StateGetActor`` answers about when it is given the tipset's key: the
messages of the tipset itself come after it. The balance is all that the actor holds, whether or not it may be
withdrawn: that of a miner's actor includes pledged and vesting funds. An actor that the state does not have (error 3
of Lotus) holds nothing.

Every actor has an id (f0), and most have another address: f1 or f3 from a key, f2, or f4; contracts have f2 and f4.
Rows are compared by their addresses alone, so that one balance could stand in a file under two of them. Each actor is
therefore asked about under one only: never f0, and f2 only where there is no f4.

Sources: docs.filecoin.io, "JSON-RPC: State" and "Chain"; github.com/filecoin-project/lotus, api/api_errors.go and
chain/types/actor.go; FIP-0048 on f4; the genesis: docs.filecoin.io, "Mainnet".
"""

from __future__ import annotations

from typing import Any, ClassVar

from attrs import frozen

from polyproof.balances import Pin, Question
from polyproof.toolkit.addresses import filecoin_address, well_formed
from polyproof.toolkit.json_rpc import Refused, Rpc
from polyproof_balances.accounts import AccountOptions, AccountProvider, NotKnown, digits, entry, units, whole

__all__ = ["GENESIS", "Filecoin", "FilecoinOptions"]

GENESIS = "bafy2bzacecnamqgqmifpluoeldx7zzglxcljo6oja4vrmtj7432rphldpdmm2"
_NOT_FOUND = 3
_MOST_BLOCKS = 64


@frozen(kw_only=True)
class FilecoinOptions(AccountOptions):
    """The node to ask, with the states of the past."""


class Filecoin(AccountProvider[Rpc, list[dict[str, str]]]):
    """Asks one node by the key of a tipset."""

    name: ClassVar[str] = "filecoin"
    Options = FilecoinOptions
    Client = Rpc

    def serves(self, question: Question) -> bool:
        """FIL at addresses of any kind."""
        if (question.chain, question.asset, question.token) != ("filecoin", "FIL", ""):
            return False
        return well_formed(filecoin_address, question.address)

    def asked(self, question: Question) -> str:
        """The method."""
        return "StateGetActor"

    def begin(self, node: Rpc, pin: Pin) -> list[dict[str, str]]:
        """The key of the tipset at the pinned epoch, which has the pinned block, on the chain of the genesis."""
        if _cids(node.call("Filecoin.ChainGetGenesis")) != [GENESIS]:
            raise NotKnown("the node is on another network than Filecoin's main one")
        tipset = node.call("Filecoin.ChainGetTipSetByHeight", pin.height, [])
        cids = _cids(tipset)
        if whole(entry(tipset, "Height"), "Height") != pin.height:
            raise NotKnown("no block was made in the pinned epoch")
        if pin.block not in cids:
            raise NotKnown("the tipset at the pinned epoch does not have the pinned block")
        return [{"/": cid} for cid in cids]

    def held(self, node: Rpc, question: Question, pin: Pin, block: list[dict[str, str]]) -> int:
        """The balance of the actor, unless it may be listed under another address, too."""
        if question.address.startswith("f0"):
            raise NotKnown("an actor's id is a second name of it: list it by its f1, f2, f3 or f4 address")
        try:
            actor = node.call("Filecoin.StateGetActor", question.address, block)
        except Refused as error:
            if error.code == _NOT_FOUND:
                return 0
            raise
        balance = units(digits(entry(actor, "Balance"), "Balance"), 18)
        # Lotus called it Address at first.
        if question.address.startswith("f2") and (actor.get("DelegatedAddress") or actor.get("Address")):
            raise NotKnown("the actor has an f4 address as well: list it by that")
        return balance


def _cids(tipset: Any) -> list[str]:
    found = entry(tipset, "Cids")
    if not isinstance(found, list) or not 1 <= len(found) <= _MOST_BLOCKS:
        raise NotKnown("the node's answer is not a tipset")
    cids = [entry(one, "/") for one in found]
    if not all(isinstance(cid, str) and len(cid) <= 128 for cid in cids) or len(set(cids)) != len(cids):
        raise NotKnown("the node's answer is not a tipset")
    return cids
