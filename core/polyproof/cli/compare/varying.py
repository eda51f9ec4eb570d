"""Which combinations are compared: the specs that are given, with what is varied in each.

``--vary PATH=VALUE,VALUE`` sets a key of the spec to one value after the other. What is varied is read as a spec is, so
that a name that nobody registered is told with the nearest one. An option that a backend lacks is not varied for it;
a path that no backend has, and a value that none can read, are errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from attrs import evolve, frozen

from polyproof.config.options import did_you_mean, options_of, plain
from polyproof.config.reader import Choice, OptionsReader, component_options
from polyproof.config.tree import Entry, Items, Mapping, Node, Scalar, from_json, parse_yaml
from polyproof.errors import InputError, Location, PluginError, PluginFault, Problem, SpecError, UsageError
from polyproof.registry import Registry
from polyproof.settings.spec import BackendChoice, PublicSpec, Spec

__all__ = ["Axis", "Candidate", "axis", "axis_of", "candidates", "choices_of"]

_VARIED = ("backend", "rule")
"""Keys of a spec that can be varied, and with them what is below ``backend``."""
_MOST = 1000


@frozen
class Candidate:
    """A combination that is to be measured."""

    spec: Spec
    """What is to be proved; with ``reason``, the spec that it was to be made of."""
    backend: str
    stated: tuple[str, ...]
    """What is varied, and options of the backend other than their defaults: KEY=VALUE."""
    accounts: int | None
    """How many accounts to invent; None for the spec's own."""
    reason: str | None = None
    """Why it cannot be measured, if its options cannot even be read."""


@frozen
class Axis:
    """A key that is varied."""

    path: tuple[str, ...]
    values: tuple[Node, ...]

    @property
    def label(self) -> str:
        """What it is called in messages."""
        return f"--vary {'.'.join(self.path)}"


def choices_of(spec: Spec) -> tuple[BackendChoice, ...]:
    """The backends that a spec itself compares: its own, and those under ``compare``."""
    return (spec.backend, *(choice for choice in spec.compare if choice != spec.backend))


def candidates(
    specs: Sequence[Spec], axes: Sequence[Axis], accounts: Sequence[int | None], registry: Registry
) -> list[Candidate]:
    """Every combination, each once: the specs, what is varied, and the numbers of accounts.

    Without anything varied, a spec's own backend and those of its key ``compare``. Raises ``UsageError`` for a
    path that is given twice or that no backend here has, and for a value that no combination can read.
    """
    paths = [axis.path for axis in axes]
    if twice := next((path for path in paths if paths.count(path) > 1), None):
        raise UsageError(f"--vary {'.'.join(twice)} is given twice: list all its values in one, divided by commas")
    found: list[Candidate] = []
    # A backend before its options, and a component before its own.
    trial = _Trial(registry, sorted(axes, key=lambda axis: len(axis.path)))
    for spec in specs:
        found += trial.of(spec)
    trial.finish()
    unique = {(item.spec.name, item.backend, item.stated, str(item.spec.file)): item for item in found}
    sized = [evolve(item, accounts=count) for item in unique.values() for count in accounts]
    if len(sized) > _MOST:
        raise UsageError(f"these are {len(sized)} combinations, and at most {_MOST} are compared at once")
    return sized


def axis(text: str) -> Axis:
    """PATH=VALUE,VALUE as it is typed. Raises ``UsageError`` for what is none, and for a key that cannot be varied."""
    path, separator, values = text.partition("=")
    if not separator or not values.strip():
        raise UsageError(f"--vary {text!r}: expected PATH=VALUE,VALUE, such as backend.hash=poseidon,blake3")
    keys = _keys(path.strip())
    try:
        node = parse_yaml(f"[{values}]".encode(), f"--vary {path.strip()}")
    except SpecError as error:
        raise UsageError(Problem(f"--vary {text!r}: {error.problems[0].message}")) from None
    assert isinstance(node, Items), "what stands in brackets"
    return Axis(keys, node.items)


