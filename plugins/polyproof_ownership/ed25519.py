"""Accounts of Ed25519 keys: Solana, Aptos, TON, Polkadot and Cardano.

The public key comes with the row (on Solana it is the address). PyNaCl (libsodium) verifies signatures. It refuses keys
and points of small order and non-canonical s, so that a signature is by one key, of one message.
"""

from __future__ import annotations

import hashlib
import re

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from polyproof.model.counts import counted
from polyproof.ownership import OwnershipClaim, OwnershipResult, Status
from polyproof.toolkit.addresses import SS58, aptos_address, solana_key, ss58_decode, ss58_encode, ton_address
from polyproof.toolkit.encodings import (
    Malformed,
    base58_decode,
    base58_encode,
    bech32_decode,
    from_five_bits,
    hex_decode,
)
from polyproof_ownership.chains import Family, chains_of, family_of
from polyproof_ownership.messages import bare_text, exchange_envelope, polkadot_text
from polyproof_ownership.rows import Account, RowScheme, failed, one_signature, reading, unsupported
from polyproof_ownership.sample_signatures import ed25519_key, sign_ed25519
from polyproof_ownership.ton import ton_personal_texts, wallet_addresses

__all__ = ["Ed25519Account", "aptos_authentication_key", "cardano_key_hash", "ss58_decode", "ss58_encode"]


