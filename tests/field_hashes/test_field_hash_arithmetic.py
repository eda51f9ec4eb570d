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
    States,
    add,
    canonical,
    halves,
    matrix_with_constants,
    multiply_add,
    scaled_total,
    seventh_root,
    with_room,
)
from polyproof_goldilocks.sponges.blocks import LANES, load, store
from polyproof_goldilocks.sponges.circulant import circulant_spectrum
from polyproof_goldilocks.sponges.poseidon2_parameters import external_matrix
from polyproof_goldilocks.sponges.poseidon_parameters import FIRST_ENTRY, FIRST_ROW
from polyproof_goldilocks.sponges.rescue_parameters import FIRST_ROW as RESCUE_ROW
from references.goldilocks_sponges import circulant, matrix_times

PAIRS = list(itertools.product(EDGES, EDGES))
LEFT = np.array([a for a, _ in PAIRS], np.uint64)
RIGHT = np.array([b for _, b in PAIRS], np.uint64)
R_INVERSE = pow(2, -64, P)


def residues(array: np.ndarray) -> list[int]:
    return [int(word) % P for word in array.ravel()]


def of_words(words: np.ndarray) -> States:
    """A batch of states that has these words, ``(12, count)``."""
    states = States(words.shape[1])
    states.words[...] = words
    return states


# Numpy


def test_numpy_product_and_sum_of_edges() -> None:
    for low, high in itertools.product((0, 1, MASK32), (0, 1, MASK32)):
        addend = as_words([[low]]), as_words([[high]])
        found = multiply_add(LEFT, *halves(RIGHT), *addend)
        assert residues(found) == [(a * b + low + (high << 32)) * R_INVERSE % P for a, b in PAIRS]


def test_numpy_powers_of_edges() -> None:
    edges = as_words([EDGES])
    roots = seventh_root(edges)
    assert residues(roots) == [pow(a, 10540996611094048183, P) for a in EDGES]
    states = of_words(np.resize(edges, (12, len(EDGES))))
    states.seventh_powers()
    assert residues(states.words) == [pow(int(a), 7, P) for a in np.resize(edges, (12, len(EDGES))).ravel()]
    first = of_words(np.concatenate((roots, np.resize(edges, (11, len(EDGES))))))
    untouched = first.words[1:].copy()
    first.seventh_power_of_first()
    assert residues(first.words[:1]) == [a % P for a in EDGES]
    assert np.array_equal(first.words[1:], untouched)


def test_numpy_sum_with_a_canonical_edge() -> None:
    pairs = [(a, b) for a, b in PAIRS if b < P]
    found = add(as_words([[a for a, _ in pairs]]), as_words([[b for _, b in pairs]]))
    assert residues(found) == [(a + b) % P for a, b in pairs]


@given(st.lists(st.lists(words, min_size=12, max_size=12), min_size=1, max_size=5))
def test_numpy_total_of_a_state(states: list[list[int]]) -> None:
    found = scaled_total(np.ascontiguousarray(as_words(states).T))
    assert residues(found) == [(sum(state) << 64) % P for state in states]


@given(st.lists(words, min_size=12, max_size=12), st.lists(st.integers(0, P - 1), min_size=12, max_size=12))
def test_linear_layer_in_floating_point_is_exact(state: list[int], constants: list[int]) -> None:
    """The bound of ``matrix_with_constants`` is used up: rows sum to 2^20 − 1."""
    rows = [[2**20 - 1 - 11 * 80_000] + [80_000] * 11, *circulant([7, 23, 8, 26, 13, 10, 9, 7, 6, 22, 21, 8])[1:]]
    column = np.ascontiguousarray(as_words([state]).T)
    states = of_words(column)
    states.apply(matrix_with_constants(rows, constants))
    expected = [(y + c) % P for y, c in zip(matrix_times(rows, state), constants, strict=True)]
    assert residues(states.words) == expected


