"""``polyproof private recipients``: who can read what is encrypted, and changes to that."""

from __future__ import annotations

from typing import Annotated

import typer

from polyproof.cli.console import Console
from polyproof.cli.options import AuditArgument, IdentityOption, Json, Quiet
from polyproof.cli.private_view import RECIPIENTS, recipient_facts
from polyproof.cli.shapes import FLAG, record
from polyproof.cli.views import facts
from polyproof.errors import ArtifactError, UsageError

__all__ = ["RESULT", "command"]

RESULT = record(recipients=RECIPIENTS, opened=FLAG)


def command(
    directory: AuditArgument,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", metavar="RECIPIENT", help="Who can read it from now on: age1…, or NAME=age1…."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="RECIPIENT", help="Who cannot read later copies: age1…, or NAME."),
    ] = None,
    identity: IdentityOption = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say who can read what an audit keeps encrypted, and with --identity whether that is so; add and remove some."""
    from polyproof.liabilities.artifacts import find_private
    from polyproof.liabilities.private_encryption import change_recipients
    from polyproof.liabilities.recipients import (
        load_identities,
        open_private_half,
        parse_recipient,
        read_recipients,
    )

    console = Console(json=json, quiet=quiet)
    identities = load_identities(identity) if identity is not None else None
    private = find_private(directory)
    if add or remove:
        if identities is None:
            raise UsageError("--add and --remove take the identity of a recipient: --identity FILE")
        added = [parse_recipient(text) for text in add or ()]
        found = change_recipients(directory, identities, add=added, remove=remove or ())
    else:
        listed = read_recipients(private)
        if listed is None:
            raise ArtifactError(f"{private} is not encrypted")
        found = listed
        if identities is not None:
            open_private_half(private, identities)
    console.result(
        {"recipients": [recipient.member() for recipient in found.listed], "opened": identities is not None},
        lambda rich: facts(rich, *recipient_facts(found.listed)),
    )
    if identities is None:
        console.warn(["the list is what the file says; --identity FILE shows whether it is who it was encrypted for"])
    if remove:
        console.say(
            "Whoever was removed can still read every copy from before, backups included, and may have kept the data "
            "key, which stays the same."
        )
