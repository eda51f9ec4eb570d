"""EOS and WAX: an account is a name whose keys are on the chain, so a signature shows the key and no more."""

from __future__ import annotations

import re

from polyproof.ownership import OwnershipClaim, OwnershipResult, Status
from polyproof_ownership.chains import Family, chains_of
from polyproof_ownership.encodings import Malformed, base58_decode
from polyproof_ownership.keys import Signature, public_key, recover, ripemd160
from polyproof_ownership.messages import eos_digest
from polyproof_ownership.rows import RowScheme, failed, reading

__all__ = ["EosKey", "eos_public_key"]

# Twelve characters, or thirteen of which the last has four bits (EOSIO «name» type).
_NAME = re.compile(r"(?=.*[a-z1-5])[a-z1-5.]{1,12}(?<!\.)|[a-z1-5.]{12}[a-j1-5]", re.ASCII)


def _checked(text: str, suffix: bytes) -> bytes:
    data = base58_decode(text)
    if len(data) < 5 or ripemd160(data[:-4] + suffix)[:4] != data[-4:]:
        raise Malformed("has a wrong checksum")
    return data[:-4]


def eos_public_key(text: str) -> bytes:
    """A compressed key from EOS…, or from PUB_K1_… where the checksum covers the kind of key too."""
    if text.startswith("PUB_K1_"):
        data = _checked(text.removeprefix("PUB_K1_"), b"K1")
    elif text.startswith("EOS"):
        data = _checked(text.removeprefix("EOS"), b"")
    else:
        raise Malformed("starts with neither EOS nor PUB_K1_")
    if len(data) != 33:
        raise Malformed(f"is {len(data)} bytes where 33 are wanted")
    return public_key(data).format()


def eos_signature(text: str) -> Signature:
    """From SIG_K1_…: a header of 31 to 34 (compressed key), r and s."""
    if not text.startswith("SIG_K1_"):
        raise Malformed("does not start with SIG_K1_")
    data = _checked(text.removeprefix("SIG_K1_"), b"K1")
    if len(data) != 65 or not 31 <= data[0] <= 34:
        raise Malformed("is not a recoverable signature of a compressed key")
    return Signature(data[1:], data[0] - 31)


class EosKey(RowScheme):
    """Keys of accounts that are names: at best key-only."""

    name = "eos-k1"
    chains = chains_of(Family.EOS)

    def spelling(self, chain: str, address: str) -> str:
        """An account's name as it is."""
        if not _NAME.fullmatch(address):
            raise Malformed("is not an account name: up to 12 of a-z, 1-5 and dots")
        return address

    def judge(self, claim: OwnershipClaim, chain: str, address: str) -> OwnershipResult:
        """Every signature is by another one of the keys given, and every key given has signed."""
        with reading("the public key"):
            keys = {eos_public_key(text) for text in claim.keys}
        if not keys or len(keys) != len(claim.keys):
            raise failed("there is no public key, or one is given twice")
        digest = eos_digest(claim.message.encode())
        with reading("the signature"):
            signers = [recover(eos_signature(text), digest).format() for text in claim.signatures]
        if len(set(signers)) != len(signers):
            raise failed("two signatures are by one key")
        if set(signers) != keys:
            raise failed("the signatures are not by the public keys given, or of another message")
        return OwnershipResult(
            Status.KEY_ONLY,
            f"validly signed by {'the key' if len(keys) == 1 else 'all keys'} given; an account of this chain is a"
            " name, and whether it has that key was not looked up",
        )
