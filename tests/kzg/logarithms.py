"""The curve with every point written as its logarithm, so that whole suites run in seconds.

A point k·G is the integer k, and the pairing equation e(A, [1]₂) = e(B, [τ]₂) is A = B·τ. Whatever holds of points and
their bytes holds here too, but that nobody can find a logarithm. The curve itself is tested in ``test_curve``.
"""

from __future__ import annotations

from collections.abc import Sequence

from polyproof.errors import ProofRejected
from polyproof_kzg.checks import KzgCheck
from polyproof_kzg.curve import G1_BYTES, G2_BYTES, Curve

__all__ = ["LOGARITHMS", "Logarithms"]

MARK = 7
"""Stands in the bytes above the logarithm, so that a changed byte there is no point either."""


class Logarithms(Curve):
    """A double of BN254."""

    generator = 1
    second_generator = 1

    def combine(self, points: Sequence[int], scalars: Sequence[int]) -> int:
        return sum(point * scalar for point, scalar in zip(points, scalars, strict=True)) % self.order

    def multiples(self, scalars: Sequence[int]) -> list[int]:
        return [scalar % self.order for scalar in scalars]

    def second_multiple(self, scalar: int) -> int:
        return scalar % self.order

    def paired(self, left: int, right: int, tau: int) -> bool:
        return (left - right * tau) % self.order == 0

    def encode(self, point: int) -> bytes:
        return point.to_bytes(32, "little") + bytes([MARK]) * (G1_BYTES - 32)

    def decode(self, data: bytes, item: str) -> int:
        return self._decoded(data, G1_BYTES, item)

    def encode_second(self, point: int) -> bytes:
        return point.to_bytes(32, "little") + bytes([MARK]) * (G2_BYTES - 32)

    def decode_second(self, data: bytes, item: str) -> int:
        return self._decoded(data, G2_BYTES, item)

    def _decoded(self, data: bytes, size: int, item: str) -> int:
        value = int.from_bytes(data[:32], "little")
        if len(data) != size or set(data[32:]) != {MARK} or value >= self.order:
            raise ProofRejected(KzgCheck.POINT, item)
        return value


LOGARITHMS = Logarithms()
