"""Output descriptors of Bitcoin Core, as far as reserve files use them: the keys or the script behind one address.

``wpkh(KEY)``, ``pkh(KEY)``, ``sh(wpkh(KEY))`` and ``multi`` or ``sortedmulti`` within ``sh``, ``wsh`` or
``sh(wsh(…))``, with keys in hexadecimal or extended keys with a path that anybody can derive. Nothing here has to be
trusted: an ownership scheme compares the script with the address.
Source: BIP-380 to BIP-383, BIP-67 (sorted keys), BIP-32 (derivation).
"""

from __future__ import annotations

import hashlib
import hmac
import re

from coincurve import PublicKey

__all__ = ["descriptor_keys"]

_CALL = re.compile(r"([a-z]+)\((.*)\)", re.DOTALL)
_ORIGIN = re.compile(r"\[[0-9a-fA-F]{8}(?:/[0-9]{1,10}['hH]?)*\]")
_STEP = re.compile(r"[0-9]{1,10}")
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_XPUB = bytes.fromhex("0488b21e")
_HARDENED = 1 << 31
_LONGEST = 20_000
_MOST_STEPS = 16


def descriptor_keys(text: str) -> str:
    """The public key, or the multisignature script, behind the address of a descriptor, in hexadecimal.

    Raises ``ValueError`` for another kind of descriptor.
    """
    if len(text) > _LONGEST:
        raise ValueError("a descriptor is too long")
    inner, calls = text.partition("#")[0], []
    while match := _CALL.fullmatch(inner):
        calls.append(match[1])
        inner = match[2]
    match calls:
        case ["pkh"] | ["wpkh"] | ["sh", "wpkh"]:
            return _key(inner).hex()
        case ["sh", kind] | ["wsh", kind] | ["sh", "wsh", kind] if kind in ("multi", "sortedmulti"):
            return _script(inner, ordered=kind == "sortedmulti").hex()
    raise ValueError(f"a descriptor of the kind {'('.join(calls)[:40] or text[:40]!r} is not read")


def _script(inner: str, *, ordered: bool) -> bytes:
    needed, *texts = inner.split(",")
    keys = [_key(text) for text in texts]
    if not needed.isdecimal() or not 1 <= int(needed) <= len(keys) <= 16:
        raise ValueError("a multisignature descriptor needs 1 to 16 keys and how many must sign")
    if ordered:
        keys.sort()
    pushed = b"".join(bytes([len(key)]) + key for key in keys)
    return bytes([0x50 + int(needed)]) + pushed + bytes([0x50 + len(keys), 0xAE])


def _key(text: str) -> bytes:
    """A key expression (BIP-380), without private keys and ranges."""
    found, *path = _ORIGIN.sub("", text.strip(), count=1).split("/")
    if re.fullmatch("[0-9a-fA-F]{66}|[0-9a-fA-F]{130}", found):
        if path:
            raise ValueError("a plain key has no path")
        return PublicKey(bytes.fromhex(found)).format(compressed=len(found) == 66)
    data = _base58_check(found)
    if len(data) != 78 or data[:4] != _XPUB:
        raise ValueError("a key is neither hexadecimal nor an xpub")
    chain_code, key = data[13:45], PublicKey(data[45:])
    if len(path) > _MOST_STEPS:
        raise ValueError("a path is too long")
    for step in path:
        if not _STEP.fullmatch(step) or int(step) >= _HARDENED:
            raise ValueError(f"the step {step[:20]!r} of a path is not one that anybody can derive")
        chain_code, key = _child(chain_code, key, int(step))
    return key.format()


def _child(chain_code: bytes, key: PublicKey, index: int) -> tuple[bytes, PublicKey]:
    """BIP-32, "Public parent key → public child key"."""
    mixed = hmac.new(chain_code, key.format() + index.to_bytes(4), hashlib.sha512).digest()
    return mixed[32:], key.add(mixed[:32])


def _base58_check(text: str) -> bytes:
    if not 100 <= len(text) <= 120:
        raise ValueError("a key is neither hexadecimal nor an xpub")
    number = 0
    for char in text:
        digit = _BASE58.find(char)
        if digit < 0:
            raise ValueError("an xpub has a character that is not base58")
        number = number * 58 + digit
    data = number.to_bytes(82) if number < 1 << 656 else b""
    payload, checksum = data[:-4], data[-4:]
    if not data or hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4] != checksum:
        raise ValueError("an xpub has a wrong checksum")
    return payload
