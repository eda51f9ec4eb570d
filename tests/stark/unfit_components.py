"""Components that fit the interfaces and not one another: for specs that must be refused."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from polyproof import INTERFACE_VERSION
from polyproof.hash import Words
from polyproof.hookspecs import Component, hookimpl
from polyproof.registry import Registry
from references.hashlib_hash import HashlibHash


class NarrowHash(HashlibHash):
    """A hash whose words are too narrow for an element of Goldilocks."""

    name = "narrow"
    word_bound = 2**60
    collision_bits = 120

    def hash_rows(self, rows: Words, domain: str) -> Words:
        return super().hash_rows(rows, domain) & np.uint64(2**60 - 1)


def unfit_registry() -> Registry:
    """The installed plugins, the field KoalaBear and the narrow hash."""
    registry = Registry()
    registry.discover()
    module = ModuleType("unfit")
    module.polyproof_interface = INTERFACE_VERSION  # type: ignore[attr-defined]

    @hookimpl
    def polyproof_components() -> list[Component]:
        return [
            Component("field", "koala-bear", "p = 127·2^24 + 1", "polyproof_koalabear:KoalaBear"),
            Component("hash", "narrow", "words below 2^60", "stark.unfit_components:NarrowHash"),
        ]

    module.polyproof_components = polyproof_components  # type: ignore[attr-defined]
    registry.register(module, "unfit", "1", "tests (stark.unfit_components)")
    return registry
