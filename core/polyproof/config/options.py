"""Options declared once: type, default, bounds and documentation of everything a YAML file can set.

An options class is a frozen attrs class whose every field is made by ``option``::

    @frozen
    class Options:
        hash: str = option(default="blake3", kind="hash", doc="Hash of leaves and nodes.")
        queries: int = option(default=88, least=1, most=4096, doc="Queries of the low-degree test.")

What is declared here is checked here, for every source of values: the constructor, YAML files
(``polyproof.config.reader``) and the public manifest. The JSON Schema and the documentation are
generated from it.

A field's type is one of ``bool``, ``int``, ``float``, ``str``, ``Path`` or another such class; or
``tuple[T, ...]`` of one of them; either may be ``| None``. Types are strict: neither ``True`` nor
``"1"`` is an integer.
"""

from __future__ import annotations

import difflib
import math
import re
import types
import typing
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

import attrs
from attrs import NOTHING, frozen

from polyproof.errors import PluginFault, Problem, SpecError
from polyproof.model.counts import counted

__all__ = [
    "NOT_AN_OPTION",
    "Check",
    "Choice",
    "Components",
    "Fault",
    "NoOptions",
    "Option",
    "all_printable",
    "check_faults",
    "count_faults",
    "did_you_mean",
    "faults",
    "item_faults",
    "nearest",
    "option",
    "options_of",
    "plain",
    "printable",
    "shown",
]

NOT_AN_OPTION = {"option": False}
"""Metadata of an attribute that no file can set: ``attrs.field(default=None, metadata=NOT_AN_OPTION)``."""

_SCALARS: dict[type, str] = {
    bool: "true or false",
    int: "an integer",
    float: "a number",
    str: "a string",
    Path: "a path",
}


@frozen
class Fault:
    """Why a value is not acceptable, and what would be."""

    message: str
    hint: str | None = None
    path: tuple[str | int, ...] = ()
    """Which part of the value, as keys and indices."""


