"""Proofs of OpenTimestamps: the file that ends in .ots, read with bounds and written.

The format, version 1, as python-opentimestamps reads and writes it (opentimestamps/core: timestamp.py, op.py,
notary.py, serialize.py):

    file         magic ‖ 0x01 ‖ 0x08 (SHA-256) ‖ the 32 bytes that are stamped ‖ timestamp
    timestamp    (0xff ‖ step)* ‖ step                          the steps that begin at one message
    step         0x00 ‖ attestation, or an operation ‖ the timestamp of its result
    operation    0xf0 append ‖ bytes, 0xf1 prepend ‖ bytes, 0xf2 reverse, 0xf3 hexlify,
                 0x08 SHA-256, 0x02 SHA-1, 0x03 RIPEMD-160
    attestation  a tag of 8 bytes ‖ bytes                       who attests to the message
    bytes        varuint length ‖ that many bytes
    varuint      seven bits a byte, the lowest first, 0x80 where more follow

What a hostile file may take is bounded by its own size (``polyproof.anchor.MOST_EVIDENCE``), the number of operations,
their depth, and the length of a message.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from attrs import frozen

from polyproof.errors import ProofRejected

__all__ = [
    "BITCOIN",
    "PENDING",
    "Attestation",
    "Step",
    "Timestamp",
    "parse_file",
    "parse_timestamp",
    "write_file",
    "write_number",
    "write_timestamp",
]

MAGIC = b"\x00OpenTimestamps\x00\x00Proof\x00\xbf\x89\xe2\xe8\x84\xe8\x92\x94"
_VERSION = 1
_SHA256 = 0x08
_FORK, _ATTESTS = 0xFF, 0x00
PENDING = bytes.fromhex("83dfe30d2ef90c8e")
BITCOIN = bytes.fromhex("0588960d73d71901")

LONGEST_MESSAGE = 4096
LONGEST_PAYLOAD = 8192
LONGEST_ADDRESS = 1000
MOST_STEPS = 1024
DEEPEST = 256
_ADDRESS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._/:")


@frozen
class Attestation:
    """Somebody attests to a message."""

    tag: bytes
    payload: bytes

    @property
    def address(self) -> str | None:
        """The address of the calendar that promises to have the message attested; None for any other attestation."""
        if self.tag != PENDING:
            return None
        reader = _Reader(self.payload)
        address = reader.blob(LONGEST_ADDRESS)
        reader.end()
        if not address or not _ADDRESS.issuperset(address):
            raise _wrong("the address of a calendar has characters that it may not have")
        return address.decode("ascii")

    @property
    def height(self) -> int | None:
        """The height of the block of Bitcoin whose header has the message as its Merkle root; None for any other."""
        if self.tag != BITCOIN:
            return None
        reader = _Reader(self.payload)
        height = reader.number()
        reader.end()
        if height >= 1 << 31:
            raise _wrong("there is no block of that height")
        return height


@frozen
class Step:
    """An operation, its argument if it has one, and what follows from its result."""

    tag: int
    argument: bytes
    result: Timestamp


@frozen
class Timestamp:
    """All that is said about one message."""

    message: bytes
    attestations: tuple[Attestation, ...] = ()
    steps: tuple[Step, ...] = ()

    def attested(self) -> Iterator[tuple[bytes, Attestation]]:
        """Every attestation in it and the message that it is to, in the order of the file."""
        for attestation in self.attestations:
            yield self.message, attestation
        for step in self.steps:
            yield from step.result.attested()


def applied(tag: int, argument: bytes, message: bytes) -> bytes:
    """The result of an operation. Raises ``ProofRejected`` for one that is not read here, and for too long a result."""
    match tag:
        case 0xF0:
            result = message + argument
        case 0xF1:
            result = argument + message
        case 0xF2:
            result = message[::-1]
        case 0xF3:
            result = message.hex().encode()
        case 0x08:
            result = hashlib.sha256(message).digest()
        case 0x02:
            result = hashlib.sha1(message, usedforsecurity=False).digest()
        case 0x03:
            try:
                result = hashlib.new("ripemd160", message, usedforsecurity=False).digest()
            except ValueError as error:
                raise _wrong("it uses RIPEMD-160, which this Python does not have") from error
        case _:
            raise _wrong(f"it uses the operation 0x{tag:02x}, which is not read here")
    if not 0 < len(result) <= LONGEST_MESSAGE:
        raise _wrong(f"a message in it has {len(result)} bytes, expected 1 to {LONGEST_MESSAGE}")
    return result


def takes_argument(tag: int) -> bool:
    """Whether an operation has one."""
    return tag in (0xF0, 0xF1)


# Reading


def parse_file(data: bytes) -> Timestamp:
    """A proof that others wrote: all that is said of the 32 bytes that are stamped. Raises ``ProofRejected``."""
    reader = _Reader(data)
    if reader.take(len(MAGIC)) != MAGIC:
        raise _wrong("not a proof of OpenTimestamps")
    version, kind = reader.byte(), reader.byte()
    if version != _VERSION:
        raise _wrong(f"it has version {version}; this polyproof reads version {_VERSION}")
    if kind != _SHA256:
        raise _wrong("it is not of a SHA-256")
    found = _Parser(reader).timestamp(reader.take(32), 0)
    reader.end()
    return found


def parse_timestamp(data: bytes, message: bytes) -> Timestamp:
    """What a calendar answers about a message. Raises ``ProofRejected``."""
    reader = _Reader(data)
    found = _Parser(reader).timestamp(message, 0)
    reader.end()
    return found


def _wrong(reason: str) -> ProofRejected:
    return ProofRejected("anchor-format", reason)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        found = self._data[self._at : self._at + count]
        if len(found) < count:
            raise _wrong("it ends too early")
        self._at += count
        return found

    def byte(self) -> int:
        return self.take(1)[0]

    def number(self) -> int:
        value = 0
        for place in range(0, 63, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << place
            if byte < 0x80:
                return value
        raise _wrong("a number in it is out of range")

    def blob(self, most: int) -> bytes:
        length = self.number()
        if length > most:
            raise _wrong(f"a part of it has {length} bytes, more than {most}")
        return self.take(length)

    def end(self) -> None:
        if self._at < len(self._data):
            raise _wrong("it goes on after its end")


class _Parser:
    def __init__(self, reader: _Reader) -> None:
        self._reader = reader
        self._left = MOST_STEPS

    def timestamp(self, message: bytes, depth: int) -> Timestamp:
        if depth > DEEPEST:
            raise _wrong(f"it is deeper than {DEEPEST} operations")
        attestations: list[Attestation] = []
        steps: list[Step] = []
        more = True
        while more:
            tag = self._reader.byte()
            more = tag == _FORK
            if more:
                tag = self._reader.byte()
            self._left -= 1
            if self._left < 0:
                raise _wrong(f"it has more than {MOST_STEPS} steps")
            if tag == _ATTESTS:
                attestations.append(self._attestation())
            else:
                argument = self._reader.blob(LONGEST_MESSAGE) if takes_argument(tag) else b""
                result = self.timestamp(applied(tag, argument, message), depth + 1)
                steps.append(Step(tag, argument, result))
        return Timestamp(message, tuple(attestations), tuple(steps))

    def _attestation(self) -> Attestation:
        found = Attestation(self._reader.take(8), self._reader.blob(LONGEST_PAYLOAD))
        # Both are read here, so that a malformed one is found with the file.
        _ = found.address, found.height
        return found


# Writing


def write_file(timestamp: Timestamp) -> bytes:
    """A proof, as a file."""
    return MAGIC + bytes([_VERSION, _SHA256]) + timestamp.message + write_timestamp(timestamp)


def write_timestamp(timestamp: Timestamp) -> bytes:
    """All that is said about one message. Something must be said."""
    parts = [bytes([_ATTESTS]) + one.tag + write_blob(one.payload) for one in timestamp.attestations]
    for step in timestamp.steps:
        argument = write_blob(step.argument) if takes_argument(step.tag) else b""
        parts.append(bytes([step.tag]) + argument + write_timestamp(step.result))
    assert parts, "a message of which nothing is said"
    return b"".join(bytes([_FORK]) + part for part in parts[:-1]) + parts[-1]


def write_blob(data: bytes) -> bytes:
    """Bytes after their length."""
    return write_number(len(data)) + data


def write_number(value: int) -> bytes:
    """A varuint."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F)
    return bytes([digit | 0x80 for digit in digits[:-1]] + digits[-1:])
