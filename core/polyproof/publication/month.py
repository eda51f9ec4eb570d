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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from attrs import evolve, frozen

from polyproof.config.options import did_you_mean
from polyproof.errors import ArtifactError, InputError, Location, PolyproofError, Problem
from polyproof.extras import require_extras
from polyproof.liabilities import AuditProved, PublishedAudit, proving, verification
from polyproof.liabilities.anchor_files import check_not_anchored
from polyproof.liabilities.artifacts import HISTORY, RECORD
from polyproof.liabilities.attestation_file import check_not_attested
from polyproof.liabilities.folder import find_public, present
from polyproof.liabilities.record import Correction, PublicationRecord, open_publication, read_record, write_record
from polyproof.plugin_faults import names_faults
from polyproof.progress import Progress
from polyproof.publication.anchoring import Asked, anchor_all
from polyproof.publication.anchors import check_anchors, open_anchor
from polyproof.publication.attestations import check_attestations
from polyproof.publication.chain import PUBLISHED, check_head, keep_head
from polyproof.publication.comparison import worse_than_last
from polyproof.publication.history import (
    CORRECTING,
    VerifiedAudit,
    add_audit,
    audit_directory,
    check_addition,
    mark_published,
    organisation_problem,
    read_history,
    snapshot_problem,
    verify_history,
)
from polyproof.publication.report.document import Report
from polyproof.publication.report.make import make_report, make_reports
from polyproof.publication.report.writing import check_kept, check_place
from polyproof.registry import Registry, default_registry
from polyproof.reserves.reading import read_reserves
from polyproof.reserves.run import check_fits, forget_unnamed, open_providers, run_reserves
from polyproof.reserves.signatures import load_schemes
from polyproof.reserves.verification import verify_reserves
from polyproof.settings.policy import UNRESTRICTED, Policy
from polyproof.settings.reserves import ReservesPolicy
from polyproof.settings.settled import proved_from
from polyproof.settings.spec import Spec

__all__ = ["PUBLISHED", "MonthDone", "run_month", "write_report"]


@frozen
class MonthDone:
    """An audit proved, compared with reserves, added to the history and reported on; or all but that, in a dry run."""

    directory: Path
    """The audit itself, with its private half; in a dry run it was temporary."""
    published: Path
    """The history that it was added to, with the site: what to publish."""
    proved: AuditProved | None
    """None if it had already been proved."""
    verified: VerifiedAudit
    audits: int
    """How many audits the history has, this one included."""
    anchored: tuple[Asked, ...]
    """What came of asking each anchor of the spec; none in a dry run."""
    worse: tuple[str, ...]
    """In which ways the result falls short: worse than the last one's, or an asset not covered for the first time."""
    report: Report
    seconds: float