Check = Callable[[Any], Iterable[Fault]]


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
    check: Check | None = None,
    published: bool = True,
) -> Any:
    """Declare a field of an options class.

    ``doc`` is a sentence for the schema and the documentation. Without ``default`` the field must be
    given. ``kind`` says that the value is the name of a registered component of that kind
    (``"hash"``, ``"field"``, …); names are checked where a registry is available. ``least`` and
    ``most`` are inclusive bounds of a number. ``choices`` are the allowed values, in addition to the
    registered names if ``kind`` is given too. ``pattern`` is a regular expression that the whole text
    must match, and the same in words. For ``tuple[T, ...]`` all of these apply to each item, and
    ``items`` bounds the number of items. An option of a backend that is not ``published`` is for whoever proves, such
    as the path of a file: it may be left open, and no manifest has it. ``check`` returns anything else that is wrong
    with the value as a whole; it sees only values that satisfy all of the above.
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
            "check": check,
            "published": published,
        },
    )


@frozen
class Option:
    """One declared option, with its type broken down."""

    name: str
    type: type[Any]
    """``bool``, ``int``, ``float``, ``str``, ``Path`` or an options class: the type of the value, or of each item."""
    many: bool
    """``tuple[T, ...]``."""
    optional: bool
    """``None`` is allowed."""
    default: Any
    """``attrs.NOTHING`` for an option that must be given."""
    doc: str
    kind: str | None
    least: float | None
    most: float | None
    choices: tuple[Any, ...] | None
    pattern: tuple[str, str] | None
    items: tuple[int, int] | None
    check: Check | None
    published: bool

    @property
    def required(self) -> bool:
        """Whether the option must be given."""
        return self.default is NOTHING

    @property
    def nested(self) -> bool:
        """Whether the value, or each item, is another options class."""
        return attrs.has(self.type)

    @property
    def wants_one(self) -> str:
        """The type of the value, or of each item, in words."""
        return "a mapping" if self.nested else _SCALARS[self.type]

    @property
    def wants(self) -> str:
        """The type in words, for messages."""
        words = f"a list, each item {self.wants_one}" if self.many else self.wants_one
        return f"{words}, or null" if self.optional else words


_UNENCODABLE = re.compile("[\\0\ud800-\udfff]")
_known: dict[type[Any], tuple[Option, ...]] = {}


def options_of(cls: type[Any]) -> tuple[Option, ...]:
    """The options a class declares, in order.

    Raises ``PluginFault`` for a class that does not follow the rules of this module: that is its author's mistake.
    """
    found = _known.get(cls)
    if found is None:
        where = f"{cls.__module__}.{cls.__qualname__}"
        if not attrs.has(cls):
            raise PluginFault(f"{where} is not an attrs class")
        try:
            attributes = attrs.fields(attrs.resolve_types(cls))
        except NameError as error:
            raise PluginFault(f"{where}: the type of an option cannot be resolved: {error}") from error
        found = _known[cls] = tuple(
            _option_of(where, attribute) for attribute in attributes if attribute.metadata != NOT_AN_OPTION
        )
    return found


_RULES = ("doc", "kind", "least", "most", "choices", "pattern", "items", "check", "published")


def _option_of(where: str, attribute: attrs.Attribute[Any]) -> Option:
    declared: Any = attribute.type
    optional, many = False, False
    if typing.get_origin(declared) in (typing.Union, types.UnionType):
        arguments = typing.get_args(declared)
        rest = [item for item in arguments if item is not types.NoneType]
        optional = len(rest) < len(arguments)
        declared = rest[0] if len(rest) == 1 else None
    if typing.get_origin(declared) is tuple:
        arguments = typing.get_args(declared)
        many = True
        declared = arguments[0] if len(arguments) == 2 and arguments[1] is Ellipsis else None
    if not (isinstance(declared, type) and (declared in _SCALARS or attrs.has(declared))):
        raise PluginFault(f"{where}.{attribute.name}: an option cannot have the type {attribute.type}")
    if not attribute.metadata.get("doc"):
        raise PluginFault(f"{where}.{attribute.name} is not declared by polyproof.config.options.option with a doc")
    rules = {key: attribute.metadata[key] for key in _RULES}
    if not rules["published"] and (declared is not Path or many or attribute.default is not None):
        raise PluginFault(f"{where}.{attribute.name}: an option that is not published is a path that may be left out")
    return Option(attribute.name, declared, many, optional, attribute.default, **rules)


def faults(declared: Option, value: Any) -> list[Fault]:
    """Everything wrong with a value; names of components are not looked up. Empty if nothing is wrong."""
    if value is None and declared.optional:
        return []
    if not declared.many:
        return item_faults(declared, value) or check_faults(declared, value)
    if not isinstance(value, tuple):
        return [Fault(f"{declared.name} is {shown(value)}", f"expected {declared.wants}, as a tuple")]
    found = [fault for item in value for fault in item_faults(declared, item)]
    return found or count_faults(declared, len(value)) + check_faults(declared, value)


def check_faults(declared: Option, value: Any) -> list[Fault]:
    """What the option's own ``check`` finds wrong with a value that is of the right type and within bounds."""
    return list(declared.check(value)) if declared.check and value is not None else []


def count_faults(declared: Option, count: int) -> list[Fault]:
    """What is wrong with the number of items of a list."""
    if declared.items is None or declared.items[0] <= count <= declared.items[1]:
        return []
    return [
        Fault(f"{declared.name} has {counted(count, 'item')}", f"expected {declared.items[0]} to {declared.items[1]}")
    ]


def item_faults(declared: Option, value: Any) -> list[Fault]:
    """What is wrong with the value, or with one item of a list."""
    is_now = f"{declared.name} is {shown(value)}"
    if not _has_type(value, declared.type):
        null = ", or null" if declared.optional and not declared.many else ""
        return [Fault(is_now, f"expected {declared.wants_one}{null}")]
    if isinstance(value, float) and not math.isfinite(value):
        return [Fault(is_now, "expected a finite number")]
    if isinstance(value, str) and _UNENCODABLE.search(value):
        return [Fault(is_now, "expected text that UTF-8 can encode, without NUL")]
    if declared.choices is not None and declared.kind is None and value not in declared.choices:
        return [Fault(is_now, did_you_mean(value, declared.choices))]
    low, high = declared.least, declared.most
    if (low is not None and value < low) or (high is not None and value > high):
        if high is None:
            allowed = f"at least {low}"
        else:
            allowed = f"at most {high}" if low is None else f"{low} to {high}"
        return [Fault(is_now, f"expected {allowed}")]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return [Fault(is_now, "expected an integer of 64 bits")]
    if declared.pattern is not None and not re.fullmatch(declared.pattern[0], value):
        return [Fault(is_now, f"expected {declared.pattern[1]}")]
    return []


