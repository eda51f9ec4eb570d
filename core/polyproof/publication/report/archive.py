"""All that is published of an audit in one file that anybody can open: a ZIP archive, the same bytes whoever makes it.

::

    AUDIT_ID/README.txt
    AUDIT_ID/public/publication.json  manifest.json  proof-0000.bin …  anchors/…
    AUDIT_ID/report/index.html  report.json …

Files are those that the record and the manifest name, each compared with its digest while it is copied, and the
evidence that the report is about: nothing else that lies beside them comes along. Order, times, owners and permissions
are fixed, and nothing is compressed, since compressed bytes differ from one version of zlib to the next; proofs would
hardly get smaller.
"""

from __future__ import annotations

import hashlib
import hmac
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from attrs import evolve, frozen

from polyproof.errors import ArtifactError
from polyproof.formats.files import digest_bounded, written_durably
from polyproof.formats.space import naming, require_space
from polyproof.liabilities.anchor_files import read_evidence
from polyproof.liabilities.artifacts import ANCHORS, ATTESTATIONS, RECORD
from polyproof.liabilities.attestation_file import read_attestations
from polyproof.publication.history import DOWNLOADS, VerifiedAudit

__all__ = ["SUMS", "Archive", "Member", "described_archives", "is_archive", "members_of", "put_archives", "sums"]

SUMS = "SHA256SUMS"
"""The file beside the archives with the digest of each, as ``sha256sum -c`` reads it."""
_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a ZIP archive can state."""
_FILE = 0o100644 << 16
_UNIX = 3
_BLOCK = 1 << 20
_HEADERS = 512
"""More than the two headers of a member take besides its name, twice."""


@frozen
class Archive:
    """An archive, as pages tell of it."""

    name: str
    size: int
    sha256: str

    @property
    def path(self) -> str:
        """Its path in a history."""
        return f"{DOWNLOADS}/{self.name}"


@frozen
class Member:
    """A file of an archive: its name in it, and where its bytes are."""

    name: str
    source: Path | bytes
    digest: bytes | None = None
    """SHA-256 that it must have; None for bytes that were made here."""

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    def blocks(self) -> Iterator[bytes]:
        """Its bytes. Raises ``ArtifactError`` at their end if they are not those of the digest."""
        found = hashlib.sha256()
        with BytesIO(self.source) if isinstance(self.source, bytes) else self.source.open("rb") as file:
            while block := file.read(_BLOCK):
                found.update(block)
                yield block
        if self.digest is not None and not hmac.compare_digest(found.digest(), self.digest):
            raise ArtifactError(f"{self.source!s} changed after it was verified")


def members_of(audit: VerifiedAudit, public: Path, pages: Mapping[str, bytes]) -> tuple[Member, ...]:
    """The files of an audit, whose public half lies at ``public``, and of the report on it, in their order.

    Evidence is that of ``audit.anchors``, and statements are those of ``audit.attestations``: more may have been added
    since.
    """
    folder, record, manifest = audit.manifest.audit_id, audit.record, audit.manifest
    named = [(RECORD, record.digest), *record.files, *((one.file, one.sha256) for one in manifest.segments)]
    shown = {(one.file, one.sha256) for one in audit.anchors}
    evidence = [one for one in read_evidence(public) if (one.name, one.sha256) in shown]
    return (
        Member(f"{folder}/README.txt", _readme(audit).encode()),
        *(Member(f"{folder}/public/{name}", public / name, digest) for name, digest in named),
        *(Member(f"{folder}/public/{ANCHORS}/{one.name}", one.data) for one in evidence),
        *_statements(audit, public),
        *(Member(f"{folder}/report/{name}", data) for name, data in pages.items()),
    )


def _statements(audit: VerifiedAudit, public: Path) -> Iterator[Member]:
    """The signed statements that the report is about, as a file of their own; none where there are none."""
    shown = {one.sha256 for one in audit.attestations.statements}
    if shown:
        found = read_attestations(public)
        kept = evolve(found, statements=tuple(one for one in found.statements if one.sha256 in shown))
        yield Member(f"{audit.manifest.audit_id}/public/{ATTESTATIONS}", kept.to_bytes())


def _readme(audit: VerifiedAudit) -> str:
    return f"""\
