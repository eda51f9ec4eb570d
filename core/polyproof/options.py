"""Options declared once: type, default, bounds and documentation of everything a YAML file can set.

An options class is a frozen attrs class whose every field is made by ``option``::

    @frozen
    class Options:
        hash: str = option(default="blake3", kind="hash", doc="Hash of leaves and nodes.")
        queries: int = option(default=88, least=1, most=4096, doc="Queries of the low-degree test.")

What is declared here is checked here, for every way in: the constructor, YAML files
(``polyproof.structure``) and the public manifest. The JSON Schema and the documentation are
generated from it.

A field's type is one of ``bool``, ``int``, ``float``, ``str``, ``Path`` or another such class; or
``tuple[T, ...]`` of one of them; either may be ``| None``. Types are strict: ``True`` is not an
integer, ``"1"`` is not one either.
"""

from __future__ import annotations

import difflib
import math
import re
import types
import typing
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import attrs
from attrs import NOTHING, frozen

from polyproof.errors import PluginError, Problem, SpecError

__all__ = ["Fault", "Option", "did_you_mean", "faults", "option", "options_of", "plain"]

_SCALARS: dict[type, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    Path: "a path",
}


def option(
    *,
    doc: str,
    default: Any = NOTHING,
    kind: str | None = None,
    least: float | None = None,
    most: float | None = None,
    choices: Sequence[Any] | None = None,
    pattern: tuple[str, str] | None = None,
    items: tuple[int, int] | None = None,
) -> Any:
    """Declare a field of an options class.

    ``doc`` is a sentence for the schema and the documentation. Without ``default`` the field must be
    given. ``kind`` says that the value is the name of a registered component of that kind
    (``"hash"``, ``"field"``, …); names are checked where a registry is at hand. ``least`` and
    ``most`` are inclusive bounds of a number, ``choices`` the allowed values, ``pattern`` a regular
    expression that all of the text must match, and the same in words. For ``tuple[T, ...]`` all of
    these hold of each item, and ``items`` bounds how many there are.
    """
    return attrs.field(
        default=default,
        validator=_validate,
        metadata={
            "doc": doc,
            "kind": kind,
            "least": least,
            "most": most,
            "choices": tuple(choices) if choices is not None else None,
            "pattern": pattern,
            "items": items,
        },
    )


@frozen
class Option:
    """One declared option with its type taken apart."""

    name: str
    type: type[Any]
    """``bool``, ``int``, ``float``, ``str``, ``Path`` or an options class: of the value, or of each item."""
    many: bool
    """``tuple[T, ...]``."""
    optional: bool
    """``None`` is allowed."""
    default: Any
    """``attrs.NOTHING`` for one that must be given."""
    doc: str
    kind: str | None
    least: float | None
    most: float | None
    choices: tuple[Any, ...] | None
    pattern: tuple[str, str] | None
    items: tuple[int, int] | None

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is NOTHING

    @property
    def nested(self) -> bool:
        """Whether the value, or each item, is another options class."""
        return attrs.has(self.type)

    @property
    def wants(self) -> str:
        """The type in words, for messages."""
        one = "a mapping" if self.nested else _SCALARS[self.type]
        words = f"a list, each item {one}" if self.many else one
        return f"{words}, or null" if self.optional else words


@frozen
class Fault:
    """Why a value is not acceptable: the index of the item at fault if there are many, a message, a hint."""

    message: str
    hint: str | None = None
    item: int | None = None


@cache
def options_of(cls: type[Any]) -> tuple[Option, ...]:
    """The options a class declares, in order.

    Raises ``PluginError`` for a class that is not made as this module wants: the mistake is its author's.
    """
    where = f"{cls.__module__}.{cls.__qualname__}"
    if not attrs.has(cls):
        raise PluginError(f"{where} is not an attrs class")
    try:
        resolved = attrs.fields(attrs.resolve_types(cls))
    except NameError as error:
        raise PluginError(f"{where}: the type of an option cannot be resolved: {error}") from error
    return tuple(_option_of(where, attribute) for attribute in resolved if attribute.init)


