"""Destroying what an audit keeps private: all of it, or what nobody needs once there is a store of all inclusion files.

Files are removed, not overwritten: on flash memory, on file systems that copy on write, in snapshots and in backups the
old blocks stay where they are, and overwriting would only seem to help. What makes copies useless is the destruction of
the keys that they are encrypted with, which are the exchange's: identities of recipients, keys of volumes.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from attrs import frozen

from polyproof.errors import ArtifactError, Problem
from polyproof.formats.files import flush_directory
from polyproof.liabilities.artifacts import RECIPIENTS, STORE, find_private, state_directory
from polyproof.liabilities.destruction_mark import read_destroyed, write_destroyed
from polyproof.liabilities.inclusion_store import InclusionStore
from polyproof.liabilities.private_encryption import locked
from polyproof.liabilities.private_half import SORTS, PrivateFiles, PrivateHalf, Sort, is_private_half, look_at, sort_of
from polyproof.liabilities.recipients import Recipient, key_of
from polyproof.model.counts import counted
from polyproof.toolkit.private_state import AccountIndex, reading_encrypted

__all__ = ["Destroyed", "destroy", "destroyable"]


@frozen
class Destroyed:
    """What was destroyed of an audit."""

    directory: Path
    audit_id: str | None
    count: int
    """Files."""
    bytes: int
    encrypted: bool
    """Whether all of them were encrypted."""
    recipients: tuple[Recipient, ...]
    """Who could read them, and can read copies of them."""
    problems: tuple[str, ...]
    """What is left all the same."""


def destroy(directory: Path, *, but_store: bool = False, identity: Path | None = None) -> Destroyed:
    """Remove the private files of an audit; with ``but_store`` only key and state, if the store has everybody's file.

    ``identity``: reads an encrypted store, to see whether it has. Cut short, the same call goes on with it. Raises
    ``ArtifactError`` for an audit without a private half, for a folder ``private`` that is of something else, and for a
    store that is missing, damaged or not everybody's.
    """
    private = find_private(directory)
    if not is_private_half(private):
        raise ArtifactError(
            Problem(
                f"{private} has no README of polyproof's, so it may be of something else: nothing is removed",
                hint="if it is what an audit keeps private, remove it yourself",
            )
        )
    with locked(private):
        before = look_at(directory)
        if but_store:
            _require_whole_store(before, identity)
        # First: whoever finds the rest cut short sees that it was meant, and the next call does not look for accounts.
        write_destroyed(private, "state" if but_store else "all")
        sorts = _sorts(but_store)
        files = destroyable(before, but_store=but_store)
        if not but_store:
            # First: if the rest is cut short, nobody can read what is left of it here.
            (private / RECIPIENTS).unlink(missing_ok=True)
            flush_directory(private)
        for entry in sorted(private.iterdir()):
            if sort_of(entry.name) in sorts:
                _remove(entry)
        flush_directory(private)
    work = [files for files in before.files if files.sort is SORTS["work"]]
    return Destroyed(
        directory,
        before.manifest.audit_id if before.manifest is not None else None,
        sum(each.count for each in files),
        sum(each.bytes for each in files),
        all(each.encrypted == each.count for each in files),
        before.recipients,
        tuple(f"unfinished work beside {directory} holds ids and balances, and was left" for _ in work),
    )


def _sorts(but_store: bool) -> set[Sort]:
    return {SORTS["key"], SORTS["state"]} if but_store else {sort for sort in SORTS.values() if sort.secret}


def destroyable(half: PrivateHalf, *, but_store: bool = False) -> list[PrivateFiles]:
    """What there is to be destroyed: not unfinished work, which lies elsewhere."""
    return [files for files in half.files if files.sort in _sorts(but_store) and files.sort is not SORTS["work"]]


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)  # removes links, and does not follow them
    else:
        entry.unlink()


def _require_whole_store(half: PrivateHalf, identity: Path | None) -> None:
    """Raise ``ArtifactError`` unless the store has the file of every account, each as it was written."""
    private, manifest = half.path, half.manifest
    if manifest is None:
        raise ArtifactError(f"{half.directory}: its public half cannot be read, so nobody knows whose store this is")
    key = key_of(private, identity)
    with InclusionStore(private / STORE, identity=identity) as store:
        if (store.audit_id, store.manifest_digest) != (manifest.audit_id, manifest.digest):
            raise ArtifactError(f"{store.path} is of another audit, or of another proof of this one")
        stored = store.check()
    if read_destroyed(private) is not None:
        return  # a call that was cut short had compared them, and has removed some of what they are counted in
    with reading_encrypted(private, key):
        counts = [AccountIndex.count(state_directory(private, segment.index)) for segment in manifest.segments]
    if None in counts:
        raise ArtifactError(f"{private}: how many accounts there are cannot be told, so neither whether all are stored")
    accounts = sum(count or 0 for count in counts)
    if accounts != stored:
        raise ArtifactError(
            f"{private}: the store has {counted(stored, 'file')} of {counted(accounts, 'account')}; "
            f"`polyproof inclusion DIR --all` cuts them all"
        )
