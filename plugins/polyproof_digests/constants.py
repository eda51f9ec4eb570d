"""Constants of BLAKE3 and Keccak-256, derived the way the standards derive them.

The Keccak reference 3.0 with FIPS 202 (Keccak-f[1600]), and the BLAKE3 paper of 2020, whose initial value is that of
SHA-256.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, repeat

__all__ = [
    "BLAKE3_BLOCK_BYTES",
    "BLAKE3_CHUNK_BYTES",
    "BLAKE3_SCHEDULE",
    "CHUNK_END",
    "CHUNK_START",
    "DERIVE_KEY_CONTEXT",
    "DERIVE_KEY_MATERIAL",
    "KECCAK_LANE_SOURCES",
    "KECCAK_RATE_BYTES",
    "KECCAK_ROTATIONS",
    "KECCAK_ROUND_CONSTANTS",
    "PARENT",
    "ROOT",
]

BLAKE3_BLOCK_BYTES = 64
BLAKE3_CHUNK_BYTES = 1024

# Flags that tell a compression its place and mode (BLAKE3 paper, table 3).
CHUNK_START = 1 << 0
CHUNK_END = 1 << 1
PARENT = 1 << 2
ROOT = 1 << 3
DERIVE_KEY_CONTEXT = 1 << 5
DERIVE_KEY_MATERIAL = 1 << 6

_BLAKE3_PERMUTATION = (2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
"""How the 16 message words move between rounds (BLAKE3 paper, table 2)."""

BLAKE3_SCHEDULE: tuple[tuple[int, ...], ...] = tuple(
    accumulate(
        repeat(_BLAKE3_PERMUTATION, 6),
        lambda order, permutation: tuple(order[source] for source in permutation),
        initial=tuple(range(16)),
    )
)
"""For each of the 7 rounds, the message words in the order they are used."""


KECCAK_RATE_BYTES = 136
"""Of a state of 200 bytes, when the capacity is 512 bits."""


def _keccak_round_constants() -> Iterator[int]:
    """Bit 2^j - 1 of constant i is output 7i + j of the register x^8 + x^6 + x^5 + x^4 + 1 (FIPS 202, 3.2.5)."""
    register = 1
    for _ in range(24):
        constant = 0
        for j in range(7):
            constant |= (register & 1) << (2**j - 1)
            register <<= 1
            register ^= 0x171 * (register >> 8)
        yield constant


def _keccak_rotations() -> tuple[int, ...]:
    """Walk (x, y) → (y, 2x + 3y) from (1, 0); step t rotates by its triangular number (FIPS 202, 3.2.2)."""
    rotations = [0] * 25
    x, y = 1, 0
    for t in range(24):
        rotations[x + 5 * y] = (t + 1) * (t + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return tuple(rotations)


KECCAK_ROUND_CONSTANTS = tuple(_keccak_round_constants())
"""ι: one 64-bit constant for each of the 24 rounds."""

KECCAK_ROTATIONS = _keccak_rotations()
"""ρ: lane x + 5y is rotated left by entry x + 5y."""

KECCAK_LANE_SOURCES = tuple((x + 3 * y) % 5 + 5 * x for y in range(5) for x in range(5))
"""π: lane x + 5y comes from this lane, that at (x + 3y, x) (FIPS 202, 3.2.3)."""
