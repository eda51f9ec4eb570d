"""The publication record: the one small file that names everything an audit publishes.

::

    DIR/public/publication.json    names manifest.json, reserves.json and reserves-evidence.jsonl by their digests,
                                   the record before it, and what it corrects

Its SHA-256 is the *publication digest*. It is what an exchange publishes where it cannot take it back, what customers
compare, what ``history.json`` lists and what the next audit's manifest names: whoever knows it knows every file.
Proving writes the record of liabilities alone, ``polyproof reserves`` writes it again, and once the audit is in a
history it is fixed. docs/reference/audit-directory.md describes the format.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from polyproof.config.options import option, plain, printable
from polyproof.errors import ArtifactError, InputError, ProofRejected
from polyproof.formats.files import digest_bounded, read_bounded, write_durably
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities.anchor_files import others_in_anchors
from polyproof.liabilities.artifacts import (
    ANCHORS,
    ATTESTATIONS,
    EVIDENCE,
    MANIFEST,
    MOST_EVIDENCE,
    MOST_RESERVES,
    RECORD,
    RESERVES,
)
from polyproof.liabilities.folder import check_listed, find_public, present
from polyproof.liabilities.manifest import parse_manifest
from polyproof.model.manifest import Manifest
from polyproof.model.names import AUDIT_ID, DIGEST
from polyproof.settings.documents import read_document
from polyproof.settings.policy import Policy

__all__ = [
    "Correction",
    "Publication",
    "PublicationRecord",
    "check_digest",
    "open_publication",
    "parse_record",
    "publication_schema",
    "publication_schema_text",
    "read_record",
    "record_of",
    "write_record",
]

FORMAT = "polyproof/publication"
VERSION = 1
MOST_BYTES = 64 << 10
LONGEST_REASON = 500

# The record


@frozen(kw_only=True)
class Correction:
    """Which audit an audit corrects, and why."""

    publication_digest: str = option(pattern=DIGEST, doc="Publication digest of the audit that is corrected.")
    reason: str = option(check=printable(LONGEST_REASON), doc="What was wrong with it, in the organisation's words.")


@frozen(kw_only=True)
class PublicationRecord:
    """Everything that an audit publishes, by digest."""

    format: str = option(choices=(FORMAT,), doc="What kind of file this is.")
    version: int = option(choices=(VERSION,), doc="Version of the format.")
    audit_id: str = option(pattern=AUDIT_ID, doc="The audit's id, as its manifest has it.")
    manifest_digest: str = option(pattern=DIGEST, doc="SHA-256 of manifest.json, which names every proof.")
    reserves_digest: str | None = option(
        pattern=DIGEST, doc="SHA-256 of reserves.json; null if the audit is of liabilities alone."
    )
    evidence_digest: str | None = option(
        pattern=DIGEST, doc="SHA-256 of reserves-evidence.jsonl; null if the audit is of liabilities alone."
    )
    previous: str | None = option(
        pattern=DIGEST, doc="Publication digest of the audit before it, as its manifest has it; null in the first."
    )
    corrects: Correction | None = option(doc="The earlier audit that this one corrects, and why; null for most.")

    def __attrs_post_init__(self) -> None:
        """Reserves are published with their evidence, or not at all."""
        if (self.reserves_digest is None) != (self.evidence_digest is None):
            raise InputError("reserves and their evidence are published together: it names one without the other")

    def to_bytes(self) -> bytes:
        """The file, in canonical form."""
        return canonical_line(plain(self))

    @property
    def digest(self) -> bytes:
        """The publication digest: SHA-256 of the file."""
        return hashlib.sha256(self.to_bytes()).digest()

    @property
    def files(self) -> tuple[tuple[str, bytes], ...]:
        """The files that it names beside it, each with its digest."""
        named = (
            (MANIFEST, self.manifest_digest),
            (RESERVES, self.reserves_digest),
            (EVIDENCE, self.evidence_digest),
        )
        return tuple((name, bytes.fromhex(digest)) for name, digest in named if digest is not None)

    def with_reserves(self, reserves: bytes | None, evidence: bytes | None) -> PublicationRecord:
        """The record of the same audit with these reserves, or with none: SHA-256 of each file."""
        return evolve(
            self,
            reserves_digest=None if reserves is None else reserves.hex(),
            evidence_digest=None if evidence is None else evidence.hex(),
        )


def record_of(manifest: Manifest) -> PublicationRecord:
    """The record of an audit of liabilities alone."""
    return PublicationRecord(
        format=FORMAT,
        version=VERSION,
        audit_id=manifest.audit_id,
        manifest_digest=manifest.digest.hex(),
        reserves_digest=None,
        evidence_digest=None,
        previous=manifest.previous.hex() if manifest.previous else None,
        corrects=None,
    )


def parse_record(data: bytes, file: str = RECORD) -> PublicationRecord:
    """Read a record that others wrote. Raises ``ProofRejected`` for anything but the canonical form of one."""
    return read_document(data, PublicationRecord, "publication", file)


def read_record(public: Path) -> PublicationRecord:
    """The record of a public half. Raises ``ProofRejected``; ``ArtifactError`` if there is none."""
    return parse_record(read_bounded(public / RECORD, MOST_BYTES), str(public / RECORD))


def write_record(public: Path, record: PublicationRecord) -> None:
    """Write the record, or replace it."""
    write_durably(public / RECORD, record.to_bytes())


# Reading what is published


@frozen
class Publication:
    """The public half of an audit as its record has it: every file that the record names is the one that it names.

    Nothing is verified yet of what the files say.
    """

    public: Path
    record: PublicationRecord
    manifest: Manifest
    unlisted: tuple[str, ...]
    """What else lies there; no part of the audit, and not looked at."""

    @property
    def digest(self) -> bytes:
        """The publication digest."""
        return self.record.digest


def open_publication(
    directory: Path, policy: Policy | None = None, *, digest: bytes | None = None, liabilities_only: bool = False
) -> Publication:
    """Read the record of an audit and reach every file that it names; no plugin is asked.

    ``digest`` is the publication digest that the caller knows from elsewhere. With ``liabilities_only`` reserves and
    evidence may be missing, which can be large and say nothing about one user's balances. Raises ``ProofRejected`` for
    any other digest, for a file that is missing, differs or is not named, and for a manifest that is not acceptable;
    ``ArtifactError`` where there is no audit.
    """
    policy = policy or Policy()
    public = find_public(directory)
    record = read_record(public)
    path = public / RECORD
    check_digest(record, digest, path)
    manifest = _read_manifest(public, record, policy)
    for name, here, there in (
        ("audit id", record.audit_id, manifest.audit_id),
        ("previous digest", record.previous, manifest.previous.hex() if manifest.previous else None),
    ):
        if here != there:
            raise ProofRejected("publication-manifest", f"its {name} is {here}, its manifest's {there}", file=path)
    for name, stated, most in (
        (RESERVES, record.reserves_digest, MOST_RESERVES),
        (EVIDENCE, record.evidence_digest, MOST_EVIDENCE),
    ):
        if stated is not None and not (liabilities_only and not present(public / name)):
            _check_named(public / name, bytes.fromhex(stated), most)
    listed = {
        RECORD,
        ANCHORS,
        ATTESTATIONS,
        *(name for name, _ in record.files),
        *(segment.file for segment in manifest.segments),
    }
    unlisted = (*check_listed(public, listed), *others_in_anchors(public))
    return Publication(public, record, manifest, unlisted)


def check_digest(record: PublicationRecord, digest: bytes | None, path: Path) -> None:
    """Raise ``ProofRejected`` for a record at ``path`` with another digest than the caller knows from elsewhere."""
    if digest is not None and not hmac.compare_digest(digest, record.digest):
        raise ProofRejected("publication-digest", f"its digest is {record.digest.hex()}, not {digest.hex()}", file=path)


def _read_manifest(public: Path, record: PublicationRecord, policy: Policy) -> Manifest:
    path = public / MANIFEST
    try:
        data = read_bounded(path, policy.max_manifest_bytes, policy.check_manifest_size)
    except ArtifactError as error:
        raise _missing(path, error) from error
    if not hmac.compare_digest(hashlib.sha256(data).hexdigest(), record.manifest_digest):
        raise _replaced(path)
    try:
        return parse_manifest(data, policy)
    except ProofRejected as error:
        raise error.at(path) from error


def _check_named(path: Path, stated: bytes, most: int) -> None:
    try:
        found = digest_bounded(path, most)
    except ArtifactError as error:
        raise _missing(path, error) from error
    if not hmac.compare_digest(found, stated):
        raise _replaced(path)


def _missing(path: Path, error: ArtifactError) -> ProofRejected:
    return ProofRejected("publication-missing", f"{RECORD} names it, but {error}", file=path)


def _replaced(path: Path) -> ProofRejected:
    return ProofRejected("publication-file", f"not the file that {RECORD} names", file=path)


# Schema


def publication_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``publication.json``."""
    from polyproof.settings.schema import document_schema

    return document_schema(PublicationRecord, "polyproof publication record")


def publication_schema_text() -> str:
    """The schema as the file ``specs/publication.schema.json`` has it."""
    from polyproof.settings.schema import file_text

    return file_text(publication_schema())
