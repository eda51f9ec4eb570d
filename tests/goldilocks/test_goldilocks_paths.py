"""Every way a compiled transform is cut up, at sizes where the definition can still be computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyproof.engine import Engine
from polyproof.errors import FieldError
from polyproof_goldilocks import transform
from polyproof_goldilocks.field import Goldilocks
from references import goldilocks
from references.goldilocks import EDGES, P

PORTABLE, COMPILED = Goldilocks(), Goldilocks(Engine.COMPILED)


def matrix(rows, columns, seed=0):
    """Random elements and edges, half and half."""
    generator = np.random.default_rng([rows, columns, seed])
    a = generator.integers(0, P, (rows, columns), np.uint64)
    edges = generator.choice(np.array(EDGES, np.uint64), (rows, columns))
    return np.where(generator.integers(0, 2, (rows, columns)) == 0, a, edges)


@pytest.fixture(
    params=[
        pytest.param({}, id="as in use"),
        pytest.param({"_FULL_COLUMNS": 1, "_WHOLE": 2}, id="full lanes"),
        pytest.param({"_FULL_COLUMNS": 1, "_WHOLE": 2, "_TILE_WORDS": 1}, id="one tile at a time"),
        pytest.param({"_FULL_COLUMNS": 1000, "_WHOLE_NARROW": 2}, id="shared tiles"),
        pytest.param({"_FULL_COLUMNS": 1000, "_WHOLE_NARROW": 2, "_TILE_WORDS": 1 << 9}, id="few shared tiles"),
        pytest.param({"_FULL_COLUMNS": 1000, "_WHOLE_NARROW": 2, "_BLOCK_WORDS": 1}, id="many blocks"),
        pytest.param({"_FULL_COLUMNS": 1, "_WHOLE": 2, "_BLOCK_WORDS": 1}, id="many blocks of full lanes"),
        pytest.param({"_WHOLE": 1 << 30, "_WHOLE_NARROW": 1 << 30}, id="a single pass"),
    ]
)
def cut(request, monkeypatch):
    """Constants that decide on the path, so that small matrices take each."""
    monkeypatch.setenv("POLYPROOF_THREADS", "3")
    for name, value in request.param.items():
        monkeypatch.setattr(transform, name, value)


@pytest.mark.parametrize("columns", [1, 2, 3, 4, 5, 6, 7, 8, 9, 25])
def test_every_path_is_the_definition(cut, columns):
    for rows in (1, 2, 4, 8, 16, 32, 64):
        coefficients = matrix(rows, columns)
        for size, shift in ((rows, 1), (rows, 49), (2 * rows, 7), (4 * rows, P - 1)):
            if size > 64 and columns > 3:
                continue
            values = COMPILED.extend(coefficients, size, shift)
            assert values.tolist() == goldilocks.evaluate(coefficients.tolist(), size, shift)
        for shift in (1, 49):
            values = COMPILED.forward(coefficients, shift)
            assert np.array_equal(COMPILED.inverse_transform(values, shift), coefficients)


@pytest.mark.parametrize("columns", [1, 3, 8, 12, 33])
@pytest.mark.parametrize("blowup", [1, 2, 4, 8])
def test_every_path_extends_from_values(cut, columns, blowup):
    for rows in (1, 2, 8, 64, 128):
        values = matrix(rows, columns, blowup)
        extended = COMPILED.coset_lde(values, blowup)
        assert np.array_equal(extended, PORTABLE.coset_lde(values, blowup))
        for shift in (1, 1234567):
            assert np.array_equal(COMPILED.coset_lde(values, blowup, shift), PORTABLE.coset_lde(values, blowup, shift))


@pytest.mark.parametrize("columns", [1, 3, 8, 12, 33])
@pytest.mark.parametrize("blowup", [1, 2, 4, 8])
@pytest.mark.parametrize("order", [1, -1])
def test_extension_in_place_needs_no_order_of_blocks(cut, monkeypatch, columns, blowup, order):
    """Threads may take the blocks of one call in any order: no block reads what another one has overwritten."""

    def one_by_one(function, count, block):
        for start in range(0, count, block)[::order]:
            function(start, min(start + block, count))

    monkeypatch.setattr(transform, "for_blocks", one_by_one)
    monkeypatch.setattr(transform._Plan, "block", lambda plan, positions, words: plan.group)
    for rows in (64, 128, 1024):
        values = matrix(rows, columns, blowup)
        out = np.full((blowup * rows, columns), 2**64 - 1, np.uint64)
        assert COMPILED.coset_lde(values, blowup, out=out) is out
        assert np.array_equal(out, PORTABLE.coset_lde(values, blowup))


def test_an_extension_is_written_only_where_it_fits():
    values = matrix(16, 3)
    for out in (np.empty((64, 4), np.uint64), np.empty((32, 3), np.uint64), np.empty((64, 6), np.uint64)[:, ::2]):
        with pytest.raises(FieldError, match=r"contiguous array of shape \(64, 3\)"):
            COMPILED.coset_lde(values, 4, out=out)


@pytest.mark.parametrize("field", [PORTABLE, COMPILED], ids=["portable", "compiled"])
@pytest.mark.parametrize("rows", [1, 2, 16])
def test_extension_is_the_polynomial_that_lagrange_interpolates(field, rows):
    values = matrix(rows, 2)
    extended = field.coset_lde(values, 4)
    omega = goldilocks.root(4 * rows)
    for k in range(4 * rows):
        x = 7 * pow(omega, k, P) % P
        assert extended[k].tolist() == [goldilocks.lagrange(values[:, j].tolist(), x) for j in range(2)]


@settings(max_examples=40)
@given(
    st.integers(0, 9),
    st.integers(1, 30),
    st.integers(1, P - 1),
    st.sampled_from([1, 2, 4]),
    st.integers(0, 2**32),
)
def test_engines_agree_on_any_size_and_shift(log_rows, columns, shift, blowup, seed):
    coefficients = matrix(1 << log_rows, columns, seed)
    size = blowup << log_rows
    values = COMPILED.extend(coefficients, size, shift)
    assert np.array_equal(values, PORTABLE.extend(coefficients, size, shift))
    assert np.array_equal(COMPILED.inverse_transform(values, shift)[: len(coefficients)], coefficients)


@pytest.mark.parametrize(("log_rows", "columns"), [(17, 2), (16, 30), (14, 100)])
def test_large_transforms_are_linear_and_move_with_the_coset(log_rows, columns):
    """Both follow from the definition and neither from the way it is computed."""
    rows = 1 << log_rows
    a, b = matrix(rows, columns, 1), matrix(rows, columns, 2)
    factor = np.array(0xDEAD_BEEF_1234_5678 % P, np.uint64)
    together = COMPILED.forward(COMPILED.add(a, COMPILED.multiply(b, factor)), 7)
    at_a = COMPILED.forward(a, 7)
    apart = COMPILED.add(at_a, COMPILED.multiply(COMPILED.forward(b, 7), factor))
    assert np.array_equal(together, apart)
    # 7·ω shifts the same coset by one row.
    assert np.array_equal(COMPILED.forward(a, 7 * goldilocks.root(rows) % P), np.roll(at_a, -1, axis=0))
    # The even rows of the double domain are the domain.
    assert np.array_equal(COMPILED.extend(a, 2 * rows, 7)[::2], at_a)


def test_strided_and_read_only_matrices_are_left_alone():
    large = matrix(64, 40)
    part = large[::2, 3:33]
    before = large.copy()
    large.setflags(write=False)
    expected = PORTABLE.coset_lde(np.ascontiguousarray(part), 4)
    assert np.array_equal(COMPILED.coset_lde(part, 4), expected)
    assert np.array_equal(COMPILED.inverse_transform(np.asfortranarray(part)), PORTABLE.inverse_transform(part))
    assert np.array_equal(large, before)
    for result in (COMPILED.forward(large), COMPILED.inverse_transform(large), COMPILED.forward(large[:1])):
        assert not np.shares_memory(result, large)
        assert result.flags.writeable


def test_unaligned_memory_is_read():
    data = bytearray(8 * 64 * 3 + 1)
    unaligned = np.frombuffer(data, np.uint64, 64 * 3, 1).reshape(64, 3)
    unaligned[...] = matrix(64, 3)
    aligned = unaligned.copy()
    for field in (PORTABLE, COMPILED):
        assert np.array_equal(field.forward(unaligned, 7), field.forward(aligned, 7))
        assert np.array_equal(field.multiply(unaligned, unaligned), field.multiply(aligned, aligned))
        assert np.array_equal(field.sum(unaligned), field.sum(aligned))


@pytest.mark.parametrize("field", [PORTABLE, COMPILED], ids=["portable", "compiled"])
class TestBorders:
    def test_no_columns_is_a_matrix_too(self, field):
        empty = np.zeros((8, 0), np.uint64)
        assert field.forward(empty).shape == (8, 0)
        assert field.inverse_transform(empty, 7).shape == (8, 0)
        assert field.coset_lde(empty, 4).shape == (32, 0)

    def test_sizes_without_a_domain_are_refused(self, field):
        for rows in (0, 3, 12):
            for transform_of in (field.forward, field.inverse_transform):
                with pytest.raises(FieldError, match=f"order {rows}: orders are powers of two up to 2\\^32"):
                    transform_of(np.zeros((rows, 2), np.uint64))
        with pytest.raises(FieldError, match="order 24"):
            field.coset_lde(np.zeros((8, 1), np.uint64), 3)
        with pytest.raises(FieldError, match="order 0"):
            field.coset_lde(np.zeros((8, 1), np.uint64), 0)
        with pytest.raises(FieldError, match="order 8589934592"):
            field.coset_lde(np.zeros((8, 1), np.uint64), 2**30)
        with pytest.raises(FieldError, match="order 8589934592"):
            field.extend(np.zeros((8, 1), np.uint64), 2**33, 7)
        with pytest.raises(FieldError, match="8 coefficients do not fit a domain of 4 points"):
            field.extend(np.zeros((8, 1), np.uint64), 4, 7)

    def test_only_a_matrix_is_transformed(self, field):
        for shape in ((8,), (8, 2, 2)):
            with pytest.raises(FieldError, match="takes a matrix"):
                field.forward(np.zeros(shape, np.uint64))

    def test_zero_shifts_no_domain(self, field):
        for shift in (0, P):
            with pytest.raises(FieldError, match="zero shifts no domain"):
                field.forward(np.zeros((8, 1), np.uint64), shift)
