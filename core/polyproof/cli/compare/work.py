"""The whole sequence: which combinations, each measured or read from the folder, and what is made of all of them."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from polyproof.checks import CoreCheck
from polyproof.cli.bench.audits import SEED, first_claim
from polyproof.cli.bench.results import Machine, machine
from polyproof.cli.bench.tables import machine_text
from polyproof.cli.compare.folder import FORMAT, HEADER, Folder, Kept, rounded
from polyproof.cli.compare.meanings import labels
from polyproof.cli.compare.measuring import measure
from polyproof.cli.compare.rows import FAULTY, NOT_RUN, REJECTED, Row
from polyproof.cli.compare.varying import Candidate
from polyproof.cli.sample import write_sample
from polyproof.config.options import option, plain
from polyproof.errors import InputError, PluginFault, PolyproofError, Problem, ProofRejected, UsageError
from polyproof.model.counts import counted
from polyproof.progress import Progress
from polyproof.settings.accounts import AccountsSettings
from polyproof.settings.spec import NET_EQUITY

__all__ = ["Comparison", "compared", "measured_text"]


@frozen(kw_only=True)
class Comparison:
    """Combinations side by side."""

    measured: str = option(doc="When the newest of them was measured, in UTC.")
    machine: Machine = option(doc="What they were measured on.")
    plugins: tuple[str, ...] = option(doc="Which distributions the components are of, with their versions.")
    runs: int = option(least=0, doc="Runs after the first.")
    rows: tuple[Row, ...] = option(doc="The combinations, in order.")
    kept: int = option(default=0, least=0, doc="How many of them were measured by an earlier run.")

    @property
    def error(self) -> PolyproofError | None:
        """What the comparison ends with: a plugin's fault, a proof that does not verify, or that nothing could run."""
        for outcome, made in (
            (FAULTY, PluginFault),
            (REJECTED, lambda reason: ProofRejected(CoreCheck.COMPARED, reason)),
        ):
            for name, row in zip(labels(self.rows), self.rows, strict=True):
                if row.outcome == outcome:
                    return made(f"{name}: {row.reason}")
        if all(row.outcome == NOT_RUN for row in self.rows):
            return InputError(f"nothing could be measured: {self.rows[0].reason}")
        return None

    def payload(self) -> dict[str, Any]:
        """For machines."""
        found = plain(self)
        return {HEADER: FORMAT, **found, "rows": [rounded(row) for row in found["rows"]]}


def measured_text(comparison: Comparison) -> str:
    """When, on what and with what it was measured, in a line."""
    return f"Measured {comparison.measured} on {machine_text(comparison.machine)}; {', '.join(comparison.plugins)}."


def compared(candidates: Sequence[Candidate], folder: Folder, progress: Progress, *, again: bool = False) -> Comparison:
    """Measure each combination that the folder does not have yet, in order. ``again``: all of them.

    Raises ``UsageError`` for accounts in memory, and as ``Folder.find`` does.
    """
    for candidate in candidates:
        if candidate.accounts is None and candidate.spec.in_memory is not None:
            raise UsageError("accounts in memory cannot be sent to another process: give how many to invent, or files")
        if candidate.accounts is not None and candidate.spec.rule == NET_EQUITY:
            told = f"{candidate.spec.name} is of the rule {NET_EQUITY}, and accounts that are invented have no debts"
            raise UsageError(Problem(told, hint="without a number of accounts, the spec's own are measured"))
    known = [None if again else folder.find(candidate) for candidate in candidates]
    found: list[Kept] = []
    with (
        tempfile.TemporaryDirectory(prefix="polyproof-compare-") as temporary,
        progress.task("compare", len(candidates)) as task,
    ):
        for candidate, earlier in zip(candidates, known, strict=True):
            if earlier is None:
                row = _measured(candidate, Path(temporary), folder.runs, progress)
                found.append(folder.keep(candidate, row))
            else:
                found.append(earlier)
            task.advance()
    return Comparison(
        measured=max(one.measured for one in found),
        machine=machine(),
        plugins=tuple(sorted({plugin for one in found for plugin in one.plugins})),
        runs=folder.runs,
        rows=tuple(one.row for one in found),
        kept=sum(one is not None for one in known),
    )


def _measured(candidate: Candidate, temporary: Path, runs: int, progress: Progress) -> Row:
    title = ", ".join([candidate.backend, *candidate.stated])
    if candidate.accounts is not None:
        title += f", {counted(candidate.accounts, 'account')}"
    with progress.task(title):
        # Proved here and in one process, whatever the spec says of where: or else its memory would not be its own.
        spec = evolve(candidate.spec, executor=None)
        if candidate.accounts is None:
            return measure(evolve(candidate, spec=spec), None, runs)
        names = "".join(f"{asset.symbol}:{asset.decimals}:{asset.bits}," for asset in spec.assets)
        snapshot = temporary / f"{hashlib.sha256(names.encode()).hexdigest()[:16]}-{candidate.accounts}.csv"
        if not snapshot.exists():
            write_sample(snapshot, spec.assets, candidate.accounts, SEED, progress=progress)
        accounts = AccountsSettings(path=(str(snapshot),))
        changed = evolve(spec, accounts=accounts, in_memory=None)
        return measure(evolve(candidate, spec=changed), first_claim(snapshot, spec.assets), runs)
