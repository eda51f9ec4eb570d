"""Tags and nonces, which bind a leaf of the inclusion tree to one user id and hide what it contains.

tag_r = Hash("account" ‖ audit id ‖ segment ‖ user id ‖ nonce_r). Only the nonce hides the leaf: without it, anyone who
guesses a row could check the guess. So every row that may be an account's has 32 secret bytes of its own, padding
included.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from polyproof.backend import Statement
from polyproof.hash import Digest, Hash, Words
from polyproof.model.accounts import Identifiers
from polyproof.toolkit.hmac_rows import hmac_sha256_rows

__all__ = ["account_nonces", "account_tag", "row_tags"]

ACCOUNT = "stark/account"
OTHER = "stark/other-row"
_BATCH = 1 << 16
"""Rows whose messages are in memory at a time."""


def _integer(value: int) -> bytes:
    return value.to_bytes(8, "little")


def _prefixed(data: bytes) -> bytes:
    return _integer(len(data)) + data


def _nonce(key: bytes, context: bytes, row: int, kind: bytes, user: bytes) -> bytes:
    return hmac.digest(key, context + _integer(row) + kind + user, "sha256")


def _context(statement: Statement) -> bytes:
    return _prefixed(statement.audit_id.encode()) + _integer(statement.segment)


def account_nonces(key: bytes, statement: Statement, rows: Iterable[int], users: Iterable[bytes]) -> list[bytes]:
    """The nonce of each account's row: HMAC-SHA256(key, audit ‖ segment ‖ row ‖ "account" ‖ user id)."""
    context = _context(statement)
    return [_nonce(key, context, row, b"account", user) for row, user in zip(rows, users, strict=True)]


def account_tag(hash: Hash, statement: Statement, user: bytes, nonce: bytes) -> Digest:
    """The tag of an account, a digest, which its user recomputes from the account id and the nonce."""
    tag: Digest = hash.hash_messages([_context(statement) + _prefixed(user) + nonce], ACCOUNT)[0]
    return tag


def row_tags(
    hash: Hash, statement: Statement, key: bytes, ids: Identifiers, rows: npt.NDArray[np.int64], size: int
) -> Words:
    """The tags of the first ``size`` rows of a trace, among which the accounts' are: ``(size, digest_words)``.

    ``rows[k]`` is the row of account k. Other rows get tags under another domain, and nobody is ever given their
    nonces. Ids of one length are hashed together: of accounts one by one the same follows from ``account_nonces``
    and ``account_tag``.
    """
    context = _context(statement)
    tags = np.empty((size, hash.digest_words), np.uint64)
    lengths = np.diff(ids.offsets)
    for length in np.unique(lengths).tolist():
        for batch in _batches(np.flatnonzero(lengths == length)):
            users = ids.data[ids.offsets[batch][:, None] + np.arange(length)]
            own = rows[batch]
            nonces = hmac_sha256_rows(key, _side_by_side(context, _integers(own), b"account", users), hash.engine)
            messages = _side_by_side(context, _integer(length), users, nonces)
            tags[own] = hash.hash_equal_messages(messages, ACCOUNT)
    free = np.ones(size, np.bool_)
    free[rows] = False
    for own in _batches(np.flatnonzero(free)):
        nonces = hmac_sha256_rows(key, _side_by_side(context, _integers(own), b"other"), hash.engine)
        tags[own] = hash.hash_equal_messages(_side_by_side(context, nonces), OTHER)
    return tags


def _batches(indices: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    return (indices[start : start + _BATCH] for start in range(0, len(indices), _BATCH))


def _integers(values: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """``_integer`` of each: ``(n, 8)``."""
    return values.astype("<u8").view(np.uint8).reshape(-1, 8)


def _side_by_side(*parts: bytes | npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Messages of one length from parts, each ``(n, length)`` or the same bytes for all."""
    count = next(len(part) for part in parts if isinstance(part, np.ndarray))
    return np.concatenate(
        [
            part if isinstance(part, np.ndarray) else np.broadcast_to(np.frombuffer(part, np.uint8), (count, len(part)))
            for part in parts
        ],
        axis=1,
    )
