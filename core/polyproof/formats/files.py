"""Files: those of others are read with bounds, ours are written whole or not at all, private ones are owner-only."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from polyproof.errors import ArtifactError, InputError, Location, Problem, ProofRejected
from polyproof.formats.space import naming, require_space

__all__ = [
    "PlainFile",
    "digest_bounded",
    "flush_directory",
    "flush_tree",
    "make_private_directory",
    "open_private",
    "open_regular",
    "read_at",
    "read_bounded",
    "read_input",
    "refuse_readable_by_others",
    "tree_size",
    "write_durably",
    "write_private",
    "written_durably",
]

# Flags that not every system has. Windows has only O_BINARY, which matters only there.
_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_UNFOLLOWED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_FOLLOWS = not hasattr(os, "O_NOFOLLOW")

_WRITTEN_AT_ONCE = 1 << 20
"""Bytes that a file takes before they go to the system."""


def make_private_directory(path: Path) -> None:
    """Create a directory (and parents) that only its owner may enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read; it has those permissions before it has content."""
    with naming(path), os.fdopen(open_private(path, os.O_WRONLY | os.O_TRUNC), "wb") as file:
        file.write(data)


def open_private(path: Path, flags: int, *, follow: bool = True) -> int:
    """The descriptor of a file that only its owner may read, created if it does not exist.

    ``follow`` says whether it may be reached through a symbolic link. On systems without such permissions, those of the
    directory apply.
    """
    if not follow:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags | os.O_CREAT | _FLAGS, 0o600)
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o600)
    return descriptor


def read_input(path: Path, max_bytes: int, why: str = "") -> bytes:
    """Read a file that its user names: it may be a link or a pipe.

    Raises ``InputError`` for one that cannot be read, and for more than ``max_bytes``, and ``why`` that is too much.
    """
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from error
    if len(data) > max_bytes:
        raise InputError(f"{path} has more than {max_bytes} bytes{why}")
    return data


def refuse_readable_by_others(path: Path, *, pipes: bool = True) -> None:
    """For a file with a secret. Raises ``InputError`` if others can read or change it; ``pipes`` are let through."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    judged = stat.S_ISREG(mode) or not pipes
    if os.name == "posix" and judged and stat.S_IMODE(mode) & 0o077:
        told = f"others than its owner can read or change it (mode {stat.S_IMODE(mode):03o})"
        raise InputError(Problem(told, Location(str(path)), f"chmod 600 {path}"))


def read_bounded(path: Path, max_bytes: int, refuse: Callable[[int], None] | None = None) -> bytes:
    """Read a regular file that others wrote.

    Raises ``ProofRejected`` for a symbolic link, a special file or a file of more than ``max_bytes``; ``ArtifactError``
    for one that is missing or not readable. ``refuse`` is called with the size of a file that is too large and raises
    the ``ProofRejected`` that says whose limit it exceeds.
    """
    with _opened(path) as descriptor:
        size, data = os.fstat(descriptor).st_size, b""
        if size <= max_bytes:
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(max_bytes + 1)
    size = max(size, len(data))
    if size > max_bytes:
        if refuse is not None:
            try:
                refuse(size)
            except ProofRejected as error:
                raise error.at(path) from error
        raise ProofRejected("file-size", f"{size} bytes, more than the {max_bytes} allowed", file=path)
    return data


