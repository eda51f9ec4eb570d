"""Accounts of secp256k1 keys other than Bitcoin's and Ethereum's: Filecoin, aelf, OKT and the XRP Ledger.

Messages are signed under the exchange's own header, hashed with Keccak-256, or by EIP-191. The key is recovered from
the signature, and the address is derived from the key.
"""

from __future__ import annotations

import hashlib

from coincurve import PublicKey

from polyproof.model.counts import counted
from polyproof.ownership import OwnershipClaim, OwnershipResult, Status
from polyproof.toolkit.addresses import aelf_account, filecoin_checksum, xrp_account
from polyproof.toolkit.encodings import (
    BASE58_RIPPLE,
    Malformed,
    base32_lower,
    base32_lower_decode,
    base58_check_encode,
    bech32_decode,
    from_five_bits,
    sha256d,
)
from polyproof_ownership.chains import Family, chains_of, family_of
from polyproof_ownership.evm import EVM_WAYS, Ways, checksummed, evm_address
from polyproof_ownership.keys import compressed, ethereum_address, evm_signature, hash160, recover
from polyproof_ownership.messages import envelope_digest
from polyproof_ownership.rows import Account, RowScheme, failed, one_signature, reading, unsupported
from polyproof_ownership.sample_signatures import rsv_signature, secp256k1_key

__all__ = ["Secp256k1Account", "filecoin_delegated", "filecoin_secp256k1"]


# Filecoin: spec.filecoin.io, appendix "Address", and FIP-0048 for f4

ETHEREUM_ADDRESS_MANAGER = 10


def filecoin_secp256k1(key: PublicKey) -> str:
    """The f1 address of a key: BLAKE2b-160 of its uncompressed form."""
    payload = hashlib.blake2b(key.format(compressed=False), digest_size=20).digest()
    return "f1" + base32_lower(payload + filecoin_checksum(b"\1", payload))


def filecoin_delegated(account: bytes) -> str:
    """The f410 address of an Ethereum address; raises ``Malformed`` for one that stands for an actor id."""
    if account[:12] == b"\xff" + bytes(11):
        raise Malformed("is a masked actor id, which no key controls")
    checksum = filecoin_checksum(bytes([4, ETHEREUM_ADDRESS_MANAGER]), account)
    return f"f4{ETHEREUM_ADDRESS_MANAGER}f" + base32_lower(account + checksum)


def _filecoin_spelling(text: str) -> str:
    if text.startswith("0x"):
        return filecoin_delegated(evm_address(text))
    if text.startswith(("f0", "f2", "f3")):
        raise unsupported("only f1 and f410 addresses are supported: the others do not come from a secp256k1 key")
    for prefix, protocol in (("f1", b"\1"), ("f410f", b"\4\x0a")):
        if text.startswith(prefix):
            data = base32_lower_decode(text[len(prefix) :])
            if len(data) != 24:
                raise Malformed(f"is {counted(len(data), 'byte')} where 24 are expected")
            if filecoin_checksum(protocol, data[:20]) != data[20:]:
                raise Malformed("has a wrong checksum")
            return text if protocol == b"\1" else filecoin_delegated(data[:20])
    raise Malformed("is neither an f1 nor an f410 address of Filecoin's main network")


# aelf: an address is the double SHA-256 of the uncompressed key; ELF_…_AELF marks the main chain


def _aelf_spelling(text: str) -> str:
    bare = text.removeprefix("ELF_").removesuffix("_AELF")
    aelf_account(bare)
    return bare


def aelf_address(key: PublicKey) -> str:
    """The address of a key."""
    return base58_check_encode(sha256d(key.format(compressed=False)))


# OKT: the 20 bytes of Ethereum's address, as 0x… or as bech32 with the prefix "ex"


