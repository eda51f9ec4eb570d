"""``polyproof prove``: from a snapshot to an audit on disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyproof.cli.console import Console, amounts, size_text, time_text
from polyproof.cli.net_equity_view import NET_EQUITY, proved_payload, show_proved_totals
from polyproof.cli.options import (
    AllowWeak,
    AuditId,
    ExecutorOption,
    Json,
    NewAudit,
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
from polyproof.cli.shapes import (
    AMOUNTS,
    BYTES,
    COUNT,
    DIGEST,
    PHASES,
    SECONDS,
    TEXT,
    Shape,
    listed,
    nullable,
    record,
    seconds,
)
from polyproof.cli.views import (
    DIGEST_CHANGES,
    PUBLISH_DIGEST,
    ROUNDED,
    facts,
    rounded_payload,
    segments_text,
    show_rounded,
)

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities import AuditProved
    from polyproof.settings.spec import PublicSpec

__all__ = ["PROVED", "RESULT", "command", "prove_payload", "show_proved"]

PROVED: dict[str, Shape] = {
    "directory": TEXT,
    "audit_id": TEXT,
    "snapshot": TEXT,
    "publication_digest": DIGEST,
    "manifest_digest": DIGEST,
    "previous": nullable(DIGEST),
    "accounts": COUNT,
    "segments": listed(COUNT),
    "totals": AMOUNTS,
    "net_equity": NET_EQUITY,
    "public_bytes": BYTES,
    "private_bytes": BYTES,
    "seconds": SECONDS,
    "phases": PHASES,
}
RESULT = record(**PROVED, resumed_segments=COUNT, rounded=ROUNDED)


def command(
    spec: SpecArgument,
    out: NewAudit = None,
    audit_id: AuditId = None,
    previous: PreviousOption = None,
    secrets: SecretsOption = None,
    executor: ExecutorOption = None,
    policy: PolicyOption = None,
    allow_weak: AllowWeak = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Prove what a spec's accounts add up to. Writes the files to publish and the files to keep private."""
    from polyproof import liabilities

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    loaded = load_spec_argument(spec, registry, secrets, executor)
    directory = out or loaded.new_directory()
    before = load_previous(previous, loaded, console, registry)
    with console.progress() as progress:
        proved = liabilities.prove(
            loaded,
            directory,
            audit_id=audit_id,
            previous=before,
            policy=load_provers_policy(policy, registry, allow_weak=allow_weak),
            registry=registry,
            progress=progress,
        )
    if allow_weak:
        console.warn(["proved with --allow-weak: whether verifiers accept it was not considered"])
    console.warn(proved.warnings)
    ending = PUBLISH_DIGEST if loaded.reserves is None else DIGEST_CHANGES
    console.result(prove_payload(proved, loaded), lambda rich: show_proved(rich, loaded, proved, directory, ending))


def prove_payload(proved: AuditProved, spec: PublicSpec) -> dict[str, Any]:
    """``prove`` for machines."""
    manifest = proved.manifest
    return {
        "directory": str(proved.directory),
        "audit_id": manifest.audit_id,
        "snapshot": manifest.snapshot,
        "publication_digest": proved.record.digest.hex(),
        "manifest_digest": manifest.digest.hex(),
        "previous": manifest.previous.hex() if manifest.previous else None,
        "accounts": proved.accounts,
        "segments": list(proved.segments),
        "resumed_segments": proved.resumed,
        "totals": amounts(spec.assets, manifest.totals),
        "net_equity": proved_payload(spec, manifest),
        "rounded": rounded_payload(proved.rounded),
        "public_bytes": proved.public_bytes,
        "private_bytes": proved.private_bytes,
        "seconds": seconds(sum(proved.seconds.values())),
        "phases": {phase: seconds(passed) for phase, passed in proved.seconds.items()},
    }


def show_proved(rich: RichConsole, spec: PublicSpec, proved: AuditProved, directory: Path, ending: str) -> None:
    """``prove`` and ``assemble`` for people; ``ending``: what to do with the publication digest."""
    show_proved_totals(rich, spec, proved.manifest)
    show_rounded(rich, proved.rounded)
    resumed = f", {proved.resumed} of them from the previous run" if proved.resumed else ""
    times = ", ".join(f"{phase} {time_text(passed)}" for phase, passed in proved.seconds.items())
    facts(
        rich,
        ("audit", proved.manifest.audit_id),
        ("balances as of", proved.manifest.snapshot),
        ("accounts", f"{proved.accounts:,} in {segments_text(len(proved.segments))}{resumed}"),
        ("time", times),
        ("publish", f"{directory / 'public'}  ({size_text(proved.public_bytes)})"),
        ("keep private", f"{directory / 'private'}  ({size_text(proved.private_bytes)})"),
        ("publication digest", proved.record.digest.hex()),
    )
    rich.print(ending)
