"""``polyproof compare``: specs, backends and options side by side, by what they take, prove, hide and assume."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet, SecretsOption, load_spec_argument, usable_registry
from polyproof.cli.shapes import TEXT, Shape, record
from polyproof.extras import require_extras
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.cli.compare.rows import Row
    from polyproof.cli.compare.work import Comparison

__all__ = ["RESULT", "command", "show_comparison"]

RUNS = 3
_IN_A_PIPE = 80
"""How wide tables are where nobody knows how wide the reader's terminal is."""


def RESULT() -> Shape:
    """The rows of the table, and the files that were made of it."""
    from polyproof.cli.compare.folder import FORMAT, HEADER
    from polyproof.cli.compare.work import Comparison
    from polyproof.settings.schema import document_schema

    shape = document_schema(Comparison, "Comparison")
    shape.pop("$schema")
    files = record(page=TEXT, csv=TEXT, markdown=TEXT)
    return {
        **shape,
        "properties": {HEADER: {"const": FORMAT}, **shape["properties"], "files": files},
        "required": [HEADER, *shape["properties"]],
    }


def command(
    specs: Annotated[
        list[str], typer.Argument(metavar="SPEC", help="Specs (YAML), or names of those that come with polyproof.")
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary",
            metavar="PATH=VALUE[,VALUE…]",
            help="A key of the spec, and its values one after the other: backend=stark,merkle-sum or "
            "backend.hash=poseidon,blake3. Repeat for more; every combination is measured. Default: the spec's own "
            "backend, and those under its key compare.",
        ),
    ] = None,
    accounts: Annotated[
        list[str] | None,
        typer.Option(
            "--accounts",
            "-n",
            metavar="N[,N…]",
            help="Invent so many accounts: one number or several, also powers such as 2^16. Default: the spec's own "
            "accounts.",
        ),
    ] = None,
    runs: Annotated[
        int,
        typer.Option("--runs", min=0, max=1000, help="Runs after the first, which may compile. 0: the first counts."),
    ] = RUNS,
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="Folder for the page, the tables and what was measured, which the next run goes on with.",
        ),
    ] = Path("comparison"),
    again: Annotated[bool, typer.Option("--again", help="Measure everything anew, whatever the folder has.")] = False,
    secrets: SecretsOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Compare backends and options: time, memory, sizes, security and what each proves and hides."""
    require_extras("prove", purpose="measuring what proves")
    from polyproof.cli.bench.shapes import sizes
    from polyproof.cli.compare.folder import Folder
    from polyproof.cli.compare.varying import axis, candidates
    from polyproof.cli.compare.work import compared
    from polyproof.cli.compare.written import check_folder, write_files

    console = Console(json=json, quiet=quiet)
    registry = usable_registry(console)
    check_folder(out)
    counts: list[int | None] = [*sizes("accounts", accounts or ())] or [None]
    axes = [axis(text) for text in vary or ()]
    loaded = [load_spec_argument(name, registry, secrets) for name in specs]
    found = candidates(loaded, axes, counts, registry)
    with console.progress() as progress:
        comparison = compared(found, Folder(out, registry, runs), progress, again=again)
    files = write_files(comparison, out)
    console.result(
        comparison.payload() | {"files": {name: str(path) for name, path in files.items()}},
        lambda rich: _show(rich, comparison, files),
    )
    if (error := comparison.error) is not None:
        console.refuse(error)


def _show(rich: RichConsole, comparison: Comparison, files: dict[str, Path]) -> None:
    from polyproof.cli.compare.work import measured_text
    from polyproof.cli.views import facts

    show_comparison(rich, comparison.rows)
    rich.print(measured_text(comparison), soft_wrap=True)
    if comparison.kept:
        rich.print(f"{counted(comparison.kept, 'combination')} of {len(comparison.rows)} had been measured before.")
    facts(rich, *((name, str(path)) for name, path in files.items()))


def show_comparison(rich: RichConsole, rows: Sequence[Row], how: str | None = None) -> None:
    """The tables of combinations, and what their columns mean. ``how``: how times and memory were measured, if not as
    the command does it.
    """
    from polyproof.cli.compare.tables import BITS_NOTE, SPREAD_NOTE, tables
    from polyproof.cli.plain_table import draw

    for one in tables(rows):
        draw(rich, one, None if rich.is_terminal else _IN_A_PIPE)
    rich.print(how or SPREAD_NOTE, soft_wrap=True)
    rich.print(BITS_NOTE, soft_wrap=True)
