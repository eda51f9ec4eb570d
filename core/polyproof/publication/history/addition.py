"""Publishing a verified audit as the newest of a history."""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from polyproof.errors import ArtifactError, Problem
from polyproof.formats.files import read_bounded, write_durably
from polyproof.liabilities.anchor_files import read_evidence
from polyproof.liabilities.artifacts import ANCHORS, ATTESTATIONS, HISTORY, PUBLISHED_MARK, RECORD
from polyproof.liabilities.attestation_file import MOST_BYTES
from polyproof.liabilities.folder import present
from polyproof.liabilities.record import PublicationRecord, read_record
from polyproof.model.manifest import Manifest
from polyproof.publication.history.index import (
    FORMAT,
    VERSION,
    ListedAudit,
    PublishedHistory,
    audit_directory,
    read_history,
)
from polyproof.publication.history.links import check_chain
from polyproof.publication.history.succession import Chained, organisation_problem, snapshot_problem
from polyproof.publication.history.verification import VerifiedAudit

__all__ = ["CORRECTING", "add_audit", "check_addition", "mark_published"]

CORRECTING = "--corrects AUDIT_ID --reason TEXT publishes a correction"
"""What may be meant by an audit of a time that another is of."""


def add_audit(directory: Path, verified: VerifiedAudit, *, before: Sequence[Chained] | None = None) -> PublishedHistory:
    """Publish a verified audit as the newest of a history, which is created if there is none; returns the new index.

    Only what was verified is copied, and nothing from a private half. An audit already in the history stays as it
    is. ``before``: all audits of the history, if the caller has checked its chain. Raises ``ArtifactError`` for an
    audit that does not follow the newest, and if another was published since ``before`` was checked.
    """
    assert not verified.reserves_unchecked, "only what was verified completely is published"
    manifest, record = verified.manifest, verified.record
    listed = read_history(directory).audits if present(directory / HISTORY) else ()
    where = audit_directory(directory, manifest.audit_id)
    # As the file system may: where case makes no difference, this could be the folder of an audit that is listed.
    if manifest.audit_id.casefold() not in [one.audit_id.casefold() for one in listed]:
        # From a run that ended before the index named it: it was never part of the history.
        for leftover in (where, _unfinished(where)):
            shutil.rmtree(leftover, ignore_errors=True)
    if before is None:
        before = check_chain(directory) if listed else ()
    _check_unchanged(directory, listed, before)
    if verified.digest in [one.digest for one in before]:
        return PublishedHistory(format=FORMAT, version=VERSION, audits=listed)
    check_addition(before, manifest, record)
    _copy_public(verified, where)
    entry = ListedAudit(
        audit_id=manifest.audit_id,
        created=manifest.created,
        snapshot=manifest.snapshot,
        publication_digest=record.digest.hex(),
        previous=record.previous,
        corrects=record.corrects.publication_digest if record.corrects else None,
    )
    made = PublishedHistory(format=FORMAT, version=VERSION, audits=(*listed, entry))
    write_durably(directory / HISTORY, made.to_bytes())
    return made


def _check_unchanged(directory: Path, listed: Sequence[ListedAudit], before: Sequence[Chained]) -> None:
    """The index and the records, which bind every other file, must still be those of the chain that was checked."""
    names = [(one.manifest.audit_id, one.digest) for one in before]
    same = names == [(one.audit_id, bytes.fromhex(one.publication_digest)) for one in listed]
    if not same or any(read_record(audit_directory(directory, name)).digest != digest for name, digest in names):
        raise ArtifactError(
            Problem(
                f"{directory} changed after it was verified", hint="another audit was published meanwhile; run it again"
            )
        )


def check_addition(before: Sequence[Chained], manifest: Manifest, record: PublicationRecord) -> None:
    """Raise ``ArtifactError`` for an audit that cannot be the next after those of a history."""
    head = before[-1].digest if before else None
    if manifest.previous != head:
        named = manifest.previous.hex() if manifest.previous else "no audit"
        raise ArtifactError(
            Problem(
                f"audit {manifest.audit_id} follows {named}, but the newest that is published is "
                f"{head.hex() if head else 'none'}",
                hint="another audit was published meanwhile; prove again, so that this one follows it",
            )
        )
    if manifest.audit_id.casefold() in [one.manifest.audit_id.casefold() for one in before]:
        raise ArtifactError(f"there already is an audit {manifest.audit_id}")
    problem = organisation_problem(before, manifest.organisation)
    if problem is not None:
        raise ArtifactError(f"audit {manifest.audit_id} {problem}")
    problem = snapshot_problem(before, manifest.snapshot, record.corrects)
    if problem is not None:
        hint = None if record.corrects else CORRECTING
        raise ArtifactError(Problem(f"audit {manifest.audit_id} {problem}", hint=hint))


def mark_published(directory: Path, record: PublicationRecord) -> None:
    """Note beside the private half of an audit that its record is fixed from now on."""
    private = directory / "private"
    if private.is_dir():
        write_durably(private / PUBLISHED_MARK, record.digest.hex().encode() + b"\n", private=True)


def _unfinished(where: Path) -> Path:
    return where.with_name(f".{where.name}.partial")


def _copy_public(verified: VerifiedAudit, where: Path) -> None:
    """Copy the files that verification read, each compared with what it read; whole or not at all.

    Evidence and statements beside the audit come along: they are about the digest, whoever wrote them, and whoever
    verifies checks them.
    """
    public, manifest, record = verified.liabilities.audit.public, verified.manifest, verified.record
    working = _unfinished(where)
    working.mkdir(parents=True)
    files = [(RECORD, record.digest), *record.files, *((one.file, one.sha256) for one in manifest.segments)]
    try:
        for name, digest in files:
            if not hmac.compare_digest(_copied(public / name, working / name), digest):
                raise ArtifactError(f"{public / name} changed while it was being published")
        for evidence in read_evidence(public):
            (working / ANCHORS).mkdir(exist_ok=True)
            (working / ANCHORS / evidence.name).write_bytes(evidence.data)
        if present(public / ATTESTATIONS):
            # As it is: whoever verifies looks at what is in it.
            (working / ATTESTATIONS).write_bytes(read_bounded(public / ATTESTATIONS, MOST_BYTES))
        working.replace(where)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise


def _copied(source: Path, target: Path) -> bytes:
    digest = hashlib.sha256()
    with source.open("rb") as reading, target.open("xb") as writing:
        while block := reading.read(1 << 20):
            digest.update(block)
            writing.write(block)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.digest()