def _option_of(where: str, attribute: attrs.Attribute[Any]) -> Option:
    declared: Any = attribute.type
    wanted, optional, many = declared, False, False
    if typing.get_origin(wanted) in (typing.Union, types.UnionType):
        rest = [item for item in typing.get_args(wanted) if item is not types.NoneType]
        optional = len(rest) < len(typing.get_args(wanted))
        wanted = rest[0] if len(rest) == 1 else None
    if typing.get_origin(wanted) is tuple:
        arguments = typing.get_args(wanted)
        many = True
        wanted = arguments[0] if len(arguments) == 2 and arguments[1] is Ellipsis else None
    if not (isinstance(wanted, type) and (wanted in _SCALARS or attrs.has(wanted))):
        raise PluginError(f"{where}.{attribute.name}: an option cannot have the type {declared}")
    if not attribute.metadata.get("doc"):
        raise PluginError(f"{where}.{attribute.name} is not declared by polyproof.options.option with a doc")
    return Option(
        attribute.name, wanted, many, optional, attribute.default, **{key: attribute.metadata[key] for key in _RULES}
    )


_RULES = ("doc", "kind", "least", "most", "choices", "pattern", "items")


def faults(declared: Option, value: Any) -> list[Fault]:
    """Everything wrong with a value; names of components are not looked up. Empty if there is nothing."""
    if value is None and declared.optional:
        return []
    if not declared.many:
        return _item_faults(declared, value, None)
    if not isinstance(value, tuple):
        return [Fault(f"{declared.name} is {shown(value)}", f"wanted is {declared.wants}")]
    found = [fault for index, item in enumerate(value) for fault in _item_faults(declared, item, index)]
    if declared.items is not None:
        fewest, most = declared.items
        if not fewest <= len(value) <= most:
            found.append(Fault(f"{declared.name} has {len(value)} items", f"allowed are {fewest} to {most}"))
    return found


def _item_faults(declared: Option, value: Any, item: int | None) -> list[Fault]:
    name = declared.name
    if not _has_type(value, declared.type):
        one = "a mapping" if declared.nested else _SCALARS[declared.type]
        null = ", or null" if declared.optional and item is None else ""
        return [Fault(f"{name} is {shown(value)}", f"wanted is {one}{null}", item)]
    if isinstance(value, float) and not math.isfinite(value):
        return [Fault(f"{name} is {value}", "wanted is a finite number", item)]
    if declared.choices is not None and value not in declared.choices:
        return [Fault(f"{name} is {shown(value)}", did_you_mean(value, declared.choices), item)]
    low, high = declared.least, declared.most
    if (low is not None and value < low) or (high is not None and value > high):
        if high is None:
            allowed = f"at least {low}"
        else:
            allowed = f"at most {high}" if low is None else f"{low} to {high}"
        return [Fault(f"{name} is {shown(value)}", f"allowed is {allowed}", item)]
    if declared.pattern is not None and not re.fullmatch(declared.pattern[0], value):
        return [Fault(f"{name} is {shown(value)}", f"wanted is {declared.pattern[1]}", item)]
    return []


def _has_type(value: Any, wanted: type[Any]) -> bool:
    if wanted is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if wanted is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, wanted)


def shown(value: Any) -> str:
    """A value as a message quotes it: short, and never more than one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 256:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, dict) or attrs.has(type(value)):
        return "a mapping"
    text = repr(str(value) if isinstance(value, Path) else value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def did_you_mean(value: Any, allowed: Iterable[Any]) -> str:
    """A hint: the nearest allowed value if one is near, and all of them."""
    names = [str(name) for name in allowed]
    lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(
        str(value).lower()[:100].replace("_", "-"), [n.replace("_", "-") for n in lower], 1
    )
    if near:
        found = next(name for key, name in lower.items() if key.replace("_", "-") == near[0])
        return f"did you mean {found!r}? allowed: {', '.join(names)}"
    return f"allowed: {', '.join(names) or 'none'}"


def _validate(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """Validator of every field made by ``option``: raises ``SpecError``."""
    cls: type[Any] = instance.__class__
    declared = next(item for item in options_of(cls) if item.name == attribute.name)
    found = faults(declared, value)
    if found:
        raise SpecError([Problem(fault.message, hint=fault.hint) for fault in found])


def plain(instance: Any) -> dict[str, Any]:
    """An options object as plain JSON: every option, defaults filled in; tuples become lists, paths text."""
    return {declared.name: _plain(getattr(instance, declared.name)) for declared in options_of(instance.__class__)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return value.as_posix()
    return plain(value) if attrs.has(type(value)) else value
