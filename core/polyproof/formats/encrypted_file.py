"""Private files, encrypted in chunks: any part is read without the rest, and no chunk passes for another.

::

    magic, version    PPENCRYP, 1
    salt              32 random bytes
    chunks            of 64 KiB of the file each, the last one shorter; each encrypted, and 16 bytes longer

The key of a file is HKDF-SHA256 of the data key of its audit, with the salt, for the name of the file. Chunk k is
encrypted by ChaCha20-Poly1305 (RFC 8439) with the nonce k, 11 bytes, most significant first, and a byte that is 1 for
the last chunk and otherwise 0: the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-
Encryption and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015). So a file that was cut, extended or put together of
others, of another name or of another audit, is refused. A key is used for one file, and a nonce for one chunk.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from attrs import field, frozen

from polyproof.errors import ArtifactError
from polyproof.formats.files import PlainFile

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

__all__ = ["CHUNK", "SUFFIX", "DataKey", "EncryptedFile", "EncryptedWriter", "encrypted_size", "encrypting", "is_there"]

SUFFIX = ".encrypted"
"""What the name of an encrypted file has after that of the file."""
CHUNK = 1 << 16
"""Bytes of the file in each chunk but the last."""
_TAG = 16
_SALT = 32
MAGIC = b"PPENCRYP"
_VERSION = (1).to_bytes(4, "little")
_HEADER = len(MAGIC) + len(_VERSION) + _SALT


@frozen
class DataKey:
    """The secret that the private files of one audit are encrypted with."""

    secret: bytes = field(repr=False)
    """32 bytes."""

    def cipher(self, name: str, salt: bytes) -> ChaCha20Poly1305:
        """What encrypts the file of this name: its path in the private half, with ``/``."""
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        info = b"polyproof/private-file/1\n" + name.encode(errors="surrogateescape")
        return ChaCha20Poly1305(HKDF(SHA256(), 32, salt, info).derive(self.secret))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def encrypted_size(size: int) -> int:
    """Bytes that a file of ``size`` bytes has when it is encrypted."""
    return _HEADER + size + _TAG * max(1, -(-size // CHUNK))


def is_there(path: Path) -> bool:
    """Whether there is a file, encrypted or not. ``path``: its name when it is not."""
    return path.is_file() or Path(f"{path}{SUFFIX}").is_file()


class EncryptedWriter:
    """Writes an encrypted file. Its beginning, less than a chunk, may be written once more at the end."""

    def __init__(self, file: BinaryIO, key: DataKey, name: str) -> None:
        """``file``: empty, open to be written; ``name``: of the file, as ``DataKey.cipher`` takes it."""
        salt = secrets.token_bytes(_SALT)
        self._file = file
        self._cipher = key.cipher(name, salt)
        self._first = bytearray()  # kept to the end, so that the beginning can be rewritten
        self._rest = bytearray()
        self._number = 0
        self._again: int | None = None
        file.write(MAGIC + _VERSION + salt)

    def write(self, data: bytes) -> int:
        """Write, or after ``seek(0)`` write over the beginning."""
        if self._again is not None:
            end = self._again + len(data)
            if end > len(self._first):
                raise ValueError("only the first chunk can be written again")
            self._first[self._again : end] = data
            self._again = end
            return len(data)
        taken = min(CHUNK - len(self._first), len(data))
        self._first += data[:taken]
        self._rest += data[taken:]
        done = 0
        while len(self._rest) - done > CHUNK:  # what may be the last chunk stays here
            self._emit(self._rest[done : done + CHUNK], last=False)
            done += CHUNK
        del self._rest[:done]
        return len(data)

    def seek(self, position: int) -> int:
        """Go back to the beginning: nothing else is possible."""
        if position:
            raise ValueError("only the beginning can be written again")
        self._again = 0
        return 0

    def tell(self) -> int:
        """How much has been written."""
        return len(self._first) + self._number * CHUNK + len(self._rest)

    def _emit(self, chunk: bytes | bytearray, *, last: bool) -> None:
        if not self._number:
            self._file.seek(_HEADER + CHUNK + _TAG)
        self._number += 1
        self._file.write(self._cipher.encrypt(_nonce(self._number, last), bytes(chunk), None))

    def finish(self) -> None:
        """Write what is left. Without it the file cannot be read."""
        if self._rest:
            self._emit(self._rest, last=True)
        self._file.seek(_HEADER)
        self._file.write(self._cipher.encrypt(_nonce(0, not self._number), bytes(self._first), None))
        self._file.seek(0, os.SEEK_END)


@contextmanager
def encrypting(file: BinaryIO, key: DataKey, name: str) -> Iterator[EncryptedWriter]:
    """A block that writes an encrypted file; it can be read only if the block succeeds."""
    writer = EncryptedWriter(file, key, name)
    yield writer
    writer.finish()


class EncryptedFile:
    """An encrypted file, opened to be read at any place, from any thread."""

    def __init__(self, path: Path, key: DataKey, name: str) -> None:
        """Open it and decrypt its last chunk, which shows its length.

        Raises ``ArtifactError`` for a file that is missing, damaged, of another name or another key.
        """
        self.path = path
        self._file = PlainFile(path)
        try:
            size = self._file.size - _HEADER
            head = self._file.read(0, _HEADER)
            if head[:-_SALT] != MAGIC + _VERSION or len(head) != _HEADER:
                raise self._refused("it does not begin like one of version 1")
            self._cipher = key.cipher(name, head[-_SALT:])
            self._chunks = -(-size // (CHUNK + _TAG))
            self.size = size - self._chunks * _TAG
            """Bytes of the file when it is decrypted."""
            if self._chunks < 1 or self.size < (self._chunks - 1) * CHUNK + (self._chunks > 1):
                raise self._refused("it ends too early")
            self._chunk(self._chunks - 1)
        except BaseException:
            self.close()
            raise

    def _chunk(self, number: int) -> bytes:
        from cryptography.exceptions import InvalidTag

        sealed = self._file.read(_HEADER + number * (CHUNK + _TAG), CHUNK + _TAG)
        try:
            chunk: bytes = self._cipher.decrypt(_nonce(number, number == self._chunks - 1), sealed, None)
        except InvalidTag as error:
            raise self._refused("it was changed or cut, or is not what was encrypted under this name") from error
        return chunk

    def _refused(self, why: str) -> ArtifactError:
        return ArtifactError(f"{self.path}: not an encrypted file in good order: {why}")

    def chunks(self) -> Iterator[bytes]:
        """All of it, chunk by chunk."""
        return map(self._chunk, range(self._chunks))

    def read(self, start: int, count: int) -> bytes:
        """At most ``count`` bytes from ``start`` on; only the chunks that they lie in are decrypted."""
        stop = min(start + count, self.size)
        if start >= stop:
            return b""
        first = start // CHUNK
        found = b"".join(map(self._chunk, range(first, (stop - 1) // CHUNK + 1)))
        return found[start - first * CHUNK : stop - first * CHUNK]

    def read_all(self) -> bytearray:
        """All of it, in memory."""
        data = bytearray(self.size)
        for number, chunk in enumerate(self.chunks()):
            data[number * CHUNK : number * CHUNK + len(chunk)] = chunk
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> EncryptedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
