"""The history: every published audit of an organisation, each chained to the one before.

::

    DIR/history.json                   the index: what is there, in order
    DIR/audits/AUDIT_ID/manifest.json  the public half of an audit, as it was published
    DIR/audits/AUDIT_ID/proof-0000.bin …
    DIR/audits/AUDIT_ID/reserves.json …

The index is a table of contents and proves nothing. What counts is that each manifest names the digest of the manifest
before it (``previous``), and that each proof is bound to its manifest: anyone who knows an audit's digest can tell
whether that audit, or any before it, has been changed since. docs/reference/report.md describes the format.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from polyproof.config.options import Fault, option, plain
from polyproof.errors import ArtifactError, PolicyRejected, Problem, ProofRejected
from polyproof.extras import require_extras
from polyproof.formats.files import read_bounded, write_durably
from polyproof.formats.strict_json import canonical_line
from polyproof.liabilities import AuditVerified, verification
from polyproof.liabilities.artifacts import (
    HISTORY,
    MANIFEST,
    RESERVES,
    find_public,
    has_reserves,
    is_history,
    read_manifest,
)
from polyproof.model.manifest import Manifest
from polyproof.model.names import AUDIT_ID, DIGEST, TIME
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.reserves.evidence import EVIDENCE
from polyproof.reserves.published import MOST_BYTES as MOST_RESERVES_BYTES
from polyproof.reserves.verification import ReservesVerified, verify_reserves
from polyproof.settings.documents import read_document
from polyproof.settings.policy import Policy, PolicyCheck
from polyproof.settings.reserves import ReservesPolicy

__all__ = [
    "AUDITS",
    "HistoryVerified",
    "ListedAudit",
    "PublishedHistory",
    "VerifiedAudit",
    "add_audit",
    "check_chain",
    "history_schema",
    "history_schema_text",
    "parse_history",
    "read_history",
    "verify_history",
    "verify_one",
]

AUDITS = "audits"
FORMAT = "polyproof/history"
VERSION = 1
MOST_BYTES = 8 << 20
MOST_AUDITS = 8192


# The index


@frozen(kw_only=True)
class ListedAudit:
    """One audit, as listed in the index."""

    audit_id: str = option(pattern=AUDIT_ID, doc="Its id, and the name of its directory in audits.")
    created: str = option(pattern=TIME, doc="When its proof was started, as its manifest has it.")
    manifest_digest: str = option(pattern=DIGEST, doc="SHA-256 of its manifest.json.")
    previous: str | None = option(pattern=DIGEST, doc="The digest that its manifest names; null in the first audit.")
    reserves_digest: str | None = option(pattern=DIGEST, doc="SHA-256 of its reserves.json; null if it has none.")


def _listed_once(audits: tuple[ListedAudit, ...]) -> Iterable[Fault]:
    names: set[str] = set()
    digests: set[str] = set()
    for index, one in enumerate(audits):
        # On a file system that ignores case, two names that differ only in case would be one directory.
        if one.audit_id.casefold() in names:
            yield Fault(f"audit {one.audit_id} is listed twice", None, (index, "audit_id"))
        if one.manifest_digest in digests:
            yield Fault(f"manifest {one.manifest_digest} is listed twice", None, (index, "manifest_digest"))
        names.add(one.audit_id.casefold())
        digests.add(one.manifest_digest)


@frozen(kw_only=True)
class PublishedHistory:
    """The index of a history: every audit that was published, oldest first."""

    format: str = option(choices=(FORMAT,), doc="What kind of file this is.")
    version: int = option(choices=(VERSION,), doc="Version of the format.")
    audits: tuple[ListedAudit, ...] = option(
        items=(1, MOST_AUDITS), check=_listed_once, doc="The audits, oldest first."
    )

    def to_bytes(self) -> bytes:
        """The file, in canonical form."""
        return canonical_line(plain(self))


def history_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of ``history.json``."""
    from polyproof.settings.schema import document_schema

    return document_schema(PublishedHistory, "polyproof history")


def history_schema_text() -> str:
    """The schema as the file ``specs/history.schema.json`` has it."""
    from polyproof.settings.schema import file_text

    return file_text(history_schema())


def parse_history(data: bytes, file: str = HISTORY) -> PublishedHistory:
    """Read an index that others wrote. Raises ``ProofRejected`` for anything but the canonical form of one."""
    return read_document(data, PublishedHistory, "history", file)