@pytest.mark.parametrize("rounds", [0, 1, 2, 3, 22, 41])
def test_partial_rounds_in_floating_point_are_exact(rounds: int) -> None:
    """Rows sum to 2^9 − 1, and states are those at which a half that was not carried would be lost."""
    rows = [[42] * 11 + [49], *circulant([511, *[0] * 11])[1:6], *circulant([0] * 11 + [511])[6:]]
    rng = np.random.default_rng(rounds)
    constants = [[P - 1] * 12 if i % 3 else rng.integers(0, P, 12, np.uint64).tolist() for i in range(rounds)]
    given = [[2**64 - 1] * 12, [P - 1] * 12, [0] * 12, [MASK32] * 12, [P] * 12, [MASK32 << 32] * 12]
    given += rng.choice(np.array(EDGES, np.uint64), (30, 12)).tolist()
    states = of_words(np.ascontiguousarray(as_words(given).T))
    states.partial_rounds([with_room(matrix_with_constants(rows, row)) for row in constants])
    for found, state in zip(states.words.T, given, strict=True):
        for row in constants:
            raised = [pow(state[0], 7, P), *state[1:]]
            state = [(y + c) % P for y, c in zip(matrix_times(rows, raised), row, strict=True)]
        assert residues(found) == [x % P for x in state]


def test_matrix_whose_halves_could_not_wait_for_their_carries_is_refused() -> None:
    with_room(matrix_with_constants([[511] + [0] * 11] * 12, [0] * 12))
    with pytest.raises(ValueError, match="less than 2\\^9"):
        with_room(matrix_with_constants([[512] + [0] * 11] * 12, [0] * 12))


@pytest.mark.parametrize("row", [[2**20] + [0] * 11, [-1, 1] + [0] * 10])
def test_matrix_that_floating_point_cannot_hold_is_refused(row: list[int]) -> None:
    with pytest.raises(ValueError, match="less than 2\\^20"):
        matrix_with_constants([row] * 12, [0] * 12)


def test_canonical_of_edges() -> None:
    assert canonical(as_words([EDGES])).ravel().tolist() == [a % P for a in EDGES]


# Plain integers


@given(
    st.lists(words, min_size=12, max_size=12),
    st.lists(words, min_size=12, max_size=12),
)
def test_long_integer_product_is_the_circulant_product(state: list[int], addend: list[int]) -> None:
    for first_row in (FIRST_ROW, RESCUE_ROW):
        found = integers.circulant(integers.pack_circulant(first_row), state, integers.pack(addend))
        product = matrix_times(circulant(list(first_row)), state)
        assert [x % P for x in found] == [(y + c) % P for y, c in zip(product, addend, strict=True)]


@pytest.mark.parametrize("x", [*EDGES, 2**80 - 1, 2**80 - P])
def test_seventh_power_of_a_plain_integer(x: int) -> None:
    assert integers.seventh_power(x) == pow(x, 7, P)


def test_packed_sums_of_as_many_products_as_they_hold() -> None:
    columns = [[2**64 - 1] * 12, list(range(12)), [0] * 11 + [P - 1]]
    factors = [2**64 - 1] * 254 + [12345, P - 1]
    packed = sum(factor * integers.pack_sums(columns[i % 3]) for i, factor in enumerate(factors))
    wanted = [sum(factor * columns[i % 3][k] for i, factor in enumerate(factors)) % P for k in range(12)]
    assert integers.unpack_sums(packed) == wanted


# Lanes


def test_lane_sum_with_a_canonical_edge() -> None:
    pairs = [(a, b) for a, b in PAIRS if b < P]
    out = np.empty(len(pairs), np.uint64)
    probe_kernels.run_add(np.array([a for a, _ in pairs], np.uint64), np.array([b for _, b in pairs], np.uint64), out)
    assert residues(out) == [(a + b) % P for a, b in pairs]


def test_lane_join_of_halves_up_to_its_bound() -> None:
    halves = sorted(
        {(1 << k) + d for k in (0, 10, 31, 32, 33, 42, 53, 61, 62) for d in (-1, 0, 1)} - {2**62, 2**62 + 1}
    )
    pairs = list(itertools.product(halves, halves))
    out = np.empty(len(pairs), np.uint64)
    probe_kernels.run_join(np.array([a for a, _ in pairs], np.uint64), np.array([b for _, b in pairs], np.uint64), out)
    assert residues(out) == [(a + (b << 32)) % P for a, b in pairs]


some_states = st.lists(st.lists(words, min_size=12, max_size=12), min_size=1, max_size=4)
rows_of_constants = st.lists(st.integers(0, P - 1), min_size=12, max_size=12)


def block_of(states: list[list[int]]) -> np.ndarray:
    """One block, the states over and over."""
    return np.ascontiguousarray(np.resize(as_words(states), (LANES, 12)).T)[None]


