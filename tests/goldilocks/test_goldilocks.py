"""Goldilocks in both engines: the conformance suite, every carry path, large transforms."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyproof.engine import Engine
from polyproof.errors import FieldError
from polyproof.registry import default_registry
from polyproof.testing.field import FieldSuite
from polyproof_goldilocks import portable, reduction
from polyproof_goldilocks.array_formulas import ArrayFormula
from polyproof_goldilocks.field import Goldilocks

P = 2**64 - 2**32 + 1
EPSILON = 2**32 - 1
PORTABLE, COMPILED = Goldilocks(), Goldilocks(Engine.COMPILED)


class TestPortable(FieldSuite):
    @pytest.fixture
    def field(self):
        return PORTABLE


class TestCompiled(FieldSuite):
    @pytest.fixture
    def field(self):
        return COMPILED


WORDS = sorted(
    {
        value % 2**64
        for base in (0, EPSILON, 2**32, P, 2**63, 2**64 - EPSILON, P - EPSILON, 2**48, 0x5555555555555555)
        for value in range(base - 2, base + 3)
    }
)
"""Around every value at which a carry, a borrow or a fold of 2^64 or 2^96 changes."""


def test_formulas_take_any_word_where_they_say_so_and_give_canonical_words():
    """multiply and canonical: all of 0 … 2^64 − 1, which random canonical elements never show."""
    pairs = [(x, y) for x in WORDS for y in WORDS]
    a, b = (np.array([pair[i] for pair in pairs], np.uint64) for i in (0, 1))
    assert portable.multiply(a, b).tolist() == [x * y % P for x, y in pairs]
    assert ArrayFormula(reduction.canonical, 1)(a).tolist() == [x % P for x, _ in pairs]
    canonical = b % np.uint64(P)
    for name, wanted in (("add", lambda x, y: x + y), ("subtract", lambda x, y: x - y)):
        result = getattr(portable, name)(a, canonical)
        assert [int(value) % P for value in result] == [
            wanted(x, int(y)) % P for (x, _), y in zip(pairs, canonical, strict=True)
        ]


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, P - 1), st.integers(0, P - 1)), min_size=1, max_size=40))
def test_engines_agree_with_integers(pairs):
    a, b = (np.array([pair[i] for pair in pairs], np.uint64) for i in (0, 1))
    for field in (PORTABLE, COMPILED):
        assert field.add(a, b).tolist() == [(x + y) % P for x, y in pairs]
        assert field.subtract(a, b).tolist() == [(x - y) % P for x, y in pairs]
        assert field.multiply(a, b).tolist() == [x * y % P for x, y in pairs]


@pytest.mark.parametrize(("log_size", "columns"), [(7, 1), (10, 3), (11, 96), (12, 5), (13, 40), (15, 2), (16, 9)])
def test_large_transforms_agree_between_engines_and_are_inverted(log_size, columns):
    values = np.random.default_rng(log_size).integers(0, P, (1 << log_size, columns), np.uint64)
    coefficients = COMPILED.inverse_transform(values)
    assert np.array_equal(COMPILED.forward(coefficients), values)
    if values.size < 1 << 17:
        assert np.array_equal(coefficients, PORTABLE.inverse_transform(values))
        assert np.array_equal(
            COMPILED.extend(coefficients, 4 << log_size, 7), PORTABLE.extend(coefficients, 4 << log_size, 7)
        )
    shifted = COMPILED.inverse_transform(values, 49)
    assert np.array_equal(COMPILED.forward(shifted, 49), values)
    extended = COMPILED.coset_lde(values, 4)
    again = COMPILED.inverse_transform(extended, 7)
    assert np.array_equal(again[: 1 << log_size], coefficients)
    assert not again[1 << log_size :].any()


def test_large_transform_evaluates_at_single_points():
    """2^16 points, checked where a plain evaluation is affordable."""
    coefficients = np.random.default_rng(3).integers(0, P, (1 << 14, 3), np.uint64)
    extended = COMPILED.extend(coefficients, 1 << 16, 7)
    root = pow(7, (P - 1) >> 16, P)
    for index in (0, 1, 12345, (1 << 16) - 1):
        x, value = 7 * pow(root, index, P) % P, [0, 0, 0]
        for row in coefficients[::-1].tolist():
            value = [(total * x + c) % P for total, c in zip(value, row, strict=True)]
        assert extended[index].tolist() == value


def test_one_thread_and_many_give_the_same(monkeypatch):
    values = np.random.default_rng(5).integers(0, P, (1 << 13, 24), np.uint64)
    extension = COMPILED.extension(3)
    weights = np.random.default_rng(6).integers(0, P, (24, 3), np.uint64)
    results = []
    for threads in ("1", "3"):
        monkeypatch.setenv("POLYPROOF_THREADS", threads)
        results.append((COMPILED.coset_lde(values, 4), extension.dot(values, weights), COMPILED.inverse(values[:, 0])))
    for one, many in zip(*results, strict=True):
        assert np.array_equal(one, many)


@pytest.mark.parametrize("columns", [1023, 1024, 1025, 3000])
def test_long_sums_of_the_largest_products_do_not_overflow(columns):
    base = np.full((3, columns), P - 1, np.uint64)
    for degree in (2, 3):
        weights = np.full((columns, degree), P - 1, np.uint64)
        assert set(COMPILED.extension(degree).dot(base, weights).ravel().tolist()) == {columns % P}


def test_domains_beyond_the_two_adicity_are_refused():
    with pytest.raises(FieldError, match="2\\^32"):
        COMPILED.root_of_unity(2**33)
    with pytest.raises(FieldError, match="do not fit"):
        COMPILED.extend(np.zeros((8, 1), np.uint64), 4, 7)
    with pytest.raises(FieldError, match="degree 2 and 3 here, not 4"):
        PORTABLE.extension(4)


def test_portable_engine_imports_no_compiler():
    script = """
import sys, numpy as np
from polyproof.registry import default_registry
field = default_registry().create("field", "goldilocks")
extension = field.extension(3)
a = extension.random((5,))
extension.multiply(a, extension.inverse(a)); extension.dot(field.random((4, 5)), a)
field.coset_lde(field.random((8, 2)), 4); field.power(field.random((20,)), 99); field.inverse(field.powers(7, 900))
assert "numba" not in sys.modules and "llvmlite" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_the_registry_knows_it():
    assert default_registry().get("field", "goldilocks") is Goldilocks