def axis_of(path: str, values: Sequence[Any]) -> Axis:
    """The same of a path and plain values: names, numbers, booleans, mappings. Raises as ``axis`` does."""
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        raise UsageError(Problem(f"what {path!r} is varied over is {values!r:.40}", hint="expected a list of values"))
    keys = _keys(path)
    node = from_json([dict(value) if isinstance(value, dict) else value for value in values], f"--vary {path}")
    assert isinstance(node, Items), "made of a list"
    return Axis(keys, node.items)


def _keys(path: str) -> tuple[str, ...]:
    keys = tuple(path.split("."))
    if keys[0] not in _VARIED or (keys[0] != "backend" and len(keys) > 1) or not all(keys):
        known = [*_VARIED, "backend.hash", "backend.blowup"]
        raise UsageError(Problem(f"--vary {path}: not a key that can be varied", hint=did_you_mean(path, known)))
    return keys


class _Trial:
    """Tries all values on all specs, and remembers which of them anything could read."""

    def __init__(self, registry: Registry, axes: Sequence[Axis]) -> None:
        self._registry = registry
        self._axes = axes
        self._used: set[str] = set()
        self._nearby: dict[str, set[str]] = {}
        self._problems: dict[Location, list[Problem]] = {}
        self._good: set[Location] = set()

    def of(self, spec: Spec) -> Iterator[Candidate]:
        """The combinations of one spec."""
        if not self._axes:
            for choice in choices_of(spec):
                stated = _joined(_given_flat(choice))
                yield Candidate(evolve(spec, backend=choice, compare=()), choice.name, stated, None)
            return
        base = _mapping(backend=_node_of(spec.backend), rule=from_json(spec.rule, "rule"))
        for document, values in self._expanded(spec, base, list(self._axes)):
            yield self._candidate(spec, document, values)

    def finish(self) -> None:
        """Raise ``UsageError`` for a path that was not used, and for a value that nothing could read."""
        for axis in self._axes:
            if axis.label not in self._used:
                message = f"{axis.label}: no backend that is compared has such an option"
                raise UsageError(Problem(message, hint=did_you_mean(axis.path[-1], sorted(self._nearby[axis.label]))))
        problems = [
            Problem(f"{place.file}: {problem.message}", hint=problem.hint)
            for place, found in self._problems.items()
            if place not in self._good
            for problem in found[:1]
        ]
        if problems:
            raise UsageError(problems)

    def _expanded(
        self, spec: Spec, document: Mapping, axes: list[Axis]
    ) -> Iterator[tuple[Mapping, tuple[tuple[Axis, Node], ...]]]:
        if not axes:
            yield document, ()
            return
        axis, *rest = axes
        if not self._has(document, axis):
            yield from self._expanded(spec, document, rest)
            return
        self._used.add(axis.label)
        for value in axis.values:
            changed = _with(document, axis.path, self._whole(spec, axis, value))
            for inner, values in self._expanded(spec, changed, rest):
                yield inner, ((axis, value), *values)

    def _whole(self, spec: Spec, axis: Axis, value: Node) -> Node:
        """The name of a backend with the options that the spec gives it."""
        if axis.path == ("backend",) and isinstance(value, Scalar):
            for choice in choices_of(spec):
                if choice.name == _text(value):
                    node = _node_of(choice)
                    return _with(node, ("name",), value)
        return value

    def _has(self, document: Mapping, axis: Axis) -> bool:
        """Whether the document can have the path: an option of its backend, or of a component that the option names."""
        if len(axis.path) == 1:
            return True
        near = self._nearby.setdefault(axis.label, set())
        node = document.get("backend")
        cls: type[Any] = BackendChoice
        for key in axis.path[1:]:
            options = self._options(cls, node)
            if options is None:
                return False
            declared = {one.name: one for one in options_of(options)}
            near |= set(declared)
            if key not in declared:
                return False
            node = node.get(key) if isinstance(node, Mapping) else None
            if node is None and isinstance(declared[key].default, Choice):
                node = _node_of(declared[key].default)
            cls = declared[key].type
        return True

    def _options(self, cls: type[Any], node: Node | None) -> type[Any] | None:
        if not issubclass(cls, Choice):
            return cls if hasattr(cls, "__attrs_attrs__") else None
        name = node.get("name") if isinstance(node, Mapping) else node
        if not isinstance(name, Scalar):
            return None
        try:
            return component_options(self._registry, cls.kind, str(name.text or name.value))
        except PluginFault:
            raise
        except PluginError:
            return None  # told when the value is read

    def _candidate(self, spec: Spec, document: Mapping, values: tuple[tuple[Axis, Node], ...]) -> Candidate:
        reader = OptionsReader(self._registry)
        kept = {one.name: plain(getattr(spec, one.name)) for one in options_of(PublicSpec) if one.name not in _VARIED}
        rest = from_json(kept, "spec")
        assert isinstance(rest, Mapping), "made of one"
        public: PublicSpec | None = None
        with suppress(SpecError):  # too many problems, all of which are noted
            public = reader.build(Mapping(Location("spec"), (*rest.entries, *document.entries)), PublicSpec)
        places = {problem.location for problem in reader.problems}
        for _, value in values:
            for one in _places(value):
                if one not in places:
                    self._good.add(one)
        for problem in reader.problems:
            if problem.location is not None:
                self._problems.setdefault(problem.location, []).append(problem)
        name = _name_of(document)
        varied = {
            ".".join(axis.path[1:] or axis.path): _text(value) for axis, value in values if axis.path != ("backend",)
        }
        if public is None:
            reason = "; ".join(f"{one.message} ({one.hint})" if one.hint else one.message for one in reader.problems)
            return Candidate(spec, name, _joined(varied), None, reason)
        given = _given_flat(public.backend)
        stated = _joined(varied | {key: value for key, value in given.items() if key not in varied})
        try:
            changed = evolve(spec, backend=public.backend, rule=public.rule, compare=())
        except InputError as error:
            return Candidate(spec, name, stated, None, str(error))
        return Candidate(changed, name, stated, None)


