"""What is known of one combination: a row of the table.

Declared as options are, so that a file of it is read as strictly as a spec.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from polyproof.config.options import option
from polyproof.security import FigureName

if TYPE_CHECKING:
    from polyproof.backend import BackendProperties
    from polyproof.cli.bench.phases import Spent
    from polyproof.liabilities import AuditProved
    from polyproof.security import SecurityReport

__all__ = [
    "FAULTY",
    "MEASURED",
    "NOT_RUN",
    "REJECTED",
    "Assumed",
    "Bits",
    "Combination",
    "Properties",
    "Refusal",
    "Row",
    "Security",
    "Sizes",
    "Timed",
    "Times",
    "properties_of",
    "security_of",
    "sizes_of",
    "timed",
]

MEASURED, NOT_RUN, REJECTED, FAULTY = "measured", "cannot run", "does not verify", "fault"


@frozen(kw_only=True)
class Combination:
    """What was proved: a spec, with a backend and its options, and some accounts."""

    spec: str = option(doc="Name of the spec.")
    backend: str = option(doc="Name of the backend.")
    stated: tuple[str, ...] = option(
        default=(), doc="What was varied, and options of the backend that are not their defaults: KEY=VALUE."
    )
    rule: str = option(doc="What must hold for every account.")
    assets: int = option(least=1, doc="How many assets.")
    accounts: int | None = option(
        default=None, least=1, doc="How many accounts; null if the spec's own could not be read."
    )
    invented: bool = option(doc="Whether the accounts were invented, rather than the spec's own.")


@frozen(kw_only=True)
class Timed:
    """An operation that was run several times."""

    median: float = option(least=0, doc="Seconds that passed, the median of the runs.")
    least: float = option(least=0, doc="Of the fastest run.")
    most: float = option(least=0, doc="Of the slowest run.")
    cpu: float = option(least=0, doc="Seconds of CPU, of all threads together, the median.")
    runs: int = option(least=1, doc="How many runs these are.")


@frozen(kw_only=True)
class Times:
    """What each step takes."""

    prove: Timed = option(doc="Reading the accounts, proving, and the exchange's own verification.")
    verify: Timed = option(doc="Verifying the published audit.")
    cut: Timed = option(doc="Cutting one user's inclusion file.")
    check: Timed = option(doc="A user's check: the inclusion file, and the proof that it rests on.")
    peak: int | None = option(default=None, least=0, doc="Resident bytes at their highest while proving.")


@frozen(kw_only=True)
class Sizes:
    """Sizes in bytes."""

    proof: int = option(least=0, doc="All proofs together.")
    public: int = option(least=0, doc="The public half of the audit.")
    inclusion: int = option(least=0, doc="One user's inclusion file.")
    private: int = option(least=0, doc="The private half, without inclusion files.")
    segments: int = option(least=1, doc="How many segments.")


@frozen(kw_only=True)
class Bits:
    """A figure of the security account."""

    figure: str = option(choices=tuple(FigureName), doc="Which figure.")
    bits: float = option(doc="Its bits, which are compared with those of no other figure.")
    decided_by: str = option(doc="The cheapest way to cheat, which the bits are of.")
    rests_on: str = option(doc="What is taken to be true.")


@frozen(kw_only=True)
class Assumed:
    """What all figures take for granted."""

    trusted_setup: str = option(doc="Who could forge because they set the system up; empty if nobody set anything up.")
    insecure_setup: bool = option(doc="Whether the secret of the set-up is known, so that anybody can forge.")
    sentences: tuple[str, ...] = option(doc="Every assumption, in words.")


@frozen(kw_only=True)
class Security:
    """The security account, as it was computed from what was proved."""

    figures: tuple[Bits, ...] = option(doc="The figures that the backend gives; a figure that is missing is not given.")
    assumed: Assumed = option(doc="What is taken for granted.")
    notes: tuple[str, ...] = option(default=(), doc="What else the backend says of it.")

    def figure(self, name: FigureName) -> Bits | None:
        """A figure, where a long-proven one that is larger stands for one by theorems of 2025; None if not given."""
        names = {name, name.long_proven}
        return max((one for one in self.figures if one.figure in names), key=lambda one: one.bits, default=None)


@frozen(kw_only=True)
class Properties:
    """What the backend says of itself with these options."""

    per_asset_totals: bool = option(doc="Whether there is a total of each asset.")
    exact_totals: bool = option(doc="Whether each total is proven to be the exact sum of all accounts.")
    inexact_totals: str = option(doc="If they are not exact, what is proven of totals instead, in words.")
    non_negativity: str = option(doc="For which accounts it is proven that no balance is negative, in words.")
    hides_balances: str = option(doc="Whom the balances of an account are hidden from, in words.")
    hides_sums: bool | None = option(doc="Whether users see no sums of other accounts; null if not stated.")
    zero_knowledge: bool = option(doc="Whether public files show nothing about single balances.")
    transparent: bool = option(doc="Whether there is no trusted set-up.")
    post_quantum: bool = option(doc="Whether no assumption is one that a quantum computer is known to break.")
    proves: tuple[str, ...] = option(doc="What it proves.")
    hides: tuple[str, ...] = option(doc="What it hides.")
    leaks: tuple[str, ...] = option(doc="What it shows to others.")
    remaining_trust: tuple[str, ...] = option(doc="What a dishonest exchange could still do.")


@frozen(kw_only=True)
class Refusal:
    """Why the default policy would refuse it."""

    check: str = option(doc="Name of the refusal.")
    reason: str = option(doc="In a sentence.")


@frozen(kw_only=True)
class Row:
    """One combination, as far as it got."""

    combination: Combination = option(doc="What was to be proved.")
    outcome: str = option(
        choices=(MEASURED, NOT_RUN, REJECTED, FAULTY),
        doc="measured; cannot run, and why; does not verify; or a fault of a plugin or of polyproof.",
    )
    reason: str | None = option(default=None, doc="Why it was not measured.")
    times: Times | None = option(default=None, doc="What each step takes; null if it was not measured.")
    sizes: Sizes | None = option(default=None, doc="How large everything is; null if it was not measured.")
    security: Security | None = option(default=None, doc="Its security account; null if it is not known.")
    properties: Properties | None = option(default=None, doc="What it provides; null if it is not known.")
    refusals: tuple[Refusal, ...] | None = option(
        default=None, doc="Everything that the default policy would refuse it for; null if that is not known."
    )

    @property
    def is_measured(self) -> bool:
        """Whether it was proved and verified."""
        return self.outcome == MEASURED


def timed(spent: Sequence[Spent]) -> Timed:
    """Of what each run took."""
    walls = [one.wall for one in spent]
    return Timed(
        median=statistics.median(walls),
        least=min(walls),
        most=max(walls),
        cpu=statistics.median(one.cpu for one in spent),
        runs=len(walls),
    )


def sizes_of(proved: AuditProved, inclusion: int) -> Sizes:
    """Of an audit on disk, and an inclusion file of so many bytes."""
    return Sizes(
        proof=sum(segment.size for segment in proved.manifest.segments),
        public=proved.public_bytes,
        inclusion=inclusion,
        private=proved.private_bytes,
        segments=len(proved.segments),
    )


def security_of(report: SecurityReport) -> Security:
    """What is shown of a security report."""
    figures = tuple(
        Bits(figure=name.value, bits=float(one.bits), decided_by=one.decides.name, rests_on=one.rests_on)
        for name, one in report.given.items()
    )
    assumed = Assumed(
        trusted_setup=report.assumptions.trusted_setup,
        insecure_setup=report.assumptions.insecure_setup,
        sentences=report.assumptions.assumed,
    )
    return Security(figures=figures, assumed=assumed, notes=report.notes)


def properties_of(stated: BackendProperties) -> Properties:
    """What a backend states of itself."""
    return Properties(
        per_asset_totals=stated.per_asset_totals,
        exact_totals=stated.exact_totals,
        inexact_totals=stated.inexact_totals,
        non_negativity=stated.non_negativity,
        hides_balances=stated.hides_balances,
        hides_sums=stated.hides_sums,
        zero_knowledge=stated.zero_knowledge,
        transparent=stated.transparent,
        post_quantum=stated.post_quantum,
        proves=stated.proves,
        hides=stated.hides,
        leaks=stated.leaks,
        remaining_trust=stated.remaining_trust,
    )
