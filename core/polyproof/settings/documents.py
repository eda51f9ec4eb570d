"""JSON files that polyproof writes and an options class declares: read strictly, in canonical form, or rejected."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from polyproof.checks import CoreCheck
from polyproof.config.reader import OptionsReader
from polyproof.config.tree import from_json
from polyproof.errors import InputError, ProofRejected
from polyproof.formats.strict_json import parse_strict
from polyproof.registry import Registry

__all__ = ["Document", "read_document"]


class Document(Protocol):
    """What such a class has besides its options."""

    def to_bytes(self) -> bytes:
        """The file, in canonical form."""
        ...


D = TypeVar("D", bound=Document)


def read_document(data: bytes, cls: type[D], name: str, file: str) -> D:
    """Read a file that others wrote. Raises ``ProofRejected`` for anything but the canonical form of one.

    ``name`` begins the names of the checks, ``NAME-format`` and ``NAME-canonical``, and the places in messages.
    """
    try:
        value: Any = parse_strict(data)
        reader = OptionsReader(Registry(), limit=1)
        found = reader.build(from_json(value, name), cls)
        reader.finish()
    except (InputError, ValueError) as error:
        raise ProofRejected(CoreCheck(f"{name}-format"), str(error), file=file) from error
    assert found is not None, "an incomplete document has a problem"
    if found.to_bytes() != data:
        raise ProofRejected(CoreCheck(f"{name}-canonical"), "it is not in canonical form", file=file)
    return found
