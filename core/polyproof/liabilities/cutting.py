"""Cutting inclusion files from the private half of an audit: one user's, a store of all, or a file for each."""

from __future__ import annotations

import hmac
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from attrs import frozen

from polyproof.errors import ArtifactError, InputError, PluginFault, ProofRejected
from polyproof.formats.encrypted_file import SUFFIX, DataKey
from polyproof.formats.files import make_private_directory, write_durably, write_private
from polyproof.formats.space import require_space
from polyproof.liabilities.acceptance import require
from polyproof.liabilities.artifacts import STORE, InclusionFile, find_private, state_directory
from polyproof.liabilities.destruction_mark import read_destroyed
from polyproof.liabilities.inclusion_store import (
    ENTRY_BYTES,
    MOST_FILE,
    InclusionStore,
    TwiceError,
    file_name,
    write_store,
)
from polyproof.liabilities.pledges import Pledges, with_pledges
from polyproof.liabilities.private_encryption import locked
from polyproof.liabilities.recipients import key_of, read_recipients
from polyproof.liabilities.verification import PublishedAudit, open_audit
from polyproof.model.counts import counted, size_text
from polyproof.plugin_faults import asking, fault, names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.settings.policy import UNRESTRICTED
from polyproof.toolkit.private_state import AccountIndex, read_private, reading_encrypted

__all__ = [
    "InclusionsCut",
    "InclusionsStored",
    "cut_all_inclusions",
    "cut_inclusion",
    "store_inclusions",
    "take_inclusion",
]


_CUTTING = (InputError, ProofRejected, OSError)
"""What a backend may raise where the private half of an audit is not as it was left."""


def _whole(directory: Path) -> Path:
    """The private half of an audit, of which nothing was destroyed on purpose."""
    private = find_private(directory)
    if (destroyed := read_destroyed(private)) is not None:
        raise ArtifactError(f"{private}: destroyed ({destroyed}): inclusion files cannot be cut from it any more")
    return private


@contextmanager
def _own(
    directory: Path, registry: Registry | None, identity: Path | None
) -> Iterator[tuple[PublishedAudit, Path, DataKey | None]]:
    """An audit, its private half, and the key of that if it is encrypted: in the block it can be read all the same."""
    private = _whole(directory)
    key = key_of(private, identity)
    audit = open_audit(directory, policy=UNRESTRICTED, registry=registry)
    try:
        with reading_encrypted(private, key):
            yield audit, private, key
    except FileNotFoundError as error:
        if key is None:
            raise
        raise ArtifactError(
            f"{error.filename} is missing, and the private half is encrypted: backend {audit.backend.name!r} may not "
            f"read encrypted state; `polyproof private decrypt` makes it plain again"
        ) from error


def _own_state(private: Path, index: int) -> Path:
    state = state_directory(private, index)
    if not state.is_dir():
        raise ArtifactError(f"{state} is missing: inclusion files of segment {index} cannot be cut")
    return state


def _names_key(private: Path) -> bytes:
    """The key of names of inclusion files, from which the audit's own cannot be computed."""
    return hmac.digest(read_private(private / "key"), b"polyproof/inclusion-file-names", "sha256")


def _unknown(user_id: str, audit_id: str) -> InputError:
    return InputError(f"no account has the id {user_id!r} in audit {audit_id}")


def _encodable(user_id: str) -> bool:
    try:
        user_id.encode()
    except UnicodeEncodeError:
        return False
    return True


# One user


