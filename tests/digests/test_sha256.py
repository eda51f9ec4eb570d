"""SHA-256 against its published vectors, a plain-Python reference and ``hashlib``."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digests.batches import GOLDILOCKS_ORDER, messages_of, one_at_every_place
from polyproof.engine import Engine
from polyproof.testing.hash import HashSuite, MakeHash
from polyproof.toolkit.sha256_constants import SHA256_INITIAL, SHA256_ROUND_CONSTANTS
from polyproof_digests.sha256 import Sha256
from references import sha256 as reference

# The first four: NIST, Secure Hash Standard examples (FIPS 180-2, appendix B, and the empty message of CAVP).
# Then NIST's additional examples of 2008, numbers 1 to 9. Last, CAVP's SHA256ShortMsg.rsp at Len = 504 and 512.
VECTORS = [
    (b"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    (b"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ),
    (
        b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
        b"nopqrstu",
        "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    ),
    (b"\xbd", "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"),
    (b"\xc9\x8c\x8e\x55", "7abc22c0ae5af26ce93dbb94433a0e0b2e119d014f8e7f65bd56c61ccccd9504"),
    (bytes(55), "02779466cdec163811d078815c633f21901413081449002f24aa3e80f0b88ef7"),
    (bytes(56), "d4817aa5497628e7c77e6b606107042bbba3130888c5f47a375e6179be789fbb"),
    (bytes(57), "65a16cb7861335d5ace3c60718b5052e44660726da4cd13bb745381b235a1785"),
    (bytes(64), "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"),
    (bytes(1000), "541b3e9daa09b20bf85fa273e5cbd3e80185aa4ec298e765db87742b70138a53"),
    (b"\x41" * 1000, "c2e686823489ced2017f6059b8b239318b6364f6dcd835d0a519105a1eadd6e4"),
    (b"\x55" * 1005, "f4d62ddec0f3dd90ea1380fa16a5ff8dc4c54b21740650f24afc4120903552b0"),
    (
        bytes.fromhex(
            "e2f76e97606a872e317439f1a03fcd92e632e5bd4e7cbc4e97f1afc19a16fde9"
            "2d77cbe546416b51640cddb92af996534dfd81edb17c4424cf1ac4d75aceeb"
        ),
        "18041bd4665083001fba8c5411d2d748e8abbfdcdfd9218cb02b68a78e7d4c23",
    ),
    (
        bytes.fromhex(
            "5a86b737eaea8ee976a0a24da63e7ed7eefad18a101c1211e2b3650c5187c2a8"
            "a650547208251f6d4237e661c7bf4c77f335390394c37fa1a9f9be836ac28509"
        ),
        "42e61e174fbb3897d6dd6cef3dd2802fe67b331953b06114a65c772859dfc1aa",
    ),
]
_IDS = [f"{index}-{len(message)} bytes" for index, (message, _) in enumerate(VECTORS)]


@pytest.fixture(params=list(Engine), ids=lambda engine: engine.value)
def hash(request: pytest.FixtureRequest) -> Sha256:
    return Sha256(request.param)


class TestConformance(HashSuite):
    @pytest.fixture
    def make(self) -> MakeHash:
        return Sha256


def test_constants_are_the_published_ones() -> None:
    # FIPS 180-4, 5.3.3 and 4.2.2: all initial words, the first and last of the round constants.
    assert SHA256_INITIAL[:4] == (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A)
    assert SHA256_INITIAL[4:] == (0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
    assert SHA256_ROUND_CONSTANTS[:4] == (0x428A2F98, 0x71374491, 0xB5C0FBCF, 0xE9B5DBA5)
    assert SHA256_ROUND_CONSTANTS[-4:] == (0x90BEFFFA, 0xA4506CEB, 0xBEF9A3F7, 0xC67178F2)
    assert list(SHA256_ROUND_CONSTANTS) == reference.K
    assert list(SHA256_INITIAL) == reference.INITIAL


@pytest.mark.parametrize(("message", "digest"), VECTORS, ids=_IDS)
def test_published_vectors(hash: Sha256, message: bytes, digest: str) -> None:
    assert hash.digest(messages_of([message]))[0].tobytes().hex() == digest
    assert reference.sha256(message).hex() == digest


@pytest.mark.parametrize("index", [0, 1, 6, 7, 9, 13])
def test_published_vectors_at_every_place_of_a_batch(hash: Sha256, index: int) -> None:
    message, expected = VECTORS[index]
    for batch, place in one_at_every_place(message, count=35):
        assert hash.digest(batch)[place].tobytes().hex() == expected


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 20), length=st.integers(0, 400))
def test_digests_agree_with_hashlib(seed: int, count: int, length: int) -> None:
    messages = np.random.default_rng(seed).integers(0, 256, (count, length), np.uint8)
    expected = [hashlib.sha256(message.tobytes()).digest() for message in messages]
    for engine in Engine:
        assert [digest.tobytes() for digest in Sha256(engine).digest(messages)] == expected


@given(message=st.binary(max_size=300))
def test_digests_agree_with_the_reference(message: bytes) -> None:
    expected = reference.sha256(message)
    for engine in Engine:
        assert Sha256(engine).digest(messages_of([message]))[0].tobytes() == expected


@pytest.mark.parametrize("columns", [0, 1, 6, 7, 8, 9, 15, 16, 88, 129])
@pytest.mark.parametrize("word", [0, 2**64 - 1, GOLDILOCKS_ORDER - 1])
def test_row_is_hashed_after_its_domain_twice_hashed(hash: Sha256, columns: int, word: int) -> None:
    rows = np.full((18, columns), word, np.uint64)
    rows[1:] ^= np.arange(17, dtype=np.uint64)[:, None]
    tag = hashlib.sha256(b"polyproof/1 merkle/leaf").digest()
    messages = [tag + tag + row.astype("<u8").tobytes() for row in rows]
    digests = hash.encode_digests(hash.hash_rows(rows, "merkle/leaf"))
    assert digests == b"".join(hashlib.sha256(message).digest() for message in messages)
    assert digests[:32] == reference.sha256(messages[0])


def test_padded_messages_determine_their_length(hash: Sha256) -> None:
    """A padded message ends in its length, so messages of different lengths are never padded to the same blocks."""
    for length in range(300):
        message = bytes(length)
        padded = message + hash._padding(length, None)
        assert padded == reference.pad(message)
        assert len(padded) % 64 == 0
        assert int.from_bytes(padded[-8:], "big") == 8 * length
        assert hash._padding(length, b"tag") == reference.pad(bytes(64 + length))[64 + length :]
