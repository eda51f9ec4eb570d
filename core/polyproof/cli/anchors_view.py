"""What evidence beside an audit shows, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from polyproof.cli.shapes import BYTES, COUNT, DIGEST, FLAG, TEXT, TEXTS, Shape, listed, nullable, record
from polyproof.cli.views import points
from polyproof.cli.visible import one_line

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.publication.anchoring import Asked
    from polyproof.publication.anchors import Evidence

__all__ = ["ANCHORED", "EVIDENCE", "anchored_payload", "evidence_payload", "show_evidence"]

EVIDENCE = record(
    file=TEXT,
    anchor=TEXT,
    sha256=DIGEST,
    bytes=BYTES,
    looked_at=FLAG,
    why_not=nullable(TEXT),
    time=nullable(record(latest=nullable(TEXT), clock=TEXT, checked=FLAG, why_not=nullable(TEXT))),
    uniqueness=nullable(record(where=TEXT, others=nullable(COUNT), checked=FLAG, why_not=nullable(TEXT))),
    pending=TEXTS,
    rests_on=TEXTS,
)

ANCHORED: dict[str, Shape] = {
    "anchors": listed(EVIDENCE),
    "nothing_better": TEXTS,
    "not_noted": listed(record(anchor=TEXT, why=TEXT)),
}


def evidence_payload(one: Evidence) -> dict[str, Any]:
    """A file of evidence for machines."""
    shown = one.shown
    time, unique = (shown.time, shown.uniqueness) if shown else (None, None)
    return {
        "file": one.file,
        "anchor": one.anchor,
        "sha256": one.sha256,
        "bytes": one.size,
        "looked_at": shown is not None,
        "why_not": one.not_looked_at or None,
        "time": {"latest": time.latest, "clock": time.clock, "checked": time.checked, "why_not": time.why or None}
        if time
        else None,
        "uniqueness": {
            "where": unique.where,
            "others": unique.others,
            "checked": unique.checked,
            "why_not": unique.why or None,
        }
        if unique
        else None,
        "pending": list(shown.pending) if shown else [],
        "rests_on": list(shown.rests_on) if shown else [],
    }


def anchored_payload(asked: Sequence[Asked]) -> dict[str, Any]:
    """What came of asking anchors, for machines."""
    return {
        "anchors": [evidence_payload(one.evidence) for one in asked if one.evidence is not None],
        "nothing_better": [one.anchor for one in asked if one.evidence is None and one.failed is None],
        "not_noted": [{"anchor": one.anchor, "why": str(one.failed)} for one in asked if one.failed is not None],
    }


def show_evidence(rich: RichConsole, found: Sequence[Evidence]) -> None:
    """Each file of evidence and what it shows."""
    from polyproof.publication.anchors import evidence_sentences

    for one in found:
        rich.print(f"Evidence {one.file}:", style=None if one.checked and not one.others else "yellow")
        points(rich, [one_line(sentence) for sentence in evidence_sentences(one)])
