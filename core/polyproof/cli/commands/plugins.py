"""``polyproof plugins``: what is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyproof.cli.console import Console, table
from polyproof.cli.options import Json, Quiet
from polyproof.cli.shapes import TEXT, TEXTS, listed, record
from polyproof.cli.visible import one_line

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from polyproof.errors import ExtraMissing
    from polyproof.registry import Registered, Registry

__all__ = ["RESULT", "command"]

RESULT = record(
    components=listed(
        record(kind=TEXT, name=TEXT, version=TEXT, plugin=TEXT, origin=TEXT, summary=TEXT, missing_extras=TEXTS)
    ),
    conflicts=listed(record(kind=TEXT, name=TEXT, claimed_by=TEXTS)),
    skipped=listed(record(plugin=TEXT, origin=TEXT, reason=TEXT)),
)


def command(json: Json = False, quiet: Quiet = False) -> None:
    """List what is installed: kind, name, version, origin; conflicts and skipped plugins too."""
    from polyproof.registry import default_registry

    console = Console(json=json, quiet=quiet)
    registry = default_registry()
    lacking = registry.lacking()
    console.result(_payload(registry, lacking), lambda rich: _show(rich, registry, lacking))


def _payload(registry: Registry, lacking: dict[tuple[str, str], ExtraMissing]) -> dict[str, Any]:
    """``plugins`` for machines."""

    def extras(item: Registered) -> list[str]:
        error = lacking.get((item.component.kind, item.component.name))
        return list(error.extras) if error else []

    return {
        "components": [
            {
                "kind": item.component.kind,
                "name": item.component.name,
                "version": item.version,
                "plugin": item.plugin,
                "origin": item.origin,
                "summary": item.component.summary,
                "missing_extras": extras(item),
            }
            for item in registry.components()
        ],
        "conflicts": [
            {
                "kind": offers[0].component.kind,
                "name": offers[0].component.name,
                "claimed_by": [f"{offer.plugin} of {offer.origin}" for offer in offers],
            }
            for offers in registry.conflicts()
        ],
        "skipped": [{"plugin": item.plugin, "origin": item.origin, "reason": item.reason} for item in registry.skipped],
    }


def _show(rich: RichConsole, registry: Registry, lacking: dict[tuple[str, str], ExtraMissing]) -> None:
    from rich.text import Text

    made = table("Kind", "Name", "What it is; version and origin")
    for column in made.columns[:2]:
        column.no_wrap = True
    kind = ""
    for item in registry.components():
        component = item.component
        what = Text.assemble(one_line(component.summary), "\n", (one_line(f"{item.version}, {item.origin}"), "dim"))
        if error := lacking.get((component.kind, component.name)):
            what.append(f"\nneeds the extra {' and '.join(error.extras)}, which is not installed", "yellow")
        made.add_row(component.kind if component.kind != kind else "", component.name, what)
        kind = component.kind
    rich.print(made)
    for offers in registry.conflicts():
        component = offers[0].component
        names = " and ".join(f"{offer.plugin} of {offer.origin}" for offer in offers)
        rich.print(f"conflict: {component.kind} {component.name!r} is claimed by {names}; neither is used", style="red")
    for hint in sorted({str(problem.hint) for error in lacking.values() for problem in error.problems}):
        rich.print(f"to use what lacks an extra: {hint}", style="yellow", soft_wrap=True)
    for skipped in registry.skipped:
        rich.print(f"skipped: {skipped.plugin!r} of {skipped.origin}: {skipped.reason}", style="yellow")
