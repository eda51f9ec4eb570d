"""Extensions compiled for a field that has no code of its own for them, against the same in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from polyproof_koalabear import KoalaBear

from polyproof.engine import Engine
from polyproof.errors import FieldError
from polyproof.toolkit.compiled_extension import CompiledBinomialExtension
from polyproof_goldilocks.field import Goldilocks

P = KoalaBear.modulus

# Each degree is compiled by itself, and degree 6 is in the suite of BabyBear.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pair():
    compiled, portable = (KoalaBear(engine).extension(4) for engine in (Engine.COMPILED, Engine.PORTABLE))
    assert isinstance(compiled, CompiledBinomialExtension)
    assert not isinstance(portable, CompiledBinomialExtension)
    return compiled, portable


def elements(*shape: int, seed: int = 0) -> np.ndarray:
    """Random elements, the first of the largest words and the second mostly zero."""
    found = np.random.default_rng(seed).integers(0, P, shape, np.uint64)
    found[0] = P - 1
    if len(shape) > 1:
        found[1:2, ..., 1:] = 0
    return found


@pytest.mark.parametrize("operation", ["multiply", "add", "subtract"])
@pytest.mark.parametrize("shapes", [((40, 4), (40, 4)), ((40, 4), (4,)), ((4,), (40, 4)), ((5, 1, 4), (5, 8, 4))])
def test_pairs_of_elements(pair, operation, shapes):
    compiled, portable = pair
    x, y = (elements(*shape, seed=number) for number, shape in enumerate(shapes))
    assert np.array_equal(getattr(compiled, operation)(x, y), getattr(portable, operation)(x, y))


def test_inverses_and_their_errors(pair):
    compiled, portable = pair
    x = elements(50, 4)
    assert np.array_equal(compiled.inverse(x), portable.inverse(x))
    x[31] = 0
    with pytest.raises(FieldError, match="position 31"):
        compiled.inverse(x)


@pytest.mark.parametrize("terms", [1, 3, 4, 5, 33])
def test_sums_of_products(pair, terms):
    compiled, portable = pair
    base, weights = elements(20, terms), elements(terms, 4, seed=1)
    assert np.array_equal(compiled.dot(base, weights), portable.dot(base, weights))
    assert np.array_equal(compiled.combine(base.T.copy(), weights), portable.combine(base.T.copy(), weights))


@pytest.mark.parametrize(("values", "size"), [(1, 1), (7, 3), (8, 4), (19, 5)])
def test_helper_sums_are_those_of_the_formula(pair, values, size):
    compiled, portable = pair
    groups, rows = -(-values // size), 6
    base, helpers = elements(rows, values), elements(rows, groups, 4, seed=1)
    alpha, weights = elements(2, 4, seed=2)[1], elements(groups, 4, seed=3)
    expected = np.zeros((rows, 4), np.uint64)
    for g in range(groups):
        away = [portable.subtract(alpha, portable.embed(v)) for v in base[:, g * size : (g + 1) * size].T]
        product, others = portable.embed(np.ones(rows, np.uint64)), np.zeros((rows, 4), np.uint64)
        for factor in away:  # (f·a)' = f'·a + f, for the sum of products that leave one out
            others = portable.add(portable.multiply(others, factor), product)
            product = portable.multiply(product, factor)
        own = portable.subtract(portable.multiply(helpers[:, g], product), others)
        expected = portable.add(expected, portable.multiply(own, weights[g]))
    assert np.array_equal(compiled.helper_sums(values, size, alpha, weights)(base, helpers), expected)


def test_moduli_whose_products_do_not_fit_are_refused():
    with pytest.raises(FieldError, match="below 2\\^31"):
        CompiledBinomialExtension(Goldilocks(), 2, 7)
