"""Every formula, in numpy and compiled, on words around every carry; and that every carry is met."""

from __future__ import annotations

import itertools
import math
from typing import ClassVar

import numpy as np
import pytest
from numba import njit

from polyproof_goldilocks import lane_formulas as lanes
from polyproof_goldilocks import lane_memory, reduction
from polyproof_goldilocks.array_formulas import ArrayFormula
from polyproof_goldilocks.lane_memory import load, store
from references.goldilocks import EDGE_WORDS, EDGES, P, extension_inverse, extension_product, root

R = 2**64 % P
PAIRS = list(itertools.product(EDGE_WORDS, EDGES))
ANY, CANONICAL = (np.array([pair[i] for pair in PAIRS], np.uint64) for i in (0, 1))
LOW, HIGH = CANONICAL & np.uint64(2**32 - 1), CANONICAL >> np.uint64(32)


class Direct(reduction.Word):
    """Words as an array, each operation done at once, for formulas whose conditions the tests look at."""

    choices: ClassVar[list[tuple[bool, bool]]] = []
    """For each choice so far whether its condition was met anywhere, and whether it was missed."""

    def __init__(self, array):
        self.array = array

    @staticmethod
    def value(word):
        return np.uint64(word % 2**64) if isinstance(word, int) else word.array

    def __add__(self, other):
        return Direct(self.array + self.value(other))

    def __sub__(self, other):
        return Direct(self.array - self.value(other))

    def __rsub__(self, other):
        return Direct(self.value(other) - self.array)

    def __mul__(self, other):
        return Direct(self.array * self.value(other))

    def __and__(self, other):
        return Direct(self.array & self.value(other))

    def __or__(self, other):
        return Direct(self.array | self.value(other))

    def __xor__(self, other):
        return Direct(self.array ^ self.value(other))

    def __lshift__(self, bits):
        return Direct(self.array << np.uint64(bits))

    def __rshift__(self, bits):
        return Direct(self.array >> np.uint64(bits))

    def __lt__(self, other):
        return Direct(self.array < self.value(other))

    def choose(self, yes, no):
        self.choices.append((bool(self.array.any()), bool((~self.array).any())))
        return Direct(np.where(self.array, yes.array, no.array))


def portable(formula, *arguments):
    """The formula as the portable engine runs it: an array, or one for each word that it gives."""
    direct = formula(*(Direct(argument) for argument in arguments))
    count = len(arguments)
    if not isinstance(direct, tuple):
        found = ArrayFormula(formula, count)(*arguments)
        assert np.array_equal(found, direct.array)
        return found
    return [ArrayFormula(lambda *words, i=i: formula(*words)[i], count)(*arguments) for i in range(len(direct))]


def padded(a):
    """Whole vectors: the last element again and again."""
    return np.concatenate((a, np.repeat(a[-1:], -len(a) % 8)))


def compiled(operation, *arguments):
    """The operation on lanes; each scalar call must give the same."""
    count = len(arguments)
    if count == 1:

        @njit
        def scalar(a):
            return operation(a)

        @njit
        def vectors(a, out):
            for i in range(0, a.size, 8):
                store(out, i, operation(load(a, i)))

    elif count == 2:

        @njit
        def scalar(a, b):
            return operation(a, b)

        @njit
        def vectors(a, b, out):
            for i in range(0, a.size, 8):
                store(out, i, operation(load(a, i), load(b, i)))

    else:

        @njit
        def scalar(a, b, c):
            return operation(a, b, c)

        @njit
        def vectors(a, b, c, out):
            for i in range(0, a.size, 8):
                lane_memory.store(
                    out, i, operation(lane_memory.load(a, i), lane_memory.load(b, i), lane_memory.load(c, i))
                )

    full = [padded(argument) for argument in arguments]
    out = np.empty_like(full[0])
    vectors(*full, out)
    found = out[: len(arguments[0])]
    for i in range(0, len(found), 37):
        assert int(scalar(*(argument[i] for argument in arguments))) == int(found[i])
    return found.tolist()


BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
}


@pytest.mark.parametrize("name", BINARY)
def test_sums_are_canonical_for_canonical_operands_and_right_for_any_first_one(name):
    wanted = [BINARY[name](x, y) % P for x, y in PAIRS]
    for found in (
        portable(getattr(reduction, name), ANY, CANONICAL).tolist(),
        compiled(getattr(lanes, name), ANY, CANONICAL),
    ):
        assert [value % P for value in found] == wanted
        assert all(value < P for value, (x, _) in zip(found, PAIRS, strict=True) if x < P)


def test_product_of_any_words_is_canonical():
    pairs = list(itertools.product(EDGE_WORDS, EDGE_WORDS))
    a, b = (np.array([pair[i] for pair in pairs], np.uint64) for i in (0, 1))
    wanted = [x * y % P for x, y in pairs]
    assert portable(reduction.multiply, a, b).tolist() == wanted
    assert compiled(lanes.multiply, a, b) == wanted


