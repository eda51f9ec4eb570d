"""The STARK passes the suite that every backend passes."""

from __future__ import annotations

from collections.abc import Iterator

from polyproof.testing.backend import BackendSuite
from polyproof.testing.exchange import OneSegment
from polyproof.toolkit.private_state import AccountIndex
from polyproof_stark.options import StarkOptions
from polyproof_stark.tags import account_nonces


class TestStark(BackendSuite):
    backend_name = "stark"
    options = StarkOptions(hash="blake3", queries=12, grinding=2, limb_bits=8, segment_rows=1024)

    def secrets(self, segment: OneSegment, key: bytes) -> Iterator[bytes]:
        index = AccountIndex(segment.state)
        yield from account_nonces(key, segment.statement, index.rows.tolist(), index.ids.iterate_encoded())
