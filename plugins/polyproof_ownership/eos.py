"""EOS and WAX: an account is a name whose keys are on the chain, so a signature alone shows control of a key only.

It proves the account once the chain has been asked for the keys of its permission.
"""

from __future__ import annotations

import hashlib

from polyproof.model.counts import counted
from polyproof.ownership import OwnershipClaim, OwnershipResult, Status
from polyproof.toolkit.addresses import eos_name
from polyproof.toolkit.encodings import Malformed, base58_decode
from polyproof_ownership.chains import Family, chains_of
from polyproof_ownership.evm import judge_owners
from polyproof_ownership.keys import Signature, public_key, recover, ripemd160
from polyproof_ownership.messages import eos_digest
from polyproof_ownership.rows import Account, RowScheme, failed, reading
from polyproof_ownership.sample_signatures import eos_text, secp256k1_key, sign_compact

__all__ = ["EosKey", "eos_public_key"]


def _checked(text: str, suffix: bytes) -> bytes:
    data = base58_decode(text)
    if len(data) < 5 or ripemd160(data[:-4] + suffix)[:4] != data[-4:]:
        raise Malformed("has a wrong checksum")
    return data[:-4]


def eos_public_key(text: str) -> bytes:
    """A compressed key, 33 bytes, from EOS…, or from PUB_K1_…, whose checksum covers the type of key too."""
    if text.startswith("PUB_K1_"):
        data = _checked(text.removeprefix("PUB_K1_"), b"K1")
    elif text.startswith("EOS"):
        data = _checked(text.removeprefix("EOS"), b"")
    else:
        raise Malformed("starts with neither EOS nor PUB_K1_")
    if len(data) != 33:
        raise Malformed(f"is {counted(len(data), 'byte')} where 33 are expected")
    return public_key(data).format()


def eos_signature(text: str) -> Signature:
    """A signature from SIG_K1_…: a header of 31 to 34 (compressed key), r and s."""
    if not text.startswith("SIG_K1_"):
        raise Malformed("does not start with SIG_K1_")
    data = _checked(text.removeprefix("SIG_K1_"), b"K1")
    if len(data) != 65 or not 31 <= data[0] <= 34:
        raise Malformed("is not a recoverable signature of a compressed key")
    return Signature(data[1:], data[0] - 31)


class EosKey(RowScheme[None]):
    """Keys of accounts that are names: key-only, unless the chain has been asked."""

    name = "eos-k1"
    chains = chains_of(Family.EOS)

    def read(self, chain: str, address: str) -> Account[None]:
        """The name, which contains nothing else."""
        return Account(eos_name(address), None)

    def asks_chain(self, chain: str) -> bool:
        """For the keys of an account's active permission."""
        return True

    def judge(self, claim: OwnershipClaim, chain: str, account: Account[None]) -> OwnershipResult:
        """Key-only if each key given made exactly one of the signatures; proven if they are enough of the chain's."""
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
        if claim.control is not None:
            with reading("a key on the chain"):
                holders = {eos_public_key(owner) for owner in claim.control.owners}
            by = {signer.hex() for signer in signers if signer in holders}
            return judge_owners(claim.control, by, {holder.hex() for holder in holders}, "this account")
        return OwnershipResult(
            Status.KEY_ONLY,
            f"validly signed by {'the key' if len(keys) == 1 else 'all keys'} given; an account of this chain is a"
            " name, and whether it has that key was not looked up",
        )

    def sample_claim(self, asset: str, chain: str, secret: bytes, message: str) -> OwnershipClaim | None:
        """A name that says what it is, since a name does not show its key: key-only, like any other."""
        digits = "abcdefghijklmnopqrstuvwxyz12345"
        address = "sample" + "".join(digits[byte % len(digits)] for byte in hashlib.sha256(secret).digest()[:6])
        key = "EOS" + eos_text(secp256k1_key(secret).format(), b"")
        signature = "SIG_K1_" + eos_text(sign_compact(secret, eos_digest(message.encode()), 31), b"K1")
        return OwnershipClaim(asset, chain, address, message, (signature,), (key,))
