"""Anchors in specs, in policies and on command lines: who notes a digest, and whom a verifier believes that it was."""

from __future__ import annotations

from attrs import frozen

from polyproof.config.options import option
from polyproof.config.reader import Choice
from polyproof.registry import Registry
from polyproof.settings.arguments import parse_argument

__all__ = ["AnchorChoice", "AnchorsPolicy", "parse_anchor"]


@frozen
class AnchorChoice(Choice):
    """An anchor, by name, and its options."""

    kind = "anchor"


@frozen
class AnchorsPolicy:
    """Whose word a verifier takes on when a record existed, and what of it is required."""

    believe: tuple[AnchorChoice, ...] = option(
        default=(),
        items=(0, 64),
        doc="Whom you believe, and your own nodes: roots of time-stamping authorities, a Bitcoin node, an address of "
        "Ethereum. Evidence of anybody else is shown as a claim.",
    )
    require: tuple[str, ...] = option(
        default=(),
        kind="anchor",
        items=(0, 64),
        doc="Anchors of which every audit must have evidence that leads to somebody whom you believe.",
    )
    require_unique: bool = option(
        default=False,
        doc="Whether every audit must be shown to be the only record of its place in the history. Time stamps never "
        "show that.",
    )


@frozen
class _Given:
    """What is read on a command line."""

    anchor: AnchorChoice = option(doc="Who notes the digest: its name, or a mapping of name and options.")


def parse_anchor(text: str, registry: Registry) -> AnchorChoice:
    """An anchor as a command line names it: what would stand as an item of ``anchors:`` in a spec.

    Raises ``SpecError`` with everything that is wrong with it.
    """
    return parse_argument(f"anchor: {text}", "--with", _Given, registry).anchor
