"""What a row of the grand sum holds: an account's entry, its secrets, and the random rows that hide the others.

docs/reference/grand-sum.md says the same in words.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from polyproof.backend import Statement
from polyproof.hash import DIGEST_BYTES, Hash
from polyproof.model.accounts import Accounts

__all__ = ["NONCE_BYTES", "PROTOCOL", "Secrets", "columns_of", "id_entries"]

PROTOCOL = "polyproof/grand-sum/1"
NONCE_BYTES = 32
_ACCOUNT = "grand-sum/account"


def _integer(value: int) -> bytes:
    return value.to_bytes(8, "little")


def _blob(data: str | bytes) -> bytes:
    data = data.encode() if isinstance(data, str) else data
    return _integer(len(data)) + data


class Secrets:
    """The secrets of one segment, all derived from the audit's key by HMAC-SHA256.

    To anyone without the key they are independent and random, if HMAC-SHA256 is a pseudorandom function.
    """

    _ROWS, _NONCE, _RANDOM = b"\x00", b"\x01", b"\x02"

    def __init__(self, segment_key: bytes) -> None:
        self.segment_key = segment_key

    @classmethod
    def derive(cls, key: bytes, statement: Statement) -> Secrets:
        """The secrets of a statement's segment. ``key`` is fresh in every audit."""
        message = _blob(PROTOCOL) + _blob(statement.audit_id) + _integer(statement.segment)
        return cls(hmac.digest(key, message, "sha256"))

    def nonce(self, row: int, user_id: bytes) -> bytes:
        """HMAC(segment key, 1 ‖ row ‖ user id)."""
        return hmac.digest(self.segment_key, self._NONCE + _integer(row) + user_id, "sha256")

    def element(self, column: int, row: int, modulus: int) -> int:
        """A random element: 512 bits of SHAKE-256(HMAC(segment key, 2 ‖ column ‖ row)), modulo r. That 2^512 is no
        multiple of r favours no element by more than 2^-258.
        """
        seed = hmac.digest(self.segment_key, self._RANDOM + _integer(column) + _integer(row), "sha256")
        return int.from_bytes(hashlib.shake_256(seed).digest(64), "little") % modulus

    def permutation(self, size: int) -> npt.NDArray[np.int64]:
        """A uniform permutation of ``range(size)``: the order of 64-bit words that all differ."""
        attempt = 0
        while True:
            seed = hmac.digest(self.segment_key, self._ROWS + _integer(attempt), "sha256")
            words = np.frombuffer(hashlib.shake_256(seed).digest(8 * size), "<u8")
            if len(set(words.tolist())) == size:
                return np.argsort(words, kind="stable")
            attempt += 1


def id_entries(
    hash: Hash, statement: Statement, user_ids: Sequence[bytes], nonces: Iterable[bytes], modulus: int
) -> list[int]:
    """What ties a row to one user in one segment of one audit: the 32 bytes of a digest, as an integer modulo r."""
    before = _blob(statement.audit_id) + _integer(statement.segment)
    messages = [before + _blob(user_id) + nonce for user_id, nonce in zip(user_ids, nonces, strict=True)]
    data = hash.encode_digests(hash.hash_messages(messages, _ACCOUNT))
    digests = (data[start : start + DIGEST_BYTES] for start in range(0, len(data), DIGEST_BYTES))
    return [int.from_bytes(digest, "little") % modulus for digest in digests]


def columns_of(
    hash: Hash,
    statement: Statement,
    accounts: Accounts,
    rows: Sequence[int],
    size: int,
    secrets: Secrets,
    modulus: int,
) -> list[list[int]]:
    """The column of ids and that of each asset, of ``size`` entries; ``rows[k]`` is the row of account k.

    Rows of no account hold random elements, those of an asset with the sum zero: they are what hides the others.
    """
    user_ids = [accounts.ids.encoded(k) for k in range(len(accounts))]
    nonces = [secrets.nonce(row, user_id) for row, user_id in zip(rows, user_ids, strict=True)]
    entries = id_entries(hash, statement, user_ids, nonces, modulus)
    balances = [accounts.balances(k) for k in range(len(accounts))]
    taken = set(rows)
    left = [row for row in range(size) if row not in taken]
    columns = []
    for column in range(1 + len(statement.assets)):
        values = [0] * size
        for row in left:
            values[row] = secrets.element(column, row, modulus)
        if column:
            values[left[-1]] = -sum(values[row] for row in left[:-1]) % modulus
        for k, row in enumerate(rows):
            values[row] = balances[k][column - 1] if column else entries[k]
        columns.append(values)
    return columns
