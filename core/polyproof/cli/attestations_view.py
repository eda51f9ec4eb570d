"""Signed statements beside an audit, for people and for machines: apart from what was verified of the audit itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyproof.cli.shapes import COUNT, DIGEST, FLAG, TEXT, TEXTS, Shape, listed, nullable, one_of, record
from polyproof.cli.views import points
from polyproof.cli.visible import one_line

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.publication.attestations import Attestation, Attestations

__all__ = ["ATTESTATION", "ATTESTATIONS", "attestation_payload", "attestations_payload", "show_attestations"]

_MAYBE = nullable(TEXT)
ATTESTATION: Shape = record(
    place=COUNT,
    sha256=DIGEST,
    statement=record(
        audit_id=TEXT,
        publication_digest=DIGEST,
        kind=one_of("agreed-upon-procedures", "limited-assurance", "reasonable-assurance", "other"),
        signer=TEXT,
        date=TEXT,
        text=TEXTS,
    ),
    algorithm=TEXT,
    key=DIGEST,
    certificate=_MAYBE,
    holds=nullable(FLAG),
    check=_MAYBE,
    fault=_MAYBE,
    why_not_checked=_MAYBE,
    by=_MAYBE,
    why_not_known=_MAYBE,
    rests_on=TEXTS,
)
ATTESTATIONS: Shape = record(check=_MAYBE, unreadable=_MAYBE, statements=listed(ATTESTATION))
_MOST_SHOWN = 300


def attestation_payload(one: Attestation) -> dict[str, Any]:
    """A statement and what is known about it, for machines."""
    from polyproof.config.options import plain

    return {
        "place": one.place,
        "sha256": one.sha256,
        "statement": plain(one.statement),
        "algorithm": one.algorithm,
        "key": one.key,
        "certificate": one.certificate,
        "holds": one.holds,
        "check": one.check or None,
        "fault": one.fault or None,
        "why_not_checked": one.unchecked or None,
        "by": one.by,
        "why_not_known": one.why or None,
        "rests_on": list(one.rests_on),
    }


def attestations_payload(found: Attestations) -> dict[str, Any]:
    """All of them."""
    return {
        "check": found.check or None,
        "unreadable": found.unreadable or None,
        "statements": [attestation_payload(one) for one in found.statements],
    }


def show_attestations(rich: RichConsole, found: Attestations) -> None:
    """Each statement, what is known about it, and how it begins; nothing where there is none."""
    from polyproof.publication.attestations import attestation_sentences, unquoted

    if found.unreadable:
        rich.print(
            f"attestation.json beside it is NOT A FILE OF STATEMENTS: {one_line(found.unreadable)}. The audit itself "
            "is not touched by that.",
            style="bold red",
            soft_wrap=True,
        )
    if not found.statements:
        return
    rich.print(
        "Statements beside the audit, where anybody can put one; what they say was not checked, and nothing above "
        "rests on it:",
        soft_wrap=True,
    )
    for one in found.statements:
        style = "bold red" if one.fault else "yellow" if one.by is None else None
        text = " ".join(one.statement.text)
        begins = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
        rich.print(f"Statement {one.place}:", style=style)
        points(
            rich, [one_line(sentence) for sentence in (*attestation_sentences(one), f"It says: “{unquoted(begins)}”")]
        )
