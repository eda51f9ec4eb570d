"""From a document to objects: options classes filled in from a tree, every problem reported at its place.

What is allowed is declared by ``polyproof.config.options.option``; here a file is checked against it. Problems
are collected and not raised one by one, so that a file can be corrected in one go.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from polyproof.config.options import (
    Choice,
    Components,
    Fault,
    Option,
    check_faults,
    count_faults,
    did_you_mean,
    item_faults,
    nearest,
    options_of,
    shown,
)
from polyproof.config.tree import Items, Mapping, Node, Scalar
from polyproof.errors import InputError, Location, PluginError, PluginFault, Problem, SpecError

__all__ = ["Choice", "Components", "OptionsReader", "component_options", "locate"]

T = TypeVar("T")


def component_options(registry: Components, kind: str, name: str) -> type[Any]:
    """The options class of a component. Raises ``PluginError``; ``PluginFault`` for a class that cannot be one."""
    options = getattr(registry.get(kind, name), "Options", None)
    if not isinstance(options, type):
        raise PluginFault(f"{kind} {name!r} has no class Options")
    if any(declared.name == "name" for declared in options_of(options)):
        raise PluginFault(f"{kind} {name!r} has an option 'name', which in a file is the name of the {kind}")
    return options


class _Failed:
    """Stands for a value that could not be read; its problem has been reported."""


_FAILED = _Failed()


class OptionsReader:
    """Builds objects from one document and collects everything wrong with it."""

    def __init__(self, registry: Components, limit: int = 100) -> None:
        """Reading stops at ``limit`` problems."""
        self.registry = registry
        self.problems: list[Problem] = []
        self._limit = limit

    def report(self, message: str, location: Location, hint: str | None = None) -> None:
        """Note a problem."""
        self.problems.append(Problem(message, location, hint))
        if len(self.problems) >= self._limit:
            self.finish()

    def report_error(self, error: InputError, location: Location) -> None:
        """Add the problems of an error, at ``location`` unless they have their own."""
        for problem in error.problems:
            self.report(problem.message, problem.location or location, problem.hint)

    def finish(self) -> None:
        """If there are problems, raise ``SpecError`` with all of them, in the order of the file."""
        if self.problems:
            raise SpecError(sorted(dict.fromkeys(self.problems), key=_position))

    def header(self, node: Node, key: str, version: int) -> None:
        """Require a mapping whose ``key`` states this version of the format; raise ``SpecError`` otherwise.

        What the keys of another version mean is not known, so no further problems are looked for.
        """
        if not isinstance(node, Mapping):
            self.report(
                f"this is {_shown(node)}", node.location, f"expected a mapping that begins with {key}: {version}"
            )
            self.finish()
            return
        stated = node.get(key)
        if stated is None:
            self.report(f"the key {key!r} is missing", node.location, f"the version of the format: `{key}: {version}`")
        elif not (isinstance(stated, Scalar) and type(stated.value) is int and stated.value == version):
            self.report(f"{key} is {_shown(stated)}", stated.location, f"this polyproof reads version {version}")
            self.finish()

    def build(self, node: Node, cls: type[T], besides: tuple[str, ...] = ()) -> T | None:
        """An instance of an options class, or ``None`` if there was a problem with it.

        ``besides``: keys of the mapping that are not options of the class and are read elsewhere.
        """
        values, complete = self.values(node, cls, besides)
        if not complete:
            return None
        try:
            return cls(**values)
        except InputError as error:
            self.report_error(error, node.location)
        except ValueError as error:
            self.report(str(error), node.location)
        return None

    def values(self, node: Node, cls: type[Any], besides: tuple[str, ...] = ()) -> tuple[dict[str, Any], bool]:
        """The valid values that a mapping gives to options of a class, and whether the whole mapping is valid."""
        declared = options_of(cls)
        allowed = [*besides, *(option.name for option in declared)]
        if not isinstance(node, Mapping):
            self.report(f"this is {_shown(node)}", node.location, f"expected a mapping; its keys: {', '.join(allowed)}")
            return {}, False
        meant = set()
        for entry in node.entries:
            if entry.key not in allowed:
                self.report(f"unknown key {shown(entry.key)}", entry.location, did_you_mean(entry.key, allowed))
                meant.add(nearest(entry.key, allowed))
        values: dict[str, Any] = {}
        complete = not meant
        for again, first in node.repeated():
            line = f"first on line {first.location.line}" if first.location.line else None
            self.report(f"the key {shown(again.key)} is given twice", again.location, line)
            complete = False
        for option in declared:
            given = node.get(option.name)
            if given is not None:
                value = self._value(given, option)
                if value is _FAILED:
                    complete = False
                else:
                    values[option.name] = value
            elif option.required:
                complete = False
                if option.name not in meant:
                    self.report(f"the key {option.name!r} is missing", node.location, option.doc)
            else:
                complete = self._default_registered(option, node.location) and complete
        return values, complete

    def _value(self, node: Node, option: Option) -> Any:
        if option.optional and isinstance(node, Scalar) and node.value is None:
            return None
        if not option.many:
            value = self._item(node, option)
            return value if value is _FAILED or self._sound(check_faults(option, value), node) else _FAILED
        one_for_all = isinstance(node, Scalar) and node.value is not None and not option.nested
        if not (isinstance(node, Items) or one_for_all):
            self.report(f"{option.name} is {_shown(node)}", node.location, f"expected {option.wants}")
            return _FAILED
        nodes = node.items if isinstance(node, Items) else (node,)
        items = [(inner, self._item(inner, option)) for inner in nodes]
        good = [(inner, value) for inner, value in items if value is not _FAILED]
        values = tuple(value for _, value in good)
        # Conditions on the list as a whole are checked for the valid items, so that one mistake hides no other.
        together = Items(node.location, tuple(inner for inner, _ in good))
        sound = self._sound([*count_faults(option, len(items)), *check_faults(option, values)], together)
        return values if sound and len(good) == len(items) else _FAILED

    def _item(self, node: Node, option: Option) -> Any:
        if option.nested:
            is_choice = issubclass(option.type, Choice)
            built = self._choice(node, option.type) if is_choice else self.build(node, option.type)
            return _FAILED if built is None else built
        value = _scalar(node, option.type)
        if not self._sound(item_faults(option, value), node):
            return _FAILED
        if option.kind is not None and not self._registered(option, value, node.location):
            return _FAILED
        return value

    def _choice(self, node: Node, cls: type[Choice]) -> Choice | None:
        chosen, options = (node.get("name"), node) if isinstance(node, Mapping) else (node, Mapping(node.location))
        if chosen is None:
            names = ", ".join(self.registry.names(cls.kind))
            self.report("the key 'name' is missing", node.location, f"the {cls.kind} to use, one of: {names}")
            return None
        name = _scalar(chosen, str)
        if not isinstance(name, str):
            names = ", ".join(self.registry.names(cls.kind))
            hint = f"expected a name, one of: {names}; or a mapping of name and options"
            self.report(f"{cls.kind} is {_shown(chosen)}", chosen.location, hint)
            return None
        try:
            options_class = component_options(self.registry, cls.kind, name)
        except PluginFault:
            raise  # not a mistake in this file
        except PluginError as error:
            self.report_error(error, chosen.location)
            return None
        built = self.build(options, options_class, besides=("name",))
        return None if built is None else cls(name, built)

    def _sound(self, found: Iterable[Fault], node: Node) -> bool:
        sound = True
        for fault in found:
            self.report(fault.message, locate(node, fault.path), fault.hint)
            sound = False
        return sound

    def _default_registered(self, option: Option, location: Location) -> bool:
        # A list of names by default is what a policy allows: it makes none of them, so none need be installed.
        if option.many or option.default is None:
            return True
        if isinstance(option.default, Choice):
            return self._found(option.default.kind, option.default.name, location)
        return option.kind is None or self._registered(option, option.default, location)

    def _registered(self, option: Option, name: str, location: Location) -> bool:
        assert option.kind is not None, "a name of something"
        if option.choices is not None:
            if name in option.choices:
                return True
            allowed = [*option.choices, *self.registry.names(option.kind)]
            if name not in allowed:
                self.report(f"{option.name} is {shown(name)}", location, did_you_mean(name, allowed))
                return False
        return self._found(option.kind, name, location)

    def _found(self, kind: str, name: str, location: Location) -> bool:
        try:
            self.registry.find(kind, name)
        except PluginFault:
            raise  # not a mistake in this file
        except PluginError as error:
            self.report_error(error, location)
            return False
        return True


def locate(node: Node, path: Iterable[str | int]) -> Location:
    """The place of a part of a document, given by keys and indices, as far as the document has it."""
    for step in path:
        if isinstance(node, Mapping) and isinstance(step, str) and (inner := node.get(step)):
            node = inner
        elif isinstance(node, Items) and isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
    return node.location


def _scalar(node: Node, expected: type[Any]) -> Any:
    """The value of a node where a type is expected; it may turn out to be of another type."""
    if not isinstance(node, Scalar):
        return [] if isinstance(node, Items) else {}
    if expected in (str, Path) and node.text is not None and node.value is not None:
        # 1000 or true where a string is expected: the text as the file has it.
        return Path(node.text) if expected is Path and node.text else node.text
    if expected is float and type(node.value) is int:
        return float(node.value) if node.value.bit_length() < 1024 else math.inf
    return node.value


def _shown(node: Node) -> str:
    return shown(_scalar(node, object))


def _position(problem: Problem) -> tuple[int, int]:
    location = problem.location
    return (location.line or 0, location.column or 0) if location else (0, 0)
