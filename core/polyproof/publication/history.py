"""The history: every published audit of an organisation, each chained to the one before.

::

    DIR/history.json                       the index: what is there, in order
    DIR/audits/AUDIT_ID/publication.json   the public half of an audit, as it was published
    DIR/audits/AUDIT_ID/manifest.json …

The index is a table of contents and proves nothing. What counts is that each publication record names all files of its
audit, that each manifest names the digest of the record before it (``previous``), and that each proof is bound to its
manifest: anyone who knows an audit's publication digest can tell whether anything of that audit, or of any before it,
has been changed since. docs/reference/report.md describes the format.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from attrs import frozen

from polyproof.balances import BalanceProvider
from polyproof.config.options import Fault, option, plain
from polyproof.errors import ArtifactError, PolicyRejected, Problem, ProofRejected
from polyproof.extras import require_extras
from polyproof.formats.files import read_bounded, write_durably
from polyproof.formats.strict_json import BadJson, canonical_line, parse_strict
from polyproof.liabilities import AuditVerified, verification
from polyproof.liabilities.artifacts import AUDITS, HISTORY, PUBLISHED_MARK, RECORD
from polyproof.liabilities.folder import check_listed, kind_of, present
from polyproof.liabilities.record import Correction, Publication, PublicationRecord, open_publication
from polyproof.model.manifest import Manifest
from polyproof.model.names import AUDIT_ID, DIGEST, TIME
from polyproof.model.timestamps import in_calendar
from polyproof.plugin_faults import names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.reserves.established import ReservesVerified
from polyproof.reserves.verification import verify_reserves
from polyproof.settings.documents import read_document
from polyproof.settings.policy import Policy
from polyproof.settings.reserves import ReservesPolicy

__all__ = [
    "AUDITS",
    "HistoryVerified",
    "ListedAudit",
    "PublishedHistory",
    "VerifiedAudit",
    "add_audit",
    "check_addition",
    "check_chain",
    "history_schema",
    "history_schema_text",
    "mark_published",
    "organisation_problem",
    "parse_history",
    "read_history",
    "snapshot_problem",
    "verify_history",
    "verify_one",
]

FORMAT = "polyproof/history"
VERSION = 2
READ_BY = {1: "polyproof 0.1"}
"""Which release reads histories of an earlier version."""
SITE = ("index.html", "history.html", "proven.html", "check.html", "report.json", "assets")
"""What a report adds to a history: see ``polyproof.publication.report.pages``."""
MOST_BYTES = 8 << 20
MOST_AUDITS = 8192


# The index


@frozen(kw_only=True)
class ListedAudit:
    """One audit, as listed in the index."""

    audit_id: str = option(pattern=AUDIT_ID, doc="Its id, and the name of its directory in audits.")
    created: str = option(pattern=TIME, check=in_calendar, doc="When its proof was started, as its manifest has it.")
    snapshot: str = option(pattern=TIME, check=in_calendar, doc="When balances were taken, as its manifest has it.")
    publication_digest: str = option(pattern=DIGEST, doc="SHA-256 of its publication.json.")
    previous: str | None = option(pattern=DIGEST, doc="The digest that its manifest names; null in the first audit.")
    corrects: str | None = option(
        pattern=DIGEST, doc="Publication digest of the audit that its record says it corrects; null for most."
    )


def _listed_once(audits: tuple[ListedAudit, ...]) -> Iterable[Fault]:
    names: set[str] = set()
    digests: set[str] = set()
    for index, one in enumerate(audits):
        # On a file system that ignores case, two names that differ only in case would be one directory.
        if one.audit_id.casefold() in names:
            yield Fault(f"audit {one.audit_id} is listed twice", None, (index, "audit_id"))
        if one.publication_digest in digests:
            yield Fault(f"publication {one.publication_digest} is listed twice", None, (index, "publication_digest"))
        names.add(one.audit_id.casefold())
        digests.add(one.publication_digest)


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
    _refuse_old(data, file)
    return read_document(data, PublishedHistory, "history", file)


def _refuse_old(data: bytes, file: str) -> None:
    try:
        found = parse_strict(data)
    except BadJson:
        return
    version = found.get("version") if isinstance(found, dict) else None
    if type(version) is int and version in READ_BY:
        raise ProofRejected(
            "history-version",
            f"the history has version {version}, which {READ_BY[version]} reads; this polyproof reads version "
            f"{VERSION}",
            file=file,
        )


def read_history(directory: Path) -> PublishedHistory:
    """The index of a published history. Raises ``ProofRejected``; ``ArtifactError`` if there is none."""
    return parse_history(read_bounded(directory / HISTORY, MOST_BYTES), str(directory / HISTORY))


# The chain


def audit_directory(directory: Path, audit_id: str) -> Path:
    """Where a history keeps the public half of an audit."""
    return directory / AUDITS / audit_id


def check_chain(directory: Path, policy: Policy | None = None) -> tuple[Publication, ...]:
    """The audits of a history in order, after every check of the chain; no proof is looked at.

    Every file that a record names is there and is the one that it names. Raises ``ProofRejected``: an audit is missing,
    replaced, out of order, not listed, of another organisation, does not name the one before, or is of a snapshot that
    another audit is of.
    """
    policy = policy or Policy()
    kind_of(directory)
    index = read_history(directory)
    audits = [_listed_audit(directory, index, place, policy) for place in range(len(index.audits))]
    digests = [one.digest for one in audits]
    for place, one in enumerate(audits):
        _check_link(directory, index, one.manifest, digests, place)
    for place in range(1, len(audits)):
        if audits[place].manifest.created < audits[place - 1].manifest.created:
            raise ProofRejected(
                "history-order",
                f"{_named(index, place)} was created at {audits[place].manifest.created}, before "
                f"{_named(index, place - 1)}, at {audits[place - 1].manifest.created}",
                file=directory / HISTORY,
            )
    for place, one in enumerate(audits):
        problem = organisation_problem(audits[:place], one.manifest.organisation)
        if problem is not None:
            raise ProofRejected(
                "history-organisation",
                f"{_named(index, place)} {problem}",
                file=audit_directory(directory, one.manifest.audit_id),
            )
        problem = snapshot_problem(audits[:place], one.manifest.snapshot, one.record.corrects)
        if problem is not None:
            raise ProofRejected(
                "history-snapshot",
                f"{_named(index, place)} {problem}",
                file=audit_directory(directory, one.manifest.audit_id),
            )
    _check_unlisted(directory, index, digests, policy)
    return tuple(audits)


class Chained(Protocol):
    """An audit of a history, verified or only opened."""

    @property
    def record(self) -> PublicationRecord:
        """Its publication record."""
        ...

    @property
    def manifest(self) -> Manifest:
        """Its manifest."""
        ...

    @property
    def digest(self) -> bytes:
        """Its publication digest."""
        ...


def organisation_problem(before: Sequence[Chained], organisation: str | None) -> str | None:
    """Why an audit of this organisation cannot follow those before it; None if it can.

    Anybody can copy what another organisation published and go on from there: it would then show that one's past as
    its own.
    """
    if not before or before[-1].manifest.organisation == organisation:
        return None
    last = before[-1].manifest
    return (
        f"is of {_organisation(organisation)}, and audit {last.audit_id} before it of "
        f"{_organisation(last.organisation)}: a history is of one organisation"
    )


def _organisation(name: str | None) -> str:
    return "an organisation without a name" if name is None else repr(name)


def snapshot_problem(before: Sequence[Chained], snapshot: str, corrects: Correction | None) -> str | None:
    """Why an audit of this snapshot cannot follow those before it; None if it can.

    A snapshot is audited once, unless a later audit says that it corrects an earlier one; then which, and why, is in
    its record. An audit that corrects none is of a later time than all before it.
    """
    if corrects is None:
        for one in before:
            if one.manifest.snapshot >= snapshot:
                return (
                    f"is of {snapshot}, and audit {one.manifest.audit_id} before it of {one.manifest.snapshot}: "
                    "only a correction may be of the same time or an earlier one"
                )
        return None
    target = next((one for one in before if one.digest.hex() == corrects.publication_digest), None)
    if target is None:
        return f"is said to correct {corrects.publication_digest}, which is no audit before it"
    for one in before:
        if one.record.corrects and one.record.corrects.publication_digest == corrects.publication_digest:
            return f"is said to correct {target.manifest.audit_id}, as is {one.manifest.audit_id} before it"
        if one.manifest.snapshot == snapshot != target.manifest.snapshot:
            return f"is said to correct {target.manifest.audit_id}, but is of the snapshot of {one.manifest.audit_id}"
    return None


def _named(index: PublishedHistory, place: int) -> str:
    return f"audit {place + 1} of {len(index.audits)} ({index.audits[place].audit_id})"


def _listed_audit(directory: Path, index: PublishedHistory, place: int, policy: Policy) -> Publication:
    listed, where = index.audits[place], audit_directory(directory, index.audits[place].audit_id)
    if where.is_symlink() or where.parent.is_symlink():
        raise ProofRejected("file-kind", "a symbolic link, which may point anywhere", file=where)
    missing = f"{_named(index, place)} is in the index, but its files are missing"
    if not present(where / RECORD):
        raise ProofRejected("history-missing", f"{missing}: {where / RECORD}", file=where)
    digest = bytes.fromhex(listed.publication_digest)
    try:
        found = open_publication(where, policy, digest=digest)
    except ArtifactError as error:
        raise ProofRejected("history-missing", f"{missing}: {error}", file=where) from error
    except ProofRejected as error:
        if error.check != "publication-digest":
            raise
        raise ProofRejected(
            "history-replaced",
            f"{_named(index, place)}: {error.reason}, which the index says: it is not the audit that was published",
            file=where,
        ) from error
    manifest, corrects = found.manifest, found.record.corrects
    for name, stated, actual in (
        ("audit id", listed.audit_id, manifest.audit_id),
        ("time", listed.created, manifest.created),
        ("snapshot", listed.snapshot, manifest.snapshot),
        ("audit before it", listed.previous, manifest.previous.hex() if manifest.previous else None),
        ("correction", listed.corrects, corrects.publication_digest if corrects else None),
    ):
        if stated != actual:
            raise ProofRejected(
                "history-index",
                f"{_named(index, place)} has the {name} {stated} in the index, but {actual} in its own files",
                file=directory / HISTORY,
            )
    return found


def _check_link(
    directory: Path, index: PublishedHistory, manifest: Manifest, digests: Sequence[bytes], place: int
) -> None:
    """Each manifest must name the record before it; the first must name none."""
    named, where = manifest.previous, audit_directory(directory, manifest.audit_id)
    if named == (digests[place - 1] if place else None):
        return
    this = _named(index, place)
    if named is None:
        raise ProofRejected(
            "history-link", f"{this} names no audit before it: the chain is broken and starts again there", file=where
        )
    if named in digests[:place]:
        earlier = digests.index(named)
        raise ProofRejected(
            "history-fork",
            f"{this} follows {_named(index, earlier)}, and so does {_named(index, earlier + 1)}: a fork",
            file=where,
        )
    if named in digests:
        raise ProofRejected(
            "history-order",
            f"{this} follows {_named(index, digests.index(named))}, which is listed after it",
            file=where,
        )
    lacking = "the audits before it are missing" if place == 0 else "an audit between them is missing or was replaced"
    before = "" if place == 0 else f", not {_named(index, place - 1)}"
    raise ProofRejected(
        "history-link",
        f"{this} follows an audit with the publication digest {named.hex()}{before}: {lacking}",
        file=where,
    )


def _check_unlisted(directory: Path, index: PublishedHistory, digests: Sequence[bytes], policy: Policy) -> None:
    """The directory must hold no audit that the index does not list, and nothing else that looks like one."""
    listed = {one.audit_id for one in index.audits}
    for entry in sorted((directory / AUDITS).iterdir()):
        if entry.name in listed or not present(entry / RECORD):
            continue
        found = open_publication(entry, policy)
        previous = found.manifest.previous
        reason = f"audit {found.manifest.audit_id} is in the directory, but not in the index"
        if previous in digests[:-1] or previous is None:
            beside = digests.index(previous) + 1 if previous else 0
            raise ProofRejected("history-fork", f"{reason}: a fork, beside {_named(index, beside)}", file=entry)
        raise ProofRejected("history-unlisted", reason, file=entry)
    check_listed(directory / AUDITS, listed)


def _others(directory: Path, audits: Sequence[Publication]) -> tuple[str, ...]:
    """What lies in a history and is no part of it: paths. Raises ``ProofRejected`` for what could be taken for part."""
    ids = {one.manifest.audit_id for one in audits}
    assets = directory / "assets"
    if assets.is_symlink():
        raise ProofRejected("file-kind", "a symbolic link, which may point anywhere", file=assets)
    pages = {path.name for path in assets.glob("*.html")}
    return (
        *check_listed(directory, {HISTORY, AUDITS, *SITE}),
        *(f"assets/{name}" for name in (check_listed(assets, pages) if assets.is_dir() else ())),
        *(f"{AUDITS}/{name}" for name in check_listed(directory / AUDITS, ids)),
        *(f"{AUDITS}/{one.manifest.audit_id}/{name}" for one in audits for name in one.unlisted),
    )


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
    def record(self) -> PublicationRecord:
        """Its publication record."""
        return self.liabilities.audit.record

    @property
    def digest(self) -> bytes:
        """Its publication digest."""
        return self.record.digest

    @property
    def met(self) -> bool | None:
        """Whether holdings cover what is owed, by the verifier's policy; None without reserves that were checked."""
        return self.reserves.evaluation.met if self.reserves else None


