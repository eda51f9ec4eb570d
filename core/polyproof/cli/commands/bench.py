"""``polyproof bench``: how fast components run on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.console import Console, table, time_text
from polyproof.cli.options import Json, Quiet, usable_registry
from polyproof.errors import UsageError
from polyproof.extras import require_extras

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.cli.bench import Measurement, NotMeasured

__all__ = ["command"]


def command(
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind", metavar="KIND", help="field, hash, commitment or backend; repeat for more. Default: all."
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NAME", help="Only components with this name; repeat for more. Default: all."),
    ] = None,
    size: Annotated[
        int, typer.Option("--size", metavar="LOG2", min=4, max=24, help="Number of rows, as a power of two.")
    ] = 14,
    runs: Annotated[int, typer.Option("--runs", min=1, max=1000, help="Runs after the first; the median counts.")] = 5,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure fields, hashes, commitments and backends on this machine."""
    require_extras("prove", purpose="measuring components")
    from polyproof.cli import bench
    from polyproof.config.options import did_you_mean

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    kinds, names = tuple(kind or bench.MEASURED_KINDS), tuple(name or ())
    for wanted in kinds:
        if wanted not in bench.MEASURED_KINDS:
            raise UsageError(f"--kind {wanted!r}: {did_you_mean(wanted, bench.MEASURED_KINDS)}")
    known = [known for wanted in kinds for known in registry.names(wanted)]
    for wanted in names:
        if wanted not in known:
            raise UsageError(f"--name {wanted!r}: {did_you_mean(wanted, known)}")
    with console.progress() as progress:
        found = list(bench.measure(registry, kinds, names, 1 << size, runs, progress))
    measured = [item for item in found if isinstance(item, bench.Measurement)]
    missed = [item for item in found if isinstance(item, bench.NotMeasured)]
    described = bench.machine()
    payload = {
        "ok": True,
        "machine": described,
        "rows": 1 << size,
        "measurements": [item.payload() for item in measured],
        "not_measured": [item.payload() for item in missed],
    }
    console.result(payload, lambda rich: _show(rich, measured, missed, described))


def _show(rich: RichConsole, measured: list[Measurement], missed: list[NotMeasured], machine: dict[str, Any]) -> None:
    made = table("Component", "Engine", "Operation", "First", "Median", "Per item", numbers=(3, 4, 5))
    for item in measured:
        made.add_row(
            f"{item.kind} {item.name}",
            item.engine,
            f"{item.operation}, {item.items:,} {item.unit}{'s' if item.items > 1 else ''}",
            time_text(item.first),
            time_text(item.median),
            time_text(item.median / item.items),
        )
    rich.print(made)
    rich.print(f"Median of {measured[0].runs if measured else 0} runs after the first; the first may compile.")
    rich.print(
        "{processor}, {threads} threads, {system}, polyproof {polyproof}, Python {python}, numpy {numpy}".format(
            **machine
        )
    )
    for missing in missed:
        rich.print(f"not measured: {missing.kind} {missing.name}: {missing.reason}", style="yellow")
