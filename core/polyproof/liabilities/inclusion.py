"""Inclusion: a user's file is cut from the private half of an audit, and checked against the public half."""

from __future__ import annotations

import hmac
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from attrs import frozen

from polyproof.backend import Claim, InclusionVerdict
from polyproof.errors import ArtifactError, InputError, ProofRejected
from polyproof.formats.files import make_private_directory, write_durably, write_private
from polyproof.liabilities.acceptance import require
from polyproof.liabilities.artifacts import InclusionFile, find_private, read_inclusion_file, state_directory
from polyproof.liabilities.verification import PublishedAudit, open_audit
from polyproof.plugin_faults import asking, names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry
from polyproof.settings.policy import UNRESTRICTED, Policy

__all__ = [
    "InclusionVerified",
    "InclusionsCut",
    "cut_all_inclusions",
    "cut_inclusion",
    "inclusion_name",
    "verify_inclusion",
]


# Cutting


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
    return open_audit(directory, policy=UNRESTRICTED, registry=registry), private


def _own_state(private: Path, index: int) -> Path:
    state = state_directory(private, index)
    if not state.is_dir():
        raise ArtifactError(f"{state} is missing: inclusion files of segment {index} cannot be cut")
    return state


def inclusion_name(private: Path, user_id: str) -> str:
    """Name of a user's inclusion file: a keyed hash, since the plain hash of an e-mail address can be guessed."""
    try:
        key = (private / "key").read_bytes()
    except OSError as error:
        raise ArtifactError(f"{private / 'key'}: {error.strerror}") from error
    names = hmac.digest(key, b"polyproof/inclusion-file-names", "sha256")
    return hmac.digest(names, user_id.encode(), "sha256").hex()[:32] + ".polyproof"


@names_faults
def cut_inclusion(
    directory: Path, user_id: str, *, out: Path | None = None, registry: Registry | None = None
) -> tuple[Path, int]:
    """Cut one user's inclusion file from the private half; returns its path and size.

    Without ``out`` it goes to ``private/inclusion`` under a name that reveals nothing. Raises
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
        statement, proof = audit.statement(index), audit.proof(index)
        with asking(audit.backend, "while cutting an inclusion proof", may=_CUTTING):
            inclusion = audit.backend.open_inclusion(statement, proof, state, user_id)
        if inclusion is None:
            continue
        require(audit.backend, isinstance(inclusion, bytes), inclusion, "instead of the bytes of an inclusion proof")
        data = InclusionFile(audit.manifest.audit_id, audit.manifest.digest, index, inclusion).to_bytes()
        if out is None:
            make_private_directory(private / "inclusion")
            out = private / "inclusion" / inclusion_name(private, user_id)
        elif not out.parent.is_dir():
            raise InputError(f"{out.parent} is not a directory")
        write_durably(out, data, private=True)
        return out, len(data)
    raise unknown


@names_faults
def cut_all_inclusions(
    directory: Path, *, out: Path | None = None, registry: Registry | None = None, progress: Progress | None = None
) -> InclusionsCut:
    """Cut every user's inclusion file, into ``private/inclusion`` or a new directory ``out``.

    The names reveal nothing; ``private/inclusion.csv`` says which is whose.
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
                for item in _opened(audit, index, _own_state(private, index)):
                    pair = isinstance(item, tuple) and list(map(type, item)) == [str, bytes]
                    require(audit.backend, pair, item, "instead of an account id and bytes")
                    user_id, inclusion = item
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


_CUTTING = (InputError, ProofRejected, OSError)
"""What a backend may raise where the private half of an audit is not as it was left."""


def _opened(audit: PublishedAudit, index: int, state: Path) -> Iterator[tuple[str, bytes]]:
    statement, proof = audit.statement(index), audit.proof(index)
    with asking(audit.backend, "while cutting inclusion proofs", may=_CUTTING):
        yield from audit.backend.open_all(statement, proof, state)


# Checking


@frozen
class InclusionVerified:
    """What a user's check established."""

    audit: PublishedAudit
    segment: int
    claim: Claim
    verdict: InclusionVerdict
    seconds: float


@names_faults
def verify_inclusion(
    file: Path,
    directory: Path,
    claim: Callable[[PublishedAudit], Claim],
    *,
    policy: Policy | None = None,
    registry: Registry | None = None,
    digest: bytes | None = None,
) -> InclusionVerified:
    """Check one user's claim against a published audit.

    ``claim`` is called with the audit, which knows the assets, and makes the claim from what the user typed.
    Nothing in it comes from the inclusion file, so that the file cannot vouch for itself. The proof of
    the user's own segment is verified too; ``verify`` checks all segments, and the files of reserves, which are not
    needed here. ``digest`` is the publication digest that the user knows from elsewhere; any other is rejected.
    """
    start = time.perf_counter()
    audit = open_audit(directory, policy=policy, registry=registry, digest=digest, liabilities_only=True)
    inclusion = read_inclusion_file(file, audit.policy)
    claimed = claim(audit)
    manifest = audit.manifest
    if inclusion.audit_id != manifest.audit_id:
        raise ProofRejected("audit-id", f"it is for audit {inclusion.audit_id}, not {manifest.audit_id}", file=file)
    if not hmac.compare_digest(inclusion.manifest_digest, manifest.digest):
        raise ProofRejected("manifest-digest", "it was cut for a different manifest of this audit", file=file)
    if inclusion.segment >= len(manifest.segments):
        raise ProofRejected("segment", f"segment {inclusion.segment} of {len(manifest.segments)}", file=file)
    segment = manifest.segments[inclusion.segment]
    statement, proof = audit.statement(segment.index), audit.proof(segment.index)
    try:
        verdict = audit.judge.verify_inclusion(statement, segment.totals, proof, claimed, inclusion.inclusion)
    except ProofRejected as error:
        raise error.at(file) from error
    return InclusionVerified(audit, segment.index, claimed, verdict, time.perf_counter() - start)
