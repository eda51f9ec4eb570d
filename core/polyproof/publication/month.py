"""A whole monthly audit in one run: liabilities, reserves, the history they are added to, the report.

The spec's output directory holds the audits, each with a public and a private half, and beside them ``published``: a
history with the public halves alone and the site on top, ready to be put on a server as it is::

    audits/example-2025-11-30/public … private …
    audits/published/index.html  report.json  history.json  audits/AUDIT_ID/…

Nothing is published that was not read back from disk and verified.
"""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from attrs import evolve, frozen

from polyproof.errors import ArtifactError, PolyproofError, Problem
from polyproof.extras import require_extras
from polyproof.liabilities import AuditProved, PublishedAudit, proving, verification
from polyproof.liabilities.artifacts import HISTORY, RECORD
from polyproof.liabilities.folder import find_public, present
from polyproof.liabilities.record import PublicationRecord
from polyproof.progress import Progress
from polyproof.publication.history import (
    PublishedHistory,
    VerifiedAudit,
    add_audit,
    audit_directory,
    mark_published,
    read_history,
    verify_history,
)
from polyproof.publication.report.document import Report
from polyproof.publication.report.make import make_report
from polyproof.registry import Registry, default_registry
from polyproof.reserves.reading import read_reserves
from polyproof.reserves.run import check_fits, forget_unnamed, open_providers, run_reserves
from polyproof.reserves.signatures import load_schemes
from polyproof.reserves.verification import verify_reserves
from polyproof.settings.policy import Policy
from polyproof.settings.reserves import ReservesPolicy
from polyproof.settings.spec import Spec

__all__ = ["PUBLISHED", "MonthDone", "run_month", "write_report"]

PUBLISHED = "published"
"""Name of the published history within the output directory."""


@frozen
class MonthDone:
    """An audit proved, compared with reserves, added to the history and reported on."""

    directory: Path
    """The audit itself, with its private half."""
    published: Path
    """The history that it was added to, with the site: what to publish."""
    proved: AuditProved | None
    """None if it had already been proved."""
    verified: VerifiedAudit
    history: PublishedHistory
    report: Report
    seconds: float


def run_month(
    spec: Spec,
    *,
    out: Path | None = None,
    proved: Path | None = None,
    audit_id: str | None = None,
    policy: Policy | None = None,
    reserves_policy: ReservesPolicy | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> MonthDone:
    """Prove, evaluate, verify, chain, publish and report.

    ``policy`` and ``reserves_policy`` are those of a verifier: the report is what a verifier who has them finds.

    ``proved`` is an audit of this spec proved earlier, so that wallets could sign its challenges; reserves that it
    already has are taken as they are. Everything published before is verified first: nothing is chained to a history
    that does not verify. Raises ``ProofRejected`` for such a history, ``ExtraMissing`` without the extras that the
    steps need, and whatever the steps raise.
    """
    needed = ("prove", "report") if spec.reserves is None else ("prove", "reserves", "report")
    require_extras(*needed, purpose="an audit of a whole month")
    from polyproof.publication.report.site import check_place

    start = time.perf_counter()
    registry, progress = registry or default_registry(), progress or Progress()
    published = spec.output_directory / PUBLISHED
    if proved is not None:
        forget_unnamed(find_public(proved))
        ready = verification.open_audit(proved, policy=policy, registry=registry)
        _check_spec(spec, ready)
        _forget_unfinished(published, ready.record)
    check_place(published)
    before: tuple[VerifiedAudit, ...] = ()
    if present(published / HISTORY):
        before = verify_history(
            published, policy=policy, reserves_policy=reserves_policy, registry=registry, progress=progress
        ).audits
    done = None
    if proved is None:
        directory = out or spec.output_directory / f"{spec.name}-{datetime.now(UTC):%Y-%m-%d}"
        _check_new(directory)
        _check_reserves(spec, registry, progress)
        head = before[-1].digest if before else None
        done = proving.prove(
            spec,
            directory,
            audit_id=audit_id,
            previous=head,
            policy=policy,
            registry=registry,
            progress=progress,
        )
        directory = done.directory
    else:
        directory = proved
    try:
        verified = _verified(spec, directory, policy, reserves_policy, registry, progress)
        history = add_audit(published, verified)
        mark_published(directory, verified.record)
    except PolyproofError as error:
        error.add_note(f"the proof is kept in {directory}; continue with: polyproof audit SPEC --proved {directory}")
        raise
    if all(one.digest != verified.digest for one in before):
        before = (*before, verified)
    report = make_report(before)
    write_report(published, report)
    return MonthDone(directory, published, done, verified, history, report, time.perf_counter() - start)


def _check_new(directory: Path) -> None:
    if (directory / "public").exists():
        raise ArtifactError(
            Problem(
                f"{directory} is already an audit", hint=f"continue with it: --proved {directory}; or choose --out DIR"
            )
        )


def _check_reserves(spec: Spec, registry: Registry, progress: Progress) -> None:
    """Read the reserve files and find the secrets before hours go into a proof, so that problems are told at once."""
    if spec.reserves is not None:
        open_providers(spec.reserves, spec.directory, spec.secrets, registry)
        read_reserves(
            spec.reserves,
            spec.assets,
            registry=registry,
            schemes=load_schemes(registry),
            base=spec.directory,
            progress=progress,
        )


def _check_spec(spec: Spec, proved: PublishedAudit) -> None:
    if proved.manifest.spec_digest != spec.digest or proved.manifest.organisation != spec.organisation:
        raise ArtifactError(
            Problem(f"{proved.public} was not proved from this spec", hint="assets, backend or organisation differ")
        )
    check_fits(spec, proved)


def _forget_unfinished(published: Path, record: PublicationRecord) -> None:
    """Remove the copy of an audit left by a run that ended before the index named it: it was never published."""
    where = audit_directory(published, record.audit_id)
    listed = read_history(published).audits if present(published / HISTORY) else ()
    if any(one.audit_id == record.audit_id for one in listed) or where.is_symlink() or not where.is_dir():
        return
    if (where / RECORD).is_file() and (where / RECORD).read_bytes() == record.to_bytes():
        shutil.rmtree(where)
        if not listed:
            for folder in (where.parent, published):
                if not any(folder.iterdir()):
                    folder.rmdir()


def _verified(
    spec: Spec,
    directory: Path,
    policy: Policy | None,
    reserves_policy: ReservesPolicy | None,
    registry: Registry,
    progress: Progress,
) -> VerifiedAudit:
    """The audit as verified from disk, its reserves evaluated first if the spec has them."""
    liabilities = verification.verify(directory, policy=policy, registry=registry, progress=progress)
    if spec.reserves is not None and liabilities.audit.record.reserves_digest is None:
        run_reserves(spec, directory, audit=liabilities, registry=registry, progress=progress)
        liabilities = evolve(liabilities, audit=verification.open_audit(directory, policy=policy, registry=registry))
    if liabilities.audit.record.reserves_digest is None:
        return VerifiedAudit(liabilities, None)
    reserves = verify_reserves(
        directory, audit=liabilities, reserves_policy=reserves_policy, registry=registry, progress=progress
    )
    return VerifiedAudit(liabilities, reserves)


def write_report(published: Path, report: Report) -> None:
    """Write the site of a history into the history itself. Raises ``ExtraMissing`` without the extra ``report``."""
    require_extras("report", purpose="writing a report")
    from polyproof.publication.report.site import Places, render_site, write_site

    where = audit_directory(Path(), report.audit.audit_id).as_posix()
    write_site(published, render_site(report, Places(audit=where, history=".", linked=True)))
