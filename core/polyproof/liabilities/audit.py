"""The main job: a snapshot becomes a published audit; anybody verifies it; a user checks the own balance.

Every step here is the same for all backends. What is proved, and how, is the backend's.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from attrs import evolve, frozen

from polyproof.backend import Backend, Claim, InclusionVerdict, SecurityReport, Statement, Verdict
from polyproof.errors import ArtifactError, InputError, PluginFault, ProofRejected
from polyproof.formats.files import make_private_directory, read_bounded, tree_size, write_durably, write_private
from polyproof.liabilities.acceptance import Judge
from polyproof.liabilities.artifacts import (
    InclusionFile,
    find_private,
    find_public,
    read_inclusion_file,
    read_manifest,
    state_directory,
)
from polyproof.liabilities.manifest import AUDIT_ID, parse_manifest
from polyproof.liabilities.workspace import Workspace
from polyproof.model.accounts import Accounts
from polyproof.model.manifest import Manifest, Segment
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import PublicSpec, Spec, spec_from_public
from polyproof.version import __version__

__all__ = [
    "AuditProved",
    "AuditVerified",
    "InclusionsCut",
    "PublishedAudit",
    "SnapshotChecked",
    "check",
    "cut_all_inclusions",
    "cut_inclusion",
    "open_audit",
    "prove",
    "verify",
    "verify_inclusion",
]

_SELF_CHECK = Policy(min_proven_bits=0.0)
"""What ``prove`` verifies its own proofs by: sizes and soundness, not strength, which verifiers judge."""


# Reading and checking what is to be proved


@frozen
class SnapshotChecked:
    """What ``check`` found acceptable."""

    spec: Spec
    accounts: int
    totals: tuple[int, ...]
    """Base units, one for each asset in order."""
    segments: tuple[int, ...]
    """Accounts in each segment."""
    security: SecurityReport


@frozen
class _Prepared:
    spec: Spec
    registry: Registry
    backend: Backend
    accounts: Accounts
    bounds: tuple[int, ...]
    """Segment k holds the accounts from ``bounds[k]`` to ``bounds[k + 1]`` of the shuffled order."""

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(int(size) for size in np.diff(self.bounds))


def _prepare(spec: Spec, registry: Registry, progress: Progress) -> _Prepared:
    from polyproof.liabilities.snapshot.reader import read_snapshot

    backend = create_backend(spec, registry)
    backend.check(spec.assets)
    accounts = read_snapshot(spec.accounts, spec.assets, rule=spec.rule, base=spec.directory, progress=progress)
    if not len(accounts):
        raise InputError("the snapshot has no accounts")
    capacity = backend.capacity(spec.assets)
    segments = -(-len(accounts) // capacity)
    if segments > Policy().max_segments:
        raise InputError(
            f"{len(accounts)} accounts at {capacity} a segment make {segments} segments; "
            f"verifiers accept {Policy().max_segments}: use a backend or options with larger segments"
        )
    # As equal as possible, so that no small segment's published totals say much about its few accounts.
    bounds = tuple(len(accounts) * k // segments for k in range(segments + 1))
    return _Prepared(spec, registry, backend, accounts, bounds)


def create_backend(spec: PublicSpec, registry: Registry) -> Backend:
    """The backend a spec names, with its options."""
    backend: Backend = spec.backend.create(registry)
    return backend


def check(spec: Spec, *, registry: Registry | None = None, progress: Progress | None = None) -> SnapshotChecked:
    """Read and validate everything that proving needs, and prove nothing.

    Raises ``AccountsError`` with every problem of the snapshot, ``OptionsError`` for a backend that
    cannot serve these assets.
    """
    prepared = _prepare(spec, registry or default_registry(), progress or Progress())
    security = prepared.backend.security(spec.assets, max(prepared.sizes))
    return SnapshotChecked(spec, len(prepared.accounts), prepared.accounts.totals(), prepared.sizes, security)


# Proving


@frozen
class AuditProved:
    """A finished audit on disk."""

    directory: Path
    manifest: Manifest
    accounts: int
    segments: tuple[int, ...]
    """Accounts in each segment."""
    seconds: Mapping[str, float]
    """Wall-clock time of each phase: ``read``, ``prove``, ``verify`` (of the own proofs)."""
    public_bytes: int
    private_bytes: int
    resumed: int
    """Segments that an earlier, interrupted run had finished."""
    warnings: tuple[str, ...]


def prove(
    spec: Spec,
    out: Path,
    *,
    audit_id: str | None = None,
    previous: bytes | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> AuditProved:
    """Prove the spec's snapshot and write the audit to ``out``, which must not exist or be empty.

    The accounts are shuffled by a secret permutation and cut into segments. Each segment is proved,
    verified and kept; the manifest comes last and ``out`` appears complete or not at all. After a
    crash the same call goes on with the segment that was in work. ``previous`` is the digest of the
    manifest of the audit before this one.
    """
    registry, progress = registry or default_registry(), progress or Progress()
    if audit_id is not None and not AUDIT_ID.match(audit_id):
        raise InputError(
            f"audit id {audit_id!r}: wanted are 1 to 128 letters, digits, dots, hyphens and underscores, "
            f"the first a letter or digit"
        )
    clock = _Clock()
    work = Workspace(out)
    with clock("read"):
        prepared = _prepare(spec, registry, progress)
        inputs = _inputs_digest(prepared, previous)
    with work.held():
        header, discarded = work.begin(
            inputs,
            len(prepared.accounts),
            lambda old: audit_id in (None, old["audit_id"]),
            {"audit_id": audit_id or _new_audit_id(spec), "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"},
        )
        manifest = Manifest(
            audit_id=header["audit_id"],
            created=header["created"],
            organisation=spec.organisation,
            spec=spec.public(),
            spec_digest=spec.digest,
            backend=spec.backend.name,
            segments=(),
            previous=previous,
        )
        warnings = ["unfinished work on other inputs was here and has been thrown away"] if discarded else []
        resumed = work.finished_count()
        segments = tuple(
            work.finished(index) or _prove_segment(prepared, manifest, index, work, progress, clock)
            for index in range(len(prepared.sizes))
        )
        manifest = evolve(manifest, segments=segments)
        data = manifest.to_bytes()
        try:
            parse_manifest(data)
        except ProofRejected as error:
            raise InputError(f"verifiers would not accept this audit's manifest: {error.reason}") from error
        write_durably(work.public / "manifest.json", data)
        work.publish()
        directory = work.directory
    try:
        registry.hook.polyproof_audit_proved(directory=directory, manifest=manifest)
    except Exception as error:  # noqa: BLE001 - a stranger's hook may raise anything, the audit stands
        warnings.append(f"a plugin failed after the audit was written: {type(error).__name__}: {error}")
    return AuditProved(
        directory=directory,
        manifest=manifest,
        accounts=len(prepared.accounts),
        segments=prepared.sizes,
        seconds=clock.seconds,
        public_bytes=tree_size(directory / "public"),
        private_bytes=tree_size(directory / "private"),
        resumed=resumed,
        warnings=tuple(warnings),
    )


def _prove_segment(
    prepared: _Prepared, manifest: Manifest, index: int, work: Workspace, progress: Progress, clock: _Clock
) -> Segment:
    backend, judge = prepared.backend, Judge(prepared.backend, prepared.spec.backend.options, _SELF_CHECK)
    rows = work.permutation()[prepared.bounds[index] : prepared.bounds[index + 1]]
    accounts = prepared.accounts.take(rows)
    statement = _statement(manifest, prepared.spec, index, len(prepared.sizes))
    with work.segment_state(index) as state, clock("prove"):
        proved = backend.prove(statement, accounts, work.key, state, progress)
    # A wrong proof must not be published, whether a plugin or the machine is at fault.
    if tuple(proved.totals) != accounts.totals():
        raise PluginFault(f"backend {backend.name!r} proved other totals than the snapshot has: nothing is published")
    with clock("verify"):
        try:
            judge.verify(statement, proved.totals, proved.proof)
        except ProofRejected as error:
            raise PluginFault(
                f"backend {backend.name!r} made a proof that does not verify ({error}): nothing is published"
            ) from error
    digest = hashlib.sha256(proved.proof).digest()
    segment = Segment(index, len(proved.proof), digest, tuple(proved.totals))
    work.finish_segment(segment, proved.proof)
    return segment


def _inputs_digest(prepared: _Prepared, previous: bytes | None) -> bytes:
    """Digest of everything that decides what an audit's proofs are about, to tell a rerun from another job."""
    accounts, ids = prepared.accounts, prepared.accounts.ids
    plugin = prepared.registry.claim("backend", prepared.spec.backend.name)
    parts = [
        repr((__version__, plugin.origin, plugin.version)).encode(),
        prepared.spec.digest,
        repr((prepared.spec.organisation, previous, prepared.bounds)).encode(),
        *(np.ascontiguousarray(array).tobytes() for array in (ids.offsets, ids.data, accounts.words)),
    ]
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