def digest_bounded(path: Path, max_bytes: int) -> bytes:
    """SHA-256 of a regular file that others wrote, of which little is in memory. Raises as ``read_bounded`` does."""
    digest, size = hashlib.sha256(), 0
    with _opened(path) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
        while block := file.read(1 << 20):
            size += len(block)
            if size > max_bytes:
                raise ProofRejected("file-size", f"more than the {max_bytes} bytes allowed", file=path)
            digest.update(block)
    return digest.digest()


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The descriptor of a regular file, which is not reached through a link."""
    try:
        if _FOLLOWS and path.is_symlink():
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        descriptor = os.open(path, os.O_RDONLY | _FLAGS | _UNFOLLOWED)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise ProofRejected("file-kind", "a symbolic link, which may point anywhere", file=path) from error
        if error.errno in (errno.ENXIO, errno.EOPNOTSUPP):  # a socket: on Linux, on others
            raise ProofRejected("file-kind", "not a regular file", file=path) from error
        raise ArtifactError(f"{path}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ProofRejected("file-kind", "not a regular file", file=path)
        yield descriptor
    finally:
        os.close(descriptor)


def write_durably(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file whole or not at all: to a temporary name beside it, flushed to disk, then renamed.

    Raises ``InputError`` if there is no room for it.
    """
    require_space(path, len(data), "this file")
    with written_durably(path, private=private) as file:
        file.write(data)


@contextmanager
def written_durably(path: Path, *, private: bool = False) -> Iterator[BinaryIO]:
    """A file to be written in the block, which has its name only once the block is done and all is on disk.

    If the block fails, nothing is left. A process that is killed leaves ``.NAME.writing``, which the next one replaces.
    The folder may be somebody else's: what has that name there, if a link or a pipe, is removed and not written to.
    """
    if path.is_dir() and not path.is_symlink():
        raise InputError(f"{path} is a directory, not the name of a file")
    temporary = path.with_name(f".{path.name}.writing")
    temporary.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_EXCL
    descriptor = open_private(temporary, flags) if private else os.open(temporary, flags | os.O_CREAT | _FLAGS, 0o666)
    try:
        with naming(path), os.fdopen(descriptor, "wb", buffering=_WRITTEN_AT_ONCE) as file:
            yield file
            file.flush()
            os.fsync(descriptor)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush(path.parent)


def open_regular(path: Path) -> int:
    """The descriptor of a regular file of our own, to be read. Raises ``ArtifactError``."""
    try:
        # A pipe is opened without waiting for its writer, and then refused.
        descriptor = os.open(path, os.O_RDONLY | _FLAGS | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise ArtifactError(f"{path}: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ArtifactError(f"{path}: not a regular file")
    return descriptor


class PlainFile:
    """A regular file of our own, opened to be read at any place, from any thread."""

    def __init__(self, path: Path) -> None:
        """Raises ``ArtifactError`` for one that is missing or not readable."""
        self._path = path
        self._descriptor = open_regular(path)
        self.size = os.fstat(self._descriptor).st_size

    def read(self, start: int, count: int) -> bytes:
        """At most ``count`` bytes from ``start`` on. Raises ``ArtifactError`` if the system fails."""
        try:
            return read_at(self._descriptor, count, start)
        except OSError as error:
            raise ArtifactError(f"{self._path}: {error.strerror}") from error

    def close(self) -> None:
        """Close the file."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


_SEEKING = threading.Lock()


def read_at(descriptor: int, count: int, start: int) -> bytes:
    """At most ``count`` bytes of a file from ``start`` on, from any thread."""
    if hasattr(os, "pread"):
        return os.pread(descriptor, count, start)
    with _SEEKING:  # Windows: a descriptor has one position for all threads
        os.lseek(descriptor, start, os.SEEK_SET)
        return os.read(descriptor, count)


def flush_tree(directory: Path) -> None:
    """Make a private directory owner-only throughout and flush it to disk."""
    for folder, _, names in os.walk(directory):
        for name in names:
            path = Path(folder, name)
            path.chmod(0o600)
            _flush(path)
        make_private_directory(Path(folder))
        _flush(Path(folder))


def flush_directory(directory: Path) -> None:
    """Flush the names in a directory to disk."""
    _flush(directory)


def _flush(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        # Windows cannot open a directory as a file; its entries reach the disk with the files.
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def tree_size(directory: Path) -> int:
    """Bytes of all files under a directory."""
    return sum(path.lstat().st_size for path in directory.rglob("*") if path.is_file())
