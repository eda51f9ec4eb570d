"""Files of ceremonies: the powers of tau that ``snarkjs`` keeps (``.ptau``), for BN254.

A file is a magic string, a version, and sections with a type and a length each; all integers are little-endian. Of
these three are read, and of the powers only as many as are needed, wherever the file comes from and whatever its size:

====  =====================================================================================
type  content
====  =====================================================================================
1     bytes of a coordinate (32), the modulus q, log₂ of the file's and of the ceremony's size
2     [τ^i]₁ for i < 2^(power + 1) − 1
3     [τ^i]₂ for i < 2^power
====  =====================================================================================

Coordinates are in Montgomery form, v·2^256 mod q. What is read is checked: every point is on its curve and of its group
and none at infinity, the first of each section is the group's generator, and all powers are those of one τ, by one
pairing equation over a random combination of them. That nobody knows τ, no check can show.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO, NoReturn

from py_ecc import optimized_bn128 as bn

from polyproof.errors import ArtifactError, ProofRejected
from polyproof_kzg.curve import BN254, COORDINATE_BYTES, G1_BYTES, G2_BYTES, Point
from polyproof_kzg.setup import Setup

__all__ = ["load_ceremony"]

_MAGIC = b"ptau"
_VERSION = 1
_MOST_SECTIONS = 64
_HEADER, _FIRST_GROUP, _SECOND_GROUP = 1, 2, 3
_HEADER_BYTES = 4 + COORDINATE_BYTES + 8
_MOST_POWER = 28
_RANDOM_BYTES = 16
"""Of each weight of the random combination: powers of another secret pass with 2^-128."""


def load_ceremony(path: Path, powers: int) -> Setup:
    """The first powers of a ceremony's file.

    Raises ``ArtifactError`` for a file that is missing or no such file, whose points are not what they should be, or
    that has too few of them. Reads some hundred bytes and the points.
    """
    if not path.is_file():  # a pipe or a device might never end
        raise ArtifactError(f"{path}: the file of a ceremony is not there, or no file")
    try:
        with path.open("rb") as file:
            sections = _sections(path, file)
            power = _header(path, file, sections)
            for kind, count, size in (
                (_FIRST_GROUP, (2 << power) - 1, G1_BYTES),
                (_SECOND_GROUP, 1 << power, G2_BYTES),
            ):
                if sections[kind][1] != count * size:
                    _refuse(
                        path, f"section {kind} has {sections[kind][1]} bytes, and {count} points have {count * size}"
                    )
            available = (2 << power) - 1
            if powers > available:
                _refuse(path, f"it has {available} powers, and {powers} are needed: take a larger file of the ceremony")
            needed = max(powers, 2)
            first = _read(path, file, sections[_FIRST_GROUP][0], needed * G1_BYTES)
            second = _read(path, file, sections[_SECOND_GROUP][0], 2 * G2_BYTES)
    except OSError as error:
        raise ArtifactError(f"{path}: the file of a ceremony cannot be read: {error.strerror}") from error
    return _checked(path, first, second, powers)


def _sections(path: Path, file: BinaryIO) -> dict[int, tuple[int, int]]:
    """Where each section begins and how long it is; each of the three that are needed once, within the file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] != _MAGIC:
        _refuse(path, "it does not begin as a file of powers of tau does")
    version, count = struct.unpack("<II", head[4:])
    if version != _VERSION or count > _MOST_SECTIONS:
        _refuse(path, f"it has version {version} and {count} sections, expected version {_VERSION}")
    found: dict[int, tuple[int, int]] = {}
    at = 12
    for _ in range(count):
        kind, length = struct.unpack("<IQ", _read(path, file, at, 12))
        at += 12
        if length > size - at or kind in found:
            _refuse(path, f"section {kind} is longer than the file, or there twice")
        found[kind] = at, length
        at += length
    for kind in (_HEADER, _FIRST_GROUP, _SECOND_GROUP):
        if kind not in found:
            _refuse(path, f"it has no section {kind}")
    return found


def _header(path: Path, file: BinaryIO, sections: dict[int, tuple[int, int]]) -> int:
    """log₂ of the number of powers that the file has of the second group."""
    at, length = sections[_HEADER]
    if length != _HEADER_BYTES:
        _refuse(path, f"its header has {length} bytes, that of a file for BN254 has {_HEADER_BYTES}")
    data = _read(path, file, at, length)
    width, modulus = struct.unpack("<I", data[:4])[0], int.from_bytes(data[4:-8], "little")
    if width != COORDINATE_BYTES or modulus != bn.field_modulus:
        _refuse(path, "it is for another curve than BN254 (bn128, alt_bn128)")
    power, ceremony = struct.unpack("<II", data[-8:])
    if not 1 <= power <= ceremony <= _MOST_POWER:
        _refuse(path, f"it is said to have 2^{power} of 2^{ceremony} powers, expected at most 2^{_MOST_POWER}")
    return int(power)


def _checked(path: Path, first: bytes, second: bytes, powers: int) -> Setup:
    inverse = pow(1 << 256, -1, bn.field_modulus)

    def coordinates(data: bytes, item: str) -> list[int]:
        values = [
            int.from_bytes(data[at : at + COORDINATE_BYTES], "little") for at in range(0, len(data), COORDINATE_BYTES)
        ]
        if max(values) >= bn.field_modulus:
            _refuse(path, f"{item} has a coordinate that is not below q")
        if not any(values):
            _refuse(path, f"{item} is the point at infinity")
        return [value * inverse % bn.field_modulus for value in values]

    try:
        points: list[Point] = []
        for k in range(len(first) // G1_BYTES):
            item = f"power {k} of the first group"
            x, y = coordinates(first[k * G1_BYTES : (k + 1) * G1_BYTES], item)
            points.append(BN254.point(x, y, item))
        items = [f"power {k} of the second group" for k in (0, 1)]
        one, tau = (
            BN254.second_point(coordinates(second[k * G2_BYTES : (k + 1) * G2_BYTES], item), item)
            for k, item in enumerate(items)
        )
    except ProofRejected as error:
        _refuse(path, error.reason)
    if BN254.encode(points[0]) != BN254.encode(bn.G1) or BN254.encode_second(one) != BN254.encode_second(bn.G2):
        _refuse(path, "its first powers are not the generators of the two groups")
    weights = [int.from_bytes(os.urandom(_RANDOM_BYTES), "little") | 1 for _ in points[1:]]
    if not BN254.paired(BN254.combine(points[1:], weights), BN254.combine(points[:-1], weights), tau):
        _refuse(path, "its powers are not those of one secret")
    return Setup(tau, tuple(points[:powers]))


def _read(path: Path, file: BinaryIO, at: int, count: int) -> bytes:
    file.seek(at)
    data = file.read(count)
    if len(data) != count:
        _refuse(path, f"it ends early: expected {count} bytes at {at}")
    return data


def _refuse(path: Path, reason: str) -> NoReturn:
    raise ArtifactError(f"{path} is no file of a ceremony that can be used: {reason}")
