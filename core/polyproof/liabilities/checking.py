"""Before anything is proved: the snapshot is read, and the backend is asked whether it can serve it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from polyproof.backend import Backend, SecurityReport
from polyproof.errors import InputError
from polyproof.extras import require_extras
from polyproof.liabilities.plausibility import earlier_totals, unit_warnings
from polyproof.model.accounts import Accounts
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec, create_backend

if TYPE_CHECKING:
    from polyproof.liabilities.snapshot.rounding import Rounded

__all__ = ["Prepared", "SnapshotChecked", "check", "prepare"]


@frozen
class SnapshotChecked:
    """What ``check`` found acceptable."""

    spec: Spec
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


def check(spec: Spec, *, registry: Registry | None = None, progress: Progress | None = None) -> SnapshotChecked:
    """Read and validate everything that proving needs, and prove nothing.

    Raises ``AccountsError`` with every problem of the snapshot, ``OptionsError`` for a backend that
    cannot serve these assets, ``ExtraMissing`` without the extra ``prove``.
    """
    prepared = prepare(spec, registry or default_registry(), progress or Progress())
    return SnapshotChecked(
        spec=spec,
        accounts=len(prepared.accounts),
        totals=prepared.accounts.totals(),
        segments=prepared.sizes,
        security=prepared.backend.security(spec.assets, max(prepared.sizes)),
        rounded=prepared.rounded,
        warnings=prepared.warnings,
    )


@frozen
class Prepared:
    """A snapshot in memory and how it will be cut into segments."""

    spec: Spec
    registry: Registry
    backend: Backend
    accounts: Accounts
    bounds: tuple[int, ...]
    """Segment k holds the accounts from ``bounds[k]`` to ``bounds[k + 1]`` of the shuffled order."""
    rounded: tuple[Rounded, ...]
    warnings: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Accounts in each segment."""
        return tuple(int(size) for size in np.diff(self.bounds))


def prepare(spec: Spec, registry: Registry, progress: Progress, *, out: Path | None = None) -> Prepared:
    """Read the snapshot and cut it. Raises as ``check`` does. ``out``: where the audit will be."""
    require_extras("prove", purpose="reading a snapshot to prove it")
    from polyproof.liabilities.snapshot.reader import read_snapshot
    from polyproof.liabilities.snapshot.rounding import rounding_warnings

    backend = create_backend(spec, registry)
    backend.check(spec.assets)
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
    capacity = backend.capacity(spec.assets)
    segments = -(-len(accounts) // capacity)
    if segments > Policy().max_segments:
        raise InputError(
            f"{len(accounts)} accounts at {capacity} per segment make {segments} segments; "
            f"verifiers accept {Policy().max_segments}: use a backend or options with larger segments"
        )
    # As equal in size as possible, so that no small segment's published totals say much about its few accounts.
    bounds = tuple(len(accounts) * k // segments for k in range(segments + 1))
    suspected = unit_warnings(spec.assets, accounts.totals(), earlier_totals(spec, also=out))
    warnings = (*rounding_warnings(snapshot.rounded), *suspected)
    return Prepared(spec, registry, backend, accounts, bounds, snapshot.rounded, warnings)
