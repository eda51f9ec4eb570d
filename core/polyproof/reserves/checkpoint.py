"""What has already been judged, on disk, so that a rerun does not repeat it.

A private SQLite file: a row's key is a digest of everything that its ownership depends on, including the schemes that
may judge it and their versions; the value is the result. Results are stored in blocks, each in one transaction, so a
crash leaves only whole blocks. A file that is not what it should be is discarded, never partly trusted.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from polyproof.errors import ArtifactError
from polyproof.formats.files import open_private
from polyproof.formats.strict_json import canonical
from polyproof.ownership import OwnershipClaim, OwnershipResult, OwnershipScheme, Status
from polyproof.registry import Registry
from polyproof.version import __version__

__all__ = ["Checkpoint", "scheme_versions"]

_FORMAT = "polyproof/reserves-checkpoint/1"
_KEPT_AT_ONCE = 500


def scheme_versions(schemes: Sequence[OwnershipScheme], registry: Registry) -> str:
    """What the verdicts of the schemes depend on besides the rows: which schemes there are, and their versions."""
    found = []
    for scheme in sorted(schemes, key=lambda scheme: scheme.name):
        claims = [item for item in registry.components("ownership") if item.component.name == scheme.name]
        origin = [f"{item.origin} {item.version}" for item in claims] or [type(scheme).__module__]
        found.append([scheme.name, *origin])
    return json.dumps([__version__, *found])


class Checkpoint:
    """Results of ownership by digest of row and schemes."""

    def __init__(self, connection: sqlite3.Connection, versions: str) -> None:
        """Use ``open_checkpoint``, which checks the file or makes a new one."""
        self._connection = connection
        self._salt = hashlib.sha256(f"{_FORMAT}\n{versions}".encode())

    @classmethod
    @contextmanager
    def open(cls, path: Path, versions: str) -> Iterator[Checkpoint]:
        """The checkpoint in a file, owner-only; started again if the file is not one.

        Raises ``ArtifactError`` for a place that cannot be written.
        """
        connection = _opened(path)
        try:
            yield cls(connection, versions)
        finally:
            connection.close()

    def key(self, claim: OwnershipClaim) -> bytes:
        """16 bytes: truncated SHA-256 of the claim and of the versions of all schemes."""
        control = claim.control
        data = canonical(
            [
                claim.asset,
                claim.chain,
                claim.address,
                claim.message,
                claim.signatures,
                claim.keys,
                claim.owners,
                claim.kind.value,
                claim.scheme,
                control
                and [control.source, control.owners, control.threshold, [one.hex() for one in control.accepted]],
            ]
        )
        digest = self._salt.copy()
        digest.update(data)
        return digest.digest()[:16]

    def find(self, keys: Iterable[bytes]) -> dict[bytes, OwnershipResult]:
        """The results that are known."""
        found: dict[bytes, OwnershipResult] = {}
        keys = list(keys)
        for start in range(0, len(keys), _KEPT_AT_ONCE):
            part = keys[start : start + _KEPT_AT_ONCE]
            marks = ",".join("?" * len(part))
            for key, status, reason, scheme, chain, address in self._connection.execute(
                f"SELECT key, status, reason, scheme, chain, address FROM judged WHERE key IN ({marks})", part
            ):
                found[key] = OwnershipResult(Status(status), reason, scheme, chain, address)
        return found

    def keep(self, judged: Iterable[tuple[bytes, OwnershipResult]]) -> None:
        """Keep a block of results, all or none."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO judged VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (key, result.status.value, result.reason, result.scheme, result.chain, result.address)
                    for key, result in judged
                ],
            )


def _opened(path: Path) -> sqlite3.Connection:
    for attempt in range(2):
        try:
            # The file gets its permissions before it has content; SQLite gives its journal the same.
            os.close(open_private(path, os.O_RDWR, follow=False))
        except OSError as error:
            raise ArtifactError(f"{path}: {error.strerror or error}") from error
        connection = sqlite3.connect(path, timeout=5)
        try:
            _check(connection)
        except (sqlite3.DatabaseError, ValueError) as error:
            connection.close()
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise ArtifactError(f"{path}: another process is using it") from error
            if attempt:
                raise ArtifactError(f"{path}: cannot be used as a checkpoint: {error}") from error
            for leftover in (path, path.with_name(f"{path.name}-journal")):
                leftover.unlink(missing_ok=True)
        else:
            return connection
    raise AssertionError("the second attempt returns or raises")


def _check(connection: sqlite3.Connection) -> None:
    with connection:
        connection.execute("CREATE TABLE IF NOT EXISTS format (name TEXT NOT NULL)")
        names = [name for (name,) in connection.execute("SELECT name FROM format LIMIT 2")]
        if not names:
            connection.execute("INSERT INTO format VALUES (?)", (_FORMAT,))
        elif names != [_FORMAT]:
            raise ValueError(f"it is {names[0]!r}")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS judged (key BLOB PRIMARY KEY, status TEXT NOT NULL, reason TEXT NOT NULL, "
            "scheme TEXT NOT NULL, chain TEXT NOT NULL, address TEXT NOT NULL) WITHOUT ROWID"
        )
    if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise ValueError("it is damaged")
    known = {status.value for status in Status}
    for (status,) in connection.execute("SELECT DISTINCT status FROM judged"):
        if status not in known:
            raise ValueError(f"it has the status {status!r}")
