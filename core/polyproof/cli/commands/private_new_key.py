"""``polyproof private new-key``: a new identity, and its recipient."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import Json, Quiet
from polyproof.cli.shapes import TEXT, record
from polyproof.cli.views import facts
from polyproof.errors import UsageError

__all__ = ["RESULT", "command"]

RESULT = record(identity=TEXT, recipient=TEXT)


def command(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="New file for the identity, a secret key.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make an identity of age, which can read what is encrypted for it, and print its recipient."""
    from polyproof.formats.files import open_private, write_durably
    from polyproof.liabilities.recipients import new_identity

    console = Console(json=json, quiet=quiet)
    text, recipient = new_identity()
    try:
        os.close(open_private(out, os.O_WRONLY | os.O_EXCL))
    except FileExistsError:
        raise UsageError(f"{out} exists: a secret key is never overwritten") from None
    write_durably(out, text.encode(), private=True)
    console.result(
        {"identity": str(out), "recipient": recipient.key},
        lambda rich: facts(rich, ("identity", f"{out}  (secret)"), ("recipient", recipient.key)),
    )
