"""A header of the organisation's proxy that names the account, from a proxy that shows that it is the one.

It is that of a proxy that has logged its customers in. Whoever else reaches this server could write the header as well,
so it counts only with a secret beside it that the proxy knows, or where nobody but the proxy can reach the server: a
Unix socket, whose permissions say who may.
"""

from __future__ import annotations

import hmac
import re
from pathlib import Path

from attrs import field, frozen

from polyproof.errors import InputError, Problem
from polyproof.formats.files import read_input, refuse_readable_by_others
from polyproof.publication.serving.asking import LONGEST_ACCOUNT, NobodyError, Request, single

__all__ = ["SECRET_HEADER", "ProxyHeader", "header_name", "proxy_secret"]

SECRET_HEADER = "Polyproof-Proxy-Secret"
"""The header that the proxy's secret comes in."""
_MOST_SECRET = 4096
_LEAST_SECRET = 16


def header_name(text: str) -> bytes:
    """The name of a header, in lower case. Raises ``InputError``."""
    # RFC 9110, section 5.1, but for characters that nobody uses.
    if re.fullmatch(r"[A-Za-z0-9-]{1,64}", text) is None:
        raise InputError(f"{text!r} is no name of a header: expected letters, digits and hyphens")
    name = text.lower()
    if name in {"authorization", "cookie", "host", "connection", SECRET_HEADER.lower()}:
        raise InputError(f"the header {text} has a meaning of its own: name another")
    return name.encode()


def proxy_secret(path: Path) -> bytes:
    """What the proxy shows: the text of a file, without white space at its ends. Raises ``InputError``."""
    data = read_input(path, _MOST_SECRET, ", and no header has").strip()
    if len(data) < _LEAST_SECRET:
        raise InputError(
            Problem(f"{path}: a secret of {len(data)} bytes can be guessed", hint="`openssl rand -hex 32` makes one")
        )
    if re.fullmatch(rb"[!-~]*", data) is None:
        raise InputError(f"{path}: a secret that a header can hold has neither spaces nor anything but ASCII")
    refuse_readable_by_others(path)
    return data


@frozen
class ProxyHeader:
    """Customers whom the proxy names in a header."""

    name: bytes
    """In lower case."""
    secret: bytes | None = field(repr=False)
    """None only where nobody but the proxy can reach the server."""

    def account(self, request: Request) -> str:
        """The account that the header names, in UTF-8. Raises ``NobodyError``."""
        self.require_proxy(request)
        value = single(request.headers, self.name)
        if value is None:
            raise NobodyError("header-missing")
        try:
            account = value.decode()
        except UnicodeDecodeError as error:
            raise NobodyError("header-form") from error
        if not 0 < len(account) <= LONGEST_ACCOUNT:
            raise NobodyError("header-form")
        return account

    def require_proxy(self, request: Request) -> None:
        """Raise ``NobodyError`` unless the request comes from the proxy."""
        if self.secret is None:
            return
        shown = single(request.headers, SECRET_HEADER.lower().encode())
        if not hmac.compare_digest(shown or b"", self.secret):
            raise NobodyError("proxy-secret")
