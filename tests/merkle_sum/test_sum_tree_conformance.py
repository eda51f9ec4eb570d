"""The Merkle sum tree passes the suite that every backend passes."""

from __future__ import annotations

from collections.abc import Iterator

from polyproof.testing.backend import BackendSuite
from polyproof.testing.exchange import OneSegment
from polyproof.toolkit.private_state import AccountIndex
from polyproof_merkle.construction import Nonces
from polyproof_merkle.sum_tree import MerkleSumTreeOptions


class TestMerkleSumTree(BackendSuite):
    backend_name = "merkle-sum"
    options = MerkleSumTreeOptions(hash="sha256", accounts_per_segment=12, min_depth=5)

    def secrets(self, segment: OneSegment, key: bytes) -> Iterator[bytes]:
        index, nonces = AccountIndex(segment.state), Nonces.derive(key, segment.statement)
        yield nonces.segment_key
        yield from nonces.of_accounts(map(int, index.rows), index.ids.iterate_encoded())
        yield from nonces.of_padding(range(32))
