"""Shapes of JSON, written as briefly as what they describe: parts of the schema of what ``--json`` prints.

A command declares ``RESULT`` with these, beside the function that makes its result. Every member is required and no
other is allowed, so that a member that is forgotten, or added without being declared, fails a test.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "AMOUNT",
    "AMOUNTS",
    "BYTES",
    "COUNT",
    "DECIMAL",
    "DIGEST",
    "FLAG",
    "NUMBER",
    "PHASES",
    "SECONDS",
    "TEXT",
    "TEXTS",
    "Shape",
    "anything",
    "by_name",
    "either",
    "listed",
    "nullable",
    "one_of",
    "record",
    "seconds",
]

Shape = dict[str, Any]
"""A JSON Schema (draft 2020-12)."""

TEXT: Shape = {"type": "string"}
FLAG: Shape = {"type": "boolean"}
COUNT: Shape = {"type": "integer", "minimum": 0}
BYTES: Shape = {"type": "integer", "minimum": 0, "description": "Bytes."}
NUMBER: Shape = {"type": "number"}
SECONDS: Shape = {"$ref": "#/$defs/seconds"}
DECIMAL: Shape = {"$ref": "#/$defs/decimal"}
DIGEST: Shape = {"$ref": "#/$defs/digest"}
AMOUNT: Shape = {"$ref": "#/$defs/amount"}


def listed(item: Shape) -> Shape:
    """A list of one shape."""
    return {"type": "array", "items": item}


def by_name(value: Shape) -> Shape:
    """A mapping from names that the shape does not know to values of one shape."""
    return {"type": "object", "additionalProperties": value}


def nullable(shape: Shape) -> Shape:
    """The shape, or null."""
    return {"anyOf": [shape, {"type": "null"}]}


def either(*shapes: Shape) -> Shape:
    """One of several shapes."""
    return {"anyOf": list(shapes)}


def one_of(*values: str | None) -> Shape:
    """One of these texts."""
    return {"enum": list(values)}


def anything(doc: str) -> Shape:
    """A value whose shape is declared elsewhere: ``doc`` says where."""
    return {"description": doc}


def record(_optional: dict[str, Shape] | None = None, /, **members: Shape) -> Shape:
    """An object with these members and no others; those in ``_optional`` may be missing."""
    return {
        "type": "object",
        "properties": {**members, **(_optional or {})},
        "required": list(members),
        "additionalProperties": False,
    }


AMOUNTS = listed(AMOUNT)
TEXTS = listed(TEXT)
PHASES = by_name(SECONDS)


def seconds(value: float) -> float:
    """Seconds as every output has them: a number, rounded to nanoseconds."""
    return round(float(value), 9)
