"""The directory in which an audit is made until it is complete, and which lets it survive a crash.

``polyproof plan`` makes one, ``prove-segment`` works in it, from several machines at once if they share it, and
``assemble`` turns it into an audit. ``polyproof prove`` does the same in ``.NAME.partial`` beside the audit's directory
``NAME``. It is owner-only::

    lock                 held by `prove`, `plan` and `assemble`
    plan.json            what the work is about; written last, so that there is a plan or none
    key                  the audit's secret 32 bytes
    accounts/            the accounts of each segment: see ``accounts_files``
    attempt-0000-…/      a segment that is being proved, by one process
    segment-0000/        a finished one: proof.bin, record.json, and the backend's private state/
    snapshot-…/          while the snapshot is read: what DuckDB keeps on disk
    audit/               while it is put together: becomes NAME in one rename

An attempt belongs to the process that began it, under a random name, and no other continues it. It becomes the
segment's directory in one rename, which fails if there is one: of any number of attempts one proof leaves.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import frozen

from polyproof.errors import ArtifactError, InputError, ProofRejected
from polyproof.formats.files import flush_directory, flush_tree, make_private_directory, read_bounded, write_private
from polyproof.formats.strict_json import parse_strict
from polyproof.liabilities.record import read_record
from polyproof.liabilities.work_plan import WorkPlan, plan_audit, plan_id
from polyproof.model.manifest import Segment
from polyproof.model.names import AMOUNT, DIGEST
from polyproof.toolkit.json_object import JsonObject

__all__ = ["PROOF_FILE", "RECORD_FILE", "SCRATCH", "STATE_FOLDER", "Workspace", "checked_target"]

_MOST_RECORD = 4 << 20
RECORD_FILE = "record.json"
PROOF_FILE = "proof.bin"
STATE_FOLDER = "state"
"""What the directory of a segment holds; the last is what the backend keeps for inclusion proofs."""
SCRATCH = "snapshot-"
"""What the names of folders begin with in which DuckDB keeps what it cannot hold."""
_ATTEMPT = "attempt-"
_WIPED = "wiped-"


@frozen
class _Record:
    """What a finished segment's record says."""

    plan: str
    attempt: str
    segment: Segment