def _places(node: Node) -> Iterator[Location]:
    yield node.location
    for inner in node.items if isinstance(node, Items) else ():
        yield from _places(inner)
    for entry in node.entries if isinstance(node, Mapping) else ():
        yield entry.location
        yield from _places(entry.value)


def _name_of(document: Mapping) -> str:
    node = document.get("backend")
    name = node.get("name") if isinstance(node, Mapping) else node
    return _text(name) if name is not None else ""


def _text(node: Node) -> str:
    if isinstance(node, Scalar):
        return node.text if node.text is not None else str(plain(node.value))
    if isinstance(node, Items):
        return f"[{', '.join(map(_text, node.items))}]"
    return f"{{{', '.join(f'{entry.key}: {_text(entry.value)}' for entry in node.entries)}}}"


def _mapping(**entries: Node) -> Mapping:
    return Mapping(Location("spec"), tuple(Entry(key, node.location, node) for key, node in entries.items()))


def _with(node: Node | None, path: tuple[str, ...], value: Node) -> Mapping:
    """The mapping with a value at a path. A name alone stands for a mapping that begins with it."""
    if not isinstance(node, Mapping):
        entries = () if node is None else (Entry("name", node.location, node),)
        node = Mapping(value.location, entries)
    key, *rest = path
    inner: Node = _with(node.get(key), tuple(rest), value) if rest else value
    others = tuple(entry for entry in node.entries if entry.key != key)
    return evolve(node, entries=(*others, Entry(key, value.location, inner)))


def _node_of(choice: Choice) -> Mapping:
    """The choice as a file has it, without the options that are their defaults."""
    node = from_json({"name": choice.name, **_given(choice.options)}, choice.kind)
    assert isinstance(node, Mapping), "made of one"
    return node


def _given(options: Any) -> dict[str, Any]:
    found = {}
    for declared in options_of(type(options)):
        value = getattr(options, declared.name)
        if declared.required or value != declared.default:
            found[declared.name] = _plain(value)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return {"name": value.name, **_given(value.options)} if isinstance(value, Choice) else plain(value)


def _given_flat(choice: Choice) -> dict[str, str]:
    """The options of a backend that are not their defaults, those of components within it by path."""
    return dict(_flat(_given(choice.options), ""))


def _flat(values: dict[str, Any], before: str) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, dict):
            if "name" in value:
                yield name, value["name"]
            yield from _flat({inner: item for inner, item in value.items() if inner != "name"}, f"{name}.")
        else:
            yield name, "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _joined(values: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{key}={value}" for key, value in values.items())
