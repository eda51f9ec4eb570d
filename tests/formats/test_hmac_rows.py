"""HMAC-SHA256 of many messages at once is that of each."""

from __future__ import annotations

import hmac

import numpy as np
import pytest

from polyproof.toolkit.hmac_rows import hmac_sha256_rows


@pytest.mark.parametrize("length", [0, 1, 54, 55, 56, 63, 64, 65, 200])
@pytest.mark.parametrize("key", [b"", b"k" * 32, b"k" * 64, b"a key longer than a block of SHA-256" * 3])
def test_rows_have_the_hmac_of_each_message(length, key):
    messages = np.random.default_rng(length).integers(0, 256, (9, length), np.uint8)
    found = hmac_sha256_rows(key, messages)
    assert [row.tobytes() for row in found] == [hmac.digest(key, row.tobytes(), "sha256") for row in messages]
    assert hmac_sha256_rows(key, messages[:0]).shape == (0, 32)
