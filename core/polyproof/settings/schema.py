"""The JSON Schema of spec files, generated from the options classes, for editors and other programs.

``specs/polyproof.schema.json`` is what ``polyproof schema`` prints with the built-in plugins alone. A
spec that begins with ``# yaml-language-server: $schema=polyproof.schema.json`` is completed and
checked by editors as it is written. A schema cannot express how several values relate to each other;
``polyproof check`` has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from polyproof.config.options import Option, options_of, plain
from polyproof.config.reader import Choice, component_options
from polyproof.errors import ExtraMissing, PluginError
from polyproof.registry import Registry
from polyproof.settings.spec import FORMAT, Spec

__all__ = ["document_schema", "file_text", "json_schema", "schema_text"]

_TYPES: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string", Path: "string"}


def json_schema(registry: Registry) -> dict[str, Any]:
    """The schema (draft 2020-12) of specs that can use the components in a registry.

    Names that several plugins offer and components that cannot be imported, or need an extra that is not installed,
    are left out.
    """
    generator = _Generator(registry)
    spec = generator.options_class(Spec)
    version = {"const": FORMAT, "description": "Version of the spec format."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "polyproof spec",
        **spec,
        "properties": {"polyproof": version, **spec["properties"]},
        "required": ["polyproof", *spec["required"]],
        "$defs": generator.definitions,
    }


def document_schema(cls: type[Any], title: str) -> dict[str, Any]:
    """The schema of a JSON document that an options class without components declares, and a program writes."""
    generator = _Generator(Registry(), one_for_all=False)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **generator.options_class(cls),
        "$defs": generator.definitions,
    }


def schema_text(registry: Registry) -> str:
    """The schema as the text of ``specs/polyproof.schema.json``."""
    return file_text(json_schema(registry))


def file_text(schema: Mapping[str, Any]) -> str:
    """A schema as a file for people and editors."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


class _Generator:
    def __init__(self, registry: Registry, *, one_for_all: bool = True) -> None:
        # In a file that people write, a single value stands for a list of one.
        self._one_for_all = one_for_all
        self.definitions: dict[str, Any] = {}
        self._names_of_classes: dict[type[Any], str] = {}
        self._registry = registry

    def options_class(self, cls: type[Any]) -> dict[str, Any]:
        """An options class as an object."""
        declared = options_of(cls)
        return {
            "description": _first_line(cls),
            "type": "object",
            "properties": {option.name: self._option(option) for option in declared},
            "required": [option.name for option in declared if option.required],
            "additionalProperties": False,
        }

    def _option(self, option: Option) -> dict[str, Any]:
        schema = self._item(option)
        if option.many:
            fewest, most = option.items or (0, None)
            items = {
                "type": "array",
                "items": schema,
                "minItems": fewest,
                **({} if most is None else {"maxItems": most}),
            }
            one_for_all = self._one_for_all and not option.nested and fewest <= 1
            schema = {"anyOf": [schema, items]} if one_for_all else items
        if option.optional:
            schema = {"anyOf": [schema, {"type": "null"}]}
        schema = {"description": option.doc, **schema}
        if not option.required:
            schema["default"] = plain(option.default)
        return schema

    def _item(self, option: Option) -> dict[str, Any]:
        if option.nested:
            return self._definition(option.type)
        schema: dict[str, Any] = {"type": _TYPES[option.type]}
        if option.kind is not None or option.choices is not None:
            registered = self._names(option.kind) if option.kind is not None else []
            schema["enum"] = list(dict.fromkeys([*(option.choices or ()), *registered]))
        if option.least is not None:
            schema["minimum"] = option.least
        if option.most is not None:
            schema["maximum"] = option.most
        if option.pattern is not None:
            schema["pattern"] = f"^(?:{option.pattern[0]})$"
        return schema

    def _definition(self, cls: type[Any]) -> dict[str, Any]:
        name = self._names_of_classes.get(cls)
        if name is None:
            # Options classes of two plugins may have the same name.
            name = cls.__name__ if cls.__name__ not in self.definitions else f"{cls.__module__}.{cls.__qualname__}"
            self._names_of_classes[cls] = name
            self.definitions[name] = {}
            self.definitions[name] = self._choice(cls) if issubclass(cls, Choice) else self.options_class(cls)
        return {"$ref": f"#/$defs/{name}"}

    def _choice(self, cls: type[Choice]) -> dict[str, Any]:
        """A name, or for each component of the kind an object of its name and options."""
        by_name = {}
        for name in self._names(cls.kind):
            try:
                by_name[name] = component_options(self._registry, cls.kind, name)
            except (ExtraMissing, PluginError):
                continue
        alone = [name for name, options in by_name.items() if not any(item.required for item in options_of(options))]
        return {
            "description": _first_line(cls),
            "anyOf": [
                {"enum": alone},
                {"oneOf": [self._component(cls.kind, name, options) for name, options in by_name.items()]},
            ],
        }

    def _component(self, kind: str, name: str, options: type[Any]) -> dict[str, Any]:
        schema = self.options_class(options)
        return {
            **schema,
            "description": self._registry.find(kind, name).component.summary,
            "properties": {"name": {"const": name}, **schema["properties"]},
            "required": ["name", *schema["required"]],
        }

    def _names(self, kind: str) -> list[str]:
        conflicts = [claims[0].component for claims in self._registry.conflicts()]
        claimed_twice = {component.name for component in conflicts if component.kind == kind}
        return [name for name in self._registry.names(kind) if name not in claimed_twice]


def _first_line(cls: type[Any]) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0]
