"""One combination measured: its audit proved again and again in a process of its own, verified, and judged.

Nothing here raises for what a combination cannot do: that is a row of the table too.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import evolve

from polyproof import liabilities
from polyproof.backend import Claim
from polyproof.cli.bench.runs import CHECK, CUT, PROVED, VERIFY, in_own_process, prove_again, use_again
from polyproof.cli.compare.rows import (
    FAULTY,
    MEASURED,
    NOT_RUN,
    REJECTED,
    Combination,
    Refusal,
    Row,
    Times,
    properties_of,
    security_of,
    sizes_of,
    timed,
)
from polyproof.cli.compare.varying import Candidate
from polyproof.engine import thread_count
from polyproof.errors import InputError, PluginFault, PolicyRejected, PolyproofError, ProofRejected
from polyproof.liabilities.checking import preparing
from polyproof.liabilities.dividing import divide
from polyproof.liabilities.margin import check_policy, cut_by_asset
from polyproof.plugin_faults import RAISED, blame, reason_of
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.settings.policy import UNRESTRICTED, Policy
from polyproof.settings.settled import capacity_of, settle
from polyproof.settings.spec import create_backend

if TYPE_CHECKING:
    from polyproof.liabilities import AuditProved, PublishedAudit
    from polyproof.security import SecurityReport
    from polyproof.settings.spec import PublicSpec, Spec

__all__ = ["measure", "refusals_of"]

_LONGEST_REASON = 1000


def measure(candidate: Candidate, claim: Claim | None, runs: int) -> Row:
    """Measure a combination in a process of its own. ``claim``: a user's of invented accounts; None: find one.

    Its audits are made in a temporary directory and deleted.
    """
    if candidate.reason is not None:
        return Row(combination=_combination(candidate), outcome=NOT_RUN, reason=candidate.reason)
    with tempfile.TemporaryDirectory(prefix="polyproof-compare-") as folder:
        try:
            return in_own_process(thread_count(), _measured, candidate, claim, runs, Path(folder))
        except Exception as error:  # noqa: BLE001 - the process ended, or something cannot cross to it
            return _not_measured(candidate, error)


def _measured(candidate: Candidate, claim: Claim | None, runs: int, folder: Path) -> Row:
    """In the process of its own. Only this module's rows come back, for not every error can be sent."""
    try:
        return _row(candidate, claim, runs, folder)
    except RAISED as error:
        return _not_measured(candidate, error)


def _row(candidate: Candidate, claim: Claim | None, runs: int, folder: Path) -> Row:
    registry, spec = default_registry(), candidate.spec
    proved, proving = prove_again(spec, folder, runs, registry)
    claim = claim or _own_claim(spec, registry)
    file = folder / "user.polyproof"
    found = {one.operation: one for one in (*proving, *use_again(proved.directory, claim, file, runs, registry))}
    size = file.stat().st_size
    verified = liabilities.verify(proved.directory / "public", policy=UNRESTRICTED, registry=registry)
    return Row(
        combination=evolve(_combination(candidate), accounts=proved.accounts),
        outcome=MEASURED,
        times=Times(
            prove=timed(found[PROVED].counted),
            verify=timed(found[VERIFY].counted),
            cut=timed(found[CUT].counted),
            check=timed(found[CHECK].counted),
            peak=max((one.peak for one in found[PROVED].spent if one.peak is not None), default=None),
        ),
        sizes=sizes_of(proved, size),
        security=security_of(verified.security),
        properties=properties_of(verified.audit.properties),
        refusals=(*refusals_of(verified.audit.spec, verified.security, proved, size), *_debts_refused(verified.audit)),
    )


