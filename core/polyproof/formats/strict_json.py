"""JSON: what others wrote is read strictly, and what polyproof writes is in canonical form.

``parse_strict`` reads every file and every answer that may be hostile. It returns a value or raises ``BadJson``, in
time and memory proportional to the number of bytes. What the value may be is checked by the reader of each format.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from polyproof.model.counts import counted

__all__ = ["BadJson", "canonical", "canonical_line", "parse_strict"]

_MOST_TOKENS = 1 << 22
"""The most quotes and brackets in a text: an object takes far more memory than its two bytes."""
_BRACKETS = re.compile(r"""["\[\]{}]|\\.""", re.DOTALL)
_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


class BadJson(ValueError):
    """Bytes that are not acceptable JSON; ``check`` says why: ``"utf-8"``, ``"json"`` or, of a string, ``"text"``."""

    def __init__(self, check: str, reason: str) -> None:
        self.check = check
        super().__init__(reason)


def canonical(value: Any) -> bytes:
    """The canonical form of a value, over which digests are computed: UTF-8, keys sorted, no spaces.

    Integers are decimal; of characters only ``"``, ``\\``, and those below U+0020 are escaped. For integers below 2^53
    that is RFC 8785. Raises ``ValueError`` for a float that is not finite.
    """
    return _ENCODE(value).encode()


def canonical_line(value: Any) -> bytes:
    """The canonical form and a line end: a file with one value, or a line of a file with many."""
    return canonical(value) + b"\n"


def parse_strict(
    data: bytes,
    *,
    fractions_as_text: bool = False,
    most_digits: int = 19,
    most_depth: int = 32,
    printable: int | None = None,
) -> Any:
    """The value of a JSON text. Any other bytes raise ``BadJson``, which says what is wrong.

    No object may have a key twice, no number more than ``most_digits`` digits, and nothing may be nested deeper than
    ``most_depth``. A number that is not an integer is refused, or with ``fractions_as_text`` returned as it is written.
    With ``printable``, a string, or a key, may have at most that many characters, none of which can control a terminal.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJson("utf-8", f"not UTF-8: {error.reason} at byte {error.start}") from None
    _check_nesting(text, most_depth)
    try:
        value = _decoder(fractions_as_text, most_digits)(text)
    except BadJson:
        raise
    except ValueError as error:
        raise BadJson("json", f"not JSON: {error}") from None
    if printable is not None:
        _check_strings(value, printable)
    return value


def _check_nesting(text: str, most: int) -> None:
    """Checked before parsing, since the parser recurses."""
    opened = text.count("[") + text.count("{")
    if 2 * opened + text.count('"') > _MOST_TOKENS:
        raise BadJson("json", "too many objects, lists and strings")
    if opened <= most:
        return
    depth, inside_string = 0, False
    for token in _BRACKETS.finditer(text):
        match token.group():
            case '"':
                inside_string = not inside_string
            case "[" | "{" if not inside_string:
                depth += 1
            case "]" | "}" if not inside_string:
                depth -= 1
        if depth > most:
            raise BadJson("json", f"nested deeper than {counted(most, 'level')}")


@lru_cache(maxsize=8)
def _decoder(fractions_as_text: bool, most_digits: int) -> Callable[[str], Any]:
    def short(number: str) -> str:
        if len(number) > most_digits:
            raise BadJson("json", f"a number has {len(number)} digits")
        return number

    def refused(number: str) -> Any:
        raise BadJson("json", f"the number {number[:40]} is not an integer")

    return json.JSONDecoder(
        object_pairs_hook=_without_duplicates,
        parse_int=lambda digits: int(short(digits)),
        parse_float=short if fractions_as_text else refused,
        parse_constant=refused,
    ).decode


def _without_duplicates(pairs: Iterable[tuple[str, Any]]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadJson("json", f"the key {ascii(key)[:60]} occurs twice in one object")
        found[key] = value
    return found


def _check_strings(value: Any, longest: int) -> None:
    if isinstance(value, str):
        if len(value) > longest or not value.isprintable():
            shown = ascii(value)
            shown = shown if len(shown) <= 80 else f"{shown[:77]}…"
            raise BadJson("text", f"a string is too long or cannot be printed: {shown}")
    elif isinstance(value, list):
        for item in value:
            _check_strings(item, longest)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_strings(key, longest)
            _check_strings(item, longest)