class Workspace:
    """A work directory. Nothing is created yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plan = path / "plan.json"
        self.key = path / "key"
        self.accounts = path / "accounts"
        self.audit = path / "audit"
        self.public = self.audit / "public"
        self.private = self.audit / "private"

    # Who may work here

    @contextmanager
    def held(self, keep: Callable[[], bool], of: Path | None = None) -> Iterator[None]:
        """Create the workspace or take the one that exists, and keep other processes out of it.

        When the block fails, the workspace stays if ``keep`` says so; otherwise nothing is left, folders made on the
        way included. ``of``: what messages call it. Raises ``ArtifactError`` if another process is at work here, or
        what is here is none.
        """
        missing = [folder for folder in self.path.parents if not folder.exists()]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(self.path) and not self._is_workspace():
                raise ArtifactError(f"{self.path} is in the way: it is not a polyproof workspace")
            make_private_directory(self.path)
            with self.locked(of):
                yield
        except BaseException:
            # Nobody else's work is removed.
            if self._is_workspace():
                with suppress(ArtifactError), self.locked():
                    if not keep():
                        shutil.rmtree(self.path, ignore_errors=True)
            for folder in missing:
                with suppress(OSError):
                    folder.rmdir()
            raise

    @contextmanager
    def locked(self, of: Path | None = None) -> Iterator[None]:
        """Keep other processes out of a workspace that exists. Raises ``ArtifactError`` if one is in it."""
        # Comes with the extra ``prove``; verifying needs no workspace.
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / "lock", mode=0o600)
        try:
            # Fails if the directory was removed meanwhile, for example by a process that finished.
            lock.acquire(blocking=False)
        except (Timeout, FileNotFoundError) as error:
            raise ArtifactError(f"another process is proving into {of or self.path}") from error
        try:
            yield
        finally:
            lock.release()

    def _is_workspace(self) -> bool:
        if self.path.is_symlink() or not self.path.is_dir():
            return False
        return (self.path / "lock").exists() or not any(self.path.iterdir())

    def contents(self, but: Path) -> list[Path]:
        """What is here besides the lock and ``but``, the plan first."""
        found = (entry for entry in self.path.iterdir() if entry.name not in ("lock", but.name))
        return sorted(found, key=lambda entry: entry != self.plan)

    def clear(self, but: Path) -> None:
        """Remove all of that. If this is cut short, what is left has no plan."""
        for entry in self.contents(but):
            _remove(entry)

    def remove(self) -> None:
        """Remove the workspace, locked by this process. While anything else is left, its plan says what of."""
        with suppress(OSError):
            for entry in self.contents(but=self.plan):
                _remove(entry)
            self.plan.unlink()
        shutil.rmtree(self.path, ignore_errors=True)

    def is_of(self, plan: WorkPlan) -> bool:
        """Whether the plan that lies here is still this one."""
        return plan_id(self.plan) == plan.id

    # Segments

    def segment(self, index: int) -> Path:
        """The directory of a finished segment."""
        return self.path / f"segment-{index:04d}"

    def finished(self, plan: WorkPlan, index: int) -> Segment | None:
        """A segment that is finished, as its record describes it; ``None`` if it is not.

        Raises ``ArtifactError`` for a record that is damaged or not of this plan.
        """
        if not os.path.lexists(self.segment(index)):
            return None
        record = self._record(index)
        if record.plan != plan.id or record.segment.totals != plan.segments[index].totals:
            raise self.unusable(index, "it is not of this plan")
        return record.segment

    def _record(self, index: int) -> _Record:
        try:
            found = JsonObject(parse_strict(read_bounded(self.segment(index) / RECORD_FILE, _MOST_RECORD)))
            found.only("plan", "attempt", "bytes", "sha256", "totals")
            totals = tuple(map(int, found.all_matching("totals", AMOUNT)))
            segment = Segment(index, found.integer("bytes"), bytes.fromhex(found.matching("sha256", DIGEST)), totals)
            return _Record(found.text("plan", 100), found.text("attempt", 100), segment)
        except (ValueError, ProofRejected, ArtifactError) as error:
            raise self.unusable(index, f"its record is damaged: {error}") from error

    def all_finished(self, plan: WorkPlan) -> dict[int, Segment]:
        """The segments that are finished, by index."""
        found = ((index, self.finished(plan, index)) for index in range(len(plan.segments)))
        return {index: segment for index, segment in found if segment is not None}

    def unusable(self, index: int, why: str) -> ArtifactError:
        """The error about a finished segment that cannot be used."""
        return ArtifactError(f"{self.segment(index)} cannot be used: {why}; remove it, and prove the segment again")

    def count_finished(self) -> int:
        """How many segments are finished, of whatever plan."""
        return sum(1 for _ in self.path.glob(f"segment-*/{RECORD_FILE}"))

    # Attempts

    def begin_attempt(self, index: int) -> Path:
        """A new directory for an attempt at a segment, that no other process uses."""
        attempt = self.path / f"{_ATTEMPT}{index:04d}-{secrets.token_hex(8)}"
        # Without parents: a workspace that was removed meanwhile stays removed.
        attempt.mkdir(mode=0o700)
        return attempt

    def finish_attempt(self, attempt: Path, segment: Segment, plan: WorkPlan) -> bool:
        """Give an attempt the name of its segment; returns whether it was the first.

        What is in it, its record included, is flushed to disk before.
        """
        record = {
            "plan": plan.id,
            "attempt": attempt.name,
            "bytes": segment.size,
            "sha256": segment.sha256.hex(),
            "totals": [str(total) for total in segment.totals],
        }
        write_private(attempt / RECORD_FILE, json.dumps(record).encode())
        flush_tree(attempt)
        if not self.is_of(plan):
            raise ArtifactError(f"{self.path} has been given to other work meanwhile")
        try:
            # Fails if the new name is that of a directory that is not empty (POSIX, rename), and these never are.
            attempt.rename(self.segment(segment.index))
            flush_directory(self.path)
        except OSError:
            # A network file system may say that it failed of a rename that it has done.
            if not os.path.lexists(self.segment(segment.index)):
                raise
        return self._record(segment.index).attempt == attempt.name

    def forget_attempts(self) -> None:
        """Remove all attempts, those of processes that are still at work included, which then fail."""
        for attempt in self.path.glob(f"{_ATTEMPT}*"):
            self.forget_attempt(attempt)
        for leftover in (*self.path.glob(f"{_WIPED}*"), *self.path.glob(f"{SCRATCH}*")):
            _remove(leftover)

    def forget_attempt(self, attempt: Path) -> None:
        """Remove an attempt. Under another name first: whoever is still writing to it can add nothing."""
        with suppress(FileNotFoundError):
            wiped = self.path / f"{_WIPED}{secrets.token_hex(8)}"
            attempt.rename(wiped)
            _remove(wiped)

    # The end

    def forget_private(self) -> None:
        """Remove what is private and no part of the audit: nothing of it may be left beside an audit that exists."""
        self.forget_attempts()
        if self.accounts.is_dir():
            _remove(self.accounts)

    def forget_published(self, directory: Path) -> None:
        """Remove what is left of the work on an audit that is in ``directory``, by a process that was then killed."""
        with suppress(ArtifactError, ProofRejected, OSError):
            if not self._is_workspace():
                return
            nothing = not self.plan.exists() and not self.contents(but=self.plan)
            if nothing or plan_audit(self.plan) == read_record(directory / "public").audit_id:
                with self.locked():
                    self.remove()

    def publish(self, directory: Path) -> None:
        """Give the finished audit its name, in one step, and remove the workspace."""
        umask = os.umask(0o077)
        os.umask(umask)
        for path in (self.public, self.audit):
            path.chmod(0o777 & ~umask)
        for path in self.public.iterdir():
            path.chmod(0o666 & ~umask)
        try:
            self.audit.replace(directory)
        except OSError as error:
            raise ArtifactError(f"{directory} cannot be written: {error.strerror}") from error
        self.remove()


def checked_target(directory: Path) -> Path:
    """Where an audit will be, absolute. Raises ``ArtifactError`` for a place that is taken."""
    target = Path(os.path.abspath(directory))
    if (target / "public").exists() or (target / "private").exists():
        raise ArtifactError(
            f"{directory} already holds an audit; audits are never overwritten, choose another directory"
        )
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ArtifactError(f"{directory} exists and is not a directory")
    if target.exists() and any(target.iterdir()):
        raise ArtifactError(f"{directory} exists and is not empty")
    if target == Path.cwd():
        raise InputError("an audit is written to a directory of its own: name one below the current one")
    return target


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