def verified(key: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether an Ed25519 signature (RFC 8032) verifies."""
    try:
        crypto_sign_open(signature + signed, key)
    except BadSignatureError:
        return False
    return True


# Aptos


def aptos_authentication_key(key: bytes) -> bytes:
    """SHA3-256 of the key and the byte of its scheme, 0: the address of an account whose key was never rotated.

    Source: Aptos documentation, "Accounts", authentication keys.
    """
    return hashlib.sha3_256(key + b"\0").digest()


# Cardano (CIP-19)


def _cardano(text: str) -> bytes:
    prefix, values, constant = bech32_decode(text, most=128)
    data = from_five_bits(values)
    if prefix != "addr" or constant != 1 or not data or data[0] & 15 != 1:
        raise Malformed("is not one of Cardano's main network")
    return data


def cardano_key_hash(text: str) -> bytes:
    """The hash of the payment key in a Shelley address, 28 bytes. Raises ``Refused`` if a script controls it."""
    if text.startswith(("Ae2", "DdzFF")):
        raise unsupported("Byron addresses are not supported")
    data = _cardano(text)
    kind, size = data[0] >> 4, len(data)
    if kind in (1, 3, 5, 7):
        raise unsupported("the address is controlled by a script, which is not supported")
    if kind == 4:
        raise unsupported("pointer addresses are not supported")
    if (kind, size) not in ((0, 57), (2, 57), (6, 29)):
        raise Malformed(f"is of type {kind} and {counted(size, 'byte')}, unlike any payment address")
    return data[1:29]


# Signatures by standards that are not supported. They are recognised, so that they end unsupported and not failed.

ONLY_THE_EXCHANGES = "which is not supported; sign under the exchange's header instead"


def _check_standard(family: Family | None, text: str) -> None:
    """Raise ``Refused`` for a signature whose form shows that it follows a standard not supported on its chain."""
    if family is Family.CARDANO and _COSE_SIGN1.fullmatch(text):
        raise unsupported(
            "the signature is a COSE_Sign1 as CIP-8 and the signData of CIP-30 have it, " + ONLY_THE_EXCHANGES
        )
    if family is Family.TON and _BASE64_64.fullmatch(text):
        raise unsupported(
            "the signature is in base64, as TON Connect's signData (of text, binary or cell) and ton_proof return it, "
            + ONLY_THE_EXCHANGES
        )


# RFC 9052, §4.2: an array of four (with or without tag 18), the last of which is the signature, 64 bytes here.
_COSE_SIGN1 = re.compile(r"(?:0x)?(?:d2)?84(?:[0-9a-f]{2})+5840[0-9a-f]{128}", re.ASCII | re.IGNORECASE)
# github.com/ton-blockchain/ton-connect, requests-responses.md, "ton_proof" and "Sign Data"
_BASE64_64 = re.compile(r"[A-Za-z0-9+/_-]{86}==", re.ASCII)


class Ed25519Account(RowScheme[bytes]):
    """Accounts whose key is given with the row, or is the address."""

    name = "ed25519-account"
    chains = chains_of(Family.SOLANA, Family.APTOS, Family.TON, Family.SUBSTRATE, Family.CARDANO)

    def read(self, chain: str, address: str) -> Account[bytes]:
        """Solana's key, Cardano's hash of a key, or the account id. Aptos is spelled in full, TON in its raw form."""
        match family_of(chain):
            case Family.SOLANA:
                return Account(address, solana_key(address))
            case Family.APTOS:
                value = aptos_address(address)
                return Account(f"0x{value.hex()}", value)
            case Family.TON:
                workchain, value = ton_address(address)
                return Account(f"{workchain}:{value.hex()}", value)
            case Family.SUBSTRATE:
                return Account(address, ss58_decode(address, SS58[chain]))
            case _:
                return Account(address.lower(), cardano_key_hash(address))

    def asks_chain(self, chain: str) -> bool:
        """For Aptos, whose keys can be rotated, and for TON, where a contract holds the key."""
        return family_of(chain) in (Family.APTOS, Family.TON)

    def judge(self, claim: OwnershipClaim, chain: str, account: Account[bytes]) -> OwnershipResult:
        """Proven if the signature is by the key given and the address is that key's."""
        family = family_of(chain)
        _check_standard(family, one_signature(claim))
        key = self._key(claim, account.value if family is Family.SOLANA else None)
        way = self._way(claim, family, key)
        match family:
            case Family.APTOS:
                return self._aptos(claim, key, account.value, way)
            case Family.TON:
                return self._ton(claim, key, account, way)
            case Family.CARDANO:
                derived = hashlib.blake2b(key, digest_size=28).digest()
            case _:
                derived = key
        if derived != account.value:
            raise failed("validly signed, but by the key of another address")
        return self._proven(way)

    @staticmethod
    def _proven(way: str) -> OwnershipResult:
        return OwnershipResult(Status.PROVEN, f"signed by the key of this address ({way})")

    @staticmethod
    def _key(claim: OwnershipClaim, known: bytes | None) -> bytes:
        if len(claim.keys) > 1:
            raise failed(f"there are {len(claim.keys)} public keys where one is expected")
        if claim.keys:
            with reading("the public key"):
                given = hex_decode(claim.keys[0], 32)
            if known not in (None, given):
                raise failed("the public key given is not that of this address")
            return given
        if known is None:
            raise failed("there is no public key, and the address does not contain it")
        return known

    @staticmethod
    def _way(claim: OwnershipClaim, family: Family | None, key: bytes) -> str:
        """The way in which the message was signed. Raises ``Refused`` if it was not."""
        text = one_signature(claim)
        with reading("the signature"):
            base58 = family is Family.SOLANA and not text.startswith("0x") and len(text) < 90
            signature = base58_decode(text) if base58 else hex_decode(text)
            if family is Family.SUBSTRATE and len(signature) == 65:
                # A MultiSignature: the byte of its scheme, then the signature.
                if signature[0] in (1, 2):
                    raise unsupported("the signature is by an sr25519 or ECDSA key; only ed25519 is supported")
                if signature[0] != 0:
                    raise Malformed(f"is of the unknown kind {signature[0]}")
                signature = signature[1:]
            if len(signature) != 64:
                raise Malformed(f"is {counted(len(signature), 'byte')} where 64 are expected")
        data = claim.message.encode()
        ways = {"the exchange's header": exchange_envelope(data)}
        if family is Family.SUBSTRATE:
            ways["between <Bytes> marks"] = polkadot_text(data)
        if family is Family.SOLANA or (family is Family.APTOS and claim.message.startswith("APTOS\n")):
            bare = bare_text(claim.message)
            if bare is not None:
                ways["as the wallet signs text"] = bare
        for way, signed in ways.items():
            if verified(key, signature, signed):
                return way
        if family is Family.TON and any(verified(key, signature, signed) for signed in ton_personal_texts(data)):
            raise unsupported(
                "the signature is one of the wallets' ton_personalSign or ton_rawSign, " + ONLY_THE_EXCHANGES
            )
        # sr25519 marks the top bit of s, which is zero in every Ed25519 signature (schnorrkel, sign.rs).
        if family is Family.SUBSTRATE and signature[63] & 0x80:
            raise unsupported("the signature is by an sr25519 key; only ed25519 is supported")
        raise failed("the signature is not by this key, or of another message")

    def sample_claim(self, asset: str, chain: str, secret: bytes, message: str) -> OwnershipClaim | None:
        """Under the exchange's header; on TON a wallet v4r2. None on Cardano."""
        key = ed25519_key(secret)
        match family_of(chain):
            case Family.SOLANA:
                address = base58_encode(key)
            case Family.APTOS:
                address = f"0x{aptos_authentication_key(key).hex()}"
            case Family.TON:
                wallets = {wallet: account for account, wallet in wallet_addresses(key, 0).items()}
                address = f"0:{wallets['v4r2'].hex()}"
            case Family.SUBSTRATE:
                address = ss58_encode(key, SS58[chain])
            case _:
                return None
        signature = sign_ed25519(secret, exchange_envelope(message.encode()))
        return OwnershipClaim(asset, chain, address, message, (signature,), (f"0x{key.hex()}",))

    def _aptos(self, claim: OwnershipClaim, key: bytes, address: bytes, way: str) -> OwnershipResult:
        authentication = aptos_authentication_key(key)
        if claim.control is not None:
            with reading("the authentication key on the chain"):
                current = [aptos_address(owner) for owner in claim.control.owners]
            if current == [authentication]:
                return OwnershipResult(
                    Status.PROVEN, f"signed by the key that controls this account now ({claim.control.source})"
                )
            raise failed(f"validly signed, but another key controls this account now ({claim.control.source})")
        if claim.owners:
            with reading("the declared authentication key"):
                declared = [aptos_address(owner) for owner in claim.owners]
            if declared != [authentication]:
                raise failed("validly signed, but by a key whose authentication key is not the one declared")
        if authentication == address:
            return self._proven(way)
        return OwnershipResult(
            Status.UNBOUND,
            "validly signed by a key that the address is not derived from; whether the account's key was rotated to it"
            " was not looked up on its chain",
        )

    @staticmethod
    def _ton(claim: OwnershipClaim, key: bytes, account: Account[bytes], way: str) -> OwnershipResult:
        control = claim.control
        if control is not None:
            if [owner.lower().removeprefix("0x") for owner in control.owners] != [key.hex()]:
                raise failed(f"validly signed, but another key controls this account ({control.source})")
            return OwnershipResult(Status.PROVEN, f"signed by the key in this account's contract ({control.source})")
        workchain = -1 if account.spelling.startswith("-") else 0
        wallet = wallet_addresses(key, workchain).get(account.value)
        if wallet:
            return OwnershipResult(Status.PROVEN, f"signed by the key of this wallet, {wallet} ({way})")
        return OwnershipResult(
            Status.UNBOUND,
            "validly signed, but the address is not one of the key's usual wallets; its contract was not looked up"
            " on its chain",
        )
