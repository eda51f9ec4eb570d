"""Verifying a published audit: its manifest is read and judged, then every segment's proof, from public files alone.

A verifier needs only the bare install: nothing here imports the prover, the snapshot reader or a compiler.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from attrs import frozen

from polyproof.backend import Backend, BackendProperties, Statement, Verdict
from polyproof.errors import ArtifactError, ProofRejected
from polyproof.formats.files import read_bounded
from polyproof.liabilities.acceptance import Judge
from polyproof.liabilities.artifacts import MANIFEST, RECORD
from polyproof.liabilities.margin import Margin, check_policy, cut_by_asset, open_margin
from polyproof.liabilities.netting import properties_of
from polyproof.liabilities.record import Publication, PublicationRecord, check_digest, open_publication
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.model.disclosures import asset_faults
from polyproof.model.manifest import Manifest
from polyproof.model.timestamps import is_ahead
from polyproof.plugin_faults import RAISED, names_faults, told
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.security import SecurityReport, weakest
from polyproof.settings.policy import Policy, components_of
from polyproof.settings.spec import PublicSpec, create_backend, spec_from_public

__all__ = ["AuditVerified", "PublishedAudit", "open_audit", "statement_of", "verdicts_of", "verify"]


@frozen
class PublishedAudit:
    """An audit whose record and manifest have been read and are coherent; nothing is verified yet.

    Every file that the record names is the one that it names.
    """

    public: Path
    record: PublicationRecord
    manifest: Manifest
    spec: PublicSpec
    judge: Judge
    unlisted: tuple[str, ...] = ()
    """What else lies in the public half; no part of the audit, and not looked at."""
    margin: Margin | None = None
    """Of the segments of accounts with debts; None if the rule allows no debts."""

    @property
    def digest(self) -> bytes:
        """The publication digest: SHA-256 of the record, which binds all files that it names."""
        return self.record.digest

    @property
    def backend(self) -> Backend:
        """The backend that its spec names, with its options for accounts without debts."""
        return self.judge.backend

    @property
    def properties(self) -> BackendProperties:
        """What its proofs prove, hide and leak, of accounts with debts and without."""
        return self.backend.properties if self.margin is None else properties_of(self.margin.backend.properties)

    def is_margin(self, index: int) -> bool:
        """Whether a segment is one of accounts with debts or pledges."""
        return self.margin is not None and self.margin.facts.is_margin(index, len(self.manifest.segments))

    def judge_of(self, index: int) -> Judge:
        """Who is asked about a segment."""
        return self.margin.judge if self.margin is not None and self.is_margin(index) else self.judge

    def assets_of(self, index: int) -> tuple[Asset, ...]:
        """What is counted in a segment: assets, or the positions of each."""
        if self.margin is not None and self.is_margin(index):
            return self.margin.positions
        return tuple(self.spec.assets)

    @property
    def policy(self) -> Policy:
        """The policy that it was opened under."""
        return self.judge.policy

    @property
    def components(self) -> Mapping[str, tuple[str, ...]]:
        """The components that its options name, by kind: constraint system, commitment, hash, field, …"""
        named: dict[str, list[str]] = {}
        chosen = [self.spec.backend, *([self.spec.margin_backend] if self.spec.margin_backend is not None else [])]
        for kind, name in (found for choice in chosen for found in components_of(choice.options)):
            if name not in named.setdefault(kind, []):
                named[kind].append(name)
        return {kind: tuple(named[kind]) for kind in sorted(named)}

    def statement(self, index: int) -> Statement:
        """The statement of a segment."""
        return statement_of(self.manifest, self.assets_of(index), index, len(self.manifest.segments))

    def security(self) -> SecurityReport:
        """The security report on all segments together, from the sizes that the proofs state; verifies none of them."""
        found = []
        for segment in self.manifest.segments:
            try:
                judge = self.judge_of(segment.index)
                found.append(judge.security_of(self.statement(segment.index), self.proof(segment.index)))
            except ProofRejected as error:
                raise error.at(self.public / segment.file) from error
        return weakest(found)

    def proof(self, index: int) -> bytes:
        """The proof of a segment. Raises ``ProofRejected`` for a file other than the one the manifest lists."""
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


def statement_of(manifest: Manifest, assets: Sequence[Asset], index: int, segments: int) -> Statement:
    """What the proof of segment ``index`` of ``segments``, in which these assets or positions are counted, is about."""
    return Statement(manifest.audit_id, manifest.context, tuple(assets), index, segments)


def open_audit(
    directory: Path,
    *,
    policy: Policy | None = None,
    registry: Registry | None = None,
    digest: bytes | None = None,
    liabilities_only: bool = False,
    published: Publication | None = None,
) -> PublishedAudit:
    """Read a published audit's record and manifest, from its directory or the public half alone.

    ``digest`` is the publication digest that the caller knows from elsewhere; any other is rejected. With
    ``liabilities_only`` the files of its reserves may be missing. ``published`` is what ``open_publication`` found
    there, if the caller has opened it: evidence can be large, and is not read again. Raises ``ProofRejected`` for an
    audit that is not acceptable, ``ArtifactError`` if there is none.
    """
    policy, registry = policy or Policy(), registry or default_registry()
    if published is None:
        published = open_publication(directory, policy, digest=digest, liabilities_only=liabilities_only)
    else:
        check_digest(published.record, digest, published.public / RECORD)
    manifest, path = published.manifest, published.public / MANIFEST
    if is_ahead(manifest.created):
        raise ProofRejected(
            "manifest-time", f"its proof is dated {manifest.created}, which is in the future", file=path
        )
    try:
        policy.check_reserves(published.record.reserves_digest is not None)
        # Before the spec is read: reading it imports the plugin whose backend it names, and builds its constraints.
        policy.check_backend(manifest.backend)
        assets = manifest.spec.get("assets")
        policy.check_assets(len(assets) if isinstance(assets, list) else 0)
        stated = manifest.spec.get("backend")
        if not (isinstance(stated, dict) and stated.get("name") == manifest.backend):
            raise ProofRejected("manifest-backend", f"it names {manifest.backend!r}, its spec a different backend")
        other = manifest.spec.get("margin_backend")
        if other is not None and not (isinstance(other, dict) and other.get("name") == manifest.backend):
            raise ProofRejected("manifest-backend", f"accounts with debts are not proved by {manifest.backend!r}")
        largest_proof = _largest_proof(published.public, manifest)
        spec = spec_from_public(manifest.spec, registry, largest_proof=largest_proof)
        judge = Judge(create_backend(spec, registry), spec.backend.options, policy)
        margin = open_margin(manifest, spec, policy, registry, largest_proof)
    except ProofRejected as error:
        raise error.at(path) from error
    if spec.digest != manifest.spec_digest:
        raise ProofRejected("spec-digest", f"its spec has the digest {spec.digest.hex()}, it states another", file=path)
    if len(manifest.totals) != len(spec.assets):
        raise ProofRejected(
            "manifest-totals",
            f"{counted(len(manifest.totals), 'total')} for {counted(len(spec.assets), 'asset')}",
            file=path,
        )
    _check_control(manifest, spec, path)
    _check_left_out(manifest, spec, path)
    _check_disclosures(manifest, spec, path)
    if margin is not None:
        try:
            check_policy(margin, policy, manifest.disclosures, manifest.position_totals, manifest.snapshot)
        except ProofRejected as error:
            raise error.at(path) from error
    return PublishedAudit(published.public, published.record, manifest, spec, judge, published.unlisted, margin)


def _check_control(manifest: Manifest, spec: PublicSpec, path: Path) -> None:
    """Reject control sums that say that more is owed than the totals do: balances are rounded up and never down."""
    if manifest.control is None:
        return
    if len(manifest.control) != len(spec.assets):
        reason = f"{counted(len(manifest.control), 'control sum')} for {counted(len(spec.assets), 'asset')}"
        raise ProofRejected("manifest-control", reason, file=path)
    # The query is of all accounts, those that were left out for their debts among them.
    facts = manifest.net_equity
    totals = list(manifest.totals)
    if facts is not None and facts.underwater is not None:
        totals = [total + left_out for total, left_out in zip(totals, facts.underwater.equity, strict=True)]
    for asset, stated, total in zip(spec.assets, manifest.control, totals, strict=True):
        if Fraction(stated) * 10**asset.decimals > total:
            reason = f"its control sum of {asset.symbol} is {stated}, more than its total, {asset.format(total)}"
            raise ProofRejected("manifest-control", reason, file=path)


def _check_left_out(manifest: Manifest, spec: PublicSpec, path: Path) -> None:
    """Reject an asset that is said to be left out and has the name of one that is audited."""
    audited = {asset.symbol.casefold(): asset.symbol for asset in spec.assets}
    for one in manifest.left_out:
        if (symbol := audited.get(one.asset.casefold())) is not None:
            reason = f"it says that {one.asset} is left out, and {symbol} is an asset of its spec"
            raise ProofRejected("manifest-left-out", reason, file=path)


def _check_disclosures(manifest: Manifest, spec: PublicSpec, path: Path) -> None:
    """Reject what is declared about assets that are not audited: it would be shown beside those that are."""
    if manifest.disclosures is not None:
        for fault in asset_faults(manifest.disclosures, spec.assets):
            raise ProofRejected("manifest-disclosures", f"among its disclosures: {fault.message}", file=path)


def _largest_proof(public: Path, manifest: Manifest) -> int:
    """Bytes of the largest proof that is there; each is read, and compared with what the manifest says, later.

    Raises ``ProofRejected`` if none is.
    """
    sizes = []
    for segment in manifest.segments:
        with suppress(OSError):
            sizes.append((public / segment.file).lstat().st_size)
    if not sizes:
        raise ProofRejected("proof-missing", "none of the proofs that it lists is there")
    return max(sizes)


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
    def lent(self) -> tuple[int, ...] | None:
        """What accounts owe the organisation, in base units, one for each asset in order; None where none may owe."""
        margin = self.audit.margin
        if margin is None:
            return None
        return tuple(one.debt for one in cut_by_asset(margin.terms, self.audit.manifest.position_totals))

    @property
    def security(self) -> SecurityReport:
        """The security report on all segments together: each figure is that of the weakest."""
        return weakest([verdict.security for verdict in self.verdicts])


@names_faults
def verify(
    directory: Path,
    *,
    policy: Policy | None = None,
    registry: Registry | None = None,
    digest: bytes | None = None,
    published: Publication | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> AuditVerified:
    """Verify a published audit completely, from its public files alone. Raises as ``open_audit`` does, with the same
    ``digest`` and ``published``.

    ``jobs`` processes share its segments. They know the installed plugins, so with a registry of the caller's own the
    work stays in this one.
    """
    registry, progress = registry or default_registry(), progress or Progress()
    start = time.perf_counter()
    audit = open_audit(directory, policy=policy, registry=registry, digest=digest, published=published)
    verdicts = verdicts_of(audit, jobs, registry, progress)
    warnings = []
    try:
        registry.hook.polyproof_audit_verified(directory=directory, manifest=audit.manifest)
    except RAISED as error:  # the verdict stands
        warnings.append(f"a plugin failed after verification: {told(error)}")
    return AuditVerified(audit, verdicts, time.perf_counter() - start, tuple(warnings))


def verdicts_of(audit: PublishedAudit, jobs: int, registry: Registry, progress: Progress) -> tuple[Verdict, ...]:
    """Have every segment of an opened audit verified. Raises ``ProofRejected``."""
    verdicts: list[Verdict] = []
    segments = audit.manifest.segments
    with progress.task("verify segments", len(segments)) as task:
        processes = min(jobs, len(segments))
        if processes > 1 and registry is default_registry():
            from polyproof.liabilities.segment_processes import verdicts_of_processes

            work = (
                (audit.statement(one.index), one.totals, audit.proof(one.index), audit.is_margin(one.index))
                for one in segments
            )
            largest = _largest_proof(audit.public, audit.manifest)
            for verdict in verdicts_of_processes(audit.manifest.spec, audit.policy, largest, work, processes):
                verdicts.append(verdict)
                task.advance()
        for segment in segments[len(verdicts) :]:
            proof = audit.proof(segment.index)
            statement = audit.statement(segment.index)
            try:
                verdicts.append(audit.judge_of(segment.index).verify(statement, segment.totals, proof))
            except ProofRejected as error:
                raise error.at(audit.public / segment.file) from error
            task.advance()
    return tuple(verdicts)
