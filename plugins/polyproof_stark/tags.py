"""Tags and nonces, which bind a leaf of the inclusion tree to one user id and hide what it contains.

tag_r = Hash("account" ‖ audit id ‖ segment ‖ user id ‖ nonce_r). Only the nonce hides the leaf: without it, anyone who
guesses a row could check the guess. So every row has 32 secret bytes of its own, padding, carry and blinding rows
included.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from polyproof.backend import Statement
from polyproof.hash import Digest, Hash, Words
from polyproof.model.accounts import Identifiers

__all__ = ["account_nonces", "account_tag", "row_tags"]

ACCOUNT = "stark/account"
OTHER = "stark/other-row"
_BATCH = 1 << 16


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
    """The tag of an account, ``(4,)``, which its user recomputes from the account id and the nonce."""
    tag: Digest = hash.hash_messages([_context(statement) + _prefixed(user) + nonce], ACCOUNT)[0]
    return tag


def row_tags(
    hash: Hash, statement: Statement, key: bytes, ids: Identifiers, rows: npt.NDArray[np.int64], size: int
) -> Words:
    """The tags of all rows of a trace: ``(size, 4)``.

    ``rows[k]`` is the row of account k. Other rows get tags under another domain, and nobody is ever given their
    nonces.
    """
    context = _context(statement)
    tags = np.empty((size, 4), np.uint64)
    _fill(
        hash,
        ACCOUNT,
        tags,
        rows.tolist(),
        (
            context + _prefixed(user) + _nonce(key, context, row, b"account", user)
            for user, row in zip(ids.iterate_encoded(), rows.tolist(), strict=True)
        ),
    )
    free = np.ones(size, np.bool_)
    free[rows] = False
    others = np.flatnonzero(free).tolist()
    _fill(hash, OTHER, tags, others, (context + _nonce(key, context, row, b"other", b"") for row in others))
    return tags


def _fill(hash: Hash, domain: str, tags: Words, rows: Sequence[int], messages: Iterable[bytes]) -> None:
    source = iter(messages)
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        tags[batch] = hash.hash_messages([next(source) for _ in batch], domain)
