"""Commands that tell: plugins, schema, explain, sample, version."""

from __future__ import annotations

import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.audit_commands import facts, points
from polyproof.cli.console import Console, size_text, table, time_text
from polyproof.cli.options import Json, Quiet, load_spec_argument, usable_registry
from polyproof.cli.security_view import security_payload, show_security
from polyproof.errors import InputError, UsageError
from polyproof.version import INTERFACE_VERSION, __version__

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.backend import BackendProperties, SecurityReport
    from polyproof.registry import Registry

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("explain")(explain_command)
    app.command("plugins")(plugins_command)
    app.command("schema")(schema_command)
    app.command("sample")(sample_command)
    app.command("version")(version_command)


def plugins_command(json: Json = False, quiet: Quiet = False) -> None:
    """List what is installed: kind, name, version, origin; conflicts and skipped plugins too."""
    from polyproof.registry import default_registry

    console = Console(json=json, quiet=quiet)
    registry = default_registry()
    console.result(plugins_payload(registry), lambda rich: _show_plugins(rich, registry))


def plugins_payload(registry: Registry) -> dict[str, Any]:
    """``plugins`` for machines."""
    return {
        "ok": True,
        "components": [
            {
                "kind": item.component.kind,
                "name": item.component.name,
                "version": item.version,
                "plugin": item.plugin,
                "origin": item.origin,
                "summary": item.component.summary,
            }
            for item in registry.components()
        ],
        "conflicts": [
            {
                "kind": claims[0].component.kind,
                "name": claims[0].component.name,
                "claimed_by": [f"{claim.plugin} of {claim.origin}" for claim in claims],
            }
            for claims in registry.conflicts()
        ],
        "skipped": [{"plugin": item.plugin, "origin": item.origin, "reason": item.reason} for item in registry.skipped],
    }


def _show_plugins(rich: RichConsole, registry: Registry) -> None:
    from rich.text import Text

    made = table("Kind", "Name", "What it is; version and origin")
    for column in made.columns[:2]:
        column.no_wrap = True
    kind = ""
    for item in registry.components():
        component = item.component
        what = Text.assemble(component.summary, "\n", (f"{item.version}, {item.origin}", "dim"))
        made.add_row(component.kind if component.kind != kind else "", component.name, what)
        kind = component.kind
    rich.print(made)
    for claims in registry.conflicts():
        component = claims[0].component
        names = " and ".join(f"{claim.plugin} of {claim.origin}" for claim in claims)
        rich.print(f"conflict: {component.kind} {component.name!r} is claimed by {names}; neither is used", style="red")
    for skipped in registry.skipped:
        rich.print(f"skipped: {skipped.plugin!r} of {skipped.origin}: {skipped.reason}", style="yellow")


