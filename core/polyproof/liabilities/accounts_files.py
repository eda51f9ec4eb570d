"""The accounts of each segment in a private file: written block by block while the snapshot is read, read as a whole.

A file is ``PPACCTS\\0``, its version (4 bytes), and blocks, until it has all of the segment's accounts. A block::

    8  number of accounts, n
    8  bytes of their ids
    2n bytes of each id
       the ids, UTF-8, one after the other
       their balances: 64-bit words, asset by asset, account by account

All integers are little-endian. The plan states the size and the SHA-256 of every file.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from attrs import frozen

from polyproof.errors import ArtifactError
from polyproof.formats.files import flush_tree, make_private_directory, open_private, open_regular
from polyproof.formats.space import naming
from polyproof.liabilities.assignment import secret_order
from polyproof.model.accounts import Accounts, Identifiers
from polyproof.model.assets import Asset

__all__ = ["AccountsFile", "AccountsWriter", "accounts_file", "least_size", "load_accounts", "not_as_planned"]

_MAGIC = b"PPACCTS\0" + (1).to_bytes(4, "little")


def accounts_file(directory: Path, index: int) -> Path:
    """Where a directory has the accounts of a segment."""
    return directory / f"segment-{index:04d}.bin"


@frozen
class AccountsFile:
    """The accounts of a segment, as planned."""

    accounts: int
    size: int
    """Bytes of the file."""
    sha256: bytes
    totals: tuple[int, ...]
    """Base units, one for each asset in order."""


def least_size(accounts: int, assets: Sequence[Asset]) -> int:
    """Bytes that the file of so many accounts has at the least: each has an id of one byte."""
    return len(_MAGIC) + accounts * (2 + 1 + 8 * sum(asset.words for asset in assets))


class AccountsWriter:
    """Divides accounts among the files of their segments. What it holds does not grow with their number."""

    def __init__(self, directory: Path, amounts: Sequence[int]) -> None:
        """``directory`` must not exist. ``amounts``: of each segment, how many amounts each of its accounts has."""
        segments = len(amounts)
        make_private_directory(directory)
        self._directory = directory
        self._counts = [0] * segments
        self._sizes = [0] * segments
        self._digests = [hashlib.sha256() for _ in range(segments)]
        self._totals = [[0] * number for number in amounts]
        for index in range(segments):
            self._append(index, _MAGIC)

    def add(self, accounts: Accounts, segments: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        """Write accounts to the files of the segments that each is in, shape ``(n,)``."""
        order = np.argsort(segments, kind="stable")
        places, starts = np.unique(segments[order], return_index=True)
        stops = [*starts[1:].tolist(), len(order)]
        for index, start, stop in zip(places.tolist(), starts.tolist(), stops, strict=True):
            self._add_block(index, accounts.take(order[start:stop]))

    def _add_block(self, index: int, accounts: Accounts) -> None:
        ids = accounts.ids
        head = np.array([len(accounts), len(ids.data)], "<u8")
        lengths = np.diff(ids.offsets).astype("<u2")
        words = np.ascontiguousarray(accounts.words, "<u8")
        self._append(index, head.data, lengths.data, ids.data.data, words.data)
        self._counts[index] += len(accounts)
        self._totals[index] = [sum(pair) for pair in zip(self._totals[index], accounts.totals(), strict=True)]

    def _append(self, index: int, *parts: bytes | memoryview) -> None:
        # Opened for every block: there may be more segments than files that a process may have open.
        path = accounts_file(self._directory, index)
        descriptor = open_private(path, os.O_WRONLY | os.O_APPEND)
        with naming(path), os.fdopen(descriptor, "wb", buffering=0) as file:
            for part in parts:
                data = memoryview(part).cast("B") if len(part) else memoryview(b"")
                self._digests[index].update(data)
                self._sizes[index] += len(data)
                while data:
                    data = data[file.write(data) or 0 :]

    def finish(self) -> tuple[AccountsFile, ...]:
        """Flush all files to disk; what the plan says of each."""
        flush_tree(self._directory)
        return tuple(
            AccountsFile(count, size, digest.digest(), tuple(totals))
            for count, size, digest, totals in zip(self._counts, self._sizes, self._digests, self._totals, strict=True)
        )


def load_accounts(path: Path, expected: AccountsFile, assets: tuple[Asset, ...]) -> Accounts:
    """The accounts of a segment, in a fresh secret order.

    Raises ``ArtifactError`` for a file that is not as it was written.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        # What is made for each account is no larger than the file, whatever number of them is stated.
        least = len(_MAGIC) + expected.accounts * (2 + 8 * sum(asset.words for asset in assets))
        if os.fstat(file.fileno()).st_size != expected.size or expected.size < least:
            raise not_as_planned(path)
        return _load(path, file, expected, assets)


def _load(path: Path, file: BinaryIO, expected: AccountsFile, assets: tuple[Asset, ...]) -> Accounts:
    digest = hashlib.sha256()

    def take(kind: str, count: int) -> np.ndarray[tuple[int], np.dtype[np.unsignedinteger]]:
        size = count * np.dtype(kind).itemsize
        data = file.read(size) if size <= expected.size else b""
        if len(data) != size:
            raise not_as_planned(path)
        digest.update(data)
        return np.frombuffer(data, kind)

    if take("u1", len(_MAGIC)).tobytes() != _MAGIC:
        raise not_as_planned(path)
    total = expected.accounts
    order = secret_order(total)
    places = np.empty(total, np.int64)
    places[order] = np.arange(total)
    columns = sum(asset.words for asset in assets)
    words = np.empty((total, columns), np.uint64)
    lengths, blocks, done = np.empty(total, np.int64), [], 0
    while done < total:
        count, size = take("<u8", 2).tolist()
        if not 0 < count <= total - done:
            raise not_as_planned(path)
        stop = done + count
        lengths[done:stop] = take("<u2", count)
        blocks.append(take("u1", size))
        if int(lengths[done:stop].sum()) != size:
            raise not_as_planned(path)
        # Each block goes to the places of its accounts at once: all balances are in memory once.
        words[places[done:stop]] = take("<u8", count * columns).reshape(count, columns)
        done = stop
    if file.read(1) or digest.digest() != expected.sha256:
        raise not_as_planned(path)
    offsets = np.zeros(total + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    ids = Identifiers(np.concatenate(blocks) if blocks else np.empty(0, np.uint8), offsets)
    return Accounts(assets, ids.take(order), words)


def not_as_planned(path: Path) -> ArtifactError:
    """The error about a private file of a plan that is not as it was written."""
    return ArtifactError(f"{path} is not as it was planned: it was cut short or changed; plan again")
