"""Every path of the three hashes agrees with the textbook reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from field_hashes.cases import CASES, NAMES, Case, P, as_words, elements, repeated, words
from polyproof.engine import Engine
from polyproof_goldilocks.sponges import poseidon2_parameters, poseidon_parameters, rescue_parameters
from references import goldilocks_sponges as reference

BY_CASE = pytest.mark.parametrize("case", CASES, ids=NAMES)
LENGTHS = [0, 1, 2, 7, 8, 9, 15, 16, 17, 24, 25]
domains = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=21)


def digests_of_every_path(case: Case, rows: np.ndarray, domain: str) -> list[np.ndarray]:
    """The rows' digests from plain integers, from numpy and compiled."""
    portable, compiled = case.make(Engine.PORTABLE), case.make(Engine.COMPILED)
    many = np.concatenate([rows] * (case.make.few_rows // len(rows) + 1))
    return [
        np.concatenate([portable.hash_rows(rows[k : k + 1], domain) for k in range(len(rows))]),
        portable.hash_rows(many, domain)[: len(rows)],
        compiled.hash_rows(rows, domain),
    ]


def test_constants_are_those_of_the_reference() -> None:
    assert [list(row) for row in poseidon_parameters.round_constants()] == reference.poseidon_constants()
    assert poseidon2_parameters.round_constants() == reference.poseidon2_constants()
    assert [list(row) for row in rescue_parameters.round_constants()] == reference.rescue_constants()


@BY_CASE
@pytest.mark.parametrize("length", LENGTHS)
def test_rows_of_awkward_words_hash_as_in_the_reference(case: Case, length: int) -> None:
    rows = [[word] * length for word in (0, 1, P - 1, P - 2, 2**32 - 1, 2**32, 2**63)]
    rows.append([P - 1 if k % 2 else 0 for k in range(length)])
    rows.append(list(range(length)))
    expected = as_words([case.digest(row, "awkward") for row in rows])
    for digests in digests_of_every_path(case, as_words(rows).reshape(len(rows), length), "awkward"):
        assert np.array_equal(digests, expected)


@BY_CASE
@settings(max_examples=25)
@given(data=st.data())
def test_random_rows_hash_as_in_the_reference(case: Case, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, 33))
    row = data.draw(st.lists(elements, min_size=length, max_size=length))
    domain = data.draw(domains)
    expected = as_words([case.digest(row, domain)])
    for digests in digests_of_every_path(case, as_words([row]).reshape(1, length), domain):
        assert np.array_equal(digests, expected)


@BY_CASE
@settings(max_examples=25)
@given(state=st.lists(words, min_size=12, max_size=12))
def test_permutation_of_any_words_is_that_of_their_residues(case: Case, state: list[int]) -> None:
    expected = case.permute([word % P for word in state])
    portable, compiled = case.make(Engine.PORTABLE), case.make(Engine.COMPILED)
    assert portable.permute(as_words([state])).tolist() == [expected]
    assert portable.permute(repeated(state, 40)).tolist() == [expected] * 40
    assert compiled.permute(repeated(state, 65)).tolist() == [expected] * 65


@BY_CASE
@settings(max_examples=5)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 200), length=st.integers(0, 40))
def test_batches_agree_between_the_engines(case: Case, seed: int, count: int, length: int) -> None:
    rows = np.random.default_rng(seed).integers(0, P, (count, length), np.uint64)
    portable, compiled = case.make(Engine.PORTABLE), case.make(Engine.COMPILED)
    digests = compiled.hash_rows(rows, "agree")
    assert np.array_equal(portable.hash_rows(rows, "agree"), digests)
    for k in {0, count // 2, count - 1}:
        assert digests[k].tolist() == case.digest([int(word) for word in rows[k]], "agree")


@BY_CASE
def test_pairs_compress_as_in_the_reference(case: Case) -> None:
    layer = np.random.default_rng(3).integers(0, P, (80, 4), np.uint64)
    expected = [case.digest([int(word) for word in row], "pair") for row in layer.reshape(40, 8)]
    for engine in Engine:
        hash = case.make(engine)
        assert hash.compress(layer[0::2], layer[1::2], "pair").tolist() == expected
        assert hash.compress(layer[0:2:2], layer[1:2:2], "pair").tolist() == expected[:1]


@BY_CASE
def test_short_last_chunk_is_filled_with_zeros_not_with_what_was_there(case: Case) -> None:
    """Overwrite with zeros: eleven words differ from sixteen only by what the capacity says about the length."""
    row = list(range(1, 12))
    digest = case.digest(row, "fill")
    state = [0] * 12
    for position, word in zip(case.capacity, [11, int.from_bytes(b"fill", "little"), 0, 0], strict=True):
        state[position] = word
    for chunk in (row[:8], [*row[8:], 0, 0, 0, 0, 0]):
        state[case.rate.start : case.rate.stop] = chunk
        state = case.permute(state)
    assert state[case.rate.start : case.rate.start + 4] == digest
    for digests in digests_of_every_path(case, as_words([row]), "fill"):
        assert digests[0].tolist() == digest
