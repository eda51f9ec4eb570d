"""A registry in which the grand sum can be on logarithms, and its commitment by that name."""

from __future__ import annotations

from kzg.logarithms import LOGARITHMS
from polyproof.hookspecs import Component, hookimpl
from polyproof.registry import Registry
from polyproof.version import INTERFACE_VERSION
from polyproof_kzg.commitment import KzgCommitment

__all__ = ["KzgOnLogarithms", "registry"]


class KzgOnLogarithms(KzgCommitment):
    """KZG without a curve."""

    name = "kzg-logarithms"
    on = LOGARITHMS


class _Plugin:
    polyproof_interface = INTERFACE_VERSION

    @hookimpl
    def polyproof_components(self) -> list[Component]:
        return [Component("commitment", KzgOnLogarithms.name, "for tests", "kzg.doubles:KzgOnLogarithms")]


def registry() -> Registry:
    """What is installed, and the double."""
    found = Registry()
    found.discover()

    found.register(_Plugin(), "kzg-logarithms", "0", "tests (kzg.doubles)")
    return found
