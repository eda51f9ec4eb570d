"""docs/reference/hashes.md against the plugins: the reference written from the page, and the page's check values."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.hash import domain_words
from polyproof.registry import default_registry
from references.row_hashes import HASHES, WrongOpening, check_opening, hash_message, lacking, packed_elements

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "hashes.md").read_text(encoding="utf-8")
NAMES = tuple(HASHES)


def plugin(name: str):
    return default_registry().create("hash", name, engine=Engine.PORTABLE)


def digest(words: np.ndarray) -> tuple[int, ...]:
    return tuple(int(word) for word in words)


domains = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=21)


@pytest.mark.parametrize("name", NAMES)
def test_rows_of_any_length_hash_as_the_page_says(name):
    random = np.random.default_rng(1)
    bound, hash_row = HASHES[name]
    assert plugin(name).word_bound == bound
    for columns in (*range(18), 40, 200):
        row = [int(x) % bound for x in random.integers(0, 2**64, columns, np.uint64)]
        assert digest(plugin(name).hash_rows(np.array([row], np.uint64), "merkle/leaf")[0]) == hash_row(
            "merkle/leaf", row
        )


@pytest.mark.parametrize("name", NAMES)
@given(domain=domains, message=st.binary(max_size=40))
def test_messages_hash_as_the_page_says_under_any_domain(name, domain, message):
    assert domain_words(domain)
    assert digest(plugin(name).hash_messages([message], domain)[0]) == hash_message(name, domain, message)


@pytest.mark.parametrize("name", NAMES)
def test_compression_is_the_hash_of_the_words_of_both(name):
    half = plugin(name).digest_words
    words = np.arange(1, 2 * half + 1, dtype=np.uint64)[None, :]
    together = plugin(name).compress(words[:, :half], words[:, half:], "merkle/node")
    assert digest(together[0]) == HASHES[name][1]("merkle/node", range(1, 2 * half + 1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("modulus", [2**31 - 2**27 + 1, 2**12 - 3])
@pytest.mark.parametrize("columns", [1, 2, 7, 8])
def test_elements_are_packed_as_the_page_says(name, modulus, columns):
    row = np.random.default_rng(columns).integers(0, modulus, (3, columns), np.uint64)
    row[0] = modulus - 1
    for own, words in zip(row.tolist(), plugin(name).pack(row, modulus).tolist(), strict=True):
        assert words == packed_elements(name, modulus, own)


def test_rows_of_elements_of_different_lengths_are_different_words():
    """A place that is left over is not a zero."""
    hash, short = plugin("blake3"), np.array([[5]], np.uint64)
    longer = np.array([[5, 0]], np.uint64)
    assert hash.pack(short, 97).tolist() != hash.pack(longer, 97).tolist()


@pytest.mark.parametrize("name", NAMES)
def test_the_check_values_of_the_page(name):
    rows = re.findall(rf"^\| `{name}` \| `([0-9a-f ]+)` \|$", PAGE, re.MULTILINE)
    of_row, of_message = (tuple(int(word, 16) for word in row.split()) for row in rows)
    assert of_row == HASHES[name][1]("merkle/leaf", range(10))
    assert of_message == hash_message(name, "merkle/leaf", b"polyproof")


@given(data=st.data(), depth=st.integers(0, 6))
def test_openings_have_the_siblings_the_page_says(data, depth):
    size = 1 << depth
    indices = data.draw(st.lists(st.integers(0, size - 1), min_size=1, max_size=8, unique=True))
    tree = default_registry().create("commitment", "merkle", plugin("sha256"))
    rows = np.random.default_rng(depth).integers(0, 2**64, (size, 3), np.uint64)
    state = tree.commit(rows)
    siblings = [digest(d) for d in tree.open(state, indices).siblings]
    hash_row = HASHES["sha256"][1]
    leaves = {index: hash_row("merkle/leaf", digest(rows[index])) for index in indices}
    root = digest(state.root)
    check_opening(hash_row, root, size, leaves, siblings)
    assert len(siblings) == len(lacking(size, indices)) == tree.opening_size(size, indices)

    # What one refuses, the other refuses.
    wrong = [(siblings[:-1], leaves), ([*siblings, root], leaves), (siblings[::-1], leaves)]
    wrong += [(siblings, {**leaves, indices[0]: root})] if size > 1 else []
    for others, opened in wrong:
        if others == siblings and opened == leaves:
            continue
        with pytest.raises(WrongOpening):
            check_opening(hash_row, root, size, opened, others)
        opening = type(tree.open(state, indices))(np.array(others, np.uint64).reshape(-1, 4))
        with pytest.raises(ProofRejected):
            tree.verify(state.root, size, list(opened), np.array(list(opened.values()), np.uint64), opening)
