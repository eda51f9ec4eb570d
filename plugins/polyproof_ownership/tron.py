"""Tron accounts: an address is 0x41 and the end of the Keccak-256 of its key, in base58check."""

from __future__ import annotations

from polyproof.ownership import OwnershipClaim, OwnershipResult, Status
from polyproof.toolkit.addresses import TRON_MAINNET, tron_address
from polyproof.toolkit.encodings import base58_check_encode
from polyproof_ownership.chains import Family, chains_of
from polyproof_ownership.evm import Ways, judge_owners, signer_of, signers_of
from polyproof_ownership.keys import ethereum_address
from polyproof_ownership.messages import eip191_digest, hashed_digest, tip191_digest, tron_hashed_digest
from polyproof_ownership.rows import Account, RowScheme, one_signature, reading
from polyproof_ownership.sample_signatures import rsv_signature, secp256k1_key

__all__ = ["TronAccount", "tron_address"]

TRON_WAYS: Ways = {
    "Tron's header over the message's Keccak-256": tron_hashed_digest,
    "Tron's header": tip191_digest,
    "Ethereum's header over the message's Keccak-256": hashed_digest,
    "Ethereum's header": eip191_digest,
}
"""The ways in which a message may be signed: itself or its Keccak-256, under either header."""


class TronAccount(RowScheme[bytes]):
    """Accounts by their key, or by the keys of a permission once the chain has been asked."""

    name = "tron"
    chains = chains_of(Family.TRON)

    def read(self, chain: str, address: str) -> Account[bytes]:
        """The 20 bytes of the address, which has one spelling."""
        return Account(address, tron_address(address))

    def asks_chain(self, chain: str) -> bool:
        """For the holders of a permission."""
        return True

    def judge(self, claim: OwnershipClaim, chain: str, account: Account[bytes]) -> OwnershipResult:
        """Proven if the address itself signed, or enough holders of its permission by what the chain says."""
        control = claim.control
        if control is None:
            _, way = signer_of(one_signature(claim), claim.message, TRON_WAYS, [account.value])
            return OwnershipResult(Status.PROVEN, f"signed by the key of this address ({way})")
        with reading("an owner's address"):
            holders = {tron_address(owner): owner for owner in control.owners}
        signers = signers_of(claim, TRON_WAYS, holders)
        return judge_owners(control, {holders[one] for one in signers}, set(holders.values()), "this account")

    def sample_claim(self, asset: str, chain: str, secret: bytes, message: str) -> OwnershipClaim | None:
        """Under Tron's header."""
        address = base58_check_encode(bytes([TRON_MAINNET]) + ethereum_address(secp256k1_key(secret)))
        return OwnershipClaim(asset, chain, address, message, (rsv_signature(secret, tip191_digest(message.encode())),))
