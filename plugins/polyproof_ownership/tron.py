"""Tron accounts: an address is 0x41 and the end of the Keccak-256 of its key, in base58check."""

from __future__ import annotations

from polyproof.ownership import OwnershipClaim, OwnershipResult, Status
from polyproof_ownership.chains import Family, chains_of
from polyproof_ownership.encodings import Malformed, base58_check_decode
from polyproof_ownership.evm import judge_owners, signer_of
from polyproof_ownership.messages import TRON_HEADER, eip191_digest, hashed_digest, tip191_digest
from polyproof_ownership.rows import RowScheme, failed, one_signature, reading

__all__ = ["TronAccount", "tron_address"]

MAINNET = 0x41


def tron_address(text: str) -> bytes:
    """The 20 bytes of an address of the main network."""
    payload = base58_check_decode(text)
    if len(payload) != 21 or payload[0] != MAINNET:
        raise Malformed("is not one of Tron's main network")
    return payload[1:]


def tron_digests(message: str) -> dict[str, bytes]:
    """What a signature may sign: under Tron's header and Ethereum's, the message or its Keccak-256."""
    data = message.encode()
    return {
        "Tron's header over the message's Keccak-256": hashed_digest(data, TRON_HEADER),
        "Tron's header": tip191_digest(data),
        "Ethereum's header over the message's Keccak-256": hashed_digest(data),
        "Ethereum's header": eip191_digest(data),
    }


class TronAccount(RowScheme):
    """Accounts by their key; by the keys of a permission where the chain was asked."""

    name = "tron"
    chains = chains_of(Family.TRON)

    def spelling(self, chain: str, address: str) -> str:
        """There is one."""
        tron_address(address)
        return address

    def judge(self, claim: OwnershipClaim, chain: str, address: str) -> OwnershipResult:
        """The address itself signed, or as many holders of its permission as the chain says."""
        digests = tron_digests(claim.message)
        if claim.control is None:
            _, way = signer_of(one_signature(claim), digests, [tron_address(address)])
            return OwnershipResult(Status.PROVEN, f"signed by the key of this address ({way})")
        with reading("an owner's address"):
            holders = {tron_address(owner) for owner in claim.control.owners}
        signers = [signer_of(signature, digests, list(holders))[0] for signature in claim.signatures]
        if len(set(signers)) != len(signers):
            raise failed("two signatures are by one key")
        spelled = {signer.hex() for signer in signers}
        return judge_owners(claim.control, spelled, {holder.hex() for holder in holders}, "this account")
