"""``polyproof check``: check that a snapshot is sound before spending hours on a proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyproof.cli.console import Console
from polyproof.cli.options import (
    AllowWeak,
    Json,
    PolicyOption,
    Quiet,
    SecretsOption,
    SpecArgument,
    load_provers_policy,
    load_spec_argument,
    usable_registry,
)
from polyproof.cli.security_view import FIGURES, figures_line, figures_payload
from polyproof.cli.shapes import record
from polyproof.cli.snapshot_view import SNAPSHOT, show_snapshot, snapshot_payload
from polyproof.cli.views import segments_text
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities import SnapshotChecked

__all__ = ["RESULT", "check_payload", "command", "ready_sentence", "show_checked"]

RESULT = record(**SNAPSHOT, **FIGURES)


def command(
    spec: SpecArgument,
    secrets: SecretsOption = None,
    policy: PolicyOption = None,
    allow_weak: AllowWeak = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check a spec and its snapshot before proving: every problem with file and row."""
    from polyproof import liabilities

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    loaded = load_spec_argument(spec, registry, secrets)
    accepted = load_provers_policy(policy, registry, allow_weak=allow_weak)
    with console.progress() as progress:
        checked = liabilities.check(loaded, policy=accepted, registry=registry, progress=progress)
    console.warn(checked.warnings)
    console.result(check_payload(checked), lambda rich: show_checked(rich, checked))


def check_payload(checked: SnapshotChecked) -> dict[str, Any]:
    """``check`` for machines."""
    return {**snapshot_payload(checked), **figures_payload(checked.security)}


def show_checked(rich: RichConsole, checked: SnapshotChecked) -> None:
    """``check`` for people."""
    show_snapshot(rich, checked)
    rich.print(f"{ready_sentence(checked)}.")


def ready_sentence(checked: SnapshotChecked) -> str:
    """The finding in a few words."""
    return (
        f"{counted(checked.accounts, 'account')} in {segments_text(len(checked.segments))}, ready to prove by "
        f"{checked.spec.backend.name}: {figures_line(checked.security)}"
    )
