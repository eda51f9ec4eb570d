"""The inclusion store: every user's inclusion file in one file, from which any of them is served at once.

::

    magic, version        PPINSTOR, 1
    audit id, digest      the audit and the manifest that the files were cut for
    key of names          with which an account id becomes the name of its file
    count, start          how many files, and where the index begins
    check                 SHA-256 of all that is above and of the index
    files                 as users receive them
    index                 48 bytes a file, in the order of the names: name, start, size, check

It is private: it holds what users are given, everybody's, and whoever has it can try account ids. It lists no account
id and no balance, though with a Merkle sum tree the files show balances. The checks find damage, not forgery: whoever
can write an exchange's private files is not kept out by them.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from bisect import bisect_left
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from polyproof.errors import ArtifactError, ProofRejected
from polyproof.formats.encrypted_file import SUFFIX, DataKey, EncryptedFile, encrypting
from polyproof.formats.files import PlainFile, written_durably
from polyproof.liabilities.artifacts import RECIPIENTS, STORE
from polyproof.liabilities.recipients import key_of
from polyproof.toolkit.binary import Reader, Writer
from polyproof.toolkit.private_state import encrypted_form

__all__ = ["ENTRY_BYTES", "MOST_FILE", "InclusionStore", "TwiceError", "file_name", "name_of", "write_store"]

MAGIC = b"PPINSTOR"
VERSION = 1
NAME_BYTES = 16
_CHECK_BYTES = 16
_ENTRY = struct.Struct("<16sQQ16s")
ENTRY_BYTES = _ENTRY.size
"""Of the index, for each file."""
_MOST_HEADER = 512
MOST_FILE = 64 << 20
"""Bytes of the largest inclusion file that a store takes and serves."""


class TwiceError(ValueError):
    """Two files for one account id."""


def _header(audit_id: str, manifest_digest: bytes, names_key: bytes, count: int, start: int) -> bytes:
    writer = Writer(MAGIC, VERSION)
    writer.text(audit_id)
    writer.raw(manifest_digest)
    writer.raw(names_key)
    writer.integer(count)
    writer.integer(start)
    return writer.getvalue()


def name_of(names_key: bytes, user_id: str) -> bytes:
    """The 16 bytes that a user's file is found by: a keyed hash, since a plain one of an e-mail address can be guessed.

    Raises ``UnicodeEncodeError`` for an id that is no account's.
    """
    return hmac.digest(names_key, user_id.encode(), "sha256")[:NAME_BYTES]


def file_name(names_key: bytes, user_id: str) -> str:
    """The name of a user's inclusion file where it stands alone. Raises as ``name_of`` does."""
    return f"{name_of(names_key, user_id).hex()}.polyproof"


def _check(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:_CHECK_BYTES]


def _check_of_index(before: bytes, index: bytes) -> bytes:
    digest = hashlib.sha256(before)
    digest.update(index)  # not joined: an index can be large
    return digest.digest()


def write_store(
    path: Path,
    audit_id: str,
    manifest_digest: bytes,
    names_key: bytes,
    files: Iterable[tuple[str, bytes]],
    key: DataKey | None = None,
) -> tuple[int, int]:
    """Write a store, owner-only, whole or not at all; returns the number of files and their bytes together.

    ``files``: account id and inclusion file of each user, which has at most ``MOST_FILE`` bytes. Only the index is in
    memory, 48 bytes a file. It is encrypted if there is a ``key``. Raises ``TwiceError`` for an account id that comes
    twice.
    """
    entries = bytearray()
    with (
        written_durably(path, private=True) as written,
        nullcontext(written) if key is None else encrypting(written, key, STORE) as file,
    ):
        # What precedes the files comes last: until then this is no store.
        file.write(bytes(len(_header(audit_id, manifest_digest, names_key, 0, 0)) + hashlib.sha256().digest_size))
        begin = start = file.tell()
        for user_id, data in files:
            file.write(data)
            entries += _ENTRY.pack(name_of(names_key, user_id), start, len(data), _check(data))
            start += len(data)
        index = np.frombuffer(entries, [("name", ">u8", 2), ("rest", "V32")])
        index = index[np.lexsort((index["name"][:, 1], index["name"][:, 0]))]
        if bool((index["name"][1:] == index["name"][:-1]).all(axis=1).any()):
            raise TwiceError("two files for one account id")
        sorted_index = index.tobytes()
        file.write(sorted_index)
        before = _header(audit_id, manifest_digest, names_key, len(index), start)
        file.seek(0)
        file.write(before + _check_of_index(before, sorted_index))
    return len(index), start - begin


