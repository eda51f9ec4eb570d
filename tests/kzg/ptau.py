"""Files of powers of tau, written anew: what snarkjs would have written, or nearly."""

from __future__ import annotations

import struct
from functools import cache

from py_ecc import optimized_bn128 as bn

from polyproof_kzg.curve import BN254, Point

__all__ = ["SECRET", "first_group", "header", "ptau", "second_group", "sections"]

SECRET = 0x1234567890ABCDEF1234567890ABCDEF
Q = bn.field_modulus


def _montgomery(value: int) -> bytes:
    return (value * (1 << 256) % Q).to_bytes(32, "little")


def first_group(points: list[Point]) -> bytes:
    return b"".join(_montgomery(int(c)) for point in points for c in bn.normalize(point))


def second_group(points: list[Point]) -> bytes:
    return b"".join(_montgomery(int(c)) for point in points for pair in bn.normalize(point) for c in pair.coeffs)


def header(power: int, *, modulus: int = Q, width: int = 32, ceremony: int | None = None) -> bytes:
    last = struct.pack("<II", power, power if ceremony is None else ceremony)
    return struct.pack("<I", width) + modulus.to_bytes(32, "little") + last


@cache
def sections(power: int) -> dict[int, bytes]:
    """The three sections that are read, and one that is not."""
    exponents = [pow(SECRET, k, bn.curve_order) for k in range((2 << power) - 1)]
    return {
        1: header(power),
        2: first_group(BN254.multiples(exponents)),
        3: second_group([bn.multiply(bn.G2, exponent) for exponent in exponents[: 1 << power]]),
        7: b"contributions",
    }


def ptau(parts: dict[int, bytes], *, magic: bytes = b"ptau", version: int = 1, order: tuple[int, ...] = ()) -> bytes:
    kinds = order or tuple(parts)
    body = b"".join(struct.pack("<IQ", kind, len(parts[kind])) + parts[kind] for kind in kinds)
    return magic + struct.pack("<II", version, len(kinds)) + body
