"""``polyproof new-plugin``: a package to begin a plugin from."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet, usable_registry
from polyproof.cli.shapes import TEXT, TEXTS, record
from polyproof.cli.views import facts
from polyproof.cli.visible import one_line

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.cli.new_plugin import Begun

__all__ = ["RESULT", "command"]

RESULT = record(directory=TEXT, kind=TEXT, name=TEXT, files=TEXTS, next=TEXTS)


def command(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="What it is, as `polyproof plugins` has it: hash, source, …")
    ],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name in specs: lower case, digits and hyphens.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="New folder. Default: polyproof-NAME.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Begin a plugin: write a package that works, with tests that pass, and say what to run next."""
    from polyproof.cli.new_plugin import begin_plugin

    console = Console(json=json, quiet=quiet)
    begun = begin_plugin(kind, name, out, usable_registry(console))
    payload = {
        "directory": str(begun.directory),
        "kind": kind,
        "name": name,
        "files": [str(begun.directory / file) for file in begun.files],
        "next": list(begun.next),
    }
    console.result(payload, lambda rich: _show(rich, begun))


def _show(rich: RichConsole, begun: Begun) -> None:
    from rich.text import Text

    from polyproof.cli.new_plugin import about

    rich.print("Written, a starting point that works:", style="bold")
    facts(rich, *((f"  {one_line(str(begun.directory / file))}", about(file)) for file in begun.files))
    rich.print("Next:", style="bold")
    for line in (f"cd {shlex.quote(str(begun.directory))}", *begun.next):
        rich.print(Text(f"  {one_line(line)}"), soft_wrap=True)