def read_history(directory: Path) -> PublishedHistory:
    """The index of a published history. Raises ``ProofRejected``; ``ArtifactError`` if there is none."""
    return parse_history(read_bounded(directory / HISTORY, MOST_BYTES), str(directory / HISTORY))


# The chain


def audit_directory(directory: Path, audit_id: str) -> Path:
    """Where a history keeps the public half of an audit."""
    return directory / AUDITS / audit_id


def check_chain(directory: Path, policy: Policy | None = None) -> tuple[Manifest, ...]:
    """The manifests of a history in order, after every check of the chain; no proof is verified.

    Raises ``ProofRejected``: an audit is missing, replaced, out of order, not listed, or does not name the one before.
    """
    policy = policy or Policy()
    index = read_history(directory)
    manifests = [_listed_manifest(directory, index, place, policy) for place in range(len(index.audits))]
    digests = [manifest.digest for manifest in manifests]
    for place, manifest in enumerate(manifests):
        _check_link(directory, index, manifest, digests, place)
    for place in range(1, len(manifests)):
        if manifests[place].created < manifests[place - 1].created:
            raise ProofRejected(
                "history-order",
                f"{_named(index, place)} was created at {manifests[place].created}, before "
                f"{_named(index, place - 1)}, at {manifests[place - 1].created}",
                file=directory / HISTORY,
            )
    _check_unlisted(directory, index, digests, policy)
    return tuple(manifests)


def _named(index: PublishedHistory, place: int) -> str:
    return f"audit {place + 1} of {len(index.audits)} ({index.audits[place].audit_id})"


def _listed_manifest(directory: Path, index: PublishedHistory, place: int, policy: Policy) -> Manifest:
    listed, where = index.audits[place], audit_directory(directory, index.audits[place].audit_id)
    if where.is_symlink() or where.parent.is_symlink():
        raise ProofRejected("file-kind", "a symbolic link, which may point anywhere", file=where)
    try:
        manifest = read_manifest(find_public(where), policy)
    except ArtifactError as error:
        raise ProofRejected(
            "history-missing", f"{_named(index, place)} is in the index, but its files are missing: {error}", file=where
        ) from error
    if not hmac.compare_digest(manifest.digest.hex(), listed.manifest_digest):
        raise ProofRejected(
            "history-replaced",
            f"{_named(index, place)} has the manifest digest {manifest.digest.hex()}, the index says "
            f"{listed.manifest_digest}: it is not the audit that was published",
            file=where,
        )
    for name, stated, found in (
        ("audit id", listed.audit_id, manifest.audit_id),
        ("time", listed.created, manifest.created),
        ("audit before it", listed.previous, manifest.previous.hex() if manifest.previous else None),
    ):
        if stated != found:
            raise ProofRejected(
                "history-index",
                f"{_named(index, place)} has the {name} {stated} in the index, but {found} in its manifest",
                file=directory / HISTORY,
            )
    return manifest


def _check_link(
    directory: Path, index: PublishedHistory, manifest: Manifest, digests: Sequence[bytes], place: int
) -> None:
    """Each manifest must name the one before it; the first must name none."""
    named, where = manifest.previous, audit_directory(directory, manifest.audit_id)
    if named == (digests[place - 1] if place else None):
        return
    told = _named(index, place)
    if named is None:
        raise ProofRejected(
            "history-link", f"{told} names no audit before it: the chain is broken and starts again there", file=where
        )
    if named in digests[:place]:
        earlier = digests.index(named)
        raise ProofRejected(
            "history-fork",
            f"{told} follows {_named(index, earlier)}, and so does {_named(index, earlier + 1)}: a fork",
            file=where,
        )
    if named in digests:
        raise ProofRejected(
            "history-order",
            f"{told} follows {_named(index, digests.index(named))}, which is listed after it",
            file=where,
        )
    lacking = "the audits before it are missing" if place == 0 else "an audit between them is missing or was replaced"
    before = "" if place == 0 else f", not {_named(index, place - 1)}"
    raise ProofRejected(
        "history-link",
        f"{told} follows an audit with the manifest digest {named.hex()}{before}: {lacking}",
        file=where,
    )