@names_faults
def cut_inclusion(
    directory: Path,
    user_id: str,
    *,
    out: Path | None = None,
    identity: Path | None = None,
    registry: Registry | None = None,
) -> tuple[Path, int]:
    """Cut one user's inclusion file from the private half; returns its path and size.

    Without ``out`` it goes to ``private/inclusion`` under a name that reveals nothing. If the private half is
    encrypted, ``out`` must be given, and ``identity``, an identity file of age's that can read it. Raises
    ``InputError`` for a user id that is not among the accounts.
    """
    with _own(directory, registry, identity) as (audit, private, key):
        if key is not None:
            _require_out(out, private)
        unknown = _unknown(user_id, audit.manifest.audit_id)
        if not _encodable(user_id):
            raise unknown
        for segment in audit.manifest.segments:
            index = segment.index
            state = _own_state(private, index)
            statement, proof, backend = audit.statement(index), audit.proof(index), audit.judge_of(index).backend
            with asking(backend, "while cutting an inclusion proof", may=_CUTTING):
                inclusion = backend.open_inclusion(statement, proof, state, user_id)
            if inclusion is None:
                continue
            require(backend, isinstance(inclusion, bytes), inclusion, "instead of the bytes of an inclusion proof")
            if audit.margin is not None and audit.is_margin(index):
                inclusion = with_pledges(Pledges(state, audit.margin.positions).of(user_id), inclusion)
            data = InclusionFile(audit.manifest.audit_id, audit.manifest.digest, index, inclusion).to_bytes()
            return _hand_out(data, out, private, file_name(_names_key(private), user_id))
        raise unknown


def take_inclusion(
    store: Path, user_id: str, *, out: Path | None = None, identity: Path | None = None
) -> tuple[Path, int]:
    """Take one user's inclusion file from a store; returns its path and size.

    Without ``out`` it goes to ``inclusion`` beside the store under a name that reveals nothing; if the store is
    encrypted, ``out`` must be given. Raises ``InputError`` for a user id that is not among the accounts,
    ``ArtifactError`` for a store that is missing or damaged, or encrypted for others than ``identity``.
    """
    with InclusionStore(store, identity=identity) as opened:
        if opened.encrypted:
            _require_out(out, store)
        data = opened.find(user_id)
        if data is None:
            raise _unknown(user_id, opened.audit_id)
        return _hand_out(data, out, store.parent, opened.file_name(user_id))


def _require_out(out: Path | None, place: Path) -> None:
    """Raise ``InputError`` unless it is said where an inclusion file may lie that nobody encrypts."""
    if out is None:
        raise InputError(f"{place} is encrypted, and an inclusion file is not: name the file that it goes to, by --out")


def _hand_out(data: bytes, out: Path | None, folder: Path, name: str) -> tuple[Path, int]:
    """Write a user's file to ``out``, by default to ``inclusion`` in a folder."""
    if out is None:
        make_private_directory(folder / "inclusion")
        out = folder / "inclusion" / name
    elif not out.parent.is_dir():
        raise InputError(f"{out.parent} is not a directory")
    write_durably(out, data, private=True)
    return out, len(data)


# All users


def _opened(audit: PublishedAudit, index: int, state: Path) -> Iterator[tuple[str, bytes]]:
    statement, proof, backend = audit.statement(index), audit.proof(index), audit.judge_of(index).backend
    with asking(backend, "while cutting inclusion proofs", may=_CUTTING):
        yield from backend.open_all(statement, proof, state)


def _every_file(
    audit: PublishedAudit, private: Path, place: Path, more: int, progress: Progress
) -> Iterator[tuple[str, bytes]]:
    """Account id and inclusion file of every user. ``more``: bytes that ``place`` takes for each, besides the file.

    All files of an audit are about as long as the first, so the room that they take is looked for when that is cut.
    """
    manifest, digest, asked = audit.manifest, audit.manifest.digest, False
    with progress.task("cut inclusion files") as task:
        for segment in manifest.segments:
            index, pledges = segment.index, None
            if audit.margin is not None and audit.is_margin(index):
                pledges = Pledges(_own_state(private, index), audit.margin.positions)
            for item in _opened(audit, index, _own_state(private, index)):
                pair = isinstance(item, tuple) and list(map(type, item)) == [str, bytes]
                require(audit.backend, pair, item, "instead of an account id and bytes")
                user_id, inclusion = item
                require(audit.backend, _encodable(user_id), user_id, "that is not Unicode text, and no account's id")
                if pledges is not None:
                    inclusion = with_pledges(pledges.of(user_id), inclusion)
                data = InclusionFile(manifest.audit_id, digest, index, inclusion).to_bytes()
                require(audit.backend, len(data) <= MOST_FILE, inclusion, f"longer than {MOST_FILE} bytes")
                if not asked:
                    asked = True
                    _require_room(audit, private, place, len(data) + more)
                yield user_id, data
                task.advance()


