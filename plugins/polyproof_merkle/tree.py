"""Building a Merkle sum tree, keeping it on disk, cutting inclusion files from it.

A leaf's nonce, tag and balances can be computed again from the key and the accounts, and sums from the
balances by addition; digests cost hashing. So the state keeps the accounts in the order of their
rows, the digests of all nodes, and the sums of the nodes from level 7 up. Cutting a file hashes
nothing: it adds up the balances of the 2^7 rows around the account and reads the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
from attrs import frozen

from polyproof.backend import Statement
from polyproof.errors import ArtifactError
from polyproof.formats.files import write_private
from polyproof.hash import DIGEST_BYTES, Hash, Words
from polyproof.model.accounts import Accounts, Identifiers
from polyproof.progress import Progress
from polyproof.toolkit.binary import Writer
from polyproof.toolkit.private_state import AccountIndex, load_array, read_private, save_array
from polyproof_merkle.construction import (
    NONCE_BYTES,
    Nonces,
    account_tags,
    leaf_digests,
    node_digests,
    padding_digests,
)
from polyproof_merkle.files import HEADER_BYTES, INCLUSION_MAGIC, VERSION, inclusion_bytes
from polyproof_merkle.sums import Sums

__all__ = ["SumTree", "TreeState", "build", "depth_for", "place"]

_KEPT_LEVEL = 7
"""Sums of this level and above are kept."""
_BLOCK_LEVEL = 14
"""A build works on 2^14 leaves at a time."""
_BULK_LEVEL = 11
"""Cutting all files works on 2^11 rows at a time."""


@frozen(eq=False)
class SumTree:
    """A tree without its lower sums, in heap order: node 1 is the top, the children of node k are 2k and 2k + 1."""

    digests: Words
    """``(2N, digest_words)``."""
    upper: Words
    """``(2N / 2^kept, width)``, kept = min(7, depth): the sums of the nodes from level ``kept`` up."""


def depth_for(accounts: int, min_depth: int) -> int:
    """The depth of a tree for this many accounts: the least that holds them, and at least ``min_depth``."""
    return max(min_depth, (max(accounts, 1) - 1).bit_length())


def place(accounts: Accounts, nonces: Nonces, depth: int) -> tuple[Accounts, npt.NDArray[np.int64]]:
    """Give every account a secret random row: the accounts in the order of their rows, and the rows, ascending."""
    rows = nonces.permutation(1 << depth)[: len(accounts)]
    order = np.argsort(rows)
    return accounts.take(order), rows[order]


def build(
    hash: Hash,
    statement: Statement,
    sums: Sums,
    accounts: Accounts,
    rows: npt.NDArray[np.int64],
    nonces: Nonces,
    progress: Progress,
) -> SumTree:
    """The tree over accounts at ascending ``rows``; the other rows are padding."""
    depth, size = sums.depth, 1 << sums.depth
    kept, block_level = min(_KEPT_LEVEL, depth), min(_BLOCK_LEVEL, depth)
    digests = np.zeros((2 * size, hash.digest_words), np.uint64)
    upper = np.zeros((2 * size >> kept, sums.width), np.uint64)
    with progress.task("hash accounts", size) as task:
        for first in range(0, size, 1 << block_level):
            start, stop = np.searchsorted(rows, (first, first + (1 << block_level)))
            level_digests, level_sums = _leaves(
                hash,
                statement,
                sums,
                _slice(accounts, start, stop),
                rows[start:stop] - first,
                first,
                block_level,
                nonces,
            )
            for level in range(block_level + 1):
                if level:
                    level_digests = node_digests(hash, level, level_digests, level_sums)
                    level_sums = sums.add_pairs(level_sums)
                node = (size + first) >> level
                digests[node : node + len(level_digests)] = level_digests
                if level >= kept:
                    upper[node : node + len(level_sums)] = level_sums
            task.advance(1 << block_level)
    for level in range(block_level + 1, depth + 1):
        below, count = slice(2 * size >> level, 4 * size >> level), size >> level
        digests[count : 2 * count] = node_digests(hash, level, digests[below], upper[below])
        upper[count : 2 * count] = sums.add_pairs(upper[below])
    return SumTree(digests, upper)


def _leaves(
    hash: Hash,
    statement: Statement,
    sums: Sums,
    accounts: Accounts,
    rows: npt.NDArray[np.int64],
    first: int,
    level: int,
    nonces: Nonces,
) -> tuple[Words, Words]:
    """Digests and sums of the 2^level leaves from row ``first``; ``rows`` count from there."""
    count = 1 << level
    digests, leaf_sums = np.empty((count, hash.digest_words), np.uint64), np.zeros((count, sums.width), np.uint64)
    user_ids = list(accounts.ids.iterate_encoded())
    tags = account_tags(
        hash, statement.audit_id, statement.segment, user_ids, nonces.of_accounts((rows + first).tolist(), user_ids)
    )
    balances = sums.of_accounts(accounts)
    leaf_sums[rows] = balances
    digests[rows] = leaf_digests(hash, tags, balances)
    padding = np.ones(count, np.bool_)
    padding[rows] = False
    empty = np.flatnonzero(padding)
    digests[empty] = padding_digests(
        hash, statement.audit_id, statement.segment, nonces.of_padding((empty + first).tolist())
    )
    return digests, leaf_sums


def _slice(accounts: Accounts, start: int, stop: int) -> Accounts:
    ids = accounts.ids
    begin, end = int(ids.offsets[start]), int(ids.offsets[stop])
    return Accounts(
        accounts.assets,
        Identifiers(ids.data[begin:end], ids.offsets[start : stop + 1] - begin),
        accounts.words[start:stop],
    )


class TreeState:
    """The private files of one segment: what inclusion files are cut from."""

    def __init__(self, directory: Path, sums: Sums, hash: Hash) -> None:
        """Open what ``write`` left. Raises ``ArtifactError`` for files that are missing or of another tree."""
        self.sums = sums
        self._hash = hash
        self._index = AccountIndex(directory)
        self._nonces = Nonces(read_private(directory / "key.bin"))
        self._rows = self._index.rows
        self._digests = load_array(directory / "digests.npy")
        self._upper = load_array(directory / "sums.npy")
        words = np.asarray(load_array(directory / "words.npy"), np.uint64)
        self._accounts = Accounts(sums.assets, self._index.ids, words)
        size, count = 1 << sums.depth, len(self._index.ids)
        expected = {
            "digests.npy": (self._digests.shape, (2 * size, hash.digest_words)),
            "sums.npy": (self._upper.shape, (2 * size >> min(_KEPT_LEVEL, sums.depth), sums.width)),
            "words.npy": (words.shape, (count, sum(asset.words for asset in sums.assets))),
            "rows.npy": (self._rows.shape, (count,)),
        }
        for name, (found, needed) in expected.items():
            if found != needed:
                raise ArtifactError(f"{directory / name}: an array of {found} where the proof needs one of {needed}")

    @staticmethod
    def write(directory: Path, accounts: Accounts, rows: npt.NDArray[np.int64], nonces: Nonces, tree: SumTree) -> None:
        """Write the state, owner-only: accounts and rows in the order of the rows."""
        AccountIndex.write(directory, accounts.ids, rows)
        save_array(directory / "words.npy", accounts.words)
        save_array(directory / "digests.npy", tree.digests)
        save_array(directory / "sums.npy", tree.upper)
        write_private(directory / "key.bin", nonces.segment_key)

    @property
    def top(self) -> Words:
        """Digest of the top node."""
        return np.asarray(self._digests[1], np.uint64)

    def cut(self, user_id: str) -> bytes | None:
        """One account's inclusion file, or ``None`` if the account is not in this segment."""
        position = self._index.find(user_id)
        if position is None:
            return None
        level = min(_KEPT_LEVEL, self.sums.depth)
        return next(self._cut(int(self._rows[position]) >> level, level, position, position + 1))[1]

    def cut_all(self) -> Iterator[tuple[str, bytes]]:
        """Every account's id and inclusion file, in the order of the rows."""
        level = min(_BULK_LEVEL, self.sums.depth)
        for block in range(1 << (self.sums.depth - level)):
            start, stop = np.searchsorted(self._rows, (block << level, (block + 1) << level))
            yield from self._cut(block, level, int(start), int(stop))

    def _cut(self, block: int, level: int, start: int, stop: int) -> Iterator[tuple[str, bytes]]:
        """Files of the accounts ``start`` to ``stop``, whose rows all lie in block number ``block`` of 2^level rows."""
        depth, first = self.sums.depth, block << level
        lower = self._lower_sums(first, level)
        rows = np.asarray(self._rows[start:stop])
        user_ids = [self._index.ids.encoded(position) for position in range(start, stop)]
        files = np.empty((len(rows), inclusion_bytes(self.sums)), np.uint8)
        header = Writer(INCLUSION_MAGIC, VERSION).getvalue()
        files[:, :HEADER_BYTES] = np.frombuffer(header, np.uint8)
        at = HEADER_BYTES

        def put(part: npt.NDArray[np.uint8]) -> None:
            nonlocal at
            files[:, at : at + part.shape[1]] = part
            at += part.shape[1]

        put(_bytes_of(rows.astype("<u8")))
        nonces = self._nonces.of_accounts(rows.tolist(), user_ids)
        put(np.frombuffer(b"".join(nonces), np.uint8).reshape(len(rows), NONCE_BYTES))
        for height in range(depth):
            siblings = (((1 << depth) + rows) >> height) ^ 1
            digests = self._hash.encode_digests(self._digests[siblings])
            put(np.frombuffer(digests, np.uint8).reshape(len(rows), DIGEST_BYTES))
            sums = lower[height][((rows - first) >> height) ^ 1] if height < level else self._upper[siblings]
            put(self.sums.encode(sums, height))
        for user_id, file in zip(user_ids, files, strict=True):
            yield user_id.decode(), file.tobytes()

    def _lower_sums(self, first: int, level: int) -> list[Words]:
        """Sums of the levels below ``level`` over the 2^level rows from ``first``."""
        start, stop = np.searchsorted(self._rows, (first, first + (1 << level)))
        sums = np.zeros((1 << level, self.sums.width), np.uint64)
        sums[self._rows[start:stop] - first] = self.sums.of_accounts(_slice(self._accounts, start, stop))
        levels = [sums]
        for _ in range(level - 1):
            levels.append(self.sums.add_pairs(levels[-1]))
        return levels


def _bytes_of(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """``(n, …)`` little-endian words as ``(n, 8 · …)`` bytes."""
    return np.ascontiguousarray(words).view(np.uint8).reshape(len(words), -1)
