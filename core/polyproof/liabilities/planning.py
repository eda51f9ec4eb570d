"""Planning: a snapshot becomes a work directory, from which every segment can be proved without it.

The snapshot is read once, chunk by chunk, and every account goes to the file of a segment that is drawn for it
(``assignment``). What is in memory does not grow with the number of accounts.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from attrs import evolve, frozen

from polyproof.backend import Backend
from polyproof.config.options import shown
from polyproof.errors import ArtifactError, InputError
from polyproof.formats.files import write_durably
from polyproof.formats.space import require_space
from polyproof.liabilities.accounts_files import AccountsWriter, least_size
from polyproof.liabilities.assignment import Assignment
from polyproof.liabilities.checking import Prepared, check_before_planning, preparing
from polyproof.liabilities.dividing import divide
from polyproof.liabilities.work_plan import Makers, WorkPlan, read_plan, without_prices, write_plan
from polyproof.liabilities.workspace import SCRATCH, Workspace
from polyproof.model.accounts import Accounts
from polyproof.model.counts import counted
from polyproof.model.manifest import Manifest
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.plugin_faults import asking, fault, names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.security import SecurityReport
from polyproof.settings.policy import Policy
from polyproof.settings.spec import Spec, create_backend, local_options

if TYPE_CHECKING:
    from polyproof.liabilities.snapshot.rounding import Rounded
    from polyproof.liabilities.weighing import MarginPrepared
    from polyproof.model.left_out import LeftOut

__all__ = ["Planned", "make_plan", "plan"]


@frozen
class Planned:
    """An audit that is ready to be proved, segment by segment."""

    directory: Path
    """The work directory; owner-only."""
    spec: Spec
    """With what it left open settled: as it will be published."""
    audit_id: str
    accounts: int
    segments: tuple[int, ...]
    """Accounts in each segment."""
    totals: tuple[int, ...]
    """Base units, one for each asset in order: gross, where accounts have debts."""
    security: SecurityReport
    """Of all segments together, before they are proved."""
    rounded: tuple[Rounded, ...]
    """What rounding balances up added, one for each asset in order."""
    control: tuple[str, ...] | None
    """What ``accounts.control`` gave, which is what the accounts add up to: exact decimals of coins."""
    left_out: tuple[LeftOut, ...]
    """Assets of the accounts that ``accounts.leave_out`` leaves out, and what they add up to."""
    warnings: tuple[str, ...]
    kept: bool
    """Whether the same work had been planned there already, and was left as it is."""
    seconds: float
    margin: MarginPrepared | None = None
    """Where the rule allows debts: the terms of accounts with them, and the totals of all positions."""


@names_faults
def plan(
    spec: Spec,
    directory: Path,
    *,
    audit_id: str | None = None,
    previous: bytes | None = None,
    policy: Policy | None = None,
    registry: Registry | None = None,
    progress: Progress | None = None,
) -> Planned:
    """Read the spec's snapshot and prepare a work directory: a new or empty one, or one that holds the same work.

    The accounts are divided among segments by secret chance. ``prove_segment`` proves each, here or on any machine that
    shares the directory, and ``assemble`` makes the audit of them. ``previous`` is the publication digest of the audit
    before this one. ``policy`` is what verifiers are expected to accept, by default the default one.

    Where the directory holds a plan of the same inputs, it is left as it is. Raises what ``check`` raises, and
    ``ArtifactError`` for a directory that holds anything else.
    """
    policy, registry, progress = policy or Policy(), registry or default_registry(), progress or Progress()
    check_before_planning(spec, audit_id)
    work = Workspace(Path(os.path.abspath(directory)))
    if work.path == Path.cwd():
        raise InputError("a plan is written to a directory of its own: name one below the current one")
    with work.held(keep=work.plan.exists):
        return make_plan(
            spec,
            work,
            audit_id=audit_id,
            previous=previous,
            policy=policy,
            registry=registry,
            progress=progress,
            replace=False,
        )


def make_plan(
    spec: Spec,
    work: Workspace,
    *,
    audit_id: str | None,
    previous: bytes | None,
    policy: Policy,
    registry: Registry,
    progress: Progress,
    replace: bool,
    out: Path | None = None,
) -> Planned:
    """Plan in a workspace that is held. ``replace``: whether work on other inputs that is there may be discarded."""
    start = time.perf_counter()
    found = _plan_here(work, registry)
    created = _now()
    with (
        TemporaryDirectory(prefix=SCRATCH, dir=work.path) as scratch,
        preparing(spec, policy, registry, progress, scratch=Path(scratch)) as prepared,
    ):
        makers = Makers.of(spec.backend.name, registry)
        kept = (
            found is not None
            and audit_id in (None, found.header.audit_id)
            and found.inputs == _inputs_digest(prepared, previous, makers)
        )
        warnings: list[str] = []
        if found is None or not kept:
            if not replace and (found is not None or work.count_finished()):
                holds = f"the plan of audit {found.header.audit_id}, on different inputs" if found else "segments alone"
                raise ArtifactError(f"{work.path} holds {holds}: choose another directory, or remove it")
            if found is not None:
                warnings.append("unfinished work on different inputs was found here and has been discarded")
            elif work.count_finished():
                warnings.append("finished segments were found here without a plan and have been discarded")
            work.clear(but=Path(scratch))
            header = Manifest(
                audit_id=audit_id or _new_audit_id(spec),
                created=created,
                snapshot=spec.snapshot,
                organisation=spec.organisation,
                spec=prepared.spec.public(),
                spec_digest=prepared.spec.digest,
                backend=spec.backend.name,
                segments=(),
                previous=previous,
                verifier=spec.verifier,
                control=prepared.control,
                left_out=prepared.snapshot.left_out,
                disclosures=spec.disclosures,
                net_equity=prepared.margin.facts if prepared.margin is not None else None,
            )
            found = _write(work, prepared, header, _Inputs(prepared, previous, makers), policy, registry)
        elif found.policy != without_prices(policy) or found.local != local_paths(spec):
            found = evolve(found, policy=policy, local=local_paths(spec))
            write_plan(work.plan, found)
        return Planned(
            directory=work.path,
            spec=prepared.spec,
            audit_id=found.header.audit_id,
            accounts=found.accounts,
            segments=prepared.sizes,
            totals=prepared.totals,
            margin=prepared.margin,
            security=prepared.security,
            rounded=prepared.snapshot.rounded,
            control=prepared.control,
            left_out=prepared.snapshot.left_out,
            warnings=(*prepared.warnings(out or work.path), *warnings),
            kept=kept,
            seconds=time.perf_counter() - start,
        )


def local_paths(spec: Spec) -> dict[str, str]:
    """The backend's options for whoever proves: paths that every process that proves a segment finds."""
    return {name: str(Path(path).absolute()) for name, path in local_options(spec.backend).items()}


