"""``polyproof audit``: the whole monthly audit in one run."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyproof.cli.anchors_view import ANCHORED, anchored_payload, show_evidence
from polyproof.cli.commands.report import REPORTED, refuse_uncovered, report_payload, show_verdict
from polyproof.cli.console import Console, plain_console
from polyproof.cli.options import (
    AuditId,
    ExecutorOption,
    Json,
    NewAudit,
    PolicyOption,
    Quiet,
    SecretsOption,
    SpecArgument,
    load_policies_option,
    load_spec_argument,
    usable_registry,
)
from polyproof.cli.shapes import COUNT, FLAG, SECONDS, TEXT, TEXTS, nullable, record, seconds
from polyproof.cli.views import PUBLISH_DIGEST, ROUNDED, audits_text, facts, points, rounded_payload, show_rounded
from polyproof.errors import Problem, UsageError

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.publication.month import MonthDone

__all__ = ["RESULT", "command"]

RESULT = record(
    **REPORTED,
    site=nullable(TEXT),
    index=nullable(TEXT),
    directory=nullable(TEXT),
    audits=COUNT,
    dry_run=FLAG,
    worse=TEXTS,
    **ANCHORED,
    rounded=nullable(ROUNDED),
    seconds=SECONDS,
)


def command(
    spec: SpecArgument,
    out: NewAudit = None,
    audit_id: AuditId = None,
    proved: Annotated[
        Path | None,
        typer.Option("--proved", metavar="DIR", help="Continue with an audit that is proved but not yet published."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the whole result, in a temporary folder; publish and keep nothing.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Publish a result that falls short: newly not covered, or worse than the last."),
    ] = False,
    corrects: Annotated[
        str | None, typer.Option("--corrects", metavar="AUDIT_ID", help="The published audit that this one corrects.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="What was wrong with it; published.")
    ] = None,
    new_chain: Annotated[
        bool, typer.Option("--new-chain", help="Begin another chain, although audits were published before.")
    ] = False,
    no_anchors: Annotated[
        bool, typer.Option("--no-anchors", help="Do not ask the spec's anchors to note the audit.")
    ] = False,
    policy: PolicyOption = None,
    secrets: SecretsOption = None,
    executor: ExecutorOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The whole monthly audit: prove, evaluate reserves, verify, add to the history, anchor it, write the report."""
    from polyproof.publication.month import run_month

    console = Console(json=json, quiet=quiet)
    if proved is not None and (out is not None or audit_id is not None):
        raise UsageError("--proved names an audit, which already has a directory and an id")
    if (corrects is None) != (reason is None):
        raise UsageError("--corrects AUDIT_ID and --reason TEXT belong together")
    registry = usable_registry(console)
    loaded = load_spec_argument(spec, registry, secrets, executor)

    accepted, counted = load_policies_option(policy, registry)

    def confirm(worse: tuple[str, ...]) -> bool:
        return yes or _ask(worse)

    with console.progress() as progress:
        done = run_month(
            loaded,
            out=out,
            proved=proved,
            audit_id=audit_id,
            corrects=None if corrects is None or reason is None else (corrects, reason),
            new_chain=new_chain,
            dry_run=dry_run,
            anchor=not no_anchors,
            confirm=confirm,
            policy=accepted,
            reserves_policy=counted,
            registry=registry,
            progress=progress,
        )
    if done.proved is not None:
        console.warn(done.proved.warnings)
    if done.verified.reserves is not None:
        console.warn(done.verified.reserves.unpinned)
    words = ["polyproof", "anchor", str(done.published), "--spec", str(spec)]
    again = shlex.join([*words, "--secrets", str(secrets)] if secrets is not None else words)
    console.warn(
        f"{one.anchor} has not noted the audit, which is whole all the same; {again} asks again: "
        f"{'; '.join(str(one.failed).splitlines())}"
        for one in done.anchored
        if one.failed is not None
    )
    payload = {
        **report_payload(done.report, done.published),
        **({"site": None, "index": None} if dry_run else {}),
        "directory": None if dry_run else str(done.directory),
        "audits": done.audits,
        "dry_run": dry_run,
        "worse": list(done.worse),
        **anchored_payload(done.anchored),
        "seconds": seconds(done.seconds),
        "rounded": rounded_payload(done.proved.rounded) if done.proved is not None else None,
    }
    console.result(payload, lambda rich: _show(rich, done, dry_run=dry_run))
    if done.report.verdict == "not-covered":
        refuse_uncovered(console, done.report)


def _ask(worse: tuple[str, ...]) -> bool:
    """Ask on a terminal; anywhere else that would hang or read the wrong input."""
    listed = "".join(f"\n  {sentence}" for sentence in worse)
    if not sys.stdin.isatty():
        raise UsageError(
            Problem(
                f"this result falls short, and nothing was published:{listed}",
                hint="what is published stays published: correct what is wrong, or publish it as it is with --yes",
            )
        )
    plain_console(sys.stderr).print(f"This result falls short:{listed}\nWhat is published stays published.")
    return typer.confirm("Publish it?", err=True)


def _show(rich: RichConsole, done: MonthDone, *, dry_run: bool) -> None:
    if dry_run:
        facts(rich, ("audit", done.report.audit.audit_id), ("balances as of", done.report.audit.snapshot))
        if done.proved is not None:
            show_rounded(rich, done.proved.rounded)
        show_verdict(rich, done.report)
        if done.worse:
            rich.print("It falls short; publishing it asks, or takes --yes:")
            points(rich, done.worse)
        rich.print("DRY RUN: nothing was kept or published.", style="bold yellow")
        return
    facts(
        rich,
        ("audit", done.report.audit.audit_id),
        ("balances as of", done.report.audit.snapshot),
        ("in the history", audits_text(done.audits) + (", every link checked" if done.audits > 1 else "")),
        ("keep private", str(done.directory / "private")),
        ("publish", f"{done.published}  (all of it; start reading at index.html)"),
        ("publication digest", done.report.audit.publication_digest),
    )
    if done.proved is not None:
        show_rounded(rich, done.proved.rounded)
    show_evidence(rich, [one.evidence for one in done.anchored if one.evidence is not None])
    show_verdict(rich, done.report)
    rich.print(PUBLISH_DIGEST)