def _check_unlisted(directory: Path, index: PublishedHistory, digests: Sequence[bytes], policy: Policy) -> None:
    """The directory must hold no audit that the index does not list."""
    listed = {one.audit_id for one in index.audits}
    for entry in sorted((directory / AUDITS).iterdir()):
        if entry.name in listed or entry.name.startswith("."):
            continue
        try:
            manifest = read_manifest(find_public(entry), policy)
        except ArtifactError:
            continue
        reason = f"audit {manifest.audit_id} is in the directory, but not in the index"
        if manifest.previous in digests[:-1] or (manifest.previous is None):
            beside = digests.index(manifest.previous) + 1 if manifest.previous else 0
            raise ProofRejected("history-fork", f"{reason}: a fork, beside {_named(index, beside)}", file=entry)
        raise ProofRejected("history-unlisted", reason, file=entry)


# Verifying


@frozen
class VerifiedAudit:
    """One audit of a history, verified; completely, unless ``reserves_unchecked`` says otherwise."""

    liabilities: AuditVerified
    reserves: ReservesVerified | None
    """None if the audit is of liabilities alone, or its reserves were not checked."""
    reserves_unchecked: bool = False
    """Reserves are published with it, but nothing in them was checked."""

    @property
    def manifest(self) -> Manifest:
        """Its manifest."""
        return self.liabilities.audit.manifest

    @property
    def met(self) -> bool | None:
        """Whether holdings cover what is owed, by the published policy; None without reserves that were checked."""
        return self.reserves.published.met if self.reserves else None


@frozen
class HistoryVerified:
    """A history in which every proof and every link was checked; for reserves see ``unchecked``."""

    directory: Path
    audits: tuple[VerifiedAudit, ...]
    """The oldest first."""
    pinned: int
    """How many of them, from the oldest, are bound by the digest that the caller knows from elsewhere."""
    seconds: float

    @property
    def unchecked(self) -> int:
        """How many of the audits have published reserves that were not checked."""
        return sum(one.reserves_unchecked for one in self.audits)


