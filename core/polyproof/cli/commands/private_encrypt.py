"""``polyproof private encrypt``: encrypt what an audit keeps private, where it lies."""

from __future__ import annotations

from typing import Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import AuditArgument, IdentityOption, Json, Quiet
from polyproof.cli.private_view import CONVERTED, converted_payload, show_converted

__all__ = ["RESULT", "command"]

RESULT = CONVERTED


def command(
    directory: AuditArgument,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", metavar="RECIPIENT", help="Who can read it: age1…, or NAME=age1…. May be given several times."
        ),
    ] = None,
    identity: IdentityOption = None,
    untested: Annotated[
        bool, typer.Option("--untested", help="Encrypt without an identity that shows that it can be read.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Encrypt what an audit keeps private, where it lies; go on with it after an interruption."""
    from polyproof.liabilities.private_encryption import encrypt
    from polyproof.liabilities.recipients import load_identities, parse_recipient

    console = Console(json=json, quiet=quiet)
    identities = load_identities(identity) if identity is not None else None
    with console.progress() as progress:
        done = encrypt(
            directory, [parse_recipient(text) for text in to or ()], identities, untested=untested, progress=progress
        )
    console.result(converted_payload(done), lambda rich: show_converted(rich, done, "encrypted"))
    work = directory.absolute()
    work = work.with_name(f".{work.name}.partial")
    if work.exists():
        console.warn([f"{work} is not encrypted: an unfinished run left it, with ids and balances"])
    console.say(
        "What was there before encryption was removed, not overwritten: copies of it may be left on the disk, in "
        "snapshots and in backups."
    )
