"""Parameters of Rescue Prime Optimized for 128 bits, derived as the paper derives them.

Ashur, Kindi, Meier, Szepieniec, Threadbare: Rescue-Prime Optimized, eprint 2022/1577.
"""

from __future__ import annotations

from functools import cache
from hashlib import shake_256

from polyproof_goldilocks.reduction import MODULUS
from polyproof_goldilocks.sponges.integers import WIDTH

__all__ = ["FIRST_ROW", "ROUNDS", "round_constants"]

ROUNDS = 7
FIRST_ROW = (7, 23, 8, 26, 13, 10, 9, 7, 6, 22, 21, 8)
"""The MDS matrix is the circulant matrix with this first row."""
_CAPACITY = 4
_SECURITY = 128


@cache
def round_constants() -> tuple[tuple[int, ...], ...]:
    """Fourteen rows of twelve: nine bytes of SHAKE-256 each, little-endian, modulo p."""
    seed = f"RPO({MODULUS},{WIDTH},{_CAPACITY},{_SECURITY})"
    size = (MODULUS.bit_length() + 7) // 8 + 1
    data = shake_256(seed.encode("ascii")).digest(2 * ROUNDS * WIDTH * size)
    constants = [int.from_bytes(data[i : i + size], "little") % MODULUS for i in range(0, len(data), size)]
    return tuple(tuple(constants[i : i + WIDTH]) for i in range(0, len(constants), WIDTH))
