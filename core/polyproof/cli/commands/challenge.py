"""``polyproof challenge``: write the messages that wallets sign for an audit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet, SpecArgument, load_spec_argument, usable_registry
from polyproof.cli.shapes import COUNT, TEXT, either, record
from polyproof.cli.visible import one_line
from polyproof.errors import UsageError
from polyproof.model.counts import counted

__all__ = ["RESULT", "command"]

RESULT = either(record(message=TEXT), record(file=TEXT, messages=COUNT))


def command(
    spec: SpecArgument,
    audit: Annotated[
        Path, typer.Option("--audit", "-a", metavar="DIR", help="The audit of liabilities that wallets sign for.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="New file for all messages, in the native format."),
    ] = None,
    chain: Annotated[str | None, typer.Option("--chain", metavar="NAME", help="Chain of one address.")] = None,
    address: Annotated[str | None, typer.Option("--address", metavar="TEXT", help="One address.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the messages that wallets sign: they tie a holding to an audit's liabilities, its date and its block."""
    from polyproof.reserves.signing import challenge_text, write_challenges

    console = Console(json=json, quiet=quiet)
    if (chain is None) != (address is None) or (out is None) == (chain is None):
        raise UsageError("give --out FILE for all rows, or --chain NAME and --address TEXT for one message")
    registry = usable_registry(console)
    loaded = load_spec_argument(spec, registry)
    if chain is not None and address is not None:
        text = challenge_text(loaded, audit, chain, address, registry=registry)
        console.result({"message": text}, lambda rich: rich.print(text, soft_wrap=True))
        return
    assert out is not None, "checked above"
    with console.progress() as progress:
        count = write_challenges(loaded, audit, out, registry=registry, progress=progress)
    console.result(
        {"file": str(out), "messages": count},
        lambda rich: rich.print(
            f"{counted(count, 'message')} in {one_line(str(out))}\nSign each with the keys of its address, fill in the "
            f"signatures, and name the file in reserves.signed, beside the sources.",
            soft_wrap=True,
        ),
    )
