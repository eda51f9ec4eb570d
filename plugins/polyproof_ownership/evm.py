"""Accounts of Ethereum and the chains like it: an address is the end of the Keccak-256 of its key.

A contract has no key. Signatures by its owners prove it only where the chain was asked who the owners are; without
that, they are valid signatures that nothing binds to the contract.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from polyproof.ownership import AccountControl, OwnershipClaim, OwnershipResult, Status
from polyproof_ownership.chains import Family, chains_of
from polyproof_ownership.encodings import Malformed
from polyproof_ownership.keys import ethereum_address, evm_signature, recover
from polyproof_ownership.messages import eip191_digest, exchange_envelope, hashed_digest, keccak256
from polyproof_ownership.rows import RowScheme, failed, reading

__all__ = ["EvmAccount", "evm_address", "evm_digests", "judge_owners", "signer_of"]

WHO_OWNS = "who controls this address"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def checksummed(address: bytes) -> str:
    """An address with the letter case that carries its checksum (EIP-55)."""
    digits = address.hex()
    nibbles = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if nibble >= "8" else digit for digit, nibble in zip(digits, nibbles, strict=False)
    )


def evm_address(text: str) -> bytes:
    """The 20 bytes of an address; where it mixes upper and lower case, that must be its checksum (EIP-55)."""
    if not _ADDRESS.fullmatch(text):
        raise Malformed("is not 0x and 40 hexadecimal digits")
    address = bytes.fromhex(text[2:])
    if text[2:] not in (text[2:].lower(), text[2:].upper()) and text != checksummed(address):
        raise Malformed("has a wrong checksum in its letter case (EIP-55)")
    return address


def evm_digests(message: str) -> dict[str, bytes]:
    """What a signature may sign, by the name of the way: EIP-191 as wallets do, and two ways of OKX."""
    data = message.encode()
    return {
        "EIP-191": eip191_digest(data),
        "EIP-191 over the message's Keccak-256": hashed_digest(data),
        "the exchange's own header": keccak256(exchange_envelope(data)),
    }


def signer_of(signature: str, digests: dict[str, bytes], accepted: Sequence[bytes]) -> tuple[bytes, str]:
    """The one of ``accepted`` addresses that made the signature, and how the message was signed."""
    if not accepted:
        raise failed("nobody's signature is acceptable here")
    found = ""
    with reading("the signature"):
        parsed = evm_signature(signature)
        for way, digest in digests.items():
            signer = ethereum_address(recover(parsed, digest))
            if signer in accepted:
                return signer, way
            found = found or f"0x{signer.hex()}"
    raise failed(f"the signature is by another key, or of another message (as EIP-191 it would be by {found})")


def judge_owners(control: AccountControl | None, signers: set[str], owners: set[str], what: str) -> OwnershipResult:
    """The result for an account that others own: ``signers`` are those of its ``owners`` who validly signed.

    ``owners`` are those of the chain if it was asked, else those the row declares; ``what`` is what to ask for.
    """
    if control is None:
        who = " and ".join(sorted(signers))
        return OwnershipResult(Status.UNBOUND, f"validly signed by {who}; {what} was not looked up on its chain")
    if not 1 <= control.threshold <= len(owners):
        raise failed(f"{control.source} names {len(owners)} owners and a threshold of {control.threshold}")
    if len(signers) < control.threshold:
        raise failed(f"{len(signers)} of the {control.threshold} owners needed have signed ({control.source})")
    reason = f"signed by {len(signers)} of {len(owners)} owners, {control.threshold} needed ({control.source})"
    return OwnershipResult(Status.PROVEN, reason)


class EvmAccount(RowScheme):
    """Externally owned accounts, and contracts by their owners."""

    name = "evm-eoa"
    chains = chains_of(Family.EVM)

    def serves(self, claim: OwnershipClaim) -> bool:
        """Whatever is on one of its chains, but for validators: their address is a key of 48 bytes."""
        return super().serves(claim) and len(claim.address.removeprefix("0x")) != 96

    def spelling(self, chain: str, address: str) -> str:
        """The checksummed spelling."""
        return checksummed(evm_address(address))

    def digests(self, claim: OwnershipClaim) -> tuple[bytes, ...]:
        """The digests by which a contract may be asked for its verdict (EIP-1271)."""
        try:
            return tuple(evm_digests(claim.message).values())
        except UnicodeEncodeError:
            return ()

    def judge(self, claim: OwnershipClaim, chain: str, address: str) -> OwnershipResult:
        """The address itself signed; or its owners did, which proves it only where the chain was asked."""
        account = bytes.fromhex(address[2:])
        digests = evm_digests(claim.message)
        if claim.control is not None:
            return self._judge_control(claim, claim.control, account, digests)
        if not claim.owners:
            if len(claim.signatures) != 1:
                raise failed(
                    f"there are {len(claim.signatures)} signatures; an account has one key, and no owners are named"
                )
            _, way = signer_of(claim.signatures[0], digests, [account])
            return OwnershipResult(Status.PROVEN, f"signed by the key of this address ({way})")
        with reading("an owner's address"):
            owners = {evm_address(owner) for owner in claim.owners}
        signers = self._signers(claim, digests, [account, *owners])
        if account in signers:
            return OwnershipResult(Status.PROVEN, "signed by the key of this address")
        spelled = {checksummed(signer) for signer in signers}
        return judge_owners(None, spelled, {checksummed(owner) for owner in owners}, WHO_OWNS)

    def _judge_control(
        self, claim: OwnershipClaim, control: AccountControl, account: bytes, digests: dict[str, bytes]
    ) -> OwnershipResult:
        if set(control.accepted) & set(digests.values()):
            return OwnershipResult(Status.PROVEN, f"the contract accepts the signature (EIP-1271, {control.source})")
        if not control.owners:
            raise failed(f"the contract does not accept the signature ({control.source})")
        with reading("an owner's address"):
            owners = {evm_address(owner) for owner in control.owners}
        signers = {checksummed(signer) for signer in self._signers(claim, digests, list(owners))}
        return judge_owners(control, signers, {checksummed(owner) for owner in owners}, WHO_OWNS)

    @staticmethod
    def _signers(claim: OwnershipClaim, digests: dict[str, bytes], accepted: Sequence[bytes]) -> set[bytes]:
        """Who signed: every signature by another of the acceptable addresses."""
        signers = [signer_of(signature, digests, accepted)[0] for signature in claim.signatures]
        if len(set(signers)) != len(signers):
            raise failed("two signatures are by one key")
        return set(signers)
