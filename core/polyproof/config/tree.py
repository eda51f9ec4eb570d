"""Documents as trees in which every value knows its place, so that errors can point at it.

``parse_yaml`` reads a file that a person wrote. It accepts the safe and unsurprising part of YAML:

- UTF-8, one document, at most 1 MiB and 32 levels.
- No anchors, aliases, merges or tags.
- Plain scalars are read by YAML 1.2 (§10.3, core schema), so ``NO`` and ``on`` are text and not
  booleans; integers are decimal, without leading zeros. A scalar keeps its text along with its value:
  where a string is expected, ``symbol: 1000`` is the text ``1000``.

``from_json`` wraps a value that ``json.loads`` returned; there is no text to fall back on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from attrs import evolve, frozen

from polyproof.config.options import shown
from polyproof.errors import Location, Problem, SpecError

__all__ = ["Entry", "Items", "Mapping", "Node", "Scalar", "from_json", "load_yaml", "parse_yaml"]

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_NODES = 1 << 16
_BLOCK = 1 << 20

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOLEAN = re.compile(r"(true|True|TRUE)|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MAX_DIGITS = 1000


@frozen
class Scalar:
    """A null, boolean, number or string."""

    location: Location
    value: bool | int | float | str | None
    text: str | None = None
    """The text in the file; ``None`` if only the value counts (JSON)."""


@frozen
class Items:
    """A list."""

    location: Location
    items: tuple[Node, ...]


@frozen
class Entry:
    """A key of a mapping and its value."""

    key: str
    location: Location
    """The place of the key."""
    value: Node


@frozen
class Mapping:
    """A mapping: its entries in order; keys that are given twice are left for the caller to report."""

    location: Location
    entries: tuple[Entry, ...] = ()

    def get(self, key: str) -> Node | None:
        """The value of a key, or ``None``; for a key that is given twice, the first."""
        return next((entry.value for entry in self.entries if entry.key == key), None)

    def repeated(self) -> Iterator[tuple[Entry, Entry]]:
        """Every entry whose key was given before, and the first entry of that key."""
        seen: dict[str, Entry] = {}
        for entry in self.entries:
            first = seen.setdefault(entry.key, entry)
            if first is not entry:
                yield entry, first


Node = Scalar | Items | Mapping


def load_yaml(path: Path, max_bytes: int = MAX_BYTES) -> Node:
    """Read a YAML file. Raises ``SpecError`` for one that cannot be read, and as ``parse_yaml`` does."""
    try:
        with path.open("rb") as file:
            # Block by block: read(n) takes n bytes of memory at once, however small the file is.
            data = bytearray()
            while len(data) <= max_bytes and (block := file.read(_BLOCK)):
                data += block
    except OSError as error:
        raise SpecError(Problem(f"cannot be read: {error.strerror or error}", Location(str(path)))) from error
    return parse_yaml(bytes(data), str(path), max_bytes)


def parse_yaml(data: bytes, file: str, max_bytes: int = MAX_BYTES) -> Node:
    """The document; ``file`` names it. Raises ``SpecError`` with file, line and column if it is not acceptable YAML."""
    if len(data) > max_bytes:
        raise SpecError(Problem(f"the file has more than {max_bytes} bytes", Location(file)))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        location = Location(file, before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
        message = f"byte 0x{data[error.start]:02x} is not UTF-8"
        raise SpecError(Problem(message, location, "save the file as UTF-8")) from error
    try:
        return _with_paths(_Composer(text, file).document(), "")
    except yaml.reader.ReaderError as error:
        before_text = text[: error.position]
        location = Location(file, before_text.count("\n") + 1, len(before_text) - before_text.rfind("\n"))
        raise SpecError(Problem(f"character U+{ord(text[error.position]):04X} is not allowed", location)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        location = Location(file, mark.line + 1, mark.column + 1) if mark else Location(file)
        context = f"{error.context}: " if error.context else ""
        hint = "indent with spaces, not tabs" if "'\\t'" in str(error.problem) else None
        raise SpecError(Problem(f"not YAML: {context}{error.problem}", location, hint)) from error


_MOST_OF_A_KEY = 100


def _with_paths(node: Node, path: str) -> Node:
    """The same tree, each place with the keys and indices that lead there."""
    location = evolve(node.location, path=path or None)
    if isinstance(node, Scalar):
        return evolve(node, location=location)
    if isinstance(node, Items):
        items = tuple(_with_paths(item, f"{path}[{number}]") for number, item in enumerate(node.items))
        return evolve(node, location=location, items=items)
    entries = []
    for entry in node.entries:
        inner = f"{path}.{entry.key[:_MOST_OF_A_KEY]}".removeprefix(".")
        place = evolve(entry.location, path=inner)
        entries.append(evolve(entry, location=place, value=_with_paths(entry.value, inner)))
    return evolve(node, location=location, entries=tuple(entries))


class _Composer:
    """Builds the tree from PyYAML's events: its parser does not recurse, and depth is bounded here."""

    def __init__(self, text: str, file: str) -> None:
        # Long files go to libyaml, if PyYAML has it: it accepts the same language and is ten times as fast.
        fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader) if len(text) > MAX_BYTES else yaml.SafeLoader
        self._events: Iterator[Any] = yaml.parse(text, Loader=fast)
        self._file = file

    def _location(self, event: Any) -> Location:
        return Location(self._file, event.start_mark.line + 1, event.start_mark.column + 1)

    def document(self) -> Node:
        next(self._events)  # the stream begins
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise SpecError(Problem("the file is empty", Location(self._file)))
        node = self._node(next(self._events), 1)
        next(self._events)  # the document ends
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise SpecError(Problem("a second document begins here", self._location(event), "a file may hold only one"))
        return node

    def _node(self, event: Any, depth: int) -> Node:
        location = self._location(event)
        if depth > MAX_DEPTH:
            raise SpecError(Problem(f"nested more than {MAX_DEPTH} deep", location))
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            sign = "*" if isinstance(event, yaml.AliasEvent) else "&"
            raise SpecError(
                Problem(
                    f"{sign}{event.anchor} is not allowed",
                    location,
                    "anchors and aliases are not used here; write the value out",
                )
            )
        if event.tag is not None:
            raise SpecError(
                Problem(f"the tag {event.tag!r} is not allowed", location, "types are not tagged here; quote a string")
            )
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(location, event.value, plain=event.implicit[0])
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
                items.append(self._node(inner, depth + 1))
            return Items(location, tuple(items))
        entries = []
        while not isinstance(inner := next(self._events), yaml.MappingEndEvent):
            key = self._node(inner, depth + 1)
            if not isinstance(key, Scalar) or key.text is None:
                raise SpecError(Problem("a key must be text", key.location))
            entries.append(Entry(key.text, key.location, self._node(next(self._events), depth + 1)))
        return Mapping(location, tuple(entries))


