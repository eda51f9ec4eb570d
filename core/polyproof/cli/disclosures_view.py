"""What an organisation declares, for people and for machines: shown apart from what was verified."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from polyproof.cli.shapes import DECIMAL, TEXT, TEXTS, Shape, listed, nullable, one_of, record
from polyproof.cli.views import points
from polyproof.cli.visible import one_line

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.model.disclosures import Disclosures

__all__ = ["DEFINITIONS", "DISCLOSURES", "disclosures_payload", "show_disclosures", "show_own_issued"]

_MAYBE = nullable(TEXT)
DISCLOSURES: Shape = nullable({"$ref": "#/$defs/disclosures"})
DEFINITIONS: dict[str, Shape] = {
    "disclosures": record(
        entity=nullable(record(name=TEXT, jurisdiction=_MAYBE, registration=_MAYBE, lei=_MAYBE)),
        in_scope=nullable(TEXTS),
        out_of_scope=nullable(TEXTS),
        cut_off=_MAYBE,
        custodians=nullable(listed(record(name=TEXT, jurisdiction=_MAYBE, assets=nullable(TEXTS)))),
        encumbered=nullable(listed(record(asset=TEXT, amount=nullable(DECIMAL), reason=TEXT))),
        own_issued=nullable(listed(record(asset=TEXT, note=_MAYBE))),
        affiliates=nullable(
            listed(record(name=TEXT, relation=TEXT, accounts=one_of("included", "excluded", "none", None)))
        ),
        exceptions=nullable(TEXTS),
        statement=nullable(record(text=TEXTS, by=TEXT, date=_MAYBE)),
    )
}
"""What the shapes of results refer to."""


def disclosures_payload(declared: Disclosures | None) -> dict[str, Any] | None:
    """All that is declared, for machines; a list that is null says nothing, an empty one that there are none."""
    from polyproof.config.options import plain

    found: dict[str, Any] | None = None if declared is None else plain(declared)
    return found


def show_disclosures(rich: RichConsole, declared: Disclosures | None) -> None:
    """The same for people; nothing where nothing is declared."""
    if declared is None:
        return
    from polyproof.publication.declared import TITLE, declared_lines, not_declared

    rich.print(f"{TITLE}:", style="yellow")
    points(rich, [one_line(line) for line in declared_lines(declared)])
    if silent := not_declared(declared):
        rich.print(silent)


def show_own_issued(rich: RichConsole, declared: Disclosures | None, symbols: Sequence[str]) -> None:
    """Beside ratios: which of the assets are declared to be the organisation's own issue."""
    if declared is None:
        return
    from polyproof.publication.declared import own_issued_sentence

    if sentence := own_issued_sentence(declared, symbols):
        rich.print(sentence, style="yellow", soft_wrap=True)
