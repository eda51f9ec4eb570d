"""Random words are drawn again, not folded, when they are out of range."""

from __future__ import annotations

import os

import numpy as np
import pytest

from polyproof.toolkit.uniform_words import uniform_words


@pytest.mark.parametrize("bound", [1, 2, 3, 5, 2**32 - 1, 2**62 + 1, 2**64 - 2**32 + 1, 2**64])
def test_words_out_of_range_are_drawn_again(bound, monkeypatch):
    """By a source whose every other word is the largest."""
    asked = []

    def urandom(size):
        words = np.zeros(size // 8, np.uint64)
        words[::2] = 2**64 - 1 if len(asked) < 3 else 0
        asked.append(len(words))
        return words.tobytes()

    monkeypatch.setattr(os, "urandom", urandom)
    found = uniform_words(100, bound)
    assert found.shape == (100,)
    assert int(found.max()) < bound
    whole = bound & (bound - 1) == 0 and bound > 1
    assert asked == ([100] if whole else [100, 50, 25, 13])


def test_every_word_below_the_bound_occurs():
    counts = np.bincount(uniform_words(3000, 3).astype(np.int64))
    assert len(counts) == 3
    assert counts.min() > 800