def _okt_account(text: str) -> bytes:
    if text.startswith("0x"):
        return evm_address(text)
    prefix, values, constant = bech32_decode(text)
    account = from_five_bits(values)
    if prefix != "ex" or constant != 1 or len(account) != 20:
        raise Malformed("is neither an ex1 nor a 0x address")
    return account


# XRP Ledger: xrpl.org, "Addresses": RIPEMD-160 of SHA-256 of the compressed key, type 0, in its own base58


def _xrp_spelling(text: str) -> str:
    xrp_account(text)
    return text


def xrp_address(key: bytes) -> str:
    """The classic address of a key."""
    return base58_check_encode(b"\0" + hash160(key), BASE58_RIPPLE)


# The exchange's own header first, which nearly all rows of these chains have.
WAYS: Ways = dict(reversed(EVM_WAYS.items()))


class Secp256k1Account(RowScheme[str]):
    """Accounts whose key is recovered from the signature."""

    name = "secp256k1-account"
    chains = chains_of(Family.FILECOIN, Family.AELF, Family.OKT, Family.XRP)

    def read(self, chain: str, address: str) -> Account[str]:
        """Spelled as f1, or f410 also for 0x; aelf without prefix and suffix; OKT as 0x; XRP as given."""
        match family_of(chain):
            case Family.FILECOIN:
                spelling = _filecoin_spelling(address)
            case Family.AELF:
                spelling = _aelf_spelling(address)
            case Family.OKT:
                spelling = checksummed(_okt_account(address))
            case _:
                spelling = _xrp_spelling(address)
        return Account(spelling, spelling)

    def judge(self, claim: OwnershipClaim, chain: str, account: Account[str]) -> OwnershipResult:
        """Proven if one of the ways to sign the message gives a key from which the address is derived."""
        if claim.owners:
            raise unsupported("accounts that others control are not supported on this chain")
        if len(claim.keys) > 1:
            raise failed(f"there are {len(claim.keys)} public keys where one is expected")
        family = family_of(chain)
        with reading("the public key"):
            given = compressed(claim.keys[0]) if claim.keys else None
        data = claim.message.encode()
        text = one_signature(claim)
        by_given = False
        with reading("the signature"):
            signature = evm_signature(text)
            for way, digest in WAYS.items():
                key = recover(signature, digest(data))
                if given is not None and key.format() != given:
                    continue
                if self._is_of(family, account.value, key):
                    return OwnershipResult(Status.PROVEN, f"signed by the key of this address ({way})")
                by_given = True
        if given is None:
            raise failed("the signature is not by the key of this address, or of another message")
        if not by_given:
            raise failed("the signature is not by the public key given, or of another message")
        if family is Family.XRP:
            return OwnershipResult(
                Status.UNBOUND,
                "validly signed by the public key given, which this address is not derived from; whether it is the"
                " account's regular key was not looked up on its ledger",
            )
        raise failed("validly signed by the public key given, but this address is not derived from it")

    @staticmethod
    def _is_of(family: Family | None, address: str, key: PublicKey) -> bool:
        match family:
            case Family.FILECOIN:
                if address.startswith("f1"):
                    return filecoin_secp256k1(key) == address
                return filecoin_delegated(ethereum_address(key)) == address
            case Family.AELF:
                return aelf_address(key) == address
            case Family.OKT:
                return checksummed(ethereum_address(key)) == address
            case _:
                return xrp_address(key.format()) == address

    def sample_claim(self, asset: str, chain: str, secret: bytes, message: str) -> OwnershipClaim | None:
        """Under the exchange's header."""
        key = secp256k1_key(secret)
        match family_of(chain):
            case Family.FILECOIN:
                address = filecoin_secp256k1(key)
            case Family.AELF:
                address = aelf_address(key)
            case Family.OKT:
                address = checksummed(ethereum_address(key))
            case _:
                address = xrp_address(key.format())
        signature = rsv_signature(secret, envelope_digest(message.encode()))
        return OwnershipClaim(asset, chain, address, message, (signature,))