def _has_type(value: Any, expected: type[Any]) -> bool:
    if expected is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if expected is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, expected)


def shown(value: Any) -> str:
    """A value as messages quote it: short, and never more than one line."""
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


def nearest(value: Any, allowed: Iterable[Any]) -> str | None:
    """The allowed name that is closest to a value, ignoring case and hyphens, if one is close."""
    names = {str(name).lower().replace("_", "-"): str(name) for name in allowed}
    near = difflib.get_close_matches(str(value)[:100].lower().replace("_", "-"), names, 1)
    return names[near[0]] if near else None


def did_you_mean(value: Any, allowed: Iterable[Any]) -> str:
    """A hint: the closest allowed name, if one is close, and all allowed names."""
    names = [str(name) for name in allowed]
    near = nearest(value, names)
    question = f"did you mean {near!r}? " if near else ""
    return f"{question}allowed: {', '.join(names) or 'none'}"


def printable(length: int) -> Check:
    """A ``check`` for names shown in reports: 1 to ``length`` characters, none that controls a terminal, no space that
    nobody sees.
    """

    def check(text: str) -> Iterable[Fault]:
        if not (0 < len(text) <= length and text.isprintable()):
            yield Fault(f"{shown(text)} cannot be shown", f"expected 1 to {length} printable characters")
        elif text != text.strip():
            yield Fault(f"{shown(text)} begins or ends with a space")

    return check


def all_printable(length: int) -> Check:
    """The same for each of a list of texts."""
    one = printable(length)

    def check(texts: tuple[str, ...]) -> Iterable[Fault]:
        for index, text in enumerate(texts):
            for fault in one(text):
                yield Fault(fault.message, fault.hint, (index, *fault.path))

    return check


def _validate(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
    """The validator of every field made by ``option``: raises ``SpecError``."""
    cls: type[Any] = instance.__class__
    declared = next(item for item in options_of(cls) if item.name == attribute.name)
    found = faults(declared, value)
    if found:
        raise SpecError([Problem(fault.message, hint=fault.hint) for fault in found])


@frozen
class NoOptions:
    """The options of a component that has none."""


class Components(Protocol):
    """Where components are looked up by kind and name; ``polyproof.registry.Registry`` is one."""

    def names(self, kind: str) -> list[str]:
        """Names that can be requested."""
        ...

    def find(self, kind: str, name: str) -> Any:
        """Which plugin offers the component; nothing is imported. Raises ``PluginError``."""
        ...

    def get(self, kind: str, name: str) -> type[Any]:
        """The class of a component. Raises ``PluginError``."""
        ...

    def create(self, kind: str, name: str, *args: Any) -> Any:
        """An instance of a component."""
        ...


@frozen
class Choice:
    """A component chosen by name, with its options: the value of an option such as ``backend: …``.

    In a file it is the name alone, or a mapping of ``name`` and the component's own options. A derived
    class states the kind.
    """

    kind: ClassVar[str]
    """A key of ``hookspecs.KINDS`` whose components are constructed as ``Component(options, registry)``."""
    name: str
    options: Any
    """An instance of the component's ``Options``."""

    def create(self, registry: Components) -> Any:
        """The component itself."""
        return registry.create(self.kind, self.name, self.options, registry)

    def plain(self, *, published: bool = False) -> Any:
        """As plain JSON, in the form used in files: the name, and every option with defaults filled in.

        ``published``: as a manifest has it, without what concerns only whoever proves.
        """
        return {"name": self.name, **plain(self.options, published=published)}


def plain(value: Any, *, published: bool = False) -> Any:
    """A value as plain JSON: an options object with all its options, a component by name, tuples as lists, paths as
    text.

    ``published``: without the options that no manifest has.
    """
    if isinstance(value, tuple):
        return [plain(item, published=published) for item in value]
    if isinstance(value, Path):
        return value.as_posix()
    if isinstance(value, Choice):
        return value.plain(published=published)
    if attrs.has(type(value)):
        return {
            declared.name: plain(getattr(value, declared.name), published=published)
            for declared in options_of(value.__class__)
            if declared.published or not published
        }
    return value
