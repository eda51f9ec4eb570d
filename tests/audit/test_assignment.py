"""Which account is in which segment and where: all answers are equally likely, and every audit draws its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from itertools import permutations

import numpy as np
import pytest

from polyproof.liabilities import assignment
from polyproof.liabilities.assignment import Assignment, secret_order


def chi_square(draw: Callable[[], Hashable], outcomes: int, each: int) -> float:
    """How far so many draws of each outcome are from a uniform distribution, in standard deviations of chi-square."""
    found = Counter(draw() for _ in range(outcomes * each))
    assert len(found) <= outcomes
    statistic = sum((count - each) ** 2 for count in found.values()) / each + (outcomes - len(found)) * each
    return float((statistic - (outcomes - 1)) / np.sqrt(2 * (outcomes - 1)))


def divided(sizes: tuple[int, ...], chunks: tuple[int, ...]) -> tuple[int, ...]:
    drawn = Assignment(sizes)
    return tuple(segment for count in chunks for segment in drawn.next(count).tolist())


def test_the_measure_notices_a_lean() -> None:
    generator = np.random.default_rng(1)
    skewed = np.array([1.3] + [1.0] * 11)
    assert chi_square(lambda: int(generator.choice(12, p=skewed / skewed.sum())), 12, 500) > 6
    assert chi_square(lambda: int(generator.integers(12)), 12, 500) < 6


@pytest.mark.parametrize("chunks", [(4,), (1, 1, 1, 1), (1, 3), (3, 1)])
def test_every_division_is_equally_likely_wherever_chunks_end(chunks: tuple[int, ...]) -> None:
    # 4! / (2! 1! 1!) divisions
    assert chi_square(lambda: divided((2, 1, 1), chunks), 12, 500) < 6


def test_what_is_drawn_until_it_is_new_is_uniform_too() -> None:
    # Few of many: not drawn from an order of all. Thirteen is no power of two, so some draws are out of range.
    assert chi_square(lambda: tuple(assignment._distinct(3, 13).tolist()), 13 * 12 * 11, 20) < 6


def test_division_and_order_together_are_a_uniform_permutation() -> None:
    def permutation() -> tuple[int, ...]:
        segments = np.array(divided((2, 2), (3, 1)))
        places = [np.flatnonzero(segments == k)[secret_order(2)] for k in (0, 1)]
        return tuple(np.concatenate(places).tolist())

    assert len(set(permutations(range(4)))) == 24
    assert chi_square(permutation, 24, 400) < 6


def test_segments_have_the_sizes_that_were_decided() -> None:
    sizes = (1000, 999, 1, 4000)
    drawn = divided(sizes, (100, 1, 2899, 3000))
    assert tuple(np.bincount(drawn)) == sizes


def test_two_audits_of_the_same_accounts_are_divided_differently() -> None:
    # 64 accounts in two halves: equal by chance once in 2^60.
    assert divided((32, 32), (64,)) != divided((32, 32), (64,))


def test_more_accounts_than_there_are_places_are_refused() -> None:
    drawn = Assignment((2, 1))
    drawn.next(2)
    with pytest.raises(ValueError, match="2 distinct integers below 1"):
        drawn.next(2)
