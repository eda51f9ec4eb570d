"""What a spec leaves for its backend to choose, chosen before anything is proved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from attrs import evolve

from polyproof.backend import Backend, Settled
from polyproof.config.options import shown
from polyproof.errors import InputError
from polyproof.model.assets import Asset
from polyproof.plugin_faults import asking, fault
from polyproof.registry import Registry
from polyproof.settings.spec import BackendChoice, PublicSpec, margin_choice, open_options

__all__ = ["capacity_of", "proved_from", "settle", "settle_choice"]

AnySpec = TypeVar("AnySpec", bound=PublicSpec)


def capacity_of(backend: Backend, assets: Sequence[Asset]) -> int:
    """The most accounts of a segment, from 1 on. Raises ``PluginFault`` for a backend that says anything else."""
    with asking(backend, "when asked how many accounts a segment holds", may=(InputError,)):
        capacity = backend.capacity(assets)
    if type(capacity) is not int or capacity < 1:
        raise fault(backend, f"its capacity is {shown(capacity)}, expected an integer from 1 on")
    return capacity


def settle(spec: AnySpec, registry: Registry, accounts: int) -> tuple[AnySpec, tuple[str, ...]]:
    """The spec as it is proved, for segments of at most so many accounts, and the backend's reasons for what it chose.

    Raises ``PluginFault`` for a backend that leaves something open, or changes what is not its to choose.
    """
    choice, reasons = settle_choice(spec.backend, spec.assets, registry, accounts)
    return evolve(spec, backend=choice), reasons


def settle_choice(
    choice: BackendChoice, assets: Sequence[Asset], registry: Registry, accounts: int
) -> tuple[BackendChoice, tuple[str, ...]]:
    """A backend with nothing left open, for segments of at most so many accounts. Raises as ``settle`` does."""
    backend: Backend = choice.create(registry)
    with asking(backend, "when asked to settle its options", may=(InputError,)):
        settled = backend.settle(choice.options, assets, accounts)
    found = evolve(choice, options=settled.options if isinstance(settled, Settled) else None)
    if type(found.options) is not type(choice.options):
        raise fault(backend, f"settle returned {type(settled).__name__}, expected Settled with its Options")
    if not (isinstance(settled.reasons, tuple) and all(isinstance(reason, str) for reason in settled.reasons)):
        raise fault(backend, f"settle gave {shown(settled.reasons)} for reasons, expected a tuple of strings")
    if left := open_options(found, registry):
        raise fault(backend, f"settle leaves {', '.join(left)} open")
    if _choice_settled_as(choice, found, registry).plain() != found.plain():
        raise fault(backend, "settle changed options that the spec states")
    return found, settled.reasons


def proved_from(spec: PublicSpec, published: PublicSpec, registry: Registry) -> bool:
    """Whether a published spec is this one, with what it leaves open settled in whatever way."""
    return _settled_as(spec, published, registry).digest == published.digest


def _settled_as(spec: PublicSpec, other: PublicSpec, registry: Registry) -> PublicSpec:
    """The spec with what it leaves open as the other one has it."""
    margin = None if other.margin_backend is None or spec.net_equity is None else margin_choice(spec, registry)
    if margin is not None and other.margin_backend is not None:
        margin = _choice_settled_as(margin, other.margin_backend, registry)
    return evolve(spec, backend=_choice_settled_as(spec.backend, other.backend, registry), margin_backend=margin)


def _choice_settled_as(choice: BackendChoice, other: BackendChoice, registry: Registry) -> BackendChoice:
    if choice.name != other.name:
        return choice
    chosen = {name: getattr(other.options, name) for name in open_options(choice, registry)}
    return evolve(choice, options=evolve(choice.options, **chosen))
