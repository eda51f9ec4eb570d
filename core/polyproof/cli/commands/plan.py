"""``polyproof plan``: prepare an audit whose segments are proved by many processes or machines."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import (
    AllowWeak,
    AuditId,
    Json,
    PolicyOption,
    PreviousOption,
    Quiet,
    SecretsOption,
    SpecArgument,
    load_previous,
    load_provers_policy,
    load_spec_argument,
    usable_registry,
)
from polyproof.cli.security_view import FIGURES, figures_line, figures_payload
from polyproof.cli.shapes import FLAG, SECONDS, TEXT, record, seconds
from polyproof.cli.snapshot_view import SNAPSHOT, show_snapshot, snapshot_payload
from polyproof.cli.views import facts, segments_text

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities import Planned

__all__ = ["RESULT", "command", "plan_payload"]

RESULT = record(directory=TEXT, audit_id=TEXT, kept=FLAG, **SNAPSHOT, seconds=SECONDS, **FIGURES)


def command(
    spec: SpecArgument,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="New work directory, which all machines see.")
    ],
    audit_id: AuditId = None,
    previous: PreviousOption = None,
    secrets: SecretsOption = None,
    policy: PolicyOption = None,
    allow_weak: AllowWeak = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Prepare a work directory: `prove-segment` proves each of its segments, anywhere."""
    from polyproof import liabilities

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    loaded = load_spec_argument(spec, registry, secrets)
    before = load_previous(previous, loaded, console, registry)
    with console.progress() as progress:
        planned = liabilities.plan(
            loaded,
            out,
            audit_id=audit_id,
            previous=before,
            policy=load_provers_policy(policy, registry, allow_weak=allow_weak),
            registry=registry,
            progress=progress,
        )
    if allow_weak:
        console.warn(["planned with --allow-weak: whether verifiers accept it was not considered"])
    console.warn(planned.warnings)
    console.result(plan_payload(planned), lambda rich: _show(rich, planned, out))


def plan_payload(planned: Planned) -> dict[str, Any]:
    """``plan`` for machines."""
    return {
        "directory": str(planned.directory),
        "audit_id": planned.audit_id,
        "kept": planned.kept,
        **snapshot_payload(planned),
        "seconds": seconds(planned.seconds),
        **figures_payload(planned.security),
    }


def _show(rich: RichConsole, planned: Planned, directory: Path) -> None:
    """``plan`` for people."""
    show_snapshot(rich, planned)
    if planned.kept:
        rich.print("The same work had been planned there already: the plan is as it was.")
    count = len(planned.segments)
    indices = f"0 to {count - 1}" if count > 1 else "0"
    facts(
        rich,
        ("audit", planned.audit_id),
        ("accounts", f"{planned.accounts:,} in {segments_text(count)}"),
        ("security", f"{planned.spec.backend.name}: {figures_line(planned.security)}"),
        ("keep private", f"{directory}: every id and balance is in it"),
        ("prove each", f"polyproof prove-segment {directory} --index K, for K = {indices}"),
        ("then", f"polyproof assemble {directory}"),
    )
