"""The transcript against section 7 of the protocol page, in plain Python over a hash that is not a plugin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from polyproof.transcript import Transcript
from polyproof_goldilocks.field import Goldilocks
from references.hashlib_hash import HashlibHash, digest_of_words

P = 2**64 - 2**32 + 1


class Page:
    """What the page says of state, messages and draws."""

    def __init__(self) -> None:
        self.state = [0, 0, 0, 0]

    def _hash(self, words: Sequence[int], domain: str) -> list[int]:
        digest = digest_of_words([*self.state, *words], domain)
        return [int.from_bytes(digest[8 * k : 8 * k + 8], "little") for k in range(4)]

    def absorb(self, kind: int, words: Sequence[int]) -> None:
        self.state = self._hash([kind, len(words), *words], "transcript/absorb")

    def text(self, data: bytes) -> None:
        self.absorb(1, [int(word) for word in HashlibHash().hash_messages([data], "transcript/text")[0]])

    def integers(self, *values: int) -> None:
        words: list[int] = []
        for value in values:
            count = max((value.bit_length() + 31) // 32, 1)
            words += [count, *((value >> 32 * k) % 2**32 for k in range(count))]
        self.absorb(2, words)

    def elements(self, values: Sequence[int]) -> None:
        self.absorb(3, [half for value in values for half in (value % 2**32, value // 2**32)])

    def nonce(self, nonce: int) -> None:
        self.absorb(5, [nonce % 2**32, nonce // 2**32])

    def _words(self) -> Iterator[int]:
        counter = 0
        while True:
            yield from self._hash([counter], "transcript/draw")
            counter += 1

    def draw(self, count: int, bound: int) -> list[int]:
        most = 2**64 - 2**64 % bound
        words = self._words()
        drawn = [word % bound for word in words_below(words, most, count)]
        self.integers(count, bound)
        return drawn

    def ground(self, nonce: int, bits: int) -> bool:
        return self._hash([nonce], "transcript/grind")[0] % 2**bits == 0


def words_below(words: Iterator[int], most: int, count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        found += [word for word in [next(words)] if word < most]
    return found


@pytest.fixture
def pair() -> tuple[Transcript, Page]:
    """A transcript and what the page says, after the same label."""
    page = Page()
    page.text(b"test/1")
    return Transcript(HashlibHash(), "test/1"), page


def state(transcript: Transcript) -> list[int]:
    return [int(word) for word in transcript.state]


def test_the_first_message_is_the_label(pair: tuple[Transcript, Page]) -> None:
    transcript, page = pair
    assert state(transcript) == page.state
    assert state(Transcript(HashlibHash(), "test/2")) != page.state


def test_the_state_that_is_given_away_is_a_copy(pair: tuple[Transcript, Page]) -> None:
    transcript, page = pair
    transcript.state[0] = 0
    assert state(transcript) == page.state


@pytest.mark.parametrize("text", ["", "a", "müll", b"\x00", b"\xff" * 100])
def test_texts_are_absorbed_as_the_page_says(pair: tuple[Transcript, Page], text: str | bytes) -> None:
    transcript, page = pair
    transcript.absorb_text("name", text)
    page.text(text.encode() if isinstance(text, str) else text)
    assert state(transcript) == page.state


@pytest.mark.parametrize("values", [(), (0,), (1,), (2**32 - 1,), (2**32,), (2**64,), (5, 0, 2**200 + 7), (0, 0)])
def test_integers_are_absorbed_as_the_page_says(pair: tuple[Transcript, Page], values: tuple[int, ...]) -> None:
    transcript, page = pair
    transcript.absorb_integers("name", *values)
    page.integers(*values)
    assert state(transcript) == page.state


def test_a_negative_integer_is_refused(pair: tuple[Transcript, Page]) -> None:
    with pytest.raises(ValueError, match="only non-negative integers, and 'name' has -1"):
        pair[0].absorb_integers("name", 0, -1)


@pytest.mark.parametrize("values", [[], [0], [P - 1], [1, 2**32, 2**63, 5]])
def test_elements_and_digests_are_absorbed_as_the_page_says(pair: tuple[Transcript, Page], values: list[int]) -> None:
    transcript, page = pair
    transcript.absorb_elements("name", np.array(values, np.uint64), below=P)
    page.elements(values)
    assert state(transcript) == page.state
    transcript.absorb_digests("name", np.array([[1, 2, 3, 4], [5, 6, 7, 2**64 - 1]], np.uint64))
    page.absorb(4, [1, 2, 3, 4, 5, 6, 7, 2**64 - 1])
    assert state(transcript) == page.state


@pytest.mark.parametrize("nonce", [0, 1, 2**32 - 1, 2**32, 2**48 - 1])
def test_the_nonce_is_absorbed_as_the_page_says(pair: tuple[Transcript, Page], nonce: int) -> None:
    transcript, page = pair
    transcript.absorb_nonce(nonce)
    page.nonce(nonce)
    assert state(transcript) == page.state


@pytest.mark.parametrize("bound", [1, 2, 3, 100, P, 2**63 + 1, 2**64 - 1, 2**64])
def test_draws_are_the_pages_and_so_is_the_state_after_them(pair: tuple[Transcript, Page], bound: int) -> None:
    """Above 2^63 about every other word is beyond the last multiple of the bound, and is not taken."""
    transcript, page = pair
    assert transcript.draw_integers("name", 40, bound) == page.draw(40, bound)
    assert state(transcript) == page.state
    assert transcript.draw_integers("name", 0, bound) == page.draw(0, bound) == []
    assert state(transcript) == page.state


@pytest.mark.parametrize("bound", [-1, 0])
def test_a_bound_that_no_integer_is_below_is_refused(pair: tuple[Transcript, Page], bound: int) -> None:
    with pytest.raises(ValueError, match=f"'name': there is no integer from 0 on below {bound}"):
        pair[0].draw_integers("name", 1, bound)


class Counting(HashlibHash):
    """Its words are 0, 1, … 31, 0, …, so that what is rare with words of 64 bits happens at once."""

    word_bound = 32

    @classmethod
    def message_bytes(cls) -> int:
        return 7  # which these words have no room for, and nobody looks at them

    def hash_rows(self, rows: np.ndarray, domain: str) -> np.ndarray:
        return (np.arange(4, dtype=np.uint64) + np.uint64(4) * rows[:, -1:]) % np.uint64(32)


def test_a_word_beyond_the_last_multiple_of_the_bound_is_never_taken() -> None:
    """Were 30 and 31 taken as 0 and 1, those would be drawn more often than the others."""
    transcript = Transcript(Counting(), "x")
    assert transcript.draw_integers("name", 60, 10) == [*range(10)] * 6
    assert transcript.draw_integers("name", 32, 32) == [*range(32)]


def test_integers_beyond_a_word_are_drawn_without_bias() -> None:
    """All 1,024 pairs of words come once: taken modulo 300, the last 124 of them would favour what is below 124."""

    class Pairs(Counting):
        def hash_rows(self, rows: np.ndarray, domain: str) -> np.ndarray:
            first = 2 * rows[:, -1:] + np.array([[0, 0, 1, 1]], np.uint64)
            return np.where(np.arange(4) % 2 == 0, first % np.uint64(32), first // np.uint64(32)).astype(np.uint64)

    transcript = Transcript(Pairs(), "x")
    assert transcript.draw_integers("name", 900, 300) == [*range(300)] * 3
    assert transcript.draw_integers("name", 1024, 1024) == [*range(1024)]


def test_integers_of_256_bits_are_made_of_words_lowest_first(pair: tuple[Transcript, Page]) -> None:
    transcript, page = pair
    bound = 2**254 - 5
    space = 2**256
    words = page.draw(80, 2**64)
    values = [sum(word << 64 * k for k, word in enumerate(words[at : at + 4])) for at in range(0, 80, 4)]
    kept = [value % bound for value in values if value < space - space % bound]
    assert transcript.draw_integers("name", 5, bound) == kept[:5]


def test_an_element_of_the_base_field_is_drawn_again_as_a_whole(pair: tuple[Transcript, Page]) -> None:
    """Here one whose last coefficient is odd stands for one of the base field, of which there are too few to meet."""
    transcript, page = pair
    extension: Any = SimpleNamespace(field=Goldilocks(), degree=3, in_base=lambda element: int(element[-1]) % 2 == 1)
    for _ in range(5):
        expected = page.draw(3, P)
        while expected[-1] % 2:
            expected = page.draw(3, P)
        assert transcript.draw_extension("name", extension).tolist() == expected
        assert state(transcript) == page.state


def test_indices_are_the_first_distinct_ones_in_the_order_drawn(pair: tuple[Transcript, Page]) -> None:
    transcript, page = pair
    for count, bound in ((3, 100), (9, 10), (10, 10), (1, 1), (0, 5)):
        expected: dict[int, None] = {}
        while len(expected) < count:
            expected |= dict.fromkeys(one for one in page.draw(count - len(expected), bound) if one not in expected)
        assert transcript.draw_indices("name", count, bound) == list(expected)
        assert state(transcript) == page.state


def test_more_distinct_indices_than_there_are_are_refused(pair: tuple[Transcript, Page]) -> None:
    with pytest.raises(ValueError, match="no 11 distinct integers below 10"):
        pair[0].draw_indices("name", 11, 10)


@pytest.mark.parametrize("bits", [0, 1, 5, 13])
def test_the_nonce_that_is_found_is_the_least_that_passes_and_is_absorbed(
    pair: tuple[Transcript, Page], bits: int
) -> None:
    transcript, page = pair
    least = next(nonce for nonce in range(2**18) if page.ground(nonce, bits))
    for nonce in (*range(30), least, least + 1):
        assert transcript.check_grinding(nonce, bits) is page.ground(nonce, bits)
    assert state(transcript) == page.state
    assert transcript.grind(bits) == least
    page.nonce(least)
    assert state(transcript) == page.state


def test_a_nonce_beyond_48_bits_is_refused_before_it_is_hashed(pair: tuple[Transcript, Page]) -> None:
    assert pair[0].check_grinding(2**48 - 1, 0)
    assert not pair[0].check_grinding(2**48, 0)
    assert not pair[0].check_grinding(-1, 0)
