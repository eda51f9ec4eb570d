"""Proving: a snapshot becomes an audit on disk, complete or not at all, whatever interrupts it.

Every step here is the same for all backends. What is proved, and how, is up to the backend.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from polyproof.backend import SegmentProof
from polyproof.errors import InputError, Location, PolicyRejected, Problem, ProofRejected
from polyproof.formats.files import tree_size, write_durably
from polyproof.liabilities.acceptance import require
from polyproof.liabilities.artifacts import MANIFEST
from polyproof.liabilities.checking import Prepared, prepare
from polyproof.liabilities.manifest import parse_manifest
from polyproof.liabilities.record import PublicationRecord, record_of, write_record
from polyproof.liabilities.verification import statement_of
from polyproof.liabilities.workspace import Workspace
from polyproof.model.manifest import Manifest, Segment
from polyproof.model.names import AUDIT_ID, matches
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.plugin_faults import asking, fault, names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec
from polyproof.version import __version__

if TYPE_CHECKING:
    from polyproof.liabilities.snapshot.rounding import Rounded

__all__ = ["AuditProved", "prove"]


@frozen
class AuditProved:
    """A finished audit on disk."""

    directory: Path
    record: PublicationRecord
    """Of liabilities alone; written again when reserves are added."""
    manifest: Manifest
    accounts: int
    segments: tuple[int, ...]
    """Accounts in each segment."""
    seconds: Mapping[str, float]
    """Wall-clock time of each phase: ``read``, ``prove``, ``verify`` (of the proofs just made)."""
    public_bytes: int
    private_bytes: int
    resumed: int
    """How many segments an earlier, interrupted run had finished."""
    warnings: tuple[str, ...]
    rounded: tuple[Rounded, ...]
    """What rounding balances up added, one for each asset in order."""


@names_faults
def prove(
    spec: Spec,
    out: Path,
    *,
    audit_id: str | None = None,
    previous: bytes | None = None,
    policy: Policy | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> AuditProved:
    """Prove the spec's snapshot and write the audit to ``out``, which must not exist or be empty.

    The accounts are shuffled by a secret permutation and cut into segments. Each segment is proved,
    verified and kept; the manifest comes last and ``out`` appears complete or not at all. After a
    crash the same call continues with the segment that was being proved. ``previous`` is the publication digest
    of the audit before this one.

    ``policy`` is what verifiers are expected to accept, by default the default one. An audit that they would refuse is
    not proved: ``OptionsError``.
    """
    policy = policy or Policy()
    registry, progress = registry or default_registry(), progress or Progress()
    if audit_id is not None and not matches(AUDIT_ID, audit_id):
        raise InputError(f"audit id {audit_id!r}: expected {AUDIT_ID[1]}")
    created = f"{datetime.now(UTC):{TIMESTAMP}}"
    if spec.snapshot > created:
        where = Location(str(spec.file)) if spec.file else None
        raise InputError(
            Problem(f"snapshot is {spec.snapshot}, which is in the future", where, "when the balances were taken")
        )
    clock = _Clock(progress)
    work = Workspace(out)
    with clock("read"):
        prepared = prepare(spec, policy, registry, progress, out=out)
        spec = prepared.spec
        inputs = _inputs_digest(prepared, previous)
    with work.held():
        header, discarded = work.begin(
            inputs,
            len(prepared.accounts),
            lambda old: audit_id in (None, old["audit_id"]),
            {"audit_id": audit_id or _new_audit_id(spec), "created": created},
        )
        manifest = Manifest(
            audit_id=header["audit_id"],
            created=header["created"],
            snapshot=spec.snapshot,
            organisation=spec.organisation,
            spec=spec.public(),
            spec_digest=spec.digest,
            backend=spec.backend.name,
            segments=(),
            previous=previous,
            verifier=spec.verifier,
        )
        warnings = list(prepared.warnings)
        if discarded:
            warnings.append("unfinished work on different inputs was found here and has been discarded")
        resumed = work.finished_count()
        with progress.task("prove segments", len(prepared.sizes)) as task:
            segments = []
            for index in range(len(prepared.sizes)):
                segments.append(
                    work.finished(index) or _prove_segment(prepared, manifest, index, work, progress, clock)
                )
                task.advance()
        manifest = evolve(manifest, segments=tuple(segments))
        data = manifest.to_bytes()
        try:
            parse_manifest(data, policy)
        except ProofRejected as error:
            raise InputError(f"verifiers would not accept this audit's manifest: {error.reason}") from error
        write_durably(work.public / MANIFEST, data)
        record = record_of(manifest)
        write_record(work.public, record)
        work.publish()
        directory = work.directory
    try:
        registry.hook.polyproof_audit_proved(directory=directory, manifest=manifest)
    except Exception as error:  # noqa: BLE001 - a plugin's hook may raise anything, the audit stands
        warnings.append(f"a plugin failed after the audit was written: {type(error).__name__}: {error}")
    return AuditProved(
        directory=directory,
        record=record,
        manifest=manifest,
        accounts=len(prepared.accounts),
        segments=prepared.sizes,
        seconds=clock.seconds,
        public_bytes=tree_size(directory / "public"),
        private_bytes=tree_size(directory / "private"),
        resumed=resumed,
        warnings=tuple(warnings),
        rounded=prepared.rounded,
    )


def _prove_segment(
    prepared: Prepared, manifest: Manifest, index: int, work: Workspace, progress: Progress, clock: _Clock
) -> Segment:
    backend, judge = prepared.backend, prepared.judge
    rows = work.permutation()[prepared.bounds[index] : prepared.bounds[index + 1]]
    accounts = prepared.accounts.take(rows)
    statement = statement_of(manifest, prepared.spec, index, len(prepared.sizes))
    with work.segment_state(index) as state, clock("prove"):
        try:
            with asking(backend, "while proving", may=(InputError, ProofRejected, OSError)):
                proved = backend.prove(statement, accounts, work.key, state, progress)
        except ProofRejected as error:
            raise fault(backend, f"it rejected something while it was proving: {error}") from error
        require(backend, isinstance(proved, SegmentProof), proved, "instead of SegmentProof")
        require(backend, isinstance(proved.proof, bytes), proved, "whose proof is not bytes")
        whole = isinstance(proved.totals, tuple) and all(type(total) is int for total in proved.totals)
        require(backend, whole, proved, "whose totals are not a tuple of integers")
    # A wrong proof must not be published, whether a plugin or the machine is at fault.
    if tuple(proved.totals) != accounts.totals():
        raise fault(backend, "it proved totals other than the snapshot's: nothing is published")
    with clock("verify"):
        try:
            judge.verify(statement, proved.totals, proved.proof)
        except PolicyRejected as error:
            raise InputError(f"verifiers would refuse this audit: {error.reason}; nothing is published") from error
        except ProofRejected as error:
            raise fault(backend, f"it made a proof that does not verify ({error}): nothing is published") from error
    digest = hashlib.sha256(proved.proof).digest()
    segment = Segment(index, len(proved.proof), digest, tuple(proved.totals))
    work.finish_segment(segment, proved.proof)
    return segment


def _inputs_digest(prepared: Prepared, previous: bytes | None) -> bytes:
    """Digest of everything that decides what an audit's proofs are about, to tell a rerun from different work."""
    accounts, ids = prepared.accounts, prepared.accounts.ids
    plugin = prepared.registry.find("backend", prepared.spec.backend.name)
    parts: list[bytes | memoryview] = [
        repr((__version__, plugin.origin, plugin.version)).encode(),
        prepared.spec.digest,
        repr(
            (prepared.spec.organisation, prepared.spec.snapshot, prepared.spec.verifier, previous, prepared.bounds)
        ).encode(),
        *(np.ascontiguousarray(array).data for array in (ids.offsets, ids.data, accounts.words)),
    ]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


def _new_audit_id(spec: Spec) -> str:
    return f"{spec.name}-{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(4)}"


class _Clock:
    """Counts the seconds of each phase, which is a task of ``progress`` as well."""

    def __init__(self, progress: Progress) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        start = time.perf_counter()
        with self._progress.task(phase):
            yield
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - start
