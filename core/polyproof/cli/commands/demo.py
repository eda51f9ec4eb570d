"""``polyproof demo``: a whole audit of invented accounts, then two months of a smaller exchange with what it holds.

All of it through the functions that the other commands call.
"""

from __future__ import annotations

import csv
import os
import shlex
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from attrs import evolve, frozen

from polyproof.cli.commands import check, prove
from polyproof.cli.commands.compare import show_comparison
from polyproof.cli.commands.verify import VERIFIED, verify_payload
from polyproof.cli.console import Console, size_text, table, time_text
from polyproof.cli.inclusion_view import INCLUSION, inclusion_payload
from polyproof.cli.options import Json, Quiet, usable_registry
from polyproof.cli.shapes import BYTES, PHASES, SECONDS, TEXT, anything, listed, nullable, record, seconds
from polyproof.cli.views import audits_text, facts, totals_table
from polyproof.errors import InputError, PolyproofError, Problem, ProofRejected
from polyproof.extras import is_installed, require_extras
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.cli.bench.phases import Spent
    from polyproof.cli.compare.rows import Row
    from polyproof.liabilities import AuditProved, AuditVerified, InclusionVerified
    from polyproof.liabilities.typed_balances import Balance
    from polyproof.progress import Progress
    from polyproof.publication.month import MonthDone
    from polyproof.registry import Registry
    from polyproof.settings.policy import Policy
    from polyproof.settings.spec import Spec

__all__ = ["RESULT", "command"]

RESULT = record(
    directory=TEXT,
    check=check.RESULT,
    runs=listed(
        record(
            backend=TEXT,
            prove=prove.RESULT,
            verify=VERIFIED,
            verify_inclusion=INCLUSION,
            inclusion_bytes=BYTES,
            phases=PHASES,
            prove_memory_bytes=BYTES,
        )
    ),
    months=nullable(
        record(
            months=listed(record(month=TEXT, seconds=SECONDS)),
            published=TEXT,
            site=TEXT,
            report=anything("As specs/report.schema.json has it."),
        )
    ),
    seconds=SECONDS,
)

_SPEC = "okx-22"
_MONTHS_ACCOUNTS = 1000
"""Few enough for two months to take some seconds."""
_STEPS = {"prove": "prove", "verify": "verify", "cut": "inclusion", "check": "verify-inclusion"}
"""Steps of the demo by what a comparison calls them."""
_T = TypeVar("_T")


@frozen
class _Run:
    """One backend's audit of the demo's accounts."""

    backend: str
    proved: AuditProved
    verified: AuditVerified
    included: InclusionVerified
    inclusion_bytes: int
    spent: dict[str, Spent]

    def row(self, spec: Spec) -> Row:
        """The same as a row of what ``polyproof compare`` prints; every step was run once."""
        from polyproof.cli.compare.measuring import refusals_of
        from polyproof.cli.compare.rows import (
            MEASURED,
            Combination,
            Row,
            Times,
            properties_of,
            security_of,
            sizes_of,
            timed,
        )

        steps = {key: timed([self.spent[step]]) for key, step in _STEPS.items()}
        return Row(
            combination=Combination(
                spec=spec.name,
                backend=self.backend,
                rule=spec.rule,
                assets=len(spec.assets),
                accounts=self.proved.accounts,
                invented=True,
            ),
            outcome=MEASURED,
            times=Times(**steps, peak=self.spent["prove"].peak),
            sizes=sizes_of(self.proved, self.inclusion_bytes),
            security=security_of(self.verified.security),
            properties=properties_of(self.verified.audit.backend.properties),
            refusals=refusals_of(self.verified.audit.spec, self.verified.security, self.proved, self.inclusion_bytes),
        )

    def payload(self) -> dict[str, Any]:
        """For machines."""
        from polyproof.publication.history import VerifiedAudit

        return {
            "backend": self.backend,
            "prove": prove.prove_payload(self.proved, self.verified.audit.spec),
            "verify": verify_payload(VerifiedAudit(self.verified, None)),
            "verify_inclusion": inclusion_payload(self.included),
            "inclusion_bytes": self.inclusion_bytes,
            "phases": {step: seconds(spent.wall) for step, spent in self.spent.items()},
            "prove_memory_bytes": self.spent["prove"].peak or 0,
        }


