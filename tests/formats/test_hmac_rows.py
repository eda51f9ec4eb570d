"""HMAC-SHA256 of many messages at once is that of each."""

from __future__ import annotations

import hmac

import numpy as np
import pytest

from polyproof.engine import Engine
from polyproof.errors import PluginError
from polyproof.toolkit import sha256_kernels
from polyproof.toolkit.hmac_rows import hmac_sha256_rows


@pytest.mark.parametrize("engine", Engine)
@pytest.mark.parametrize("length", [0, 1, 54, 55, 56, 63, 64, 65, 200])
@pytest.mark.parametrize("key", [b"", b"k" * 32, b"k" * 64, b"a key longer than a block of SHA-256" * 3])
def test_rows_have_the_hmac_of_each_message(length, key, engine):
    messages = np.random.default_rng(length).integers(0, 256, (19, length), np.uint8)
    found = hmac_sha256_rows(key, messages, engine)
    assert [row.tobytes() for row in found] == [hmac.digest(key, row.tobytes(), "sha256") for row in messages]
    assert hmac_sha256_rows(key, messages[:0], engine).shape == (0, 32)


def test_more_rows_than_a_thread_takes_at_a_time_and_rows_that_are_part_of_wider_ones():
    messages = np.random.default_rng(3).integers(0, 256, (4097, 70), np.uint8)[:, 3:60]
    found = hmac_sha256_rows(b"key", messages, Engine.COMPILED)
    assert [row.tobytes() for row in found] == [hmac.digest(b"key", row.tobytes(), "sha256") for row in messages]


def test_a_compiler_that_errs_makes_no_nonce(monkeypatch):
    def err(rows, padding, initial, digests):
        digests[...] = 7

    monkeypatch.setattr(sha256_kernels, "hash_rows", err)
    with pytest.raises(PluginError, match="compiled SHA-256 disagrees"):
        hmac_sha256_rows(b"key", np.zeros((2, 40), np.uint8), Engine.COMPILED)
