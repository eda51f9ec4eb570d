"""Conformance suite for ``Hash``: what every hash owes its callers, negative cases included.

A plugin author inherits it and says how to make the hash::

    class TestMyHash(HashSuite):
        @pytest.fixture
        def make(self):
            return MyHash  # called with an Engine

Published test vectors are for the author to add.
"""

# ruff: noqa: D102 - the name of a test is its claim
from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.hash import DIGEST_BYTES, DOMAIN_BYTES, Hash, Words
from polyproof.transcript import Transcript

__all__ = ["HashSuite", "MakeHash"]

MakeHash = Callable[[Engine], Hash]

_DOMAIN = "conformance"
_COLUMNS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 33, 100)
"""On both sides of the block sizes that a sponge or a byte hash is likely to have."""
_COUNTS = (0, 1, 2, 3, 7, 8, 15, 31, 32, 33, 65, 130)
"""On both sides of the batch sizes at which an implementation is likely to switch to another loop."""


def _random_rows(hash: Hash, rows: int, columns: int, seed: int = 0) -> Words:
    generator = np.random.default_rng([seed, rows, columns])
    return generator.integers(0, hash.word_bound - 1, (rows, columns), np.uint64, endpoint=True)


def _awkward_rows(hash: Hash, columns: int) -> Iterator[Words]:
    largest = hash.word_bound - 1
    for value in (0, 1, largest, 2**32 - 1, 2**32, largest - 1):
        yield np.full((3, columns), min(value, largest), np.uint64)
    yield np.resize(np.array([0, largest], np.uint64), (3, columns))


def _distinct(digests: Words) -> bool:
    return len({digest.tobytes() for digest in np.ascontiguousarray(digests)}) == len(digests)