def _plan_here(work: Workspace, registry: Registry) -> WorkPlan | None:
    try:
        return read_plan(work.plan, registry)
    except ArtifactError:
        return None


def _write(
    work: Workspace, prepared: Prepared, header: Manifest, inputs: _Inputs, policy: Policy, registry: Registry
) -> WorkPlan:
    """Read all accounts and write everything, the plan last."""
    sizes = prepared.sizes
    _require_room(work.path, prepared, registry)
    writer = AccountsWriter(work.accounts, [len(prepared.assets_of(index)) for index in range(len(sizes))])
    margin = prepared.margin
    first = len(sizes) - (margin.facts.margin_segments if margin is not None else 0)
    assignment, of_margin = Assignment(sizes[:first]), Assignment(sizes[first:])
    for chunk in prepared.chunks():
        inputs.add(chunk)
        if margin is None:
            writer.add(chunk, assignment.next(len(chunk)))
            continue
        divided = divide(chunk, margin.terms)
        if len(divided.cash):
            writer.add(divided.cash, assignment.next(len(divided.cash)))
        if len(divided.margin):
            writer.add(divided.margin, first + of_margin.next(len(divided.margin)))
    key = os.urandom(32)
    write_durably(work.key, key, private=True)
    found = WorkPlan(
        id=secrets.token_hex(16),
        inputs=inputs.digest(),
        makers=inputs.makers,
        key_sha256=hashlib.sha256(key).digest(),
        header=header,
        policy=policy,
        segments=writer.finish(),
        local=local_paths(prepared.spec),
    )
    write_plan(work.plan, found)
    return found


def _require_room(place: Path, prepared: Prepared, registry: Registry) -> None:
    """Room for the accounts of all segments, and for what is kept of each when it is proved."""
    spec, margin = prepared.spec, prepared.margin
    backend = create_backend(spec, registry)
    other: Backend = backend if spec.margin_backend is None else spec.margin_backend.create(registry)
    with asking(backend, "when asked how much it writes", may=(InputError,)):
        each = [
            (
                other if margin is not None and margin.facts.is_margin(index, len(prepared.sizes)) else backend
            ).least_state_size(prepared.assets_of(index), size)
            for index, size in enumerate(prepared.sizes)
        ]
    if not all(type(size) is int and size >= 0 for size in each):
        raise fault(backend, f"least_state_size returned {shown(each)}, expected an integer that is not negative")
    kept = sum(each)
    accounts = sum(least_size(size, prepared.assets_of(index)) for index, size in enumerate(prepared.sizes))
    number = counted(sum(prepared.sizes), "account")
    require_space(place, accounts + kept, f"planning and proving {number} in this directory")


def _inputs_digest(prepared: Prepared, previous: bytes | None, makers: Makers) -> bytes:
    """Read all accounts for their digest: what is to be proved may have changed in a single balance."""
    inputs = _Inputs(prepared, previous, makers)
    for chunk in prepared.chunks():
        inputs.add(chunk)
    return inputs.digest()


class _Inputs:
    """Digest of everything that decides what an audit's proofs are about, to tell a rerun from different work."""

    def __init__(self, prepared: Prepared, previous: bytes | None, makers: Makers) -> None:
        spec = prepared.spec
        self.makers = makers
        self._parts = [
            repr(makers).encode(),
            spec.digest,
            repr(
                (spec.organisation, spec.snapshot, spec.verifier, spec.disclosures, previous, prepared.sizes)
            ).encode(),
            repr((prepared.control, prepared.snapshot.left_out)).encode(),
            repr(prepared.margin.facts if prepared.margin is not None else None).encode(),
        ]
        # Of all chunks together, wherever one ends.
        self._accounts = [hashlib.sha256() for _ in range(3)]

    def add(self, accounts: Accounts) -> None:
        ids = accounts.ids
        for digest, array in zip(
            self._accounts, (np.diff(ids.offsets).astype("<i8"), ids.data, accounts.words.astype("<u8")), strict=True
        ):
            digest.update(np.ascontiguousarray(array).data.cast("B") if array.size else b"")

    def digest(self) -> bytes:
        parts = [*(hashlib.sha256(part).digest() for part in self._parts), *(each.digest() for each in self._accounts)]
        return hashlib.sha256(b"".join(parts)).digest()


def _now() -> str:
    return f"{datetime.now(UTC):{TIMESTAMP}}"


def _new_audit_id(spec: Spec) -> str:
    return f"{spec.name}-{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(4)}"
