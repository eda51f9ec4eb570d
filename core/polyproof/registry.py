"""How plugins are found, checked and asked for components."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import EntryPoint, distributions, entry_points
from types import ModuleType
from typing import Any

import pluggy
from attrs import frozen

from polyproof import hookspecs
from polyproof.config.options import did_you_mean, shown
from polyproof.errors import ExtraMissing, OptionsError, PluginError, PluginFault, Problem
from polyproof.extras import EXTRAS, is_installed, missing_extra
from polyproof.hookspecs import KINDS, Component
from polyproof.model.names import NAME, matches
from polyproof.plugin_faults import asking, remember, told
from polyproof.version import INTERFACE_VERSION

__all__ = ["ENTRY_POINT_GROUP", "Registered", "Registry", "Skipped", "default_registry"]

ENTRY_POINT_GROUP = "polyproof.plugins"
_MAY_RAISE: dict[str, tuple[type[Exception], ...]] = {
    "commitment": (OptionsError,),
    "constraints": (OptionsError,),
    "backend": (OptionsError, OSError),
    "balances": (OptionsError, OSError),
    "executor": (OptionsError, OSError),
    "anchor": (OptionsError, OSError),
}
"""What a constructor may raise: for options that do not fit, and of the system that its component works with."""
_FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*\Z")

_ANYTHING = (Exception, SystemExit)
"""What a plugin's code may raise while it is imported or asked what it offers."""


@frozen
class Registered:
    """A component and where it came from."""

    component: Component
    plugin: str
    """Name of the entry point."""
    version: str
    """Version of the distribution."""
    origin: str
    """Distribution and module."""


@frozen
class Skipped:
    """A plugin or component that was found and not used, and why."""

    plugin: str
    origin: str
    reason: str


