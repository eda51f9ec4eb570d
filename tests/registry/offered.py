"""Plugins that are made for a test, and registries of them."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from polyproof import INTERFACE_VERSION
from polyproof.hookspecs import hookimpl
from polyproof.registry import Registry


def plugin(components: Callable[[], Any] | None = None, interface: object = INTERFACE_VERSION) -> ModuleType:
    module = ModuleType("some_plugin")
    module.polyproof_interface = interface  # type: ignore[attr-defined]
    if components is not None:

        def polyproof_components() -> Any:
            return components()

        module.polyproof_components = hookimpl(polyproof_components)  # type: ignore[attr-defined]
    return module


def registry_of(*plugins: ModuleType) -> Registry:
    registry = Registry()
    for number, module in enumerate(plugins):
        registry.register(module, f"plugin{number}", f"{number}.0", f"dist{number} (module{number})")
    return registry


def offering(*components: object) -> Registry:
    return registry_of(plugin(lambda: components))