def _data_key(folder: Path, identity: Path | None) -> DataKey:
    key = key_of(folder, identity)
    if key is None:
        raise ArtifactError(f"{folder / RECIPIENTS} is missing: an encrypted store can be read only beside it")
    return key


class InclusionStore:
    """A store, opened to serve files from. Usable from several threads, and after a fork.

    The index is in memory, 48 bytes a file; a file is one read, and compared with its check. A service keeps it open::

        with InclusionStore(path) as store:
            data = store.find("alice")

    An encrypted one is opened with an identity file of age's, and lies beside its ``recipients.json``; a file of it is
    decrypted when it is served, in memory.
    """

    def __init__(self, path: Path, *, identity: Path | None = None) -> None:
        """Open a store and check its index. Raises ``ArtifactError`` for one that is missing or damaged.

        The encrypted form of it is taken, with ``identity``, if ``path`` is that or has it beside it.
        """
        self.encrypted = path.name.endswith(SUFFIX) or encrypted_form(path) is not None
        """Whether it is."""
        self.path = path.with_name(path.name.removesuffix(SUFFIX) + SUFFIX) if self.encrypted else path
        self._file: PlainFile | EncryptedFile
        if self.encrypted:
            self._file = EncryptedFile(self.path, _data_key(self.path.parent, identity), STORE)
        else:
            self._file = PlainFile(path)
        try:
            self._open()
        except ProofRejected as error:
            self.close()
            raise self._damaged(error.reason) from error
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        size = self._file.size
        head = self._read(0, min(_MOST_HEADER, size))
        reader = Reader(head, MAGIC, VERSION, "inclusion store")
        self.audit_id = reader.text("audit id", 128)
        """The audit that its files were cut for."""
        self.manifest_digest = reader.raw("manifest digest", 32)
        """SHA-256 of that audit's manifest, which every file of it names too."""
        self._names_key = reader.raw("key of names", 32)
        self._count = reader.integer("number of files", 0, size // _ENTRY.size)
        self._start = reader.integer("start of the index", 0, size)
        check = reader.raw("check", 32)
        before = _header(self.audit_id, self.manifest_digest, self._names_key, self._count, self._start)
        self._begin = len(before) + len(check)
        if self._start < self._begin or self._start + self._count * _ENTRY.size != size:
            raise self._damaged(f"it has {size} bytes, and its beginning says otherwise")
        self._index = self._read(self._start, size - self._start)
        if _check_of_index(before, self._index) != check:
            raise self._damaged("its index is not the one that was written")

    def __len__(self) -> int:
        """How many users' files it holds."""
        return self._count

    def find(self, user_id: str) -> bytes | None:
        """The inclusion file of an account, as its user receives it; None if there is no such account.

        Raises ``ArtifactError`` if the file is damaged.
        """
        try:
            name = name_of(self._names_key, user_id)
        except UnicodeEncodeError:
            return None  # what a terminal could not decode: no account has such an id
        index, size = self._index, _ENTRY.size
        at = size * bisect_left(
            range(self._count), name, key=lambda number: index[number * size : number * size + NAME_BYTES]
        )
        if index[at : at + NAME_BYTES] != name:
            return None
        return self._entry(at)

    def check(self) -> int:
        """Read all files and compare each with its check; returns how many there are. Raises as ``find`` does."""
        for at in range(0, len(self._index), _ENTRY.size):
            self._entry(at)
        return self._count

    def _entry(self, at: int) -> bytes:
        _, start, length, check = _ENTRY.unpack_from(self._index, at)
        if not (self._begin <= start and start + length <= self._start and length <= MOST_FILE):
            raise self._damaged("a file is outside of it")
        data = self._read(start, length)
        if _check(data) != check:
            raise self._damaged("the file of this account is not the one that was written")
        return data

    def file_name(self, user_id: str) -> str:
        """The name that the file of an account has where it stands alone."""
        return file_name(self._names_key, user_id)

    def _read(self, start: int, count: int) -> bytes:
        data = b""
        while len(data) < count:  # no system call reads more than two gigabytes
            more = self._file.read(start + len(data), count - len(data))
            if not more:
                raise self._damaged("it ends too early")
            data = data + more if data else more
        return data

    def _damaged(self, problem: str) -> ArtifactError:
        return ArtifactError(
            f"{self.path}: not an inclusion store in good order: {problem}; "
            f"`polyproof inclusion DIR --all` writes it again"
        )

    def close(self) -> None:
        """Close the file. It serves nothing more."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
