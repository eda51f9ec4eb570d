"""Arithmetic on plain integers, for hashing a few rows: a transcript, a single path.

A vector is packed into one long integer, so that one multiplication serves all of its elements.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from polyproof_goldilocks.reduction import MODULUS

__all__ = [
    "LOW_SUM",
    "SUM_BITS",
    "WIDTH",
    "circulant",
    "pack",
    "pack_circulant",
    "pack_sums",
    "seventh_power",
    "unpack_sums",
]

WIDTH = 12
"""Elements of a state."""

_SLOT = 10
"""Bytes an element takes in a packed vector: products of words and rows that sum to less than 2^15 fit."""
_BITS = 8 * _SLOT * WIDTH
_ALL = (1 << _BITS) - 1
_WORDS = struct.Struct("<" + "Q2x" * WIDTH)
_SLOTS = struct.Struct("<" + "QH" * WIDTH)

_SUM_BYTES = 17
SUM_BITS = 8 * _SUM_BYTES
"""Bits an element takes among packed sums, each of up to 2^8 products of words."""
LOW_SUM = (1 << SUM_BITS) - 1
"""The first of packed sums."""


def seventh_power(x: int) -> int:
    """x^7 modulo p; two divisions and no call, which ``pow`` would make."""
    return (cube := x * x * x % MODULUS) * cube * x % MODULUS


def pack(words: Sequence[int]) -> int:
    """A vector of twelve words, as ``circulant`` adds it."""
    return int.from_bytes(_WORDS.pack(*words), "little")


def pack_circulant(first_row: Sequence[int]) -> int:
    """The circulant matrix with this first row, for ``circulant``."""
    return sum(first_row[-n % WIDTH] << (8 * _SLOT * n) for n in range(WIDTH))


def circulant(packed: int, words: Sequence[int], addend: int) -> list[int]:
    """A circulant matrix times a vector of twelve words, plus a packed vector; not reduced, below 2^80.

    Kronecker substitution: a circulant product is a product modulo X^12 − 1, and with X = 2^80 it is
    one multiplication of long integers.
    """
    product = packed * int.from_bytes(_WORDS.pack(*words), "little")
    slots = _SLOTS.unpack(((product >> _BITS) + (product & _ALL) + addend).to_bytes(_SLOT * WIDTH, "little"))
    return [low + (high << 64) for low, high in zip(slots[::2], slots[1::2], strict=True)]


def pack_sums(words: Sequence[int]) -> int:
    """Words to be multiplied and added together: the first one lowest."""
    return int.from_bytes(b"".join([x.to_bytes(_SUM_BYTES, "little") for x in words]), "little")


def unpack_sums(packed: int) -> list[int]:
    """Twelve packed sums, modulo p."""
    data = packed.to_bytes(_SUM_BYTES * WIDTH, "little")
    return [int.from_bytes(data[i : i + _SUM_BYTES], "little") % MODULUS for i in range(0, len(data), _SUM_BYTES)]