def _new_audit_id(spec: Spec) -> str:
    return f"{spec.name}-{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(4)}"


def _statement(manifest: Manifest, spec: PublicSpec, index: int, segments: int) -> Statement:
    return Statement(manifest.audit_id, manifest.context, tuple(spec.assets), index, segments)


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[phase] = self.seconds.get(phase, 0.0) + time.perf_counter() - start


# Verifying


@frozen
class PublishedAudit:
    """An audit whose manifest has been read and is coherent; nothing is verified yet."""

    public: Path
    manifest: Manifest
    spec: PublicSpec
    judge: Judge

    @property
    def backend(self) -> Backend:
        """The backend that its spec names."""
        return self.judge.backend

    @property
    def policy(self) -> Policy:
        """What it was opened under."""
        return self.judge.policy

    def statement(self, index: int) -> Statement:
        """The statement of a segment."""
        return _statement(self.manifest, self.spec, index, len(self.manifest.segments))

    def proof(self, index: int) -> bytes:
        """A segment's proof as the manifest has it. Raises ``ProofRejected`` for any other file."""
        segment = self.manifest.segments[index]
        path = self.public / segment.file
        try:
            self.policy.check_proof_size(segment.size)
            data = read_bounded(path, segment.size, segment.check_size)
            segment.check_size(len(data))
        except ProofRejected as error:
            raise error.at(path) from error
        except ArtifactError as error:
            raise ProofRejected("proof-missing", f"the manifest lists it, but {error}", file=path) from error
        if not hmac.compare_digest(hashlib.sha256(data).digest(), segment.sha256):
            raise ProofRejected("proof-digest", "not the file that the manifest lists", file=path)
        return data


