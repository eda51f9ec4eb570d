"""JSON that others wrote, read strictly: no key twice, no number that is not a small integer, bounded depth."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["canonical", "parse_strict"]


_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Any) -> bytes:
    """The one spelling of a value: UTF-8, keys sorted, no spaces, as ``polyproof.liabilities.manifest`` has it."""
    return _ENCODE(value).encode()


def parse_strict(data: bytes, *, fractions_as_text: bool = False) -> Any:
    """The value. Raises ``ValueError`` that says what is wrong, whatever the bytes.

    ``fractions_as_text`` is for JSON of programs that have their own idea of numbers: what is not an integer comes as
    it is spelled, exact, and integers may be long.
    """
    try:
        return (_DECODE_FRACTIONS if fractions_as_text else _DECODE)(data.decode("utf-8"))
    except RecursionError:
        raise ValueError("it nests too deeply") from None


def _without_duplicates(pairs: Iterable[tuple[str, Any]]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {ascii(key)[:60]} is there twice in one object")
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
    raise ValueError(f"the number {number[:40]} is no integer; amounts are texts")


_DECODE_FRACTIONS = json.JSONDecoder(
    object_pairs_hook=_without_duplicates,
    parse_int=lambda digits: int(_short(digits)),
    parse_float=_short,
    parse_constant=_refused,
).decode
_DECODE = json.JSONDecoder(
    object_pairs_hook=_without_duplicates, parse_int=_small, parse_float=_refused, parse_constant=_refused
).decode
