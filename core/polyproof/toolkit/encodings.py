"""Text to bytes, strictly: hexadecimal, base64, base58, bech32, base32. Nothing is repaired, trimmed or guessed.

Every decoder here accepts exactly one form of a value (except for the letter case of hexadecimal and bech32) and raises
``Malformed`` for anything else, so that a mistyped address is never taken for another.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import operator
import re

from polyproof.model.counts import counted

__all__ = [
    "BASE58_BITCOIN",
    "BASE58_RIPPLE",
    "BECH32",
    "BECH32M",
    "Malformed",
    "base32_lower",
    "base32_lower_decode",
    "base58_check_decode",
    "base58_check_encode",
    "base58_decode",
    "base58_encode",
    "base64_decode",
    "bech32_decode",
    "bech32_encode",
    "from_five_bits",
    "hex_decode",
    "leb128",
    "segwit_decode",
    "segwit_encode",
    "sha256d",
    "to_five_bits",
]


class Malformed(ValueError):
    """A text is not a value of the encoding. The message is a predicate, to be put after the name of the thing."""


def sha256d(data: bytes) -> bytes:
    """SHA-256 of SHA-256, Bitcoin's hash."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


# Hexadecimal

_HEX = re.compile(r"(?:0x)?((?:[0-9a-fA-F]{2})*)", re.ASCII)


def hex_decode(text: str, size: int | None = None, *, most: int = 8192) -> bytes:
    """Bytes of hexadecimal digits, with or without 0x; exactly ``size`` bytes if given."""
    if len(text) > 2 * most + 2:
        raise Malformed(f"is {counted(len(text), 'character')} long")
    match = _HEX.fullmatch(text)
    if not match:
        raise Malformed("is not hexadecimal")
    data = bytes.fromhex(match[1])
    if size is not None and len(data) != size:
        raise Malformed(f"is {counted(len(data), 'byte')} where {size} are expected")
    return data


# Base64 (RFC 4648 §4, and the alphabet of §5 where asked for)