def test_montgomery_product_of_any_word_and_a_canonical_one_is_canonical():
    wanted = [x * y * pow(R, -1, P) % P for x, y in PAIRS]
    assert portable(reduction.montgomery, ANY, LOW, HIGH).tolist() == wanted
    assert portable(reduction.montgomery, ANY, CANONICAL, HIGH).tolist() == wanted, (
        "what is above the low half does not count"
    )
    assert compiled(lanes.montgomery_product, ANY, CANONICAL) == wanted


def test_a_prepared_constant_multiplies():
    constant = 0xFEDC_BA98_7654_3210
    prepared = constant * R % P
    found = portable(reduction.montgomery, ANY, np.uint64(prepared & 0xFFFF_FFFF), np.uint64(prepared >> 32))
    assert found.tolist() == [x * constant % P for x, _ in PAIRS]


def test_products_that_divide_by_2_64_of_any_words():
    pairs = list(itertools.product(EDGE_WORDS, EDGE_WORDS))
    a, b = (np.array([pair[i] for pair in pairs], np.uint64) for i in (0, 1))
    found = portable(reduction.montgomery_multiply, a, b).tolist()
    assert [word % P for word in found] == [x * y * pow(R, -1, P) % P for x, y in pairs]
    squares = portable(reduction.montgomery_square, np.array(EDGE_WORDS, np.uint64)).tolist()
    assert [word % P for word in squares] == [x * x * pow(R, -1, P) % P for x in EDGE_WORDS]
    for c_low, c_high in itertools.product((0, 1, 2**32 - 1), (0, 1, 2**32 - 1)):
        added = [np.full(len(a), half, np.uint64) for half in (c_low, c_high)]
        halves = b & np.uint64(2**32 - 1), b >> np.uint64(32)
        found = portable(reduction.montgomery_multiply_add, a, *halves, *added).tolist()
        wanted = [(x * y + c_low + (c_high << 32)) * pow(R, -1, P) % P for x, y in pairs]
        assert [word % P for word in found] == wanted


def test_halves_are_joined_up_to_their_bounds():
    for formula, bits, factor in ((reduction.join, 62, 1), (reduction.join_scaled, 40, R)):
        halves = sorted({(1 << k) + d for k in (0, 9, 31, 32, 33, 39, 40, 61, 62) for d in (-1, 0, 1)})
        pairs = list(itertools.product([half for half in halves if half < 1 << bits], repeat=2))
        low, high = (np.array([pair[i] for pair in pairs], np.uint64) for i in (0, 1))
        found = portable(formula, low, high).tolist()
        assert [word % P for word in found] == [(x + (y << 32)) * factor % P for x, y in pairs]


def test_unary_formulas_on_every_edge():
    a, canonical = np.array(EDGE_WORDS, np.uint64), np.array(EDGES, np.uint64)
    assert portable(reduction.canonical, a).tolist() == [x % P for x in EDGE_WORDS] == compiled(lanes.canonical, a)
    assert (
        portable(reduction.negate, canonical).tolist() == [-x % P for x in EDGES] == compiled(lanes.negate, canonical)
    )
    assert portable(reduction.square, a).tolist() == [x * x % P for x in EDGE_WORDS] == compiled(lanes.square, a)
    for factor in (1, 7, 2**31, 2**32 - 1):
        found = portable(lambda x, factor=factor: reduction.multiply_small(x, factor), a)
        assert found.tolist() == [x * factor % P for x in EDGE_WORDS]
    for bits in (24, 48, 72):
        times = getattr(reduction, f"_times_2_{bits}")
        assert portable(times, a).tolist() == [(x << bits) % P for x in EDGE_WORDS]


def test_small_roots_of_unity_are_the_powers_of_two_that_the_formulas_use():
    assert root(4) == 2**48 % P
    assert root(8) == -(2**24) % P
    assert pow(root(8), 3, P) == -(2**72) % P
    assert (2**96 + 1) % P == 0


@pytest.mark.parametrize("size", [2, 4, 8])
def test_small_transforms_are_evaluation(size):
    generator = np.random.default_rng(size)
    inputs = [generator.choice(np.array(EDGES, np.uint64), 400) for _ in range(size)]
    for vector, position in itertools.product((1, P - 1), range(size)):
        for i, column in enumerate(inputs):
            column[vector % 2 * size + position] = vector if i == position else 0
    found = portable(getattr(reduction, f"discrete_fourier_{size}"), *inputs)
    omega = root(size)
    for q in range(size):
        wanted = [
            sum(x * pow(omega, r * q, P) for r, x in enumerate(values)) % P
            for values in zip(*(column.tolist() for column in inputs), strict=True)
        ]
        assert found[q].tolist() == wanted


