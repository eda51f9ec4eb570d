"""Uniform words from the operating system."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

__all__ = ["uniform_words"]


def uniform_words(count: int, bound: int) -> npt.NDArray[np.uint64]:
    """``count`` uniform words below ``bound`` ≤ 2^64, each of its own randomness: no bias, and no seed to set.

    Of a word as many bits are drawn as the largest has, and drawn again while they make a larger one.
    """
    most, beyond = np.uint64(bound - 1), np.uint64(64 - max(1, (bound - 1).bit_length()))
    drawn = np.frombuffer(bytearray(os.urandom(8 * count)), np.uint64) >> beyond
    while len(rejected := np.flatnonzero(drawn > most)):
        drawn[rejected] = np.frombuffer(os.urandom(8 * len(rejected)), np.uint64) >> beyond
    return drawn
