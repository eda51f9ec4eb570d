"""Accounts of Ethereum and the chains like it: an address is the end of the Keccak-256 of its key.

A contract has no key. Signatures by its owners prove it only if the chain has been asked who the owners are; otherwise
they are valid signatures that nothing binds to the contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from polyproof.model.counts import counted
from polyproof.ownership import AccountControl, OwnershipClaim, OwnershipResult, Status
from polyproof.toolkit.encodings import Malformed
from polyproof_ownership.chains import Family, chains_of
from polyproof_ownership.keys import ethereum_address, evm_signature, recover
from polyproof_ownership.messages import eip191_digest, envelope_digest, hashed_digest, keccak256
from polyproof_ownership.rows import Account, RowScheme, failed, reading
from polyproof_ownership.sample_signatures import rsv_signature, secp256k1_key

__all__ = ["EVM_WAYS", "EvmAccount", "Ways", "checksummed", "evm_address", "judge_owners", "signer_of", "signers_of"]

WHO_OWNS = "who controls this address"
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def checksummed(address: bytes) -> str:
    """An address in the letter case that encodes its checksum (EIP-55)."""
    digits = address.hex()
    nibbles = keccak256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if nibble >= "8" else digit for digit, nibble in zip(digits, nibbles, strict=False)
    )


def evm_address(text: str) -> bytes:
    """The 20 bytes of an address. If it mixes upper and lower case, the case must encode its checksum (EIP-55)."""
    if not _ADDRESS.fullmatch(text):
        raise Malformed("is not 0x and 40 hexadecimal digits")
    address = bytes.fromhex(text[2:])
    if text[2:] not in (text[2:].lower(), text[2:].upper()) and text != checksummed(address):
        raise Malformed("has a wrong checksum in its letter case (EIP-55)")
    return address


Ways = dict[str, Callable[[bytes], bytes]]
"""For each way to sign a message, its name and the function from the message to the digest."""

EVM_WAYS: Ways = {
    "EIP-191": eip191_digest,
    "EIP-191 over the message's Keccak-256": hashed_digest,
    "the exchange's own header": envelope_digest,
}
"""The ways in which a message may be signed: EIP-191, as wallets do, and two of OKX's."""


def signer_of(signature: str, message: str, ways: Ways, accepted: Collection[bytes]) -> tuple[bytes, str]:
    """Which of the ``accepted`` addresses signed, and in which way. Raises ``Refused`` if none did."""
    if not accepted:
        raise failed("no signature can be accepted here")
    data = message.encode()
    found = ""
    with reading("the signature"):
        parsed = evm_signature(signature)
        for way, digest in ways.items():
            signer = ethereum_address(recover(parsed, digest(data)))
            if signer in accepted:
                return signer, way
            found = found or f"0x{signer.hex()}"
    raise failed(f"the signature is by another key, or of another message (it would be by {found})")


def signers_of(claim: OwnershipClaim, ways: Ways, accepted: Collection[bytes]) -> set[bytes]:
    """The addresses that signed. Raises ``Refused`` unless each signature is by a different one of ``accepted``."""
    signers = [signer_of(signature, claim.message, ways, accepted)[0] for signature in claim.signatures]
    if len(set(signers)) != len(signers):
        raise failed("two signatures are by one key")
    return set(signers)


def judge_owners(control: AccountControl | None, signers: set[str], owners: set[str], what: str) -> OwnershipResult:
    """The result for an account that others own, ``signers`` being those of its ``owners`` who have validly signed.

    ``owners`` come from the chain if it has been asked, and otherwise from the row; ``what`` names what to look up.
    """
    if control is None:
        who = " and ".join(sorted(signers))
        return OwnershipResult(Status.UNBOUND, f"validly signed by {who}; {what} was not looked up on its chain")
    if not 1 <= control.threshold <= len(owners):
        raise failed(f"{control.source} names {counted(len(owners), 'owner')} and a threshold of {control.threshold}")
    if len(signers) < control.threshold:
        raise failed(
            f"{len(signers)} of the {counted(control.threshold, 'owner')} needed have signed ({control.source})"
        )
    reason = (
        f"signed by {len(signers)} of {counted(len(owners), 'owner')}, {control.threshold} needed ({control.source})"
    )
    return OwnershipResult(Status.PROVEN, reason)


class EvmAccount(RowScheme[bytes]):
    """Externally owned accounts, and contracts by their owners."""

    name = "evm-eoa"
    chains = chains_of(Family.EVM)

    def serves(self, claim: OwnershipClaim) -> bool:
        """Any row on one of its chains, except validators, whose address is a key of 48 bytes."""
        return super().serves(claim) and len(claim.address.removeprefix("0x")) != 96

    def read(self, chain: str, address: str) -> Account[bytes]:
        """The 20 bytes of the address, spelled with its checksum."""
        value = evm_address(address)
        return Account(checksummed(value), value)

    def digests(self, claim: OwnershipClaim) -> tuple[bytes, ...]:
        """The digests about which a contract may be asked (EIP-1271)."""
        try:
            data = claim.message.encode()
        except UnicodeEncodeError:
            return ()
        return tuple(digest(data) for digest in EVM_WAYS.values())

    def asks_chain(self, chain: str) -> bool:
        """For the owners of contracts."""
        return True

    def judge(self, claim: OwnershipClaim, chain: str, account: Account[bytes]) -> OwnershipResult:
        """Proven if the address itself signed, or if its owners did and the chain has been asked who they are."""
        if claim.control is not None:
            return self._judge_control(claim, claim.control)
        if not claim.owners:
            if len(claim.signatures) != 1:
                raise failed(
                    f"there are {counted(len(claim.signatures), 'signature')}; an account has one key, "
                    "and no owners are named"
                )
            _, way = signer_of(claim.signatures[0], claim.message, EVM_WAYS, [account.value])
            return OwnershipResult(Status.PROVEN, f"signed by the key of this address ({way})")
        with reading("an owner's address"):
            owners = {evm_address(owner) for owner in claim.owners}
        signers = signers_of(claim, EVM_WAYS, {account.value, *owners})
        if account.value in signers:
            return OwnershipResult(Status.PROVEN, "signed by the key of this address")
        return judge_owners(None, spelled(signers), spelled(owners), WHO_OWNS)

    def _judge_control(self, claim: OwnershipClaim, control: AccountControl) -> OwnershipResult:
        if set(control.accepted) & set(self.digests(claim)):
            return OwnershipResult(Status.PROVEN, f"the contract accepts the signature (EIP-1271, {control.source})")
        if not control.owners:
            raise failed(f"the contract does not accept the signature ({control.source})")
        with reading("an owner's address"):
            owners = {evm_address(owner) for owner in control.owners}
        return judge_owners(control, spelled(signers_of(claim, EVM_WAYS, owners)), spelled(owners), WHO_OWNS)

    def sample_claim(self, asset: str, chain: str, secret: bytes, message: str) -> OwnershipClaim | None:
        """By EIP-191."""
        address = checksummed(ethereum_address(secp256k1_key(secret)))
        return OwnershipClaim(asset, chain, address, message, (rsv_signature(secret, eip191_digest(message.encode())),))


def spelled(addresses: Iterable[bytes]) -> set[str]:
    """Addresses with their checksums."""
    return {checksummed(address) for address in addresses}
