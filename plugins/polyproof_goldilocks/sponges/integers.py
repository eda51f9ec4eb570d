"""Circulant matrices on plain integers, for hashing a few rows: a transcript, a single path."""

from __future__ import annotations

from collections.abc import Sequence

from polyproof_goldilocks.reduction import MODULUS

__all__ = ["WIDTH", "circulant", "pack_circulant"]

WIDTH = 12
"""Elements of a state."""

_SLOT = 10
"""Bytes an element takes in a packed vector: products of values below 2^69 and rows that sum to less than 2^11 fit."""
_BITS = 8 * _SLOT * WIDTH


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
