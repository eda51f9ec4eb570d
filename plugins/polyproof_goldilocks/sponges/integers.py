"""Linear algebra on plain integers, for hashing a few rows: a transcript, a single path.

A vector is packed into one long integer, so that one multiplication serves all of its elements.
"""

from __future__ import annotations

from collections.abc import Sequence

from polyproof_goldilocks.reduction import MODULUS

__all__ = ["LOW_SUM", "SUM_BITS", "WIDTH", "circulant", "pack_circulant", "pack_sums", "unpack_sums"]

WIDTH = 12
"""Elements of a state."""

_SLOT = 10
"""Bytes an element takes in a packed vector: products of values below 2^69 and rows that sum to less than 2^11 fit."""
_BITS = 8 * _SLOT * WIDTH

_SUM_BYTES = 17
SUM_BITS = 8 * _SUM_BYTES
"""Bits an element takes among packed sums, each of up to 2^8 products of words."""
LOW_SUM = (1 << SUM_BITS) - 1
"""The first of packed sums."""


def pack_circulant(first_row: Sequence[int]) -> int:
    """The circulant matrix with this first row, for ``circulant``."""
    return sum(first_row[-n % WIDTH] << (8 * _SLOT * n) for n in range(WIDTH))


def circulant(packed: int, state: Sequence[int]) -> list[int]:
    """A circulant matrix times a vector of integers below 2^69, modulo p.

    Kronecker substitution: a circulant product is a product modulo X^12 − 1, and with X = 2^80 it is
    one multiplication of long integers.
    """
    product = packed * int.from_bytes(b"".join([x.to_bytes(_SLOT, "little") for x in state]), "little")
    data = ((product >> _BITS) + (product & ((1 << _BITS) - 1))).to_bytes(_SLOT * WIDTH, "little")
    return [int.from_bytes(data[i : i + _SLOT], "little") % MODULUS for i in range(0, _SLOT * WIDTH, _SLOT)]


def pack_sums(words: Sequence[int]) -> int:
    """Words to be multiplied and added together: the first one lowest."""
    return int.from_bytes(b"".join([x.to_bytes(_SUM_BYTES, "little") for x in words]), "little")


def unpack_sums(packed: int) -> list[int]:
    """Twelve packed sums, modulo p."""
    data = packed.to_bytes(_SUM_BYTES * WIDTH, "little")
    return [int.from_bytes(data[i : i + _SUM_BYTES], "little") % MODULUS for i in range(0, len(data), _SUM_BYTES)]