def schema_command(
    reserves: Annotated[bool, typer.Option("--reserves", help="That of a published reserves.json instead.")] = False,
    report: Annotated[bool, typer.Option("--report", help="That of a report.json instead.")] = False,
    history: Annotated[bool, typer.Option("--history", help="That of a history.json instead.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Print the JSON Schema of specs, for editors."""
    from polyproof.publication.history import history_schema_text
    from polyproof.publication.report.document import report_schema_text
    from polyproof.reserves.published import reserves_schema_text
    from polyproof.settings.schema import schema_text

    console = Console(json=json, quiet=quiet)
    if reserves + report + history > 1:
        raise UsageError("one schema at a time: --reserves, --report or --history")
    documents = ((reserves, reserves_schema_text), (report, report_schema_text), (history, history_schema_text))
    text = next((made() for wanted, made in documents if wanted), None) or schema_text(usable_registry(console))
    if json or not quiet:
        sys.stdout.write(text)


def explain_command(
    subject: Annotated[str, typer.Argument(metavar="SPEC|DIR", help="A spec, or the directory of an audit.")],
    accounts: Annotated[
        int | None,
        typer.Option(
            "--accounts", "-n", metavar="N", min=1, help="Accounts in a segment.  [default: as many as it can hold]"
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say what a proof proves, hides and leaks, what must still be trusted, and how secure it is.

    Nothing is verified.
    """
    from polyproof.liabilities import open_audit
    from polyproof.settings.policy import Policy
    from polyproof.settings.spec import create_backend

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    if Path(subject).is_dir():
        audit = open_audit(Path(subject), policy=Policy(min_proven_bits=0.0), registry=registry)
        spec, backend = audit.spec, audit.backend
    else:
        spec = load_spec_argument(subject, registry)
        backend = create_backend(spec, registry)
    security = backend.security(spec.assets, accounts)
    payload = {
        "ok": True,
        "verified": False,
        "backend": backend.name,
        "options": spec.backend.plain(),
        "properties": properties_payload(backend.properties),
        "security": security_payload(security),
    }

    def show(rich: RichConsole) -> None:
        _show_explanation(rich, payload, backend.properties, security)
        if Path(subject).is_dir():
            rich.print(f"\nNothing has been verified: polyproof verify {subject}", style="bold", soft_wrap=True)

    console.result(payload, show)


def properties_payload(properties: BackendProperties) -> dict[str, Any]:
    """A backend's properties for machines."""
    from attrs import asdict

    return {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(properties).items()}


def _show_explanation(
    rich: RichConsole, payload: dict[str, Any], properties: BackendProperties, security: SecurityReport
) -> None:
    options = ", ".join(
        f"{key} {value}" for key, value in payload["options"].items() if key != "name" and value is not None
    )
    rich.print(f"backend {payload['backend']}" + (f" ({options})" if options else ""), style="bold")

    def yes(value: bool) -> str:
        return "yes" if value else "no"

    facts(
        rich,
        ("zero knowledge", yes(properties.zero_knowledge)),
        ("no trusted setup", yes(properties.transparent)),
        ("post-quantum", yes(properties.post_quantum)),
        ("totals of each asset", yes(properties.per_asset_totals)),
    )
    rich.print(f"non-negativity: {properties.non_negativity}")
    for title, sentences in (
        ("It proves", properties.proves),
        ("It hides", properties.hides),
        ("It shows to others", properties.leaks),
        ("What a dishonest exchange could still do", properties.remaining_trust),
    ):
        rich.print(f"\n{title}", style="bold")
        points(rich, sentences)
    rich.print()
    show_security(rich, security)


def sample_command(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="File to write.")],
    accounts: Annotated[int, typer.Option("--accounts", "-n", min=1, help="How many accounts.")] = 100_000,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="The same seed gives the same file.")] = 1,
    spec: Annotated[str, typer.Option("--spec", metavar="SPEC", help="Spec whose assets to use.")] = "okx-22",
    format: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="csv or parquet. Default: by FILE's suffix.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a realistic snapshot of invented accounts."""
    import time

    from polyproof.cli.sample import write_sample

    console = Console(json=json, quiet=quiet)
    loaded = load_spec_argument(spec, usable_registry(console))
    if out.exists():
        raise InputError(f"{out} exists and is not overwritten")
    start = time.perf_counter()
    with console.progress() as progress:
        write_sample(out, loaded.assets, accounts, seed, format, progress)
    seconds, size = time.perf_counter() - start, out.stat().st_size
    console.result(
        {"ok": True, "file": str(out), "accounts": accounts, "seed": seed, "bytes": size, "seconds": seconds},
        lambda rich: rich.print(
            f"{out}  ({accounts:,} accounts, {size_text(size)}, {time_text(seconds)})", soft_wrap=True
        ),
    )


def version_command(json: Json = False, quiet: Quiet = False) -> None:
    """Print the versions of polyproof, of its interfaces and formats, and of Python."""
    from polyproof.model.manifest import VERSION

    versions = {
        "ok": True,
        "polyproof": __version__,
        "interface": INTERFACE_VERSION,
        "manifest": VERSION,
        "python": platform.python_version(),
        "platform": sys.platform,
    }
    Console(json=json, quiet=quiet).result(
        versions,
        lambda rich: rich.print(
            f"polyproof {versions['polyproof']}, plugin interface {versions['interface']}, "
            f"manifest format {versions['manifest']}, Python {versions['python']} on {versions['platform']}"
        ),
    )
