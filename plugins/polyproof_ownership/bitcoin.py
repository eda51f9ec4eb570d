"""Addresses and scripts of Bitcoin and the chains that use its formats."""

from __future__ import annotations

import hashlib
from enum import Enum

from attrs import frozen

from polyproof.model.counts import counted
from polyproof.toolkit.encodings import (
    Malformed,
    base58_check_decode,
    base58_check_encode,
    segwit_decode,
)
from polyproof_ownership.keys import hash160, public_key

__all__ = [
    "NETWORKS",
    "Destination",
    "Multisig",
    "Network",
    "Output",
    "nested_witness_key",
    "parse_multisig",
    "read_address",
    "script_hash",
]


@frozen
class Network:
    """The bytes that a chain's addresses and signed messages start with."""

    p2pkh: int
    p2sh: tuple[int, ...]
    """Version bytes; the first is the canonical one."""
    prefix: str | None
    """The prefix of bech32 addresses; None if the chain has no segregated witness.

    There a P2SH output whose script is a witness program can be spent by anybody, without any signature.
    """
    header: bytes
    """Of signed messages."""


# Version bytes, prefix and message header are in chainparams.cpp and src/util/message.cpp (or main.cpp) of each chain's
# own node. Litecoin's 5 is the version that it shared with Bitcoin before it had 50.
NETWORKS = {
    "bitcoin": Network(0, (5,), "bc", b"Bitcoin Signed Message:\n"),
    "litecoin": Network(48, (50, 5), "ltc", b"Litecoin Signed Message:\n"),
    "dogecoin": Network(30, (22,), None, b"Dogecoin Signed Message:\n"),
    "dash": Network(76, (16,), None, b"DarkCoin Signed Message:\n"),
}


class Output(Enum):
    """The standard forms of an output."""

    P2PKH = "P2PKH"
    P2SH = "P2SH"
    P2WPKH = "P2WPKH"
    P2WSH = "P2WSH"
    P2TR = "P2TR"


@frozen
class Destination:
    """What an address stands for: a form of output, and the hash or key in it."""

    form: Output
    program: bytes

    def script(self) -> bytes:
        """The output script."""
        match self.form:
            case Output.P2PKH:
                return b"\x76\xa9\x14" + self.program + b"\x88\xac"
            case Output.P2SH:
                return b"\xa9\x14" + self.program + b"\x87"
            case Output.P2TR:
                return b"\x51\x20" + self.program
            case _:
                return bytes([0, len(self.program)]) + self.program


def read_address(text: str, network: Network) -> tuple[str, Destination]:
    """The canonical form of an address and what it stands for; raises ``Malformed``."""
    if network.prefix and text.lower().startswith(network.prefix + "1"):
        version, program = segwit_decode(text, network.prefix)
        if version == 0:
            return text.lower(), Destination(Output.P2WPKH if len(program) == 20 else Output.P2WSH, program)
        if version == 1 and len(program) == 32:
            return text.lower(), Destination(Output.P2TR, program)
        raise Malformed(f"has the witness version {version}, which nothing can sign for yet")
    payload = base58_check_decode(text)
    if len(payload) != 21:
        raise Malformed(f"holds {counted(len(payload), 'byte')} where 21 are expected")
    version, program = payload[0], payload[1:]
    if version == network.p2pkh:
        return text, Destination(Output.P2PKH, program)
    if version in network.p2sh:
        return base58_check_encode(bytes([network.p2sh[0]]) + program), Destination(Output.P2SH, program)
    raise Malformed(f"has the version {version}, which belongs to another chain")


def nested_witness_key(key: bytes) -> bytes:
    """The redeem script of a P2SH-P2WPKH address of a compressed key."""
    return b"\x00\x14" + hash160(key)


@frozen
class Multisig:
    """A script that requires signatures by ``threshold`` of its keys."""

    threshold: int
    keys: tuple[bytes, ...]
    """As in the script: 33 or 65 bytes each."""


OP_1, OP_16, OP_CHECKMULTISIG = 0x51, 0x60, 0xAE


def parse_multisig(script: bytes) -> Multisig:
    """Read ``m key … key n CHECKMULTISIG``. Raises ``Malformed`` for any other script.

    Every key must be a point of the curve, and none may occur twice, since it could sign for two.
    """
    if len(script) < 3 or script[-1] != OP_CHECKMULTISIG:
        raise Malformed("is not m, keys, n, CHECKMULTISIG")
    if not (OP_1 <= script[0] <= OP_16 and OP_1 <= script[-2] <= OP_16):
        raise Malformed("is not m, keys, n, CHECKMULTISIG")
    threshold, count = script[0] - OP_1 + 1, script[-2] - OP_1 + 1
    keys = []
    points = set()
    place = 1
    while place < len(script) - 2:
        size = script[place]
        key = script[place + 1 : place + 1 + size]
        if size not in (33, 65) or place + 1 + size > len(script) - 2:
            raise Malformed("holds something other than keys")
        points.add(public_key(key).format())
        keys.append(key)
        place += 1 + size
    if len(keys) != count or threshold > count:
        raise Malformed(f"has {counted(len(keys), 'key')}, and says {threshold} of {count}")
    if len(points) != count:
        raise Malformed("has the same key twice")
    return Multisig(threshold, tuple(keys))


def script_hash(destination: Destination, script: bytes, network: Network) -> str:
    """The form in which a destination is an address of this script: P2SH, P2WSH, P2SH-P2WSH; empty if in none."""
    digest = hashlib.sha256(script).digest()
    if destination.form is Output.P2WSH:
        return "P2WSH" if digest == destination.program else ""
    if destination.form is Output.P2SH:
        # At most 520 bytes can be pushed to the stack, so an output with a longer redeem script could never be spent.
        if len(script) <= 520 and hash160(script) == destination.program:
            return "P2SH"
        nested = network.prefix is not None and hash160(b"\x00\x20" + digest) == destination.program
        return "P2SH-P2WSH" if nested else ""
    return ""
