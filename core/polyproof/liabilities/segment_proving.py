"""Proving one segment of a plan: in the process that planned it, in another, or on another machine.

Any number of processes may prove the same segment at the same time. Each draws its own randomness, in a directory of
its own; the first that is finished gives its directory the segment's name, and the others remove theirs. So one proof
of a segment leaves the work directory: two that share some of their randomness could together reveal what each alone
hides.

A process that is killed leaves an attempt, which nobody continues. It cannot be told from the attempt of a process that
is still at work on another machine, so no other removes it; ``assemble`` does, and ``prove``, under their lock.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

from polyproof.backend import SegmentProof
from polyproof.errors import ArtifactError, InputError, PolicyRejected, Problem, ProofRejected
from polyproof.extras import require_extras
from polyproof.formats.files import read_bounded, write_private
from polyproof.liabilities.acceptance import Judge, require
from polyproof.liabilities.accounts_files import accounts_file, load_accounts, not_as_planned
from polyproof.liabilities.pledges import Pledged
from polyproof.liabilities.reading_ahead import ReadAhead
from polyproof.liabilities.verification import statement_of
from polyproof.liabilities.work_plan import WorkPlan, read_plan
from polyproof.liabilities.workspace import PROOF_FILE, STATE_FOLDER, Workspace
from polyproof.model.accounts import Accounts
from polyproof.model.assets import Asset
from polyproof.model.manifest import Segment
from polyproof.model.net_equity import Position
from polyproof.plugin_faults import asking, culprit, fault, names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry

__all__ = ["Clock", "SegmentDone", "prove_segment", "read_key"]


@frozen
class SegmentDone:
    """A finished segment."""

    directory: Path
    """The work directory."""
    segment: Segment
    """As the manifest will list it."""
    accounts: int
    proved: bool
    """Whether this call made the proof; otherwise it was there already, or another process was faster."""
    seconds: Mapping[str, float]
    """Wall-clock time of each phase: ``read``, ``prove``, ``verify``. None where nothing was to be done."""

    @property
    def index(self) -> int:
        """Its number, from 0."""
        return self.segment.index


@names_faults
def prove_segment(
    directory: Path,
    index: int,
    *,
    registry: Registry | None = None,
    progress: Progress | None = None,
    ahead: ReadAhead | None = None,
) -> SegmentDone:
    """Prove a segment of the plan in a work directory, verify the proof, and keep it, unless it is there already.

    Whatever may be proving the same segment, one proof of it is kept, which is the one that is returned. When it
    returns, the proof has been verified under the plan's policy and is on disk. With ``ahead`` the accounts of the next
    segment are read meanwhile.

    Raises ``InputError`` for an index that the plan does not have, ``ArtifactError`` for a work directory that is
    missing or damaged, ``PluginError`` if the programs that made the plan are not those installed here, ``PluginFault``
    for a backend that proves something wrong.
    """
    require_extras("prove", purpose="proving a segment")
    registry, progress = registry or default_registry(), progress or Progress()
    work = Workspace(Path(directory).absolute())
    plan = read_plan(work.plan, registry)
    if not 0 <= index < len(plan.segments):
        last = len(plan.segments) - 1
        known = f"segments 0 to {last}" if last else "segment 0 alone"
        raise InputError(Problem(f"there is no segment {index}", hint=f"the plan has {known}"))
    done = work.finished(plan, index)
    if done is not None:
        if ahead is not None:
            ahead.pass_over(index)
        return SegmentDone(work.path, done, plan.segments[index].accounts, False, {})
    plan.check_makers(registry)
    spec, judge = plan.judge(registry)
    margin, own = plan.margin(spec, registry), (tuple(spec.assets), judge)

    def kind(index: int) -> tuple[tuple[Asset, ...], Judge]:
        """What is counted in a segment, and who is asked about it."""
        if margin is None or not margin.facts.is_margin(index, len(plan.segments)):
            return own
        return margin.positions, margin.judge

    def load(index: int) -> Accounts:
        accounts = load_accounts(accounts_file(work.accounts, index), plan.segments[index], kind(index)[0])
        if accounts.totals() != plan.segments[index].totals:
            raise ArtifactError(f"{work.path}: the accounts of segment {index} do not have the totals of the plan")
        return accounts

    clock = Clock(progress)
    with clock("read"):
        key = read_key(work.key, plan)
        read = [load(index) if ahead is None else ahead.read(index, load)]
    attempt = work.begin_attempt(index)
    try:
        assets, asked = kind(index)
        segment, proof = _prove(plan, assets, asked, index, read, key, attempt, progress, clock)
        write_private(attempt / PROOF_FILE, proof)
        first = work.finish_attempt(attempt, segment, plan)
    except BaseException:
        work.forget_attempt(attempt)
        raise
    if not first:
        work.forget_attempt(attempt)
    winner = segment if first else work.finished(plan, index)
    if winner is None:
        raise ArtifactError(f"{work.path} has been assembled or removed meanwhile")
    return SegmentDone(work.path, winner, plan.segments[index].accounts, first, clock.seconds)


def _prove(
    plan: WorkPlan,
    assets: tuple[Asset, ...],
    judge: Judge,
    index: int,
    read: list[Accounts],
    key: bytes,
    attempt: Path,
    progress: Progress,
    clock: Clock,
) -> tuple[Segment, bytes]:
    """A proof that has been verified, and what the manifest will say of it.

    ``read`` has the segment's accounts, and nothing afterwards: the backend can let go of them when it has used them.
    """
    backend = judge.backend
    statement = statement_of(plan.header, assets, index, len(plan.segments))
    state = attempt / STATE_FOLDER
    state.mkdir(mode=0o700)
    # Before the backend lets go of the accounts.
    pledged = Pledged.of(read[0]) if isinstance(assets[0], Position) else None
    with clock("prove"):
        try:
            with asking(backend, "while proving", may=(InputError, ProofRejected, OSError)):
                proved = backend.prove(statement, read.pop(), key, state, progress)
        except ProofRejected as error:
            raise fault(culprit(error) or backend, f"it rejected something while it was proving: {error}") from error
        require(backend, isinstance(proved, SegmentProof), proved, "instead of SegmentProof")
        require(backend, isinstance(proved.proof, bytes), proved, "whose proof is not bytes")
        whole = isinstance(proved.totals, tuple) and all(type(total) is int for total in proved.totals)
        require(backend, whole, proved, "whose totals are not a tuple of integers")
    if pledged is not None:
        pledged.write(state)
    # A wrong proof must not be published, whether a plugin or the machine is at fault.
    if tuple(proved.totals) != plan.segments[index].totals:
        raise fault(backend, "it proved totals other than the snapshot's: nothing is published")
    with clock("verify"):
        try:
            judge.verify(statement, proved.totals, proved.proof)
        except PolicyRejected as error:
            raise InputError(f"verifiers would refuse this audit: {error.reason}; nothing is published") from error
        except ProofRejected as error:
            raise fault(backend, f"it made a proof that does not verify ({error}): nothing is published") from error
    digest = hashlib.sha256(proved.proof).digest()
    return Segment(index, len(proved.proof), digest, tuple(proved.totals)), proved.proof


def read_key(path: Path, plan: WorkPlan) -> bytes:
    """The audit's secret 32 bytes. Raises ``ArtifactError`` for any others."""
    try:
        key = read_bounded(path, 32)
    except ProofRejected:
        key = b""
    if hashlib.sha256(key).digest() != plan.key_sha256:
        raise not_as_planned(path)
    return key


class Clock:
    """Counts the seconds of each phase, which is a task of ``progress`` as well."""

    def __init__(self, progress: Progress) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add the times of another."""
        for phase, taken in seconds.items():
            self.seconds[phase] = self.seconds.get(phase, 0.0) + taken

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Add the time that a block takes."""
        start = time.perf_counter()
        with self._progress.task(phase):
            yield
        self.add({phase: time.perf_counter() - start})
