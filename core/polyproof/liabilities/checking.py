"""Before anything is proved: the snapshot is read, and the backend asked whether verifiers would accept its proof."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from polyproof.backend import Backend
from polyproof.config.options import shown
from polyproof.errors import AccountsError, InputError, Location, OptionsError, PolicyRejected, Problem
from polyproof.extras import require_extras
from polyproof.findings import Findings
from polyproof.liabilities.acceptance import Judge
from polyproof.liabilities.dividing import divide
from polyproof.liabilities.margin import Margin, check_policy
from polyproof.liabilities.plausibility import earlier_totals, unit_warnings
from polyproof.liabilities.weighing import MarginPrepared, Weighing, begin_weighing, weigh
from polyproof.model.accounts import AccountRefused, Accounts
from polyproof.model.assets import Asset
from polyproof.model.counts import counted
from polyproof.model.names import AUDIT_ID, matches
from polyproof.model.net_equity_facts import equity_places
from polyproof.model.timestamps import FORMAT as TIMESTAMP
from polyproof.plugin_faults import asking, fault, names_faults
from polyproof.progress import Progress
from polyproof.registry import Registry, default_registry
from polyproof.security import FigureName, SecurityReport, weakest
from polyproof.settings.policy import Policy, PolicyCheck
from polyproof.settings.settled import capacity_of, settle, settle_choice
from polyproof.settings.spec import NET_EQUITY, BackendChoice, Spec, create_backend

if TYPE_CHECKING:
    from polyproof.liabilities.snapshot.reader import OpenSnapshot
    from polyproof.liabilities.snapshot.rounding import Rounded
    from polyproof.model.left_out import LeftOut

__all__ = ["Prepared", "SnapshotChecked", "check", "check_before_planning", "expected_security", "preparing"]


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
    control: tuple[str, ...] | None
    """What ``accounts.control`` gave, which is what the accounts add up to: exact decimals of coins."""
    left_out: tuple[LeftOut, ...]
    """Assets of the accounts that ``accounts.leave_out`` leaves out, and what they add up to."""
    margin: MarginPrepared | None = None
    """Where the rule allows debts: the terms of accounts with them, and the totals of all positions."""


def check_before_planning(spec: Spec, audit_id: str | None) -> None:
    """Refuse an install that cannot prove, and an id or a time that no manifest may have. Raises ``InputError``."""
    require_extras("prove", purpose="reading a snapshot to prove it")
    if audit_id is not None and not matches(AUDIT_ID, audit_id):
        raise InputError(f"audit id {audit_id!r}: expected {AUDIT_ID[1]}")
    if spec.snapshot > f"{datetime.now(UTC):{TIMESTAMP}}":
        where = Location(str(spec.file)) if spec.file else None
        raise InputError(
            Problem(f"snapshot is {spec.snapshot}, which is in the future", where, "when the balances were taken")
        )


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
    check_before_planning(spec, None)
    with preparing(spec, policy or Policy(), registry or default_registry(), progress or Progress()) as prepared:
        for _ in prepared.chunks():
            pass
        return SnapshotChecked(
            spec=prepared.spec,
            accounts=sum(prepared.sizes),
            totals=prepared.totals,
            segments=prepared.sizes,
            security=prepared.security,
            rounded=prepared.snapshot.rounded,
            warnings=prepared.warnings(),
            control=prepared.control,
            left_out=prepared.snapshot.left_out,
            margin=prepared.margin,
        )


@frozen
class Prepared:
    """A snapshot that can be read, chunk by chunk, and how it will be cut into segments."""

    spec: Spec
    """With what it left open settled: as it will be published."""
    snapshot: OpenSnapshot
    security: SecurityReport
    """Of all segments together, before they are proved."""
    sizes: tuple[int, ...]
    """Accounts in each segment; those of accounts with debts are the last."""
    backend: Backend
    """With the options of ``spec``."""
    margin: MarginPrepared | None = None
    """Where the rule allows debts: how accounts with and without are told apart."""

    @property
    def totals(self) -> tuple[int, ...]:
        """Base units, one for each asset in order: gross, where accounts have debts. Of those that are proved."""
        if self.margin is None:
            return self.snapshot.totals
        return tuple(self.margin.totals[place] for place in equity_places(self.margin.facts.positions))

    def assets_of(self, index: int) -> tuple[Asset, ...]:
        """What is counted in a segment."""
        if self.margin is not None and self.margin.facts.is_margin(index, len(self.sizes)):
            return self.margin.positions
        return tuple(self.spec.assets)

    def chunks(self) -> Iterator[Accounts]:
        """The accounts in order, some at a time, of which the backend refuses none. They are good only if all can be
        taken without an error. Raises ``AccountsError`` after the last one.
        """
        findings, before = Findings(), 0
        for chunk in self.snapshot.chunks():
            for backend, accounts in self._asked(chunk):
                for one in _refused(backend, accounts):
                    problem = Problem(f"account {accounts.ids[one.position]!r}: {one.reason}", code="account-refused")
                    findings.add_problem(problem, order=(before + one.position,))
            before += len(chunk)
            if not findings:
                yield chunk
        findings.raise_any(AccountsError)

    def _asked(self, chunk: Accounts) -> Iterator[tuple[Backend, Accounts]]:
        """Whom to ask about which of the accounts."""
        if self.margin is None:
            yield self.backend, chunk
            return
        divided = divide(chunk, self.margin.terms)
        yield self.backend, divided.cash
        yield self.margin.backend, divided.margin

    @property
    def control(self) -> tuple[str, ...] | None:
        """The sums that ``accounts.control`` gives: exact decimals of coins, one for each asset; None without it.

        Where accounts have debts, those of what they have; those of their debts were compared with them as well.
        """
        from polyproof.liabilities.snapshot.control import in_coins

        sums = self.snapshot.control
        return None if sums is None else tuple(map(in_coins, sums, self.spec.assets))

    def warnings(self, out: Path | None = None) -> tuple[str, ...]:
        """What looks wrong about the accounts, once all have been read, and a set-up that anybody can forge under.

        ``out``: where the audit will be.
        """
        from polyproof.liabilities.snapshot.rounding import rounding_warnings

        earlier = earlier_totals(self.spec, also=out)
        suspected = unit_warnings(self.spec.assets, self.totals, earlier)
        forgeable: tuple[str, ...] = ()
        if self.security.assumptions.insecure_setup:
            forgeable = ("INSECURE SET-UP: its secret is public, so anybody can forge proofs of this audit",)
        return (*forgeable, *rounding_warnings(self.snapshot.rounded), *suspected)


@contextmanager
def preparing(
    spec: Spec, policy: Policy, registry: Registry, progress: Progress, *, scratch: Path | None = None
) -> Iterator[Prepared]:
    """Open the snapshot, and decide how it is cut and what the backend is to do. Raises as ``check`` does.

    ``scratch``: a private directory for what DuckDB cannot hold in memory; by default a temporary one.
    """
    require_extras("prove", purpose="reading a snapshot to prove it")
    from polyproof.liabilities.snapshot.reader import open_snapshot

    backend = create_backend(spec, registry)
    with asking(backend, "when asked whether it can serve these assets", may=(InputError,)):
        backend.check(spec.assets)
    capacity = capacity_of(backend, spec.assets)
    # Before the accounts are read, as it would be for full segments: what is open may be the hash itself. Again once it
    # is settled for these accounts.
    full, _ = settle(spec, registry, capacity)
    _judge(create_backend(full, registry), full, policy)
    weighing = begin_weighing(spec, registry) if spec.rule == NET_EQUITY else None
    if weighing is not None:
        try:
            policy.net_equity.check_times(weighing.quotes, spec.snapshot)
        except PolicyRejected as error:
            raise _unacceptable(spec, error) from error
    with open_snapshot(
        spec.accounts,
        spec.assets if weighing is None else weighing.positions,
        rule=spec.rule,
        base=spec.directory,
        in_memory=spec.in_memory,
        secrets=spec.secrets,
        registry=registry,
        progress=progress,
        scratch=scratch,
    ) as snapshot:
        count = snapshot.accounts
        if not count:
            raise InputError("the snapshot has no accounts")
        if weighing is not None:
            yield _prepared_with_debts(spec, snapshot, weighing, policy, registry)
            return
        sizes = _cut(count, capacity)
        _check_segments(count, sizes, policy)
        spec, _ = settle(spec, registry, max(sizes))
        backend = create_backend(spec, registry)
        judge = _judge(backend, spec, policy)
        yield Prepared(spec, snapshot, expected_security(spec, judge, set(sizes)), sizes, backend)


def _refused(backend: Backend, accounts: Accounts) -> Sequence[AccountRefused]:
    """The accounts of a chunk that a backend refuses. Raises ``PluginFault`` for an answer that is none."""
    words = accounts.words.view()
    words.flags.writeable = False  # what is proved is what was read, whatever a plugin does
    with asking(backend, "when asked which accounts it refuses", may=(OptionsError,)):
        found = backend.refused(accounts.assets, evolve(accounts, words=words))
    sound = isinstance(found, Sequence) and all(
        isinstance(one, AccountRefused)
        and type(one.position) is int
        and 0 <= one.position < len(accounts)
        and isinstance(one.reason, str)
        and one.reason.isprintable()
        for one in found
    )
    if not sound:
        raise fault(
            backend, f"asked which of {counted(len(accounts), 'account')} it refuses, it returned {shown(found)}"
        )
    return found


def _cut(count: int, capacity: int) -> tuple[int, ...]:
    """Accounts divided among as few segments as hold them.

    As equal in size as possible, so that no small segment's published totals say much about its few accounts.
    """
    segments = -(-count // capacity)
    return tuple(count * (k + 1) // segments - count * k // segments for k in range(segments))


def _check_segments(count: int, sizes: Sequence[int], policy: Policy) -> None:
    if len(sizes) > policy.max_segments:
        raise InputError(
            f"{counted(count, 'account')}, up to {max(sizes)} in a segment, make {counted(len(sizes), 'segment')}; "
            f"verifiers accept {policy.max_segments}: use a backend or options with larger segments"
        )


def _prepared_with_debts(
    spec: Spec, snapshot: OpenSnapshot, weighing: Weighing, policy: Policy, registry: Registry
) -> Prepared:
    """All accounts are read once to tell those with debts, and which of those are under water."""
    divided = weigh(spec, snapshot, weighing)
    cash = _cut(divided.cash, capacity_of(create_backend(spec, registry), spec.assets))
    margin = _cut(divided.margin, capacity_of(weighing.backend, weighing.positions))
    sizes = (*cash, *margin)
    if not sizes:
        raise InputError("the snapshot has no accounts that could be proved")
    _check_segments(divided.cash + divided.margin, sizes, policy)
    spec, _ = settle(spec, registry, max(cash, default=1))
    choice, _ = settle_choice(weighing.choice, weighing.positions, registry, max(margin, default=1))
    spec = evolve(spec, margin_backend=choice)
    backend: Backend = choice.create(registry)
    found = MarginPrepared.of(divided, weighing, len(margin), backend)
    cash_backend = create_backend(spec, registry)
    judge, margin_judge = _judge(cash_backend, spec, policy), _judge(backend, spec, policy, choice)
    try:
        facts = Margin(found.facts, found.terms, found.positions, weighing.prices, margin_judge)
        check_policy(facts, policy, spec.disclosures, found.totals, spec.snapshot)
    except PolicyRejected as error:
        raise _unacceptable(spec, error) from error
    reports = [
        *([expected_security(spec, judge, set(cash))] if cash else []),
        *([expected_security(spec, margin_judge, set(margin), found.positions)] if margin else []),
    ]
    return Prepared(spec, snapshot, weakest(reports), sizes, cash_backend, found)


def _judge(backend: Backend, spec: Spec, policy: Policy, choice: BackendChoice | None = None) -> Judge:
    """The judge of a backend. Raises ``OptionsError`` for assets or options that the policy would refuse."""
    try:
        policy.check_assets(len(spec.assets))
        return Judge(backend, (choice or spec.backend).options, policy)
    except PolicyRejected as error:
        raise _unacceptable(spec, error) from error


def expected_security(
    spec: Spec, judge: Judge, sizes: Iterable[int], positions: Sequence[Asset] = ()
) -> SecurityReport:
    """The account of segments of these sizes, of accounts with debts if ``positions`` are given.

    Raises ``OptionsError`` for one that the judge's policy would refuse.
    """
    reports, assets = [], positions or spec.assets
    for size in sizes:
        try:
            reports.append(judge.security(assets, size))
        except PolicyRejected as error:
            raise _unacceptable(spec, error, judge.backend.security(assets, size)) from error
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
