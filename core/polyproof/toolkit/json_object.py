"""An object of a JSON file that others wrote: each value is taken with its type and its bounds, or not at all.

``polyproof.formats.strict_json`` turns bytes into values; here their types and bounds are checked. Anything wrong is a
``ValueError`` that names the key; the caller knows the file and the line. ``AccountControl``, what a chain says about
who controls an account, occurs in more than one kind of file; its one form is here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Never

from polyproof.model.amounts import AmountError, Rounding, parse_amount
from polyproof.model.holdings import FINEST, LARGEST, LONGEST_TEXT, MOST_TEXTS
from polyproof.model.names import DIGEST, Pattern, matches
from polyproof.ownership import AccountControl

__all__ = ["LONGEST_SENTENCE", "JsonObject", "parse_control", "refuse", "sentence", "write_control"]

LONGEST_SENTENCE = 1000
"""The most characters of a text for people, such as a reason."""
_AMOUNT: Pattern = (r"(0|[1-9][0-9]{0,60})(\.[0-9]{0,35}[1-9])?", "an exact decimal without trailing zeros")


def refuse(reason: str) -> Never:
    """Raise ``ValueError``. A function, so that it can be part of an expression."""
    raise ValueError(reason)


_REQUIRED: Any = object()


class JsonObject:
    """An object of a file; every value is taken with its type and its bounds, or ``ValueError`` is raised."""

    def __init__(self, value: Any, where: str = "") -> None:
        """Whatever was parsed; it must be an object. ``where``: its place in the file, for messages."""
        if not isinstance(value, dict):
            found = f"{where} is {ascii(value)[:60]}," if where else f"{ascii(value)[:60]} is found"
            refuse(f"{found} where an object is expected")
        self._value: dict[str, Any] = value
        self._where = f"{where}." if where else ""

    def only(self, *names: str) -> None:
        """Refuse keys that do not belong there."""
        unknown = sorted(set(self._value) - set(names))
        if unknown:
            refuse(f"the key {self._where}{ascii(unknown[0])[:60]} does not belong there")

    def needs(self, *names: str) -> None:
        """Refuse that one of these keys is not there, before any of their values is looked at."""
        missing = [name for name in names if name not in self._value]
        if missing:
            refuse(f"{self._where}{missing[0]} is missing")

    def has(self, name: str) -> bool:
        """Whether the key is there."""
        return name in self._value

    def is_null(self, name: str) -> bool:
        """Whether the key is there and its value is null."""
        return name in self._value and self._value[name] is None

    def text(self, name: str, longest: int, default: Any = _REQUIRED) -> Any:
        """A text of at most ``longest`` characters."""
        value = self._value.get(name, default)
        if value is _REQUIRED:
            refuse(f"{self._where}{name} is missing")
        if name not in self._value:
            return default
        if not isinstance(value, str) or len(value) > longest:
            refuse(f"{self._where}{name} is not a text of at most {longest} characters")
        return _encodable(value)

    def printable(self, name: str, longest: int, default: Any = _REQUIRED) -> Any:
        """A text of limited length, without characters that control a terminal."""
        value = self.text(name, longest, default)
        if isinstance(value, str) and not value.isprintable():
            refuse(f"{self._where}{name} cannot be shown: {ascii(value)[:80]}")
        return value

    def matching(self, name: str, pattern: Pattern, default: Any = _REQUIRED) -> Any:
        """A text that a pattern matches."""
        value = self.text(name, 200, default)
        if name in self._value and not matches(pattern, value):
            refuse(f"{self._where}{name} is {ascii(value)[:80]}; expected {pattern[1]}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; none if the key is not there."""
        value = self._value.get(name, [])
        if not isinstance(value, list) or len(value) > MOST_TEXTS:
            refuse(f"{self._where}{name} is not a list of at most {MOST_TEXTS} texts")
        for item in value:
            if not isinstance(item, str) or len(item) > LONGEST_TEXT:
                refuse(f"{self._where}{name} holds something that is not a text of at most {LONGEST_TEXT} characters")
            _encodable(item)
        return tuple(value)

    def whole(self, name: str) -> int | None:
        """A whole number below 10^18; None if the key is not there."""
        value = self._value.get(name)
        if value is not None and (type(value) is not int or not 0 <= value < 10**18):
            refuse(f"{self._where}{name} is not a whole number below 10^18")
        return value

    def integer(self, name: str) -> int:
        """A whole number below 10^18, which must be there."""
        value = self.whole(name)
        return refuse(f"{self._where}{name} is missing") if value is None else value

    def items(self, name: str) -> list[Any]:
        """A list, which must be there; what is in it is not checked."""
        value = self._value.get(name)
        return value if isinstance(value, list) else refuse(f"{self._where}{name} is not a list")

    def all_matching(self, name: str, pattern: Pattern) -> tuple[str, ...]:
        """A list of texts, which must be there, each matched by a pattern."""
        found = self.items(name)
        for index, item in enumerate(found):
            if not isinstance(item, str) or not matches(pattern, item):
                refuse(f"{self._where}{name}[{index}] is {ascii(item)[:80]}; expected {pattern[1]}")
        return tuple(found)

    def amount(self, name: str) -> int:
        """An exact decimal, in units of 10^−36."""
        text = self.matching(name, _AMOUNT)
        try:
            units = parse_amount(text, FINEST, Rounding.EXACT)
        except AmountError as error:
            raise ValueError(f"{self._where}{name}: {error}") from error
        if units >= LARGEST * 10**FINEST:
            refuse(f"{self._where}{name} is larger than any holding")
        return units

    def inner(self, name: str) -> Mapping[str, Any] | None:
        """An object; None if the key is not there."""
        value = self._value.get(name)
        if value is not None and not isinstance(value, dict):
            refuse(f"{self._where}{name} is not an object")
        return value


def _encodable(text: str) -> str:
    if any("\ud800" <= char <= "\udfff" for char in text):
        refuse("a text contains half of a surrogate pair")
    return text


def sentence(text: str) -> str:
    """A text for people as it goes into files: not too long, and without characters that control a terminal."""
    text = text[:LONGEST_SENTENCE]
    return text if text.isprintable() else "".join(char if char.isprintable() else "?" for char in text)


def write_control(control: AccountControl) -> dict[str, Any]:
    """What a chain says about an account, as the file has it."""
    return {
        "source": sentence(control.source),
        "owners": list(control.owners),
        "threshold": control.threshold,
        "accepted": [digest.hex() for digest in control.accepted],
    }


def parse_control(record: Mapping[str, Any]) -> AccountControl:
    """What ``write_control`` wrote. Raises ``ValueError``."""
    taken = JsonObject(record, "control")
    taken.only("source", "owners", "threshold", "accepted")
    accepted = taken.texts("accepted")
    if not all(matches(DIGEST, digest) for digest in accepted):
        refuse("control.accepted holds something that is not a digest")
    threshold = taken.integer("threshold")
    digests = tuple(bytes.fromhex(digest) for digest in accepted)
    return AccountControl(taken.printable("source", LONGEST_SENTENCE), taken.texts("owners"), threshold, digests)