def _require_room(audit: PublishedAudit, private: Path, place: Path, each: int) -> None:
    counts = [AccountIndex.count(_own_state(private, segment.index)) for segment in audit.manifest.segments]
    number = sum(count or 0 for count in counts)
    require_space(place, number * each, f"storing {counted(number, 'inclusion file')} of about {size_text(each)}")


def _twice(audit: PublishedAudit) -> PluginFault:
    return fault(audit.backend, "it cut two inclusion files for one account id")


@frozen
class InclusionsStored:
    """The inclusion files of all users, in a store."""

    store: Path
    count: int
    bytes: int
    """Of the files; the store has 48 more for each, and a header."""
    seconds: float


@names_faults
def store_inclusions(
    directory: Path,
    *,
    out: Path | None = None,
    identity: Path | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> InclusionsStored:
    """Cut every user's inclusion file into one store, which ``InclusionStore`` serves them from.

    It is ``private/inclusion.store`` or a new file ``out``, owner-only, and written whole or not at all. If the private
    half is encrypted, which ``identity`` can then read, so is the store, ``private/inclusion.store.encrypted``.
    """
    start = time.perf_counter()
    with _own(directory, registry, identity) as (audit, private, key):
        if out is not None and key is not None:
            raise InputError(f"{private} is encrypted, and so is the store, which lies in it: --out cannot move it")
        if out is not None and (out.exists() or out.is_symlink()):
            raise InputError(f"{out} exists: a store is written to a new file")
        if out is not None and not out.parent.is_dir():
            raise InputError(f"{out.parent} is not a directory")
        store, manifest = out or private / (STORE if key is None else STORE + SUFFIX), audit.manifest
        files = _every_file(audit, private, store, ENTRY_BYTES, progress or Progress())
        try:
            with locked(private) if key is not None else nullcontext():
                if (read_recipients(private) is None) != (key is None):  # with another key it could never be read
                    raise ArtifactError(f"{private} was encrypted or decrypted meanwhile: run this again")
                count, size = write_store(store, manifest.audit_id, manifest.digest, _names_key(private), files, key)
        except TwiceError as error:
            raise _twice(audit) from error
    return InclusionsStored(store, count, size, time.perf_counter() - start)


@frozen
class InclusionsCut:
    """A file for every user."""

    directory: Path
    index: Path
    """Owner-only CSV: which file is whose."""
    count: int
    bytes: int
    seconds: float


@names_faults
def cut_all_inclusions(
    directory: Path, *, out: Path | None = None, registry: Registry | None = None, progress: Progress | None = None
) -> InclusionsCut:
    """Cut a file for every user, into ``private/inclusion`` or a new directory ``out``.

    The names reveal nothing; ``private/inclusion.csv`` says which is whose. Raises ``ArtifactError`` for a private half
    that is encrypted: none of this would be.
    """
    start = time.perf_counter()
    private = _whole(directory)
    if read_recipients(private) is not None:
        raise ArtifactError(
            f"{private} is encrypted, and a file for each customer is not: cut them into a store, without --files, or "
            f"decrypt it first"
        )
    audit = open_audit(directory, policy=UNRESTRICTED, registry=registry)
    final = out or private / "inclusion"
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and is not an empty directory")
    if not final.name:
        raise InputError("inclusion files are written to a directory of their own: name one below the current one")
    working = final.with_name(f".{final.name}.partial")
    shutil.rmtree(working, ignore_errors=True)
    make_private_directory(working)
    names_key = _names_key(private)
    lines, size = ["account,file\r\n"], 0
    try:
        for user_id, data in _every_file(audit, private, working, 0, progress or Progress()):
            name = file_name(names_key, user_id)
            if (working / name).exists():
                raise _twice(audit)
            write_private(working / name, data)
            quoted = user_id.replace('"', '""')
            lines.append(f'"{quoted}",{name}\r\n')
            size += len(data)
        if out is None and final.exists():
            shutil.rmtree(final)
        working.replace(final)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise
    index_file = private / "inclusion.csv"
    write_durably(index_file, "".join(lines).encode(), private=True)
    return InclusionsCut(final, index_file, len(lines) - 1, size, time.perf_counter() - start)
