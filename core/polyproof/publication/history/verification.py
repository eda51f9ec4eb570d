"""Verifying a history as an auditor would, and a single audit: its proofs, and its reserves if it has any."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from attrs import frozen

from polyproof.balances import BalanceProvider
from polyproof.errors import PolicyRejected, ProofRejected
from polyproof.extras import require_extras
from polyproof.liabilities import AuditVerified, verification
from polyproof.liabilities.artifacts import HISTORY
from polyproof.liabilities.record import Publication, PublicationRecord
from polyproof.model.manifest import Manifest
from polyproof.plugin_faults import names_faults
from polyproof.progress import Progress
from polyproof.publication.anchors import AnchorsAccepted, Evidence, check_anchors
from polyproof.publication.attestations import NO_STATEMENTS, Attestations, AttestationsAccepted, check_attestations
from polyproof.publication.history.links import check_chain, others_in
from polyproof.registry import Registry, default_registry
from polyproof.reserves.established import ReservesVerified
from polyproof.reserves.verification import verify_reserves
from polyproof.settings.policy import Policy
from polyproof.settings.reserves import ReservesPolicy

__all__ = ["HistoryVerified", "VerifiedAudit", "verify_history", "verify_one"]


@frozen
class VerifiedAudit:
    """One audit of a history, verified; completely, unless ``reserves_unchecked`` says otherwise."""

    liabilities: AuditVerified
    reserves: ReservesVerified | None
    """None if the audit is of liabilities alone, or its reserves were not checked."""
    reserves_unchecked: bool = False
    """Reserves are published with it, but nothing in them was checked."""
    anchors: tuple[Evidence, ...] = ()
    """The evidence about it that lies beside it, and what each file shows to this verifier."""
    attestations: Attestations = NO_STATEMENTS
    """The signed statements about it that lie beside it, and what this run found out about each."""

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
    anchors: AnchorsAccepted | None = None,
    attestations: AttestationsAccepted | None = None,
    digest: bytes | None = None,
    published: Publication | None = None,
    check_reserves: bool = True,
    registry: Registry | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> VerifiedAudit:
    """Verify one audit: its proofs, the evidence beside it, and its reserves where there are any to be checked.

    ``published`` is what ``open_publication`` found there, if the caller has opened it. ``jobs`` processes share the
    segments of its proof.
    Holdings that do not cover what is owed are no error: ``VerifiedAudit.met`` says so, by ``reserves_policy``, the
    verifier's own. ``anchors``: whom the verifier believes on when the audit existed, ``attestations``: of whose
    statements the verifier believes that they are theirs; None believes nobody. Raises ``ProofRejected``;
    ``ExtraMissing`` for reserves without the extra ``reserves``.
    """
    liabilities = verification.verify(
        directory, policy=policy, registry=registry, digest=digest, published=published, jobs=jobs, progress=progress
    )
    evidence = check_anchors(liabilities.audit, anchors, registry or default_registry())
    stated = check_attestations(liabilities.audit, attestations)
    reserves = None
    if liabilities.audit.record.reserves_digest is not None:
        if not check_reserves:
            return VerifiedAudit(liabilities, None, reserves_unchecked=True, anchors=evidence, attestations=stated)
        reserves = verify_reserves(
            directory,
            audit=liabilities,
            reserves_policy=reserves_policy,
            providers=providers,
            registry=registry,
            progress=progress,
        )
    return VerifiedAudit(liabilities, reserves, anchors=evidence, attestations=stated)


@names_faults
def verify_history(
    directory: Path,
    *,
    policy: Policy | None = None,
    reserves_policy: ReservesPolicy | None = None,
    providers: Sequence[BalanceProvider] = (),
    anchors: AnchorsAccepted | None = None,
    attestations: AttestationsAccepted | None = None,
    digest: bytes | None = None,
    check_reserves: bool = True,
    registry: Registry | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> HistoryVerified:
    """Verify a whole published history as an auditor would: the chain, then every audit completely.

    ``digest`` is the publication digest of one of the audits, known from elsewhere: every file of that audit and of
    those before it is as it was when that digest was written down. Without ``check_reserves`` nothing is established
    about reserves except that they are those of the record. ``jobs`` processes share the segments of each audit.
    Raises ``ProofRejected`` that names the audit and the problem; ``ExtraMissing`` for reserves without the extra
    ``reserves``.
    """
    start = time.perf_counter()
    progress = progress or Progress()
    listed = check_chain(directory, policy)
    unlisted = others_in(directory, listed)
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
                anchors=anchors,
                attestations=attestations,
                published=one,
                check_reserves=check_reserves,
                registry=registry,
                jobs=jobs,
                progress=progress,
            )
            verified.append(found)
            task.advance()
    pinned = digests.index(digest) + 1 if digest is not None else 0
    return HistoryVerified(directory, tuple(verified), pinned, unlisted, time.perf_counter() - start)
