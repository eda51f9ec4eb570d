"""What an audit leaves on disk: a public half, a private half, inclusion files.

::

    DIR/public/manifest.json  DIR/public/proof-0000.bin …     to publish
    DIR/private/key  DIR/private/state-0000/ …  DIR/private/inclusion/ …   owner-only

Reading assumes that others wrote what is read: sizes are checked before anything is taken into memory,
symbolic links and special files are refused. docs/reference/audit-directory.md describes the formats.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from attrs import frozen

from polyproof.backend import Policy
from polyproof.errors import ArtifactError, ProofRejected
from polyproof.liabilities.manifest import AUDIT_ID, Manifest, parse_manifest
from polyproof.toolkit.binary import Reader, Writer
from polyproof.toolkit.private_state import make_private_directory, write_private

__all__ = [
    "HISTORY",
    "MANIFEST",
    "PRIVATE_README",
    "InclusionFile",
    "find_private",
    "find_public",
    "flush_tree",
    "is_history",
    "read_bounded",
    "read_inclusion_file",
    "read_manifest",
    "state_directory",
    "tree_size",
    "write_durably",
]

MANIFEST = "manifest.json"
HISTORY = "history.json"
"""The index of a published history: see ``polyproof.publication.history``."""

PRIVATE_README = """\
PRIVATE: never publish anything in this folder.

It holds the account ids and balances of every user, and the key that hides them in the published
proofs. Users' inclusion files are cut from it (polyproof inclusion). What may be published lies in
the folder "public" beside this one, all of it.

Keep this folder, encrypted and backed up, for as long as users may ask for their inclusion files.
"""

_INCLUSION_MAGIC = b"PPROOFIN"
_INCLUSION_VERSION = 1
_INCLUSION_OVERHEAD = 512
"""More bytes than the container around an inclusion proof can have."""


def find_public(directory: Path) -> Path:
    """The public half of an audit: ``directory`` itself, or ``public`` in it. Raises ``ArtifactError``."""
    for candidate in (directory / "public", directory):
        if (candidate / MANIFEST).is_symlink() or (candidate / MANIFEST).exists():
            return candidate
    if not directory.exists():
        raise ArtifactError(f"{directory} does not exist")
    raise ArtifactError(f"{directory} is no audit: it has neither public/{MANIFEST} nor {MANIFEST}")


def is_history(directory: Path) -> bool:
    """Whether a directory is a published history rather than a single audit."""
    index = directory / HISTORY
    return index.is_symlink() or index.exists()


def find_private(directory: Path) -> Path:
    """The private half of an audit. Raises ``ArtifactError``."""
    private = directory / "private"
    if private.is_dir():
        return private
    raise ArtifactError(
        f"{directory} has no private half: inclusion files are cut where the audit was proved, "
        f"from the directory that `polyproof prove` wrote"
    )


def state_directory(private: Path, segment: int) -> Path:
    """Where a backend keeps the private state of a segment."""
    return private / f"state-{segment:04d}"


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """Read a regular file that others wrote.

    Raises ``ProofRejected`` for a symbolic link, a special file or one of more than ``max_bytes``;
    ``ArtifactError`` for one that is missing or not readable.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):
            raise ProofRejected("file-kind", "a symbolic link, which may point anywhere", file=path) from error
        raise ArtifactError(f"{path}: {error.strerror}") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ProofRejected("file-kind", "not a regular file", file=path)
        size, data = status.st_size, b""
        if size <= max_bytes:
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(max_bytes + 1)
    finally:
        os.close(descriptor)
    size = max(size, len(data))
    if size > max_bytes:
        raise ProofRejected("file-size", f"{size} bytes, allowed are {max_bytes}", file=path)
    return data


def read_manifest(public: Path, policy: Policy) -> Manifest:
    """Read and parse the manifest of an audit."""
    path = public / MANIFEST
    data = read_bounded(path, policy.max_manifest_bytes)
    try:
        return parse_manifest(data, policy)
    except ProofRejected as error:
        raise ProofRejected(error.check, error.reason, file=path) from error


def write_durably(path: Path, data: bytes, *, private: bool = False) -> None:
    """Write a file whole or not at all: beside it, to the disk, then under its name."""
    temporary = path.with_name(f".{path.name}.writing")
    if private:
        write_private(temporary, data)
    else:
        temporary.write_bytes(data)
    _flush(temporary)
    temporary.replace(path)
    _flush(path.parent)


def flush_tree(directory: Path) -> None:
    """Make a private directory owner-only throughout and bring it to the disk."""
    for folder, _, names in os.walk(directory):
        for name in names:
            path = Path(folder, name)
            path.chmod(0o600)
            _flush(path)
        make_private_directory(Path(folder))
        _flush(Path(folder))


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def tree_size(directory: Path) -> int:
    """Bytes of all files under a directory."""
    return sum(path.lstat().st_size for path in directory.rglob("*") if path.is_file())


@frozen
class InclusionFile:
    """What a user gets: which audit and segment it belongs to, and the backend's inclusion proof.

    It holds neither the user's id nor balances: the user types those, so that a file cannot vouch for itself.
    """

    audit_id: str
    manifest_digest: bytes
    segment: int
    inclusion: bytes

    def to_bytes(self) -> bytes:
        """The file."""
        writer = Writer(_INCLUSION_MAGIC, _INCLUSION_VERSION)
        writer.text(self.audit_id)
        writer.raw(self.manifest_digest)
        writer.integer(self.segment)
        writer.blob(self.inclusion)
        return writer.getvalue()

    @classmethod
    def parse(cls, data: bytes, policy: Policy) -> InclusionFile:
        """Read one. Raises ``ProofRejected``."""
        reader = Reader(data, _INCLUSION_MAGIC, _INCLUSION_VERSION, "polyproof inclusion file")
        audit_id = reader.text("audit id", 128)
        if not AUDIT_ID.match(audit_id):
            raise ProofRejected("audit-id", "the inclusion file has a malformed audit id")
        digest = reader.raw("manifest digest", 32)
        segment = reader.integer("segment", 0, policy.max_segments - 1)
        inclusion = reader.blob("inclusion proof", policy.max_inclusion_bytes)
        reader.finish()
        return cls(audit_id, digest, segment, inclusion)


def read_inclusion_file(path: Path, policy: Policy) -> InclusionFile:
    """Read a user's inclusion file. Raises ``ProofRejected``, or ``ArtifactError`` for a missing one."""
    data = read_bounded(path, policy.max_inclusion_bytes + _INCLUSION_OVERHEAD)
    try:
        return InclusionFile.parse(data, policy)
    except ProofRejected as error:
        raise ProofRejected(error.check, error.reason, file=path) from error
