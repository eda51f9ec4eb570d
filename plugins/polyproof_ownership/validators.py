"""Ethereum validators: the address is the validator's BLS key, and the stake goes to its withdrawal credentials.

The signing key of a validator need not belong to its owner, since staking services hold those of their customers. So a
signature by that key alone binds nothing to the stake and is unbound, and so is one by a withdrawal account that only
the row declares. A validator is proven if its withdrawal credentials have been looked up on the beacon chain and its
withdrawal key or account has signed.

Signatures are those of Ethereum's deposits: BLS12-381, keys in G1, the proof-of-possession ciphersuite (consensus
specifications, phase0, "BLS signatures"). They sign the Keccak-256 of a text with a header, never the bare message: 32
bytes of free choice could be the root of an attestation that the validator did sign.

py_arkworks_bls12381 (of the Ethereum organisation, used by its consensus specifications) does the arithmetic; the tests
compare it with py_ecc.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from functools import lru_cache

from attrs import evolve, frozen
from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from polyproof.ownership import OwnershipClaim, OwnershipResult
from polyproof.toolkit.encodings import Malformed, hex_decode
from polyproof_ownership.chains import Family, chains_of
from polyproof_ownership.evm import EVM_WAYS, checksummed, evm_address, judge_owners, signers_of
from polyproof_ownership.messages import eip191_digest, hashed_digest
from polyproof_ownership.rows import Account, Refused, RowScheme, check_lengths, failed, reading

__all__ = ["CIPHERSUITE", "EthereumValidator", "bls_key", "bls_signature"]

CIPHERSUITE = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
SIGNATURE_SIZE = 96


# Each key is read three times: for its row, for the batch and for the judgement.
@lru_cache(4096)
def bls_key(text: str) -> tuple[bytes, G1Point]:
    """A public key, its 48 bytes and its point: of the subgroup of prime order, not zero, in canonical form.

    Raises ``Malformed``.
    """
    data = hex_decode(text, 48)
    try:
        point = G1Point.from_compressed_bytes(data)
    except ValueError:
        raise Malformed("is not a BLS public key") from None
    if point == G1Point.identity() or point.to_compressed_bytes() != data:
        raise Malformed("is not a BLS public key")
    return data, point


def bls_signature(data: bytes) -> G2Point:
    """A signature from 96 bytes: a point of the subgroup of prime order, not zero, in canonical form.

    Raises ``Malformed``.
    """
    try:
        point = G2Point.from_compressed_bytes(data)
    except ValueError:
        raise Malformed("is not a BLS signature") from None
    if point == G2Point.identity() or point.to_compressed_bytes() != data:
        raise Malformed("is not a BLS signature")
    return point


@frozen(eq=False)
class Equation:
    """States that a signature of a digest is by a key: e(key, H(digest)) = e(generator, signature)."""

    key: G1Point
    digest: bytes
    signature: G2Point


def all_hold(equations: Sequence[Equation]) -> bool:
    """Whether every equation holds, with an error probability of 2^−127.

    What is checked is the sum of all equations, each times a random odd number of 128 bits; those of the same digest
    share a pairing. Source: Bellare, Garay, Rabin, "Fast batch verification for modular exponentiation", 1998, §3.
    """
    weights = [Scalar(secrets.randbits(128) | 1) for _ in equations]
    by_digest: dict[bytes, list[int]] = {}
    for number, equation in enumerate(equations):
        by_digest.setdefault(equation.digest, []).append(number)
    left = [
        G1Point.multiexp_unchecked([equations[k].key for k in numbers], [weights[k] for k in numbers])
        for numbers in by_digest.values()
    ]
    right = [G2Point.hash_to_curve(digest, CIPHERSUITE) for digest in by_digest]
    total = G2Point.multiexp_unchecked([equation.signature for equation in equations], weights)
    return bool(GT.pairing_check([*left, -G1Point()], [*right, total]))


def _holding(equations: Sequence[Equation]) -> set[int]:
    """The indices of equations that hold: checked all at once, and in halves if not all do."""
    if not equations:
        return set()
    if all_hold(equations):
        return set(range(len(equations)))
    half = len(equations) // 2
    if not half:
        return set()
    return _holding(equations[:half]) | {half + number for number in _holding(equations[half:])}


Signed = tuple[str, str, str]
"""Key, signature and message, as the row has them."""


def signatures_that_hold(rows: Sequence[OwnershipClaim]) -> frozenset[Signed]:
    """The valid BLS signatures of a batch, of either digest, by the key given or otherwise by the address."""
    asked: list[tuple[Signed, G1Point, tuple[bytes, ...], G2Point]] = []
    for claim in rows:
        key_text = claim.keys[0] if claim.keys else claim.address
        for text in claim.signatures:
            try:
                check_lengths(claim)
                signature = hex_decode(text, SIGNATURE_SIZE)
                asked.append(
                    (
                        (key_text, text, claim.message),
                        bls_key(key_text)[1],
                        validator_digests(claim.message),
                        bls_signature(signature),
                    )
                )
            except (Malformed, Refused, UnicodeEncodeError):
                continue
    found: set[Signed] = set()
    for way in range(2):
        left = [one for one in asked if one[0] not in found]
        equations = [Equation(key, digests[way], signature) for _, key, digests, signature in left]
        found |= {left[number][0] for number in _holding(equations)}
    return frozenset(found)


def validator_digests(message: str) -> tuple[bytes, bytes]:
    """The digests that a BLS key may sign: OKX's, of the message's Keccak-256 under Ethereum's header, and EIP-191."""
    data = message.encode()
    return hashed_digest(data), eip191_digest(data)


