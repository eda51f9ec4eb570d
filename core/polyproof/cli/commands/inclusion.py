"""``polyproof inclusion``: users' inclusion files, from the private half of an audit or from a store of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polyproof.cli.console import Console, size_text, time_text
from polyproof.cli.options import IdentityOption, Json, Quiet, usable_registry
from polyproof.cli.shapes import BYTES, COUNT, SECONDS, TEXT, either, record, seconds
from polyproof.cli.views import facts
from polyproof.cli.visible import one_line
from polyproof.errors import UsageError

__all__ = ["RESULT", "command", "cut_line", "cut_payload"]

RESULT = either(
    record(file=TEXT, bytes=BYTES),
    record(store=TEXT, count=COUNT, bytes=BYTES, seconds=SECONDS),
    record(directory=TEXT, index=TEXT, count=COUNT, bytes=BYTES, seconds=SECONDS),
)


def command(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="DIR|STORE", help="Directory of an audit; with --user, also a store that --all has written."
        ),
    ],
    user: Annotated[str | None, typer.Option("--user", "-u", metavar="ID", help="Account id of the user.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Cut the files of all users, into one store that they are served from.")
    ] = False,
    files: Annotated[bool, typer.Option("--files", help="With --all: write a file for each user instead.")] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PATH",
            help="New file, or directory with --files. Default: in DIR/private, or beside the store.",
        ),
    ] = None,
    identity: IdentityOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the inclusion file of one user, or those of all, from an audit's private half or from a store."""
    from polyproof import liabilities
    from polyproof.formats.encrypted_file import is_there

    console = Console(json=json, quiet=quiet)
    if (user is None) != every:
        raise UsageError("give either --user ID or --all: whose inclusion file to write")
    if files and not every:
        raise UsageError("--files goes with --all; --user writes one file in any case")
    if user is not None:
        if is_there(source):
            path, size = liabilities.take_inclusion(source, user, out=out, identity=identity)
        else:
            registry = usable_registry(console)
            path, size = liabilities.cut_inclusion(source, user, out=out, identity=identity, registry=registry)
        console.result(cut_payload(path, size), lambda rich: rich.print(cut_line(path, size), soft_wrap=True))
        return
    registry = usable_registry(console)
    if files:
        with console.progress() as progress:
            cut = liabilities.cut_all_inclusions(source, out=out, registry=registry, progress=progress)
        console.result(
            {
                "directory": str(cut.directory),
                "index": str(cut.index),
                "count": cut.count,
                "bytes": cut.bytes,
                "seconds": seconds(cut.seconds),
            },
            lambda rich: facts(
                rich,
                ("files", f"{cut.count:,} in {cut.directory}  ({size_text(cut.bytes)}, {time_text(cut.seconds)})"),
                ("which is whose", f"{cut.index}  (private)"),
            ),
        )
        return
    with console.progress() as progress:
        stored = liabilities.store_inclusions(source, out=out, identity=identity, registry=registry, progress=progress)
    console.result(
        {
            "store": str(stored.store),
            "count": stored.count,
            "bytes": stored.bytes,
            "seconds": seconds(stored.seconds),
        },
        lambda rich: facts(
            rich,
            ("files", f"{stored.count:,}  ({size_text(stored.bytes)}, {time_text(stored.seconds)})"),
            ("store", f"{stored.store}  (private: everybody's files)"),
        ),
    )


def cut_payload(file: Path, size: int) -> dict[str, Any]:
    """One user's file, for machines."""
    return {"file": str(file), "bytes": size}


def cut_line(file: Path, size: int) -> str:
    """The same for people."""
    return f"{one_line(str(file))}  ({size_text(size)})"
