"""A user's check: inclusion files against the public half of an audit."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from attrs import evolve, frozen

from polyproof.backend import Claim, InclusionVerdict
from polyproof.errors import ArtifactError, Problem, ProofRejected
from polyproof.liabilities.artifacts import InclusionFile, read_inclusion_file
from polyproof.liabilities.folder import present
from polyproof.liabilities.netting import net_sentences
from polyproof.liabilities.pledges import claim_of_positions, without_pledges
from polyproof.liabilities.verification import PublishedAudit, open_audit
from polyproof.plugin_faults import names_faults
from polyproof.registry import Registry
from polyproof.settings.policy import Policy

__all__ = [
    "InclusionChecked",
    "InclusionRejected",
    "InclusionVerified",
    "InclusionsVerified",
    "verify_inclusion",
    "verify_inclusions",
]

ClaimMaker = Callable[[PublishedAudit], Claim]
"""Makes the claim from what the user typed, once the audit is known, and with it the assets."""


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
    claim: ClaimMaker,
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
    _check_belongs(inclusion, audit, file)
    segment = audit.manifest.segments[inclusion.segment]
    statement, proof, judge = audit.statement(segment.index), audit.proof(segment.index), audit.judge_of(segment.index)
    try:
        own, shown = _for_backend(audit, segment.index, claimed, inclusion.inclusion)
        verdict = judge.verify_inclusion(statement, segment.totals, proof, own, shown)
    except ProofRejected as error:
        raise error.at(file) from error
    verdict = _with_netting(audit, verdict, {segment.index})
    return InclusionVerified(audit, segment.index, claimed, verdict, time.perf_counter() - start)


def _for_backend(audit: PublishedAudit, index: int, claimed: Claim, inclusion: bytes) -> tuple[Claim, bytes]:
    """A claim and an inclusion proof as the backend of a segment takes them. Raises ``ProofRejected``.

    Pledges come from the file, since they can only justify a debt that the user typed.
    """
    if audit.margin is None or not audit.is_margin(index):
        if any(claimed.debts):
            raise ProofRejected(
                "segment-kind", "you typed a debt, and the file is of a part of the audit in which no account has any"
            )
        return Claim(claimed.user_id, claimed.balances), inclusion
    pledged, inner = without_pledges(inclusion, audit.margin.positions)
    debts = claimed.debts or (0,) * len(claimed.balances)
    return claim_of_positions(audit.margin.positions, claimed.user_id, claimed.balances, debts, pledged), inner


def _with_netting(audit: PublishedAudit, verdict: InclusionVerdict, verified: set[int]) -> InclusionVerdict:
    """With what can be said of net totals to somebody who had these segments verified."""
    if audit.margin is None:
        return verdict
    margin = {one.index for one in audit.manifest.segments if audit.is_margin(one.index)}
    covered = audit.margin.backend.properties.covers_debts
    return evolve(verdict, sentences=(*verdict.sentences, *net_sentences(verified, margin, covered=covered)))


def _check_belongs(inclusion: InclusionFile, audit: PublishedAudit, file: Path) -> None:
    """Reject an inclusion file that was cut for another audit, or for no segment of this one."""
    manifest = audit.manifest
    if inclusion.audit_id != manifest.audit_id:
        raise ProofRejected("audit-id", f"it is for audit {inclusion.audit_id}, not {manifest.audit_id}", file=file)
    if not hmac.compare_digest(inclusion.manifest_digest, manifest.digest):
        raise ProofRejected("manifest-digest", "it was cut for a different manifest of this audit", file=file)
    if inclusion.segment >= len(manifest.segments):
        raise ProofRejected("segment", f"segment {inclusion.segment} of {len(manifest.segments)}", file=file)


# Several files


@frozen
class InclusionChecked:
    """What the check of one of several files established."""

    file: Path
    claim: Claim
    segment: int
    verdict: InclusionVerdict


@frozen
class InclusionRejected:
    """One of several files that does not show its claim."""

    file: Path
    claim: Claim
    error: ProofRejected


@frozen
class InclusionsVerified:
    """What the check of several files established: of each file alone, and of nothing else."""

    audit: PublishedAudit
    results: tuple[InclusionChecked | InclusionRejected, ...]
    """In the order of the files."""
    seconds: float

    @property
    def included(self) -> tuple[InclusionChecked, ...]:
        """Those that show their claims."""
        return tuple(result for result in self.results if isinstance(result, InclusionChecked))

    @property
    def rejected(self) -> tuple[InclusionRejected, ...]:
        """Those that do not."""
        return tuple(result for result in self.results if isinstance(result, InclusionRejected))


@names_faults
def verify_inclusions(
    files: Sequence[tuple[Path, ClaimMaker]],
    directory: Path,
    *,
    policy: Policy | None = None,
    registry: Registry | None = None,
    digest: bytes | None = None,
) -> InclusionsVerified:
    """Check the claims of several users, each with its own file, against one published audit.

    As ``verify_inclusion`` of each, but the proof of a segment is verified once for all of its users, if the backend
    can. A file that is rejected says nothing about the others. Raises ``ProofRejected`` for an audit that is not
    acceptable, and ``InputError`` for a file that is missing or a claim that cannot be made, before any proof is
    verified.
    """
    start = time.perf_counter()
    audit = open_audit(directory, policy=policy, registry=registry, digest=digest, liabilities_only=True)
    claims = [(file, claim(audit)) for file, claim in files]
    missing = [file for file, _ in claims if not present(file)]
    if missing:
        raise ArtifactError([Problem(f"{file}: no such file") for file in missing])
    segments = _Segments(audit)
    results = segments.check_all(claims)
    return InclusionsVerified(audit, results, time.perf_counter() - start)


class _Segments:
    """The segments of an audit, each verified when its first user is checked."""

    def __init__(self, audit: PublishedAudit) -> None:
        self._audit = audit
        self._verifiers: dict[int, Callable[[Claim, bytes], InclusionVerdict] | ProofRejected] = {}
        self._rows: dict[tuple[int, int], Path] = {}

    def check_all(self, claims: Sequence[tuple[Path, Claim]]) -> tuple[InclusionChecked | InclusionRejected, ...]:
        """The results for all files. What is said of net totals takes all segments that were verified for them."""
        found = [self.check(file, claim) for file, claim in claims]
        # Of a segment whose files were all rejected a backend need not have verified the proof.
        verified = {one.segment for one in found if isinstance(one, InclusionChecked)}
        return tuple(
            evolve(one, verdict=_with_netting(self._audit, one.verdict, verified))
            if isinstance(one, InclusionChecked)
            else one
            for one in found
        )

    def check(self, file: Path, claim: Claim) -> InclusionChecked | InclusionRejected:
        """The result for one file."""
        try:
            inclusion = read_inclusion_file(file, self._audit.policy)
            _check_belongs(inclusion, self._audit, file)
            verifier = self._verifier(inclusion.segment)
            try:
                own, shown = _for_backend(self._audit, inclusion.segment, claim, inclusion.inclusion)
                verdict = verifier(own, shown)
                self._check_row(file, inclusion.segment, verdict.row)
            except ProofRejected as error:
                raise error.at(file) from error
        except ProofRejected as error:
            return InclusionRejected(file, claim, error)
        return InclusionChecked(file, claim, inclusion.segment, verdict)

    def _check_row(self, file: Path, segment: int, row: int | None) -> None:
        """Reject a row that another file has shown already: two files of one row are one account, counted once.

        Where accounts have debts, a user with several of them could be shown one twice, in place of one that was left
        out.
        """
        if row is None:
            if self._audit.margin is not None:
                raise ProofRejected("row-twice", "its backend does not say which row it shows")
            return
        first = self._rows.setdefault((segment, row), file)
        if first is not file:
            raise ProofRejected("row-twice", f"it shows the same row as {first}: that is one account, counted once")

    def _verifier(self, index: int) -> Callable[[Claim, bytes], InclusionVerdict]:
        """What checks the claims on a segment; raises ``ProofRejected``, each time, for one whose proof is refused."""
        if index not in self._verifiers:
            segment = self._audit.manifest.segments[index]
            statement = self._audit.statement(index)
            try:
                proof = self._audit.proof(index)
                self._verifiers[index] = self._audit.judge_of(index).inclusion_verifier(
                    statement, segment.totals, proof
                )
            except ProofRejected as error:
                self._verifiers[index] = error if error.file else error.at(self._audit.public / segment.file)
        verifier = self._verifiers[index]
        if isinstance(verifier, ProofRejected):
            raise verifier
        return verifier