@frozen
class HistoryVerified:
    """A history in which every proof and every link was checked; for reserves see ``unchecked``."""

    directory: Path
    audits: tuple[VerifiedAudit, ...]
    """The oldest first."""
    pinned: int
    """How many of them, from the oldest, are bound by the digest that the caller knows from elsewhere."""
    unlisted: tuple[str, ...]
    """What else lies in the directory; no part of the history, and not looked at. Pages of a report are not named."""
    seconds: float

    @property
    def unchecked(self) -> int:
        """How many of the audits have published reserves that were not checked."""
        return sum(one.reserves_unchecked for one in self.audits)

    @property
    def refusal(self) -> PolicyRejected | None:
        """Why the verifier's policy refuses the first audit whose holdings do not cover what was owed; None if none."""
        found = (one.reserves.refusal for one in self.audits if one.reserves)
        return next((refusal for refusal in found if refusal is not None), None)


@names_faults
def verify_one(
    directory: Path,
    *,
    policy: Policy | None = None,
    reserves_policy: ReservesPolicy | None = None,
    providers: Sequence[BalanceProvider] = (),
    digest: bytes | None = None,
    check_reserves: bool = True,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> VerifiedAudit:
    """Verify a single audit: its proofs, and its reserves if it has any and they are to be checked.

    Holdings that do not cover what is owed are no error: ``VerifiedAudit.met`` says so, by ``reserves_policy``, the
    verifier's own. Raises ``ProofRejected``; ``ExtraMissing`` for reserves without the extra ``reserves``.
    """
    liabilities = verification.verify(directory, policy=policy, registry=registry, digest=digest, progress=progress)
    reserves = None
    if liabilities.audit.record.reserves_digest is not None:
        if not check_reserves:
            return VerifiedAudit(liabilities, None, reserves_unchecked=True)
        reserves = verify_reserves(
            directory,
            audit=liabilities,
            reserves_policy=reserves_policy,
            providers=providers,
            registry=registry,
            progress=progress,
        )
    return VerifiedAudit(liabilities, reserves)


@names_faults
def verify_history(
    directory: Path,
    *,
    policy: Policy | None = None,
    reserves_policy: ReservesPolicy | None = None,
    providers: Sequence[BalanceProvider] = (),
    digest: bytes | None = None,
    check_reserves: bool = True,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> HistoryVerified:
    """Verify a whole published history as an auditor would: the chain, then every audit completely.

    ``digest`` is the publication digest of one of the audits, known from elsewhere: every file of that audit and of
    those before it is as it was when that digest was written down. Without ``check_reserves`` nothing is established
    about reserves except that they are those of the record. Raises ``ProofRejected`` that names the audit and the
    problem; ``ExtraMissing`` for reserves without the extra ``reserves``.
    """
    start = time.perf_counter()
    progress = progress or Progress()
    listed = check_chain(directory, policy)
    unlisted = _others(directory, listed)
    digests = [one.digest for one in listed]
    if digest is not None and digest not in digests:
        raise ProofRejected(
            "publication-digest", f"no audit in it has the digest {digest.hex()}", file=directory / HISTORY
        )
    if check_reserves and any(one.record.reserves_digest is not None for one in listed):
        require_extras("reserves", purpose="checking reserves")
    verified = []
    with progress.task("verify audits", len(listed)) as task:
        for one in listed:
            found = verify_one(
                one.public,
                policy=policy,
                reserves_policy=reserves_policy,
                providers=providers,
                digest=one.digest,
                check_reserves=check_reserves,
                registry=registry,
                progress=progress,
            )
            verified.append(found)
            task.advance()
    pinned = digests.index(digest) + 1 if digest is not None else 0
    return HistoryVerified(directory, tuple(verified), pinned, unlisted, time.perf_counter() - start)


# Adding


def add_audit(directory: Path, verified: VerifiedAudit) -> PublishedHistory:
    """Publish a verified audit as the newest of a history, which is created if there is none; returns the new index.

    Only what was verified is copied, and nothing from a private half. An audit already in the history stays as it
    is. Raises ``ArtifactError`` for an audit that does not follow the newest.
    """
    assert not verified.reserves_unchecked, "only what was verified completely is published"
    manifest, record = verified.manifest, verified.record
    listed = read_history(directory).audits if present(directory / HISTORY) else ()
    where = audit_directory(directory, manifest.audit_id)
    if manifest.audit_id not in [one.audit_id for one in listed]:
        # From a run that ended before the index named it: it was never part of the history.
        for leftover in (where, _unfinished(where)):
            shutil.rmtree(leftover, ignore_errors=True)
    before = check_chain(directory) if listed else ()
    if verified.digest in [one.digest for one in before]:
        return PublishedHistory(format=FORMAT, version=VERSION, audits=listed)
    check_addition(before, verified)
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


def check_addition(before: Sequence[Chained], verified: VerifiedAudit) -> None:
    """Raise ``ArtifactError`` for an audit that cannot be the next after those of a history."""
    manifest, record = verified.manifest, verified.record
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
    problem = problem or snapshot_problem(before, manifest.snapshot, record.corrects)
    if problem is not None:
        raise ArtifactError(f"audit {manifest.audit_id} {problem}")


def mark_published(directory: Path, record: PublicationRecord) -> None:
    """Note beside the private half of an audit that its record is fixed from now on."""
    private = directory / "private"
    if private.is_dir():
        write_durably(private / PUBLISHED_MARK, record.digest.hex().encode() + b"\n", private=True)


def _unfinished(where: Path) -> Path:
    return where.with_name(f".{where.name}.partial")


def _copy_public(verified: VerifiedAudit, where: Path) -> None:
    """Copy the files that verification read, each compared with what it read; whole or not at all."""
    public, manifest, record = verified.liabilities.audit.public, verified.manifest, verified.record
    working = _unfinished(where)
    working.mkdir(parents=True)
    files = [(RECORD, record.digest), *record.files, *((one.file, one.sha256) for one in manifest.segments)]
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