class EthereumValidator(RowScheme[bytes]):
    """Validators: proven by their withdrawal credentials once those have been looked up, otherwise unbound."""

    name = "eth-validator-bls"
    chains = chains_of(Family.EVM) & {"ethereum"}

    def __init__(self, hold: frozenset[Signed] | None = None) -> None:
        """``hold``: the BLS signatures that have been found valid; None to check those of each batch."""
        self._hold = hold

    def serves(self, claim: OwnershipClaim) -> bool:
        """A row of Ethereum whose address has the 48 bytes of a BLS key."""
        return super().serves(claim) and len(claim.address.removeprefix("0x")) == 96

    def read(self, chain: str, address: str) -> Account[bytes]:
        """The 48 bytes of the key, spelled as 0x and lower-case digits."""
        value = bls_key(address)[0]
        return Account(f"0x{value.hex()}", value)

    def verify(self, rows: Sequence[OwnershipClaim]) -> list[OwnershipResult]:
        """Judge a batch, whose BLS signatures are checked together."""
        if self._hold is None:
            return EthereumValidator(signatures_that_hold(rows)).verify(rows)
        return super().verify(rows)

    def asks_chain(self, chain: str) -> bool:
        """For the withdrawal credentials."""
        return True

    def judge(self, claim: OwnershipClaim, chain: str, account: Account[bytes]) -> OwnershipResult:
        """Proven if all signatures are valid and enough are by the withdrawal credentials that the chain states."""
        bls: list[str] = []
        others: list[str] = []
        for text in claim.signatures:
            with reading("a signature"):
                (bls if len(hex_decode(text)) == SIGNATURE_SIZE else others).append(text)
        if len(bls) > 1 or len(claim.keys) > 1:
            raise failed("there is more than one BLS signature or key")
        for text in bls:
            self._check_bls(claim, text)
        control = claim.control
        with reading("an owner"):
            credentials = [_credentials(owner) for owner in (control.owners if control else ())]
            declared = [evm_address(owner) for owner in claim.owners]
        accounts = [one for one in credentials if len(one) == 20] if control else declared
        # Owners that the row names may have signed too; they do not count, but their signatures must be valid.
        signers = signers_of(evolve(claim, signatures=others), EVM_WAYS, {*accounts, *declared}) if others else set()
        with reading("the key"):
            key = bls_key(claim.keys[0])[0] if claim.keys else account.value
        if control is None:
            if key != account.value:
                raise failed("the key given is not the validator's, and its withdrawal credentials were not looked up")
            names = ["the validator's key"] * len(bls) + [checksummed(signer) for signer in signers]
            return judge_owners(None, set(names), set(), "where this validator's stake goes")
        by = {checksummed(signer) for signer in signers if signer in accounts}
        if bls and b"\0" + hashlib.sha256(key).digest()[1:] in credentials:
            by.add("the withdrawal key")
        return judge_owners(control, by, {one.hex() for one in credentials}, "this validator")

    def _check_bls(self, claim: OwnershipClaim, text: str) -> None:
        key_text = claim.keys[0] if claim.keys else claim.address
        with reading("the key"):
            bls_key(key_text)
        if (key_text, text, claim.message) not in (self._hold or ()):
            raise failed("the BLS signature is by another key, or of another message")


def _credentials(text: str) -> bytes:
    """The 20 bytes of an account, from its address or its withdrawal credentials; or the 32 bytes of a BLS key's."""
    if len(text) == 42:
        return evm_address(text)
    data = hex_decode(text, 32)
    if data[0] == 0:
        return data
    if data[0] not in (1, 2) or any(data[1:12]):
        raise Malformed("is not of withdrawal credentials")
    return data[12:]
