"""Parameters of Poseidon as plonky2 has them, the round constants derived as plonky2 derived them.

Poseidon: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, eprint 2019/458. Parameters: plonky2,
``plonky2/src/hash/poseidon.rs`` and ``poseidon_goldilocks.rs``; generator: ``plonky2/src/bin/generate_constants.rs``,
which draws from the ChaCha8 generator of Rust's ``rand_chacha`` 0.3 seeded with zero.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache

from polyproof_goldilocks.reduction import MODULUS

__all__ = ["FIRST_ENTRY", "FIRST_ROW", "FULL_ROUNDS", "PARTIAL_ROUNDS", "round_constants"]

FULL_ROUNDS = 8
"""Half of them before the partial rounds, half after."""
PARTIAL_ROUNDS = 22
FIRST_ROW = (17, 15, 41, 16, 2, 28, 13, 13, 39, 18, 34, 20)
"""The MDS matrix is the circulant matrix with this first row, row r + 1 being row r moved one to the right, …"""
FIRST_ENTRY = 8
"""… plus this in the top left corner."""

_MASK32 = 2**32 - 1
_MASK64 = 2**64 - 1


def _seed_from_integer(state: int) -> bytes:
    """A 32-byte key from an integer: eight outputs of PCG-XSH-RR, as ``rand_core`` 0.6 has ``seed_from_u64``."""
    key = b""
    for _ in range(8):
        state = (state * 6364136223846793005 + 11634580027462260723) & _MASK64
        word = (((state >> 18) ^ state) >> 27) & _MASK32
        rotation = state >> 59
        key += ((word >> rotation | word << (32 - rotation)) & _MASK32).to_bytes(4, "little")
    return key


def _chacha8_block(key: bytes, counter: int) -> list[int]:
    """Sixteen words of the ChaCha8 key stream (Bernstein 2008; 64-bit counter, 64-bit nonce of zero)."""
    start = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key)]
    start += [counter & _MASK32, counter >> 32, 0, 0]
    x = list(start)

    def quarter_round(a: int, b: int, c: int, d: int) -> None:
        for into, other, add, left in ((a, d, b, 16), (c, b, d, 12), (a, d, b, 8), (c, b, d, 7)):
            x[into] = (x[into] + x[add]) & _MASK32
            word = x[other] ^ x[into]
            x[other] = (word << left | word >> (32 - left)) & _MASK32

    for _ in range(4):
        for column in range(4):
            quarter_round(column, 4 + column, 8 + column, 12 + column)
        for column in range(4):
            quarter_round(column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    return [(word + first) & _MASK32 for word, first in zip(x, start, strict=True)]


def _random_words() -> Iterator[int]:
    """64-bit words of the generator, low half first."""
    key = _seed_from_integer(0)
    counter = 0
    while True:
        block = _chacha8_block(key, counter)
        yield from (block[i] | block[i + 1] << 32 for i in range(0, 16, 2))
        counter += 1


@cache
def round_constants() -> tuple[tuple[int, ...], ...]:
    """Twelve constants for each of the 30 rounds.

    Each is ``gen_range(0..p)`` of ``rand`` 0.8: the high word of a random word times p, unless the low word
    of that product is p or more.
    """
    constants: list[int] = []
    words = _random_words()
    while len(constants) < 12 * (FULL_ROUNDS + PARTIAL_ROUNDS):
        product = next(words) * MODULUS
        if product & _MASK64 < MODULUS:
            constants.append(product >> 64)
    return tuple(tuple(constants[i : i + 12]) for i in range(0, len(constants), 12))
