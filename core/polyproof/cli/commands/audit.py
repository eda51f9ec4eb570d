"""``polyproof audit``: the whole monthly audit in one run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyproof.cli.commands.report import report_payload, show_verdict
from polyproof.cli.console import Console
from polyproof.cli.options import (
    AuditId,
    Json,
    NewAudit,
    PolicyOption,
    Quiet,
    SecretsOption,
    SpecArgument,
    load_policy_option,
    load_reserves_policy_option,
    load_spec_argument,
    usable_registry,
)
from polyproof.cli.statuses import NOT_COVERED
from polyproof.cli.views import PUBLISH_DIGEST, audits_text, facts, rounded_payload, show_rounded
from polyproof.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

__all__ = ["command"]


def command(
    spec: SpecArgument,
    out: NewAudit = None,
    audit_id: AuditId = None,
    proved: Annotated[
        Path | None,
        typer.Option("--proved", metavar="DIR", help="Continue with an audit that is proved but not yet published."),
    ] = None,
    policy: PolicyOption = None,
    secrets: SecretsOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """The whole monthly audit: prove, evaluate reserves, verify, add to the history, write the report."""
    from polyproof.publication.month import run_month

    console = Console(json=json, quiet=quiet)
    if proved is not None and (out is not None or audit_id is not None):
        raise UsageError("--proved names an audit, which already has a directory and an id")
    registry = usable_registry(console)
    loaded = load_spec_argument(spec, registry, secrets)
    with console.progress() as progress:
        done = run_month(
            loaded,
            out=out,
            proved=proved,
            audit_id=audit_id,
            policy=load_policy_option(policy, registry),
            reserves_policy=load_reserves_policy_option(policy, registry),
            registry=registry,
            progress=progress,
        )
    if done.proved is not None:
        console.warn(done.proved.warnings)
    payload = {
        **report_payload(done.report, done.published),
        "directory": str(done.directory),
        "audits": len(done.history.audits),
        "seconds": done.seconds,
        "rounded": rounded_payload(done.proved.rounded) if done.proved is not None else None,
        "warnings": list(done.proved.warnings) if done.proved is not None else [],
    }

    def show(rich: RichConsole) -> None:
        facts(
            rich,
            ("audit", done.report.audit.audit_id),
            ("balances as of", done.report.audit.snapshot),
            ("in the history", f"{audits_text(len(done.history.audits))}, every link checked"),
            ("keep private", str(done.directory / "private")),
            ("publish", f"{done.published}  (all of it; start reading at index.html)"),
            ("publication digest", done.report.audit.publication_digest),
        )
        if done.proved is not None:
            show_rounded(rich, done.proved.rounded)
        show_verdict(rich, done.report)
        rich.print(PUBLISH_DIGEST)

    console.result(payload, show)
    if done.report.verdict == "not-covered":
        raise typer.Exit(NOT_COVERED)
