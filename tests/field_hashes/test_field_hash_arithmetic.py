"""Arithmetic at the carries: the words at which a second borrow or carry would hide."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from field_hashes import probe_kernels
from field_hashes.cases import EDGES, MASK32, P, as_words, words
from polyproof_goldilocks.sponges import integers
from polyproof_goldilocks.sponges.arrays import (
    LinearLayers,
    add,
    canonical,
    halves,
    matrix_with_constants,
    multiply_add,
    seventh_power,
    seventh_root,
    total,
)
from polyproof_goldilocks.sponges.blocks import LANES, circulant_spectrum, load, seventh_powers, store
from polyproof_goldilocks.sponges.poseidon_parameters import FIRST_ENTRY, FIRST_ROW
from polyproof_goldilocks.sponges.rescue_parameters import FIRST_ROW as RESCUE_ROW
from references.goldilocks_sponges import circulant, matrix_times

PAIRS = list(itertools.product(EDGES, EDGES))
LEFT = np.array([a for a, _ in PAIRS], np.uint64)
RIGHT = np.array([b for _, b in PAIRS], np.uint64)


def residues(array: np.ndarray) -> list[int]:
    return [int(word) % P for word in array.ravel()]


# Numpy


def test_numpy_product_and_sum_of_edges() -> None:
    for low, high in itertools.product((0, 1, MASK32), (0, 1, MASK32)):
        addend = as_words([[low]]), as_words([[high]])
        found = multiply_add(LEFT, *halves(RIGHT), *addend)
        assert found.ravel().tolist() == [(a * b + low + (high << 32)) % P for a, b in PAIRS]


def test_numpy_powers_of_edges() -> None:
    edges = as_words([EDGES])
    powers, roots = seventh_power(edges), seventh_root(edges)
    assert powers.ravel().tolist() == [pow(a, 7, P) for a in EDGES]
    assert roots.ravel().tolist() == [pow(a, 10540996611094048183, P) for a in EDGES]
    assert seventh_power(roots).ravel().tolist() == [a % P for a in EDGES]


def test_numpy_sum_with_a_canonical_edge() -> None:
    pairs = [(a, b) for a, b in PAIRS if b < P]
    found = add(as_words([[a for a, _ in pairs]]), as_words([[b for _, b in pairs]]))
    assert residues(found) == [(a + b) % P for a, b in pairs]


@given(st.lists(st.lists(words, min_size=12, max_size=12), min_size=1, max_size=5))
def test_numpy_total_of_a_state(states: list[list[int]]) -> None:
    found = total(np.ascontiguousarray(as_words(states).T))
    assert residues(found) == [sum(state) % P for state in states]


@given(st.lists(words, min_size=12, max_size=12), st.lists(st.integers(0, P - 1), min_size=12, max_size=12))
def test_linear_layer_in_floating_point_is_exact(state: list[int], constants: list[int]) -> None:
    """The bound of ``matrix_with_constants`` is used up: rows sum to 2^20 − 1."""
    rows = [[2**20 - 1 - 11 * 80_000] + [80_000] * 11, *circulant([7, 23, 8, 26, 13, 10, 9, 7, 6, 22, 21, 8])[1:]]
    column = np.ascontiguousarray(as_words([state]).T)
    LinearLayers(1).apply(matrix_with_constants(rows, constants), column)
    expected = [(y + c) % P for y, c in zip(matrix_times(rows, state), constants, strict=True)]
    assert residues(column) == expected


@pytest.mark.parametrize("row", [[2**20] + [0] * 11, [-1, 1] + [0] * 10])
def test_matrix_that_floating_point_cannot_hold_is_refused(row: list[int]) -> None:
    with pytest.raises(ValueError, match="less than 2\\^20"):
        matrix_with_constants([row] * 12, [0] * 12)


def test_canonical_of_edges() -> None:
    assert canonical(as_words([EDGES])).ravel().tolist() == [a % P for a in EDGES]


# Plain integers


@given(st.lists(st.integers(0, 2**69 - 1), min_size=12, max_size=12))
def test_long_integer_product_is_the_circulant_product(state: list[int]) -> None:
    for first_row in (FIRST_ROW, RESCUE_ROW):
        product = integers.circulant(integers.pack_circulant(first_row), state)
        assert product == matrix_times(circulant(list(first_row)), state)


# Lanes


def test_lane_product_of_edges() -> None:
    for low, high in itertools.product((0, 1, MASK32), (0, 1, MASK32)):
        out = np.empty(len(PAIRS), np.uint64)
        addend = [np.full(len(PAIRS), half, np.uint64) for half in (low, high)]
        probe_kernels.run_multiply_add(LEFT, *halves(RIGHT), *addend, out)
        assert out.tolist() == [(a * b + low + (high << 32)) % P for a, b in PAIRS]


def test_lane_square_of_edges() -> None:
    edges = np.array(EDGES, np.uint64)
    out = np.empty_like(edges)
    probe_kernels.run_square(edges, out)
    assert residues(out) == [a * a % P for a in EDGES]


def test_lane_sum_with_a_canonical_edge() -> None:
    pairs = [(a, b) for a, b in PAIRS if b < P]
    out = np.empty(len(pairs), np.uint64)
    probe_kernels.run_add(np.array([a for a, _ in pairs], np.uint64), np.array([b for _, b in pairs], np.uint64), out)
    assert residues(out) == [(a + b) % P for a, b in pairs]


def test_lane_join_of_halves_up_to_its_bound() -> None:
    halves = sorted({(1 << k) + d for k in (0, 10, 31, 32, 33, 42, 52, 53) for d in (-1, 0, 1)} - {2**53, 2**53 + 1})
    pairs = list(itertools.product(halves, halves))
    out = np.empty(len(pairs), np.uint64)
    probe_kernels.run_join(np.array([a for a, _ in pairs], np.uint64), np.array([b for _, b in pairs], np.uint64), out)
    assert residues(out) == [(a + (b << 32)) % P for a, b in pairs]


@given(st.data())
def test_lane_layer_is_the_circulant_product(data: st.DataObject) -> None:
    states = data.draw(st.lists(st.lists(words, min_size=12, max_size=12), min_size=1, max_size=LANES))
    constants = data.draw(st.lists(st.integers(0, P - 1), min_size=12, max_size=12))
    for first_row, first_entry in ((FIRST_ROW, FIRST_ENTRY), (RESCUE_ROW, 0)):
        block = np.zeros((12, LANES), np.uint64)
        block[:, : len(states)] = as_words(states).T
        probe_kernels.run_layer(
            block, np.array(constants, np.uint64), circulant_spectrum(first_row), np.uint64(first_entry)
        )
        matrix = circulant(list(first_row))
        matrix[0] = [matrix[0][0] + first_entry, *matrix[0][1:]]
        for lane, state in enumerate(states):
            expected = [(y + c) % P for y, c in zip(matrix_times(matrix, state), constants, strict=True)]
            assert residues(block[:, lane]) == expected


def test_lane_seventh_powers_of_edges_and_of_the_first_element_alone() -> None:
    block = np.resize(np.array(EDGES, np.uint64), (12, LANES))
    for count in (1, 12):
        raised = block.copy()
        seventh_powers(raised, np.empty_like(raised), count)
        assert residues(raised[:count]) == [pow(int(x), 7, P) for x in block[:count].ravel()]
        assert np.array_equal(raised[count:], block[count:])


def test_matrix_without_an_integral_spectrum_is_refused() -> None:
    with pytest.raises(ValueError, match="not integral"):
        circulant_spectrum(range(12))


def test_load_and_store_are_inverse_and_stay_in_their_columns() -> None:
    rows = np.random.default_rng(1).integers(0, P, (70, 20), np.uint64)
    states = np.zeros((-(-65 // LANES), 12, LANES), np.uint64)
    load(states, 4, rows, 3, 65, 7, 5)
    assert not states[:, :4].any()
    assert not states[:, 9:].any()
    back = np.zeros((70, 5), np.uint64)
    store(states, 4, back, 3, 65)
    assert np.array_equal(back[3:68], rows[3:68, 7:12])
    assert not back[:3].any()
    assert not back[68:].any()


def test_store_writes_canonical_words() -> None:
    states = np.zeros((1, 12, LANES), np.uint64)
    states[0, 0, : len(EDGES[-20:])] = EDGES[-20:]
    out = np.empty((20, 1), np.uint64)
    store(states, 0, out, 0, 20)
    assert out.ravel().tolist() == [word % P for word in EDGES[-20:]]
