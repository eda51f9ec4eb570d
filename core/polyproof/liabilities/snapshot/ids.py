"""What an account id may be: something that its user can see and type."""

from __future__ import annotations

import unicodedata

from polyproof.errors import Problem
from polyproof.model.amounts import shown

__all__ = ["LONGEST_ID", "NOT_UTF8", "doubt_of_id", "fault_of_id", "unusable_id"]

LONGEST_ID = 256
"""The most bytes of UTF-8 in an account id."""

NOT_UTF8 = "\x01not UTF-8\x01"
"""What the hexadecimal digits of a text stand behind that is none. Whatever begins like it has a control character."""

# What is drawn as nothing: Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties, interlinear annotations,
# the empty pattern of Braille, and what separates lines and paragraphs.
_INVISIBLE = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200B), (0x200E, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164)),
    *((0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
_JOINERS = ((0x200C, 0x200D), (0xFE00, 0xFE0F))
"""Invisible too, but words and pictures are written with them: refused at the ends of an id only, where nothing joins.

A variation selector at the end, after a picture, is part of that.
"""
_EDGE = r"\s\p{Z}"


def _class(ranges: tuple[tuple[int, int], ...]) -> str:
    """Ranges in a character class of RE2."""
    return "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in ranges)


def unusable_id(column: str) -> str:
    """SQL that is true for an id that is empty, too long, or not what a user would type."""
    joiner, selector = (_class((each,)) for each in _JOINERS)
    edge = f"{_EDGE}{joiner}"
    pattern = rf"\p{{Cc}}|[{_class(_INVISIBLE)}]|^[{edge}{selector}]|[{edge}]$|[\p{{L}}\p{{N}}\p{{P}}][{selector}]+$"
    return (
        f"{column} IS NULL OR {column} = '' OR strlen({column}) > {LONGEST_ID} OR regexp_matches({column}, '{pattern}')"
    )


def fault_of_id(account: str | None) -> Problem:
    """What is wrong with an id that ``unusable_id`` finds."""
    if not account:
        return _fault("empty", "the account id is empty")
    if account.startswith(NOT_UTF8):
        return _fault(
            "UTF-8", f"the bytes of the account id, {shown(account.removeprefix(NOT_UTF8))}, are not UTF-8 text"
        )
    if len(account.encode()) > LONGEST_ID:
        return _fault("long", f"account id {shown(account)} is longer than {LONGEST_ID} bytes")
    if any(unicodedata.category(char) == "Cc" for char in account):
        return _fault("control", f"account id {shown(account)} has control characters")
    hint = "a user who types the id would not match it"
    for place, char in enumerate(account, 1):
        at_an_end = place in (1, len(account)) and _within(char, _JOINERS)
        if _within(char, _INVISIBLE) or at_an_end:
            what = f"has the invisible character U+{ord(char):04X} at place {place}"
            return _fault("invisible", f"account id {shown(account)} {what}", hint)
    return _fault("spaces", f"account id {shown(account)} has spaces around it", hint)


def doubt_of_id(account: str) -> str | None:
    """What makes this another id, and whoever typed or copied it may not see; nothing if there is no such thing."""
    ends = {account[:1], account[-1:]} if account else set()
    unseen = any(unicodedata.category(char) == "Cc" or _within(char, _INVISIBLE) for char in account)
    if unseen or account != account.strip() or any(_within(char, _JOINERS[:1]) for char in ends):
        return f"{fault_of_id(account).message}, as no id in an audit has"
    if account != unicodedata.normalize("NFC", account):
        return (
            f"the accents of account id {shown(account)} are characters of their own, as in a text that was copied; "
            "typed on a keyboard they are usually parts of their letters, which is another id"
        )
    return None


def _fault(kind: str, message: str, hint: str | None = None) -> Problem:
    return Problem(message, hint=hint, code="account-id", about=kind)


def _within(char: str, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= ord(char) <= last for first, last in ranges)
