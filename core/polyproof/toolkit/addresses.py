"""Addresses of chains to the bytes that nodes and keys know: each decodes strictly, checksum included, or not at all.

Schemes of ownership derive addresses from keys and compare, providers of balances ask a chain about the account; both
read an address here. All raise ``Malformed``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable

from polyproof.model.counts import counted
from polyproof.toolkit.encodings import (
    BASE58_RIPPLE,
    Malformed,
    base32_lower_decode,
    base58_check_decode,
    base58_decode,
    base58_encode,
    leb128,
)

__all__ = [
    "SS58",
    "TRON_MAINNET",
    "aelf_account",
    "aptos_address",
    "eos_name",
    "filecoin_address",
    "filecoin_checksum",
    "solana_key",
    "ss58_decode",
    "ss58_encode",
    "ton_address",
    "tron_address",
    "well_formed",
    "xrp_account",
]


def well_formed(read: Callable[..., object], address: str, *more: object) -> bool:
    """Whether one of the decoders below reads an address, rather than raise ``Malformed``; ``more`` it is given too."""
    try:
        read(address, *more)
    except Malformed:
        return False
    return True


# Solana


def solana_key(text: str) -> bytes:
    """The key, 32 bytes, which the address is."""
    key = base58_decode(text, most=44)
    if len(key) != 32:
        raise Malformed(f"is {counted(len(key), 'byte')} where 32 are expected")
    return key


# Aptos

_APTOS = re.compile(r"0x([0-9a-fA-F]{1,64})", re.ASCII)


def aptos_address(text: str) -> bytes:
    """The 32 bytes of an address; leading zeros may be left out."""
    match = _APTOS.fullmatch(text)
    if not match:
        raise Malformed("is not 0x and up to 64 hexadecimal digits")
    return bytes.fromhex(match[1].rjust(64, "0"))


# Polkadot and its kin

# SS58 prefixes: registry at github.com/paritytech/ss58-registry. An asset hub has the prefix of its relay chain.
SS58 = {"polkadot": 0, "polkadot-asset-hub": 0, "kusama": 2, "kusama-asset-hub": 2}


def _ss58_checksum(body: bytes) -> bytes:
    return hashlib.blake2b(b"SS58PRE" + body).digest()[:2]


def ss58_decode(text: str, prefix: int) -> bytes:
    """The account id, 32 bytes, of an address with this one-byte prefix and a checksum of two bytes."""
    data = base58_decode(text, most=64)
    if len(data) != 35 or data[0] != prefix:
        raise Malformed(f"is not an account with the SS58 prefix {prefix}")
    if _ss58_checksum(data[:33]) != data[33:]:
        raise Malformed("has a wrong checksum")
    return data[1:33]


def ss58_encode(account: bytes, prefix: int) -> str:
    """The address of an account id."""
    body = bytes([prefix]) + account
    return base58_encode(body + _ss58_checksum(body))


# TON

_FRIENDLY = re.compile(r"[A-Za-z0-9_-]{48}|[A-Za-z0-9+/]{48}", re.ASCII)
_RAW = re.compile(r"(0|-1):([0-9a-fA-F]{64})", re.ASCII)


def ton_address(text: str) -> tuple[int, bytes]:
    """Workchain and account id (32 bytes) of an address, raw or in base64, whose checksum is checked.

    Raises ``Malformed``.
    """
    raw = _RAW.fullmatch(text)
    if raw:
        return int(raw[1]), bytes.fromhex(raw[2])
    if not _FRIENDLY.fullmatch(text):
        raise Malformed("is neither workchain:hexadecimal nor 48 characters of base64")
    data = base64.b64decode(text.translate(str.maketrans("-_", "+/")))
    if binascii.crc_hqx(data[:34], 0) != int.from_bytes(data[34:]):
        raise Malformed("has a wrong checksum")
    if data[0] not in (0x11, 0x51):
        raise Malformed("is not one of TON's main network")
    if data[1] not in (0, 255):
        raise Malformed(f"is in the workchain {data[1]}")
    return (0 if data[1] == 0 else -1), data[2:34]


# Tron

TRON_MAINNET = 0x41


def tron_address(text: str) -> bytes:
    """The 20 bytes of an address of the main network."""
    payload = base58_check_decode(text)
    if len(payload) != 21 or payload[0] != TRON_MAINNET:
        raise Malformed("is not one of Tron's main network")
    return payload[1:]


# XRP Ledger: xrpl.org, "Addresses": type 0 and 20 bytes, in base58 with digits of its own


def xrp_account(text: str) -> bytes:
    """The 20 bytes of a classic address."""
    payload = base58_check_decode(text, BASE58_RIPPLE)
    if len(payload) != 21 or payload[0] != 0:
        raise Malformed("is not an account address")
    return payload[1:]


# aelf


def aelf_account(text: str) -> bytes:
    """The 32 bytes of an address, which is written without the chain around it."""
    account = base58_check_decode(text)
    if len(account) != 32:
        raise Malformed("is not an address of aelf")
    return account


# EOS and its kin

# Twelve characters, or thirteen of which the last has four bits (type "name" of EOSIO).
_NAME = re.compile(r"(?=.*[a-z1-5])[a-z1-5.]{1,12}(?<!\.)|[a-z1-5.]{12}[a-j1-5]", re.ASCII)


def eos_name(text: str) -> str:
    """The name of an account, which contains nothing else."""
    if not _NAME.fullmatch(text):
        raise Malformed("is not an account name: up to 12 of a-z, 1-5 and dots")
    return text


# Filecoin: spec.filecoin.io, appendix "Address", and FIP-0048 for f4


def filecoin_checksum(protocol: bytes, payload: bytes) -> bytes:
    """Four bytes of BLAKE2b over the kind of address and what it holds."""
    return hashlib.blake2b(protocol + payload, digest_size=4).digest()


_FILECOIN_SIZES = {"1": 20, "2": 20, "3": 48}
_DELEGATED = re.compile(r"f4(0|[1-9][0-9]{0,18})f([a-z2-7]+)", re.ASCII)


def filecoin_address(text: str) -> str:
    """An address of any kind on the main network, whose checksum is checked: by actor id, by key, of an actor, f4."""
    if re.fullmatch(r"f0(0|[1-9][0-9]{0,18})", text, re.ASCII):
        return text
    size = _FILECOIN_SIZES.get(text[1:2])
    if text.startswith("f") and size is not None:
        data = base32_lower_decode(text[2:])
        if len(data) != size + 4 or filecoin_checksum(bytes([int(text[1])]), data[:-4]) != data[-4:]:
            raise Malformed("has a wrong checksum")
        return text
    delegated = _DELEGATED.fullmatch(text)
    if not delegated:
        raise Malformed("is not an address of Filecoin's main network")
    data, space = base32_lower_decode(delegated[2]), int(delegated[1])
    if len(data) < 5 or filecoin_checksum(b"\4" + leb128(space), data[:-4]) != data[-4:]:
        raise Malformed("has a wrong checksum")
    return text
