"""Segments for the tests: one call proves accounts and keeps all that a verifier or a cheat needs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from polyproof.backend import Claim, InclusionVerdict, SegmentProof, Statement, Verdict
from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.formats.files import make_private_directory
from polyproof.hash import Hash
from polyproof.liabilities.acceptance import Judge
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.settings.bundled import bundled_policies
from polyproof.settings.policy import Policy, load_policy
from polyproof_merkle.sum_tree import MerkleSumTree, MerkleSumTreeOptions
from references import hashlib_hash, merkle_sum_tree

HASHES = ["blake3", "keccak256", "poseidon", "poseidon2", "rescue-prime-optimized", "sha256"]
DOUBLE = "hashlib-blake2s"

KEY = bytes(range(32))
ASSETS = (Asset("BTC", 8), Asset("ETH", 18, 128), Asset("USDT", 6, 40))


def make_registry() -> Registry:
    registry = Registry()
    registry.discover()
    registry.register(hashlib_hash, "hashlib-double", "0", "tests")
    return registry


REGISTRY = make_registry()
POLICY = evolve(load_policy(bundled_policies()["merkle-sum"]), hashes=None)
"""The policy that comes with polyproof for sum trees, and the double's hash with it."""


def backend(hash: str = DOUBLE, **options: Any) -> MerkleSumTree:
    return MerkleSumTree(MerkleSumTreeOptions(hash=hash, **options), REGISTRY)


def judged(backend: MerkleSumTree, policy: Policy | None = None) -> Judge:
    """The backend as core asks it."""
    return Judge(backend, backend.options, policy or POLICY)


def statement_of(assets: Sequence[Asset] = ASSETS, **changes: Any) -> Statement:
    return evolve(Statement("audit-2025-01", bytes(range(100, 132)), tuple(assets), 0, 1), **changes)


@frozen
class Segment:
    """A proven segment."""

    backend: MerkleSumTree
    statement: Statement
    rows: tuple[tuple[str, tuple[int, ...]], ...]
    proven: SegmentProof
    state: Path
    policy: Policy = POLICY

    @property
    def balances(self) -> dict[str, tuple[int, ...]]:
        return dict(self.rows)

    def cut(self, user_id: str) -> bytes:
        inclusion = self.backend.open_inclusion(self.statement, self.proven.proof, self.state, user_id)
        assert inclusion is not None
        return inclusion

    def verify(self, **changes: Any) -> Verdict:
        given = {
            "statement": self.statement,
            "totals": self.proven.totals,
            "proof": self.proven.proof,
        }
        return judged(self.backend, changes.pop("policy", self.policy)).verify(**{**given, **changes})

    def verify_inclusion(self, user_id: str, inclusion: bytes | None = None, **changes: Any) -> InclusionVerdict:
        balances = changes.pop("balances", None)
        given = {
            "statement": self.statement,
            "totals": self.proven.totals,
            "proof": self.proven.proof,
            "claim": Claim(changes.pop("claimed_id", user_id), balances or self.balances[user_id]),
            "inclusion": self.cut(user_id) if inclusion is None else inclusion,
        }
        return judged(self.backend, changes.pop("policy", self.policy)).verify_inclusion(**{**given, **changes})

    def accepts_inclusion(self, user_id: str, inclusion: bytes | None = None, **changes: Any) -> bool:
        try:
            self.verify_inclusion(user_id, inclusion, **changes)
        except ProofRejected:
            return False
        return True


def prove(
    directory: Path,
    rows: Sequence[tuple[str, Sequence[int]]],
    assets: Sequence[Asset] = ASSETS,
    *,
    backend: MerkleSumTree,
    key: bytes = KEY,
    **changes: Any,
) -> Segment:
    statement = statement_of(assets, **changes)
    make_private_directory(directory)
    accounts = Accounts.of(assets, rows)
    proven = backend.prove(statement, accounts, key, directory, Progress())
    return Segment(backend, statement, tuple((user, tuple(held)) for user, held in rows), proven, directory)


def some_rows(count: int, assets: Sequence[Asset] = ASSETS) -> list[tuple[str, tuple[int, ...]]]:
    """Accounts with balances of all sizes, the greatest and zero among them."""
    rows = []
    for k in range(count):
        held = tuple(
            ((1 << asset.bits) - 1 if k % 5 == 3 else pow(3, 7 * k + a, 1 << asset.bits) if k % 5 else 0)
            for a, asset in enumerate(assets)
        )
        rows.append((f"user-{k}", held))
    return rows


def reference(segment: Segment) -> merkle_sum_tree.Segment:
    """The independent verifier for a segment, over the same hash one row at a time."""
    options, statement = segment.backend.options, segment.statement
    portable: Hash = REGISTRY.create("hash", options.hash, engine=Engine.PORTABLE)
    return merkle_sum_tree.Segment(
        hash_words_of(portable),
        options.hash,
        portable.word_bound,
        statement.context,
        statement.audit_id,
        statement.segment,
        statement.segments,
        [(asset.symbol, asset.decimals, asset.bits) for asset in statement.assets],
        options.accounts_per_segment,
        options.min_depth,
    )


def hash_words_of(portable: Hash) -> merkle_sum_tree.HashWords:
    if portable.name == DOUBLE:

        def by_hashlib(domain: str, words: list[int]) -> tuple[int, int, int, int]:
            digest = hashlib_hash.digest_of_words(words, domain)
            return tuple(int.from_bytes(digest[k : k + 8], "little") for k in (0, 8, 16, 24))  # type: ignore[return-value]

        return by_hashlib

    import numpy as np

    def by_rows(domain: str, words: list[int]) -> tuple[int, int, int, int]:
        return tuple(int(word) for word in portable.hash_rows(np.array([words], np.uint64), domain)[0])  # type: ignore[return-value]

    return by_rows
