"""Headers of Bitcoin's blocks: what a header says, and the verifier's own node or explorer that is asked for one."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from attrs import frozen

from polyproof.errors import InputError, Problem
from polyproof.toolkit.endpoint import EndpointOptions, open_endpoint
from polyproof_anchors.unavailable import Unavailable

__all__ = ["HEADER", "Header", "ask_for_header", "known_headers", "parse_header"]

HEADER = (r"[0-9]{1,9}:[0-9a-f]{160}", "a height, a colon, and the 80 bytes of a header in hexadecimal")
_HASH = re.compile(r"[0-9a-f]{64}")
_EASIEST, _SINCE_2016 = 1 << 224, 1 << 188
"""A hash above the first is that of no block of the main network, whose least difficulty is 1; one above the second of
none since block 400,000, when the difficulty was 1.6·10^11 and rising. A header that is made up takes 2^68 hashes."""


@frozen
class Header:
    """What a block's header says."""

    hash: str
    """As explorers show it."""
    merkle_root: bytes
    """32 bytes, as the header has them."""
    time: int
    """As its miner set it; seconds since 1970."""


def parse_header(data: bytes, height: int, network: str) -> Header:
    """The 80 bytes of the header at a height of the network, ``main`` or ``test``.

    Raises ``ValueError`` for one that less work was done for than there takes.
    """
    if len(data) != 80:
        raise ValueError(f"a header has 80 bytes, not {len(data)}")
    digest = hashlib.sha256(hashlib.sha256(data).digest()).digest()
    bits = int.from_bytes(data[72:76], "little")
    exponent, mantissa = bits >> 24, bits & 0xFFFFFF
    target = mantissa << 8 * (exponent - 3) if exponent >= 3 else mantissa >> 8 * (3 - exponent)
    found = int.from_bytes(digest, "little")
    easiest = 1 << 256 if network == "test" else _EASIEST if height < 400_000 else _SINCE_2016
    if mantissa >= 0x800000 or found > target or found >= easiest:
        raise ValueError("too little work was done for it")
    return Header(digest[::-1].hex(), data[36:68], int.from_bytes(data[68:72], "little"))


def ask_for_header(options: EndpointOptions, api: str, network: str, height: int, confirmations: int) -> Header:
    """The header at a height, from a node (``bitcoin-core``) or an explorer (``esplora``) with blocks on top of it.

    Raises ``Unavailable``; ``InputError`` for options that do not say where it is.
    """
    from polyproof.toolkit.http import Failed

    asked = _Core(options) if api == "bitcoin-core" else _Esplora(options)
    try:
        tip = asked.tip()
        if tip - height + 1 < confirmations:
            have = max(0, tip - height + 1)
            raise Unavailable(f"block {height} has {have} of the {confirmations} confirmations that you want")
        data, stated = asked.header(height)
        header = parse_header(data, height, network)
        if header.hash != stated:
            raise Unavailable("the node answered with the header of another block")
        return header
    except Failed as error:
        raise Unavailable(str(error), down=True) from None
    except ValueError as error:
        raise Unavailable(f"the node's header of block {height} is none: {error}") from None
    finally:
        asked.close()


class _Core:
    """Bitcoin Core: getblockcount, getblockhash, getblockheader."""

    def __init__(self, options: EndpointOptions) -> None:
        from polyproof.toolkit.json_rpc import Rpc

        self._rpc = Rpc(open_endpoint(options), options)

    def close(self) -> None:
        self._rpc.close()

    def tip(self) -> int:
        return _height(self._call("getblockcount"))

    def header(self, height: int) -> tuple[bytes, str]:
        block = _hash(self._call("getblockhash", height))
        return _bytes(self._call("getblockheader", block, False)), block

    def _call(self, method: str, *params: Any) -> Any:
        from polyproof.toolkit.json_rpc import Refused

        try:
            return self._rpc.call(method, *params)
        except Refused as error:
            raise Unavailable(str(error)) from None


class _Esplora:
    """Esplora's HTTP interface: /blocks/tip/height, /block-height/N, /block/HASH/header."""

    def __init__(self, options: EndpointOptions) -> None:
        from polyproof.toolkit.http import HttpClient

        self._client = HttpClient(open_endpoint(options), options)

    def close(self) -> None:
        self._client.close()

    def tip(self) -> int:
        text = self._text("/blocks/tip/height")
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise ValueError("the height of its newest block is no number")
        return int(text)

    def header(self, height: int) -> tuple[bytes, str]:
        block = _hash(self._text(f"/block-height/{height}"))
        return _bytes(self._text(f"/block/{block}/header")), block

    def _text(self, path: str) -> str:
        def read(response: Any) -> str:
            response.check()
            return bytes(response.body[:1000]).decode("ascii", "replace").strip()

        return self._client.get(path, read)


def _height(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 31:
        raise ValueError("a height is no number")
    return value


def _hash(value: Any) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise ValueError("a hash is not 64 hexadecimal digits")
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-f]{160}", value):
        raise ValueError("it is not 160 hexadecimal digits")
    return bytes.fromhex(value)


def known_headers(given: tuple[str, ...], network: str) -> dict[int, Header]:
    """Headers that a user gives, by height. Raises ``InputError`` for one that is none."""
    found = {}
    for text in given:
        height, _, header = text.partition(":")
        try:
            found[int(height)] = parse_header(bytes.fromhex(header), int(height), network)
        except ValueError as error:
            raise InputError(Problem(f"the header of block {height} cannot be used: {error}")) from error
    return found