def verify_one(
    directory: Path,
    *,
    policy: Policy | None = None,
    reserves_policy: ReservesPolicy | None = None,
    manifest_digest: bytes | None = None,
    check_reserves: bool = True,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> VerifiedAudit:
    """Verify a single audit: its proofs, and its reserves if it has any and they are to be checked.

    Raises ``ProofRejected``; ``ExtraMissing`` for reserves without the extra ``reserves``.
    """
    liabilities = verification.verify(
        directory, policy=policy, registry=registry, manifest_digest=manifest_digest, progress=progress
    )
    reserves = None
    if has_reserves(liabilities.audit.public):
        if not check_reserves:
            return VerifiedAudit(liabilities, None, reserves_unchecked=True)
        reserves = verify_reserves(
            directory, audit=liabilities, reserves_policy=reserves_policy, registry=registry, progress=progress
        )
        if reserves_policy is not None and reserves.evaluation.met is False:
            short = ", ".join(asset.asset.symbol for asset in reserves.evaluation.short)
            raise PolicyRejected(
                PolicyCheck.RESERVES,
                f"not covered as the policy requires: {short}",
                file=liabilities.audit.public / RESERVES,
            )
    elif _present(liabilities.audit.public / EVIDENCE):
        raise ProofRejected(
            "reserves-missing", f"{EVIDENCE} is there without {RESERVES}", file=liabilities.audit.public / RESERVES
        )
    return VerifiedAudit(liabilities, reserves)


def _present(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def verify_history(
    directory: Path,
    *,
    policy: Policy | None = None,
    reserves_policy: ReservesPolicy | None = None,
    manifest_digest: bytes | None = None,
    check_reserves: bool = True,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> HistoryVerified:
    """Verify a whole published history as an auditor would: the chain, then every audit completely.

    ``manifest_digest`` is that of one of the audits, known from elsewhere: everything listed up to it is as it was when
    that digest was written down. Without ``check_reserves`` nothing is established about reserves except that they are
    those listed. Raises ``ProofRejected`` that names the audit and the problem; ``ExtraMissing`` for reserves without
    the extra ``reserves``.
    """
    start = time.perf_counter()
    progress = progress or Progress()
    manifests = check_chain(directory, policy)
    digests = [manifest.digest for manifest in manifests]
    if manifest_digest is not None and manifest_digest not in digests:
        raise ProofRejected(
            "manifest-digest", f"no audit in it has the digest {manifest_digest.hex()}", file=directory / HISTORY
        )
    listed = read_history(directory).audits
    if check_reserves and any(one.reserves_digest is not None for one in listed):
        require_extras("reserves", purpose="checking reserves")
    verified = []
    with progress.task("verify audits", len(listed)) as task:
        for one, digest in zip(listed, digests, strict=True):
            where = audit_directory(directory, one.audit_id)
            found = verify_one(
                where,
                policy=policy,
                reserves_policy=reserves_policy,
                manifest_digest=digest,
                check_reserves=check_reserves,
                registry=registry,
                progress=progress,
            )
            _check_reserves(one, found, where)
            verified.append(found)
            task.advance()
    pinned = digests.index(manifest_digest) + 1 if manifest_digest is not None else 0
    return HistoryVerified(directory, tuple(verified), pinned, time.perf_counter() - start)


def _check_reserves(listed: ListedAudit, found: VerifiedAudit, where: Path) -> None:
    stated, digest = listed.reserves_digest, _reserves_digest(found)
    if stated != digest:
        reason = (
            f"the index lists reserves {stated}, which are missing"
            if digest is None
            else f"its reserves have the digest {digest}, the index says {stated or 'that it has none'}"
        )
        raise ProofRejected("history-reserves", reason, file=where / RESERVES)


def _reserves_digest(found: VerifiedAudit) -> str | None:
    if found.reserves_unchecked:
        data = read_bounded(found.liabilities.audit.public / RESERVES, MOST_RESERVES_BYTES)
        return hashlib.sha256(data).hexdigest()
    return found.reserves.published.digest.hex() if found.reserves else None


# Adding


def add_audit(directory: Path, verified: VerifiedAudit) -> PublishedHistory:
    """Publish a verified audit as the newest of a history, which is created if there is none; returns the new index.

    Only what was verified is copied, and nothing from a private half. An audit already in the history stays as it
    is. Raises ``ArtifactError`` for an audit that does not follow the newest.
    """
    assert not verified.reserves_unchecked, "only what was verified completely is published"
    manifest = verified.manifest
    index = read_history(directory) if is_history(directory) else None
    listed = index.audits if index else ()
    mine = manifest.digest.hex()
    if index and any(one.manifest_digest == mine for one in listed):
        return index
    head = listed[-1].manifest_digest if listed else None
    named = manifest.previous.hex() if manifest.previous else None
    if named != head:
        raise ArtifactError(
            Problem(
                f"audit {manifest.audit_id} follows {named or 'no audit'}, but the newest of {directory} is "
                f"{head or 'none: it is empty'}",
                hint="another audit was published meanwhile; prove again, so that this one follows it",
            )
        )
    if any(one.audit_id.casefold() == manifest.audit_id.casefold() for one in listed):
        raise ArtifactError(f"{directory} already has an audit {manifest.audit_id}")
    _copy_public(verified, audit_directory(directory, manifest.audit_id))
    entry = ListedAudit(
        audit_id=manifest.audit_id,
        created=manifest.created,
        manifest_digest=mine,
        previous=named,
        reserves_digest=_reserves_digest(verified),
    )
    made = PublishedHistory(format=FORMAT, version=VERSION, audits=(*listed, entry))
    write_durably(directory / HISTORY, made.to_bytes())
    return made


def _copy_public(verified: VerifiedAudit, where: Path) -> None:
    """Copy the files that verification read, each compared with what it read; whole or not at all."""
    public, manifest = verified.liabilities.audit.public, verified.manifest
    working = where.with_name(f".{where.name}.partial")
    shutil.rmtree(working, ignore_errors=True)
    if where.exists():
        # Left by a run that ended between the copy and the index: it was never part of the history.
        shutil.rmtree(where)
    working.mkdir(parents=True)
    files: list[tuple[str, bytes]] = [(MANIFEST, manifest.digest)]
    files += [(segment.file, segment.sha256) for segment in manifest.segments]
    if verified.reserves:
        published = verified.reserves.published
        files += [(RESERVES, published.digest), (EVIDENCE, bytes.fromhex(published.evidence.sha256))]
    try:
        for name, digest in files:
            if not hmac.compare_digest(_copied(public / name, working / name), digest):
                raise ArtifactError(f"{public / name} changed while it was being published")
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
