"""The field's scalar functions for compiled provers: ``Goldilocks.kernels``.

They are inlined where Numba still sees the caller's loop, so that loops over them become vector instructions.
"""

from __future__ import annotations

from numba import njit

from polyproof_goldilocks import words

__all__ = ["add", "canonical", "multiply", "subtract"]


@njit(inline="always")
def add(a, b):
    """a + b: canonical for canonical operands; a may be any ``uint64``, then so may the result."""
    return words.add(a, b)


@njit(inline="always")
def subtract(a, b):
    """a − b: canonical for canonical operands; a may be any ``uint64``, then so may the result."""
    return words.subtract(a, b)


@njit(inline="always")
def multiply(a, b):
    """a · b: any two ``uint64``, canonical result."""
    return words.multiply(a, b)


@njit(inline="always")
def canonical(a):
    """The canonical ``uint64`` of the same residue."""
    return words.canonical(a)
