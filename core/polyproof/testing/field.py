"""Conformance suite for ``Field``: what every field owes its callers, negative cases included.

A plugin author inherits it and says how to make the field::

    class TestMyField(FieldSuite):
        @pytest.fixture
        def field(self):
            return MyField()

Everything is compared with plain Python integers, so the suite knows nothing of the implementation.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

import numpy as np
import pytest

from polyproof.errors import FieldError, ProofRejected
from polyproof.field import Elements, Extension, Field

__all__ = ["FieldSuite", "edges"]


def edges(modulus: int) -> list[int]:
    """Elements of the field with this modulus at which carries and borrows happen, in ascending order."""
    near = [0, 1, 2, 7, modulus - 1, modulus - 2, modulus // 2, modulus // 2 + 1]
    near += [1 << k for k in (8, 16, 31, 32, 33, 48, 63)] + [(1 << k) - 1 for k in (16, 31, 32, 33, 48, 63)]
    return sorted({value % modulus for value in near})


def _random(field: Field, shape: tuple[int, ...], seed: int) -> Elements:
    return np.random.default_rng(seed).integers(0, field.modulus - 1, shape, np.uint64, endpoint=True)


def _product(extension: Extension, a: list[int], b: list[int]) -> list[int]:
    result = [0] * extension.degree
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            wraps, k = divmod(i + j, extension.degree)
            result[k] += x * y * (extension.nonresidue if wraps else 1)
    return [value % extension.field.modulus for value in result]


class FieldSuite:
    """What every ``polyproof.field.Field`` promises."""

    @pytest.fixture
    def field(self) -> Field:
        """The field under test; override it."""
        raise NotImplementedError("override the fixture `field`: your Field")

    def test_modulus_is_a_prime_below_two_to_the_64(self, field: Field) -> None:
        """Miller-Rabin with the first twelve primes as bases, which decides every number below 2^64."""
        p = field.modulus
        assert 2 < p < 1 << 64
        odd, twos = p - 1, 0
        while odd % 2 == 0:
            odd, twos = odd // 2, twos + 1
        for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
            powers = [pow(base, odd << k, p) for k in range(twos)]
            assert base % p == 0 or powers[0] == 1 or p - 1 in powers

    def test_generator_generates_and_two_adicity_is_exact(self, field: Field) -> None:
        """As far as the prime factors of p − 1 below 2^16 can tell."""
        order = field.modulus - 1
        assert order % (1 << field.two_adicity) == 0
        assert (order >> field.two_adicity) % 2 == 1
        for factor in (q for q in range(2, 1 << 16) if order % q == 0):
            assert pow(field.generator, order // factor, field.modulus) != 1

    def test_arithmetic_is_that_of_integers_modulo_p_on_every_pair_of_edges(self, field: Field) -> None:
        p = field.modulus
        pairs = [(x, y) for x in edges(p) for y in edges(p)]
        a, b = (np.array([pair[i] for pair in pairs], np.uint64) for i in (0, 1))
        assert field.add(a, b).tolist() == [(x + y) % p for x, y in pairs]
        assert field.subtract(a, b).tolist() == [(x - y) % p for x, y in pairs]
        assert field.multiply(a, b).tolist() == [x * y % p for x, y in pairs]
        assert field.negate(a).tolist() == [-x % p for x, _ in pairs]
        nonzero = a[a != 0]
        assert field.inverse(nonzero).tolist() == [pow(int(x), -1, p) for x in nonzero]
        assert field.power(a, 5).tolist() == [pow(x, 5, p) for x, _ in pairs]
        assert field.power(nonzero, -3).tolist() == [pow(int(x), -3, p) for x in nonzero]

    @pytest.mark.parametrize("shape", [(), (1,), (7,), (8,), (9,), (3, 5), (2, 3, 4), (0,), (0, 3)])
    def test_every_shape_works_and_operands_are_not_changed(self, field: Field, shape: tuple[int, ...]) -> None:
        a, b = _random(field, shape, 1), _random(field, shape, 2)
        a, b = np.asarray(a), np.asarray(b)
        before = a.copy(), b.copy()
        for result in (field.add(a, b), field.subtract(a, b), field.multiply(a, b), field.negate(a)):
            assert np.shape(result) == shape
            assert np.asarray(result).dtype == np.uint64
            assert field.is_canonical(result)
        assert np.array_equal(a, before[0])
        assert np.array_equal(b, before[1])

    def test_broadcasting_and_strided_operands(self, field: Field) -> None:
        p = field.modulus
        a, b = _random(field, (6, 4), 3), _random(field, (4,), 4)
        expected = [[int(x) * int(y) % p for x, y in zip(row, b, strict=True)] for row in a]
        assert field.multiply(a, b).tolist() == expected
        assert field.multiply(a.T, b[:, None]).tolist() == [list(column) for column in zip(*expected, strict=True)]
        assert field.add(a[::2], 5).tolist() == [[(int(x) + 5) % p for x in row] for row in a[::2]]

    @pytest.mark.parametrize("count", [1, 2, 3, 255, 256, 257, 1000])
    def test_batch_inverse_of_any_length(self, field: Field, count: int) -> None:
        a = _random(field, (count,), count)
        a[a == 0] = 1
        assert set(field.multiply(a, field.inverse(a)).tolist()) == {1}

    def test_zero_has_no_inverse_and_the_error_says_where(self, field: Field) -> None:
        a = np.ones((3, 4), np.uint64)
        a[1, 2] = 0
        with pytest.raises(FieldError, match=r"zero.*1\D+2"):
            field.inverse(a)

    def test_sums_do_not_overflow(self, field: Field) -> None:
        p = field.modulus
        a = np.full((1000, 3), p - 1, np.uint64)
        assert field.sum(a).tolist() == [-1000 % p] * 3
        assert field.sum(a, axis=1).tolist() == [-3 % p] * 1000
        sums = field.cumulative_sum(a)
        assert sums[:, 1].tolist() == [-(k + 1) % p for k in range(1000)]
        assert field.powers(7, 20).tolist() == [pow(7, k, p) for k in range(20)]

    def test_roots_of_unity_are_primitive_and_compatible(self, field: Field) -> None:
        for log_order in range(field.two_adicity + 1):
            root = field.root_of_unity(1 << log_order)
            assert pow(root, 1 << log_order, field.modulus) == 1
            if log_order:
                assert pow(root, 1 << (log_order - 1), field.modulus) == field.modulus - 1
                assert pow(root, 2, field.modulus) == field.root_of_unity(1 << (log_order - 1))
        for order in (0, 3, 12, 1 << (field.two_adicity + 1)):
            with pytest.raises(FieldError):
                field.root_of_unity(order)

    @pytest.mark.parametrize("columns", [1, 2, 3, 4, 5, 7, 8, 9, 17])
    @pytest.mark.parametrize("log_size", [0, 1, 2, 3, 5, 6])
    def test_transforms_are_evaluation_and_interpolation(self, field: Field, log_size: int, columns: int) -> None:
        p, size = field.modulus, 1 << log_size
        coefficients = _random(field, (size, columns), columns)
        root = field.root_of_unity(size)
        for shift in (1, field.generator):
            points = [shift * pow(root, k, p) % p for k in range(size)]
            expected = [
                [sum(int(c) * pow(x, i, p) for i, c in enumerate(coefficients[:, j])) % p for j in range(columns)]
                for x in points
            ]
            values = field.forward(coefficients, shift)
            assert values.tolist() == expected
            assert np.array_equal(field.inverse_transform(values, shift), coefficients)

    def test_matrices_without_columns_are_matrices(self, field: Field) -> None:
        """A backend with nothing to commit to passes such a matrix."""
        empty = np.zeros((8, 0), np.uint64)
        for made in (field.forward(empty), field.inverse_transform(empty), field.extend(empty, 8, field.generator)):
            assert made.shape == (8, 0)
        assert field.extend(empty, 32, field.generator).shape == (32, 0)
        for degree in field.extension_degrees:
            extension = field.extension(degree)
            point = np.arange(1, 1 + degree, dtype=np.uint64)
            assert extension.evaluate(empty, point).shape == (0, degree)
            assert not extension.dot(empty, np.zeros((0, degree), np.uint64)).any()
            assert extension.dot(empty, np.zeros((0, degree), np.uint64)).shape == (8, degree)

    @pytest.mark.parametrize("blowup", [1, 2, 4, 8])
    def test_extension_to_a_coset_is_evaluation_of_the_same_polynomial(self, field: Field, blowup: int) -> None:
        p, size = field.modulus, 16
        coefficients = _random(field, (size, 3), blowup)
        root = field.root_of_unity(blowup * size)
        extended = field.coset_lde(field.forward(coefficients), blowup)
        out = np.full_like(extended, 2**64 - 1)  # what it held may be no element
        assert field.coset_lde(field.forward(coefficients), blowup, out=out) is out
        assert np.array_equal(out, extended)
        assert np.array_equal(extended, field.extend(coefficients, blowup * size, field.generator))
        for k in (0, 1, blowup * size - 1):
            x = field.generator * pow(root, k, p) % p
            expected = [sum(int(c) * pow(x, i, p) for i, c in enumerate(coefficients[:, j])) % p for j in range(3)]
            assert extended[k].tolist() == expected

    def test_encoding_is_canonical_and_rejects_everything_else(self, field: Field) -> None:
        a = _random(field, (3, 5), 6)
        data = field.encode(a)
        assert len(data) == 15 * field.element_bytes
        assert np.array_equal(field.decode(data, (3, 5)), a)
        for shape in ((3, 4), (4, 5), (16,)):
            with pytest.raises(ProofRejected):
                field.decode(data, shape)
        if field.modulus < 1 << (8 * field.element_bytes):
            for value in (field.modulus, (1 << (8 * field.element_bytes)) - 1):
                with pytest.raises(ProofRejected):
                    field.decode(value.to_bytes(field.element_bytes, "little"), (1,))
        assert not field.is_canonical(np.array([0, field.modulus], np.uint64))

    def test_random_elements_are_canonical_and_not_repeated(self, field: Field) -> None:
        first, second = field.random((50, 2)), field.random((50, 2))
        assert first.shape == (50, 2)
        assert field.is_canonical(first)
        assert not np.array_equal(first, second)

    def test_random_elements_are_spread_over_the_whole_field(self, field: Field) -> None:
        """Of 4096 elements each of sixteen equal intervals expects 256; six standard deviations are 93."""
        drawn = field.random((4096,)).astype(object) * 16 // field.modulus
        counts = np.bincount(drawn.astype(np.int64), minlength=16)
        assert len(counts) == 16
        assert int(np.abs(counts - 256).max()) < 93

    def test_extensions_multiply_and_invert_as_polynomials_do(self, field: Field) -> None:
        for degree in field.extension_degrees:
            extension = field.extension(degree)
            values = [[(edge + k) % field.modulus for k in range(degree)] for edge in edges(field.modulus)]
            a = np.array(values, np.uint64)
            b = _random(field, a.shape, degree)
            expected = [_product(extension, x, y.tolist()) for x, y in zip(values, b, strict=True)]
            assert extension.multiply(a, b).tolist() == expected
            assert extension.multiply(a, b[0]).tolist() == [_product(extension, x, b[0].tolist()) for x in values]
            assert extension.multiply(a[1], b[1]).tolist() == expected[1]
            one = extension.embed(np.ones(len(a), np.uint64))
            nonzero = a[a.any(axis=1)]
            assert np.array_equal(extension.multiply(nonzero, extension.inverse(nonzero)), one[: len(nonzero)])
            assert np.array_equal(extension.power(b, 3), extension.multiply(b, extension.multiply(b, b)))
            assert extension.powers(b[0], 4)[3].tolist() == extension.power(b[0], 3).tolist()
            with pytest.raises(FieldError):
                extension.inverse(np.zeros((2, degree), np.uint64))
        with pytest.raises(FieldError):
            field.extension(max(field.extension_degrees) + 7)

    def test_nonresidue_makes_a_field(self, field: Field) -> None:
        """θ^e − c is irreducible if c is not a q-th power for any prime q that divides e (and p ≡ 1 mod 4 if 4 | e)."""
        for degree in field.extension_degrees:
            c = field.extension(degree).nonresidue
            for prime in (q for q in (2, 3, 5, 7) if degree % q == 0):
                assert (field.modulus - 1) % prime == 0
                assert pow(c, (field.modulus - 1) // prime, field.modulus) != 1
            assert degree % 4 or field.modulus % 4 == 1

    @pytest.mark.parametrize("columns", [1, 7, 8, 9, 100])
    def test_sums_of_products_with_extension_weights(self, field: Field, columns: int) -> None:
        p = field.modulus
        base = _random(field, (6, columns), columns)
        base[0] = p - 1
        for degree in field.extension_degrees:
            extension = field.extension(degree)
            weights = _random(field, (columns, degree), degree)
            weights[0] = p - 1
            expected = [
                [sum(int(x) * int(w) for x, w in zip(row, weights[:, k], strict=True)) % p for k in range(degree)]
                for row in base
            ]
            assert extension.dot(base, weights).tolist() == expected
            point = _random(field, (degree,), 9)
            powers = extension.powers(point, len(base))
            expected = [
                [sum(int(x) * int(w) for x, w in zip(base[:, j], powers[:, k], strict=True)) % p for k in range(degree)]
                for j in range(columns)
            ]
            assert extension.evaluate(base, point).tolist() == expected
            assert extension.combine(base, powers).tolist() == expected
            many = _random(field, (700, columns), columns + 1)
            many[:300] = p - 1
            of_rows = _random(field, (700, degree), degree + 1)
            of_rows[:300] = p - 1
            transposed = np.ascontiguousarray(many.T)
            assert extension.combine(many, of_rows).tolist() == extension.dot(transposed, of_rows).tolist()

    @pytest.mark.parametrize(
        ("values", "size"),
        [
            (1, 1),
            (9, 1),
            (5, 2),
            (2, 3),
            (30, 3),
            (31, 3),
            (22, 3),
            (44, 3),
            (66, 4),
            (60, 7),
            (58, 8),
            (15, 15),
            (31, 15),
        ],
    )
    def test_helper_sums_are_those_of_the_constraints(self, field: Field, values: int, size: int) -> None:
        # A kernel for groups of 15 may take some ten seconds to compile, for each degree.
        for degree in field.extension_degrees[: 1 if size > 8 else None]:
            extension = field.extension(degree)
            groups = -(-values // size)
            alpha, weights = _random(field, (degree,), 13), _random(field, (groups, degree), 14)
            sums = extension.helper_sums(values, size, alpha, weights)
            if sums is None:
                continue  # a field need not have a kernel for them
            for rows in (1, 8, 13):
                # Both are parts of wider matrices.
                base = _random(field, (rows, values + 5), 15)[:, 3 : 3 + values]
                helpers = _random(field, (rows, groups + 2, degree), 16)[:, 1 : 1 + groups]
                base[0], helpers[-1] = field.modulus - 1, field.modulus - 1
                expected = np.zeros((rows, degree), np.uint64)
                for group in range(groups):
                    product, cofactors = extension.embed(np.ones(rows, np.uint64)), np.zeros((rows, degree), np.uint64)
                    for column in base[:, group * size : (group + 1) * size].T:
                        factor = extension.subtract(alpha, extension.embed(column))
                        cofactors = extension.add(extension.multiply(cofactors, factor), product)
                        product = extension.multiply(product, factor)
                    own = extension.multiply(np.ascontiguousarray(helpers[:, group]), product)
                    term = extension.multiply(extension.subtract(own, cofactors), weights[group])
                    expected = extension.add(expected, term)
                assert sums(base, helpers).tolist() == expected.tolist()

    @pytest.mark.parametrize("group", [1, 2, 3, 7])
    def test_sums_of_table_entries(self, field: Field, group: int) -> None:
        p = field.modulus
        for degree in field.extension_degrees:
            extension = field.extension(degree)
            table = _random(field, (9, degree), degree)
            table[3] = p - 1
            indices = np.array([[3, 3, 3, 0, 8, 3, 3], [8, 7, 6, 5, 4, 3, 2], [1, 1, 0, 3, 3, 2, 8]], np.uint64)
            expected = [
                [
                    [sum(int(table[index, k]) for index in row[start : start + group]) % p for k in range(degree)]
                    for start in range(0, 7, group)
                ]
                for row in indices.tolist()
            ]
            assert extension.sum_entries(table, indices, group).tolist() == expected
            assert extension.sum_entries(table, indices[:0], group).shape == (0, -(-7 // group), degree)
            with pytest.raises(IndexError):
                extension.sum_entries(table, indices + np.uint64(1), group)

    def test_extensions_add_and_scale_coefficient_by_coefficient(self, field: Field) -> None:
        p = field.modulus
        for degree in field.extension_degrees:
            extension = field.extension(degree)
            a, b = _random(field, (5, degree), 10), _random(field, (5, degree), 11)
            a[0], b[0] = p - 1, 1
            scalars = _random(field, (5,), 12)
            pairs = list(zip(a.tolist(), b.tolist(), strict=True))
            assert extension.add(a, b).tolist() == [[(u + v) % p for u, v in zip(x, y, strict=True)] for x, y in pairs]
            differences = [[(u - v) % p for u, v in zip(x, y, strict=True)] for x, y in pairs]
            assert extension.subtract(a, b).tolist() == differences
            assert extension.negate(a).tolist() == [[-u % p for u in x] for x in a.tolist()]
            products = [[u * k % p for u in x] for x, k in zip(a.tolist(), scalars.tolist(), strict=True)]
            assert extension.scale(a, scalars).tolist() == products
            assert extension.sum(a, axis=0).tolist() == [sum(column) % p for column in zip(*a.tolist(), strict=True)]
            assert extension.embed(scalars).tolist() == [[k, *[0] * (degree - 1)] for k in scalars.tolist()]

    def test_encoded_extension_elements_are_canonical_and_nothing_else_is_read(self, field: Field) -> None:
        for degree in field.extension_degrees:
            extension = field.extension(degree)
            a = extension.random((4,))
            assert a.shape == (4, degree)
            data = extension.encode(a)
            assert data == field.encode(a)
            assert np.array_equal(extension.decode(data, (4,)), a)
            for shape in ((3,), (5,), (2, 1)):
                with pytest.raises(ProofRejected):
                    extension.decode(data, shape)

    def test_elements_of_the_base_field_are_recognised(self, field: Field) -> None:
        for degree in field.extension_degrees:
            extension = field.extension(degree)
            outside = np.ones((3, degree), np.uint64)
            assert not extension.in_base(outside)
            assert extension.in_base(extension.embed(np.array([5, 0], np.uint64)))
            mixed = np.concatenate((outside, extension.embed(np.array([4], np.uint64))))
            assert extension.in_base(mixed)
            data = extension.encode(outside)
            assert np.array_equal(extension.decode(data, (3,)), outside)
