"""Private state on disk: owner-only files, and an index that finds one account among millions in milliseconds.

An exchange may encrypt what a backend has written (``polyproof private encrypt``). What is read with ``load_array`` and
``read_private`` is then decrypted, in memory and nowhere else, if core has opened it.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from polyproof.errors import ArtifactError
from polyproof.formats.encrypted_file import SUFFIX, DataKey, EncryptedFile
from polyproof.formats.files import open_private
from polyproof.formats.space import naming
from polyproof.model.accounts import Identifiers

__all__ = [
    "INDEXED",
    "AccountIndex",
    "encrypted_form",
    "load_array",
    "read_private",
    "reading_encrypted",
    "save_array",
]

INDEXED = 33
"""Bytes that the index has for each account at the least: four numbers, and an id of one byte."""


def save_array(path: Path, array: npt.NDArray[np.generic]) -> None:
    """Save an array (``.npy``), owner-only."""
    with naming(path), os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        np.save(file, np.ascontiguousarray(array), allow_pickle=False)


def load_array(path: Path) -> npt.NDArray[Any]:
    """A saved array, read-only: mapped into memory, or decrypted into it.

    Raises ``ArtifactError`` for a missing or foreign file, and for an encrypted one that was not opened.
    """
    try:
        if encrypted_form(path) is not None:
            return _decrypted_array(path)
        loaded: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ArtifactError(f"{path}: not a private state file: {error}") from error
    return np.asarray(loaded)  # a plain array over the map: numpy.memmap makes every access slower


def read_private(path: Path) -> bytes:
    """A small private file as a whole. Raises as ``load_array`` does."""
    if encrypted_form(path) is not None:
        return bytes(_decrypted(path))
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: not a private state file: {error.strerror}") from error


# Encrypted

_opened: ContextVar[tuple[Path, DataKey] | None] = ContextVar("opened", default=None)


@contextmanager
def reading_encrypted(private: Path, key: DataKey | None) -> Iterator[None]:
    """A block in which the encrypted files of a private half can be read, if there is a key."""
    token = _opened.set((private, key) if key is not None else None)
    try:
        yield
    finally:
        _opened.reset(token)


def encrypted_form(path: Path) -> Path | None:
    """The encrypted form of a file, if that is there. It counts even if the file is there as well."""
    encrypted = path.with_name(path.name + SUFFIX)
    return encrypted if encrypted.is_file() else None


def _decrypted(path: Path) -> bytearray:
    opened = _opened.get()
    if opened is None:
        raise ArtifactError(
            f"{path} is encrypted: name an identity that can read it, by --identity FILE or in POLYPROOF_IDENTITY"
        )
    private, key = opened
    with EncryptedFile(path.with_name(path.name + SUFFIX), key, path.relative_to(private).as_posix()) as file:
        return file.read_all()


def _decrypted_array(path: Path) -> npt.NDArray[Any]:
    data = _decrypted(path)
    header = io.BytesIO(data[: 1 << 14])
    version = np.lib.format.read_magic(header)
    if version != (1, 0):
        raise ValueError(f"version {version} of .npy")
    shape, fortran, kind = np.lib.format.read_array_header_1_0(header)
    if fortran or kind.hasobject:
        raise ValueError("not an array as it was saved")
    array: npt.NDArray[Any] = np.frombuffer(data, kind, offset=header.tell()).reshape(shape)
    array.flags.writeable = False
    return array


def _prefixes(ids: Identifiers) -> npt.NDArray[np.uint64]:
    digests = b"".join(hashlib.sha256(data).digest()[:8] for data in ids.iterate_encoded())
    return np.frombuffer(digests, "<u8").astype(np.uint64)


class AccountIndex:
    """Account ids of a segment and the row of each, on disk; a look-up reads a few pages."""

    def __init__(self, directory: Path) -> None:
        """Open the index that ``write`` left in a directory."""
        self._prefixes = load_array(directory / "index-prefixes.npy")
        self._order = load_array(directory / "index-order.npy")
        data, offsets = load_array(directory / "ids.npy"), load_array(directory / "ids-offsets.npy")
        self.ids = Identifiers(data.astype(np.uint8, copy=False), offsets.astype(np.int64, copy=False))
        self.rows = load_array(directory / "rows.npy")

    @staticmethod
    def count(directory: Path) -> int | None:
        """How many accounts the index in a directory has; ``None`` if there is none."""
        path = directory / "rows.npy"
        return len(load_array(path)) if path.is_file() or encrypted_form(path) is not None else None

    @staticmethod
    def write(directory: Path, ids: Identifiers, rows: npt.NDArray[np.int64]) -> None:
        """Write ids in the order of the accounts, and ``rows[k]``, the row that account k has in the proof."""
        prefixes = _prefixes(ids)
        order = np.argsort(prefixes, kind="stable")
        save_array(directory / "ids.npy", ids.data)
        save_array(directory / "ids-offsets.npy", ids.offsets)
        save_array(directory / "rows.npy", rows)
        save_array(directory / "index-prefixes.npy", prefixes[order])
        save_array(directory / "index-order.npy", order)

    def find(self, user_id: str) -> int | None:
        """The position k of an account among ``ids``, or ``None``. Its row in the proof is ``rows[k]``."""
        encoded = user_id.encode()
        prefix = np.frombuffer(hashlib.sha256(encoded).digest()[:8], "<u8").astype(np.uint64)[0]
        at = int(np.searchsorted(self._prefixes, prefix))
        while at < len(self._prefixes) and self._prefixes[at] == prefix:
            position = int(self._order[at])
            if self.ids.encoded(position) == encoded:
                return position
            at += 1
        return None