def command(
    accounts: Annotated[int, typer.Option("--accounts", "-n", min=1, help="How many accounts to invent.")] = 100_000,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="New directory. Default: polyproof-demo.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same accounts.")] = 1,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Try it out: invent an exchange with 22 assets, prove, publish, verify, and check one user's balance."""
    require_extras("prove", purpose="the demo")
    from polyproof import liabilities
    from polyproof.cli.compare.varying import choices_of
    from polyproof.cli.sample import write_sample
    from polyproof.settings.bundled import bundled_specs
    from polyproof.settings.spec import load_spec

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    began = time.perf_counter()
    directory = _new_directory(out)
    (directory / f"{_SPEC}.yaml").write_bytes(bundled_specs()[_SPEC].read_bytes())
    spec = load_spec(directory / f"{_SPEC}.yaml", registry)
    snapshot = directory / "accounts.csv"
    console.say(f"An invented exchange: {counted(accounts, 'account')}, {counted(len(spec.assets), 'asset')}", "bold")

    with _beginning_again(directory), console.progress() as progress:
        _, passed = _timed(lambda: write_sample(snapshot, spec.assets, accounts, seed, progress=progress))
        _tell(console, "sample", f"{size_text(snapshot.stat().st_size)} of CSV", passed)
        checked, passed = _timed(lambda: liabilities.check(spec, registry=registry, progress=progress))
        _tell(console, "check", "every row of it is acceptable", passed)
        user, balances = _some_user(snapshot)
        runs = [
            _run(console, evolve(spec, backend=choice), directory, user, balances, registry, progress)
            for choice in choices_of(spec)
        ]
        months = _months(console, directory, min(accounts, _MONTHS_ACCOUNTS), seed, registry, progress)
    total = time.perf_counter() - began
    payload = {
        "directory": str(directory),
        "check": check.check_payload(checked),
        "runs": [run.payload() for run in runs],
        "months": None if months is None else _months_payload(*months),
        "seconds": seconds(total),
    }
    console.result(payload, lambda rich: _show(rich, spec, runs, months and months[1], directory, total))


def _new_directory(out: Path | None) -> Path:
    if out is not None:
        if Path.cwd().is_relative_to(os.path.abspath(out)):
            raise InputError(
                f"--out {out}: the demo is written to a directory of its own: name one below the current one"
            )
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            # What is in the way may be anything: only a demo is known to be worth nothing.
            begun = (out / f"{_SPEC}.yaml").is_file()
            raise InputError(
                Problem(f"{out} exists and is not an empty directory", hint=_again(out) if begun else None)
            )
        out.mkdir(parents=True, exist_ok=True)
        return out
    for count in range(1, 10_000):
        directory = Path("polyproof-demo" if count == 1 else f"polyproof-demo-{count}")
        try:
            directory.mkdir()
        except FileExistsError:
            continue
        return directory
    raise InputError("there are already 9999 demos here: name a directory with --out")


def _again(directory: Path) -> str:
    """What to do about a demo that ended early: all of it is invented, and made anew in a minute."""
    folder = shlex.quote(str(directory))
    return f"if a demo ended early there: rm -r {folder}, then polyproof demo --out {folder}"


@contextmanager
def _beginning_again(directory: Path) -> Iterator[None]:
    """Whatever ends the demo says how to begin again."""
    try:
        yield
    except BaseException as error:
        error.add_note(_again(directory))
        raise


def _some_user(snapshot: Path) -> tuple[str, list[Balance]]:
    """The account with the most assets among the first in the snapshot, with balances as its owner would type them."""
    with snapshot.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        first = [row for row, _ in zip(rows, range(200), strict=False)]

    def held(row: dict[str, str]) -> list[Balance]:
        return [(symbol, amount, None) for symbol, amount in row.items() if symbol != "account" and amount.strip("0.")]

    chosen = max(first, key=lambda row: len(held(row)))
    return chosen["account"], held(chosen)


def _run(
    console: Console,
    spec: Spec,
    directory: Path,
    user: str,
    balances: Sequence[Balance],
    registry: Registry,
    progress: Progress,
) -> _Run:
    from polyproof import liabilities
    from polyproof.backend import Claim
    from polyproof.liabilities.typed_balances import make_claim

    name = spec.backend.name
    policy = _policy(name, registry)
    target, file = directory / f"audit-{name}", directory / f"{user}.{name}.polyproof"
    console.say(name, "bold")
    spent: dict[str, Spent] = {}
    proved, spent["prove"] = _spent(
        lambda: liabilities.prove(spec, target, policy=policy, registry=registry, progress=progress)
    )
    sizes = f"{size_text(proved.public_bytes)} to publish, {size_text(proved.private_bytes)} to keep"
    _tell(console, "prove", sizes, spent["prove"].wall)
    verified, spent["verify"] = _spent(
        lambda: liabilities.verify(target / "public", policy=policy, registry=registry, progress=progress)
    )
    exact = verified.audit.properties.exact_totals
    found = "the totals are sums of accounts" if exact else "the exchange is committed to totals"
    _tell(console, "verify", found, spent["verify"].wall)
    (_, size), spent["inclusion"] = _spent(lambda: liabilities.cut_inclusion(target, user, out=file, registry=registry))
    _tell(console, "inclusion", f"{size_text(size)} for user {user}", spent["inclusion"].wall)
    claim = make_claim(spec.assets, user, balances)
    included, spent["verify-inclusion"] = _spent(
        lambda: liabilities.verify_inclusion(file, target / "public", lambda _: claim, policy=policy, registry=registry)
    )
    _tell(console, "verify-inclusion", "that user accepts the balances", spent["verify-inclusion"].wall)
    asset, more = spec.assets[0], (claim.balances[0] + 1, *claim.balances[1:])
    try:
        liabilities.verify_inclusion(
            file, target / "public", lambda _: Claim(user, more), policy=policy, registry=registry
        )
    except ProofRejected:
        _tell(console, "", f"with {asset.format(1)} {asset.symbol} more it is rejected, as it must be")
    else:
        raise PolyproofError(f"backend {name!r} accepts a balance that is not in the snapshot: do not use it")
    return _Run(name, proved, verified, included, size, spent)


