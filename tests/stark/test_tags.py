"""The tags of all rows are those of each row by itself."""

from __future__ import annotations

import hmac

import numpy as np
import pytest

from polyproof.backend import Statement
from polyproof.engine import Engine
from polyproof.model.accounts import Identifiers
from polyproof.registry import default_registry
from polyproof_stark.tags import account_nonces, account_tag, row_tags

KEY = bytes(range(32))
STATEMENT = Statement("audit-1", b"context of thirty-two bytes long", (), 3, 5)


@pytest.mark.parametrize("engine", Engine)
def test_tags_of_rows_are_those_that_users_compute(engine):
    """Ids of several lengths, on rows in no order."""
    hash = default_registry().create("hash", "blake3", engine)
    ids = ["a", "user-10", "é", "user-11", "x" * 256, "b", "user-1", "ü"]
    rows = np.array([9, 3, 0, 30, 17, 4, 29, 12], np.int64)
    tags = row_tags(hash, STATEMENT, KEY, Identifiers.of(ids), rows, 32)
    for user, row in zip(ids, rows.tolist(), strict=True):
        (nonce,) = account_nonces(KEY, STATEMENT, [row], [user.encode()])
        assert np.array_equal(tags[row], account_tag(hash, STATEMENT, user.encode(), nonce)), user

    context = (7).to_bytes(8, "little") + b"audit-1" + (3).to_bytes(8, "little")
    for row in set(range(32)) - set(rows.tolist()):
        nonce = hmac.digest(KEY, context + row.to_bytes(8, "little") + b"other", "sha256")
        assert np.array_equal(tags[row], hash.hash_messages([context + nonce], "stark/other-row")[0])
    assert len({tag.tobytes() for tag in tags}) == 32