@pytest.mark.parametrize("size", [2, 4, 8])
def test_butterflies_are_small_transforms_with_factors_before_or_after_them(size):
    generator = np.random.default_rng(size)
    edges, words = np.array(EDGES, np.uint64), np.array(EDGE_WORDS, np.uint64)
    omega = root(size)
    rows = [generator.choice(edges, 200)] + [generator.choice(words, 200) for _ in range(size - 1)]
    for extra in (0, 1):
        factors = [generator.choice(edges, 200) for _ in range(size - 1 + extra)]
        halves = [f & np.uint64(2**32 - 1) for f in factors] + [f >> np.uint64(32) for f in factors]
        formula = reduction.interpolation_butterfly if extra else reduction.evaluation_butterfly
        given = [row % np.uint64(P) for row in rows] if extra else rows
        count = len(factors)

        def run(*parts, formula=formula, count=count):
            return formula(parts[:size], parts[size : size + count], parts[size + count :])

        found = np.stack(portable(run, *given, *halves), axis=1).tolist()
        for number, result in enumerate(found):
            values = [int(row[number]) for row in given]
            own = [int(factor[number]) * pow(R, -1, P) for factor in factors]
            if extra:
                wanted = [f * sum(x * pow(omega, -r * q, P) for r, x in enumerate(values)) for q, f in enumerate(own)]
            else:
                inputs = [x * f for x, f in zip(values, [1, *own], strict=True)]
                wanted = [sum(x * pow(omega, r * q, P) for r, x in enumerate(inputs)) for q in range(size)]
            assert result == [value % P for value in wanted]


def test_wide_sums_take_any_six_words():
    generator = np.random.default_rng(0)
    sums = [generator.choice(np.array(EDGE_WORDS, np.uint64), 300) for _ in range(6)]
    for column in sums:
        column[0] = 2**64 - 1
    weights = [2**bits for bits in (0, 22, 44, 32, 54, 76)]
    wanted = [
        sum(weight * value for weight, value in zip(weights, row, strict=True)) % P
        for row in zip(*(column.tolist() for column in sums), strict=True)
    ]
    assert portable(lambda *words: reduction.wide_sum(words), *sums).tolist() == wanted


@pytest.mark.parametrize("degree", [2, 3])
def test_extension_formulas_on_edges(degree):
    generator = np.random.default_rng(degree)
    a, b = (generator.choice(np.array(EDGES, np.uint64), (degree, 200)) for _ in range(2))
    product = portable(lambda *words: reduction.extension_multiply(words[:degree], words[degree:]), *a, *b)
    found = np.stack(product, axis=1).tolist()
    assert found == [extension_product(x, y) for x, y in zip(a.T.tolist(), b.T.tolist(), strict=True)]
    norm = portable(lambda *words: reduction.extension_norm(words)[0], *a)
    cofactors = portable(lambda *words: reduction.extension_norm(words)[1], *a)
    for x, n, c in zip(a.T.tolist(), norm.tolist(), np.stack(cofactors, axis=1).tolist(), strict=True):
        assert extension_product(x, c) == [n] + [0] * (degree - 1)
        if any(x):
            assert n != 0
            assert extension_inverse(x) == [value * pow(n, -1, P) % P for value in c]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_symmetric_sums_and_helper_terms_on_edges(size):
    generator = np.random.default_rng(size)
    values = [generator.choice(np.array(EDGES, np.uint64), 200) for _ in range(size)]
    wanted = [
        [
            sum(math.prod(some) for some in itertools.combinations(row, i)) * pow(R, 1 - i, P) % P
            for i in range(1, size + 1)
        ]
        for row in zip(*(column.tolist() for column in values), strict=True)
    ]
    found = portable(lambda *words: tuple(reduction.symmetric_sums(words)), *values)
    assert np.stack(found, axis=1).tolist() == wanted

    for degree in (2, 3):
        counts = (degree, size, degree, (size + 1) * degree, (size - 1) * degree)
        parts = [[generator.choice(np.array(EDGES, np.uint64), 50) for _ in range(count)] for count in counts]
        cuts = list(itertools.accumulate(counts, initial=0))

        def formula(*words, cuts=cuts):
            return reduction.helper_terms(*(words[a:b] for a, b in itertools.pairwise(cuts)))

        found = np.stack(portable(formula, *itertools.chain(*parts)), axis=1).tolist()
        for row, result in enumerate(found):
            sums, symmetric, helper, product, cofactors = ([int(column[row]) for column in part] for part in parts)
            losing = [1, *(e * pow(R, -1, P) for e in symmetric)]  # every product takes 2^−64 along
            y = [sum(e * product[i * degree + k] for i, e in enumerate(losing)) % P for k in range(degree)]
            c = [sum(e * cofactors[i * degree + k] for i, e in enumerate(losing[1:-1])) % P for k in range(degree)]
            own = [value * pow(R, -1, P) % P for value in extension_product(helper, y)]
            assert result == [(s + h - z) % P for s, h, z in zip(sums, own, c, strict=True)]


