"""The hidden directory in which an audit is built until it is complete, and which lets it survive a crash.

``.NAME.partial`` lies beside the audit's directory ``NAME`` and is owner-only::

    checkpoint.json      what the work is about, and the header of the manifest it will have
    permutation.npy      the secret order of the accounts
    segment-0000.json    a finished segment: size, digest and totals of its proof
    audit/               becomes NAME in one rename, when all of it is there

A segment is finished once its record is written. Anything else that a crash leaves behind is discarded, so that
an interrupted proof is never continued with the same randomness.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from polyproof.errors import ArtifactError, InputError
from polyproof.formats.files import flush_tree, make_private_directory, write_durably, write_private
from polyproof.liabilities.artifacts import PRIVATE_README, state_directory
from polyproof.model.manifest import Segment, proof_file
from polyproof.toolkit.private_state import load_array, save_array

__all__ = ["Workspace"]

_VERSION = 1


class Workspace:
    """The work on one audit: check the place, then work on it under a lock."""

    def __init__(self, directory: Path) -> None:
        """``directory``: where the finished audit will be. Nothing is created yet.

        Raises ``ArtifactError`` for a place that is taken.
        """
        self.directory = _checked_target(directory)
        self.path = self.directory.with_name(f".{self.directory.name}.partial")
        self.audit = self.path / "audit"
        self.public = self.audit / "public"
        self.private = self.audit / "private"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Create the workspace or resume the one that exists, and keep other processes out of it.

        When the block fails, finished segments are kept for the next run and the exception gets a note
        that says so; with nothing finished, nothing is left. Raises ``ArtifactError`` if another process
        is at work here.
        """
        missing = [folder for folder in self.path.parents if not folder.exists()]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(self.path) and not self._is_workspace():
                raise ArtifactError(f"{self.path} is in the way: it is not a polyproof workspace")
            make_private_directory(self.path)
            with self._lock():
                try:
                    yield
                except BaseException as error:
                    finished = self.finished_count()
                    if finished:
                        error.add_note(
                            f"{finished} finished segment{'s' if finished > 1 else ''} kept in {self.path} "
                            f"(private); the same command continues from there"
                        )
                    raise
        except BaseException:
            self._clean_up(missing)
            raise

    def _clean_up(self, created: Iterable[Path]) -> None:
        """Leave nothing behind, unless another process is at work here or a segment is finished."""
        if self._is_workspace():
            with suppress(ArtifactError), self._lock():
                if not self.finished_count():
                    shutil.rmtree(self.path, ignore_errors=True)
        for folder in created:
            with suppress(OSError):
                folder.rmdir()

    @contextmanager
    def _lock(self) -> Iterator[None]:
        # Comes with the extra ``prove``; verifying needs no workspace.
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / "lock", mode=0o600)
        try:
            # Fails if the directory was removed meanwhile, for example by a process that finished.
            lock.acquire(blocking=False)
        except (Timeout, FileNotFoundError) as error:
            raise ArtifactError(f"another process is proving into {self.directory}") from error
        try:
            yield
        finally:
            lock.release()

    def _is_workspace(self) -> bool:
        if self.path.is_symlink() or not self.path.is_dir():
            return False
        return (self.path / "lock").exists() or not any(self.path.iterdir())

    def begin(
        self, inputs: bytes, accounts: int, accept: Callable[[dict[str, Any]], bool], header: dict[str, Any]
    ) -> tuple[dict[str, Any], bool]:
        """Continue with the work that is here if it is about the same ``inputs``, or start again.

        ``inputs`` is a digest of everything that determines the proofs, ``header`` the header of the manifest if the
        work is new; ``accept`` says whether the header of old work can be kept. Returns the header in force, and
        whether unfinished work on something else was discarded.
        """
        old = self._checkpoint()
        if old and old["inputs"] == inputs.hex() and len(self.permutation()) == accounts and accept(old["header"]):
            for leftover in self._unfinished():
                _remove(leftover)
            return dict(old["header"]), False
        discarded = False
        for entry in self.path.iterdir():
            if entry.name != "lock":
                discarded = True
                _remove(entry)
        make_private_directory(self.audit)
        self.public.mkdir()
        make_private_directory(self.private)
        write_private(self.private / "README", PRIVATE_README.encode())
        write_private(self.private / "key", os.urandom(32))
        # A uniform permutation: random 64-bit keys from the operating system, sorted. Two equal keys among a
        # million accounts have probability 2^-25 and would only keep their order.
        keys = np.frombuffer(os.urandom(8 * accounts), np.uint64)
        save_array(self.path / "permutation.npy", np.argsort(keys, kind="stable").astype(np.int64))
        flush_tree(self.private)
        checkpoint = {"version": _VERSION, "inputs": inputs.hex(), "header": header}
        write_durably(self.path / "checkpoint.json", json.dumps(checkpoint).encode(), private=True)
        return header, discarded

    @property
    def key(self) -> bytes:
        """The audit's secret 32 bytes."""
        return (self.private / "key").read_bytes()

    def permutation(self) -> npt.NDArray[np.int64]:
        """The secret order of the accounts."""
        return np.asarray(load_array(self.path / "permutation.npy"), np.int64)

    def finished(self, index: int) -> Segment | None:
        """A segment that an earlier run finished."""
        try:
            record = json.loads(self._record(index).read_bytes())
        except FileNotFoundError:
            return None
        totals = tuple(int(total) for total in record["totals"])
        return Segment(index, record["bytes"], bytes.fromhex(record["sha256"]), totals)

    def finished_count(self) -> int:
        """How many segments are finished."""
        return sum(1 for _ in self.path.glob("segment-*.json"))

    @contextmanager
    def segment_state(self, index: int) -> Iterator[Path]:
        """An empty private directory to prove a segment into; it takes its place if the block succeeds."""
        attempt = self.private / f".attempt-{index:04d}"
        make_private_directory(attempt)
        try:
            yield attempt
            flush_tree(attempt)
            attempt.replace(state_directory(self.private, index))
        except BaseException:
            shutil.rmtree(attempt, ignore_errors=True)
            raise

    def finish_segment(self, segment: Segment, proof: bytes) -> None:
        """Store a proved segment: first its proof, then the record that makes it count."""
        write_durably(self.public / proof_file(segment.index), proof)
        record = {
            "bytes": segment.size,
            "sha256": segment.sha256.hex(),
            "totals": [str(total) for total in segment.totals],
        }
        write_durably(self._record(segment.index), json.dumps(record).encode(), private=True)

    def publish(self) -> None:
        """Give the finished audit its name, in one step, and remove the workspace."""
        umask = os.umask(0o077)
        os.umask(umask)
        for path in (self.public, self.audit):
            path.chmod(0o777 & ~umask)
        for path in self.public.iterdir():
            path.chmod(0o666 & ~umask)
        try:
            self.audit.replace(self.directory)
        except OSError as error:
            raise ArtifactError(f"{self.directory} cannot be written: {error.strerror}") from error
        shutil.rmtree(self.path, ignore_errors=True)

    def _record(self, index: int) -> Path:
        return self.path / f"segment-{index:04d}.json"

    def _checkpoint(self) -> dict[str, Any] | None:
        try:
            checkpoint = json.loads((self.path / "checkpoint.json").read_bytes())
        except (OSError, ValueError):
            return None
        return checkpoint if isinstance(checkpoint, dict) and checkpoint.get("version") == _VERSION else None

    def _unfinished(self) -> Iterator[Path]:
        kept = [record.stem.removeprefix("segment-") for record in self.path.glob("segment-*.json")]
        proofs, states = {f"proof-{index}.bin" for index in kept}, {f"state-{index}" for index in kept}
        for path in [*self.public.iterdir(), *self.private.iterdir()]:
            if path.name not in proofs | states | {"README", "key"}:
                yield path


def _checked_target(directory: Path) -> Path:
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
