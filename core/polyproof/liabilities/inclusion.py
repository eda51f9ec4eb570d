"""A user's check: an inclusion file against the public half of an audit."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from pathlib import Path

from attrs import frozen

from polyproof.backend import Claim, InclusionVerdict
from polyproof.errors import ProofRejected
from polyproof.liabilities.artifacts import read_inclusion_file
from polyproof.liabilities.verification import PublishedAudit, open_audit
from polyproof.plugin_faults import names_faults
from polyproof.registry import Registry
from polyproof.settings.policy import Policy

__all__ = ["InclusionVerified", "verify_inclusion"]


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