def _scalar(location: Location, text: str, *, plain: bool) -> Scalar:
    value: bool | int | float | str | None = text
    if plain:
        if _NULL.fullmatch(text):
            value = None
        elif found := _BOOLEAN.fullmatch(text):
            value = found[1] is not None
        elif _INTEGER.fullmatch(text) and len(text) <= _MAX_DIGITS:
            value = int(text)
        elif _FLOAT.fullmatch(text) and not re.match(r"[-+]?0[0-9]", text) and len(text) <= _MAX_DIGITS:
            value = float(text)
        elif _NOT_FINITE.fullmatch(text):
            value = float(text.replace(".", ""))
    return Scalar(location, value, text)


def from_json(value: Any, path: str) -> Node:
    """The tree of a value made of dicts, lists, strings, numbers, booleans and ``None``.

    ``path`` names it in messages; its items are called ``path.key`` or ``path[index]``. Raises
    ``SpecError`` for a value with more than 32 levels or 2^16 parts.
    """
    return _Wrapper().node(value, path, 1)


class _Wrapper:
    def __init__(self) -> None:
        self._count = 0

    def node(self, value: Any, path: str, depth: int) -> Node:
        location = Location(path)
        self._count += 1
        if depth > MAX_DEPTH or self._count > MAX_NODES:
            raise SpecError(Problem(f"more than {MAX_DEPTH} levels or {MAX_NODES} parts", location))
        if isinstance(value, dict):
            entries = []
            for key, item in value.items():
                inner = f"{path}.{key}" if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key) else f"{path}[{shown(key)}]"
                entries.append(Entry(key, Location(inner), self.node(item, inner, depth + 1)))
            return Mapping(location, tuple(entries))
        if isinstance(value, list):
            items = (self.node(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value))
            return Items(location, tuple(items))
        return Scalar(location, value)