@pytest.mark.parametrize(
    ("formula", "arguments"),
    [
        ("add", (ANY, CANONICAL)),
        ("subtract", (ANY, CANONICAL)),
        ("multiply", (ANY, CANONICAL)),
        ("montgomery", (ANY, LOW, HIGH)),
        ("square", (ANY,)),
        ("montgomery_multiply", (ANY, CANONICAL)),
        ("montgomery_multiply_add", (ANY, LOW, HIGH, HIGH, LOW)),
        ("montgomery_square", (ANY,)),
        ("canonical", (ANY,)),
        ("_times_2_24", (ANY,)),
        ("_times_2_48", (ANY,)),
        ("_times_2_72", (ANY,)),
    ],
)
def test_every_carry_of_every_formula_is_met_and_is_missed(formula, arguments, monkeypatch):
    """Else the tests above would say less than they seem to."""
    monkeypatch.setattr(Direct, "choices", [])
    getattr(reduction, formula)(*(Direct(argument) for argument in arguments))
    assert Direct.choices
    assert all(met and missed for met, missed in Direct.choices), Direct.choices


def test_a_formula_of_arrays_chooses_only_what_it_computes_in_one_addition():
    for formula in (lambda x, y: (x < y).choose(x, y), lambda x, y: (x & y).choose(x + 1, x)):
        with pytest.raises(ValueError, match="plus a constant"):
            ArrayFormula(formula, 2)


def test_formulas_of_arrays_broadcast_are_cut_into_blocks_and_write_in_place():
    """More words than a block, along the first axis and within one row of it."""
    product = ArrayFormula(reduction.multiply, 2)
    generator = np.random.default_rng(4)
    for shape, other in (
        ((3, 20_000), (3, 1)),
        ((3, 20_000), (20_000,)),
        ((40_000, 3), (40_000, 1)),
        ((70_000,), (1,)),
    ):
        a, b = generator.integers(0, P, shape, np.uint64), generator.integers(0, P, other, np.uint64)
        wanted = [
            x * y % P for x, y in zip(a.ravel().tolist(), np.broadcast_to(b, shape).ravel().tolist(), strict=True)
        ]
        assert product(a, b).ravel().tolist() == wanted
        assert product(a, b, out=a) is a
        assert a.ravel().tolist() == wanted
    assert product(np.empty((0, 3), np.uint64), np.empty((0, 3), np.uint64)).shape == (0, 3)


def test_masked_and_interleaved_memory_operations_touch_only_their_words():
    @njit
    def some(source, target):
        lane_memory.store_some(target, 2, 1, 4, lane_memory.load_some(source, 0, 1, 4))

    source, target = np.arange(100, 108, dtype=np.uint64), np.zeros(16, np.uint64)
    some(source, target)
    assert target.tolist() == [0, 0, 0, 101, 102, 103] + [0] * 10

    @njit
    def triples(source, target):
        parts = lane_memory.load_triples(source, 0)
        lane_memory.store(target, 24, parts[1])
        lane_memory.store_triples(target, 0, parts)

    source, target = np.arange(24, dtype=np.uint64), np.zeros(32, np.uint64)
    triples(source, target)
    assert target.tolist() == [*range(24), *range(1, 24, 3)]

    @njit
    def pairs(source, target):
        parts = lane_memory.load_pairs(source, 0)
        lane_memory.store(target, 16, parts[1])
        lane_memory.store_pairs(target, 0, parts)

    source, target = np.arange(16, dtype=np.uint64), np.zeros(24, np.uint64)
    pairs(source, target)
    assert target.tolist() == [*range(16), *range(1, 16, 2)]


def test_groups_are_separated_and_only_their_words_are_read():
    @njit
    def groups(source, words, places, target):
        parts = (
            lane_memory.load_some_groups(source, 0, places, words)
            if words
            else lane_memory.load_groups(source, 0, places)
        )
        for k in range(len(places)):
            lane_memory.store(target, 8 * k, parts[k])

    for size in (1, 2, 3, 7):
        places, source = tuple(range(size)), np.arange(100, 100 + 8 * size, dtype=np.uint64)
        for words in (0, 1, size, 4 * size + 1, 8 * size):
            target = np.zeros(8 * size, np.uint64)
            groups(source, words, places, target)
            read = source.copy()
            read[words or len(read) :] = 0
            assert target.reshape(size, 8).tolist() == read.reshape(8, size).T.tolist()
