"""Everybody else's side: verify an audit or a history, check one's own balances, write a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from polyproof.api.arguments import (
    Amount,
    ClaimedBy,
    PathLike,
    accepted_of,
    claim_of,
    claims_of,
    digest_of,
    jobs_of,
    optional_path,
    path_of,
    policy_of,
)
from polyproof.api.following import ProgressLike, following
from polyproof.api.results import Included, InclusionsChecked, Reported, Verified, VerifiedHistory
from polyproof.errors import ArtifactError, PolicyRejected, Problem, ProofRejected

if TYPE_CHECKING:
    from polyproof.liabilities import PublishedAudit
    from polyproof.registry import Registry
    from polyproof.settings.policy import Policy
    from polyproof.settings.reserves import ReservesPolicy

__all__ = ["open_audit", "report", "verify", "verify_history", "verify_inclusion", "verify_inclusions"]


def open_audit(
    directory: PathLike,
    *,
    policy: Policy | PathLike | None = None,
    digest: str | bytes | None = None,
    registry: Registry | None = None,
) -> PublishedAudit:
    """Read a published audit's record and manifest, and find them coherent; **no proof is verified**.

    Arguments as for ``verify``. Raises ``ProofRejected`` for an audit that is not acceptable, ``ArtifactError`` if
    there is none.
    """
    from polyproof.liabilities import verification

    accepted = policy_of(policy, registry)
    return verification.open_audit(
        path_of(directory, "directory"), policy=accepted, digest=digest_of(digest), registry=registry
    )


def verify(
    directory: PathLike,
    *,
    policy: Policy | PathLike | None = None,
    reserves_policy: ReservesPolicy | None = None,
    nodes: PathLike | None = None,
    secrets: PathLike | None = None,
    digest: str | bytes | None = None,
    check_reserves: bool = True,
    require_covered: bool = True,
    jobs: int = 1,
    progress: ProgressLike = None,
    registry: Registry | None = None,
) -> Verified:
    """Verify a published audit from its public files, and by nodes that you name: what ``polyproof verify`` does.

    ``directory`` is that of an audit, or its public half. ``policy`` is what you accept: a ``Policy``, a file, or the
    name of one that comes with polyproof, which may also say what counts as held and what evidence beside an audit must
    show; ``reserves_policy`` says the former alone.
    ``nodes`` and ``secrets`` are the files of your own nodes and of your credentials. ``digest`` is the publication
    digest that you know from elsewhere; any other is rejected. ``jobs`` processes share the segments.

    That a result is returned means that every proof was verified and that holdings which count by your policy, if
    reserves are published, cover what is owed; printed, it says what of that is the organisation's word. Raises
    ``ProofRejected`` for what does not verify, and its subclass ``PolicyRejected`` for what your policy refuses; with
    ``require_covered=False`` holdings that do not cover are no error, and the result says so. Raises ``ExtraMissing``
    for reserves without the extra ``reserves``; with ``check_reserves=False`` they are not looked at, and the result
    says so.
    """
    from polyproof.publication.history import verify_one

    accepted = accepted_of(policy, reserves_policy, nodes, secrets, registry)
    known = digest_of(digest)
    with following(progress) as told:
        found = verify_one(
            _kind(path_of(directory, "directory"), history=False),
            digest=known,
            check_reserves=check_reserves,
            jobs=jobs_of(jobs),
            progress=told,
            **accepted,
        )
    if require_covered and found.reserves is not None:
        _refuse(found.reserves.refusal)
    return Verified(found, known is not None)


def verify_history(
    directory: PathLike,
    *,
    policy: Policy | PathLike | None = None,
    reserves_policy: ReservesPolicy | None = None,
    nodes: PathLike | None = None,
    secrets: PathLike | None = None,
    digest: str | bytes | None = None,
    check_reserves: bool = True,
    require_covered: bool = True,
    jobs: int = 1,
    progress: ProgressLike = None,
    registry: Registry | None = None,
) -> VerifiedHistory:
    """Verify a whole published history: every audit, every link between them, the pages that are in it.

    Arguments and errors are those of ``verify``; ``digest`` is that of any of its audits, and vouches for that one and
    those before it. Without the extra ``report`` pages are not compared, and the result says so.
    """
    from polyproof.publication import history
    from polyproof.publication.report.pages import compare_pages

    accepted = accepted_of(policy, reserves_policy, nodes, secrets, registry)
    known = digest_of(digest)
    with following(progress) as told:
        found = history.verify_history(
            _kind(path_of(directory, "directory"), history=True),
            digest=known,
            check_reserves=check_reserves,
            jobs=jobs_of(jobs),
            progress=told,
            **accepted,
        )
    if require_covered:
        _refuse(found.refusal)
    return VerifiedHistory(found, compare_pages(found), known is not None)


def _kind(directory: Path, *, history: bool) -> Path:
    """The same. Raises ``ArtifactError`` for a history where an audit is expected, or the other way round."""
    from polyproof.liabilities.folder import is_history

    if is_history(directory) == history:
        return directory
    if history:
        raise ArtifactError(Problem(f"{directory} is a single audit, not a history", hint="verify it with verify"))
    hint = "verify_history verifies it with all of its audits"
    raise ArtifactError(Problem(f"{directory} is a history, not a single audit", hint=hint))


def _refuse(refusal: PolicyRejected | None) -> None:
    if refusal is not None:
        refusal.add_note("with require_covered=False the call returns what was found, this shortfall included")
        raise refusal


def verify_inclusion(
    file: PathLike,
    directory: PathLike,
    user_id: str,
    balances: Mapping[str, Amount],
    *,
    debts: Mapping[str, Amount] | None = None,
    policy: Policy | PathLike | None = None,
    digest: str | bytes | None = None,
    registry: Registry | None = None,
) -> Included:
    """Check that a user's balances are in a published audit: what ``polyproof verify-inclusion`` does.

    ``file`` is the inclusion file that the exchange handed out, ``directory`` the published audit. ``user_id`` and
    ``balances`` come from the user, never from the file: coins by symbol, as text, ``int`` or ``Decimal``; assets that
    are not mentioned count as zero. ``debts`` are what the user owes the exchange, likewise. ``policy`` and ``digest``
    as for ``verify``.

    Raises ``InputError`` for balances that are no exact numbers or of no asset of the audit, ``ProofRejected`` if they
    are not in its totals, with a note on what that means.
    """
    from polyproof.liabilities import inclusion
    from polyproof.liabilities.rejections import explain

    accepted = policy_of(policy, registry)
    known = digest_of(digest)
    try:
        found = inclusion.verify_inclusion(
            path_of(file, "file"),
            path_of(directory, "directory"),
            claim_of(user_id, balances, debts),
            policy=accepted,
            registry=registry,
            digest=known,
        )
    except ProofRejected as error:
        explain(error)
        raise
    return Included(found, known is not None)


def verify_inclusions(
    claims: Iterable[ClaimedBy],
    directory: PathLike,
    *,
    policy: Policy | PathLike | None = None,
    digest: str | bytes | None = None,
    registry: Registry | None = None,
) -> InclusionsChecked:
    """Check several users' balances, each as ``verify_inclusion`` does; a segment is verified once for all its users.

    Each claim is a file, a user's id, the user's balances and, where there are any, the user's debts. A file that is
    rejected says nothing about the others and is no error: the result has both, in the order of the claims. Raises
    ``ProofRejected`` for an audit that is not acceptable, ``InputError`` for a file that is missing or a claim that
    cannot be made.
    """
    from polyproof.liabilities import inclusion
    from polyproof.liabilities.rejections import explain

    accepted = policy_of(policy, registry)
    known = digest_of(digest)
    found = inclusion.verify_inclusions(
        claims_of(claims),
        path_of(directory, "directory"),
        policy=accepted,
        registry=registry,
        digest=known,
    )
    for rejected in found.rejected:
        explain(rejected.error)
    return InclusionsChecked(found, known is not None)


def report(
    directory: PathLike,
    out: PathLike | None = None,
    *,
    history: PathLike | None = None,
    address: str | None = None,
    policy: Policy | PathLike | None = None,
    reserves_policy: ReservesPolicy | None = None,
    nodes: PathLike | None = None,
    secrets: PathLike | None = None,
    digest: str | bytes | None = None,
    progress: ProgressLike = None,
    registry: Registry | None = None,
) -> Reported:
    """Verify an audit, or a whole history, and write a site about the result: what ``polyproof report`` does.

    ``out`` is the directory of the site: by default ``report`` in that of an audit, and a history itself. ``history``
    is the one that a single audit belongs to, or follows. ``address`` is where that directory is reached on the web,
    with https: pages then have a QR code of the link to the page on which customers check. It is kept when the site is
    written again without one, until an empty one is given. The other arguments are those of ``verify``. That holdings
    do not cover what is owed is no error: it is what the report says.

    Raises what ``verify`` raises for proofs, links and reserves that do not verify, ``UsageError`` for arguments that
    do not fit together, ``ArtifactError`` for a place that holds anything but a site, ``ExtraMissing`` without the
    extras ``report`` and, if there are reserves, ``reserves``.
    """
    from polyproof.publication.reporting import report_on

    accepted = accepted_of(policy, reserves_policy, nodes, secrets, registry)
    with following(progress) as told:
        return Reported(
            report_on(
                path_of(directory, "directory"),
                out=optional_path(out, "out"),
                history=optional_path(history, "history"),
                address=address,
                digest=digest_of(digest),
                progress=told,
                **accepted,
            )
        )
