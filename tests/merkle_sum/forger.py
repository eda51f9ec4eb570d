"""A dishonest exchange: builds any tree it likes, node by node, and writes files without a single check.

Sums are Python integers of any sign and size. Each is hashed as the limbs of its two's complement,
and written into files modulo the width of its field: the most a cheat can hope to get through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import frozen

from merkle_sum.segments import DOUBLE, REGISTRY, backend, judged
from polyproof.backend import Claim, Statement
from polyproof.engine import Engine
from polyproof.errors import ProofRejected
from polyproof.hash import Digest, Hash
from polyproof.toolkit.binary import Writer
from polyproof_merkle.construction import (
    account_tags,
    leaf_digests,
    node_digests,
    padding_digests,
    root_digest,
)
from polyproof_merkle.files import INCLUSION_MAGIC, VERSION, Proof
from polyproof_merkle.sums import Sums


@frozen(eq=False)
class Node:
    digest: Digest
    sums: tuple[int, ...]


@frozen(eq=False)
class Account:
    """What goes into a leaf; balances may be anything."""

    user_id: str
    balances: tuple[int, ...]


def nonce_of(row: int) -> bytes:
    return (1000 + row).to_bytes(32, "little")


class Forger:
    """A tree over ``accounts`` (``None`` is padding), a power of two of them.

    ``lies`` replaces the sums that a node states, by (level, index); its digest still hashes what its
    children state.
    """

    def __init__(
        self,
        statement: Statement,
        accounts: Sequence[Account | None],
        lies: Mapping[tuple[int, int], tuple[int, ...]] | None = None,
        hash: str = DOUBLE,
    ) -> None:
        self.statement = statement
        self.hash: Hash = REGISTRY.create("hash", hash, engine=Engine.PORTABLE)
        self.backend = backend(hash)
        self.accounts = list(accounts)
        self.sums = Sums(statement.assets, len(accounts).bit_length() - 1)
        self.lies = dict(lies or {})
        nodes = [self._lie(0, row, self.leaf(row, account)) for row, account in enumerate(accounts)]
        self.levels = [nodes]
        while len(nodes) > 1:
            level = len(self.levels)
            nodes = [
                self._lie(level, index, self.parent(level, *nodes[2 * index : 2 * index + 2]))
                for index in range(len(nodes) // 2)
            ]
            self.levels.append(nodes)

    def _lie(self, level: int, index: int, node: Node) -> Node:
        return Node(node.digest, self.lies.get((level, index), node.sums))

    def leaf(self, row: int, account: Account | None) -> Node:
        audit_id, segment = self.statement.audit_id, self.statement.segment
        if account is None:
            digest = padding_digests(self.hash, audit_id, segment, [nonce_of(row)])[0]
            return Node(digest, (0,) * len(self.statement.assets))
        tags = account_tags(self.hash, audit_id, segment, [account.user_id.encode()], [nonce_of(row)])
        balances = np.array([self.sums.to_limbs(account.balances)], np.uint64)
        return Node(leaf_digests(self.hash, tags, balances)[0], account.balances)

    def parent(self, level: int, left: Node, right: Node) -> Node:
        digests = np.stack((left.digest, right.digest))
        sums = np.array([self.sums.to_limbs(left.sums), self.sums.to_limbs(right.sums)], np.uint64)
        total = tuple(a + b for a, b in zip(left.sums, right.sums, strict=True))
        return Node(node_digests(self.hash, level, digests, sums)[0], total)

    @property
    def top(self) -> Node:
        return self.levels[-1][0]

    def proof(self, totals: Sequence[int] | None = None, depth: int | None = None, top: Digest | None = None) -> bytes:
        """A proof whose root is recomputed to fit whatever it states."""
        totals = tuple(self.top.sums if totals is None else totals)
        depth = self.sums.depth if depth is None else depth
        top = self.top.digest if top is None else top
        limbs = Sums(self.statement.assets, depth).to_limbs(totals)
        root = root_digest(self.hash, self.statement, depth, top, limbs)
        return Proof(depth, top, totals, root).to_bytes(self.hash)

    def path(self, row: int) -> list[Node]:
        return [nodes[(row >> level) ^ 1] for level, nodes in enumerate(self.levels[:-1])]

    def inclusion(
        self, row: int, path: Sequence[Node] | None = None, nonce: bytes | None = None, sums: Sums | None = None
    ) -> bytes:
        writer = Writer(INCLUSION_MAGIC, VERSION)
        writer.integer(row)
        writer.raw(nonce_of(row) if nonce is None else nonce)
        for level, node in enumerate(self.path(row) if path is None else path):
            writer.digests(self.hash, node.digest)
            for value, width in zip(node.sums, (sums or self.sums).byte_widths(level), strict=True):
                writer.raw((value % (1 << 8 * width)).to_bytes(width, "little"))
        return writer.getvalue()

    # What the verifiers say: the name of the check that failed, or None

    def globally(self, proof: bytes | None = None, totals: Sequence[int] | None = None) -> str | None:
        totals = tuple(self.top.sums if totals is None else totals)
        try:
            judged(self.backend).verify(self.statement, totals, self.proof(totals) if proof is None else proof)
        except ProofRejected as error:
            return error.check
        return None

    def user(
        self,
        row: int,
        claim: Claim | None = None,
        inclusion: bytes | None = None,
        proof: bytes | None = None,
        totals: Sequence[int] | None = None,
    ) -> str | None:
        totals = tuple(self.top.sums if totals is None else totals)
        if claim is None:
            account = self.accounts[row]
            assert account is not None
            claim = Claim(account.user_id, account.balances)
        try:
            judged(self.backend).verify_inclusion(
                self.statement,
                totals,
                self.proof(totals) if proof is None else proof,
                claim,
                self.inclusion(row) if inclusion is None else inclusion,
            )
        except ProofRejected as error:
            return error.check
        return None

    def users(self) -> dict[int, str | None]:
        """Every account's verdict by row."""
        return {row: self.user(row) for row, account in enumerate(self.accounts) if account is not None}