@names_faults
def run_month(
    spec: Spec,
    *,
    out: Path | None = None,
    proved: Path | None = None,
    audit_id: str | None = None,
    corrects: tuple[str, str] | None = None,
    new_chain: bool = False,
    dry_run: bool = False,
    anchor: bool = True,
    confirm: Callable[[tuple[str, ...]], bool] | None = None,
    policy: Policy | None = None,
    reserves_policy: ReservesPolicy | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> MonthDone:
    """Prove, evaluate, verify, chain, publish and report.

    ``policy`` and ``reserves_policy`` are those of a verifier: the report is what a verifier who has them finds.

    ``proved`` is an audit of this spec proved earlier, so that wallets could sign its challenges; reserves that it
    already has are taken as they are. ``corrects`` is the id of the published audit that this one corrects, and why.
    Everything published before is verified first: nothing is chained to a history that does not verify, and with a
    known head (``polyproof.publication.chain``) not to one that has lost audits, unless ``new_chain`` begins another.

    ``confirm`` is asked before a result is published that falls short, with the sentences that say how (``worse`` of
    what is returned); if it returns False, nothing is published. A ``dry_run`` works in a temporary folder and changes
    nothing else.

    Once the audit is in the history, and so final, each of the spec's anchors is asked to note it, unless ``anchor`` is
    False. Nothing of the audit depends on that: what came of it is in ``anchored``, and they can be asked again.

    Raises ``ProofRejected`` for a history that does not verify, ``ExtraMissing`` without the extras that the steps
    need, and whatever the steps raise.
    """
    noted_by = spec.anchors if anchor else ()
    needed = [("reserves", spec.reserves is not None), ("anchors", bool(noted_by))]
    extras = [extra for extra, needs in needed if needs]
    require_extras("prove", "report", *extras, purpose="an audit of a whole month")

    start = time.perf_counter()
    registry, progress = registry or default_registry(), progress or Progress()
    published = spec.output_directory / PUBLISHED
    anchors = [open_anchor(one, spec.directory, spec.secrets, registry) for one in noted_by]
    month = _Month(spec, published, policy, reserves_policy, registry, progress)
    with _workplace(proved, dry_run) as (proved, temporary):
        if proved is not None:
            forget_unnamed(find_public(proved))
            ready = verification.open_audit(proved, policy=policy, registry=registry)
            _check_spec(spec, ready, registry)
            if not dry_run:
                _forget_unfinished(published, ready.record)
        check_place(published)
        before = earlier = month.earlier(new_chain)
        done = None
        if proved is None:
            correction = _correction(before, corrects)
            directory = out or spec.new_directory()
            _check_new(directory)
            month.check(before, correction)
            head = before[-1].digest if before else None
            target = directory if temporary is None else temporary / directory.name
            done = proving.prove(
                spec,
                target,
                audit_id=audit_id,
                previous=head,
                policy=policy,
                registry=registry,
                progress=progress,
            )
            directory, kept = done.directory, done.record
        else:
            directory = proved
            before = _before(before, ready, corrects is not None)
            correction, kept = _correction(before, corrects) or ready.record.corrects, ready.record
            check_addition(before, ready.manifest, evolve(kept, corrects=correction))
        try:
            verified = month.verified(directory, correction)
            worse = worse_than_last(before[-1] if before else None, verified)
            check_addition(before, verified.manifest, verified.record)
            if not dry_run:
                if worse and confirm is not None and not _is_listed(published, verified.digest) and not confirm(worse):
                    raise ArtifactError("nothing was published")
                history = add_audit(published, verified, before=earlier)
                mark_published(directory, verified.record)
                digests = tuple(one.publication_digest for one in history.audits)
                keep_head(spec.output_directory, spec.organisation, digests)
        except BaseException as error:
            if temporary is None:
                with suppress(PolyproofError, OSError):
                    _restore(find_public(directory), kept, published)
                error.add_note(
                    f"the proof is kept in {directory}; continue with: polyproof audit SPEC --proved {directory}"
                )
            raise
        anchored: tuple[Asked, ...] = ()
        if dry_run:
            report = make_report((*before, verified))
        else:
            try:
                listed = open_publication(audit_directory(published, verified.manifest.audit_id), UNRESTRICTED)
                anchored = anchor_all(listed, anchors, progress=progress)
                verified = evolve(verified, anchors=check_anchors(listed, None, registry))
                report = write_report(published, (*before, verified))
            except BaseException as error:
                error.add_note(
                    f"the audit is in {published}, and so final; polyproof report {published} writes the pages about it"
                )
                raise
    seconds = time.perf_counter() - start
    return MonthDone(directory, published, done, verified, len(report.history), anchored, worse, report, seconds)


@contextmanager
def _workplace(proved: Path | None, dry_run: bool) -> Iterator[tuple[Path | None, Path | None]]:
    """Where to work: the audit that is proved, or a copy of its public half, and the temporary folder of a dry run."""
    if not dry_run:
        yield proved, None
        return
    with TemporaryDirectory(prefix="polyproof-dry-run-") as folder:
        temporary = Path(folder)
        if proved is not None:
            shutil.copytree(find_public(proved), temporary / proved.name / "public", symlinks=True)
            proved = temporary / proved.name
        yield proved, temporary


def _correction(before: Sequence[VerifiedAudit], corrects: tuple[str, str] | None) -> Correction | None:
    if corrects is None:
        return None
    audit_id, reason = corrects
    for one in before:
        if one.manifest.audit_id == audit_id:
            return Correction(publication_digest=one.digest.hex(), reason=reason)
    names = [one.manifest.audit_id for one in before]
    raise InputError(Problem(f"no audit {audit_id!r} is published", hint=did_you_mean(audit_id, names)))


def _before(before: tuple[VerifiedAudit, ...], ready: PublishedAudit, corrects: bool) -> tuple[VerifiedAudit, ...]:
    """The audits before one that is proved. If it is the newest that is published, its report is only written again."""
    known = [one.digest for one in before]
    if ready.digest not in known:
        return before
    if ready.digest != known[-1] or corrects:
        raise ArtifactError(
            Problem(
                f"audit {ready.manifest.audit_id} is published already: it is {known.index(ready.digest) + 1} of "
                f"{len(known)}, and fixed",
                hint="a correction is another audit, proved anew",
            )
        )
    return before[:-1]


def _is_listed(published: Path, digest: bytes) -> bool:
    listed = read_history(published).audits if present(published / HISTORY) else ()
    return digest.hex() in [one.publication_digest for one in listed]


def _restore(public: Path, before: PublicationRecord, published: Path) -> None:
    """Make an audit that was not published what it was before this run, so that the next one reads reserves anew."""
    now = read_record(public)
    if now != before and not _is_listed(published, now.digest):
        write_record(public, before)
        forget_unnamed(public)


@frozen
class _Month:
    """What the steps of a month share."""

    spec: Spec
    published: Path
    policy: Policy | None
    reserves_policy: ReservesPolicy | None
    registry: Registry
    progress: Progress

    def earlier(self, new_chain: bool) -> tuple[VerifiedAudit, ...]:
        """Everything published before, verified, and the whole of it."""
        audits: tuple[VerifiedAudit, ...] = ()
        if present(self.published / HISTORY):
            audits = verify_history(
                self.published,
                policy=self.policy,
                reserves_policy=self.reserves_policy,
                registry=self.registry,
                progress=self.progress,
            ).audits
        digests = tuple(one.digest for one in audits)
        check_head(self.spec.output_directory, self.published, digests, new_chain=new_chain)
        check_kept(self.published, {one.manifest.audit_id: one.digest.hex() for one in audits})
        return audits

    def check(self, before: Sequence[VerifiedAudit], correction: Correction | None) -> None:
        """Report before hours go into a proof what would keep its result from being published."""
        where = Location(str(self.spec.file)) if self.spec.file else None
        problem = organisation_problem(before, self.spec.organisation)
        if problem is not None:
            keep = "keep the name; under another one, --new-chain begins another chain in an empty folder"
            raise InputError(Problem(f"this audit {problem}", where, keep))
        problem = snapshot_problem(before, self.spec.snapshot, correction)
        if problem is not None:
            raise InputError(Problem(f"this audit {problem}", where, None if correction else CORRECTING))
        if self.spec.reserves is not None:
            open_providers(self.spec.reserves, self.spec.directory, self.spec.secrets, self.registry)
            read_reserves(
                self.spec.reserves,
                self.spec.assets,
                registry=self.registry,
                schemes=load_schemes(self.registry),
                base=self.spec.directory,
                progress=self.progress,
            )

    def verified(self, directory: Path, correction: Correction | None) -> VerifiedAudit:
        """The audit as verified from disk, its reserves evaluated first if the spec has them."""
        liabilities = verification.verify(directory, policy=self.policy, registry=self.registry, progress=self.progress)
        if self.spec.reserves is not None and liabilities.audit.record.reserves_digest is None:
            run_reserves(self.spec, directory, audit=liabilities, registry=self.registry, progress=self.progress)
        record = read_record(liabilities.audit.public)
        if record.corrects != correction:
            check_not_anchored(liabilities.audit.public)
            check_not_attested(liabilities.audit.public)
            write_record(liabilities.audit.public, evolve(record, corrects=correction))
        opened = verification.open_audit(directory, policy=self.policy, registry=self.registry)
        liabilities = evolve(liabilities, audit=opened)
        anchors = check_anchors(opened, None, self.registry)
        stated = check_attestations(opened, None)
        if opened.record.reserves_digest is None:
            return VerifiedAudit(liabilities, None, anchors=anchors, attestations=stated)
        reserves = verify_reserves(
            directory,
            audit=liabilities,
            reserves_policy=self.reserves_policy,
            registry=self.registry,
            progress=self.progress,
        )
        return VerifiedAudit(liabilities, reserves, anchors=anchors, attestations=stated)


def _check_new(directory: Path) -> None:
    if (directory / "public").exists():
        raise ArtifactError(
            Problem(
                f"{directory} is already an audit", hint=f"continue with it: --proved {directory}; or choose --out DIR"
            )
        )


def _check_spec(spec: Spec, proved: PublishedAudit, registry: Registry) -> None:
    manifest = proved.manifest
    same = (manifest.organisation, manifest.verifier) == (spec.organisation, spec.verifier)
    if not (same and proved_from(spec, proved.spec, registry)):
        hint = "assets, backend, organisation or verifier differ"
        raise ArtifactError(Problem(f"{proved.public} was not proved from this spec", hint=hint))
    check_fits(spec, proved)


def _forget_unfinished(published: Path, record: PublicationRecord) -> None:
    """Remove the copy of an audit left by a run that ended before the index named it: it was never published."""
    where = audit_directory(published, record.audit_id)
    listed = read_history(published).audits if present(published / HISTORY) else ()
    if any(one.audit_id == record.audit_id for one in listed) or where.is_symlink() or not where.is_dir():
        return
    if (where / RECORD).is_file() and read_record(where).manifest_digest == record.manifest_digest:
        shutil.rmtree(where)
        if not listed:
            for folder in (where.parent, published):
                if not any(folder.iterdir()):
                    folder.rmdir()


def write_report(published: Path, audits: Sequence[VerifiedAudit], address: str | None = None) -> Report:
    """Write the site of a history, all of whose audits these are, into the history itself; returns what it says.

    ``address``: where it is reached, for the code that phones read; None for what the pages that are there say, empty
    for none. Pages in a history say what everybody finds who believes nobody. Raises ``ExtraMissing`` without the extra
    ``report``.
    """
    require_extras("report", purpose="writing a report")
    from polyproof.publication.report.archive import put_archives
    from polyproof.publication.report.site import render_history_site
    from polyproof.publication.report.writing import archives_of, stated_address, write_site

    audits = [
        evolve(
            one,
            anchors=tuple(evidence.as_anyone for evidence in one.anchors),
            attestations=one.attestations.as_anyone,
        )
        for one in audits
    ]
    address = stated_address(published) if address is None else address
    report, each = make_report(audits, address or None), make_reports(audits)
    check_kept(published, {one.manifest.audit_id: one.digest.hex() for one in audits})
    archives = put_archives(published, archives_of(published, audits, each))
    write_site(published, render_history_site(report, each, archives))
    return report