def states_of(block: np.ndarray) -> list[list[int]]:
    return [residues(block[0, :, lane]) for lane in range(LANES)]


def poseidon_matrix() -> list[list[int]]:
    matrix = circulant(list(FIRST_ROW))
    return [[matrix[0][0] + FIRST_ENTRY, *matrix[0][1:]], *matrix[1:]]


LAYERS = {
    "poseidon": (probe_kernels.run_poseidon_layer, poseidon_matrix()),
    "rescue": (probe_kernels.run_rescue_layer, circulant(list(RESCUE_ROW))),
    "poseidon2": (probe_kernels.run_external_layer, external_matrix()),
}


@pytest.mark.parametrize("name", LAYERS)
@given(some_states, rows_of_constants)
def test_lane_layer_is_the_product_with_its_matrix(name: str, states: list[list[int]], constants: list[int]) -> None:
    run, matrix = LAYERS[name]
    block = block_of(states)
    run(block, np.array(constants, np.uint64))
    expected = [[(y + c) % P for y, c in zip(matrix_times(matrix, state), constants, strict=True)] for state in states]
    assert states_of(block) == [expected[lane % len(states)] for lane in range(LANES)]


def test_lane_layers_at_the_largest_halves() -> None:
    """Every half is 2^32 − 1, before the matrix and in the constants; and in one element alone."""
    largest = [[2**64 - 1] * 12] + [[2**64 - 1 if i == k else 0 for i in range(12)] for k in range(12)]
    for run, matrix in LAYERS.values():
        block = block_of(largest)
        run(block, np.full(12, 2**64 - 1, np.uint64))
        expected = [[(y + 2**64 - 1) % P for y in matrix_times(matrix, state)] for state in largest]
        assert states_of(block)[: len(largest)] == expected


@given(some_states, st.lists(st.integers(0, 2**64 - 1), min_size=3, max_size=3))
def test_lane_partial_rounds_of_poseidon_on_halves_that_are_not_reduced(
    states: list[list[int]], constants: list[int]
) -> None:
    states = [*states, [2**64 - 1] * 12]
    block = block_of(states)
    probe_kernels.run_poseidon_partial_rounds(block, np.array(constants, np.uint64))
    expected = []
    for state in states:
        for constant in constants:
            state = matrix_times(poseidon_matrix(), [pow(state[0] + constant, 7, P), *state[1:]])
        expected.append([word % P for word in state])
    assert states_of(block) == [expected[lane % len(states)] for lane in range(LANES)]


@given(some_states, rows_of_constants)
def test_lane_internal_layer_of_poseidon2(states: list[list[int]], diagonal: list[int]) -> None:
    states = [*states, [2**64 - 1] * 12]
    block = block_of(states)
    probe_kernels.run_internal_layer(block, np.array([(d << 64) % P for d in diagonal], np.uint64))
    expected = [[(x * d + sum(state)) % P for x, d in zip(state, diagonal, strict=True)] for state in states]
    assert states_of(block) == [expected[lane % len(states)] for lane in range(LANES)]


def test_lane_powers_and_roots_of_edges_stay_in_their_block() -> None:
    states = np.resize(np.array(EDGES, np.uint64), (3, 12, LANES))
    for run, exponent in (
        (lambda block: probe_kernels.run_powers(block, 12 * LANES), 7),
        (lambda block: probe_kernels.run_roots(block[1:2], np.zeros(0, np.uint64)), 10540996611094048183),
    ):
        raised = states.copy()
        run(raised)
        assert residues(raised[1]) == [pow(int(x), exponent, P) for x in states[1].ravel()]
        assert np.array_equal(raised[[0, 2]], states[[0, 2]])


def test_lane_power_of_the_first_element_alone_takes_its_constant() -> None:
    states = np.resize(np.array(EDGES, np.uint64), (1, 12, LANES))
    constants = np.array([0, 1, P - 1], np.uint64)
    for first, constant in enumerate(constants.tolist()):
        raised = states.copy()
        probe_kernels.run_first_power(raised, constants, first)
        assert residues(raised[0, 0]) == [pow(int(x) + constant, 7, P) for x in states[0, 0]]
        assert np.array_equal(raised[0, 1:], states[0, 1:])


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
