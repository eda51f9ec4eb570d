"""A registry with a backend and two hashes of its own, so that specs are tested without built-in plugins."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from attrs import frozen

from polyproof import INTERFACE_VERSION
from polyproof.backend import NOT_PROVEN, Backend, BackendProperties
from polyproof.config.options import option
from polyproof.errors import OptionsError, Problem
from polyproof.hash import Hash
from polyproof.hookspecs import Component, hookimpl
from polyproof.model.assets import Asset
from polyproof.registry import Registry


@frozen
class Nested:
    rounds: int = option(default=8, least=1, doc="Rounds.")


@frozen
class SampleOptions:
    hash: str = option(default="oak", kind="hash", doc="The hash.")
    extra_hashes: tuple[str, ...] = option(default=(), kind="hash", doc="More hashes.")
    queries: int = option(default=40, least=1, most=100, doc="Queries.")
    target: int | None = option(default=None, doc="Bits to reach.")
    salted: bool = option(default=True, doc="Whether leaves are salted.")
    mode: str = option(default="fast", choices=("fast", "small"), doc="What to favour.")
    inner: Nested = option(default=Nested(), doc="Options of a part.")

    def __attrs_post_init__(self) -> None:
        if self.target is not None and self.target > 2 * self.queries:
            raise OptionsError(f"{self.queries} queries reach {2 * self.queries} bits, the target is {self.target}")


class SampleBackend(Backend):
    name = "sample"
    Options = SampleOptions
    properties = BackendProperties(
        zero_knowledge=False,
        transparent=True,
        post_quantum=True,
        per_asset_totals=True,
        exact_totals=False,
        non_negativity=NOT_PROVEN,
        proves=(),
        hides=(),
        leaks=(),
        remaining_trust=(),
    )

    def __init__(self, options: SampleOptions, registry: Registry) -> None:
        self.options = options

    def check(self, assets: Sequence[Asset]) -> None:
        if len(assets) > self.options.queries:
            raise OptionsError(Problem(f"{len(assets)} assets", hint=f"at most {self.options.queries}"))


class BrokenBackend(SampleBackend):
    name = "broken"

    def check(self, assets: Sequence[Asset]) -> None:
        raise ZeroDivisionError("division by zero")


class StrictBackend(SampleBackend):
    """One whose options must be given."""

    name = "strict"

    @frozen
    class Options:
        depth: int = option(least=1, most=32, doc="Depth.")


def _unused(self: object, *args: object, **kwargs: object) -> None:
    raise NotImplementedError


for _backend in (SampleBackend, BrokenBackend, StrictBackend):
    for _method in sorted(_backend.__abstractmethods__):
        setattr(_backend, _method, _unused)
    _backend.__abstractmethods__ = frozenset()


class Oak(Hash):
    name = "oak"
    word_bound = 2**64
    collision_bits = 128
    hash_rows = _unused
    compress = _unused


class Ash(Oak):
    name = "ash"


def sample_registry() -> Registry:
    """Backends ``sample``, ``broken`` and ``strict``; hashes ``oak`` and ``ash``."""

    @hookimpl
    def polyproof_components() -> list[Component]:
        here = __name__
        return [
            Component("backend", "sample", "Takes any asset", f"{here}:SampleBackend"),
            Component("backend", "broken", "Fails", f"{here}:BrokenBackend"),
            Component("backend", "strict", "Wants an option", f"{here}:StrictBackend"),
            Component("hash", "oak", "A hash", f"{here}:Oak"),
            Component("hash", "ash", "Another hash", f"{here}:Ash"),
        ]

    registry = Registry()
    plugin = ModuleType("sample_plugin")
    plugin.polyproof_interface = INTERFACE_VERSION  # type: ignore[attr-defined]
    plugin.polyproof_components = polyproof_components  # type: ignore[attr-defined]
    registry.register(plugin, "sample", "1", "tests")
    assert not registry.skipped
    return registry
