"""Constants of SHA-256, derived the way the standard derives them (FIPS 180-4)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from math import isqrt

__all__ = ["SHA256_BLOCK_BYTES", "SHA256_INITIAL", "SHA256_ROUND_CONSTANTS"]

_MASK32 = (1 << 32) - 1


def _primes() -> Iterator[int]:
    found: list[int] = []
    candidate = 2
    while True:
        if all(candidate % prime for prime in found):
            found.append(candidate)
            yield candidate
        candidate += 1


def _cube_root(value: int) -> int:
    """The largest integer whose cube is at most ``value``, by bisection."""
    low, high = 0, 1 << (value.bit_length() // 3 + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**3 <= value else (low, middle)
    return low


SHA256_BLOCK_BYTES = 64

SHA256_INITIAL = tuple(isqrt(prime << 64) & _MASK32 for prime in islice(_primes(), 8))
"""First 32 bits of the fractional parts of the square roots of the first 8 primes (FIPS 180-4, 5.3.3)."""

SHA256_ROUND_CONSTANTS = tuple(_cube_root(prime << 96) & _MASK32 for prime in islice(_primes(), 64))
"""First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2)."""
