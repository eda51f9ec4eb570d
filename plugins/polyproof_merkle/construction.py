"""What the Merkle sum tree hashes: one function for each kind of digest.

The page docs/reference/merkle-sum-tree.md says the same in words and byte by byte. Every kind has a
domain of its own, so a digest of one kind never passes for another; every row that is hashed has a
fixed length or carries its lengths, so it parses in one way only.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from polyproof.backend import Statement
from polyproof.hash import Digest, Hash, Words
from polyproof_merkle.sums import LIMB_BITS

__all__ = [
    "NONCE_BYTES",
    "Nonces",
    "account_tags",
    "leaf_digests",
    "node_digests",
    "padding_digests",
    "root_digest",
]

PROTOCOL = "polyproof/merkle-sum/1"
NONCE_BYTES = 32

_ACCOUNT = "merkle-sum/account"
_LEAF = "merkle-sum/leaf"
_PADDING = "merkle-sum/padding"
_NODE = "merkle-sum/node"
_STATEMENT = "merkle-sum/statement"
_ROOT = "merkle-sum/root"


def _integer(value: int) -> bytes:
    return struct.pack("<Q", value)


def _blob(data: str | bytes) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    return _integer(len(data)) + data


class Nonces:
    """The secrets of one segment, all derived from the audit's key by HMAC-SHA256.

    The segment's key is HMAC(audit key, protocol ‖ audit id ‖ segment), and everything below is an
    HMAC under it of a kind byte and what the secret is for. To anyone without the key these are
    independent random strings, if HMAC-SHA256 is a pseudorandom function (Bellare, CRYPTO 2006).
    """

    _ROWS, _ACCOUNT, _PADDING = b"\x00", b"\x01", b"\x02"

    def __init__(self, segment_key: bytes) -> None:
        self.segment_key = segment_key

    @classmethod
    def derive(cls, key: bytes, statement: Statement) -> Nonces:
        """The secrets of a statement's segment. ``key`` is fresh in every audit."""
        message = _blob(PROTOCOL) + _blob(statement.audit_id) + _integer(statement.segment)
        return cls(hmac.digest(key, message, "sha256"))

    def of_accounts(self, rows: Iterable[int], user_ids: Iterable[bytes]) -> list[bytes]:
        """HMAC(segment key, 1 ‖ row ‖ user id) of each account."""
        key, kind = self.segment_key, self._ACCOUNT
        return [
            hmac.digest(key, kind + row.to_bytes(8, "little") + user_id, "sha256")
            for row, user_id in zip(rows, user_ids, strict=True)
        ]

    def of_padding(self, rows: Iterable[int]) -> list[bytes]:
        """HMAC(segment key, 2 ‖ row) of each padding row."""
        key, kind = self.segment_key, self._PADDING
        return [hmac.digest(key, kind + row.to_bytes(8, "little"), "sha256") for row in rows]

    def permutation(self, size: int) -> npt.NDArray[np.int64]:
        """A uniform permutation of ``range(size)``.

        It is the order of the 64-bit words of SHAKE-256(HMAC(segment key, 0 ‖ attempt)). If the words are not
        all different, the next attempt's are taken: ties would favour some orders.
        """
        attempt = 0
        while True:
            seed = hmac.digest(self.segment_key, self._ROWS + _integer(attempt), "sha256")
            words = np.frombuffer(hashlib.shake_256(seed).digest(8 * size), "<u8")
            order = np.argsort(words, kind="stable")
            in_order = words[order]
            if not bool((in_order[1:] == in_order[:-1]).any()):
                return order
            attempt += 1


def account_tags(hash: Hash, audit_id: str, segment: int, user_ids: Iterable[bytes], nonces: Iterable[bytes]) -> Words:
    """Digests that tie a leaf to one user in one segment of one audit: ``(n, digest_words)``.

    The nonce (32 bytes) hides the user, and with the user the balances, from anyone who is not given it.
    """
    before, lengths = _blob(audit_id) + _integer(segment), [_integer(length) for length in range(64)]
    messages = [
        before + (lengths[len(user_id)] if len(user_id) < 64 else _integer(len(user_id))) + user_id + nonce
        for user_id, nonce in zip(user_ids, nonces, strict=True)
    ]
    return hash.hash_messages(messages, _ACCOUNT)


def leaf_digests(hash: Hash, tags: Words, sums: Words) -> Words:
    """Leaves of accounts: tag ‖ balances as limbs, ``(n, d), (n, width) → (n, d)``, d = ``digest_words``."""
    return hash.hash_rows(np.concatenate((tags, hash.split(sums, LIMB_BITS)), axis=1), _LEAF)


def padding_digests(hash: Hash, audit_id: str, segment: int, nonces: Iterable[bytes]) -> Words:
    """Leaves that belong to nobody, with zero sums: ``(n, digest_words)``."""
    before = _blob(audit_id) + _integer(segment)
    return hash.hash_messages([before + nonce for nonce in nonces], _PADDING)


def node_digests(hash: Hash, level: int, digests: Words, sums: Words) -> Words:
    """Parents at ``level`` ≥ 1 of neighbouring nodes: ``(2n, d), (2n, width) → (n, d)``.

    A parent hashes level ‖ left digest ‖ left sums ‖ right digest ‖ right sums: both sums apart, never
    their total alone (Hu, Zhang and Guo, "Breaking the Binding", eprint 2018/1139).
    """
    words, own = hash.digest_words, hash.split(sums, LIMB_BITS)
    child = words + own.shape[1]
    rows = np.empty((len(digests) // 2, 1 + 2 * child), np.uint64)
    rows[:, 0] = level
    for side in (0, 1):
        start = 1 + side * child
        rows[:, start : start + words] = digests[side::2]
        rows[:, start + words : start + child] = own[side::2]
    return hash.hash_rows(rows, _NODE)


def root_digest(hash: Hash, statement: Statement, depth: int, top: Digest, totals: Sequence[int]) -> Digest:
    """The commitment: statement ‖ depth ‖ top node's digest ‖ totals as limbs. It shows no child of the top node."""
    parts = [
        _blob(PROTOCOL),
        _blob(hash.name),
        _blob(statement.context),
        _blob(statement.audit_id),
        _integer(statement.segment),
        _integer(statement.segments),
        _integer(len(statement.assets)),
    ]
    for asset in statement.assets:
        parts += [_blob(asset.symbol), _integer(asset.decimals), _integer(asset.bits)]
    bound = hash.hash_messages([b"".join(parts)], _STATEMENT)[0]
    limbs = hash.split(np.array([totals], np.uint64), LIMB_BITS)[0]
    row = np.concatenate((bound, np.array([depth], np.uint64), top, limbs))
    root: Digest = hash.hash_rows(row[None, :], _ROOT)[0]
    return root
