"""JSON that others wrote, read strictly: no duplicate keys, no numbers but small integers, bounded depth."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["canonical", "parse_strict"]


_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Any) -> bytes:
    """The canonical form of a value: UTF-8, keys sorted, no spaces, as in ``polyproof.liabilities.manifest``."""
    return _ENCODE(value).encode()


def parse_strict(data: bytes, *, fractions_as_text: bool = False) -> Any:
    """The value. Raises ``ValueError`` that says what is wrong, whatever the bytes.

    ``fractions_as_text`` is for JSON of programs with their own idea of numbers: a number that is not an integer is
    returned as its exact text, and integers may be long.
    """
    try:
        return (_DECODE_FRACTIONS if fractions_as_text else _DECODE)(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("it nests too deeply") from None


def _without_duplicates(pairs: Iterable[tuple[str, Any]]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {ascii(key)[:60]} occurs twice in one object")
        found[key] = value
    return found


def _small(digits: str) -> int:
    if len(digits) > 19:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)


def _short(digits: str) -> str:
    if len(digits) > 100:
        raise ValueError(f"a number has {len(digits)} characters")
    return digits


def _refused(number: str) -> float:
    raise ValueError(f"the number {number[:40]} is not an integer; amounts are strings")


_DECODE_FRACTIONS = json.JSONDecoder(
    object_pairs_hook=_without_duplicates,
    parse_int=lambda digits: int(_short(digits)),
    parse_float=_short,
    parse_constant=_refused,
).decode
_DECODE = json.JSONDecoder(
    object_pairs_hook=_without_duplicates, parse_int=_small, parse_float=_refused, parse_constant=_refused
).decode
