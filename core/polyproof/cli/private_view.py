"""What the commands about private halves show alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from polyproof.cli.console import size_text
from polyproof.cli.shapes import BYTES, COUNT, SECONDS, TEXT, listed, nullable, record, seconds
from polyproof.cli.views import facts
from polyproof.model.counts import counted

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.liabilities.private_encryption import Converted
    from polyproof.liabilities.recipients import Recipient

__all__ = ["CONVERTED", "RECIPIENTS", "converted_payload", "recipient_facts", "show_converted"]

RECIPIENTS = listed(record(key=TEXT, name=nullable(TEXT)))
CONVERTED = record(private=TEXT, recipients=RECIPIENTS, count=COUNT, bytes=BYTES, seconds=SECONDS)


def recipient_facts(recipients: Sequence[Recipient]) -> list[tuple[str, str]]:
    """Who can read it, for people."""
    return [("recipient", str(recipient)) for recipient in recipients]


def converted_payload(done: Converted) -> dict[str, Any]:
    """What was encrypted or decrypted, for machines."""
    return {
        "private": str(done.private),
        "recipients": [recipient.member() for recipient in done.recipients],
        "count": done.count,
        "bytes": done.bytes,
        "seconds": seconds(done.seconds),
    }


def show_converted(rich: RichConsole, done: Converted, what: str) -> None:
    """The same for people; ``what`` was done to the files."""
    facts(
        rich,
        ("private half", str(done.private)),
        (what, f"{counted(done.count, 'file')}  ({size_text(done.bytes)})"),
        *recipient_facts(done.recipients),
    )
