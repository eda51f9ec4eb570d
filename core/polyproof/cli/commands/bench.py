"""``polyproof bench``: how fast components and whole audits are on this machine, alone or beside something else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyproof.cli.bench import COLUMNS
from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet, usable_registry
from polyproof.cli.shapes import COUNT, NUMBER, TEXT, TEXTS, Shape, either, listed, nullable, record
from polyproof.errors import UsageError
from polyproof.extras import require_extras

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.cli.bench.comparison import Comparison
    from polyproof.cli.bench.pairs import Pair
    from polyproof.cli.bench.results import Machine, Results
    from polyproof.cli.bench.work import Work

__all__ = ["RESULT", "command"]

_ROUNDS = 4


def RESULT() -> Shape:
    """What was measured, or the rounds of two installations."""
    from polyproof.cli.bench.results import FORMAT, Machine, Results, Setting
    from polyproof.settings.schema import document_schema

    classes = {cls: document_schema(cls, cls.__name__) for cls in (Machine, Results, Setting)}
    definitions = {name: shape for schema in classes.values() for name, shape in schema.pop("$defs").items()}
    for schema in classes.values():
        schema.pop("$schema")
    setting = nullable(classes[Setting])
    named: dict[str, Shape] = {
        **dict.fromkeys(("kind", "name", "engine", "operation", "unit"), TEXT),
        "items": COUNT,
        "setting": setting,
    }
    ratio = nullable(NUMBER)
    comparison = record(
        differences=TEXTS,
        median_cpu_ratio=ratio,
        pairs=listed(record(**named, ratio=ratio, cpu_ratio=ratio, memory_ratio=ratio)),
        audits=listed(record(name=TEXT, setting=classes[Setting], proof_ratio=ratio, inclusion_ratio=ratio)),
        only_here=listed(record(**named)),
        only_there=listed(record(**named)),
    )
    results = classes[Results]
    measured = {
        **results,
        "properties": {"polyproof-bench": {"const": FORMAT}, **results["properties"], "comparison": comparison},
        "required": ["polyproof-bench", *results["required"]],
    }
    seconds = listed(NUMBER)
    pair = record(
        **named, here=seconds, there=seconds, cpu_here=seconds, cpu_there=seconds, ratio=NUMBER, cpu_ratio=ratio
    )
    in_turn = record(machine=classes[Machine], here=TEXT, there=TEXT, pairs=listed(pair), not_paired=TEXTS)
    return {**either(measured, in_turn), "$defs": definitions}


def command(
    kind: Annotated[
        list[str] | None,
        typer.Option(
            "--kind",
            metavar="KIND",
            help="field, hash, commitment or backend, or audit for whole audits; repeat for more. Default: all but "
            "audit, or audit alone with --accounts.",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="Only components with this name, of audits their backend; repeat for more. Default: all, and of "
            "audits stark.",
        ),
    ] = None,
    size: Annotated[
        int, typer.Option("--size", metavar="LOG2", min=4, max=24, help="Number of rows, as a power of two.")
    ] = 14,
    columns: Annotated[
        int, typer.Option("--columns", metavar="N", min=1, max=4096, help="Words in each row that is hashed.")
    ] = COLUMNS,
    accounts: Annotated[
        list[str] | None,
        typer.Option(
            "--accounts",
            metavar="N[,N…]",
            help="Measure whole audits of so many accounts: one number or several, also powers such as 2^16.",
        ),
    ] = None,
    assets: Annotated[
        list[str] | None,
        typer.Option("--assets", metavar="N[,N…]", help="Of audits: how many assets. Default: 22."),
    ] = None,
    threads: Annotated[
        list[str] | None,
        typer.Option("--threads", metavar="N[,N…]", help="Of audits: how many threads. Default: as elsewhere."),
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="KEY=VALUE",
            help="Of audits: an option of the backend, as in a spec. Repeat for more; the same key again is another "
            "audit.",
        ),
    ] = None,
    near: Annotated[
        str | None,
        typer.Option(
            "--near",
            metavar="KEY",
            help="Of audits: an option that the backend chooses by itself, such as limb_bits: with its choice, and "
            "with the numbers near it.",
        ),
    ] = None,
    runs: Annotated[
        int,
        typer.Option(
            "--runs", min=0, max=1000, help="Runs after the first; the median counts. 0: of audits, the first counts."
        ),
    ] = 5,
    results: Annotated[
        list[Path] | None,
        typer.Option(
            "--results", metavar="FILE", help="Measure nothing: show what --json printed before. Repeat to join files."
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            metavar="FILE.json|PYTHON",
            help="Compare with what --json printed before, a file whose name ends in .json; or measure in turn with "
            "the polyproof of another Python, say of another checkout's environment.",
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            "--rounds",
            min=1,
            max=1000,
            help=f"With --against PYTHON: how often each of the two is measured. Default: {_ROUNDS}.",
        ),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the tables in Markdown.")] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE.svg", help="Write curves of audits of several sizes.")
    ] = None,
    plotted: Annotated[
        str, typer.Option("--plotted", metavar="WHAT", help="With --plot: cpu, wall, memory or phases.")
    ] = "cpu",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure fields, hashes, commitments, backends and whole audits on this machine."""
    require_extras("prove", purpose="measuring what proves")
    from polyproof.cli.bench.comparison import compare
    from polyproof.cli.bench.curves import PLOTTED
    from polyproof.cli.bench.plot import plot as draw
    from polyproof.cli.bench.results import Results, joined, read_results
    from polyproof.cli.bench.work import Sizes, Work
    from polyproof.config.options import did_you_mean

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    if plotted not in PLOTTED:
        raise UsageError(f"--plotted {plotted!r}: {did_you_mean(plotted, PLOTTED)}")
    if plot is not None and not plot.parent.is_dir():
        raise UsageError(f"--plot: {plot.parent} is not a directory")
    in_turn = against is not None and not against.endswith(".json")
    if rounds is not None and not in_turn:
        raise UsageError("--rounds counts the rounds of --against PYTHON, which is not given")
    if in_turn and (results or plot or markdown):
        raise UsageError("--against PYTHON measures in turn: it goes without --results, --plot and --markdown")
    sizes = Sizes(tuple(accounts or ()), tuple(assets or ()), tuple(threads or ()), tuple(option or ()), near)
    work = Work.of(registry, kind or (), name or (), size, columns, runs, sizes)
    if against is not None and in_turn:
        _measure_in_turn(console, work, against, rounds or _ROUNDS)
        return
    earlier = read_results(Path(against), registry) if against is not None else None
    if results:
        found = joined([read_results(path, registry) for path in results])
    else:
        with console.progress() as progress:
            found = Results.of(work.measured(progress), work.arguments)
    compared = compare(found, earlier) if earlier is not None else None
    if plot is not None:
        written = draw(found, plotted)
        plot.write_text(written, encoding="utf-8")
    payload = found.payload() | ({"comparison": compared.payload()} if compared is not None else {})
    console.result(payload, lambda rich: _show(rich, found, compared, markdown))


