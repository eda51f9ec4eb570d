"""``polyproof sample``: an invented snapshot."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from polyproof.cli.console import Console, size_text, time_text
from polyproof.cli.options import Json, Quiet, load_spec_argument, usable_registry
from polyproof.cli.shapes import BYTES, COUNT, SECONDS, TEXT, record, seconds
from polyproof.cli.visible import one_line
from polyproof.errors import InputError
from polyproof.extras import require_extras
from polyproof.model.counts import counted

__all__ = ["RESULT", "command"]

RESULT = record(file=TEXT, accounts=COUNT, seed=COUNT, bytes=BYTES, seconds=SECONDS)


def command(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="File to write.")],
    accounts: Annotated[int, typer.Option("--accounts", "-n", min=1, help="How many accounts.")] = 100_000,
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="The same seed gives the same file.")] = 1,
    spec: Annotated[str, typer.Option("--spec", metavar="SPEC", help="Spec whose assets to use.")] = "okx-22",
    format: Annotated[
        str | None, typer.Option("--format", metavar="FORMAT", help="csv or parquet. Default: from FILE's suffix.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a realistic snapshot of invented accounts."""
    require_extras("prove", purpose="inventing a snapshot")
    from polyproof.cli.sample import write_sample

    console = Console(json=json, quiet=quiet)
    loaded = load_spec_argument(spec, usable_registry(console))
    if out.exists():
        raise InputError(f"{out} already exists and is not overwritten")
    start = time.perf_counter()
    with console.progress() as progress:
        write_sample(out, loaded.assets, accounts, seed, format, progress)
    passed, size = time.perf_counter() - start, out.stat().st_size
    console.result(
        {"file": str(out), "accounts": accounts, "seed": seed, "bytes": size, "seconds": seconds(passed)},
        lambda rich: rich.print(
            f"{one_line(str(out))}  ({counted(accounts, 'account')}, {size_text(size)}, {time_text(passed)})",
            soft_wrap=True,
        ),
    )