@frozen
class AuditVerified:
    """What verification established."""

    audit: PublishedAudit
    verdicts: tuple[Verdict, ...]
    """One for each segment."""
    seconds: float
    warnings: tuple[str, ...] = ()

    @property
    def totals(self) -> tuple[int, ...]:
        """Base units, one for each asset in order."""
        return self.audit.manifest.totals

    @property
    def security(self) -> SecurityReport:
        """The security account of the weakest segment."""
        return min((verdict.security for verdict in self.verdicts), key=lambda report: report.proven_bits)


def open_audit(
    directory: Path,
    *,
    policy: Policy | None = None,
    registry: Registry | None = None,
    manifest_digest: bytes | None = None,
) -> PublishedAudit:
    """Read a published audit's manifest, from its directory or the public half alone.

    ``manifest_digest`` is the digest the caller knows from elsewhere; another one is rejected. Raises
    ``ProofRejected`` for a manifest that is not acceptable, ``ArtifactError`` if there is none.
    """
    policy, registry = policy or Policy(), registry or default_registry()
    public = find_public(directory)
    manifest = read_manifest(public, policy)
    path = public / "manifest.json"
    if manifest_digest is not None and not hmac.compare_digest(manifest_digest, manifest.digest):
        raise ProofRejected(
            "manifest-digest", f"its digest is {manifest.digest.hex()}, not {manifest_digest.hex()}", file=path
        )
    try:
        policy.check_backend(manifest.backend)
        spec = spec_from_public(manifest.spec, registry)
        judge = Judge(create_backend(spec, registry), spec.backend.options, policy)
    except ProofRejected as error:
        raise error.at(path) from error
    if spec.digest != manifest.spec_digest:
        raise ProofRejected("spec-digest", f"its spec has the digest {spec.digest.hex()}, it says another", file=path)
    if spec.backend.name != manifest.backend:
        raise ProofRejected("manifest-backend", f"it names {manifest.backend!r}, its spec another backend", file=path)
    if len(manifest.totals) != len(spec.assets):
        raise ProofRejected(
            "manifest-totals", f"{len(manifest.totals)} totals for {len(spec.assets)} assets", file=path
        )
    return PublishedAudit(public, manifest, spec, judge)


