"""``polyproof bench``: how fast components are on this machine, alone or against another installation."""

from __future__ import annotations

import statistics
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyproof.cli.console import Console, table, time_text
from polyproof.cli.options import Json, Quiet, usable_registry
from polyproof.errors import UsageError
from polyproof.extras import require_extras

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.cli.bench import Measurement, NotMeasured
    from polyproof.cli.bench_pairs import Pair

__all__ = ["command"]

_COLUMNS = 24
_ROUNDS = 4


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
    columns: Annotated[
        int, typer.Option("--columns", metavar="N", min=1, max=4096, help="Words in each row that is hashed.")
    ] = _COLUMNS,
    runs: Annotated[int, typer.Option("--runs", min=1, max=1000, help="Runs after the first; the median counts.")] = 5,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="PYTHON",
            help="Measure in turn with the polyproof of another Python, say of another checkout's environment.",
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            "--rounds",
            min=1,
            max=1000,
            help=f"With --against: how often each of the two is measured. Default: {_ROUNDS}.",
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure fields, hashes, commitments and backends on this machine."""
    require_extras("prove", purpose="measuring what proves")
    from polyproof.cli import bench, bench_pairs
    from polyproof.config.options import did_you_mean

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    kinds, names = tuple(kind or bench.MEASURED_KINDS), tuple(name or ())
    for one in kinds:
        if one not in bench.MEASURED_KINDS:
            raise UsageError(f"--kind {one!r}: {did_you_mean(one, bench.MEASURED_KINDS)}")
    known = [known for one in kinds for known in registry.names(one)]
    for one in names:
        if one not in known:
            raise UsageError(f"--name {one!r}: {did_you_mean(one, known)}")
    if rounds is not None and against is None:
        raise UsageError("--rounds counts the rounds of --against, which is not given")
    described = bench.machine()
    if against is not None:
        arguments = [*(f"--kind={kind}" for kind in kinds), *(f"--name={name}" for name in names)]
        arguments += [f"--size={size}", f"--runs={runs}"]
        arguments += [f"--columns={columns}"] if columns != _COLUMNS else []  # older versions lack the option
        here, there = bench_pairs.installed_at(sys.executable), bench_pairs.installed_at(against)
        with console.progress() as progress:
            pairs, unpaired = bench_pairs.measure_pairs(against, arguments, rounds or _ROUNDS, progress)
        payload = {
            "ok": True,
            "machine": described,
            "here": here,
            "there": there,
            "rows": 1 << size,
            "pairs": [pair.payload() for pair in pairs],
            "not_paired": unpaired,
        }
        console.result(payload, lambda rich: _show_pairs(rich, pairs, unpaired, here, there, described))
        return
    with console.progress() as progress:
        found = list(bench.measure(registry, kinds, names, bench.Load(1 << size, columns, runs), progress))
    measured = [item for item in found if isinstance(item, bench.Measurement)]
    missed = [item for item in found if isinstance(item, bench.NotMeasured)]
    payload = {
        "ok": True,
        "machine": described,
        "rows": 1 << size,
        "measurements": [item.payload() for item in measured],
        "not_measured": [item.payload() for item in missed],
    }
    console.result(payload, lambda rich: _show(rich, measured, missed, described))


def _show(rich: RichConsole, measured: list[Measurement], missed: list[NotMeasured], machine: dict[str, Any]) -> None:
    made = table("Component", "Engine", "Operation", "First", "Median", "CPU", "Per item", numbers=(3, 4, 5, 6))
    for item in measured:
        made.add_row(
            f"{item.kind} {item.name}",
            item.engine,
            f"{item.operation}, {_count(item)}",
            time_text(item.first),
            time_text(item.median),
            time_text(item.cpu),
            time_text(item.median / item.items),
        )
    rich.print(made)
    rich.print(f"Median of {measured[0].runs if measured else 0} runs after the first; the first may compile.")
    _show_machine(rich, machine)
    for missing in missed:
        rich.print(f"not measured: {missing.kind} {missing.name}: {missing.reason}", style="yellow")


def _show_pairs(
    rich: RichConsole, pairs: list[Pair], unpaired: list[str], here: str, there: str, machine: dict[str, Any]
) -> None:
    made = table("Component", "Engine", "Operation", "Here", "There", "Ratio", "Range", "CPU", numbers=(3, 4, 5, 6, 7))
    for pair in pairs:
        made.add_row(
            f"{pair.kind} {pair.name}",
            pair.engine,
            f"{pair.operation}, {_count(pair)}",
            time_text(statistics.median(pair.here)),
            time_text(statistics.median(pair.there)),
            f"{statistics.median(pair.ratios):.2f}",
            f"{min(pair.ratios):.2f}–{max(pair.ratios):.2f}",
            f"{statistics.median(pair.cpu_ratios):.2f}" if pair.cpu_ratios else "–",
        )
    rich.print(made)
    rich.print("Ratios are here / there of each round: below 1, this installation is faster. CPU: that of CPU seconds.")
    rich.print(f"here:  {here}\nthere: {there}", soft_wrap=True)
    _show_machine(rich, machine)
    for operation in unpaired:
        rich.print(f"measured in one of the two only: {operation}", style="yellow")


def _count(item: Measurement | Pair) -> str:
    return f"{item.items:,} {item.unit}{'s' if item.items > 1 else ''}"


def _show_machine(rich: RichConsole, machine: dict[str, Any]) -> None:
    rich.print(
        "{processor}, {threads} threads, {system}, polyproof {polyproof}, Python {python}, numpy {numpy}, "
        "numba {numba}".format(**machine)
    )