class HashSuite:
    """What every ``polyproof.hash.Hash`` promises, for both engines."""

    @pytest.fixture
    def make(self) -> MakeHash:
        """How to make the hash for an engine; override it."""
        raise NotImplementedError("override the fixture `make`: a function from Engine to your Hash")

    @pytest.fixture(params=list(Engine), ids=lambda engine: engine.value)
    def hash(self, make: MakeHash, request: pytest.FixtureRequest) -> Hash:
        """The hash under test, for one engine."""
        return make(request.param)

    def test_hash_states_its_name_and_bounds(self, hash: Hash) -> None:
        assert isinstance(hash, Hash)
        assert isinstance(hash.name, str)
        assert hash.name
        assert 2**24 <= hash.word_bound <= 2**64
        assert hash.digest_words in (4, 8)
        bits = (hash.word_bound - 1).bit_length()
        assert bits <= 8 * DIGEST_BYTES // hash.digest_words
        assert 0 < hash.collision_bits <= hash.digest_words * bits // 2

    @pytest.mark.parametrize("columns", _COLUMNS)
    def test_every_row_gets_the_words_of_a_digest(self, hash: Hash, columns: int) -> None:
        for rows in _COUNTS:
            digests = hash.hash_rows(_random_rows(hash, rows, columns), _DOMAIN)
            assert digests.shape == (rows, hash.digest_words)
            assert digests.dtype == np.uint64
            assert bool((digests <= np.uint64(hash.word_bound - 1)).all())

    @pytest.mark.parametrize("columns", _COLUMNS)
    def test_digest_does_not_depend_on_the_rest_of_the_batch(self, hash: Hash, columns: int) -> None:
        rows = _random_rows(hash, max(_COUNTS), columns)
        together = hash.hash_rows(rows, _DOMAIN)
        for count in _COUNTS:
            assert np.array_equal(hash.hash_rows(rows[:count], _DOMAIN), together[:count])
        for index in (0, 1, len(rows) - 1):
            assert np.array_equal(hash.hash_rows(rows[index : index + 1], _DOMAIN)[0], together[index])

    def test_same_input_gives_the_same_digest_from_another_instance(self, make: MakeHash, hash: Hash) -> None:
        rows = _random_rows(hash, 40, 9)
        first = hash.hash_rows(rows, _DOMAIN)
        assert np.array_equal(first, hash.hash_rows(rows, _DOMAIN))
        assert np.array_equal(first, make(hash.engine).hash_rows(rows, _DOMAIN))

    @pytest.mark.parametrize("columns", _COLUMNS)
    def test_engines_compute_the_same_function(self, make: MakeHash, columns: int) -> None:
        portable, compiled = make(Engine.PORTABLE), make(Engine.COMPILED)
        for count in _COUNTS:
            rows = _random_rows(portable, count, columns, seed=1)
            assert np.array_equal(portable.hash_rows(rows, _DOMAIN), compiled.hash_rows(rows, _DOMAIN))
        for rows in _awkward_rows(portable, columns):
            assert np.array_equal(portable.hash_rows(rows, _DOMAIN), compiled.hash_rows(rows, _DOMAIN))

    def test_memory_layout_does_not_matter(self, hash: Hash) -> None:
        rows = _random_rows(hash, 70, 20)
        expected = hash.hash_rows(np.ascontiguousarray(rows[::2, ::2]), _DOMAIN)
        assert np.array_equal(hash.hash_rows(rows[::2, ::2], _DOMAIN), expected)
        assert np.array_equal(hash.hash_rows(np.asfortranarray(rows[::2, ::2]), _DOMAIN), expected)
        assert np.array_equal(hash.hash_rows(rows[::-1][1::2, ::2], _DOMAIN), expected[::-1])
        one = np.ascontiguousarray(rows[:1])
        assert np.array_equal(
            hash.hash_rows(np.broadcast_to(one, (35, 20)), _DOMAIN), np.repeat(hash.hash_rows(one, _DOMAIN), 35, axis=0)
        )

    def test_input_is_only_read(self, hash: Hash) -> None:
        half = hash.digest_words
        rows = _random_rows(hash, 40, 2 * half)
        before = rows.copy()
        rows.setflags(write=False)
        digests = hash.hash_rows(rows, _DOMAIN)
        assert np.array_equal(hash.compress(rows[:, :half], rows[:, half:], _DOMAIN), digests)
        assert np.array_equal(rows, before)
        assert digests.flags.writeable
        assert not np.shares_memory(digests, rows)

    @pytest.mark.parametrize("columns", [1, 8, 9, 17])
    def test_every_word_and_every_bit_matters(self, hash: Hash, columns: int) -> None:
        row = _random_rows(hash, 1, columns)[0] >> np.uint64(1)
        bits = (hash.word_bound - 1).bit_length() - 1
        changed = np.repeat(row[None, :], 1 + columns * bits, axis=0)
        for position in range(columns):
            for bit in range(bits):
                changed[1 + position * bits + bit, position] ^= np.uint64(1 << bit)
        assert _distinct(hash.hash_rows(changed, _DOMAIN))

    @pytest.mark.parametrize(
        "shapes",
        [
            [],
            [(3, 2)],
            [(20, 9), (1, 40), (30, 8), (20, 9), (0, 5), (25, 0), (33, 17), (2, 2)],
            [(900, 3), (40, 20), (700, 9)],
        ],
    )
    def test_matrices_are_hashed_together_as_each_by_itself(self, hash: Hash, shapes: list[tuple[int, int]]) -> None:
        matrices = [
            (_random_rows(hash, rows, columns, number), f"{_DOMAIN}/{number % 3}")
            for number, (rows, columns) in enumerate(shapes)
        ]
        digests = hash.hash_matrices(matrices)
        assert len(digests) == len(matrices)
        for found, (rows, domain) in zip(digests, matrices, strict=True):
            assert np.array_equal(found, hash.hash_rows(rows, domain))

    def test_length_of_a_row_is_bound(self, hash: Hash) -> None:
        zeros = [hash.hash_rows(np.zeros((1, columns), np.uint64), _DOMAIN)[0] for columns in range(40)]
        assert _distinct(np.array(zeros))
        row = _random_rows(hash, 1, 40)
        prefixes = [hash.hash_rows(row[:, :columns], _DOMAIN)[0] for columns in range(1, 41)]
        assert _distinct(np.array(zeros + prefixes))

    @pytest.mark.parametrize("columns", [0, 1, 8, 17])
    def test_domains_are_separate(self, hash: Hash, columns: int) -> None:
        rows = _random_rows(hash, 1, columns)
        longest = "d" * DOMAIN_BYTES
        domains = ["a", "b", "aa", "ab", "a/b", "a" * 7, "a" * 8, "a" * 14, "a" * 15, longest, longest[:-1] + "e"]
        assert _distinct(np.array([hash.hash_rows(rows, domain)[0] for domain in domains]))
        pair = _random_rows(hash, 1, hash.digest_words)
        assert _distinct(np.array([hash.compress(pair, pair, domain)[0] for domain in domains]))

    @pytest.mark.parametrize("domain", ["", "x" * (DOMAIN_BYTES + 1), "naïve"])
    def test_domain_that_cannot_be_written_is_an_error(self, hash: Hash, domain: str) -> None:
        digests = np.zeros((1, hash.digest_words), np.uint64)
        with pytest.raises(ValueError):
            hash.hash_rows(digests, domain)
        with pytest.raises(ValueError):
            hash.compress(digests, digests, domain)
        with pytest.raises(ValueError):
            hash.hash_messages([b""], domain)

    @pytest.mark.parametrize("count", _COUNTS)
    def test_compress_is_the_hash_of_the_words_of_both(self, hash: Hash, count: int) -> None:
        words = hash.digest_words
        left, right = _random_rows(hash, count, words, seed=2), _random_rows(hash, count, words, seed=3)
        parents = hash.compress(left, right, _DOMAIN)
        assert parents.shape == (count, words)
        assert parents.dtype == np.uint64
        assert np.array_equal(parents, hash.hash_rows(np.concatenate((left, right), axis=1), _DOMAIN))

    def test_compress_takes_the_two_halves_of_a_layer(self, hash: Hash) -> None:
        layer = _random_rows(hash, 74, hash.digest_words)
        expected = hash.hash_rows(layer.reshape(37, -1), _DOMAIN)
        assert np.array_equal(hash.compress(layer[0::2], layer[1::2], _DOMAIN), expected)

    def test_compress_knows_left_from_right(self, hash: Hash) -> None:
        words = hash.digest_words
        left, right = _random_rows(hash, 1, words, seed=2), _random_rows(hash, 1, words, seed=3)
        assert not np.array_equal(hash.compress(left, right, _DOMAIN), hash.compress(right, left, _DOMAIN))

    def test_output_bits_are_balanced(self, hash: Hash) -> None:
        digests = hash.hash_rows(np.arange(4096, dtype=np.uint64)[:, None], _DOMAIN)
        for bit in range((hash.word_bound - 1).bit_length()):
            ones = ((digests >> np.uint64(bit)) & np.uint64(1)).sum(axis=0)
            # Of the words below the bound about half have the bit; of the highest bit it can be fewer.
            whole, rest = divmod(hash.word_bound, 2 << bit)
            expected = 4096 * ((whole << bit) + max(rest - (1 << bit), 0)) // hash.word_bound
            away = np.abs(ones.astype(np.int64) - expected)
            assert bool((away < 6 * 32).all()), f"bit {bit}: {ones} ones of 4096, expected about {expected}"

    def test_messages_are_length_then_bytes_a_word(self, hash: Hash) -> None:
        size = min(7, ((hash.word_bound).bit_length() - 1) // 8)  # seven where a word has room for them
        for length in (0, 1, 6, 7, 8, 13, 14, 15, 100):
            message = bytes((17 * i + length) % 256 for i in range(length))
            words = [int.from_bytes(message[i : i + size], "little") for i in range(0, length, size)]
            row = np.array([[length, *words]], np.uint64)
            assert np.array_equal(hash.hash_messages([message], _DOMAIN), hash.hash_rows(row, _DOMAIN))

    def test_messages_of_mixed_lengths_keep_their_order(self, hash: Hash) -> None:
        messages = [b"", b"\0", b"\0\0", b"seven..", b"eight...", b"seven..\0", b"x" * 60, b"", b"\xff" * 7]
        digests = hash.hash_messages(messages, _DOMAIN)
        assert digests.shape == (len(messages), hash.digest_words)
        for message, digest in zip(messages, digests, strict=True):
            assert np.array_equal(hash.hash_messages([message], _DOMAIN)[0], digest)
        assert np.array_equal(digests[0], digests[7])
        assert _distinct(np.delete(digests, 7, axis=0))
        assert hash.hash_messages([], _DOMAIN).shape == (0, hash.digest_words)

    def test_messages_of_one_length_may_come_as_an_array(self, hash: Hash) -> None:
        for length in (0, 1, 7, 20):
            messages = (np.arange(5 * length) % 251).astype(np.uint8).reshape(5, length)
            expected = hash.hash_messages([message.tobytes() for message in messages], _DOMAIN)
            assert np.array_equal(hash.hash_equal_messages(messages, _DOMAIN), expected)

    def test_digests_survive_encoding(self, hash: Hash) -> None:
        digests = hash.hash_rows(_random_rows(hash, 5, 3), _DOMAIN)
        data = hash.encode_digests(digests)
        assert len(data) == 5 * DIGEST_BYTES
        assert int.from_bytes(data[: DIGEST_BYTES // hash.digest_words], "little") == int(digests[0, 0])
        decoded = hash.decode_digests(data, 5)
        assert decoded.dtype == np.uint64
        assert np.array_equal(decoded, digests)
        assert hash.decode_digests(b"", 0).shape == (0, hash.digest_words)

    def test_digest_bytes_of_a_wrong_length_are_rejected(self, hash: Hash) -> None:
        data = hash.encode_digests(hash.hash_rows(_random_rows(hash, 2, 3), _DOMAIN))
        for wrong, count in ((data[:-1], 2), (data + b"\0", 2), (data, 1), (data, 3), (b"", 1), (data, 0)):
            with pytest.raises(ProofRejected):
                hash.decode_digests(wrong, count)

    def test_digest_word_at_the_bound_is_rejected(self, hash: Hash) -> None:
        size = DIGEST_BYTES // hash.digest_words
        if hash.word_bound == 1 << 8 * size:
            pytest.skip("every word is a digest word of this hash")
        for position in range(hash.digest_words):
            for word in (hash.word_bound, (1 << 8 * size) - 1):
                words = [0] * hash.digest_words
                words[position] = word
                with pytest.raises(ProofRejected):
                    hash.decode_digests(b"".join(word.to_bytes(size, "little") for word in words), 1)
            words = [0] * hash.digest_words
            words[position] = hash.word_bound - 1
            data = b"".join(word.to_bytes(size, "little") for word in words)
            assert int(hash.decode_digests(data, 1)[0, position]) == hash.word_bound - 1

    def test_transcripts_of_both_engines_draw_the_same(self, make: MakeHash) -> None:
        indices, states = [], []
        for engine in Engine:
            transcript = Transcript(make(engine), "conformance/1")
            transcript.absorb_integers("integers", 1, 2**70)
            transcript.absorb_text("text", "text")
            indices.append(transcript.draw_indices("indices", 20, 1 << 20))
            states.append(transcript.state)
        assert indices[0] == indices[1]
        assert np.array_equal(states[0], states[1])
        assert len(set(indices[0])) == 20
