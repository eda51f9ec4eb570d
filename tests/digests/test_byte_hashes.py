"""What holds for BLAKE3, SHA-256 and Keccak-256 alike, beyond the conformance suite."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from polyproof.engine import Engine
from polyproof.registry import default_registry
from polyproof_digests.blake3 import Blake3
from polyproof_digests.byte_hash import ByteHash
from polyproof_digests.keccak256 import Keccak256
from polyproof_digests.sha256 import Sha256

HASHES = [Blake3, Sha256, Keccak256]


@pytest.fixture(params=HASHES, ids=lambda made: made.name)
def make(request: pytest.FixtureRequest) -> type[ByteHash]:
    return request.param


@pytest.fixture(params=list(Engine), ids=lambda engine: engine.value)
def hash(make: type[ByteHash], request: pytest.FixtureRequest) -> ByteHash:
    return make(request.param)


def test_registry_knows_the_hash_by_its_name(make: type[ByteHash]) -> None:
    hash = default_registry().create("hash", make.name, engine=Engine.PORTABLE)
    assert isinstance(hash, make)
    assert hash.word_bound == 2**64
    assert hash.collision_bits == 128


@given(
    rows=arrays.arrays(np.uint64, st.tuples(st.integers(0, 40), st.integers(0, 150))),
    domain=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=21),
)
def test_engines_agree_on_any_rows_and_domain(rows: np.ndarray, domain: str) -> None:
    for make in HASHES:
        portable, compiled = make(Engine.PORTABLE), make(Engine.COMPILED)
        digests = portable.hash_rows(rows, domain)
        assert np.array_equal(digests, compiled.hash_rows(rows, domain))
        # One by one: plain Python instead of numpy, other lanes of a vector.
        for row, digest in zip(rows[:2], digests[:2], strict=True):
            assert np.array_equal(portable.hash_rows(row[None, :], domain)[0], digest)


def test_rows_of_several_chunks_agree(make: type[ByteHash]) -> None:
    for columns in (128, 129, 256, 257, 384, 385, 513, 700):
        rows = np.random.default_rng(columns).integers(0, 2**64 - 1, (19, columns), np.uint64, endpoint=True)
        expected = make(Engine.PORTABLE).hash_rows(rows, "node")
        assert np.array_equal(make(Engine.COMPILED).hash_rows(rows, "node"), expected)


@pytest.mark.parametrize("threads", ["1", "3"])
def test_blocks_of_a_large_batch_meet(make: type[ByteHash], threads: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than one block for one thread has, and not a multiple of it."""
    monkeypatch.setenv("POLYPROOF_THREADS", threads)
    layer = np.random.default_rng(1).integers(0, 2**64 - 1, (2 * 40_003, 4), np.uint64, endpoint=True)
    rows = layer.reshape(-1, 8)
    hash = make(Engine.COMPILED)
    digests = hash.hash_rows(rows, "node")
    assert np.array_equal(hash.compress(layer[0::2], layer[1::2], "node"), digests)
    assert np.array_equal(hash.compress(rows[:, :4].copy(), rows[:, 4:].copy(), "node"), digests)
    some = np.r_[0:20, 16_380:16_400, 32_760:32_780, 39_990:40_003]
    assert np.array_equal(make(Engine.PORTABLE).hash_rows(rows[some], "node"), digests[some])


def test_batches_of_the_portable_engine_meet(make: type[ByteHash]) -> None:
    rows = np.arange(5000, dtype=np.uint64).reshape(5000, 1)
    assert np.array_equal(make().hash_rows(rows, "x"), make(Engine.COMPILED).hash_rows(rows, "x"))


def test_compress_reads_only_what_it_is_given(hash: ByteHash) -> None:
    """Pairs that lie like the children in a Merkle tree, and pairs that nearly do."""
    layer = np.random.default_rng(2).integers(0, 2**64 - 1, (40, 4), np.uint64, endpoint=True)
    pairs = [
        (layer[0::2], layer[1::2]),
        (layer[1::2], layer[0::2]),
        (layer[0:-2:2], layer[3::2]),
        (layer[1:-1:2], layer[2::2]),
        (layer[0::2][::-1], layer[1::2][::-1]),
        (layer[0::2], layer[0::2]),
        (layer[:20], layer[20:]),
        (layer[0::2, ::-1], layer[1::2, ::-1]),
        (layer[0:1], layer[1:2]),
        (layer[0:0], layer[1:1]),
    ]
    for left, right in pairs:
        rows = np.concatenate((left, right), axis=1)
        assert np.array_equal(hash.compress(left, right, "node"), hash.hash_rows(rows, "node"))


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((2, 3), np.int64),
        np.zeros((2, 3), np.float64),
        np.zeros((2, 3), np.uint32),
        np.zeros((2, 3), ">u8"),
        np.zeros(3, np.uint64),
        np.zeros((1, 2, 3), np.uint64),
    ],
    ids=["signed", "float", "32 bits", "big-endian", "one row alone", "three dimensions"],
)
def test_rows_that_are_not_words_are_an_error(hash: ByteHash, rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"rows must be \(n, columns\) of uint64"):
        hash.hash_rows(rows, "x")


def test_digests_that_are_not_four_words_are_an_error(hash: ByteHash) -> None:
    digests = np.zeros((3, 4), np.uint64)
    with pytest.raises(ValueError, match=r"left must be \(n, 4\)"):
        hash.compress(digests[:, :3], digests, "x")
    with pytest.raises(ValueError, match=r"right must be \(n, 4\)"):
        hash.compress(digests, digests[0], "x")
    with pytest.raises(ValueError, match="got 3 and 2"):
        hash.compress(digests, digests[:2], "x")


def test_messages_that_are_not_bytes_are_an_error(hash: ByteHash) -> None:
    for messages in (np.zeros((1, 8), np.uint64), np.zeros(8, np.uint8)):
        with pytest.raises(ValueError, match="messages must be"):
            hash.digest(messages)


def test_no_messages_have_no_digests(hash: ByteHash) -> None:
    assert hash.digest(np.zeros((0, 5), np.uint8)).shape == (0, 32)


def test_domain_is_not_the_plain_function(hash: ByteHash) -> None:
    rows = np.arange(12, dtype=np.uint64).reshape(1, 12)
    assert hash.encode_digests(hash.hash_rows(rows, "x")) != hash.digest(rows.view(np.uint8)).tobytes()


def test_portable_engine_imports_no_compiler() -> None:
    program = """
import sys
import numpy as np
from polyproof.registry import default_registry
from polyproof.engine import Engine
from polyproof.transcript import Transcript

for name in ("blake3", "sha256", "keccak256"):
    hash = default_registry().create("hash", name, engine=Engine.PORTABLE)
    for count in (0, 1, 40):
        rows = np.arange(count * 9, dtype=np.uint64).reshape(count, 9)
        hash.hash_rows(rows, "leaf")
        hash.compress(rows[:, :4], rows[:, 4:8], "node")
        hash.digest(rows.view(np.uint8))
    Transcript(hash, "test/1").draw_indices("indices", 3, 100)
found = sorted(name for name in sys.modules if name.split(".")[0] in ("numba", "llvmlite"))
sys.exit(f"imported {found[:3]}" if found else 0)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
