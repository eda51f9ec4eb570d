"""The inclusion files of one audit, from its store, which may be replaced while it is served."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from polyproof.errors import ArtifactError, PolyproofError, Problem
from polyproof.formats.encrypted_file import is_there
from polyproof.liabilities import InclusionStore
from polyproof.model.manifest import Manifest
from polyproof.toolkit.private_state import encrypted_form

__all__ = ["LOOK_AGAIN", "ServedStore"]

LOOK_AGAIN = 2.0
"""Seconds after which it is looked whether another store has the name."""
_State = tuple[int, int, int, int]


class ServedStore:
    """A store, opened, of the audit that is published beside it; of the private half nothing else is opened."""

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        *,
        identity: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
        failed: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """Open it. Raises ``ArtifactError`` for one that is missing, damaged, or of another audit.

        ``failed`` is told why a store that took its name was not taken.
        """
        if not is_there(path):
            raise ArtifactError(
                Problem(
                    f"{path}: there is no store of inclusion files",
                    hint="`polyproof inclusion DIR --all` writes it, where the audit was proved",
                )
            )
        self._path, self._manifest, self._identity = path, manifest, identity
        self._clock, self._failed = clock, failed
        self._turn = threading.Lock()
        self._before: InclusionStore | None = None
        # Looked at before it is opened: one that takes its name in between is then found to be another.
        self._state = self._stated()
        self._store = self._opened()
        self._looked = clock()

    def __len__(self) -> int:
        """How many accounts it has files of."""
        return len(self._store)

    def find(self, account: str | None) -> bytes | None:
        """The file of an account; None if there is none. Raises ``ArtifactError`` if it is damaged.

        For nobody it looks for a name that nobody has: the answer takes as long.
        """
        self._look()
        return self._store.find(secrets.token_hex(16) if account is None else account)

    def _opened(self) -> InclusionStore:
        store = InclusionStore(self._path, identity=self._identity)
        if store.audit_id != self._manifest.audit_id:
            problem = f"it has the files of audit {store.audit_id}, and {self._manifest.audit_id} is published"
        elif not hmac.compare_digest(store.manifest_digest, self._manifest.digest):
            problem = "its files were cut for another manifest of this audit than the one that is published"
        else:
            return store
        store.close()
        raise ArtifactError(
            Problem(
                f"{self._path}: {problem}", hint="customers' checks would reject its files; cut them for this audit"
            )
        )

    def _stated(self) -> _State | None:
        """What tells a file from one that replaces it. The form that is opened is looked at, encrypted or not."""
        try:
            found = (encrypted_form(self._path) or self._path).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns

    def _look(self) -> None:
        """Take the store that has replaced this one by a rename, if it is whole and of the same audit.

        The one before stays open until the next one comes: what was begun with it is answered from it.
        """
        if self._clock() - self._looked < LOOK_AGAIN or not self._turn.acquire(blocking=False):
            return
        try:
            self._looked = self._clock()
            state = self._stated()
            if state is None or state == self._state:
                return
            self._state = state  # whatever comes of it: it is not tried again and again
            try:
                store = self._opened()
            except PolyproofError as error:
                self._failed(str(error))
                return
            if self._before is not None:
                self._before.close()
            self._before, self._store = self._store, store
        finally:
            self._turn.release()
