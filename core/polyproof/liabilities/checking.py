"""Before anything is proved: the snapshot is read, and the backend asked whether verifiers would accept its proof."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from polyproof.backend import Backend
from polyproof.errors import InputError, OptionsError, PolicyRejected, Problem
from polyproof.extras import require_extras
from polyproof.liabilities.acceptance import Judge
from polyproof.liabilities.plausibility import earlier_totals, unit_warnings
from polyproof.model.accounts import Accounts
from polyproof.plugin_faults import asking, names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.security import FigureName, SecurityReport, weakest
from polyproof.settings.policy import Policy, PolicyCheck
from polyproof.settings.settled import capacity_of, settle
from polyproof.settings.spec import Spec, create_backend

if TYPE_CHECKING:
    from polyproof.liabilities.snapshot.rounding import Rounded

__all__ = ["Prepared", "SnapshotChecked", "check", "expected_security", "prepare"]


@frozen
class SnapshotChecked:
    """What ``check`` found acceptable."""

    spec: Spec
    """With what it left open settled: as it will be published."""
    accounts: int
    totals: tuple[int, ...]
    """Base units, one for each asset in order."""
    segments: tuple[int, ...]
    """Accounts in each segment."""
    security: SecurityReport
    rounded: tuple[Rounded, ...]
    """What rounding up added, one for each asset in order."""
    warnings: tuple[str, ...]
    """What looks as if decimals or units were wrong."""


@names_faults
def check(
    spec: Spec,
    *,
    policy: Policy | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> SnapshotChecked:
    """Read and validate everything that proving needs, and prove nothing.

    Raises ``AccountsError`` with every problem of the snapshot, ``OptionsError`` for a backend that
    cannot serve these assets or whose proofs verifiers with this policy would refuse (by default the default one),
    ``ExtraMissing`` without the extra ``prove``.
    """
    prepared = prepare(spec, policy or Policy(), registry or default_registry(), progress or Progress())
    return SnapshotChecked(
        spec=prepared.spec,
        accounts=len(prepared.accounts),
        totals=prepared.accounts.totals(),
        segments=prepared.sizes,
        security=prepared.security,
        rounded=prepared.rounded,
        warnings=prepared.warnings,
    )


@frozen
class Prepared:
    """A snapshot in memory and how it will be cut into segments."""

    spec: Spec
    """With what it left open settled: as it will be published."""
    registry: Registry
    judge: Judge
    """The backend, under the policy that its proofs are to satisfy."""
    accounts: Accounts
    security: SecurityReport
    """Of all segments together, before they are proved."""
    bounds: tuple[int, ...]
    """Segment k holds the accounts from ``bounds[k]`` to ``bounds[k + 1]`` of the shuffled order."""
    rounded: tuple[Rounded, ...]
    warnings: tuple[str, ...]

    @property
    def backend(self) -> Backend:
        """The backend that the spec names."""
        return self.judge.backend

    @property
    def sizes(self) -> tuple[int, ...]:
        """Accounts in each segment."""
        return tuple(int(size) for size in np.diff(self.bounds))


def prepare(spec: Spec, policy: Policy, registry: Registry, progress: Progress, *, out: Path | None = None) -> Prepared:
    """Read the snapshot and cut it. Raises as ``check`` does. ``out``: where the audit will be."""
    require_extras("prove", purpose="reading a snapshot to prove it")
    from polyproof.liabilities.snapshot.reader import read_snapshot
    from polyproof.liabilities.snapshot.rounding import rounding_warnings

    backend = create_backend(spec, registry)
    with asking(backend, "when asked whether it can serve these assets", may=(InputError,)):
        backend.check(spec.assets)
    _judge(backend, spec, policy)  # before the accounts are read; again once its options are settled
    snapshot = read_snapshot(
        spec.accounts,
        spec.assets,
        rule=spec.rule,
        base=spec.directory,
        secrets=spec.secrets,
        registry=registry,
        progress=progress,
    )
    accounts = snapshot.accounts
    if not len(accounts):
        raise InputError("the snapshot has no accounts")
    capacity = capacity_of(backend, spec.assets)
    segments = -(-len(accounts) // capacity)
    if segments > policy.max_segments:
        raise InputError(
            f"{len(accounts)} accounts at {capacity} per segment make {segments} segments; "
            f"verifiers accept {policy.max_segments}: use a backend or options with larger segments"
        )
    # As equal in size as possible, so that no small segment's published totals say much about its few accounts.
    bounds = tuple(len(accounts) * k // segments for k in range(segments + 1))
    sizes = {int(size) for size in np.diff(bounds)}
    spec, _ = settle(spec, registry, max(sizes))
    judge = _judge(create_backend(spec, registry), spec, policy)
    security = expected_security(spec, judge, sizes)
    suspected = unit_warnings(spec.assets, accounts.totals(), earlier_totals(spec, also=out))
    warnings = (*rounding_warnings(snapshot.rounded), *suspected)
    return Prepared(spec, registry, judge, accounts, security, bounds, snapshot.rounded, warnings)


def _judge(backend: Backend, spec: Spec, policy: Policy) -> Judge:
    """The judge of a backend. Raises ``OptionsError`` for assets or options that the policy would refuse."""
    try:
        policy.check_assets(len(spec.assets))
        return Judge(backend, spec.backend.options, policy)
    except PolicyRejected as error:
        raise _unacceptable(spec, error) from error


def expected_security(spec: Spec, judge: Judge, sizes: Iterable[int]) -> SecurityReport:
    """The account of segments of these sizes. Raises ``OptionsError`` for one that the judge's policy would refuse."""
    reports = []
    for size in sizes:
        try:
            reports.append(judge.security(spec.assets, size))
        except PolicyRejected as error:
            raise _unacceptable(spec, error, judge.backend.security(spec.assets, size)) from error
    return weakest(reports)


def _unacceptable(spec: Spec, refusal: PolicyRejected, report: SecurityReport | None = None) -> OptionsError:
    """What verifiers would refuse, before hours go into proving it, and what would change that."""
    hints = []
    for name in FigureName:
        figure = report.figure(name) if report else None
        if refusal.check == PolicyCheck.of(name) and figure is not None and figure.decides.options:
            hints.append(f"options of {spec.backend.name} that change it: {', '.join(figure.decides.options)}")
    hints.append("if your verifiers accept it, name their policy with --policy; --allow-weak proves it all the same")
    return OptionsError(
        Problem(
            f"verifiers would refuse what this spec proves: {refusal.reason} [{refusal.check}]", hint="; ".join(hints)
        )
    )