def _show(rich: RichConsole, found: Results, compared: Comparison | None, in_markdown: bool) -> None:
    from polyproof.cli.bench import tables
    from polyproof.cli.bench.shapes import choices_text
    from polyproof.cli.plain_table import draw, markdown

    for one in tables.result_tables(found) if compared is None else tables.comparison_tables(compared):
        if in_markdown:
            rich.print(markdown(one), soft_wrap=True)
        else:
            draw(rich, one)
    end = "\n" if in_markdown else ""  # a paragraph of its own
    for sentence in choices_text(found):
        rich.print(sentence + end, soft_wrap=in_markdown)
    if compared is None:
        rich.print(f"First: the first run, which may compile. Median, CPU: of the runs after it, if any.{end}")
        rich.print(f"Measured {found.measured} on {tables.machine_text(found.machine)}", soft_wrap=True)
    else:
        _show_comparison(rich, compared)
    for missing in found.not_measured:
        rich.print(f"not measured: {tables.missed_text(missing)}", style="yellow")


def _show_comparison(rich: RichConsole, compared: Comparison) -> None:
    from polyproof.cli.bench.tables import machine_text, operation_text

    ratio = compared.median_ratio
    median = f" The median of the ratios of CPU seconds is {ratio:.2f}." if ratio is not None else ""
    rich.print(f"Ratios are here / there: below 1, here is faster, or takes less.{median}")
    rich.print(f"here:  {compared.here.measured}, {machine_text(compared.here.machine)}", soft_wrap=True)
    rich.print(f"there: {compared.there.measured}, {machine_text(compared.there.machine)}", soft_wrap=True)
    for difference in compared.differences:
        rich.print(f"differs: {difference}", style="yellow", soft_wrap=True)
    for where, items in (("here", compared.only_here), ("there", compared.only_there)):
        for item in items:
            rich.print(f"measured {where} only: {operation_text(item)}", style="yellow", soft_wrap=True)


def _measure_in_turn(console: Console, work: Work, other: str, rounds: int) -> None:
    from polyproof.cli.bench import pairs
    from polyproof.cli.bench.results import machine
    from polyproof.config.options import plain

    here, there = pairs.installed_at(sys.executable), pairs.installed_at(other)
    with console.progress() as progress:
        paired, unpaired = pairs.measure_pairs(other, work.arguments, rounds, progress)
    described = machine()
    payload = {
        "machine": plain(described),
        "here": here,
        "there": there,
        "pairs": [pair.payload() for pair in paired],
        "not_paired": unpaired,
    }
    console.result(payload, lambda rich: _show_pairs(rich, paired, unpaired, here, there, described))


def _show_pairs(
    rich: RichConsole, pairs: list[Pair], unpaired: list[str], here: str, there: str, machine: Machine
) -> None:
    from polyproof.cli.bench.tables import machine_text, pairs_table
    from polyproof.cli.plain_table import draw

    draw(rich, pairs_table(pairs))
    rich.print("Ratios are here / there of each round: below 1, this installation is faster. CPU: that of CPU seconds.")
    rich.print(f"here:  {here}\nthere: {there}", soft_wrap=True)
    rich.print(machine_text(machine), soft_wrap=True)
    for operation in unpaired:
        rich.print(f"measured in one of the two only: {operation}", style="yellow")
