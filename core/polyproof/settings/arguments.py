"""What a command line says in YAML, as a spec would."""

from __future__ import annotations

from typing import TypeVar

from polyproof.config.reader import Components, OptionsReader
from polyproof.config.tree import parse_yaml

__all__ = ["parse_argument"]

T = TypeVar("T")


def parse_argument(text: str, name: str, cls: type[T], registry: Components) -> T:
    """An instance of an options class from a document of its options; ``name`` is that of the argument in messages.

    Raises ``SpecError`` with everything that is wrong with it.
    """
    reader = OptionsReader(registry)
    found = reader.build(parse_yaml(text.encode(), name), cls)
    reader.finish()
    assert found is not None, "what is incomplete has a problem"
    return found
