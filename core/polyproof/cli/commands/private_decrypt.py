"""``polyproof private decrypt``: make plain again what was encrypted."""

from __future__ import annotations

from polyproof.cli.console import Console
from polyproof.cli.options import AuditArgument, IdentityOption, Json, Quiet
from polyproof.cli.private_view import CONVERTED, converted_payload, show_converted
from polyproof.errors import UsageError

__all__ = ["RESULT", "command"]

RESULT = CONVERTED


def command(
    directory: AuditArgument, identity: IdentityOption = None, json: Json = False, quiet: Quiet = False
) -> None:
    """Decrypt what an audit keeps private, where it lies; go on with it after an interruption."""
    from polyproof.liabilities.private_encryption import decrypt
    from polyproof.liabilities.recipients import load_identities

    console = Console(json=json, quiet=quiet)
    if identity is None:
        raise UsageError("give --identity with an identity file of a recipient, or name one in POLYPROOF_IDENTITY")
    with console.progress() as progress:
        done = decrypt(directory, load_identities(identity), progress=progress)
    console.result(converted_payload(done), lambda rich: show_converted(rich, done, "decrypted"))
