"""Keccak-256 against its published vectors, a plain-Python reference and pycryptodome."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from Crypto.Hash import keccak
from hypothesis import given
from hypothesis import strategies as st

from digests.batches import GOLDILOCKS_ORDER, messages_of, one_at_every_place
from polyproof.engine import Engine
from polyproof.testing.hash import HashSuite, MakeHash
from polyproof_digests.constants import (
    KECCAK_LANE_SOURCES,
    KECCAK_ROTATIONS,
    KECCAK_ROUND_CONSTANTS,
)
from polyproof_digests.keccak256 import Keccak256
from references import keccak256 as reference

# The empty message and "abc" as Ethereum has them; then the Keccak submission's ShortMsgKAT_256.txt at
# Len = 8, 16, 24, 1080, 1088, 1096 (one byte less than a rate block, a block, one more) and 1600.
VECTORS = [
    (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
    (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    (
        bytes.fromhex("cc"),
        "eead6dbfc7340a56caedc044696a168870549a6a7f6f56961e84a54bd9970b8a",
    ),
    (
        bytes.fromhex("41fb"),
        "a8eaceda4d47b3281a795ad9e1ea2122b407baf9aabcb9e18b5717b7873537d2",
    ),
    (
        bytes.fromhex("1f877c"),
        "627d7bc1491b2ab127282827b8de2d276b13d7d70fb4c5957fdf20655bc7ac30",
    ),
    (
        bytes.fromhex(
            "b771d5cef5d1a41a93d15643d7181d2a2ef0a8e84d91812f20ed21f147bef732bf3a60ef4067c3734b85bc8cd471780f"
            "10dc9e8291b58339a677b960218f71e793f2797aea349406512829065d37bb55ea796fa4f56fd8896b49b2cd19b43215"
            "ad967c712b24e5032d065232e02c127409d2ed4146b9d75d763d52db98d949d3b0fed6a8052fbb"
        ),
        "bd6f5492582a7c1b116304de28314df9fffe95b0da11af52fe9440a717a34859",
    ),
    (
        bytes.fromhex(
            "b32d95b0b9aad2a8816de6d06d1f86008505bd8c14124f6e9a163b5a2ade55f835d0ec3880ef50700d3b25e42cc0af05"
            "0ccd1be5e555b23087e04d7bf9813622780c7313a1954f8740b6ee2d3f71f768dd417f520482bd3a08d4f222b4ee9dbd"
            "015447b33507dd50f3ab4247c5de9a8abd62a8decea01e3b87c8b927f5b08beb37674c6f8e380c04"
        ),
        "e717a7769448abbe5fef8187954a88ac56ded1d22e63940ab80d029585a21921",
    ),
    (
        bytes.fromhex(
            "04410e31082a47584b406f051398a6abe74e4da59bb6f85e6b49e8a1f7f2ca00dfba5462c2cd2bfde8b64fb21d70c083"
            "f11318b56a52d03b81cac5eec29eb31bd0078b6156786da3d6d8c33098c5c47bb67ac64db14165af65b44544d806dde5"
            "f487d5373c7f9792c299e9686b7e5821e7c8e2458315b996b5677d926dac57b3f22da873c601016a0d"
        ),
        "a95d50b50b4545f0947441df74a1e9d74622eb3baa49c1bbfc3a0cce6619c1aa",
    ),
    (
        bytes.fromhex(
            "8c3798e51bc68482d7337d3abb75dc9ffe860714a9ad73551e120059860dde24ab87327222b64cf774415a70f724cdf2"
            "70de3fe47dda07b61c9ef2a3551f45a5584860248fabde676e1cd75f6355aa3eaeabe3b51dc813d9fb2eaa4f0f1d9f83"
            "4d7cad9c7c695ae84b329385bc0bef895b9f1edf44a03d4b410cc23a79a6b62e4f346a5e8dd851c2857995ddbf5b2d71"
            "7aeb847310e1f6a46ac3d26a7f9b44985af656d2b7c9406e8a9e8f47dcb4ef6b83caacf9aefb6118bfcff7e44bef6937"
            "ebddc89186839b77"
        ),
        "e83ea21f5bc0976953af86069a10eb6024a1ac59d609688e4a9759bb8b6c9441",
    ),
]
_IDS = [f"{len(message)} bytes" for message, _ in VECTORS]


@pytest.fixture(params=list(Engine), ids=lambda engine: engine.value)
def hash(request: pytest.FixtureRequest) -> Keccak256:
    return Keccak256(request.param)


class TestConformance(HashSuite):
    @pytest.fixture
    def make(self) -> MakeHash:
        return Keccak256


def _pycryptodome(message: bytes) -> bytes:
    return keccak.new(digest_bits=256, data=message).digest()


def test_constants_are_the_published_ones() -> None:
    # Keccak reference 3.0, tables 1.1 and 1.2 (FIPS 202, table 2): some round constants, the offsets of plane y = 0.
    assert KECCAK_ROUND_CONSTANTS[:3] == (0x1, 0x8082, 0x800000000000808A)
    assert KECCAK_ROUND_CONSTANTS[-2:] == (0x80000001, 0x8000000080008008)
    assert list(KECCAK_ROUND_CONSTANTS) == reference.ROUND_CONSTANTS
    assert KECCAK_ROTATIONS[:5] == (0, 1, 62, 28, 27)
    assert sorted(KECCAK_LANE_SOURCES) == list(range(25))


@pytest.mark.parametrize(("message", "digest"), VECTORS, ids=_IDS)
def test_published_vectors(hash: Keccak256, message: bytes, digest: str) -> None:
    assert hash.digest(messages_of([message]))[0].tobytes().hex() == digest
    assert reference.keccak256(message).hex() == digest


@pytest.mark.parametrize(("message", "expected"), VECTORS, ids=_IDS)
def test_published_vectors_at_every_place_of_a_batch(hash: Keccak256, message: bytes, expected: str) -> None:
    for batch, place in one_at_every_place(message, count=19):
        assert hash.digest(batch)[place].tobytes().hex() == expected


def test_padding_is_not_that_of_sha3(hash: Keccak256) -> None:
    assert hash.digest(messages_of([b"abc"]))[0].tobytes() != hashlib.sha3_256(b"abc").digest()


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 20), length=st.integers(0, 600))
def test_digests_agree_with_pycryptodome(seed: int, count: int, length: int) -> None:
    messages = np.random.default_rng(seed).integers(0, 256, (count, length), np.uint8)
    expected = [_pycryptodome(message.tobytes()) for message in messages]
    for engine in Engine:
        assert [digest.tobytes() for digest in Keccak256(engine).digest(messages)] == expected


@given(message=st.binary(max_size=300))
def test_digests_agree_with_the_reference(message: bytes) -> None:
    expected = reference.keccak256(message)
    for engine in Engine:
        for count in (1, 5):  # one integer a state, numpy
            batch = messages_of([message] * count)
            assert all(digest.tobytes() == expected for digest in Keccak256(engine).digest(batch))


@pytest.mark.parametrize("columns", [0, 1, 15, 16, 17, 18, 33, 34, 35, 88, 129])
@pytest.mark.parametrize("word", [0, 2**64 - 1, GOLDILOCKS_ORDER - 1])
def test_row_is_hashed_after_a_block_of_its_domain(hash: Keccak256, columns: int, word: int) -> None:
    rows = np.full((18, columns), word, np.uint64)
    rows[1:] ^= np.arange(17, dtype=np.uint64)[:, None]
    tag = b"polyproof/1 merkle/leaf"
    block = (bytes([len(tag)]) + tag).ljust(136, b"\0")
    messages = [block + row.astype("<u8").tobytes() for row in rows]
    digests = hash.encode_digests(hash.hash_rows(rows, "merkle/leaf"))
    assert digests == b"".join(_pycryptodome(message) for message in messages)
    assert hash.encode_digests(hash.hash_rows(rows[:1], "merkle/leaf")) == digests[:32]
    assert digests[:32] == reference.keccak256(messages[0])


@given(message=st.binary(max_size=140), tail=st.integers(0, 136))
def test_padded_messages_determine_the_message(message: bytes, tail: int) -> None:
    """10*1 can be taken off again, even from a message that ends in what looks like padding."""
    for pretender in (message, message + b"\x01" + bytes(tail), message + b"\x01" + bytes(tail) + b"\x80"):
        padded = pretender + Keccak256()._padding(len(pretender), None)
        assert padded == reference.pad(pretender)
        assert len(padded) % 136 == 0
        bits = int.from_bytes(padded, "little")
        without_last = bits ^ 1 << bits.bit_length() - 1
        assert bits.bit_length() == 8 * len(padded)
        assert without_last.bit_length() - 1 == 8 * len(pretender)
