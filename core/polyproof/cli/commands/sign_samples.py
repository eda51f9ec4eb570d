"""``polyproof sign-samples``: sign challenges for the sample wallets of ``polyproof init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet, usable_registry
from polyproof.cli.shapes import COUNT, TEXT, record
from polyproof.cli.visible import one_line
from polyproof.extras import require_extras

__all__ = ["RESULT", "command"]

RESULT = record(file=TEXT, signed=COUNT)


def command(
    challenges: Annotated[Path, typer.Argument(metavar="FILE", help="What `polyproof challenge --out` wrote.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="New file, to be named in reserves.signed.")],
    seed: Annotated[int, typer.Option("--seed", "-s", min=0, help="The seed of `polyproof init`.")] = 1,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Sign challenges for sample wallets, whose keys anybody can compute. Real wallets sign with keys of their own."""
    require_extras("reserves", purpose="signing for sample wallets")
    from polyproof.cli.sample_wallets import sign_samples
    from polyproof.reserves.signatures import load_schemes

    console = Console(json=json, quiet=quiet)
    count = sign_samples(challenges, out, load_schemes(usable_registry(console)), seed)
    console.result(
        {"file": str(out), "signed": count},
        lambda rich: rich.print(
            f"{one_line(str(out))}  (messages signed with the keys of samples: {count:,})", soft_wrap=True
        ),
    )