def _months(
    console: Console, directory: Path, accounts: int, seed: int, registry: Registry, progress: Progress
) -> tuple[dict[str, float], MonthDone] | None:
    """Two months of a smaller exchange, with reserves and a site; None where an extra for them is missing."""
    if lacking := [extra for extra in ("reserves", "report") if not is_installed(extra)]:
        names = " and ".join(lacking)
        console.warn([f"the demo ends here: what is held, and the site, need the extras that are missing: {names}"])
        return None
    from polyproof.cli.demo_months import play_months

    console.say(f"two months of a smaller exchange, {counted(accounts, 'account')}, with what it holds", "bold")
    passed: dict[str, float] = {}
    start = time.perf_counter()
    for month, done in play_months(directory, accounts, seed, registry, progress):
        passed[month], start = time.perf_counter() - start, time.perf_counter()
        reserves = done.verified.reserves
        rows = len(reserves.evaluation.rows) if reserves is not None else 0
        _tell(console, month, f"proved, {counted(rows, 'wallet')} signed, verified, published", passed[month])
    return passed, done


def _months_payload(passed: dict[str, float], done: MonthDone) -> dict[str, Any]:
    from polyproof.config.options import plain

    return {
        "months": [{"month": month, "seconds": seconds(taken)} for month, taken in passed.items()],
        "published": str(_published(done)),
        "site": str(_published(done) / "index.html"),
        "report": plain(done.report),
    }


def _list(sentences: Sequence[str]) -> str:
    return "\n".join(f"• {sentence}" for sentence in sentences) or "nothing"


def _policy(backend: str, registry: Registry) -> Policy:
    """The default policy, or the one that comes with polyproof for this backend: a sum tree has no soundness."""
    from polyproof.settings.bundled import bundled_policies
    from polyproof.settings.policy import Policy, load_policy

    bundled = bundled_policies()
    return load_policy(bundled[backend], registry) if backend in bundled else Policy()


def _tell(console: Console, step: str, what: str, seconds: float | None = None) -> None:
    console.say(f"  {step:<18}{what:<48}{time_text(seconds) if seconds is not None else '':>9}".rstrip())


def _timed(call: Callable[[], _T]) -> tuple[_T, float]:
    start = time.perf_counter()
    return call(), time.perf_counter() - start


def _spent(call: Callable[[], _T]) -> tuple[_T, Spent]:
    """What a step returns, and what it takes."""
    from polyproof.cli.bench.runs import spent_by

    found: list[_T] = []
    spent = spent_by(lambda: found.append(call()))
    return found[0], spent


def _show(
    rich: RichConsole, spec: Spec, runs: Sequence[_Run], months: MonthDone | None, directory: Path, total: float
) -> None:
    rich.print(totals_table(spec.assets, runs[0].verified.totals))
    how = "Every step was run once, all in one process; kernels that were not on disk yet were compiled meanwhile."
    show_comparison(rich, [run.row(spec) for run in runs], how)
    properties = [(run.backend, run.verified.audit.backend.properties) for run in runs]
    compared = table("", *(backend for backend, _ in properties))
    for column in compared.columns[1:]:
        column.max_width = min(44, max(16, (rich.width - 30) // len(runs) - 3))
    for title in ("proves", "hides", "leaks"):
        compared.add_row(title, *(_list(getattr(stated, title)) for _, stated in properties))
    rich.print(compared)
    if months is not None:
        _show_months(rich, months)
    facts(
        rich,
        *(_month_facts(months) if months is not None else ()),
        ("everything is in", str(directory)),
        ("what is proved", f"polyproof explain {directory / f'audit-{runs[0].backend}'}"),
        ("total time", time_text(total)),
    )


def _show_months(rich: RichConsole, months: MonthDone) -> None:
    from polyproof.cli.commands.report import show_verdict
    from polyproof.cli.demo_months import ratios_table

    rich.print(ratios_table(months.report))
    show_verdict(rich, months.report)


def _month_facts(months: MonthDone) -> tuple[tuple[str, str], ...]:
    site = _published(months) / "index.html"
    return (
        ("two months", f"{audits_text(months.audits)} in the history, every link checked"),
        ("verify them", f"polyproof verify {_published(months)}"),
        ("their site", str(site)),
        ("in a browser", site.absolute().as_uri()),
    )


def _published(months: MonthDone) -> Path:
    """Without the way through the folder of the month's spec."""
    return Path(os.path.normpath(months.published))
