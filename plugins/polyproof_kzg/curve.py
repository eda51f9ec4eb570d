"""BN254 on py_ecc: sums of multiples in G₁, one pairing equation, and the bytes of points.

The curve y² = x³ + 3 over F_q with groups of order r ≈ 2^254 (Barreto and Naehrig, eprint 2005/133; the parameters are
those of Ethereum's EIP-197, which calls it alt_bn128). G₁ has cofactor 1: whatever is on the curve is in the group. G₂,
on the twist over F_q², has not: a point of it is multiplied by r before it is believed.

A point of G₁ has 64 bytes, x ‖ y, and one of G₂ 128, the coefficients of 1 first: 32 bytes each, little-endian, below
q. The point at infinity of G₁ is 64 zero bytes, which no other point has; that of G₂ has no bytes, since a set-up never
has it. Every point so has one encoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from py_ecc import optimized_bn128 as bn

from polyproof.errors import ProofRejected
from polyproof_kzg.checks import KzgCheck

__all__ = ["BN254", "G1_BYTES", "G2_BYTES", "SCALAR_BYTES", "Curve", "Point"]

Point = Any
"""A point of G₁ or G₂ as py_ecc has it, in projective coordinates; two of them may be the same point."""

COORDINATE_BYTES = 32
SCALAR_BYTES = 32
G1_BYTES = 2 * COORDINATE_BYTES
G2_BYTES = 4 * COORDINATE_BYTES
_WINDOW = 4


class Curve:
    """The two groups and their pairing, as far as a commitment needs them."""

    order: int = bn.curve_order
    """r, the number of points of either group, and the modulus of the scalars."""
    generator: Point = bn.G1
    second_generator: Point = bn.G2

    def combine(self, points: Sequence[Point], scalars: Sequence[int]) -> Point:
        """Σ scalars[k] · points[k], by buckets (Pippenger 1976): of all digits of one weight, equal ones are added up
        before they are multiplied.
        """
        width = max(2, min(8, len(points).bit_length() - 1))
        bits = max((scalar.bit_length() for scalar in scalars), default=0)
        total = bn.Z1
        for shift in reversed(range(0, bits, width)):
            for _ in range(width):
                total = bn.double(total)
            buckets: list[Point] = [None] * (1 << width)
            for point, scalar in zip(points, scalars, strict=True):
                digit = scalar >> shift & (1 << width) - 1
                if digit:
                    buckets[digit] = point if buckets[digit] is None else bn.add(buckets[digit], point)
            running = weighted = bn.Z1
            for bucket in reversed(buckets[1:]):
                running = running if bucket is None else bn.add(running, bucket)
                weighted = bn.add(weighted, running)
            total = bn.add(total, weighted)
        return total

    def multiples(self, scalars: Sequence[int]) -> list[Point]:
        """Each scalar's multiple of the generator, from one table of its multiples."""
        table: list[list[Point]] = []
        base = self.generator
        for _ in range(0, self.order.bit_length(), _WINDOW):
            row = [bn.Z1]
            for _ in range((1 << _WINDOW) - 1):
                row.append(bn.add(row[-1], base))
            table.append(row)
            base = bn.add(row[-1], base)
        found = []
        for scalar in scalars:
            total = bn.Z1
            for place, row in enumerate(table):
                total = bn.add(total, row[scalar >> _WINDOW * place & (1 << _WINDOW) - 1])
            found.append(total)
        return found

    def second_multiple(self, scalar: int) -> Point:
        """A multiple of the generator of G₂."""
        return bn.multiply(self.second_generator, scalar)

    def paired(self, left: Point, right: Point, tau: Point) -> bool:
        """Whether e(left, [1]₂) = e(right, τ), for ``tau`` of G₂: two Miller loops and one final exponentiation."""
        first = bn.pairing(self.second_generator, left, final_exponentiate=False)
        second = bn.pairing(tau, bn.neg(right), final_exponentiate=False)
        return bool(bn.final_exponentiate(first * second) == bn.FQ12.one())

    # Bytes

    def encode(self, point: Point) -> bytes:
        """A point of G₁ as 64 bytes."""
        if bn.is_inf(point):
            return bytes(G1_BYTES)
        return b"".join(_coordinate(int(value)) for value in bn.normalize(point))

    def decode(self, data: bytes, item: str) -> Point:
        """The point of G₁ that 64 bytes encode; ``item`` names it. Raises ``ProofRejected`` if they encode none."""
        if data == bytes(G1_BYTES):
            return bn.Z1
        x, y = self._coordinates(data, item, 2)
        return self.point(x, y, item)

    def point(self, x: int, y: int, item: str) -> Point:
        """The point of G₁ with these coordinates, below q. Raises ``ProofRejected`` if there is none."""
        if (y * y - x * x * x - 3) % bn.field_modulus:
            raise ProofRejected(KzgCheck.POINT, f"{item} is not a point of the curve")
        return (bn.FQ(x), bn.FQ(y), bn.FQ.one())

    def encode_second(self, point: Point) -> bytes:
        """A point of G₂, not at infinity, as 128 bytes."""
        return b"".join(_coordinate(int(value)) for pair in bn.normalize(point) for value in pair.coeffs)

    def decode_second(self, data: bytes, item: str) -> Point:
        """The inverse of ``encode_second``. Raises ``ProofRejected`` for what encodes no point of the group."""
        return self.second_point(self._coordinates(data, item, 4), item)

    def second_point(self, coordinates: Sequence[int], item: str) -> Point:
        """The point of G₂ with these four coordinates, below q. Raises ``ProofRejected`` if the group has none."""
        x, y = bn.FQ2(list(coordinates[:2])), bn.FQ2(list(coordinates[2:]))
        point = (x, y, bn.FQ2.one())
        if not bn.is_on_curve(point, bn.b2):
            raise ProofRejected(KzgCheck.POINT, f"{item} is not a point of the twisted curve")
        if not bn.is_inf(bn.multiply(point, self.order)):
            raise ProofRejected(KzgCheck.POINT, f"{item} is on the twisted curve, and not in its group of prime order")
        return point

    def _coordinates(self, data: bytes, item: str, count: int) -> list[int]:
        if len(data) != count * COORDINATE_BYTES:
            raise ProofRejected(KzgCheck.POINT, f"{item} has {len(data)} bytes, a point {count * COORDINATE_BYTES}")
        values = [
            int.from_bytes(data[start : start + COORDINATE_BYTES], "little")
            for start in range(0, len(data), COORDINATE_BYTES)
        ]
        if max(values) >= bn.field_modulus:
            raise ProofRejected(KzgCheck.POINT, f"{item} has a coordinate that is not below q")
        return values


def _coordinate(value: int) -> bytes:
    return value.to_bytes(COORDINATE_BYTES, "little")


BN254 = Curve()