def base64_decode(text: str, *, most: int = 16384) -> bytes:
    """Bytes of padded base64, without white space and with unused bits zero."""
    if len(text) > most:
        raise Malformed(f"is {counted(len(text), 'character')} long")
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise Malformed("is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Malformed("is not base64 in the standard's canonical form")
    return data


# Base58, over the alphabets of Bitcoin and of the XRP Ledger

BASE58_BITCOIN = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BASE58_RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"
_DIGITS = {
    alphabet: {character: value for value, character in enumerate(alphabet)}
    for alphabet in (BASE58_BITCOIN, BASE58_RIPPLE)
}


def base58_decode(text: str, alphabet: str = BASE58_BITCOIN, *, most: int = 128) -> bytes:
    """Bytes of base58: every leading zero digit is a zero byte."""
    if not text or len(text) > most:
        raise Malformed(f"is {counted(len(text), 'character')} long")
    digits = _DIGITS[alphabet]
    number = 0
    for character in text:
        digit = digits.get(character)
        if digit is None:
            raise Malformed("is not base58")
        number = number * 58 + digit
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def base58_encode(data: bytes, alphabet: str = BASE58_BITCOIN) -> str:
    """Base58 of bytes."""
    number = int.from_bytes(data, "big")
    text = ""
    while number:
        number, digit = divmod(number, 58)
        text = alphabet[digit] + text
    return alphabet[0] * (len(data) - len(data.lstrip(b"\0"))) + text


def base58_check_decode(text: str, alphabet: str = BASE58_BITCOIN) -> bytes:
    """Payload of base58check: the last four bytes are a double SHA-256 of the others."""
    data = base58_decode(text, alphabet)
    if len(data) < 5 or sha256d(data[:-4])[:4] != data[-4:]:
        raise Malformed("has a wrong checksum")
    return data[:-4]


def base58_check_encode(payload: bytes, alphabet: str = BASE58_BITCOIN) -> str:
    """Base58check of a payload."""
    return base58_encode(payload + sha256d(payload)[:4], alphabet)


# Bech32 (BIP-173) and bech32m (BIP-350)

BECH32 = 1
BECH32M = 0x2BC830A3
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_DIGITS = {character: value for value, character in enumerate(_BECH32)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_STEPS = [
    functools.reduce(operator.xor, (_GENERATOR[bit] for bit in range(5) if top >> bit & 1), 0) for top in range(32)
]
"""What the five bits that leave the checksum put back into it."""


def _polymod(values: list[int]) -> int:
    checksum = 1
    for value in values:
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value ^ _STEPS[checksum >> 25]
    return checksum


def _expand(prefix: str) -> list[int]:
    return [ord(character) >> 5 for character in prefix] + [0] + [ord(character) & 31 for character in prefix]


def bech32_decode(text: str, *, most: int = 90) -> tuple[str, list[int], int]:
    """Prefix, five-bit groups without the checksum, and which checksum it was: ``BECH32`` or ``BECH32M``."""
    if len(text) > most:
        raise Malformed(f"is {counted(len(text), 'character')} long")
    lowered = text.lower()
    if not text.isascii() or text not in (lowered, text.upper()):
        raise Malformed("mixes upper and lower case")
    prefix, separator, body = lowered.rpartition("1")
    if not separator or not prefix or len(body) < 6 or not all("!" <= character <= "~" for character in prefix):
        raise Malformed("is not bech32")
    if not all(character in _BECH32_DIGITS for character in body):
        raise Malformed("is not bech32")
    values = [_BECH32_DIGITS[character] for character in body]
    checksum = _polymod(_expand(prefix) + values)
    if checksum not in (BECH32, BECH32M):
        raise Malformed("has a wrong checksum")
    return prefix, values[:-6], checksum


def bech32_encode(prefix: str, values: list[int], constant: int = BECH32) -> str:
    """Bech32 of a prefix and five-bit groups."""
    checksum = _polymod(_expand(prefix) + values + [0] * 6) ^ constant
    groups = values + [checksum >> 5 * (5 - place) & 31 for place in range(6)]
    return prefix + "1" + "".join(_BECH32[group] for group in groups)


def from_five_bits(values: list[int]) -> bytes:
    """Bytes of five-bit groups; bits left over must be fewer than five, and zero."""
    number = 0
    for value in values:
        number = number << 5 | value
    spare = 5 * len(values) % 8
    if spare >= 5 or number & ((1 << spare) - 1):
        raise Malformed("has bits left over")
    return (number >> spare).to_bytes(5 * len(values) // 8, "big")


def to_five_bits(data: bytes) -> list[int]:
    """Five-bit groups of bytes, the last one padded with zeros."""
    spare = -8 * len(data) % 5
    number = int.from_bytes(data, "big") << spare
    count = (8 * len(data) + spare) // 5
    return [number >> 5 * (count - 1 - place) & 31 for place in range(count)]


def segwit_decode(text: str, prefix: str) -> tuple[int, bytes]:
    """Witness version and program of an address (BIP-173, BIP-350). Raises ``Malformed``."""
    found, values, constant = bech32_decode(text)
    if found != prefix:
        raise Malformed(f"starts with {found[:20]!r} where {prefix!r} is expected")
    if not values or values[0] > 16:
        raise Malformed("has no witness version")
    program = from_five_bits(values[1:])
    if not 2 <= len(program) <= 40 or (values[0] == 0 and len(program) not in (20, 32)):
        raise Malformed(f"has a witness program of {counted(len(program), 'byte')}")
    if constant != (BECH32M if values[0] else BECH32):
        raise Malformed("has the checksum of another witness version")
    return values[0], program


def segwit_encode(prefix: str, version: int, program: bytes) -> str:
    """Address of a witness program."""
    return bech32_encode(prefix, [version, *to_five_bits(program)], BECH32M if version else BECH32)


# Base32 in lower case without padding, as Filecoin writes it


def base32_lower_decode(text: str, *, most: int = 128) -> bytes:
    """Bytes of base32 in lower case, without padding and with unused bits zero."""
    if len(text) > most or not re.fullmatch(r"[a-z2-7]*", text, re.ASCII):
        raise Malformed("is not base32")
    try:
        data = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except binascii.Error:
        raise Malformed("is not base32") from None
    if base32_lower(data) != text:
        raise Malformed("has bits left over")
    return data


def base32_lower(data: bytes) -> str:
    """Base32 in lower case, without padding."""
    return base64.b32encode(data).decode().lower().rstrip("=")


# Whole numbers


def leb128(number: int) -> bytes:
    """A number in groups of seven bits, the least first, each but the last marked (unsigned LEB128)."""
    groups = bytearray()
    while number > 127:
        groups.append(number & 127 | 128)
        number >>= 7
    return bytes([*groups, number])