Audit {audit.manifest.audit_id}: everything that was published of it.

public    the files of the audit: publication record, manifest, proofs, reserves
          and evidence, as far as it has them; in anchors and attestation.json
          what others say about it
report    pages about it, to be read in any browser: begin with index.html

Its publication digest, to be compared with what the organisation has published
elsewhere:

{audit.digest.hex()}

Verify it on your own machine, in the folder that has this file:

polyproof verify public --digest {audit.digest.hex()}

Where polyproof refuses this proof by its own policy, report/check.html has the
command that names another, and says what whoever names it accepts.

This is a copy of one audit. Whether a later one corrects it, it cannot say.
"""


def _archive_of(members: Sequence[Member], name: str, file: BinaryIO) -> Archive:
    """Write an archive to an empty file, and tell of it."""
    with ZipFile(file, "w", ZIP_STORED) as archive:
        for one in members:
            info = ZipInfo(one.name, _TIME)
            info.create_system, info.external_attr, info.file_size = _UNIX, _FILE, one.size
            with archive.open(info, "w") as target:
                for block in one.blocks():
                    target.write(block)
    size = file.tell()
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    return Archive(name, size, digest.hexdigest())


def is_archive(path: Path, archive: Archive) -> bool:
    """Whether a file is this archive, byte for byte. Raises ``ProofRejected`` for a link or a special file."""
    return path.lstat().st_size == archive.size and digest_bounded(path, archive.size).hex() == archive.sha256


def put_archives(history: Path, archives: Mapping[str, Sequence[Member]]) -> dict[str, Archive]:
    """Write the archives of a history, by the id of their audit; one that is there already is not touched.

    Room is looked for first: for those that are not there, and for the largest once more while it is compared.
    """
    folder = history / DOWNLOADS
    sizes = {name: _size(members) for name, members in archives.items()}
    missing = [size for name, size in sizes.items() if not (folder / _name(name)).is_file()]
    require_space(folder, sum(missing) + max(sizes.values()), "the archives of all audits")
    folder.mkdir(exist_ok=True)
    made = {}
    for audit_id, members in archives.items():
        target = folder / _name(audit_id)
        with naming(folder), tempfile.TemporaryFile(dir=folder) as file:
            made[audit_id] = archive = _archive_of(members, target.name, file)
            if not (target.is_file() and not target.is_symlink() and is_archive(target, archive)):
                file.seek(0)
                with written_durably(target) as kept:
                    while block := file.read(_BLOCK):
                        kept.write(block)
    return made


def described_archives(archives: Mapping[str, Sequence[Member]]) -> dict[str, Archive]:
    """What the archives of a history would be, by the id of their audit: each is made for that, and not kept.

    Raises ``InputError`` (``disk-full``) where the folder for temporary files has no room for the largest of them.
    """
    room = Path(tempfile.gettempdir())
    most = max(_size(members) for members in archives.values())
    require_space(room, most, "making the largest archive again, to compare it,")
    made = {}
    for audit_id, members in archives.items():
        with naming(room), tempfile.TemporaryFile(dir=room) as file:
            made[audit_id] = _archive_of(members, _name(audit_id), file)
    return made


def _name(audit_id: str) -> str:
    return f"{audit_id}.zip"


def _size(members: Sequence[Member]) -> int:
    return sum(one.size + 2 * len(one.name.encode()) + _HEADERS for one in members)


def sums(archives: Sequence[Archive]) -> bytes:
    """The file with the digest of each."""
    return "".join(f"{one.sha256}  {one.name}\n" for one in archives).encode()
