"""A server's URL and credentials: the URL from a spec, or both from the secrets of whoever runs it; never shown again.

A URL may contain a key, in its path as well as before its host. So nothing here prints one: not the endpoint, not an
error about it, and not a server's words that repeat it (``Endpoint.hidden_in``).
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from attrs import evolve, field, frozen

from polyproof.config.options import NOT_AN_OPTION, option
from polyproof.errors import InputError, Problem
from polyproof.toolkit.secrets import NAME, Secret, Secrets

__all__ = ["Endpoint", "EndpointOptions", "lend", "open_endpoint"]

_T = TypeVar("_T")
_LONGEST_WORDS = 160
"""How many characters of a server's own words are shown."""


@frozen(kw_only=True)
class EndpointOptions:
    """Where a node is and how patiently it is asked. Options of a provider derive from this class."""

    url: str | None = option(
        default=None,
        doc="URL of the node, if it needs no key and no password. Otherwise `secret`.",
    )
    secret: str | None = option(
        default=None,
        pattern=NAME,
        doc="Name of the node's URL and credentials in the file that whoever runs this gives as --secrets.",
    )
    timeout: float = option(default=30.0, least=0.1, most=86400.0, doc="Seconds that one request may take in all.")
    attempts: int = option(default=4, least=1, most=20, doc="How many times a question is asked before giving up.")
    backoff: float = option(
        default=0.5, least=0.0, most=600.0, doc="Seconds before the second attempt; they double each time, up to 60."
    )
    max_response_bytes: int = option(
        default=32 << 20, least=1024, most=1 << 30, doc="The largest answer that is read, in bytes."
    )
    lent: Secret | None = field(default=None, repr=False, metadata=NOT_AN_OPTION)
    """What ``secret`` names, once ``lend`` has found it."""


@frozen
class Endpoint:
    """The parts of a URL. Its ``repr`` shows none of them."""

    secure: bool = field(repr=False)
    host: str = field(repr=False)
    port: int = field(repr=False)
    path: str = field(repr=False)
    """Path and query."""
    authorization: str | None = field(repr=False)
    """Value of the header of that name."""

    def target(self, further: str) -> str:
        """Path and query of something below the URL: ``further`` begins with a slash and may have a query; or "" ."""
        path, _, query = self.path.partition("?")
        below, _, more = further.partition("?")
        path = path.rstrip("/") + below if below else path
        return "?".join(part for part in (path, "&".join(part for part in (more, query) if part)) if part)

    def hidden_in(self, text: str) -> str:
        """A server's words, shortened, with parts of the URL and the credentials (of 4 characters or more) hidden."""
        parts = [self.host, *re.split(r"[/?&=]", self.path), *(self.authorization or "").split()]
        for part in sorted((part for part in parts if len(part) >= 4), key=len, reverse=True):
            text = text.replace(part, "…")
        return text[:_LONGEST_WORDS]


def lend(options: _T, secrets: Secrets) -> _T:
    """Options with the secret that they name, if they are those of an endpoint and name one.

    Raises ``InputError`` if there is no such secret, or the options say themselves where it would be sent.
    """
    if not isinstance(options, EndpointOptions) or options.secret is None:
        return options
    if options.url is not None:
        raise InputError(
            Problem("either url or secret says where the server is, not both", hint="a secret has a URL of its own")
        )
    return evolve(options, lent=secrets.find(options.secret, "url"))


def open_endpoint(options: EndpointOptions) -> Endpoint:
    """Where the options point. Raises ``InputError``, without the URL in it."""
    lent = options.lent
    url = options.url if lent is None else lent.url
    if url is None:
        raise InputError(Problem("nothing says where the server is", hint="url, or secret with a file of secrets"))
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise InputError("the URL of a node cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise InputError(Problem("the URL of a node cannot be used", hint="expected http://… or https://…"))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not re.fullmatch(r"[!-~]+", path):
        raise InputError("the URL of a node has characters that must be escaped")
    authorization = None
    if lent is None and (parts.username is not None or parts.password is not None):
        raise InputError(
            Problem("the URL of a node in the spec has a password", hint="specs get shared: name a secret instead")
        )
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        authorization = "Basic " + base64.b64encode(pair.encode()).decode()
    if lent is not None:
        given = [each for each in (authorization, lent.authorization, lent.cookie_file) if each is not None]
        if len(given) > 1:
            raise InputError(f"the secret {lent.name!r} has several credentials: one of them would not be used")
        authorization = authorization or lent.authorization
        if lent.cookie_file is not None:
            authorization = _cookie(lent.cookie_file)
    if authorization is not None and not re.fullmatch(r"[ -~]+", authorization):
        raise InputError("the credentials for a node have characters that a header cannot have")
    secure = parts.scheme == "https"
    return Endpoint(secure, parts.hostname, port or (443 if secure else 80), path, authorization)


def _cookie(path: Path) -> str:
    """The Authorization header that a node's cookie file stands for. Raises ``InputError``."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(1000).strip()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"the node's cookie file {path} cannot be read") from None
    return "Basic " + base64.b64encode(text.encode()).decode()