def _own_claim(spec: Spec, registry: Registry) -> Claim:
    """What the owner of one of the spec's own accounts claims; where accounts may have debts, of one that has."""
    without: Claim | None = None
    with preparing(spec, UNRESTRICTED, registry, Progress()) as prepared:
        for accounts in prepared.snapshot.chunks():
            if prepared.margin is None:
                if len(accounts):
                    return Claim(accounts.ids[0], accounts.balances(0))
                continue
            terms = prepared.margin.terms
            divided = divide(accounts, terms)
            if len(divided.margin):
                held = cut_by_asset(terms, divided.margin.balances(0))
                owed = tuple(one.debt for one in held)
                return Claim(divided.margin.ids[0], tuple(one.equity for one in held), owed if any(owed) else ())
            if without is None and len(divided.cash):
                without = Claim(divided.cash.ids[0], divided.cash.balances(0))
    if without is None:
        raise InputError("the spec's accounts are none")
    return without


def _debts_refused(audit: PublishedAudit) -> tuple[Refusal, ...]:
    """What the default policy would refuse of accounts with debts, if there may be any."""
    if audit.margin is None:
        return ()
    manifest = audit.manifest
    try:
        check_policy(audit.margin, Policy(), manifest.disclosures, manifest.position_totals, manifest.snapshot)
    except PolicyRejected as refusal:
        return (Refusal(check=refusal.check, reason=refusal.reason),)
    return ()


def refusals_of(
    spec: PublicSpec, security: SecurityReport | None, proved: AuditProved | None = None, inclusion: int = 0
) -> tuple[Refusal, ...]:
    """Everything that the default policy would refuse an audit for; without a proof, what can be said before."""
    found = _refused(spec, security, proved, inclusion)
    return tuple(Refusal(check=refusal.check, reason=refusal.reason) for refusal in found)


def _refused(
    spec: PublicSpec, security: SecurityReport | None, proved: AuditProved | None, inclusion: int
) -> Iterator[PolicyRejected]:
    policy = Policy()
    yield from policy.options_refused(spec.backend.name, spec.backend.options)
    if security is not None:
        yield from policy.security_refused(security)
    checks: list[Callable[[], None]] = [
        lambda: policy.check_assets(len(spec.assets)),
        lambda: policy.check_inclusion_size(inclusion),
    ]
    if proved is not None:
        largest = max(segment.size for segment in proved.manifest.segments)
        checks += [lambda: policy.check_segments(len(proved.segments)), lambda: policy.check_proof_size(largest)]
    for check in checks:
        try:
            check()
        except PolicyRejected as refusal:
            yield refusal


def _combination(candidate: Candidate) -> Combination:
    spec = candidate.spec
    return Combination(
        spec=spec.name,
        backend=candidate.backend,
        stated=candidate.stated,
        rule=spec.rule,
        assets=len(spec.assets),
        accounts=candidate.accounts,
        invented=candidate.accounts is not None,
    )


def _not_measured(candidate: Candidate, error: BaseException) -> Row:
    """Why it was not measured, and what can be said of its options all the same."""
    found = error if isinstance(error, PolyproofError) else blame(error) or error
    outcome = (
        REJECTED
        if isinstance(found, ProofRejected)
        else NOT_RUN
        if isinstance(found, PolyproofError) and not isinstance(found, PluginFault)
        else FAULTY
    )
    reason = reason_of(found)
    row = Row(combination=_combination(candidate), outcome=outcome, reason=reason[:_LONGEST_REASON])
    with suppress(Exception):
        row = evolve(row, **_foreseen(candidate))
    return row


def _foreseen(candidate: Candidate) -> dict[str, Any]:
    """What a backend says of options that nothing was proved with."""
    registry = default_registry()
    spec, assets = candidate.spec, candidate.spec.assets
    backend = create_backend(spec, registry)
    backend.check(assets)
    capacity = capacity_of(backend, assets)
    most = min(candidate.accounts or capacity, capacity)
    settled, _ = settle(spec, registry, most)
    backend = create_backend(settled, registry)
    security = backend.security(assets, most)
    return {
        "security": security_of(security),
        "properties": properties_of(backend.properties),
        "refusals": refusals_of(settled, security),
    }
