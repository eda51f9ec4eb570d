"""Where a site is reached: the address that its code for phones holds, read strictly, since everybody is shown it."""

from __future__ import annotations

import re
from ipaddress import IPv4Address
from typing import NoReturn

from polyproof.errors import Problem, UsageError

__all__ = ["MOST_ADDRESS", "parse_address"]

MOST_ADDRESS = 128
"""Characters of the longest address: with the longest audit id behind it a code can still be read from a screen."""
_ADDRESS = re.compile(r"(?i:https)://([^/?#]*)(/[^?#]*)?")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""A last label of this form makes a browser read the whole host as an IPv4 address (WHATWG URL, "ends in a number")."""
_SEGMENT = re.compile(r"[A-Za-z0-9._~-]+")
_HINT = "expected the folder of the site as customers reach it, such as https://audits.example.com/"


def parse_address(text: str) -> str:
    """The address of a folder on the web, ending in a slash, the host in lower case. Raises ``UsageError``.

    Only what every reader takes for the same address is accepted: https, a host name in ASCII, perhaps a port, and a
    path of letters, digits and ``. _ ~ -``. What would identify somebody, such as a query, is refused.
    """
    found = _ADDRESS.fullmatch(text)
    if len(text) > MOST_ADDRESS:
        _refuse(text[:MOST_ADDRESS], f"it is longer than {MOST_ADDRESS} characters")
    if "?" in text or "#" in text:
        _refuse(text, "everybody has the same address: it has neither ? nor #")
    if found is None:
        _refuse(text, "it does not begin with https://")
    if "@" in found[1]:
        _refuse(text, "it names a user, and would be shown to everybody")
    if not text.isascii():
        _refuse(text, "it is not in ASCII", "write a name in other letters as DNS has it, beginning with xn--")
    host, colon, port = found[1].lower().partition(":")
    _check_host(text, host)
    if colon and not (re.fullmatch(r"[1-9][0-9]{0,4}", port) and int(port) < 1 << 16):
        _refuse(text, "its port is none")
    segments = (found[2] or "/").removeprefix("/").removesuffix("/").split("/")
    if segments != [""] and not all(_SEGMENT.fullmatch(one) and one not in (".", "..") for one in segments):
        _refuse(text, "its path may have letters, digits and . _ ~ -, between single slashes")
    if segments[-1].lower().endswith((".html", ".htm")):
        _refuse(text, "it is that of a page")
    place = f"https://{host}" if port in ("", "443") else f"https://{host}:{port}"
    return "/".join([place, *(one for one in segments if one), ""])


def _check_host(text: str, host: str) -> None:
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        _refuse(text, "its host is no name")
    if _NUMERIC.fullmatch(labels[-1]):
        try:
            IPv4Address(host)
        except ValueError:
            _refuse(text, "its host is neither a name nor an IPv4 address")
    if labels[-1] == "localhost" or host.startswith("127."):
        _refuse(text, "it leads to whichever device opens it")


def _refuse(text: str, why: str, hint: str = _HINT) -> NoReturn:
    raise UsageError(Problem(f"address {text!r}: {why}", hint=hint))