def verify(
    directory: Path,
    *,
    policy: Policy | None = None,
    registry: Registry | None = None,
    manifest_digest: bytes | None = None,
    progress: Progress | None = None,
) -> AuditVerified:
    """Verify a published audit completely, from its public files alone. Raises ``ProofRejected``."""
    registry, progress = registry or default_registry(), progress or Progress()
    start = time.perf_counter()
    audit = open_audit(directory, policy=policy, registry=registry, manifest_digest=manifest_digest)
    verdicts = []
    with progress.task("verify segments", len(audit.manifest.segments)) as task:
        for segment in audit.manifest.segments:
            proof = audit.proof(segment.index)
            statement = audit.statement(segment.index)
            try:
                verdicts.append(audit.judge.verify(statement, segment.totals, proof))
            except ProofRejected as error:
                raise error.at(audit.public / segment.file) from error
            task.advance()
    warnings = []
    try:
        registry.hook.polyproof_audit_verified(directory=directory, manifest=audit.manifest)
    except Exception as error:  # noqa: BLE001 - a stranger's hook may raise anything
        warnings.append(f"a plugin failed after verification: {type(error).__name__}: {error}")
    return AuditVerified(audit, tuple(verdicts), time.perf_counter() - start, tuple(warnings))


# Inclusion


@frozen
class InclusionsCut:
    """Inclusion files written in bulk."""

    directory: Path
    index: Path
    """Owner-only CSV: which file is whose."""
    count: int
    bytes: int
    seconds: float


def _open_own(directory: Path, registry: Registry | None) -> tuple[PublishedAudit, Path]:
    private = find_private(directory)
    return open_audit(directory, policy=_SELF_CHECK, registry=registry), private


def _own_state(private: Path, index: int) -> Path:
    state = state_directory(private, index)
    if not state.is_dir():
        raise ArtifactError(f"{state} is missing: inclusion files of segment {index} cannot be cut")
    return state


def inclusion_name(private: Path, user_id: str) -> str:
    """File name of a user's inclusion file: a keyed hash, since a plain hash of an e-mail address can be guessed."""
    try:
        key = (private / "key").read_bytes()
    except OSError as error:
        raise ArtifactError(f"{private / 'key'}: {error.strerror}") from error
    names = hmac.digest(key, b"polyproof/inclusion-file-names", "sha256")
    return hmac.digest(names, user_id.encode(), "sha256").hex()[:32] + ".polyproof"


def cut_inclusion(
    directory: Path, user_id: str, *, out: Path | None = None, registry: Registry | None = None
) -> tuple[Path, int]:
    """Cut one user's inclusion file from the private half; returns where it is and its size.

    Without ``out`` it goes to ``private/inclusion`` under a name that says nothing. Raises
    ``InputError`` for a user id that is not among the accounts.
    """
    audit, private = _open_own(directory, registry)
    unknown = InputError(f"no account has the id {user_id!r} in audit {audit.manifest.audit_id}")
    try:
        user_id.encode()
    except UnicodeEncodeError as error:
        raise unknown from error
    for segment in audit.manifest.segments:
        index = segment.index
        state = _own_state(private, index)
        inclusion = audit.backend.open_inclusion(audit.statement(index), audit.proof(index), state, user_id)
        if inclusion is None:
            continue
        data = InclusionFile(audit.manifest.audit_id, audit.manifest.digest, index, inclusion).to_bytes()
        if out is None:
            make_private_directory(private / "inclusion")
            out = private / "inclusion" / inclusion_name(private, user_id)
        elif not out.parent.is_dir():
            raise InputError(f"{out.parent} is not a directory")
        write_durably(out, data, private=True)
        return out, len(data)
    raise unknown