class Registry:
    """The components of all usable plugins.

    A name that two plugins claim for the same kind belongs to neither: asking for it is an error
    that names both, so that no plugin can quietly stand in for another.
    """

    def __init__(self) -> None:
        """An empty registry; ``default_registry`` gives the one with all installed plugins."""
        self._manager = pluggy.PluginManager("polyproof")
        self._manager.add_hookspecs(hookspecs)
        self._components: dict[tuple[str, str], list[Registered]] = {}
        self.skipped: list[Skipped] = []

    @property
    def hook(self) -> Any:
        """pluggy's caller of the life-cycle hooks."""
        return self._manager.hook

    def discover(self, found: Iterable[EntryPoint] | None = None) -> None:
        """Load the plugins of an entry-point group; whatever is unusable is reported in ``skipped``."""
        if found is None:
            found = self._entry_points()
        seen: set[tuple[str, str]] = set()
        for point in sorted(found, key=lambda point: (point.name, point.value)):
            if (point.name, point.value) in seen:
                continue
            seen.add((point.name, point.value))
            origin = f"unknown ({point.value})"
            try:
                version = (point.dist.version if point.dist else None) or "unknown"
                origin = f"{point.dist.name if point.dist else 'unknown'} ({point.value})"
                with _depth_kept():
                    module = point.load()
            except _ANYTHING as error:
                self.skipped.append(Skipped(point.name, origin, f"cannot be imported: {told(error)}"))
                continue
            self.register(module, point.name, version, origin)

    def _entry_points(self) -> list[EntryPoint]:
        try:
            return list(entry_points(group=ENTRY_POINT_GROUP))
        except _ANYTHING:
            # The entry_points.txt of some distribution cannot be parsed: find out which, and skip it.
            found: list[EntryPoint] = []
            for distribution in distributions():
                try:
                    found += distribution.entry_points.select(group=ENTRY_POINT_GROUP)
                except _ANYTHING as error:
                    reason = f"its entry points cannot be read: {told(error)}"
                    self.skipped.append(Skipped("unknown", str(distribution.name), reason))
            return found

    def register(self, module: ModuleType | object, plugin: str, version: str, origin: str) -> None:
        """Register one plugin; unusable ones and unusable components are reported in ``skipped``."""
        interface = getattr(module, "polyproof_interface", None)
        if type(interface) is not int or interface != INTERFACE_VERSION:
            built_for = "states no interface version" if interface is None else f"is for interface {shown(interface)}"
            self.skipped.append(
                Skipped(plugin, origin, f"{built_for}; this polyproof has interface {INTERFACE_VERSION}")
            )
            return
        try:
            self._manager.register(module, name=f"{origin}:{plugin}")
            self._check_hooks(module)
            _check_marks(module, self._manager.get_hookcallers(module) or ())
            caller = self._manager.subset_hook_caller(
                "polyproof_components",
                [other for other in self._manager.get_plugins() if other is not module],
            )
            offered: Sequence[Any] = [item for items in caller() for item in items]
        except _ANYTHING as error:
            if self._manager.get_name(module) == f"{origin}:{plugin}":
                self._manager.unregister(module)
            self.skipped.append(Skipped(plugin, origin, f"its hooks cannot be used: {told(error)}"))
            return
        for component in offered:
            problem = _component_problem(component)
            if problem:
                self.skipped.append(Skipped(plugin, origin, problem))
                continue
            offers = self._components.setdefault((component.kind, component.name), [])
            offers.append(Registered(component, plugin, version, origin))

    def _check_hooks(self, module: ModuleType | object) -> None:
        known = sorted(name for name in vars(hookspecs) if name.startswith("polyproof_"))
        for caller in self._manager.get_hookcallers(module) or ():
            if not caller.has_spec():
                raise PluginError(f"there is no hook {caller.name!r}: {did_you_mean(caller.name, known)}")

    def components(self, kind: str | None = None) -> list[Registered]:
        """Every component, by kind and name; one that several plugins offer appears once for each."""
        order = list(KINDS)
        return [
            registered
            for (of_kind, _), offers in sorted(
                self._components.items(), key=lambda item: (order.index(item[0][0]), item[0][1])
            )
            if kind is None or of_kind == kind
            for registered in offers
        ]

    def names(self, kind: str) -> list[str]:
        """All names offered, including those that several plugins offer."""
        return sorted(name for of_kind, name in self._components if of_kind == kind)

    def conflicts(self) -> list[list[Registered]]:
        """What several plugins offer under one name."""
        return [offers for offers in self._components.values() if len(offers) > 1]

    def find(self, kind: str, name: str) -> Registered:
        """The one component of a name, and where it comes from; nothing is imported.

        Raises ``PluginError``: no such name, with the allowed ones and the nearest. ``PluginFault``: several plugins
        offer it, or the plugin of that name was skipped.
        """
        offers = self._components.get((kind, name), [])
        if not offers:
            own = [one for one in self.skipped if one.plugin == name]
            if own:
                why = "; ".join(f"plugin {one.plugin} of {one.origin} was skipped: {one.reason}" for one in own)
                raise PluginFault(Problem(f"no {kind} is named {shown(name)}: {why}", hint="update or uninstall it"))
            hint = did_you_mean(name, self.names(kind))
            if self.skipped:
                hint += f"; {self._skipped_text()}: `polyproof plugins` says why"
            raise PluginError(Problem(f"no {kind} is named {shown(name)}", hint=hint))
        if len(offers) > 1:
            plugins = " and ".join(f"{offer.plugin} of {offer.origin}" for offer in offers)
            raise PluginFault(
                Problem(
                    f"{kind} {name!r} is claimed by {plugins}",
                    hint="uninstall one of them; polyproof does not choose",
                )
            )
        return offers[0]

    def _skipped_text(self) -> str:
        named = ", ".join(f"{one.plugin} of {one.origin}" for one in self.skipped[:3])
        more = f" and {len(self.skipped) - 3} more" if len(self.skipped) > 3 else ""
        return f"some plugins were skipped, {named}{more}"

    def get(self, kind: str, name: str) -> type[Any]:
        """The class of a component.

        Raises ``PluginError`` as ``find`` does; ``PluginFault`` for a class that cannot be imported, does not derive
        from the kind's abstract class, does not implement all of it, or states about itself what cannot be so;
        ``ExtraMissing`` for a class that needs an extra of polyproof that is not installed.
        """
        offer = self.find(kind, name)
        what = f"{kind} {name!r} of {offer.origin}"
        try:
            found = _load(offer.component.factory)
        except _ANYTHING as error:
            extra = missing_extra(error, f"{kind} {name!r}") if isinstance(error, ImportError) else None
            if extra is not None:
                raise extra from error
            raise PluginFault(f"{what} cannot be imported: {told(error)}") from error
        base = _load(KINDS[kind])
        if not (isinstance(found, type) and issubclass(found, base)):
            raise PluginFault(f"{what} does not derive from {KINDS[kind]}")
        missing = sorted(getattr(found, "__abstractmethods__", ()))
        if missing:
            raise PluginFault(f"{what} lacks {', '.join(missing)}")
        if getattr(found, "name", None) != name:
            raise PluginFault(f"{what} calls itself {shown(getattr(found, 'name', None))}")
        remember(found, f"plugin {offer.plugin} of {offer.origin}")
        from polyproof.first_use import check_stated

        check_stated(kind, found)
        return found

    def lacking(self) -> dict[tuple[str, str], ExtraMissing]:
        """The components that need an extra of polyproof that is not installed, by kind and name.

        If all extras are installed, nothing is imported.
        """
        found: dict[tuple[str, str], ExtraMissing] = {}
        if not all(is_installed(extra) for extra in EXTRAS):
            for kind, name in self._components:
                try:
                    self.get(kind, name)
                except ExtraMissing as error:
                    found[kind, name] = error
                except PluginError:
                    # Something else is wrong with it: an error for those who ask for it.
                    continue
        return found

    def create(self, kind: str, name: str, *args: Any, **kwargs: Any) -> Any:
        """An instance of a component: ``registry.create("hash", "blake3", engine=Engine.COMPILED)``.

        Hashes, fields and commitments are tried out when they are first made (``polyproof.first_use``). Raises
        as ``get`` does, and ``PluginFault`` for one that fails then or cannot be made.
        """
        cls = self.get(kind, name)
        from polyproof.first_use import guarded, try_out

        with asking(cls, may=_MAY_RAISE.get(kind, ())):
            made = guarded(cls)(*args, **kwargs)
        with asking(cls):
            try_out(made)
        return made


