"""Arrays of base and extension elements against plain Python, both engines; and what comes over the border."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyproof.engine import Engine
from polyproof.errors import FieldError, ProofRejected
from polyproof.toolkit.extension import BinomialExtension
from polyproof_goldilocks.field import Goldilocks
from references.goldilocks import EDGES, P, extension_inverse, extension_power, extension_product

FIELDS = {"portable": Goldilocks(), "compiled": Goldilocks(Engine.COMPILED)}
EXTENSIONS = {(name, degree): field.extension(degree) for name, field in FIELDS.items() for degree in (2, 3)}

elements = st.one_of(st.sampled_from(EDGES), st.integers(0, P - 1))
lists = st.lists(elements, min_size=1, max_size=70)


@pytest.fixture(params=FIELDS)
def field(request):
    return FIELDS[request.param]


@pytest.fixture(params=EXTENSIONS, ids=lambda key: f"{key[0]}-{key[1]}")
def extension(request):
    return EXTENSIONS[request.param]


def random_elements(shape, seed=0):
    generator = np.random.default_rng(seed)
    return np.where(
        generator.integers(0, 3, shape) == 0,
        generator.choice(np.array(EDGES, np.uint64), shape),
        generator.integers(0, P, shape, np.uint64),
    )


@settings(max_examples=60)
@given(lists, st.integers(-(2**70), 2**70), st.data())
def test_arithmetic_is_that_of_integers(a, exponent, data):
    b = data.draw(st.lists(elements, min_size=len(a), max_size=len(a)))
    x, y = np.array(a, np.uint64), np.array(b, np.uint64)
    nonzero = [value or 1 for value in a]
    for field in FIELDS.values():
        assert field.add(x, y).tolist() == [(i + j) % P for i, j in zip(a, b, strict=True)]
        assert field.subtract(x, y).tolist() == [(i - j) % P for i, j in zip(a, b, strict=True)]
        assert field.multiply(x, y).tolist() == [i * j % P for i, j in zip(a, b, strict=True)]
        assert field.negate(x).tolist() == [-i % P for i in a]
        assert field.inverse(np.array(nonzero, np.uint64)).tolist() == [pow(i, -1, P) for i in nonzero]
        assert field.power(nonzero, exponent).tolist() == [pow(i, exponent, P) for i in nonzero]
        assert field.power(x, abs(exponent)).tolist() == [pow(i, abs(exponent), P) for i in a]
        assert int(field.sum(x)) == sum(a) % P
        assert field.cumulative_sum(x).tolist() == [sum(a[: k + 1]) % P for k in range(len(a))]


def test_zero_to_a_multiple_of_the_group_order_is_zero_and_to_nothing_is_one(field):
    zeros = np.zeros(20, np.uint64)
    assert set(field.power(zeros, P - 1).tolist()) == {0}
    assert set(field.power(zeros, 5 * (P - 1)).tolist()) == {0}
    assert set(field.power(zeros, 0).tolist()) == {1}
    assert set(field.power(np.full(20, 3, np.uint64), 2 * (P - 1)).tolist()) == {1}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((40,), ()),
        ((40,), (1,)),
        ((6, 30), (30,)),
        ((6, 30), (6, 1)),
        ((1, 50), (40, 1)),
        ((3, 1, 7), (5, 1)),
        ((), ()),
    ],
)
def test_shapes_broadcast_as_in_numpy(field, first, second):
    a, b = np.asarray(random_elements(first, 1)), np.asarray(random_elements(second, 2))
    for name, operation in (("add", int.__add__), ("subtract", int.__sub__), ("multiply", int.__mul__)):
        for x, y in ((a, b), (b, a)):
            wanted = np.vectorize(lambda i, j, of=operation: of(int(i), int(j)) % P, otypes=[object])(x, y)
            found = getattr(field, name)(x, y)
            assert found.shape == np.broadcast_shapes(first, second)
            assert np.array_equal(found, wanted)


def test_blocks_of_every_kind_agree(monkeypatch):
    """Large operands, cut where they are contiguous, repeated or spread."""
    from polyproof_goldilocks import compiled

    a, column, row = random_elements((500, 12)), random_elements((500, 1)), random_elements((12,))
    portable, field = FIELDS["portable"], FIELDS["compiled"]
    extension, reference = EXTENSIONS["compiled", 3], EXTENSIONS["portable", 3]
    for block in (1, 7, 12, 100, 1 << 17):
        monkeypatch.setattr(compiled, "_BLOCK", block)
        for other in (a[::-1], column, row, row[:1]):
            assert np.array_equal(field.multiply(a, other), portable.multiply(a, other))
            assert np.array_equal(field.subtract(other, a), portable.subtract(other, a))
        triples = a.reshape(500, 4, 3)
        for other in (triples[::-1], triples[:, :1], triples[0], triples[0, 0]):
            assert np.array_equal(extension.multiply(triples, other), reference.multiply(triples, other))
            assert np.array_equal(extension.multiply(other, triples), reference.multiply(other, triples))
        for other in (a[:, :4], column, row[:4], row[:1], row[0]):
            assert np.array_equal(extension.scale(triples, other), reference.scale(triples, other))
        assert np.array_equal(extension.scale(triples[0, 0], a), reference.scale(triples[0, 0], a))
        for axis in (0, 1):
            assert np.array_equal(field.sum(a, axis), portable.sum(a, axis))
            assert np.array_equal(field.cumulative_sum(a, axis), portable.cumulative_sum(a, axis))


@pytest.mark.parametrize("shape", [(1,), (1000,), (300, 3), (50, 64), (7, 100), (2, 30, 5), (0, 3), (3, 0)])
def test_sums_along_every_axis(field, shape):
    a = random_elements(shape)
    for axis in range(-len(shape), len(shape)):
        wanted = a.astype(object).sum(axis=axis) % P
        assert field.sum(a, axis).tolist() == np.asarray(wanted).tolist()
        if a.size:
            wanted = np.cumsum(a.astype(object), axis=axis) % P
            assert field.cumulative_sum(a, axis).tolist() == wanted.tolist()


def test_powers_of_any_count(field):
    for base in (0, 1, 7, P - 1):
        for count in (0, 1, 2, 9, 100):
            assert field.powers(base, count).tolist() == [pow(base, k, P) for k in range(count)]
    long = field.powers(7, 20_000)
    assert [int(long[k]) for k in (4095, 4096, 4097, 19_999)] == [pow(7, k, P) for k in (4095, 4096, 4097, 19_999)]


@pytest.mark.parametrize("count", [1, 31, 32, 33, 100, 600, 20_000])
def test_an_error_names_the_first_zero(field, count):
    for position in {0, count // 2, count - 1}:
        a = np.ones(count, np.uint64)
        a[position] = 0
        a[count - 1] = 0
        with pytest.raises(FieldError, match=f"position {position}"):
            field.inverse(a)
    with pytest.raises(FieldError, match=r"position \(1, 0\)"):
        field.inverse(np.array([[1, 2], [0, 0]], np.uint64))


# Extensions


@settings(max_examples=40)
@given(st.integers(2, 3), st.data())
def test_extension_arithmetic_is_that_of_polynomials(degree, data):
    count = data.draw(st.integers(1, 20))
    one = st.lists(elements, min_size=degree, max_size=degree)
    a, b = (data.draw(st.lists(one, min_size=count, max_size=count)) for _ in range(2))
    nonzero = [x if any(x) else [1, *x[1:]] for x in a]
    exponent = data.draw(st.integers(0, 2**200))
    for name in FIELDS:
        extension = EXTENSIONS[name, degree]
        products = [extension_product(x, y) for x, y in zip(a, b, strict=True)]
        assert extension.multiply(np.array(a, np.uint64), np.array(b, np.uint64)).tolist() == products
        inverses = extension.inverse(np.array(nonzero, np.uint64))
        assert [extension_product(x, y) for x, y in zip(nonzero, inverses.tolist(), strict=True)] == [
            [1] + [0] * (degree - 1)
        ] * count
        assert inverses[0].tolist() == extension_inverse(nonzero[0])
        assert extension.power(a[0], exponent).tolist() == extension_power(a[0], exponent)
        assert extension.power(nonzero[0], -3).tolist() == extension_power(extension_inverse(nonzero[0]), 3)


def test_extension_is_a_field_of_the_stated_size(extension):
    """a^(p^e) = a, and θ^e = 7."""
    theta = np.zeros(extension.degree, np.uint64)
    theta[1] = 1
    assert extension.power(theta, extension.degree).tolist() == extension.embed(np.array(7, np.uint64)).tolist()
    a = random_elements((5, extension.degree))
    assert np.array_equal(extension.power(a, P**extension.degree), a)
    assert not np.array_equal(extension.power(theta, P), theta), "θ is not in the base field"


@pytest.mark.parametrize("rows", [1, 2, 255, 256, 257, 600])
@pytest.mark.parametrize("columns", [1, 2, 3, 4, 7, 8, 9, 100])
def test_evaluation_is_a_sum_of_powers(extension, rows, columns):
    coefficients = random_elements((rows, columns), rows)
    point = random_elements((extension.degree,), 5)
    powers = [[1] + [0] * (extension.degree - 1)]
    while len(powers) < rows:
        powers.append(extension_product(powers[-1], point.tolist()))
    assert extension.powers(point, rows).tolist() == powers
    wanted = np.tensordot(coefficients.astype(object), np.array(powers, object), (0, 0)) % P
    assert extension.evaluate(coefficients, point).tolist() == wanted.tolist()
    assert extension.dot(coefficients.T, np.array(powers, np.uint64)).tolist() == wanted.tolist()


def test_evaluation_in_blocks_on_threads_is_the_same(extension, monkeypatch):
    from polyproof_goldilocks import extension as module

    coefficients = random_elements((1500, 9))
    point = random_elements((extension.degree,), 3)
    expected = extension.evaluate(coefficients, point)
    monkeypatch.setattr(module, "_WORDS", 1)
    monkeypatch.setattr(module, "_BLOCK", 99)
    monkeypatch.setenv("POLYPROOF_THREADS", "3")
    assert np.array_equal(extension.evaluate(coefficients, point), expected)
    for columns in (1, 9, 12, 13, 40):  # a few are added up side by side
        base, weights = random_elements((1001, columns)), random_elements((columns, extension.degree))
        base[:9], weights[0] = P - 1, P - 1
        wanted = EXTENSIONS["portable", extension.degree].dot(base, weights)
        assert np.array_equal(extension.dot(base, weights), wanted)


def test_sums_of_many_dimensions_of_products(extension):
    base = random_elements((3, 5, 4))
    weights = random_elements((4, extension.degree))
    assert np.array_equal(extension.dot(base, weights)[1, 2], extension.dot(base[1, 2], weights))
    assert extension.dot(np.zeros((3, 0), np.uint64), weights[:0]).tolist() == [[0] * extension.degree] * 3
    assert extension.dot(base[:0], weights).shape == (0, 5, extension.degree)
    elements_of = random_elements((6, 7, extension.degree))
    for axis in (0, 1, -2):
        assert extension.sum(elements_of, axis).tolist() == (elements_of.astype(object).sum(axis=axis) % P).tolist()
    for axis in (2, -1):
        with pytest.raises(ValueError, match="trailing axis"):
            extension.sum(elements_of, axis)


def test_zero_of_an_extension_has_no_inverse(extension):
    a = np.ones((5, extension.degree), np.uint64)
    a[3] = 0
    with pytest.raises(FieldError, match="position 3"):
        extension.inverse(a)
    a[3, 1] = 1
    extension.inverse(a)


def test_shapes_that_are_not_of_the_extension_are_refused(extension):
    wrong = np.ones((4, extension.degree + 1), np.uint64)
    for operation in (extension.inverse, extension.encode, extension.in_base):
        with pytest.raises(ValueError, match="trailing axis"):
            operation(wrong)
    with pytest.raises(ValueError, match="do not fit"):
        extension.dot(np.ones((3, 5), np.uint64), np.ones((4, extension.degree), np.uint64))


def test_reducible_polynomials_define_no_extension():
    field = FIELDS["portable"]
    for degree, nonresidue in ((2, 49), (3, 343), (3, 1), (4, 49), (2, 0), (5, 1), (1, 7), (7, 7)):
        with pytest.raises(FieldError, match="does not define an extension"):
            BinomialExtension(field, degree, nonresidue)
    four = BinomialExtension(field, 4, 7)
    a = random_elements((6, 4))
    assert four.multiply(a, four.inverse(a)).tolist() == [[1, 0, 0, 0]] * 6


# The border


def test_words_that_are_not_elements_are_refused(field):
    good = np.ones(3, np.uint64)
    for bad in (-1, P, 2**64, [1, P], [-1, 1], np.array([-1]), 1.5, [0.5], np.array([1.0]), "1", [None]):
        with pytest.raises(FieldError, match="Goldilocks field"):
            field.add(good[:1], bad)
    assert field.add(good, [0, 1, P - 1]).tolist() == [1, 2, 0]
    assert field.add(good, 2**63 + 1).tolist() == [2**63 + 2] * 3
    assert field.add(good, np.array([1, 2, 3])).tolist() == [2, 3, 4]


def test_only_canonical_elements_are_encoded(field):
    for bad in (P, P + 1, 2**64 - 1):
        assert not field.is_canonical(np.array([0, bad], np.uint64))
        with pytest.raises(FieldError, match="canonical"):
            field.encode(np.array([0, bad], np.uint64))
    assert field.encode(np.array([1, P - 1], np.uint64)) == (1).to_bytes(8, "little") + (P - 1).to_bytes(8, "little")
    assert field.is_canonical(np.zeros(0, np.uint64))


def test_bytes_that_encode_nothing_are_rejected(field):
    for bad in (P, P + 1, 2**64 - 1):
        data = field.encode(np.ones(2, np.uint64)) + bad.to_bytes(8, "little")
        with pytest.raises(ProofRejected) as rejection:
            field.decode(data, (3,))
        assert rejection.value.check == "element-canonical"
    for data, shape in ((b"", (1,)), (bytes(7), (1,)), (bytes(9), (1,)), (bytes(16), (1,)), (bytes(8), (0,))):
        with pytest.raises(ProofRejected) as rejection:
            field.decode(data, shape)
        assert rejection.value.check == "element-length"
    assert field.decode(bytes(48), (2, 3)).shape == (2, 3)
    assert field.decode(b"", (0, 3)).shape == (0, 3)


def test_decoded_and_random_arrays_are_writable(field):
    field.decode(bytes(16), (2,))[0] = 1
    field.random((3,))[0] = 1


def test_random_words_above_the_modulus_are_drawn_again(field, monkeypatch):
    """Reduced instead, they would make small elements more likely."""
    supply = [P, 2**64 - 1, 5, P - 1, P + 3, 6, 2**64 - 2, 8]
    data = b"".join(word.to_bytes(8, "little") for word in supply)
    asked = []

    def urandom(count):
        nonlocal data
        asked.append(count)
        drawn, data = data[:count], data[count:]
        return drawn

    monkeypatch.setattr(os, "urandom", urandom)
    assert field.random((4,)).tolist() == [8, 6, 5, P - 1]
    assert asked == [32, 16, 8, 8]


def test_random_elements_fill_the_field(field):
    drawn = field.random((2000, 2)).ravel().astype(float) / P
    assert abs(drawn.mean() - 0.5) < 0.05
    assert drawn.min() < 0.01
    assert drawn.max() > 0.99


def test_degrees_without_an_extension_are_refused(field):
    for degree in (-1, 0, 1, 4, 6):
        with pytest.raises(FieldError, match=f"not {degree}"):
            field.extension(degree)
