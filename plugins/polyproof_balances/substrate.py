"""Polkadot, Kusama and their asset hubs: what the storage of the chain has for an account at a block.

``state_getStorage`` names the block by its hash. The key is that of ``System.Account``: twox128 of both names, then
BLAKE2b of the account in 128 bits and the account itself. The value is fixed in size; an account holds its free and its
reserved balance, and what is staked or locked is part of one of them (since ``fungible`` holds, of the reserved). No
value there means that the account does not exist and holds nothing.

Since November 2025 balances of Polkadot are on its asset hub, and on the relay chain only what was left there.

Sources: docs.polkadot.com, "Storage" (hashers); polkadot-sdk, AccountInfo of frame_system and AccountData of
pallet_balances.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, ClassVar

from attrs import frozen

from polyproof.balances import Pin, Question
from polyproof.config.options import option
from polyproof.model.chains import own_coin
from polyproof.toolkit.addresses import SS58, ss58_decode, well_formed
from polyproof.toolkit.json_rpc import Rpc
from polyproof_balances.accounts import AccountOptions, AccountProvider, NotKnown, entry, units

__all__ = ["GENESIS", "Substrate", "SubstrateOptions", "account_key"]

GENESIS = {
    "polkadot": "0x91b171bb158e2d3848fa23a9f1c25182fb8e20313b2c1eb49219da7a70ce90c3",
    "polkadot-asset-hub": "0x68d56f15f85d3136970ec16946040bc1752654e906147f7e43e9d539d7c3de2f",
    "kusama": "0xb0a8d493285c2df73290dfb7e61f870f17b41801197a149ca93654499ea3dafe",
    "kusama-asset-hub": "0x48239ef607d7928874027a43a67689209727dfb3d3dc5e5b03a39bdc2eda771a",
}
"""Hashes of the genesis blocks, as wallets of Polkadot list them (github.com/paritytech/ss58-registry and others)."""
_DECIMALS = {"DOT": 10, "KSM": 12}
_SYSTEM_ACCOUNT = "0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9"
"""twox128 of "System" and of "Account"."""
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_INFO = re.compile(r"0x(?:[0-9a-f]{2}){80}")
"""Nonce and three counters in 32 bits each; free, reserved, frozen and flags in 128 bits each, all little-endian."""


@frozen(kw_only=True)
class SubstrateOptions(AccountOptions):
    """One chain, and the node to ask about it, with the states of the past."""

    chain: str = option(default="polkadot-asset-hub", choices=tuple(GENESIS), doc="The chain of the node.")


class Substrate(AccountProvider[Rpc, None]):
    """Asks one archive node."""

    name: ClassVar[str] = "substrate"
    Options = SubstrateOptions
    Client = Rpc
    options: SubstrateOptions

    def serves(self, question: Question) -> bool:
        """The chain's own coin, at well-formed addresses."""
        mine = (self.options.chain, own_coin(self.options.chain), "")
        if (question.chain, question.asset, question.token) != mine:
            return False
        return well_formed(ss58_decode, question.address, SS58[self.options.chain])

    def asked(self, question: Question) -> str:
        """What is counted of the account."""
        return "free and reserved of System.Account"

    def begin(self, node: Rpc, pin: Pin) -> None:
        """The genesis, the hash at the pinned height, and that the height is final."""
        if not _HASH.fullmatch(pin.block):
            raise NotKnown("the pinned block is not a hash of 32 bytes, 0x and 64 hexadecimal digits")
        if node.call("chain_getBlockHash", 0) != GENESIS[self.options.chain]:
            raise NotKnown(f"the node is on another chain than {self.options.chain}")
        if node.call("chain_getBlockHash", pin.height) != pin.block.lower():
            raise NotKnown("the node has another block at the pinned height, or none")
        final = entry(node.call("chain_getHeader", node.call("chain_getFinalizedHead")), "number")
        if not isinstance(final, str) or not re.fullmatch("0x[0-9a-f]{1,16}", final) or int(final, 16) < pin.height:
            raise NotKnown("the snapshot's block is not final")

    def held(self, node: Rpc, question: Question, pin: Pin, block: None) -> int:
        """Free and reserved."""
        account = ss58_decode(question.address, SS58[self.options.chain])
        value = node.call("state_getStorage", account_key(account), pin.block.lower())
        return 0 if value is None else units(_balance(value), _DECIMALS[own_coin(self.options.chain)])


def account_key(account: bytes) -> str:
    """The key of an account in the chain's storage, in hexadecimal."""
    return _SYSTEM_ACCOUNT + hashlib.blake2b(account, digest_size=16).hexdigest() + account.hex()


def _balance(value: Any) -> int:
    if not isinstance(value, str) or not _INFO.fullmatch(value):
        raise NotKnown("the node's answer is not the 80 bytes of an account")
    data = bytes.fromhex(value[2:])
    return int.from_bytes(data[16:32], "little") + int.from_bytes(data[32:48], "little")
