"""``polyproof inclusion``: cut users' inclusion files from the private half of an audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyproof.cli.console import Console, size_text, time_text
from polyproof.cli.options import AuditArgument, Json, Quiet, usable_registry
from polyproof.cli.views import facts
from polyproof.cli.visible import one_line
from polyproof.errors import UsageError

__all__ = ["command"]


def command(
    directory: AuditArgument,
    user: Annotated[str | None, typer.Option("--user", "-u", metavar="ID", help="Account id of the user.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Cut the files of all users.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="PATH", help="File, or directory with --all. Default: in DIR/private/inclusion."
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cut the inclusion file of one user, or of all, from an audit's private half."""
    from polyproof import liabilities

    console = Console(json=json, quiet=quiet)
    if (user is None) != every:
        raise UsageError("give either --user ID or --all: whose inclusion file to cut")
    registry = usable_registry(console)
    if user is not None:
        path, size = liabilities.cut_inclusion(directory, user, out=out, registry=registry)
        console.result(
            {"ok": True, "file": str(path), "bytes": size},
            lambda rich: rich.print(f"{one_line(str(path))}  ({size_text(size)})", soft_wrap=True),
        )
        return
    with console.progress() as progress:
        cut = liabilities.cut_all_inclusions(directory, out=out, registry=registry, progress=progress)
    console.result(
        {
            "ok": True,
            "directory": str(cut.directory),
            "index": str(cut.index),
            "count": cut.count,
            "bytes": cut.bytes,
            "seconds": cut.seconds,
        },
        lambda rich: facts(
            rich,
            ("files", f"{cut.count:,} in {cut.directory}  ({size_text(cut.bytes)}, {time_text(cut.seconds)})"),
            ("which is whose", f"{cut.index}  (private)"),
        ),
    )
