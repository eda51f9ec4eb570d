"""Encrypting the private half of an audit where it lies, and decrypting it, one file after the other.

At every moment each file is whole in one of its two forms: the new form has its name only when it is on disk, is then
read back and compared, and only then is the old one removed. A run that is killed is finished by the same command.
Where both forms of a file are there, they must say the same; polyproof reads the encrypted one.

What is removed is not overwritten: disks, file systems and backups keep copies that no program reaches.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from polyproof.errors import ArtifactError, InputError, Problem
from polyproof.extras import require_extras
from polyproof.formats.encrypted_file import (
    CHUNK,
    SUFFIX,
    DataKey,
    EncryptedFile,
    encrypted_size,
    encrypting,
)
from polyproof.formats.files import flush_directory, written_durably
from polyproof.formats.space import require_space
from polyproof.liabilities.artifacts import RECIPIENTS, find_private
from polyproof.liabilities.private_half import sort_of
from polyproof.liabilities.recipients import (
    Identities,
    Recipient,
    Recipients,
    new_data_key,
    open_private_half,
    read_recipients,
    refuse_secret,
)
from polyproof.liabilities.record import open_publication
from polyproof.progress import Progress
from polyproof.settings.policy import UNRESTRICTED

__all__ = ["Converted", "change_recipients", "decrypt", "encrypt", "locked"]

LOCK = "lock"


@frozen
class Converted:
    """What was encrypted or decrypted."""

    private: Path
    recipients: tuple[Recipient, ...]
    """Who can read it, or could."""
    count: int
    bytes: int
    """Of the files, as they are when they are not encrypted."""
    seconds: float


@contextmanager
def locked(private: Path) -> Iterator[None]:
    """Keep other processes from changing the form of a private half. Raises ``ArtifactError`` if one does."""
    require_extras("private", purpose="changing what is private")
    from filelock import FileLock, Timeout

    lock = FileLock(private / LOCK, mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise ArtifactError(f"another process is changing {private}") from error
    try:
        yield
    finally:
        lock.release()


# Encrypting


def encrypt(
    directory: Path,
    recipients: Sequence[Recipient],
    identities: Identities | None,
    *,
    untested: bool = False,
    progress: Progress | None = None,
) -> Converted:
    """Encrypt the private half of an audit for recipients; go on with that if it was interrupted.

    ``identities`` must be able to read it, which shows that somebody can: ``untested`` does without. Raises
    ``InputError`` where recipients and identities do not fit, or the disk is too full; ``ArtifactError`` for files that
    cannot be encrypted as they are.
    """
    start = time.perf_counter()
    require_extras("private", purpose="encrypting what is private")
    private = find_private(directory)
    audit_id = open_publication(directory, UNRESTRICTED, liabilities_only=True).manifest.audit_id
    with locked(private):
        files = _plain_files(private)
        found, encrypted = read_recipients(private), _encrypted_files(private)
        if encrypted and found is None:
            # A new data key would be written nowhere, or beside files that it does not read.
            raise ArtifactError(
                Problem(
                    f"{encrypted[0]} is there without {RECIPIENTS}, which says who can read it",
                    hint="put it back from a copy; move away what another program has encrypted",
                )
            )
        if found is None or not encrypted:  # what nothing was encrypted for yet may be replaced
            if identities is None and not untested:
                raise InputError(
                    "give --identity with the identity of a recipient, which shows that what is encrypted can be read; "
                    "or --untested, to encrypt for identities that are not at hand"
                )
            key = new_data_key()
            found = Recipients.of(audit_id, recipients, key)
            if identities is not None:
                found.open(identities, private / RECIPIENTS)
        else:
            if recipients and list(recipients) != list(found.listed):
                raise InputError(
                    f"{private} is encrypted already, or in part: --to cannot change for whom; "
                    f"`polyproof private recipients` does"
                )
            opened = open_private_half(private, identities)
            assert opened is not None
            key = opened
            for path in encrypted:  # by this key, and not by one of before: what follows would need both
                EncryptedFile(path, key, _name(private, path.with_name(path.name.removesuffix(SUFFIX)))).close()
        if found.audit_id != audit_id:
            raise ArtifactError(f"{private / RECIPIENTS}: of audit {found.audit_id}, and this is {audit_id}")
        require_space(private, max((encrypted_size(path.stat().st_size) for path in files), default=0), "one file more")
        if not encrypted:
            found.write(private)
        size = 0
        with (progress or Progress()).task("encrypt") as task:
            for path in files:
                size += path.stat().st_size
                _encrypt_file(path, key, _name(private, path))
                task.advance()
        _make_private(private)
    return Converted(private, found.listed, len(files), size, time.perf_counter() - start)


def _name(private: Path, path: Path) -> str:
    """What a file is bound to: its place in the private half."""
    return path.relative_to(private).as_posix()


def _plain_files(private: Path) -> list[Path]:
    """The files of a private half that are secret and not encrypted. Raises ``ArtifactError`` for what is no file."""
    found = (
        path
        for entry in sorted(private.iterdir())
        if sort_of(entry.name).secret
        for path in sorted(_files_within(entry))
        if not path.name.endswith(SUFFIX)
    )
    return [path for path in found if not _left_over(path)]


def _left_over(path: Path) -> bool:
    """Whether a file is what an interrupted run of these commands has left: then it is removed.

    Raises ``ArtifactError`` for what other commands are writing, or have left.
    """
    if not (path.name.startswith(".") and path.name.endswith(".writing")):
        return False
    name = path.name[1:].removesuffix(".writing")
    if name != RECIPIENTS and not name.endswith(SUFFIX) and not path.with_name(name + SUFFIX).exists():
        raise ArtifactError(f"{path} is being written, or an interrupted run left it: remove it first")
    path.unlink()
    return True


def _make_private(private: Path) -> None:
    """Give nobody but the owner access to what is there, not following links."""
    for folder, folders, names in os.walk(private):
        for name in (*folders, *names):
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o700 if path.is_dir() else 0o600)
    private.chmod(0o700)


def _files_within(entry: Path) -> Iterator[Path]:
    """The files at or below an entry. Raises ``ArtifactError`` for links and special files."""
    mode = entry.lstat().st_mode
    if stat.S_ISDIR(mode):
        for below in entry.iterdir():
            yield from _files_within(below)
    elif stat.S_ISREG(mode):
        yield entry
    else:
        raise ArtifactError(f"{entry} is not a regular file: a private half with it cannot be encrypted")


def _encrypt_file(path: Path, key: DataKey, name: str) -> None:
    encrypted = path.with_name(path.name + SUFFIX)
    if not os.path.lexists(encrypted):
        with (
            path.open("rb") as plain,
            written_durably(encrypted, private=True) as file,
            encrypting(file, key, name) as writer,
        ):
            while block := plain.read(1 << 20):
                writer.write(block)
    _require_same(path, encrypted, key, name)
    _remove(path)


def _require_same(path: Path, encrypted: Path, key: DataKey, name: str) -> None:
    with EncryptedFile(encrypted, key, name) as opened, path.open("rb") as plain:
        same = opened.size == os.fstat(plain.fileno()).st_size
        same = same and all(chunk == plain.read(CHUNK) for chunk in opened.chunks())
    if not same:
        raise ArtifactError(f"{path} and {encrypted} are both there and differ: remove the one that is not wanted")


def _remove(path: Path) -> None:
    path.unlink()
    flush_directory(path.parent)


# Decrypting


def decrypt(directory: Path, identities: Identities, *, progress: Progress | None = None) -> Converted:
    """Decrypt a private half where it lies; go on with that if it was interrupted.

    Raises ``ArtifactError`` for one that is not encrypted, for identities that cannot read it and for damaged files.
    """
    start = time.perf_counter()
    private = find_private(directory)
    with locked(private):
        found = read_recipients(private)
        if found is None:
            raise ArtifactError(f"{private} is not encrypted")
        key = found.open(identities, private / RECIPIENTS)
        files = _encrypted_files(private)
        require_space(private, max((path.stat().st_size for path in files), default=0), "one file more")
        size = 0
        with (progress or Progress()).task("decrypt") as task:
            for encrypted in files:
                size += _decrypt_file(encrypted, key, private)
                task.advance()
        # Last: while it is there, whatever is still encrypted can be read.
        _remove(private / RECIPIENTS)
    return Converted(private, found.listed, len(files), size, time.perf_counter() - start)


def _encrypted_files(private: Path) -> list[Path]:
    secret = (entry for entry in sorted(private.iterdir()) if sort_of(entry.name).secret)
    found = (path for entry in secret for path in sorted(_files_within(entry)))
    return [path for path in found if path.name.endswith(SUFFIX)]


def _decrypt_file(encrypted: Path, key: DataKey, private: Path) -> int:
    path = encrypted.with_name(encrypted.name.removesuffix(SUFFIX))
    name = _name(private, path)
    with EncryptedFile(encrypted, key, name) as opened:
        if not os.path.lexists(path):
            with written_durably(path, private=True) as file:
                for chunk in opened.chunks():
                    file.write(chunk)
        size = opened.size
    _require_same(path, encrypted, key, name)
    _remove(encrypted)
    return size


# Recipients


def change_recipients(
    directory: Path, identities: Identities, *, add: Sequence[Recipient] = (), remove: Sequence[str] = ()
) -> Recipients:
    """Encrypt the data key of a private half for others; its files stay as they are.

    ``remove`` has recipients or names. Raises ``InputError`` for a recipient who is not there, or is there already, and
    where nobody would be left; ``ArtifactError`` as ``decrypt`` does.
    """
    private = find_private(directory)
    with locked(private):
        found = read_recipients(private)
        if found is None:
            raise ArtifactError(f"{private} is not encrypted")
        key = found.open(identities, private / RECIPIENTS)
        listed = list(found.listed)
        for text in remove:
            refuse_secret(text, "a recipient")
            leaving = [recipient for recipient in listed if text in (recipient.key, recipient.name)]
            if not leaving:
                raise InputError(f"{ascii(text)[:100]} is no recipient of {private}")
            if len(leaving) > 1:
                raise InputError(f"{ascii(text)[:100]} is the name of several recipients: give age1…")
            listed.remove(leaving[0])
        changed = Recipients.of(found.audit_id, [*listed, *add], key)
        changed.write(private)
    return changed