def _check_marks(module: ModuleType | object, callers: Sequence[Any]) -> None:
    """Refuse a plugin that offers nothing because a mark is missing: it would be empty and nobody would know why."""
    marked = {caller.name for caller in callers}
    unmarked = [
        name for name in vars(hookspecs) if name.startswith("polyproof_") and callable(getattr(module, name, None))
    ]
    for name in unmarked:
        if name not in marked:
            raise PluginError(f"its {name} is not marked with @hookimpl")
    if not marked:
        raise PluginError("it has no function marked with @hookimpl, so it offers nothing")


def _component_problem(component: Any) -> str | None:
    if not isinstance(component, Component):
        return f"offers {type(component).__name__} where a Component is expected"
    values = (component.kind, component.name, component.summary, component.factory)
    if not all(isinstance(value, str) for value in values):
        return f"offers a Component whose values are not all strings: {shown(component.name)}"
    if component.kind not in KINDS:
        return f"offers {component.name!r} of unknown kind {component.kind!r}: {did_you_mean(component.kind, KINDS)}"
    if not matches(NAME, component.name):
        return f"offers a {component.kind} named {component.name!r}; names are lower case, digits and hyphens"
    if not _FACTORY.match(component.factory):
        return f"offers {component.name!r} at {component.factory!r}; expected module:attribute"
    return None


def _load(reference: str) -> Any:
    module, _, attribute = reference.partition(":")
    with _depth_kept():
        return getattr(importlib.import_module(module), attribute)


@contextmanager
def _depth_kept() -> Iterator[None]:
    """Undo it where an import raises Python's limit of recursion, as py_ecc does, to 100,000: whatever recurses without
    end would then overflow the stack and take the process with it, instead of being an error."""
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        if sys.getrecursionlimit() > limit:
            sys.setrecursionlimit(limit)


_default: Registry | None = None


def default_registry() -> Registry:
    """The registry of all installed plugins, discovered once per process."""
    global _default
    if _default is None:
        _default = Registry()
        _default.discover()
    return _default