def cut_all_inclusions(
    directory: Path, *, out: Path | None = None, registry: Registry | None = None, progress: Progress | None = None
) -> InclusionsCut:
    """Cut every user's inclusion file, into ``private/inclusion`` or a new directory ``out``.

    Names say nothing; ``private/inclusion.csv`` says which is whose.
    """
    progress = progress or Progress()
    start = time.perf_counter()
    audit, private = _open_own(directory, registry)
    final = out or private / "inclusion"
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} exists and is not an empty directory")
    working = final.with_name(f".{final.name}.partial")
    shutil.rmtree(working, ignore_errors=True)
    make_private_directory(working)
    lines, size, digest = ["account,file\r\n"], 0, audit.manifest.digest
    try:
        with progress.task("cut inclusion files") as task:
            for segment in audit.manifest.segments:
                index = segment.index
                opened = audit.backend.open_all(audit.statement(index), audit.proof(index), _own_state(private, index))
                for user_id, inclusion in opened:
                    name = inclusion_name(private, user_id)
                    data = InclusionFile(audit.manifest.audit_id, digest, index, inclusion).to_bytes()
                    write_private(working / name, data)
                    quoted = user_id.replace('"', '""')
                    lines.append(f'"{quoted}",{name}\r\n')
                    size += len(data)
                    task.advance()
        if out is None and final.exists():
            shutil.rmtree(final)
        working.replace(final)
    except BaseException:
        shutil.rmtree(working, ignore_errors=True)
        raise
    index_file = private / "inclusion.csv"
    write_durably(index_file, "".join(lines).encode(), private=True)
    return InclusionsCut(final, index_file, len(lines) - 1, size, time.perf_counter() - start)


@frozen
class InclusionVerified:
    """What a user's check established."""

    audit: PublishedAudit
    segment: int
    claim: Claim
    verdict: InclusionVerdict
    seconds: float


def verify_inclusion(
    file: Path,
    directory: Path,
    claim: Callable[[PublishedAudit], Claim],
    *,
    policy: Policy | None = None,
    registry: Registry | None = None,
    manifest_digest: bytes | None = None,
) -> InclusionVerified:
    """Check one user's claim against a published audit.

    ``claim`` makes the claim from what the user typed, given the audit, which knows the assets.
    Nothing of it is read from the inclusion file, so that a file cannot vouch for itself. The proof
    of the user's own segment is verified too; ``verify`` checks them all.
    """
    start = time.perf_counter()
    audit = open_audit(directory, policy=policy, registry=registry, manifest_digest=manifest_digest)
    inclusion = read_inclusion_file(file, audit.policy)
    claimed = claim(audit)
    manifest = audit.manifest
    if inclusion.audit_id != manifest.audit_id:
        raise ProofRejected("audit-id", f"it is for audit {inclusion.audit_id}, not {manifest.audit_id}", file=file)
    if not hmac.compare_digest(inclusion.manifest_digest, manifest.digest):
        raise ProofRejected("manifest-digest", "it was cut for another manifest of this audit", file=file)
    if inclusion.segment >= len(manifest.segments):
        raise ProofRejected("segment", f"segment {inclusion.segment} of {len(manifest.segments)}", file=file)
    segment = manifest.segments[inclusion.segment]
    statement, proof = audit.statement(segment.index), audit.proof(segment.index)
    try:
        verdict = audit.judge.verify_inclusion(statement, segment.totals, proof, claimed, inclusion.inclusion)
    except ProofRejected as error:
        raise error.at(file) from error
    return InclusionVerified(audit, segment.index, claimed, verdict, time.perf_counter() - start)
